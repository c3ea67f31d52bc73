"""The words of a lesson, below the panel they speak of."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from tests.tui.driver import drive, screen_text, until
from tui_nn.scenario import Text
from tui_nn.tui.arrange import Area, arrange
from tui_nn.tui.caption import LEAST, Caption, caption_lines, with_caption
from tui_nn.tui.commands import PANELS
from tui_nn.tui.ink import Ink

LONG = Text(
    en="The four points of the OR gate are loaded, and ten hidden layers with the sigmoid function follow them. " * 2,
    ko="OR 게이트의 네 점을 불러왔습니다. 시그모이드 함수를 쓰는 은닉층 열 개가 뒤따릅니다. " * 2,
)
SIZES = [(w, h) for w in (40, 59, 80, 119, 120, 200, 300) for h in (12, 16, 24, 38, 60, 100)]


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("panel", PANELS)
def test_it_takes_its_rows_from_one_panel(panel: str, lang: str):
    """At every size: the areas tile the same cells as before, nothing but one panel's height has changed, and that panel
    keeps LEAST rows. Where its own panel is in sight and large enough, that is the one."""
    caption = Caption(panel, LONG, 3, 11)
    for (width, height), zoomed in product(SIZES, [False, True]):
        plain = arrange(width, height, panel, zoomed=zoomed)
        result = with_caption(plain, caption, lang)
        if result.caption is None:
            assert result == plain
            assert all(area.height < LEAST + 2 for area in plain.panels.values())
            continue
        (changed,) = [name for name, area in plain.panels.items() if result.panels[name] != area]
        above, below, before = result.panels[changed], result.caption, plain.panels[changed]
        assert above == Area(before.x, before.y, before.width, before.height - below.height)
        assert below == Area(before.x, above.y + above.height, before.width, below.height)
        assert above.height >= LEAST
        if plain.panels[panel].height - caption.rows(lang, plain.panels[panel].width) >= LEAST:
            assert changed == panel
        grid = np.zeros((height, width), dtype=int)
        for area in (result.header, result.footer, *result.panels.values(), *result.bars, below):
            grid[area.y : area.y + area.height, area.x : area.x + area.width] += 1
        assert (grid == 1).all()


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("ascii", [False, True])
def test_all_words_or_a_mark(lang: str, ascii: bool):
    """In as many rows as were asked for every word stands; in fewer the last line ends in a mark. No line is too long."""
    caption, ink = Caption("detail", LONG, 3, 11), Ink(ascii=ascii)
    said = getattr(LONG, lang).split()
    for width in (29, 32, 47, 80, 120):
        wanted = caption.rows(lang, width)
        for rows in range(2, wanted + 1):
            lines = caption_lines(caption, lang, Area(0, 0, width, rows), ink)
            text = ["".join(segment.text for segment in line) for line in lines]
            assert len(lines) == rows
            assert all(sum(segment.cell_length for segment in line) <= width for line in lines)
            assert "3 of 11" in text[0]
            assert text[-1].endswith(ink.glyph("ellipsis")) == (rows < wanted)
            shown = " ".join(text[1:]).split()
            assert shown == said if rows == wanted else shown[:-1] == said[: len(shown) - 1]


def test_it_stays_through_a_pause_and_leaves_with_the_lesson():
    """Whatever is looked at meanwhile; in the language of the moment; and the panel gets its rows back."""

    async def act(app, pilot):
        run = app.debugger
        plain = run.arrangement.panels
        await pilot.press("p")
        await until(pilot, lambda: run.caption is not None)
        assert run.caption.words.en.split()[0] in screen_text(app)
        await pilot.press("space", "4", "n")
        await until(pilot, lambda: run.focus_name == "curves")
        assert run.arrangement.caption is not None
        await pilot.press("l")
        await until(pilot, lambda: run.caption.words.ko.split()[0] in screen_text(app))
        await pilot.press("1", "escape")
        await until(pilot, lambda: run.player is None)
        assert run.caption is None
        assert (run.arrangement.panels, run.arrangement.caption) == (plain, None)

    drive("xor-mlp", act)
