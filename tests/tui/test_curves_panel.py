"""The Curves panel: which curves it draws and how they are told apart, its window, its averages, and the list to choose from."""

from __future__ import annotations

import math
import re
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events

from tests.tui import canned
from tests.tui.driver import drive, screen_text, settled, until
from tests.tui.goldens import as_text, check
from tui_nn.tui.choices import MOST, choice_lines, rows_of, toggled
from tui_nn.tui.columns import Columns
from tui_nn.tui.ink import Ink
from tui_nn.tui.legend import Entry, legend
from tui_nn.tui.lineup import Peer, letters_of
from tui_nn.tui.panels.curves import curves_lines, curves_picture
from tui_nn.tui.text import number
from tui_nn.tui.view import View
from tui_nn.tui.window import ALL, LEAST, Window

INK, ASCII = Ink(mono=True), Ink(mono=True, ascii=True)
NORMS = tuple(f"grad_norm.dense_{i}" for i in range(1, 5))


def frame(iteration: int = 400, scale: float = 1.0, **more: Any) -> Any:
    """The canned run with norms of gradients a decade apart, a learning rate, and one spike at iteration 137."""
    made = canned.frame(iteration=iteration, **more)
    steps = np.arange(iteration)
    for i, name in enumerate(NORMS):
        values = 10.0 ** (i - 3) * np.exp(-steps / 200) * (1.2 + np.sin(steps * (1 + i)))
        if i == 3 and iteration > 137:
            values[137] = 30.0
        made.history._curves[name] = steps, values
        made.metrics[name] = float(values[-1])
    made.history._curves["lr"] = steps, np.full(iteration, 1e-3)
    made.history._curves["loss"] = steps, made.history["loss"] * scale
    made.program.metrics |= dict.fromkeys(NORMS)
    return made


def draw(view: View, width: int = 79, height: int = 22, ink: Ink = INK, of: Any = None) -> str:
    return as_text(curves_lines(of or frame(), view, width, height, ink))


def lineup(*runs: tuple[str, Any]) -> tuple[Peer, ...]:
    letters = letters_of([name for name, _ in runs])
    return tuple(Peer(name, made, name, letter) for (name, made), letter in zip(runs, letters, strict=True))


VIEWS = {
    "chosen": View(curve="chosen", chosen=(*NORMS, "lr"), log=True),
    "zoomed": View(window=Window(60, 180), read=150),
    "smoothed": View(smoothing=10, read=250),
    "others": View(lineup=lineup(("mine", frame()), ("cured", frame(300, 0.5)), ("sick", frame(350, 1.5)))),
}


@pytest.mark.parametrize("size", [(79, 22), (38, 10)], ids=["wide", "narrow"])
@pytest.mark.parametrize("name", VIEWS)
def test_picture(name: str, size: tuple[int, int]):
    width, height = size
    lines = curves_lines(frame(), VIEWS[name], width, height, INK)
    check(f"curves-{name}-{'wide' if width > 40 else 'narrow'}", lines, width, height)


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("ink", [INK, ASCII, Ink(dark=False)], ids=["mono", "ascii", "light"])
def test_nothing_overflows(name: str, ink: Ink):
    """At any size, down to 24x3 and below."""
    for width in (12, 24, 40, 60, 120):
        for height in (1, 2, 3, 5, 8, 14, 40):
            lines = curves_lines(frame(), VIEWS[name], width, height, ink)
            assert len(lines) <= height
            assert max(sum(s.cell_length for s in line) for line in lines) <= width, (width, height)
            assert not ink.ascii or as_text(lines).isascii()


# Which curves


def test_every_curve_has_a_colour_and_a_sign_of_its_own():
    """Twelve of them, without colour: each sign of the legend stands on a line, and none is there twice."""
    names = tuple(f"act_std.dense_{i}" for i in range(12))
    run = frame()
    for i, name in enumerate(names):
        run.history._curves[name] = np.arange(400), np.full(400, float(i))
    run.program.metrics |= dict.fromkeys(names)
    for ink, plain in ((Ink(), "━"), (ASCII, "-")):
        lines = curves_lines(run, View(curve="chosen", chosen=names), 110, 30, ink)
        # The legend's entries stand before the first line with an axis.
        legend = [line for line in lines if not any("┤" in s.text or "|" in s.text or "│" in s.text for s in line)][:-2]
        signs = [(s.text.strip(), s.style) for line in legend for s in line if len(s.text) == 2 and s.text[1] == " "]
        assert len(signs) == 12
        assert len({sign for sign, _ in signs}) == 12
        chart = as_text(lines[len(legend) :])
        assert all(sign in chart for sign, _ in signs if sign != plain)


def test_the_legend_names_the_family_once():
    text = draw(VIEWS["chosen"])
    assert "grad_norm.dense_1" in text  # beside lr the layer alone would not say what it is
    text = draw(View(curve="chosen", chosen=NORMS))
    assert text.startswith(" grad_norm: ━ dense_1")


def test_readings_at_the_cursor_are_those_of_all_curves():
    run = frame()
    text = draw(View(curve="chosen", chosen=NORMS, read=137), of=run)
    assert "at 137" in text
    assert "30.00" in text
    for name in NORMS[:3]:
        assert number(run.history[name][137]) in text


def test_where_not_all_fits_the_rest_is_counted():
    names = tuple(f"act_std.a_long_name_of_a_layer_{i}" for i in range(12))
    run = frame()
    for name in names:
        run.history._curves[name] = np.arange(400), np.ones(400)
    run.program.metrics |= dict.fromkeys(names)
    text = draw(View(curve="chosen", chosen=names), 40, 8, of=run)
    assert "+1" in text.splitlines()[0]


def test_the_log_axis_is_proposed_where_it_helps():
    """Norms over four decades: proposed; two of one size, or the log axis already: not."""

    def note(view: View) -> str:
        return curves_picture(frame(), view, 79, 22, INK, Columns()).note

    run = frame()
    assert run.metrics[NORMS[3]] > 500 * run.metrics[NORMS[0]]
    assert "y for log" in note(View(curve="chosen", chosen=("loss", *NORMS)))
    assert "y for log" not in note(View(curve="chosen", chosen=NORMS[2:]))
    assert "y for log" not in note(View(curve="chosen", chosen=("loss", *NORMS), log=True))


def test_what_a_log_axis_leaves_out_is_said():
    run = frame()
    run.history._curves["loss"] = np.arange(400), np.arange(400.0) - 2  # -2, -1 and 0 have no place
    picture = curves_picture(run, View(log=True), 79, 22, INK, Columns())
    assert "3 values of 0 or less left out" in picture.note


def test_other_runs_lie_over_this_one():
    """Each with its name, its own reading at the cursor, and a line of its own where it differs."""
    cured = frame(300, 0.25)
    view = View(lineup=lineup(("mine", frame()), ("cured", cured)), read=100)
    text = draw(view, 110, 20)
    assert "this run batch" in text
    assert f"cured batch         {number(cured.history['loss'][100])}" in text
    chart = "\n".join(text.splitlines()[2:])
    assert all(chart.count(sign) >= 3 for sign in "•▲■")
    assert "▲" not in draw(replace(view, lineup=()), 110, 20)


def test_a_run_that_does_not_measure_it_is_left_out():
    other = frame(300)
    del other.program.metrics["lr"]
    text = draw(View(curve="chosen", chosen=("lr",), lineup=lineup(("mine", frame()), ("bare", other))))
    assert "this run" in text
    assert "bare" not in text


def test_nothing_chosen_says_how_to():
    assert "Press a (or enter)" in draw(View(curve="chosen"))


# The window


@given(st.integers(0, 5_000), st.lists(st.tuples(st.sampled_from("+-<>@0"), st.integers(0, 5_000)), max_size=30))
def test_a_window_stays_inside_the_run(newest: int, moves: list[tuple[str, int]]):
    """Whatever is pressed: first < last, within 0..newest or all of it; zooming keeps the place it is about in sight."""
    window, end = ALL, max(newest, 20)
    for move, at in moves:
        at = min(at, newest)
        if move in "+-":
            first, last = window.edges(newest, end)
            window = window.zoomed(0.5 if move == "+" else 2, at, newest, end)
            new = window.edges(newest, end)
            if first <= at <= last:
                assert new[0] <= at <= new[1]
        elif move in "<>":
            window = window.panned(at if move == ">" else -at, newest, end)
        elif move == "@":
            window = window.showing(at, newest, end)
            first, last = window.edges(newest, end)
            assert first <= at <= last
        else:
            window = ALL
        first, last = window.edges(newest, end)
        assert 0 <= first < last
        assert (first, last) == (0, end) or (last <= newest and last - first >= LEAST)


def test_a_window_at_the_end_follows_the_run():
    """Zoomed about the newest of 1,000, it shows the newest of 5,000; one that was moved away stands still."""
    window = ALL.zoomed(0.5, 1_000, 1_000, 1_000)
    assert window.edges(1_000, 1_000) == (500, 1_000)
    assert window.edges(5_000, 5_000) == (4_500, 5_000)
    still = window.panned(-100, 1_000, 1_000)
    assert still.edges(5_000, 5_000) == (400, 900)
    assert still.panned(10_000, 5_000, 5_000).last is None


def test_zooming_in_and_out_again():
    window = ALL.zoomed(0.5, 300, 1_000, 1_000)
    assert window.edges(1_000, 1_000) == (150, 650)
    assert window.zoomed(2, 300, 1_000, 1_000) == ALL


def test_the_axes_are_those_of_the_window():
    """Iterations 120 to 180: the ticks lie in it, and the height is that of what is seen."""
    lines = draw(View(window=Window(60, 180))).splitlines()
    ticks = [int(tick) for tick in lines[-1].split()]
    assert ticks[0] == 120
    assert ticks[-1] == 180
    labels = [float(line.split("┤")[0]) for line in lines if "┤" in line]
    assert max(labels) <= 0.21  # the validation loss at 127, the largest there is; the first loss of the run is 2.3


@pytest.mark.parametrize("span", [None, 300, 100, 20])
def test_a_spike_is_there_at_every_zoom(span: int | None):
    """One value of 400, 30 times as large as all others: in the first row of the chart, averaged or not."""
    for smoothing in (0, 10, 100):
        view = View(curve="chosen", chosen=(NORMS[3],), window=Window(span, 150 if span else None), smoothing=smoothing)
        rows = draw(view, 60, 16).splitlines()
        assert any("⠀" < letter <= "⣿" for letter in rows[1]), rows


# Averages


def test_the_average_is_drawn_over_its_raw_curve_and_said():
    run = frame()
    picture = curves_picture(run, View(smoothing=10, read=250), 79, 22, Ink(), Columns())
    assert "smoothed, ema 10" in picture.note
    raw = run.history["loss"][:251]
    weights = 0.9 ** np.arange(250, -1, -1)
    assert f"~{number((weights * raw).sum() / weights.sum())}" in as_text(picture.lines)
    assert f" {number(raw[250])} ~" in as_text(picture.lines)
    styles = {s.style for line in picture.lines for s in line if any("⠀" < c <= "⣿" for c in s.text)}
    assert {Ink().style("faint"), Ink().style("train")} <= styles


# Cost


def test_a_million_iterations_cost_no_more():
    """Against a thousand in the same run, once its values have been copied: at most 30 ms more (3 to 6 on an idle machine), averaged or not."""
    best = {}
    for n in (1_000, 1_000_000):
        rows = np.random.default_rng(0).random((n, 8), dtype=np.float32)
        run = canned.frame(iteration=128)
        run.history._curves |= {"loss": (np.arange(n), rows[:, 3]), "val_loss": (np.arange(44, n, 45), rows[44::45, 4])}
        for smoothing in (0, 100):
            columns, view = Columns(), View(smoothing=smoothing)
            for _ in range(6):
                start = time.process_time()
                curves_picture(run, view, 110, 30, INK, columns)
                cost = time.process_time() - start
                best[n, smoothing] = min(best.get((n, smoothing), math.inf), cost)
    for smoothing in (0, 100):
        assert best[1_000_000, smoothing] < best[1_000, smoothing] + 0.030


# The list


def test_the_list_is_grouped_and_filtered():
    names = ["act_std.dense_1", "loss", "grad_norm.dense_2", "grad_norm.dense_1", "lr", "grad_norm"]
    layers = ("dense_1", "dense_2")
    titles = [row.title for row in rows_of(names, layers)]
    assert titles == [
        "the whole run", "loss", "lr", "grad_norm", "grad_norm", "grad_norm.dense_1", "grad_norm.dense_2", "act_std",
        "act_std.dense_1",
    ]  # fmt: skip
    assert [row.title for row in rows_of(names, layers, "dense_1 gradient")] == ["grad_norm", "grad_norm.dense_1"]
    assert rows_of(names, layers, "nothing like it") == []


def test_a_heading_stands_for_its_group():
    heading = rows_of(NORMS)[0]
    assert toggled(("lr", NORMS[1]), heading) == ("lr", NORMS[1], NORMS[0], *NORMS[2:])
    assert toggled(("lr", *NORMS), heading) == ("lr",)
    many = tuple(f"dead.relu_{i}" for i in range(30))
    assert len(toggled((), rows_of(many)[0])) == MOST


@pytest.mark.parametrize("width", [24, 36, 60, 90])
def test_the_list_fits(width: int):
    run = frame()
    rows = rows_of(run.program.metrics)
    for cursor in range(len(rows)):
        lines = choice_lines(rows, cursor, NORMS, run.metrics, width, 7, ASCII)
        assert len(lines) <= 7
        assert max(sum(s.cell_length for s in line) for line in lines) <= width
        assert sum(line[0].text.startswith(">") for line in lines) == 1


# On the screen


def test_choosing_zooming_and_smoothing_by_keys():
    """a, typing, space, esc; then + 0 - r: the tab, the legend and the note say what was done."""

    async def act(app, pilot):
        panel = app.debugger.panels["curves"]
        view = app.debugger.view
        await pilot.press("4")
        await until(pilot, lambda: app.debugger.frame.iteration == 40)
        await pilot.press("z", "a")
        await pilot.press(*"update_ratio", "up", "space", "escape")
        await until(pilot, lambda: view.curve == "chosen" and len(app.screen_stack) == 2)
        assert view.chosen == ("update_ratio.dense_1", "update_ratio.dense_2")
        await until(pilot, lambda: "update_ratio: ━ dense_1" in screen_text(app))
        n = app.debugger.frame.iteration
        await pilot.press("plus", "plus", "r")
        await until(pilot, lambda: "following, smoothed, ema 10" in screen_text(app))
        assert view.window.edges(n - 1, n)[1] == n - 1
        await pilot.press("pageup")
        assert view.window.last is not None
        first = view.window.edges(n - 1, n)[0]
        await pilot.press(*["left"] * 3)
        view.read = first
        await pilot.press(*["left"] * 2)
        assert view.read < first  # past the edge the window comes along
        assert view.window.edges(n - 1, n)[0] == view.read
        await pilot.press("enter")
        await settled(app, pilot)
        assert app.debugger.frame.iteration < first
        await pilot.press("0", "r", "r")
        assert (view.window, view.smoothing) == (ALL, 0)
        assert panel.note() == ""

    drive("xor-mlp", act, at=40, twin=False)


def test_choosing_without_letters():
    """Enter, arrows, enter, esc."""

    async def act(app, pilot):
        view = app.debugger.view
        await pilot.press("4", "right_square_bracket", "right_square_bracket")
        await settled(app, pilot)
        await pilot.press("less_than_sign")
        await until(pilot, lambda: "No metric is chosen" in screen_text(app))
        await pilot.press("enter", "down", "enter", "escape")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        assert view.chosen == ("loss",)
        assert view.curve == "chosen"

    drive("xor-mlp", act)


def test_the_mouse_reads_zooms_and_goes():
    """A click puts the reading cursor, the wheel zooms about the pointer, two clicks take the run there."""

    async def act(app, pilot):
        view, panel = app.debugger.view, app.debugger.panels["curves"]
        await pilot.press("4", "z")
        await until(pilot, lambda: app.debugger.frame.iteration == 40)
        await pilot.click(panel, offset=(60, 10))
        await until(pilot, lambda: view.read is not None)
        read, n = view.read, app.debugger.frame.iteration
        assert n * 0.5 < read < n * 0.8  # half of the field, whose right quarter is still to come
        await pilot._post_mouse_events([events.MouseScrollUp], panel, offset=(60, 10))
        await until(pilot, lambda: view.window.span is not None)
        plot = panel._drawn(app.debugger.frame, panel.size.width, panel.size.height - 1).plot
        assert abs(plot.x_at(60) - read) <= 2
        await pilot.click(panel, offset=(60, 10), times=2)
        await settled(app, pilot)
        assert abs(app.debugger.frame.iteration - read) <= 2
        assert view.read is None

    drive("xor-mlp", act, at=40)


def test_a_script_brings_any_metric_into_sight():
    """One with no panel of its own is drawn among the chosen; loss stays the loss."""

    async def act(app, pilot):
        run = app.debugger
        run.look_at("lr")
        assert (run.focus_name, run.view.curve, run.view.chosen) == ("curves", "chosen", ("lr",))
        run.look_at("val_loss")
        assert run.view.curve == "loss"
        run.look_at("curves")
        assert run.view.curve == "loss"

    drive("xor-mlp", act)


def test_a_long_name_leaves_room_for_the_value():
    """Two runs with titles wider than the panel: the names are cut, the values are not."""
    entries = [
        Entry("━", "train", "this run", "0.5299"),
        Entry("•", "accent", "Leaky ReLU: thrown down, and back again", "0.6308"),
    ]
    lines = ["".join(segment.text for segment in line) for line in legend(entries, "", "", 44, 2, Ink(mono=True))]
    assert [line.split()[-1] for line in lines] == ["0.5299", "0.6308"]
    assert max(map(len, lines)) <= 44


def test_a_cut_name_keeps_what_is_drawn_of_the_run():
    """The run's title loses its end, its metric stays a word; a name of one word is cut in its middle."""
    entries = [
        Entry("━", "train", "this run batch", "0.5299"),
        Entry("•", "accent", "Half the learning rate: straight down batch", "0.0012"),
    ]
    text = "\n".join("".join(s.text for s in line) for line in legend(entries, "", "", 44, 2, Ink(mono=True)))
    assert re.search(r"Half the learning[^\n]*… batch +0.0012", text), text
    entries = [Entry("━", "train", "grad_norm.dense_1", "0.5"), Entry("•", "accent", "grad_norm.dense_2", "0.6")]
    text = "\n".join("".join(s.text for s in line) for line in legend(entries, "", "", 20, 2, Ink(mono=True)))
    assert "se_1 0.5" in text
    assert "se_2 0.6" in text
