"""Rows of small networks leave sums that become metrics eight iterations later: nobody may be able to tell."""

from __future__ import annotations

import math
import os
import threading
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.engine.make import make_session, waves
from tui_nn.debugger.session import Session
from tui_nn.engine import layout as at

# Each at its place: forward rows with and without a slope of their own, a layer that normalises, one that adds a skip.
MIXED = [
    (5, "tanh"),
    {"type": "batch_norm", "activation": "relu"},
    (5, "softplus"),
    {"type": "residual", "skip": "relu_1", "activation": "sigmoid"},
    (3, "softmax"),
    (2, "linear"),
]


def session_of(layers: Any, is_tallied: bool = True, **options: Any) -> Session:
    """Ten samples in batches of 4, 4 and 2."""
    options = {"n": 10, "batch_size": 4, "optimizer": "adam", "dtype": "float32"} | options
    if is_tallied:
        session = make_session(layers, **options)
        assert session.program.tallied
        return session
    with patch("tui_nn.engine.compiler.tallies.place_tallies"):
        session = make_session(layers, **options)
    assert not session.program.tallied
    return session


def same(found: np.ndarray, wanted: np.ndarray, dtype: str) -> None:
    """To the rounding of sums in another order, of numbers of about size 1; NaN and inf where they are."""
    rtol, atol = (3e-6, 3e-7) if dtype == "float32" else (1e-12, 1e-13)
    np.testing.assert_allclose(found, wanted, rtol=rtol, atol=atol)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("layers", [*([(units, "tanh"), (1, "linear")] for units in range(1, 9)), MIXED], ids=str)
def test_a_tally_says_what_the_row_would_have_said_at_once(layers, dtype):
    """Every metric of 21 iterations, the small last batches among them; and the same weights, byte for byte."""
    left, at_once = (session_of(layers, is_tallied, dtype=dtype) for is_tallied in (True, False))
    for session in (left, at_once):
        session.goto(21)
    assert left.program.metrics.keys() == at_once.program.metrics.keys()
    for name in left.program.metrics:
        same(left.history[name], at_once.history[name], dtype)
    size = left.program.state_size
    assert left.machine.mem[:size].tobytes() == at_once.machine.mem[:size].tobytes()


@settings(max_examples=2_000 if os.environ.get("TUI_NN_FULL") == "1" else 60, deadline=None)
@example(units=3, exponent=-31, start=0.0, iterations=1)  # squares of distances are denormal
@example(units=2, exponent=-23, start=0.0, iterations=1)  # of distances from the mean alone, unless they are scaled
@example(units=5, exponent=30, start=0.5, iterations=9)
@given(
    units=st.integers(1, 8),
    exponent=st.integers(-44, 37),
    start=st.sampled_from([0.0, 1e-30, 1e-12, 0.5, -3.0, 1e6, 1e15, -1e30]),
    iterations=st.integers(1, 20),
)
def test_no_size_of_numbers_is_lost(units, exponent, start, iterations):
    """Inputs from denormal to beyond what can be squared, on top of any start: where the sums' range ends, float64 takes over."""
    x = waves(10, 3) * 10.0**exponent
    sessions = [session_of([(units, "linear"), (1, "linear")], is_tallied, x=x) for is_tallied in (True, False)]
    for session in sessions:
        session.program.tensors[1].view(session.machine.mem)[:] = start
        session.goto(iterations)
    left, at_once = (session.history for session in sessions)
    for name in sessions[0].program.metrics:
        slack = 0.0
        if name.startswith("act_mean"):  # where a mean cancels, the rounding of what it is the mean of does not
            std = at_once[name.replace("mean", "std")]
            slack = 1e-6 * max([abs(start), *std[np.isfinite(std)]])
        np.testing.assert_allclose(left[name], at_once[name], rtol=3e-5, atol=slack, err_msg=name)


@pytest.mark.parametrize("op", range(15))
def test_stopping_anywhere_shows_what_has_been_executed(op):
    """At op k of iteration 13: the metrics of rows before k are there, those of the others not; in the end all are as ever."""
    layers = [(2, "tanh"), (3, "sigmoid"), (1, "linear")]
    whole, parts = session_of(layers), session_of(layers)
    assert len(whole.program.ops) == 15
    whole.goto(20)
    parts.goto(13, op)
    row = parts.machine.hist[13]
    for name, metric in parts.program.metrics.items():
        assert math.isnan(row[metric.column]) == (metric.op >= op), name
    parts.goto(20)
    assert parts.machine.hist[:20].tobytes() == whole.machine.hist[:20].tobytes()


def test_a_frame_taken_on_the_way_has_its_metrics():
    """Whenever a screen asks, the history is complete up to the frame it gets, whose iteration is rarely a multiple of eight."""
    # A long validation at the end of an epoch: whoever asks is answered there, and has time to look.
    session = session_of([(2, "tanh"), (1, "linear")], n_val=20_000)
    machine, program = session.machine, session.program
    columns = [metric.column for name, metric in program.metrics.items() if metric.op in program.tallied]
    seen, done = set(), 0
    machine.prepare()
    machine.ask()
    runner = threading.Thread(target=machine.run, args=(3_000, 0))
    runner.start()
    while runner.is_alive():
        if machine.has_sent():
            iteration = int(machine.sent().ctl[at.ITERATION])
            hist = machine.hist  # a longer one may take its place, but what is in this one stays
            assert np.isfinite(hist[done : min(iteration, len(hist)), columns]).all()
            done = iteration
            seen.add(iteration % 8)
            machine.ask()
    assert len(seen) > 1
