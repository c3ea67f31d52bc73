"""What may be changed in the middle of a run, and by which words: the rule of `Session.set`, scripts and `--edit`.

A key is one of the scenario file, "optimizer.lr" or "layers[0].l2"; of a layer by its name, "dense_1.trainable"; or a single
number, "weight.dense_1[3,4]".
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tui_nn.scenario.change import changed
from tui_nn.scenario.errors import Path, dotted, nearest, unknown
from tui_nn.scenario.extends import OWN
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.naming import layer_names, parameter_shapes
from tui_nn.scenario.overrides import paths_of
from tui_nn.scenario.spec.shape import Shape

TABLES = ("optimizer", "schedule", "clip", "stopping", "train", "probes")  # every key of theirs may be changed
DATA = ("batch_size",)
LOSS = ("label_smoothing",)
LAYER = ("l1", "l2", "max_norm", "rate", "trainable", "momentum", "eps", "negative_slope", "alpha")
WHOLE = ("schedule", "stopping")  # tables that come and go as one: a part of them alone says nothing

_VALUE = re.compile(r"([a-z_]+)\.([a-z][a-z0-9_]*)\[\s*([0-9]{1,9}(?:\s*,\s*[0-9]{1,9}){0,3})\s*\]")
_OF_LAYER = re.compile(r"([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)")


class EditError(ValueError):
    """An edit that cannot be made. The message names the key, the value and the cure."""


def edits_of(table: Mapping[str, Any], key: str = "") -> Iterator[tuple[str, Any]]:
    """("optimizer.lr", 0.3) of what a script's `edit` says, in its order; without quotes TOML makes tables of the dots."""
    for part, value in table.items():
        name = f"{key}.{part}" if key else part
        if isinstance(value, dict) and value and name not in WHOLE and "type" not in value:
            yield from edits_of(value, name)
        else:
            yield name, value


def is_value_key(key: str) -> bool:
    """Does it name a single number rather than a setting?"""
    return _VALUE.fullmatch(key) is not None


def value_place(key: str, shapes: Mapping[str, Shape]) -> tuple[str, tuple[int, ...]]:
    """("dense_1.weight", (3, 4)) of "weight.dense_1[3,4]". shapes: of all parameters, by such names. Errors: EditError."""
    match = _VALUE.fullmatch(key)
    assert match is not None
    role, layer, index = match[1], match[2], tuple(int(number) for number in match[3].split(","))
    learning = dict.fromkeys(name.rsplit(".", 1)[0] for name in shapes)
    if layer not in learning:
        raise EditError(f"{key}: {unknown('layer', layer, learning)}")
    roles = {name.rsplit(".", 1)[1]: shape for name, shape in shapes.items() if name.rsplit(".", 1)[0] == layer}
    if role not in roles:
        raise EditError(f"{key}: {layer} has no {role!r}; it has {', '.join(roles)}")
    shape = roles[role]
    if len(index) != len(shape) or any(i >= n for i, n in zip(index, shape, strict=True)):
        last = ",".join(str(n - 1) for n in shape)
        raise EditError(f"{key}: {role}.{layer} has shape {list(shape)}; its last entry is {role}.{layer}[{last}]")
    return f"{layer}.{role}", index


def number_of(key: str, value: Any) -> float:
    """What a single number is to be. Errors: EditError."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise EditError(f"{key} = {value!r}: a number is needed, like {key} = 0.5")
    return float(value)


def with_setting(scenario: Scenario, key: str, value: Any, form: Shape | None = None) -> tuple[Scenario, Path]:
    """The scenario with another setting, and where that stands. form: of data other than its own. Errors: EditError."""
    path = _path(scenario, key, form)
    _check_changeable(path, key)
    result = changed(scenario, {dotted(path): value})
    if result.scenario is None:
        raise EditError(f"{key} = {value!r}: " + "; ".join(fault.message for fault in result.faults))
    return result.scenario.model_copy(update={name: getattr(scenario, name) for name in OWN}), path


def with_edit(scenario: Scenario, key: str, value: Any) -> Scenario:
    """What an edit leaves of the scenario, which a single number does not change. Errors: EditError."""
    if not is_value_key(key):
        return with_setting(scenario, key, value)[0]
    value_place(key, parameter_shapes(scenario))
    number_of(key, value)
    return scenario


def _path(scenario: Scenario, key: str, form: Shape | None) -> Path:
    """Where in the scenario a key points; a layer's name stands for its table."""
    names = {row.name: row.index for row in layer_names(scenario, form)}
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
