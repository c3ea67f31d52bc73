"""The last line of every screen fits its width, in both languages, with the debugger, the gallery and modal screens."""

from __future__ import annotations

import os

import pytest

from tests.tui.walk import Walk, take
from tui_nn.tui.arrange import is_too_small
from tui_nn.tui.chrome import footer_line
from tui_nn.tui.commands import COMMANDS, PLACES, footer_commands
from tui_nn.tui.ink import Ink
from tui_nn.tui.text import cells

WIDTHS = (40, 60, 80, 120, 200) if os.environ.get("TUI_NN_FULL") == "1" else (40, 80, 120)
MODAL = (
    "question_mark",
    "f1",
    "f2",
    "f3",
    "f4",
    "g",
    "e",
    "u",
    "ctrl+p",
    "i",
    "j",
)  # those that open something over the screen


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("ascii", [False, True])
def test_no_set_of_commands_overflows(place: str, ascii: bool):
    """At every width there is, not only those people have; a command is shown whole or not at all."""
    commands = footer_commands(place)
    ink = Ink(ascii=ascii)
    for width in range(1, 201):
        line = footer_line(commands, width, ink)
        text = "".join(segment.text for segment in line)
        assert cells(text) <= width
        parts = [part.strip() for part in text.split("   ") if part.strip()]
        assert all(any(part.endswith(command.label) for command in commands) for part in parts), text


def widths_of_bars(walk: Walk) -> list[tuple[str, int, int]]:
    """Of all lines at the edges of the screen and its modal screens: name, cells used, cells there are."""
    found = []
    for widget in walk.screen.walk_children():
        if type(widget).__name__ == "Bar" and widget.display:
            for line in widget.lines:
                found.append((widget.id, sum(segment.cell_length for segment in line), widget.size.width))
    return found


@pytest.mark.parametrize("scenario", ["xor-mlp", None], ids=["debugger", "gallery"])
def test_no_footer_overflows(scenario: str | None):
    """The real screens, at five widths (three outside the full run), in English and Korean, paused, running, and under each modal screen."""
    keys = {key for command in COMMANDS for key in command.all_keys}

    async def act(walk: Walk) -> None:
        for width in WIDTHS:
            height = 12 if width == 40 else 24
            assert not is_too_small(width, height)
            await walk.pilot.resize_terminal(width, height)
            for _ in range(2):
                await walk.settle()
                seen = {"": widths_of_bars(walk)}
                for key in MODAL:
                    if key in keys:
                        await walk.press(key)
                        seen[key] = widths_of_bars(walk)
                        await walk.home()
                for key, bars in seen.items():
                    for name, used, width_there in bars:
                        assert used <= width_there, f"{name} at {width}, {key}, {walk.app.lang}\n{walk.text}"
                assert any(used for _, used, _ in seen[""])
                await walk.press("l")

    take(scenario, act)
