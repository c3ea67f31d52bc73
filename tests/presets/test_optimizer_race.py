"""optimizer-race: five paths from one start, each by its formula; who arrives when; and the surface that turns the order."""

from functools import cache

import numpy as np
import pytest

from tests.presets import plain_updates as plain
from tests.presets.runs import IS_FULL, session_of
from tui_nn import Session, load_scenario

RACERS = {
    "optimizer-race": (lambda: plain.sgd(0.05), 173),
    "optimizer-race-momentum": (lambda: plain.momentum(0.02), 72),
    "optimizer-race-rmsprop": (lambda: plain.rmsprop(0.05), 43),
    "optimizer-race-adagrad": (lambda: plain.adagrad(0.5), 16),
    "optimizer-race-adam": (lambda: plain.adam(0.1), 65),
}
CURVATURES = np.array([20.0, 0.2])
TARGET = 0.01
NEVER = 300
TRIED = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


def weights(session: Session) -> np.ndarray:
    return np.array(session.frame().layers[0].parameters[0].value[0])


@cache
def losses(preset: str, *overrides: str) -> np.ndarray:
    session = session_of(preset, *overrides)
    session.run()
    return np.array(session.history["loss"])


def arrival(preset: str, *overrides: str) -> int:
    """Updates after which the loss is below the target for good; NEVER if it is not so within the run."""
    loss = losses(preset, *overrides)
    above = np.flatnonzero(~(loss < TARGET))
    return int(above[-1]) + 1 if len(above) and len(loss) == NEVER else NEVER


@pytest.mark.parametrize("seed", [0, 7])
def test_one_start_and_one_surface(seed: int):
    """Nothing but the optimizer differs between the five; each seed gives all of them the same start."""
    starts = []
    for preset in RACERS:
        session = session_of(preset, f"seed={seed}")
        x = np.asarray(session.program.dataset.x_train)
        np.testing.assert_allclose(2 * x.T @ x / len(x), np.diag(CURVATURES), atol=1e-12)
        session.step("op")
        starts.append(weights(session).tolist())
        scenario = load_scenario(preset)
        assert scenario.optimizer.lr in TRIED
    assert all(start == starts[0] for start in starts)
    assert ((np.array(starts) >= -1) & (np.array(starts) <= 0)).all()
    if seed == 7:
        assert starts[0] == pytest.approx([-0.613, -0.798], abs=5e-4)


@pytest.mark.parametrize("preset", RACERS)
@pytest.mark.parametrize("seed", [0, 7])
def test_each_path_is_that_of_the_formula(preset: str, seed: int):
    """Both weights after each of 40 updates, from the curvatures alone; the loss λ1/2 e1² + λ2/2 e2² all along."""
    session = session_of(preset, f"seed={seed}")
    session.step("op")
    path = plain.walk(RACERS[preset][0](), lambda w: CURVATURES * (w - 1), weights(session), 40)
    for iteration in (1, 2, 5, 10, 20, 30, 40):
        session.goto(iteration)
        np.testing.assert_allclose(weights(session), path[iteration], rtol=1e-9, atol=1e-9)
    expected = (CURVATURES / 2 * (path[:40] - 1) ** 2).sum(axis=1)
    np.testing.assert_allclose(session.history["loss"][:40], expected, rtol=1e-6, atol=1e-12)


def test_who_arrives_when():
    assert {preset: arrival(preset) for preset in RACERS} == pytest.approx(
        {p: n for p, (_, n) in RACERS.items()}, abs=1
    )


@pytest.mark.skipif(not IS_FULL, reason="600 runs")
def test_each_has_the_best_of_the_learning_rates_tried():
    """In the mean over 20 starts, of those that arrive from all of them."""
    for preset in RACERS:
        taken = {lr: [arrival(preset, f"optimizer.lr={lr}", f"seed={seed}") for seed in range(20)] for lr in TRIED}
        means = {lr: np.mean(values) for lr, values in taken.items() if max(values) < NEVER}
        assert min(means, key=lambda lr: means[lr]) == load_scenario(preset).optimizer.lr


def test_turned_by_45_degrees_the_order_is_another():
    """momentum 44, Adam 54, Adagrad 179, SGD 203, RMSProp never; and on other starts, too, dividing does not help."""
    turned = [arrival(preset, "data.angle=-45") for preset in RACERS]
    assert turned == pytest.approx([203, 44, NEVER, 179, 54], abs=1)
    for seed in range(10) if IS_FULL else (0,):
        sgd, momentum, rmsprop, adagrad, _ = (arrival(p, "data.angle=-45", f"seed={seed}") for p in RACERS)
        assert momentum < adagrad < sgd < rmsprop == NEVER


def test_rmsprop_rests_only_where_the_errors_are_rounded_to_0():
    """A loss of exactly 0 stays; where a last digit was left, the loss leaps up again."""
    for seed in range(20) if IS_FULL else (0, 7, 10):
        loss = losses("optimizer-race-rmsprop", f"seed={seed}")
        is_at_rest = loss[120] == 0
        assert (loss[-1] == 0) == is_at_rest
        assert (loss[100:].max() < 1e-3) == is_at_rest
    assert losses("optimizer-race-rmsprop")[-1] == 0


def test_numbers_of_the_companions_lessons():
    at = {
        "optimizer-race": {1: (1.000, -0.780), 10: (1.000, -0.626)},
        "optimizer-race-momentum": {5: (2.18, -0.70), 50: (1.03, 0.878)},
        "optimizer-race-rmsprop": {20: (0.547, 0.398), 50: (0.996, 0.983)},
        "optimizer-race-adagrad": {20: (0.989, 0.974)},
        "optimizer-race-adam": {20: (1.067, 0.936), 30: (1.28, 1.26)},
    }
    for preset, places in at.items():
        session = session_of(preset)
        for iteration, place in places.items():
            session.goto(iteration)
            assert weights(session) == pytest.approx(place, abs=5e-3)
    assert int(np.flatnonzero(losses("optimizer-race-adam") < TARGET)[0]) == pytest.approx(19, abs=1)
    assert arrival("optimizer-race-adam", "optimizer.beta1=0") < arrival("optimizer-race-adam")
    assert arrival("optimizer-race-adagrad", "optimizer.lr=1") < arrival("optimizer-race-adagrad")
    assert arrival("optimizer-race-adagrad", "optimizer.lr=0.05") == NEVER
    assert arrival("optimizer-race-momentum", "optimizer.momentum=0") == NEVER
