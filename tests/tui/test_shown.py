"""A script leads through every panel there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.driver import drive, screen_text, until
from tui_nn.scenario import preset_dir
from tui_nn.scenario.panels import PANELS
from tui_nn.tui.microscope import TITLES
from tui_nn.tui.screens.zones import SHOWS


def test_the_screen_knows_what_the_loader_lets_pass():
    assert set(SHOWS) == set(PANELS)


@pytest.mark.parametrize("size", [(120, 40), (60, 20)], ids=["wide", "one pane"])
def test_a_script_brings_every_panel_into_sight(tmp_path: Path, size: tuple[int, int]):
    """Line by line as it plays: the panel has the focus and a place, a microscope or the loss is the tab that is open."""
    before, *_ = (preset_dir() / "xor-mlp.toml").read_text(encoding="utf-8").split("[[script]]")
    path = tmp_path / "shown.toml"
    lines = "".join(f'[[script]]\nstep = "1 op"\nwait = 0.0\nshow = "{name}"\n' for name in PANELS)
    path.write_text(before + lines, encoding="utf-8")

    async def act(app, pilot):
        run, seen = app.debugger, []
        look_at = run.look_at

        def note(what: str) -> None:
            look_at(what)
            panel = run.panels[run.focus_name]
            assert panel.display
            seen.append((what, run.focus_name, panel.tabs[panel.active_tab()]))

        run.look_at = note
        run.action_play()
        run.player.speed = 1e6
        await until(pilot, lambda: run.player is None, "the end of the script")
        panels = {"program": "Program", "layers": "Layers", "curves": "Loss", "lesson": "Script"}
        assert seen == [
            (name, "detail", TITLES[name]) if name in TITLES else (name, name, panels[name]) for name in PANELS
        ]
        assert "the script is over" in screen_text(app)

    drive(str(path), act, size=size)
