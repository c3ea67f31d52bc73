"""What a dead program left is offered at the start, opened with all its runs, discarded or left; a damaged one is only told of."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.tui.driver import drive, is_ready, screen_text, settled, until
from tui_nn import Session, load_scenario
from tui_nn.debugger.journal import Journal
from tui_nn.debugger.recovery import Entry, recoverable
from tui_nn.tui.recovering import about, age
from tui_nn.tui.screens.gallery import GalleryScreen
from tui_nn.tui.screens.recovering import RecoveryScreen


def die(journal: Journal) -> None:
    """As in a crash: the file stays, its lock does not."""
    journal._over.set()
    journal._thread.join()
    os.close(journal._handle)


@pytest.fixture
def left() -> list[Session]:
    """An edited run at 40:2 and its fork, edited again; the fork was looked at."""
    session = Session(load_scenario("xor-mlp"))
    journal = Journal([session])
    session.goto(20)
    session.set("optimizer.lr", 0.25)
    fork = session.fork()
    fork.set("optimizer.lr", 0.05)
    for each in (session, fork):
        each.goto(40, 2)
    journal.look(fork)
    journal.note()
    die(journal)
    return [session, fork]


def offered(app: Any) -> bool:
    return isinstance(app.screen, RecoveryScreen) and "later" in one_line(app)


def one_line(app: Any) -> str:
    return " ".join(screen_text(app).split())


def test_it_is_offered_and_opened_with_all_its_runs(left):
    """The same bytes, the fork looked at; what is done from then on is kept, and a clean end leaves nothing."""

    async def act(app, pilot):
        await until(pilot, lambda: offered(app))
        text = one_line(app)
        assert "A run ended without being closed. Open it again?" in text
        assert "at 40:2, 2 edits, 2 runs" in text
        assert isinstance(app.screen_stack[-2], GalleryScreen)
        await pilot.press("enter")
        await until(pilot, lambda: is_ready(app))
        await settled(app, pilot)
        run = app.debugger
        assert [each.session.state_bytes() for each in run.runs.entries] == [each.state_bytes() for each in left]
        assert (run.runs.active, run.runs.entries[1].of) == (1, run.runs.entries[0])
        assert recoverable() == []  # it is kept by this program now
        run.session.set("optimizer.lr", 0.5)
        assert '"optimizer.lr"' in run.journal.path.read_text().splitlines()[-1]
        app.close_session()
        assert list(Path(os.environ["TUI_NN_STATE_DIR"]).iterdir()) == []

    drive(None, act, journal=True)


def test_later_leaves_it_and_two_presses_discard_it(left):
    async def act(app, pilot):
        await until(pilot, lambda: offered(app))
        await pilot.press("d")
        assert "d once more discards it for good" in one_line(app)
        await pilot.press("down", "escape")
        assert not offered(app)
        assert len(recoverable()) == 1

    drive(None, act, journal=True)

    async def discard(app, pilot):
        await until(pilot, lambda: offered(app))
        await pilot.press("d", "d")
        await until(pilot, lambda: not offered(app))
        assert recoverable() == []

    drive("perceptron-or", discard, journal=True)  # over a run that was asked for, too


def test_a_damaged_one_is_told_of_and_left_untouched(left):
    [entry] = recoverable()
    lines = entry.path.read_bytes().splitlines(keepends=True)
    damaged = b"".join([lines[0], lines[1].replace(b"xor", b"xnr", 1), *lines[2:]])
    entry.path.write_bytes(damaged)

    async def act(app, pilot):
        await until(pilot, lambda: offered(app))
        await pilot.press("d", "d", "enter")
        text = one_line(app)
        assert f"damaged: {entry.path.name}" in text
        assert "It cannot be opened, and is left as it is:" in text
        assert entry.path.read_bytes() == damaged
        await pilot.press("escape")

    drive(None, act, journal=True, size=(80, 24))


def test_a_replay_says_how_far_it_is_and_is_cancelled_by_escape(left, monkeypatch):
    """Nothing is lost by it: the next start offers it again."""
    ended = []

    def endless(ref: str, on_progress: Any, **options: Any) -> None:
        try:
            while True:
                on_progress(25, 100, "replaying to iteration 1,234")
                time.sleep(0.005)
        finally:
            ended.append(ref)

    monkeypatch.setattr("tui_nn.debugger.session_file.open_file", endless)
    [entry] = recoverable()

    async def act(app, pilot):
        await until(pilot, lambda: "replaying" in one_line(app) and "25" in one_line(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, GalleryScreen) and ended)
        assert app.debugger is None

    drive(str(entry.path), act, ready=False, journal=True)
    assert [each.path for each in recoverable()] == [entry.path]


def test_a_run_and_its_twin_to_which_nothing_was_done_are_not_offered():
    sessions = [Session(load_scenario(name)) for name in ("xor-mlp", "perceptron-or")]
    journal = Journal(sessions)
    journal.look(sessions[0])
    journal.note()
    die(journal)
    assert recoverable() == []


def test_a_lesson_that_was_asked_for_is_not_disturbed(left):
    async def act(app, pilot):
        await pilot.pause(0.3)
        assert not offered(app)

    drive("perceptron-or", act, journal=True, play=True)


def test_ages_and_counts_are_said_in_both_languages():
    entry = Entry("a", Path("a.journal"), 200.0, "XOR", "xor-mlp", 1234, 0, 2, 1)
    assert about(entry, "en") == "3 minutes ago, at 1,234:0, 1 edit, 2 runs"
    assert about(entry, "ko") == "3분 전, 1,234:0에서, 편집 1번, 학습 2개"
    assert [age(seconds, "en") for seconds in (1, 119, 120, 7_300, 200_000)] == [
        "a moment ago", "119 seconds ago", "2 minutes ago", "2 hours ago", "2 days ago",
    ]  # fmt: skip
