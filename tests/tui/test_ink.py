"""Colour maps and glyphs: level must be readable without colour, and without hue."""

from itertools import pairwise

import pytest
from rich.cells import cell_len

from tui_nn.tui.ink import (
    ASCII_GLYPHS,
    ASCII_WORDS,
    GLYPHS,
    LEVELS,
    NEGATIVE,
    PALETTE,
    POSITIVE,
    SEQUENTIAL,
    Ink,
    luminance,
    ramp,
    rgb,
)

MAPS = {"levels": SEQUENTIAL, "positive": POSITIVE, "negative": NEGATIVE}


@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize("kind", MAPS)
def test_luminance_is_monotone(kind: str, dark: bool):
    """Every step is lighter than the one before on a dark ground, darker on a light one: grey prints keep the order."""
    steps = [luminance(colour) for colour in ramp(MAPS[kind][dark], LEVELS)]
    for a, b in pairwise(steps):
        assert (b > a) if dark else (b < a)


@pytest.mark.parametrize("dark", [True, False])
def test_both_signs_start_from_one_middle(dark: bool):
    """0 looks the same from either side, and the strongest value of either sign is far from it in luminance."""
    assert POSITIVE[dark][0] == NEGATIVE[dark][0]
    middle = luminance(rgb(POSITIVE[dark][0]))
    for side in (POSITIVE, NEGATIVE):
        assert abs(luminance(rgb(side[dark][-1])) - middle) > 0.4


@pytest.mark.parametrize("ascii", [True, False])
@pytest.mark.parametrize("kind", MAPS)
def test_level_is_told_by_glyph_alone(kind: str, ascii: bool):
    """Without colour there are still at least five steps, in order, and the signs differ."""
    ink = Ink(mono=True, ascii=ascii)
    glyphs = [ink.tile(kind, level, 1).text for level in range(LEVELS)]
    seen = list(dict.fromkeys(glyphs))
    assert len(seen) >= 5
    assert [glyphs.index(glyph) for glyph in seen] == sorted(glyphs.index(glyph) for glyph in seen)
    strong = {name: Ink(mono=True, ascii=ascii).tile(name, LEVELS - 1, 1).text for name in MAPS}
    assert strong["positive"] != strong["negative"]


def test_no_colour_means_none():
    """Styles of the colourless ink set neither foreground nor background."""
    ink = Ink(mono=True)
    roles = [*PALETTE[True], "title", "strong", "cursor", "selected", "key"]
    styles = [ink.style(role) for role in roles]
    styles += [ink.tile(kind, level, 1).style for kind in MAPS for level in (0, LEVELS - 1)]
    for style in styles:
        assert style is not None
        assert style.color is None
        assert style.bgcolor is None


def test_ascii_is_ascii():
    for name in GLYPHS:
        assert ASCII_GLYPHS[name].isascii(), name
    for letter, replacement in ASCII_WORDS.items():
        assert replacement.isascii()
        assert len(replacement) == 1 == cell_len(chr(letter))


def test_every_glyph_takes_one_cell():
    for glyphs in (GLYPHS, ASCII_GLYPHS):
        for name, glyph in glyphs.items():
            if name != "to":
                assert all(cell_len(letter) == 1 for letter in glyph), name


@pytest.mark.parametrize("dark", [True, False])
def test_text_can_be_read_on_its_ground(dark: bool):
    """WCAG contrast: at least 4.5 for text and phases; 3 for what is dim."""

    def contrast(a: str, b: str) -> float:
        light, deep = sorted((luminance(rgb(a)), luminance(rgb(b))), reverse=True)
        return (light + 0.05) / (deep + 0.05)

    palette = PALETTE[dark]
    for role, colour in palette.items():
        if role not in ("background", "raised", "select", "rule", "faint"):
            assert contrast(colour, palette["background"]) >= 4.5, role
            assert contrast(colour, palette["raised"]) >= 4.0, role
