"""The listing of one iteration as it grows: rows for people, rows of integers for the machine, columns of the history."""

from __future__ import annotations

import numpy as np

from tui_nn.engine import layout as at
from tui_nn.engine.program import EVERY_ITERATION, Due, Metric, Op, Phase


class Listing:
    """Rows in order of execution. Rows behind the listing are executed by a row that calls them, never by themselves."""

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self.rows: list[np.ndarray] = []
        self.called: list[np.ndarray] = []
        self.kernels: dict[str, int] = {}
        self.metrics: dict[str, Metric] = {}
        self.n_columns = 0

    def add(
        self,
        phase: Phase,
        kind: str,
        kernel: str,
        layer: str | None,
        label: str,
        shape: str,
        formula: str,
        due: Due = EVERY_ITERATION,
        /,
        **cells: int,
    ) -> int:
        """Append a row; cells are named as in layout.py, in lower case. Returns its index."""
        index = len(self.ops)
        self.ops.append(Op(index, phase, kind, layer, label, shape, formula, kernel, due))
        row = self._row(kernel, cells)
        row[at.DUE] = _due_code(due)
        row[at.PERIOD], row[at.FIRST] = due.period, due.first
        self.rows.append(row)
        return index

    def add_called(self, kernel: str, **cells: int) -> int:
        """Append a row behind the listing; returns its place there, for the CALLS cells of the row that calls it."""
        self.called.append(self._row(kernel, cells))
        return len(self.called) - 1

    def use(self, kernel: str) -> int:
        """Number a kernel, by first use. Returns its number."""
        return self.kernels.setdefault(kernel, len(self.kernels))

    def set(self, op: int, **cells: int) -> None:
        """Fill in cells of a row that is already there."""
        for name, value in cells.items():
            self.rows[op][getattr(at, name.upper())] = value

    def columns(self, op: int, *names: str | None) -> int:
        """Side-by-side history columns for what that row writes; None keeps a column for what is not measured."""
        first = self.n_columns
        for name in names:
            if name is not None:
                self.metrics[name] = Metric(name, self.n_columns, op, self.ops[op].due)
            self.n_columns += 1
        return first

    def table(self) -> np.ndarray:
        """(rows and called rows, layout.ROW) int64."""
        for row in self.rows:
            if row[at.CALLS] >= 0:
                row[at.CALLS] += len(self.rows)
                row[at.CALLS_END] += len(self.rows)
        return np.array(self.rows + self.called, dtype=np.int64)

    def _row(self, kernel: str, cells: dict[str, int]) -> np.ndarray:
        row = np.full(at.ROW, -1, np.int64)
        row[at.KERNEL] = self.use(kernel)
        row[at.ROWS_AT] = at.ROWS
        row[at.DUE] = at.ALWAYS
        row[at.POSITIONS] = 1
        for name, value in cells.items():
            row[getattr(at, name.upper())] = value
        return row


def _due_code(due: Due) -> int:
    if due.every == "iteration":
        return at.ALWAYS
    return at.AT_EPOCH_END if due.every == "epoch" else at.PERIODIC
