"""Learning rates: too small, just right, below the limit and yet too large for single samples, and raw heights."""

import itertools

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, metric, session_of, trained
from tests.presets.test_one_neuron import design, least_squares, line

SEEDS = range(20 if IS_FULL else 4)


def curvatures(preset: str, *overrides: str) -> np.ndarray:
    """Eigenvalues of (2/n) XᵀX, the smaller first."""
    x, _ = design(session_of(preset, *overrides))
    return np.linalg.eigvalsh(2.0 * (x.T @ x) / len(x))


# lr-too-small and its cured twin lr-just-right


@pytest.mark.parametrize(("preset", "factors"), [("lr-too-small", (0.99, 0.98)), ("lr-just-right", (1 / 3, -1 / 3))])
def test_the_errors_shrink_by_the_factors_of_the_lesson(preset: str, factors: tuple[float, float]):
    """1 - lr λ for w and b, around the least-squares line; to 1e-5, which is what float32 leaves of 3."""
    session = session_of(preset)
    best = least_squares(session)
    start = line(session) - best
    for iteration in (1, 2, 5, 10, 50, 100):
        session.goto(iteration)
        np.testing.assert_allclose(line(session) - best, start * np.array(factors) ** iteration, atol=1e-5)


def test_two_thirds_is_the_best_fixed_rate():
    """2 / (λmax + λmin); the slowest factor is larger on both sides of it."""
    small, large = curvatures("lr-just-right")
    best = session_of("lr-just-right").scenario.optimizer.lr
    assert best == pytest.approx(2 / (small + large))

    def slowest(lr: float) -> float:
        return max(abs(1 - lr * small), abs(1 - lr * large))

    assert slowest(best) == pytest.approx((2 - 1) / (2 + 1))
    assert all(slowest(best * factor) > slowest(best) for factor in (0.9, 0.99, 1.01, 1.1))


def test_numbers_of_the_slow_and_the_right_rate():
    slow, right = session_of("lr-too-small"), session_of("lr-just-right")
    slow.goto(1)
    assert line(slow)[1] == pytest.approx(0.02, abs=0.005)
    slow.goto(100)
    assert line(slow) == pytest.approx([1.77, 0.86], abs=0.005)
    assert slow.history["loss"][[0, 49, 99]] == pytest.approx([6.81, 2.31, 0.816], abs=0.005)
    assert slow.history["update_ratio.dense_1"][29] == pytest.approx(0.04, abs=0.005)
    assert (np.diff(slow.history["loss"]) < 0).all()
    landed = []
    for iteration in (1, 2, 3, 8):
        right.goto(iteration)
        landed.append(line(right)[1])
    assert landed == pytest.approx([1.32, 0.88, 1.03, 0.99], abs=0.005)
    right.goto(8)
    assert line(right) == pytest.approx(least_squares(right), abs=0.001)
    assert right.history["loss"][5] < 0.002


# lr-limit-single-samples and its cured twin


def test_the_limits_of_the_set_and_of_a_sample():
    """2 for the whole set, 2 (x² + 1) for one sample: 4 at the ends."""
    x, _ = design(session_of("lr-limit-single-samples", "data.batch_size=full"))
    assert curvatures("lr-limit-single-samples", "data.batch_size=full").max() == pytest.approx(2.0)
    alone = [float(np.linalg.eigvalsh(2.0 * np.outer(row, row)).max()) for row in x]
    assert sorted(alone) == pytest.approx([2.0, 2.5, 2.5, 4.0, 4.0])


@pytest.mark.parametrize(("lr", "diverges"), [(0.65, False), (0.75, True), (0.8, True)])
def test_single_samples_diverge_below_the_limit_of_the_set(lr: float, diverges: bool):
    """On every seed from 0 to 19; the limit of the whole set is 1, and there it converges at the same rates."""
    for seed in range(20):
        session = trained("lr-limit-single-samples", f"seed={seed}", f"optimizer.lr={lr}")
        assert (not session.history["loss"][-25:].max() < 1e3) == diverges, seed
    whole = trained("lr-limit-single-samples", f"optimizer.lr={lr}", "data.batch_size=full")
    assert metric(whole, "loss") < 0.01


def test_the_growth_is_that_of_random_products():
    """Independent: the mean log growth of an error per epoch, over orders without replacement; 0 lies near 0.7."""
    rows = np.column_stack([np.linspace(-1, 1, 5), np.ones(5)])
    orders = list(itertools.permutations(range(5)))

    def growth(lr: float) -> float:
        random, vector, total = np.random.default_rng(0), np.array([1.0, 0.3]), 0.0
        for pick in random.integers(len(orders), size=2000):
            for index in orders[pick]:
                vector = vector - 2.0 * lr * rows[index] * (rows[index] @ vector)
            length = float(np.linalg.norm(vector))
            total += np.log(length)
            vector /= length
        return total / 2000

    assert growth(0.65) < -0.1 < abs(growth(0.7)) + 0.1 < 0.2
    assert growth(0.8) == pytest.approx(0.69, abs=0.05)  # twice as much with each epoch


def test_numbers_of_the_single_samples():
    session = session_of("lr-limit-single-samples")
    landed = []
    for iteration in (1, 2):
        session.goto(iteration)
        landed.append(line(session)[1])
    assert landed == pytest.approx([1.63, 6.12], abs=0.005)
    session.goto(100)
    assert metric(session, "loss") > 1e9
    assert session.history["loss"][0] == pytest.approx(1.04, abs=0.005)
    cured = session_of("lr-limit-single-samples-cured")
    landed = []
    for iteration in (1, 2):
        cured.goto(iteration)
        landed.append(line(cured)[1])
    assert landed == pytest.approx([1.59, 0.63], abs=0.006)


# raw-heights and its standardized twin


@pytest.mark.parametrize("seed", SEEDS)
def test_raw_heights_have_a_tiny_limit_and_a_huge_condition(seed: int):
    """From 171² + 7.8² and 171 alone: 3.4e-5 and 1.4e7, for every seed; standardized, 1 and 1."""
    small, large = curvatures("raw-heights", f"seed={seed}")
    assert 2 / large == pytest.approx(3.413e-5, rel=1e-3)
    assert large / small == pytest.approx(1.41e7, rel=0.02)  # float32 heights of 171 leave λmin this much of doubt
    np.testing.assert_allclose(curvatures("raw-heights-standardized", f"seed={seed}"), [2.0, 2.0], rtol=1e-5)


def test_by_hand_the_curvatures_are_those_of_the_lesson():
    """The Hessian of the lesson in exact terms; 50 million updates for a thousandth along the flat direction."""
    m, s = 171.0, 7.8
    small, large = np.linalg.eigvalsh(2.0 * np.array([[m**2 + s**2, m], [m, 1.0]]))
    assert large == pytest.approx(58606, abs=1)
    assert small == pytest.approx(0.00415, abs=5e-6)
    assert large / small == pytest.approx(1.41e7, rel=0.005)
    assert np.log(1000) / (3.3e-5 * small) == pytest.approx(5e7, rel=0.02)


@pytest.mark.parametrize("seed", SEEDS)
def test_both_sides_of_the_limit_of_raw_heights(seed: int):
    """0.99 of it: the loss of the best line through the origin or less. 1.01 of it: away."""
    large = float(curvatures("raw-heights", f"seed={seed}").max())
    below = trained("raw-heights", f"seed={seed}", f"optimizer.lr={0.99 * 2 / large!r}")
    x, y = design(below)
    w = float(x[:, 0] @ y / (x[:, 0] @ x[:, 0]))
    assert metric(below, "loss") <= np.mean((w * x[:, 0] - y) ** 2) * (1 + 1e-5)
    above = trained("raw-heights", f"seed={seed}", f"optimizer.lr={1.01 * 2 / large!r}")
    assert not metric(above, "loss") < 1e6


def test_the_engine_measures_the_same_limits():
    assert metric(trained("raw-heights"), "lr_limit") == pytest.approx(2 / curvatures("raw-heights").max(), rel=1e-3)
    assert metric(trained("raw-heights-standardized"), "lr_limit") == pytest.approx(1.0, rel=1e-3)


def test_numbers_of_raw_and_standardized_heights():
    raw = session_of("raw-heights")
    x, y = design(raw)
    best = np.linalg.lstsq(x, y, rcond=None)[0]
    assert best[1] == pytest.approx(-81.2, abs=0.05)
    assert np.mean((x @ best - y) ** 2) == pytest.approx(64.35, abs=0.005)
    raw.goto(1)
    assert line(raw) == pytest.approx([0.80, 0.005], abs=0.001)
    raw.goto(2000)
    assert line(raw) == pytest.approx([0.413, -0.02], abs=0.0005)
    assert raw.history["loss"][[0, 99, 1999]] == pytest.approx([5081.8, 78.07, 78.05], abs=0.02)
    cured = session_of("raw-heights-standardized")
    cured.goto(2)
    assert line(cured) == pytest.approx(least_squares(cured), rel=1e-5)
    assert metric(cured, "loss") == pytest.approx(64.35, abs=0.005)
    assert line(cured)[0] / 7.8 == pytest.approx(best[0], rel=1e-3)
    assert best[0] == pytest.approx(0.887, abs=5e-4)


def test_it_takes_both_the_standardizing_and_the_rate():
    """The two commands of the twin: one of the changes alone explodes or creeps."""
    exploded = trained("raw-heights-standardized", "data.standardize=false")
    assert np.isinf(exploded.history["loss"][4])
    assert np.isfinite(exploded.history["loss"][3])
    crept = trained("raw-heights-standardized", "optimizer.lr=3.3e-5")
    assert metric(crept, "loss") > 1000
