"""epochs-and-iterations: what the counters count, by looking at which samples each iteration was given."""

import numpy as np
import pytest

from tests.presets.runs import session_of, trained
from tui_nn import Session

PRESET = "epochs-and-iterations"


def numbers(session: Session) -> tuple[float, float]:
    weight, bias = session.frame().layers[0].parameters
    return float(weight.value[0, 0]), float(bias.value[0])


def samples_of_epoch(session: Session, epoch: int) -> np.ndarray:
    """(batches, batch) of an epoch whose batches are all full: the samples of each iteration, after its load row."""
    per_epoch = session.program.iterations_per_epoch
    batches = []
    for iteration in range(epoch * per_epoch, (epoch + 1) * per_epoch):
        session.goto(iteration, 1)
        batches.append(session.frame().sample_indices.copy())
    return np.array(batches)


def test_the_counters():
    """n / B is 1,000; two epochs are 2,000; the epoch turns over with iteration 1,000 and no sooner."""
    session = session_of(PRESET)
    program = session.program
    assert (program.n_train, program.batch_size, program.iterations_per_epoch) == (100_000, 100, 1_000)
    assert session.planned_iterations == 2_000
    session.goto(999)
    assert session.frame().epoch == 0
    session.step("iteration")
    assert (session.frame().epoch, session.frame().iteration) == (1, 1_000)


def test_an_epoch_uses_every_sample_exactly_once_in_an_order_of_its_own():
    session = session_of(PRESET)
    first, second = samples_of_epoch(session, 0), samples_of_epoch(session, 1)
    for epoch in (first, second):
        assert epoch.shape == (1_000, 100)
        assert np.array_equal(np.sort(epoch.ravel()), np.arange(100_000))
    assert not np.array_equal(first, second)


def test_an_iteration_is_one_update():
    """Replayed beside it: w and b change once an iteration, by lr times the gradient of that one batch."""
    session = session_of(PRESET)
    w = b = 0.0
    for iteration in range(5):
        session.goto(iteration, 1)
        frame = session.frame()
        x, y = np.asarray(frame.inputs, dtype=np.float64).ravel(), np.asarray(frame.targets, dtype=np.float64).ravel()
        assert numbers(session) == pytest.approx((w, b), abs=1e-6)
        error = w * x + b - y
        w, b = w - 0.01 * 2 * (error * x).mean(), b - 0.01 * 2 * error.mean()
        session.goto(iteration + 1)
        assert numbers(session) == pytest.approx((w, b), abs=1e-6)


def test_a_rest_makes_one_more_iteration():
    """The command with batches of 96: 1,042 iterations, the last one of 64 samples."""
    session = session_of(PRESET, "data.batch_size=96")
    assert session.program.iterations_per_epoch == -(-100_000 // 96) == 1_042
    session.goto(1_041, 1)
    assert len(session.frame().sample_indices) == 64 == 100_000 - 1_041 * 96


def test_the_numbers_of_the_lesson():
    """w after each epoch, and what two updates by all samples reach."""
    session = session_of(PRESET)
    session.goto(1_000)
    assert numbers(session)[0] == pytest.approx(2.000, abs=5e-4)
    session.goto(2_000)
    assert numbers(session)[0] == pytest.approx(2.004, abs=5e-4)
    whole = trained(PRESET, "data.batch_size=full")
    assert whole.position.iteration == 2
    assert numbers(whole)[0] == pytest.approx(0.03, abs=5e-3)
