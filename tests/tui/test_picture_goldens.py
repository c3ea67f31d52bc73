"""The views of Data and Landscape drawn from canned pictures, wide and narrow, compared with golden/."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tui import canned_pictures as made
from tests.tui.goldens import as_text, check
from tui_nn.tui.ink import Ink
from tui_nn.tui.panels import data
from tui_nn.tui.panels.confusion import confusion_lines, counted
from tui_nn.tui.panels.images import grid_lines
from tui_nn.tui.panels.landscape import land_lines, points
from tui_nn.tui.panels.plane import GUTTER as PLANE_GUTTER
from tui_nn.tui.panels.plane import answers_lines
from tui_nn.tui.panels.valley import GUTTER as VALLEY_GUTTER
from tui_nn.tui.panels.valley import valley_lines
from tui_nn.tui.pictures import Pictures
from tui_nn.tui.view import View

INK, ASCII = Ink(mono=True), Ink(mono=True, ascii=True)
SIZES = {"wide": (79, 22), "narrow": (38, 12)}


def plane(kind: str, view: View, width: int, height: int, ink: Ink) -> Any:
    return answers_lines(
        made.frame(kind), view, made.answers(kind, width - PLANE_GUTTER - 1, height - 4), width, height, ink
    )


def batch(kind: str, view: View, width: int, height: int, ink: Ink) -> Any:
    return data.samples_lines(made.frame(kind), view, made.samples(kind), data.BATCH, width, height, ink)


def worst(kind: str, view: View, width: int, height: int, ink: Ink) -> Any:
    return data.samples_lines(made.frame(kind), view, made.samples(kind), data.WORST, width, height, ink)


def images(kind: str, view: View, width: int, height: int, ink: Ink) -> Any:
    return grid_lines(made.frame(kind), view, made.samples(kind), width, height, ink)


def confusion(kind: str, view: View, width: int, height: int, ink: Ink) -> Any:
    frame = made.frame(kind)
    counts = counted(frame, made.samples(kind).value)
    frame.confusion = lambda part="validate": counts
    return confusion_lines(frame, view, data.asked, width, height, ink)


def land(kind: str, view: View, width: int, height: int, ink: Ink) -> Any:
    columns, rows = points(width, height)
    return land_lines(made.landscape(kind, columns, rows), view, width, height, ink)


def valley(kind: str, view: View, width: int, height: int, ink: Ink) -> Any:
    return valley_lines(made.valley(kind, 2 * (width - VALLEY_GUTTER - 1)), view, width, height, ink)


def race(draw: Any) -> Any:
    """The same with several runs on it."""

    def with_others(kind: str, view: View, width: int, height: int, ink: Ink) -> Any:
        view.lineup, view.place = made.peers(), 0
        return draw(kind, view, width, height, ink)

    return with_others


VIEWS = {
    "data-plane-two": (plane, "two"),
    "data-plane-four": (plane, "four"),
    "data-curve": (plane, "line"),
    "data-batch": (batch, "four"),
    "data-worst-images": (worst, "images"),
    "data-worst-line": (worst, "line"),
    "data-images": (images, "images"),
    "data-confusion": (confusion, "images"),
    "landscape-exact": (land, "exact"),
    "landscape-path": (land, "path"),
    "landscape-random": (land, "random"),
    "landscape-race": (race(land), "race"),
    "landscape-valley": (valley, "one"),
    "landscape-valley-race": (race(valley), "race"),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", VIEWS)
def test_picture(name: str, size: str):
    draw, kind = VIEWS[name]
    width, height = SIZES[size]
    check(f"{name}-{size}", draw(kind, View(sample=1, row=7, column=1), width, height, INK), width, height)


@pytest.mark.parametrize("name", VIEWS)
def test_in_ascii(name: str):
    draw, kind = VIEWS[name]
    text = as_text(draw(kind, View(sample=1), 79, 22, ASCII))
    assert text.isascii(), {letter for letter in text if not letter.isascii()}


@pytest.mark.parametrize("name", VIEWS)
def test_what_is_selected_is_read_in_full_in_a_narrow_panel(name: str):
    """Half of a screen of 80 columns: the line that reads the selection loses neither the answer nor the loss."""
    draw, kind = VIEWS[name]
    text = as_text(draw(kind, View(sample=1, row=7, column=1), 49, 20, INK))
    wanted = {
        "data-plane": "true ",
        "data-curve": "answer ",
        "data-worst-images": "%",
        "landscape": "loss 0.",
        "data-confusion": "of 4",
    }
    for start, word in wanted.items():
        if name.startswith(start):
            assert word in text, text


def test_one_image_and_its_caption_fit_the_smallest_screen():
    """40x12 leaves a panel nine rows: eight of pixels, and what the digit is and is taken for."""
    lines = images("images", View(), 40, 9, INK)
    assert len(lines) == 9
    assert "3 → 8" in as_text(lines[-1:])
    assert "no room" in as_text(images("images", View(), 40, 8, INK))


def test_a_small_matrix_grows_with_its_panel():
    """Ten classes on 131 columns have cells of 12 by 3, their counts in the middle; on 49 columns of 4 by 1."""
    for width, height, rows in ((131, 35, 30), (49, 20, 10)):
        lines = confusion("images", View(), width, height, INK)
        assert len(lines) == rows + 3
        shown = as_text(lines).splitlines()
        assert sum(line.strip()[:1].isdigit() for line in shown[2:-1]) == 10


def test_a_wrong_image_stands_first_under_both_its_names():
    """The digit 7 with the index 7 is taken for 1 with the surest wrong answer but one."""
    text = as_text(images("images", View(), 79, 22, INK))
    assert "3 → 8" in text
    assert text.index("→ 8") < text.index("✓")


def test_views_a_run_has_not_are_passed_over():
    """v on a regression of one input: plane, batch, worst, and the plane again; images of 64 pixels have no plane."""
    from tui_nn.tui.panels.data import BATCH, CONFUSION, IMAGES, MICROSCOPE, PLANE, WORST

    line, digits = made.frame("line"), made.frame("images")
    assert [MICROSCOPE.next_mode(line, mode, 1) for mode in (PLANE, BATCH, WORST)] == [BATCH, WORST, PLANE]
    assert MICROSCOPE.next_mode(line, PLANE, -1) == WORST
    assert MICROSCOPE.next_mode(digits, PLANE, 0) == BATCH
    assert [MICROSCOPE.next_mode(digits, mode, 1) for mode in (WORST, IMAGES, CONFUSION)] == [IMAGES, CONFUSION, BATCH]


def test_nothing_asks_for_a_thread():
    """Canned pictures are drawn as they are: no view here starts one."""
    view = View(pictures=Pictures(is_threaded=True))
    for draw, kind in VIEWS.values():
        draw(kind, view, 60, 20, INK)
    assert not view.pictures.is_busy
