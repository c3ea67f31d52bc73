"""Where a machine's rows of the history go: into its recording, or beside it, for iterations that are blocks there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tui_nn.engine import layout as at
from tui_nn.engine.program import Program
from tui_nn.engine.recording import NEVER, Recording
from tui_nn.engine.rows import first_row

BESIDE_ROWS = 4096  # that are written beside the recording before others take their place


class Aim(NamedTuple):
    """Rows of the history that are written, (n, columns): `first` is the iteration of the first.

    since: those from that iteration on are or will be of this machine; before it stands what an iteration looks back on.
    """

    first: int
    exact: np.ndarray
    since: int


class Target:
    """Belongs to the machine whose ctl it is given."""

    def __init__(self, program: Program, recording: Recording, ctl: np.ndarray):
        self.program, self.recording, self.ctl = program, recording, ctl
        self.aim = self._into_recording

    @property
    def iteration(self) -> int:
        return int(self.ctl[at.ITERATION])

    @property
    def is_begun(self) -> bool:
        return bool(self.ctl[at.OP])

    @property
    def _into_recording(self) -> Aim:
        rows = self.recording.rows
        return Aim(rows.first, rows.exact, rows.first)

    @property
    def _is_recording(self) -> bool:
        return self.aim.exact.base is self.recording.hist.base

    def choose(self) -> tuple[int, int]:
        """Into the recording, if what this iteration looks back on is there. Returns until which position it holds."""
        start = self.recording.rows.start
        if self.iteration >= start and (self._is_recording or not self.is_begun):
            self._turn(self._into_recording)
            return NEVER, 0
        self.ctl[at.HIST_CAPACITY] = len(self.aim.exact)
        return (self.iteration + 1, 0) if self.iteration >= start else (start, 0)

    def make_room(self) -> bool:
        """For more rows where they are full; False: there is none to be had."""
        if self._is_recording:
            return self.recording.make_room(int(self.ctl[at.CHECKPOINT_COUNT]))
        self._turn_beside(self.between(first_row(self.program, self.iteration), self.iteration), self.aim.since)
        return True

    def anew(self, before: np.ndarray | None = None) -> None:
        """The machine stands somewhere else; before: rows up to there, the begun one's too, if that is no checkpoint."""
        if self.iteration >= self.recording.rows.start:
            self._turn(self._into_recording)
        else:
            first = first_row(self.program, self.iteration)
            self._turn_beside(self.recording.look_back(self.iteration, first) if before is None else before)
        self.ctl[at.HIST_ROW] = (self.iteration - self.ctl[at.HIST_FIRST]) * self.ctl[at.N_METRICS]

    def between(self, first: int, end: int) -> np.ndarray:
        """(end - first, columns): a copy of the rows of these iterations, NaN where there are none."""
        found = np.full((end - first, self.program.n_columns), np.nan, self.program.dtype)
        begin, stop = max(first, self.aim.first), min(end, self.aim.first + len(self.aim.exact))
        if begin < stop:
            found[begin - first : stop - first] = self.aim.exact[begin - self.aim.first : stop - self.aim.first]
        return found

    def _turn(self, aim: Aim) -> None:
        ctl, moved = self.ctl, (self.ctl[at.HIST_FIRST] - aim.first) * self.ctl[at.N_METRICS]
        ctl[at.HIST_FIRST], ctl[at.HIST_CAPACITY] = aim.first, len(aim.exact)
        ctl[at.HIST_ROW] += moved
        ctl[at.FIRST_HIST] += moved
        self.aim = aim

    def _turn_beside(self, before: np.ndarray, since: int = NEVER) -> None:
        room = np.full((len(before) + BESIDE_ROWS, self.program.n_columns), np.nan, self.program.dtype)
        room[: len(before)] = before
        first = self.iteration + self.is_begun - len(before)
        self._turn(Aim(first, room, max(first, min(since, self.iteration))))
