"""Playback without waiting: the real app, its player given a clock that leaps to whatever is due next."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from pathlib import Path
from typing import Any

from tests.tui.driver import is_ready
from tui_nn.tui.app import Options, TuiApp, Wish

LEAP_S = 1 / 30  # behind what was due: no two things fall into one instant


def resident_mb() -> float:
    """Memory that this process holds now, in MB."""
    if Path("/proc/self/statm").exists():
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # macOS: bytes, and the most there has been


class Clock:
    """The debugger's screen asks it: moves only when it is told to."""

    def __init__(self) -> None:
        self.now = time.monotonic()  # where the screen's own stood

    def __call__(self) -> float:
        return self.now


async def play_on(app: TuiApp, seconds: float, clock: Clock) -> int:
    """Play the script again and again for that long by the clock, every change drawn; how often it was begun."""
    run: Any = app.debugger
    end, n = clock.now + seconds, 0
    while clock.now < end:
        if run.player is None:
            run.action_first()
            run.action_play()
            n += 1
        run.tick()
        if run.player is not None and not run.mover.kind and not run.mover.is_waiting:
            clock.now = max(clock.now, min(run.player.due, end)) + LEAP_S
        await asyncio.sleep(0)
        run._on_timer_update()
        assert app._exception is None
    return n


def growth(scenario: str, seconds: float, warm_up_s: float) -> tuple[float, int]:
    """MB by which the process has grown over so much playback behind a warm-up, and how often the script was begun."""
    clock = Clock()

    async def main() -> tuple[float, int]:
        app = TuiApp(Options(wish=Wish(scenario)))
        async with app.run_test(size=(120, 40)):
            while not is_ready(app):
                await asyncio.sleep(0.01)
            run: Any = app.debugger
            run.be_turned_by(clock)
            await play_on(app, warm_up_s, clock)
            gc.collect()
            before = resident_mb()
            n = await play_on(app, seconds, clock)
            gc.collect()
            grown = resident_mb() - before
            app.close_session()
        return grown, n

    return asyncio.run(main())
