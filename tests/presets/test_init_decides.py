"""init-decides: the loss over its one weight, its valleys and its ridge, and where each start ends."""

import numpy as np
import pytest

from tests.presets.runs import metric, session_of, trained
from tui_nn import Session

RIDGE, LEFT, RIGHT = 0.25071, -0.10344, 1.09861


def loss(w: np.ndarray | float) -> np.ndarray:
    return 0.5 * (np.tanh(w) - 0.8) ** 2 + 0.5 * (np.tanh(10.0 * np.asarray(w)) + 1.0) ** 2


def slope(w: float) -> float:
    a, b = np.tanh(w), np.tanh(10.0 * w)
    return float((a - 0.8) * (1.0 - a * a) + 10.0 * (b + 1.0) * (1.0 - b * b))


def weight(session: Session) -> float:
    return float(session.frame().layers[0].parameters[0].value[0, 0])


def test_two_valleys_and_a_ridge():
    """Every turn of the loss from -3 to 3, found by looking at each of 600,001 places."""
    w = np.linspace(-3.0, 3.0, 600_001)
    rising = np.diff(loss(w)) > 0.0
    turns = w[np.flatnonzero(rising[1:] != rising[:-1]) + 1]
    assert turns == pytest.approx([LEFT, RIDGE, RIGHT], abs=2e-5)
    assert loss(turns) == pytest.approx([0.433, 2.127, 2.000], abs=5e-4)
    assert [slope(turn) for turn in turns] == pytest.approx([0.0] * 3, abs=1e-3)


@pytest.mark.parametrize(("preset", "start", "end"), [("init-decides", 0.3, RIGHT), ("init-decides-other", 0.2, LEFT)])
def test_descent_in_numpy_is_the_training(preset: str, start: float, end: float):
    """w ← w - 0.02 slope(w), each of the 3,000 updates; and the loss that the engine measures is that of the formula."""
    session, w = session_of(preset), start
    for iteration in range(1, session.planned_iterations + 1):
        before, w = w, w - 0.02 * slope(w)
        session.goto(iteration)
        assert weight(session) == pytest.approx(w, abs=2e-5)
        if iteration in (1, 2, 5, 10, 300, 3000):
            assert metric(session, "loss") == pytest.approx(float(loss(before)), abs=1e-4)
    assert w == pytest.approx(end, abs=1e-3)


@pytest.mark.parametrize("start", [-1.0, -0.1, 0.0, 0.2, 0.24, 0.25, 0.252, 0.26, 0.3, 0.5, 1.0, 1.5])
def test_the_side_of_the_ridge_decides(start: float):
    session = trained("init-decides", f"layers[0].weights=[[{start}]]")
    is_left = start < RIDGE
    assert metric(session, "loss") == pytest.approx(0.4329 if is_left else 2.0, abs=1e-3)
    assert weight(session) == pytest.approx(LEFT if is_left else RIGHT, abs=0.01)


def test_the_first_loss_tells_nothing_and_the_first_slope_all():
    assert (float(loss(0.2)), float(loss(0.3))) == pytest.approx((2.11, 2.12), abs=5e-3)
    assert (slope(0.2), slope(0.3)) == pytest.approx((0.81, -0.27), abs=5e-3)
    session = session_of("init-decides")
    session.goto(1)
    assert weight(session) == pytest.approx(0.305, abs=5e-4)
    session.goto(300)
    assert (weight(session), metric(session, "loss")) == pytest.approx((0.948, 2.002), abs=5e-4)
    other = session_of("init-decides-other")
    other.goto(5)
    assert other.history["loss"][3] > 1.0 > other.history["loss"][4]
