"""The Landscape tab on real runs: bands by rank, the path where it went, and words where there is nothing yet."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.tui.goldens import as_text
from tui_nn.debugger.session import Session
from tui_nn.scenario import load_scenario
from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.landscape import BANDS, MODES, banded, landscape_lines, move, points
from tui_nn.tui.pictures import Pictures
from tui_nn.tui.view import View

INK, ASCII, COLOUR = Ink(mono=True), Ink(mono=True, ascii=True), Ink()


def looking(session: Session, mode: int = 0, **more: Any) -> View:
    return View(modes={"landscape": mode}, pictures=Pictures(is_threaded=False), path=session.path, **more)


@pytest.mark.parametrize("preset", ["adam-vs-sgd", "xor-mlp", "lr-too-large"])
@pytest.mark.parametrize("mode", range(len(MODES)))
def test_nothing_overflows(preset: str, mode: int):
    """lr-too-large diverges: what is not finite is marked."""
    session = Session(load_scenario(preset))
    session.goto(40)
    for width, height in ((24, 4), (40, 10), (79, 22), (140, 40)):
        for ink in (INK, ASCII, COLOUR):
            view = looking(session, mode, land=(99, 99))
            lines = landscape_lines(session.frame(), view, width, height, ink)
            assert len(lines) <= height
            assert max((sum(s.cell_length for s in line) for line in lines), default=0) <= width
    assert as_text(landscape_lines(session.frame(), looking(session, mode), 79, 22, ASCII)).isascii()


def test_the_ravine_is_exact_and_has_its_path():
    session = Session(load_scenario("adam-vs-sgd"))
    session.goto(100)
    text = as_text(landscape_lines(session.frame(), looking(session), 79, 22, INK))
    assert "here, exact, loss of 16 training samples" in text
    assert "S" in text.split("\n", 1)[1]
    assert text.count("*") > 3


def test_at_the_start_there_is_no_path():
    session = Session(load_scenario("xor-mlp"))
    assert "path is still a point" in as_text(landscape_lines(session.frame(), looking(session), 79, 22, INK))
    assert "random plane" in as_text(landscape_lines(session.frame(), looking(session, 1), 79, 22, INK))


def test_bands_are_ranks():
    """Of 0 to 99 each of the nine bands holds a ninth, in order; what is not finite has none."""
    loss = np.arange(100.0).reshape(10, 10)
    bands, edges = banded(loss)
    counts = np.bincount(bands.ravel())
    assert len(counts) == BANDS + 1
    assert set(counts.tolist()) <= {10, 11, 12}
    assert (np.diff(bands.ravel()) >= 0).all()
    assert (np.diff(edges) > 0).all()
    loss[0, :2] = np.nan, np.inf
    assert banded(loss)[0][0, :2].tolist() == [-1, -1]
    assert banded(np.full((2, 2), np.nan))[0].tolist() == [[-1, -1], [-1, -1]]
    assert banded(np.ones((2, 2)))[0].max() <= BANDS


def test_up_is_up_from_the_middle():
    """The cursor stands in the middle of the plane that is drawn, and one step is one point, however large the plane."""
    session = Session(load_scenario("xor-mlp"))
    session.goto(40)
    for width, height in ((40, 14), (79, 22), (131, 35)):
        view = looking(session)
        landscape_lines(session.frame(), view, width, height, INK)
        columns, rows = points(width, height)
        move(session.frame(), view, 1, -1)
        assert view.land == (rows // 2 + 1, columns // 2 + 1)
        for _ in range(100):
            move(session.frame(), view, 1, -1)
        assert view.land == (rows - 1, columns - 1)
        move(session.frame(), view, -1, 0)
        assert view.land == (rows - 1, columns - 2)


@pytest.mark.parametrize(("width", "height"), [(79, 22), (131, 35), (198, 36)])
def test_it_fills_its_panel(width: int, height: int):
    """All rows but the heading's, the axis' and the reading's; and nine tenths of the columns or more."""
    session = Session(load_scenario("lr-too-large", ["optimizer.lr=0.5"]))
    session.goto(10)
    lines = landscape_lines(session.frame(), looking(session), width, height, INK)
    assert len(lines) >= height - 1
    assert sum(segment.cell_length for segment in lines[height // 2]) >= 0.9 * width
