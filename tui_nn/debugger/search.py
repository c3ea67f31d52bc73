"""Where a condition is true: its first op behind a position, its last before one, as stepping through all ops would find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tui_nn.debugger.phases import Series, series
from tui_nn.debugger.position import START, Position
from tui_nn.debugger.span import code, place_of
from tui_nn.debugger.tape import Report, Tape, no_report

if TYPE_CHECKING:
    from tui_nn.debugger.session import Session
    from tui_nn.debugger.timeline import Timeline
    from tui_nn.scenario import Expression


def first_true(
    session: Session, expression: Expression, after: Position, end: Position, report: Report = no_report
) -> Position | None:
    """The first position > after and <= end at which it is true, of those that the run has reached; None: there is none.

    report is told the share searched, 0..1. Errors: Interrupted, if the session is to pause.
    """
    end = min(end, session.reached)
    if after >= end:
        return None
    for piece in Tape(session, [expression], report).forward(after, end):
        found = series(expression, piece.span, piece.carries[0])
        if (place := first_of(found, piece.start, piece.last)) is not None:
            return place
    return None


def last_true(
    session: Session, expression: Expression, before: Position, report: Report = no_report
) -> Position | None:
    """The last position < before at which it is true, of those that the run has reached; None: there is none.

    report, errors: as in `first_true`.
    """
    before = min(before, session.timeline.one_op_ahead(session.reached))
    if before <= START:
        return None
    for piece in Tape(session, [expression], report).backward(before):
        found = series(expression, piece.span, piece.carries[0])
        if (place := last_of(session.timeline, found, piece.start, piece.span.end)) is not None:
            return place
    return None


def first_of(found: Series, start: Position, last: int) -> Position | None:
    """The first position from `start` to the place `last` at which the condition holds."""
    truth = found.holds
    if not truth.any():
        return None
    is_behind = np.append(found.places[1:], last + 1) > code(start)
    hits = found.places[truth & is_behind & (found.places <= last)]
    return max(start, place_of(hits[0])) if hits.size else None


def last_of(timeline: Timeline, found: Series, start: Position, end: Position) -> Position | None:
    """The last position >= start and < end at which it holds."""
    truth = found.holds
    if not truth.any() or not (hits := np.flatnonzero(truth & (found.places < code(end)))).size:
        return None
    k = int(hits[-1])
    until = place_of(found.places[k + 1]) if k + 1 < len(found.places) else end
    return timeline.one_op_back(min(until, end)) if until > start else None
