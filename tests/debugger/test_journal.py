"""The journal: what was done is on disk before it takes effect, and what a dead program left can be gone on from."""

from __future__ import annotations

import errno
import os
import random
import threading
import time
from pathlib import Path

import pytest

from tests.debugger.test_edits import FULL, small
from tests.debugger.test_session_file import DATASET, all_of
from tests.debugger.wander import random_edit
from tui_nn.debugger import journal as journals
from tui_nn.debugger import recovery
from tui_nn.debugger.edits import Edit
from tui_nn.debugger.journal import Journal
from tui_nn.debugger.recovery import find, recover, recoverable, resume, sweep
from tui_nn.debugger.session_lines import SessionFileError, read_lines


@pytest.fixture
def died():
    """A program that has died: its lock is gone, and nothing is written any more."""

    def die(journal: Journal) -> None:
        journal._over.set()
        journal._thread.join()
        os.close(journal._handle)
        journal._handle = -1
        for session in journal._names:
            session.journal = None

    return die


def said(journal: Journal) -> list[str]:
    return [event["do"] for _, event in read_lines(journal.path).events]


@pytest.mark.parametrize("seed", range(4))
def test_everything_done_comes_back(seed, tmp_path, died):
    chance = random.Random(f"journal {seed}")
    sessions = [small()]
    sessions[0].goto(5)
    random_edit(sessions[0], chance)  # before it is watched
    journal = Journal(sessions, tmp_path)
    for _ in range(25):
        session = chance.choice(sessions)
        move = chance.choice(["goto", "edit", "edit", "undo", "redo", "run", "fork"])
        if move == "goto":
            session.goto(chance.randint(0, 30), 0)
        elif move == "edit" and len(session.edits) < 6:
            random_edit(session, chance)
        elif move == "run":
            session.run(3)
        elif move == "fork" and len(sessions) < 4:
            sessions.append(session.fork())
        elif move in ("undo", "redo"):
            getattr(session, move)()
    journal.look(sessions[-1])
    journal.note()
    died(journal)
    [entry] = recoverable(tmp_path)
    assert (entry.runs, entry.iteration, entry.op) == (len(sessions), *sessions[-1].position)
    again = recover(entry, dataset=DATASET)
    assert again.current is list(again.sessions.values())[-1]
    for was, now in zip(sessions, again.sessions.values(), strict=True):
        assert all_of(now) == all_of(was)


def test_a_change_is_on_disk_before_it_takes_effect(tmp_path, monkeypatch):
    session = small()
    journal = Journal([session], tmp_path)
    session.goto(5)
    found = []

    def looked(real):
        def call(*args):
            found.append((said(journal)[-1], len(session.edits)))
            return real(*args)

        return call

    monkeypatch.setattr(session.timeline, "_append", looked(session.timeline._append))
    monkeypatch.setattr(session.timeline, "_restore", looked(session.timeline._restore))
    synced = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(handle), fsync(handle)))
    session.set("optimizer.lr", 0.5)
    session.undo()
    session.redo()
    assert found == [("edit", 0), ("undo", 1), ("redo", 0)]
    assert len(synced) >= 3
    journal.close()


def test_an_edit_that_cannot_be_made_is_not_written(tmp_path):
    session = small()
    journal = Journal([session], tmp_path)
    with pytest.raises(ValueError):
        session.set("optimizer.lr", -1)
    assert "edit" not in said(journal)
    journal.close()


def test_while_a_run_is_changed_its_position_is_not_asked_for(tmp_path):
    """Behind an undo the position of before may not exist: another program may have other rows."""
    session = small()
    journal = Journal([session], tmp_path)
    session.goto(9)
    with journal.changing(session):
        journal.note()
        assert "stand" not in said(journal)[2:]
    journal.note()
    assert said(journal)[-1] == "stand"
    journal.close()


def test_a_running_session_is_noted_by_itself(tmp_path, monkeypatch):
    """Its thread writes, while the run goes on: nobody asks it to."""
    session = small()
    session.prepare()
    journal = Journal([session], tmp_path)
    wrote = threading.Event()
    put = journal._put

    def told(handle, lines):
        put(handle, lines)
        wrote.set()

    monkeypatch.setattr(journal, "_put", told)
    session.start()
    assert wrote.wait(20)
    session.pause()
    stands = [event for _, event in read_lines(journal.path).events if event["do"] == "stand"]
    assert 0 < stands[-1]["at"][0] <= session.position.iteration
    assert abs(stands[-1]["time"] - time.time()) < 20
    journal.close()


def test_where_a_run_stands_can_be_asked_for_while_it_runs():
    """However fast it is: hundreds of iterations may pass between two readings."""
    session = small()
    session.prepare()
    session.start()
    stood = [session.timeline.glance() for _ in range(3000)]
    session.pause()
    assert None not in stood
    places = [stands[0] for stands in stood if stands]
    assert places == sorted(places)
    assert session.timeline.glance() == (session.position, session.reached)


def test_a_clean_end_leaves_nothing(tmp_path):
    session = small()
    journal = Journal([session], tmp_path)
    session.set("optimizer.lr", 0.5)
    journal.close()
    assert os.listdir(tmp_path) == []
    session.set("optimizer.lr", 0.25)
    assert session.journal is None


def test_one_that_is_alive_is_not_offered(tmp_path, died):
    """Nor one in which nothing was done; a dead one of those is swept away."""
    one, other, empty = (Journal([small()], tmp_path) for _ in range(3))
    for journal in (one, other):
        next(iter(journal._names)).set("optimizer.lr", 0.5)
    assert recoverable(tmp_path) == []
    died(other)
    died(empty)
    assert [entry.path for entry in recoverable(tmp_path)] == [other.path]
    sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([one.path.name, other.path.name])
    one.close()


def test_where_files_cannot_be_locked_the_process_decides(tmp_path, died, monkeypatch):
    import fcntl

    def no_lock(*args):
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(fcntl, "flock", no_lock)
    journal = Journal([small()], tmp_path)
    assert recovery.is_alive(journal.path)
    monkeypatch.setattr(os, "kill", lambda pid, signal: (_ for _ in ()).throw(ProcessLookupError()))
    assert not recovery.is_alive(journal.path)
    monkeypatch.setattr(recovery.socket, "gethostname", lambda: "elsewhere")
    assert recovery.is_alive(journal.path)
    monkeypatch.undo()
    journal.close()


def test_runs_that_are_shut_are_not_recovered_but_their_forks_are(tmp_path, died):
    session = small()
    journal = Journal([session], tmp_path)
    session.goto(6)
    session.set("optimizer.lr", 0.5)
    fork = session.fork()
    fork.goto(12)
    journal.note()
    journal.shut(session)
    session.set("optimizer.lr", 0.75)
    died(journal)
    again = recover(recoverable(tmp_path)[0], dataset=DATASET)
    assert list(again.sessions) == ["2"]
    assert all_of(again.current) == all_of(fork)


def test_a_recovered_session_is_kept_on(tmp_path, died):
    session = small()
    journal = Journal([session], tmp_path)
    session.goto(6)
    session.set("optimizer.lr", 0.5)
    died(journal)
    entry = recoverable(tmp_path)[0]
    assert (entry.title, entry.scenario, entry.edits, entry.iteration) == ("Made for a test", "made", 1, 6)
    again = recover(entry, dataset=DATASET)
    kept = resume(again, entry, tmp_path)
    assert not entry.path.exists()
    again.current.goto(8)
    again.current.set("optimizer.lr", 0.25)
    died(kept)
    once_more = recover(recoverable(tmp_path)[0], dataset=DATASET).current
    assert all_of(once_more) == all_of(again.current)


def test_a_journal_is_cut_off_anywhere(tmp_path, died):
    """Of a file that ends within a line all whole lines count; it stays as it is."""
    session = small()
    journal = Journal([session], tmp_path)
    for k in range(3):
        session.goto(k)
        session.set("optimizer.lr", 0.1 + k)
    journal.note()
    died(journal)
    content = journal.path.read_bytes()
    whole = read_lines(journal.path).events
    first = content.index(b"\n") + 1
    for end in range(first, len(content), 1 if FULL else 13):
        for tail in (b"", b"\0" * 100):
            journal.path.write_bytes(content[:end] + tail)
            lines = read_lines(journal.path)
            assert lines.events == whole[: content[:end].count(b"\n") - 1]
    journal.path.write_bytes(content[: first - 2])
    with pytest.raises(SessionFileError, match="damaged"):
        read_lines(journal.path)


def test_a_damaged_journal_is_told_and_left(tmp_path, died):
    session = small()
    journal = Journal([session], tmp_path)
    session.set("optimizer.lr", 0.5)
    session.set("optimizer.lr", 0.25)
    died(journal)
    content = journal.path.read_bytes().replace(b'"value":0.5', b'"value":0.6')
    journal.path.write_bytes(content)
    [entry] = recoverable(tmp_path)
    assert "is damaged: its checksum does not fit" in entry.fault
    with pytest.raises(SessionFileError, match="damaged"):
        recover(entry, dataset=DATASET)
    sweep(tmp_path)
    assert journal.path.read_bytes() == content


def test_a_long_journal_is_written_anew(tmp_path, died, monkeypatch):
    monkeypatch.setattr(journals, "GROWN_BYTES", 8_000)
    session = small()
    journal = Journal([session], tmp_path)
    fork = None
    for k in range(160):
        session.goto(k % 40)
        journal.note()
        if k % 40 == 20:
            session.set("optimizer.lr", 0.001 * k)
        if k == 80:
            fork = session.fork()
    assert journal.path.stat().st_size < 10_000
    assert said(journal).count("edit") == 4
    died(journal)
    again = recover(recoverable(tmp_path)[0], dataset=DATASET)
    for was, now in zip([session, fork], again.sessions.values(), strict=True):
        assert was is not None
        assert all_of(now) == all_of(was)


def test_a_journal_written_anew_behind_an_edit_does_not_say_where_the_run_was_before(tmp_path, died, monkeypatch):
    session = small()
    journal = Journal([session], tmp_path)
    session.goto(9)
    journal.note()
    session.goto(3)
    monkeypatch.setattr(journals, "GROWN_BYTES", 0)
    with journal.changing(session):  # no look in between
        session.set("optimizer.lr", 0.5)
        died(journal)
    assert recover(recoverable(tmp_path)[0], dataset=DATASET).current.position == (3, 0)


def test_a_full_disk_stops_no_one_and_is_told(tmp_path, died, monkeypatch):
    """Half a line is written; when there is room again, the whole file is written anew."""
    session = small()
    journal = Journal([session], tmp_path)
    write = os.write

    def full(handle, content):
        if len(content) < 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, bytes(content)[: len(content) // 2])

    monkeypatch.setattr(os, "write", full)
    edit = session.set("optimizer.lr", 0.5)
    assert isinstance(edit, Edit)
    assert "No space left" in journal.failure
    monkeypatch.setattr(os, "write", write)
    journal.note()
    assert journal.failure == ""
    died(journal)
    assert recover(recoverable(tmp_path)[0], dataset=DATASET).current.edits == session.edits


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    session = small()
    journal = Journal([session], tmp_path / "file")
    assert str(tmp_path / "file") in journal.failure
    session.set("optimizer.lr", 0.5)
    journal.close()
    assert recoverable(tmp_path / "file") == []
    assert recoverable(tmp_path / "none") == []


def test_journals_are_found_by_how_their_names_begin(tmp_path, died):
    with pytest.raises(SessionFileError, match="nothing is left to recover"):
        find("", tmp_path)
    for k in range(2):
        session = small()
        journal = Journal([session], tmp_path)
        session.set("optimizer.lr", 0.5)
        died(journal)
        os.utime(journal.path, (k, k))
    newest = find("", tmp_path)
    assert newest.path == journal.path
    assert find(newest.id, tmp_path).path == newest.path
    with pytest.raises(SessionFileError, match="type more of it"):
        find(newest.id[:3], tmp_path)
    with pytest.raises(SessionFileError, match="no session 'zzz'"):
        find("zzz", tmp_path)


def test_the_folder_is_the_users_state(monkeypatch, tmp_path):
    monkeypatch.setenv("TUI_NN_STATE_DIR", str(tmp_path / "x"))
    assert journals.state_folder() == tmp_path / "x"
    monkeypatch.delenv("TUI_NN_STATE_DIR")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert isinstance(journals.state_folder(), Path)
