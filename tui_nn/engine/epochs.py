"""Which epoch and which samples an iteration takes, also where the batch size changed in the middle of an epoch.

An epoch is one pass over the training part in the epoch's own order. A new batch size takes over at the next sample of
the epoch under way: its order stays, and the rest of it is cut anew. From the next epoch on all is as if it had always
been so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Epochs:
    """Holds from iteration `first` on, where `sample` samples of `epoch` are taken; `before` holds for those before it."""

    n_train: int
    batch_size: int
    first: int = 0
    epoch: int = 0
    sample: int = 0
    before: Epochs | None = None

    def then(self, iteration: int, batch_size: int) -> Epochs:
        """The same up to that iteration, and another batch size from there on."""
        return Epochs(self.n_train, batch_size, iteration, self.of(iteration), self.sample_at(iteration), self)

    @property
    def per_epoch(self) -> int:
        """Iterations in a whole epoch."""
        return -(-self.n_train // self.batch_size)

    @property
    def first_whole(self) -> int:
        """The iteration that starts the first epoch behind the one under way at `first`."""
        return self.first - (self.sample - self.n_train) // self.batch_size

    def of(self, iteration: int) -> int:
        """The epoch of that iteration, from 0: passes done before it."""
        if self.before and iteration < self.first:
            return self.before.of(iteration)
        if iteration < self.first_whole:
            return self.epoch
        return self.epoch + 1 + (iteration - self.first_whole) // self.per_epoch

    def of_each(self, iterations: np.ndarray) -> np.ndarray:
        """The same of many."""
        whole = self.epoch + 1 + (iterations - self.first_whole) // self.per_epoch
        epochs = np.where(iterations < self.first_whole, self.epoch, whole)
        return np.where(iterations < self.first, self.before.of_each(iterations), epochs) if self.before else epochs

    def start(self, epoch: int) -> int:
        """The first iteration of that epoch."""
        if self.before and (epoch < self.epoch or (epoch == self.epoch and self.sample > 0)):
            return self.before.start(epoch)
        if epoch == self.epoch:
            return self.first
        return self.first_whole + (epoch - self.epoch - 1) * self.per_epoch

    def batch(self, iteration: int) -> int:
        """Which batch of its epoch, from 0."""
        return iteration - self.start(self.of(iteration))

    def batches(self, iteration: int) -> int:
        """How many batches its epoch has."""
        epoch = self.of(iteration)
        return self.start(epoch + 1) - self.start(epoch)

    def sample_at(self, iteration: int) -> int:
        """Samples of its epoch that were taken before it: where in the epoch's order its batch begins."""
        if self.before and iteration < self.first:
            return self.before.sample_at(iteration)
        if iteration < self.first_whole:
            return self.sample + (iteration - self.first) * self.batch_size
        return (iteration - self.first_whole) % self.per_epoch * self.batch_size

    def rows(self, iteration: int) -> int:
        """Samples in its batch: the last of an epoch may be smaller."""
        if self.before and iteration < self.first:
            return self.before.rows(iteration)
        return min(self.batch_size, self.n_train - self.sample_at(iteration))

    def is_last(self, iteration: int) -> bool:
        """Does it end its epoch?"""
        return self.of(iteration + 1) > self.of(iteration)

    @property
    def rows_before(self) -> tuple[int, ...]:
        """Samples in each batch of the epoch under way at `first` that was taken before it."""
        if not self.before or self.sample == 0:
            return ()
        return tuple(self.before.rows(iteration) for iteration in range(self.start(self.epoch), self.first))

    @property
    def longest(self) -> int:
        """Iterations that a whole epoch takes with this batch size or the one before, whichever is more."""
        return max(self.per_epoch, self.before.per_epoch if self.before and self.first > 0 else 0)

    def pass_length(self, iteration: int) -> int:
        """Iterations back from that one, itself counted, within which each sample has surely had its turn.

        While the pass before it may reach back behind a change, the longer of the two epochs.
        """
        return self.longest if iteration < self.first_whole + self.per_epoch - 1 else self.per_epoch
