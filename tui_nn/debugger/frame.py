"""A frame: what is to be seen at one position. Frozen, read-only, made of copies, cheap to take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Literal

import numpy as np

from tui_nn.debugger.history import History
from tui_nn.debugger.position import Position
from tui_nn.engine import layout as at
from tui_nn.engine.machine import Snapshot
from tui_nn.engine.parts import KINDS, OPTIMIZERS
from tui_nn.engine.program import Layer, Op, Program, Tensor
from tui_nn.scenario.spec.shape import Shape, positions


@dataclass(frozen=True, eq=False)
class ParameterFrame:
    """A weight, seen as (out_features, in_features), or a bias, (out_features,); what belongs to it has the same shape.

    effective_step is what the last update subtracted; zeros before the first. (It is worked out from the slots, and by
    some optimizers from the gradient too: between a layer's backward row and its update those show the new gradient's
    step with the slots as they stand. For plain SGD that is what the coming update will subtract.)
    """

    name: str
    role: str
    value: np.ndarray
    grad: np.ndarray
    slots: Mapping[str, np.ndarray]
    effective_step: np.ndarray
    is_grad_fresh: bool
    is_update_fresh: bool


@dataclass(frozen=True, eq=False)
class LayerFrame:
    """One layer's output and the loss's gradient with respect to it, for the live samples.

    Shapes: activation and delta are (rows, values), the numbers of a sample side by side; shape_in and shape say how they
    lie, and at_positions lays a place of a sample beside the other. Fresh means computed in this iteration; else left from the one
    before, and with no iteration before, (0, values).
    buffers: what the layer itself moves, like the (units,) running_mean. scratch: what its forward row left for its
    backward row, flat.
    """

    name: str
    kind: str
    shape_in: Shape
    shape: Shape
    activation: np.ndarray
    delta: np.ndarray
    is_forward_fresh: bool
    is_backward_fresh: bool
    parameters: tuple[ParameterFrame, ...]
    metrics: Mapping[str, float]
    buffers: Mapping[str, np.ndarray]
    scratch: np.ndarray

    @property
    def units(self) -> int:
        """Numbers at each place: features or channels."""
        return self.shape[-1]

    @property
    def positions(self) -> int:
        """Places of one sample: 1, steps or pixels."""
        return positions(self.shape)

    @property
    def values(self) -> int:
        """Numbers of one sample."""
        return prod(self.shape)

    def at_positions(self, array: np.ndarray) -> np.ndarray:
        """Activation or delta as (rows x places, units): what statistics of units are taken over."""
        return array.reshape(-1, self.units)

    @property
    def mask(self) -> np.ndarray | None:
        """Of a dropout layer, (rows, values): 0 where a unit was switched off, 1 / (1 - rate) where it was on."""
        return self.scratch.reshape(self.activation.shape) if self.kind == "dropout" else None

    @property
    def has_delta(self) -> bool:
        return len(self.delta) > 0


@dataclass(frozen=True, eq=False)
class Frame:
    """Everything a panel needs. `op` is the index of the next row; metrics hold what was measured up to here."""

    program: Program
    position: Position
    reached: Position
    is_running: bool
    history: History
    snapshot: Snapshot

    @property
    def iteration(self) -> int:
        return self.position.iteration

    @property
    def op(self) -> int:
        return self.position.op

    @property
    def epoch(self) -> int:
        return self.program.epochs.of(self.iteration)

    @property
    def batch(self) -> int:
        """Which batch of the epoch comes next or is under way, from 0."""
        return self.program.epochs.batch(self.iteration)

    @property
    def planned_iterations(self) -> int:
        return self.program.planned_iterations

    @property
    def last_op(self) -> Op | None:
        """The row executed last; None at the very start."""
        if self.op > 0:
            return self.program.ops[self.op - 1]
        if self.iteration == 0:
            return None
        return next(op for op in reversed(self.program.ops) if op.is_due(self.iteration - 1))

    @cached_property
    def metrics(self) -> dict[str, float]:
        values = {name: self.history.value(name) for name in self.program.metrics}
        return {name: value for name, value in values.items() if value is not None}

    @cached_property
    def layers(self) -> tuple[LayerFrame, ...]:
        return tuple(self._layer(layer) for layer in self.program.layers)

    @property
    def is_blank(self) -> bool:
        """Did nothing stand in memory but the state where this iteration began? At the start, and behind some edits."""
        return self.iteration <= self.snapshot.ctl[at.BLANK]

    @property
    def rows(self) -> int:
        """Live samples of the batch in memory."""
        return self._rows_after(0)

    @cached_property
    def sample_indices(self) -> np.ndarray:
        """Which training samples are in the batch, (rows,)."""
        return self.snapshot.ctl[at.HEADER : at.HEADER + self.rows]

    @cached_property
    def inputs(self) -> np.ndarray:
        """(rows, n_features), scaled as the network sees them."""
        return self._batch_array(self.program.input_offset, self.program.dataset.n_features, 0)

    @cached_property
    def targets(self) -> np.ndarray:
        """(rows, columns): of a sequence answered at each step their targets side by side; values, one-hot rows, or one column of class indices, as the loss takes them."""
        return self._batch_array(self.program.target_offset, self.program.n_target, 0)

    def confusion(self, part: Literal["validate", "test"] = "validate") -> np.ndarray | None:
        """Samples by true class (row) and predicted class (column), (classes, classes) int64; None before it is counted."""
        offset = self.program.confusions.get(part)
        op = next((op for op in self.program.ops if op.kind == "confusion" and op.phase == part), None)
        if offset is None or op is None:
            return None
        last = op.due.last_before(self.iteration + (self.op > op.index))
        if last is None or last < self.snapshot.ctl[at.BLANK]:
            return None
        classes = max(2, self.program.dataset.n_outputs)
        counts = self.snapshot.mem[offset : offset + classes * classes].reshape(classes, classes)
        return counts.astype(np.int64)

    def layer(self, name: str) -> LayerFrame:
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(f"no layer {name!r}; there are {', '.join(layer.name for layer in self.layers)}")

    def _rows_after(self, op: int) -> int:
        """Live samples in what row `op` wrote last: of this iteration's batch, or of the one before, if that left anything."""
        if self.op > op:
            return self.program.rows(self.iteration)
        return 0 if self.is_blank else self.program.rows(self.iteration - 1)

    def _batch_array(self, offset: int, width: int, op: int) -> np.ndarray:
        rows = self._rows_after(op)
        array = self.snapshot.mem[offset : offset + rows * width].reshape(rows, width)
        array.flags.writeable = False
        return array

    def _layer(self, layer: Layer) -> LayerFrame:
        return LayerFrame(
            name=layer.name,
            kind=layer.kind,
            shape_in=layer.shape_in,
            shape=layer.shape,
            activation=self._batch_array(layer.output, layer.values, layer.forward_op),
            delta=self._batch_array(layer.delta, layer.values, layer.delta_op),
            is_forward_fresh=self.op > layer.forward_op,
            is_backward_fresh=self.op > layer.delta_op,
            parameters=tuple(self._parameter(layer, tensor) for tensor in layer.parameters),
            metrics=self._layer_metrics.get(layer.name, {}),
            buffers={tensor.role: tensor.view(self.snapshot.mem) for tensor in layer.buffers},
            scratch=self._scratch(layer),
        )

    @cached_property
    def _layer_metrics(self) -> dict[str, dict[str, float]]:
        """By layer, then by family: a network of 500 layers has thousands, so they are sorted out once."""
        sorted_out: dict[str, dict[str, float]] = {}
        for name, value in self.metrics.items():
            family, _, layer = name.partition(".")
            sorted_out.setdefault(layer, {})[family] = value
        return sorted_out

    def _scratch(self, layer: Layer) -> np.ndarray:
        rows = self._rows_after(layer.first_op)
        size = KINDS[layer.kind].scratch(rows, layer) if layer.scratch >= 0 and rows > 0 else 0
        return self.snapshot.mem[layer.scratch : layer.scratch + size]

    def _parameter(self, layer: Layer, tensor: Tensor) -> ParameterFrame:
        mem, program = self.snapshot.mem, self.program
        is_update_fresh = self.op > layer.updates[tensor.name]
        slots = {name: tensor.view(mem, shift) for name, shift in program.slots_of(tensor).items()}
        updates = self.iteration + is_update_fresh - program.born
        grad = tensor.view(mem, program.grad_shift)
        return ParameterFrame(
            name=tensor.name,
            role=tensor.role,
            value=tensor.view(mem),
            grad=grad,
            slots=slots,
            effective_step=self._effective_step(grad, slots, updates),
            is_grad_fresh=self.op > layer.backward_op,
            is_update_fresh=is_update_fresh,
        )

    def _effective_step(self, grad: np.ndarray, slots: Mapping[str, np.ndarray], updates: int) -> np.ndarray:
        if updates == 0:
            return np.zeros(grad.shape, self.program.dtype)
        optimizer = OPTIMIZERS[self.program.scenario.optimizer.type]
        with np.errstate(all="ignore"):
            return optimizer.effective_step(grad, slots, self.settings, updates)

    @cached_property
    def settings(self) -> Mapping[str, float]:
        """The optimizer's, with the learning rate that the newest update was made with."""
        has_schedule = any(op.kind == "schedule" for op in self.program.ops)
        lr = self.metrics.get("lr") if has_schedule else None
        if lr is None:
            return self.program.settings
        share = lr / self.program.settings["lr"]  # Muon's second learning rate follows the first
        second = {"adam_lr": self.program.settings["adam_lr"] * share} if "adam_lr" in self.program.settings else {}
        return self.program.settings | {"lr": lr} | second
