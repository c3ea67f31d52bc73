"""gd, sgd and mini-batch: one problem at three batch sizes; and the gradient noise of all of them, S²/B (1 - B/n)."""

import itertools
import math

import numpy as np
import pytest

from tests.presets.runs import session_of
from tui_nn import Session
from tui_nn.scenario import differences, load_scenario

PRESETS = ("gd", "sgd", "mini-batch")
START = (-1.0, -1.0)
N = 128
STILL = "optimizer.lr=1e-12"  # far below what float32 can add to a weight of -1: all batches meet the same weights


def samples(session: Session) -> tuple[np.ndarray, np.ndarray]:
    dataset = session.program.dataset
    return np.asarray(dataset.x_train, np.float64)[:, 0], np.asarray(dataset.y_train, np.float64)[:, 0]


def line(session: Session) -> tuple[float, float]:
    weight, bias = session.frame().layers[0].parameters
    return float(weight.value[0, 0]), float(bias.value[0])


def loss(session: Session, w: float, b: float) -> float:
    """Over all samples."""
    x, y = samples(session)
    return float(((w * x + b - y) ** 2).mean())


def gradients(session: Session, w: float, b: float) -> np.ndarray:
    """(n, 2): that of each sample alone, ∂(w x + b - y)² in w and b."""
    x, y = samples(session)
    error = w * x + b - y
    return np.stack([2.0 * error * x, 2.0 * error], axis=1)


def disagreement(each: np.ndarray) -> float:
    """S²."""
    return float(((each - each.mean(axis=0)) ** 2).sum() / (len(each) - 1))


def best(session: Session) -> tuple[float, float]:
    w, b = np.polyfit(*samples(session), 1)
    return float(w), float(b)


def test_only_the_batch_size_differs():
    for preset, change in (("sgd", "data.batch_size: full → 1"), ("mini-batch", "data.batch_size: full → 16")):
        assert [str(one) for one in differences(load_scenario("gd"), load_scenario(preset))] == [change]


@pytest.mark.parametrize(("size", "epochs", "within"), [(1, 2, 1e-9), (16, 150, 0.11), (64, 300, 0.22), (128, 2, 0.0)])
def test_the_gradient_noise_is_that_of_the_formula(size: int, epochs: int, within: float):
    """Mean square of |gB - g| over the engine's own batches, at weights that stand still: its gradients and their indices.

    One epoch of single samples has each sample once, and all samples are one batch: there it is an identity, to
    rounding. For 16 and 64 it is an average over 1,200 and 600 batches, and within is three of its standard deviations
    (0.035 and 0.073). That is enough to see that 1 - B/n is there, which halves it for 64.
    """
    session = session_of("gd", f"data.batch_size={size}", STILL, f"train.epochs={epochs}")
    each = gradients(session, *START)
    g, noise = each.mean(axis=0), []
    for iteration in range(1, session.planned_iterations + 1):
        session.goto(iteration)
        own = each[np.asarray(session.frame().sample_indices)].mean(axis=0)
        noise.append(((own - g) ** 2).sum())
        if iteration <= 50:
            weight, bias = session.frame().layers[0].parameters
            found = np.array([weight.grad[0, 0], bias.grad[0]], np.float64)
            np.testing.assert_allclose(found, own, rtol=2e-5, atol=2e-5)  # float32 sums of up to 128 numbers near 5
    assert line(session) == START
    expected = disagreement(each) / size * (1 - size / N)
    assert np.mean(noise) == pytest.approx(expected, rel=within, abs=1e-18)


def test_the_formula_itself():
    """By all 20 ways of drawing 3 of 6 vectors: no estimate, every batch there is."""
    each = np.array([[1.0, 0.0], [2.0, 5.0], [-3.0, 1.0], [0.5, 0.5], [4.0, -2.0], [0.0, 7.0]])
    g = each.mean(axis=0)
    noise = [((each[list(batch)].mean(axis=0) - g) ** 2).sum() for batch in itertools.combinations(range(6), 3)]
    assert np.mean(noise) == pytest.approx(disagreement(each) / 3 * (1 - 3 / 6))


def test_every_sample_comes_once_an_epoch():
    """Without replacement, and in another order in the next."""
    for preset in PRESETS:
        session = session_of(preset)
        orders = []
        for epoch in range(2):
            seen: list[int] = []
            for _ in range(session.program.iterations_per_epoch):
                session.step("iteration")
                seen += np.asarray(session.frame().sample_indices).tolist()
            assert sorted(seen) == list(range(N)), (preset, epoch)
            orders.append(seen)
        assert (orders[0] == orders[1]) == (preset == "gd")  # whose one batch has them all


def test_the_noise_told_in_the_lessons():
    """At the start beside a gradient of 4.48, and at the bottom, where the gradient is 0."""
    session = session_of("gd")
    start, bottom = gradients(session, *START), gradients(session, *best(session))
    assert np.linalg.norm(start.mean(axis=0)) == pytest.approx(4.48, abs=0.005)
    assert disagreement(start) == pytest.approx(23.05, abs=0.005)
    assert np.linalg.norm(bottom.mean(axis=0)) == pytest.approx(0.0, abs=1e-12)
    for each, told in ((start, {1: 4.78, 16: 1.12, 128: 0.0}), (bottom, {1: 1.24, 16: 0.29})):
        noise = {size: math.sqrt(disagreement(each) / size * (1 - size / N)) for size in told}
        assert noise == pytest.approx(told, abs=0.005)


@pytest.mark.parametrize(
    ("preset", "told"),
    [
        ("gd", {0: 7.37, 1: 5.53, 2: 4.26, 3: 3.37, 20: 0.476}),
        ("sgd", {6: 1.57, 7: 1.78, 128: 0.292, 1280: 0.430}),
        ("mini-batch", {160: 0.2883}),
    ],
)
def test_losses_over_all_points(preset: str, told: dict[int, float]):
    session = session_of(preset)
    for iteration, expected in told.items():
        session.goto(iteration)
        assert loss(session, *line(session)) == pytest.approx(expected, abs=0.005 if expected > 1 else 5e-4)
    assert loss(session, *best(session)) == pytest.approx(0.2878, abs=5e-5)


@pytest.mark.parametrize(
    ("preset", "told"),
    [
        ("gd", {1: (-0.795, -0.601), 20: (1.284, 0.971)}),
        ("sgd", {20: (1.352, 0.893), 128: (2.010, 1.057), 1280: (1.725, 1.327)}),
        ("mini-batch", {8: (0.319, 0.657), 40: (1.857, 1.027), 128: (2.010, 1.015), 160: (2.030, 1.015)}),
    ],
)
def test_the_lines_on_the_way(preset: str, told: dict[int, tuple[float, float]]):
    session = session_of(preset)
    for iteration, expected in told.items():
        session.goto(iteration)
        assert line(session) == pytest.approx(expected, abs=6e-4)


def test_how_far_it_wanders():
    """Over all points at the end of each epoch for single samples; the losses of the batches of 16 after five epochs."""
    session = session_of("sgd")
    ends = []
    for epoch in range(1, 21):
        session.goto(epoch * N)
        ends.append(loss(session, *line(session)))
    assert (min(ends), max(ends)) == pytest.approx((0.29, 0.52), abs=0.005)
    session = session_of("mini-batch")
    session.goto(160)
    late = session.history["loss"][40:]
    assert (late.min(), late.max()) == pytest.approx((0.10, 0.47), abs=0.005)


def test_the_whole_set_descends_as_in_numpy_and_only_down():
    """(w, b) ← (w, b) - 0.1 g for 20 updates, and the loss falls in each."""
    session, w, b = session_of("gd"), *START
    losses = [loss(session, w, b)]
    for iteration in range(1, 21):
        gw, gb = gradients(session, w, b).mean(axis=0)
        w, b = w - 0.1 * gw, b - 0.1 * gb
        session.goto(iteration)
        assert line(session) == pytest.approx((w, b), abs=1e-5)
        losses.append(loss(session, w, b))
    assert (np.diff(losses) < 0).all()


def test_the_limit_of_the_learning_rate():
    """2/λmax = 1 by the eigenvalues of the full set's Hessian: 0.9 arrives in 20 updates, 1.05 grows."""
    session = session_of("gd")
    x, _ = samples(session)
    columns = np.stack([x, np.ones_like(x)], axis=1)
    assert np.linalg.eigvalsh(2 * columns.T @ columns / N)[-1] == pytest.approx(2.0)
    for lr, is_stable in ((0.9, True), (1.05, False)):
        run = session_of("gd", f"optimizer.lr={lr}")
        run.goto(20)
        end = loss(run, *line(run))
        assert end < 0.31 if is_stable else end > 7.38


def test_a_smaller_learning_rate_quiets_single_samples():
    session = session_of("sgd", "optimizer.lr=0.01")
    session.goto(session.planned_iterations)
    assert loss(session, *line(session)) == pytest.approx(0.2885, abs=5e-5)


def test_what_an_epoch_costs():
    """Updates an epoch and the numbers that a state holds, for the 100,000 points of which the lesson tells."""
    told = {"1": (100_000, 96), "100": (1_000, 480), "full": (1, 400_032)}
    for size, (updates, numbers) in told.items():
        session = session_of("epochs-and-iterations", f"data.batch_size={size}")
        session.goto(1)
        assert session.program.iterations_per_epoch == updates
        assert session.frame().snapshot.mem.size == numbers
