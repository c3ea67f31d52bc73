"""What a frame shows of a recurrent layer, step by step, and how much of it is of this iteration."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.recurrent_nets import KINDS, STEPS, session_of
from tui_nn.debugger.recurrence import GATE_NAMES, steps_of


def op_of(session, label: str) -> int:
    return next(op.index for op in session.program.ops if op.label == label)


@pytest.mark.parametrize("kind", KINDS)
def test_gates_by_name_and_shapes(kind):
    """(rows, steps, units) each; the last batch of an epoch has 2 rows. Gates lie between 0 and 1, what is written between -1 and 1."""
    session = session_of(kind)
    for iteration, rows in ((0, 4), (2, 2)):
        session.goto(iteration, session.program.loss_op)
        frame = session.frame()
        found = steps_of(frame, frame.layers[0])
        assert found is not None
        assert tuple(found.gates) == GATE_NAMES[kind]
        assert all(gate.shape == (rows, STEPS, 4) for gate in (found.hidden, found.delta, *found.gates.values()))
        assert (found.cell is not None) == (kind == "lstm")
        for name, gate in found.gates.items():
            assert (gate > (-1 if name in "gn" else 0)).all()
            assert (gate < 1).all()


def test_the_state_follows_from_what_the_gates_say():
    """c = f c' + i g, h = o tanh c, from the numbers shown."""
    session = session_of("lstm-to-sequence")
    session.goto(1, session.program.loss_op)
    frame = session.frame()
    found = steps_of(frame, frame.layers[0])
    assert found is not None
    assert found.cell is not None
    before = np.concatenate([0 * found.cell[:, :1], found.cell[:, :-1]], axis=1)
    gates = found.gates
    np.testing.assert_allclose(found.cell, gates["f"] * before + gates["i"] * gates["g"], rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(found.hidden, gates["o"] * np.tanh(found.cell), rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(found.hidden.reshape(frame.rows, -1), frame.layers[0].activation)


@pytest.mark.parametrize("kind", KINDS)
def test_how_many_steps_are_of_this_iteration(kind):
    session = session_of(kind)
    counted = []
    for label in (
        f"forward {kind}_1 input",
        f"forward {kind}_1 t=2",
        f"backward {kind}_1 t=4",
        f"backward {kind}_1 t=0",
    ):
        session.goto(1, op_of(session, label) + 1)
        frame = session.frame()
        found = steps_of(frame, frame.layers[0])
        assert found is not None
        counted.append((found.n_forward, found.n_backward))
        is_whole = label.startswith("backward")
        assert frame.layers[0].is_forward_fresh == is_whole
    assert counted == [(0, 0), (3, 0), (STEPS, 1), (STEPS, STEPS)]


def test_half_way_the_later_steps_are_of_the_iteration_before():
    session = session_of("gru", batch_size=5)
    session.goto(1, 0)
    frame = session.frame()
    old = steps_of(frame, frame.layers[0])
    assert old is not None
    session.goto(1, op_of(session, "forward gru_1 t=2") + 1)
    frame = session.frame()
    new = steps_of(frame, frame.layers[0])
    assert new is not None
    np.testing.assert_array_equal(new.hidden[:, 3:], old.hidden[:, 3:])
    assert (new.hidden[:, :3] != old.hidden[:, :3]).any(axis=(0, 2)).all()


def test_other_layers_have_no_steps():
    session = session_of("lstm")
    assert steps_of(session.frame(), session.frame().layers[0]) is None  # nothing computed yet
    session.goto(1, 0)
    assert steps_of(session.frame(), session.frame().layers[1]) is None
