"""Every lesson plays to its end on the real screen, and at each line its words and the panel they speak of can be seen."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest

from tests.tui.driver import is_ready
from tests.tui.playback import LEAP_S, Clock
from tui_nn.debugger.script import script_lines
from tui_nn.scenario import list_presets, load_scenario
from tui_nn.tui.app import Options, TuiApp, Wish
from tui_nn.tui.caption import LEAST
from tui_nn.tui.screens.zones import METRICS, SHOWS

IS_FULL = os.environ.get("TUI_NN_FULL") == "1"
PRESETS = [preset.id for preset in list_presets()]
WAYS = [(size, lang) for size in ((80, 24), (120, 40)) for lang in ("en", "ko")]
# In the full run each lesson in both languages at both sizes; else every fourteenth, each in a way of its own.
CASES = [
    (preset, *WAYS[(i + k) % len(WAYS)])
    for i, preset in enumerate(PRESETS if IS_FULL else PRESETS[::14])
    for k in range(len(WAYS) if IS_FULL else 1)
]


def check_line(app: TuiApp, line: Any, lang: str) -> None:
    """The panel has the focus, a place with something in it, the tab that was asked for, and the words below it."""
    run: Any = app.debugger
    panel = run.panels[run.focus_name]
    assert panel.display
    area = run.arrangement.panels[run.focus_name]
    assert panel.size == (area.width, area.height)
    assert area.height >= LEAST
    assert sum(bool(row.strip()) for row in panel.text().splitlines()) >= 2, f"nothing to be seen: {panel.text()!r}"
    if line.show:
        place, tab = SHOWS.get(line.show.partition(": ")[0]) or METRICS.get(
            line.show.partition(".")[0], ("curves", "chosen")
        )
        assert run.focus_name == place
        if place == "detail":
            assert run.view.detail == tab
        if place == "curves":
            assert run.view.curve == tab
    if line.say:
        said = " ".join(getattr(line.say, lang).split())
        below = run.arrangement.caption
        assert below is not None
        if run.caption.panel == run.focus_name and (below.x, below.width) == (area.x, area.width):
            assert below.y == area.y + area.height
        assert run._caption.size == (below.width, below.height)
        shown = " ".join("".join(s.text for s in row).strip() for row in run._caption.lines[1:])
        assert " ".join(shown.split()) == said
        assert len(run._caption.lines) == below.height


def check_question(app: TuiApp, line: Any, lang: str) -> None:
    """All of its words stand in one place: in the lesson, or over the lower rows of a zone."""
    run: Any = app.debugger
    if run.quiz_note.display:
        text = "\n".join("".join(segment.text for segment in row) for row in run.quiz_note.lines)
    else:
        assert run.lesson.display
        text = run.lesson.text()
    shown = " ".join(text.split())
    for words in (line.question.ask, *line.question.choices):
        assert " ".join(getattr(words, lang).split()) in shown


@pytest.mark.slow
@pytest.mark.parametrize(("preset", "size", "lang"), CASES)
def test_every_line_is_seen_with_its_panel(preset: str, size: tuple[int, int], lang: str):
    clock, seen, asked = Clock(), [], []
    lines = script_lines(load_scenario(preset).script)

    async def main() -> None:
        app = TuiApp(Options(wish=Wish(preset), lang=lang))
        async with app.run_test(size=size) as pilot:
            while not is_ready(app):
                await asyncio.sleep(0.01)
            run: Any = app.debugger
            run.be_turned_by(clock)
            run.action_play()
            while run.player is not None:
                run.tick()
                player = run.player
                if player is not None and player.quiz is not None and player.number not in asked:
                    await pilot.pause()
                    check_question(app, lines[player.number - 1], lang)
                    asked.append(player.number)
                if player is not None and player.number not in seen and player._parts is None:  # its moves are made
                    await pilot.pause()
                    while run.is_drawing:
                        await asyncio.sleep(0.01)
                    run.tick()  # a picture that is done is fetched; the player rests
                    await pilot.pause()
                    check_line(app, lines[player.number - 1], lang)
                    seen.append(player.number)
                if player is not None and not run.mover.kind and not run.mover.is_waiting:
                    clock.now = max(clock.now, player.due) + LEAP_S
                await asyncio.sleep(0)
                assert app._exception is None
            assert run.status.mode != "failed"
            assert run.caption is None
            assert run.arrangement.caption is None
            app.close_session()

    asyncio.run(main())
    assert asked == [line.number for line in lines if line.question is not None]
    assert sorted({*seen, *asked}) == [line.number for line in lines]
