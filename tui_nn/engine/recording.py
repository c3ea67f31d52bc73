"""What a stretch of a run leaves behind: its metrics, iteration by iteration, and states from which it can be made again.

One machine at a time adds to a recording. Others may replay what lies in its past: they write the same numbers into the
same rows again, and read states that nobody drops any more (see `past`).
"""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

import numpy as np

from tui_nn.engine.program import Program
from tui_nn.engine.rows import Rows, RowStore

CHECKPOINT_BYTES = 64 * 2**20  # or as much as CHECKPOINT_SLOTS take, if that is more but under CHECKPOINT_LIMIT
CHECKPOINT_SLOTS = 128
CHECKPOINT_LIMIT = 2**30
MOST_SLOTS = 1024  # keeping one scans them all: with 4096 a 2-2-1 network took 0.83 us an iteration, with 1024 0.60
SHARE = 0.03  # of the training, for copying
SMALL_STATE = 16 * 2**10  # bytes: copied in less time than it takes to find a place for it
MOST_DISTANCE = 100
SLOW = 5e-5  # seconds of an iteration
FEW, PARTS = 128, 512  # with 1,024 of both 10,000 iterations of a 2-8-8-1 network took half as long again
A_BYTE, A_ROW, A_PARAMETER, A_PRODUCT = 1.1e-10, 5e-8, 4e-10, 9e-11  # seconds, measured on an EPYC: bench_timeline.py
NEVER = 2**62  # an iteration that no run reaches


class Kept(NamedTuple):
    """A checkpoint: parameters, slots and buffers, (state_size,), at the start of an iteration."""

    iteration: int
    state: np.ndarray


class Recording:
    """Rows of the history (rows.py), and checkpoints.

    Shapes: kept_at, kept_in (slots,), and kept (slots, state_size): see loop.keep_checkpoint. budget: see checkpoint_slots.
    """

    def __init__(self, program: Program, first: int = 0, budget: int | None = None):
        self._store, self._dtype = RowStore(program, first), program.dtype
        self.slots = checkpoint_slots(program.state_size * program.dtype.itemsize, budget)
        self._open(self.slots, program.state_size)
        self._frozen: list[Kept] = []  # in rising order, before all that is still kept in the open store

    def _open(self, slots: int, state_size: int) -> None:
        self.kept_at = np.full(slots, -1, np.int64)
        self.kept_in = np.full(slots, -1, np.int64)
        self.kept = np.empty((slots, state_size), self._dtype)

    # The history

    @property
    def rows(self) -> Rows:
        """What is recorded just now; safe to ask for while another thread adds to it."""
        return self._store.rows

    @property
    def hist(self) -> np.ndarray:
        """(rows in use, columns): the exact rows."""
        return self._store.rows.exact

    @property
    def first(self) -> int:
        """The iteration of their first."""
        return self._store.rows.first

    @property
    def history_limit(self) -> int:
        """Iterations for whose exact rows there is room."""
        return self._store.limit

    def make_room(self, count: int) -> bool:
        """Room for more rows, if older ones must become blocks for it; count: checkpoints in the open store."""
        return self._store.make_room([kept.iteration for kept in self.kept_until(NEVER, count)])

    def begin(self, iteration: int, rows: np.ndarray, before: int) -> None:
        """Start anew at that iteration with these rows, (n, columns), of which `before` lie before it: what its program
        looks back on, and what of the iteration is done."""
        self._store.begin(iteration - before, rows)

    def can_resume(self, iteration: int) -> bool:
        """Is what that iteration looks back on there? Then a machine can go on from its state."""
        return self._store.can_resume(iteration)

    def look_back(self, iteration: int, first: int) -> np.ndarray:
        """(iteration - first, columns): the rows before the iteration of a checkpoint; see RowStore.look_back."""
        return self._store.look_back(iteration, first)

    # Checkpoints

    def newest_before(self, iteration: int, count: int) -> Kept | None:
        """The newest checkpoint at or before that iteration from which can be gone on, of `count` in the open store."""
        can_resume = self._store.can_resume
        for k in range(int(np.searchsorted(self.kept_at[:count], iteration, side="right")) - 1, -1, -1):
            if can_resume(int(self.kept_at[k])):
                return Kept(int(self.kept_at[k]), self.kept[self.kept_in[k]])
        found = (kept for kept in reversed(self._frozen) if kept.iteration <= iteration and can_resume(kept.iteration))
        return next(found, None)

    def kept_until(self, iteration: int, count: int) -> list[Kept]:
        """All up to that iteration: views, of which none changes while the machine that adds stands still."""
        open_ones = (Kept(int(self.kept_at[k]), self.kept[self.kept_in[k]]) for k in range(count))
        return [kept for kept in (*self._frozen, *open_ones) if kept.iteration <= iteration]

    def kept_iterations(self, count: int) -> np.ndarray:
        """Their iterations alone, in rising order."""
        frozen = np.array([kept.iteration for kept in self._frozen], np.int64)
        return np.concatenate([frozen, np.sort(self.kept_at[:count])])

    def freeze(self, count: int) -> None:
        """What is kept now is never dropped or written over any more."""
        if count:
            self._frozen = self.kept_until(int(self.kept_at[count - 1]), count)
            self._open(len(self.kept_at), self.kept.shape[1])

    def thin(self, most: int, count: int) -> None:
        """Keep at most so many of the checkpoints, at distances as even as those kept allow, and freeze them."""
        kept = self.kept_until(NEVER, count)
        if len(kept) > most:
            iterations = [each.iteration for each in kept]
            wanted = np.linspace(iterations[0], iterations[-1], most)
            kept = [kept[k] for k in np.unique(np.searchsorted(iterations, wanted))]
        self._frozen = [Kept(each.iteration, each.state.copy()) for each in kept]
        self._open(len(self.kept_at), self.kept.shape[1])

    def past(self, end: int) -> Recording:
        """The same up to iteration `end`, for another machine to replay: it adds nothing. Only behind `freeze`."""
        other = object.__new__(Recording)
        other.__dict__.update(self.__dict__)
        other._frozen = [kept for kept in self._frozen if kept.iteration <= end]
        other.kept_at = other.kept_in = np.empty(0, np.int64)
        other.kept = np.empty((0, self.kept.shape[1]), self._dtype)
        return other

    @property
    def is_past(self) -> bool:
        return len(self.kept_at) == 0


def checkpoint_slots(state_bytes: int, budget: int | None = None) -> int:
    """How many fit: into 64 MB, or 128 of them if that is more; or into a budget in bytes, at least two."""
    if budget is not None:
        return max(2, min(MOST_SLOTS, budget // max(1, state_bytes)))
    within_limit = min(CHECKPOINT_SLOTS, CHECKPOINT_LIMIT // max(1, state_bytes))
    return max(2, min(MOST_SLOTS, max(CHECKPOINT_BYTES // max(1, state_bytes), within_limit)))


class Spacing(NamedTuple):
    """How far behind a checkpoint of iteration n the next one stands: `every` iterations at least, and of n the few-th
    part, as long as that is at most `few`; from there on the parts-th, if that is more."""

    every: int
    few: int
    parts: int


def spacing(program: Program, slots: int) -> Spacing:
    """So that copying states, and finding a place for small ones, takes some 3 % of the training.

    Where an iteration takes long, they are as close as there are slots. Times are estimated from sizes: what is kept is
    a function of the program.
    """
    size = program.state_size * program.dtype.itemsize
    positions = {layer.name: layer.positions for layer in program.layers}
    products = sum(tensor.size * positions[tensor.layer] for tensor in program.tensors)
    iteration = (
        A_ROW * len(program.ops) + A_PARAMETER * program.n_parameters + A_PRODUCT * program.batch_size * products
    )
    few, parts = (slots, slots) if iteration > SLOW else (min(slots, FEW), min(slots, PARTS))
    every = 1 if size <= SMALL_STATE else max(1, ceil(A_BYTE * size / (SHARE * iteration)))
    return Spacing(min(MOST_DISTANCE, every), few, parts)
