"""All weights one: what saturates, what grows, by how much a layer, and what the cures change. In plain NumPy as well."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, metric, session_of, trained
from tui_nn import Session

SEEDS = range(20 if IS_FULL else 4)
L = 5
FAN_IN = 10


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-z))


SLOPES: dict[str, tuple[Callable, Callable]] = {
    "sigmoid": (sigmoid, lambda h: h * (1.0 - h)),
    "tanh": (np.tanh, lambda h: 1.0 - h * h),
    "relu": (lambda z: np.maximum(z, 0.0), lambda h: (h > 0.0) * 1.0),
}


def by_hand(x: np.ndarray, y: np.ndarray, name: str, n_hidden: int = L) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """All weights 1, so all units of a layer are one: its value (n,) and its error ∂loss/∂h (n,), layer by layer.

    z = x1 + x2 in the first layer, 10 h after it; back goes 10 times the slope, and once from the one output unit.
    """
    function, slope = SLOPES[name]
    values = [function(x.sum(axis=1))]
    for _ in range(n_hidden - 1):
        values.append(function(FAN_IN * values[-1]))
    errors = [(sigmoid(FAN_IN * values[-1]) - y) / len(x)]
    for value in values[:0:-1]:
        errors.append(FAN_IN * slope(value) * errors[-1])
    return values, errors[::-1]


def points(session: Session) -> tuple[np.ndarray, np.ndarray]:
    session.goto(0, 1)
    frame = session.frame()
    return np.array(frame.inputs, np.float64), np.array(frame.targets, np.float64).ravel()


def weight_gradients(session: Session) -> list[np.ndarray]:
    return [np.array(layer.parameters[0].grad, np.float64) for layer in session.frame().layers if layer.parameters]


@pytest.mark.parametrize("name", ["sigmoid", "relu"])
@pytest.mark.parametrize("seed", SEEDS)
def test_values_and_errors_are_those_of_one_unit_a_layer(name: str, seed: int):
    """act_mean and delta_norm of the first iteration, ten units counted: equal to a chain of single numbers."""
    session = session_of(f"ones-init-{name}", f"seed={seed}")
    values, errors = by_hand(*points(session), name)
    session.goto(1)
    for index in range(L):
        layer = f"{name}_{index + 1}"
        assert metric(session, f"act_mean.{layer}") == pytest.approx(values[index].mean(), rel=1e-5)
        expected = np.sqrt(FAN_IN) * np.linalg.norm(errors[index])
        assert metric(session, f"delta_norm.{layer}") == pytest.approx(expected, rel=0.03)  # 1 - h in float32, near 1


@pytest.mark.parametrize("seed", SEEDS)
def test_a_saturated_sigmoid_layer_leaves_a_two_thousandth(seed: int):
    """10 · h (1 - h) at z = 10 is 4.5e-4, once a layer; and no update moves dense_1 at all."""
    h = sigmoid(np.array(10.0))
    assert 10.0 * h * (1.0 - h) == pytest.approx(4.54e-4, abs=1e-6)
    session = session_of("ones-init-sigmoid", f"seed={seed}")
    session.goto(1)
    for number in (3, 4):
        fall = metric(session, f"delta_norm.sigmoid_{number}") / metric(session, f"delta_norm.sigmoid_{number + 1}")
        assert fall == pytest.approx(4.54e-4, rel=0.03)
    session.goto(session.planned_iterations)
    assert (np.array(session.frame().layers[0].parameters[0].value) == 1.0).all()
    assert max(session.history["update_ratio.dense_1"]) < 1e-11


def test_xavier_alone_does_not_save_sigmoid():
    """No unit is saturated, and the loss stays; with tanh it falls."""
    xavier = "layers[0:5].init=xavier_normal"
    for seed in SEEDS:
        session = trained("ones-init-sigmoid", xavier, f"seed={seed}")
        assert metric(session, "loss") == pytest.approx(np.log(2), abs=1e-3)
        assert metric(session, "saturated.sigmoid_5") == 0.0
        cured = trained("ones-init-sigmoid", xavier, "layers[0:5].activation=tanh", f"seed={seed}")
        assert metric(cured, "loss") < 0.01


@pytest.mark.parametrize("seed", SEEDS)
def test_in_float32_the_tanh_of_10_is_1(seed: int):
    """So tanh_5 is ±1 throughout, and every gradient in front of it exactly 0, in all 300 updates."""
    assert np.tanh(np.float32(10)) == 1.0
    assert 1.0 - np.tanh(10.0) ** 2 == pytest.approx(8.2e-9, abs=5e-11)
    session = trained("ones-init-tanh", f"seed={seed}")
    for number in range(1, L + 1):
        assert max(session.history[f"grad_norm.dense_{number}"]) == 0.0
    session.goto(0, 11)
    activation = np.array(session.frame().layer("tanh_5").activation)
    assert (np.abs(activation) == 1.0).all()
    assert (np.ptp(activation, axis=1) == 0.0).all()


def test_in_float64_the_gradient_is_only_far_too_small():
    session = trained("ones-init-tanh", "dtype=float64")
    assert metric(session, "loss") == pytest.approx(np.log(2), abs=1e-6)
    session.goto(1)
    assert metric(session, "grad_norm.dense_1") == pytest.approx(2.6e-20, rel=0.05)


def test_smaller_equal_weights_leave_the_units_one():
    """Of both lessons: nothing is saturated, the size is kept, and the rows of dense_1 do not differ."""
    for preset, layers in (("ones-init-tanh", "1:5"), ("ones-init-relu", "1:6")):
        session = trained(preset, f"layers[{layers}].init=constant", f"layers[{layers}].init_value=0.1")
        assert not np.ptp(np.array(session.frame().layers[0].parameters[0].value), axis=0).any()
        assert metric(session, "loss") > 0.5
        session.goto(1)
        kind = preset.removeprefix("ones-init-")
        assert metric(session, f"saturated.{kind}_5") == 0.0
        assert 0.5 < metric(session, f"act_std.{kind}_5") / metric(session, f"act_std.{kind}_1") <= 1.0001


@pytest.mark.parametrize("seed", SEEDS)
def test_relu_grows_by_the_fan_in(seed: int):
    """From the second layer on: values and errors tenfold, and weights' gradients equal, each to rounding."""
    session = session_of("ones-init-relu", f"seed={seed}")
    session.goto(1)
    for number in range(1, L):
        values = [metric(session, f"act_mean.relu_{k}") for k in (number, number + 1)]
        errors = [metric(session, f"delta_norm.dense_{k}") for k in (number, number + 1)]
        assert values[1] / values[0] == pytest.approx(FAN_IN, rel=1e-6)
        assert errors[0] / errors[1] == pytest.approx(FAN_IN, rel=1e-6)
    inner = np.array(weight_gradients(session)[1:L])
    assert inner.ravel() == pytest.approx(inner[0, 0, 0], rel=1e-6)


def test_each_layer_added_multiplies_all_weight_gradients_by_the_fan_in():
    """Every output above 0 is in the thousands, so its error is 1 or 0 whatever its size: the product is all that grows."""
    x, y = points(session_of("ones-init-relu"))
    gradients = []
    for n_hidden in (4, 5, 6):
        values, errors = by_hand(x, y, "relu", n_hidden)
        each = [float((errors[k] * values[k - 1] * (values[k] > 0)).sum()) for k in range(1, n_hidden)]
        assert each == pytest.approx([each[0]] * (n_hidden - 1))
        gradients.append(each[0])
    assert [b / a for a, b in pairwise(gradients)] == pytest.approx([FAN_IN] * 2, rel=1e-3)
    session = session_of("ones-init-relu")
    session.goto(1)
    assert weight_gradients(session)[2][0, 0] == pytest.approx(gradients[1], rel=1e-4)


@pytest.mark.parametrize("seed", SEEDS)
def test_points_with_a_negative_sum_are_invisible(seed: int):
    """All values of their rows are 0 in every layer, and those of the others are not."""
    session = session_of("ones-init-relu", f"seed={seed}")
    x, _ = points(session)
    session.goto(0, 11)
    for number in range(1, L + 1):
        activation = np.array(session.frame().layer(f"relu_{number}").activation)
        assert ((activation == 0.0).all(axis=1) == (x.sum(axis=1) < 0.0)).all()
        assert ((activation > 0.0).all(axis=1) == (x.sum(axis=1) > 0.0)).all()
    assert (x.sum(axis=1) < 0.0).sum() == 20


def test_the_first_update_kills_and_a_small_rate_kills_slowly():
    session = session_of("ones-init-relu")
    session.goto(2)
    assert [metric(session, f"dead.relu_{k}") for k in range(1, L + 1)] == [1.0] * L
    assert session.history["loss"][:2] == pytest.approx([22760, 0.694], rel=1e-3)
    slow = trained("ones-init-relu", "optimizer.lr=1e-5")
    assert slow.history["loss"][5] > 10_000
    assert [metric(slow, f"dead.relu_{k}") for k in range(2, L + 1)] == [1.0] * (L - 1)


def test_numbers_of_the_cured_lessons():
    tanh, relu = session_of("ones-init-tanh-cured"), session_of("ones-init-relu-cured")
    tanh.goto(1)
    relu.goto(1)
    assert all(metric(tanh, f"saturated.tanh_{k}") == 0.0 for k in range(1, L + 1))
    assert all(0.18 < metric(tanh, f"delta_norm.tanh_{k}") < 0.26 for k in range(1, L + 1))
    assert all(0.26 < metric(relu, f"act_mean.relu_{k}") < 0.70 for k in range(1, L + 1))
    assert all(0.065 < metric(relu, f"delta_norm.relu_{k}") < 0.09 for k in range(1, L + 1))
    assert metric(relu, "loss") == pytest.approx(0.842, abs=5e-4)
    relu.goto(0, 11)
    assert not (np.array(relu.frame().layer("relu_5").activation) == 0.0).all(axis=1).any()
    tanh.goto(300)
    relu.goto(300)
    assert tanh.history["loss"][10:20].min() > 0.6
    assert metric(tanh, "loss") == pytest.approx(0.0032, abs=5e-4)
    assert metric(relu, "loss") < 0.001
