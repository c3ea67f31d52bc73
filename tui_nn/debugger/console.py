"""The console: a line is a value to look at, or a command. It reads lines and says what they led to; it draws nothing.

    console = Console(session)
    console.enter("loss").text            # "0.2513968"
    console.enter("break loss < 0.1")     # stop 1: loss < 0.1
    console.enter("run")                  # Stop 1: loss < 0.1 (loss = 0.0997).
    console.complete("until lo", 8)       # Completion(start=6, candidates=("loss", "log10("))

Nothing in a line is ever run as code. What is wrong with one is said with the column in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui_nn.debugger.console_values import ConsoleError, condition_of, look
from tui_nn.debugger.console_words import NAMES, WORDS, Word, help_lines, read_line
from tui_nn.debugger.displays import Displays
from tui_nn.debugger.hands import Hands, OwnHands
from tui_nn.debugger.whereto import parse_place, read_until
from tui_nn.scenario.amount import MAX_AMOUNT
from tui_nn.scenario.errors import nearest, shown, unknown
from tui_nn.scenario.expression_tree import FUNCTIONS, LOGIC
from tui_nn.scenario.naming import CLOCK

if TYPE_CHECKING:
    from tui_nn.debugger.completion import Completion
    from tui_nn.debugger.position import Stop, Unit
    from tui_nn.debugger.session import Session
    from tui_nn.debugger.settings import Setting

MOST_ENTERED = 500  # lines that are remembered
MOST_CHARACTERS = 1000  # of a line

_AMOUNT = re.compile(r"([0-9]{1,8})?\s*(op|iteration|epoch)?s?", re.ASCII)
_WORDS_OF = re.compile(r"\S+")


@dataclass(frozen=True)
class Answer:
    """What a line led to. stop: of a move that is over; is_under_way: one that is not. column: of an error, from 1."""

    lines: tuple[str, ...] = ()
    stop: Stop | None = None
    is_under_way: bool = False
    is_error: bool = False
    column: int = 0

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


class Console:
    """Of one session; `look_at` turns it to another. entered: what was typed, the newest last."""

    def __init__(self, session: Session, hands: Hands | None = None, lang: str = "en") -> None:
        self.session, self.lang = session, lang
        self.hands: Hands = hands or OwnHands(session)
        self.displays = Displays()
        self.entered: list[str] = []
        self.again = ""  # what an empty line does once more

    def look_at(self, session: Session, hands: Hands | None = None) -> None:
        """Another run from here on; displays stay, with that run's values."""
        self.session, self.hands = session, hands or OwnHands(session)

    def complete(self, text: str, cursor: int | None = None) -> Completion:
        """What may stand at the cursor."""
        from tui_nn.debugger.completion import complete_line

        return complete_line(self.session, self.displays.texts, text, len(text) if cursor is None else cursor)

    def enter(self, line: str) -> Answer:
        """Do what a line says. What is wrong with it is in the answer; nothing was done then."""
        line = line.rstrip() or self.again
        if not line.strip():
            return Answer()
        self._remember(line)
        said = read_line(line)
        column = said.start + 1
        try:
            if len(line) > MOST_CHARACTERS:
                raise ConsoleError(f"{len(line)} characters; a line has at most {MOST_CHARACTERS}", MOST_CHARACTERS + 1)
            if said.word is None:
                self.again = ""
                return Answer(tuple(self._look(line, said.rest, column)))
            answer = self._do(said.word, said.rest, column)
            self.again = line if said.word.repeats and not answer.is_error else ""
            return answer
        except ConsoleError as error:
            return _fault(error.message, error.column)
        except ValueError as error:  # ExpressionError, with its column in what was read; StopError, EditError without
            return _fault(getattr(error, "message", str(error)), column + getattr(error, "column", 1) - 1)

    def _remember(self, line: str) -> None:
        if not self.entered or self.entered[-1] != line:
            self.entered.append(line)
            del self.entered[:-MOST_ENTERED]

    # Values

    def _look(self, line: str, text: str, column: int) -> list[str]:
        try:
            return look(self.session.frame(), text)
        except ConsoleError as error:
            raise ConsoleError(error.message, error.column + column - 1) from None
        except ValueError as error:
            raise self._meant(text, column) or error from None

    def _meant(self, text: str, column: int) -> ConsoleError | None:
        """A value that cannot be read may have been meant as something else."""
        word = text.partition(" ")[0]
        known = {*self.session.program.metrics, *CLOCK, *FUNCTIONS, *LOGIC}
        if re.fullmatch(r"[^=<>!]+=[^=]+", text):
            key, _, value = (part.strip() for part in text.partition("="))
            return ConsoleError(f"'=' does not compare; write '==', or to change a setting: set {key} {value}", column + text.index("="))  # fmt: skip
        if not re.fullmatch(r"[A-Za-z]+", word) or word in known:
            return None
        near = nearest(word, [*(name for name in NAMES if len(name) > 2), *known])
        if near in NAMES:
            return ConsoleError(f"unknown command {word!r}; did you mean {near!r}?", column)
        if word != text and near is None:
            return ConsoleError(f"{word!r} is no command and no value; help lists the commands", column)
        return None

    # Commands

    def _do(self, word: Word, rest: str, column: int) -> Answer:
        if not word.takes and rest:
            raise ConsoleError(f"{word.name} takes nothing; got {shown(rest)}", column)
        if not rest and word.takes and word.usage.partition(" ")[2][:1] not in ("[", ""):
            raise ConsoleError(f"nothing stands behind {word.name}; write {word.usage}", column)
        do: Callable[..., Answer] = getattr(self, f"_{word.name}")
        return do(rest, column) if word.takes else do()

    def _p(self, text: str, column: int) -> Answer:
        return Answer(tuple(self._look(text, text, column)))

    def _display(self, text: str, column: int) -> Answer:
        frame = self.session.frame()
        if text:
            number = self.displays.add(frame, text, column)
            each = next(each for each in self.displays.at_stop(self.session, frame) if each.number == number)
            return _said(f"display {number}: {each}")
        found = self.displays.at_stop(self.session, frame)
        return _said(*(f"{each.number}: {each}" for each in found)) if found else _said("nothing is displayed")

    def _undisplay(self, text: str, column: int) -> Answer:
        if not text:
            self.displays.remove()
            return _said("nothing is displayed any more")
        number = _number(text, column)
        if number not in self.displays.texts:
            there = ", ".join(map(str, self.displays.texts)) or "none"
            raise ConsoleError(f"no display {number}; there are: {there}", column)
        self.displays.remove(number)
        return _said(f"display {number} is gone")

    def _break(self, text: str, column: int) -> Answer:
        stop = self.session.stops.add(text)
        return _said(f"stop {stop.number}: {stop}")

    def _tbreak(self, text: str, column: int) -> Answer:
        stop = self.session.stops.add(text, temporary=True)
        return _said(f"stop {stop.number}: {stop}")

    def _stops(self) -> Answer:
        met = (f"{each.number}: {each}  met {_times(each.hits)}" for each in self.session.stops)
        return _said(*met) if len(self.session.stops) else _said("no stop is set; break sets one")

    def _delete(self, text: str, column: int) -> Answer:
        return self._each(text, column, self.session.stops.remove, "is removed")

    def _enable(self, text: str, column: int) -> Answer:
        return self._each(text, column, self.session.stops.enable, "halts the run")

    def _disable(self, text: str, column: int) -> Answer:
        return self._each(text, column, self.session.stops.disable, "is passed over")

    def _each(self, text: str, column: int, do: Callable[[int], None], words: str) -> Answer:
        """All are looked up before anything is done."""
        stops = self.session.stops
        numbers = [each.number for each in stops] if text == "all" else self._numbers(text, column)
        for number in numbers:
            do(number)
        return _said(*(f"stop {number} {words}" for number in numbers)) if numbers else _said("no stop is set")

    def _numbers(self, text: str, column: int) -> list[int]:
        numbers: list[int] = []
        for match in _WORDS_OF.finditer(text.replace(",", " ")):
            place = column + match.start()
            try:
                numbers.append(self.session.stops[_number(match[0], place)].number)
            except ConsoleError:
                raise
            except ValueError as error:
                raise ConsoleError(str(error), place) from None
        return list(dict.fromkeys(numbers))

    def _ignore(self, text: str, column: int) -> Answer:
        number, _, count = text.partition(" ")
        place = column + len(number) + 1
        if not count.strip():
            raise ConsoleError(f"how often is {number} to be passed over? Write ignore {number} 3", place)
        number, times = self._numbers(number, column)[0], _number(count.strip(), place)
        self.session.stops.ignore(number, times)
        return _said(
            f"stop {number} is passed over {_times(times)}" if times else f"stop {number} is passed over no more"
        )

    def _until(self, text: str, column: int) -> Answer:
        condition, by = read_until(text)
        return self._moved(self.hands.run_until(condition_of(self.session.program, condition, column), by))

    def _back(self, text: str, column: int) -> Answer:
        match = _AMOUNT.fullmatch(text)
        if match:
            return self._moved(self.hands.back(match[2] or "op", _amount(match[1], column)))  # type: ignore[arg-type]
        if text == "stop":
            return self._moved(self.hands.back_to_stop())
        return self._moved(self.hands.back_until(condition_of(self.session.program, text, column)))

    def _run(self, text: str, column: int) -> Answer:
        if not text:
            return self._moved(self.hands.run(None))
        n, unit = self._read_amount(text, column, "iteration")
        if unit == "op":
            raise ConsoleError(f"{text!r}: run counts iterations or epochs; step executes operations", column)
        timeline, here = self.session.timeline, self.session.position
        goal = timeline.ahead(here, unit, n)
        return self._moved(self.hands.run(goal.iteration - here.iteration))

    def _step(self, text: str, column: int) -> Answer:
        n, unit = self._read_amount(text, column, "op")
        return self._moved(self.hands.step(unit, n))

    def _next(self, text: str, column: int) -> Answer:
        n, unit = self._read_amount(text, column, "iteration")
        return self._moved(self.hands.step(unit, n))

    def _read_amount(self, text: str, column: int, unit: Unit) -> tuple[int, Unit]:
        match = _AMOUNT.fullmatch(text)
        if match is None:
            raise ConsoleError(f"{shown(text)} is no amount; write a number, or a number and op, iteration or epoch", column)  # fmt: skip
        return _amount(match[1], column), match[2] or unit  # type: ignore[return-value]

    def _goto(self, text: str, column: int) -> Answer:
        timeline = self.session.timeline
        return self._moved(self.hands.goto(parse_place(text, timeline.segments[-1].program, timeline.program_at)))

    def _set(self, text: str, column: int) -> Answer:
        from tui_nn.debugger.settings import typed_value

        match = re.fullmatch(r"([^\s=\[]+(?:\[[^\]]*\])?(?:\.[a-z0-9_]+)?)\s*(?:=\s*|\s)\s*(\S.*)", text)
        if match is None:
            raise ConsoleError("write a key and its new value, like set optimizer.lr 0.1", column)
        setting = self._setting(match[1], column)
        try:
            value = typed_value(match[2], setting.value)
        except ValueError as error:
            raise ConsoleError(str(error), column + match.start(2)) from None
        edit = self.hands.set(setting.key, value)
        when = "here" if edit.position == self.session.position else f"{edit.position}"
        return _said(f"{edit} from {when} on")

    def _setting(self, key: str, column: int) -> Setting:
        """By its name, the end of it, or of a single number; else what was typed, whose fault the edit will tell."""
        from tui_nn.debugger.edits import value_of
        from tui_nn.debugger.settings import Setting, settings_of
        from tui_nn.scenario.edit_keys import is_value_key

        program = self.session.program_of_edits
        settings = settings_of(program)
        if is_value_key(key):
            tensor, index = value_of(program, key)
            return Setting(key, float(tensor.view(self.session.frame().snapshot.mem)[index]))
        exact = [each for each in settings if each.key == key]
        ends = exact or [each for each in settings if each.key.endswith(f".{key}")]
        if not ends and "." not in key:
            raise ConsoleError(unknown("setting", key, {each.key.rpartition(".")[2]: 0 for each in settings}), column)
        if len(ends) > 1:
            raise ConsoleError(f"{key!r} may be {', '.join(each.key for each in ends[:6])}; write one of them", column)
        return ends[0] if ends else Setting(key, None)

    def _undo(self) -> Answer:
        edit = self.hands.undo()
        return _said(f"taken back: {edit}" if edit else "nothing was changed in this run")

    def _redo(self) -> Answer:
        edit = self.hands.redo()
        return _said(f"made again: {edit}" if edit else "nothing was taken back")

    def _fork(self) -> Answer:
        return _said(self.hands.fork())

    def _edits(self) -> Answer:
        edits = [f"{each.position}  {each}" for each in self.session.edits]
        return _said(*edits) if edits else _said("nothing was changed in this run")

    def _help(self, text: str, column: int) -> Answer:
        if text and text not in NAMES:
            raise ConsoleError(unknown("command", text, [word.name for word in WORDS]), column)
        return _said(*help_lines(self.lang, text))

    def _moved(self, stop: Stop | None) -> Answer:
        return Answer(is_under_way=True) if stop is None else self.stopped(stop)

    def stopped(self, stop: Stop) -> Answer:
        """A move is over: what halted it, and what is displayed at each stop."""
        displayed = self.displays.at_stop(self.session, self.session.frame())
        return Answer((*([stop.message] if stop.message else []), *map(str, displayed)), stop)


def _said(*lines: str) -> Answer:
    return Answer(lines)


def _fault(message: str, column: int) -> Answer:
    return Answer((f"column {column}: {message}",), is_error=True, column=column)


def _number(text: str, column: int) -> int:
    digits: Any = text.replace("_", "")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 10):
        raise ConsoleError(f"{shown(text)} is no whole number, like 1", column)
    return int(digits)


def _amount(digits: str | None, column: int) -> int:
    n = int(digits or 1)
    if not 1 <= n <= MAX_AMOUNT:
        raise ConsoleError(f"got {n:,}; the number must be from 1 to {MAX_AMOUNT:,}", column)
    return n


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n} times"
