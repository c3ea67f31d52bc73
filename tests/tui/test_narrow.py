"""Panels as narrow as they get: beside a twin at 120 columns, or alone on a screen of 40. What they say is said whole."""

from __future__ import annotations

import re

import pytest

from tests.tui.goldens import as_text
from tui_nn.debugger.session import Session
from tui_nn.scenario import load_scenario
from tui_nn.tui.ink import Ink
from tui_nn.tui.microscope import TITLES, microscope
from tui_nn.tui.pictures import Pictures
from tui_nn.tui.view import View

INK = Ink(mono=True)
RUNS = {
    "vanishing-sigmoid": (50, 0),
    "dead-relu-cured": (90, 0),
    "batch-norm": (60, 5),
    "adam-vs-sgd": (120, 0),
    "digits-dnn": (330, 8),
}


@pytest.mark.parametrize("preset", RUNS)
def test_nothing_is_cut_at_39_cells(preset: str):
    """In no microscope and no view of it is there a cut word; names on the way through the graph are left out whole."""
    session = Session(load_scenario(preset))
    session.goto(*RUNS[preset])
    frame = session.frame()
    for layer in range(min(len(frame.layers), 3)):
        for name in TITLES:
            for mode in range(max(len(microscope(name).modes), 1)):
                view = View(
                    layer=layer, modes={name: mode}, pictures=Pictures(is_threaded=False), path=session.path, marked=frame
                )  # fmt: skip
                for height in (9, 20):
                    text = as_text(microscope(name).lines(frame, view, 39, height, INK))
                    cut = [line for line in text.splitlines() if "…" in line and not re.search("→ …|… →|…\\)", line)]
                    assert not cut, (name, mode, height, cut)
