"""Stops over one piece of a run after another, forwards or backwards: at which position the first of them fires."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from tui_nn.debugger.position import START, Position
from tui_nn.debugger.span import code, place_of
from tui_nn.debugger.stop_kinds import Evaluated, Hits, Known
from tui_nn.debugger.stops import Breakpoint, Fired, Hit
from tui_nn.debugger.tape import Piece, Report, Tape, no_report

if TYPE_CHECKING:
    from tui_nn.debugger.session import Session
    from tui_nn.engine.program import Program
    from tui_nn.scenario import Expression

Halt = tuple[Position, tuple[Fired, ...]]


class Scan:
    """What is left to be ignored of each stop, and how often each was met so far.

    expressions: those that are evaluated, in the order in which pieces are to have their carries.
    """

    def __init__(self, stops: Iterable[Breakpoint], is_forward: bool = True):
        self.stops, self.is_forward = tuple(stops), is_forward
        self.left = {each.number: each.ignore for each in self.stops}
        self.met = {each.number: 0 for each in self.stops}
        self.expressions: list[Expression] = [
            each.kind.expression for each in self.stops if isinstance(each.kind, Evaluated)
        ]

    @property
    def has_known(self) -> bool:
        """Is there a stop of which is known beforehand where it fires?"""
        return any(isinstance(each.kind, Known) for each in self.stops)

    def known_until(self, program: Program, first: int, end: Position) -> Position:
        """`end`, or from place `first` on the position before it at which a stop fires that is known beforehand."""
        places = [end]
        for each in self.stops:
            if isinstance(each.kind, Known):
                rows = np.arange(place_of(first).iteration, end.iteration + 1)
                met = Hits(each.kind.met(program, rows)).between(first, code(end)).places
                if len(met) > self.left[each.number]:
                    places.append(place_of(met[self.left[each.number]]))
        return min(places)

    def feed(self, piece: Piece) -> Halt | None:
        """Where in the piece a stop fires, with all that fire there. None fires: all that are met are counted."""
        found, k = [], 0
        for each in self.stops:
            if isinstance(each.kind, Evaluated):
                hits = each.kind.hits(piece.span, piece.carries[k], piece.before[k] if piece.before else None)
                k += 1
            else:
                hits = Hits(each.kind.met(piece.span.program, piece.span.iterations))
            found.append((each, hits.between(piece.first, piece.last)))
        return self._fire(found)

    def _fire(self, found: list[tuple[Breakpoint, Hits]]) -> Halt | None:
        firing = [
            int(hits.places[left if self.is_forward else -1 - left])
            for each, hits in found
            if len(hits.places) > (left := self.left[each.number])
        ]
        place = None if not firing else min(firing) if self.is_forward else max(firing)
        fired = []
        for each, hits in found:
            n, left = self._count(hits, place), self.left[each.number]
            self.met[each.number] += n
            self.left[each.number] = max(0, left - n)
            if n > left:
                fired.append(_fired(each, hits, n - 1 if self.is_forward else len(hits.places) - n))
        return None if place is None else (place_of(place), tuple(fired))

    def _count(self, hits: Hits, place: int | None) -> int:
        """How many are met on the way to `place`, or through the piece."""
        if place is None:
            return len(hits.places)
        if self.is_forward:
            return int(hits.places.searchsorted(place, side="right"))
        return len(hits.places) - int(hits.places.searchsorted(place))


def _fired(stop: Breakpoint, hits: Hits, k: int) -> Fired:
    old, new = (None if column is None or np.ma.is_masked(column[k]) else float(column[k]) for column in hits[1:])
    return Fired(stop.number, stop.text, old, new)


def next_hit(
    session: Session, stops: Iterable[Breakpoint], after: Position, end: Position, report: Report = no_report
) -> Hit | None:
    """See Stops.next_hit."""
    end, scan = min(end, session.reached), Scan(stops)
    if after < end:
        for piece in Tape(session, scan.expressions, report).forward(after, end):
            if halt := scan.feed(piece):
                return Hit(*halt, scan.met)
    return None


def previous_hit(
    session: Session, stops: Iterable[Breakpoint], before: Position, report: Report = no_report
) -> Hit | None:
    """See Stops.previous_hit."""
    scan = Scan(stops, is_forward=False)
    halt = scan_back(session, scan, before, report)
    return Hit(*halt, scan.met) if halt else None


def scan_back(session: Session, scan: Scan, before: Position, report: Report = no_report) -> Halt | None:
    """Where a stop fires last before that position, with all that fire there."""
    before = min(before, session.timeline.one_op_ahead(session.reached))
    if before > START:
        for piece in Tape(session, scan.expressions, report).backward(before):
            if halt := scan.feed(piece):
                return halt
    return None
