"""momentum in a ravine of condition 100: the best settings, their rates and their closed forms, by formula and by recursion."""

import math

import numpy as np
import pytest

from tests.presets.runs import metric, session_of, trained
from tui_nn import Session
from tui_nn.scenario import load_scenario

BEST, PLAIN, USUAL = "momentum", "momentum-plain", "momentum-usual"
K = 100.0
STEEP, FLAT = 2 * math.sqrt(K), 2 / math.sqrt(K)
WITH, WITHOUT = (math.sqrt(K) - 1) / (math.sqrt(K) + 1), (K - 1) / (K + 1)  # left of the error in each update
MILLIONTH = 1e-6
LR = {BEST: (2 / (math.sqrt(STEEP) + math.sqrt(FLAT))) ** 2, PLAIN: 2 / (STEEP + FLAT), USUAL: 0.02}
MU = {BEST: WITH**2, PLAIN: 0.0, USUAL: 0.9}


def errors(session: Session) -> np.ndarray:
    """(2,): of w1 and w2, which should be 1; both are 1 at the start."""
    return 1.0 - np.array(session.frame().layers[0].parameters[0].value[0])


def recursion(lr: float, mu: float, n: int) -> np.ndarray:
    """(n + 1, 2): b ← μ b + λ e, e ← e - lr b, in both directions."""
    curvature, b, path = np.array([STEEP, FLAT]), np.zeros(2), [np.ones(2)]
    for _ in range(n):
        b = mu * b + curvature * path[-1]
        path.append(path[-1] - lr * b)
    return np.array(path)


def arrived(path: np.ndarray) -> int:
    """The update from which on both errors stay below a millionth."""
    return int(np.flatnonzero((np.abs(path) > MILLIONTH).any(axis=1))[-1]) + 1


def contraction(lr: float, mu: float) -> float:
    """The larger spectral radius of [e, b] ↦ [e - lr (μ b + λ e), μ b + λ e] in the two directions."""
    return max(
        max(abs(np.linalg.eigvals(np.array([[1 - lr * curvature, -lr * mu], [curvature, mu]]))))
        for curvature in (STEEP, FLAT)
    )


def test_the_ravine():
    """Its curvatures by eigenvalues, and w = 0 is an error of 1 in both."""
    session = session_of(BEST)
    x = np.asarray(session.program.dataset.x_train)
    np.testing.assert_allclose(np.linalg.eigvalsh(2 * x.T @ x / len(x)), [FLAT, STEEP], rtol=1e-9)
    assert errors(session).tolist() == [1.0, 1.0]
    assert pytest.approx((20.0, 0.2)) == (STEEP, FLAT)


@pytest.mark.parametrize("preset", [BEST, PLAIN, USUAL])
def test_the_settings_are_those_of_the_formulas(preset: str):
    optimizer = load_scenario(preset).optimizer
    assert optimizer.lr == pytest.approx(LR[preset], rel=1e-8)
    assert getattr(optimizer, "momentum", 0.0) == pytest.approx(MU[preset], rel=1e-8)


def test_the_rates():
    """691 against 69: what the rates alone need for a millionth. By formula, and the power of each rate."""
    assert pytest.approx((0.818, 0.980), abs=5e-4) == (WITH, WITHOUT)
    assert [math.ceil(math.log(MILLIONTH) / math.log(rate)) for rate in (WITHOUT, WITH)] == [691, 69]
    assert WITHOUT**690 > MILLIONTH > WITHOUT**691
    assert WITH**68 > MILLIONTH > WITH**69
    rate = (1e4 - 1) / (1e4 + 1)
    assert math.ceil(math.log(MILLIONTH) / math.log(rate)) == 69_078
    assert math.ceil(math.log(MILLIONTH) / math.log(99 / 101)) == 691  # √10,000 = 100: momentum's there is plain's here


def test_no_setting_is_better():
    """The spectral radius on a grid of learning rates and momenta is never below the formula's; and it is reached."""
    tried = [contraction(lr, mu) for lr in np.linspace(0.01, 0.39, 77) for mu in np.linspace(0.0, 0.98, 50)]
    assert min(tried) > WITH - 1e-9
    assert contraction(LR[BEST], MU[BEST]) == pytest.approx(WITH, abs=1e-6)  # a double root: the root of rounding
    assert min(contraction(lr, 0.0) for lr in np.linspace(0.001, 0.1, 400)) > WITHOUT - 1e-9
    assert contraction(LR[PLAIN], 0.0) == pytest.approx(WITHOUT)


@pytest.mark.parametrize("preset", [BEST, PLAIN, USUAL])
def test_the_recursion_is_the_training(preset: str):
    path, session = recursion(LR[preset], MU[preset], 700), session_of(preset)
    for n in (1, 2, 3, 5, 10, 20, 50, 94, 95, 100, 300, 691):
        session.goto(n)
        np.testing.assert_allclose(errors(session), path[n], rtol=1e-5, atol=1e-9)


def test_the_closed_forms():
    """Plain: ∓r^n. At its best momentum has the double root ∓r: (1 + (1 + r) n) (-r)^n and (1 + (1 - r) n) r^n, from rest."""
    n = np.arange(201)
    plain, best = recursion(LR[PLAIN], 0.0, 200), recursion(LR[BEST], MU[BEST], 200)
    np.testing.assert_allclose(plain[:, 0], (-WITHOUT) ** n, rtol=1e-9)
    np.testing.assert_allclose(plain[:, 1], WITHOUT**n, rtol=1e-9)
    np.testing.assert_allclose(best[:, 0], (1 + (1 + WITH) * n) * (-WITH) ** n, rtol=1e-6)
    np.testing.assert_allclose(best[:, 1], (1 + (1 - WITH) * n) * WITH**n, rtol=1e-6)
    assert pytest.approx(20 / 11) == 1 + WITH


@pytest.mark.parametrize(("preset", "updates"), [(BEST, 95), (PLAIN, 691), (USUAL, 272)])
def test_updates_to_a_millionth(preset: str, updates: int):
    """By the recursion, and by the engine on both sides of that update. Momentum from rest: 26 more than its rate alone."""
    assert arrived(recursion(LR[preset], MU[preset], 1000)) == updates
    session = session_of(preset)
    session.goto(updates - 1)
    assert np.abs(errors(session)).max() > MILLIONTH
    session.goto(updates)
    assert np.abs(errors(session)).max() < MILLIONTH


def test_the_flat_way_alone_takes_83():
    path = np.abs(recursion(LR[BEST], MU[BEST], 300)[:, 1])
    assert int(np.flatnonzero(path > MILLIONTH)[-1]) + 1 == 83


def test_0_9_has_one_rate_over_a_wide_range():
    """√0.9 in both directions from 0.0132 to 0.19, and not outside; it would be the best for a condition of about 1,440."""
    for lr in (0.0132, 0.02, 0.05, 0.1, 0.189):
        assert contraction(lr, 0.9) == pytest.approx(math.sqrt(0.9), abs=1e-4)
    assert contraction(0.012, 0.9) > math.sqrt(0.9) + 0.005
    assert contraction(0.191, 0.9) > math.sqrt(0.9) + 0.005
    low, high = (1 - math.sqrt(0.9)) ** 2, (1 + math.sqrt(0.9)) ** 2
    assert (low, high) == pytest.approx((0.0026, 3.8), rel=0.02)
    assert (low / FLAT, high / STEEP) == pytest.approx((0.0132, 0.19), rel=0.01)
    assert high / low == pytest.approx(1440, abs=5)
    assert arrived(recursion(0.1, 0.9, 1000)) == 264
    assert arrived(recursion(0.02, 0.0, 5000)) == 3447


def turns(preset: str, n: int) -> np.ndarray:
    """Degrees between one update and the next, over the first n."""
    session, path = session_of(preset), []
    for iteration in range(n + 1):
        session.goto(iteration)
        path.append(errors(session))
    places = np.array(path)
    moves = places[1:] - places[:-1]
    lengths = np.linalg.norm(moves, axis=1)
    return np.degrees(np.arccos(np.clip((moves[1:] * moves[:-1]).sum(axis=1) / (lengths[1:] * lengths[:-1]), -1, 1)))


def test_the_path_turns_gently_with_0_9_and_round_without():
    assert turns(USUAL, 60).mean() == pytest.approx(34, abs=0.5)
    assert turns(PLAIN, 60).mean() == pytest.approx(179, abs=0.5)


def test_numbers_of_lessons_and_scripts():
    """Weights and losses on the way."""
    for preset, told in (
        (BEST, {1: (3.31, 0.033), 2: (-2.10, 0.087), 20: (0.325, 0.916)}),
        (PLAIN, {1: (1.98, 0.020), 2: (0.039, 0.039), 20: (0.330, 0.330), 100: (0.865, 0.865)}),
        (USUAL, {1: (0.4, 0.004), 2: (1.0, 0.012), 5: (1.729, 0.052), 50: (1.016, 0.932)}),
    ):
        session = session_of(preset)
        for n, expected in told.items():
            session.goto(n)
            assert 1.0 - errors(session) == pytest.approx(expected, abs=0.005 if n < 3 else 6e-4)
    session = trained(BEST)
    assert session.history["loss"][0] == pytest.approx(10.1)
    assert session.history["loss"].max() == session.history["loss"][4] == pytest.approx(137, abs=0.5)
    session = session_of(PLAIN)
    session.goto(96)
    assert metric(session, "loss") == pytest.approx(0.226, abs=5e-4)


def test_at_the_best_learning_rate_without_momentum_it_explodes():
    session = session_of(BEST, "optimizer.momentum=0")
    session.goto(100)
    assert not metric(session, "loss") < 1e30
    session = session_of(PLAIN, "optimizer.lr=0.1")
    session.goto(500)
    assert abs(errors(session)[0]) == pytest.approx(1.0, abs=1e-6)  # 1 - 0.1 · 20 = -1: to and fro for ever
