"""The layout arithmetic at every size."""

from itertools import product

import numpy as np
import pytest

from tui_nn.tui.arrange import MIN_HEIGHT, MIN_WIDTH, Area, arrange, is_too_small
from tui_nn.tui.commands import PANELS

SIZES = [
    (w, h) for w in (40, 59, 79, 80, 81, 119, 120, 121, 200, 300) for h in (12, 15, 16, 23, 24, 37, 38, 40, 60, 100)
]


@pytest.mark.parametrize("focus", PANELS)
def test_areas_tile_the_screen(focus: str):
    """Every cell belongs to exactly one area; the focused panel is among them; none is too small to say anything."""
    for (width, height), zoomed, (n_ops, n_layers) in product(SIZES, [False, True], [(3, 1), (29, 7), (300, 100)]):
        result = arrange(width, height, focus, zoomed=zoomed, n_ops=n_ops, n_layers=n_layers)
        areas: list[Area] = [result.header, result.footer, *result.panels.values(), *result.bars]
        grid = np.zeros((height, width), dtype=int)
        for area in areas:
            grid[area.y : area.y + area.height, area.x : area.x + area.width] += 1
        assert sum(area.width * area.height for area in areas) == width * height
        assert (grid == 1).all()
        assert focus in result.panels
        for area in result.panels.values():
            assert area.width >= 29
            assert area.height >= 3


def test_every_panel_is_shown_or_named():
    """What does not fit is listed in the title line of a panel that is there."""
    for (width, height), focus in product(SIZES, PANELS):
        result = arrange(width, height, focus)
        hidden = {name for names in result.hidden.values() for name in names}
        assert hidden | set(result.panels) == set(PANELS)
        assert not hidden & set(result.panels)
        assert set(result.hidden) <= set(result.panels)


def test_three_zones_two_and_one():
    assert set(arrange(120, 40, "program").panels) == set(PANELS)
    assert set(arrange(80, 24, "program").panels) == {"program", "layers", "detail"}
    assert set(arrange(80, 24, "program", right="lesson").panels) == {"program", "layers", "lesson"}
    assert set(arrange(79, 24, "curves").panels) == {"curves"}
    assert set(arrange(120, 40, "curves", zoomed=True).panels) == {"curves"}


def test_the_smallest_screen():
    assert not is_too_small(MIN_WIDTH, MIN_HEIGHT)
    assert is_too_small(MIN_WIDTH - 1, MIN_HEIGHT)
    assert is_too_small(MIN_WIDTH, MIN_HEIGHT - 1)
