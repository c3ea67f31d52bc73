"""Sharpness of recurrent networks: its rows go through time as training's do, on a memory of their own."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.recurrent_nets import session_of
from tests.engine.test_sharpness import EVERY, check_against_dense
from tui_nn.debugger.recurrence import steps_of


@pytest.mark.parametrize("name", ["rnn", "two-lstm", "gru-to-sequence", "embedding"])
def test_it_is_the_largest_eigenvalue_of_the_hessian(name):
    """Against a dense Hessian of the engine's own gradients, before any update and after three."""
    session = session_of(name, n=7, n_val=0, probes=EVERY)
    for iteration in (0, 3):
        check_against_dense(session, iteration)


def test_measuring_leaves_the_steps_alone():
    """Gates, states, deltas and metrics in a frame, and every parameter after, are as without it."""
    plain, measured = session_of("two-lstm"), session_of("two-lstm", probes=EVERY)
    for session in (plain, measured):
        session.goto(3, next(op.index for op in session.program.ops if op.phase == "update"))
    for one, other in zip(plain.frame().layers, measured.frame().layers, strict=True):
        np.testing.assert_array_equal(one.activation, other.activation)
        a, b = steps_of(plain.frame(), one), steps_of(measured.frame(), other)
        if a is not None and b is not None:
            np.testing.assert_array_equal(a.hidden, b.hidden)
            np.testing.assert_array_equal(a.delta, b.delta)
            assert all((a.gates[name] == b.gates[name]).all() for name in a.gates)
    by_step = [name for name in plain.program.metrics if ".t" in name]
    assert len(by_step) == 20
    assert [plain.frame().metrics[name] for name in by_step] == [measured.frame().metrics[name] for name in by_step]
    for session in (plain, measured):
        session.goto(6)
    kept = plain.program.n_parameters
    assert plain.machine.mem[:kept].tobytes() == measured.machine.mem[:kept].tobytes()


def test_what_every_step_keeps_counts():
    """64 steps of 12 units keep 12 numbers of each; for 512 samples that is past the bound, of 8 units it is not."""
    from tui_nn.scenario.model import Scenario
    from tui_nn.scenario.naming import why_no_sharpness

    table = {
        "id": "made", "title": "made", "data": {"source": "digits", "samples": 1200, "batch_size": 512, "shape": [64, 1]},
        "layers": [{"type": "lstm", "units": 8}, {"type": "dense", "units": 10}],
        "loss": {"type": "sparse_categorical_cross_entropy"}, "optimizer": {"type": "sgd", "lr": 0.1}, "train": {"iterations": 1},
        "probes": {"sharpness": 1},
    }  # fmt: skip
    small = Scenario.model_validate(table)
    assert why_no_sharpness(small) is None
    large = Scenario.model_validate(table | {"layers": [{"type": "lstm", "units": 12}, {"type": "dense", "units": 10}]})
    # 3 x 512 x 22 + 512 x (64 x (1 + 12 x 12) + 12)
    assert "keeps 4,791,296 values" in str(why_no_sharpness(large))
