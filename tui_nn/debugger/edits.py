"""Edits: what is changed in the middle of a run, from one position on.

A key says what, in the words of the scenario file or of conditions: "optimizer.lr", "data.batch_size", "clip.norm",
"layers[0].l2", of a layer by its name "dense_1.l2" or "dense_1.trainable", of a single number "weight.dense_1[3,4]".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel

from tui_nn.debugger.position import Position
from tui_nn.engine.program import Program, Tensor
from tui_nn.scenario import Scenario
from tui_nn.scenario.change import changed
from tui_nn.scenario.errors import Path, dotted, nearest, unknown
from tui_nn.scenario.extends import OWN
from tui_nn.scenario.naming import layer_names
from tui_nn.scenario.overrides import paths_of

TABLES = ("optimizer", "schedule", "clip", "stopping", "train", "probes")  # every key of theirs may be changed
DATA = ("batch_size",)
LOSS = ("label_smoothing",)
LAYER = ("l1", "l2", "max_norm", "rate", "trainable", "momentum", "eps", "negative_slope", "alpha")

_VALUE = re.compile(r"([a-z_]+)\.([a-z][a-z0-9_]*)\[\s*([0-9]{1,9}(?:\s*,\s*[0-9]{1,9}){0,3})\s*\]")
_OF_LAYER = re.compile(r"([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)")


class EditError(ValueError):
    """An edit that cannot be made. The message names the key, the value and the cure."""


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


def is_value_key(key: str) -> bool:
    """Does it name a single number rather than a setting?"""
    return _VALUE.fullmatch(key) is not None


def value_of(program: Program, key: str) -> tuple[Tensor, tuple[int, ...]]:
    """The tensor and the entry that "weight.dense_1[3,4]" names. Errors: EditError."""
    match = _VALUE.fullmatch(key)
    assert match is not None
    role, layer, index = match[1], match[2], tuple(int(number) for number in match[3].split(","))
    learning = {tensor.layer: None for tensor in program.tensors}
    if layer not in learning:
        raise EditError(f"{key}: {unknown('layer', layer, learning)}")
    tensors = {tensor.role: tensor for tensor in program.tensors if tensor.layer == layer}
    if role not in tensors:
        raise EditError(f"{key}: {layer} has no {role!r}; it has {', '.join(tensors)}")
    shape = tensors[role].shape
    if len(index) != len(shape) or any(i >= n for i, n in zip(index, shape, strict=True)):
        last = ",".join(str(n - 1) for n in shape)
        raise EditError(f"{key}: {role}.{layer} has shape {list(shape)}; its last entry is {role}.{layer}[{last}]")
    return tensors[role], index


def with_setting(scenario: Scenario, program: Program, key: str, value: Any) -> tuple[Scenario, Path, Any]:
    """The scenario with another setting; the setting's path and its old value. Errors: EditError."""
    path = _path(scenario, program, key)
    _check_changeable(path, key)
    result = changed(scenario, {dotted(path): value})
    if result.scenario is None:
        raise EditError(f"{key} = {value!r}: " + "; ".join(fault.message for fault in result.faults))
    after = result.scenario.model_copy(update={name: getattr(scenario, name) for name in OWN})
    return after, path, _value_at(scenario, path)


def _path(scenario: Scenario, program: Program, key: str) -> Path:
    """Where in the scenario a key points; a layer's name stands for its table."""
    names = {row.name: row.index for row in layer_names(scenario, program.dataset.form)}
    match = _OF_LAYER.fullmatch(key)
    if match and match[1] in names:
        return ("layers", names[match[1]], match[2])
    try:
        path = next(iter(paths_of(key)))
    except ValueError as error:
        raise EditError(f"{key}: {error}") from None
    if path[0] not in Scenario.model_fields:
        close = nearest(str(path[0]), [*TABLES, "data", "loss", "layers", *names])
        cure = f"did you mean {close!r}?" if close else "name a setting, like optimizer.lr or dense_1.trainable"
        raise EditError(f"{key}: unknown key {path[0]!r}; {cure}")
    return path


def _check_changeable(path: Path, key: str) -> None:
    """Only what says how training goes on may change; data, network and start are what they were."""
    top, last = path[0], path[-1]
    allowed = {"data": DATA, "loss": LOSS, "layers": LAYER}.get(str(top))
    if top in TABLES or (allowed and last in allowed):
        return
    may = ", ".join([*(f"{table}.…" for table in TABLES), "data.batch_size", *(f"LAYER.{name}" for name in LAYER)])
    raise EditError(
        f"{key} is settled when a run starts; open it anew with --set. In the middle of a run may change: {may}"
    )


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
