"""Values that are shown at each stop, as pdb's display does: with what they were at the stop before, if that was another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from tui_nn.debugger.console_values import ConsoleError, Value, is_table, reads_all, value_of, value_text
from tui_nn.debugger.context import parse_for

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame
    from tui_nn.debugger.session import Session

MOST_DISPLAYS = 12
TOO_LONG = "so long a history is replayed to be read, which is too slow for each stop; p reads it"


class Shown(NamedTuple):
    """One of them at a stop. old: at the stop before, where it was another; new: here. fault: why it cannot be read here."""

    number: int
    text: str
    old: Value
    new: Value
    has_changed: bool
    fault: str = ""

    @property
    def value(self) -> str:
        """The value, or "0.5 → 0.25", or why there is none."""
        if self.fault:
            return self.fault
        return f"{value_text(self.old)} → {value_text(self.new)}" if self.has_changed else value_text(self.new)

    def __str__(self) -> str:
        return f"{self.text} = {self.value}"


@dataclass
class _Seen:
    """What a run's displays were at its last two stops. frame: of the newer one."""

    frame: Frame
    before: dict[int, Value]
    here: dict[int, Value]


class Displays:
    """Numbers count from 1 and are not used twice. Each run has values of its own."""

    def __init__(self) -> None:
        self.texts: dict[int, str] = {}
        self._last_number = 0
        self._seen: WeakKeyDictionary[Session, _Seen] = WeakKeyDictionary()

    def __len__(self) -> int:
        return len(self.texts)

    def add(self, frame: Frame, text: str, column: int = 1) -> int:
        """Its number. Errors: ConsoleError, ExpressionError."""
        if is_table(text):
            raise ConsoleError(f"{text} is a table; display one number of it, like weight.dense_1[0,0]", column)
        parse_for(frame.program, text)
        if text in self.texts.values():
            number = next(number for number, each in self.texts.items() if each == text)
            raise ConsoleError(f"{text} is shown already, as display {number}", column)
        if len(self.texts) >= MOST_DISPLAYS:
            raise ConsoleError(f"{MOST_DISPLAYS} values are shown, which is the most; undisplay one", column)
        self._last_number += 1
        self.texts[self._last_number] = text
        return self._last_number

    def remove(self, number: int | None = None) -> None:
        """One of them, or all. Errors: KeyError."""
        if number is None:
            self.texts.clear()
        else:
            del self.texts[number]

    def at_stop(self, session: Session, frame: Frame) -> list[Shown]:
        """All of them at this stop of a run; asked twice at one stop, the same."""
        seen = self._seen.get(session)
        if seen is None:
            seen = self._seen[session] = _Seen(frame, {}, {})
        elif seen.frame is not frame:
            seen.before, seen.here, seen.frame = seen.here, {}, frame
        return [self._shown(number, text, seen, frame) for number, text in self.texts.items()]

    def _shown(self, number: int, text: str, seen: _Seen, frame: Frame) -> Shown:
        try:
            expression = parse_for(frame.program, text)
            if frame.history.is_folded and reads_all(expression):
                return Shown(number, text, None, None, False, TOO_LONG)
            new = value_of(frame, expression)
        except ValueError as error:  # an edit has taken away what it reads
            return Shown(number, text, None, None, False, getattr(error, "message", str(error)))
        seen.here[number] = new
        old = seen.before.get(number, new)
        return Shown(number, text, old, new, not _same(old, new))


def _same(a: Value, b: Value) -> bool:
    return a == b or (a is not None and b is not None and a != a and b != b)
