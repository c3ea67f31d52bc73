"""Checkpoints and history: thinned, grown and replayed, they never change what is found."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.make import make_session
from tui_nn.debugger.position import Position
from tui_nn.debugger.session import Session
from tui_nn.engine import layout as at
from tui_nn.engine import recording as recording_module
from tui_nn.engine import rows as rows_module
from tui_nn.engine.recording import MOST_SLOTS
from tui_nn.scenario import load_scenario

TINY = [(3, "tanh"), (1, "linear")]


def tiny_session(**settings) -> Session:
    return make_session(TINY, **({"n": 10, "n_val": 2, "batch_size": 4, "optimizer": "momentum"} | settings))


def few_checkpoints(monkeypatch, slots: int) -> None:
    monkeypatch.setattr(recording_module, "MOST_SLOTS", slots)


@pytest.mark.parametrize("slots", [2, 3, 7])
def test_thinned_checkpoints_still_lead_everywhere(monkeypatch, slots):
    """700 iterations through so few slots: each of them is found again, from either side, with the bytes of a run without."""
    plain = tiny_session()
    wanted = {}
    for iteration in range(701):
        plain.goto(iteration)
        wanted[iteration] = plain.state_bytes()
    few_checkpoints(monkeypatch, slots)
    session = tiny_session()
    assert len(session.machine.recording.kept_at) == slots
    session.goto(700)
    for iteration in [*range(700, -1, -13), *range(0, 701, 17), 1, 0, 2, 699, 700, 350]:
        session.goto(iteration)
        assert session.state_bytes() == wanted[iteration], iteration
    kept = session.machine.recording.kept_at.tolist()
    assert kept == sorted(set(kept))
    assert kept[0] == 0


def test_thinning_keeps_checkpoints_spread_out():
    """After 100,000 iterations in 1,024 slots the widest gap is at most three times that of an even spacing."""
    session = tiny_session()
    session.goto(100_000)
    kept = session.machine.recording.kept_at[: session.machine.ctl[at.CHECKPOINT_COUNT]]
    assert len(kept) == MOST_SLOTS == 1024
    gaps = np.diff([*kept, 100_000])
    assert gaps.min() >= 1
    assert gaps.max() <= 3 * 100_000 / MOST_SLOTS


def test_a_checkpoint_behind_a_jump_ahead_is_used(monkeypatch):
    """Having been at 60,000, going there from 10 restores a checkpoint near it instead of running all the way."""
    session = tiny_session()
    session.goto(60_000)
    wanted = session.state_bytes()
    session.goto(10)
    landed: list[int] = []
    put = session.machine.put
    monkeypatch.setattr(session.machine, "put", lambda kept: landed.append(kept.iteration) or put(kept))
    session.goto(60_000)
    assert len(landed) == 1
    assert landed[0] > 59_700
    assert session.state_bytes() == wanted


def test_history_grows_past_its_first_rows():
    """1,024 rows are there at first; 5,000 iterations later every one is what op-by-op pieces wrote."""
    session, pieces = tiny_session(), tiny_session()
    assert len(session.machine.hist) == 1024
    session.goto(5_000)
    assert len(session.machine.hist) >= 5_000
    for goal in (1023, 1024, 1025, 2047, 2048, 2049, 5_000):
        pieces.goto(goal)
    for name in session.history.names:
        assert session.history[name].tobytes() == pieces.history[name].tobytes()
    assert len(session.history["loss"]) == 5_000
    assert np.isfinite(session.history["loss"]).all()


def test_a_history_that_grows_is_never_moved():
    """What a screen holds of it stays what it is, and a long run never stands still to copy megabytes."""
    session = tiny_session()
    session.goto(500)
    early = session.machine.hist
    session.goto(50_000)
    assert len(session.machine.hist) > len(early)
    assert np.shares_memory(session.machine.hist, early)


def test_a_history_that_finds_no_room_is_smaller(monkeypatch):
    """Where not even addresses are left for all of it, half as often as it takes is tried: rows become blocks sooner."""
    wanted = tiny_session().machine.recording.history_limit
    empty = np.empty

    def scarce(shape, *arguments):
        if shape[0] > wanted // 5:
            raise MemoryError
        return empty(shape, *arguments)

    monkeypatch.setattr(rows_module.np, "empty", scarce)
    session = tiny_session()
    assert session.machine.recording.history_limit == wanted // 8
    assert session.goto(2_000).reason == "done"


def test_history_is_cut_at_the_position_and_whole_in_curves():
    """Back at 40 of 100: `history` ends at 40, `curve` at 100; in the middle of an iteration a metric counts once its row is done."""
    session = tiny_session()
    session.goto(100)
    whole = session.history["loss"].copy()
    session.goto(40)
    assert session.history["loss"].tobytes() == whole[:40].tobytes()
    iterations, values = session.history.curve("loss")
    assert iterations.tolist() == list(range(100))
    assert values.tobytes() == whole.tobytes()
    loss_op = session.program.loss_op
    session.goto(40, loss_op)
    assert len(session.history["loss"]) == 40
    session.step("op")
    assert len(session.history["loss"]) == 41
    assert session.history.value("loss") == whole[40]
    iterations, values = session.history.curve("val_loss")
    assert iterations.tolist() == list(range(2, 100, 3))
    assert np.isfinite(values).all()
    assert session.history.at("val_loss", 39) is None
    assert session.history.at("val_loss", 38) == values[12]
    assert session.history.value("val_loss") == values[12]
    with pytest.raises(KeyError, match="no metric 'los'; there are lr, "):
        session.history["los"]


def test_a_replay_never_changes_a_row_of_history():
    """Back in iteration 5 of 9, at every op: every curve, as far as it was reached, is byte for byte what it was."""
    session = tiny_session()
    session.goto(9)
    whole = {name: session.history.curve(name)[1].tobytes() for name in session.history.names}
    for op in range(len(session.program.ops)):
        session.goto(5, op)
        for name, column in whole.items():
            assert session.history.curve(name)[1].tobytes() == column, f"{name} at {session.position}"


def test_history_cannot_be_written():
    session = tiny_session()
    session.goto(3)
    with pytest.raises(ValueError, match="read-only"):
        session.history["loss"][0] = 0.0


def test_reached_is_the_furthest_place():
    session = tiny_session()
    session.goto(30, 2)
    session.goto(4)
    assert session.reached == Position(30, 2)
    session.goto(30, 1)
    assert session.reached == Position(30, 2)
    session.step("op", 2)
    assert session.reached == Position(30, 3)


def test_where_checkpoints_stand_is_told_over_edits():
    """In rising order, those that an edit has replaced left out; the same as those whose states can be had."""
    session = Session(load_scenario("xor-mlp"))
    session.goto(40)
    kept = session.timeline.kept_iterations().tolist()
    assert kept == [each.iteration for each in session.timeline.kept_states()]
    assert kept == sorted(set(kept))
    assert len(kept) > 3
    session.goto(20)
    session.set("data.batch_size", 2)
    session.goto(30)
    after = session.timeline.kept_iterations().tolist()
    assert after == sorted(set(after))
    assert [k for k in after if k < 20] == [k for k in kept if k < 20]
    assert max(after) <= 30


def test_the_budget_of_checkpoints_decides_their_number_and_no_bytes():
    """Of 12 kB two, of 1 MB some tens; forks, edits and reopened sessions have it too; every position has the same bytes."""
    scenario = load_scenario("digits-dnn")
    sessions = [Session(scenario, checkpoint_mb=mb) for mb in (None, 0.012, 5)]
    slots = [session.machine.recording.slots for session in sessions]
    size = sessions[0].program.state_size * sessions[0].program.dtype.itemsize
    assert slots == [max(128, 64 * 2**20 // size), 2, 5 * 2**20 // size]
    runs = []
    for session in sessions:
        session.goto(60)
        session.goto(23, 3)
        bytes_there = [session.state_bytes()]
        session.set("optimizer.lr", 0.01)
        fork = session.fork()
        fork.goto(90)
        fork.goto(40)
        runs.append([*bytes_there, fork.state_bytes(), fork.history["loss"].tobytes()])
        assert fork.machine.recording.slots == session.machine.recording.slots == slots[sessions.index(session)]
    assert runs[0] == runs[1] == runs[2]


@pytest.mark.parametrize("mb", [0, -1, float("nan"), float("inf")])
def test_a_budget_that_is_none_is_refused(mb):
    with pytest.raises(ValueError, match=r"checkpoint_mb is .*; give the megabytes"):
        Session(load_scenario("xor-mlp"), checkpoint_mb=mb)
