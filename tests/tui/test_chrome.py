"""Header, footer, title lines."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.tui import canned
from tests.tui.goldens import as_text, check
from tui_nn.tui.chrome import Status, footer_line, header_lines, timeline, timeline_at
from tui_nn.tui.commands import footer_commands
from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.base import title_line
from tui_nn.tui.status import status_of

INK = Ink(mono=True)


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("place", ["debugger", "gallery"])
def test_the_footer_never_overflows(place: str, width: int):
    """At most seven bindings, in the width there is, and help is always among them."""
    commands = footer_commands(place)
    assert len(commands) <= 7
    text = as_text([footer_line(commands, width, INK)])
    assert len(text.rstrip("\n")) <= width
    assert "help" in text
    if width >= 80:
        assert all(command.label in text for command in commands)


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("mode", ["paused", "running"])
def test_header(width: int, mode: str):
    status = (
        Status("paused", "paused") if mode == "paused" else Status("running", "running  51,234 iterations/s", "running")
    )
    height = 1 if width == 40 else 2
    lines = header_lines("Handwritten digits, learnt by a deep network", status, canned.frame(), width, height, INK)
    check(f"header-{mode}-{width}", lines, width, height)


def test_a_long_sentence_takes_the_place_of_the_position():
    status = Status("stopped", "loss < 0.1 and grad_norm.dense_1 < 1e-6 holds after iteration 1,234,567.")
    line = as_text(header_lines("t", status, canned.frame(), 80, 1, INK))
    assert "holds after iteration 1,234,567." in line


def test_what_stands_behind_a_semicolon_gives_way_to_the_position():
    """At 40 columns the mark and where the run stands; at 80 what the mark is for as well."""
    mover: Any = SimpleNamespace(kind="", is_waiting=False, searched=None)
    status = status_of(mover, None, None, None, 0.0, "marked 12:0; the Weights tab shows the change since", "")
    texts = [as_text(header_lines("t", status, canned.frame(), width, 1, INK)) for width in (40, 80)]
    assert "marked 12:0  " in texts[0]
    assert "it " in texts[0]
    assert "the change since" in texts[1]


def test_a_run_past_its_plan_says_so():
    """5,412 of 1,290 would be no share of anything; and who pressed space once more sees that nothing ends the run."""
    mover: Any = SimpleNamespace(kind="run", is_waiting=False, condition="", searched=None)
    for iteration, joined, said in (
        (700, "700 of 1,290", "running  9"),
        (5412, "5,412 past 1,290", "past the plan  9"),
    ):
        frame = canned.frame(iteration=iteration)
        status = status_of(mover, frame, None, None, 9.0, "", "")
        text = as_text(header_lines("t", status, frame, 120, 2, INK))
        assert joined in text
        assert said in text


def test_a_stop_is_said_also_where_the_loss_is_not_finite():
    """Both `isnan(loss)` and what it read are in the stop's own words."""
    mover: Any = SimpleNamespace(kind="", is_waiting=False, searched=None)
    frame: Any = SimpleNamespace(metrics={"loss": math.nan}, history={"loss": np.array([1.0, math.nan])})
    said = "Stop 1: isnan(loss) (loss = nan)."
    assert status_of(mover, frame, None, None, 0.0, said, "stop") == Status("stopped", said)
    assert status_of(mover, frame, None, None, 0.0, "", "done").text == "the loss became nan in iteration 1"


@pytest.mark.parametrize("iteration", [0, 1, 700, 1289, 1290])
def test_timeline_has_one_knob(iteration: int):
    text = as_text([timeline(canned.frame(iteration=max(iteration, 1)), 48, INK)])
    assert text.count("●") == 1
    assert len(text.rstrip("\n")) == 48


@pytest.mark.parametrize("width", [12, 30, 46, 60, 90])
def test_title_lines_fill_their_width(width: int):
    tabs, others = ("Activations", "Gradients", "Optimizer"), ("4 Curves", "5 Lesson")
    for active in range(3):
        line = title_line(3, tabs, active, width, INK, focused=True, note="log", others=others)
        assert sum(segment.cell_length for segment in line) == width
        assert tabs[active] in as_text([line]) or width < 20


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_a_click_on_the_timeline_leads_to_where_the_knob_is_then(width: int):
    """From each cell: what it stands for is drawn in that very cell. Its arrows are the start and what was reached."""
    frame = canned.frame()
    row = as_text([header_lines("t", Status("paused", "paused"), frame, width, 2, INK)[0]])
    first, last = row.index("\u25c2"), row.index("\u25b8")
    assert [timeline_at(x, frame, width) for x in (first - 1, last + 1, 0)] == [None, None, None]
    assert timeline_at(first, frame, width) == 0
    assert timeline_at(last, frame, width) == frame.reached.iteration
    for x in range(first + 1, last):
        iteration = timeline_at(x, frame, width)
        assert iteration is not None
        end = max(frame.planned_iterations, frame.reached.iteration)
        assert min(int(iteration / end * (last - first - 1)), last - first - 2) == x - first - 1
    assert timeline_at(50, frame, 50) is None


@pytest.mark.parametrize("width", [26, 48])
def test_the_timeline_shows_checkpoints_and_where_stops_halted(width: int):
    """Ticks only on what was reached and never over a mark; the knob stays where it is; the words behind it, too."""
    frame = canned.frame(iteration=640)
    plain = as_text([timeline(frame, width, INK)]).rstrip("\n")
    ticks = range(0, 1200, 40)
    text = as_text([timeline(frame, width, INK, [(320, "halt", "warn")], ticks)]).rstrip("\n")
    assert len(text) == len(plain)
    assert text.index("●") == plain.index("●")
    assert text.count("■") == 1
    assert all(text[k] == plain[k] for k in range(len(plain)) if plain[k] not in "━" and text[k] not in "┷■")
    end = max(k for k, sign in enumerate(text) if sign in "┷●")
    assert not set(text[end + 1 :]) & set("┷■")
    assert "┷" in text
