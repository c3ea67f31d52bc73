"""Single numbers of a machine's memory, recorded at full speed behind every row that writes them.

A watched row's KERNEL cell names the kernel `watch`, which executes the row's own and copies the numbers behind it into
this iteration's line of the notes, a part of the memory behind all others. So nothing is paid where nothing is watched,
and training sees nothing of it. A number has a column for each row that writes it; between these it stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from tui_nn.engine import layout as at
from tui_nn.engine.writers import writers

if TYPE_CHECKING:
    from tui_nn.engine.machine import Machine


class Watch:
    """The numbers that a machine watches; one at a time. Not while it runs.

    offsets:  into mem, each once.
    columns:  offset -> [(op, column of a line), ...] in the order of the ops.
    capacity: iterations that can be noted from `begin` on; what is run beyond them is not noted.
    """

    def __init__(self, machine: Machine, offsets: Iterable[int]):
        self.machine = machine
        self.offsets = tuple(dict.fromkeys(offsets))
        self.columns: dict[int, list[tuple[int, int]]] = {}
        width = 0
        for offset in self.offsets:
            rows = writers(machine.program, offset)
            self.columns[offset] = [(op, width + k) for k, op in enumerate(rows)]
            width += len(rows)
        if width > at.MOST_WATCHED:
            raise ValueError(
                f"{len(self.offsets)} numbers are written by {width} rows altogether, and {at.MOST_WATCHED} is the most "
                "that can be watched; name fewer"
            )
        self.width = width
        self.capacity = at.NOTES // max(1, width)
        self._first = machine.iteration
        self._enter()

    def begin(self) -> None:
        """Note from the machine's current iteration on; a begun one has notes of the rows still to come."""
        notes = int(self.machine.ctl[at.WATCHES])
        self._first = self.machine.iteration
        self.machine.ctl[notes : notes + at.ROW_LISTS] = (
            self._first, self.capacity, self.machine.program.memory_size, self.width,
        )  # fmt: skip

    def lines(self, n: int) -> np.ndarray:
        """(n, width) what was noted in the n iterations from `begin` on. Where a row was not due, its column says nothing."""
        return self.machine.notes[: n * self.width].reshape(n, self.width).copy()

    def values(self) -> dict[int, float]:
        """What stands at each offset now."""
        return {offset: float(self.machine.mem[offset]) for offset in self.offsets}

    def end(self) -> None:
        """The machine's rows are as before."""
        ctl, table, code = self.machine.ctl, self.machine.program.table, int(self.machine.ctl[at.CODE])
        for op in {op for pairs in self.columns.values() for op, _ in pairs}:
            ctl[code + op * at.ROW + at.KERNEL] = table[op, at.KERNEL]

    def _enter(self) -> None:
        machine = self.machine
        ctl, table, code = machine.ctl, machine.program.table, int(machine.ctl[at.CODE])
        if self.width:
            machine.prepare_watch()
        by_row: dict[int, list[int]] = {}
        for offset, pairs in self.columns.items():
            for op, column in pairs:
                by_row.setdefault(op, []).extend((offset, column))
        free = int(ctl[at.WATCHES]) + at.ROW_LISTS
        for op, pairs in by_row.items():
            entry = [int(table[op, at.KERNEL]), len(pairs) // 2, *pairs]
            ctl[free : free + len(entry)] = entry
            row = code + op * at.ROW
            ctl[row + at.WATCHED], ctl[row + at.KERNEL] = free, len(machine.program.kernels)
            free += len(entry)
        self.begin()
