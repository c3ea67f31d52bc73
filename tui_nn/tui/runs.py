"""Several runs side by side: one is looked at and makes the moves, the others go where it goes.

`Runs` takes the same wishes as a `Mover`, so that the screen and the player need not know how many there are; a run alone is
driven by its own mover, as if this file did not exist.

After a move all stand at the same place. A run at full speed is cut into stretches, so that the faster one gets at most a
fraction of a second ahead; at its end, or at a pause, the others come to where the one looked at stands. One whose loss stops being finite stays where that happened while the rest goes on; the next move that is not a
run gathers them again.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from tui_nn.debugger.position import Position, Stop, counterpart
from tui_nn.debugger.session import FAR
from tui_nn.tui.forks import Kin, Name, names_of
from tui_nn.tui.lineup import Peer
from tui_nn.tui.mover import Mover
from tui_nn.tui.pictures import Pictures
from tui_nn.tui.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui_nn.debugger.frame import Frame
    from tui_nn.debugger.position import Unit
    from tui_nn.debugger.seek import By
    from tui_nn.debugger.session import Session

T = TypeVar("T")
STRETCH_S = 0.4  # of a run at full speed: by so much one may be ahead of the slowest
FIRST_STRETCH = 64  # iterations
ENDS = ("non-finite", "full", "end")
PLANNED = "The planned {:,} iterations are done."


class Run:
    """One network on the screen.

    view: the screen's own for the first, an `OwnView` for the others. name: by which the first one's scenario opens it.
    of: the run that a scenario opened, of which this is a fork.
    """

    def __init__(self, session: Session, view: View, name: str = "", of: Run | None = None) -> None:
        self.session, self.view, self.name, self.of = session, view, name, of
        self.number = 0  # of a fork, counted from 1
        self.is_named = False  # a fork, by a script
        self.called: Name | None = None  # among several
        self.mover = Mover(session)
        self.frame: Frame = session.frame()
        self.is_over = False  # in the run under way: it has ended before its goal
        self.rate = math.inf  # iterations a second, in its last stretch
        self.began: tuple[float, int] = 0.0, 0  # when and at which iteration that began
        view.path, view.replay_start = session.path, session.replay_start

    @property
    def title(self) -> str:
        return self.called.title if self.called else self.session.scenario.title


class OwnView:
    """What is selected is the first view's; pictures and what else belongs to one network are its own."""

    OWN = ("_of", "pictures", "path", "marked", "evaluator", "lineup", "place", "replay_start", "replay")
    evaluator_of, replay_of, others = View.evaluator_of, View.replay_of, View.others

    def __init__(self, of: View) -> None:
        self._of = of
        self.pictures = Pictures()
        self.path = self.marked = self.evaluator = self.replay_start = self.replay = None
        self.lineup, self.place = (), 0

    def __getattr__(self, name: str) -> Any:
        return getattr(object.__getattribute__(self, "_of"), name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.OWN:
            object.__setattr__(self, name, value)
        else:
            setattr(self._of, name, value)


class Runs:
    """All that are open, the opened scenario's first. Polled, like a mover, from the thread that makes the moves."""

    def __init__(self, first: Run) -> None:
        self.entries = [first]
        self._n_forks = 0
        self.active = 0
        self._leading = 0  # which one the move under way belongs to
        self._goal: Position | None = None  # of a run at full speed
        self._is_planned = False
        self._stretch = FIRST_STRETCH
        self._stop: Stop | None = None  # what the last move of the leading one ended with

    # What the screen asks

    @property
    def looked_at(self) -> Run:
        return self.entries[self.active]

    @property
    def others(self) -> list[Run]:
        return [run for index, run in enumerate(self.entries) if index != self.active]

    @property
    def mover(self) -> Mover | Runs:
        """Who takes the wishes."""
        return self if len(self.entries) > 1 else self.entries[0].mover

    def join(self, run: Run) -> None:
        """One more; it goes to where the others are as soon as its kernels are compiled."""
        self.entries.append(run)
        self.call()
        self._gather()

    def fork(self, run: Run, name: str = "") -> None:
        """One more, made of the one looked at, which it is from now on. name: that a script gives it."""
        self._n_forks += 1
        run.of, run.number = self.looked_at.of or self.looked_at, self._n_forks
        run.name, run.is_named = name or f"fork {run.number}", bool(name)
        self.join(run)
        self.switch(len(self.entries) - 1)

    def come_back(self, others: Sequence[Run], active: int) -> None:
        """What was open beside the first when the session was saved. A fork whose parent is open too is one again."""
        self.entries += others
        by_session = {run.session: run for run in self.entries}
        for run in others:
            parent = run.session.origin.parent() if run.session.origin else None
            origin = by_session.get(parent) if parent else None
            run.name = run.session.opened_as.id
            if origin is not None:
                self._n_forks += 1
                run.of, run.number, run.name = origin.of or origin, self._n_forks, f"fork {self._n_forks}"
        self.active = self._leading = active
        self.call()
        self._gather()

    def drop(self, run: Run | None = None) -> Run | None:
        """Close a fork, that which is looked at if none is given; None if it is no fork. Its origin is looked at then."""
        looked_at = self.looked_at
        run = run or looked_at
        if run.of is None:
            return None
        self.stop()
        self.entries.remove(run)
        run.view.pictures.close()
        run.session.close()
        self.active = self._leading = self.entries.index(run.of if run is looked_at else looked_at)
        if len(self.entries) == 1:
            self.entries[0].view.lineup, self.entries[0].view.place = (), 0
        self.call()
        return run

    def call(self) -> None:
        """Name each by what tells it from the others."""
        roots = [self.entries.index(run.of or run) for run in self.entries]
        kin = zip(self.entries, roots, strict=True)
        names = names_of([Kin(run.session, run.number, root, run.name if run.is_named else "") for run, root in kin])
        for run, name in zip(self.entries, names, strict=True):
            run.called = name

    def switch(self, to: int | None = None) -> None:
        """Look at that one, or at the next. Nothing moves."""
        self.active = (self.active + 1 if to is None else to) % len(self.entries)

    def index_of(self, name: str) -> int | None:
        """Of the run that is opened by that name ("": the first), if it is open."""
        return next((index for index, run in enumerate(self.entries) if run.name == name), None)

    def refresh(self) -> bool:
        """Fetch the newest frames; is one of them new?"""
        frames = [run.session.frame() for run in self.entries]
        is_new = any(run.frame is not frame for run, frame in zip(self.entries, frames, strict=True))
        for run, frame in zip(self.entries, frames, strict=True):
            run.frame = frame
        if len(self.entries) > 1:
            lineup = tuple(
                Peer(run.title, run.frame, run.called.short, run.called.letter, run.session.path)
                for run in self.entries
                if run.called
            )
            for place, run in enumerate(self.entries):
                run.view.lineup, run.view.place = lineup, place
        return is_new

    @property
    def pictures(self) -> list[Pictures]:
        """Each run's own."""
        return [run.view.pictures for run in self.entries]

    def have_new_pictures(self) -> bool:
        changed = [pictures.changed() for pictures in self.pictures]  # each is asked, or it would tell the next time
        return any(changed)

    # As of one mover

    @property
    def session(self) -> Session:
        return self.looked_at.session

    @property
    def kind(self) -> Literal["", "run", "seek"]:
        kinds = [run.mover.kind for run in self.entries]
        return "run" if self._goal is not None or self._lead.mover.kind == "run" else "seek" if any(kinds) else ""

    @property
    def condition(self) -> str:
        return self._lead.mover.condition

    @property
    def share(self) -> float | None:
        """Of the seek that has furthest to go."""
        shares = [share for run in self.entries if (share := run.mover.share) is not None]
        return min(shares, default=None)

    @property
    def searched(self) -> float | None:
        return self._lead.mover.searched

    @property
    def is_waiting(self) -> bool:
        return any(run.mover.is_waiting for run in self.entries)

    def step(self, unit: Unit, n: int = 1) -> Stop | None:
        return self._move(lambda mover: mover.step(unit, n))

    def back(self, unit: Unit, n: int = 1) -> Stop | None:
        return self._move(lambda mover: mover.back(unit, n))

    def goto(self, place: Position) -> Stop | None:
        return self._move(lambda mover: mover.goto(place))

    def run(self, goal: Position | None = None) -> None:
        """All to the same goal: the given one, the planned end of the one looked at, or on past it."""
        self._halt()
        self._leading = self.active
        session = self._lead.session
        planned = Position(session.planned_iterations, 0)
        self._is_planned = goal is None and session.position < planned
        self._goal = goal if goal is not None else planned if self._is_planned else Position(FAR, 0)
        self._stretch = FIRST_STRETCH
        for run in self.entries:
            run.is_over, run.rate = False, math.inf
        self._run_on()

    def run_until(self, condition: str, max_iterations: int | None = None, by: By = "iteration") -> None:
        """The one looked at runs until its condition holds; the others follow."""
        self._search(lambda mover: mover.run_until(condition, max_iterations, by))

    def back_until(self, condition: str) -> None:
        """The one looked at goes back to where its condition held last; the others follow."""
        self._search(lambda mover: mover.back_until(condition))

    def back_to_stop(self) -> None:
        self._search(lambda mover: mover.back_to_stop())

    def _search(self, begin: Callable[[Mover], None]) -> None:
        self._halt()
        self._leading = self.active
        for run in self.entries:
            run.is_over = False
        begin(self._lead.mover)

    def stop(self) -> Stop | None:
        """All stand still; those that were ahead or behind then come to the one looked at."""
        self._leading = self.active
        stops = self._halt()
        self._stop = stops[self.active] or self._stop
        self._gather()
        return self._stop or next(filter(None, stops), None) if any(stops) else None

    def change(self, make: Callable[[Session], T]) -> T:
        """All stand still; then the one looked at is changed, it alone, and the others come to where it stands."""
        self.stop()
        changed = make(self.session)
        self.call()
        self._gather()
        return changed

    def poll(self) -> Stop | None:
        """As a mover's; the Stop is the leading one's, each time another has arrived too."""
        has_arrived = False
        if self._goal is not None:
            self._measure()
        for run in self.entries:
            stop = run.mover.poll() if run.mover.kind or run.mover.is_waiting else None
            if stop is not None:
                has_arrived = True
                self._note(run, stop)
                self._stop = stop if run is self._lead else self._stop
                if stop.reason == "stop" and self._goal is not None:
                    return self._halted(run, stop)
        if self._goal is not None:
            return self._run_on()
        if self._lead.mover.kind == "run":
            self._chase()
            return None
        self._gather()
        return self._stop if has_arrived else None

    # How

    @property
    def _lead(self) -> Run:
        return self.entries[self._leading]

    def _note(self, run: Run, stop: Stop | None) -> None:
        """One that ended where it had to stays there, whatever the others do until the next move."""
        if stop is not None and stop.reason in ENDS and (self._goal is not None or run is not self._lead):
            run.is_over = True

    def _halted(self, run: Run, stop: Stop) -> Stop:
        """At a stop of one of them all stand still. The others come to the one looked at; one whose stop it was stays there."""
        self._halt()
        if run is not self._lead:
            run.is_over = True
            stop = stop._replace(message=f"{run.title}: {stop.message}")
        self._stop = stop
        self._gather()
        return stop

    def _halt(self) -> list[Stop | None]:
        self._goal = None
        return [run.mover.stop() for run in self.entries]

    def _move(self, move: Callable[[Mover], Stop | None]) -> Stop | None:
        was_running, self._goal, self._leading = self._goal is not None, None, self.active
        for run in self.entries:
            run.is_over = False
            if run is not self._lead and (was_running or run.mover.kind == "run"):
                run.mover.stop()
        stop = move(self._lead.mover)
        self._stop = stop or self._stop
        self._gather()
        return stop

    def _gather(self) -> None:
        """Send the others to where the leading one stands, or is going; not to where it broke down in a run."""
        lead = self._lead
        if lead.mover.kind == "run" or lead.mover.is_waiting or lead.is_over:
            return
        for run in self.entries:
            if run is lead or run.is_over or run.mover.is_waiting:
                continue
            place = self._counterpart(lead.mover.goal, run)
            if run.mover.goal != place:
                self._note(run, run.mover.goto(place))

    def _counterpart(self, goal: Position, run: Run) -> Position:
        """Where that run stands when the leading one is there; each by the program that is in force there."""
        mine, theirs = self._lead.session.timeline, run.session.timeline
        return counterpart(goal, mine.program_at(goal), theirs.program_at(goal))

    def _chase(self) -> None:
        """While the leading one looks for a place that nobody knows yet, the others run to where it was last seen."""
        seen = self._lead.session.frame().iteration
        for run in self.entries:
            mover = run.mover
            is_idle = run is not self._lead and not (mover.kind or mover.is_waiting or run.is_over)
            if is_idle and run.session.position.iteration < seen:
                mover.run(Position(seen, 0))

    def _run_on(self) -> Stop | None:
        """Let each that stands go on, at most a stretch ahead of the last; the Stop when nothing is left to run."""
        goal = self._goal
        assert goal is not None
        goals = {run: self._counterpart(goal, run) for run in self.entries}
        left = [
            run
            for run in self.entries
            if run.mover.kind or run.mover.is_waiting or (not run.is_over and run.session.position < goals[run])
        ]
        if not left:
            self._goal = None
            self._gather()
            position = self._lead.session.position
            if self._is_planned and not self._lead.is_over:
                self._stop = Stop("end", position, PLANNED.format(position.iteration))
            return self._stop or Stop("done", position)
        end = min(run.session.position.iteration for run in left) + self._stretch
        for run in left:
            place = goals[run] if goals[run].iteration <= end else Position(end, 0)
            if not run.mover.kind and not run.mover.is_waiting and run.session.position < place:
                run.began = time.monotonic(), run.session.position.iteration
                run.mover.run(place)
        return None

    def _measure(self) -> None:
        """A stretch is what the slowest does in STRETCH_S; it grows by steps, for the first ones say little."""
        now, slowest = time.monotonic(), math.inf
        for run in self.entries:
            start, first = run.began
            if run.mover.kind:
                run.rate = (run.session.position.iteration - first) / max(now - start, 1e-3)
            slowest = slowest if run.is_over else min(slowest, run.rate)
        if slowest < math.inf:
            self._stretch = max(1, min(int(slowest * STRETCH_S), 4 * self._stretch))
