"""Random use of the real app: what is done is drawn from a seed first, so that a failure can be replayed and shortened.

An action is a small tuple: ("key", "s"), ("type", "loss < 0.1"), ("size", 80, 24), ("click", x, y), ("wheel", x, y, by),
("wait", seconds). Places are shares of the screen, so that a click means something at every size.
"""

from __future__ import annotations

import asyncio
import random
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from textual import events
from textual.geometry import Size
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.driver import is_ready, screen_text
from tui_nn.tui.app import Options, TuiApp, Wish
from tui_nn.tui.arrange import is_too_small
from tui_nn.tui.commands import COMMANDS

Action = tuple[Any, ...]

COMMON_SIZES = ((120, 40), (80, 24), (200, 60), (60, 20), (40, 12), (300, 100), (79, 30), (119, 33), (100, 50))
# What modal screens answer to, and keys that nobody has given a meaning.
OTHER_KEYS = ("escape", "enter", "backspace", "delete", "tab", "pageup", "pagedown", "home", "end", "up", "down", "left", "right", "space", "f5", "ctrl+l", "9", "A", "ㅎ", "é", "漢")  # fmt: skip
TYPED = ("loss < 0.1", "loss > 1e9", "iteration >= 40", "epoch 2", "30:2", "7", "0:999999", "end", "start", "xor", "digits", "", "los <", "((((", "nan", "가나다", "no/such/file.toml", "grad_norm.dense_1 < 1e-3", "display loss", "back loss > 0.1", "break loss changes, temporary", "set lr 0.2", "undisplay", "step 3")  # fmt: skip
BURST = 20  # actions between two looks at the whole
PATIENCE_S = 10.0


def plan(seed: int, n: int) -> list[Action]:
    """`n` actions. The same for the same seed and table of commands."""
    rng = random.Random(seed)
    keys = sorted({key for command in COMMANDS for key in command.all_keys})
    return [_draw(rng, keys) for _ in range(n)]


def _draw(rng: random.Random, keys: Sequence[str]) -> Action:
    dice = rng.random()
    if dice < 0.70:
        return ("key", rng.choice(keys))
    if dice < 0.80:
        return ("key", rng.choice(OTHER_KEYS))
    if dice < 0.84:
        return ("type", rng.choice(TYPED))
    if dice < 0.90:
        return ("click", rng.random(), rng.random())
    if dice < 0.92:
        return ("wheel", rng.random(), rng.random(), rng.choice((-1, 1)))
    if dice < 0.96:
        is_common = rng.random() < 0.6
        return ("size", *(rng.choice(COMMON_SIZES) if is_common else (rng.randint(1, 300), rng.randint(1, 100))))
    return ("wait", rng.choice((0.0, 0.01, 0.04, 0.1)))


class Fault(AssertionError):
    """What went wrong, and behind how many actions."""

    def __init__(self, what: str, done: int):
        super().__init__(what)
        self.what, self.done = what, done


class Kept(TuiApp):
    """Does everything but leave: a random q would end the test."""

    def leave(self) -> None:
        pass

    def _print_error_renderables(self) -> None:
        """What ended it is told once, by the test."""
        self._exit_renderables.clear()


def use(preset: str, actions: Sequence[Action], *, ready: bool = True) -> None:
    """Do all that in a new app. Fault if something goes wrong. Warnings are faults too: a user sees them as stray text."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        asyncio.run(_use(preset, actions, ready))


async def _use(preset: str, actions: Sequence[Action], ready: bool) -> None:
    app = Kept(Options(wish=Wish(preset)))
    done = 0
    unseen: list[str] = []  # what failed in a task that nobody waits for
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unseen.append(str(context)))
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            try:
                if ready:
                    await _until(lambda: is_ready(app))
                for done, action in enumerate(actions, 1):
                    await _do(app, action)
                    if app._exception is not None:
                        break
                    if done % BURST == 0 or done == len(actions):
                        await _look(app, pilot)
                        if unseen:
                            raise Fault(unseen[0], done)
            finally:
                app.close_session()
    except Fault as fault:
        raise Fault(fault.what, done) from None
    except Exception as error:
        raise Fault(_ours(error), done) from None


def _ours(error: BaseException) -> str:
    """The traceback without the lines that are not of this project."""
    entries = [entry for entry in traceback.format_exception(error) if "tui_nn" in entry or not entry.startswith("  ")]
    return "".join(entry for entry in entries if entry.strip())


async def _until(holds: Any) -> None:
    end = time.monotonic() + PATIENCE_S * 3
    while not holds():
        if time.monotonic() > end:
            raise Fault("it never got ready", 0)
        await asyncio.sleep(0.01)


async def _do(app: TuiApp, action: Action) -> None:
    kind, *rest = action
    if kind == "key":
        _press(app, rest[0])
    elif kind == "type":
        await asyncio.sleep(0)
        if isinstance(app.focused, Input):
            for letter in rest[0]:
                _press(app, letter)
    elif kind == "size":
        size = Size(*rest)
        app._driver._size = size  # type: ignore[union-attr]
        app.post_message(events.Resize(size, size))
    elif kind in ("click", "wheel"):
        x, y = (int(share * length) for share, length in zip(rest, app.size, strict=False))
        where = {
            "widget": None,
            "x": x,
            "y": y,
            "delta_x": 0,
            "delta_y": 0,
            "shift": False,
            "meta": False,
            "ctrl": False,
        }
        names = [events.MouseMove, events.MouseDown, events.MouseUp] if kind == "click" else [events.MouseScrollDown if rest[2] > 0 else events.MouseScrollUp]  # fmt: skip
        for name in names:
            app.post_message(name(button=1 if kind == "click" else 0, screen_x=x, screen_y=y, **where))
    await asyncio.sleep(rest[0] if kind == "wait" else 0)


def _press(app: TuiApp, key: str) -> None:
    app.post_message(events.Key(key, key if len(key) == 1 else " " if key == "space" else None))


# What must hold whatever was done


async def _look(app: TuiApp, pilot: Pilot) -> None:
    """Does it still answer, and is what it shows in order? What is about to change gets a little time."""
    try:
        for _ in range(3):  # a key goes from the app to the focused widget and up again
            await asyncio.wait_for(pilot._wait_for_screen(PATIENCE_S), PATIENCE_S)
    except TimeoutError:
        raise Fault(f"no answer within {PATIENCE_S:g} s", 0) from None
    if app._exception is not None:
        return
    app.screen._on_timer_update()
    end = time.monotonic() + PATIENCE_S
    while wrong := list(faults(app)):
        if time.monotonic() > end:
            raise Fault("\n".join([*wrong, screen_text(app)]), 0)
        await asyncio.sleep(0.02)
        if app._exception is not None:
            return


def faults(app: TuiApp) -> Iterator[str]:
    """Sentences on what should not be."""
    screen: Any = app.screen
    width, height = app.size
    if app.return_code is not None or not app.is_running:
        yield "the app has ended"
    if screen.size != app.size:
        yield f"the screen is {screen.size}, the terminal {app.size}"
        return
    if is_too_small(width, height) != (type(screen).__name__ == "TooSmall"):
        yield f"{type(screen).__name__} at {width}x{height}"
    elif screen.focus_chain and (app.focused is None or not app.focused.display):
        yield f"nothing that is seen has the focus on {type(screen).__name__}"
    for y, strip in enumerate(screen._compositor.render_strips()):
        if (used := sum(segment.cell_length for segment in strip)) > width:
            yield f"row {y} of the screen has {used} of {width} cells"
    widget: Any
    for widget in screen.walk_children():
        lines = getattr(widget, "lines", None)
        if type(widget).__name__ == "Bar" and widget.display and not is_too_small(width, height):
            yield from _too_wide(f"bar {widget.id}", lines or [], widget.size.width)
    run = app.debugger
    if run is not None:
        yield from _faults_of_run(run)


def _faults_of_run(run: Any) -> Iterator[str]:
    if run.status.mode == "failed":
        yield f"a move failed: {run.status.text}"
    for name, entry in run.view.pictures._entries.items():
        if entry.picture.error not in ("", "cancelled"):
            yield f"picture {name}: {entry.picture.error}"
    for name, panel in run.panels.items():
        size, drawn = panel.size, panel.frame is not None and not is_too_small(*run.app.size)
        if panel.display and drawn and size.height > 1:
            body = panel.draw(panel.frame, size.width, size.height - 1)
            if len(body) > size.height - 1:
                yield f"panel {name} ({run.view.detail}) draws {len(body)} lines into {size.height - 1}"
            yield from _too_wide(f"panel {name} ({run.view.detail})", panel._compose_lines(), size.width)
    session, mover = run.session, run.mover
    if session is None or mover is None or session.is_running or mover.kind or mover.is_waiting:
        return
    place, program = session.position, session.program
    if place.iteration < 0 or not 0 <= place.op < len(program.ops) or place > session.reached:
        yield f"the position is {place}, of {len(program.ops)} operations, reached {session.reached}"
    if run.frame is not None and run.frame.position != place:
        yield f"the screen shows {run.frame.position}, the run is at {place}"


def _too_wide(what: str, lines: Sequence[Any], width: int) -> Iterator[str]:
    for y, line in enumerate(lines):
        if (used := sum(segment.cell_length for segment in line)) > width:
            yield f"{what}: line {y} has {used} of {width} cells: {''.join(s.text for s in line)!r}"


# Shortening


def shortened(preset: str, actions: Sequence[Action], ready: bool, budget_s: float = 60.0) -> list[Action] | None:
    """The fewest actions found within the time after which it still goes wrong; None if it does not a second time."""
    end = time.monotonic() + budget_s

    def fails(some: Sequence[Action]) -> int:
        try:
            use(preset, some, ready=ready)
        except Fault as fault:
            return fault.done
        return 0

    if not (done := fails(actions)):
        return None
    actions = list(actions[:done])
    part = max(len(actions) // 2, 1)
    while True:
        start = 0
        while start < len(actions):
            if time.monotonic() > end:
                return actions
            fewer = actions[:start] + actions[start + part :]
            if fewer and (done := fails(fewer)):
                actions = fewer[:done]
            else:
                start += part
        if part == 1:
            return actions
        part //= 2


def report(preset: str, seed: int, actions: Sequence[Action], fault: Fault, ready: bool) -> str:
    """Everything needed to see it again."""
    few = shortened(preset, actions[: fault.done], ready)
    again = (
        f"It did not go wrong again; the last 60 actions were {list(actions[: fault.done][-60:])}"
        if few is None
        else f"tests.tui.fuzz.use({preset!r}, {few}, ready={ready})"
    )
    return f"{preset}, seed {seed}, after {fault.done} actions: {fault.what}\n{again}"
