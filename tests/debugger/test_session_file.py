"""A session file reopens at the same bytes; one that is damaged, strange or of another version is refused, and left as it is."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.debugger.test_edits import FULL, small
from tests.debugger.wander import Range, Wanderer, random_edit
from tests.presets.runs import SOME
from tui_nn.data import load_data
from tui_nn.data.fingerprint import differs, fingerprint
from tui_nn.debugger.rebuild import Reopened
from tui_nn.debugger.session import Session
from tui_nn.debugger.session_events import scenario_data
from tui_nn.debugger.session_file import open_file, save
from tui_nn.debugger.session_lines import MAX_BYTES, SessionFileError, Writer, read_lines
from tui_nn.scenario import Scenario, list_presets, load_scenario
from tui_nn.scenario.load import parse_scenario

DATASET = small().timeline.dataset
FAR = 40


def reopened(path: Path, sessions: list[Session], current: Session | None = None) -> Reopened:
    save(sessions, path, current)
    return open_file(path, dataset=DATASET)


def all_of(session: Session) -> list:
    """Where it stands, and what undo and redo find."""
    found = [session.position, session.reached, session.edits, session.state_bytes()]
    for take in (session.redo, session.undo):
        while (edit := take()) is not None:
            session.goto(20)
            found += [edit, session.edits, session.state_bytes()]
    return found


def on_its_own(scenario: Scenario) -> Scenario:
    return scenario.model_copy(update={"extends": None, "change": {}})


def wander_forks(chance: random.Random) -> list[Session]:
    """A run and two forks, edited at random before and after; edits of the parent may change what a fork was made of."""
    session = small()
    Wanderer(session, f"saved {chance.random()}", Range(near=9, far=FAR, runs=1)).wander(20)
    sessions = [session]
    for _ in range(2):
        parent = chance.choice(sessions)
        fork = parent.fork()
        sessions.append(fork)
        for _ in range(6):
            move = chance.choice(["edit", "undo", "redo", "goto", "run"])
            if move == "edit":
                random_edit(fork, chance)
            elif move == "goto":
                fork.goto(chance.randint(0, FAR))
            elif move == "run":
                fork.run(4)
            else:
                getattr(fork, move)()
        if chance.random() < 0.5:
            parent.goto(3)
            random_edit(parent, chance)
    return sessions


@pytest.mark.parametrize("seed", range(60 if FULL else 3))
def test_runs_and_forks_reopen_at_the_same_bytes(seed, tmp_path):
    chance = random.Random(f"saved {seed}")
    sessions = wander_forks(chance)
    again = reopened(tmp_path / "a.tuinn", sessions)
    assert again.remarks == ()
    for was, now in zip(sessions, again.sessions.values(), strict=True):
        assert (was.origin is None) == (now.origin is None)
        assert all_of(now) == all_of(was)


@pytest.mark.parametrize("preset", SOME if FULL else SOME[::16])
def test_presets_reopen_at_the_same_bytes(preset, tmp_path):
    session = Session(load_scenario(preset))
    session.goto(7, 3)
    session.set("optimizer.lr", session.scenario.optimizer.lr / 2)
    session.goto(9, 1)
    save([session], tmp_path / "a.tuinn")
    again = open_file(tmp_path / "a.tuinn")
    assert again.remarks == ()
    assert again.current.state_bytes() == session.state_bytes()
    assert again.current.scenario == on_its_own(session.scenario)


def test_every_scenario_is_told_whole():
    """What a file would have to say to give it, lesson and script included, without what it extends."""
    ids = [info.id for info in list_presets()]
    for preset in ids if FULL else ids[::9]:
        scenario = load_scenario(preset)
        again = parse_scenario(json.loads(json.dumps(scenario_data(scenario))), "here")
        assert again == on_its_own(scenario), preset


def test_the_run_that_was_looked_at(tmp_path):
    session = small()
    session.goto(4)
    other = session.fork()
    assert reopened(tmp_path / "a.tuinn", [other, session], other).current.origin is not None
    assert reopened(tmp_path / "a.tuinn", [session, other]).current.origin is None


def test_a_fork_whose_parent_is_not_saved_keeps_its_past(tmp_path):
    session = small()
    session.goto(4)
    session.set("optimizer.lr", 0.5)
    session.goto(8)
    fork = session.fork()
    fork.set("clip.norm", 0.1)
    fork.goto(20, 2)
    again = reopened(tmp_path / "a.tuinn", [fork]).current
    assert all_of(again) == all_of(fork)
    assert [edit.key for edit in again.edits] == ["optimizer.lr"], "its own edit is undone, its parent's stays"


def test_numbers_that_are_none_come_back(tmp_path):
    session = small()
    session.goto(4)
    for value in (float("nan"), float("inf"), -0.0, 1e-310):
        session.set("weight.dense_1[0,0]", value)
        session.set("weight.dense_1[0,1]", 1.0)
    assert reopened(tmp_path / "a.tuinn", [session]).current.state_bytes() == session.state_bytes()


def test_a_whole_table_can_be_an_edit(tmp_path):
    session = small()
    session.goto(4)
    session.set("clip", {"norm": 0.5})
    session.set("optimizer", {"type": "sgd", "lr": 0.25})
    session.goto(9)
    assert reopened(tmp_path / "a.tuinn", [session]).current.state_bytes() == session.state_bytes()


def test_progress_is_told_and_can_end_it(tmp_path):
    session = small()
    session.goto(3000)
    save([session], tmp_path / "a.tuinn")
    told = []
    open_file(tmp_path / "a.tuinn", lambda *words: told.append(words), DATASET)
    assert told[-1] == (3000, 3000, "")
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)

    def leave(done, total, words):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_file(tmp_path / "a.tuinn", leave, DATASET)


# Damage


@pytest.fixture(scope="module")
def content(tmp_path_factory) -> bytes:
    session = small()
    session.goto(4)
    session.set("optimizer.lr", 0.5)
    fork = session.fork()
    fork.goto(6)
    path = tmp_path_factory.mktemp("saved") / "a.tuinn"
    save([session, fork], path)
    return path.read_bytes()


def refused(path: Path, content: bytes) -> str:
    """What is said; the file stays as it was."""
    path.write_bytes(content)
    with pytest.raises(SessionFileError) as error:
        open_file(path, dataset=DATASET)
    assert path.read_bytes() == content
    return str(error.value)


def test_every_byte_counts(content, tmp_path):
    """Whichever byte is another: it is refused, by a message that names the line."""
    path = tmp_path / "a.tuinn"
    for place in range(0, len(content), 1 if FULL else 7):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        said = refused(path, bytes(changed))
        assert ":1 " in said, said


@given(place=st.integers(0, 10**6), bytes_=st.binary(max_size=9), cut=st.integers(0, 9))
def test_any_other_damage_is_seen(content, tmp_path_factory, place, bytes_, cut):
    """Bytes cut out, put in, or exchanged, anywhere."""
    place %= len(content)
    changed = content[:place] + bytes_ + content[place + cut :]
    if changed != content:
        refused(tmp_path_factory.getbasetemp() / "damaged.tuinn", changed)


def test_lines_that_were_lost_doubled_or_moved_are_seen(content, tmp_path):
    rows = content.splitlines(keepends=True)
    for k in range(1, len(rows) - 1):
        for others in (rows[:k] + rows[k + 1 :], rows[:k] + rows[k:][::-1], [*rows[: k + 1], *rows[k:]]):
            assert "damaged" in refused(tmp_path / "a.tuinn", b"".join(others))
    assert "ends" in refused(tmp_path / "a.tuinn", b"".join(rows[:-1]))
    assert "more behind its end" in refused(tmp_path / "a.tuinn", content + b"x")


# Strangers' files


def forged(path: Path, events: list[dict], **header) -> None:
    writer = Writer("session", **header)
    path.write_bytes(b"".join([writer.header, *map(writer.line, events), writer.line({"do": "end"})]))


def of_a_stranger(path: Path, events: list[dict]) -> str:
    forged(path, events)
    with pytest.raises(SessionFileError) as error:
        open_file(path, dataset=DATASET)
    return str(error.value)


OPEN = {
    "do": "open", "run": "1", "scenario": scenario_data(small().scenario), "data": fingerprint(DATASET), "at": [0, 0],
    "base": [],
}  # fmt: skip
DEEP: dict = {}
for _ in range(40):
    DEEP = {"a": DEEP}


@pytest.mark.parametrize(("events", "said"), [
    ([], "no run"),
    ([{"do": "exec", "run": "1"}], "do: unknown word 'exec'"),
    ([OPEN, OPEN], "second run"),
    ([OPEN, {"do": "edit", "run": "2", "at": [1, 0], "key": "optimizer.lr", "value": 1.0}], "run '2'"),
    ([OPEN, {"do": "fork", "run": "2", "of": "3", "at": [1, 0], "base": []}], "forked from run '3'"),
    ([OPEN, {"do": "edit", "run": "1", "at": [1, 0], "key": "optimizer.lr"}], "value: is missing"),
    ([OPEN, {"do": "edit", "run": "1", "at": [-1, 0], "key": "optimizer.lr", "value": 1.0}], "at: got a list of 2; a position"),
    ([OPEN, {"do": "edit", "run": "1", "at": [1, 900], "key": "optimizer.lr", "value": 1.0}], "op 900 is not in the program"),
    ([OPEN, {"do": "edit", "run": "1", "at": [1, 0], "key": "data.source", "value": "xor"}], "settled when a run starts"),
    ([OPEN, {"do": "edit", "run": "1", "at": [1, 0], "key": "__import__('os')", "value": 1}], "cannot read the key"),
    ([OPEN, {"do": "edit", "run": "1", "at": [1, 0], "key": "clip.norm", "value": {"number": "os"}}], "value: got a table"),
    ([OPEN, {"do": "stand", "run": "1", "at": [1, 0], "reached": [1, 0], "more": 1}], "'more': stand has no such key"),
    ([OPEN | {"scenario": OPEN["scenario"] | {"extends": "xor-mlp"}}], "scenario.extends: a session file holds"),
    ([OPEN | {"scenario": OPEN["scenario"] | {"optimizer": {"type": "sgd", "lr": -1}}}], "scenario.optimizer.lr: "),
    ([OPEN | {"scenario": DEEP}], "24 deep"),
    ([OPEN | {"data": {}}], "fingerprint"),
    ([OPEN, {"do": "look", "run": "\x1b[2J"}], "run: got"),
])  # fmt: skip
def test_what_a_strangers_file_may_not_say(events, said, tmp_path):
    message = of_a_stranger(tmp_path / "a.tuinn", events)
    assert said in message
    assert "\x1b" not in message


@pytest.mark.parametrize(("content", "said"), [
    (b"", "is empty"),
    (b"\0" * 4096, "is empty"),
    (b'id = "mine"\n', "is no session file"),
    (b"\xff\xfe\x00", "is no session file"),
    (b"\x80\x04\x95 pickle", "is no session file"),
])  # fmt: skip
def test_what_is_no_session_file_is_said_to_be_none(content, said, tmp_path):
    assert said in refused(tmp_path / "a.tuinn", content)


def test_another_version_is_named(content, tmp_path):
    """The checksum of a file of another version need not fit: who knows how it is made there."""
    said = refused(tmp_path / "a.tuinn", b'["0000000000000000",{"tui-nn":"session","format":2,"program":"0.9.1"}]\n')
    assert "format: has format 2, written by tui-nn 0.9.1" in said
    assert "which reads format 1" in said


def test_too_large_too_deep_not_there(tmp_path):
    path = tmp_path / "a.tuinn"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    for place, said in ((path, "64 MB"), (tmp_path, "no regular file"), (tmp_path / "b.tuinn", "not there")):
        with pytest.raises(SessionFileError, match=said):
            open_file(place)
    writer = Writer("session")
    body = '{"do":' + "[" * 100_000 + "]" * 100_000 + "}"
    line = writer.line({"do": "end"})
    from tui_nn.debugger import session_lines

    mark = session_lines._checksum(json.loads(writer.header)[0], body.encode())
    assert "24 deep" in refused(path, writer.header + f'["{mark}",{body}]\n'.encode() + line)


def test_other_data_under_the_same_name_is_refused(tmp_path):
    """Another sample, even in another order, is other data; the last digits of a sine are not."""
    scenario = load_scenario("xor-mlp")
    session = Session(scenario)
    session.goto(5)
    save([session], tmp_path / "a.tuinn")
    data = load_data(scenario)
    wanted = fingerprint(data)
    for change, how in ((1e-3, "has other numbers in it"), (1e-15, "round-off")):
        other = load_data(scenario)
        x = data.x_train.copy()
        x[0, 0] += change
        object.__setattr__(other, "x_train", x)
        assert differs(other, wanted) == how
    shuffled = load_data(scenario)
    object.__setattr__(shuffled, "x_train", np.ascontiguousarray(data.x_train[::-1]))
    assert differs(shuffled, wanted) == "has other numbers in it"
    lines = read_lines(tmp_path / "a.tuinn")
    forged(
        tmp_path / "b.tuinn",
        [event | ({"data": wanted | {"name": "iris"}} if "data" in event else {}) for _, event in lines.events],
    )
    with pytest.raises(SessionFileError, match="data 'xor' has another name: 'iris'"):
        open_file(tmp_path / "b.tuinn")


def test_numbers_that_differ_are_told(tmp_path):
    """As on another machine: opened all the same, with the reason."""
    session = small()
    session.goto(5)
    save([session], tmp_path / "a.tuinn")
    lines = read_lines(tmp_path / "a.tuinn")
    events = [event | ({"state": "00"} if "state" in event else {}) for _, event in lines.events]
    forged(tmp_path / "b.tuinn", events, on={"numpy": "1.0"})
    again = open_file(tmp_path / "b.tuinn", dataset=DATASET)
    assert again.current.state_bytes() == session.state_bytes()
    assert "numpy 1.0, here" in again.remarks[0]


# Writing


def test_a_file_is_exchanged_whole_or_not_at_all(tmp_path, monkeypatch):
    path, session = tmp_path / "a.tuinn", small()
    save([session], path)
    before = path.read_bytes()
    session.goto(5)
    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", lambda *names: (_ for _ in ()).throw(OSError("no room")))
        with pytest.raises(OSError, match="no room"):
            save([session], path)
    assert (path.read_bytes(), os.listdir(tmp_path)) == (before, ["a.tuinn"])
    save([session], path)
    assert path.read_bytes() != before
    assert os.listdir(tmp_path) == ["a.tuinn"]


def test_what_is_no_session_file_is_not_written_over(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('id = "mine"')
    with pytest.raises(SessionFileError, match="choose another name"):
        save([small()], path)
    assert path.read_text() == 'id = "mine"'
