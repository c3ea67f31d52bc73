"""The real app on real sessions: keys move the run, sizes and quits do no harm, what is wrong is told."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.tui.driver import bad_file, drive, is_ready, screen_text, settled, tap, until
from tui_nn.tui.app import Options, TuiApp, Wish
from tui_nn.tui.ink import PALETTE
from tui_nn.tui.playing import what_follows
from tui_nn.tui.screens.debugger import DebuggerScreen
from tui_nn.tui.screens.gallery import GalleryScreen
from tui_nn.tui.screens.modal import PageScreen, PromptScreen, TooSmall


def position(app: TuiApp) -> tuple[int, int]:
    assert app.debugger is not None
    assert app.debugger.session is not None
    return tuple(app.debugger.session.position)  # type: ignore[return-value]


def all_but_history(screen: str) -> list[str]:
    """Program, Layers and the detail panel; timeline and curves also show what was reached before a rewind."""
    lines = screen.splitlines()[2:]
    lower = next(i for i, line in enumerate(lines) if "4 Loss" in line)
    return lines[:lower] + [line[:40] for line in lines[lower:]]


def test_keys_step_and_take_back():
    """An operation, an iteration, an epoch; each by its letter, its jamo or its sign, and home again."""

    async def act(app, pilot):
        steps = [
            ("s", (0, 1)), ("full_stop", (0, 2)), ("ㄴ", (0, 3)), ("comma", (0, 2)), ("n", (1, 0)), ("ㅜ", (2, 0)), ("right_square_bracket", (3, 0)),
            ("left_square_bracket", (2, 0)), ("right_curly_bracket", (45, 0)), ("right", (45, 1)), ("left", (45, 0)), ("pagedown", (46, 0)),
            ("left_curly_bracket", (45, 0)), ("home", (0, 0)), ("end", (46, 0)),
        ]  # fmt: skip
        for key, place in steps:
            await pilot.press(key)
            await settled(app, pilot)
            assert position(app) == place, key
        assert "iteration 46" in screen_text(app)

    drive("digits-dnn", act)


def test_back_brings_the_same_screen():
    """Six operations out, six back: not a character of what the position decides differs."""

    async def act(app, pilot):
        await pilot.press("n", "s", "s")
        await settled(app, pilot)
        before = screen_text(app)
        await pilot.press(*["s"] * 6)
        await settled(app, pilot)
        assert screen_text(app) != before
        await pilot.press(*["comma"] * 6)
        await settled(app, pilot)
        assert all_but_history(screen_text(app)) == all_but_history(before)

    drive("xor-mlp", act)


def test_a_lesson_taken_up_again_is_seen_at_once(monkeypatch):
    """Back where it was left before its next tick, the screen shows that place: a page opened over it would pause it there."""
    monkeypatch.setattr(
        "tui_nn.tui.mover.SHORT_S", 10.0
    )  # the move ends within the key press, whatever the machine does

    async def act(app, pilot):
        run = app.debugger
        await pilot.press("p")
        await until(pilot, lambda: run.player is not None and run.player.number == 1)
        await pilot.press("n")
        await until(pilot, lambda: run.frame.position == (1, 0))
        run.pulse.stop()
        await pilot.press("space")
        assert run.session.position == (0, 0)
        assert run.frame.position == (0, 0)

    drive("perceptron-or", act)


def test_what_broke_the_app_is_told():
    """A fault while it draws: leaving the wreck does not fail on its own, so the traceback is of the fault."""

    async def act(app, pilot):
        def broken(*_: object) -> list:
            raise RuntimeError("this panel is broken")

        app.debugger.panels["program"].draw = broken
        app.debugger.panels["program"].redraw()
        await pilot.pause()

    app = TuiApp(Options(wish=Wish("perceptron-or")))

    async def main() -> None:
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: is_ready(app))
            await act(app, pilot)

    with pytest.raises(RuntimeError, match="this panel is broken"):
        asyncio.run(main())
    app.close_session()
    assert app.debugger is not None
    assert app.debugger.session is not None
    assert not app.debugger.session.is_running


def test_run_and_pause():
    """On digits, whose history lasts for minutes: that of xor-mlp is full after three seconds."""

    async def act(app, pilot):
        await pilot.press("end", "space")
        await until(pilot, lambda: position(app)[0] >= 500)
        await until(pilot, lambda: "iterations are done" in screen_text(app))
        await pilot.press("space")
        await until(pilot, lambda: "running" in screen_text(app))
        await pilot.press("space")
        await settled(app, pilot)
        stood = position(app)
        assert "paused" in screen_text(app)
        await pilot.pause(0.1)
        assert position(app) == stood

    drive("digits-dnn", act)


def test_every_key_answers_while_it_trains():
    """Tabs, panels, help and theme change what is shown; the run goes on below."""

    async def act(app, pilot):
        run = app.debugger
        run.mover.run()
        await until(pilot, lambda: not run.mover.kind)  # the plan is done; what follows has no end
        await tap(app, "space")
        assert run.mover.kind == "run"
        keys = ["3", "greater_than_sign", "down", "4", "y", "5", "z", "z", "t", "l", "question_mark"]
        await tap(app, *keys)
        await until(pilot, lambda: isinstance(app.screen, PageScreen))
        await tap(app, "escape")
        await until(pilot, lambda: app.screen is run)
        await tap(app, "2", "enter")
        await until(pilot, lambda: run.focus_name == "detail")
        assert run.mover.kind == "run"
        assert (run.view.detail, run.view.layer, run.view.log, app.lang, app.ink.dark) == (
            "gradients",
            1,
            True,
            "ko",
            False,
        )
        start = position(app)[0]
        await until(pilot, lambda: position(app)[0] > start)
        await tap(app, "space")
        await settled(app, pilot)

    drive("digits-dnn", act)


def test_no_message_is_posted_per_step(monkeypatch: pytest.MonkeyPatch):
    """At full speed, for hundreds of iterations at least, the machine's thread posts nothing at all."""
    counted: list[str] = []
    post = DebuggerScreen.post_message

    def counting(self: DebuggerScreen, message: Any) -> bool:
        counted.append(type(message).__name__)
        return post(self, message)

    async def act(app, pilot):
        await tap(app, "space")
        await until(pilot, lambda: position(app)[0] >= 1350 and not app.debugger.mover.kind)
        await tap(app, "space")
        await until(pilot, lambda: app.debugger.mover.kind == "run")
        start = position(app)[0]
        monkeypatch.setattr(DebuggerScreen, "post_message", counting)
        await until(pilot, lambda: position(app)[0] - start > 500)
        monkeypatch.undo()
        own = [name for name in counted if name in ("Opened", "Compiling", "Failed")]
        assert not own
        assert len(counted) < 200

    drive("digits-dnn", act)


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_whole_screen(lang: str):
    """The screen at three sizes after one iteration and five operations holds what belongs there."""

    async def act(app, pilot):
        if lang == "ko":
            await pilot.press("l")
        await pilot.press("n", *["s"] * 5)
        await settled(app, pilot)
        wide = screen_text(app)
        for word in (
            "1 Program",
            "2 Layers",
            "3 Activations",
            "4 Loss",
            "5 Lesson",
            "iteration 1",
            "next: forward",
            "target",
        ):
            assert word in wide, word
        await pilot.resize_terminal(80, 24)
        await settled(app, pilot)
        narrow = screen_text(app)
        for word in ("1 Program", "2 Layers", "3 Activations", "4 Curves", "5 Lesson", "? help"):
            assert word in narrow, word
        await pilot.resize_terminal(60, 20)
        await pilot.press("4")
        await settled(app, pilot)
        assert "4 Loss" in screen_text(app)
        assert "1 Program" not in screen_text(app)

    drive("digits-dnn", act)


def test_resizing_at_any_moment():
    """200x60, 20x5 (a notice that lets no key through), and back; then fifty random sizes."""

    async def act(app, pilot):
        await pilot.resize_terminal(20, 5)
        await until(pilot, lambda: isinstance(app.screen, TooSmall))
        assert "Too small" in screen_text(app)
        before = position(app)
        await pilot.press("s", "n", "space", "z", "question_mark", "ctrl+p", "t", "l")
        assert position(app) == before
        assert isinstance(app.screen, TooSmall)
        await pilot.resize_terminal(200, 60)
        await until(pilot, lambda: isinstance(app.screen, DebuggerScreen))
        assert "1 Program" in screen_text(app)
        random_sizes = random.Random(4)
        for _ in range(50):
            await pilot.resize_terminal(random_sizes.randint(1, 300), random_sizes.randint(1, 100))
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: isinstance(app.screen, DebuggerScreen))
        assert app._exception is None

    drive("digits-dnn", act, size=(200, 60))


def test_quit_at_full_speed():
    """q while it trains: the machine's thread is gone, and the summary says where it was."""

    async def act(app, pilot):
        await pilot.press("space")
        await pilot.press("q")
        await until(pilot, lambda: app.return_code is not None)

    app = drive("digits-dnn", act)
    assert app.return_code == 0
    assert app.debugger is not None
    assert app.debugger.session is not None
    assert not app.debugger.session.is_running
    assert app.summary.startswith(f"digits-dnn: {app.debugger.session.scenario.title}. ")
    assert "Stopped at iteration" in app.summary


def test_quit_while_compiling():
    async def act(app, pilot):
        await pilot.press("q")
        await until(pilot, lambda: app.return_code is not None)

    assert drive("digits-dnn", act, ready=False).return_code == 0


def test_quit_in_the_too_small_notice():
    async def act(app, pilot):
        await until(pilot, lambda: isinstance(app.screen, TooSmall))
        await pilot.press("q")
        await until(pilot, lambda: app.return_code is not None)

    assert drive("xor-mlp", act, ready=False, size=(20, 5)).return_code == 0


def test_a_broken_scenario_is_told_and_the_app_lives_on(tmp_path: Path):
    """The words are those of the command line; esc leads to the gallery, from which another run opens."""
    from tui_nn.scenario import ScenarioError, load_scenario

    path = bad_file(tmp_path)
    with pytest.raises(ScenarioError) as raised:
        load_scenario(path)

    async def act(app, pilot):
        await until(pilot, lambda: isinstance(app.screen, PageScreen))
        await pilot.pause()
        shown = " ".join(screen_text(app).split())
        for problem in raised.value.problems:
            assert " ".join(str(problem).split())[:60] in shown
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, GalleryScreen))
        await pilot.press("enter")
        await until(pilot, lambda: is_ready(app))
        await pilot.press("s")
        await settled(app, pilot)
        assert position(app) == (0, 1)

    drive(str(path), act, ready=False)


@pytest.mark.parametrize("ref", ["no-such-preset", "/nonexistent/file.toml", "/", "\x00", "tests"])
def test_names_that_lead_nowhere(ref: str):
    async def act(app, pilot):
        await until(pilot, lambda: "cannot be used" in screen_text(app))
        assert isinstance(app.screen, PageScreen)

    drive(ref, act, ready=False)


def test_a_file_opens_from_the_gallery(tmp_path: Path):
    """o asks for a path; one that is not there is refused in the prompt, a broken file is told and nothing ends."""
    path = bad_file(tmp_path)

    async def act(app, pilot):
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, PromptScreen))
        await pilot.press(*"nowhere", "enter")
        await pilot.pause()
        assert "there is no such file" in screen_text(app)
        app.screen.query_one("Input").value = str(path)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, PageScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, GalleryScreen))

    drive(None, act)


def test_the_gallery_lists_searches_and_opens():
    async def act(app, pilot):
        from tui_nn.scenario import list_presets

        await until(pilot, lambda: isinstance(app.screen, GalleryScreen))
        await pilot.pause()
        seen = screen_text(app)
        for k in range(len(list_presets())):  # the list may be longer than the screen
            await tap(app, "down", wait_s=0)
            if k % 8 == 7 or k == len(list_presets()) - 1:
                await pilot.pause()
                seen += screen_text(app)
        for preset in list_presets():
            assert preset.title[:40] in seen
        await tap(app, *["up"] * len(list_presets()), wait_s=0)
        await pilot.pause()
        titles = {preset.id: preset.title for preset in list_presets()}
        await pilot.press("slash", *"xor-mlp")
        await pilot.pause()
        assert titles["xor-mlp"] in screen_text(app)
        assert titles["digits-dnn"] not in screen_text(app)
        await pilot.press("escape")
        await pilot.pause()
        assert titles["digits-dnn"] in screen_text(app)
        await pilot.press("slash", *"zzz")
        await pilot.pause()
        assert "No preset matches" in screen_text(app)
        await pilot.press("enter", "enter", "escape", "escape")
        await pilot.press("down", "enter")
        await until(pilot, lambda: is_ready(app))
        assert app.debugger.scenario_id == list_presets()[1].id

    drive(None, act)


def test_the_run_waits_below_the_gallery():
    """esc shows the gallery, esc again the run as it was; another choice closes it."""

    async def act(app, pilot):
        first = app.debugger
        await pilot.press("n", "n", "escape")
        await until(pilot, lambda: isinstance(app.screen, GalleryScreen))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is first)
        assert position(app) == (2, 0)
        await pilot.press("escape", "slash", *"digits-dnn", "enter")
        await until(pilot, lambda: is_ready(app) and app.debugger is not first)
        assert first not in app.screen_stack
        assert app.debugger.scenario_id == "digits-dnn"

    drive("xor-mlp", act)


def test_until_a_condition_and_to_a_place():
    """A condition that cannot be read is refused where it was typed, with the reason; a good one runs."""

    async def act(app, pilot):
        await pilot.press("u", *"los < 0.3", "enter")
        await pilot.pause()
        assert "did you mean 'loss'" in screen_text(app)
        app.screen.query_one("Input").value = "loss < 0.3"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DebuggerScreen) and "holds after" in screen_text(app))
        assert app.debugger.session.history["loss"][-1] < 0.3
        await pilot.press("g", *"30:2", "enter")
        await until(pilot, lambda: position(app) == (30, 2))
        await pilot.press("g", *"1:99", "enter")
        await pilot.pause()
        assert "rows 0 to" in screen_text(app)
        await pilot.press("escape", "escape")

    drive("xor-mlp", act)


def test_a_loss_that_is_not_finite_stops_the_run():
    """With an absurd learning rate: the run stops behind the loss row, and the header says since when."""

    async def act(app, pilot):
        await pilot.press("space")
        await until(pilot, lambda: "the loss became" in screen_text(app))
        run = app.debugger
        assert run.session.position.op == run.session.program.loss_op + 1
        assert f"in iteration {position(app)[0]:,}" in screen_text(app)
        await pilot.press("4")
        await pilot.pause()
        await pilot.press("comma", "s")
        await settled(app, pilot)

    drive("lr-too-large", act, overrides=("optimizer.lr=1e6", "train.iterations=5000"))


def test_the_script_plays_and_space_pauses_it():
    async def act(app, pilot):
        await pilot.press("p")
        await until(pilot, lambda: app.debugger.player and app.debugger.player.number == 1)
        await pilot.press("space")
        assert app.debugger.player.is_paused
        assert "paused" in screen_text(app)
        app.debugger.player.speed = 100.0
        await pilot.press("space")
        await until(pilot, lambda: app.debugger.player is None)
        assert "the script is over" in screen_text(app)
        assert position(app)[0] > 0

    drive("digits-dnn", act)


def test_behind_a_lesson_comes_the_next_one():
    """The end of a script names what follows on the path, and w opens it."""
    entry = what_follows("xor-mlp")
    assert entry is not None

    async def act(app, pilot):
        await pilot.press("p")
        await until(pilot, lambda: app.debugger.player)
        app.debugger.player.speed = 1e6
        await until(pilot, lambda: app.debugger.player is None)
        assert f"w opens {entry.number}. {entry.preset.title}" in screen_text(app)
        await pilot.press("w")
        await until(pilot, lambda: app.debugger and app.debugger.scenario_id == entry.preset.id)

    drive("xor-mlp", act)


def test_keys_of_a_lesson_say_when_none_plays():
    async def act(app, pilot):
        for key in ("b", "o", "h"):
            await pilot.press(key)
            assert "no lesson plays; p plays it" in screen_text(app)

    drive("xor-mlp", act)


def test_opened_at_an_iteration_and_playing():
    async def act(app, pilot):
        await until(pilot, lambda: position(app) == (30, 0))
        await until(pilot, lambda: app.debugger.player is not None)

    drive("xor-mlp", act, at=30, play=True)


def test_a_picture_painted_between_ink_and_background_does_not_stay():
    """The ink changes at once, Textual's background a moment later; what is painted in between has the old one."""

    async def act(app, pilot):
        panel = app.debugger.panels["detail"]
        app.action_theme()
        panel.render_line(3)
        await settled(app, pilot)
        strips = app.screen._compositor.render_strips()
        behind = {segment.style.bgcolor.name for segment in strips[panel.region.y + 1] if segment.style}
        assert PALETTE[False]["background"] in behind
        assert PALETTE[True]["background"] not in behind

    drive("xor-mlp", act)


def test_theme_and_language_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TUI_NN_CONFIG_DIR", str(tmp_path / "deep" / "down"))

    async def act(app, pilot):
        await until(pilot, lambda: isinstance(app.screen, GalleryScreen))
        await pilot.press("t", "l")

    drive(None, act)
    kept = json.loads((tmp_path / "deep" / "down" / "screen.json").read_text())
    assert kept == {"theme": "tui-nn-light", "lang": "ko"}
    app = TuiApp(Options(remembered=kept))
    assert app.theme == "tui-nn-light"
    assert not app.ink.dark


def test_settings_that_cannot_be_written_or_read_are_no_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from tui_nn.tui import config

    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("TUI_NN_CONFIG_DIR", str(blocked / "x"))
    config.save(theme="dark")
    assert config.load() == {}
    monkeypatch.setenv("TUI_NN_CONFIG_DIR", str(tmp_path))
    for text in ("[1, 2]", "{", '{"theme": 3}', "\xff"):
        (tmp_path / "screen.json").write_text(text, encoding="latin-1")
        assert config.load() == {}


@pytest.mark.parametrize(
    ("theme", "dark"), [("nord", True), ("textual-light", False), ("light", False), ("no-such-theme", True)]
)
def test_the_environments_theme_is_respected(theme: str, dark: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TEXTUAL_THEME", theme)
    assert TuiApp(Options()).ink.dark is dark


def test_without_colour_there_is_none(monkeypatch: pytest.MonkeyPatch):
    """Under NO_COLOR no segment on the screen has a colour of its own."""
    monkeypatch.setenv("NO_COLOR", "1")

    async def act(app, pilot):
        await pilot.press("n", "s", "s", "s")
        await settled(app, pilot)
        for strip in app.screen._compositor.render_strips():
            for segment in strip:
                style = segment.style
                assert style is None or all(c is None or c.is_default for c in (style.color, style.bgcolor)), segment

    drive("digits-dnn", act)


def test_first_paint_needs_nothing_heavy(tmp_path: Path):
    """When the screen stands for the first time, neither Numba nor plotext, SciPy, NumPy or pydantic is loaded."""
    import subprocess

    code = """
import asyncio, sys
from tui_nn.tui.app import Options, TuiApp, Wish
from tui_nn.tui.opening import Opening

def start(self):
    heavy = {"numba", "plotext", "scipy", "numpy", "pydantic"} & set(sys.modules)
    print("loaded:", sorted(heavy), flush=True)

Opening.start = start
app = TuiApp(Options(wish=Wish("xor-mlp")))

async def main():
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        print("painted:", "1 Program" in "".join(s.text for strip in app.screen._compositor.render_strips() for s in strip))

asyncio.run(main())
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False
    )
    assert result.stdout.splitlines() == ["loaded: []", "painted: True"], result.stderr
