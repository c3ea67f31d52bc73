"""One training iteration as a program: the table of ops, and where everything stands in flat memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tui_nn.engine import layout as at
from tui_nn.engine.epochs import Epochs
from tui_nn.scenario.spec.shape import Shape, positions

if TYPE_CHECKING:
    from tui_nn.data import Dataset
    from tui_nn.scenario import Scenario

Phase = Literal["load", "measure", "forward", "loss", "backward", "update", "validate", "test"]
Every = Literal["iteration", "epoch", "period", "never"]


@dataclass(frozen=True)
class Due:
    """When a row is executed: in iteration `first`, and every `period` iterations from there."""

    every: Every
    period: int = 1
    first: int = 0

    def at(self, iteration: int) -> bool:
        return iteration >= self.first and (iteration - self.first) % self.period == 0

    def last_before(self, n: int) -> int | None:
        """The newest of the iterations 0 .. n - 1 in which it was due."""
        return n - 1 - (n - 1 - self.first) % self.period if n > self.first else None


SETTLE = "settle"  # the kernel's name
EVERY_ITERATION = Due("iteration")
NEVER = Due("never", 1, 2**62)  # of a row that moves what is frozen


@dataclass(frozen=True)
class Tensor:
    """A parameter: `offset` into mem.

    A matrix stands with its outputs last, (in, out), and is seen as (out, in). The weights of a convolution stand as
    (*window, in, out), and are seen as (out, in, *window): for a product they are a matrix all the same.
    """

    name: str
    layer: str
    role: str  # "weight", "bias"; of a buffer its own name
    shape: tuple[int, ...]
    offset: int

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    @property
    def is_matrix(self) -> bool:
        return len(self.shape) >= 2

    @property
    def matrix(self) -> tuple[int, int]:
        """Outputs, and inputs of each."""
        return self.shape[0], self.size // self.shape[0]

    def view(self, mem: np.ndarray, shift: int = 0) -> np.ndarray:
        """The tensor in `mem`, or what stands `shift` elements behind it (its gradient, its slots)."""
        flat = mem[self.offset + shift : self.offset + shift + self.size]
        if not self.is_matrix:
            return flat
        n_out, n_in, *window = self.shape
        n = len(self.shape)
        return flat.reshape(*window, n_in, n_out).transpose(n - 1, n - 2, *range(n - 2))


@dataclass(frozen=True)
class Layer:
    """A row of the network: where its output and the loss's gradient with respect to it stand in mem.

    buffers are part of the state, but moved by the layer itself. delta_op is the row that completes its delta;
    first_op begins its output and forward_op completes it.
    updates has the row that moves each parameter. scratch (-1: none) is what forward leaves for backward.
    shape_in, shape: of what comes in and goes out, for one sample; see scenario/spec/shape.py.
    """

    name: str
    kind: str
    shape_in: Shape
    shape: Shape
    output: int
    delta: int
    parameters: tuple[Tensor, ...]
    buffers: tuple[Tensor, ...]
    scratch: int
    first_op: int
    forward_op: int
    backward_op: int
    delta_op: int
    updates: dict[str, int]
    spec: Any  # its table in the scenario

    @property
    def units(self) -> int:
        """Numbers at each place: features or channels."""
        return self.shape[-1]

    @property
    def n_in(self) -> int:
        return self.shape_in[-1]

    @property
    def positions(self) -> int:
        """Places of one sample: 1, steps or pixels."""
        return positions(self.shape)

    @property
    def values(self) -> int:
        """Numbers of one sample."""
        return prod(self.shape)


@dataclass(frozen=True)
class Metric:
    """A column of the history, and the op that writes it."""

    name: str
    column: int
    op: int
    due: Due

    @property
    def every(self) -> Every:
        return self.due.every


@dataclass(frozen=True)
class Op:
    """One row of the listing."""

    index: int
    phase: Phase
    kind: str
    layer: str | None
    label: str
    shape: str
    formula: str
    kernel: str
    due: Due

    @property
    def every(self) -> Every:
        return self.due.every

    def is_due(self, iteration: int) -> bool:
        """Validation runs in the last iteration of an epoch, the test at the planned end; most rows always."""
        return self.due.at(iteration)


@dataclass(frozen=True, eq=False)
class Program:
    """A scenario, compiled: what one iteration executes, and on which memory. Read-only."""

    scenario: Scenario
    dataset: Dataset
    dtype: np.dtype
    data: np.ndarray  # what the machine reads: x and y of the training, validation and test parts, flat
    setting: np.ndarray  # what kernels read as settings: the optimizer's, its table, then the rows' own
    initial: np.ndarray  # (state_size,) parameters, optimizer slots and buffers before the first update
    ops: tuple[Op, ...]
    layers: tuple[Layer, ...]
    metrics: dict[str, Metric]
    n_columns: int  # of the history
    table: np.ndarray  # (n_ops and called rows, layout.ROW) int64
    kernels: tuple[str, ...]  # by the index in the table's KERNEL column, in order of first use
    slot_shifts: dict[str, int]  # slot name -> how far behind a parameter its slot stands
    grad_shift: int
    input_offset: int
    target_offset: int
    n_target: int  # numbers of a sample's target
    state_size: int
    frame_size: int
    memory_size: int
    batch_size: int
    n_train: int
    n_val: int
    n_test: int
    epochs: Epochs
    born: int  # updates done when this optimizer began
    planned_iterations: int
    settings: dict[str, float]  # of the optimizer
    kept: dict[str, tuple[int, int]]  # (offset, size) of what the run itself remembers: early stopping, schedules
    confusions: dict[Phase, int]  # where the confusion matrix of "validate" or "test" stands in mem

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        return tuple(tensor for layer in self.layers for tensor in layer.parameters)

    def slots_of(self, tensor: Tensor) -> dict[str, int]:
        """What the optimizer keeps of this tensor: slot name -> how far behind it the slot stands."""
        optimizer = self.scenario.optimizer
        names = optimizer.slots if tensor.is_matrix else optimizer.vector_slots
        return {name: self.slot_shifts[name] for name in names}

    @property
    def n_parameters(self) -> int:
        return sum(tensor.size for tensor in self.tensors)

    @cached_property
    def loss_op(self) -> int:
        return next(op.index for op in self.ops if op.phase == "loss")

    @cached_property
    def schedule_op(self) -> int | None:
        """The row that sets the learning rate of its iteration, if it changes at all."""
        return next((op.index for op in self.ops if op.kind == "schedule"), None)

    def has_layout_of(self, other: Program) -> bool:
        """Do both have the same rows on the same memory? Then they differ in settings alone, and one may go on for the other."""
        kept = np.ones(at.ROW, bool)
        kept[at.SETTING] = False
        return (
            self.table.shape == other.table.shape
            and np.array_equal(self.table[:, kept], other.table[:, kept])
            and self.kernels == other.kernels
            and self.memory_size == other.memory_size
            and self.epochs == other.epochs
            and self.born == other.born
        )

    @cached_property
    def tallied(self) -> tuple[int, ...]:
        """The ops whose measurements are settled later, eight iterations together: see ops/tally.py."""
        return tuple(int(op) for op in np.flatnonzero(self.table[: len(self.ops), at.TALLY] >= 0))

    @property
    def settle(self) -> int:
        """The kernel that does it, by its index; -1: there are no such ops."""
        return self.kernels.index(SETTLE) if SETTLE in self.kernels else -1

    @property
    def iterations_per_epoch(self) -> int:
        """Of a whole epoch with this batch size."""
        return self.epochs.per_epoch

    def rows(self, iteration: int) -> int:
        """Samples in the batch of that iteration: the last batch of an epoch may be smaller."""
        return self.epochs.rows(iteration)

    def is_due(self, iteration: int, op: int) -> bool:
        return self.ops[op].is_due(iteration)
