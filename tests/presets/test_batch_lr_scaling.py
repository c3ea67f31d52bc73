"""batch-lr-scaling: at equal samples seen, x16 keeps the losses over the whole set, x64 is past 2/λmax; larger is not better."""

from functools import cache

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, metric, session_of
from tui_nn import Session
from tui_nn.scenario import differences, load_scenario

SMALL, LARGE, BROKEN = "batch-lr-scaling", "batch-lr-scaling-x16", "batch-lr-scaling-x64"
SEEDS = range(20 if IS_FULL else 4)
EPOCHS = 20


def samples(session: Session) -> tuple[np.ndarray, np.ndarray]:
    dataset = session.program.dataset
    return np.asarray(dataset.x_train, np.float64), np.asarray(dataset.y_train, np.float64)


def weights(session: Session) -> np.ndarray:
    return np.array(session.frame().layers[0].parameters[0].value[0], np.float64)


@cache
def losses(preset: str, *overrides: str) -> np.ndarray:
    """(20,) over all training samples after each epoch, from the weights, in NumPy."""
    session = session_of(preset, *overrides)
    x, y = samples(session)
    found = []
    for epoch in range(1, EPOCHS + 1):
        session.goto(epoch * session.program.iterations_per_epoch)
        found.append(float(((x @ weights(session)[:, np.newaxis] - y) ** 2).mean()))
    return np.array(found)


def end_of(*overrides: str) -> Session:
    session = session_of(BROKEN, *overrides)
    session.goto(session.planned_iterations)
    return session


def test_both_settings_are_scaled_alike():
    """x16 and x64 of batch and learning rate, and nothing else is changed."""
    small = load_scenario(SMALL)
    for preset, factor in ((LARGE, 16), (BROKEN, 64)):
        scaled = load_scenario(preset)
        assert scaled.data.batch_size == factor * small.data.batch_size
        assert scaled.optimizer.lr == pytest.approx(factor * small.optimizer.lr)
        changed = {str(one).partition(":")[0] for one in differences(small, scaled)}
        assert changed == {"data.batch_size", "optimizer.lr"}


@pytest.mark.parametrize("seed", SEEDS)
def test_16_times_as_large_is_within_2_percent_after_every_epoch(seed: int):
    """Half of what the rule of thumb is held to; the loss falls to an eighth meanwhile, so that is no floor they share."""
    small, large = (losses(preset, f"seed={seed}") for preset in (SMALL, LARGE))
    assert np.abs(large / small - 1).max() < 0.02
    assert small[-1] < small[0] / 5


def test_within_1_percent_with_its_own_seed():
    assert np.abs(losses(LARGE) / losses(SMALL) - 1).max() < 0.01


@pytest.mark.parametrize("seed", SEEDS)
def test_the_larger_batch_alone_is_slow(seed: int):
    """At the small learning rate, after 20 epochs, its loss is more than five times as high."""
    slow = losses(SMALL, f"seed={seed}", "data.batch_size=64")
    assert slow[-1] > 5 * losses(SMALL, f"seed={seed}")[-1]


@pytest.mark.parametrize("seed", SEEDS)
def test_64_times_as_large_is_past_the_limit(seed: int):
    """0.128 > 2/λmax of (2/n) XᵀX; the loss grows in every epoch. 0.032 is below. On every seed."""
    x, _ = samples(session_of(SMALL, f"seed={seed}"))
    limit = 2 / np.linalg.eigvalsh(2 * x.T @ x / len(x))[-1]
    assert 0.032 < limit < 0.128
    broken = losses(BROKEN, f"seed={seed}")
    assert broken[0] > 100
    assert (np.diff(np.log(broken)) > 0).all()


def test_the_curvatures_told():
    x, _ = samples(session_of(SMALL))
    flat, steep = np.linalg.eigvalsh(2 * x.T @ x / len(x))
    assert (flat, steep) == pytest.approx((0.2, 20.04), abs=0.005)
    assert 2 / steep == pytest.approx(0.0998, abs=5e-5)
    assert 2 / steep / 0.002 == pytest.approx(50, abs=0.5)
    assert 1 - 0.128 * steep == pytest.approx(-1.57, abs=0.005)
    assert len(x) == 1024


def test_what_an_epoch_leaves_along_the_flat_way():
    """256 small factors and 16 large ones, as the lesson has them; and the engine's w2 follows, noise aside."""
    small, large = (1 - 0.002 * 0.2) ** 256, (1 - 0.032 * 0.2) ** 16
    assert (small, large) == pytest.approx((0.9026, 0.9024), abs=5e-5)
    for preset, left in ((SMALL, small), (LARGE, large)):
        session = session_of(preset)
        session.goto(EPOCHS * session.program.iterations_per_epoch)
        assert weights(session)[1] == pytest.approx(10 * (1 - left**EPOCHS), abs=0.1)


def test_numbers_of_the_lessons():
    """val_loss after epochs 1, 2, 10 and 20, and w2 at the end."""
    told = {SMALL: (9.39, 7.86, 2.38, 1.19, 8.66), LARGE: (9.39, 7.85, 2.38, 1.19, 8.67)}
    for preset, expected in told.items():
        session, found = session_of(preset), []
        for epoch in (1, 2, 10, 20):
            session.goto(epoch * session.program.iterations_per_epoch)
            found.append(metric(session, "val_loss"))
        assert (*found, weights(session)[1]) == pytest.approx(expected, abs=0.006)


def test_a_larger_batch_is_not_better_past_the_critical_size():
    """At 0.09, near the limit, 200, 256 and all: the same samples seen, ever higher losses. Without scaling 8.97."""
    for size, expected in (("200", 1.19), ("256", 1.61), ("full", 6.03)):
        session = end_of(f"data.batch_size={size}", "optimizer.lr=0.09")
        assert metric(session, "val_loss") == pytest.approx(expected, abs=0.006)
    session = end_of("data.batch_size=64", "optimizer.lr=0.002")
    assert metric(session, "val_loss") == pytest.approx(8.97, abs=0.006)


def test_the_whole_set_takes_112_epochs():
    """To a val_loss of 1.2, which batches of 4 reach after 20."""
    session = end_of("data.batch_size=full", "optimizer.lr=0.09", "train.epochs=130")
    assert int(np.flatnonzero(session.history["val_loss"] < 1.2)[0]) + 1 == 112
    session = session_of(SMALL)
    session.goto(19 * 256)
    assert metric(session, "val_loss") > 1.2
    session.goto(20 * 256)
    assert metric(session, "val_loss") < 1.2


def test_the_next_doubling_still_works():
    session = end_of("data.batch_size=128", "optimizer.lr=0.064")
    assert metric(session, "val_loss") < 1.25
