"""A session: one run that can be stepped, rewound, run and looked at. The one door for screens, scripts and tests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import ref

import numpy as np

from tui_nn.debugger.frame import Frame
from tui_nn.debugger.history import History
from tui_nn.debugger.position import START, UNITS, Position, Stop, Unit
from tui_nn.debugger.recurrence import written_steps
from tui_nn.debugger.stops import Stops
from tui_nn.debugger.timeline import Timeline, first_timeline
from tui_nn.engine import layout as at
from tui_nn.engine.machine import Machine, Progress, Snapshot
from tui_nn.engine.parts import KINDS

if TYPE_CHECKING:
    from tui_nn.data import Dataset
    from tui_nn.debugger.edits import Edit
    from tui_nn.debugger.journal import Journal
    from tui_nn.debugger.replay import Start
    from tui_nn.debugger.seek import By
    from tui_nn.debugger.surface import Path
    from tui_nn.engine.program import Program
    from tui_nn.scenario import Expression, Scenario

FAR = 2**62  # an iteration that no run reaches
DIRECT = 64  # iterations that a blocking move runs in the calling thread; a longer one leaves Ctrl-C a chance


class Origin(NamedTuple):
    """Of a fork: whose, as long as that one is there, and where it was made."""

    parent: ref[Session]
    position: Position


class Session:
    """One run of a scenario.

    A state is a pure function of (scenario, position): every route to a position gives the same bytes. Going back is
    restoring the nearest checkpoint and running forward.

    checkpoint_mb: memory for checkpoints; as a rule 64, or as much as 128 of them take. It decides how far a move back has
    to replay, and no number of the run. Forks have the same.
    """

    def __init__(self, scenario: Scenario, dataset: Dataset | None = None, checkpoint_mb: float | None = None):
        if checkpoint_mb is not None and not 0 < checkpoint_mb <= 1e6:
            raise ValueError(
                f"checkpoint_mb is {checkpoint_mb}; give the megabytes that checkpoints may take, like 256"
            )
        if dataset is None:
            from tui_nn.data import load_data

            dataset = load_data(scenario)
        self._begin(first_timeline(scenario, dataset, None if checkpoint_mb is None else int(checkpoint_mb * 2**20)))

    def _begin(self, timeline: Timeline, origin: Origin | None = None) -> None:
        self.timeline = timeline
        self.origin = origin
        self.journal: Journal | None = None  # told of every change before it is made
        self.stops = Stops(self)
        self.searched: float | None = None  # of a search backwards that is under way, the share that is done
        self.last_stop: Stop | None = None
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None
        self._frame: Frame | None = None

    # Where

    @property
    def position(self) -> Position:
        return self.timeline.position

    @property
    def program(self) -> Program:
        """What is in force here: an edit may have changed it."""
        return self.timeline.segment.program

    @property
    def scenario(self) -> Scenario:
        return self.program.scenario

    @property
    def opened_as(self) -> Scenario:
        """What the run began with, before any edit."""
        return self.timeline.segments[0].program.scenario

    @property
    def machine(self) -> Machine:
        return self.timeline.machine

    @property
    def epoch(self) -> int:
        return self.program.epochs.of(self.machine.iteration)

    @property
    def reached(self) -> Position:
        """The furthest position this run has ever been at."""
        return self.timeline.reached

    @property
    def planned_iterations(self) -> int:
        return self.program.planned_iterations

    @property
    def history(self) -> History:
        return self.timeline.history(self.position, self.reached)

    # Compiling

    def prepare(self, on_progress: Progress | None = None) -> None:
        """Compile every kernel in program order, in the calling thread. on_progress(done, total, name of the next)."""
        for machine in self.timeline.machines():
            machine.prepare(on_progress)

    @property
    def is_prepared(self) -> bool:
        return all(machine.is_ready for machine in self.timeline.machines())

    def unprepared(self) -> list[Machine]:
        """Those whose kernels are yet to be compiled, for another thread to do it: `prepare` of each."""
        return [machine for machine in self.timeline.machines() if not machine.is_ready]

    def can_run(self, op_index: int | None = None) -> bool:
        """Is that row's kernel compiled? None: the next row's."""
        return self.machine.has_kernel(self.position.op if op_index is None else op_index)

    # Moves that wait

    def step(self, unit: Unit = "op", n: int = 1) -> Stop:
        """Forward by n ops; or to the start of the n-th next iteration or epoch."""
        _check_move(unit, n)
        self.pause()  # before the goal is worked out: it counts from where the run has stopped
        return self._move_to(self.timeline.ahead(self.position, unit, n))

    def back(self, unit: Unit = "op", n: int = 1) -> Stop:
        """Back by n ops; or to the start of the current iteration or epoch and n - 1 before it."""
        _check_move(unit, n)
        self.pause()
        if self.position == START:
            return self._note(Stop("start", START, "This is the start of the run: nothing lies before it."))
        return self._move_to(self.timeline.behind(self.position, unit, n))

    def goto(self, iteration: int, op: int = 0) -> Stop:
        """To any position, behind or ahead."""
        self.pause()
        return self._move_to(self.timeline.canonical(iteration, op))

    def run(self, iterations: int | None = None) -> Stop:
        """To the planned end, or for that many iterations. Stops right behind the first loss that is not finite."""
        self.pause()
        goal = None if iterations is None else self.timeline.ahead(self.position, "iteration", iterations)
        self.start(goal, watch=True)
        return self._join()

    def run_until(self, condition: str, max_iterations: int | None = None, by: By = "iteration") -> Stop:
        """Run until the condition holds after an iteration, or by="op" at all; it is not looked at where the session
        stands now. Stops halt it before.

        Errors: ExpressionError (a ValueError) for a condition that cannot be read on this network.
        """
        self.start_until(condition, max_iterations, by)
        return self._join()

    def back_until(self, condition: str) -> Stop:
        """Back to the last op before here at which the condition holds; to the start, and it says so, if there is none."""
        self.start_back_until(condition)
        return self._join()

    def back_to_stop(self) -> Stop:
        """Back to the last op before here at which a stop fires; to the start, and it says so, if there is none."""
        self.start_back_to_stop()
        return self._join()

    def _move_to(self, goal: Position) -> Stop:
        if abs(goal.iteration - self.position.iteration) <= DIRECT:
            self.machine.mail[at.STOP] = 0
            return self._note(self.travel(goal))
        self.start(goal)
        return self._join()

    def _join(self) -> Stop:
        try:
            while not self.wait(0.1):
                pass
        except BaseException:
            self.pause()
            raise
        assert self.last_stop is not None
        return self.last_stop

    # Moves in the background

    @property
    def is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self, goal: Position | None = None, watch: bool | None = None) -> None:
        """Move in a thread: one nogil call. Without a goal: to the planned end, or on past it if that is reached.

        watch: stop at the first loss that is not finite; as a rule when there is no goal.
        """
        planned = Position(self.planned_iterations, 0)
        is_planned = goal is None and self.position < planned
        place = goal if goal is not None else planned if is_planned else Position(FAR, 0)
        is_watching = goal is None if watch is None else watch
        self._launch(lambda: self._run_to(self.timeline.canonical(*place), is_watching, is_planned))

    def start_until(self, condition: str, max_iterations: int | None = None, by: By = "iteration") -> None:
        """Like `run_until`, in a thread."""
        from tui_nn.debugger.seek import BY, Until, run_until

        if by not in BY:
            raise ValueError(f"unknown by {by!r}; a condition is looked at by {' or '.join(BY)}")
        self.pause()
        until = Until(self._condition(condition), by)
        end = self.position.iteration + max_iterations if max_iterations is not None else self.planned_iterations
        if max_iterations is None and self.position.iteration >= end:
            end = FAR
        missed = f"{until.expression} did not hold up to iteration {end}."
        self._launch(lambda: run_until(self, Position(end), until, Stop("end", Position(end), missed)))

    def start_back_until(self, condition: str) -> None:
        """Like `back_until`, in a thread; `searched` says how far it is."""
        from tui_nn.debugger.seek import back_until

        self.pause()
        expression = self._condition(condition)
        self._launch(lambda: back_until(self, expression, self._report))

    def start_back_to_stop(self) -> None:
        """Like `back_to_stop`, in a thread."""
        from tui_nn.debugger.seek import back_to_stop

        self._launch(lambda: back_to_stop(self, self._report))

    def _report(self, share: float) -> None:
        self.searched = share

    def _condition(self, text: str) -> Expression:
        from tui_nn.debugger.context import parse_for

        return parse_for(self.program, text)

    def pause(self) -> None:
        """Stop a background move and wait for it; the position is then wherever it got to."""
        if self._thread is not None:
            self.machine.stop()
            if self._thread.ident is not None:  # Ctrl-C may have come before it was started
                self._thread.join()
        self._collect()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the background move; True when it has ended."""
        if self._thread is not None:
            self._thread.join(timeout)
            if self._thread.is_alive():
                return False
        self._collect()
        return True

    def close(self) -> None:
        """Stop whatever runs. The session can be used again."""
        self.pause()

    def _launch(self, move: Callable[[], Stop]) -> None:
        self.pause()
        self._frame = replace(self.frame(), is_running=True)  # the one to show until the first copy comes
        self.machine.mail[at.STOP] = 0
        self.machine.first_ask()

        def work() -> None:
            try:
                self._note(move())
            except BaseException as failure:  # raised again where the move is waited for
                self._failure = failure
            finally:
                self.searched = None

        self._thread = threading.Thread(target=work, name="tui-nn machine", daemon=True)
        self._thread.start()

    def _collect(self) -> None:
        self._thread = None
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    # How moves are made

    def travel(self, goal: Position) -> Stop:
        return self.stop_of(self.timeline.travel(goal))

    def _run_to(self, goal: Position, is_watching: bool, is_planned: bool) -> Stop:
        if not is_watching:
            return self.travel(goal)
        if self.stops.active():
            from tui_nn.debugger.seek import run_until

            return run_until(self, goal, None, self._at_goal(goal, is_planned))
        why = self.run_watching(goal)
        if why == at.NON_FINITE:
            return self.to_non_finite(self.position.iteration - (self.position.op == 0))
        return self._at_goal(goal, is_planned) if why == at.AT_GOAL else self.stop_of(why)

    def _at_goal(self, goal: Position, is_planned: bool) -> Stop:
        if is_planned:
            return Stop("end", goal, f"The planned {self.planned_iterations:,} iterations are done.")
        return Stop("done", goal)

    def run_watching(self, goal: Position) -> int:
        here = self.position
        if here.op > self.program.loss_op:  # behind a loss that was stopped at before: leave it first
            why = self.timeline.advance(min(goal, Position(here.iteration + 1)))
            if why != at.AT_GOAL or self.position == goal:
                return why
        self.machine.mail[at.WATCH] = 1
        try:
            why = self.timeline.advance(goal)
        finally:
            self.machine.mail[at.WATCH] = 0
        if why == at.AT_GOAL and goal.op > self.program.loss_op and self._has_new_non_finite(goal.iteration):
            return at.NON_FINITE  # the loop looks only at iterations that it completes
        return why

    def _has_new_non_finite(self, iteration: int) -> bool:
        before, loss = (self.history.at("loss", k) for k in (iteration - 1, iteration))
        return loss is not None and not isfinite(loss) and (before is None or isfinite(before))

    def to_non_finite(self, iteration: int) -> Stop:
        """Right behind the loss row of the iteration that has just gone wrong: before anything is updated with it."""
        text = self.non_finite_text(iteration)
        stop = self.travel(Position(iteration, self.program.loss_op + 1))
        if stop.reason != "done":
            return stop
        return Stop("non-finite", stop.position, text)

    def non_finite_text(self, iteration: int) -> str:
        return f"The loss became {self.history.at('loss', iteration)} in iteration {iteration}."

    def stop_of(self, why: int) -> Stop:
        if why == at.STOPPED:
            return Stop("paused", self.position, "Paused.")
        if why == at.ENDED:
            return Stop("end", self.position, "Early stopping ended the run.")
        if why == at.HISTORY_FULL:
            limit = f"{self.machine.recording.history_limit:,}"
            return Stop("full", self.position, f"The history holds {limit} iterations of this network and is full.")
        return Stop("done", self.position)

    def _note(self, stop: Stop) -> Stop:
        self.timeline.note_reached()
        if stop.fired:
            self.stops.note_halt(stop.position)
        self.last_stop = stop
        return stop

    # Changing the past

    @property
    def program_of_edits(self) -> Program:
        """What the next edit changes: that of an edit which waits for the next iteration, else what is in force here."""
        return self.timeline.base.program

    @property
    def edits(self) -> tuple[Edit, ...]:
        """Every edit of this run, in the order of their positions."""
        return self.timeline.edits

    def set(self, key: str, value: Any) -> Edit:
        """Change a setting or a single number from here on; see edits.py for the keys.

        What other rows or other memory are needed for takes effect at the start of the next iteration: the edit's
        position says so. What lay ahead is gone from this run; `undo` brings it back. Errors: EditError (a ValueError).
        """
        self.pause()
        journal = self.journal
        with self._told():
            edit = self.timeline.edit(key, value, journal and (lambda edit: journal.edit(self, edit)))
        self.timeline.prepare_known()
        return edit

    def undo(self) -> Edit | None:
        """Take the newest edit back, with the future that it had replaced, and go to where it was made."""
        self.pause()
        with self._told():
            if self.journal:
                self.journal.undo(self)
            return self.timeline.undo()

    def redo(self) -> Edit | None:
        """Make the edit again that was taken back last; None if there is none."""
        self.pause()
        with self._told():
            if self.journal:
                self.journal.redo(self)
            return self.timeline.redo()

    def fork(self) -> Session:
        """A session that shares the past of this one and owns its future."""
        self.pause()
        other = object.__new__(Session)
        other._begin(self.timeline.fork(), Origin(ref(self), self.position))
        other.stops = self.stops.copy_to(other)
        if self.is_prepared:
            other.prepare()  # nothing is left to compile
        if self.journal:
            self.journal.fork(self, other)
        return other

    def _told(self) -> AbstractContextManager[None]:
        """The journal, if there is one, is told of what is changed meanwhile."""
        return self.journal.changing(self) if self.journal else nullcontext()

    def whole_past(self) -> Session:
        """This run as far as it has ever got, to look things up in, also in another thread: this one is not moved.

        It keeps nothing of what it replays. Beyond where this one had got it may not be led.
        """
        self.pause()
        other = object.__new__(Session)
        other._begin(self.timeline.whole_past())
        return other

    # Looking

    def frame(self) -> Frame:
        """What is to be seen. Paused: now. Running: the newest copy the machine has sent; the next one is asked for."""
        if self.is_running and self._frame is not None:
            machine, program = self.machine, self.program  # a run may go over an edit meanwhile
            if program is machine.program and machine.has_sent():
                self._frame = self._frame_of(machine.sent(), program, is_running=True)
                machine.ask()
            return self._frame
        position = self.position
        if (
            self._frame is None
            or self._frame.is_running
            or self._frame.position != position
            or self._frame.reached != self.reached
            or self._frame.program is not self.program
            or self._frame.history.version != self.timeline.version
        ):
            self._frame = self._frame_of(self.machine.snapshot(), self.program, is_running=False)
        return self._frame

    def path(self, most: int | None = None) -> Path | None:
        """The way of all parameters from the start to here, at `most` of the iterations that are kept; None while it runs.

        most: 64, and of a network with few parameters as many as come to 2,048 numbers, or a path from wall to wall of a
        ravine would be seen on one side only.
        """
        from tui_nn.debugger.surface import Path, flat

        if self.is_running:
            return None
        most = most or max(64, 2_048 // self.program.n_parameters)
        kept = self.timeline.kept_states()
        chosen = np.unique(np.linspace(0, len(kept) - 1, min(most, len(kept))).astype(int)) if kept else []
        states = [flat(self.program, kept[k].state) for k in chosen]
        return Path(
            np.array([kept[k].iteration for k in chosen]), np.array(states).reshape(-1, self.program.n_parameters)
        )

    def replay_start(self, iteration: int) -> Start | None:
        """From where iterations up to that one can be made again beside the run; None while it runs.

        Behind an edit in the middle of an iteration that is the next one at the earliest.
        """
        from tui_nn.debugger.replay import Start

        if self.is_running:
            return None
        first, state = self.timeline.replay_state(min(iteration, self.position.iteration))
        return Start(first, state.copy(), self.timeline.look_back(first))

    def _frame_of(self, snapshot: Snapshot, program: Program, is_running: bool) -> Frame:
        position = Position(int(snapshot.ctl[at.ITERATION]), int(snapshot.ctl[at.OP]))
        snapshot.mem.flags.writeable = False
        reached = max(self.reached, position) if not is_running else max(self.timeline.noted, position)
        return Frame(program, position, reached, is_running, self.timeline.history(position, reached), snapshot)

    def state_bytes(self) -> bytes:
        """Everything the position decides: state, gradients, the live samples' inputs, activations, deltas, masks, the order
        of the epoch's samples, and once it is settled the iteration's learning rate."""
        frame = self._frame_of(self.machine.snapshot(), self.program, is_running=False)
        end, machine = self.program.input_offset, self.machine
        parts = [np.array(frame.position), frame.snapshot.mem[:end], frame.sample_indices, frame.inputs, frame.targets]
        parts += [machine.order] if frame.op > 0 or not frame.is_blank else []
        parts += [machine.setting[at.LR]] if frame.op > (self.program.schedule_op or 0) else []
        for layer in frame.layers:
            parts += [layer.activation, layer.delta]
            parts += [layer.scratch] if KINDS[layer.kind].is_scratch_whole else written_steps(frame, layer)
        return b"".join(part.tobytes() for part in parts)


def _check_move(unit: str, n: int) -> None:
    if unit not in UNITS:
        raise ValueError(f"unknown unit {unit!r}; units are {', '.join(UNITS)}")
    if n < 0:
        raise ValueError(f"n is {n}; it must not be negative")
