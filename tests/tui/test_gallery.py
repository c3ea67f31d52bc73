"""The gallery: what a search finds, its rows at every size, its page, and what keys and the mouse do."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.segment import Segment

from tests.tui.driver import drive, is_ready, screen_text, until
from tests.tui.goldens import as_text, check
from tui_nn.scenario import PresetInfo, list_presets
from tui_nn.scenario.chapters import path_of
from tui_nn.scenario.curves import RecordedCurve
from tui_nn.tui.gallery import (
    WORDS,
    Marks,
    Row,
    found,
    list_lines,
    matching,
    rows_of,
    scrolled,
    shared_tags,
    start_line,
    tag_line,
)
from tui_nn.tui.gallery_preview import WORDS as PREVIEW_WORDS
from tui_nn.tui.gallery_preview import preview_lines, read_preview
from tui_nn.tui.ink import Ink
from tui_nn.tui.screens.gallery import GalleryScreen, PresetList
from tui_nn.tui.visited import remember, visited

INKS = {"plain": Ink(mono=True), "ascii": Ink(mono=True, ascii=True)}
INK = INKS["plain"]


@dataclass(frozen=True)
class Preset(PresetInfo):
    twin: str | None = None


def preset(name: str, title: str, en: str, ko: str, tags: tuple[str, ...], order: int = 1000, **more: Any) -> Preset:
    return Preset(name, title, {"en": en, "ko": ko}, Path(f"{name}.toml"), tags, order, **more)


PATH = path_of(
    [
        preset(
            "lr-too-large",
            "A learning rate that is too large",
            "Just past the limit each update jumps over the valley and lands higher up than it began.",
            "한계를 조금만 넘어도 골짜기를 뛰어넘습니다.",
            ("sgd", "divergence"),
            100,
        ),
        preset("xor-mlp", "XOR, learnt by a hidden layer", "No straight line.", "직선으로는 안 됩니다.", ("sgd",), 200),
        preset(
            "dead-relu",
            "Dead ReLU units: silent for every sample, for ever",
            "Silent.",
            "조용합니다.",
            ("gradient flow", "relu"),
            500,
            twin="leaky-relu",
        ),
        preset("leaky-relu", "Leaky ReLU", "Alive.", "살아 있습니다.", ("relu",)),
        preset("broken", "broken", "", "", (), error="Expected '=' (line 3)"),
    ]
)
MARKS = Marks(frozenset({"lr-too-large"}), "xor-mlp", "dead-relu")
TITLES = {entry.preset.id: entry.preset.title for entry in PATH}
CURVES = {
    "lr-too-large": RecordedCurve.of(
        96, (range(96), [1.1**i * 0.01 if i < 80 else float("inf") for i in range(96)]), ((), ()), 80
    ),
    "xor-mlp": RecordedCurve.of(96, (range(96), [0.7 * 0.9**i for i in range(96)]), ([40, 95], [0.5, 0.1])),
    "dead-relu": RecordedCurve.of(96, (range(96), [3.5 if i == 3 else 0.6 for i in range(96)])),
}
TEXT = '''# Teaches: overshooting, and "why".
id = "lr-too-large"

[data]
source = "linear"  # a line

[lesson]
en = """
One unit learns a line.

More."""
ko = """
유닛 하나가 직선을 배웁니다.

더."""
'''


def drawn(width: int, height: int, selected: int = 1, lang: str = "en", ink: Ink = INK, marks: Marks = MARKS):
    rows = rows_of(PATH, height)
    top = scrolled(0, rows, height, selected)
    return list_lines(PATH, rows, top, selected, marks, lang, width, height, ink, CURVES)


# What is listed


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize(("width", "height"), [(40, 6), (64, 12), (66, 34), (100, 16)])
def test_list(lang: str, width: int, height: int):
    check(f"gallery-{lang}-{width}x{height}", drawn(width, height, lang=lang), width, height)


def test_list_in_ascii():
    lines = drawn(64, 12, 2, ink=INKS["ascii"])
    assert as_text(lines).isascii()
    check("gallery-ascii-64x12", lines, 64, 12)


def test_list_fits_any_place():
    for width in (1, 3, 10, 24, 40, 47, 48, 80, 200):
        for height in (1, 2, 3, 7, 8, 11, 40):
            for selected in range(len(PATH)):
                for lang in ("en", "ko"):
                    lines = drawn(width, height, selected, lang)
                    assert len(lines) <= height
                    if width >= 24:
                        assert all(sum(segment.cell_length for segment in line) <= width for line in lines)


def test_the_first_visit_has_a_start():
    text = as_text(drawn(64, 12, 0, marks=Marks(next="lr-too-large")))
    assert "start here" in text
    assert "✓" not in text


@pytest.mark.parametrize("height", [1, 3, 7, 8, 12, 24, 60])
def test_the_selected_preset_is_in_sight(height: int):
    """Wherever the list stood before; its heading too, where there is room."""
    path = path_of([preset(f"p{i:03d}", "T", "", "", (), 10 + 7 * i) for i in range(120)])
    rows = rows_of(path, height)
    for top in (0, 50, 500):
        for selected in range(0, len(path), 7):
            first = scrolled(top, rows, height, selected)
            assert 0 <= first <= max(len(rows) - height, 0)
            assert Row("title", selected) in rows[first : first + height]


def test_a_list_with_room_shows_summaries_and_one_without_only_titles():
    """16 rows of 5 titles, 5 summaries, 4 headings and gaps are what it takes; then gaps go, then summaries."""
    kinds = {height: {row.kind for row in rows_of(PATH, height)} for height in (17, 16, 12, 9, 7)}
    assert kinds[17] == {"heading", "title", "summary", "blank"}
    assert kinds[16] == {"heading", "title", "summary"}
    assert kinds[12] == {"heading", "title", "blank"}
    assert kinds[9] == {"heading", "title"}
    assert kinds[7] == {"title"}


# Finding


def ids(query: str, tag: str = "") -> list[str]:
    return [entry.preset.id for entry in matching(PATH, query, tag)]


def test_search_wants_every_word_anywhere():
    """In ids, titles, summaries of both languages, chapters and tags; case is no matter."""
    assert ids("RATE large") == ["lr-too-large"]
    assert ids("골짜기") == ["lr-too-large"]
    assert ids("기울기의") == ids("gradient flow") == ["dead-relu", "leaky-relu"]  # a chapter
    assert ids("rate xor") == []
    assert ids("  ") == [entry.preset.id for entry in PATH]


def test_search_by_tag():
    """#word at the start of a tag's word, - for a space; a chosen tag and a search both hold."""
    assert ids("#relu") == ["dead-relu", "leaky-relu"]
    assert ids("#gradient-fl") == ids("#flow") == ["dead-relu"]
    assert ids("#elu") == ids("#large") == []
    assert ids("", "sgd") == ["lr-too-large", "xor-mlp"]
    assert ids("straight", "sgd") == ["xor-mlp"]


def test_tags_of_a_single_preset_are_left_to_the_search():
    assert shared_tags([entry.preset for entry in PATH]) == [("sgd", 2), ("relu", 2)]


@pytest.mark.parametrize("width", [24, 40, 80])
def test_the_chosen_tag_is_in_sight(width: int):
    tags = [(f"tag number {i}", 3) for i in range(30)]
    for chosen in ["", *(tag for tag, _ in tags)]:
        line = tag_line(tags, chosen, "en", width, INK)
        assert sum(segment.cell_length for segment in line) <= width
        assert f"[{chosen + ' 3' if chosen else 'all'}]" in as_text([line])


def test_the_line_above_says_where_to_begin_and_where_to_go_on():
    for width in (40, 60, 120):
        assert "1: A learning rate" in as_text([start_line(PATH, Marks(next="lr-too-large"), "en", width, INK)])
        for lang, words in (("en", "2: XOR"), ("ko", ": XOR")):
            line = start_line(PATH, MARKS, lang, width, INK)
            assert words in as_text([line])
            assert sum(segment.cell_length for segment in line) <= width
    assert "Continue with 2: XOR" in as_text([start_line(PATH, MARKS, "en", 80, INK)])
    assert "1 of 3 visited" in as_text([start_line(PATH, MARKS, "en", 80, INK)])
    assert "all 3" in as_text([start_line(PATH, Marks(frozenset(TITLES)), "en", 80, INK)])


def test_its_own_words_follow_the_language():
    """No English word is left in Korean but what the names on the screen and the keys are."""
    every = Marks(frozenset(TITLES))
    lines = [
        start_line(PATH, MARKS, "ko", 100, INK),
        start_line(PATH, Marks(next="xor-mlp"), "ko", 100, INK),
        start_line(PATH, every, "ko", 100, INK),
        start_line([], every, "ko", 100, INK),
        [Segment(found(3, 9, "ko") + found(9, 9, "ko"))],
    ]
    text = as_text(lines).replace("XOR, learnt by a hidden layer", "")
    assert not re.search("[A-Za-z]", text), text
    listed = as_text(drawn(100, 20, lang="ko"))
    assert "다음" in listed
    assert "열림" in listed
    assert "[전체]" in as_text([tag_line([("sgd", 2)], "", "ko", 80, INK)])
    for words in (*WORDS.values(), *PREVIEW_WORDS.values()):
        assert set(words) == {"en", "ko"}


# The page on one preset


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("is_beside", [True, False], ids=["beside", "below"])
def test_preview(lang: str, is_beside: bool):
    width = 54 if is_beside else 80
    entry = PATH[0] if is_beside else PATH[2]
    lines = preview_lines(entry, TEXT, CURVES[entry.preset.id], TITLES, lang, width, 34, INK, is_beside)
    check(f"preview-{lang}-{'beside' if is_beside else 'below'}", lines, width, 60)


def test_preview_fits_any_place():
    for width in (10, 24, 40, 200):
        for entry in PATH:
            curve = CURVES.get(entry.preset.id)
            for is_beside in (True, False):
                lines = preview_lines(entry, TEXT, curve, TITLES, "ko", width, 10, INKS["ascii"], is_beside)
                assert all(sum(segment.cell_length for segment in line) <= width for line in lines)


def test_a_twin_is_named_from_both_sides():
    texts = [as_text(preview_lines(PATH[i], "", None, TITLES, "en", 80, 20, INK, False)) for i in (2, 3, 1)]
    assert "⇄ twin: Leaky ReLU" in texts[0]
    assert "⇄ twin: Dead ReLU" in texts[1]
    assert "twin" not in texts[2]


def test_a_broken_file_is_told_with_its_reason():
    assert "Expected '=' (line 3)" in as_text(preview_lines(PATH[-1], "a =", None, TITLES, "en", 80, 20, INK, True))


def test_a_file_that_has_gone_is_told(tmp_path: Path):
    assert read_preview(tmp_path / "gone.toml").startswith("# ")


# Keys and mouse


def selected(app: Any) -> str:
    return app.screen._current().preset.id


def shown(app: Any) -> list[str]:
    return [entry.preset.id for entry in app.screen.shown]


def test_what_was_opened_is_remembered_and_the_next_is_offered():
    """From the command line or the gallery; enter at the start opens the first not yet visited. A path is no preset."""
    order = [preset.id for preset in list_presets()]

    async def act(app, pilot):
        await pilot.pause()
        assert selected(app) == order[1]
        assert "Continue with 2" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: is_ready(app))
        assert app.debugger.scenario_id == order[1]

    remember(order[0])
    remember("scenarios/xor-mlp.toml")
    assert visited() == [order[0]]
    drive(None, act)
    assert visited() == order[:2]


def test_tags_are_walked_without_letters_and_esc_takes_them_off():
    """tab, > and → go on, shift+tab, < and ← back, round and round; the search narrows within the tag."""

    async def act(app, pilot):
        tags, everything = app.screen.tags, shown(app)
        await pilot.press("tab")
        assert len(shown(app)) == tags[0][1]
        await pilot.press("greater_than_sign", "right")
        assert app.screen.tag == tags[2][0]
        await pilot.press("left", "less_than_sign", "shift+tab")
        assert shown(app) == everything
        await pilot.press("shift+tab")
        assert app.screen.tag == tags[-1][0]
        await pilot.press("slash", *"zzz")
        assert shown(app) == []
        await pilot.press("escape")
        assert len(shown(app)) == tags[-1][1]
        await pilot.press("escape")
        assert shown(app) == everything

    drive(None, act)


def test_a_search_counts_moves_and_opens():
    """The count follows every letter, arrows move while typing, enter opens what is selected."""

    async def act(app, pilot):
        await pilot.press("slash", *"#relu")
        await pilot.pause()
        found = shown(app)
        assert len(found) > 1
        assert f"{len(found)} of {len(list_presets())} presets" in screen_text(app)
        await pilot.press("down")
        assert selected(app) == found[1]
        await pilot.press("enter")
        await until(pilot, lambda: is_ready(app))
        assert app.debugger.scenario_id == found[1]

    drive(None, act)


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 40)], ids=str)
def test_a_click_selects_and_two_open(size: tuple[int, int]):
    async def act(app, pilot):
        rows = app.screen.query_one(PresetList)
        await pilot.pause()
        y = next(y for y, row in enumerate(rows.rows) if row == Row("title", 2))
        await pilot.click(PresetList, offset=(6, y))
        assert selected(app) == shown(app)[2]
        assert isinstance(app.screen, GalleryScreen)
        await pilot.click(PresetList, offset=(6, y - rows.top), times=2)
        await until(pilot, lambda: app.debugger is not None)
        assert app.debugger.wish.ref == list_presets()[2].id

    drive(None, act, size=size)


def test_clicks_on_the_lines_above():
    """A tag narrows the list; the start line opens what it names."""

    async def act(app, pilot):
        await pilot.pause()
        row = screen_text(app).splitlines()[2]
        await pilot.click("#tags", offset=(row.index(app.screen.tags[1][0]) + 1, 0))
        assert app.screen.tag == app.screen.tags[1][0]
        await pilot.click("#start", offset=(4, 0))
        await until(pilot, lambda: app.debugger is not None)
        assert app.debugger.wish.ref == list_presets()[0].id

    drive(None, act)


def test_the_wheel_scrolls_and_leaves_the_selection():
    async def act(app, pilot):
        await pilot.pause()
        rows = app.screen.query_one(PresetList)
        for _ in range(3):
            rows.post_message(_wheel(rows))
        await until(pilot, lambda: rows.top > 0)
        assert app.screen.selected == 0
        await pilot.press("end")
        assert app.screen.selected == len(shown(app)) - 1
        await pilot.press("home")
        await pilot.pause()
        assert rows.top == 0

    drive(None, act, size=(60, 20))


def _wheel(widget: Any) -> Any:
    from textual import events

    return events.MouseScrollDown(widget, 1, 1, 0, 1, 0, False, False, False, 1, 1)


def test_a_run_that_waits_below_is_marked_and_selected():
    async def act(app, pilot):
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, GalleryScreen))
        await pilot.pause()
        assert selected(app) == "xor-mlp"
        assert "open" in next(line for line in screen_text(app).splitlines() if "‖" in line)

    drive("xor-mlp", act)


def test_the_first_paint_needs_no_compiler_and_no_plot_library():
    code = """
import asyncio, sys
from tui_nn.tui.app import Options, TuiApp
async def main():
    async with TuiApp(Options()).run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert "1,350 iterations" in str([s.text for line in pilot.app.screen._compositor.render_strips() for s in line])
asyncio.run(main())
heavy = {"numba", "plotext", "pydantic", "scipy"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True)
