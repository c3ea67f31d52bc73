"""Saved sessions on the command line: written by `run --save`, opened by `open`, listed by `sessions`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tui_nn.debugger.journal import Journal
from tui_nn.debugger.session import Session
from tui_nn.scenario import load_scenario


@pytest.fixture
def cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line) -> str:
    """The id of a session whose program has died; it stands at 7:0, with one edit."""
    monkeypatch.setenv("TUI_NN_STATE_DIR", str(tmp_path / "state"))
    session = Session(load_scenario(line()))
    journal = Journal([session])
    session.goto(5)
    session.set("optimizer.lr", 0.05)
    session.goto(7)
    journal.note()
    journal._over.set()
    journal._thread.join()
    os.close(journal._handle)
    return journal.path.stem


def test_a_run_is_saved_and_opened(run: Run, line, tmp_path):
    path = str(tmp_path / "a.tuinn")
    answer = run("run", line(), "--iterations", "9", "--set", "optimizer.lr=0.2", "--save", path)
    assert answer.status == 0
    assert f"saved: tui-nn open {path}" in answer.err
    answer = run("open", path)
    assert answer.status == 0
    assert answer.out.startswith("run 1: A line (line)\n  at 9:0, reached 9:0: loss ")


def test_what_was_cut_off_is_listed_and_recovered(run: Run, cut_off):
    assert run("sessions").out.splitlines()[1].split()[:5] == [cut_off, "line", "7", "1", "1"]
    [entry] = run("sessions", "--json").data
    assert (entry["id"], entry["iteration"], entry["edits"], entry["title"]) == (cut_off, 7, 1, "A line")
    for args in ((), (cut_off,), (cut_off[:12],)):
        answer = run("open", "--recover", *args)
        assert answer.status == 0
        assert "at 7:0, reached 7:0" in answer.out
        assert "at 5:0  optimizer.lr: 0.1 → 0.05" in answer.out
    assert run("open", "--recover", "nothing").status == 2


def test_nothing_to_recover_is_said(run: Run, tmp_path, monkeypatch):
    monkeypatch.setenv("TUI_NN_STATE_DIR", str(tmp_path / "none"))
    assert run("sessions").out.startswith("Nothing to recover")
    assert run("sessions", "--json").data == []
    answer = run("open", "--recover")
    assert (answer.status, "nothing is left" in answer.err) == (2, True)


def test_a_damaged_file_ends_in_a_message(run: Run, line, tmp_path):
    path = tmp_path / "a.tuinn"
    run("run", line(), "--iterations", "3", "--save", str(path))
    path.write_bytes(path.read_bytes().replace(b'"seed":3', b'"seed":4'))
    answer = run("open", str(path))
    assert answer.status == 2
    assert "2:1" in answer.err
    assert "damaged" in answer.err


@pytest.mark.parametrize(
    "args", [["open"], ["open", "xor-mlp", "--recover", "x"], ["open", "a.tuinn", "--set", "seed=1"]]
)
def test_what_does_not_go_together_is_said(run: Run, args):
    assert run(*args).status == 2


def test_a_scenario_is_not_written_over(run: Run, line):
    answer = run("run", path := line(), "--iterations", "3", "--save", path)
    assert answer.status == 2
    assert "choose another name" in answer.err
    assert "id = " in Path(path).read_text()
