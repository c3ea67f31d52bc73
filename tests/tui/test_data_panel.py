"""The Data tab on real networks: what it says of a sample is what the evaluator computes for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.tui.goldens import as_text
from tui_nn.debugger.evaluator import Evaluator
from tui_nn.debugger.regions import answers
from tui_nn.debugger.samples import judge
from tui_nn.debugger.session import Session
from tui_nn.scenario import load_scenario
from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.confusion import counted
from tui_nn.tui.panels.data import BATCH, CONFUSION, MODES, PLANE, WORST, data_lines, move
from tui_nn.tui.pictures import Pictures
from tui_nn.tui.view import View

INK, ASCII, COLOUR = Ink(mono=True), Ink(mono=True, ascii=True), Ink()
PRESETS = ("xor-mlp", "digits-dnn", "adam-vs-sgd", "lr-too-large", "dead-relu", "wine")


WINE = ("data.source=wine", "layers[3].units=3")  # its classes have names of ten letters


def opened(preset: str, iteration: int = 30) -> Session:
    name, *changes = ("digits-dnn", *WINE) if preset == "wine" else (preset,)
    session = Session(load_scenario(name, changes))
    session.goto(iteration)
    return session


def looking(mode: int, **more: Any) -> View:
    return View(modes={"data": mode}, pictures=Pictures(is_threaded=False), **more)


@pytest.fixture(scope="module")
def sessions() -> dict[str, Session]:
    return {preset: opened(preset) for preset in PRESETS}


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("mode", range(len(MODES)))
def test_nothing_overflows(sessions: dict[str, Session], preset: str, mode: int):
    """At any size, with any selection, in colour, without and in ASCII."""
    frame = sessions[preset].frame()
    for width, height in ((24, 3), (40, 9), (47, 12), (79, 22), (140, 40)):
        for view in (looking(mode), looking(mode, sample=10**6, row=99, column=99)):
            for ink in (INK, ASCII, COLOUR):
                lines = data_lines(frame, view, width, height, ink)
                assert len(lines) <= height
                assert max((sum(s.cell_length for s in line) for line in lines), default=0) <= width
    assert as_text(data_lines(frame, looking(mode), 79, 22, ASCII)).isascii()


def test_before_any_operation():
    """No batch yet; the plane and the list show the untrained network."""
    frame = opened("xor-mlp", 0).frame()
    assert "No batch has been loaded" in as_text(data_lines(frame, looking(BATCH), 79, 20, INK))
    assert "4 training samples" in as_text(data_lines(frame, looking(WORST), 79, 20, INK))
    assert "x1 across, x2 up" in as_text(data_lines(frame, looking(PLANE), 79, 20, INK))


def test_the_worst_sample_is_on_top(sessions: dict[str, Session]):
    session = sessions["digits-dnn"]
    frame, dataset = session.frame(), session.program.dataset
    evaluator = Evaluator(session.program)
    evaluator.use(frame.snapshot.mem)
    losses = [
        evaluator.loss(dataset.x_train[k : k + 1], dataset.y_train[k : k + 1]) for k in range(len(dataset.x_train))
    ]
    first = as_text(data_lines(frame, looking(WORST), 100, 20, INK)).splitlines()[2].split()
    assert int(first[1]) == int(np.argmax(losses))
    assert float(first[2]) == pytest.approx(max(losses), rel=1e-3)


def test_the_solved_xor_has_two_bands(sessions: dict[str, Session]):
    """After 2,000 iterations the corners answer as they should, and the drawing has the sign of each."""
    session = opened("xor-mlp", 2000)
    evaluator = Evaluator(session.program)
    found = answers(evaluator, session.frame().snapshot.mem, 41, 41)
    assert found.probabilities is not None
    for x, y, right in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)):
        i, j = int(np.abs(found.y - y).argmin()), int(np.abs(found.x - x).argmin())
        assert (found.probabilities[i, j, 1] > 0.9) == bool(right)
    text = as_text(data_lines(session.frame(), looking(PLANE), 60, 24, INK))
    assert text.count("x") >= 2
    assert "≡" in text
    assert "╬" in text


def test_confusion_counts_every_sample_once(sessions: dict[str, Session]):
    session = sessions["digits-dnn"]
    found = judge(
        Evaluator(session.program), session.frame().snapshot.mem, np.arange(len(session.program.dataset.x_train))
    )
    counts = counted(session.frame(), found)
    right = session.program.dataset.y_train
    assert counts.sum(axis=1).tolist() == np.bincount(right, minlength=10).tolist()
    assert np.trace(counts) == (found.classes == right).sum()


def test_the_matrix_of_the_validation_part_is_the_run_s_own():
    session = opened("digits-dnn", 0)
    session.step("epoch")
    text = as_text(data_lines(session.frame(), looking(CONFUSION), 100, 20, INK))
    counts = session.frame().confusion("validate")
    assert counts is not None
    assert f"{int(np.trace(counts)):,} of {int(counts.sum()):,} right" in text
    assert "validation" in text


def test_the_cursor_stays_among_the_samples(sessions: dict[str, Session]):
    frame, view = sessions["xor-mlp"].frame(), looking(WORST)
    for dy in (-3, 1, 1, 1, 1, 1, 1):
        move(frame, view, 0, dy)
    assert view.sample == 3
