"""Dropout masks worked out beside the run, and the counts made of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.engine.make import make_session
from tui_nn.debugger.masks import mask_count, switched_off
from tui_nn.debugger.session import Session


def session_of(rate: float = 0.25, seed: int = 7, **more) -> Session:
    """Two dropouts, on 3 inputs and on 40 units; 11 samples in batches of 4, 4 and 3."""
    drop = {"type": "dropout", "rate": rate}
    return make_session([drop, (40, "tanh"), drop, (1, "linear")], n=11, n_in=3, batch_size=4, seed=seed, **more)


@pytest.mark.parametrize("seed", [0, 7, 2**31 - 1])
def test_the_hash_is_the_kernel_s(seed: int):
    """In each of seven iterations, short batches too, and in both layers: the same units are off."""
    session = session_of(seed=seed)
    for iteration in range(7):
        session.goto(iteration, 5)
        for layer in session.frame().layers:
            if layer.kind == "dropout":
                assert layer.mask is not None
                assert np.array_equal(layer.mask == 0, switched_off(session.program, layer.name, iteration))


def test_counts_against_the_rate():
    """160 places at rate 0.25: 40 expected, with a deviation of √(160 · 0.25 · 0.75) = 5.48; what changed is counted."""
    session = session_of()
    session.goto(3, 5)
    frame = session.frame()
    found = mask_count(frame, frame.layer("dropout_2"))
    assert found is not None
    assert (found.off.shape, found.rate, found.iteration) == ((4, 40), 0.25, 3)
    assert (found.expected, found.spread) == (40.0, pytest.approx(math.sqrt(30.0)))
    before = switched_off(session.program, "dropout_2", 2)
    assert len(before) == 3  # the short batch
    changed = sum(before[i, j] != found.off[i, j] for i in range(3) for j in range(40)) / 120
    assert found.changed == pytest.approx(changed)
    assert 0.2 < changed < 0.55  # 2 · 0.25 · 0.75 = 0.375 of the places, in the long run


def test_which_iteration_a_mask_is_of():
    """Before its row, the mask in memory is the last iteration's; before the first there is none, nor a change then."""
    session = session_of()
    first = session.frame()
    assert mask_count(first, first.layer("dropout_1")) is None
    session.goto(0, 4)
    frame = session.frame()
    found = mask_count(frame, frame.layer("dropout_1"))
    assert found is not None
    assert (found.iteration, found.changed) == (0, None)
    session.goto(2)
    frame = session.frame()
    found = mask_count(frame, frame.layer("dropout_1"))
    assert found is not None
    assert found.iteration == 1
    assert np.array_equal(found.off, switched_off(session.program, "dropout_1", 1))
    assert mask_count(frame, frame.layer("dense_1")) is None
