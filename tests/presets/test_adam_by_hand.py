"""adam-by-hand: the five updates as fractions, against slots, corrected means and steps of the engine."""

import itertools
import math
from fractions import Fraction as F

import pytest

from tests.presets.runs import session_of
from tui_nn import Session
from tui_nn.debugger.update import explain

PRESET = "adam-by-hand"
# Worked on paper: g, m, v, m̂, v̂ and the step m̂ / √v̂. No √ is left: v̂ is 16 or 144.
BY_HAND = [
    (F(4), F(2), F(8), F(4), F(16), F(1)),
    (F(4), F(3), F(12), F(4), F(16), F(1)),
    (F(-4), F(-1, 2), F(14), F(-4, 7), F(16), F(-1, 7)),
    (F(16), F(31, 4), F(135), F(124, 15), F(144), F(31, 45)),
    (F(-12), F(-17, 8), F(279, 2), F(-68, 31), F(144), F(-17, 93)),
]
PLACES = [F(-1), F(-2), F(-13, 7), F(-802, 315), F(-802, 315) + F(17, 93)]


def seen(session: Session) -> tuple[float, float, float, float, float]:
    """g, m, v, the step and w, as the Optimizer panel has them."""
    weight = session.frame().layers[0].parameters[0]
    m, v = (weight.slots[name][0, 0] for name in ("exp_avg", "exp_avg_sq"))
    return weight.grad[0, 0], m, v, weight.effective_step[0, 0], weight.value[0, 0]


def test_the_engine_has_the_numbers_worked_by_hand():
    session = session_of(PRESET)
    for t, ((g, m, v, m_hat, v_hat, step), place) in enumerate(zip(BY_HAND, PLACES, strict=True), 1):
        session.goto(t)
        assert seen(session) == pytest.approx([float(x) for x in (g, m, v, step, place)], rel=1e-14)
        _, engine_m, engine_v, engine_step, _ = seen(session)
        correction = 1 - 0.5**t
        assert (engine_m / correction, engine_v / correction) == pytest.approx((float(m_hat), float(v_hat)), rel=1e-14)
        assert engine_step == pytest.approx(float(m_hat) / math.sqrt(v_hat), rel=1e-14)


@pytest.mark.parametrize("t", range(1, 6))
def test_the_panel_shows_the_corrected_means(t: int):
    """The Optimizer panel's calculation has every column of the lesson's table."""
    session = session_of(PRESET)
    session.goto(t)
    update = explain(session.frame(), "dense_1.weight", (0, 0))
    assert update is not None
    shown = [update.values[name] for name in ("g", "m", "v", "m̂", "v̂", "step")]
    assert shown == pytest.approx([float(x) for x in BY_HAND[t - 1]], rel=1e-14)


def test_the_fractions_follow_from_the_rule():
    """Half of the old, half of the new, in exact arithmetic; and the gradients are the inputs."""
    m = v = w = F(0)
    assert [row[0] for row in session_of(PRESET).program.dataset.x_train.tolist()] == [row[0] for row in BY_HAND]
    for t, ((g, *expected), place) in enumerate(zip(BY_HAND, PLACES, strict=True), 1):
        m, v = (m + g) / 2, (v + g * g) / 2
        correction = 1 - F(1, 2**t)
        root = F(math.isqrt(int(v / correction)))
        assert root * root == v / correction
        w -= m / correction / root
        assert [m, v, m / correction, v / correction, m / correction / root] == expected
        assert w == place


@pytest.mark.parametrize("beta", [F(1, 2), F(9, 10), F(999, 1000)])
def test_bias_correction_restores_the_expectation(beta: F):
    """Over all 4^3 orders in which three gradients can be drawn from four, the mean of m is (1 - β^t) μ, of m̂ it is μ."""
    drawn = (F(4), F(-4), F(16), F(-12))
    mu = sum(drawn, F(0)) / 4
    means = []
    for gradients in itertools.product(drawn, repeat=3):
        m = F(0)
        for g in gradients:
            m = beta * m + (1 - beta) * g
        means.append(m)
    mean = sum(means, F(0)) / len(means)
    assert mean == (1 - beta**3) * mu
    assert mean / (1 - beta**3) == mu == 1


def test_without_correction_the_first_step_is_3_times_lr():
    """0.1 / √0.001 with the usual memories; and back-propagation gives both optimizers the same five gradients."""
    usual = ("optimizer.beta1=0.9", "optimizer.beta2=0.999", "optimizer.bias_correction=false")
    session = session_of(PRESET, *usual)
    session.goto(1)
    assert seen(session)[3] == pytest.approx(0.1 / math.sqrt(0.001), rel=1e-12)
    descent = session_of(PRESET, "optimizer.type=sgd")
    for t, (g, *_) in enumerate(BY_HAND, 1):
        descent.goto(t)
        assert descent.frame().layers[0].parameters[0].grad[0, 0] == g
    assert descent.frame().layers[0].parameters[0].value[0, 0] == -8
    assert float(PLACES[-1]) == pytest.approx(-2.36, abs=5e-3)


def test_the_first_gradient_is_forgotten():
    """Five updates on, it is in m with a weight of 1/32: one more unit of it changes m by that."""
    ms = []
    for first in (4.0, 5.0):
        session = session_of(PRESET, f"data.x=[[{first}], [4.0], [-4.0], [16.0], [-12.0]]")
        session.goto(5)
        ms.append(seen(session)[1])
    assert ms[1] - ms[0] == pytest.approx(1 / 32, abs=1e-12)
