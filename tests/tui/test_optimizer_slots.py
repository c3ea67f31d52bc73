"""The Optimizer tab shows whatever an optimizer keeps."""

import pytest

from tests.engine.make import make_session
from tests.engine.optimizer_cases import CASES, PATHS
from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.optimizer import FORMULAS, SLOT_NAMES, optimizer_lines, quantities
from tui_nn.tui.text import cells
from tui_nn.tui.view import View


@pytest.mark.parametrize("case", PATHS)
def test_every_slot_has_a_symbol_and_a_map(case):
    """Each slot once, under a symbol of its own, between the gradient and the step; no line is wider than the panel, with
    the cursor on a weight and on a bias, and the formula of the optimizer stands below."""
    session = make_session([(5, "tanh"), (2, "linear")], optimizer=CASES[case])
    session.goto(2)
    frame = session.frame()
    symbols = [quantity.symbol for quantity in quantities(frame.layers[0])]
    slots = session.scenario.optimizer.slots
    assert len(set(symbols)) == len(symbols)
    assert all(SLOT_NAMES[slot][0] in symbols for slot in slots)
    assert symbols[:2] + symbols[-1:] == ["w", "g", "step"]
    for column in (0, 3):
        for width, height in ((120, 30), (80, 24), (80, 8), (44, 12)):
            lines = [
                "".join(s.text for s in line)
                for line in optimizer_lines(frame, View(column=column), width, height, Ink())
            ]
            assert len(lines) == height
            assert all(cells(line) <= width for line in lines)
        assert FORMULAS[CASES[case]["type"]][:12] in lines[-1]
