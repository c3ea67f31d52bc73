"""Early stopping: it ends where the rule says, restores the best, and both are part of the state."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.engine.make import make_session, waves

PER_EPOCH = 4


def overfitting_session(**stopping: Any):
    """Noise as targets: the validation loss turns upwards while the training loss keeps falling."""
    x, y = waves(16, 3), waves(16, 1, phase=5.0)
    table = {"patience": 3} | stopping
    return make_session(
        [(16, "tanh"), (1, "linear")], n=12, n_val=4, x=x, y=y, batch_size=3, stopping=table,
        optimizer={"type": "adam", "lr": 0.03}, train={"epochs": 100},
    )  # fmt: skip


def stop_by_hand(values: np.ndarray, patience: int, min_delta: float = 0.0) -> tuple[int, int]:
    """(epoch it ends after, best epoch), from the monitored value at the end of each epoch."""
    best, best_epoch, waited = math.inf, -1, 0
    for epoch, value in enumerate(values):
        if value < best - min_delta:
            best, best_epoch, waited = value, epoch, 0
        else:
            waited += 1
            if waited >= patience:
                return epoch, best_epoch
    raise AssertionError("the run is too short to stop")


@pytest.mark.parametrize("stopping", [{}, {"patience": 1}, {"patience": 5, "min_delta": 0.01}])
def test_it_ends_where_the_rule_says_and_restores_the_best(stopping):
    """The parameters after the stop are those of the best epoch, bit for bit."""
    session = overfitting_session(**stopping)
    stop = session.run()
    values = session.history["val_loss"][PER_EPOCH - 1 :: PER_EPOCH]
    end, best = stop_by_hand(values, stopping.get("patience", 3), stopping.get("min_delta", 0.0))
    assert stop.reason == "end"
    assert "arly stopping" in stop.message
    assert session.position.iteration == (end + 1) * PER_EPOCH
    restored = [p.value.copy() for layer in session.frame().layers for p in layer.parameters]
    stopping_op = next(op.index for op in session.program.ops if op.kind == "stopping")
    session.goto((best + 1) * PER_EPOCH - 1, stopping_op)
    kept = [p.value.copy() for layer in session.frame().layers for p in layer.parameters]
    assert all(np.array_equal(a, b) for a, b in zip(restored, kept, strict=True))


def test_without_restoring_the_last_weights_stay():
    session = overfitting_session(restore_best=False)
    session.run()
    iteration = session.position.iteration
    after = session.frame().layers[0].parameters[0].value.copy()
    stopping_op = next(op.index for op in session.program.ops if op.kind == "stopping")
    session.goto(iteration - 1, stopping_op)
    assert np.array_equal(session.frame().layers[0].parameters[0].value, after)


def test_a_goto_passes_through_the_end_and_comes_back_to_the_same_bytes():
    """Only a run to the plan ends early; any position behind can still be looked at, by any route."""
    session = overfitting_session()
    session.run()
    end = session.position.iteration
    there = session.state_bytes()
    session.goto(end + 7, 3)
    beyond = session.state_bytes()
    session.goto(2)
    session.goto(end)
    assert session.state_bytes() == there
    session.goto(end + 7, 3)
    assert session.state_bytes() == beyond


def test_a_run_that_goes_on_after_the_end_waits_anew():
    """Run again: it goes on from the restored weights and ends `patience` epochs later, as nothing beats the best."""
    session = overfitting_session(patience=3)
    session.run()
    end = session.position.iteration
    assert session.run().reason == "end"
    values = session.history["val_loss"][PER_EPOCH - 1 :: PER_EPOCH]
    assert min(values[end // PER_EPOCH :]) >= min(values[: end // PER_EPOCH]) or session.position.iteration > end
    assert session.position.iteration >= end + 3 * PER_EPOCH


def test_a_run_that_never_stops_restores_the_best_at_its_planned_end():
    """Patience longer than the run: the last planned epoch still ends on the best weights."""
    session = overfitting_session(patience=1000)
    session.run()
    values = session.history["val_loss"][PER_EPOCH - 1 :: PER_EPOCH]
    best = int(np.argmin(values))
    assert best < len(values) - 1
    restored = session.frame().layers[0].parameters[0].value.copy()
    stopping_op = next(op.index for op in session.program.ops if op.kind == "stopping")
    session.goto((best + 1) * PER_EPOCH - 1, stopping_op)
    assert np.array_equal(session.frame().layers[0].parameters[0].value, restored)


def test_nan_is_never_an_improvement():
    """A run that explodes in its first update: every epoch waits, and with nothing good seen nothing is restored."""
    session = make_session(
        [(1, "linear")], n=4, n_val=2, batch_size="full", stopping={"patience": 3}, x=1e200 * waves(6, 3),
        optimizer={"type": "sgd", "lr": 1e30}, train={"epochs": 20},
    )  # fmt: skip
    session.goto(4)
    assert not np.isfinite(session.history["val_loss"]).any()
    assert not np.isfinite(session.frame().layers[0].parameters[0].value).any()
