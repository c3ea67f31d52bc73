"""sgd-escapes and momentum-rolls-through: the loss over their one weight, and how each run goes through it."""

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, metric, session_of, trained
from tui_nn import Session
from tui_nn.scenario import differences, load_scenario

X, Y = np.array([-8.74, 0.17]), np.array([0.128, 0.858])
POOR, RIDGE, DEEP = 0.23823, 0.48131, 10.58104
SEEDS = range(20 if IS_FULL else 6)
PRESETS = ("sgd-escapes", "sgd-escapes-stays", "momentum-rolls-through", "momentum-rolls-through-plain")


def answers(w: float | np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.asarray(w)[..., np.newaxis] * X))


def loss(w: float | np.ndarray) -> np.ndarray:
    return ((answers(w) - Y) ** 2).mean(axis=-1)


def slopes(w: float) -> np.ndarray:
    """(2,): of each point's squared error."""
    a = answers(w)
    return 2.0 * (a - Y) * a * (1.0 - a) * X


def slope(w: float) -> float:
    return float(slopes(w).mean())


def weight(session: Session) -> float:
    return float(session.frame().layers[0].parameters[0].value[0, 0])


def test_all_four_have_these_points():
    for preset in PRESETS:
        dataset = session_of(preset).program.dataset
        assert dataset.x_train.ravel() == pytest.approx(X)
        assert dataset.y_train.ravel() == pytest.approx(Y)
    assert [str(one) for one in differences(load_scenario(PRESETS[0]), load_scenario(PRESETS[1]))] == [
        "data.batch_size: 1 → full"
    ]
    assert [str(one) for one in differences(load_scenario(PRESETS[2]), load_scenario(PRESETS[3]))] == [
        "optimizer.momentum: 0.9 → 0"
    ]


def test_two_valleys_and_a_ridge():
    """Every turn of the loss from -5 to 40, found by looking at each of 450,001 places."""
    w = np.linspace(-5.0, 40.0, 450_001)
    rising = np.diff(loss(w)) > 0.0
    turns = w[np.flatnonzero(rising[1:] != rising[:-1]) + 1]
    assert turns == pytest.approx([POOR, RIDGE, DEEP], abs=2e-4)
    assert loss(turns) == pytest.approx([0.0607, 0.0634, 0.0082], abs=5e-5)
    assert float(loss(0.0)) == pytest.approx(0.1333, abs=5e-5)
    assert float(loss(0.0) - loss(POOR)) == pytest.approx(0.0726, abs=5e-5)
    assert float(loss(RIDGE) - loss(POOR)) == pytest.approx(0.0027, abs=5e-5)


def test_at_the_poor_minimum_two_gradients_cancel():
    """Neither is 0, their mean is; the curvature is 0.643, so 2/λ = 3.11 and each update leaves -0.54 at 2.4."""
    assert slope(POOR) == pytest.approx(0.0, abs=1e-5)
    assert np.abs(slopes(POOR)).min() > 0.02
    curvature = (slope(POOR + 1e-4) - slope(POOR - 1e-4)) / 2e-4
    assert curvature == pytest.approx(0.643, abs=5e-4)
    assert 2 / curvature == pytest.approx(3.11, abs=0.005)
    assert 1 - 2.4 * curvature == pytest.approx(-0.54, abs=0.005)


@pytest.mark.parametrize("seed", SEEDS)
def test_single_samples_leave_and_all_samples_stay(seed: int):
    """On every seed: 0.0082 against 0.0607 over both points, and the ridge is crossed for good by update 39 at the latest."""
    session = session_of("sgd-escapes", f"seed={seed}")
    left_of = []
    for iteration in range(1, 101):
        session.goto(iteration)
        left_of.append(weight(session) < RIDGE)
    assert 3 <= max(np.flatnonzero(left_of), default=0) + 2 <= 39
    session.goto(session.planned_iterations)
    assert float(loss(weight(session))) == pytest.approx(0.008192, abs=1e-6)
    stays = trained("sgd-escapes-stays", f"seed={seed}")
    assert float(loss(weight(stays))) == pytest.approx(0.060656, abs=1e-6)
    assert metric(stays, "loss") == pytest.approx(0.060656, abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_at_a_learning_rate_of_1_the_noise_is_too_small(seed: int):
    assert weight(trained("sgd-escapes", f"seed={seed}", "optimizer.lr=1.0")) == pytest.approx(POOR, abs=0.05)


def test_single_samples_in_numpy_are_the_training():
    """w ← w - 2.4 ∂(a - y)²/∂w of the point that the engine has drawn, each of the first 400 updates; the told ones too."""
    session, w, told = session_of("sgd-escapes"), 0.24, {1: 0.311, 2: 0.150, 3: 0.222, 4: 0.212, 14: 0.158, 15: 0.653}
    told |= {200: 4.81}
    drawn = []
    for iteration in range(1, 401):
        session.goto(iteration)
        index = int(np.asarray(session.frame().sample_indices)[0])
        drawn.append(index)
        w -= 2.4 * slopes(w)[index]
        assert weight(session) == pytest.approx(w, abs=2e-4)
        if iteration in told:
            assert w == pytest.approx(told[iteration], abs=0.005 if iteration == 200 else 5e-4)
    assert drawn[13:15] == [0, 0]  # the steep point twice in a row, across the end of an epoch
    session.goto(1000)
    assert weight(session) == pytest.approx(9.106, abs=5e-4)
    session.goto(session.planned_iterations)
    assert weight(session) == pytest.approx(10.574, abs=5e-4)
    assert (answers(weight(session)) - Y) ** 2 == pytest.approx([0.0164, 0.0], abs=5e-5)


def test_all_samples_in_numpy_are_the_training():
    session, w = session_of("sgd-escapes-stays"), 0.24
    told = {1: 0.2373, 2: 0.2387, 3: 0.2380}
    for iteration in range(1, 51):
        session.goto(iteration)
        w -= 2.4 * slope(w)
        assert weight(session) == pytest.approx(w, abs=1e-6)
        assert w == pytest.approx(told.get(iteration, POOR), abs=0.001 if iteration not in told else 5e-5)


def test_above_its_limit_it_swings_and_still_does_not_leave():
    session = session_of("sgd-escapes-stays", "optimizer.lr=3.5")
    session.goto(2999)
    before = weight(session)
    session.goto(3000)
    assert sorted((before, weight(session))) == pytest.approx([0.221, 0.268], abs=5e-4)


def heavy_ball(w: float, momentum: float, lr: float, n: int) -> np.ndarray:
    """(n + 1,): the weight before the first update and after each."""
    b, path = 0.0, [w]
    for _ in range(n):
        b = momentum * b + slope(path[-1])
        path.append(path[-1] - lr * b)
    return np.array(path)


@pytest.mark.parametrize(
    ("preset", "momentum"), [("momentum-rolls-through", 0.9), ("momentum-rolls-through-plain", 0.0)]
)
def test_the_heavy_ball_in_numpy_is_the_training(preset: str, momentum: float):
    """b ← μ b + g, w ← w - 0.1 b; over the ridge in the fifth update, or never."""
    path = heavy_ball(0.0, momentum, 0.1, 4000)
    session = session_of(preset)
    for iteration in (*range(1, 31), 100, 1000, 4000):
        session.goto(iteration)
        assert weight(session) == pytest.approx(path[iteration], abs=2e-4 if momentum else 1e-6)
    if momentum:
        assert path[1:7] == pytest.approx([0.083, 0.197, 0.304, 0.398, 0.482, 0.558], abs=5e-4)
        assert path[4] < RIDGE < path[5]
        assert path[[100, 4000]] == pytest.approx([2.25, 9.96], abs=5e-4)
        assert loss(path[[2, 5, 4000]]) == pytest.approx([0.0614, 0.0634, 0.0083], abs=5e-5)
    else:
        assert path[1:5] == pytest.approx([0.083, 0.122, 0.145, 0.160], abs=6e-4)
        assert path.max() < POOR + 1e-5
        assert path[-1] == pytest.approx(POOR, abs=1e-5)


def test_the_buffer_before_the_ridge():
    """The third update: a gradient of 0.041 and a buffer of 1.07; then the slope brakes by 0.019 and 0.010."""
    path = heavy_ball(0.0, 0.9, 0.1, 6)
    assert (path[2] - path[3]) / 0.1 == pytest.approx(-1.07, abs=0.005)
    assert [slope(w) for w in path[2:5]] == pytest.approx([-0.041, 0.019, 0.010], abs=5e-4)


@pytest.mark.parametrize(
    ("overrides", "end"),
    [
        (["optimizer.momentum=0.7"], POOR),
        (["layers[0].weights=[[0.15]]"], POOR),
        (["optimizer.momentum=0", "optimizer.lr=1.0"], 9.9445),
        (["optimizer.momentum=0", "optimizer.lr=1.0", "layers[0].weights=[[0.24]]"], POOR),
    ],
)
def test_where_it_ends_otherwise(overrides: list[str], end: float):
    """Too little momentum, too little height, one long jump, and that jump from the wrong place."""
    assert weight(trained("momentum-rolls-through", *overrides)) == pytest.approx(end, abs=1e-3)


def test_it_turns_back_before_the_ridge_at_a_momentum_of_0_7():
    assert heavy_ball(0.0, 0.7, 0.1, 100).max() == pytest.approx(0.394, abs=5e-4)
    assert heavy_ball(0.0, 0.0, 1.0, 1)[1] == pytest.approx(0.828, abs=5e-4)
