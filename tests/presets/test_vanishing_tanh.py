"""vanishing-tanh: the error layer by layer in plain NumPy, what takes it away and what does not, and the twin that learns."""

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, metric, session_of, trained
from tui_nn import Session

PRESET = "vanishing-tanh"
SEEDS = range(20 if IS_FULL else 4)
TANHS = [f"tanh_{number}" for number in range(1, 11)]
DENSE = [f"dense_{number}" for number in range(1, 12)]
BEST = 0.5623  # of one answer for all four points of OR: p = 3/4
AFTER_BACKWARD = 44  # rows executed: the batch, 21 forward, the loss, 21 backward
LINEAR = "layers[0:10].activation=linear"


def first_errors(session: Session) -> list[float]:
    """Norm of ∂loss/∂output of each hidden layer in the first iteration, by the chain rule in NumPy; biases are 0."""
    session.goto(0, 1)
    x, y = (np.asarray(part, dtype=np.float64) for part in (session.frame().inputs, session.frame().targets))
    weights = [np.array(layer.parameters[0].value) for layer in session.frame().layers if layer.kind == "dense"]
    outputs = [x]
    for weight in weights[:-1]:
        outputs.append(np.tanh(outputs[-1] @ weight.T))
    error = (1.0 / (1.0 + np.exp(-outputs[-1] @ weights[-1].T)) - y.reshape(-1, 1)) / len(x)
    norms = []
    for output, weight in zip(outputs[:0:-1], weights[:0:-1], strict=True):
        error = error @ weight
        norms.insert(0, float(np.linalg.norm(error)))
        error = error * (1.0 - output**2)
    return norms


def errors(session: Session, names: list[str]) -> list[float]:
    return [metric(session, f"delta_norm.{name}") for name in names]


@pytest.mark.parametrize("preset", [PRESET, "vanishing-tanh-cured"])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_error_is_the_chain_rule(preset: str, seed: int):
    session = session_of(preset, f"seed={seed}")
    expected = first_errors(session)
    session.goto(1)
    assert errors(session, TANHS) == pytest.approx(expected, rel=1e-9)


def test_a_step_leaves_the_root_of_n_times_sigma():
    """E|Wᵀδ|² = n σ² |δ|² = 0.16 |δ|²: the mean of 180 steps, each with a relative spread of at most √(2/16)."""
    ratios = []
    for seed in range(20):
        session = session_of(PRESET, f"seed={seed}")
        session.goto(1)
        norms = np.array(errors(session, TANHS))
        ratios.extend((norms[:-1] / norms[1:]) ** 2)
    assert np.mean(ratios) == pytest.approx(16 * 0.1**2, abs=0.02)
    assert round(0.4**-9) == 3815


@pytest.mark.parametrize("seed", SEEDS)
def test_the_front_stands_almost_still_and_the_loss_stays(seed: int):
    session = trained(PRESET, f"seed={seed}")
    assert session.history["update_ratio.dense_1"].max() < 3e-4
    assert metric(session, "loss") == pytest.approx(BEST, abs=1e-4)
    assert metric(session, "accuracy") == 0.75


def test_tanh_is_not_what_takes_the_error():
    """Its slope in the first iteration, as the lesson gives it; and without it the error fades by the same factor."""
    session = session_of(PRESET)
    session.goto(0, AFTER_BACKWARD)
    slopes = [(1 - np.asarray(session.frame().layer(name).activation) ** 2).min() for name in TANHS]
    assert min(slopes) >= 0.89
    assert min(slopes[2:]) > 0.99
    linear = trained(PRESET, LINEAR)
    assert metric(linear, "loss") == pytest.approx(BEST, abs=5e-5)
    session.goto(1)
    linear.goto(1)
    fall = metric(session, "delta_norm.tanh_1") / metric(session, "delta_norm.tanh_10")
    assert metric(linear, "delta_norm.dense_1") / metric(linear, "delta_norm.dense_10") == pytest.approx(fall, rel=1e-3)


def test_with_larger_weights_the_error_grows_although_no_slope_is_above_1():
    session = session_of(PRESET, "layers[0:10].init_std=0.4")
    session.goto(1)
    assert metric(session, "delta_norm.tanh_1") / metric(session, "delta_norm.tanh_10") == pytest.approx(26, abs=0.5)


def test_patience_helps_here():
    """The loss is below 0.5 first after 5,469 updates, and all four answers are right in the end."""
    session = trained(PRESET, "train.iterations=6000")
    assert int(np.flatnonzero(session.history["loss"] < 0.5)[0]) == 5469
    assert metric(session, "accuracy") == 1.0


@pytest.mark.parametrize("overrides", [(), ("layers[0:10].gain=1.2",)])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_loss_falls_with_the_cure(overrides: tuple[str, ...], seed: int):
    session = trained("vanishing-tanh-cured", *overrides, f"seed={seed}")
    assert metric(session, "loss") < 0.001
    assert metric(session, "accuracy") == 1.0


def test_numbers_of_lesson_and_script():
    session = session_of(PRESET)
    ops = session.program.ops
    assert [ops[index].label for index in (20, 22, 43)] == ["forward tanh_10", "loss binary CE", "backward dense_1"]
    session.goto(1)
    assert metric(session, "loss") == pytest.approx(0.6932, abs=5e-5)
    assert [metric(session, f"delta_norm.tanh_{n}") for n in (10, 1)] == pytest.approx([0.326, 8.97e-5], rel=2e-3)
    assert [metric(session, f"act_signal.tanh_{n}") for n in (1, 10)] == pytest.approx([0.0608, 7.72e-6], rel=2e-3)
    ratios = [metric(session, f"update_ratio.dense_{n}") for n in (11, 1)]
    assert ratios == pytest.approx([0.0383, 5.59e-5], rel=2e-3)
    session.goto(500)
    assert session.history["loss"][31:] == pytest.approx(np.full(469, BEST), abs=5e-5)
    gradients = [metric(session, f"grad_norm.{name}") for name in DENSE]
    assert (min(gradients), max(gradients)) == pytest.approx((1.0e-5, 6.8e-5), rel=0.05)


def test_numbers_of_the_cured_twin():
    session = session_of("vanishing-tanh-cured")
    session.goto(1)
    assert [metric(session, f"delta_norm.tanh_{n}") for n in (10, 1)] == pytest.approx([0.33, 0.115], abs=5e-3)
    assert [metric(session, f"act_signal.tanh_{n}") for n in (1, 10)] == pytest.approx([0.22, 0.076], abs=5e-3)
    assert all(0.0095 < metric(session, f"update_ratio.{name}") < 0.0205 for name in DENSE[:-1])
    session.goto(500)
    assert metric(session, "loss") == pytest.approx(0.0007, abs=5e-5)
    assert int(np.flatnonzero(session.history["loss"] < 0.05)[0]) == 12
