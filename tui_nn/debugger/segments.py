"""The stretches of a run between its edits: each has a program of its own, and a machine that executes it.

A position decides the bytes, whatever the route: a segment is always entered with what stood in memory where the one
before it was left.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tui_nn.debugger.again import Again
from tui_nn.debugger.edits import Edit, migrated
from tui_nn.debugger.history import Stretch
from tui_nn.debugger.position import START, Position
from tui_nn.engine.layout import CHECKPOINT_COUNT
from tui_nn.engine.machine import Kept, Machine, Standing
from tui_nn.engine.program import Program
from tui_nn.engine.recording import NEVER, Recording
from tui_nn.engine.rows import first_row


@dataclass(eq=False)
class Segment:
    """From `start` on `program` is in force.

    edits: what was changed there, of all that `program` and memory have in other ways than the segment before.
    entered: what the machine began with; None before it was first entered. Of a run's first segment never anything.
    """

    program: Program
    recording: Recording
    start: Position = START
    edits: tuple[Edit, ...] = ()
    entered: Standing | None = None
    _machine: Machine | None = field(default=None, repr=False)
    _again: Again | None = field(default=None, repr=False)

    def machine(self, mail: np.ndarray) -> Machine:
        """The one machine that executes it here, made when it is first needed."""
        if self._machine is None:
            self._machine = Machine(self.program, self.recording, mail)
            if self.entered is not None:  # in the run that this past is shared with
                self._machine.take_over(self.entered)
        return self._machine

    @property
    def made(self) -> Machine | None:
        """The same if it is there already."""
        return self._machine

    @property
    def stretch(self) -> Stretch:
        rows = self.recording.rows
        if rows.start > self.start.iteration and self._again is None:
            self._again = Again(self)
        return Stretch(self.program, rows.exact, rows.first, self.start, rows.blocks, self._again)

    def begin(self, machine: Machine, before: Machine, earlier: list[Stretch]) -> None:
        """Take over from the machine before, which stands where this one begins; then make the edits, and note how all stands.

        earlier: the history up to there, from which the rows are taken that this program looks back on.
        """
        if before.is_ready and set(self.program.kernels) <= set(before.program.kernels):
            machine.prepare()  # nothing is left to compile
        iteration, first = self.start.iteration, first_row(self.program, self.start.iteration)
        is_same = self.program.has_layout_of(before.program)
        end = iteration + (is_same and self.start.op > 0)
        machine.recording.begin(iteration, rows_for(self.program, earlier, first, end), iteration - first)
        if is_same:
            machine.take_over(before.standing(first))
        else:
            machine.load(migrated(before.program, before.mem, self.program), iteration)
        for edit in self.edits:
            if edit.is_value:
                tensor = next(tensor for tensor in self.program.tensors if tensor.name == edit.tensor)
                tensor.view(machine.mem)[edit.index] = edit.value
        self.entered = machine.standing(first)

    def enter(self, machine: Machine) -> None:
        """Back to where it begins."""
        if self.entered is None:
            machine.restart()
        else:
            machine.take_over(self.entered)

    def resume(self, machine: Machine, kept: Kept | None) -> None:
        """Have a machine of its own begin at one of these checkpoints; None: where the segment begins."""
        entered, start = self.entered, self.start
        if kept is not None:
            rows = self.recording.look_back(kept.iteration, first_row(self.program, kept.iteration))
            machine.resume(kept.state, kept.iteration, rows)
        elif entered is None:
            machine.resume(self.program.initial, 0, np.empty((0, self.program.n_columns)))
        else:
            machine.recording.begin(start.iteration, entered.rows, len(entered.rows) - (start.op > 0))
            machine.take_over(entered)

    def kept_before(self, iteration: int) -> Kept | None:
        """The newest checkpoint up to that iteration which is not the segment's very beginning; it needs no machine."""
        kept = self.recording.newest_before(iteration, self._machine.n_kept if self._machine else 0)
        return kept if kept and kept.iteration > self.start.iteration else None

    def checkpoint(self, machine: Machine, iteration: int) -> Kept | None:
        """The newest one up to that iteration which is not the segment's very beginning."""
        kept = machine.recording.newest_before(iteration, machine.n_kept)
        return kept if kept and kept.iteration > self.start.iteration else None

    @property
    def n_kept(self) -> int:
        """Checkpoints of this segment."""
        count = self._machine.n_kept if self._machine else 0
        return len(self.recording.kept_until(NEVER, count))

    @property
    def kept_iterations(self) -> np.ndarray:
        """At which iterations they stand."""
        return self.recording.kept_iterations(self._machine.n_kept if self._machine else 0)

    def thin(self, most: int) -> None:
        """Keep at most so many of its checkpoints."""
        self.recording.thin(most, self._machine.n_kept if self._machine else 0)
        if self._machine:
            self._machine.ctl[CHECKPOINT_COUNT] = 0

    def past(self, end: Position) -> Segment:
        """The same up to `end`, for another run that shares this past."""
        if self._machine is not None:
            self._machine.freeze()
        recording = self.recording.past(end.iteration)
        return Segment(self.program, recording, self.start, self.edits, self.entered)


def rows_for(program: Program, earlier: list[Stretch], first: int, end: int) -> np.ndarray:
    """(end - first, columns) of the program: the iterations first .. end - 1 of the history before it, metric by metric."""
    rows = np.full((end - first, program.n_columns), np.nan, program.dtype)
    starts = [stretch.start.iteration for stretch in earlier[1:]]
    for stretch, begin, stop in zip(earlier, [0, *starts], [*starts, end], strict=True):
        begin, stop = max(begin, first), min(stop, end)
        if begin < stop:
            for name, metric in program.metrics.items():
                rows[begin - first : stop - first, metric.column] = stretch.column(name, begin, stop)
    return rows
