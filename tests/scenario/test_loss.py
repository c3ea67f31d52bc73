"""[loss]: what each loss takes, and the combinations with data and network that are refused before anything trains."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from tui_nn.scenario import ScenarioError, load_scenario
from tui_nn.scenario.fields import variants

TEMPLATE = """\
id = "loss"
title = "Loss"

[data]
source = "{source}"

[[layers]]
type = "dense"
units = {units}
activation = "{activation}"

[loss]
{loss}

[optimizer]
type = "sgd"
lr = 0.1

[train]
iterations = 10
"""
OUTPUTS = {"xor": 1, "linear": 1, "digits": 10}


def write(tmp_path: Any, source: str, loss: str, activation: str = "linear", units: int | None = None) -> Any:
    path = tmp_path / "loss.toml"
    units = OUTPUTS[source] if units is None else units
    path.write_text(TEMPLATE.format(source=source, loss=loss, activation=activation, units=units))
    return path


def faults(*arguments: Any) -> list[str]:
    """The messages of a refused file, without line and column."""
    with pytest.raises(ScenarioError) as caught:
        load_scenario(write(*arguments))
    return [f"{problem.key}: {problem.message}" for problem in caught.value.problems]


GOOD = [
    ("linear", 'type = "mae"', "linear"),
    ("linear", 'type = "huber"\ndelta = 0.5', "linear"),
    ("digits", 'type = "huber"', "softmax"),
    ("xor", 'type = "hinge"', "linear"),
    ("xor", 'type = "hinge"\nmargin = 0.5', "tanh"),
    ("digits", 'type = "hinge"', "linear"),
    ("xor", 'type = "perceptron"', "step"),
    ("xor", 'type = "binary_cross_entropy"\nfrom_logits = false', "sigmoid"),
    ("xor", 'type = "binary_cross_entropy"\nclass_weights = [1, 4.0]\nlabel_smoothing = 0.1', "linear"),
    ("digits", 'type = "categorical_cross_entropy"\nfrom_logits = false\nlabel_smoothing = 1.0', "softmax"),
    ("digits", 'type = "sparse_categorical_cross_entropy"\nclass_weights = "balanced"', "linear"),
]


@pytest.mark.parametrize(("source", "loss", "activation"), GOOD)
def test_fitting_losses_load(tmp_path, source, loss, activation):
    """Each with the activation it asks for, and its options as they were written."""
    scenario = load_scenario(write(tmp_path, source, loss, activation))
    for key, value in tomllib.loads(loss).items():
        assert getattr(scenario.loss, key) == (tuple(value) if isinstance(value, list) else value)


BAD = {
    "a hinge for numbers": (
        ("linear", 'type = "hinge"'),
        "loss.type: hinge does not fit the numbers to fit of 'linear'; use \"mse\"",
    ),
    "a perceptron for classes": (
        ("digits", 'type = "perceptron"'),
        "loss.type: perceptron does not fit the 10 classes of 'digits'; use \"sparse_categorical_cross_entropy\"",
    ),
    "two classes for ten": (
        ("digits", 'type = "binary_cross_entropy"'),
        "loss.type: binary_cross_entropy does not fit the 10 classes of 'digits'; "
        'use "sparse_categorical_cross_entropy"',
    ),
    "shapes": (
        ("digits", 'type = "sparse_categorical_cross_entropy"', "linear", 3),
        "layers[0].units: got 3; the last layer needs 10 for the 10 classes of 'digits', "
        "or [32,3] would meet [32,10]: use units = 10",
    ),
    "logits behind a sigmoid": (
        ("xor", 'type = "binary_cross_entropy"', "sigmoid"),
        "layers[0].activation: got 'sigmoid'; binary_cross_entropy takes logits and applies sigmoid itself: "
        'use activation = "linear" in the last layer, or from_logits = false in [loss]',
    ),
    "logits behind a relu": (
        ("xor", 'type = "binary_cross_entropy"', "relu"),
        "layers[0].activation: got 'relu'; binary_cross_entropy takes logits and applies sigmoid itself: "
        'use activation = "linear" in the last layer',
    ),
    "probabilities of a linear layer": (
        ("xor", 'type = "binary_cross_entropy"\nfrom_logits = false'),
        "layers[0].activation: got 'linear'; binary_cross_entropy with from_logits = false takes probabilities: "
        'use activation = "sigmoid" in the last layer, or leave from_logits out',
    ),
    "sigmoids that do not sum to 1": (
        ("digits", 'type = "categorical_cross_entropy"\nfrom_logits = false', "sigmoid"),
        "layers[0].activation: got 'sigmoid'; categorical_cross_entropy with from_logits = false takes probabilities: "
        'use activation = "softmax" in the last layer',
    ),
    "a hinge behind a sigmoid": (
        ("xor", 'type = "hinge"', "sigmoid"),
        "layers[0].activation: got 'sigmoid'; hinge takes scores of either sign: "
        'use activation = "linear" in the last layer',
    ),
    "a perceptron without its step": (
        ("xor", 'type = "perceptron"'),
        "layers[0].activation: got 'linear'; perceptron counts the mistakes of 0/1 decisions: "
        'use activation = "step" in the last layer',
    ),
    "weights for too many classes": (
        ("xor", 'type = "binary_cross_entropy"\nclass_weights = [1.0, 2.0, 3.0]'),
        "loss.class_weights: got 3 weights; 'xor' has 2 classes, no and yes: give 2, one a class",
    ),
    "one weight": (
        ("digits", 'type = "categorical_cross_entropy"\nclass_weights = [1.0]'),
        "loss.class_weights: got 1 weight; 'digits' has 10 classes: give 10, one a class",
    ),
    "a weight of nothing": (
        ("xor", 'type = "binary_cross_entropy"\nclass_weights = [1.0, 0]'),
        "loss.class_weights: got 0 for class 1; a weight must be a number from 0.000001 to 1,000,000",
    ),
    "a weight that is no number": (
        ("xor", 'type = "binary_cross_entropy"\nclass_weights = [nan, 1.0]'),
        "loss.class_weights: got nan for class 0; a weight must be a number from 0.000001 to 1,000,000",
    ),
    "a weight that is yes": (
        ("xor", 'type = "binary_cross_entropy"\nclass_weights = [true, 1.0]'),
        "loss.class_weights: got true for class 0; a weight must be a number from 0.000001 to 1,000,000",
    ),
    "a word for weights": (
        ("xor", 'type = "binary_cross_entropy"\nclass_weights = "equal"'),
        "loss.class_weights: got 'equal'; class_weights must be a list of numbers, one a class, like [1.0, 4.0], "
        'or "balanced"',
    ),
    "smoothing of a squared error": (
        ("xor", 'type = "mse"\nlabel_smoothing = 0.1'),
        "loss.label_smoothing: label_smoothing belongs to type 'binary_cross_entropy' or 'categorical_cross_entropy' "
        "or 'sparse_categorical_cross_entropy', not to 'mse'; remove it or change type",
    ),
    "another loss's setting": (
        ("xor", 'type = "hinge"\ndelta = 2.0'),
        "loss.delta: delta belongs to type 'huber', not to 'hinge'; remove it or change type",
    ),
    "more than all smoothed": (
        ("xor", 'type = "binary_cross_entropy"\nlabel_smoothing = 1.5'),
        "loss.label_smoothing: got 1.5; label_smoothing must be 1 or less",
    ),
    "a margin of nothing": (
        ("xor", 'type = "hinge"\nmargin = 0.0'),
        "loss.margin: got 0.0; margin must be greater than 0",
    ),
    "unknown loss": (
        ("xor", 'type = "maee"'),
        "loss.type: unknown loss 'maee'; did you mean 'mae'?",
    ),
    "no loss named": (
        ("xor", "from_logits = true"),
        "loss.type: missing; add type, one of: " + ", ".join(variants("loss")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_fit_is_refused_with_a_cure(tmp_path, name):
    """One thing wrong, one message: the place, the value or both shapes, and what to write instead."""
    arguments, message = BAD[name]
    assert faults(tmp_path, *arguments) == [message]


def test_a_chosen_loss_drops_what_only_the_old_one_knew(tmp_path):
    """--set loss.type=mse on a smoothed cross-entropy trains, on the same targets."""
    path = write(tmp_path, "xor", 'type = "binary_cross_entropy"\nlabel_smoothing = 0.1')
    assert load_scenario(path, ["loss.type=mse"]).loss.model_dump() == {"type": "mse"}
    assert load_scenario(path, ["loss.class_weights=[1, 2]"]).loss.model_dump()["class_weights"] == (1.0, 2.0)
