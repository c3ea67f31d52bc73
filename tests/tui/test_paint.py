"""From segments to strips: the same cells as Textual's own three steps, in fewer pieces."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui_nn.tui.paint import paint

BASE = Style(color="#dddddd", bgcolor="#101010")
STYLES = [None, Style(color="red"), Style(bold=True), Style(color="#ffffff", bgcolor="#123456"), Style(), BASE]
WORDS = ["", " ", "ab", "한글", "━", "x" * 9, "é"]


def cells(strip: Strip) -> list[tuple[str, Style | None]]:
    return [(letter, segment.style) for segment in strip for letter in segment.text]


@pytest.mark.parametrize("width", [0, 1, 7, 20, 60])
def test_the_same_cells_as_textual_makes(width: int):
    chosen = random.Random(width)
    widget: Any = SimpleNamespace(size=SimpleNamespace(width=width), rich_style=BASE)
    for _ in range(300):
        line = [Segment(chosen.choice(WORDS), chosen.choice(STYLES)) for _ in range(chosen.randint(0, 12))]
        (strip,) = paint(widget, [line])
        expected = Strip(line).adjust_cell_length(width).apply_style(BASE)
        assert strip.cell_length == sum(segment.cell_length for segment in strip) == width
        assert cells(strip) == cells(expected), line


def test_neighbours_of_one_style_are_one_piece():
    style = Style(color="red")
    widget: Any = SimpleNamespace(size=SimpleNamespace(width=10), rich_style=BASE)
    (strip,) = paint(widget, [[Segment("a", style), Segment("b", style), Segment("c"), Segment("", style)]])
    assert [segment.text for segment in strip] == ["ab", "c" + " " * 7]
