"""head-regression, head-binary, head-multiclass: units, activation and loss of each, and what the wrong head cannot say."""

import math

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, metric, session_of, trained
from tui_nn import Session

HEADS = {  # preset -> units, name of what the answers come out of, loss
    "head-regression": (1, "dense_2", "mse"),
    "head-binary": (1, "sigmoid_1", "binary_cross_entropy"),
    "head-multiclass": (3, "softmax_1", "sparse_categorical_cross_entropy"),
}
SEEDS = range(20 if IS_FULL else 4)
LOGITS = ("layers[1].activation=linear", "loss.from_logits=true")


def at_the_loss(preset: str, iteration: int, *overrides: str) -> Session:
    """With the outputs of the iteration's batch and their loss computed."""
    session = session_of(preset, *overrides)
    session.goto(iteration, next(op.index for op in session.program.ops if op.phase == "loss") + 1)
    return session


def answers(session: Session) -> np.ndarray:
    return np.asarray(session.frame().layers[-1].activation, dtype=np.float64)


def logits(session: Session) -> np.ndarray:
    return np.asarray(session.frame().layer("dense_2").activation, dtype=np.float64)


def targets(session: Session) -> np.ndarray:
    dataset, order = session.program.dataset, session.frame().sample_indices
    return np.asarray(dataset.y_train)[order].reshape(len(order))


@pytest.mark.parametrize("preset", HEADS)
def test_units_activation_and_loss(preset: str):
    """Targets / 1 / classes; nothing, sigmoid, softmax; the loss that fits."""
    units, name, loss = HEADS[preset]
    session = session_of(preset)
    last = session.program.layers[-1]
    assert (last.name, last.units) == (name, units)
    assert session.scenario.loss.type == loss
    assert units == session.program.dataset.n_outputs


@pytest.mark.parametrize("iteration", [0, 50])
def test_mean_squared_error_by_formula(iteration: int):
    session = at_the_loss("head-regression", iteration)
    out, y = answers(session).ravel(), targets(session)
    assert metric(session, "loss") == pytest.approx(((out - y) ** 2).mean(), rel=1e-5)
    session.step("op")
    np.testing.assert_allclose(session.frame().layers[-1].delta.ravel(), 2 * (out - y) / len(y), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("iteration", [0, 50])
def test_sigmoid_and_binary_cross_entropy_by_formula(iteration: int):
    session = at_the_loss("head-binary", iteration)
    z, y = logits(session).ravel(), targets(session)
    p = 1.0 / (1.0 + np.exp(-z))
    np.testing.assert_allclose(answers(session).ravel(), p, atol=1e-6)
    assert metric(session, "loss") == pytest.approx(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(), rel=1e-4)
    session.step("op", 2)  # the loss's gradient, and through the sigmoid
    np.testing.assert_allclose(session.frame().layer("dense_2").delta.ravel(), (p - y) / len(y), atol=1e-6)


@pytest.mark.parametrize("iteration", [0, 50, 200])
def test_softmax_rows_sum_to_1(iteration: int):
    session = at_the_loss("head-multiclass", iteration)
    p, z, y = answers(session), logits(session), targets(session)
    np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-6)
    assert (p > 0).all()
    np.testing.assert_allclose(p, np.exp(z) / np.exp(z).sum(axis=1, keepdims=True), atol=1e-6)
    assert metric(session, "loss") == pytest.approx(-np.log(p[np.arange(len(y)), y]).mean(), rel=1e-4)
    session.step("op", 2)
    np.testing.assert_allclose(session.frame().layer("dense_2").delta, (p - np.eye(3)[y]) / len(y), atol=1e-6)


@pytest.mark.parametrize("preset", ["head-binary", "head-multiclass"])
def test_from_logits_the_losses_are_the_same(preset: str):
    one, other = trained(preset).history["loss"], trained(preset, *LOGITS).history["loss"]
    np.testing.assert_allclose(one, other, rtol=1e-3)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_linear_head_reaches_the_noise_and_the_sigmoid_head_1_kg(seed: int):
    """Within 10 % of the least-squares line; and not below the mean of (1 - y)², which no answer up to 1 can beat."""
    fits, stuck = (trained("head-regression", f"seed={seed}", *change) for change in ((), (SIGMOID,)))
    x, y = fits.program.dataset.x_train, fits.program.dataset.y_train
    columns = np.hstack([x, np.ones_like(x)])
    line = np.linalg.solve(columns.T @ columns, columns.T @ y)
    assert metric(fits, "loss") < 1.1 * ((columns @ line - y) ** 2).mean()
    floor = ((1 - y) ** 2).mean()
    assert floor <= metric(stuck, "loss") * (1 + 1e-6)
    assert metric(stuck, "loss") == pytest.approx(floor, rel=0.001)


SIGMOID = "layers[1].activation=sigmoid"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_mean_probability_is_the_share_of_ones(seed: int):
    session = trained("head-binary", f"seed={seed}")
    share = float(session.program.dataset.y_train.mean())
    assert share == pytest.approx(212 / 569)
    assert metric(session, "act_mean.sigmoid_1") == pytest.approx(share, abs=0.006)


def test_without_a_sigmoid_some_answers_are_no_probabilities():
    wrong = ("layers[1].activation=linear", "loss.type=mse", "optimizer.lr=0.1")
    out = answers(at_the_loss("head-binary", 300, *wrong))
    assert out.min() < 0.0
    assert out.max() > 1.0


def test_two_classes_of_softmax_are_a_sigmoid_and_a_shift_changes_nothing():
    """The identities of the lesson, and its example."""
    a, b = 1.3, -0.4
    assert math.exp(a) / (math.exp(a) + math.exp(b)) == pytest.approx(1 / (1 + math.exp(-(a - b))))
    e = np.exp([2.0, 1.0, 0.0])
    assert (e / e.sum()).round(3).tolist() == [0.665, 0.245, 0.090]
    shifted = np.exp([102.0, 101.0, 100.0])
    np.testing.assert_allclose(shifted / shifted.sum(), e / e.sum())
    assert -math.log(0.01) == pytest.approx(4.6, abs=0.01)


def test_the_numbers_of_the_lessons():
    """At seed 7, said by lessons and scripts."""
    session = trained("head-regression")
    loss, mean = session.history["loss"], session.history["act_mean.dense_2"]
    assert loss[[0, 100, 499]] == pytest.approx([5081, 63.9, 63.2], rel=1e-3)
    assert mean[[0, 10]] == pytest.approx([0, 68.0], abs=0.05)
    assert metric(trained("head-regression", SIGMOID), "loss") == pytest.approx(4942, abs=1)
    session = trained("head-binary")
    assert session.history["loss"][[0, 10, 50, 299]] == pytest.approx([0.88, 0.174, 0.066, 0.037], abs=3e-3)
    assert session.history["accuracy"][[10, 299]] == pytest.approx([0.94, 0.99], abs=5e-3)
    assert session.history["act_mean.sigmoid_1"][[0, 299]] == pytest.approx([0.490, 0.371], abs=5e-4)
    session = trained("head-multiclass")
    assert session.history["loss"][[0, 10, 199]] == pytest.approx([1.24, 0.226, 0.009], abs=3e-3)
    assert session.history["accuracy"][[10, 199]] == pytest.approx([0.97, 1.0], abs=5e-3)
