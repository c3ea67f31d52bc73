"""adam-vs-sgd: both runs, SGD at the best of many learning rates, the bound that holds for any; and where SGD wins."""

import math
from functools import cache

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, metric, session_of
from tui_nn import Session

PRESET = "adam-vs-sgd"
SEEDS = range(20 if IS_FULL else 4)
TARGET = 1e-6
STEEP, FLAT = 2 * math.sqrt(1000), 2 / math.sqrt(1000)  # curvatures: condition 1000 around 2
LIMIT = 2 / STEEP
TRIED = (0.01, 0.02, 0.025, 0.03, 0.031, 0.0315, 0.0316)
NEVER = 10**9


@cache
def updates_to_target(*overrides: str) -> int:
    """Updates after which the loss is below the target for the first time; NEVER if the run ends before."""
    session = session_of(PRESET, *overrides)
    session.run()
    below = np.flatnonzero(session.history["loss"] < TARGET)
    return int(below[0]) if len(below) else NEVER


def sgd(lr: float, seed: int, *overrides: str, iterations: int = 5000) -> int:
    run = ("optimizer.type=sgd", f"optimizer.lr={lr}", f"train.iterations={iterations}", f"seed={seed}", *overrides)
    return updates_to_target(*run)


def adam(seed: int, *overrides: str) -> int:
    return updates_to_target(f"seed={seed}", *overrides)


def weights(session: Session) -> np.ndarray:
    return np.array(session.frame().layers[0].parameters[0].value[0])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_ravine(seed: int):
    """Its curvatures from the data, by eigenvalues; the inputs' sizes; both weights start 1 to 2 below their goal."""
    session = session_of(PRESET, f"seed={seed}")
    x = np.asarray(session.program.dataset.x_train)
    np.testing.assert_allclose(np.linalg.eigvalsh(2 * x.T @ x / len(x)), [FLAT, STEEP], rtol=1e-9)
    assert np.sqrt((x**2).mean(axis=0)) == pytest.approx([5.62, 0.178], abs=0.005)
    assert pytest.approx([63.2, 0.0632, 0.0316], rel=1e-3) == [STEEP, FLAT, LIMIT]
    assert ((weights(session) >= -1.0) & (weights(session) <= 0.0)).all()
    assert session.program.n_parameters == 2


@pytest.mark.parametrize("seed", SEEDS)
def test_adam_takes_a_small_part_of_sgds_updates(seed: int):
    """At most 150, and SGD more than 17 times as many, at the best of the learning rates tried for each start."""
    best = min(sgd(lr, seed) for lr in TRIED)
    assert best < NEVER
    assert adam(seed) <= 150
    assert best > 17 * adam(seed)


def test_0_0315_is_the_best_of_those_tried():
    """On every start; the smaller ones take longer, 0.0316 does not arrive in 5,000 updates, 0.032 goes to infinity."""
    for seed in SEEDS:
        taken = {lr: sgd(lr, seed) for lr in TRIED}
        assert min(taken, key=lambda lr: taken[lr]) == 0.0315
        assert taken[0.0316] == NEVER
    session = session_of(PRESET, "optimizer.type=sgd", "optimizer.lr=0.032", "train.iterations=3000")
    session.run()
    assert metric(session, "loss") > 1e30


def test_no_learning_rate_can_do_much_better():
    """Without divergence lr < 2/λ1, so an update leaves at least 1 - 2 λ2/λ1 = 0.998 of the error along w2.

    The loss is λ1/2 e1² + λ2/2 e2². From an error of 1 along w2, the least that a start has, it takes 2,590 updates
    until that share alone is below the target. That is no matter of trying.
    """
    factor = 1 - LIMIT * FLAT
    assert factor == pytest.approx(0.998, abs=1e-6)
    enough = math.sqrt(TARGET / (FLAT / 2))
    least = math.log(enough) / math.log(factor)
    assert least == pytest.approx(2590, abs=5)
    assert all(sgd(lr, seed) >= least for lr in TRIED for seed in SEEDS)
    assert enough < 0.01  # better than 1 % in w2, and in w1 all the more
    assert math.sqrt(TARGET / (STEEP / 2)) < 0.01


def test_sgd_follows_the_recursion():
    """e ← (1 - lr λ) e for each weight, over 1,000 updates at 0.0315."""
    session = session_of(PRESET, "optimizer.type=sgd", "optimizer.lr=0.0315", "train.iterations=3000")
    start = weights(session) - 1
    for n in (1, 10, 100, 1000):
        session.goto(n)
        expected = start * (1 - 0.0315 * np.array([STEEP, FLAT])) ** n
        np.testing.assert_allclose(weights(session) - 1, expected, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_first_updates_are_lr_for_both_weights(seed: int):
    """0.1 to a millionth in the first, 0.095 to 0.1 in the next four; one gradient is over 400 times the other."""
    session = session_of(PRESET, f"seed={seed}")
    before = weights(session)
    for iteration in range(1, 6):
        session.goto(iteration)
        parameter = session.frame().layers[0].parameters[0]
        moved, before = weights(session) - before, weights(session)
        assert moved == pytest.approx([0.1, 0.1], rel=1e-6 if iteration == 1 else 0.05)
        assert parameter.grad[0, 0] / parameter.grad[0, 1] > 400


def test_scaled_inputs_need_no_adam():
    """SGD at 0.5 is there after one update on every start, and Adam takes more than a hundred."""
    for seed in SEEDS:
        assert sgd(0.5, seed, "data.standardize=true", iterations=10) == 1
        assert adam(seed, "data.standardize=true") > 100
    assert adam(7, "data.standardize=true") == adam(7) == 131  # "as many as before"


def test_turned_by_45_degrees_sgd_is_ahead():
    """Seed 7 as in the lesson; and Adam at this learning rate is behind on at least three starts of four."""
    turned = ("data.angle=45", "train.iterations=3000")
    assert (adam(7, *turned), sgd(0.0315, 7, *turned)) == pytest.approx((2568, 1578), abs=2)
    behind = [adam(seed, *turned) > sgd(0.0315, seed, *turned) for seed in SEEDS]
    assert sum(behind) >= len(behind) * 3 / 4


def test_the_usual_learning_rate_of_adam_is_slower_than_sgd():
    taken = {seed: adam(seed, "optimizer.lr=0.001", "train.iterations=6000") for seed in (*SEEDS, 7)}
    assert taken[7] == pytest.approx(4438, abs=2)
    assert all(taken[seed] > sgd(0.0315, seed) for seed in taken)


def test_numbers_of_lesson_and_script():
    """The gradients, the losses and the weights said on the way; when each of the two arrives."""
    session = session_of(PRESET)
    session.goto(1)
    assert metric(session, "loss") == pytest.approx(82.4, abs=0.05)
    gradient = session.frame().layers[0].parameters[0].grad[0]
    assert gradient == pytest.approx([-102.0, -0.114], rel=5e-3)
    assert gradient[0] / gradient[1] == pytest.approx(900, abs=10)
    for iteration, expected, within in (
        (5, [-0.117, -0.301], 5e-4),
        (20, [1.07, 0.94], 0.005),
        (30, [1.28, 1.26], 0.005),
    ):
        session.goto(iteration)
        assert weights(session) == pytest.approx(expected, abs=within)
    session.goto(session.planned_iterations)
    assert weights(session) == pytest.approx([1.0, 1.0], abs=1e-5)
    assert adam(7) == pytest.approx(131, abs=1)
    assert sgd(0.0315, 7) == pytest.approx(2893, abs=2)
