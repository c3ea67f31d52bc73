"""Forks on the screen: made, changed, moved together, compared by eye, closed."""

from __future__ import annotations

from typing import Any

from tests.tui.driver import drive, screen_text, settled, until
from tests.tui.test_edited import typed
from tui_nn import Session, load_scenario
from tui_nn.tui.forks import Kin, names_of


def positions(app: Any) -> list[tuple[int, int]]:
    return [tuple(run.session.position) for run in app.debugger.runs.entries]


def test_two_futures_side_by_side_without_leaving_the_keyboard():
    """f, e, lr 0.1x, enter, run: both go on together, each by its own setting, and both are in the curves."""

    async def act(app, pilot):
        run = app.debugger
        run._goto(20, 2)
        await settled(app, pilot)
        await pilot.press("f", "e")
        await typed(pilot, "lr = 0.1x")
        await pilot.press("enter")
        await settled(app, pilot)
        assert [each.session.scenario.optimizer.lr for each in run.runs.entries] == [0.5, 0.05]
        run.mover.goto((60, 0))
        await settled(app, pilot)
        assert positions(app) == [(60, 0)] * 2
        text = screen_text(app)
        assert "fork 1: lr 0.05" in text
        assert "beside: original" in text
        losses = [each.session.history["loss"] for each in run.runs.entries]
        assert (losses[0][:21] == losses[1][:21]).all()
        assert losses[0][59] != losses[1][59]
        await pilot.press("x")
        await settled(app, pilot)
        assert run.session is run.runs.entries[0].session
        assert run.session.edits == ()
        await pilot.press("x", "comma", "comma", "home", "space")
        await settled(app, pilot)
        assert positions(app) == [(2000, 0)] * 2

    drive("xor-mlp", act, twin=False)


def test_a_fork_with_nothing_changed_is_its_parent():
    async def act(app, pilot):
        run = app.debugger
        run._goto(30, 3)
        await settled(app, pilot)
        await pilot.press("f")
        run._goto(50, 1)
        await settled(app, pilot)
        one, other = (each.session for each in run.runs.entries)
        assert one.state_bytes() == other.state_bytes()

    drive("digits-dnn", act)


def test_at_most_six_and_each_is_closed_by_delete():
    """What is left is the run alone: no letters, no second part, and the keys move it."""

    async def act(app, pilot):
        run = app.debugger
        await settled(app, pilot)
        before = screen_text(app).splitlines()[2:]
        await pilot.press(*"ffffff")
        await settled(app, pilot)
        assert len(run.runs.entries) == 6
        assert "6 runs are open" in screen_text(app)
        await pilot.press(*["delete", "x"] * 9)
        await settled(app, pilot)
        while len(run.runs.entries) > 1:
            await pilot.press("x", "delete")
        await settled(app, pilot)
        await until(pilot, lambda: screen_text(app).splitlines()[2:] == before, "the screen of one run")
        await pilot.press("delete", "s")
        assert positions(app) == [(0, 1)]

    drive("xor-mlp", act, twin=False)


def test_beside_a_twin_and_while_a_lesson_is_paused():
    async def act(app, pilot):
        run = app.debugger
        await pilot.press("p", "space", "f")
        await settled(app, pilot)
        assert len(run.runs.entries) == 3
        assert run.player.mover is run.runs
        await pilot.press("space", "space")  # the lesson looks back at what it speaks of
        assert run.runs.active == 0
        await pilot.press("x", "x", "delete")
        await settled(app, pilot)
        assert len(run.runs.entries) == 2
        assert len(set(positions(app))) == 1

    drive("xor-mlp", act)


def test_names_say_what_differs():
    session = Session(load_scenario("xor-mlp"))
    session.goto(10)
    session.set("clip.norm", 1.0)
    forks = [session.fork(), session.fork(), session.fork()]
    forks[0].set("optimizer.lr", 0.05)
    forks[1].set("optimizer.lr", 0.05)
    forks[1].set("optimizer.lr", 0.01)
    forks[1].set("data.batch_size", 2)
    names = names_of([Kin(session, 0, 0), *(Kin(fork, n, 0) for n, fork in enumerate(forks, 1))])
    assert [name.title for name in names] == [
        "original",
        "fork 1: lr 0.05",
        "fork 2: lr 0.01, data.batch_size 2",
        "fork 3",
    ]
    assert [name.short for name in names] == ["original", "lr 0.05", "fork 2", "fork 3"]
    assert len({name.letter for name in names}) == 4
