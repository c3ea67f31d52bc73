"""Panels of layers with places and time steps: what they draw is read back, at every size."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import numpy as np
import pytest

from tui_nn.debugger import Session
from tui_nn.debugger.recurrence import pre_activation, step_errors, steps_of
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.panels import VIEWS
from tui_nn.tui.ink import Ink
from tui_nn.tui.microscope import microscope
from tui_nn.tui.panels.places import index_of, seen, spot, where
from tui_nn.tui.pictures import Pictures
from tui_nn.tui.text import cells, number
from tui_nn.tui.view import View

SIZES = [(120, 40), (78, 20), (60, 12), (38, 9), (38, 6)]
NETWORKS: dict[str, dict[str, Any]] = {
    "image": {
        "data": {"source": "digits", "samples": 60, "batch_size": 8, "shape": [8, 8, 1]},
        "layers": [
            {"type": "conv2d", "filters": 6, "kernel": 3, "padding": "same", "activation": "relu"}, {"type": "max_pool"},
            {"type": "conv2d", "filters": 3, "kernel": 2}, {"type": "flatten"}, {"type": "dense", "units": 10},
        ],
    },
    "signal": {
        "data": {"source": "ekg", "samples": 40, "batch_size": 8},
        "layers": [
            {"type": "conv1d", "filters": 4, "kernel": 5, "stride": 2, "activation": "tanh"},
            {"type": "global_avg_pool"}, {"type": "dense", "units": 1},
        ],
        "loss": {"type": "binary_cross_entropy"},
    },
    **{
        kind: {
            "data": {"source": "recall", "samples": 40, "batch_size": 8},
            "layers": [{"type": kind, "units": 5}, {"type": "dense", "units": 4}],
        }
        for kind in ("rnn", "lstm", "gru")
    },
    "echo": {
        "data": {"source": "echo", "samples": 40, "batch_size": 8},
        "layers": [{"type": "gru", "units": 5, "returns": "sequence"}, {"type": "dense", "units": 4}],
    },
}  # fmt: skip


@cache
def session(name: str) -> Session:
    base: dict[str, Any] = {
        "id": name, "title": name, "loss": {"type": "sparse_categorical_cross_entropy"},
        "optimizer": {"type": "adam"}, "train": {"iterations": 20}, "dtype": "float64",
    }  # fmt: skip
    if name == "echo":  # as many classes as the source has
        from tui_nn.data.shape import data_shape

        probe = Scenario.model_validate(base | NETWORKS["rnn"] | {"data": NETWORKS["echo"]["data"]})
        NETWORKS["echo"]["layers"][1]["units"] = data_shape(probe.data).n_outputs
    made = Session(Scenario.model_validate(base | NETWORKS[name]))
    made.run(3)
    return made


def text_of(lines: list[list[Any]]) -> str:
    return "\n".join("".join(segment.text for segment in line) for line in lines)


def drawn(name: str, tab: str, mode: str, view: View | None = None, size=(100, 30), ink: Ink | None = None) -> str:
    view = view or View()
    view.detail, view.modes[tab] = tab, VIEWS[tab].index(mode)
    return text_of(microscope(tab).lines(session(name).frame(), view, size[0], size[1], ink or Ink()))


PICTURES = [
    ("image", "activations", "feature maps"), ("signal", "activations", "feature maps"), ("echo", "activations", "feature maps"),
    ("image", "activations", "map"), ("image", "activations", "units"), ("image", "gradients", "over depth"),
    ("image", "weights", "fields"), ("signal", "weights", "fields"), ("image", "weights", "map"), ("image", "optimizer", "sum"),
    ("lstm", "weights", "map"), ("gru", "weights", "map"), ("lstm", "optimizer", "maps"), ("lstm", "optimizer", "spread"),
    *((kind, "activations", "gates") for kind in ("rnn", "lstm", "gru", "echo", "image")),
    *((kind, "gradients", "over steps") for kind in ("rnn", "lstm", "gru", "echo", "image")),
]  # fmt: skip


INKS = {"dark": Ink(), "light": Ink(dark=False), "ascii": Ink(mono=True, ascii=True)}
IN_ASCII = [(*picture, "ascii") for picture in PICTURES]
IN_COLOUR = [(*picture, ink) for picture in PICTURES for ink in ("dark", "light")]


@pytest.mark.parametrize(
    ("name", "tab", "mode", "ink"), IN_ASCII + IN_COLOUR[:: 1 if os.environ.get("TUI_NN_FULL") == "1" else 3]
)
def test_nothing_overflows(name, tab, mode, ink):
    """Every picture in ASCII and in both colours; outside the full run two of three in one colour, in turn."""
    ink = INKS[ink]
    view = View()
    view.detail, view.modes[tab] = tab, VIEWS[tab].index(mode)
    for width, height in SIZES:
        for layer in range(len(session(name).program.layers)):
            view.layer = layer
            lines = microscope(tab).lines(session(name).frame(), view, width, height, ink)
            assert len(lines) <= height
            for line in lines:
                assert sum(cells(segment.text) for segment in line) <= width, (width, height, text_of([line]))
            if ink.ascii and tab != "optimizer":  # its formulas keep their letters
                assert text_of(lines).isascii()


@pytest.mark.parametrize("name", ["image", "lstm", "echo"])
def test_the_graph_and_the_data_tab_draw_it_too(name):
    view = View()
    for tab in ("graph", "data"):
        for mode in range(max(len(microscope(tab).modes), 1)):
            view.modes[tab] = mode
            for layer in range(len(session(name).program.layers)):
                view.layer = layer
                for width, height in SIZES:
                    lines = microscope(tab).lines(session(name).frame(), view, width, height, Ink())
                    assert all(sum(cells(segment.text) for segment in line) <= width for line in lines)
    view.pictures.close()


def test_places_are_counted_as_memory_is():
    shape = (3, 4, 5)
    for index in range(60):
        assert index_of(shape, spot(shape, index)) == index == np.ravel_multi_index(spot(shape, index), shape)
    assert where(shape, 27) == "row 1, column 1, channel 2"
    assert seen(((0, 3), (2, 3))) == "rows 0 to 2, column 2"


def test_the_pixel_under_the_cursor_is_the_frame_s_and_so_is_its_window():
    frame, view = session("image").frame(), View()
    view.unit = index_of((8, 8, 6), (4, 6, 2))
    text = drawn("image", "activations", "feature maps", view)
    value = frame.layer("conv2d_1").activation[0].reshape(8, 8, 6)[4, 6, 2]
    assert f"row 4, column 6, channel 2 = {value:.5g}"[:38] in text
    assert "sees rows 3 to 5, columns 5 to 7 of the input" in text
    rows = text.splitlines()
    top = next(i for i, line in enumerate(rows) if "┌" in line)
    assert all(glyph in rows[top] for glyph in "┌┐")
    assert all(glyph in rows[top + 2] for glyph in "└┘")
    assert rows[top].index("┌") == 1 + 2 * 5  # column 5 of the input, two cells a pixel
    assert top == 2 + 3  # below the heading and the word "input", row 3


def test_the_arrows_go_on_to_the_next_map():
    frame, view = session("image").frame(), View()
    view.detail, view.modes["activations"] = "activations", VIEWS["activations"].index("feature maps")
    move = microscope("activations").move
    view.unit = index_of((8, 8, 6), (2, 7, 0))
    move(frame, view, 1, 0, False)
    assert spot((8, 8, 6), view.unit) == (2, 0, 1)
    move(frame, view, -1, 0, False)
    assert spot((8, 8, 6), view.unit) == (2, 7, 0)
    move(frame, view, 0, 9, False)
    assert spot((8, 8, 6), view.unit) == (7, 7, 0)


def test_filters_are_the_weights():
    text = drawn("image", "weights", "fields")
    assert all(words in text for words in ("6 filters of 3 × 3", "filter 5"))
    view = View(layer=3, row=2)
    text = drawn("image", "weights", "fields", view)
    assert all(words in text for words in ("filter 2 of 3, 2 × 2 for each of 6 channels", "channel 5"))


def test_views_a_network_has_not_are_passed_over():
    for name, tab, mode, has in (
        ("image", "activations", "feature maps", True), ("lstm", "activations", "feature maps", False),
        ("lstm", "activations", "gates", True), ("image", "activations", "gates", False),
        ("lstm", "gradients", "over steps", True), ("signal", "gradients", "over steps", False),
        ("signal", "weights", "fields", True), ("lstm", "weights", "fields", False),
    ):  # fmt: skip
        found = microscope(tab).has
        assert found is not None
        assert found(session(name).frame(), VIEWS[tab].index(mode)) is has, (name, tab, mode)


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_the_state_by_hand_is_the_engine_s(kind):
    """Sums, gates and mixes worked out from the weights, against what the kernels left."""
    made = session(kind)
    made.goto(iteration=3, op=next(op.index for op in made.program.ops if op.phase == "loss"))
    frame = made.frame()
    layer = frame.layers[0]
    steps = steps_of(frame, layer)
    assert steps is not None

    def sigmoid(z: float) -> float:
        return 1 / (1 + np.exp(-z))

    for t in (0, 1, layer.shape_in[0] - 1):
        for unit in range(layer.units):
            h = steps.hidden[1, t, unit]
            before = steps.hidden[1, t - 1, unit] if t else 0.0
            sums = [
                pre_activation(frame, layer, 1, t, unit, gate) or (np.nan,) for gate in range(max(len(steps.gates), 1))
            ]
            if kind == "rnn":
                assert np.tanh(sum(sums[0])) == pytest.approx(h, rel=1e-12)
            elif kind == "lstm":
                assert steps.cell is not None
                i, f, o = (sigmoid(sum(sums[k])) for k in (0, 1, 3))
                was = steps.cell[1, t - 1, unit] if t else 0.0
                c = f * was + i * np.tanh(sum(sums[2]))
                assert steps.cell[1, t, unit] == pytest.approx(c, rel=1e-12)
                assert o * np.tanh(c) == pytest.approx(h, rel=1e-12)
            else:
                z = sigmoid(sum(sums[1]))
                assert (1 - z) * steps.gates["n"][1, t, unit] + z * before == pytest.approx(h, rel=1e-12)
    made.goto(iteration=3)


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru", "echo"])
def test_the_error_of_each_step_is_the_metric(kind):
    made = session(kind)
    frame, name = made.frame(), made.program.layers[0].name
    steps = steps_of(frame, frame.layers[0])
    assert steps is not None
    errors = step_errors(steps)
    told = [frame.metrics[f"delta_norm.{name}.t{t}"] for t in range(len(errors))]
    np.testing.assert_allclose(errors, told, rtol=1e-6)
    view = View(step=2)
    assert f"t=2: |∂loss/∂h| = {number(float(errors[2]), 4)}" in drawn(kind, "gradients", "over steps", view)


def test_an_lstm_s_cell_is_said_by_hand():
    frame, view = session("lstm").frame(), View(step=4, unit=3, sample=2)
    steps = steps_of(frame, frame.layers[0])
    assert steps is not None
    assert steps.cell is not None
    text = drawn("lstm", "activations", "gates", view)
    assert all(words in text for words in ("unit 3 of 5, sample 2", "t=4"))
    assert f"= {steps.cell[2, 4, 3]:.4g}"[:8] in next(line for line in text.splitlines() if "c = f c' + i g" in line)


def test_a_step_at_a_time_is_seen_as_it_is_computed():
    made = session("rnn")
    first = next(op.index for op in made.program.ops if op.label == "forward rnn_1 t=0")
    made.goto(iteration=2, op=first + 3)
    frame = made.frame()
    steps = steps_of(frame, frame.layers[0])
    assert steps is not None
    assert (steps.n_forward, steps.n_backward) == (3, 0)
    assert "steps 0 to 2 this iteration" in drawn("rnn", "activations", "gates")
    made.goto(iteration=3)


def test_answers_at_each_step_are_counted():
    view = View(pictures=Pictures(is_threaded=False))
    view.modes["data"] = 1
    frame = session("echo").frame()
    text = text_of(microscope("data").lines(frame, view, 100, 20, Ink()))
    n = frame.program.dataset.n_steps
    assert f"of {n} steps right" in text
