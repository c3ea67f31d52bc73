"""What holds for every source, whatever its settings: the shapes it promised, repeatable, finite and bounded."""

import os
from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.data.make import ARRAYS, SPECS, bounds, load, scenario, table_of
from tui_nn.data import Dataset, data_shape, load_data
from tui_nn.data.registry import SOURCES, Source, source, source_of

PARTS = ("train", "val", "test")

# A table of each source in which chance has a part, be it only in which samples are taken.
NOISY: dict[str, dict[str, Any]] = {
    **{
        name: {"noise": 0.1}
        for name in (
            "and",
            "nand",
            "or",
            "xor",
            "linear",
            "ravine",
            "points",
            "circles",
            "moons",
            "spirals",
            "ekg",
            "recall",
        )
    },
    **{name: {"samples": 40} for name in ("digits", "iris", "wine", "breast_cancer")},
    "height_weight": {},
    "blobs": {},
    "adding": {},
    "echo": {},
}


def test_every_source_of_the_format_has_a_maker_and_no_maker_is_without_one():
    """The registry and the file format name the same sources."""
    source_of(scenario(source="xor").data)
    assert set(SOURCES) == set(SPECS) == set(NOISY)


def test_no_two_sources_share_a_name():
    with pytest.raises(ValueError, match="'xor'"):
        source("xor", shape=SOURCES["xor"].shape)(SOURCES["xor"].make)
    assert isinstance(SOURCES["xor"], Source)


@pytest.mark.parametrize("name", SPECS)
@settings(max_examples=1_000 if os.environ.get("TUI_NN_FULL") == "1" else 100)
@given(st.data())
def test_every_source_gives_what_its_shape_promised(name, data):
    """Any settings: arrays as data_shape said beforehand, float64 or class indices, C order, read-only, each class's
    index within the classes, as many names as columns, and every sample in exactly one part."""
    made = scenario(data.draw(st.integers(0, 2**63 - 1)), **data.draw(table_of(name)))
    shape = data_shape(made.data)
    assume(shape.n_train >= 1 and not list(source_of(made.data).faults(made.data)))
    loaded = load_data(made)
    assert (loaded.task, loaded.n_features, loaded.n_outputs) == (shape.task, shape.n_features, shape.n_outputs)
    assert (loaded.form, loaded.n_steps, prod(loaded.form)) == (shape.form, shape.n_steps, shape.n_features)
    assert loaded.name == name
    for part, n in (("train", shape.n_train), ("val", shape.n_val), ("test", shape.n_test)):
        x, y = getattr(loaded, f"x_{part}"), getattr(loaded, f"y_{part}")
        assert x.shape == (n, shape.n_features)
        steps = (shape.n_steps,) if shape.n_steps else ()
        assert y.shape == (n, *steps, *(() if shape.task == "multiclass" else (shape.n_outputs,)))
        assert y.dtype == (np.int64 if shape.task == "multiclass" else np.float64)
        if shape.task == "binary":
            assert np.isin(y, (0.0, 1.0)).all()
        elif shape.task == "multiclass":
            assert ((y >= 0) & (y < shape.n_outputs)).all()
    for key in ARRAYS:
        array = getattr(loaded, key)
        assert array.flags.c_contiguous, key
        assert not array.flags.writeable, key
        assert np.isfinite(array).all(), key
    assert len(loaded.feature_names) == len(set(loaded.feature_names)) == shape.n_features
    assert len(loaded.target_names) == (shape.n_outputs if shape.task == "regression" else 0)
    assert len(loaded.class_names) == {"regression": 0, "binary": 2, "multiclass": shape.n_outputs}[shape.task]


def samples(data: Dataset) -> np.ndarray:
    """Inputs and answers of all three parts, a row a sample: the split alone cannot make two sets differ."""
    parts = [np.column_stack([getattr(data, f"x_{part}"), getattr(data, f"y_{part}")]) for part in PARTS]
    return np.concatenate(parts)


@pytest.mark.parametrize("name", SPECS)
def test_data_are_a_function_of_settings_and_seed(name):
    """Same seed, same bytes; another seed, other samples (the two seeds are neighbours, and one is the largest)."""
    table = {"source": name, **NOISY[name], "validation": 0.2, "test": 0.2}
    once, again, other = load(2**63 - 1, **table), load(2**63 - 1, **table), load(2**63 - 2, **table)
    assert all(getattr(once, key).tobytes() == getattr(again, key).tobytes() for key in ARRAYS)
    assert {row.tobytes() for row in samples(once)} != {row.tobytes() for row in samples(other)}


@pytest.mark.parametrize("name", SPECS)
def test_the_largest_table_of_a_source_is_bounded(name):
    """Every count at its largest: refused with a cure, or at most 5 million numbers (40 MB)."""
    counts = {}
    for key, field in SPECS[name].model_fields.items():
        if field.annotation is int:
            limits = bounds(SPECS[name], key)
            assert limits, f"{key} has no bounds"
            counts[key] = int(limits[1])
    data = scenario(source=name, **counts).data
    faults, shape = list(source_of(data).faults(data)), data_shape(data)
    assert all("use at most" in fault.message for fault in faults)
    assert faults or shape.n_samples * shape.n_features <= 5_000_000
