"""A session's stops: where a run is to halt, and what it says when it does. What they wait for, stop_kinds.py has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from tui_nn.debugger.position import Position
from tui_nn.debugger.stop_kinds import Evaluated, Kind, StopError, Wanted, parse_stop, read_stop
from tui_nn.debugger.tape import offsets_of
from tui_nn.engine import layout as at
from tui_nn.engine.writers import writers

if TYPE_CHECKING:
    from tui_nn.debugger.segments import Segment
    from tui_nn.debugger.session import Session
    from tui_nn.engine.program import Program

__all__ = ["Breakpoint", "Fired", "Hit", "StopError", "Stops"]

MOST_STOPS = 100
MOST_HALTS = 500  # that are remembered of a segment


@dataclass
class Breakpoint:
    """One stop. ignore: how often it is still passed over. hits: how often it was met, passed over or not."""

    number: int
    text: str
    kind: Kind
    temporary: bool = False
    ignore: int = 0
    enabled: bool = True
    hits: int = 0

    def __str__(self) -> str:
        return str(Wanted(self.text, self.temporary, self.ignore, self.enabled))


class Fired(NamedTuple):
    """A stop that halted the run. old, new: of a watched value; None where there is none, or it was not measured."""

    number: int
    text: str
    old: float | None = None
    new: float | None = None

    def __str__(self) -> str:
        if self.old is None and self.new is None:
            return f"Stop {self.number}: {self.text}"
        old, new = ("not measured" if value is None else f"{value:.9g}" for value in (self.old, self.new))
        return f"Stop {self.number}: {self.text}, from {old} to {new}"


class Hit(NamedTuple):
    """Where a run halts and by which stops, all of them. met: number -> how often each was met up to there, this included."""

    position: Position
    fired: tuple[Fired, ...]
    met: Mapping[int, int]


class Stops:
    """The list. Numbers count from 1 and are not used twice."""

    def __init__(self, session: Session):
        self._session = session
        self._list: list[Breakpoint] = []
        self._last_number = 0
        self._halts: WeakKeyDictionary[Segment, set[Position]] = WeakKeyDictionary()

    def __iter__(self) -> Iterator[Breakpoint]:
        return iter(tuple(self._list))

    def __len__(self) -> int:
        return len(self._list)

    def __getitem__(self, number: int) -> Breakpoint:
        for each in self._list:
            if each.number == number:
                return each
        there = ", ".join(str(each.number) for each in self._list)
        raise StopError(f"no stop {number}; " + (f"there are {there}" if there else "none is set"))

    def copy_to(self, session: Session) -> Stops:
        """The same list for a fork, with counts of its own from here on."""
        other = Stops(session)
        other._list, other._last_number = [replace(each) for each in self._list], self._last_number
        for place in self.halts:
            if place <= session.timeline.reached:
                other.note_halt(place)
        return other

    @property
    def halts(self) -> list[Position]:
        """Where stops have halted this run, in the order of the places; of what an edit has replaced, nothing."""
        timeline = self._session.timeline
        pieces = [(k, place) for k, each in enumerate(timeline.segments) for place in self._halts.get(each, ())]
        return sorted(place for k, place in pieces if timeline.index_at(place) == k)

    def note_halt(self, place: Position) -> None:
        timeline = self._session.timeline
        places = self._halts.setdefault(timeline.segments[timeline.index_at(place)], set())
        if len(places) < MOST_HALTS:
            places.add(place)

    def add(self, text: str, temporary: bool = False, ignore: int = 0) -> Breakpoint:
        """Set one, by its text. Errors: StopError or ExpressionError (both ValueErrors), with place and cure."""
        if len(self._list) >= MOST_STOPS:
            raise StopError(f"{MOST_STOPS} stops are set, and more are not possible; remove one")
        if ignore < 0:
            raise StopError(f"ignore is {ignore}; it counts how often the stop is passed over, so it is 0 or more")
        wanted, kind = self._read(text, self._list)
        wanted = replace(wanted, temporary=wanted.temporary or temporary, ignore=wanted.ignore or ignore)
        self._last_number += 1
        new = Breakpoint(self._last_number, wanted.text, kind, wanted.temporary, wanted.ignore, wanted.enabled)
        self._list.append(new)
        return new

    def change(self, number: int, text: str) -> Breakpoint:
        """Another text under the same number, counted from 0. Errors: as of `add`; the stop then is as it was."""
        old = self[number]
        wanted, kind = self._read(text, [each for each in self._list if each is not old])
        new = Breakpoint(number, wanted.text, kind, wanted.temporary, wanted.ignore, wanted.enabled)
        self._list[self._list.index(old)] = new
        return new

    def _read(self, text: str, others: Iterable[Breakpoint]) -> tuple[Wanted, Kind]:
        """What it says here, beside the others."""
        wanted, program = read_stop(text), self._session.program
        kind = parse_stop(program, wanted.text)
        _check_width(program, [*(each.kind for each in others), kind])
        return wanted, kind

    def remove(self, number: int) -> None:
        self._list.remove(self[number])

    def clear(self) -> None:
        self._list.clear()

    def enable(self, number: int) -> None:
        self[number].enabled = True

    def disable(self, number: int) -> None:
        self[number].enabled = False

    def ignore(self, number: int, times: int) -> None:
        """Pass over the next so many."""
        if times < 0:
            raise StopError(f"ignore is {times}; it counts how often the stop is passed over, so it is 0 or more")
        self[number].ignore = times

    def active(self) -> list[Breakpoint]:
        return [each for each in self._list if each.enabled]

    def count(self, met: Mapping[int, int], fired: Iterable[Fired] = ()) -> None:
        """A run has met stops that often: use up what they ignore, take away those that were for once."""
        halted = {each.number for each in fired}
        for each in tuple(self._list):
            n = met.get(each.number, 0)
            each.hits += n
            each.ignore = max(0, each.ignore - n)
            if each.number in halted and each.temporary:
                self._list.remove(each)

    def next_hit(self, after: Position, end: Position) -> Hit | None:
        """The first position > after and <= end at which any stop fires, as far as the run has reached. Nothing is moved.

        A stop that ignores n is met n times before it fires. Errors: Interrupted, if the session is to pause.
        """
        from tui_nn.debugger.scan import next_hit

        return next_hit(self._session, self.active(), after, end)

    def previous_hit(self, before: Position) -> Hit | None:
        """The last position < before at which any stop fires; what is ignored is counted from there backwards."""
        from tui_nn.debugger.scan import previous_hit

        return previous_hit(self._session, self.active(), before)


def _check_width(program: Program, kinds: Iterable[Kind]) -> None:
    expressions = [kind.expression for kind in kinds if isinstance(kind, Evaluated)]
    width = sum(len(writers(program, offset)) for offset in offsets_of(program, expressions))
    if width > at.MOST_WATCHED:
        raise StopError(
            f"all stops together read single values that are written {width} times an iteration, "
            f"and {at.MOST_WATCHED} is the most; remove a stop, or name fewer values"
        )
