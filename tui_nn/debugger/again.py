"""Rows of the history that have become blocks, made again: a machine beside the run replays them, from its checkpoints."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

from tui_nn.engine import layout as at
from tui_nn.engine.machine import Kept, Machine
from tui_nn.engine.recording import NEVER

if TYPE_CHECKING:
    from tui_nn.debugger.segments import Segment

PIECE = 1024  # iterations that are made at once
MOST = 16  # pieces that are remembered


class Again:
    """The rows of one segment, bit for bit as they were. Several threads may ask."""

    def __init__(self, segment: Segment):
        self.segment = segment
        self._pieces: OrderedDict[int, np.ndarray] = OrderedDict()
        self._machine: Machine | None = None
        self._lock = threading.Lock()

    def column(self, column: int, begin: int, end: int) -> np.ndarray:
        """(end - begin,) of the iterations begin .. end - 1, all of which the run has executed."""
        if (made := self.segment.made) is not None:
            written = made.written  # by a machine that stands in the past
            if written.since <= begin and end <= made.iteration:
                return written.exact[begin - written.first : end - written.first, column]
        found = np.empty(max(0, end - begin), self.segment.program.dtype)
        for k in range(begin // PIECE, -(-end // PIECE)):
            first, rows = self._piece(k)
            low, high = max(begin, first), min(end, first + len(rows))
            found[low - begin : high - begin] = rows[low - first : high - first, column]
        return found

    def _piece(self, k: int) -> tuple[int, np.ndarray]:
        """(iteration, rows) of the k-th PIECE iterations, as far as they are this segment's."""
        with self._lock:
            first = max(k * PIECE, self.segment.start.iteration)
            if k not in self._pieces:
                self._pieces[k] = self._make(first, (k + 1) * PIECE)
                if len(self._pieces) > MOST:
                    self._pieces.popitem(last=False)
            self._pieces.move_to_end(k)
            return first, self._pieces[k]

    def _make(self, first: int, end: int) -> np.ndarray:
        machine = self._machine
        if machine is None:
            machine = self._machine = Machine(self.segment.program)
            machine.ctl[at.CHECKPOINT_LAST] = NEVER  # it keeps none
            self._go_before(machine, first)
        elif not first - PIECE <= machine.iteration <= first:
            self._go_before(machine, first)
        if machine.iteration < first or machine.op == 0:  # else the segment begins in the middle of that iteration
            machine.run(first, 0)
            machine.forget()
        machine.run(end, 0)
        return machine.rows_before(end, first)

    def _go_before(self, machine: Machine, iteration: int) -> None:
        """To the nearest checkpoint. Another thread may be running: its loop gives a slot another iteration before it
        writes the state, so a copy is good whose slot has kept its own."""
        segment = self.segment
        for _ in range(3):
            kept = segment.kept_before(iteration)
            if kept is None:
                break
            kept = Kept(kept.iteration, kept.state.copy())
            again = segment.kept_before(iteration)
            if again is not None and again.iteration == kept.iteration:
                segment.resume(machine, kept)
                return
        segment.resume(machine, None)
