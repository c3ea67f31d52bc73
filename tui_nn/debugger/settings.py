"""What of a run may be changed here, with its present value, and how a new value is typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel

from tui_nn.debugger.edits import words
from tui_nn.engine.program import Program
from tui_nn.scenario import Scenario
from tui_nn.scenario.edit_keys import LAYER
from tui_nn.scenario.fields import known_keys, literal_words, models_in
from tui_nn.scenario.model import Scenario as Table
from tui_nn.scenario.naming import layer_names
from tui_nn.scenario.overrides import read_value

OF_ACTIVATION = {"negative_slope": "leaky_relu", "alpha": "elu"}  # settings that mean nothing to any other
OPTIONAL = {
    "schedule": 'none, or a table like {type = "step", every = 5}',
    "clip": "none takes the bounds away",
    "stopping": 'none, or a table like {monitor = "val_loss", patience = 5}',
}


@dataclass(frozen=True)
class Setting:
    """One that `Session.set` takes. choices: the words it may be, if it is a choice."""

    key: str
    value: Any
    about: str = ""
    choices: tuple[Any, ...] = ()

    @property
    def shown(self) -> str:
        return words(self.value)


def settings_of(program: Program) -> list[Setting]:
    """All of the scenario that may change in the middle of a run, the optimizer's first."""
    scenario = program.scenario
    found = [*_table(scenario, "optimizer"), _type_of(scenario, "optimizer")]
    found += [*_table(scenario, "data", ("batch_size",)), *_layers(program)]
    for key, about in OPTIONAL.items():
        table = getattr(scenario, key)
        found += [] if table is None and key == "clip" else [Setting(key, table, about)]
        if table is not None:
            found += _table(scenario, key)
        elif key == "clip":
            found += [Setting(f"clip.{name}", None, _about(model, name)) for model in _models(key) for name in known_keys(model)]  # fmt: skip
    if hasattr(scenario.loss, "label_smoothing"):
        found += _table(scenario, "loss", ("label_smoothing",))
    return [*found, *_table(scenario, "train"), *_table(scenario, "probes")]


def value_setting(program: Program, mem: Any, name: str, index: tuple[int, ...]) -> Setting:
    """A single number: name is the tensor's, "dense_1.weight"."""
    tensor = next(tensor for tensor in program.tensors if tensor.name == name)
    key = f"{tensor.role}.{tensor.layer}[{','.join(map(str, index))}]"
    return Setting(key, float(tensor.view(mem)[index]), "the parameter under the cursor of the microscopes")


def _layers(program: Program) -> Iterator[Setting]:
    """Of each layer of the file, by the first name that its rows have."""
    scenario, seen = program.scenario, set()
    for row in layer_names(scenario, program.dataset.form):
        layer = scenario.layers[row.index]
        if row.index in seen:
            continue
        seen.add(row.index)
        for name in LAYER:
            wanted = OF_ACTIVATION.get(name, "")
            is_meant = not wanted or wanted in (layer.type, getattr(layer, "activation", ""))
            if is_meant and name in type(layer).model_fields:
                yield _setting(layer, name, f"{row.name}.{name}")


def _table(scenario: Scenario, table: str, only: tuple[str, ...] = ()) -> Iterator[Setting]:
    model: BaseModel = getattr(scenario, table)
    for name in only or known_keys(type(model)):
        if only or name != "type":
            yield _setting(model, name, f"{table}.{name}")


def _type_of(scenario: Scenario, table: str) -> Setting:
    choices = tuple(word for model in _models(table) for word in literal_words(model, "type"))
    return Setting(f"{table}.type", getattr(scenario, table).type, "which rule", choices)


def _models(table: str) -> list[type[BaseModel]]:
    return models_in(Table.model_fields[table].annotation)


def _setting(model: BaseModel, name: str, key: str) -> Setting:
    choices: tuple[Any, ...] = literal_words(type(model), name)
    annotation = type(model).model_fields[name].annotation
    if annotation is bool or bool in get_args(annotation):
        choices = (True, False)
    return Setting(key, getattr(model, name), _about(type(model), name), choices)


def _about(model: type[BaseModel], name: str) -> str:
    return (model.model_fields[name].description or "").replace("\n", " ")


_NUMBER = r"([0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+)"
_TIMES = re.compile(rf"(?:[*x×]\s*{_NUMBER}|{_NUMBER}\s*[x×])")
_OVER = re.compile(rf"/\s*{_NUMBER}")


def typed_value(text: str, now: Any) -> Any:
    """What was typed for a setting that is `now`: a value of the file format, none, or a factor: 0.1x, *2, /10.

    Errors: ValueError for a factor of what is no number.
    """
    text = text.strip()
    times, over = _TIMES.fullmatch(text), _OVER.fullmatch(text)
    if times or over:
        if isinstance(now, bool) or not isinstance(now, int | float):
            raise ValueError(f"{text} is a factor, but the setting is {words(now)}, no number; type the new value")
        factor = float(times[1] or times[2]) if times else float(over[1])  # type: ignore[index]
        if over and factor == 0.0:
            raise ValueError("/0 is no value; type a number")
        product = now * factor if times else now / factor
        return (
            round(product) if isinstance(now, int) else float(f"{product:.12g}")
        )  # 0.1 · 3 is 0.3 to whoever types it
    return None if text in ("none", "(none)") else read_value(text)
