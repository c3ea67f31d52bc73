"""One training iteration as a program: the table of ops, and where everything stands in flat memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from tui_nn.data import Dataset
    from tui_nn.scenario import Scenario

Phase = Literal["load", "forward", "loss", "backward", "update", "validate"]
Every = Literal["iteration", "epoch"]


@dataclass(frozen=True)
class Tensor:
    """A parameter: `offset` into mem; stored transposed if it is a weight, seen as (out_features, in_features)."""

    name: str
    layer: str
    role: Literal["weight", "bias"]
    shape: tuple[int, ...]
    offset: int

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    def view(self, mem: np.ndarray, shift: int = 0) -> np.ndarray:
        """The tensor in `mem`, or what stands `shift` elements behind it (its gradient, its slots)."""
        flat = mem[self.offset + shift : self.offset + shift + self.size]
        return flat.reshape(self.shape[::-1]).T if self.role == "weight" else flat


@dataclass(frozen=True)
class Layer:
    """A dense layer or an activation: where its output and the loss's gradient with respect to it stand in mem."""

    name: str
    kind: str
    units: int
    n_in: int
    output: int
    delta: int
    parameters: tuple[Tensor, ...]
    forward_op: int
    backward_op: int
    update_op: int | None


@dataclass(frozen=True)
class Metric:
    """A column of the history, and the op that writes it."""

    name: str
    column: int
    op: int
    every: Every


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
    every: Every
    iterations_per_epoch: int = field(repr=False)

    def is_due(self, iteration: int) -> bool:
        """Validation runs in the last iteration of an epoch; everything else always."""
        return self.every == "iteration" or (iteration + 1) % self.iterations_per_epoch == 0


@dataclass(frozen=True, eq=False)
class Program:
    """A scenario, compiled: what one iteration executes, and on which memory. Read-only."""

    scenario: Scenario
    dataset: Dataset
    dtype: np.dtype
    data: np.ndarray  # what the machine reads: x_train, y_train, x_val, y_val, flat
    initial: np.ndarray  # (state_size,) parameters and optimizer slots before the first update
    ops: tuple[Op, ...]
    layers: tuple[Layer, ...]
    metrics: dict[str, Metric]
    n_columns: int  # of the history
    table: np.ndarray  # (n_ops, layout.ROW) int64
    kernels: tuple[str, ...]  # by the index in the table's KERNEL column, in order of first use
    slot_shifts: dict[str, int]  # slot name -> how far behind a parameter its slot stands
    grad_shift: int
    input_offset: int
    target_offset: int
    n_target: int
    state_size: int
    frame_size: int
    memory_size: int
    batch_size: int
    n_train: int
    n_val: int
    iterations_per_epoch: int
    planned_iterations: int
    settings: dict[str, float]  # of the optimizer

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        return tuple(tensor for layer in self.layers for tensor in layer.parameters)

    @property
    def n_parameters(self) -> int:
        return sum(tensor.size for tensor in self.tensors)

    @cached_property
    def loss_op(self) -> int:
        return next(op.index for op in self.ops if op.phase == "loss")

    def rows(self, iteration: int) -> int:
        """Samples in the batch of that iteration: the last batch of an epoch may be smaller."""
        start = iteration % self.iterations_per_epoch * self.batch_size
        return min(self.batch_size, self.n_train - start)

    def is_due(self, iteration: int, op: int) -> bool:
        return self.ops[op].is_due(iteration)
