"""The table of commands, and that every way in leads to all of it."""

import re

import pytest

from tests.tui.goldens import as_text
from tui_nn.tui.commands import COMMANDS, JAMO, PANELS, PLACES, bindings_for, commands_in, markdown_table
from tui_nn.tui.ink import Ink
from tui_nn.tui.screens.help import help_lines

# What is active at once: a screen, the app, and on the debugger the focused panel.
CONTEXTS = [("gallery", "app"), *(("debugger", "app", panel) for panel in PANELS)]
CONTEXTS += [("question", "app", panel) for panel in PANELS]  # while it is open, before the debugger's own


def test_ids_are_unique_and_places_known():
    assert len({command.id for command in COMMANDS}) == len(COMMANDS)
    assert {command.where for command in COMMANDS} == set(PLACES)


@pytest.mark.parametrize("context", CONTEXTS, ids=" ".join)
def test_a_key_does_one_thing(context: tuple[str, ...]):
    """In no place do two commands want the same key, jamo included."""
    keys = [key for command in commands_in(*context) for key in command.all_keys]
    doubled = {key for key in keys if keys.count(key) > 1}
    assert not doubled


def test_jamo_are_those_of_the_two_set_layout():
    """s is where ㄴ is, n where ㅜ, and so on; Shift changes only q w e r t o p, so no capital gets one."""
    assert [JAMO[key] for key in "snqcpugylzt"] == list("ㄴㅜㅂㅊㅔㅕㅎㅛㅣㅋㅅ")
    assert len(set(JAMO.values())) == 26
    for command in COMMANDS:
        letters = [key for key in command.keys if re.fullmatch("[a-z]", key)]
        assert len(command.jamo) == len(letters)
        assert not any(re.fullmatch("[A-Z]", key) for key in command.keys)


def test_what_moves_the_run_has_a_key_that_is_no_letter():
    """With an input method on, letters come late or not at all."""
    for name in ("step", "back", "iteration", "back-iteration", "epoch", "back-epoch", "run", "first", "last"):
        command = next(command for command in COMMANDS if command.id == name)
        assert any(not re.fullmatch("[a-z]", key) for key in command.keys), name


def test_keys_that_terminals_swallow_are_not_used():
    swallowed = {"ctrl+b", "ctrl+a", "ctrl+s", "ctrl+q", "ctrl+i", "ctrl+m", "ctrl+h", "f10", "f11"}
    assert not swallowed & {key for command in COMMANDS for key in command.keys}


def test_bindings_come_from_the_table():
    for place in PLACES:
        bindings = {binding.id: binding for binding in bindings_for(place)}
        assert set(bindings) == {command.id for command in commands_in(place)}
        for command in commands_in(place):
            assert bindings[command.id].key.split(",") == list(command.all_keys)


@pytest.mark.parametrize("width", [40, 76, 100])
def test_help_names_every_command(width: int):
    text = as_text(
        help_lines(
            "Program", "about", ("program", "debugger", "question", "app", *PANELS, "gallery"), width, Ink(mono=True)
        )
    )
    for command in COMMANDS:
        assert command.shown_keys.split()[0] in text
        assert command.help.split()[-1] in text
    assert max(map(len, text.splitlines())) <= width


def test_help_has_the_focused_panel_first():
    text = as_text(
        help_lines("Layers panel", "One row a layer.", ("layers", "debugger", "app", "program"), 80, Ink(mono=True))
    )
    assert text.splitlines()[0] == "Layers panel"
    assert text.index("One row a layer.") < text.index("Select the layer above") < text.index("Execute the next")


def test_the_documented_table_has_every_row():
    table = markdown_table()
    rows = [line for line in table.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(COMMANDS)
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 4 for row in rows)


@pytest.mark.parametrize("place", ["debugger", "gallery"])
def test_the_palette_offers_every_command(place: str):
    """All of the screen's, its panels' and the app's rows, but the palette itself."""
    from tests.tui.driver import drive
    from tui_nn.tui.palette import TableProvider

    async def act(app, pilot):
        provider = TableProvider(app.screen)
        found = [hit async for hit in provider.discover()]
        wanted = {*commands_in(place, "app", *(PANELS if place == "debugger" else ()))}
        assert len(found) == len(wanted) - 1
        for command in wanted:
            if command.id != "palette":
                assert any(command.help.rstrip(".") in str(hit.text) for hit in found), command.id

    drive("xor-mlp" if place == "debugger" else None, act, ready=False)


@pytest.mark.parametrize("place", ["debugger", "gallery"])
def test_the_palette_finds_every_command(place: str):
    """Also those with a bracket among their keys, which is markup to Textual."""
    from tests.tui.driver import drive
    from tui_nn.tui.palette import TableProvider

    async def act(app, pilot):
        provider = TableProvider(app.screen)
        for command in commands_in(place, "app"):
            found = [hit async for hit in provider.search(command.help.rstrip("."))]
            assert command.id == "palette" or any(command.help.rstrip(".") in str(hit.text) for hit in found), (
                command.id
            )

    drive("xor-mlp" if place == "debugger" else None, act, ready=False)


def test_every_action_exists():
    """An action that nobody answers would make a key that does nothing."""
    from tui_nn.tui.app import TuiApp
    from tui_nn.tui.screens.debugger import DebuggerScreen
    from tui_nn.tui.screens.gallery import GalleryScreen
    from tui_nn.tui.screens.zones import KINDS

    owners = {"app": TuiApp, "gallery": GalleryScreen, "debugger": DebuggerScreen} | {
        kind.where: kind for kind in KINDS
    }
    for command in COMMANDS:
        name = command.action.partition("(")[0]
        owner = DebuggerScreen if name.startswith("screen.") else owners[command.where]
        assert callable(getattr(owner, f"action_{name.removeprefix('screen.')}", None)), command.id


def test_the_palette_takes_keys_before_it_is_drawn():
    """^p and a page key in one breath; then a command is found, chosen and done."""
    from tests.tui.driver import drive, screen_text, tap, until
    from tui_nn.tui.palette import Palette
    from tui_nn.tui.screens.gallery import GalleryScreen

    async def act(app, pilot):
        await until(pilot, lambda: isinstance(app.screen, GalleryScreen))
        await tap(app, "ctrl+p", "pagedown", "pageup", "pagedown", wait_s=0)
        await until(pilot, lambda: isinstance(app.screen, Palette))
        await pilot.press(*"korean")
        await until(pilot, lambda: "Switch titles" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.lang == "ko")

    drive(None, act)


def test_the_palette_gives_way_when_the_window_shrinks_to_nothing():
    from tests.tui.driver import drive, tap, until
    from tui_nn.tui.palette import Palette
    from tui_nn.tui.screens.modal import TooSmall

    async def act(app, pilot):
        await tap(app, "ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, Palette))
        await pilot.resize_terminal(4, 16)
        await until(pilot, lambda: isinstance(app.screen, TooSmall))
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: not isinstance(app.screen, TooSmall | Palette))

    drive("xor-mlp", act, ready=False)
