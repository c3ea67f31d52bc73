"""one-hot-or-index and its twin: two losses, one number, all along the run; and both against the formula in float64."""

import math

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, metric, session_of, trained
from tui_nn import Session

ONE_HOT, INDEX = "one-hot-or-index", "one-hot-or-index-sparse"
SEEDS = range(20 if IS_FULL else 5)
AFTER_LOSS, AFTER_DELTA = 5, 6


def first_batch(preset: str, *overrides: str) -> Session:
    session = session_of(preset, *overrides)
    session.goto(0, AFTER_DELTA)
    return session


@pytest.mark.parametrize("seed", SEEDS)
def test_both_losses_are_one_number_to_rounding(seed: int):
    """After each of 300 updates. Two steps of float32 below 1, 2 · 2^-24, are what two orders of rounding may cost."""
    one, other = (trained(preset, f"seed={seed}").history["loss"] for preset in (ONE_HOT, INDEX))
    assert len(one) == 300
    np.testing.assert_allclose(one, other, rtol=0, atol=2 * 2**-24)


def test_in_float64_the_difference_shrinks_with_the_precision():
    one, other = (trained(preset, "dtype=float64").history["loss"] for preset in (ONE_HOT, INDEX))
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-14)


def test_the_gradients_are_the_same_too():
    """(p - y) / n by NumPy, from the outputs of the batch; the parameters after 300 updates agree as well."""
    for iteration in (0, 100):
        deltas = []
        for preset in (ONE_HOT, INDEX):
            session = session_of(preset)
            session.goto(iteration, AFTER_DELTA)
            frame = session.frame()
            z = np.asarray(frame.layers[-1].activation, dtype=np.float64)
            p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
            y = np.eye(3)[frame.program.dataset.y_train[frame.sample_indices]]
            deltas.append(np.asarray(frame.layers[-1].delta))
            np.testing.assert_allclose(deltas[-1], (p - y) / 10, atol=1e-7)
        np.testing.assert_allclose(*deltas, atol=1e-7)
    ends = [[q.value for layer in trained(p).frame().layers for q in layer.parameters] for p in (ONE_HOT, INDEX)]
    for one, other in zip(*ends, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_the_targets_are_written_in_two_ways():
    """Rows with a single 1, and the column of the places where it stands."""
    rows, column = (np.asarray(first_batch(preset).frame().targets) for preset in (ONE_HOT, INDEX))
    assert rows.shape == (10, 3)
    assert column.shape == (10, 1)
    assert np.array_equal(np.sort(rows, axis=1), np.tile([0.0, 0.0, 1.0], (10, 1)))
    assert rows.argmax(axis=1).tolist() == column.ravel().tolist()
    assert column.ravel()[:3].tolist() == [1, 0, 0]  # said in the lesson


def test_the_first_loss_is_ln_3():
    session = first_batch(ONE_HOT)
    assert metric(session, "loss") == pytest.approx(math.log(3), abs=1e-6)
    assert metric(session, "delta_norm.dense_2") == pytest.approx(math.sqrt(6 / 90), abs=1e-6)


@pytest.mark.parametrize("preset", [ONE_HOT, INDEX])
def test_the_numbers_of_the_script(preset: str):
    loss = trained(preset).history["loss"]
    assert loss[[14, 299]] == pytest.approx([0.761, 0.188], abs=1e-3)
