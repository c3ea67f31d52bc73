"""A walk through the table of commands: one app, brought to a known state, a key, and a look at what it did."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.driver import drive, is_ready, screen_text, until
from tui_nn.scenario import list_presets
from tui_nn.tui.app import TuiApp
from tui_nn.tui.commands import COMMANDS
from tui_nn.tui.screens.debugger import DebuggerScreen
from tui_nn.tui.screens.gallery import GalleryScreen

LETTER = {"full_stop": ".", "space": " "}


class WalkApp(TuiApp):
    """Counts what would end it."""

    n_left = 0

    def leave(self) -> None:
        self.n_left += 1


class Walk:
    """What a check may do and see."""

    def __init__(self, app: WalkApp, pilot: Pilot) -> None:
        self.app, self.pilot = app, pilot

    # Where things stand

    @property
    def run(self) -> DebuggerScreen:
        assert self.app.debugger is not None
        return self.app.debugger

    @property
    def screen(self) -> Any:
        return self.app.screen

    @property
    def position(self) -> tuple[int, int]:
        assert self.run.session is not None
        return tuple(self.run.session.position)  # type: ignore[return-value]

    @property
    def text(self) -> str:
        return screen_text(self.app)

    def shown_panels(self) -> list[str]:
        return [name for name, panel in self.run.panels.items() if panel.display]

    # What a user does

    async def press(self, *keys: str) -> None:
        for key in keys:
            self.app.post_message(events.Key(key, LETTER.get(key, key if len(key) == 1 else None)))
            await self.settle()

    async def type(self, text: str) -> None:
        await self.press(*("space" if letter == " " else letter for letter in text))

    async def settle(self) -> None:
        """Until the key has gone all its way, and nothing but a run at full speed moves."""
        for _ in range(3):
            await self.pilot._wait_for_screen()
        run = self.app.debugger
        while run is not None and run.mover is not None and (run.mover.kind == "seek" or run.mover.is_waiting):
            await asyncio.sleep(0.005)
        self.screen._on_timer_update()

    async def until(self, holds: Callable[[], Any], what: str = "") -> None:
        await until(self.pilot, holds, what)

    # Known states

    async def home(self) -> None:
        """By escape alone back to the screen at the bottom of all, and all of it in sight."""
        for _ in range(6):
            if type(self.screen) is DebuggerScreen and not self.run.zoomed and self.run.player is None:
                break
            if type(self.screen) is GalleryScreen and not self.screen.is_above and not _is_searching(self.screen):
                break
            await self.press("escape")
        assert isinstance(self.screen, DebuggerScreen | GalleryScreen), f"escape does not leave {self.screen}"

    async def at(self, iteration: int, op: int = 0, panel: str = "program") -> None:
        """Paused at a place, that panel focused, view and arrangement as at the start but for layer 1."""
        run = self.run
        assert run.mover is not None
        if run.mover.kind == "run":
            run.action_run_pause()
        run._goto(iteration, op)
        view = run.view
        view.layer, view.sample, view.unit, view.row, view.column = 1, 1, 1, 0, 0
        view.detail, view.curve, view.log, view.read, view.scroll = "activations", "loss", False, None, 0
        view.modes.clear()
        run.zoomed = False
        run.action_panel(panel)
        for each in run.panels.values():
            each.redraw()
        await self.settle()
        assert self.position == (iteration, op)


def _is_searching(gallery: GalleryScreen) -> bool:
    return isinstance(gallery.focused, Input) or len(gallery.shown) < len(list_presets())


Check = Callable[[Walk, str], Awaitable[None]]
CHECKS: dict[str, Check] = {}


def check(*ids: str) -> Callable[[Check], Check]:
    """What the commands of those ids must do: the check gets a walk and one of the command's keys."""

    def note(function: Check) -> Check:
        for id in ids:
            assert id not in CHECKS, id
            CHECKS[id] = function
        return function

    return note


async def walk_through(walk: Walk, where: str) -> None:
    """Every key of every command of a place. Says which one failed."""
    for command in COMMANDS:
        if command.where != where:
            continue
        for key in command.all_keys:
            try:
                await CHECKS[command.id](walk, key)
                assert walk.app._exception is None
                await walk.home()
            except (AssertionError, TimeoutError) as error:
                raise AssertionError(f"{command.id}: {key} does not do what its help says, {command.help!r}: {error}\n{walk.text}") from error  # fmt: skip


async def open_run(walk: Walk) -> None:
    await walk.until(lambda: is_ready(walk.app), "the run")  # type: ignore[arg-type]


def take(scenario: str | None, act: Callable[[Walk], Awaitable[None]]) -> None:
    """A walk from the run, which stands ready, or from the gallery."""

    async def begin(app: Any, pilot: Pilot) -> None:
        walk = Walk(app, pilot)
        await walk.until(lambda: isinstance(walk.screen, DebuggerScreen if scenario else GalleryScreen))
        await walk.settle()
        await act(walk)

    drive(scenario, begin, kind=WalkApp)
