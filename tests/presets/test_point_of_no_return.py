"""point-of-no-return: the growth in plain floats, and the two last iterations from which a remedy still saves the run."""

import math

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, session_of, trained
from tui_nn import Session

PRESET = "point-of-no-return"
PLANNED = 600
LR, CLIP = 1.05, 0.045
LAST_CLIPPED, LAST_LOWERED = 84, 427
WINDOW = 10
SEEDS = range(20 if IS_FULL else 4)


def descent(w: float, b: float, x: np.ndarray, y: np.ndarray, since: int, lr: float, clip: float) -> np.ndarray:
    """(PLANNED,): losses of gradient descent in float64, with that rate and bound on the gradient from an iteration on."""
    losses = np.full(PLANNED, np.inf)
    for iteration in range(PLANNED):
        error = w * x + b - y
        loss = float(np.mean(error**2))
        if loss > np.finfo(np.float32).max:
            break
        losses[iteration] = loss
        gw, gb = 2 * float(np.mean(error * x)), 2 * float(np.mean(error))
        scale = min(1.0, clip / math.hypot(gw, gb)) if iteration >= since else 1.0
        rate = lr if iteration >= since else LR
        w, b = w - rate * scale * gw, b - rate * scale * gb
    return losses


def start(session: Session) -> tuple[float, float, np.ndarray, np.ndarray]:
    weight, bias = session.frame().layers[0].parameters
    data = session.program.dataset
    return float(weight.value[0, 0]), float(bias.value[0]), data.x_train.ravel(), data.y_train.ravel()


def test_the_growth_in_plain_floats():
    session = session_of(PRESET)
    begun = start(session)
    distance = begun[1] - begun[3].mean()
    assert distance == pytest.approx(0.0079, abs=5e-5)
    losses = descent(*begun, since=PLANNED, lr=LR, clip=CLIP)
    session.run()
    assert session.position.iteration == int(np.argmax(np.isinf(losses))) == 517
    found = np.asarray(session.history["loss"], np.float64)[:517]
    np.testing.assert_allclose(found[:60], losses[:60], rtol=1e-3)
    np.testing.assert_allclose(found, losses[:517], rtol=0.05)  # float32 rounds b, and the growth keeps each rounding
    assert found.argmin() == 9
    assert found[:10][[0, 9]] == pytest.approx([8.4, 0.0016], rel=0.02)
    assert np.flatnonzero(found[10:] > 2 * found.min())[0] + 10 == 19
    for iteration, wanted in ((84, 23.7), (85, 26.0), (427, 3.7e15)):
        session.goto(iteration)
        assert abs(start(session)[1] - begun[3].mean()) == pytest.approx(wanted, rel=0.01)
        assert abs(distance) * 1.1**iteration == pytest.approx(wanted, rel=0.02)


def test_the_walk_home():
    """516 clipped updates are good for 24.4, which is further than 23.7 and less than 26.0."""
    assert pytest.approx(24.4, abs=0.05) == (PLANNED - LAST_CLIPPED) * LR * CLIP
    assert pytest.approx(0.047, abs=5e-4) == LR * CLIP
    assert pytest.approx(0.79) == 1 - LR / 10 * 2


@pytest.mark.parametrize(("lr", "clip", "last"), [(LR, CLIP, LAST_CLIPPED), (LR / 10, np.inf, LAST_LOWERED)])
def test_the_last_iteration_in_plain_floats(lr: float, clip: float, last: int):
    """Where a mean of the last ten losses within twice the best one ends; float32's rounding may move it by one."""
    begun = start(session_of(PRESET))
    plain = descent(*begun, since=PLANNED, lr=LR, clip=CLIP)[:517]
    best = np.convolve(plain, np.full(WINDOW, 1 / WINDOW), "valid").min()
    ends = np.array([descent(*begun, since, lr, clip)[-WINDOW:].mean() for since in range(last - 20, last + 20)])
    saved = np.flatnonzero(ends <= 2 * best) + last - 20
    assert abs(saved[-1] - last) <= 1
    assert saved.tolist() == list(range(last - 20, saved[-1] + 1))


def test_a_step_of_the_schedule_comes_in_time_or_too_late():
    """The lesson's commands: the rate falls to a tenth at that iteration, by a schedule, without any edit."""
    best = 2 * 0.00193

    def end(every: int, *overrides: str) -> float:
        session = trained(PRESET, f"schedule={{type='step',per='iteration',every={every}}}", *overrides)
        return float(np.mean(session.history["loss"][-WINDOW:]))

    assert end(427) < best < end(428)
    assert end(437) > 1
    assert end(480, "train.iterations=900") < best


@pytest.mark.parametrize("seed", SEEDS)
def test_other_seeds_go_the_same_way(seed: int):
    session = session_of(PRESET, f"seed={seed}")
    stop = session.run()
    assert stop.reason == "non-finite"
    assert 490 <= stop.position.iteration <= 540
