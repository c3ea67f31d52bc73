"""The layout is as it was left, at the next opening; and as at the first one on request."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.tui.driver import drive, tap, until
from tui_nn.tui import config
from tui_nn.tui.app import Options, TuiApp, Wish
from tui_nn.tui.layout_memory import layout_of


def visit(act, size=(120, 40), **wish) -> None:
    """Open the app as `run` does: with what is remembered."""

    async def main() -> None:
        app = TuiApp(Options(wish=Wish("xor-mlp", **wish), remembered=config.load()))
        async with app.run_test(size=size) as pilot:
            try:
                await until(pilot, lambda: app.debugger and app.debugger.frame is not None)
                await act(app, pilot)
            finally:
                app.close_session()

    asyncio.run(main())


def test_panels_tabs_and_views_come_back():
    """Zoom, focus, the panel on the right, tabs, a microscope's view and the scale; another scenario gets them too."""

    async def arrange(app, pilot):
        await tap(app, "3", "greater_than_sign", "greater_than_sign", "v", "v", "5", "greater_than_sign", "4", "greater_than_sign", "y", "z")  # fmt: skip
        await until(pilot, lambda: app.debugger.zoomed)

    async def look(app, pilot):
        run = app.debugger
        await pilot.pause()
        assert layout_of(run) == {
            "focus": "curves", "right": "curves", "below": "curves", "zoomed": True, "log": True,
            "tabs": ["detail=Weights", "curves=Accuracy", "lesson=Script"], "modes": ["weights=2"],
        }  # fmt: skip
        assert run.panels["curves"].has_focus
        await tap(app, "f5")
        await until(pilot, lambda: not run.zoomed)
        assert layout_of(run)["focus"] == "program"
        assert layout_of(run)["tabs"] == layout_of(run)["modes"] == []
        assert set(run.arrangement.panels) == {"program", "layers", "detail", "curves", "lesson"}

    async def fresh(app, pilot):
        assert layout_of(app.debugger)["focus"] == "program"
        assert not app.debugger.zoomed

    visit(arrange)
    assert config.load()["layout"]["focus"] == "curves"
    visit(look)
    visit(fresh)


@pytest.mark.parametrize(
    "layout",
    [
        {"focus": "nowhere", "right": "program", "below": "detail", "tabs": ["detail=Nothing", "nobody=x", "=", "curves"], "modes": ["weights=9", "weights=-1", "x=1", "=="]},
        {"focus": 3, "zoomed": "yes", "log": None, "tabs": 5, "modes": [1]},
        {"tabs": ["detail=Weights"], "modes": ["weights=9", "data=٣"]},
    ],
)  # fmt: skip
def test_what_another_version_left_does_no_harm(layout: dict):
    """Unknown panels, tabs and views are as if they were not there; the screen is drawn and can be used."""
    config.config_folder().mkdir(parents=True, exist_ok=True)
    config.config_path().write_text(json.dumps({"layout": layout}))

    async def act(app, pilot):
        run = app.debugger
        await tap(app, "3", "v", "4", "1")
        await until(pilot, lambda: run.focus_name == "program")
        assert app._exception is None

    visit(act)


def test_a_script_does_not_rearrange_what_the_user_chose():
    """A lesson leads through panels; who leaves in the middle of it, or at its end, finds the layout of before."""

    async def act(app, pilot):
        run = app.debugger
        await tap(app, "2")
        await until(pilot, lambda: run.focus_name == "layers")
        await until(pilot, lambda: run.session.is_prepared and run.compiling is None)
        await tap(app, "p")
        await until(pilot, lambda: run.player is None and layout_of(run)["focus"] != "layers")

    visit(act, speed=100.0)
    assert config.load()["layout"]["focus"] == "layers"


def test_nothing_is_restored_without_a_memory():
    async def act(app, pilot):
        await until(pilot, lambda: app.debugger.frame is not None)
        assert app.debugger.focus_name == "program"

    drive("xor-mlp", act, ready=False)
