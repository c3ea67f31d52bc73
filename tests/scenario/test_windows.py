"""Convolution and pooling in a file: what fits, what is refused, and with which words."""

from __future__ import annotations

from typing import Any

import pytest

from tui_nn.scenario import ScenarioError, load_scenario
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.naming import layer_names, parameter_shapes

HEAD = """
id = "looks"
title = "Looks"
data = {{ source = "digits", samples = 60, batch_size = 20, shape = {shape} }}
loss = {{ type = "sparse_categorical_cross_entropy" }}
optimizer = {{ type = "adam"{optimizer} }}
train = {{ iterations = 5 }}
"""
TAIL = '[[layers]]\ntype = "flatten"\n[[layers]]\ntype = "dense"\nunits = 10\n'


def load(tmp_path: Any, layers: str, shape: str = "[8, 8, 1]", optimizer: str = "", tail: str = TAIL) -> Scenario:
    path = tmp_path / "looks.toml"
    path.write_text(HEAD.format(shape=shape, optimizer=optimizer) + layers + tail, encoding="utf-8")
    return load_scenario(path)


def layer(**keys: Any) -> str:
    lines = (
        f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {str(value).lower()}"
        for key, value in keys.items()
    )
    return "\n".join(["[[layers]]", *lines, ""])


SHAPES = {
    "valid": (layer(type="conv2d", filters=3, kernel=3), "[8, 8, 1]", (6, 6, 3)),
    "same": (layer(type="conv2d", filters=3, kernel=[5, 4], padding="same"), "[8, 8, 1]", (8, 8, 3)),
    "valid with a stride": (layer(type="conv2d", filters=3, kernel=3, stride=2), "[8, 8, 1]", (3, 3, 3)),
    "same with a stride": (layer(type="conv2d", filters=3, kernel=3, stride=3, padding="same"), "[8, 8, 1]", (3, 3, 3)),
    "over time": (layer(type="conv1d", filters=5, kernel=4, stride=2), "[16, 4]", (7, 5)),
    "pooled": (layer(type="max_pool"), "[8, 8, 1]", (4, 4, 1)),
    "pooled over time": (layer(type="avg_pool", size=3, stride=1), "[16, 4]", (14, 4)),
    "a rest is left out": (layer(type="max_pool", size=3), "[8, 8, 1]", (2, 2, 1)),
    "a rest is pooled": (layer(type="max_pool", size=3, padding="same"), "[8, 8, 1]", (3, 3, 1)),
    "a stride larger than the window": (layer(type="avg_pool", size=2, stride=5), "[8, 8, 1]", (2, 2, 1)),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shape_of_the_output(name, tmp_path):
    """valid: floor((n - window) / stride) + 1; same: ceil(n / stride)."""
    layers, form, wanted = SHAPES[name]
    assert layer_names(load(tmp_path, layers, form))[0].shape == wanted


def test_the_mean_over_all_places_is_flat(tmp_path):
    scenario = load(
        tmp_path,
        layer(type="conv2d", filters=7, kernel=2) + layer(type="global_avg_pool"),
        tail=layer(type="dense", units=10),
    )
    assert [row.shape for row in layer_names(scenario)] == [(7, 7, 7), (7,), (10,)]


def test_parameters_have_pytorchs_shapes(tmp_path):
    two = load(tmp_path, layer(type="conv2d", filters=3, kernel=[2, 5], bias=False))
    assert parameter_shapes(two) == {"conv2d_1.weight": (3, 1, 2, 5), "dense_1.weight": (10, 84), "dense_1.bias": (10,)}
    one = load(tmp_path, layer(type="conv1d", filters=3, kernel=2), "[16, 4]")
    assert parameter_shapes(one)["conv1d_1.weight"] == (3, 4, 2)


CONV = {"type": "conv2d", "filters": 2, "kernel": 3}
REFUSED = {
    "a window that does not fit": (
        layer(type="max_pool") + layer(**CONV | {"kernel": 5}), "[8, 8, 1]",
        'layers[1].type: conv2d 5x5 on a 4x4 input (of 1 channels): the window does not fit in; make it smaller, pool or stride less before it, or set padding = "same"',
    ),
    "one side of it": (layer(**CONV | {"kernel": [1, 9]}), "[8, 8, 1]", "conv2d 1x9 on a 8x8 input"),
    "of a sequence": (layer(type="conv1d", filters=2, kernel=20), "[16, 4]", "conv1d 20 on a 16 input (of 4 features)"),
    "pooled away": (layer(type="max_pool", size=9), "[8, 8, 1]", "max_pool 9x9 on a 8x8 input"),
    "flat data": (
        layer(**CONV), "[64]",
        "layers[0].type: conv2d takes an image [height, width, channels], and what comes in has shape [64]; say in data.shape how the inputs lie, like [28, 28, 1]",
    ),
    "a sequence for an image": (layer(**CONV), "[16, 4]", "conv2d takes an image"),
    "an image for a sequence": (layer(type="conv1d", filters=2, kernel=2), "[8, 8, 1]", "conv1d takes a sequence"),
    "no kernel": (layer(type="conv2d", filters=2), "[8, 8, 1]", "layers[0].kernel: missing"),
    "three sides": (layer(**CONV | {"kernel": [3, 3, 3]}), "[8, 8, 1]", "got a list of 3; write kernel = 3, or kernel = [height, width]"),
    "a word": (layer(**CONV | {"kernel": "3x3"}), "[8, 8, 1]", "got '3x3'; write kernel = 3, or kernel = [height, width]"),
    "no side": (layer(**CONV | {"kernel": [3, 0]}), "[8, 8, 1]", "a kernel's sides must be whole numbers from 1 to 1,024"),
    "yes is no number": (layer(**CONV | {"kernel": True}), "[8, 8, 1]", "got true; a kernel's sides must be whole numbers from 1 to 1,024"),
    "no stride": (layer(**CONV | {"stride": 0}), "[8, 8, 1]", "layers[0].stride: got 0"),
    "another padding": (layer(**CONV | {"padding": "full"}), "[8, 8, 1]", "layers[0].padding: unknown padding 'full'"),
    "pooling has no kernel": (layer(type="max_pool", kernel=2), "[8, 8, 1]", "layers[0].kernel"),
    "a bias that is not there": (layer(**CONV | {"bias": False, "bias_init": 1.0}), "[8, 8, 1]", "bias_init has no effect with bias = false"),
    "given weights of another shape": (
        layer(**CONV | {"kernel": 2, "init": "values", "weights": [[1.0, 2.0], [3.0, 4.0]]}), "[8, 8, 1]",
        "got weights of shape [2, 2]; those of conv2d_1 have shape [2, 4]",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_name_place_value_and_cure(name, tmp_path):
    layers, form, message = REFUSED[name]
    with pytest.raises(ScenarioError) as error:
        load(tmp_path, layers, form)
    assert message in " ".join(str(error.value).split())
    assert len(error.value.problems) == 1


def test_too_large_for_memory(tmp_path):
    """50,000 filters at each of 64 places: the values of a batch, not the parameters, are too many."""
    with pytest.raises(ScenarioError, match="the values of one batch and of validation take"):
        load(
            tmp_path,
            layer(type="conv2d", filters=50_000, kernel=1) + layer(type="global_avg_pool"),
            tail=layer(type="dense", units=10),
        )


def test_a_scenario_may_be_made_from_its_own_fields(tmp_path):
    scenario = load(tmp_path, layer(**CONV) + layer(type="max_pool"))
    assert Scenario.model_validate(scenario.model_dump()) == scenario
