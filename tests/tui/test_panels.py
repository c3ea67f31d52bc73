"""Every panel drawn from canned frames, wide and narrow, compared with the pictures in golden/."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.table import over
from tests.tui import canned
from tests.tui.goldens import as_text, check
from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.activations import activations_lines
from tui_nn.tui.panels.curves import curves_lines
from tui_nn.tui.panels.gradient_history import stretches
from tui_nn.tui.panels.gradients import gradients_lines
from tui_nn.tui.panels.graph import graph_lines
from tui_nn.tui.panels.layers import layers_lines
from tui_nn.tui.panels.lesson import Cue, lesson_lines, script_lines
from tui_nn.tui.panels.optimizer import optimizer_lines
from tui_nn.tui.panels.program import program_lines
from tui_nn.tui.panels.weights import weights_lines
from tui_nn.tui.text import number
from tui_nn.tui.view import View

INK, ASCII = Ink(mono=True), Ink(mono=True, ascii=True)


def in_mode(lines: Any, name: str, mode: int) -> Any:
    """The microscope's picture number `mode`, with the start of the run marked."""

    def draw(frame: Any, view: View, width: int, height: int, ink: Ink) -> Any:
        marked = canned.frame((8, 4), "tanh", n_in=2, rows=4, optimizer="momentum", iteration=3, validation=False)
        shown = replace(view, modes={name: mode}, marked=marked)
        return lines(frame, shown, width, height, ink)

    return draw


VIEWED: dict[str, Any] = {
    "layers": layers_lines,
    "activations": activations_lines,
    "gradients": gradients_lines,
    "gradients-time": in_mode(gradients_lines, "gradients", 1),
    "gradients-parameters": in_mode(gradients_lines, "gradients", 2),
    "gradients-histogram": in_mode(gradients_lines, "gradients", 3),
    "graph": graph_lines,
    "optimizer": optimizer_lines,
    "activations-histogram": in_mode(activations_lines, "activations", 1),
    "activations-units": in_mode(activations_lines, "activations", 2),
    "weights": weights_lines,
    "weights-histogram": in_mode(weights_lines, "weights", 1),
    "weights-change": in_mode(weights_lines, "weights", 2),
    "weights-fields": in_mode(weights_lines, "weights", 3),
    "curves": curves_lines,
}
SIZES = {"wide": (79, 22), "narrow": (38, 10)}
FRAMES = {
    "digits": canned.frame(),
    "odd": canned.frame((8, 4), "tanh", n_in=2, rows=4, optimizer="momentum", odd=True, iteration=20, validation=False),
    "one-unit": canned.frame((1,), n_in=1, rows=50, optimizer="sgd", iteration=3, validation=False),
}
LESSON = {
    "en": "Each update multiplies the error of the bias by 1 - 2 lr:\n\n    1 - 2 · 1.05 = -1.1\n\nThe other side, and further away.",
    "ko": "갱신할 때마다 편향의 오차에 1 - 2 lr이 곱해집니다.\n\n    1 - 2 · 1.05 = -1.1\n\n반대쪽으로, 그리고 더 멀리 갑니다.",
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("panel", VIEWED)
def test_picture(panel: str, name: str, size: str):
    width, height = SIZES[size]
    view = View(layer=1, sample=1, unit=2, row=0, column=1)
    check(f"{panel}-{name}-{size}", VIEWED[panel](FRAMES[name], view, width, height, INK), width, height)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", FRAMES)
def test_program_picture(name: str, size: str):
    width, height = SIZES[size]
    check(f"program-{name}-{size}", program_lines(FRAMES[name], width, height, INK), width, height)


@pytest.mark.parametrize("lang", LESSON)
@pytest.mark.parametrize("width", [24, 44])
def test_lesson_picture(lang: str, width: int):
    check(f"lesson-{lang}-{width}", lesson_lines(LESSON[lang], width, INK), width, 30)


@pytest.mark.parametrize("lang", LESSON)
def test_script_picture(lang: str):
    cues = [
        Cue({"en": "One operation at a time.", "ko": "연산 하나씩 실행합니다."}, ("step 3 ops",)),
        Cue({"en": "Now at full speed, for fifteen epochs.", "ko": "이제 전속력으로 학습합니다."}, ("run 15 epochs",)),
        Cue({}, ("goto end",)),
    ]
    lines, focus = script_lines(cues, 2, lang, 34, INK)
    check(f"script-{lang}", lines, 34, 30)
    assert "▶" in as_text([lines[focus]])


@over([*VIEWED, "program"], FRAMES)
def test_ascii_mode_is_ascii(panel: str, name: str):
    frame = FRAMES[name]
    lines = (
        program_lines(frame, 60, 20, ASCII)
        if panel == "program"
        else VIEWED[panel](frame, View(layer=1), 60, 20, ASCII)
    )
    foreign = {letter for letter in as_text(lines) if not letter.isascii()}
    assert foreign <= set("δ∂√βμεθ²̂ᵀΣ"), foreign  # letters of formulas, which have no ASCII of one cell


@over(VIEWED, FRAMES, [40, 47, 64, 100, 140], [3, 5, 9, 30])
def test_nothing_overflows(panel: str, name: str, width: int, height: int):
    """At any size, with any selection, lines are no wider and no more than the room."""
    frame = FRAMES[name]
    for view in (View(), View(layer=99, sample=999, unit=999, row=999, column=999, read=5, log=True)):
        lines = VIEWED[panel](frame, view, width, height, INK)
        assert len(lines) <= height
        assert max((sum(s.cell_length for s in line) for line in lines), default=0) <= width


def test_the_next_operation_is_marked_and_the_done_ones_ticked():
    frame = canned.frame(at_op=4)
    text = as_text(program_lines(frame, 60, 30, INK)).splitlines()
    assert [line[0] for line in text[:6]] == ["✓", "✓", "✓", "✓", "▶", " "]


def test_loss_stands_beside_its_row():
    assert "0.1423" in next(
        line for line in as_text(program_lines(canned.frame(), 60, 30, INK)).splitlines() if "Σ" in line
    )


def test_validation_says_when_it_is_due():
    """Iteration 128 of 43 an epoch is the last of its third epoch, 127 is not."""
    not_due = as_text(program_lines(canned.frame(iteration=127), 60, 30, INK))
    due = as_text(program_lines(canned.frame(iteration=128), 60, 30, INK))
    assert "at epoch's end" in not_due
    assert "at epoch's end" not in due


def test_the_cursor_reads_the_exact_value():
    frame = canned.frame()
    view = View(layer=2, sample=3, unit=17)
    text = as_text(activations_lines(frame, view, 79, 22, INK))
    assert f"sample 3, unit 17 = {number(frame.layers[2].activation[3, 17], 5)} " in text


def test_the_fade_is_the_ratio_of_the_ends():
    """Errors of 1e-8 at the first layer and 1e-2 at the last: a millionth."""
    frame = canned.frame(at_op=16)
    frame.layers[0].metrics["delta_norm"], frame.layers[-1].metrics["delta_norm"] = 1e-8, 1e-2
    assert "×1.0e-6 from dense_4 to dense_1" in as_text(gradients_lines(frame, View(), 79, 22, INK))


@pytest.mark.parametrize(
    ("optimizer", "symbols"),
    [("sgd", ["w", "g", "step"]), ("momentum", ["w", "g", "b", "step"]), ("adam", ["w", "g", "m", "v", "√v", "step"])],
)
def test_the_optimizer_tab_shows_what_there_is(optimizer: str, symbols: list[str]):
    frame = canned.frame((3, 2), n_in=2, optimizer=optimizer)
    lines = as_text(optimizer_lines(frame, View(), 40, 8, INK)).splitlines()
    assert [line.split()[0] for line in lines[1 : 1 + len(symbols)]] == symbols


def test_the_bias_is_behind_the_last_input():
    frame = canned.frame((3, 2), n_in=2)
    text = as_text(optimizer_lines(frame, View(row=1, column=2), 79, 20, INK))
    assert "dense_1.bias[1]" in text
    assert f"{frame.layers[0].parameters[1].value[1]:.5f}"[:6] in text


def test_a_frame_before_any_operation():
    """Nothing is computed: every panel says so instead of drawing zeros."""
    frame = canned.frame(iteration=0, at_op=0, rows=0)
    frame.metrics.clear()
    frame.history._curves.clear()
    for layer in frame.layers:
        layer.metrics.clear()
        layer.is_forward_fresh = layer.is_backward_fresh = layer.has_delta = False
    assert "not been computed yet" in as_text(activations_lines(frame, View(), 79, 20, INK))
    assert "No gradient" in as_text(gradients_lines(frame, View(), 79, 20, INK))
    assert "not computed yet" in as_text(layers_lines(frame, View(), 60, 20, INK))
    assert "measured once an iteration" in as_text(curves_lines(frame, View(), 79, 20, INK))
    assert "dense_1.weight[0,0]" in as_text(optimizer_lines(frame, View(), 79, 20, INK))


def test_a_spike_is_never_lost_from_the_history_of_errors():
    """One of 10,000 iterations, in 40 columns; a NaN too."""
    values = np.ones(10_000)
    values[7_777] = 50.0
    assert stretches(values, 40).max() == 50.0
    assert len(stretches(values, 40)) == 40
    values[123] = math.nan
    assert np.isnan(stretches(values, 40)).sum() == 1
    assert stretches(values[:7], 40).tolist() == [1.0] * 7


def test_readings_follow_the_reading_cursor():
    frame = canned.frame()
    text = as_text(curves_lines(frame, View(read=57), 79, 12, INK))
    assert text.startswith(f" at 57: ━ batch {frame.history['loss'][57]:.4f}")
    nothing_yet = as_text(curves_lines(frame, View(read=3), 79, 12, INK))
    assert "validation –" in nothing_yet


def test_a_regression_has_no_accuracy():
    frame = canned.frame((1,), n_in=1, validation=False)
    del frame.program.metrics["accuracy"]
    assert "no accuracy" in as_text(curves_lines(frame, View(curve="accuracy"), 60, 10, INK))


def test_numbers_that_overflow_do_not_warn(recwarn: pytest.WarningsRecorder):
    """inf - inf on its way to a mean is a NaN to show, not words on standard error."""
    frame = canned.frame((4, 2), n_in=2, rows=4)
    for layer in frame.layers:
        layer.activation[:] = np.array([math.inf, -math.inf, math.nan, 1e308])[:, None]
        layer.delta[:] = math.inf
    for panel in VIEWED.values():
        panel(frame, View(layer=0), 79, 20, INK)
    assert not recwarn.list


@over(FRAMES, [29, 30, 32])
def test_the_left_column_fits_its_narrowest(name: str, width: int):
    """Program and Layers, beside everything else on a screen of 80 columns."""
    for lines in (layers_lines(FRAMES[name], View(), width, 9, INK), program_lines(FRAMES[name], width, 11, INK)):
        assert max(sum(s.cell_length for s in line) for line in lines) <= width


def test_a_cursor_leaves_no_number_beside_its_own():
    """On unit 1 of cells one column wide the 0 before it is left out: 01 is no unit. Wide cells keep it."""
    head = as_text(activations_lines(FRAMES["digits"], View(layer=1, unit=1), 79, 22, INK)).splitlines()[1]
    assert head.split()[:3] == ["unit", "1", "10"]
    head = as_text(activations_lines(FRAMES["odd"], View(layer=1, unit=1), 79, 22, INK)).splitlines()[1]
    assert head.split()[:4] == ["unit", "0", "1", "2"]
