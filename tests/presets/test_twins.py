"""Presets that name a twin: it exists, it is the same experiment but for its cure, and the pair differs as it says."""

from itertools import pairwise

import numpy as np
import pytest

from tests.presets.runs import PRESETS, metric, session_of, trained
from tests.table import over
from tui_nn import Session
from tui_nn.data import load_data
from tui_nn.scenario import beside, differences, load_scenario

LOADED = {preset: load_scenario(preset) for preset in PRESETS}
TWINS = {preset: scenario.twin for preset, scenario in LOADED.items() if scenario.twin is not None}
BESIDE = {preset: scenario.beside for preset, scenario in LOADED.items() if scenario.beside is not None}

CURES = {
    "cnn-digits": [
        "layers: conv2d 16 relu, max_pool, flatten, dense 10 → flatten, dense 100 relu, dense 10",
    ],
    "classifier-32-64-256-5": ["optimizer.type: sgd → adam"],
    "rnn-forgets": ["layers[0].type: rnn → lstm", "layers[0].forget_bias: (none) → 3"],
    "gru-remembers": ["layers[0].type: gru → rnn", "layers[0].update_bias: 3 → (none)"],
    "dead-relu": ["layers[0].activation: relu → leaky_relu"],
    "digits-bottleneck": ["layers[2].units: 3 → 20"],
    "digits-dropout": [
        "layers: dense 100 relu, dropout 0.2, dense 50 relu, dropout 0.2, dense 20 relu, dense 10 → "
        "dense 100 relu, dense 50 relu, dense 20 relu, dense 10"
    ],
    "digits-l2": [f"layers[{index}].l2: 0.001 → 0" for index in range(3)],
    "exploding-init": [f"layers[{index}].init: normal → he_normal" for index in range(11)],
    "exploding-lr": ["clip: (none) → value (none), norm 0.5"],
    "lr-limit-single-samples": ["data.batch_size: 1 → full"],
    "init-decides": ["layers[0].weights: [[0.3]] → [[0.2]]"],
    "lr-too-large": ["optimizer.lr: 1.05 → 0.5"],
    "lr-too-small": ["optimizer.lr: 0.01 → 0.666667"],
    "mse-vs-mae": ["loss.type: mse → mae"],
    "raw-heights": ["data.standardize: false → true", "optimizer.lr: 3.3e-05 → 0.5"],
    "ones-init-relu": [f"layers[{index}].init: ones → he_normal" for index in range(6)],
    "ones-init-tanh": [f"layers[{index}].init: ones → xavier_normal" for index in range(5)],
    "random-init-large": [f"layers[{index}].init: normal → xavier_uniform" for index in range(20)],
    "random-init-small": [
        f"layers[{index}].{change}"
        for index in range(20)
        for change in ("init: normal → xavier_normal", "init_std: 0.01 → 1")
    ],
    "vanishing-deep": [
        "layers: 100 × dense 8 tanh, dense 1 → 2 × dense 8 tanh, 98 × (residual, dense 8 tanh), residual, dense 1"
    ],
    "vanishing-sigmoid": [
        f"layers[{index}].{change}"
        for index in range(10)
        for change in ("init: xavier_uniform → he_normal", "activation: sigmoid → relu")
    ],
    "vanishing-tanh": [
        f"layers[{index}].{change}"
        for index in range(10)
        for change in ("init: normal → xavier_uniform", "init_std: 0.1 → 1")
    ],
    "xor-mlp": ["layers[0].units: 4 → 2"],
    "xavier-normal": [f"layers[{index}].gain: 1 → 1.66667" for index in range(20)],
    "zero-init": ["layers[0].init: zeros → xavier_uniform"],
}


def test_several_beside_a_preset_exist_and_see_the_same_samples():
    """Those that a preset names in `beside`; each is a preset, so that it opens wherever the first does."""
    for preset, names in BESIDE.items():
        for name in names:
            other = load_scenario(beside(preset, name))
            assert other.id in PRESETS
            one, its = (load_data(scenario) for scenario in (load_scenario(preset), other))
            assert one.x_train.tobytes() == its.x_train.tobytes(), f"{preset} and {name}"
            assert one.y_train.tobytes() == its.y_train.tobytes(), f"{preset} and {name}"


def test_these_have_a_twin():
    assert TWINS.keys() >= CURES.keys()


@over(TWINS)
def test_one_of_the_two_extends_the_other(preset: str):
    """So both open wherever one of them does, and what is corrected in one is corrected in the other.

    Where several presets change one base, each of them names it as its twin, since a base can name only one.
    """
    twin = load_scenario(beside(preset, TWINS[preset]))
    assert twin.id == TWINS[preset]
    assert twin.extends == preset or load_scenario(preset).extends == twin.id


@over(CURES)
def test_the_cure_is_all_that_differs(preset: str):
    found = [str(one) for one in differences(load_scenario(preset), load_scenario(TWINS[preset]))]
    assert sorted(found) == sorted(CURES[preset])


def classes_or_values(session: Session) -> np.ndarray:
    """The targets of the batch; classes as indices, since a twin's loss may take the same ones as one-hot rows."""
    targets = np.asarray(session.frame().targets)
    if session.program.dataset.task != "multiclass":
        return targets
    return targets.argmax(axis=1) if targets.shape[1] > 1 else targets.ravel().astype(np.int64)


@over(TWINS)
def test_both_see_the_same_samples(preset: str):
    """Otherwise a difference between them would prove nothing. Where the cure is one of [data], in its raw units."""
    one, other = session_of(preset), session_of(TWINS[preset])
    if any(str(change).startswith("data.") for change in differences(one.scenario, other.scenario)):
        raw = [d.x_train * d.scale + d.mean for d in (one.program.dataset, other.program.dataset)]
        np.testing.assert_allclose(raw[0], raw[1], rtol=1e-6)  # rounded once to float32 in either unit
        assert one.program.dataset.y_train.tobytes() == other.program.dataset.y_train.tobytes()
        return
    one.step("iteration")
    other.step("iteration")
    assert one.frame().inputs.tobytes() == other.frame().inputs.tobytes()
    assert classes_or_values(one).tobytes() == classes_or_values(other).tobytes()


def test_leaky_units_are_thrown_down_as_the_script_says():
    """After five updates most of the six units lie below 0 for every point, and give no exact 0."""
    session = session_of("dead-relu-cured")
    session.goto(5)
    activation = session.frame().layer("leaky_relu_1").activation
    assert (activation < 0).all(axis=0).sum() >= 4
    assert (activation != 0).all()


def test_a_third_of_hes_weights_fades_again():
    """The command of the vanishing-sigmoid-cured lesson: the error falls by four decades over nine layers."""
    session = trained("vanishing-sigmoid-cured", "layers[0:10].gain=0.33")
    assert metric(session, "loss") > 0.5
    session.goto(1)
    assert metric(session, "delta_norm.relu_1") < 2e-4 * metric(session, "delta_norm.relu_10")


def test_half_the_learning_rate_halves_the_weights_error():
    """Of lr-too-large-cured: factors 0 for b and 0.5 for w."""
    session = session_of("lr-too-large-cured")
    session.goto(200)
    best = session.frame().layers[0].parameters[0].value[0, 0]
    errors = []
    for iteration in range(1, 6):
        session.goto(iteration)
        errors.append(session.frame().layers[0].parameters[0].value[0, 0] - best)
    assert [b / a for a, b in pairwise(errors)] == pytest.approx([0.5] * 4, rel=1e-4)
