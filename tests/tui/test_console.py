"""The console on the screen: lines, completion, what is displayed at each stop, moves that take their time."""

from __future__ import annotations

from typing import Any

import pytest
from textual.widgets import Input

from tests.tui.driver import drive, screen_text, settled, until
from tests.tui.goldens import as_text
from tui_nn.debugger.completion import Completion
from tui_nn.debugger.displays import Shown
from tui_nn.tui.arrange import arrange
from tui_nn.tui.completing import Completer
from tui_nn.tui.console_lines import Told, strip_lines, told_lines
from tui_nn.tui.ink import Ink
from tui_nn.tui.screens.console import ConsoleScreen
from tui_nn.tui.text import cells

INK = Ink(mono=True)
WORDS = ("loss", "log10(", "lr", "by op")


def completer(*words: str) -> Completer:
    def complete(text: str, cursor: int) -> Completion:
        start = text.rfind(" ", 0, cursor) + 1
        return Completion(start, tuple(word for word in words if word.startswith(text[start:cursor])))

    return Completer(complete)


# Completion


def test_tab_puts_in_what_is_common_then_each_in_turn():
    line = completer("weight_norm", "weight.", "loss")
    assert line.tab("p wei > 1", 5) == ("p weight > 1", 8)
    assert line.candidates == ("weight_norm", "weight.")
    assert line.tab("p weight > 1", 8) == ("p weight_norm > 1", 13)
    assert line.tab("p weight_norm > 1", 13) == ("p weight. > 1", 9)
    assert line.tab("p weight. > 1", 9, by=-1) == ("p weight_norm > 1", 13)
    assert line.tab("p xyz", 5) == ("p xyz", 5)
    assert line.candidates == ()


def test_candidates_are_listed_while_a_word_is_written_and_not_before():
    line = completer(*WORDS)
    line.look("", 0)
    assert line.candidates == ()
    line.look("l", 1)
    assert line.candidates == ("loss", "log10(", "lr")
    line.look("loss", 4)
    assert line.candidates == ()  # nothing is left to write
    assert line.tab("", 0) == ("", 0) or line.candidates


@pytest.mark.parametrize("width", [20, 30, 78])
def test_a_long_list_keeps_the_chosen_one_in_sight(width: int):
    words = [f"metric_{k}" for k in range(40)]
    line = completer(*words)
    text, cursor = line.tab("m", 1)
    for k in range(45):
        text, cursor = line.tab(text, cursor)
        shown = as_text(line.lines(width, 2, INK))
        assert words[k % 40] in shown.split()
        assert text == words[k % 40]
        assert len(shown.splitlines()) <= 2
        assert max(map(cells, shown.splitlines())) <= width
    assert "+" in as_text(completer_on(words).lines(width, 2, INK))


def completer_on(words: list[str]) -> Completer:
    line = completer(*words)
    line.look("m", 1)
    return line


# Lines


def test_what_was_said_keeps_its_columns_and_long_lines_go_on():
    told = [Told("         0         1", "text"), Told("word " * 30, "bad")]
    lines = as_text(told_lines(told, 40, INK)).splitlines()
    assert lines[0] == "         0         1"
    assert max(map(cells, lines)) <= 40
    assert " ".join(lines[1:]).split() == ["word"] * 30
    help_line = as_text(
        told_lines([Told("run [N]    Train to the planned end, or for N iterations.", "text")], 40, INK)
    )
    assert help_line.splitlines() == ["run [N]    Train to the planned end, or", " " * 11 + "for N iterations."]


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("rows", [1, 3])
def test_displays_fit_and_say_how_many_are_left_out(width: int, rows: int):
    shown = [Shown(k, f"weight_norm.dense_{k}", 0.5, 0.25, k % 2 == 0) for k in range(1, 13)]
    lines = as_text(strip_lines("", shown, width, rows, INK)).splitlines()
    assert len(lines) <= rows
    assert max(map(cells, lines)) <= width
    assert "1 weight_norm.dense_1 0.25" in lines[0]
    assert "+" in lines[-1] or width == 120
    message = "Stop 1: weight.dense_1[0,0] changes sign, from -0.25 to 0.25. " * 3
    both = as_text(strip_lines(message, shown, width, 3, INK)).splitlines()
    assert both[0].startswith(" Stop 1:")
    assert len(both) <= 3
    assert any("weight_norm.dense_1" in line for line in both) or width == 40


def test_rows_below_the_panels_are_taken_from_them_alone():
    """Header and footer stay where they are; the strip stands under the panels, and nothing overlaps."""
    for height in (12, 16, 24, 40):
        plain, with_both = arrange(100, height, "program"), arrange(100, height, "program", strip=1, covered=3)
        assert (plain.header, plain.footer) == (with_both.header, with_both.footer)
        assert with_both.strip is not None
        end = max(area.y + area.height for area in with_both.panels.values())
        assert end == with_both.strip.y == height - 1 - 3 - 1


# On the screen


async def enter(app: Any, pilot: Any, line: str) -> None:
    app.screen.query_one(Input).value = line
    await pilot.press("enter")
    await settled(app, pilot)


def test_lines_are_done_where_the_run_can_be_seen():
    """Values, an error under its place, a move, an edit; the panels make room; lines come back; escape leaves."""

    async def act(app, pilot):
        run = app.debugger
        await pilot.press("colon")
        await settled(app, pilot)
        assert isinstance(app.screen, ConsoleScreen)
        bottom = max(area.y + area.height for area in run.arrangement.panels.values())
        assert bottom <= app.screen.query_one("Vertical").region.y
        await enter(app, pilot, "next 3")
        assert run.session.position == (3, 0)
        await enter(app, pilot, "loss")
        assert f"{run.frame.metrics['loss']:.7g}" in screen_text(app)
        await enter(app, pilot, "until los < 1")
        lines = screen_text(app).splitlines()
        at = next(k for k, line in enumerate(lines) if "did you mean 'loss'" in line)
        assert lines[at - 1].index("^") == lines[at - 2].index("los")
        await pilot.press("up", "up")
        assert app.screen.query_one(Input).value == "loss"
        await pilot.press("down", "down")
        assert app.screen.query_one(Input).value == ""
        await enter(app, pilot, "set lr *2")
        assert run.session.edits[-1].value == 1.0
        await enter(app, pilot, "undo")
        assert run.session.edits == ()
        await enter(app, pilot, "fork")
        assert len(run.runs.entries) == 2
        await enter(app, pilot, "step")
        assert run.session is run.runs.entries[1].session
        assert run.session.position == (3, 1)
        await pilot.press("escape")
        await settled(app, pilot)
        assert app.screen is run
        assert run.covered == 0
        await pilot.press("colon")
        await settled(app, pilot)
        assert "> fork" in screen_text(app)  # what was said is still there

    drive("xor-mlp", act, twin=False)


def test_tab_lists_and_completes():
    async def act(app, pilot):
        await pilot.press("colon")
        await settled(app, pilot)
        await pilot.press(*"unt", "tab")
        assert app.screen.query_one(Input).value == "until "
        await pilot.press(*"wei")
        assert "weight_norm" in screen_text(app)
        await pilot.press("tab", "tab", "tab")
        assert app.screen.query_one(Input).value.startswith("until weight")
        await pilot.press("escape")
        await settled(app, pilot)
        assert app.screen is app.debugger

    drive("xor-mlp", act, twin=False)


def test_displays_stay_below_the_panels_and_follow_every_stop():
    """By the console's moves and by keys; what changed has its old value; gone with undisplay."""

    async def act(app, pilot):
        run = app.debugger
        await pilot.press("colon")
        await settled(app, pilot)
        for line in ("display loss", "display iteration", "next"):
            await enter(app, pilot, line)
        await pilot.press("escape")
        await settled(app, pilot)
        loss = run.frame.metrics["loss"]
        row = screen_text(app).splitlines()[-2]
        assert f"1 loss not measured yet → {loss:.6g}" in row
        told = [each.text for each in run.desk.told]
        assert told[-2:] == [f"loss = not measured yet → {loss:.6g}", "iteration = 0 → 1"]
        await pilot.press("n")
        await settled(app, pilot)
        row = screen_text(app).splitlines()[-2]
        assert f"1 loss {loss:.6g} → {run.frame.metrics['loss']:.6g}" in row
        assert "2 iteration 1 → 2" in row
        await pilot.press("colon")
        await settled(app, pilot)
        await enter(app, pilot, "undisplay")
        await pilot.press("escape")
        await settled(app, pilot)
        assert run.arrangement.strip is None

    drive("xor-mlp", act, size=(80, 24), twin=False)


def test_a_long_search_does_not_hold_the_keyboard_and_can_be_cancelled():
    async def act(app, pilot):
        run = app.debugger
        await pilot.press("colon")
        await settled(app, pilot)
        app.screen.query_one(Input).value = "until loss < -1"
        await pilot.press("enter")
        await until(pilot, lambda: run.mover.kind == "run", "it runs")
        await pilot.press(*"lo")
        assert app.screen.query_one(Input).value == "lo"
        await pilot.press("escape")
        await settled(app, pilot)
        assert isinstance(app.screen, ConsoleScreen)
        assert not run.session.is_running

    drive("xor-mlp", act, twin=False, overrides=("train.iterations=10000000",))


def test_everything_that_fired_is_said_with_old_and_new_values():
    """In the header if it fits, else in rows of its own below the panels, until the next move."""

    async def act(app, pilot):
        run = app.debugger
        for text in ("weight.dense_1[0,0] changes", "loss changes", "op update dense_2"):
            run.session.stops.add(text)
        await pilot.press("space")
        await settled(app, pilot)
        stop = run.session.last_stop
        assert stop.fired
        for _ in range(4):
            await pilot.press("space")
            await settled(app, pilot)
            told = " ".join(screen_text(app).split())
            for fired in run.session.last_stop.fired:
                assert f"Stop {fired.number}: {fired.text}" in told
                assert fired.new is None or f"{fired.new:.9g}" in told

    drive("xor-mlp", act, size=(80, 24), twin=False)


def test_until_goes_back_too_and_completes():
    """u, then `back CONDITION`: the last op at which it held; the cursor's word is completed by tab."""

    async def act(app, pilot):
        run = app.debugger
        run._goto(300, 0)
        await settled(app, pilot)
        await pilot.press("u")
        await settled(app, pilot)
        await pilot.press(*"bac", "tab", *"los", "tab")
        line = app.screen.query_one(Input)
        assert line.value == "back loss"
        await enter(app, pilot, "back loss + 1")
        assert "is a number; compare it" in screen_text(app)
        await enter(app, pilot, "back loss > 0.6")
        where, stop = run.session.position, run.session.last_stop
        assert stop.reason == "condition"
        run.session.goto(300)
        assert run.session.back_until("loss > 0.6").position == where

    drive("xor-mlp", act, twin=False)
