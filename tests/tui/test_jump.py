"""Jump mode: every panel, tab, layer and scenario in sight has a key of its own, which goes there."""

from __future__ import annotations

import asyncio

from tests.table import over
from tests.tui.driver import drive, screen_text, tap, until
from tui_nn.tui.arrange import arrange
from tui_nn.tui.commands import PANELS
from tui_nn.tui.ink import Ink
from tui_nn.tui.jump import MANY, Place, labelled, places_in
from tui_nn.tui.screens.gallery import GalleryScreen
from tui_nn.tui.screens.jump import JumpScreen
from tui_nn.tui.screens.modal import TooSmall
from tui_nn.tui.title import title_line, title_spots

INK = Ink(mono=True)
TABS = {"program": ("Program",), "layers": ("Layers",), "detail": ("Activations", "Gradients", "Weights"), "curves": ("Loss", "Accuracy"), "lesson": ("Lesson", "Script")}  # fmt: skip


def places(width: int, height: int, focus: str = "program") -> list[Place]:
    arrangement = arrange(width, height, focus)
    spots = {
        name: title_spots(PANELS.index(name) + 1, TABS[name], 0, area.width, INK, others=tuple(
            f"{PANELS.index(other) + 1} {other}" for other in arrangement.hidden.get(name, ())))
        for name, area in arrangement.panels.items()
    }  # fmt: skip
    rows = {"layers": [(2, 0), (3, 1), (40, 2)]}
    return places_in(arrangement, spots, rows, dict.fromkeys(PANELS, 0))


@over([(40, 12), (60, 20), (80, 24), (100, 50), (120, 40), (300, 100)], PANELS)
def test_every_panel_is_a_target_at_every_size(width: int, height: int, focus: str):
    """In sight or hidden by another, each has its own digit; no key and no cell is given twice; all lie on the screen."""
    targets = labelled(places(width, height, focus))
    panels = {target.key: target.place.where for target in targets if target.place.kind == "panel"}
    assert panels == {str(i): name for i, name in enumerate(PANELS, 1)}
    assert len({target.key for target in targets}) == len(targets)
    assert len({(target.place.x, target.place.y) for target in targets}) == len(targets)
    assert all(0 <= target.place.x < width and 0 <= target.place.y < height for target in targets)


def test_wide_screens_offer_all_tabs_but_the_active_ones_and_the_rows_in_sight():
    found = places(120, 40)
    assert {(p.where, p.index) for p in found if p.kind == "tab"} == {("detail", 1), ("detail", 2), ("curves", 1), ("lesson", 1)}  # fmt: skip
    assert [p.index for p in found if p.kind == "row"] == [0, 1]


def test_where_keys_run_out_the_last_places_have_none():
    many = [Place(0, y, "row", "layers", y) for y in range(80)]
    assert [target.key for target in labelled(many)] == list(MANY)


@over(range(12, 100))
def test_spots_of_a_title_line_are_where_its_words_are(width: int):
    """Whatever is left out for want of room: under each spot stands what it leads to."""
    tabs, others = ("Activations", "Gradients", "Weights", "Optimizer"), ("4 Curves", "5 Lesson")
    for active in range(4):
        line = title_line(3, tabs, active, width, INK, focused=True, note="log", others=others)
        text = "".join(segment.text for segment in line)
        assert len(text) == width
        spots = title_spots(3, tabs, active, width, INK, "log", others)
        for spot in spots:
            words = text[spot.x : spot.x + spot.width].strip()
            if spot.kind == "tab" and words not in "◂▸":
                assert words == tabs[spot.index]
            elif spot.kind == "hidden":
                assert others[spot.index].startswith(words)
        shown = {spot.index for spot in spots if spot.kind == "tab"}
        assert width < 24 or active in shown
        # Tabs out of sight are announced: the neighbour beyond each end is a spot too.
        if len(spots) > 1 and len(shown) < 4:
            assert "◂" in text or "▸" in text or shown == {active}


def test_letters_go_to_tabs_and_layers():
    """j, then what stands at the tab; j and what stands at the row; F3 and a digit; esc changes nothing."""

    async def jump(app, pilot, key: str, wanted) -> None:
        await tap(app, key)
        await until(pilot, lambda: isinstance(app.screen, JumpScreen))
        await pilot.pause()
        target = next(t for t in app.screen.targets if wanted(t.place))
        assert screen_text(app).splitlines()[target.place.y][target.place.x] == target.key
        await tap(app, target.key)
        await until(pilot, lambda: app.screen is app.debugger)

    async def act(app, pilot):
        run = app.debugger
        await until(pilot, lambda: run.frame is not None)
        await jump(app, pilot, "j", lambda p: p.kind == "tab" and p.where == "detail" and p.index == 1)
        await until(pilot, lambda: (run.focus_name, run.view.detail) == ("detail", "gradients"))
        await jump(app, pilot, "ㅓ", lambda p: p.kind == "row" and p.index == 2)
        await until(pilot, lambda: (run.focus_name, run.view.layer) == ("layers", 2))
        await jump(app, pilot, "f3", lambda p: p.kind == "panel" and p.where == "lesson")
        await until(pilot, lambda: run.focus_name == "lesson")
        await tap(app, "j")
        await until(pilot, lambda: isinstance(app.screen, JumpScreen))
        await tap(app, "9", "escape")
        await until(pilot, lambda: app.screen is run)
        assert run.focus_name == "lesson"

    drive("xor-mlp", act, ready=False)


def test_a_resize_ends_it():
    """What was labelled is elsewhere then; also when the window was too small in between."""

    async def act(app, pilot):
        for sizes in ([(80, 24)], [(20, 5), (100, 30)]):
            await until(pilot, lambda: app.screen is app.debugger)
            await tap(app, "j")
            await until(pilot, lambda: isinstance(app.screen, JumpScreen))
            for size in sizes:
                await pilot.resize_terminal(*size)
                await asyncio.sleep(0.02)
            await until(pilot, lambda: not isinstance(app.screen, JumpScreen | TooSmall))

    drive("xor-mlp", act, ready=False)


def test_jumping_in_the_gallery():
    async def act(app, pilot):
        await until(pilot, lambda: isinstance(app.screen, GalleryScreen))
        gallery = app.screen
        await pilot.pause()
        await tap(app, "j")
        await until(pilot, lambda: isinstance(app.screen, JumpScreen))
        target = app.screen.targets[2]
        await tap(app, target.key)
        await until(pilot, lambda: app.screen is gallery and gallery.selected == target.place.index)

    drive(None, act)
