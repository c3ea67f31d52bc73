"""The timeline of a run: its segments, where it stands, and every way from one position to another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from tui_nn.data import Dataset
from tui_nn.debugger.edits import Edit, check_batches, value_of, with_setting
from tui_nn.debugger.history import History
from tui_nn.debugger.position import START, Position, Unit, ahead, behind, canonical, one_op_back
from tui_nn.debugger.segments import Segment
from tui_nn.engine import layout as at
from tui_nn.engine.compiler import build_program
from tui_nn.engine.machine import Kept, Machine
from tui_nn.engine.program import Program
from tui_nn.engine.recording import NEVER, Recording
from tui_nn.engine.rows import first_row
from tui_nn.scenario import Scenario
from tui_nn.scenario.edit_keys import is_value_key, number_of
from tui_nn.scenario.errors import dotted

VERSIONS = count(1)  # of all timelines of the process

MOST_UNDONE = 100  # edits that can be taken back


@dataclass(frozen=True)
class Version:
    """A timeline as it was before an edit, or an undo: what undo and redo go back to."""

    segments: tuple[Segment, ...]
    reached: Position

    @property
    def edits(self) -> tuple[Edit, ...]:
        return tuple(edit for segment in self.segments for edit in segment.edits)


class Timeline:
    """One caller moves it at a time. `segments` are in order; each is in force from its start to that of the next."""

    def __init__(self, segments: list[Segment], dataset: Dataset, budget: int | None = None):
        self.segments = segments
        self.dataset = dataset
        self.budget = budget  # bytes of checkpoints of a segment; None: see recording.checkpoint_slots
        self.mail = np.zeros(at.N_MAIL, np.int64)
        self.version = next(VERSIONS)  # another one whenever some of its numbers are replaced
        self._here = 0
        self._reached = START
        self._undone: list[tuple[Version, Position]] = []
        self._done: list[tuple[Version, Position]] = []

    # Where

    @property
    def segment(self) -> Segment:
        return self.segments[self._here]

    @property
    def machine(self) -> Machine:
        return self.segment.machine(self.mail)

    @property
    def position(self) -> Position:
        machine = self.machine
        return Position(machine.iteration, machine.op)

    @property
    def reached(self) -> Position:
        """The furthest position this run has ever been at."""
        return max(self._reached, self.position)

    @property
    def noted(self) -> Position:
        """The same as far as it was noted: safe to ask for while another thread moves it."""
        return self._reached

    def glance(self) -> tuple[Position, Position] | None:
        """(position, reached) for another thread, while it may be moved: nothing is made for it. None: just now unknown."""
        here, segments = self._here, self.segments
        machine = segments[here].made if here < len(segments) else None
        if machine is None:
            return None
        place = Position(machine.iteration, machine.op)
        if machine.iteration != place.iteration:  # it runs: that op is of neither, but it has just begun an iteration
            place = Position(machine.iteration, 0)
        if self._here != here or self.segments is not segments:
            return None
        return place, max(self._reached, place)

    def note_reached(self) -> None:
        self._reached = self.reached

    def history(self, position: Position, reached: Position) -> History:
        return History([segment.stretch for segment in self.segments], position, reached, self.version)

    def program_at(self, position: Position) -> Program:
        return self.segments[self.index_at(position)].program

    def index_at(self, position: Position) -> int:
        """The segment in force there."""
        return max(k for k, segment in enumerate(self.segments) if segment.start <= position)

    def canonical(self, iteration: int, op: int) -> Position:
        """See position.canonical; by the program in force there."""
        return canonical(self.program_at(Position(max(0, iteration), op)), iteration, op)

    def ahead(self, place: Position, unit: Unit, n: int) -> Position:
        """See position.ahead; over edits."""
        if unit == "op":
            for _ in range(n):
                place = self.one_op_ahead(place)
            return place
        return ahead(self.segments[-1].program, place, unit, n)

    def behind(self, place: Position, unit: Unit, n: int) -> Position:
        """See position.behind; over edits."""
        if unit == "op":
            for _ in range(n):
                place = self.one_op_back(place)
            return place
        return behind(self.segments[-1].program, place, unit, n)

    def one_op_ahead(self, place: Position) -> Position:
        return ahead(self.program_at(place), place, "op", 1)

    def one_op_back(self, place: Position) -> Position:
        """The position before that one; of the start the start itself."""
        if place == START:
            return place
        k = max(k for k, segment in enumerate(self.segments) if segment.start < place)
        return one_op_back(self.segments[k].program, place)

    # Moving

    def travel(self, goal: Position) -> int:
        """Go to `goal`, through the nearest checkpoint if that is shorter or the goal lies behind. Says why it ended.

        Replays start at least one whole iteration before the goal, or where the segment begins: what the goal's iteration
        has not overwritten yet is then left from the iteration before, as it is in a run that was never rewound.
        """
        self.note_reached()
        wanted = self.index_at(goal)
        if self._here > wanted:
            self._here = wanted
        while self._here < wanted:
            later = [k for k in range(self._here + 1, wanted + 1) if self.segments[k].entered is not None]
            if later:
                self._switch(later[-1])
            else:
                why = self._within(self.segments[self._here + 1].start)
                if why != at.AT_GOAL:
                    return why
                self._cross()
        return self._within(goal)

    def advance(self, goal: Position) -> int:
        """Run forward to `goal`, never back; over edits. Says why it ended."""
        while True:
            following = self.segments[self._here + 1] if self._here + 1 < len(self.segments) else None
            if following is None or goal < following.start:
                return self.machine.run(*goal)
            why = self.machine.run(*following.start)
            if (
                self.position == following.start
            ):  # also where early stopping ends the run, or the loss has just gone wrong
                self._cross()
            if why != at.AT_GOAL:
                return why

    def _within(self, goal: Position) -> int:
        """To a goal of the present segment."""
        segment, machine = self.segment, self.machine
        place = Position(machine.iteration, machine.op)
        kept = segment.checkpoint(machine, goal.iteration - 1)
        if place < segment.start and segment.entered is not None:
            segment.enter(machine)
            place = segment.start
        if goal < place or (kept and kept.iteration > place.iteration):
            if kept:
                machine.put(kept)
            else:
                segment.enter(machine)
        return machine.run(*goal)

    def _switch(self, k: int) -> None:
        """To a segment that was entered before: its machine stands somewhere in it."""
        self._hand_over_frames(k)
        self._here = k

    def _cross(self) -> None:
        """From the end of a segment, where its machine stands, into the next."""
        k = self._here + 1
        before, segment = self.machine, self.segments[k]
        machine = segment.machine(self.mail)
        if segment.entered is None:
            segment.begin(machine, before, [earlier.stretch for earlier in self.segments[:k]])
        else:
            segment.enter(machine)
        self._switch(k)

    def _hand_over_frames(self, k: int) -> None:
        """A frame that another machine was asked for comes from the next one."""
        if self.segments[k] is not self.segment and self.mail[at.WANT]:
            self.segments[k].machine(self.mail).first_ask()

    # What is compiled

    def machines(self) -> list[Machine]:
        """Of all its segments."""
        return [segment.machine(self.mail) for segment in self.segments]

    def prepare_known(self) -> None:
        """A segment that runs what another one has compiled has nothing left to compile."""
        ready = [machine for machine in self.machines() if machine.is_ready]
        known = {name for machine in ready for name in machine.program.kernels}
        for machine in self.machines() if ready else ():
            if not machine.is_ready and known >= {*machine.program.kernels}:
                machine.prepare()

    # What is kept

    def kept_states(self) -> list[Kept]:
        """Checkpoints up to the position."""
        position = self.position
        kept = []
        for k, segment in enumerate(self.segments[: self._here + 1]):
            last = self.segments[k + 1].start.iteration - 1 if k < self._here else position.iteration
            kept += segment.machine(self.mail).kept_states(last)
        return kept

    def kept_iterations(self) -> np.ndarray:
        """Where checkpoints are, all of them in rising order: for a picture, so it may be asked for while it is moved."""
        segments = self.segments
        ends = [segment.start.iteration for segment in segments[1:]]
        pieces = [segment.kept_iterations for segment in segments]
        return np.concatenate([piece[piece < end] for piece, end in zip(pieces, [*ends, NEVER], strict=True)])

    def replay_state(self, iteration: int) -> tuple[int, np.ndarray]:
        """(iteration, state) of the newest checkpoint of this segment up to that iteration, or of its first."""
        segment, machine = self.segment, self.machine
        if kept := segment.checkpoint(machine, iteration):
            return kept
        if segment.entered is None:
            return 0, segment.program.initial
        if segment.start.op == 0:
            return segment.start.iteration, segment.entered.mem[: segment.program.state_size]
        later = [
            kept for kept in machine.kept_states(self.position.iteration) if kept.iteration > segment.start.iteration
        ]
        return later[0] if later else Kept(machine.iteration, machine.mem[: segment.program.state_size])

    def look_back(self, iteration: int) -> np.ndarray:
        """The rows of the history that the iteration of a `replay_state` looks back on, (n, columns)."""
        recording, first = self.segment.recording, first_row(self.segment.program, iteration)
        if recording.can_resume(iteration):
            return recording.look_back(iteration, first)
        return self.machine.rows_before(iteration)

    # Changing

    @property
    def edits(self) -> tuple[Edit, ...]:
        return tuple(edit for segment in self.segments for edit in segment.edits)

    @property
    def versions(self) -> tuple[list[Version], list[Version]]:
        """From the one it was born with to the present one, each an edit further; and those that redo would bring back."""
        done = [version for version, _ in self._done]
        return [*done, self._version()], [version for version, _ in reversed(self._undone)]

    def edit(self, key: str, value: Any, before: Callable[[Edit], None] | None = None) -> Edit:
        """Change something here, or from the next iteration on if other rows or other memory are needed for it.

        What lay ahead is another run's future from then on; `undo` brings it back. Errors: EditError.
        before: called when it is certain that the edit can be made, and nothing has changed yet.
        """
        base, pending = self._base()
        if is_value_key(key):
            tensor, index = value_of(base.program, key)
            if pending:
                base, pending = self.segment, False
            number = number_of(key, value)
            old = float(tensor.view(self.machine.mem)[index])
            edit = Edit(self.position, key, old, number, tensor.name, index)
            if before:
                before(edit)
            self._append(base.program, self.position, edit)
            return edit
        scenario, path, old = with_setting(base.program.scenario, base.program, key, value)
        place = self.position
        program = build_program(scenario, self.dataset, (base.program, place.iteration))
        if pending or not program.has_layout_of(base.program):
            if place.op > 0:
                place = Position(place.iteration + 1, 0)
                program = build_program(scenario, self.dataset, (self.segment.program, place.iteration))
            elif pending or base is self.segment:
                program = build_program(scenario, self.dataset, (self._before(place), place.iteration))
        check_batches(program, place.iteration, key, value)
        edit = Edit(place, dotted(path), old, _value_of(scenario, path))
        if before:
            before(edit)
        self._append(program, place, edit)
        return edit

    def _recording(self, program: Program) -> Recording:
        return Recording(program, budget=self.budget)

    @property
    def base(self) -> Segment:
        return self._base()[0]

    def _base(self) -> tuple[Segment, bool]:
        """The segment whose settings are changed: an edit that waits for the next iteration counts already."""
        following = self.segments[self._here + 1] if self._here + 1 < len(self.segments) else None
        if following and self.position.op > 0 and following.start == Position(self.position.iteration + 1, 0):
            return following, True
        return self.segment, False

    def _before(self, place: Position) -> Program:
        """The program that ran up to there: at the very beginning of a segment that of the one before it."""
        at_start = self._here > 0 and place == self.segment.start
        return self.segments[self._here - 1].program if at_start else self.segment.program

    def _append(self, program: Program, place: Position, edit: Edit) -> None:
        self._done.append((self._version(), self.position))
        del self._done[:-MOST_UNDONE]
        self._undone.clear()
        self.version = next(VERSIONS)
        here, position = self._here, self.position
        kept, edits, waiting = self.segments[: here + 1], (edit,), []
        base, is_waiting = self._base()
        if is_waiting and place > position:
            edits = (*base.edits, edit)
        elif is_waiting:  # what waits for the next iteration still does
            waiting = [Segment(base.program, self._recording(base.program), base.start, base.edits)]
        if here and place == self.segment.start == position:
            kept, edits = kept[:-1], (*self.segment.edits, edit)
        self._reached = min(self.reached, place)
        self.segments = [*kept, Segment(program, self._recording(program), place, edits), *waiting]
        self._here = min(here, len(kept) - 1)
        self._thin()
        if place == position:
            self._within(place)
            self._cross()

    def _version(self) -> Version:
        return Version(tuple(self.segments), self.reached)

    def _thin(self) -> None:
        """All segments before the last may have as many checkpoints together as one run has."""
        past = self.segments[:-1]
        counts = [segment.n_kept for segment in past]
        room = len(self.segments[-1].recording.kept_at)
        if sum(counts) > room:
            for segment, count in zip(past, counts, strict=True):
                segment.thin(max(2, room * count // sum(counts)))

    def undo(self) -> Edit | None:
        """Take the newest edit back, and go to where it was made; None if there is none."""
        return self._restore(self._done, self._undone)

    def redo(self) -> Edit | None:
        """Make the edit again that was taken back last."""
        return self._restore(self._undone, self._done)

    def _restore(self, source: list, target: list) -> Edit | None:
        if not source:
            return None
        (version, place), now = source.pop(), (self._version(), self.position)
        edit = next(
            (edit for edit in (*self.edits, *version.edits) if (edit in self.edits) != (edit in version.edits)),
            None,
        )
        target.append(now)
        self._take_at(version, place)
        return edit

    def _take_at(self, version: Version, place: Position) -> None:
        self.version = next(VERSIONS)
        self.segments = list(version.segments)
        self._here = 0
        self._reached = version.reached
        self.travel(place)

    def fork(self) -> Timeline:
        """A run with the same past, and a future of its own from here on."""
        place, segment = self.position, self.segment
        other = Timeline([], self.dataset, self.budget)
        past = [each.past(place) for each in self.segments[: self._here]]
        program = segment.program
        if self._here == 0 and place == START:
            other.segments = [Segment(program, self._recording(program))]
            return other
        first = first_row(program, place.iteration)
        standing = self.machine.standing(first)
        recording = self._recording(program)
        recording.begin(place.iteration, standing.rows, place.iteration - first)
        if self._here and place == segment.start:
            last = Segment(program, recording, segment.start, segment.edits, standing)
        else:
            past.append(segment.past(place))
            last = Segment(program, recording, place, (), standing)
        other.segments = [*past, last]
        other._here = len(past)
        last.enter(other.machine)
        other._reached = place
        return other

    def whole_past(self) -> Timeline:
        """A run that stands at the start and may go as far as this one has got: for machines of its own to replay."""
        end = self.reached
        for segment in self.segments:  # or each comparison would keep the checkpoints of one more stretch for ever
            if segment.n_kept > segment.recording.slots:
                segment.thin(segment.recording.slots)
        segments = [
            segment.past(end)
            if segment.entered is not None or not k
            else Segment(segment.program, self._recording(segment.program), segment.start, segment.edits)
            for k, segment in enumerate(self.segments)
            if segment.start <= end
        ]
        other = Timeline(segments, self.dataset, self.budget)
        other._reached = end
        return other


def first_timeline(scenario: Scenario, dataset: Dataset, budget: int | None = None) -> Timeline:
    program = build_program(scenario, dataset)
    return Timeline([Segment(program, Recording(program, budget=budget))], dataset, budget)


def _value_of(scenario: Scenario, path: Any) -> Any:
    value: Any = scenario
    for part in path:
        value = value[part] if isinstance(part, int) else getattr(value, part)
    return value
