"""One pane at a time is complete on the smallest screens, and a resize at any moment does no harm."""

from __future__ import annotations

import asyncio
import os
import random

import pytest

from tests.tui.driver import drive, screen_text, settled, tap, until
from tui_nn.tui.commands import PANELS
from tui_nn.tui.screens.debugger import DebuggerScreen
from tui_nn.tui.screens.modal import TooSmall


@pytest.mark.parametrize("size", [(60, 20), (40, 12)], ids=["60x20", "40x12"])
def test_one_pane_is_complete(size: tuple[int, int]):
    """Each panel by its digit and by tab, its title and something below it; position, status and keys stay in sight."""

    async def act(app, pilot):
        await pilot.press("n", "s", "s", "s")
        await settled(app, pilot)
        for way in ("digit", "tab"):
            for number, name in enumerate(PANELS, 1):
                await tap(app, str(number) if way == "digit" else "tab")
                expected = name if way == "digit" else PANELS[number % len(PANELS)]
                await until(pilot, lambda: app.debugger.focus_name == expected)  # noqa: B023
                await pilot.pause()
                lines = screen_text(app).splitlines()
                assert set(app.debugger.arrangement.panels) == {expected}
                header = app.debugger.arrangement.header.height
                assert "it 1:3" in "\n".join(lines[:header]) or "iteration 1" in "\n".join(lines[:header])
                assert f" {PANELS.index(expected) + 1} " in lines[header]
                assert sum(bool(line.strip()) for line in lines[header + 1 : -1]) >= 3
                assert "help" in lines[-1]
                assert all(len(line) <= size[0] for line in lines)
            await tap(app, "1")

    drive("xor-mlp", act, size=size)


def test_below_that_no_key_acts():
    """39 columns or 11 rows: whatever is typed, only quitting works, and what was there comes back untouched."""

    async def act(app, pilot):
        await pilot.press("n")
        await settled(app, pilot)
        run = app.debugger
        for size in ((39, 30), (80, 11), (1, 1)):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda: isinstance(app.screen, TooSmall))
            await tap(app, *"snc,zjlt?:124[]", "f3", "f4", "f5", "space", "escape", "enter", "tab", "ctrl+p", wait_s=0)
            await pilot.pause()
            assert isinstance(app.screen, TooSmall)
            assert (run.session.position, run.zoomed, run.focus_name, app.lang) == ((1, 0), False, "program", "en")
            await pilot.resize_terminal(80, 24)
            await until(pilot, lambda: app.screen is run)

    drive("xor-mlp", act)


def test_any_size_while_it_trains():
    """300 seeded sizes (40 outside the full run) from 1x1 to 300x100, with keys between them that open and close what lies above."""
    chosen, n = random.Random(6), 300 if os.environ.get("TUI_NN_FULL") == "1" else 40
    keys = ["j", "f4", "escape", "question_mark", "escape", "z", "3", "tab", "colon", "escape", "greater_than_sign", "f5", "t", "l", "u", "escape"]  # fmt: skip

    async def act(app, pilot):
        run = app.debugger
        await tap(app, "space")
        for i in range(n):
            small = chosen.random() < 0.4
            size = (
                (chosen.randint(1, 60), chosen.randint(1, 20))
                if small
                else (chosen.randint(1, 300), chosen.randint(1, 100))
            )
            await pilot.resize_terminal(*((1, 1) if i == n // 2 else size))
            if i % 3 == 0:
                await tap(app, chosen.choice(keys), wait_s=0)
            await asyncio.sleep(0)
            assert app._exception is None
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: not isinstance(app.screen, TooSmall))
        for _ in range(6):
            if isinstance(app.screen, DebuggerScreen):
                break
            await tap(app, "escape")
            await pilot.pause()
        await until(pilot, lambda: app.screen is run and "1 Program" in screen_text(app))

    drive("digits-dnn", act)
