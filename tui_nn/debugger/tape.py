"""What a run has left, as spans to be evaluated: forwards from a position, or backwards with the newest first.

Metrics are in the history, so nothing is moved for them. Single numbers are in no history: a scout replays the span and
notes them (scout.py). Backwards each replay begins behind a checkpoint, so that no iteration is replayed twice. A span
lies within one segment of the timeline; where an edit begins another, `before` says what was there until then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from tui_nn.debugger.bounds import gather
from tui_nn.debugger.history import Stretch
from tui_nn.debugger.phases import Carry, Value, runs_over_history, series
from tui_nn.debugger.position import Position
from tui_nn.debugger.scout import Interrupted, Scout
from tui_nn.debugger.span import Span, code
from tui_nn.debugger.values import find_offset
from tui_nn.engine import layout as at

if TYPE_CHECKING:
    from tui_nn.debugger.session import Session
    from tui_nn.engine.program import Program
    from tui_nn.scenario import Expression

FIRST_ROWS, MOST_ROWS = 256, 32_768  # iterations of a span: near ones are looked at before much is read

Report = Callable[[float], object]
Carries = list[Carry]  # one for each expression


def no_report(share: float) -> None: ...


class Piece(NamedTuple):
    """A span to be evaluated, and which of its places are meant: first .. last, as `code`, both included.

    start:   the first position that is meant, or one before it at which nothing new begins.
    carries: what the history before the span comes to.
    before:  where an edit begins the span, the value of each expression one op before it.
    """

    span: Span
    start: Position
    first: int
    last: int
    carries: Carries
    before: tuple[Value, ...] | None = None


class Tape:
    """A session's run as far as it was reached, for these expressions. The run must stand still, or be this thread's.

    report is told the share that is done, 0..1. Errors: Interrupted, where somebody sets the machine's STOP.
    """

    def __init__(self, session: Session, expressions: Sequence[Expression], report: Report = no_report):
        self.timeline, self.expressions, self.report = session.timeline, expressions, report
        self.names = sorted({name for each in expressions for name in each.names})
        self._gathering = [runs_over_history(each.tree) for each in expressions]
        self._scouts: dict[int, Scout | None] = {}
        if not session.is_running:  # else this is the session's own thread, and a stop may just have been asked for
            self.timeline.mail[at.STOP] = 0

    def check(self) -> None:
        if self.timeline.mail[at.STOP] != 0:
            raise Interrupted

    # Forwards

    def forward(self, after: Position, end: Position) -> Iterator[Piece]:
        """The positions > after and <= end."""
        timeline = self.timeline
        k, first, rows = timeline.index_at(after), after.iteration, FIRST_ROWS
        start, lowest, before = timeline.one_op_ahead(after), code(after) + 1, None
        carries = self.carries(k, first)
        while True:
            self.check()
            self.report((first - after.iteration) / max(1, end.iteration - after.iteration))
            limit = self.limit_of(k)
            goal = limit if limit is not None and limit <= end else end
            until = min(goal, Position(first + self._room(k, rows)))
            is_crossing = until == limit
            yield Piece(self.span(k, first, until), start, lowest, code(until) - is_crossing, carries, before)
            if is_crossing:
                k, first, start, lowest = k + 1, until.iteration, until, code(until)
                carries, before = self.carries(k, first), self.before(k)
            elif until == end:
                return
            else:
                first, start, lowest, before = until.iteration, until, code(until) + 1, None
            rows = min(2 * rows, MOST_ROWS)

    # Backwards

    def backward(self, before: Position) -> Iterator[Piece]:
        """The positions < before, to the start of the run; the newest piece first."""
        timeline, limit = self.timeline, before
        for k in range(timeline.index_at(timeline.one_op_back(before)), -1, -1):
            yield from self._segment_back(k, limit, before.iteration)
            limit = timeline.segments[k].start

    def _segment_back(self, k: int, limit: Position, of: int) -> Iterator[Piece]:
        begin = self.timeline.segments[k].start
        replays = self._replays(k, limit)
        carries = self._carries(k, [bound.iteration for bounds in reversed(replays) for bound in bounds[:-1]])
        for bounds in replays:
            self.report(1.0 - bounds[-1].iteration / max(1, of))
            own = carries[len(carries) - len(bounds) + 1 :]
            del carries[len(carries) - len(bounds) + 1 :]
            pieces = []
            for (start, end), carry in zip(pairwise(bounds), own, strict=True):
                self.check()
                span, first = self.span(k, start.iteration, end), code(start) + (start != begin)
                pieces.append(Piece(span, start, first, code(end) - (end == limit), carry))
            if k and bounds[0] == begin:
                pieces[0] = pieces[0]._replace(before=self.before(k))
            yield from reversed(pieces)

    def _replays(self, k: int, limit: Position) -> list[list[Position]]:
        """The newest first: where the spans of one replay meet, from its start to its end."""
        replays, end, rows = [], limit, FIRST_ROWS
        begin = self.timeline.segments[k].start
        scout, room = self.scout(k), self._room(k, MOST_ROWS)
        while True:
            behind = end.iteration + (end.op > 0)
            start = Position(behind - rows)
            if scout is not None and start > begin:
                kept = scout.kept_before(start.iteration)
                start = Position(kept.iteration + 1) if kept else begin
            start = max(start, begin)
            inside = [Position(row) for row in range(start.iteration + room, behind, room)]
            replays.append([start, *inside, end])
            if start == begin:
                return replays
            end, rows = start, min(2 * rows, MOST_ROWS)

    # What both need

    def limit_of(self, k: int) -> Position | None:
        """Where the next segment begins, if there is one."""
        segments = self.timeline.segments
        return segments[k + 1].start if k + 1 < len(segments) else None

    def scout(self, k: int) -> Scout | None:
        if k not in self._scouts:
            segment = self.timeline.segments[k]
            offsets = offsets_of(segment.program, self.expressions)
            self._scouts = {k: Scout(self.timeline, segment, offsets, self.check) if offsets else None}
        return self._scouts[k]

    def span(self, k: int, first: int, end: Position) -> Span:
        """Rows of one segment, as far as `end`."""
        scout, begin = self.scout(k), self.timeline.segments[k].start
        noted = scout.replay(max(Position(first), begin), end) if scout else None
        span = Span(self.history(k), first, end, noted)
        span.load(self.names)
        return span

    def before(self, k: int) -> tuple[Value, ...]:
        """The value of each expression one op before segment k begins."""
        limit, begin = self.timeline.segments[k].start, self.timeline.segments[k - 1].start
        first = max(self.timeline.one_op_back(limit).iteration, begin.iteration)
        span = self.span(k - 1, first, limit)
        carries = self.carries(k - 1, first)
        found = [series(*pair) for pair in zip(self.expressions, [span] * len(carries), carries, strict=True)]
        return tuple(each.at(code(limit) - 1) for each in found)

    def carries(self, k: int, iteration: int) -> Carries:
        """What the history before that iteration comes to for each expression, as segment k sees it."""
        return self._carries(k, [iteration])[0]

    def _carries(self, k: int, iterations: Sequence[int]) -> list[Carries]:
        """For each of these rising iterations one of each expression."""
        now, found, here = [Carry() for _ in self.expressions], [], 0
        for iteration in iterations:
            while here < iteration and any(self._gathering):
                self.check()
                here = self._gather(k, now, here, min(iteration, here + MOST_ROWS))
            found.append([carry.copy() for carry in now])
        return found

    def _gather(self, k: int, now: Carries, here: int, goal: int) -> int:
        """From iteration `here` towards `goal`, as far as one segment goes."""
        segments = self.timeline.segments[: k + 1]
        owner = max(j for j, segment in enumerate(segments) if segment.start.iteration <= here)
        end = goal if owner == k else min(goal, segments[owner + 1].start.iteration)
        span = Span(self.history(owner), here, Position(end), view=segments[k].program)
        for expression, carry, is_gathering in zip(self.expressions, now, self._gathering, strict=True):
            if is_gathering:
                gather(expression, span, carry)
        return end

    def history(self, k: int) -> list[Stretch]:
        """All up to segment k."""
        return [segment.stretch for segment in self.timeline.segments[: k + 1]]

    def _room(self, k: int, rows: int) -> int:
        scout = self.scout(k)
        return rows if scout is None else min(rows, scout.capacity)


def offsets_of(program: Program, expressions: Iterable[Expression]) -> tuple[int, ...]:
    """Where in mem the single numbers stand that they read, each once; those that this program has."""
    offsets = dict.fromkeys(find_offset(program, each) for one in expressions for each in one.elements)
    return tuple(offset for offset in offsets if offset is not None)
