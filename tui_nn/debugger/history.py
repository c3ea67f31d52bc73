"""Metrics over time: views of what machines wrote, cut at the position or shown as far as the run has ever got."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tui_nn.debugger.position import START, Position
from tui_nn.engine.program import Program

if TYPE_CHECKING:
    from tui_nn.debugger.again import Again
    from tui_nn.engine.rows import Blocks


class Stretch(NamedTuple):
    """The history of one program: rows (n, columns), the first of iteration `first`. It is in force from `start` on.

    blocks: the extremes of what came before `first`; `again` makes it anew.
    """

    program: Program
    rows: np.ndarray
    first: int = 0
    start: Position = START
    blocks: Blocks | None = None
    again: Again | None = None

    def column(self, name: str, begin: int, end: int) -> np.ndarray:
        """(end - begin,) in the iterations begin .. end - 1; NaN where this program does not measure it."""
        metric = self.program.metrics.get(name)
        if metric is None:
            return np.full(max(0, end - begin), np.nan, self.rows.dtype)
        if begin >= self.first or self.again is None:
            return self.rows[begin - self.first : end - self.first, metric.column]
        if end <= self.first:
            return self.again.column(metric.column, begin, end)
        older = self.again.column(metric.column, begin, self.first)
        return np.concatenate((older, self.rows[: end - self.first, metric.column]))

    def curve(self, name: str, begin: int, end: int) -> tuple[np.ndarray, np.ndarray]:
        """(iterations, values) of the iterations begin .. end - 1 in which it was measured, of a block two at most: the
        least at its first one, the greatest at its last."""
        exact = max(begin, self.first)
        at = self.measured(name, exact, end)
        values = self.column(name, exact, max(exact, end))[at - exact]
        if begin >= self.first or self.blocks is None or name not in self.program.metrics:
            return at, values
        due, column = self.program.metrics[name].due, self.program.metrics[name].column
        edges = self.blocks.edges
        where = (edges[1:] > begin) & (edges[:-1] < end)  # a block at either end may reach beyond
        starts, stops = edges[:-1][where], edges[1:][where]
        first = due.first + np.maximum(0, -(-(starts - due.first) // due.period)) * due.period
        last = stops - 1 - (stops - 1 - due.first) % due.period
        both = np.stack((first, last), axis=1).reshape(-1)
        extremes = np.stack((self.blocks.low[where, column], self.blocks.high[where, column]), axis=1).reshape(-1)
        is_shown = np.stack((first < stops, last > first), axis=1).reshape(-1)
        extremes[::2] = np.where(
            last > first, extremes[::2], extremes[1::2]
        )  # one value is its own extremes, NaN or not
        return np.concatenate((both[is_shown], at)), np.concatenate((extremes[is_shown], values))

    def measured(self, name: str, begin: int, end: int) -> np.ndarray:
        """Those of the iterations begin .. end - 1 in which it was measured."""
        metric = self.program.metrics.get(name)
        if metric is None:
            return np.empty(0, np.int64)
        due = metric.due
        late = max(0, -(-(begin - due.first) // due.period))
        return np.arange(due.first + late * due.period, end, due.period)


class History:
    """One row an iteration, one column a metric. Holds views; copies only where a column goes over an edit.

    A row never changes once written: a replay writes the same numbers again. So what was reached stays valid after
    going back. An iteration belongs to the program that ended it.

    version: another one where an edit, or an undo, has put other numbers in the place of some; no two runs share one.
    """

    def __init__(self, stretches: Sequence[Stretch], position: Position, reached: Position, version: int = 0):
        self.stretches = stretches
        self.position = position
        self.reached = reached
        self.version = version
        self.program = self._at(position).program

    @property
    def is_folded(self) -> bool:
        """Are older rows in blocks?"""
        return any(stretch.again is not None for stretch in self.stretches)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.program.metrics)

    def __getitem__(self, name: str) -> np.ndarray:
        """The metric at iterations 0, 1, ... up to the position; what is in blocks is replayed.

        Shapes: (n,); n counts the iterations whose value is computed. Between a metric's epochs stands NaN.
        Errors: KeyError names the metric.
        """
        self._check(name)
        return self._column(name, self._computed(name, self.position))

    def reached_column(self, name: str) -> np.ndarray:
        """The metric at iterations 0, 1, ... as far as the run has ever got; as `history[name]` else."""
        self._check(name)
        return self._column(name, self._computed(name, self.reached))

    def curve(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """(iterations, values) as far as the run has ever got, measured ones only, to be drawn.

        Of iterations that the history keeps in blocks only (see engine/rows.py) the extremes; `history[name]` has all.
        """
        self._check(name)
        n = self._computed(name, self.reached)
        if self.is_folded:
            pieces = [stretch.curve(name, begin, end) for stretch, begin, end in self._pieces(n)]
            return np.concatenate([at for at, _ in pieces]), np.concatenate([values for _, values in pieces])
        if len(self.stretches) > 1:
            iterations = self.measured(name, n)
            return iterations, self._column(name, n)[iterations]
        due = self.program.metrics[name].due
        return np.arange(due.first, n, due.period), self._column(name, n)[due.first :: due.period]

    def measured(self, name: str, n: int) -> np.ndarray:
        """Those of the iterations 0 .. n - 1 in which it was measured."""
        pieces = [stretch.measured(name, begin, end) for stretch, begin, end in self._pieces(n)]
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def value(self, name: str) -> float | None:
        """The newest value at the position; None if it was not measured yet."""
        iteration = self.last_measured(name)
        return None if iteration is None else self._cell(name, iteration)

    def at(self, name: str, iteration: int) -> float | None:
        """The value at one iteration; None if it was not measured there, or not yet."""
        self._check(name)
        if not 0 <= iteration < self._computed(name, self.reached):
            return None
        metric = self._of(iteration).program.metrics.get(name)
        return self._cell(name, iteration) if metric and metric.due.at(iteration) else None

    def last_measured(self, name: str) -> int | None:
        """The iteration of the newest value at the position."""
        self._check(name)
        n = self._computed(name, self.position)
        for stretch, begin, end in reversed(list(self._pieces(n))):
            metric = stretch.program.metrics.get(name)
            newest = metric.due.last_before(end) if metric else None
            if newest is not None and newest >= begin:
                return newest
        return None

    def _check(self, name: str) -> None:
        if name not in self.program.metrics:
            raise KeyError(f"no metric {name!r}; there are {', '.join(self.program.metrics)}")

    def _at(self, place: Position) -> Stretch:
        """The one in force at a position."""
        return next((stretch for stretch in reversed(self.stretches) if stretch.start <= place), self.stretches[0])

    def _of(self, iteration: int) -> Stretch:
        """The one that ended an iteration."""
        return next(stretch for stretch in reversed(self.stretches) if stretch.start.iteration <= iteration)

    def _pieces(self, n: int) -> list[tuple[Stretch, int, int]]:
        """(stretch, begin, end): who wrote which of the iterations 0 .. n - 1."""
        ends = [stretch.start.iteration for stretch in self.stretches[1:]]
        pieces = zip(self.stretches, [0, *ends], [*ends, n], strict=True)
        return [(stretch, begin, min(end, n)) for stretch, begin, end in pieces if begin < min(end, n) or begin == 0]

    def _column(self, name: str, n: int) -> np.ndarray:
        pieces = [stretch.column(name, begin, end) for stretch, begin, end in self._pieces(n)]
        column = pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
        column.flags.writeable = False
        return column

    def _cell(self, name: str, iteration: int) -> float:
        return float(self._of(iteration).column(name, iteration, iteration + 1)[0])

    def _computed(self, name: str, position: Position) -> int:
        """How many iterations have this metric's row behind them."""
        stretch = self._at(position)
        metric = stretch.program.metrics.get(name)
        there = stretch.first + len(stretch.rows)
        return min(position.iteration + (metric is not None and position.op > metric.op), there)
