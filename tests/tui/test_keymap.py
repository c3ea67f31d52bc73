"""The user's own keys: names of keys, the file, what is wrong with it, and that screen and help follow it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.tui.driver import screen_text, tap, until
from tests.tui.test_commands import CONTEXTS
from tui_nn.cli import cli
from tui_nn.tui import keymap
from tui_nn.tui.app import Options, TuiApp, Wish
from tui_nn.tui.commands import COMMANDS, SHOWN, commands_in, use_own_keys
from tui_nn.tui.keymap import Keymap, chosen_keys, for_textual, keymap_path
from tui_nn.tui.keys import SIGNS, key_name, shown_key
from tui_nn.tui.screens.modal import PageScreen


@pytest.fixture(autouse=True)
def the_tables_keys():
    yield
    use_own_keys({})


def in_file(text: str) -> Keymap:
    keymap_path().parent.mkdir(parents=True, exist_ok=True)
    keymap_path().write_text(text, encoding="utf-8")
    return keymap.load()


def test_signs_have_textuals_names():
    from textual.keys import _character_to_key

    for sign in SIGNS:
        assert key_name(sign) == _character_to_key(sign)
        assert shown_key(key_name(sign)) == sign


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("F3", "f3"), ("esc", "escape"), ("PgUp", "pageup"), ("^p", "ctrl+p"), ("Ctrl+P", "ctrl+p"), ("shift+s", "S"), (" ", "space"),
        ("Space", "space"), ("↑", "up"), ("full_stop", "full_stop"), ("shift+tab", "shift+tab"), ("alt+x", "alt+x"), ("é", "é"), ("ㄴ", "ㄴ"),
    ],
)  # fmt: skip
def test_keys_as_people_write_them(written: str, name: str):
    assert key_name(written) == name


def test_what_the_screen_shows_can_be_written():
    """Whoever copies a key from the help or from tui-nn keys gets that key."""
    for command in COMMANDS:
        for key in command.keys:
            assert key_name(SHOWN.get(key) or shown_key(key)) == key


@pytest.mark.parametrize(
    ("written", "cure"),
    [("spce", "did you mean 'space'?"), ("ctrl+i", "tab"), ("ctrl+q", "always quits"), ("f99", "f9"), ("hyper+x", "unknown key"), ("ctrl+", "unknown key")],
)  # fmt: skip
def test_keys_that_are_none_are_refused_with_a_cure(written: str, cure: str):
    with pytest.raises(ValueError, match=cure.replace("?", "[?]")):
        key_name(written)


def test_keys_may_change_places():
    """Two commands exchange theirs; a third takes one that has become free; none at all is a choice too."""
    keys, faults = chosen_keys({"step": "n", "iteration": ["s", "F9"], "scale": "]", "zoom": []})
    assert not faults
    assert keys == {"step": ("n",), "iteration": ("s", "f9"), "scale": ("right_square_bracket",), "zoom": ()}
    assert for_textual(keys)["step"] == "n,ㅜ"


@pytest.mark.parametrize(
    ("table", "guilty"),
    [
        ({"step": "z"}, "step"),  # zoom's, on the same screen
        ({"step": "up"}, "step"),  # of the Program panel, which would never let it through
        ({"layers-up": "t"}, "layers-up"),  # the app's
        ({"step": "ㅋ"}, "step"),  # what z types under Hangul
        ({"step": "F9", "back": "F9"}, "back"),  # both the user's: the first one written keeps it
        ({"iteration": "s", "step": "t"}, "step"),  # step keeps s, so iteration cannot have it
    ],
)
def test_one_key_for_two_commands_is_refused(table: dict, guilty: str):
    """The default stays for that command, and in no place do two commands want the same key in the end."""
    keys, faults = chosen_keys(table)
    assert guilty in {fault.path[0] for fault in faults}
    assert guilty not in keys
    assert all("is the key of" in fault.message for fault in faults)
    for context in CONTEXTS:
        wanted = [key for c in commands_in(*context) for key in keymap.with_jamo(keys.get(c.id, c.keys))]
        assert len(wanted) == len(set(wanted))


def test_one_key_in_two_places_is_fine():
    keys, faults = chosen_keys({"gallery-open": "s", "layers-up": "K", "lesson-up": "K"})
    assert (len(keys), faults) == (3, [])


def test_problems_have_their_line_and_cost_only_themselves():
    mine = in_file('# mine\nstep = "K"\nstpe = "h"\nrun = ["F9", "fgh"]\nzoom = "up"\nback = 3\n[more]\na = "b"\n')
    assert mine.keys == {"step": ("K",)}
    assert [(p.line, p.column, p.key) for p in mine.problems] == [(3, 1, "stpe"), (4, 14, "run[1]"), (5, 8, "zoom"), (6, 8, "back"), (7, 1, "more")]  # fmt: skip
    report = mine.report(keymap_path())
    assert "did you mean 'step'?" in report
    assert str(keymap_path()) in report


@pytest.mark.parametrize("text", ["step = ", "\x00", "\xff" * 3, "[" * 5000, 'step = "x"\nstep = "K"\n'])
def test_a_file_that_cannot_be_read_is_told(text: str):
    keymap_path().parent.mkdir(parents=True)
    keymap_path().write_bytes(text.encode("latin-1"))
    mine = keymap.load()
    assert mine.keys == {}
    assert len(mine.problems) == 1


def test_no_file_or_an_empty_one_is_no_problem():
    assert keymap.load() == Keymap()
    assert in_file("\n\n") == Keymap()
    assert in_file("# nothing yet\n") == Keymap()


def drive_with(mine: Keymap, act) -> None:
    import asyncio

    async def main() -> None:
        app = TuiApp(Options(wish=Wish("xor-mlp"), keymap=mine))
        async with app.run_test(size=(120, 40)) as pilot:
            try:
                await act(app, pilot)
            finally:
                app.close_session()

    asyncio.run(main())


def test_the_screen_follows_the_file():
    """The new keys work, by their jamo too; the old ones do not; footer, help and palette have the new ones."""
    mine = in_file('stops = "F8"\nzoom = "k"\nhelp = ["F9"]\n')

    async def act(app, pilot):
        run = app.debugger
        await until(pilot, lambda: run.frame is not None)
        await tap(app, "z")
        await pilot.pause()
        assert not run.zoomed
        await tap(app, "k")
        await until(pilot, lambda: run.zoomed)
        await tap(app, "ㅏ")
        await until(pilot, lambda: not run.zoomed)
        assert "F9 help" in screen_text(app)
        await tap(app, "f9")
        await until(pilot, lambda: isinstance(app.screen, PageScreen))
        await tap(app, *["pagedown"] * 4)
        await until(pilot, lambda: any(line.split()[:2] == ["k", "Give"] for line in clean(screen_text(app))))
        await tap(app, "escape", "ctrl+p", *"whole screen")
        await until(pilot, lambda: "[k]" in screen_text(app))

    drive_with(mine, act)


def test_the_notice_that_all_is_too_small_quits_by_the_users_key():
    mine = in_file('quit = "F12"\n')

    async def act(app, pilot):
        await pilot.resize_terminal(30, 10)
        await until(pilot, lambda: "F12 quits" in " ".join(screen_text(app).split()))
        await tap(app, "q")
        await pilot.pause()
        assert app.return_code is None
        await tap(app, "f12")
        await until(pilot, lambda: app.return_code is not None)

    drive_with(mine, act)


def clean(text: str) -> list[str]:
    return [line.strip(" │▲▼") for line in text.splitlines()]


def test_what_is_wrong_is_told_at_start():
    mine = in_file('stpe = "K"\n')

    async def act(app, pilot):
        await until(pilot, lambda: isinstance(app.screen, PageScreen) and "did you mean 'step'?" in screen_text(app))
        await tap(app, "escape")
        await until(pilot, lambda: app.screen is app.debugger)

    drive_with(mine, act)


def test_the_command_line_lists_keys():
    """A row for each command with its id; the file's path; in JSON the keys and the defaults; exit 2 if the file is wrong."""
    in_file('step = "K"\n')
    result = CliRunner().invoke(cli, ["keys"])
    assert result.exit_code == 0
    rows = result.stdout.splitlines()
    assert len(rows) == 1 + len(COMMANDS)
    assert any(row.split()[:2] == ["step", "K"] for row in rows)
    assert str(keymap_path()) in result.stderr
    data = json.loads(CliRunner().invoke(cli, ["keys", "--json"]).stdout)
    step = next(command for command in data["commands"] if command["id"] == "step")
    assert (data["file"], step["keys"], step["default"]) == (str(keymap_path()), ["K"], ["s", "."])
    in_file('stpe = "x"\n')
    result = CliRunner().invoke(cli, ["keys"])
    assert result.exit_code == 2
    assert "1:1" in result.stderr


def test_listing_keys_needs_no_screen(tmp_path: Path):
    from tests.test_imports import loaded_by

    loaded = loaded_by("import click.testing, tui_nn.cli\nclick.testing.CliRunner().invoke(tui_nn.cli.cli, ['keys'])")
    assert not loaded & {"numpy", "numba", "textual", "pydantic"}
