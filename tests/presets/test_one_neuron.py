"""Lines fitted by one unit: the line that made the data, least squares, people never seen, and one outlier."""

import itertools
import math

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, metric, session_of, trained
from tui_nn import Session

SEEDS = range(20 if IS_FULL else 4)


def line(session: Session) -> np.ndarray:
    """(w, b) now, in float64."""
    weight, bias = session.frame().layers[0].parameters
    return np.array([weight.value[0, 0], bias.value[0]], dtype=np.float64)


def design(session: Session) -> tuple[np.ndarray, np.ndarray]:
    """The inputs with a column of ones, (n, 2), and the targets, (n,)."""
    dataset = session.program.dataset
    x = np.asarray(dataset.x_train, dtype=np.float64)
    return np.column_stack([x, np.ones(len(x))]), np.asarray(dataset.y_train, dtype=np.float64).ravel()


def least_squares(session: Session) -> np.ndarray:
    """From the normal equations, not from any descent."""
    x, y = design(session)
    return np.linalg.solve(x.T @ x, x.T @ y)


# neuron-line


@pytest.mark.parametrize("seed", SEEDS)
def test_the_unit_finds_the_line_that_made_the_data(seed: int):
    """Without noise the line is 2 x - 1 and the loss is 0, whatever the start."""
    np.testing.assert_allclose(line(trained("neuron-line", f"seed={seed}")), [2.0, -1.0], atol=1e-6)


def test_another_line_is_found_as_well():
    """The first command of the lesson."""
    session = trained("neuron-line", "data.slope=-3", "data.intercept=0.5")
    np.testing.assert_allclose(line(session), [-3.0, 0.5], atol=1e-6)


def test_numbers_of_the_neuron_line():
    """The first loss and slopes from the formulas; w and b after 1, 10 and 40 updates; when the loss is a millionth."""
    session = session_of("neuron-line")
    x, y = design(session)
    start = line(session)
    error = x @ start - y
    assert start.round(3).tolist() == [-0.392, 0.0]
    assert float(np.mean(error**2)) == pytest.approx(12.44, abs=0.005)
    assert (2.0 / 5 * x.T @ error).round(2).tolist() == [-9.57, 2.0]
    landed = {}
    for iteration in (1, 10, 40):
        session.goto(iteration)
        landed[iteration] = line(session)
    assert landed[1] == pytest.approx([0.565, -0.2], abs=5e-4)
    assert landed[10] == pytest.approx([1.986, -0.893], abs=5e-4)
    assert landed[40] == pytest.approx([2.0, -1.0], abs=5e-4)
    session.goto(0)
    assert session.run_until("loss < 1e-6").position.iteration == 32


# linear-regression


@pytest.mark.parametrize("seed", SEEDS)
def test_the_end_is_the_least_squares_line(seed: int):
    """To 1e-5 of themselves, what float32 carries; and the loss is the mean squared residual."""
    session = trained("linear-regression", f"seed={seed}")
    best = least_squares(session)
    x, y = design(session)
    np.testing.assert_allclose(line(session), best, rtol=1e-5)
    assert metric(session, "loss") == pytest.approx(np.mean((x @ best - y) ** 2), rel=1e-5)


def test_the_bowl_is_round_and_each_update_goes_a_fifth_of_the_way():
    """The Hessian is 2 on the diagonal and 0 beside it, so the error shrinks by 0.8 in every direction."""
    session = session_of("linear-regression")
    x, _ = design(session)
    np.testing.assert_allclose(2.0 / len(x) * x.T @ x, [[2.0, 0.0], [0.0, 2.0]], atol=1e-6)
    best = least_squares(session)
    for iteration in range(1, 16):
        session.goto(iteration)
        np.testing.assert_allclose(line(session), best * (1.0 - 0.8**iteration), rtol=1e-5)


def test_numbers_of_the_regression():
    session = session_of("linear-regression")
    best = least_squares(session)
    assert best == pytest.approx([6.92, 70.5], abs=0.006)
    session.goto(1)
    assert line(session) == pytest.approx([1.38, 14.1], abs=0.006)
    session.goto(2)
    assert line(session) == pytest.approx([2.49, 25.4], abs=0.03)
    session.run()
    losses = session.history["loss"]
    assert losses[0] == pytest.approx(5082, abs=0.5)
    assert losses[9] == pytest.approx(155, abs=0.5)
    assert losses[-1] == pytest.approx(64.4, abs=0.05)


def test_half_the_limit_is_there_in_one_update_and_the_limit_never_is():
    """Both commands of the lesson: factors 0 and -1."""
    session = session_of("linear-regression", "optimizer.lr=0.5")
    session.goto(1)
    np.testing.assert_allclose(line(session), least_squares(session), rtol=1e-5)
    losses = trained("linear-regression", "optimizer.lr=1").history["loss"]
    np.testing.assert_allclose(losses, losses[0], rtol=1e-3)


# predict-unseen


@pytest.mark.parametrize("seed", SEEDS)
def test_the_test_error_is_that_of_the_line_on_people_never_seen(seed: int):
    """Worked out from the line itself; it is no gradient's business, so it may be above or below the training loss."""
    session = trained("predict-unseen", f"seed={seed}")
    dataset = session.program.dataset
    w, b = line(session)
    residual = w * np.asarray(dataset.x_test, dtype=np.float64) + b - dataset.y_test
    assert len(dataset.x_test) == 100
    assert len(dataset.x_train) == 300
    assert metric(session, "test_loss") == pytest.approx(float(np.mean(residual**2)), rel=1e-4)


def test_the_test_error_lies_at_the_noise_floor():
    """Over 20 seeds its mean is 64 (1 + 2/300), to three standard errors of 9.1 / sqrt(20) = 2.0."""
    losses = [metric(trained("predict-unseen", f"seed={seed}"), "test_loss") for seed in range(20)]
    assert np.mean(losses) == pytest.approx(64 * (1 + 2 / 300), abs=6.1)
    assert math.sqrt(2 / 100) * 64 == pytest.approx(9, abs=0.1)


def test_numbers_of_the_prediction():
    """180 cm through the mean and the scale of the 300 people, then through the line."""
    session = trained("predict-unseen")
    dataset = session.program.dataset
    mean, scale = float(dataset.mean[0]), float(dataset.scale[0])
    w, b = line(session)
    assert [mean, scale] == pytest.approx([171.13, 7.86], abs=0.005)
    assert (180 - mean) / scale == pytest.approx(1.128, abs=5e-4)
    assert [w, b] == pytest.approx([6.775, 70.13], abs=0.005)
    assert w * (180 - mean) / scale + b == pytest.approx(77.8, abs=0.05)
    assert [session.history["loss"][0], metric(session, "loss")] == pytest.approx([5024, 60.7], abs=0.5)
    assert metric(session, "test_loss") == pytest.approx(59.9, abs=0.05)


# mse-vs-mae and its cured twin


def best_of_all_pairs(x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """The least mean absolute error and its line, of all lines through two of the points: one of them is a best line."""
    candidates = []
    for i, j in itertools.combinations(range(len(x)), 2):
        w = (y[j] - y[i]) / (x[j] - x[i])
        b = y[i] - w * x[i]
        candidates.append((float(np.mean(np.abs(w * x + b - y))), np.array([w, b])))
    return min(candidates, key=lambda one: one[0])


@pytest.mark.parametrize("seed", SEEDS)
def test_squared_errors_end_at_least_squares_which_the_outlier_drags(seed: int):
    """Lifting y at x = 1 by 10 moves the slope by 10 / Σ x² = 10 / 4.4 and the intercept by 10 / 11."""
    session = trained("mse-vs-mae", f"seed={seed}")
    best = least_squares(session)
    np.testing.assert_allclose(line(session), best, rtol=1e-4)
    without = least_squares(session_of("mse-vs-mae", f"seed={seed}", "data.outlier_shift=0"))
    np.testing.assert_allclose(best - without, [10 / 4.4, 10 / 11], rtol=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_absolute_errors_end_at_the_best_of_all_lines_through_two_points(seed: int):
    """The loss to 1e-4; the line to 0.03, because around the best line the loss is nearly flat."""
    session = trained("mse-vs-mae-cured", f"seed={seed}")
    x, y = design(session)
    least, best = best_of_all_pairs(x[:, 0], y)
    assert least - 1e-6 <= metric(session, "loss") <= least + 2e-4
    np.testing.assert_allclose(line(session), best, atol=0.03)


def test_an_outlier_ten_times_as_far_does_not_move_the_line_of_absolute_errors():
    """Not by one bit: no sign changes. The line of squared errors goes ten times as far."""
    near, far = trained("mse-vs-mae-cured"), trained("mse-vs-mae-cured", "data.outlier_shift=100")
    assert line(near).tolist() == line(far).tolist()
    dragged = line(trained("mse-vs-mae", "data.outlier_shift=100"))
    assert dragged[0] > 20


@pytest.mark.parametrize("seed", SEEDS)
def test_with_a_constant_learning_rate_absolute_errors_never_settle(seed: int):
    """The last 100 updates still jump by lr / n or more somewhere; with the falling one none does by a hundredth."""
    moved = []
    for schedule in ("schedule.type=constant", "schedule.gamma=0.99"):
        session = session_of("mse-vs-mae-cured", f"seed={seed}", schedule)
        lines = []
        for iteration in range(500, 601):
            session.goto(iteration)
            lines.append(line(session))
        moved.append(float(np.abs(np.diff(lines, axis=0)).max()))
    assert moved[0] > 0.99 * 0.2 / 11
    assert moved[1] < 0.01 * 0.2


def test_numbers_of_the_outlier():
    dragged, kept = trained("mse-vs-mae"), trained("mse-vs-mae-cured")
    assert line(dragged) == pytest.approx([4.29, 1.91], abs=0.005)
    assert line(kept)[0] == pytest.approx(2.09, abs=0.005)
    assert [dragged.history["loss"][0], metric(dragged, "loss")] == pytest.approx([17.07, 6.05], abs=0.006)
    assert metric(kept, "loss") == pytest.approx(0.93, abs=0.005)
    _, y = design(dragged)
    assert y[-1] ** 2 / 11 == pytest.approx(15.4, abs=0.2)


def test_huber_is_a_cure_too():
    """The command of the lesson: far nearer to 2 than the 4.29 of squared errors."""
    assert line(trained("mse-vs-mae", "loss.type=huber"))[0] == pytest.approx(2.37, abs=0.01)
