"""The metrics that are drawn, kept as contiguous arrays beside the history, and their running averages.

The history has a row an iteration and a column a metric, so each value of a long run stands in a memory line of its own:
reading a million of them takes 10 to 40 ms, and from an array of their own half of one. Only what has come since the last
drawing is copied. A row of the history never changes once written, and going back takes nothing from what was reached;
all the same a sample of the copy is compared each time, and a run that was replaced is read anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tui_nn.tui.series import moving_average

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame

SAMPLE = 64  # values compared


class Column:
    """One metric of one run. x, y: (n,) iterations and values, as far as the run has got."""

    def __init__(self) -> None:
        self.x: np.ndarray = np.empty(0, dtype=int)
        self.y: np.ndarray = np.empty(0)
        self._room: np.ndarray = self.y
        self._averages: dict[int, tuple[np.ndarray, tuple[float, float]]] = {}

    def follow(self, x: np.ndarray, values: np.ndarray) -> None:
        """Take over what is new of a curve."""
        n, known = values.size, self.y.size
        if n < known or values.dtype != self._room.dtype or not self._agrees(values):
            known = 0
            self._averages.clear()
        if n > self._room.size or values.dtype != self._room.dtype:
            room = np.empty(max(n + n // 2, 256), dtype=values.dtype)
            room[:known] = self._room[:known]
            self._room = room
        self._room[known:n] = values[known:]
        self.x, self.y = x, self._room[:n]

    def _agrees(self, values: np.ndarray) -> bool:
        if not self.y.size:
            return True
        places = np.linspace(0, self.y.size - 1, min(self.y.size, SAMPLE)).astype(int)
        return np.array_equal(self.y[places], values[places], equal_nan=True)

    @property
    def is_dense(self) -> bool:
        """Is it measured in every iteration? Of a long run's older ones there are only some: see History.curve."""
        return self.x.size > 1 and int(self.x[-1] - self.x[-2]) == 1

    def average(self, over: int) -> np.ndarray:
        """Its `moving_average`, (n,) float64; computed on from where it ended."""
        done, state = self._averages.get(over, (np.empty(0), (0.0, 0.0)))
        if done.size < self.y.size:
            more, state = moving_average(self.y[done.size :], over, state)
            done = np.concatenate([done, more])
            self._averages[over] = done, state
        return done

    def at(self, iteration: int, values: np.ndarray | None = None) -> float | None:
        """The newest value up to an iteration; None if there is none yet."""
        place = int(np.searchsorted(self.x, iteration, side="right")) - 1
        return None if place < 0 else float((self.y if values is None else values)[place])


class Columns:
    """The columns of the runs that are on the screen, by the run's name and the metric's."""

    def __init__(self) -> None:
        self._columns: dict[tuple[str, str], tuple[object, Column]] = {}

    def column(self, frame: Frame, name: str, run: str = "") -> Column:
        of, column = self._columns.get((run, name), (None, None))
        if column is None or of != (frame.program, frame.history.version):
            column = Column()
            self._columns[run, name] = (frame.program, frame.history.version), column
        column.follow(*frame.history.curve(name))
        return column

    def keep(self, used: set[tuple[str, str]]) -> None:
        """Forget all others."""
        self._columns = {key: entry for key, entry in self._columns.items() if key in used}
