"""What the screen costs and how fast it answers, with the engine at full speed; what it takes while nothing runs.

    python tests/bench/bench_screen.py [--quick] [PART...]      # keys engine pause frames chart idle quit memory

keys:   from a key to the screen it has changed, as the ANSI text a terminal would get. Every key falls at another moment
        between two ticks of the screen's timer.
engine: iterations a second with the screen against the same session without one, in turns, in one process.
pause:  from the key event to the moment the compiled loop has ended.
frames: a frame fetched from the running machine, drawn, and turned into ANSI text: every microscope in every view.
chart:  one noisy curve at 120x40 as ANSI text, drawn as the screen does and as plotext does for `run --plot`, in turns.
idle:   processor time in a real terminal while nothing runs.
quit:   from q at full speed to the end of the program, its terminal restored.
memory: by how much the process has grown behind an hour of playback, by the player's clock.

The targets are for a machine with nothing else to do; --quick is a smoke run without a verdict. On a busy one, with the
right to it, `chrt -r 10 python tests/bench/bench_screen.py` takes the processors away from everybody else.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ["TUI_NN_CONFIG_DIR"] = tempfile.mkdtemp()

from textual import events
from textual.screen import Screen

from tests.bench.verdict import Clock, Took, Verdict, within
from tests.terminal import Terminal, stands
from tests.tui.driver import is_ready, until
from tui_nn.tui.app import Options, TuiApp, Wish

ROOT = Path(__file__).resolve().parents[2]
TINY, LARGE = "xor-mlp", "digits-dnn"
SIZES = {(120, 40): (25.0, 60.0), (200, 60): (None, 90.0)}  # to the targets, median and p95
# What a user presses while it trains; each changes what is seen.
KEYS = (
    "3", "right", "down", "pagedown", "left", "greater_than_sign", "v", "greater_than_sign", "pagedown", "right", "greater_than_sign", "v", "2", "down",
    "up", "4", "greater_than_sign", "y", "y", "z", "z", "1", "tab", "shift+tab", "5", "down", "t", "t", "question_mark", "escape", "3", "less_than_sign",
    "less_than_sign", "less_than_sign", "pageup", "pageup", "1",
)  # fmt: skip


class Painter:
    """Renders every update of the screen to ANSI, as a terminal driver would, and notes when it was done."""

    def __init__(self, app: TuiApp) -> None:
        self.app = app
        self.painted_at = self.painted_cpu = 0.0
        self.paints = self.letters = 0
        display = app._display

        def show(screen: Screen, renderable: Any) -> None:
            display(screen, renderable)
            console = app.console
            if hasattr(renderable, "render_segments"):
                self.letters += len(renderable.render_segments(console))
            elif renderable is not None:
                self.letters += len("".join(segment.text for segment in console.render(renderable)))
            self.paints += 1
            self.painted_at, self.painted_cpu = time.perf_counter(), time.thread_time()

        app._display = show  # type: ignore[method-assign, assignment]


async def with_app(
    scenario: str, size: tuple[int, int], act: Callable[[TuiApp, Any, Painter], Awaitable[None]]
) -> None:
    app = TuiApp(Options(wish=Wish(scenario, twin=False)))
    async with app.run_test(size=size) as pilot:
        try:
            await until(pilot, lambda: is_ready(app))
            await act(app, pilot, Painter(app))
        finally:
            app.close_session()


async def run_on(app: TuiApp, pilot: Any) -> None:
    """Past the end of the plan, where nothing ends the run but a full history."""
    run: Any = app.debugger
    if run.mover.kind != "run":
        run.mover.run()
        await until(
            pilot, lambda: not run.mover.kind or run.session.position.iteration > run.session.planned_iterations
        )
    if run.mover.kind != "run":
        run.mover.run()


# Parts


def keys(verdict: Verdict) -> None:
    for size, (median_ms, p95_ms) in list(SIZES.items())[: verdict.of(2)]:
        times: list[Took] = []

        async def act(app: TuiApp, pilot: Any, painter: Painter) -> None:
            await run_on(app, pilot)
            await asyncio.sleep(0.5)
            for i in range(12 if verdict.is_quick else 8 * len(KEYS)):
                times.append(await answer(app, painter, KEYS[i % len(KEYS)]))  # noqa: B023
                await asyncio.sleep(0.05 + i % 7 * 0.005)

        asyncio.run(with_app(LARGE, size, act))
        verdict.times(f"key to screen, {size[0]}x{size[1]}", times, median_ms, p95_ms)


async def answer(app: TuiApp, painter: Painter, key: str) -> Took:
    """Seconds from the key to the first picture painted after the key was handled."""
    handled: list[float] = []
    run_action = app.run_action

    async def noting(*args: Any, **more: Any) -> bool:
        is_done = await run_action(*args, **more)
        handled.append(time.perf_counter())
        return is_done

    app.run_action = noting  # type: ignore[method-assign]
    clock = Clock()
    app.post_message(events.Key(key, None))
    while not handled or painter.painted_at < handled[-1]:
        await asyncio.sleep(0.0003)
        if clock.took.wall > 5.0:
            raise TimeoutError(f"{key} was not answered on {app.screen}, focus {app.focused}")
    app.run_action = run_action  # type: ignore[method-assign]
    return Took(painter.painted_at - clock.wall, painter.painted_cpu - clock.cpu)


def engine(verdict: Verdict) -> None:
    """The run goes over the same iterations each time, so that neither history nor checkpoints favour a side."""
    for scenario, n in ((TINY, 400_000), (LARGE, 6_000))[: verdict.of(2)]:
        n = n // 20 if verdict.is_quick else n
        shares: list[float] = []
        speeds: list[tuple[float, float]] = []

        async def act(app: TuiApp, pilot: Any, painter: Painter) -> None:
            run: Any = app.debugger
            session, clock = run.session, LoopClock(run.session.machine)

            def rewind() -> None:
                session.pause()
                session.goto(0)
                clock.forget()

            for i in range(2 if verdict.is_quick else 12):
                both: dict[bool, float] = {}
                for with_screen in (True, False) if i % 2 else (False, True):
                    rewind()
                    if with_screen:
                        run.mover.run(run.session.position._replace(iteration=n))  # noqa: B023
                        await until(pilot, lambda: not run.mover.kind)
                    else:
                        session.run(n)  # noqa: B023
                    both[with_screen] = clock.seconds
                shares.append(100 * (1 - both[False] / both[True]))  # noqa: B023
                speeds.append((n / both[False], n / both[True]))  # noqa: B023

        asyncio.run(with_app(scenario, (120, 40), act))
        alone, beside = (statistics.median(column) for column in zip(*speeds, strict=True))
        text = f"{alone:11,.0f} it/s alone, {beside:11,.0f} beside the screen; of {len(shares)} pairs "
        verdict.figure(f"engine, {scenario}", statistics.median(shares), 10, "% slower", text)


class LoopClock:
    """Notes how long the compiled loop ran, and when it ended."""

    def __init__(self, machine: Any) -> None:
        self.seconds, self.ended_at = 0.0, 0.0
        loop = machine._loop

        def timed(*args: Any) -> Any:
            begin = time.perf_counter()
            why = loop(*args)
            self.ended_at = time.perf_counter()
            self.seconds += self.ended_at - begin
            return why

        machine._loop = timed

    def forget(self) -> None:
        self.seconds = 0.0


def pause(verdict: Verdict) -> None:
    for scenario in (TINY, LARGE)[: verdict.of(2)]:
        times: list[float] = []

        async def act(app: TuiApp, pilot: Any, painter: Painter) -> None:
            run: Any = app.debugger
            clock = LoopClock(run.session.machine)
            for i in range(5 if verdict.is_quick else 50):
                if run.session.position.iteration > 500_000:
                    run.session.goto(0)
                await run_on(app, pilot)
                await asyncio.sleep(0.06 + i % 7 * 0.005)
                assert run.session.is_running
                pressed = time.perf_counter()
                app.post_message(events.Key("space", " "))
                await until(pilot, lambda: not run.mover.kind)
                times.append(clock.ended_at - pressed)  # noqa: B023

        asyncio.run(with_app(scenario, (120, 40), act))
        verdict.times(f"key to the loop's end, {scenario}", times, None, 20)


def frames(verdict: Verdict) -> None:
    """Taken, drawn and put out, in the screen's own steps. The chart is drawn in every third frame of a running machine."""
    from tui_nn.tui.microscope import TITLES, microscope

    worst: dict[bool, tuple[float, str]] = {False: (0.0, ""), True: (0.0, "")}
    for name in list(TITLES)[: verdict.of(100)]:
        for mode in range(max(len(microscope(name).modes), 1)):
            times: dict[bool, list[Took]] = {False: [], True: []}

            async def act(app: TuiApp, pilot: Any, painter: Painter) -> None:
                run: Any = app.debugger
                run.view.detail, run.view.modes[name] = name, mode  # noqa: B023
                await run_on(app, pilot)
                await asyncio.sleep(0.3)
                await measure_frames(run, times, 10 if verdict.is_quick else 150)  # noqa: B023

            asyncio.run(with_app(LARGE, (120, 40), act))
            modes = microscope(name).modes
            title = f"{name}{' ' + modes[mode] if modes else ''}"
            for has_plot, target in ((False, 16), (True, 33)):
                if times[has_plot]:
                    verdict.times(f"frame, {title}{', plot' if has_plot else ''}", times[has_plot], None, target)
                    slow = 1e3 * within([each.wall for each in times[has_plot]], 0.95)
                    worst[has_plot] = max(worst[has_plot], (slow, title))
            if verdict.is_quick:
                break
    for has_plot, (ms, title) in worst.items():
        print(f"{'slowest ' + ('with' if has_plot else 'without') + ' the plot':34} {ms:.1f} ms: {title}")


async def measure_frames(run: Any, times: dict[bool, list[Took]], n: int) -> None:
    """Take the screen's pulse into our hands, so that nothing else falls into the time."""
    tick, curves, put_out = run.tick, run.panels["curves"], run._compositor_refresh
    out: list[Took] = []

    def timed() -> None:
        clock = Clock()
        put_out()
        out.append(clock.took)

    run._compositor_refresh = timed
    for timer in run._timers:
        if timer is not run._update_timer:  # which comes once behind a change, to put it on the screen
            timer.pause()
    for i in range(n):
        has_plot, before = i % 3 == 0, run.frame
        curves._drawn_at = 0.0 if has_plot else time.monotonic()  # the chart follows ten frames a second
        out.clear()
        clock = Clock()
        tick()
        took = clock.took
        await asyncio.sleep(1 / 30)
        if run.frame is not before:
            times[has_plot].append(sum(out, took))
    for timer in run._timers:
        timer.resume()


def chart(verdict: Verdict) -> None:
    """Both from the same points, of which both keep each column's extremes. The noise is what makes lines long."""
    import numpy as np
    from rich.console import Console
    from textual.strip import Strip

    from tui_nn.cli_plot import chart_text
    from tui_nn.tui.ink import Ink
    from tui_nn.tui.plot import Curve, plot

    n, (width, height), ink = 10_000, (120, 40), Ink(dark=True)
    x = np.arange(n)
    y = np.exp(-x / 3000) + 0.1 * np.random.default_rng(0).standard_normal(n)
    console = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", width=width)

    def ours() -> str:
        lines = plot([Curve(x, y, "train")], width, height, ink, last=float(n - 1)).lines
        return "\n".join(Strip(line).render(console) for line in lines)

    def plotexts() -> str:
        return chart_text({"loss": (x, y)}, width, height)

    times: dict[str, list[float]] = {"ours": [], "plotext": []}
    for _ in range(3 if verdict.is_quick else 50):
        for name, draw in (("ours", ours), ("plotext", plotexts)):
            clock = Clock()
            text = draw()
            times[name].append(clock.took.cpu)
            assert len(text.splitlines()) == height
    own, other = (1e3 * statistics.median(each) for each in times.values())
    text = f"ours {own:.1f} ms, plotext {other:.1f} ms of processor time, {other / own:.1f} times as long: ours takes "
    verdict.figure(f"chart, {n:,} points at {width}x{height}", own / other, 1, "of plotext's time", text)


def idle(verdict: Verdict) -> None:
    """Of the whole process, in a terminal, after everything has come to rest."""
    if not Path("/proc/self/stat").exists():
        print("idle: needs /proc")
        return
    for scenario in (LARGE, None)[: verdict.of(2)]:
        command = [sys.executable, "-m", "tui_nn", *(["open", scenario] if scenario else [])]
        with Terminal(command) as term:
            if scenario:
                term.wait_for(stands, 60)
                term.wait_for(lambda screen: "paused" in screen, 120)
            else:
                term.wait_for(lambda screen: "presets" in screen, 60)
            rest(term, 1.0 if verdict.is_quick else 3.0)
            seconds = 1.0 if verdict.is_quick else 10.0
            before, begin = cpu_seconds(term.pid), time.perf_counter()
            rest(term, seconds)
            used = cpu_seconds(term.pid) - before
            share = 100 * used / (time.perf_counter() - begin)
            verdict.figure(f"idle, {scenario or 'gallery'}", share, 1, f"% of a core, over {seconds:g} s")
            term.send("q")
            term.wait_exit(20)


def rest(term: Terminal, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        term.read(0.05)


def cpu_seconds(pid: int) -> float:
    """Processor time of a process, in steps of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def quit(verdict: Verdict) -> None:
    times = []
    for _ in range(verdict.of(10)):
        with Terminal([sys.executable, "-m", "tui_nn", "open", LARGE, "--set", "train.iterations=1000000"]) as term:
            term.wait_for(stands, 60)
            term.wait_for(lambda screen: "paused" in screen, 120)
            term.send(" ")
            term.wait_for(lambda screen: "iterations/s" in screen, 60)
            begin = time.perf_counter()
            term.send("q")
            while term.status is None:
                term.read(0.002)
            times.append(time.perf_counter() - begin)
            term.wait_exit(5)
            assert term.problems_at_exit() == [], term.problems_at_exit()
    verdict.times("quit at full speed", times, None, 500)


def memory(verdict: Verdict) -> None:
    """In a process of its own each, so that what the other parts have left does not hide what it needs."""
    for scenario in (TINY, LARGE)[: verdict.of(2)]:
        seconds = 60 if verdict.is_quick else 3600
        code = (
            "from tests.tui.playback import growth\n"
            f"print(growth({scenario!r}, {seconds}, {60.0 if verdict.is_quick else 150.0})[0])"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        verdict.figure(f"memory, {scenario}", float(done.stdout), 20, f"MB behind {seconds:,} s of playback")


PARTS = {
    "keys": keys, "engine": engine, "pause": pause, "frames": frames, "chart": chart, "idle": idle, "quit": quit, "memory": memory,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="a smoke run, and no verdict")
    parser.add_argument("part", nargs="*", choices=[*PARTS, []])
    arguments = parser.parse_args()
    print(f"machine: {platform.node()}, {platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")  # fmt: skip
    print(f"Python {platform.python_version()}")
    verdict = Verdict(arguments.quick)
    for name in arguments.part or PARTS:
        PARTS[name](verdict)
    if not arguments.quick:
        print("all targets met" if not verdict.n_missed else f"{verdict.n_missed} TARGETS MISSED")
        sys.exit(1 if verdict.n_missed else 0)


if __name__ == "__main__":
    main()
