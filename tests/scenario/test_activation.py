"""Options of activations in the file: read where they mean something, refused elsewhere with place, value and cure."""

from __future__ import annotations

from typing import Any

import pytest

from tui_nn.scenario import ScenarioError, load_scenario

FILE = """\
id = "options"
title = "Options"
[data]
source = "xor"
[[layers]]
type = "dense"
units = 3
{keys}
[[layers]]
type = "dense"
units = 1
[loss]
type = "binary_cross_entropy"
[optimizer]
type = "sgd"
lr = 0.1
[train]
iterations = 10
"""
KNOWN = "linear, sigmoid, tanh, relu, softmax, step, leaky_relu, elu, selu, gelu, softplus, swish"

# keys of the first layer, from line 8 on (a semicolon ends a line) -> the problems as they are printed
BAD = {
    'activation = "tanh"; alpha = 0.5': ['9:1    layers[0].alpha: alpha has no effect with activation = "tanh"; set activation = "elu" or remove alpha'],
    "negative_slope = 0.1": ['8:1    layers[0].negative_slope: negative_slope has no effect with activation = "linear"; set activation = "leaky_relu" or remove negative_slope'],
    'activation = "relu"; approximate = "none"': ['9:1    layers[0].approximate: approximate has no effect with activation = "relu"; set activation = "gelu" or remove approximate'],
    'activation = "leaky_relu"; negative_slope = 0': ["9:18   layers[0].negative_slope: got 0; negative_slope must be greater than 0"],
    'activation = "leaky_relu"; negative_slope = 1.5': ["9:18   layers[0].negative_slope: got 1.5; negative_slope must be 1 or less"],
    'activation = "elu"; alpha = -1': ["9:9    layers[0].alpha: got -1; alpha must be greater than 0"],
    'activation = "elu"; alpha = nan': ["9:9    layers[0].alpha: got nan; alpha must be a finite number"],
    'activation = "gelu"; approximate = true': ["9:15   layers[0].approximate: got true; approximate must be one of: none, tanh"],
    'activation = "leakyrelu"': ["8:14   layers[0].activation: unknown activation 'leakyrelu'; did you mean 'leaky_relu'?"],
    'activation = "maxout"': [f"8:14   layers[0].activation: unknown activation 'maxout'; known: {KNOWN}"],
}  # fmt: skip


def written(tmp_path, keys: str):
    path = tmp_path / "options.toml"
    path.write_text(FILE.format(keys="\n".join(key.strip() for key in keys.split(";"))))
    return path


def problems(path, *overrides: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path, overrides)
    return [line.removeprefix("  ") for line in str(caught.value).split("\n")[1:]]


@pytest.mark.parametrize("keys", BAD)
def test_an_option_without_effect_or_out_of_bounds_is_refused(keys, tmp_path):
    assert problems(written(tmp_path, keys)) == BAD[keys]


@pytest.mark.parametrize(
    ("keys", "options"),
    [
        ('activation = "leaky_relu"', {"negative_slope": 0.01}),
        ('activation = "leaky_relu"; negative_slope = 1', {"negative_slope": 1.0}),
        ('activation = "elu"', {"alpha": 1.0}),
        ('activation = "elu"; alpha = 0.25', {"alpha": 0.25}),
        ('activation = "gelu"', {"approximate": "none"}),
        ('activation = "gelu"; approximate = "tanh"', {"approximate": "tanh"}),
    ],
)
def test_options_are_read_and_have_pytorchs_defaults(keys, options, tmp_path):
    layer: Any = load_scenario(written(tmp_path, keys)).layers[0]
    assert {key: getattr(layer, key) for key in options} == options


def test_another_activation_from_the_command_line_drops_the_old_ones_options(tmp_path):
    """--set layers[0].activation=tanh must not trip over the file's alpha; an option given beside it is still judged."""
    path = written(tmp_path, 'activation = "elu"; alpha = 0.25')
    assert load_scenario(path, ["layers[0].activation=tanh"]).layers[0].activation == "tanh"
    kept: Any = load_scenario(path, ["layers[0].activation=elu"]).layers[0]
    assert kept.alpha == 0.25
    assert "alpha has no effect" in problems(path, "layers[0].activation=tanh", "layers[0].alpha=0.5")[0]
