"""zero-init's relatives: ReLU is stuck twice, sigmoid units stay one, a rounding may part them, one layer learns."""

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, metric, session_of, trained
from tui_nn import Session

SEEDS = range(20 if IS_FULL else 3)


def weights(session: Session) -> list[np.ndarray]:
    """Weight and bias of each dense layer, in float64: the bias as a last column."""
    layers = [layer for layer in session.frame().layers if layer.parameters]
    return [np.column_stack([parameter.value for parameter in layer.parameters]).astype(np.float64) for layer in layers]


def spread_of_units(session: Session) -> float:
    """The largest difference between two hidden units in any weight, in front of them or behind."""
    hidden, last = weights(session)
    return float(max(np.ptp(hidden, axis=0).max(), np.ptp(last[:, :-1], axis=1).max()))


def or_gate(session: Session) -> tuple[np.ndarray, np.ndarray]:
    session.goto(0, 1)
    return np.array(session.frame().inputs, np.float64), np.array(session.frame().targets, np.float64).reshape(-1, 1)


# ReLU


def test_relu_stays_at_zero_throughout():
    """After each of the 200 updates: 16 of 17 parameters are exactly 0."""
    session = session_of("zero-init-relu")
    for _ in range(session.planned_iterations):
        session.step("iteration")
        hidden, last = weights(session)
        assert not hidden.any()
        assert not last[:, :-1].any()


def test_random_weights_behind_free_tanh_but_not_relu():
    """One factor 0 is left of two: for tanh there was only one."""
    behind = "layers[1].init=xavier_uniform"
    for seed in SEEDS:
        relu, tanh = (trained(preset, behind, f"seed={seed}") for preset in ("zero-init-relu", "zero-init"))
        assert not weights(relu)[0].any()
        assert metric(relu, "accuracy") == 0.75
        assert metric(tanh, "accuracy") == 1.0


def test_random_weights_in_front_free_relu():
    """Both cures of the lesson pass the best constant; the one by a bias leaves the units equal."""
    for seed in SEEDS:
        assert metric(trained("zero-init-relu", "layers[0].init=he_normal", f"seed={seed}"), "loss") < 0.5
    by_bias = trained("zero-init-relu", "layers[0].bias_init=0.1")
    assert metric(by_bias, "loss") < 0.5
    assert spread_of_units(by_bias) == 0.0


# Sigmoid


def test_four_sigmoid_units_do_the_work_of_one():
    """Descent on one unit in NumPy, its output weight counted four times, is the whole training; the units differ by 0."""
    session = session_of("zero-init-sigmoid")
    x, y = or_gate(session)
    x = np.column_stack([x, np.ones(4)])
    w, v, c = np.zeros((3, 1)), 0.0, 0.0
    for iteration in range(1, session.planned_iterations + 1):
        h = 1.0 / (1.0 + np.exp(-x @ w))
        delta = (1.0 / (1.0 + np.exp(-(4.0 * v * h + c))) - y) / 4.0
        w, v, c = (
            w - 0.5 * x.T @ (delta * v * h * (1.0 - h)),
            v - 0.5 * float((delta * h).sum()),
            c - 0.5 * float(delta.sum()),
        )
        session.goto(iteration)
        assert spread_of_units(session) == 0.0
        if iteration in (1, 2, 10, 100, 500):
            hidden, last = weights(session)
            assert hidden[0] == pytest.approx(w.ravel(), abs=2e-4)  # float32, over 500 updates
            assert last[0, 0] == pytest.approx(v, abs=2e-4)
            assert last[0, 4] == pytest.approx(c, abs=2e-4)
        if iteration == 1:
            assert (v, c) == (0.0625, 0.125)
    assert metric(session, "loss") == pytest.approx(0.0340, abs=5e-5)
    assert int(np.argmax(session.history["accuracy"] == 1.0)) + 1 == 209


def test_one_unit_is_too_few_for_xor():
    """From zeros nothing moves; from equal ones at most three of four are ever right. Different weights do it."""
    from_ones = ("data.source=xor", "layers[0].init=ones", "train.iterations=5000")
    session = trained("zero-init-sigmoid", *from_ones)
    assert spread_of_units(session) == 0.0
    assert session.history["accuracy"].max() == 0.75
    assert not any(each.any() for each in weights(trained("zero-init-sigmoid", "data.source=xor")))


# Rounding


@pytest.mark.parametrize("seed", SEEDS)
def test_the_unit_left_over_parts_from_the_others(seed: int):
    """33 units: equal at first, two kinds at the end. 32 units: one kind, bit for bit, and a higher loss."""
    tied = trained("zero-init-rounding", "layers[0].units=32", f"seed={seed}")
    session = session_of("zero-init-rounding", f"seed={seed}")
    session.goto(2)
    assert spread_of_units(session) == 0.0
    session.goto(100)
    assert 0.0 < spread_of_units(session) < 1e-6
    session.goto(1500)
    assert len(np.unique(weights(session)[0], axis=0)) == 2
    assert spread_of_units(session) > 0.3
    assert spread_of_units(tied) == 0.0
    assert tied.history["loss"][-100:].mean() > 1.2 * session.history["loss"][-100:].mean()


def test_numbers_of_the_rounding_lesson():
    """They are those of one order of sums; on another processor the last unit may leave a little earlier or later."""
    session = session_of("zero-init-rounding")
    for iteration, low, high in [(100, 1e-9, 1e-7), (300, 1e-7, 1e-5), (600, 1e-5, 1e-2), (1000, 0.05, 2.0)]:
        session.goto(iteration)
        assert low < np.ptp(weights(session)[0], axis=0).max() < high
    session.goto(1500)
    tied = trained("zero-init-rounding", "layers[0].units=32").history
    assert session.history["loss"][200:300].mean() == pytest.approx(2.31, abs=0.01)
    assert session.history["loss"][-100:].mean() == pytest.approx(1.1, abs=0.1)
    assert tied["loss"][-100:].mean() == pytest.approx(1.5, abs=0.1)
    assert tied["accuracy"][-100:].mean() == pytest.approx(0.38, abs=0.03)
    cured = trained("zero-init-rounding", "layers[0:2].init=xavier_uniform")
    assert cured.history["loss"][-100:].mean() == pytest.approx(0.1, abs=0.03)


def test_sixteen_digits_only_put_it_off():
    session = session_of("zero-init-rounding", "dtype=float64", "train.iterations=4000")
    session.goto(1000)
    assert 0.0 < spread_of_units(session) < 1e-6
    session.goto(2500)
    assert spread_of_units(session) > 0.1


# One layer


def test_one_layer_descends_from_zero():
    """w ← w - lr/n Σ (p - y) x in plain float64 is the whole training; the first update moves all three by 0.125."""
    session = session_of("zero-init-one-layer")
    x, y = or_gate(session)
    x = np.column_stack([x, np.ones(4)])
    w = np.zeros((3, 1))
    for iteration in range(1, session.planned_iterations + 1):
        w = w - 0.5 * x.T @ (1.0 / (1.0 + np.exp(-x @ w)) - y) / 4.0
        if iteration == 1:
            assert w.ravel().tolist() == [0.125] * 3
        session.goto(iteration)
        assert weights(session)[0].ravel() == pytest.approx(w.ravel(), abs=1e-5)
    assert metric(session, "loss") == pytest.approx(0.0902, abs=5e-5)


def test_every_start_leads_into_the_one_valley():
    """The loss is convex: after 20,000 updates three starts are within 0.01 of one another."""
    ends = [
        weights(trained("zero-init-one-layer", f"layers[0].init={init}", "train.iterations=20000"))[0]
        for init in ("zeros", "ones", "xavier_uniform")
    ]
    assert max(np.ptp(ends, axis=0).ravel()) < 0.01


def test_xor_leaves_one_layer_at_zero():
    assert not weights(trained("zero-init-one-layer", "data.source=xor"))[0].any()
