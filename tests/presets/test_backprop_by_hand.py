"""backprop-by-hand: the nine derivatives by hand, by the chain rule in plain Python, and by central differences."""

import math

import numpy as np
import pytest

from tests.presets.runs import metric, session_of, trained
from tui_nn import Session

PRESET = "backprop-by-hand"
TARGET_2 = "data.y=[2.0]"
AFTER_BACKWARD = 8
H = 6e-6  # cube root of float64 epsilon: round-off meets truncation
PLACES = ["w11", "w12", "w21", "w22", "b1", "b2", "v1", "v2", "c"]  # as in memory: weights, then biases, by layer
START: dict[str, float] = dict(zip(PLACES, (0.5, -0.5, 1.0, 0.5, 0.5, -1.0, 2.0, -1.0, 0.5), strict=True))
BY_HAND = dict(zip(PLACES, (-0.2311, -0.4621, 0.0909, 0.1817, -0.2311, 0.0909, -0.2311, -0.3378, -0.4621), strict=True))


def sigmoid(z: float) -> float:
    return 1.0 / (1.0 + math.exp(-z))


def loss_of(p: dict[str, float], y: float = 1.0) -> float:
    h1 = sigmoid(p["w11"] * 1 + p["w12"] * 2 + p["b1"])
    h2 = sigmoid(p["w21"] * 1 + p["w22"] * 2 + p["b2"])
    return (p["v1"] * h1 + p["v2"] * h2 + p["c"] - y) ** 2


def chain_rule(p: dict[str, float], y: float = 1.0) -> dict[str, float]:
    """The lesson, line by line."""
    h1 = sigmoid(p["w11"] * 1 + p["w12"] * 2 + p["b1"])
    h2 = sigmoid(p["w21"] * 1 + p["w22"] * 2 + p["b2"])
    delta = 2 * (p["v1"] * h1 + p["v2"] * h2 + p["c"] - y)
    z1, z2 = delta * p["v1"] * h1 * (1 - h1), delta * p["v2"] * h2 * (1 - h2)
    return dict(zip(PLACES, (z1, 2 * z1, z2, 2 * z2, z1, z2, delta * h1, delta * h2, delta), strict=True))


def numbers(session: Session, field: str) -> dict[str, float]:
    """All nine of the engine, by the lesson's names."""
    parts = [np.ravel(getattr(p, field)) for layer in session.frame().layers for p in layer.parameters]
    return dict(zip(PLACES, np.concatenate(parts).tolist(), strict=True))


def after_backward(*overrides: str, iteration: int = 0) -> Session:
    session = session_of(PRESET, "dtype=float64", *overrides)
    session.goto(iteration, AFTER_BACKWARD)
    return session


def test_the_engine_finds_what_is_worked_by_hand():
    session = after_backward()
    assert numbers(session, "value") == START
    assert numbers(session, "grad") == pytest.approx(BY_HAND, abs=5.1e-5)  # four digits are written


@pytest.mark.parametrize("iteration", [0, 1, 5])
@pytest.mark.parametrize("y", [1.0, 2.0])
def test_every_derivative_is_the_central_difference(iteration: int, y: float):
    """Both nudges of each of the nine parameters, in plain Python; where the run stands, whatever the target."""
    session = after_backward(f"data.y=[{y}]", iteration=iteration)
    values, grads = numbers(session, "value"), numbers(session, "grad")
    assert grads == pytest.approx(chain_rule(values, y), rel=1e-9)
    for name in PLACES:
        up, down = (loss_of(values | {name: values[name] + step}, y) for step in (H, -H))
        assert grads[name] == pytest.approx((up - down) / (2 * H), abs=1e-8), name


def test_the_forward_pass_of_the_lesson():
    frame = after_backward().frame()
    assert frame.layer("dense_1").activation.tolist() == [[0.0, 1.0]]
    assert frame.layer("sigmoid_1").activation.ravel() == pytest.approx([0.5, 0.7311], abs=5e-5)
    assert frame.layer("dense_2").activation.item() == pytest.approx(0.7689, abs=5e-5)
    assert frame.layer("sigmoid_1").delta.ravel() == pytest.approx([-0.9242, 0.4621], abs=5e-5)
    assert frame.layer("dense_1").delta.ravel() == pytest.approx([-0.2311, 0.0909], abs=5e-5)
    assert loss_of(START) == pytest.approx(0.0534, abs=5e-5)


def test_the_check_that_the_lesson_offers():
    up, down = (loss_of(START | {"w12": START["w12"] + step}) for step in (0.001, -0.001))
    assert (up - down) / 0.002 == pytest.approx(-0.4621, abs=5e-5)


def test_all_nine_are_proportional_to_the_error():
    """With the target 2: δ = -2.4621, and each derivative 5.3 times as large."""
    one, two = (numbers(after_backward(*change), "grad") for change in ((), (TARGET_2,)))
    assert two["c"] == pytest.approx(-2.4621, abs=5e-5)
    assert [two[name] / one[name] for name in PLACES] == pytest.approx([two["c"] / one["c"]] * 9)
    assert two["c"] / one["c"] == pytest.approx(5.3, abs=0.05)


def test_the_update_and_what_it_is_good_for():
    session = session_of(PRESET)
    session.step("iteration")
    values = numbers(session, "value")
    assert values == pytest.approx({n: START[n] - 0.1 * g for n, g in chain_rule(START).items()}, abs=1e-6)
    assert values["w12"] == pytest.approx(-0.4538, abs=5e-5)
    loss = trained(PRESET).history["loss"]
    assert loss[:2] == pytest.approx([0.0534, 0.0046], abs=5e-5)
    assert metric(trained(PRESET), "loss") < 1e-6
