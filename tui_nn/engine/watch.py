"""Single numbers of a machine's memory, recorded at full speed behind every row that writes them.

A noting row's KERNEL cell names the kernel `watch`, which executes the row's own and copies numbers behind it into this
iteration's line of the notes, a part of the memory behind all others. So nothing is paid where nothing is watched, and
training sees nothing of it. A number has a column for each row that writes it; between these it stands, so any row
between two writers may note it: few rows note the numbers of many.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from tui_nn.engine import layout as at
from tui_nn.engine.writers import writers

if TYPE_CHECKING:
    from tui_nn.engine.machine import Machine
    from tui_nn.engine.program import Program


class Watch:
    """The numbers that a machine watches; one at a time. Not while it runs.

    offsets:  into mem, each once.
    columns:  offset -> [(op, column of a line), ...] in the order of the ops.
    capacity: iterations that can be noted from `begin` on; what is run beyond them is not noted.

    The notes have two halves, which take turns: what was noted before the last `begin` can still be read.
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
        self.capacity = at.NOTES // 2 // max(1, width)
        self._half = 0  # of the notes, into which it notes
        self._notes = _noting_rows(machine.program, self.columns)
        self._first = machine.iteration
        self._enter()

    def begin(self) -> None:
        """Note from the machine's current iteration on; a begun one has notes of the rows still to come."""
        notes = int(self.machine.ctl[at.WATCHES])
        self._first, self._half = self.machine.iteration, 1 - self._half
        self.machine.ctl[notes : notes + at.ROW_LISTS] = (
            self._first, self.capacity, self.machine.program.memory_size + self._half * at.NOTES // 2, self.width,
        )  # fmt: skip

    def lines(self, n: int) -> np.ndarray:
        """(n, width) what was noted in the n iterations from `begin` on. Where a row was not due, its column says nothing.

        No copy: it stands until the second `begin` from now.
        """
        half = self.machine.notes[self._half * at.NOTES // 2 :]
        lines = half[: n * self.width].reshape(n, self.width)
        begun, op = self.machine.iteration - self._first, self.machine.op
        if op > 0 and 0 <= begun < min(n, self.capacity):  # of this one the noting rows may be still to come
            for offset, pairs in self.columns.items():
                for writer, column in pairs:
                    if writer < op <= self._notes[column]:
                        lines[begun, column] = self.machine.mem[offset]
        return lines

    def values(self) -> dict[int, float]:
        """What stands at each offset now."""
        return {offset: float(self.machine.mem[offset]) for offset in self.offsets}

    def end(self) -> None:
        """The machine's rows are as before."""
        ctl, table, code = self.machine.ctl, self.machine.program.table, int(self.machine.ctl[at.CODE])
        for op in set(self._notes.values()):
            ctl[code + op * at.ROW + at.KERNEL] = table[op, at.KERNEL]

    def _enter(self) -> None:
        machine = self.machine
        ctl, table, code = machine.ctl, machine.program.table, int(machine.ctl[at.CODE])
        if self.width:
            machine.prepare_watch()
        by_row: dict[int, list[int]] = {}
        for offset, pairs in self.columns.items():
            for _, column in pairs:
                by_row.setdefault(self._notes[column], []).extend((offset, column))
        free = int(ctl[at.WATCHES]) + at.ROW_LISTS
        for op, pairs in by_row.items():
            entry = [int(table[op, at.KERNEL]), len(pairs) // 2, *pairs]
            ctl[free : free + len(entry)] = entry
            row = code + op * at.ROW
            ctl[row + at.WATCHED], ctl[row + at.KERNEL] = free, len(machine.program.kernels)
            free += len(entry)
        self.begin()


def _noting_rows(program: Program, columns: dict[int, list[tuple[int, int]]]) -> dict[int, int]:
    """Column -> the row that notes it: not before its writer, and before the number's next one. As few rows as possible.

    A row that is not due in every iteration notes only what it has written itself.
    """
    always = [op.index for op in program.ops if op.due.every == "iteration"]
    spans: list[tuple[int, int, int]] = []  # where it ends, where it begins, the column
    for pairs in columns.values():
        ends = [op for op, _ in pairs[1:]] + [len(program.ops)]
        spans += [(end, op, column) for (op, column), end in zip(pairs, ends, strict=True)]
    notes, newest = {}, -1
    for end, op, column in sorted(spans):
        if newest < op:  # the one chosen last is the furthest: the spans come in the order of their ends
            k = bisect_left(always, end) - 1
            if k < 0 or always[k] < op:
                notes[column] = op
                continue
            newest = always[k]
        notes[column] = newest
    return notes
