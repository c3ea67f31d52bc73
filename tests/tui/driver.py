"""Runs the real app headless for a test: opens it, waits for states instead of sleeping, and reads the screen as text."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from textual import events
from textual.pilot import Pilot

from tui_nn.tui.app import Options, TuiApp, Wish

TIMEOUT_S = 40.0  # the first test may find an empty compile cache


def drive(
    scenario: str | None,
    act: Callable[[TuiApp, Pilot], Awaitable[Any]],
    *,
    size: tuple[int, int] = (120, 40),
    ready: bool = True,
    kind: type[TuiApp] = TuiApp,
    journal: bool = False,
    checkpoint_mb: float | None = None,
    **wish: Any,
) -> TuiApp:
    """Open the app, let `act` use it, close it. With `ready`, `act` starts when all kernels are compiled."""

    async def main() -> TuiApp:
        options = Options(
            wish=Wish(scenario, **wish) if scenario else None, checkpoint_mb=checkpoint_mb, journal=journal
        )
        app = kind(options)
        async with app.run_test(size=size) as pilot:
            try:
                if scenario and ready:
                    await until(pilot, lambda: is_ready(app))
                await act(app, pilot)
            finally:
                app.close_session()
        return app

    return asyncio.run(main())


def is_ready(app: TuiApp) -> bool:
    run = app.debugger
    return bool(run and run.session and run.session.is_prepared and run.compiling is None and run.frame is not None)


async def until(pilot: Pilot, holds: Callable[[], Any], what: str = "") -> None:
    """Let the app work until the condition holds."""
    end = time.monotonic() + TIMEOUT_S
    while not holds():
        assert time.monotonic() < end, f"never came true: {what or holds}\n{screen_text(pilot.app)}"
        await asyncio.sleep(0.01)


async def tap(app: TuiApp, *keys: str, wait_s: float = 0.03) -> None:
    """Type without waiting for the app to be idle, which it is not while the machine trains."""
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else None))
        await asyncio.sleep(wait_s)


async def settled(app: TuiApp, pilot: Pilot) -> None:
    """Until nothing moves and what was asked for is on the screen."""
    await pilot.pause()
    await until(
        pilot,
        lambda: (
            not (app.debugger and app.debugger.mover and (app.debugger.mover.kind or app.debugger.mover.is_waiting))
        ),
    )
    await pilot.pause()


def screen_text(app: Any) -> str:
    """The screen as a person reads it, one line a row."""
    screen = app.screen
    lines = screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in line).rstrip() for line in lines[: screen.size.height])


def bad_file(folder: Path) -> Path:
    """A scenario with two faults."""
    path = folder / "bad.toml"
    path.write_text(
        'id = "bad"\ntitle = "Bad"\n[data]\nsource = "xor"\n[[layers]]\ntype = "dense"\nunits = 1\nactivation = "rleu"\n'
        '[loss]\ntype = "mse"\n[optimizer]\ntype = "sgd"\nlr = -0.1\n[train]\niterations = 10\n',
        encoding="utf-8",
    )
    return path
