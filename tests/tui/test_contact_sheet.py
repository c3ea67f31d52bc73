"""What the contact sheet finds by itself: pictures that overflow, are empty, cut a word, or are too pale to read."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from rich.segment import Segment
from rich.style import Style

from tests.tui.sheet_checks import clipped, is_blank, pale, too_wide
from tests.tui.sheet_page import Shot, page_svg, pages_of, svg_of, write_sheet


def lines(*texts: str) -> list[list[Segment]]:
    return [[Segment(text)] for text in texts]


def test_a_row_or_a_column_too_many_is_found():
    assert too_wide(lines("1234", "123"), 4, 2) == []
    assert too_wide(lines("12345"), 4, 1) == ["5 cells for 4: '12345'"]
    assert too_wide(lines("한국어"), 5, 1) == ["6 cells for 5: '한국어'"]
    assert too_wide(lines("", "", ""), 4, 2) == ["3 rows for 2"]


def test_an_empty_panel_is_found():
    assert is_blank(lines("   ", ""))
    assert not is_blank(lines("  ", " x"))


def test_a_word_cut_without_a_sign_is_found():
    """gradi fills the last cell and begins a word of the wide picture; gradi… and a whole word do not count."""
    wide = lines("error gradient norm")
    assert len(clipped(lines("error gradi"), wide, 11)) == 1
    assert clipped(lines("error grad…"), wide, 11) == []
    assert clipped(lines("my gradient"), wide, 11) == []
    assert clipped(lines("error gradi"), wide, 20) == []
    assert clipped(lines("2 % of w"), lines("2 % of w; plain descent: what"), 8) == []
    assert len(clipped(lines("2 % of w"), lines("2 % of what"), 8)) == 1


def test_pale_words_are_found():
    """Grey on grey at 1.3 to 1; black on white has 21, and a tile's pattern is no word."""
    grey, clear = Style(color="#777777", bgcolor="#888888"), Style(color="#000000", bgcolor="#ffffff")
    assert len(pale([[Segment("word", grey)]])) == 1
    assert pale([[Segment("word", clear), Segment("░▒", grey)]]) == []


def test_the_sheet_is_a_page_of_pictures(tmp_path):
    """Valid SVG, also where the text has < and &; names that are files."""
    svg = svg_of(lines("loss < 1 & so on", "한국어"), 20, 2, "#000000")
    ElementTree.fromstring(svg)
    shots = [
        Shot(f"moons: Data {k}", "80x24", theme, svg, 20, 2, ["told"]) for k in range(10) for theme in ("dark", "light")
    ]
    assert [(name, len(group)) for name, group in pages_of(shots)] == [
        ("page-80x24-dark-01", 9), ("page-80x24-dark-02", 1), ("page-80x24-light-01", 9), ("page-80x24-light-02", 1),
    ]  # fmt: skip
    ElementTree.fromstring(page_svg(shots[:9]))
    write_sheet(shots, tmp_path, png=False)
    assert len(list(tmp_path.glob("moons-data-*.svg"))) == 20
    assert (tmp_path / "index.html").read_text().count("<figure>") == 20
