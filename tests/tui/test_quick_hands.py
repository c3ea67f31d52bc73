"""Keys and clicks that come faster than the screen changes. Each of these once ended the app, or left it without a screen."""

from __future__ import annotations

import pytest
from textual import events
from textual.widgets import OptionList

from tests.tui.driver import drive, tap, until
from tui_nn.tui.app import Wish
from tui_nn.tui.ink import Ink
from tui_nn.tui.palette import Palette
from tui_nn.tui.screens.chooser import ChooserScreen
from tui_nn.tui.screens.debugger import DebuggerScreen
from tui_nn.tui.screens.gallery import _path_problem
from tui_nn.tui.screens.glossary import GlossaryScreen
from tui_nn.tui.screens.jump import JumpScreen
from tui_nn.tui.screens.modal import PageScreen, PromptScreen, TooSmall


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        (["question_mark"], PageScreen), (["g"], PromptScreen), (["ctrl+p"], Palette), (["i"], GlossaryScreen),
        (["4", "a"], ChooserScreen), (["j"], JumpScreen),
    ],
    ids=["page", "prompt", "palette", "glossary", "chooser", "jump"],
)  # fmt: skip
def test_what_is_closed_twice_takes_nothing_else_away(keys: list[str], kind: type):
    async def act(app, pilot):
        await tap(app, *keys)
        await until(pilot, lambda: isinstance(app.screen, kind))
        modal = app.screen
        modal.dismiss(None)
        modal.dismiss(None)
        await until(pilot, lambda: app.screen is app.debugger)
        await pilot.pause()
        assert app.screen is app.debugger

    drive("xor-mlp", act)


def test_what_lies_below_another_screen_cannot_take_it_away():
    """A page, with the notice of a small terminal over it: closing waits until the page is on top again."""

    async def act(app, pilot):
        await tap(app, "question_mark")
        await until(pilot, lambda: isinstance(app.screen, PageScreen))
        page = app.screen
        await pilot.resize_terminal(20, 5)
        await until(pilot, lambda: isinstance(app.screen, TooSmall))
        page.dismiss(None)
        await pilot.pause()
        assert isinstance(app.screen, TooSmall)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: app.screen is page)

    drive("xor-mlp", act)


def test_a_click_on_what_is_no_longer_found():
    """The list has become empty between the drawing and the click."""

    async def act(app, pilot):
        await tap(app, "ctrl+p")
        await until(
            pilot,
            lambda: (
                isinstance(app.screen, Palette)
                and any(found.option_count > 5 for found in app.screen.query(OptionList))
            ),
        )
        await pilot.pause()
        found = app.screen.query_one(OptionList)
        x, y = found.region.x + 5, found.region.y + 4
        where = {"widget": None, "x": x, "y": y, "delta_x": 0, "delta_y": 0, "shift": False, "meta": False, "ctrl": False}  # fmt: skip
        click = events.Click(button=1, screen_x=x, screen_y=y, style=app.screen.get_style_at(x, y), **where)
        assert click.style.meta["option"] > 0
        found.clear_options()
        found.post_message(click)
        await pilot.pause()
        assert app._exception is None

    drive("xor-mlp", act)


@pytest.mark.parametrize("action", ["action_help", "action_goto", "action_command_palette"])
def test_what_is_closed_before_it_stands(action: str):
    async def act(app, pilot):
        getattr(app if hasattr(app, action) else app.debugger, action)()
        app.screen.dismiss(None)
        await pilot.pause()
        assert app.screen is app.debugger
        assert app._exception is None

    drive("xor-mlp", act)


def test_a_page_key_in_the_same_breath_as_the_page():
    async def act(app, pilot):
        app.action_help()
        app.screen.action_scroll(10)  # nothing of it has been mounted yet
        await pilot.pause()
        assert isinstance(app.screen, PageScreen)

    drive("xor-mlp", act)


def test_the_palette_may_be_closed_while_it_searches():
    """What it still finds then has no list to go to."""

    async def act(app, pilot):
        await tap(app, "ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, Palette) and app.screen.query(OptionList))
        await pilot.pause()
        palette = app.screen
        await palette.remove_children()
        palette._list_visible = not palette._list_visible
        palette._show_busy = not palette._show_busy
        await pilot.pause()
        assert app._exception is None

    drive("xor-mlp", act)


def test_a_mouse_where_nothing_lies_leaves_the_focus():
    """So it is for a moment while the window grows: the mouse is already in what will be laid out next."""

    async def act(app, pilot):
        focused = app.focused
        assert focused is not None
        where = {"widget": None, "x": 150, "y": 50, "delta_x": 0, "delta_y": 0, "shift": False, "meta": False, "ctrl": False}  # fmt: skip
        for kind in (events.MouseScrollDown, events.MouseDown, events.MouseUp):
            app.post_message(kind(button=1, screen_x=150, screen_y=50, **where))
        await pilot.pause()
        assert app.focused is focused

    drive("xor-mlp", act)


@pytest.mark.parametrize("text", ["x" * 300, "a\x00b", "~nobody-of-that-name/file.toml", "no/such.toml"])
def test_a_path_that_cannot_be_one_is_refused(text: str):
    assert _path_problem(text)


def test_a_prompt_lives_in_any_window():
    async def act(app, pilot):
        await tap(app, "g")
        await until(pilot, lambda: isinstance(app.screen, PromptScreen))
        for width in (6, 1, 39, 80):
            await pilot.resize_terminal(width, 24)
        await until(pilot, lambda: isinstance(app.screen, PromptScreen))

    drive("xor-mlp", act)


def test_a_focus_given_up_late_is_taken_again():
    """So it is in one-pane mode: the panel that is hidden gives up a focus that the next one has taken already."""

    async def act(app, pilot):
        await tap(app, "tab")
        await until(pilot, lambda: app.focused is app.debugger.panels["layers"])
        app.debugger.set_focus(None)
        await until(pilot, lambda: app.focused is app.debugger.panels["layers"])

    drive("xor-mlp", act, size=(60, 20))


def test_a_click_on_a_link_that_has_gone():
    """The search has left no word, so no page with links, between the drawing and the click."""

    async def act(app, pilot):
        await tap(app, "i")
        await until(pilot, lambda: isinstance(app.screen, GlossaryScreen))
        glossary = app.screen
        await tap(app, *"zzzz")
        await until(pilot, lambda: glossary.entry is None)
        glossary.action_follow(2)
        await pilot.pause()
        assert app.screen is glossary

    drive("xor-mlp", act)


def test_a_key_on_a_screen_before_its_panels_are_there():
    """It is dropped: there is nothing to act on yet."""
    screen = DebuggerScreen(Wish("xor-mlp"), Ink(mono=True), "en")
    assert not screen.check_action("panel", ("detail",))

    async def act(app, pilot):
        assert app.debugger.check_action("panel", ("detail",))

    drive("xor-mlp", act)
