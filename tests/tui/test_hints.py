"""The hints of the first visit: three, in their order, gone when followed, and never again."""

from __future__ import annotations

import asyncio

import pytest

from tests.tui.driver import drive, screen_text, tap, until
from tests.tui.goldens import as_text
from tui_nn.tui import config
from tui_nn.tui.app import Options, TuiApp, Wish
from tui_nn.tui.chrome import footer_line
from tui_nn.tui.commands import footer_commands, use_own_keys
from tui_nn.tui.hints import ALL_SEEN, HINTS, Hints, hint_line
from tui_nn.tui.ink import Ink

INK = Ink(mono=True)


def test_each_leaves_when_it_has_been_followed():
    kept: list[int] = []
    hints = Hints(0, kept.append)
    assert hints.shown() is HINTS[0]
    assert not hints.note("zoom")
    assert hints.note("screen.step('op')")
    assert hints.shown() is HINTS[1]
    assert hints.note("run_pause")
    assert hints.note("help")
    assert hints.shown() is None
    assert kept == [1, 2, 3]
    assert not hints.note("step('op')")


def test_what_was_done_before_its_turn_is_not_said():
    hints = Hints(0)
    hints.note("command_palette")
    hints.note("back('op')")
    assert hints.seen == 0
    hints.note("step('op')")
    assert hints.seen == ALL_SEEN


@pytest.mark.parametrize("action", ["step('iteration')", "screen.step('epoch')", "run_pause", "until", "goto"])
def test_any_way_forward_follows_the_first(action: str):
    """Whoever trains has no need to be told how one operation runs; the second hint is not lost with it."""
    hints = Hints(0)
    assert hints.shown() is HINTS[0]
    assert hints.note(action)
    assert hints.shown() is HINTS[1]
    assert hints.note("back('iteration')")
    assert hints.shown() is HINTS[2]


def test_one_leaves_a_user_who_does_other_things():
    """Six different ones; an arrow held down is one. The next has its own six."""
    hints = Hints(0)
    hints.shown()
    assert not any(hints.note("move(0,1)") for _ in range(50))
    others = ["panel('detail')", "tab(1)", "mode(1)", "zoom", "screen.select_layer(1)", "theme"]
    assert [hints.note(action) for action in others] == [False] * 4 + [True, False]
    assert hints.shown() is HINTS[1]


def test_they_belong_to_the_first_visit():
    """A visit in which one was shown is the first; one that only played a lesson is not."""
    kept: list[int] = []
    Hints(0, kept.append).end_visit()
    assert kept == []
    hints = Hints(0, kept.append)
    hints.shown()
    hints.end_visit()
    assert kept == [ALL_SEEN]


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_the_footer_with_a_hint_never_overflows(width: int, lang: str):
    """The hint stands whole, with help and quit beside it from 80 columns on."""
    for hint in HINTS:
        before = hint_line(hint, lang, width, INK)
        text = as_text([footer_line(footer_commands("debugger"), width, INK, before)])
        assert sum(segment.cell_length for segment in footer_line(footer_commands("debugger"), width, INK, before)) <= width  # fmt: skip
        assert before or width < 60
        if width >= 80:
            assert "help" in text


def test_their_keys_are_the_users():
    use_own_keys({"step": ("x",), "palette": ("ctrl+k",)})
    try:
        assert "x runs the next operation" in as_text([hint_line(HINTS[0], "en", 80, INK)])
        assert "^k finds any command" in as_text([hint_line(HINTS[2], "en", 80, INK)])
    finally:
        use_own_keys({})
    assert ", takes it back; space trains" in as_text([hint_line(HINTS[1], "en", 80, INK)])
    assert "? explains the panel, ^p finds any command" in as_text([hint_line(HINTS[2], "en", 80, INK)])


def visit(act, remembered: dict, **wish) -> TuiApp:
    async def main() -> TuiApp:
        app = TuiApp(Options(wish=Wish("xor-mlp", **wish), remembered=remembered, hints=True))
        async with app.run_test(size=(120, 40)) as pilot:
            try:
                await until(pilot, lambda: app.debugger and app.debugger.frame is not None)
                await act(app, pilot)
            finally:
                app.close_session()
        return app

    return asyncio.run(main())


def test_on_the_screen_and_never_again():
    """s, space and ? each bring the next one; what was shown is written down, and the second visit is quiet."""

    async def first(app, pilot):
        await until(pilot, lambda: "s runs the next operation" in screen_text(app))
        await tap(app, "l")
        await until(pilot, lambda: "연산 하나를 실행합니다" in screen_text(app))
        await tap(app, "l", "s")
        await until(pilot, lambda: ", takes it back; space trains" in screen_text(app))
        await tap(app, "comma")
        await until(pilot, lambda: "^p finds any command" in screen_text(app))
        assert config.load()["hints_seen"] == 2

    async def second(app, pilot):
        await pilot.pause()
        assert "runs the next operation" not in screen_text(app)
        assert "takes it back" not in screen_text(app)
        assert "finds any command" not in screen_text(app)

    visit(first, {})
    assert config.load()["hints_seen"] == ALL_SEEN
    visit(second, config.load())


def test_a_lesson_that_plays_has_the_word():
    async def act(app, pilot):
        await until(pilot, lambda: app.debugger.player is not None)
        assert "runs the next operation" not in screen_text(app)

    visit(act, {}, play=True)


def test_none_without_being_asked():
    async def act(app, pilot):
        await until(pilot, lambda: app.debugger.frame is not None)
        assert "runs the next operation" not in screen_text(app)

    drive("xor-mlp", act, ready=False)
