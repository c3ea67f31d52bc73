"""`dead` against the outputs of every iteration, looked at with NumPy; when each unit last fired is part of the state."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

from tests.engine.make import make_session
from tui_nn.debugger.frame import Frame
from tui_nn.debugger.session import Session
from tui_nn.engine import layout as at
from tui_nn.engine.parts import KINDS
from tui_nn.scenario.naming import MORTAL

PER_EPOCH = 3


def dying_session(kind: str = "relu", units: int = 9, **settings) -> Session:
    """Three batches an epoch, of 4, 4 and 2; a learning rate that kills some units, and none of the others."""
    usual = {"n": 10, "n_val": 4, "batch_size": 4, "optimizer": {"type": "sgd", "lr": 0.7}}
    return make_session([(units, kind), (units, kind), (2, "linear")], **usual | settings)


def frames_behind_forward(session: Session, iterations: int) -> Iterator[Frame]:
    for iteration in range(iterations):
        session.goto(iteration, session.program.loss_op)
        yield session.frame()


def test_what_may_die_is_the_same_for_names_and_engine():
    """relu and leaky_relu, in scenario/naming.py as in engine/parts."""
    assert set(MORTAL) == {kind for kind, part in KINDS.items() if part.can_die}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("kind", "units"), [("relu", 1), ("relu", 9), ("leaky_relu", 8), ("relu", 19)])
@pytest.mark.parametrize("shuffle", [True, False])
def test_dead_is_what_the_outputs_of_a_whole_pass_say(kind, units, dtype, shuffle):
    """The share of units with no output above 0 in the last three iterations; 0 before three are done. Not approximately."""
    session = dying_session(kind, units, dtype=dtype, shuffle=shuffle)
    fired: dict[str, list[np.ndarray]] = {f"{kind}_{k}": [] for k in (1, 2)}
    shares = []
    for iteration, frame in enumerate(frames_behind_forward(session, 40)):
        for name, seen in fired.items():
            layer = frame.layer(name)
            seen.append(np.any(layer.activation > 0, axis=0, keepdims=True)[0])
            silent = ~np.any(seen[-PER_EPOCH:], axis=0)
            wanted = silent.mean() if iteration + 1 >= PER_EPOCH else 0.0
            assert layer.metrics["dead"] == pytest.approx(wanted, abs=1e-7)
            last = [max((t for t, each in enumerate(seen) if each[unit]), default=-1) for unit in range(units)]
            assert layer.buffers["last_fired"].tolist() == last
            shares.append(wanted)
    assert units == 1 or 0.0 < max(shares) <= 1.0, "the example shows nothing"


def test_with_a_full_batch_dead_is_now():
    """One iteration is a pass: a unit that is pushed under 0 for all samples is dead at once, and may come back."""
    session = make_session([(2, "relu"), (1, "linear")], n=5, n_in=3)
    weight, bias = (session.program.tensors[k].view(session.machine.mem) for k in (0, 1))
    weight[:], shares = 0.0, []
    for first, second in ((1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0), (1.0, 0.0)):
        bias[:] = first, second
        session.step("op", session.program.loss_op)
        shares.append(session.frame().metrics["dead.relu_1"])
        session.goto(session.position.iteration + 1)
        weight[:] = 0.0
    assert shares == [0.0, 0.5, 1.0, 0.5]  # an output of exactly 0 is silent


def test_a_broken_unit_does_not_fire():
    """NaN is not above 0."""
    session = make_session([(2, "relu"), (1, "linear")], n=5)
    session.program.tensors[1].view(session.machine.mem)[:] = math.nan, 9.0
    session.step("op", session.program.loss_op)
    assert session.frame().metrics["dead.relu_1"] == 0.5


def test_full_speed_op_by_op_and_back_leave_the_same_bytes():
    """last_fired is state like a weight: kept, restored, and the same on every route."""
    fast, slow = dying_session(), dying_session()
    fast.goto(25, 4)
    while slow.position < fast.position:
        slow.step("op")
    assert slow.state_bytes() == fast.state_bytes()
    slow.goto(60)
    slow.goto(25, 4)
    assert slow.state_bytes() == fast.state_bytes()
    for name in ("dead.relu_1", "dead.relu_2"):
        assert slow.history[name].tobytes() == fast.history[name].tobytes()


def test_evaluation_and_restoring_the_best_leave_it_alone():
    """Validation rows have no DEAD cell; early stopping puts weights back, not the record of what has fired."""
    stopping = {"patience": 2, "restore_best": True}
    adam = {"type": "adam", "lr": 0.1}
    session = dying_session(stopping=stopping, train={"epochs": 60}, optimizer=adam)
    program = session.program
    rows = [op.index for op in program.ops if op.kind == "relu"]
    assert [op for op in rows if program.table[op, at.DEAD] >= 0] == [
        layer.forward_op for layer in program.layers if layer.kind == "relu"
    ]
    session.run()
    assert session.position.iteration < session.planned_iterations, "nothing was restored"
    newest = session.position.iteration - 1
    for layer in session.frame().layers:
        if layer.kind == "relu":
            assert layer.buffers["last_fired"].max() == newest
