"""lr-too-large: the limit 2/λmax, by eigenvalues, and both sides of it, against least squares and the recursion."""

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, metric, session_of, trained

PRESET = "lr-too-large"
SEEDS = range(20 if IS_FULL else 3)


def design(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The inputs with a column of ones, (n, 2), and the targets, (n,), in float64."""
    dataset = session_of(PRESET, f"seed={seed}").program.dataset
    return np.column_stack([dataset.x_train, np.ones(len(dataset.x_train))]), dataset.y_train.ravel()


def limit(seed: int) -> float:
    """2/λmax of the Hessian of mean((x w + b - y)²), which is (2/n) XᵀX."""
    x, _ = design(seed)
    return float(2.0 / np.linalg.eigvalsh(2.0 * (x.T @ x) / len(x)).max())


def line(session) -> np.ndarray:
    """(w, b) now."""
    weight, bias = session.frame().layers[0].parameters
    return np.array([weight.value[0, 0], bias.value[0]], dtype=np.float64)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_curvatures_are_1_and_2(seed: int):
    """Worked by hand in the lesson: 2/5 · 2.5 along w, 2/5 · 5 along b, nothing between them; so the limit is 1."""
    x, _ = design(seed)
    assert x[:, 0].tolist() == [-1.0, -0.5, 0.0, 0.5, 1.0]
    assert (2.0 * (x.T @ x) / len(x)).tolist() == [[1.0, 0.0], [0.0, 2.0]]
    assert limit(seed) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_just_below_the_limit_it_converges_to_least_squares(seed: int):
    """0.99 of it: the error in b shrinks by 0.98 an update, to 5e-6 of itself after 600."""
    x, y = design(seed)
    session = trained(PRESET, f"seed={seed}", f"optimizer.lr={0.99 * limit(seed)!r}")
    best, residual, *_ = np.linalg.lstsq(x, y, rcond=None)
    np.testing.assert_allclose(line(session), best, atol=5e-5)
    assert metric(session, "loss") == pytest.approx(residual[0] / len(y), rel=1e-3)


@pytest.mark.parametrize("seed", SEEDS)
def test_just_above_the_limit_it_diverges(seed: int):
    """1.01 of it: the error in b grows by 1.02 an update, its square by 2e10 in 600."""
    x, y = design(seed)
    session = trained(PRESET, f"seed={seed}", f"optimizer.lr={1.01 * limit(seed)!r}")
    best = np.linalg.lstsq(x, y, rcond=None)[0]
    assert metric(session, "loss") > 1e9
    assert abs(line(session)[1] - best[1]) > 1e4
    assert line(session)[0] == pytest.approx(best[0], abs=0.05)


def test_at_the_limit_it_swings_for_ever():
    """The factor is -1: after 600 updates b swings as far as after 2."""
    session = session_of(PRESET, "optimizer.lr=1.0")
    centre = design(session.scenario.seed)[1].mean()
    swings = []
    for iteration in (2, 3, 599, 600):
        session.goto(iteration)
        swings.append(line(session)[1] - centre)
    assert swings[0] == pytest.approx(-swings[1], rel=1e-5)
    assert swings[2:] == pytest.approx([swings[1], swings[0]], rel=1e-3)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_errors_follow_the_recursion(seed: int):
    """e ← (1 - lr λ) e around the least-squares line: factor -0.05 for w and -1.1 for b, for 100 updates."""
    x, y = design(seed)
    best = np.linalg.lstsq(x, y, rcond=None)[0]
    session = session_of(PRESET, f"seed={seed}")
    error = line(session) - best
    for iteration in range(1, 101):
        error = (1.0 - 1.05 * np.array([1.0, 2.0])) * error
        session.goto(iteration)
        w, b = line(session) - best
        assert w == pytest.approx(error[0], abs=1e-4 * max(1.0, abs(error[1])))  # rounding of b's leaks into w's sum
        assert b == pytest.approx(error[1], rel=1e-4)


def test_half_the_limit_finds_b_in_one_update():
    """1 - 0.5 · 2 = 0: b is the mean of y at once."""
    session = session_of(PRESET, "optimizer.lr=0.5")
    session.step("iteration")
    assert line(session)[1] == pytest.approx(design(session.scenario.seed)[1].mean(), abs=1e-6)


def test_numbers_of_the_script():
    """b after one, two and three updates; w after thirteen; when the loss is infinite and what it was just before."""
    session = session_of(PRESET)
    landed = []
    for iteration in (1, 2, 3):
        session.goto(iteration)
        landed.append(line(session)[1])
    assert landed == pytest.approx([2.08, -0.21, 2.31], abs=0.005)
    session.goto(13)
    assert line(session)[0] == pytest.approx(3.02, abs=0.005)
    session.run()
    losses = session.history["loss"]
    assert len(losses) == 467
    assert np.isinf(losses[466])
    assert float(losses[465]) > float(np.finfo(np.float32).max) / 1.21
