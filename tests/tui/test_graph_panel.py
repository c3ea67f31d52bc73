"""The Graph tab on a real run: what it writes adds up."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest

from tests.tui.goldens import as_text
from tui_nn.debugger.session import Session
from tui_nn.scenario import load_scenario
from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.graph import _sum_line, _with_formula, graph_lines, move, unit_of
from tui_nn.tui.view import View

INK, ASCII, COLOUR = Ink(mono=True), Ink(mono=True, ascii=True), Ink()


def behind_backward(preset: str, iteration: int = 5) -> Session:
    """In the middle of an iteration: all gradients are there, nothing has been updated."""
    session = Session(load_scenario(preset))
    first = next(op.index for op in session.program.ops if op.phase == "update")
    session.goto(iteration, first)
    return session


@pytest.mark.parametrize("preset", ["xor-mlp", "digits-dnn", "batch-norm", "dropout", "lr-too-large"])
def test_nothing_overflows(preset: str):
    session = behind_backward(preset)
    for layer in range(len(session.program.layers)):
        for width, height in ((24, 3), (40, 9), (79, 22), (140, 40)):
            for ink in (INK, ASCII, COLOUR):
                for view in (View(layer=layer), View(layer=layer, sample=99, unit=999, row=99, column=9999)):
                    lines = graph_lines(session.frame(), view, width, height, ink)
                    assert len(lines) <= height
                    assert max((sum(s.cell_length for s in line) for line in lines), default=0) <= width


def test_the_products_add_up_to_the_output():
    session = behind_backward("xor-mlp")
    frame = session.frame()
    text = as_text(graph_lines(frame, View(layer=0, sample=1, unit=2), 100, 30, INK))
    found = re.search(r"= ([-\d.e]+)$", next(line for line in text.splitlines() if line.startswith(" z =")))
    assert found is not None
    assert float(found[1]) == pytest.approx(float(frame.layers[0].activation[1, 2]), rel=1e-4)


def test_the_shares_of_the_samples_add_up_to_the_gradient():
    """∂loss/∂w is the sum over the batch of δ · x; each sample's share is what the tab says of it."""
    session = behind_backward("xor-mlp")
    frame, shares, whole = session.frame(), [], 0.0
    for sample in range(frame.rows):
        text = as_text(graph_lines(frame, View(layer=0, sample=sample, unit=1, column=1), 100, 30, INK))
        found = re.search(r"δ · x = ([-\d.e]+), all together ([-\d.e]+)", text)
        assert found is not None
        shares.append(float(found[1]))
        whole = float(found[2])
    assert sum(shares) == pytest.approx(whole, rel=1e-2, abs=1e-6)
    assert whole == pytest.approx(float(frame.layers[0].parameters[0].grad[1, 1]), rel=1e-3)


def test_an_edge_is_followed_there_and_back():
    """From unit 0 of the last layer along input 2 to the activation below it, on to the dense layer, and up again."""
    frame = behind_backward("xor-mlp").frame()
    names = [layer.name for layer in frame.layers]
    view = View(layer=names.index("dense_2"), unit=0)
    move(frame, view, 0, 1)
    move(frame, view, 0, 1)
    move(frame, view, -1, 0)
    assert (names[view.layer], view.unit) == ("tanh_1", 2)
    move(frame, view, -1, 0)
    assert (names[view.layer], view.unit) == ("dense_1", 2)
    move(frame, view, 1, 0)
    move(frame, view, 1, 0)
    assert (names[view.layer], view.unit, view.column) == ("dense_2", 0, 2)


def test_what_is_not_there_yet_is_said():
    session = Session(load_scenario("xor-mlp"))
    assert "has not been computed" in as_text(graph_lines(session.frame(), View(), 79, 20, INK))
    session.step("op", 3)
    assert "no error has come back" in as_text(graph_lines(session.frame(), View(), 79, 20, INK))
    assert unit_of(session.frame(), View(layer=3)) is None or np.isfinite(session.frame().layers[0].activation).all()


def test_the_sum_is_written_as_one_adds_by_hand():
    """A negative bias is taken away, and where there is none nothing is added."""
    assert _sum_line(0.81927, 0.5594, 1.37867, 60) == " z = Σ x · w + b = 0.81927 + 0.55940 = 1.3787"
    assert _sum_line(0.0, -2.069, -2.069, 60) == " z = Σ x · w + b = 0 - 2.0690 = -2.0690"
    assert _sum_line(7.8716, None, 7.8716, 60) == " z = Σ x · w = 7.8716"
    assert _sum_line(0.81927, 0.5594, 1.37867, 32) == " z = 0.81927 + 0.55940 = 1.3787"


def test_a_formula_that_does_not_fit_stands_below():
    op = SimpleNamespace(formula="δz = δa where z > 0, else 0.01 δa")
    assert _with_formula(" δ in   -3.4107e-4", op, 79) == [" δ in   -3.4107e-4    δz = δa where z > 0, else 0.01 δa"]
    assert _with_formula(" δ in   -3.4107e-4", op, 49) == [
        " δ in   -3.4107e-4",
        "      δz = δa where z > 0, else 0.01 δa",
    ]
