"""What a question of the script needs: answers whose conditions can be read in the run that it is about."""

from collections.abc import Iterator
from dataclasses import replace

from tui_nn.scenario.change import changed
from tui_nn.scenario.check_conditions import Conditions, name_faults, slot_faults, syntax_faults
from tui_nn.scenario.errors import Fault
from tui_nn.scenario.expression import ExpressionError, parse_expression
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.spec.base import Text
from tui_nn.scenario.spec.playback import MAX_ASK, MAX_BECAUSE, MIN_CHOICES, OF_A_QUESTION, ScriptLine

EXAMPLE = 'choices = [{ en = "It falls", ko = "...", when = "loss < loss@0" }, ...]'


def check_question_form(scenario: Scenario) -> Iterator[Fault]:
    """What can be said of each question alone: its parts, their lengths, and conditions that can be read."""
    at_twin = False
    for index, line in enumerate(scenario.script):
        at_twin = bool(line.fork) or (at_twin if line.twin is None else line.twin not in (False, scenario.id))
        place = ("script", index)
        if line.ask is None:
            for key in OF_A_QUESTION:
                if getattr(line, key):
                    yield Fault((*place, key), f'{key} belongs to a question; add ask = "..." or remove it', "key")
            continue
        if len(line.choices) < MIN_CHOICES:
            on = "value" if line.choices else "table"
            yield Fault((*place, "choices"), f"a question needs {MIN_CHOICES} to 5 answers; add {EXAMPLE}", on)
        if at_twin:
            message = "the line looks at the network beside or at a fork; ask where twin = false"
            yield Fault((*place, "ask"), message)
        yield from _lengths(line, index)
        yield from syntax_faults(_conditions(line, index))
        yield from _telling_apart(line, index)


def _lengths(line: ScriptLine, index: int) -> Iterator[Fault]:
    for key, most in (("ask", MAX_ASK), ("because", MAX_BECAUSE)):
        text: Text | None = getattr(line, key)
        is_one = text is not None and text.en == text.ko  # as a rule written as a plain string
        for lang in () if text is None else ("",) if is_one else ("en", "ko"):
            n = len(getattr(text, lang or "en"))
            if not 1 <= n <= most:
                place = ("script", index, key, lang) if lang else ("script", index, key)
                yield Fault(place, f"{n} characters; {key} has 1 to {most}")


def _telling_apart(line: ScriptLine, index: int) -> Iterator[Fault]:
    """Answers that a reader, or the run, could not tell apart; and conditions that the run has no say in."""
    seen: dict[tuple[str, str], int] = {}
    for n, choice in enumerate(line.choices):
        place = ("script", index, "choices", n)
        for key in ("en", "ko", "when"):
            first = seen.setdefault((key, getattr(choice, key)), n)
            if first != n:
                yield Fault((*place, key), f"the same as in choices[{first}]; only one answer can be right")
        try:
            expression = parse_expression(choice.when)
        except ExpressionError:
            continue  # syntax_faults has reported it
        if not (expression.names or expression.elements):
            yield Fault(
                (*place, "when"), "reads nothing of the run; compare a metric or a parameter, like loss < loss@0"
            )


def check_question_runs(scenario: Scenario) -> Iterator[Fault]:
    """The run that is asked about can be trained, and has all that the conditions speak of."""
    for index, line in enumerate(scenario.script):
        if line.ask is None:
            continue
        asked: Scenario | None = scenario
        if line.change:
            result = changed(scenario, line.change)
            asked = result.scenario
            for fault in result.faults:
                yield replace(fault, path=("script", index, *fault.path))
        if asked is not None:
            yield from name_faults(_conditions(line, index), asked)
            yield from slot_faults(_conditions(line, index), asked)


def _conditions(line: ScriptLine, index: int) -> Conditions:
    return [(("script", index, "choices", n, "when"), choice.when) for n, choice in enumerate(line.choices)]
