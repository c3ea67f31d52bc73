"""Two runs compared: what differs, where they part, how far apart they are; neither is moved."""

from __future__ import annotations

import json

import pytest

from tui_nn.debugger.compare import compare
from tui_nn.debugger.position import Position
from tui_nn.debugger.session import Session
from tui_nn.scenario import load_scenario


def forked(iteration: int, op: int, key: str, value: object, far: int = 40) -> tuple[Session, Session]:
    session = Session(load_scenario("digits-dnn"))
    session.goto(iteration, op)
    fork = session.fork()
    fork.set(key, value)
    session.goto(far)
    fork.goto(far)
    return session, fork


def left(session: Session) -> bytes:
    """What operations have left: state, gradients, samples, outputs and deltas; not the learning rate, which is a setting."""
    frame, end = session.frame(), session.program.input_offset
    parts = [frame.snapshot.mem[:end], frame.sample_indices, frame.inputs]
    parts += [array for layer in frame.layers for array in (layer.activation, layer.delta)]
    return b"".join(part.tobytes() for part in parts)


def scanned(a: Session, b: Session, far: int) -> Position | None:
    """The first operation after which a byte of the whole state differs, found by walking."""
    a.goto(0)
    b.goto(0)
    while a.position < (far, 0):
        place = a.position
        a.step("op")
        b.step("op")
        if a.position != b.position or left(a) != left(b):
            return place
    return None


@pytest.mark.parametrize(
    ("iteration", "op", "key", "value"),
    [(17, 0, "optimizer.lr", 0.01), (17, 6, "optimizer.lr", 0.01), (3, 2, "weight.dense_1[1,2]", 0.5), (0, 0, "optimizer.beta1", 0.5)],
)  # fmt: skip
def test_they_part_where_a_walk_finds_it(iteration: int, op: int, key: str, value: object):
    a, b = forked(iteration, op, key, value)
    places = a.position, b.position
    found = compare(a, b)
    assert (a.position, b.position) == places
    assert found.parting is not None
    wanted = scanned(a, b, 40)
    if key.startswith("weight"):  # the edit itself parts them, before any operation
        wanted = Position(iteration, op)
        assert found.parting.label == f"edit of {key}"
    assert found.parting.position == wanted
    assert [row.key for row in found.settings] == [key]


def test_a_scheduled_rate_parts_them_where_it_is_set():
    """The schedule has an operation of its own, before the updates."""
    session = Session(load_scenario("xor-mlp", ["schedule={type='step',every=5}"]))
    session.goto(12)
    fork = session.fork()
    fork.set("optimizer.lr", 0.01)
    for each in (session, fork):
        each.goto(20)
    parting = compare(session, fork).parting
    assert parting is not None
    assert parting.position == (12, session.program.schedule_op)
    assert parting.label.startswith("schedule")
    assert parting.what.startswith("lr: 0.")


def test_rows_that_only_one_has():
    found = compare(*forked(12, 0, "clip.norm", 1e6))
    assert found.parting is not None
    assert found.parting.position.iteration == 12
    assert found.parting.label == "clip norm 1e+06"
    assert "only the second" in found.parting.what
    found = compare(*forked(12, 0, "data.batch_size", 8))
    assert found.parting is not None
    assert found.parting.label == "load batch"
    assert found.parting.position == (12, 0)


def test_a_fork_with_nothing_changed_does_not_part():
    session = Session(load_scenario("xor-mlp"))
    session.goto(10)
    fork = session.fork()
    session.goto(30)
    fork.goto(35)
    found = compare(session, fork)
    assert (found.iteration, found.parting, found.settings) == (30, None, ())
    assert all(row.difference == 0.0 for row in found.metrics)


def test_the_metrics_are_those_of_both_histories():
    a, b = forked(5, 0, "optimizer.lr", 0.02)
    losses = {row.name: row for row in compare(a, b).metrics}["loss"]
    assert (losses.first, losses.second) == (a.history["loss"][39], b.history["loss"][39])
    assert losses.difference == b.history["loss"][39].item() - a.history["loss"][39].item()


def test_the_command_line_compares(capsys):
    from tui_nn.cli_compare import run_compare

    run_compare("xor-mlp", "xor-mlp", 20, (), (), ("optimizer.lr=0.05",), as_json=True)
    data = json.loads(capsys.readouterr().out)
    assert data["settings"] == {"optimizer.lr": ["0.5", "0.05"]}
    assert data["parting"]["label"] == "update dense_1"
    run_compare("xor-mlp", "xor-mlp", 20, (), (), (), as_json=False)
    assert "Not a byte differs in 20 iterations." in capsys.readouterr().out


def test_the_same_edit_at_two_places_is_said_with_its_place():
    """At the end no setting differs; for ten iterations one did."""
    session = Session(load_scenario("xor-mlp"))
    forks = []
    for place in (20, 30):
        session.goto(place)
        fork = session.fork()
        fork.set("optimizer.lr", 0.05)
        fork.goto(50)
        forks.append(fork)
    rows = compare(*forks).settings
    assert [(row.key, row.first, row.second, row.since) for row in rows] == [("optimizer.lr", 0.05, 0.5, (20, 0))]
    same = compare(session, session.whole_past())
    assert (same.settings, same.parting) == ((), None)


def test_comparing_again_and_again_keeps_no_more_checkpoints():
    """What is shared with a past that somebody reads may not be dropped; it is thinned when the next one is made."""
    session = Session(load_scenario("xor-mlp"), checkpoint_mb=0.01)
    slots, most = session.machine.recording.slots, 0
    wanted = Session(session.scenario)
    for iteration in range(200, 2_001, 200):
        session.goto(iteration)
        past = session.whole_past()
        most = max(most, session.timeline.segment.n_kept)
        past.goto(iteration - 77)
        wanted.goto(iteration - 77)
        assert past.state_bytes() == wanted.state_bytes()
    assert most <= slots
    session.goto(1_234)
    wanted.goto(1_234)
    assert session.state_bytes() == wanted.state_bytes()
