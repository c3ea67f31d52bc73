"""One implementation: full speed and op by op are the same rows, so they leave the same bytes."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.make import make_session
from tests.presets.runs import IS_FULL, SOME
from tui_nn.debugger.session import Session
from tui_nn.scenario import load_scenario

ITERATIONS = 1_000
MOST_OPS = 12_000  # outside the full run; by calls of their own they take tens of µs each


def step_through(session: Session, iterations: int) -> int:
    """Every op by a call of its own; returns how many there were."""
    n = 0
    while session.position.iteration < iterations:
        session.step("op")
        n += 1
    return n


def check_same(fast: Session, slow: Session, iterations: int) -> None:
    fast.goto(iterations)
    n = step_through(slow, iterations)
    program = slow.program
    assert n == sum(program.is_due(i, op) for i in range(iterations) for op in range(len(program.ops)))
    assert slow.position == fast.position == (iterations, 0)
    assert slow.state_bytes() == fast.state_bytes()
    for name in program.metrics:
        assert slow.history[name].tobytes() == fast.history[name].tobytes(), name
        assert len(slow.history[name]) == iterations or program.metrics[name].every == "epoch"
    print(f"{program.scenario.id}: {iterations:,} iterations, {n:,} ops one at a time, the same bytes")


@pytest.mark.parametrize("preset", SOME)
def test_full_speed_and_op_by_op_leave_the_same_bytes(preset):
    """1,000 iterations of every preset (every third outside the full run), past its planned end if need be: state, frame and every history row.

    A million parameters take 10 ms each time; there 100 iterations have to do, and 10 outside the full run. A hundred layers
    are 500 to 800 rows: outside the full run as many iterations as make 12,000 of them.
    """
    scenario = load_scenario(preset)
    session = Session(scenario)
    iterations = ITERATIONS if session.program.n_parameters < 1e6 else 100 if IS_FULL else 10
    if not IS_FULL:
        iterations = min(iterations, MOST_OPS // len(session.program.ops))
    check_same(session, Session(scenario), iterations)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_same_bytes_with_partial_batches_and_validation(optimizer, dtype):
    """Three batches an epoch, the last one smaller, and validation: rows that are not always due, and stale rows of arrays."""
    settings = {"n": 10, "n_val": 3, "batch_size": 4, "optimizer": optimizer, "dtype": dtype}
    layers = [(9, "relu"), (5, "softmax"), (2, "linear")]
    check_same(make_session(layers, **settings), make_session(layers, **settings), 200)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_splitting_a_run_changes_nothing(optimizer):
    """One call for 300 iterations, and many calls of uneven length that end in the middle of iterations."""
    whole = make_session([(5, "tanh"), (1, "linear")], n=10, batch_size=4, optimizer=optimizer)
    parts = make_session([(5, "tanh"), (1, "linear")], n=10, batch_size=4, optimizer=optimizer)
    whole.machine.run(300, 0)
    for k, goal in enumerate(np.unique(np.geomspace(1, 299, 40).astype(int))):
        parts.machine.run(int(goal), k % len(parts.program.ops))
    parts.machine.run(300, 0)
    assert parts.state_bytes() == whole.state_bytes()
    assert parts.machine.hist.tobytes() == whole.machine.hist.tobytes()


def test_two_machines_in_one_process_do_not_meet():
    """Interleaved, each op in turn, two runs end as each does alone: no state outside a machine's own arrays."""
    alone = [make_session([(4, "tanh"), (1, "linear")], seed=seed, optimizer="adam") for seed in (1, 2)]
    mixed = [make_session([(4, "tanh"), (1, "linear")], seed=seed, optimizer="adam") for seed in (1, 2)]
    for session in alone:
        session.goto(20)
    while mixed[1].position.iteration < 20:
        for session in mixed:
            session.step("op")
    assert [session.state_bytes() for session in mixed] == [session.state_bytes() for session in alone]
    assert alone[0].state_bytes() != alone[1].state_bytes()
