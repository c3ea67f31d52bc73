"""Running until something holds: at full speed in chunks, each evaluated over all its positions, then back to the first hit.

And backwards, over what is left of the run. A chunk takes as long as all before it, and at most CHUNK_S, so that a pause is
heard and little is run in vain. While one is looked at, the next is run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Literal, NamedTuple

from tui_nn.debugger.context import Here
from tui_nn.debugger.expect import values_read
from tui_nn.debugger.phases import Value, series
from tui_nn.debugger.position import START, Position, Stop
from tui_nn.debugger.scan import Scan, scan_back
from tui_nn.debugger.scout import noted
from tui_nn.debugger.search import first_of, last_true
from tui_nn.debugger.span import Span, code, place_of
from tui_nn.debugger.stop_kinds import Becomes, parse_stop
from tui_nn.debugger.stops import Breakpoint, Fired
from tui_nn.debugger.tape import Carries, Interrupted, Piece, Report, Tape, no_report, offsets_of
from tui_nn.engine import layout as at

if TYPE_CHECKING:
    from tui_nn.debugger.session import Session
    from tui_nn.engine.program import Program
    from tui_nn.engine.watch import Watch
    from tui_nn.scenario import Expression

LEAST_S, CHUNK_S = 0.002, 0.1
FIRST_ROWS, MOST_ROWS = 16, 2**17  # iterations of a chunk; of more, rows have left the caches when they are looked at
MOST_GROWTH = 64  # of a chunk over the one before it, whose time says little when it was short
By = Literal["op", "iteration"]
BY: tuple[By, ...] = ("op", "iteration")


@dataclass(frozen=True)
class Until:
    """A condition to run to: the first op at which it holds, or the first iteration after which it does."""

    expression: Expression
    by: By

    def first(self, piece: Piece) -> Position | None:
        if self.by == "op":
            return first_of(series(self.expression, piece.span, piece.carries[-1]), piece.start, piece.last)
        found = series(self.expression, piece.span, piece.carries[-1], points=[0])
        hits = found.places[found.holds & (found.places >= piece.first) & (found.places <= piece.last)]
        return place_of(hits[0]) if len(hits) else None


class Outcome(NamedTuple):
    """Where and why a run is to halt. why: what the machine said there; fired and is_until: what holds there."""

    position: Position
    why: int
    fired: tuple[Fired, ...] = ()
    is_until: bool = False


class Ran(NamedTuple):
    """What the machine has just done."""

    why: int
    here: Position
    now: Position
    span: Span
    took_s: float

    @property
    def rows(self) -> int:
        """Iterations, one that was not whole as one."""
        return max(1, self.now.iteration - self.here.iteration)


def run_until(session: Session, goal: Position, until: Until | None, end: Stop) -> Stop:
    """Run there; on the way to `goal` the session's stops and the condition may halt it. `end`: what to say at the goal."""
    try:
        outcome = seek(session, goal, session.stops.active(), until)
    except Interrupted:
        return session.stop_of(at.STOPPED)
    if not outcome.fired and not outcome.is_until:
        if outcome.why == at.NON_FINITE:
            return session.to_non_finite(outcome.position.iteration)
        return end if outcome.why == at.AT_GOAL else session.stop_of(outcome.why)
    stop = session.travel(outcome.position)
    if stop.reason != "done":
        return stop
    is_non_finite = outcome.why == at.NON_FINITE
    return halted(session, outcome.fired, until if outcome.is_until else None, is_non_finite)


def halted(session: Session, fired: Sequence[Fired], until: Until | None = None, is_non_finite: bool = False) -> Stop:
    """What holds where the session stands now, all of it."""
    here = session.position
    said = [f"{each}{_values(session, each)}." for each in fired]
    if until is not None:
        said.insert(0, f"{until.expression} holds {_place(session, here)}.")
    if is_non_finite:
        said.append(session.non_finite_text(here.iteration - (here.op == 0)))
    return Stop("stop" if fired else "condition", here, " ".join(said), tuple(fired))


def back_until(session: Session, expression: Expression, report: Report = no_report) -> Stop:
    """To the last position before here at which it holds; to the start, if there is none."""
    here = session.position
    try:
        place = last_true(session, expression, here, report)
    except Interrupted:
        return session.stop_of(at.STOPPED)
    if place is None:
        return _at_start(session, f"{expression} holds nowhere before {here}")
    stop = session.travel(place)
    return stop if stop.reason != "done" else halted(session, (), Until(expression, "op"))


def back_to_stop(session: Session, report: Report = no_report) -> Stop:
    """To the last position before here at which a stop fires; to the start, if there is none."""
    here, scan = session.position, Scan(session.stops.active(), is_forward=False)
    try:
        halt = scan_back(session, scan, here, report)
    except Interrupted:
        return session.stop_of(at.STOPPED)
    session.stops.count(scan.met, halt[1] if halt else ())
    if halt is None:
        return _at_start(session, f"No stop fires before {here}")
    stop = session.travel(halt[0])
    return stop if stop.reason != "done" else halted(session, halt[1])


def _at_start(session: Session, why: str) -> Stop:
    stop = session.travel(START)
    return Stop("start", START, f"{why}: this is the start of the run.") if stop.reason == "done" else stop


def _place(session: Session, here: Position) -> str:
    if here.op == 0:
        return f"after {here.iteration} iterations"
    back = session.timeline.one_op_back(here)
    done = session.timeline.program_at(back).ops[back.op]
    return f"at {here}, behind op {done.index} ({done.label})"


def _values(session: Session, fired: Fired) -> str:
    """What a condition that has become true read there."""
    try:
        kind = parse_stop(session.program, fired.text)
    except ValueError:  # an edit has taken away what it reads
        return ""
    if not isinstance(kind, Becomes):
        return ""
    read = values_read(kind.expression, Here(session))
    return f" ({', '.join(f'{name} = {_number(value)}' for name, value in read.items())})"


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.6g}"


def seek(session: Session, goal: Position, stops: Sequence[Breakpoint], until: Until | None = None) -> Outcome:
    """Run towards `goal` until a stop fires, the condition holds, the loss stops being finite or the machine says so.

    The machine may have run past the position that is returned. What stops ignore is used up.
    """
    scan = Scan(stops)
    seeking = _Seek(session, scan, until)
    try:
        outcome = seeking.run(goal)
    finally:
        seeking.end()
        session.stops.count(scan.met)
    session.stops.count({}, outcome.fired)
    return outcome


class _Seek:
    """Chunk by chunk, and segment by segment."""

    def __init__(self, session: Session, scan: Scan, until: Until | None):
        self.session, self.timeline, self.scan, self.until = session, session.timeline, scan, until
        self.tape = Tape(session, [*scan.expressions, *([until.expression] if until else [])])
        self.watch: Watch | None = None
        self._other: ThreadPoolExecutor | None = None
        self._began = perf_counter()

    def end(self) -> None:
        self.unwatch()
        if self._other is not None:
            self._other.shutdown()

    def run(self, goal: Position) -> Outcome:
        """In each segment: what it watches, and what the history before comes to."""
        first, before = code(self.session.position) + 1, None
        while True:
            k = self.timeline.index_at(self.session.position)
            outcome = self._segment(k, goal, first, before)
            if outcome is not None:
                return self._at_edit(k, outcome)
            first, before = code(self.session.position), self.tape.before(k + 1)

    def _at_edit(self, k: int, outcome: Outcome) -> Outcome:
        """Where early stopping ends the run just where an edit begins, what holds behind the edit is said, too."""
        limit = self.tape.limit_of(k)
        if limit is None or outcome.why != at.ENDED or outcome.position != limit or outcome.fired or outcome.is_until:
            return outcome
        behind = self._segment(k + 1, limit, code(limit), self.tape.before(k + 1))
        return behind if behind and (behind.fired or behind.is_until) else outcome

    def _segment(self, k: int, goal: Position, first: int, before: tuple[Value, ...] | None) -> Outcome | None:
        """From place `first` on to the goal or to the next segment. None: that begins, and nothing has halted the run."""
        program = self.timeline.segments[k].program
        self._watch(program)
        limit, carries = self.tape.limit_of(k), self.tape.carries(k, self.session.position.iteration)
        rows = FIRST_ROWS if self.tape.expressions else MOST_ROWS
        ran, following = self._run(k, *self._chunk(program, first, goal, limit, rows)), None
        while True:
            now = ran.now
            if (ahead := self._chunk_ahead(ran, goal, limit)) is None:
                outcome = self._look(ran, first, limit, carries, before)
            else:
                looking = self._beside(self._look, ran, first, limit, carries, before)
                following = self._run(k, *ahead)
                outcome = looking.result()
            if outcome is not None:
                return outcome
            if now == limit:
                return None
            if now >= goal:
                return Outcome(goal, at.AT_GOAL)
            first, before = code(now) + 1, None
            if following is None:
                following = self._run(k, *self._chunk(program, first, goal, limit, self._rows_behind(ran, goal)))
            ran, following = following, None

    def _chunk(
        self, program: Program, first: int, goal: Position, limit: Position | None, rows: int
    ) -> tuple[Position, Position]:
        """From where the machine stands, which chunk is next."""
        here = self.session.position
        end = min(goal, limit or goal, Position(here.iteration + self._room(rows)))
        return here, self.scan.known_until(program, first, max(here, end))

    def _chunk_ahead(self, ran: Ran, goal: Position, limit: Position | None) -> tuple[Position, Position] | None:
        """The chunk to run before this one was looked at. None where it might well be in vain and takes long, and where
        stops that are known beforehand say how far it may go."""
        if ran.why != at.AT_GOAL or self.scan.has_known or ran.took_s > CHUNK_S * ran.rows:
            return None
        here, end = self._chunk(ran.span.program, code(ran.now) + 1, goal, limit, self._rows_behind(ran, goal))
        return None if here == end or end == limit else (here, end)

    def _rows_behind(self, ran: Ran, goal: Position) -> int:
        """Iterations of the chunk that follows. Towards the goal they get fewer: for a look at the last one a run waits."""
        if not self.tape.expressions:
            return MOST_ROWS
        aim_s = min(CHUNK_S, max(LEAST_S, perf_counter() - self._began))
        rows = min(max(1, int(ran.rows * min(MOST_GROWTH, aim_s / max(ran.took_s, 1e-9)))), MOST_ROWS)
        left = goal.iteration - ran.now.iteration
        return 3 * left // 4 if rows >= left > 2 * LEAST_S / aim_s * rows else rows

    def _beside(self, work: Callable[..., Outcome | None], *arguments: object) -> Future[Outcome | None]:
        """In another thread, while this one runs the loop, which takes no part of Python: so that the loop never waits."""
        if self._other is None:
            self._other = ThreadPoolExecutor(1, "tui-nn look")
        return self._other.submit(work, *arguments)

    def _run(self, k: int, here: Position, end: Position) -> Ran:
        stood, began = self._note(), perf_counter()
        why = self.session.run_watching(end)
        return self._ran(k, here, why, stood, perf_counter() - began)

    def _note(self) -> dict[int, float]:
        """From here on numbers are noted; what stands there now."""
        stood = self.watch.values() if self.watch else {}
        if self.watch:
            self.watch.begin()
        return stood

    def _ran(self, k: int, here: Position, why: int, stood: dict[int, float], took_s: float) -> Ran:
        now = self.session.position
        notes = {}
        if self.watch:  # what it has noted is looked at before it notes the next but one chunk
            lines = self.watch.lines(now.iteration - here.iteration + (now.op > 0))
            notes = noted(self.watch, stood, lines, here.op)
        return Ran(why, here, now, Span(self.tape.history(k), here.iteration, now, notes), took_s)

    def _look(
        self, ran: Ran, first: int, limit: Position | None, carries: Carries, before: tuple[Value, ...] | None
    ) -> Outcome | None:
        """At all positions that were run over. Where the loss stops being finite, that is said right behind it."""
        ran.span.load(self.tape.names)
        last = ran.now
        if ran.why == at.NON_FINITE:
            last = Position(last.iteration - (last.op == 0), ran.span.program.loss_op + 1)
        start = ran.here if code(ran.here) == first else self.timeline.one_op_ahead(ran.here)
        piece = Piece(ran.span, start, first, code(ran.now) - (ran.now == limit), carries, before)
        until = None
        if self.until is not None:
            is_late = self.until.by == "iteration"  # what holds after the iteration counts, also of its loss
            until = self.until.first(piece if is_late else piece._replace(last=min(piece.last, code(last))))
        halt = self.scan.feed(piece._replace(last=min(piece.last, code(min(last, until or last)))))
        why = ran.why if min(halt[0] if halt else last, until or last) == last else at.AT_GOAL
        if halt is not None:
            return Outcome(halt[0], why, halt[1], halt[0] == until)
        if until is not None:
            return Outcome(until, why, is_until=True)
        return None if ran.why == at.AT_GOAL else Outcome(last, ran.why)

    def _watch(self, program: Program) -> None:
        self.unwatch()
        offsets = offsets_of(program, self.tape.expressions)
        self.watch = self.session.machine.watch(offsets) if offsets else None

    def unwatch(self) -> None:
        if self.watch is not None:
            self.watch.machine.unwatch()
        self.watch = None

    def _room(self, rows: int) -> int:
        return min(rows, self.watch.capacity) if self.watch else rows
