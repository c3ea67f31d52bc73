"""Draw every screen, panel and view of the app, and compose a contact sheet to look at.

    python -m tests.tui.contact_sheet --out sheet [--only digits] [--size 80x24 ...] [--theme dark] [--ascii]

Each roll opens one app headless and walks through it by keys. Every picture becomes an SVG; index.html shows them all, and where
rsvg-convert is installed, PNG pages hold a few each. Checked on the way, exit status 1 if anything is found: a row wider than its
panel, a panel with nothing in it, a word that is cut without a sign, words that hardly stand out from their background, an exception.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.tui.sheet_checks import clipped, is_blank, pale, too_wide
from tests.tui.sheet_page import Shot, svg_of, write_sheet

SIZES = ("80x24", "120x40", "200x60")
THEMES = ("dark", "light")
TIMEOUT_S = 180.0  # a preset may have kernels to compile

MOONS = """
id = "moons"
title = "Two moons"
seed = 3
[data]
source = "moons"
samples = 120
batch_size = 20
validation = 0.2
[[layers]]
type = "dense"
units = 8
activation = "relu"
[[layers]]
type = "dense"
units = 8
activation = "tanh"
[[layers]]
type = "dense"
units = 1
[loss]
type = "binary_cross_entropy"
[optimizer]
type = "momentum"
lr = 0.1
momentum = 0.9
[train]
epochs = 60
"""
BLOBS = """
id = "blobs"
title = "Four blobs"
seed = 3
[data]
source = "blobs"
samples = 160
classes = 4
batch_size = "full"
[[layers]]
type = "dense"
units = 12
activation = "tanh"
[[layers]]
type = "dense"
units = 4
[loss]
type = "sparse_categorical_cross_entropy"
[optimizer]
type = "adam"
lr = 0.02
[train]
iterations = 200
"""
IMAGES = """
id = "images"
title = "Maps of digits"
seed = 3
[data]
source = "digits"
shape = [8, 8, 1]
batch_size = 32
validation = 0.2
[[layers]]
type = "conv2d"
filters = 8
kernel = 3
padding = "same"
activation = "relu"
[[layers]]
type = "max_pool"
[[layers]]
type = "conv2d"
filters = 12
kernel = 3
[[layers]]
type = "batch_norm"
activation = "relu"
[[layers]]
type = "flatten"
[[layers]]
type = "dense"
units = 10
[loss]
type = "sparse_categorical_cross_entropy"
[optimizer]
type = "adam"
[train]
epochs = 20
"""
SIGNALS = """
id = "signals"
title = "Hearts"
seed = 3
[data]
source = "ekg"
batch_size = 16
validation = 0.2
[[layers]]
type = "conv1d"
filters = 6
kernel = 9
stride = 2
activation = "relu"
[[layers]]
type = "global_avg_pool"
[[layers]]
type = "dense"
units = 1
[loss]
type = "binary_cross_entropy"
[optimizer]
type = "adam"
lr = 0.01
[train]
epochs = 20
"""
ECHO = """
id = "echo"
title = "Echo"
seed = 3
[data]
source = "echo"
batch_size = 16
validation = 0.2
[[layers]]
type = "lstm"
units = 12
returns = "sequence"
[[layers]]
type = "dense"
units = 4
[loss]
type = "sparse_categorical_cross_entropy"
[optimizer]
type = "adam"
lr = 0.01
[train]
epochs = 40
"""
OWN = {"moons": MOONS, "blobs": BLOBS, "images": IMAGES, "signals": SIGNALS, "echo": ECHO}


@dataclass(frozen=True)
class Roll:
    """One app: what is opened, how far it is trained, and which microscopes are looked at (all by default).

    ops: operations executed after `at` iterations, so that an iteration is seen half done. layer: the selected one.
    brief: seen in one theme and the two smaller sizes, where it is what is shown that matters.
    """

    name: str
    ref: str
    at: int
    ops: int = 0
    microscopes: tuple[str, ...] = ()
    panels: bool = False  # each of the five with the focus, and each microscope over the whole screen
    dialogs: bool = False
    layer: int = 0
    brief: bool = False
    overrides: tuple[str, ...] = ()


ROLLS = (
    Roll("xor", "xor-mlp", 400, 7, ("data", "landscape", "graph"), dialogs=True),
    Roll("moons", "moons", 200, 6, panels=True),
    Roll("digits", "digits-dnn", 330, 8, panels=True, layer=1),
    Roll("line", "lr-too-large", 12, 0, ("data", "optimizer", "landscape", "graph"), overrides=("optimizer.lr=0.9",)),
    Roll("blobs", "blobs", 40, 0, ("data", "landscape", "weights"), brief=True),
    Roll("diverged", "lr-too-large", 600, brief=True),
    Roll("ravine", "adam-vs-sgd", 120, 0, ("weights", "optimizer", "landscape", "graph", "data"), brief=True),
    Roll("dropout", "dropout", 60, 6, ("activations", "graph"), layer=2, brief=True),
    Roll("batch-norm", "batch-norm", 60, 6, ("activations", "weights", "graph"), layer=1, brief=True),
    Roll("vanishing", "vanishing-sigmoid", 50, 0, ("activations", "gradients", "optimizer"), brief=True),
    Roll("dead", "dead-relu", 90, 0, ("activations", "gradients", "graph"), layer=1, brief=True),
    Roll("start", "digits-dnn", 0, brief=True),
    Roll("images", "images", 30, 4, ("activations", "gradients", "weights", "optimizer", "data", "graph"), brief=True),
    Roll("signals", "signals", 30, 0, ("activations", "weights", "data", "graph"), brief=True),
    Roll("echo", "echo", 60, 0, ("activations", "gradients", "weights", "optimizer", "data", "graph"), brief=True),
)


def panel_faults(app: Any) -> list[str]:
    """Of the panels in sight, drawn once more for what the painter would cut off."""
    screen, found = app.screen, []
    if screen is not app.debugger or screen.arrangement is None or screen.frame is None:
        return found
    for name in screen.arrangement.panels:
        panel = screen.panels[name]
        width, height = panel.size.width, max(panel.size.height - 1, 0)
        lines = panel.draw(screen.frame, width, height)
        where = f"{name} {screen.view.detail}" if name == "detail" else name
        found += [f"{where}: {what}" for what in too_wide(lines, width, height)]
        if is_blank(lines) and height > 0:
            found.append(f"{where}: empty")
        if name not in ("lesson", "curves"):  # the lesson wraps, the curves are another size altogether
            found += [f"{where}: cut: {what}" for what in clipped(lines, panel.draw(screen.frame, 300, height), width)]
    return found


class Camera:
    """Takes a shot of an app in every theme asked for."""

    def __init__(self, name: str, size: str, themes: Sequence[str]) -> None:
        self.name, self.size, self.themes, self.shots = name, size, themes, []

    async def take(self, app: Any, pilot: Any, name: str, theme: str = "") -> None:
        """One picture a theme, or only the one that is worn; a fault that is the same in all is told once."""
        from tui_nn.tui.ink import PALETTE

        told: set[str] = set()
        for worn in (theme,) if theme else self.themes:
            await wear(app, worn)
            await settle(app, pilot)
            width, height = app.size
            strips = [list(strip) for strip in app.screen._compositor.render_strips()][:height]
            faults = [*panel_faults(app), *too_wide(strips, width, height)]
            if not theme:  # what lies behind a dialog is pale on purpose
                faults += pale(strips)
            back = PALETTE[worn == "dark"]["background"]
            picture = svg_of(strips, width, height, back)
            faults = [fault for fault in faults if fault not in told]
            told |= set(faults)
            self.shots.append(Shot(f"{self.name}: {name}", self.size, worn, picture, width, height, faults))


async def wear(app: Any, theme: str) -> None:
    if app.current_theme.dark != (theme == "dark"):
        app.action_theme()
        await calm(app)


async def calm(app: Any, rounds: int = 3) -> None:
    """Until the app and its screen have done what waits for them. Textual's own pause waits for an idle processor besides."""
    for _ in range(rounds):
        for pump in (app, app.screen, *([app.focused] if app.focused else [])):
            done = asyncio.Event()
            if pump.call_later(done.set):
                await asyncio.wait_for(done.wait(), TIMEOUT_S)


async def press(app: Any, *keys: str) -> None:
    from textual import events
    from textual.keys import _character_to_key

    for key in keys:
        app.post_message(events.Key(_character_to_key(key), key) if len(key) == 1 else events.Key(key, None))
        await calm(app)


async def settle(app: Any, pilot: Any) -> None:
    """Until nothing moves and every picture that was asked for is drawn."""
    end = time.monotonic() + TIMEOUT_S
    await pilot.pause()
    run = app.debugger
    while run is not None and is_busy(run):
        assert time.monotonic() < end, "the app did not come to rest"
        await asyncio.sleep(0.01)
        await calm(app)
    if run is not None and run.view.pictures.changed():
        run.panels["detail"].redraw()
        await pilot.pause()


def is_busy(run: Any) -> bool:
    pictures, mover = run.view.pictures, run.mover
    return pictures.is_busy or bool(pictures._waiting()) or bool(mover and (mover.kind or mover.is_waiting))


# Walks


async def ready(app: Any) -> None:
    end, run = time.monotonic() + TIMEOUT_S, app.debugger
    while not (run.session and run.session.is_prepared and run.compiling is None and run.frame):
        assert time.monotonic() < end, "the run was not opened"
        await asyncio.sleep(0.01)
        await calm(app)


async def walk(app: Any, pilot: Any, roll: Roll, camera: Camera) -> None:
    from tui_nn.tui.microscope import TITLES, microscope

    await ready(app)
    await press(app, "m")
    if roll.at:
        await press(app, "g", *str(roll.at), "enter")
        await settle(app, pilot)
    await press(app, *["s"] * roll.ops)
    await settle(app, pilot)
    await press(app, "2", *["down"] * roll.layer)
    if roll.panels:
        for key in "12345":
            await press(app, key)
            await camera.take(app, pilot, f"panel {key}")
        await press(app, "2", "z")
        await camera.take(app, pilot, "panel 2 zoomed")
        await press(app, "z")
    await press(app, "3")
    for name, title in TITLES.items():
        if list(TITLES).index(name):
            await press(app, ">")
        assert app.debugger.view.detail == name
        if roll.microscopes and name not in roll.microscopes:
            continue
        await settle(app, pilot)  # drawn once, a microscope leaves a view that the run has not
        view, seen = app.debugger.view, set[int]()
        while view.mode(name) not in seen:
            seen.add(view.mode(name))
            modes = microscope(name).modes
            mode = modes[view.mode(name)] if modes else ""
            await camera.take(app, pilot, f"{title} {mode}".strip())
            if roll.panels and app.size.width < 100:
                await press(app, "z")
                await camera.take(app, pilot, f"{title} {mode} zoomed")
                await press(app, "z")
            await press(app, "v")
    if roll.dialogs:
        for theme in camera.themes:
            await wear(app, theme)
            for name, keys in DIALOGS.items():
                await press(app, *keys)
                await camera.take(app, pilot, name, theme)
                await press(app, "escape")
        await press(app, "escape")
        await camera.take(app, pilot, "gallery over a run")


DIALOGS = {
    "help": ("?",),
    "palette": ("ctrl+p",),
    "until": ("u",),
    "until, with a fault": ("u", *"los", "enter"),
    "go to": ("g",),
    "console": (":", *"los"),
    "stops": ("k",),
}


async def walk_gallery(app: Any, pilot: Any, camera: Camera) -> None:
    await camera.take(app, pilot, "first")
    await press(app, "/", *"adam")
    await camera.take(app, pilot, "search")
    await press(app, "escape", "down", "down", "l")
    await camera.take(app, pilot, "korean")
    await pilot.resize_terminal(36, 10)
    await camera.take(app, pilot, "too small")


async def develop(roll: Roll | None, size: str, themes: Sequence[str], folder: Path, ascii: bool) -> list[Shot]:
    """All shots of one roll (None: the gallery) in one size."""
    from tui_nn.tui.app import Options, TuiApp, Wish

    across, down = (int(part) for part in size.split("x"))
    wish = None
    if roll is not None:
        ref = roll.ref
        if ref in OWN:
            path = folder / f"{ref}.toml"
            path.write_text(OWN[ref], encoding="utf-8")
            ref = str(path)
        wish = Wish(ref, roll.overrides)
    camera = Camera(roll.name if roll is not None else "gallery", size, themes)
    app = TuiApp(Options(wish=wish, ascii=ascii, theme=themes[0]))
    async with app.run_test(size=(across, down), notifications=False) as pilot:
        try:
            await (walk(app, pilot, roll, camera) if roll is not None else walk_gallery(app, pilot, camera))
        except Exception:
            shot = Shot(f"{camera.name}: exception", size, themes[0], svg_of([], across, down, "#400000"), across, down)
            shot.faults.append(traceback.format_exc())
            camera.shots.append(shot)
        finally:
            app.close_session()
    return camera.shots


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for the sheet; without it only the checks are made")
    parser.add_argument(
        "--only", default="", help="rolls whose name contains this: gallery, " + ", ".join(r.name for r in ROLLS)
    )
    parser.add_argument("--view", default="", help="of those, keep the pictures whose name contains this")
    parser.add_argument("--size", nargs="*", default=SIZES)
    parser.add_argument("--theme", nargs="*", default=THEMES, choices=THEMES)
    parser.add_argument("--ascii", action="store_true")
    parser.add_argument("--no-png", action="store_true")
    asked = parser.parse_args()
    shots: list[Shot] = []
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TUI_NN_CONFIG_DIR"] = folder
        for roll in (None, *ROLLS):
            if asked.only not in (roll.name if roll else "gallery"):
                continue
            is_brief = roll is not None and roll.brief
            for size in [each for each in asked.size if not (is_brief and each == SIZES[-1])]:
                themes = asked.theme[:1] if is_brief else asked.theme
                shots += asyncio.run(develop(roll, size, themes, Path(folder), asked.ascii))
    shots = [shot for shot in shots if asked.view.lower() in shot.name.lower()]
    if asked.out is not None:
        write_sheet(shots, asked.out, not asked.no_png)
    n = 0
    for shot in shots:
        for fault in shot.faults:
            n += 1
            print(f"{shot.title}: {fault}")
    print(f"{len(shots)} pictures, {n} faults, {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return 1 if n else 0


if __name__ == "__main__":
    sys.exit(main())
