"""Edits: what is changed in the middle of a run holds from there on, and a position still decides every byte."""

from __future__ import annotations

import os
import random

import numpy as np
import pytest

from tests.debugger.wander import Range, Wanderer
from tests.engine.make import make_session
from tests.engine.watch_nets import net_session
from tui_nn.debugger.edits import Edit, EditError
from tui_nn.debugger.position import START, Position, Stop
from tui_nn.debugger.session import Session
from tui_nn.debugger.stops import Fired
from tui_nn.engine import recording

FULL = os.environ.get("TUI_NN_FULL") == "1"
LAYERS = [
    {"type": "dense", "units": 5, "activation": "tanh"},
    {"type": "batch_norm"},
    {"type": "dropout", "rate": 0.2},
    (2, "linear"),
]


def small(**settings) -> Session:
    return make_session(LAYERS, **({"n": 14, "n_val": 4, "batch_size": 4, "optimizer": "adam"} | settings))


def walked(fresh: Session, edits: tuple[Edit, ...], places: list[Position]) -> dict[Position, bytes]:
    """State at each place of a run that goes forward only, and is edited on the way."""
    found, left = {}, list(edits)
    for place in sorted(places):
        while left and left[0].position <= place:
            fresh.goto(*left[0].position)
            fresh.set(left[0].key, left[0].value)
            left.pop(0)
        fresh.goto(*place)
        found[place] = fresh.state_bytes()
    return found


@pytest.mark.parametrize("seed", range(40 if FULL else 5))
def test_random_edits_and_moves_agree_with_a_run_that_only_goes_forward(seed):
    chance = random.Random(f"edits {seed}")
    settings = chance.choice(
        [{}, {"optimizer": "momentum"}, {"optimizer": "sgd"}, {"schedule": {"type": "cosine", "per": "epoch"}}]
    )
    wanderer = Wanderer(small(**settings), f"edits {seed}", Range(near=9, far=40))
    wanderer.wander(60)
    wanderer.check_fresh()


def test_a_learning_rate_holds_from_the_coming_update_on():
    """lr is set between backward and update: this very update uses it. Adam's step is lr times what it was."""
    session, plain = small(), small()
    op = next(op.index for op in session.program.ops if op.phase == "update")
    for each in (session, plain):
        each.goto(7, op)
    before = session.machine.mem[: session.program.state_size].copy()
    edit = session.set("optimizer.lr", 0.1)
    assert (edit.position, edit.old, edit.value) == ((7, op), 0.01, 0.1)
    for each in (session, plain):
        each.step("iteration")
    n = session.program.n_parameters
    moved, moved_before = (each.machine.mem[:n] - before[:n] for each in (session, plain))
    assert moved == pytest.approx(10 * moved_before, rel=1e-6, abs=1e-9)
    assert session.history["lr"][6:9].tolist() == [0.01, 0.01]  # the load row of iteration 7 had written it before


def test_a_batch_size_takes_over_at_the_next_sample_of_the_epochs_order():
    """14 samples by 4: after two batches there come the 9th and 10th of the same order, and so on; then the next epoch."""
    session, plain = small(), small()
    order = []
    for k in range(4):
        plain.goto(k, 1)
        order += plain.frame().sample_indices.tolist()
    session.goto(2)
    assert session.set("data.batch_size", 2).position == (2, 0)
    taken = []
    for k in range(2, 5):
        session.goto(k, 1)
        taken.append(session.frame().sample_indices.tolist())
    assert taken == [order[8:10], order[10:12], order[12:14]]
    assert session.program.epochs.start(1) == 5
    session.goto(5, 1)
    assert session.epoch == 1
    assert len(session.frame().sample_indices) == 2
    session.goto(12)
    losses = session.history["loss"]
    weights = [4, 4, 2, 2, 2]
    assert session.history.at("epoch_loss", 4) == pytest.approx(np.average(losses[:5], weights=weights), rel=1e-12)
    assert session.history.at("epoch_loss", 11) == pytest.approx(np.average(losses[5:12], weights=[2] * 7))


def test_a_batch_size_that_leaves_batch_norm_one_sample_is_refused():
    """14 samples, 8 taken: batches of 5 leave one. At the start of an epoch 5, 5 and 4 are as good as any."""
    session = small()
    session.goto(2)
    with pytest.raises(EditError, match="iteration 3 would have a batch of 1 sample, and batch_norm_1 needs"):
        session.set("data.batch_size", 5)
    session.goto(4)
    assert session.set("data.batch_size", 5).value == 5


def test_a_weight_is_what_it_was_set_to():
    session = small()
    session.goto(3)
    edit = session.set("weight.dense_1[2,1]", 0.25)
    assert session.frame().layers[0].parameters[0].value[2, 1] == 0.25
    assert edit.old != 0.25
    session.step("iteration", 5)
    session.back("iteration", 5)
    assert session.frame().layers[0].parameters[0].value[2, 1] == 0.25
    session.back("op")
    assert session.frame().layers[0].parameters[0].value[2, 1] == edit.old


def test_a_frozen_layer_stays_and_the_others_go_on():
    session = small()
    session.goto(3)
    session.set("dense_1.trainable", False)
    before = [parameter.value.copy() for layer in session.frame().layers for parameter in layer.parameters]
    session.step("iteration", 5)
    after = [parameter.value for layer in session.frame().layers for parameter in layer.parameters]
    assert [np.array_equal(a, b) for a, b in zip(before, after, strict=True)] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]


def test_what_needs_other_rows_waits_for_the_next_iteration():
    session = small()
    session.goto(3, 4)
    assert session.set("clip.norm", 0.5).position == (4, 0)
    assert session.position == (3, 4)
    assert session.scenario.clip is None
    session.set("data.batch_size", 2)
    session.set("weight.dense_1[0,0]", 1.5)
    assert [edit.key for edit in session.edits] == ["weight.dense_1[0,0]", "clip.norm", "data.batch_size"]
    session.goto(4)
    assert session.scenario.clip
    assert session.scenario.clip.norm == 0.5
    assert session.program.batch_size == 2


def test_undo_brings_back_the_future_and_redo_the_edit():
    session = small()
    session.goto(30)
    then = session.state_bytes()
    session.goto(10, 3)
    session.set("optimizer.lr", 1.0)
    session.goto(30)
    edited = session.state_bytes()
    assert edited != then
    edit = session.undo()
    assert edit
    assert (edit.key, session.position, session.edits) == ("optimizer.lr", (10, 3), ())
    assert session.reached == (30, 0)
    session.goto(30)
    assert session.state_bytes() == then
    assert session.redo() == edit
    session.goto(30)
    assert session.state_bytes() == edited
    session.undo()
    assert session.undo() is None
    session.goto(10, 3)
    session.set("optimizer.lr", 2.0)  # another future: what was taken back belongs to none any more
    assert session.reached == session.position == (10, 3)
    assert session.redo() is None
    assert [edit.value for edit in session.edits] == [2.0]


@pytest.mark.parametrize("at", [START, (7, 0), (7, 5)])
def test_a_fork_with_nothing_changed_equals_its_parent(at):
    session = small()
    session.goto(25)
    session.goto(*at)
    other = session.fork()
    assert other.position == at
    assert other.state_bytes() == session.state_bytes()
    for place in [(7, 9), (24, 3), (8, 0), (90, 2), (2, 1), (7, 5), (300, 0), (0, 0)]:
        assert session.goto(*place).position == other.goto(*place).position
        assert other.state_bytes() == session.state_bytes(), place
        for name in session.history.names:
            assert session.history[name].tobytes() == other.history[name].tobytes(), (place, name)


def test_many_edits_keep_few_checkpoints(monkeypatch):
    """20 edits, each behind 30 iterations, with room for 16 checkpoints: twice as many at most, and every place is found."""
    monkeypatch.setattr(recording, "MOST_SLOTS", 16)
    session, fresh = small(), small()
    for k in range(20):
        for each in (session, fresh):
            each.step("iteration", 30)
            each.set("optimizer.lr", 0.01 / (k + 1))
    segments = session.timeline.segments
    assert sum(segment.n_kept for segment in segments) <= 32 + 2 * len(segments)
    for place in [(595, 2), (31, 5), (300, 0), (299, 7), (10, 0), (600, 0)]:
        session.goto(*place)
        fresh.goto(*place)
        assert session.state_bytes() == fresh.state_bytes()
    walked_through = walked(small(), session.edits, [Position(k, k % 9) for k in range(0, 600, 37)])
    for place, found in walked_through.items():
        session.goto(*place)
        assert session.state_bytes() == found, place


def test_forks_own_their_futures():
    """Two forks of one run, both changed; the parent knows of neither."""
    session, plain = small(), small()
    session.goto(20)
    slow, small_batch = session.fork(), session.fork()
    slow.set("optimizer.lr", 1e-4)
    small_batch.set("data.batch_size", 5)
    for each in (slow, small_batch, session, plain):
        each.goto(60)
    assert session.state_bytes() == plain.state_bytes() != slow.state_bytes()
    for fork, key in ((slow, "optimizer.lr"), (small_batch, "data.batch_size")):
        fresh = small()
        fresh.goto(20)
        fresh.set(key, fork.edits[0].value)
        fresh.goto(60)
        assert fresh.state_bytes() == fork.state_bytes()
        fork.goto(11, 3)
        plain.goto(11, 3)
        assert fork.state_bytes() == plain.state_bytes()


@pytest.mark.parametrize(("key", "value", "said"), [
    ("optimizer.lrr", 0.1, "lrr"),
    ("optimiser.lr", 0.1, "did you mean 'optimizer'"),
    ("optimizer.lr", "much", "much"),
    ("optimizer.lr", -1, "optimizer.lr"),
    ("layers[0].units", 9, "settled when a run starts"),
    ("data.noise", 0.1, "settled when a run starts"),
    ("weight.dense_9[0,0]", 0.1, "dense_9"),
    ("weight.dense_1[0,99]", 0.1, "shape"),
    ("weight.dense_1[0]", 0.1, "shape"),
    ("gain.dense_1[0]", 0.1, "it has weight, bias"),
    ("bias.dense_1[0]", True, "a number is needed"),
    ("dense_1.trainable", 3, "trainable"),
])  # fmt: skip
def test_what_cannot_be_edited_says_why_and_changes_nothing(key, value, said):
    session = small()
    session.goto(5, 2)
    before = session.state_bytes()
    with pytest.raises(EditError, match=None) as error:
        session.set(key, value)
    assert said in str(error.value)
    assert session.state_bytes() == before
    assert session.edits == ()


def test_a_fork_of_a_run_that_was_edited_at_the_very_start():
    """Its own machine for that stretch stands at 0:0 when it is made, but that is not yet where the stretch begins."""
    session = small()
    session.set("bias.dense_1[0]", 0.5)
    session.goto(20)
    fork = session.fork()
    for place in [(0, 0), (0, 3), (1, 0), (9, 2)]:
        session.goto(*place)
        fork.goto(*place)
        assert fork.state_bytes() == session.state_bytes(), place


def test_a_run_that_ends_where_an_edit_begins_is_behind_the_edit():
    """Early stopping ends the run at 5:0, where a weight is set: run or go there, it is set."""
    settings = {"stopping": {"monitor": "loss", "patience": 1, "min_delta": 1e6}, "optimizer": "sgd"}
    session = small(**settings)
    stop = session.run()
    assert "Early stopping" in stop.message
    assert stop.position.op == 0
    session.set("bias.dense_1[0]", 0.5)
    there = session.state_bytes()
    session.back("iteration", 2)
    assert session.run().position == stop.position
    assert session.state_bytes() == there
    session.stops.add("bias.dense_1[0] == 0.5")  # which no update leaves it at
    session.back("iteration", 2)
    assert session.run() == Stop(
        "stop",
        stop.position,
        "Stop 1: bias.dense_1[0] == 0.5 (bias.dense_1[0] = 0.5).",
        (Fired(1, "bias.dense_1[0] == 0.5"),),
    )
    assert session.state_bytes() == there


def test_half_a_sum_goes_over_an_edit_between_two_backward_rows():
    """grad_norm is added up along the rows of an lstm and what follows it; the edit comes when one of two is done."""
    session = net_session("lstm")
    session.goto(5, next(op.index for op in session.program.ops if op.phase == "backward") + 1)
    session.set("optimizer.lr", 0.02)
    for _ in range(2):  # the second time the row of the history is full already
        session.goto(6)
        parts = [session.history[f"grad_norm.{layer}"][5] for layer in ("lstm_1", "dense_1")]
        assert session.history["grad_norm"][5] == pytest.approx(np.hypot(*parts), rel=1e-12)
        session.goto(5, session.edits[0].position.op)


def test_an_edit_at_the_start_of_an_iteration_replaces_one_at_the_start_of_the_next():
    """Only in the middle of an iteration one at the start of the next is waiting for it, and stays."""
    for op, key, left in ((0, "optimizer.lr", []), (3, "bias.dense_1[0]", ["clip.norm"])):
        session = small()
        session.goto(5, 3)
        session.set("clip.norm", 0.5)
        session.goto(5, op)
        session.set(key, 0.5)
        assert [edit.key for edit in session.edits] == [key, *left]


def test_a_fork_has_its_parents_checkpoints_up_to_where_it_was_made():
    session = small()
    session.goto(30)
    session.goto(20, 3)
    kept = [each.iteration for each in session.timeline.kept_states()]
    assert len(kept) > 2
    fork = session.fork()
    assert [each.iteration for each in fork.timeline.kept_states()] == [each for each in kept if each < 20]
