"""A lesson as an asciicast: the real screen plays it, and the clock leaps from one change to the next.

Nothing waits, so a lesson of five minutes is written in seconds, and the same bytes come out each time.
Source: the asciicast v2 format, https://docs.asciinema.org/manual/asciicast/v2/.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rich.console import Console

from tui_nn.tui.app import Options, TuiApp, Wish

if TYPE_CHECKING:
    from textual.strip import Strip

LEAP_S = 1 / 30  # behind what was due: no two things fall into one instant
LAST_S = 3.0  # that the last screen stays
POLL_S = 0.002  # of our time, while something is computed


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Cast:
    """Screens in, events out: each has the lines that changed."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self.width, self.height = width, height
        header = {"version": 2, "width": width, "height": height, "title": title, "env": {"TERM": "xterm-256color"}}
        self.lines = [json.dumps(header, ensure_ascii=False)]
        self._console = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", width=width)
        self._shown: list[str] = []
        self._write(0.0, "\x1b[?25l\x1b[2J")

    def take(self, now: float, strips: list[Strip]) -> None:
        """What differs from the last screen, if anything does."""
        rows = [strip.render(self._console) for strip in strips[: self.height]]
        before = self._shown or [""] * len(rows)
        changed = [
            f"\x1b[{y};1H{row}\x1b[0m" for y, (row, old) in enumerate(zip(rows, before, strict=True), 1) if row != old
        ]
        self._shown = rows
        if changed:
            self._write(now, "".join(changed))

    def _write(self, now: float, text: str) -> None:
        self.lines.append(json.dumps([round(now, 3), "o", text], ensure_ascii=False))

    def end(self, now: float) -> str:
        """The whole cast; the last screen stays until then."""
        self._write(now, "\x1b[?25h")
        return "\n".join(self.lines) + "\n"


class NotOpenedError(Exception):
    """The scenario cannot be run; str() is the report."""


class Forgetful(TuiApp):
    """A recording leaves no traces in the user's settings."""

    failure = ""  # why the scenario could not be opened

    def remember(self, **settings: Any) -> None:
        self.options.remembered |= settings

    def opening_failed(self, report: str) -> None:
        self.failure = report


def record(wish: Wish, lang: str, size: tuple[int, int], ascii: bool, on_line: Callable[[int, int], None]) -> str:
    """Play the lesson of a scenario that has one to its end; the asciicast.

    on_line hears of each line: its number, and how many there are.
    """
    return asyncio.run(_record(Forgetful(Options(lang, ascii, wish=wish)), size, on_line))


async def _record(app: Forgetful, size: tuple[int, int], on_line: Callable[[int, int], None]) -> str:
    async with app.run_test(size=size) as pilot:
        try:
            run, clock = app.debugger, Clock()
            assert run is not None
            while not run.has_begun:
                if app.failure:
                    raise NotOpenedError(app.failure)
                await asyncio.sleep(POLL_S)
            run.be_turned_by(clock)
            run.action_play()
            assert run.session is not None
            cast, number = Cast(*size, run.session.scenario.title), 0
            while (player := run.player) is not None:
                run.tick()
                while run.is_moving or run.is_drawing:
                    await asyncio.sleep(POLL_S)
                    run.tick()
                await pilot.pause()
                cast.take(clock.now, app.screen._compositor.render_strips())
                if player.number != number:
                    number = player.number
                    on_line(number, len(player.playback.lines))
                clock.now = max(clock.now, player.due) + LEAP_S
        finally:
            app.close_session()
    return cast.end(clock.now + LAST_S)
