"""The rows of a history: exact ones of the newest iterations, and of all before them the extremes of blocks.

A run may go on for ever, and its history takes at most HISTORY_BYTES. When the exact rows are full, the older half of
them becomes blocks of BLOCK iterations, each the least and the greatest of every metric; when those are too many, two
neighbours become one. What is gone can be made again: a state decides all that follows (see debugger/again.py). For
that a checkpoint keeps what its iteration looks back on, the losses of its epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from tui_nn.engine.layout import WAITING
from tui_nn.engine.program import EVERY_ITERATION, Due, Program

HISTORY_BYTES = (
    256 * 2**20
)  # of all together: exact rows, half of them once more while they are copied, blocks and looks
EXACT_BYTES = 144 * 2**20
BLOCK_BYTES = 24 * 2**20
LOOK_BYTES = 8 * 2**20
FIRST_ROWS = 1024
GROWTH_BYTES = 2 * 2**20  # that it grows by at a time: a millisecond, in which no stop is heard
BLOCK = 64  # iterations


class Blocks(NamedTuple):
    """Extremes of iterations edges[k] .. edges[k + 1] - 1 in row k.

    Shapes: edges (n + 1,); low and high (n, columns): of what was measured there, NaN if nothing was. high is NaN also
            where one of the values is, so that it is seen.
    """

    edges: np.ndarray
    low: np.ndarray
    high: np.ndarray


class Rows(NamedTuple):
    """What there is just now; another one takes its place, and this one stays valid.

    exact: (n, columns) from iteration `first` on, NaN until a row is written. An iteration can be executed into them from
    `start` on: what it looks back on is there.
    """

    first: int
    start: int
    exact: np.ndarray
    blocks: Blocks


def first_row(program: Program, iteration: int) -> int:
    """The first iteration whose row of the history a program that takes over there may look back on."""
    epoch_start = program.epochs.start(program.epochs.of(iteration))
    return max(0, min(epoch_start, iteration - WAITING))


class RowStore:
    """The rows of one stretch of a run. One machine fills it at a time; whoever replays writes the same numbers again."""

    def __init__(self, program: Program, first: int = 0):
        self.epochs = program.epochs
        self._rules = _rules_of(program)
        self._rare = [column for columns in self._rules.values() for column in columns]
        self._loss = program.metrics["loss"].column
        self._columns, self._dtype = program.n_columns, program.dtype
        self._room = self._reserve()
        self._looks: dict[int, np.ndarray] = {}
        self.begin(first, self._room[:0])

    def begin(self, first: int, rows: np.ndarray) -> None:
        """Start anew with these rows, (n, columns), of the iterations from `first` on."""
        self._looks.clear()
        none = np.empty((0, self._columns), self._dtype)
        self.rows = Rows(first, first, self._room[:0], Blocks(np.array([first]), none, none))
        while len(self.rows.exact) <= len(rows):
            self._grow()
        self.rows.exact[: len(rows)] = rows

    @property
    def limit(self) -> int:
        """Iterations whose exact rows there is room for."""
        return len(self._room)

    def _reserve(self) -> np.ndarray:
        """Room for all of it: untouched, it takes addresses and no memory, and nothing is ever moved."""
        rows = max(2, EXACT_BYTES // (self._columns * self._dtype.itemsize))
        while True:
            try:
                return np.empty((rows, self._columns), self._dtype)
            except MemoryError:  # not even addresses here: then it is full sooner
                if rows <= FIRST_ROWS:
                    raise
                rows //= 2

    def make_room(self, kept: Iterable[int]) -> bool:
        """Room for more rows behind the last; kept: the iterations of checkpoints. False: there is none to be had, for an
        epoch is longer than half of the exact rows."""
        return self._grow() or self._fold(kept)

    def _grow(self) -> bool:
        rows = self.rows
        had, row_bytes = len(rows.exact), self._columns * self._dtype.itemsize
        n = min(had + max(FIRST_ROWS, min(had, GROWTH_BYTES // row_bytes)), self.limit)
        if n == had:
            return False
        self._room[had:n] = np.nan
        self.rows = rows._replace(exact=self._room[:n])
        return True

    # Older ones

    def _fold(self, kept: Iterable[int]) -> bool:
        """The older half of the exact rows becomes blocks; the others move to a room of their own, views stay valid."""
        first, before, exact, blocks = self.rows
        start = self._new_start(first + len(exact) // 2)
        if start is None:
            return False
        try:
            room = self._reserve()
        except MemoryError:
            return False
        for iteration in kept:
            if before <= iteration < start:
                self._looks[iteration] = exact[self._look(iteration) - first : iteration - first, self._loss].copy()
        self._thin_looks()
        end = start - 1  # one more row stays: an iteration looks at the loss before it
        edges = np.append(np.arange(blocks.edges[-1], end, BLOCK), end)
        low, high = extremes(exact, edges - first, self._rules, first)
        blocks = Blocks(
            np.concatenate((blocks.edges, edges[1:])),
            np.concatenate((blocks.low, low)), np.concatenate((blocks.high, high)),
        )  # fmt: skip
        while blocks.low.nbytes + blocks.high.nbytes > BLOCK_BYTES:
            blocks = _halved(blocks, self._rare)
        stays = exact[end - first :]
        room[: len(stays)] = stays
        self._room = room
        self.rows = Rows(end, start, room[: len(stays)], blocks)
        return self._grow()

    def _new_start(self, middle: int) -> int | None:
        """The start of an epoch, as near before the middle as there is one: from there on nothing looks back."""
        epoch, end = self.epochs.of(middle), self.rows.first + len(self.rows.exact)
        starts = (self.epochs.start(epoch), self.epochs.start(epoch + 1))
        return next((start for start in starts if self.rows.start + 1 < start <= end), None)

    def _look(self, iteration: int) -> int:
        """The first row that an iteration looks back on, or one that follows in its epoch."""
        return max(0, min(self.epochs.start(self.epochs.of(iteration)), iteration - 1))

    def _thin_looks(self) -> None:
        while sum(look.nbytes for look in self._looks.values()) > LOOK_BYTES:
            self._looks = {iteration: self._looks[iteration] for iteration in sorted(self._looks)[::2]}

    def can_resume(self, iteration: int) -> bool:
        """Is what that iteration looks back on there?"""
        return iteration >= self.rows.start or iteration in self._looks

    def look_back(self, iteration: int, first: int) -> np.ndarray:
        """(iteration - first, columns): the rows before an iteration which `can_resume`; in blocks, of the losses what it
        looks back on, and NaN for the rest."""
        rows = self.rows
        found = np.full((iteration - first, self._columns), np.nan, self._dtype)
        if iteration >= rows.start:
            begin = max(first, rows.first)
            found[begin - first :] = rows.exact[begin - rows.first : iteration - rows.first]
        elif (look := self._looks.get(iteration)) is not None:
            n = min(len(look), iteration - first)
            found[len(found) - n :, self._loss] = look[len(look) - n :]
        return found


def extremes(
    rows: np.ndarray, edges: np.ndarray, rules: Mapping[Due, list[int]], first: int
) -> tuple[np.ndarray, np.ndarray]:
    """low and high, (n, columns), of the rows between n + 1 edges, all but the last of them BLOCK apart; see Blocks.

    first: the iteration of row 0. rules: see `_rules_of`.
    """
    low = np.empty((len(edges) - 1, rows.shape[1]), rows.dtype)
    high = np.empty_like(low)
    whole = (len(edges) - 2) * BLOCK
    parts = [(slice(0, -1), rows[edges[0] : edges[0] + whole].reshape(-1, BLOCK, rows.shape[1]))]
    parts.append((slice(-1, None), rows[edges[-2] : edges[-1]][None]))
    for where, part in parts:
        if part.size:
            np.fmin.reduce(part, axis=1, out=low[where])
            np.maximum.reduce(part, axis=1, out=high[where])
    starts = edges[:-1] - edges[0]
    iterations = np.arange(first + edges[0], first + edges[-1])
    for rule, columns in rules.items():
        values = rows[edges[0] : edges[-1]][:, columns]
        is_due = (iterations >= rule.first) & ((iterations - rule.first) % rule.period == 0)
        broken = np.logical_or.reduceat(np.isnan(values) & is_due[:, None], starts, axis=0)
        high[:, columns] = np.where(broken, np.nan, np.fmax.reduceat(values, starts, axis=0))
    return low, high


def _halved(blocks: Blocks, rare: list[int]) -> Blocks:
    """Two neighbours become one. rare: columns that are not measured in every iteration, perhaps nowhere in a block."""
    n = len(blocks.low) // 2 * 2
    low = np.fmin(blocks.low[0:n:2], blocks.low[1:n:2])
    first, second = blocks.high[0:n:2], blocks.high[1:n:2]
    high = np.maximum(first, second)
    has_nothing = np.isnan(blocks.low[:, rare])  # or nothing but NaN, and then so is its high
    left, right = first[:, rare], second[:, rare]
    high[:, rare] = np.where(has_nothing[0:n:2], right, np.where(has_nothing[1:n:2], left, high[:, rare]))
    edges = np.concatenate((blocks.edges[0:n:2], blocks.edges[n:]))
    return Blocks(edges, np.concatenate((low, blocks.low[n:])), np.concatenate((high, blocks.high[n:])))


def _rules_of(program: Program) -> dict[Due, list[int]]:
    """Which columns are not measured in every iteration, by the rule of when they are."""
    found: dict[Due, list[int]] = {}
    for metric in program.metrics.values():
        if metric.due != EVERY_ITERATION:
            found.setdefault(metric.due, []).append(metric.column)
    return found
