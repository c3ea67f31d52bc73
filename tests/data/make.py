"""Scenarios with a given data table, and random tables of every source, for tests that look at nothing but the data."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
from annotated_types import Ge, Gt, Le, Lt
from hypothesis.strategies import SearchStrategy
from pydantic import BaseModel

from tui_nn.data import Dataset, load_data
from tui_nn.scenario import Scenario
from tui_nn.scenario.fields import variants

ARRAYS = ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test", "mean", "scale")
SPECS = variants("data")  # every source that a file can name, with its table's model


def scenario(seed: int = 0, **data: Any) -> Scenario:
    """A scenario with this data table; load_data looks at nothing else but the seed."""
    rest = {
        "id": "made",
        "title": "Made for a test",
        "layers": [{"type": "dense", "units": 1}],
        "loss": {"type": "mse"},
    }
    plan = {"optimizer": {"type": "sgd", "lr": 0.1}, "train": {"iterations": 1}}
    return Scenario.model_validate(rest | plan | {"seed": seed, "data": data})


def load(seed: int = 0, **data: Any) -> Dataset:
    return load_data(scenario(seed, **data))


def bounds(model: type[BaseModel], key: str) -> tuple[float, float] | None:
    """The least and the largest value of a number's field; None if it has none."""
    field = model.model_fields[key]
    low = [mark.ge if isinstance(mark, Ge) else mark.gt for mark in field.metadata if isinstance(mark, Ge | Gt)]
    high = [mark.le if isinstance(mark, Le) else mark.lt for mark in field.metadata if isinstance(mark, Le | Lt)]
    return (float(low[0]), float(high[0])) if low and high else None  # type: ignore[arg-type]


def table_of(name: str, most: int = 60) -> SearchStrategy[dict[str, Any]]:
    """Any table of a source that its fields allow, with counts up to `most` above the least."""
    model, choices = SPECS[name], {}
    for key, field in model.model_fields.items():
        limits = bounds(model, key)
        if field.annotation is int and limits:
            low, high = int(limits[0]), int(limits[1])
            choices[key] = st.integers(low, min(high, low + most))
        elif field.annotation is float and limits:
            is_open = any(isinstance(mark, Gt | Lt) for mark in field.metadata)
            choices[key] = st.floats(*limits, exclude_min=is_open, exclude_max=is_open, allow_subnormal=False)
        elif field.annotation is bool:
            choices[key] = st.booleans()
    return st.fixed_dictionaries({"source": st.just(name)}, optional=choices)
