"""Watched numbers: which rows write them is known, what they write is noted at full speed, and training sees nothing of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.engine.make import make_session
from tests.engine.optimizer_cases import CASES, PATHS
from tests.engine.watch_nets import LAST, NETS, changed, net_session
from tui_nn.debugger.session import Session
from tui_nn.engine import layout as at
from tui_nn.engine.program import Program
from tui_nn.engine.writers import writers

ITERATIONS = 14
MAY = ("clip", "max_norm", "stopping")  # rows that write only where a bound is reached or a best epoch put back
ROOT = str(Path(__file__).resolve().parents[2])


def numbers(program: Program) -> list[int]:
    """Every parameter, gradient, slot and buffer."""
    offsets = []
    for layer in program.layers:
        for tensor in layer.parameters:
            shifts = [0, program.grad_shift, *program.slots_of(tensor).values()]
            offsets += [tensor.offset + shift + k for shift in shifts for k in range(tensor.size)]
        offsets += [tensor.offset + k for tensor in layer.buffers for k in range(tensor.size)]
    return offsets


def by_stepping(session: Session, iterations: int) -> dict[int, set[int]]:
    """offset -> rows that changed it, found by looking at the whole memory behind every op."""
    program, found = session.program, {}
    kept = set(numbers(program))
    while session.position.iteration < iterations:
        op, before = session.position.op, session.machine.mem[: program.input_offset].copy()
        session.step("op")
        for offset in changed(before, session.machine.mem[: program.input_offset]):
            if int(offset) in kept:
                found.setdefault(int(offset), set()).add(op)
    return found


def check_writers(session: Session, iterations: int) -> None:
    program = session.program
    found = by_stepping(session, iterations)
    ever = set().union(*found.values())
    for offset in numbers(program):
        declared = set(writers(program, offset))
        assert found.get(offset, set()) <= declared, (offset, [program.ops[k].label for k in found[offset] - declared])
    declared = {op for offset in found for op in writers(program, offset)}
    idle = [program.ops[op].label for op in declared - ever if program.ops[op].kind not in MAY]
    assert not idle, "declared, and they never wrote anything"


@pytest.mark.parametrize("name", NETS)
def test_writers_are_what_stepping_finds(name: str):
    """No row changes a number it is not said to write, and each row that is said to write does so."""
    check_writers(net_session(name), ITERATIONS)


@pytest.mark.parametrize("case", PATHS)
def test_writers_of_every_optimizer(case: str):
    check_writers(make_session([(3, "tanh"), LAST], n=6, batch_size=3, optimizer=CASES[case]), 4)


def some_offsets(program: Program, every: int = 5) -> list[int]:
    return numbers(program)[::every][:40]


@pytest.mark.parametrize("name", NETS)
def test_noted_at_full_speed_is_what_stepping_sees(name: str):
    """Behind each row that writes it, in each iteration it is due in; and the run is the same bytes."""
    session, stepped = net_session(name), net_session(name)
    program = session.program
    watch = session.machine.watch(some_offsets(program))
    watch.begin()
    session.goto(ITERATIONS)
    lines = watch.lines(ITERATIONS)
    session.machine.unwatch()
    for iteration in range(ITERATIONS):
        for op in program.ops:
            if not op.is_due(iteration):
                continue
            stepped.step("op")
            for offset, pairs in watch.columns.items():
                for column in (column for row, column in pairs if row == op.index):
                    noted, stands = lines[iteration, column], stepped.machine.mem[offset]
                    assert noted.tobytes() == stands.tobytes(), (iteration, op.label, offset)
    assert session.state_bytes() == stepped.state_bytes()
    for metric in session.history.names:
        assert session.history[metric].tobytes() == stepped.history[metric].tobytes(), metric
    code = session.machine.ctl[at.CODE : at.CODE + 1][0]
    kernels = session.machine.ctl[code : code + program.table.size].reshape(-1, at.ROW)[:, at.KERNEL]
    assert np.array_equal(kernels, program.table[:, at.KERNEL]), "unwatch leaves the rows as they were"


@pytest.mark.parametrize("name", NETS)
def test_a_begun_iteration_is_noted_as_far_as_it_is_executed(name: str):
    """Also where the row that notes a number comes behind the one that writes it, and the run stands between the two."""
    session = net_session(name)
    program, machine = session.program, session.machine
    watch = machine.watch(some_offsets(program))
    for iteration in range(3, 3 + program.iterations_per_epoch):
        session.goto(iteration)
        watch.begin()
        written: dict[int, bytes] = {}  # by column
        for op in program.ops:
            if not op.is_due(iteration):
                continue
            session.step("op")
            for offset, pairs in watch.columns.items():
                written |= {column: machine.mem[offset].tobytes() for row, column in pairs if row == op.index}
            line = watch.lines(1)[0]
            assert {column: line[column].tobytes() for column in written} == written, (iteration, op.label)


def test_one_row_notes_numbers_that_many_write():
    """Parameters and gradients of every layer by the iteration's last row; what another row writes again, before that."""
    session = net_session("full")
    program = session.program
    watch = session.machine.watch(some_offsets(program))
    code = int(session.machine.ctl[at.CODE])
    kernels = session.machine.ctl[code : code + program.table.size].reshape(-1, at.ROW)[:, at.KERNEL]
    noting = np.flatnonzero(kernels != program.table[:, at.KERNEL])
    writing = {op for pairs in watch.columns.values() for op, _ in pairs}
    most = max(len(pairs) for pairs in watch.columns.values())
    assert most <= len(noting) < len(writing) / 2, (noting, sorted(writing))


def test_what_was_noted_before_the_last_begin_can_still_be_read():
    session = net_session("plateau")
    watch = session.machine.watch(numbers(session.program)[:3])
    session.goto(5)
    watch.begin()
    session.goto(9)
    lines = watch.lines(4)
    noted = lines.copy()
    watch.begin()
    session.goto(14)
    assert lines.tobytes() == noted.tobytes() != watch.lines(4).tobytes()


def test_more_iterations_than_there_is_room_for():
    """What is run beyond the room is not noted, and nothing else is touched."""
    session, plain = net_session("full"), net_session("full")
    watch = session.machine.watch(numbers(session.program)[:32])
    assert watch.capacity < 20_000
    session.goto(watch.capacity)
    lines = watch.lines(watch.capacity).copy()
    session.goto(watch.capacity + 500)
    assert watch.lines(watch.capacity).tobytes() == lines.tobytes()
    watch.begin()
    session.goto(watch.capacity + 501)
    assert watch.lines(1)[0, 0] == session.machine.mem[watch.offsets[0]]
    plain.goto(watch.capacity + 501)
    assert session.state_bytes() == plain.state_bytes()


def test_too_many_and_none_at_all():
    session = net_session("plateau")
    program = session.program
    with pytest.raises(ValueError, match="256 is the most that can be watched; name fewer"):
        session.machine.watch(numbers(program))
    with pytest.raises(ValueError, match="is no parameter, gradient, slot or buffer"):
        session.machine.watch([program.input_offset])
    watch = session.machine.watch([])
    session.goto(3)
    assert watch.lines(3).shape == (3, 0)


WITHOUT_JIT = """
import json
from tests.engine.watch_nets import net_session
session = net_session("batch-norm")
watch = session.machine.watch([0, session.program.grad_shift])
session.goto(4)
print(json.dumps(watch.lines(4).tolist()))
"""


def test_without_the_compiler_the_same_is_noted():
    """The kernel as plain Python: the same numbers, to what a sum in another order may differ."""
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": ROOT}
    command = [sys.executable, "-c", WITHOUT_JIT]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
    plain = np.array(json.loads(answer.stdout))
    session = net_session("batch-norm")
    watch = session.machine.watch([0, session.program.grad_shift])
    session.goto(4)
    np.testing.assert_allclose(watch.lines(4), plain, rtol=1e-9, atol=1e-12)
    assert plain.shape == watch.lines(4).shape
