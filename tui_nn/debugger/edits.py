"""Edits: what is changed in the middle of a run, from one position on.

What may be changed, and by which words: scenario/edit_keys.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel

from tui_nn.debugger.position import Position
from tui_nn.engine.program import Program, Tensor
from tui_nn.scenario import Scenario, edit_keys
from tui_nn.scenario.edit_keys import EditError, value_place
from tui_nn.scenario.errors import Path


@dataclass(frozen=True)
class Edit:
    """From `position` on, `key` is `value`; it was `old`. index: of a single number, its entry in the tensor `key` names."""

    position: Position
    key: str
    old: Any
    value: Any
    tensor: str = ""
    index: tuple[int, ...] = ()

    @property
    def is_value(self) -> bool:
        return bool(self.tensor)

    def __str__(self) -> str:
        return f"{self.key}: {words(self.old)} → {words(self.value)}"


def words(value: Any) -> str:
    if value is None:
        return "(none)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, BaseModel):  # a whole table, like [schedule]
        kind = {"type": value.type} if hasattr(value, "type") else {}  # type: ignore[attr-defined]
        return ", ".join(
            f"{key} {words(each)}" for key, each in (kind | value.model_dump(exclude_defaults=True)).items()
        )
    if isinstance(value, dict):
        return ", ".join(f"{key} {words(each)}" for key, each in value.items() if each is not None)
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def value_of(program: Program, key: str) -> tuple[Tensor, tuple[int, ...]]:
    """The tensor and the entry that "weight.dense_1[3,4]" names. Errors: EditError."""
    name, index = value_place(key, {tensor.name: tensor.shape for tensor in program.tensors})
    return next(tensor for tensor in program.tensors if tensor.name == name), index


def with_setting(scenario: Scenario, program: Program, key: str, value: Any) -> tuple[Scenario, Path, Any]:
    """The scenario with another setting; the setting's path and its old value. Errors: EditError."""
    after, path = edit_keys.with_setting(scenario, key, value, program.dataset.form)
    return after, path, _value_at(scenario, path)


def _value_at(scenario: Scenario, path: Path) -> Any:
    value: Any = scenario
    for part in path:
        if value is None:
            return None
        value = value[part] if isinstance(part, int) else getattr(value, part, None)
    return value


def check_batches(program: Program, first: int, key: str, value: Any) -> None:
    """Of a new batch size: a batch norm needs two samples, also in what is left of the epoch. Errors: EditError."""
    norm = next((layer.name for layer in program.layers if layer.kind == "batch_norm" and layer.positions == 1), None)
    epochs = program.epochs
    ends = epochs.first_whole - 1, epochs.first_whole + epochs.per_epoch - 1  # of this epoch, and of each later one
    lonely = next((end for end in ends if end >= first and epochs.rows(end) == 1), None)
    if norm and lonely is not None:
        raise EditError(
            f"{key} = {value!r}: iteration {lonely} would have a batch of 1 sample, and {norm} needs at least 2 for a "
            f"variance; use another size, or change it at the start of an epoch"
        )


def migrated(before: Program, mem: np.ndarray, after: Program) -> np.ndarray:
    """(state_size,) of the program after: parameters and buffers by name, slots of an optimizer that goes on, what else
    both keep. What only the new one has starts as at the start of a run."""
    state = after.initial.copy()
    old = {tensor.name: tensor for layer in before.layers for tensor in (*layer.parameters, *layer.buffers)}
    for layer in after.layers:
        for tensor in (*layer.parameters, *layer.buffers):
            if tensor.name in old:
                tensor.view(state)[:] = old[tensor.name].view(mem)
    if after.born == before.born:
        for tensor in after.tensors:
            theirs = before.slots_of(old[tensor.name])
            for name, shift in after.slots_of(tensor).items():
                if name in theirs:
                    tensor.view(state, shift)[:] = old[tensor.name].view(mem, theirs[name])
    for name, (start, size) in after.kept.items():
        there = before.kept.get(name)
        if there and there[1] == size:
            state[start : start + size] = mem[there[0] : there[0] + size]
    return state
