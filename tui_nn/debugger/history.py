"""Metrics over time: views of what the machine wrote, cut at the position or shown as far as the run has ever got."""

from __future__ import annotations

import numpy as np

from tui_nn.debugger.position import Position
from tui_nn.engine.program import Program


class History:
    """One row an iteration, one column a metric. Holds views, copies nothing.

    A row never changes once written: a replay writes the same numbers again. So what was reached stays valid after
    going back.
    """

    def __init__(self, program: Program, rows: np.ndarray, position: Position, reached: Position):
        self.program = program
        self.position = position
        self.reached = reached
        self._rows = rows

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.program.metrics)

    def __getitem__(self, name: str) -> np.ndarray:
        """The metric at iterations 0, 1, ... up to the position.

        Shapes: (n,); n counts the iterations whose value is computed. Between a metric's epochs stands NaN.
        Errors: KeyError names the metric.
        """
        return self._column(name)[: self._computed(name, self.position)]

    def curve(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """(iterations, values) as far as the run has ever got, measured ones only."""
        n = self._computed(name, self.reached)
        values = self._column(name)[:n]
        due = self.program.metrics[name].due
        return np.arange(due.first, n, due.period), values[due.first :: due.period]

    def value(self, name: str) -> float | None:
        """The newest value at the position; None if it was not measured yet."""
        iteration = self.last_measured(name)
        return None if iteration is None else float(self._column(name)[iteration])

    def at(self, name: str, iteration: int) -> float | None:
        """The value at one iteration; None if it was not measured there, or not yet."""
        metric = self.program.metrics[name]
        if not 0 <= iteration < self._computed(name, self.reached) or not self.program.is_due(iteration, metric.op):
            return None
        return float(self._column(name)[iteration])

    def last_measured(self, name: str) -> int | None:
        """The iteration of the newest value at the position."""
        n = self._computed(name, self.position)
        return self.program.metrics[name].due.last_before(n)

    def _column(self, name: str) -> np.ndarray:
        if name not in self.program.metrics:
            raise KeyError(f"no metric {name!r}; there are {', '.join(self.program.metrics)}")
        column = self._rows[:, self.program.metrics[name].column]
        column.flags.writeable = False
        return column

    def _computed(self, name: str, position: Position) -> int:
        """How many iterations have this metric's row behind them."""
        return min(position.iteration + (position.op > self.program.metrics[name].op), len(self._rows))
