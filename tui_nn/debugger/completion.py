"""What may stand at the cursor of a line: of the console, a condition, a stop. Nothing is looked up but the network's names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from tui_nn.debugger.console_values import OF_SAMPLES
from tui_nn.debugger.console_words import WORDS, Takes, read_line
from tui_nn.scenario.expression_tree import ELEMENT_KINDS, FUNCTIONS, LOGIC, OF_PARAMETERS, ROLES
from tui_nn.scenario.naming import CLOCK
from tui_nn.scenario.spec.optimizers import MOMENTS

if TYPE_CHECKING:
    from tui_nn.debugger.session import Session
    from tui_nn.engine.program import Program

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*$", re.ASCII)
_INDEX = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*)\[([0-9,:\s]*)$", re.ASCII)
_OPENS = re.compile(r"(?:^|[-+*/<>=!(,]|\b(?:and|or|not)\b)\s*$")  # before a value, not behind one
_CHANGES = re.compile(r"\S\s+([a-z ]*)$")
_UNITS = ("op", "iteration", "epoch")


class Completion(NamedTuple):
    """What may be put in place of the text from `start` to the cursor."""

    start: int
    candidates: tuple[str, ...] = ()


def complete_line(session: Session, displays: Mapping[int, str], text: str, cursor: int) -> Completion:
    """A line of the console."""
    before = text[:cursor]
    first = before.lstrip()
    if re.fullmatch(r"[a-z]*", first):
        commands = [word.name + (" " if word.takes else "") for word in WORDS if word.name.startswith(first)]
        values = complete_value(session.program, before, with_tables=True).candidates
        return Completion(len(before) - len(first), tuple(dict.fromkeys([*commands, *values])))
    said = read_line(before)
    if said.word is None:
        return complete_value(session.program, before, with_tables=True)
    rest = before[said.start :]
    inside = _takes(session, displays, said.word.takes, said.word.name)(rest)
    return inside._replace(start=said.start + inside.start)


def _takes(session: Session, displays: Mapping[int, str], takes: Takes, name: str) -> Callable[[str], Completion]:
    program = session.program
    numbers = [str(each.number) for each in session.stops]
    choices: dict[Takes, Callable[[str], Completion]] = {
        "value": lambda rest: complete_value(program, rest, with_tables=name == "p"),
        "condition": lambda rest: complete_until(program, rest),
        "stop": lambda rest: complete_stop(program, rest),
        "numbers": lambda rest: _word(rest, [*numbers, *(["all"] if name != "ignore" and numbers else [])]),
        "display": lambda rest: _word(rest, map(str, displays)),
        "amount": lambda rest: _amount(rest),
        "back": lambda rest: complete_back(program, rest),
        "place": lambda rest: _whole(rest, ["start", "end", "epoch ", "iteration "]),
        "setting": lambda rest: complete_setting(session, rest),
        "command": lambda rest: _word(rest, [word.name for word in WORDS]),
    }
    return choices.get(takes, lambda rest: Completion(len(rest)))


def complete_value(program: Program, before: str, with_tables: bool = False) -> Completion:
    """An expression; with_tables: also what only the console can print."""
    if match := _INDEX.search(before):
        return _indices(program, before, match)
    match = _NAME.search(before)
    typed = match[0] if match else ""
    start = len(before) - len(typed)
    if not typed and not _OPENS.search(before):
        return Completion(start, tuple(f"{word} " for word in ("and", "or")) if before[-1:].isspace() else ())
    names = [*program.metrics, *CLOCK, *(f"{function}(" for function in FUNCTIONS), *(f"{word} " for word in LOGIC)]
    return Completion(start, _matching(typed, [*names, *_elements(program, with_tables)]))


def _elements(program: Program, with_tables: bool) -> list[str]:
    """Everything that is indexed, up to its bracket."""
    found = []
    for kind in ELEMENT_KINDS:
        for tensor in program.tensors:
            if kind in ROLES:
                found += [f"{kind}.{tensor.layer}["] if kind == tensor.role else []
            elif kind not in MOMENTS or program.scenario.optimizer.moment(kind, tensor.is_matrix):
                found.append(f"{kind}.{tensor.role}.{tensor.layer}[")
    if with_tables:
        found += [f"{kind}.{layer.name}" for kind in OF_SAMPLES for layer in program.layers]
    return found


def _indices(program: Program, before: str, match: re.Match[str]) -> Completion:
    """The first entry and the last: they tell the shape."""
    kind, *role, layer = match[1].split(".")
    roles = {tensor.role: tensor for tensor in program.tensors if tensor.layer == layer}
    wanted = role[0] if role and kind in OF_PARAMETERS else kind if kind in ROLES else "weight"
    if match[2].strip() or wanted not in roles:
        return Completion(len(before))
    shape = roles[wanted].shape
    ends = [",".join("0" for _ in shape), ",".join(str(n - 1) for n in shape)]
    return Completion(len(before), tuple(dict.fromkeys(f"{end}]" for end in ends)))


def _matching(typed: str, names: Iterable[str]) -> tuple[str, ...]:
    """Those that begin so, each only up to its next dot; if none does, those that have the letters somewhere."""
    names = list(names)
    begun = [name for name in names if name.startswith(typed)]
    if not begun and len(typed) > 1:
        return tuple(dict.fromkeys(name for name in names if typed.lower() in name.lower()))
    stems: dict[str, list[str]] = {}
    for name in begun:
        end = name.find(".", len(typed))
        stems.setdefault(name if end < 0 else name[: end + 1], []).append(name)
    return tuple(members[0] if len(members) == 1 else stem for stem, members in stems.items())


def complete_until(program: Program, before: str) -> Completion:
    """A condition to run to; behind it may stand how it is looked at."""
    found = complete_value(program, before)
    if found.candidates == ("and ", "or "):
        return found._replace(candidates=(*found.candidates, "by op"))
    return found


def complete_back(program: Program, before: str) -> Completion:
    """Where back may lead: a condition, a stop, so many."""
    found = complete_value(program, before)
    if re.fullmatch(r"[0-9]+ [a-z]*", before):
        return _amount(before)
    if re.fullmatch(r"[a-z]*", before):
        more = [word for word in ("stop", *_UNITS) if word.startswith(before)]
        return Completion(0, tuple(dict.fromkeys([*more, *found.candidates])))
    return found


def complete_stop(program: Program, before: str) -> Completion:
    """A stop's text, as stop_kinds.py reads it."""
    head, comma, said = before.rpartition(",")
    if comma and re.fullmatch(r"\s*[a-z]*", said) and not _is_open(head):
        words = [" temporary", " ignore ", " disabled"]
        return Completion(len(head) + 1, tuple(word for word in words if word.strip().startswith(said.strip())))
    if before.startswith("op "):
        label = before[3:].lstrip()
        labels = list(dict.fromkeys(op.label for op in program.ops))
        begun = [each for each in labels if each.startswith(label)] or [each for each in labels if label in each]
        return Completion(len(before) - len(label), tuple(begun))
    found = complete_value(program, before)
    if re.fullmatch(r"[a-z]*", before):
        places = [f"{word} " for word in _UNITS if word.startswith(before)]
        return Completion(0, tuple(dict.fromkeys([*places, *found.candidates])))
    match = _CHANGES.search(before)
    if match and not _OPENS.search(before[: match.start(1)]):
        words = [word for word in ("changes", "changes sign") if word.startswith(match[1])]
        kept = found.candidates if not match[1] or not words else ()
        return Completion(match.start(1), tuple(dict.fromkeys([*words, *kept])))
    return found


def _is_open(text: str) -> bool:
    return text.count("(") > text.count(")") or text.count("[") > text.count("]")


def complete_setting(session: Session, before: str) -> Completion:
    """A setting's key; behind it its choices, or its present value."""
    from tui_nn.debugger.settings import settings_of

    key, space, value = before.partition(" ")
    settings = settings_of(session.program_of_edits)
    if not space:
        if match := _INDEX.search(key):
            return _indices(session.program, key, match)
        keys = [f"{each.key} " for each in settings]
        elements = [name for name in _elements(session.program, False) if name.split(".")[0] in ROLES]
        begun = [each for each in [*keys, *elements] if each.startswith(key)]
        return Completion(0, tuple(begun or [each for each in [*keys, *elements] if key in each]))
    setting = next((each for each in settings if each.key == key), None)
    value = value.lstrip()
    words = [str(each).lower() for each in setting.choices] if setting else []
    if setting and not words and setting.value is not None:
        words = [setting.shown]
    return Completion(len(before) - len(value), tuple(word for word in words if word.startswith(value)))


def _amount(before: str) -> Completion:
    match = re.fullmatch(r"[0-9]+\s+([a-z]*)", before)
    if match is None:
        return Completion(len(before))
    return Completion(match.start(1), tuple(f"{unit}s" for unit in _UNITS if unit.startswith(match[1].rstrip("s"))))


def _word(before: str, words: Iterable[str]) -> Completion:
    typed = before.rpartition(" ")[2]
    return Completion(len(before) - len(typed), tuple(word for word in words if word.startswith(typed)))


def _whole(before: str, words: Iterable[str]) -> Completion:
    return Completion(0, tuple(word for word in words if word.startswith(before)))
