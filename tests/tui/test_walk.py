"""Every row of the table of commands: each of its keys, in the place where it works, does what its help says."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import Any

import pytest
from textual.widgets import Input

from tests.tui.driver import is_ready
from tests.tui.walk import CHECKS, Check, Walk, check, open_run, take, walk_through
from tui_nn.scenario import list_presets
from tui_nn.tui.app import Wish
from tui_nn.tui.commands import COMMANDS, PANELS
from tui_nn.tui.page import Page
from tui_nn.tui.palette import Palette
from tui_nn.tui.screens.debugger import DebuggerScreen
from tui_nn.tui.screens.gallery import GalleryScreen
from tui_nn.tui.screens.modal import PageScreen, PromptScreen

FAR = 60  # iterations made before the walk: more than one epoch of the 45 of digits-dnn
PER_EPOCH = 45


# Moving in time


# From a place the key leads to the next, and from there to the one after.
MOVES = {
    ("step", "program-forward"): [(0, 3), (0, 4)],
    ("back", "program-back"): [(0, 3), (0, 2)],
    ("iteration", "program-page-forward"): [(2, 3), (3, 0), (4, 0)],
    ("back-iteration", "program-page-back"): [(2, 3), (2, 0), (1, 0)],
    ("epoch",): [(2, 3), (PER_EPOCH, 0)],
    ("back-epoch",): [(PER_EPOCH + 1, 2), (PER_EPOCH, 0), (0, 0)],
    ("first",): [(5, 2), (0, 0)],
}


def _leads(places: Sequence[tuple[int, int]]) -> Check:
    async def move(walk: Walk, key: str) -> None:
        await walk.at(*places[0])
        for place in places[1:]:
            await walk.press(key)
            assert walk.position == place

    return move


for ids, places in MOVES.items():
    check(*ids)(_leads(places))


@check("run")
async def _run(walk: Walk, key: str) -> None:
    await walk.at(3)
    await walk.press(key)
    await walk.until(lambda: walk.position[0] > 3, "it runs")
    if walk.run.mover.kind == "run":  # type: ignore[union-attr]
        await walk.press(key)
    stood = walk.position
    assert not walk.run.session.is_running  # type: ignore[union-attr]
    await asyncio.sleep(0.02)
    assert walk.position == stood
    walk.run.action_play()
    await walk.press(key)
    assert walk.run.player.is_paused  # type: ignore[union-attr]
    await walk.press(key)
    assert not walk.run.player.is_paused  # type: ignore[union-attr]


@check("until")
async def _until(walk: Walk, key: str) -> None:
    await walk.at(0)
    await walk.press(key)
    assert isinstance(walk.screen, PromptScreen)
    walk.screen.query_one(Input).value = "loss < 1.5"
    await walk.press("enter")
    await walk.until(lambda: not walk.run.mover.kind, "it stops")  # type: ignore[union-attr]
    losses = walk.run.session.history["loss"]  # type: ignore[union-attr]
    assert losses[-1] < 1.5 <= min(losses[:-1])
    await walk.at(20)
    await walk.press(key)
    walk.screen.query_one(Input).value = "back iteration < 7"
    await walk.press("enter")
    await walk.until(lambda: not walk.run.mover.kind, "it is back")  # type: ignore[union-attr]
    assert walk.position[0] == 6


@check("console")
async def _console(walk: Walk, key: str) -> None:
    await walk.at(0)
    await walk.press(key)
    walk.screen.query_one(Input).value = "next 2"
    await walk.press("enter")
    assert walk.position == (2, 0)
    walk.screen.query_one(Input).value = "loss"
    await walk.press("enter")
    assert "> loss" in walk.text


@check("stops")
async def _stops(walk: Walk, key: str) -> None:
    await walk.at(0)
    session = walk.run.session
    assert session is not None
    await walk.press(key, "a")
    await walk.type("epoch 3")
    await walk.press("enter", "space")
    assert [(each.text, each.enabled) for each in session.stops] == [("epoch 3", False)]
    await walk.press("delete")
    assert len(session.stops) == 0


@check("stop-before", "stop-after")
async def _to_stops(walk: Walk, key: str) -> None:
    await walk.at(12)
    session = walk.run.session
    assert session is not None
    await walk.press(key)
    assert "no stop is set" in walk.text
    for place in (5, 20):
        session.stops.add(f"iteration {place}")
    await walk.press(key)
    await walk.until(lambda: not walk.run.mover.kind, "it halts")  # type: ignore[union-attr]
    assert walk.position == ((5, 0) if key == "ctrl+up" else (20, 0))
    session.stops.clear()


@check("goto")
async def _goto(walk: Walk, key: str) -> None:
    await walk.at(0)
    await walk.press(key)
    assert isinstance(walk.screen, PromptScreen)
    await walk.type("30:2")
    await walk.press("enter")
    assert walk.position == (30, 2)


@check("last")
async def _last(walk: Walk, key: str) -> None:
    await walk.at(5, 2)
    await walk.press(key)
    assert walk.position == tuple(walk.run.session.reached) > (5, 2)  # type: ignore[union-attr]


@check("play")
async def _play(walk: Walk, key: str) -> None:
    await walk.at(0)
    await walk.press(key)
    await walk.until(lambda: walk.run.player and walk.run.player.number == 1, "the first line")
    await walk.press("space")
    assert walk.run.player.is_paused  # type: ignore[union-attr]


async def _plays(walk: Walk) -> Any:
    await walk.at(0)
    walk.run.action_play()
    await walk.until(lambda: walk.run.player and walk.run.player.number == 1, "the first line")
    return walk.run.player


@check("line-on")
async def _line_on(walk: Walk, key: str) -> None:
    player = await _plays(walk)
    await walk.press(key)
    await walk.until(lambda: player.number == 2, "the second line")


@check("line-back")
async def _line_back(walk: Walk, key: str) -> None:
    player = await _plays(walk)
    player.line_on(walk.run.clock())
    await walk.until(lambda: player.number == 2, "the second line")
    await walk.press(key)
    await walk.until(lambda: player.number == 1, "the first line again")


@check(*(f"answer-{n}" for n in range(1, 6)))
async def _answer(walk: Walk, key: str) -> None:
    """Of a question with three choices; and when it is answered, the key leads to its panel as ever."""
    await walk.at(0)
    walk.run.action_play()
    player: Any = walk.run.player
    player.playback.index = next(line.number - 1 for line in player.playback.lines if line.question)
    await walk.until(lambda: player.quiz is not None, "the question")
    await walk.press(key)
    if int(key) > 3:
        assert player.quiz.is_open
        assert "there are 3 answers" in walk.text
        await walk.press("2")
    assert player.quiz.chosen == (int(key) - 1 if int(key) <= 3 else 1)
    await walk.press(key)
    assert walk.run.focus_name == PANELS[int(key) - 1]


@check("edit")
async def _edit(walk: Walk, key: str) -> None:
    await walk.at(FAR)
    lr = walk.run.session.scenario.optimizer.lr  # type: ignore[union-attr]
    await walk.press(key)
    walk.screen.query_one(Input).value = "lr = 0.5x"
    await walk.press("enter")
    assert walk.run.session.scenario.optimizer.lr == pytest.approx(lr / 2)  # type: ignore[union-attr]
    walk.run.action_undo()


@check("fork", "drop")
async def _fork(walk: Walk, key: str) -> None:
    """One more beside it, at the same place; closed, the run is alone again."""
    await walk.at(5, 2)
    if key == "delete":
        walk.run.action_fork()
    await walk.press(key)
    assert len(walk.run.runs.entries) == (1 if key == "delete" else 2)  # type: ignore[union-attr]
    assert walk.position == (5, 2)
    if key != "delete":
        walk.run.action_drop()


@check("edit-before", "edit-after")
async def _to_edit(walk: Walk, key: str) -> None:
    await walk.at(20, 3)
    walk.run.changing.edit("optimizer.lr", 0.002)
    await walk.at(30 if key == "ctrl+left" else 5)
    await walk.press(key)
    assert walk.position == (20, 3)
    await walk.press(key)
    assert walk.position == (20, 3)
    assert "no edit lies" in walk.text
    walk.run.action_undo()


@check("compare")
async def _compare(walk: Walk, key: str) -> None:
    await walk.at(5)
    await walk.press(key)
    assert "no other run" in walk.text
    walk.run.action_fork()
    walk.run.changing.edit("optimizer.lr", 0.5)
    await walk.at(9)
    await walk.press(key)
    await walk.until(lambda: "They part at 5:" in walk.text, "the page")
    assert "optimizer.lr" in walk.text
    await walk.press("escape")
    walk.run.action_drop()


@check("save")
async def _save(walk: Walk, key: str) -> None:
    await walk.press(key)
    assert "Save as" in walk.text
    assert ".tuinn" in walk.text
    await walk.press("escape")


@check("undo", "redo")
async def _undo(walk: Walk, key: str) -> None:
    session: Any = walk.run.session
    await walk.at(FAR)
    walk.run.changing.edit("data.batch_size", 16)
    if key == "ctrl+y":
        walk.run.action_undo()
    await walk.press(key)
    assert session.scenario.data.batch_size == (16 if key == "ctrl+y" else 32)
    if key == "ctrl+y":
        walk.run.action_undo()


@check("lesson-speed")
async def _lesson_speed(walk: Walk, key: str) -> None:
    player = await _plays(walk)
    await walk.press(key)
    assert player.speed == 2.0
    assert "speed 2" in walk.text


@check("next-lesson")
async def _next_lesson(walk: Walk, key: str) -> None:
    """Another scenario is open; then the walk goes on in its own."""
    own = walk.run.scenario_id
    await walk.press(key)
    await walk.until(lambda: walk.run.scenario_id not in ("", own), "another scenario")
    walk.app.open_scenario(Wish(own))
    await walk.until(lambda: is_ready(walk.app), "the first one again")


@check("interrupt")
async def _interrupt(walk: Walk, key: str) -> None:
    await walk.at(3)
    walk.run.mover.run()  # type: ignore[union-attr]
    await walk.press(key)
    assert not walk.run.session.is_running  # type: ignore[union-attr]
    assert not walk.run.mover.kind  # type: ignore[union-attr]


# Looking


@check("next-panel", "previous-panel")
async def _next_panel(walk: Walk, key: str) -> None:
    by = -1 if key.startswith("shift") else 1
    await walk.at(3)
    for n in range(1, len(PANELS) + 1):
        await walk.press(key)
        assert walk.app.focused is walk.run.panels[PANELS[by * n % len(PANELS)]]


@check("panel-1", "panel-2", "panel-3", "panel-4", "panel-5")
async def _panel(walk: Walk, key: str) -> None:
    panel = PANELS[int(key) - 1]
    await walk.at(3, panel=PANELS[int(key) % 5])
    await walk.press(key)
    assert walk.app.focused is walk.run.panels[panel]
    assert walk.run.panels[panel].display


@check("next-tab", "previous-tab")
async def _tab(walk: Walk, key: str) -> None:
    by = 1 if key == "greater_than_sign" else -1
    for focused, turned in (("detail", "detail"), ("curves", "curves"), ("lesson", "lesson"), ("program", "detail")):
        await walk.at(3, panel=focused)
        panel = walk.run.panels[turned]
        before = panel.active_tab()
        await walk.press(key)
        assert panel.active_tab() == (before + by) % len(panel.tabs), focused


@check("detail-enter")
async def _detail_enter(walk: Walk, key: str) -> None:
    await walk.at(3, panel="detail")
    await walk.press(key)
    assert walk.run.panels["detail"].active_tab() == 1


@check("mode")
async def _mode(walk: Walk, key: str) -> None:
    """Each has another name and another picture, and behind the last comes the first."""
    await walk.at(3, panel="detail")
    names, texts = [walk.run.panels["detail"].note()], [walk.text]
    while len(names) < 2 or names[-1] != names[0]:
        await walk.press(key)
        names.append(walk.run.panels["detail"].note())
        texts.append(walk.text)
        assert len(names) < 20, names
    assert 3 <= len(names) == len({*names}) + 1 == len({*texts}) + 1


@check("mark")
async def _mark(walk: Walk, key: str) -> None:
    await walk.at(7, 1)
    await walk.press(key)
    assert walk.run.view.marked is not None
    assert tuple(walk.run.view.marked.position) == (7, 1)


@check("zoom")
async def _zoom(walk: Walk, key: str) -> None:
    await walk.at(3, panel="curves")
    await walk.press(key)
    assert walk.shown_panels() == ["curves"]
    assert walk.run.panels["curves"].size.width == walk.app.size.width
    await walk.press(key)
    assert walk.shown_panels() == list(PANELS)


@check("scale")
async def _scale(walk: Walk, key: str) -> None:
    await walk.at(FAR)
    await walk.press(key)
    assert "log" in walk.run.panels["curves"].note()
    await walk.press(key)
    assert "log" not in walk.run.panels["curves"].note()


@check("switch")
async def _switch(walk: Walk, key: str) -> None:
    """Alone, it says so. With a twin the header, the position and the keys are the other network's."""
    await walk.at(3)
    await walk.press(key)
    assert "no other network" in walk.text


@check("reset-layout")
async def _reset_layout(walk: Walk, key: str) -> None:
    await walk.at(3, panel="detail")
    await walk.press("greater_than_sign", "v", "z")
    await walk.press(key)
    assert walk.run.view.detail == "activations"
    assert walk.shown_panels() == list(PANELS)


@check("leave")
async def _leave(walk: Walk, key: str) -> None:
    await walk.at(3)
    walk.run.action_zoom()
    await walk.press(key)
    assert not walk.run.zoomed
    walk.run.action_play()
    await walk.press(key)
    assert walk.run.player is None
    assert walk.screen is walk.run
    await walk.press(key)
    assert isinstance(walk.screen, GalleryScreen)


# Panels


@check("layers-up", "layers-down")
async def _layers_move(walk: Walk, key: str) -> None:
    await walk.at(3, panel="layers")
    await walk.press(key)
    assert walk.run.view.layer == (0 if key in ("up", "left") else 2)


@check("layers-enter")
async def _layers_enter(walk: Walk, key: str) -> None:
    await walk.at(3, panel="layers")
    await walk.press(key)
    assert walk.app.focused is walk.run.panels["detail"]


@check("detail-left", "detail-right", "detail-up", "detail-down")
async def _detail_move(walk: Walk, key: str) -> None:
    await walk.at(3, panel="detail")
    await walk.press(key)
    dx, dy = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}[key]
    assert (walk.run.view.unit, walk.run.view.sample) == (1 + dx, 1 + dy)


@check("detail-page-up", "detail-page-down")
async def _detail_page(walk: Walk, key: str) -> None:
    await walk.at(3, panel="detail")
    await walk.press(key)
    assert walk.run.view.layer == (0 if key == "pageup" else 2)


@check("curves-left", "curves-right", "curves-page-left", "curves-page-right")
async def _curves_read(walk: Walk, key: str) -> None:
    await walk.at(30, panel="curves")
    is_page = key not in ("left", "right")
    tenth = max(walk.run.session.reached.iteration // 10, 1)  # type: ignore[union-attr]
    await walk.press(key)
    moved = walk.run.view.read - 30  # type: ignore[operator]
    assert (moved > 0) == (key in ("right", "pagedown", "down"))
    assert abs(moved) == pytest.approx(tenth, abs=1) if is_page else 1 <= abs(moved) <= tenth


@check("curves-enter")
async def _curves_enter(walk: Walk, key: str) -> None:
    await walk.at(30, panel="curves")
    await walk.press("pageup")
    read = walk.run.view.read
    await walk.press(key)
    assert walk.position == (read, 0)


@check("curves-choose")
async def _curves_choose(walk: Walk, key: str) -> None:
    await walk.at(30, panel="curves")
    await walk.press(key)
    assert walk.screen is not walk.run
    assert "grad_norm" in walk.text
    await walk.press("down", "space", "escape")
    assert walk.screen is walk.run


@check("curves-smooth")
async def _curves_smooth(walk: Walk, key: str) -> None:
    await walk.at(30, panel="curves")
    for smoothing in (10, 100, 0):
        await walk.press(key)
        assert walk.run.view.smoothing == smoothing  # type: ignore[attr-defined]


@check("curves-zoom-in", "curves-zoom-out", "curves-zoom-all")
async def _curves_zoom(walk: Walk, key: str) -> None:
    """In and in again; then out, once or all the way."""
    await walk.at(30, panel="curves")
    panel, texts = walk.run.panels["curves"], [walk.text]
    for each in ("plus", "plus", key):
        await walk.press(each)
        texts.append(walk.text)
    assert (panel.note() == "") == (key == "0")
    assert texts[3] != texts[2]
    assert (texts[3] == texts[0]) == (key == "0")
    await walk.press("0")


@check("lesson-up", "lesson-down", "lesson-page-up", "lesson-page-down")
async def _lesson_scroll(walk: Walk, key: str) -> None:
    await walk.at(3, panel="lesson")
    await walk.press("down", "down", "down")
    lesson = walk.run.panels["lesson"]
    before, scroll = walk.text, walk.run.view.scroll
    await walk.press(key)
    is_up = key in ("up", "left", "pageup")
    assert walk.text != before, "the text stands still"
    assert (walk.run.view.scroll < scroll) if is_up else (walk.run.view.scroll > scroll)
    assert lesson.has_focus


# Gallery


def _presets(entries: Any) -> list[Any]:
    return [getattr(entry, "preset", entry) for entry in entries]


def _gallery(walk: Walk) -> Any:
    assert isinstance(walk.screen, GalleryScreen)
    return walk.screen


@check("gallery-down", "gallery-up")
async def _gallery_select(walk: Walk, key: str) -> None:
    gallery = _gallery(walk)
    gallery.action_select(2 - gallery.selected)
    await walk.settle()
    before = walk.text
    await walk.press(key)
    assert gallery.selected == (3 if key == "down" else 1)
    assert walk.text != before


@check("gallery-first", "gallery-last")
async def _gallery_end(walk: Walk, key: str) -> None:
    gallery = _gallery(walk)
    gallery.action_select(2 - gallery.selected)
    await walk.press(key)
    assert gallery.selected == (0 if key == "home" else len(gallery.shown) - 1)


@check("gallery-tag", "gallery-tag-back")
async def _gallery_tag(walk: Walk, key: str) -> None:
    """The next tag, all of whose scenarios are shown and no others; escape shows all again."""
    gallery = _gallery(walk)
    await walk.press(key)
    assert 0 < len(gallery.shown) < len(list_presets())
    shown = _presets(gallery.shown)
    common = set.intersection(*({*preset.tags} for preset in shown))
    assert any(all((tag in preset.tags) == (preset in shown) for preset in list_presets()) for tag in common)
    await walk.press("escape")
    assert len(gallery.shown) == len(list_presets())


@check("gallery-page-down", "gallery-page-up")
async def _gallery_page(walk: Walk, key: str) -> None:
    gallery = _gallery(walk)
    page = gallery.query_one(Page)
    page.reset()
    await walk.settle()
    page.scroll_by(5)
    await walk.settle()
    before, scroll = walk.text, page.top
    await walk.press(key)
    assert walk.text != before
    assert (page.top > scroll) == (key == "pagedown")


@check("gallery-search")
async def _gallery_search(walk: Walk, key: str) -> None:
    gallery = _gallery(walk)
    await walk.press(key)
    assert isinstance(walk.app.focused, Input)
    for word in ("vanishing", "zero-init"):
        walk.app.focused.value = word
        await walk.settle()
        assert any(word in preset.id for preset in _presets(gallery.shown))
        assert len(gallery.shown) < len(list_presets())


@check("gallery-file")
async def _gallery_file(walk: Walk, key: str) -> None:
    await walk.press(key)
    assert isinstance(walk.screen, PromptScreen)
    walk.screen.query_one(Input).value = "no/such/file.toml"
    await walk.press("enter")
    assert isinstance(walk.screen, PromptScreen)
    assert "no such file" in walk.text


@check("gallery-back")
async def _gallery_back(walk: Walk, key: str) -> None:
    gallery = _gallery(walk)
    await walk.press("slash", "x", "o", "r")
    assert len(gallery.shown) < len(list_presets())
    await walk.press(key)
    assert len(gallery.shown) == len(list_presets())
    assert not isinstance(walk.app.focused, Input)


@check("gallery-open")
async def _gallery_open(walk: Walk, key: str) -> None:
    """Opens; and from the gallery above a run, escape returns to it."""
    gallery = _gallery(walk)
    gallery.selected = next(k for k, preset in enumerate(_presets(gallery.shown)) if preset.id == "xor-mlp")
    await walk.press(key)
    assert isinstance(walk.screen, DebuggerScreen)
    await open_run(walk)
    assert walk.run.scenario_id == "xor-mlp"
    await walk.press("escape")
    above = _gallery(walk)
    assert above.is_above
    await walk.press("escape")
    assert walk.screen is walk.run
    walk.app.close_run()
    await walk.settle()


# Everywhere


@check("help")
async def _help(walk: Walk, key: str) -> None:
    await walk.press(key)
    assert isinstance(walk.screen, PageScreen)
    assert "Keys" in walk.text


@check("palette")
async def _palette(walk: Walk, key: str) -> None:
    await walk.press(key)
    assert isinstance(walk.screen, Palette)


@check("language")
async def _language(walk: Walk, key: str) -> None:
    before, text = walk.app.lang, walk.text
    await walk.press(key)
    assert walk.app.lang != before
    assert walk.text != text
    await walk.press(key)
    assert walk.app.lang == before
    assert walk.text == text


@check("theme")
async def _theme(walk: Walk, key: str) -> None:
    before = walk.app.ink.dark
    await walk.press(key)
    assert walk.app.ink.dark is not before
    assert walk.app.current_theme.dark is not before
    await walk.press(key)


@check("glossary", "log")
async def _modal(walk: Walk, key: str) -> None:
    """Something lies over the screen; what it says is its own tests' affair."""
    below = walk.screen
    await walk.press(key)
    assert walk.screen is not below
    assert below in walk.app.screen_stack
    await walk.press("escape")
    assert walk.screen is below


@check("jump")
async def _jump(walk: Walk, key: str) -> None:
    """Labels appear; the key of one of them goes there."""
    below, text = walk.screen, walk.text
    await walk.press(key)
    assert walk.screen is not below
    assert walk.text != text
    await walk.press("escape")
    assert walk.screen is below


@check("quit")
async def _quit(walk: Walk, key: str) -> None:
    before = walk.app.n_left
    await walk.press(key)
    assert walk.app.n_left == before + 1


# The walk


def test_every_command_is_checked():
    assert [command.id for command in COMMANDS if command.id not in CHECKS] == []


@pytest.mark.parametrize("where", ["debugger", *PANELS, "app"])
def test_every_key_of_the_debugger(where: str):
    """Letters, signs and jamo; after each, escape alone leads back."""

    async def act(walk: Walk) -> None:
        await walk.at(FAR)
        await walk_through(walk, where)

    take("digits-dnn", act)


def test_every_key_of_a_question():
    take("lr-too-large", lambda walk: walk_through(walk, "question"))


@pytest.mark.parametrize("where", ["gallery", "app"])
def test_every_key_of_the_gallery(where: str):
    take(None, lambda walk: walk_through(walk, where))


def test_every_preset_is_reached_by_keys():
    """From the gallery, with down and enter alone; escape leads to the gallery again. Every fortieth, in the full run each."""

    async def act(walk: Walk) -> None:
        seen = []
        numbers = range(0, len(list_presets()), 1 if os.environ.get("TUI_NN_FULL") == "1" else 40)
        for n in numbers:
            gallery = _gallery(walk)
            while gallery.selected != n:
                await walk.press("down" if gallery.selected < n else "up")
            await walk.press("enter")
            assert walk.screen is walk.run
            seen.append(walk.run.wish.ref)
            await walk.press("escape")
        assert len(set(seen)) == len(numbers)

    take(None, act)
