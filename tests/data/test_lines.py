"""Regressions in closed form: outliers, the ravine's curvatures, and why raw heights train so badly."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.make import load
from tui_nn.data import Dataset


def curvatures(x: np.ndarray) -> np.ndarray:
    """Eigenvalues of the full-batch MSE's Hessian (2/n) X^T X, X with a column of ones for the bias, falling.

    From the singular values of X: forming X^T X first would lose half the digits of the smallest.
    """
    singular = np.linalg.svd(np.column_stack([x, np.ones(len(x))]), compute_uv=False)
    return 2.0 / len(x) * singular**2


def least_squares(data: Dataset) -> tuple[float, float]:
    slope, intercept = np.polyfit(data.x_train[:, 0], data.y_train[:, 0], 1)
    return float(slope), float(intercept)


def least_absolute(data: Dataset) -> tuple[float, float]:
    """The line of least absolute deviations, by trial of all lines through two points: one of them is best."""
    x, y = data.x_train[:, 0], data.y_train[:, 0]
    lines = []
    for i, j in itertools.combinations(range(len(x)), 2):
        slope = (y[j] - y[i]) / (x[j] - x[i])
        lines.append((float(np.abs(y - y[i] - slope * (x - x[i])).sum()), slope, y[i] - slope * x[i]))
    _, slope, intercept = min(lines)
    return float(slope), float(intercept)


def test_one_outlier_drags_least_squares_and_leaves_least_absolute_deviations():
    """Five points on y = 2 x + 1, the last lifted by 10. By hand: x = -1, -1/2, 0, 1/2, 1, so sum(x^2) = 5/2; the mean
    rises by 10/5 = 2 and the slope by 10 * 1 / (5/2) = 4. Four of five points still lie on the old line."""
    data = load(source="linear", samples=5, outliers=1, outlier_shift=10.0)
    assert data.y_train.ravel().tolist() == [-1, 0, 1, 2, 13]
    assert least_squares(data) == pytest.approx((6.0, 3.0), abs=1e-12)
    assert least_absolute(data) == (2.0, 1.0)


@pytest.mark.parametrize(("samples", "outliers"), [(20, 1), (20, 3), (51, 4)])
def test_outliers_move_the_slope_by_their_lever(samples, outliers):
    """Least squares moves by shift * sum over outliers (x - mean) / sum (x - mean)^2, absolute deviations not at all."""
    data = load(source="linear", samples=samples, slope=-0.5, outliers=outliers, outlier_shift=-7.0, low=0.0, high=4.0)
    x = data.x_train[:, 0]
    lever = (x - x.mean())[-outliers:].sum() / ((x - x.mean()) ** 2).sum()
    assert least_squares(data)[0] == pytest.approx(-0.5 - 7.0 * lever, rel=1e-12)
    assert least_absolute(data) == pytest.approx((-0.5, 1.0), rel=1e-12)
    clean = load(source="linear", samples=samples, slope=-0.5, low=0.0, high=4.0)
    assert np.array_equal(data.y_train[:-outliers], clean.y_train[:-outliers])


@given(
    st.floats(1.0, 1e8),
    st.integers(3, 200),
    st.floats(-360.0, 360.0),
)
def test_ravine_has_exactly_the_condition_asked_for(condition, samples, angle):
    """2 sqrt(k), 2 and 2 / sqrt(k), to rounding: the smallest singular value carries the largest one's, sqrt(k) times."""
    data = load(source="ravine", condition=condition, samples=samples, angle=angle)
    root = math.sqrt(condition)
    steep, bias, shallow = curvatures(data.x_train)
    tolerance = 1e-14 * (10.0 + root)
    assert steep == pytest.approx(2.0 * root, rel=1e-13)
    assert bias == pytest.approx(2.0, rel=tolerance)
    assert shallow == pytest.approx(2.0 / root, rel=tolerance)
    assert steep / shallow == pytest.approx(condition, rel=tolerance)


def test_ravine_lies_along_the_axes_until_it_is_turned():
    """Uncoupled in w1, w2 and the bias; turned by 30 degrees, the steep direction is (cos 30, sin 30)."""
    straight = load(source="ravine", condition=100.0, samples=12).x_train
    hessian = 2.0 / 12 * np.column_stack([straight, np.ones(12)]).T @ np.column_stack([straight, np.ones(12)])
    assert hessian == pytest.approx(np.diag([20.0, 0.2, 2.0]), abs=1e-13)
    turned = load(source="ravine", condition=100.0, samples=12, angle=30.0).x_train
    _, vectors = np.linalg.eigh(turned.T @ turned)
    assert abs(vectors[:, 1] @ [math.cos(math.radians(30)), math.sin(math.radians(30))]) == pytest.approx(1.0)


@pytest.mark.parametrize("angle", [0.0, 37.0])
def test_ravine_slows_descent_as_theory_says(angle):
    """Condition 100, from 0 at the best lr 2 / (20 + 0.2): each iteration leaves 99/101 of the way, so 691 leave 1e-6 of it;
    the bias never stirs. 1 % over the largest lr, 0.1, diverges."""
    data = load(source="ravine", condition=100.0, angle=angle, w1=2.0, w2=-1.0)
    x, y, best = np.column_stack([data.x_train, np.ones(16)]), data.y_train, np.array([[2.0], [-1.0], [0.0]])

    def distance(lr: float, iterations: int) -> float:
        weights = np.zeros((3, 1))
        for _ in range(iterations):
            weights -= lr * 2.0 / 16 * x.T @ (x @ weights - y)
        assert abs(weights[2, 0]) <= 1e-14 * max(1.0, float(np.linalg.norm(weights)))
        return float(np.linalg.norm(weights - best) / np.linalg.norm(best))

    assert distance(2 / 20.2, 690) > 1e-6 >= distance(2 / 20.2, 691)
    assert distance(0.099, 500) < 1.0 < 1e3 < distance(0.101, 500)


def test_ravine_noise_leaves_the_surface_and_moves_its_floor():
    """Noise is in y alone: same points, residual of the asked size, so the same Hessian."""
    clean, noisy = (load(3, source="ravine", samples=20_000, noise=noise) for noise in (0.0, 0.5))
    assert np.array_equal(clean.x_train, noisy.x_train)
    assert (noisy.y_train - clean.y_train).std() == pytest.approx(0.5, rel=0.02)  # 4 sigma of 0.5 / sqrt(40,000)


@pytest.mark.parametrize("seed", range(20))
def test_raw_heights_are_a_ravine_of_condition_fourteen_million(seed):
    """With mean m and deviation s the Hessian has trace 2 (1 + m^2 + s^2) and determinant 4 s^2. For 171 and 7.8 cm: the
    largest lr is 3.4e-5 and the condition 1.4e7, whatever the seed; standardised, both curvatures are 2."""
    data = load(seed, source="height_weight")
    largest, smallest = curvatures(data.x_train)
    assert largest + smallest == pytest.approx(2 * (1 + 171.0**2 + 7.8**2), rel=1e-13)
    assert largest * smallest == pytest.approx(4 * 7.8**2, rel=1e-11)  # epsilon times the root of the condition, 3,800
    assert f"{2 / largest:.1e} {largest / smallest:.1e}" == "3.4e-05 1.4e+07"
    scaled = load(seed, source="height_weight", standardize=True)
    assert curvatures(scaled.x_train) == pytest.approx([2.0, 2.0], rel=1e-12)


def test_heights_and_weights_follow_the_stated_model():
    """Exact mean and deviation of the heights in cm; weights 0.9 kg a cm less 84 kg, 8 kg of noise around it."""
    data = load(source="height_weight", samples=20_000)
    heights, weights = data.x_train, data.y_train
    assert (heights.mean(), heights.std()) == pytest.approx((171.0, 7.8), rel=1e-12)
    residual = weights - (0.9 * heights - 84.0)
    assert residual.std() == pytest.approx(8.0, rel=0.02)  # 4 sigma of 8 / sqrt(40,000)
    assert weights.mean() == pytest.approx(69.9, abs=4 * 8 / math.sqrt(20_000))
    assert least_squares(data)[0] == pytest.approx(0.9, abs=4 * 8 / 7.8 / math.sqrt(20_000))
    exact = load(source="height_weight", noise=0.0, slope=1.0, intercept=-100.0)
    assert np.allclose(exact.y_train, exact.x_train - 100.0, rtol=0, atol=1e-12)
    assert (data.feature_names, data.target_names) == (("height (cm)",), ("weight (kg)",))
