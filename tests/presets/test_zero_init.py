"""zero-init: what stays at 0, what the one bias learns, and each way out that the lesson names."""

import math
import tomllib

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, metric, session_of, trained
from tui_nn import Session
from tui_nn.debugger.expect import needed_of
from tui_nn.scenario.load import parse_scenario
from tui_nn.scenario.presets import preset_dir

PRESET = "zero-init"
CURE = "layers[0].init=xavier_uniform"
FROZEN = ("dense_1.weight", "dense_1.bias", "dense_2.weight")


def tensors(session: Session, field: str = "value") -> dict[str, np.ndarray]:
    return {p.name: getattr(p, field).copy() for layer in session.frame().layers for p in layer.parameters}


def test_everything_but_the_last_bias_is_exactly_0_throughout():
    """Values and gradients, after every one of the 200 updates: 0, not nearly 0. 16 of 17 parameters."""
    session = session_of(PRESET)
    assert session.program.n_parameters == 17
    for _ in range(session.planned_iterations):
        session.step("iteration")
        values, gradients = tensors(session), tensors(session, "grad")
        for name in FROZEN:
            assert not values[name].any(), name
            assert not gradients[name].any(), name
    assert sum(values[name].size for name in FROZEN) == 16
    assert values["dense_2.bias"][0] != 0


def test_the_last_bias_descends_alone():
    """c ← c - lr (sigmoid(c) - 3/4), in plain float64, is the whole training; and ln 3 is where it ends."""
    session = session_of(PRESET)
    c = 0.0
    for iteration in range(1, session.planned_iterations + 1):
        c -= 0.5 * (1.0 / (1.0 + math.exp(-c)) - 0.75)
        session.goto(iteration)
        assert tensors(session)["dense_2.bias"][0] == pytest.approx(c, abs=1e-5)
        if iteration == 1:
            assert c == 0.125
    assert c == pytest.approx(math.log(3), abs=1e-4)
    assert math.log(3) == pytest.approx(1.0986, abs=5e-5)


def test_the_loss_ends_at_the_best_constant():
    """No single probability does better than 3/4: the entropy, 0.5623, by formula and by trying all of them."""
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    p = np.linspace(0.001, 0.999, 999)
    tried = -(0.75 * np.log(p) + 0.25 * np.log(1 - p))
    session = trained(PRESET)
    assert entropy == pytest.approx(0.5623, abs=5e-5)
    assert tried.min() == pytest.approx(entropy, abs=1e-6)
    assert p[tried.argmin()] == pytest.approx(0.75)
    assert metric(session, "loss") == pytest.approx(entropy, abs=1e-6)
    assert session.history["loss"][0] == pytest.approx(math.log(2), abs=1e-6)
    assert session.history["loss"][60] == pytest.approx(entropy, abs=5e-5)  # the script: 61 updates on, it stands still


def test_on_balanced_classes_nothing_moves_at_all():
    """XOR: the loss is ln 2 from the first iteration to the last, and all 17 parameters stay 0."""
    session = trained(PRESET, "data.source=xor")
    assert session.history["loss"] == pytest.approx(np.full(200, math.log(2)), abs=1e-6)
    assert not any(value.any() for value in tensors(session).values())


def test_the_update_ratio_is_0_over_0():
    """The lesson explains the nan that the Layers panel shows."""
    assert math.isnan(metric(trained(PRESET), "update_ratio.dense_1"))


def test_random_hidden_weights_cure_it():
    """Only the hidden layer starts at random; the output layer still starts at 0. Learnt on 19 of seeds 0 to 19."""
    n_seeds = 20 if IS_FULL else 5
    sessions = [trained(PRESET, CURE, f"seed={seed}") for seed in range(n_seeds)]
    learnt = [metric(session, "accuracy") == 1.0 and metric(session, "loss") < 0.1 for session in sessions]
    assert sum(learnt) >= needed_of(n_seeds)


def test_the_cure_moves_the_output_first_and_the_hidden_layer_one_update_later():
    session = session_of(PRESET, CURE)
    session.step("iteration")
    first = tensors(session, "grad")
    session.step("iteration")
    second = tensors(session, "grad")
    assert first["dense_2.weight"].any()
    assert not first["dense_1.weight"].any()
    assert second["dense_1.weight"].any()


def test_with_sigmoid_four_units_stay_one_and_still_learn():
    """Equal weights, equal gradients: not one bit of difference between the units after 500 updates; OR is learnt."""
    session = trained(PRESET, "layers[0].activation=sigmoid", "train.iterations=500")
    values = tensors(session)
    assert values["dense_1.weight"].any()
    assert np.ptp(values["dense_1.weight"], axis=0).tolist() == [0.0, 0.0]
    assert np.ptp(values["dense_1.bias"]) == 0.0
    assert np.ptp(values["dense_2.weight"]) == 0.0
    assert metric(session, "accuracy") == 1.0


def test_one_layer_learns_from_0():
    """Without the hidden layer the same zeros are no obstacle."""
    raw = tomllib.loads((preset_dir() / f"{PRESET}.toml").read_text(encoding="utf-8"))
    del raw["layers"][0], raw["script"], raw["expect"]
    session = Session(parse_scenario(raw, PRESET))
    assert session.program.n_parameters == 3
    assert not any(value.any() for value in tensors(session).values())
    session.run()
    assert metric(session, "accuracy") == 1.0
