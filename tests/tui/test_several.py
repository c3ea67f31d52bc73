"""Five runs on the screen: one start, one surface, five paths; curves, places and script lines of each."""

from __future__ import annotations

from typing import Any

import pytest

from tests.race import OPTIMIZERS, write_race
from tests.tui.driver import drive, screen_text, settled, until
from tests.tui.goldens import as_text
from tui_nn import Session, load_scenario
from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.landscape import MICROSCOPE
from tui_nn.tui.pictures import Pictures
from tui_nn.tui.runs import OwnView, Run, Runs
from tui_nn.tui.view import View

INK, ASCII, COLOUR = Ink(mono=True), Ink(mono=True, ascii=True), Ink()
LETTERS = "smrad"


def positions(app: Any) -> list[tuple[int, int]]:
    return [tuple(run.session.position) for run in app.debugger.runs.entries]


def side_by_side(*scenarios: Any, at: int) -> Runs:
    view = View(pictures=Pictures(is_threaded=False), detail="landscape")
    sessions = [Session(scenario if hasattr(scenario, "id") else load_scenario(scenario)) for scenario in scenarios]
    for session in sessions:
        session.goto(at)
    runs = Runs(Run(sessions[0], view))
    for session in sessions[1:]:
        own = OwnView(view)
        own.pictures = Pictures(is_threaded=False)
        runs.join(Run(session, own))  # type: ignore[arg-type]
    runs.refresh()
    return runs


def race(tmp_path: Any, at: int) -> Runs:
    base = load_scenario(write_race(tmp_path))
    return side_by_side(base, *(load_scenario(tmp_path / name) for name in base.companions), at=at)


def land(runs: Runs, width: int = 79, height: int = 22, ink: Ink = INK) -> str:
    run = runs.looked_at
    return as_text(MICROSCOPE.lines(run.frame, run.view, width, height, ink))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_all_are_opened_moved_and_seen(tmp_path, size: tuple[int, int]):
    """One letter each in the curves, the same in the landscape, where each stands at a capital; x goes round."""
    path = write_race(tmp_path)

    async def act(app, pilot):
        await until(pilot, lambda: len(app.debugger.runs.entries) == 5)
        await settled(app, pilot)
        await pilot.press("g", *"6:2", "enter")
        await settled(app, pilot)
        assert positions(app) == [(6, 2)] * 5
        app.debugger.view.detail = "landscape"
        await pilot.press("3")
        await settled(app, pilot)
        screen = screen_text(app)
        assert "beside 4 others" in screen
        for name in OPTIMIZERS:
            assert name in screen
        await pilot.press("4", "z")
        await settled(app, pilot)
        legend = " ".join(screen_text(app).splitlines()[3:6])
        for letter, name in zip(LETTERS, OPTIMIZERS, strict=True):
            assert f"{letter} {'▶' if name == 'sgd' else ''}{name}" in legend
        for name in [*list(OPTIMIZERS)[1:], "sgd"]:
            await pilot.press("x")
            await settled(app, pilot)
            assert app.debugger.session.scenario.optimizer.type == name
            assert f"▶{name}" in screen_text(app)
        assert positions(app) == [(6, 2)] * 5

    drive(str(path), act, size=size)


def test_a_script_turns_to_one_by_name_and_back(tmp_path):
    lines = ['run = "4 iterations"', 'twin = "race-adagrad.toml"\nstep = "2 ops"', "twin = false\nwait = 600.0"]
    path = write_race(tmp_path, "".join(f"[[script]]\n{line}\n" for line in lines))

    async def act(app, pilot):
        await until(pilot, lambda: len(app.debugger.runs.entries) == 5)
        turned = []
        look = app.debugger.look
        app.debugger.look = lambda: (look(), turned.append(app.debugger.session.scenario.id))
        await pilot.press("p")
        await until(pilot, lambda: app.debugger.player.number == 3)
        await settled(app, pilot)
        assert turned == ["race-adagrad", "race"]
        assert positions(app) == [(4, 2)] * 5

    drive(str(path), act, speed=400.0)


def test_one_that_cannot_be_opened_is_told_and_names_stay_with_their_runs(tmp_path):
    """Without the first of the others, a line about the last still finds it."""
    path = write_race(tmp_path, '[[script]]\ntwin = "race-adam.toml"\nwait = 600.0\n')
    (tmp_path / "race-momentum.toml").unlink()

    async def act(app, pilot):
        await until(pilot, lambda: len(app.debugger.runs.entries) == 4)
        assert any("race-momentum.toml" in note.message for note in app._notifications)
        await pilot.press("p")
        await until(pilot, lambda: app.debugger.session.scenario.id == "race-adam")

    drive(str(path), act)


def test_a_click_on_the_shared_landscape_looks_at_no_other(tmp_path):
    path = write_race(tmp_path)

    async def act(app, pilot):
        await until(pilot, lambda: len(app.debugger.runs.entries) == 5)
        app.debugger.view.detail = "landscape"
        await pilot.press("n")
        await settled(app, pilot)
        await pilot.click("#detail", offset=(60, 8))
        await settled(app, pilot)
        assert app.debugger.runs.active == 0

    drive(str(path), act)


# The landscape, drawn


def test_five_paths_lie_on_one_plane(tmp_path):
    """Each letter along its way; where they stand now, capitals, and the one looked at on top of where they meet."""
    text = land(race(tmp_path, 12))
    assert "+ start, capital: here" in text
    field = "\n".join(line[9:] for line in text.splitlines()[3:-2])
    for letter in "smad":
        assert letter in field
        assert letter.upper() in field
    assert field.count("+") == 1


def test_runs_that_meet_share_a_cell(tmp_path):
    """After 300 updates Adam, AdaGrad and RMSProp are at (1, 1): two capitals in a cell of two."""
    runs = race(tmp_path, 300)
    runs.switch(4)
    text = land(runs)
    assert any(pair in text for pair in ("DA", "DR"))


def test_one_that_arrives_late_is_drawn_where_it_then_stands(tmp_path):
    """The run looked at has not moved; its picture is drawn anew all the same."""
    runs = race(tmp_path, 4)

    def field() -> list[str]:
        return land(runs).splitlines()[3:]  # the legend above it reads the losses of the frames

    before = field()
    runs.entries[1].session.goto(9)
    runs.refresh()
    assert field() != before
    runs.entries[1].session.goto(4)
    runs.refresh()
    assert field() == before


def test_the_curve_carries_all_starts():
    text = land(side_by_side("init-decides", "init-decides-other", at=300))
    assert text.count("+") >= 2
    assert "I" in text
    assert "O" in text
    assert "here 0.9484: 2.002" in text


@pytest.mark.parametrize("pair", [("zero-init", "zero-init-cured"), ("mse-vs-mae", "mse-vs-mae-cured")])
def test_unequal_losses_have_landscapes_of_their_own(pair: tuple[str, str]):
    """Nine parameters have a plane each; two under another loss are another surface."""
    runs = side_by_side(*pair, at=5)
    run = runs.looked_at
    assert MICROSCOPE.shared is not None
    assert not MICROSCOPE.shared(run.frame, run.view)
    assert "capital" not in land(runs)


@pytest.mark.parametrize("preset", ["race", "init-decides", "lr-too-large"])
def test_nothing_overflows(tmp_path, preset: str):
    """Any size, any ink, before the first update and after some; lr-too-large diverges."""
    for at in (0, 40) if preset != "lr-too-large" else (0, 460):
        names = (preset, f"{preset}-{'other' if preset == 'init-decides' else 'cured'}")
        runs = race(tmp_path, at) if preset == "race" else side_by_side(*names, at=at)
        for active in range(len(runs.entries)):
            runs.switch(active)
            runs.looked_at.view.land = (99, 99) if active else None
            for width, height in ((24, 4), (40, 10), (79, 22), (140, 40)):
                for ink in (INK, ASCII, COLOUR):
                    lines = MICROSCOPE.lines(runs.looked_at.frame, runs.looked_at.view, width, height, ink)
                    assert len(lines) <= height
                    assert max((sum(s.cell_length for s in line) for line in lines), default=0) <= width
            assert land(runs, ink=ASCII).isascii()


def test_the_cursor_rolls_along_the_curve_from_where_the_run_stands():
    """A column a key; the reading is the loss there, to the ends of the curve and no further."""
    runs = side_by_side("init-decides", "init-decides-other", at=40)
    run = runs.looked_at
    land(runs)
    MICROSCOPE.move(run.frame, run.view, -1, 0, False)
    first = run.view.land
    MICROSCOPE.move(run.frame, run.view, -1, 0, False)
    assert first is not None
    assert run.view.land == (0, first[1] - 1)
    MICROSCOPE.move(run.frame, run.view, -500, 0, False)
    assert run.view.land == (0, 0)
    picture = run.view.pictures.newest("landscape 0")
    assert picture is not None
    assert f"loss {picture.value.loss[0]:.4g}"[:9] in land(runs)
    MICROSCOPE.move(run.frame, run.view, 500, 0, False)
    assert "at " in land(runs)
