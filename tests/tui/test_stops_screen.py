"""The list of stops: by keys alone set, written anew, switched off, removed; and to the places where they fire."""

from __future__ import annotations

from typing import Any

import pytest
from textual.widgets import Input

from tests.engine.watch_nets import net_session
from tests.tui.driver import drive, screen_text, settled
from tests.tui.goldens import as_text
from tui_nn.tui.ink import Ink
from tui_nn.tui.screens.stops import StopsScreen
from tui_nn.tui.stops_list import FORMS, form_lines, stop_lines
from tui_nn.tui.text import cells

INK = Ink(mono=True)
TEXTS = ("op forward dense_1", "iteration 500", "epoch 3", "loss < 0.1, ignore 2", "loss changes, temporary", "weight.dense_1[0,0] changes sign, disabled")  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("width", [38, 76, 104])
def test_a_row_says_number_kind_text_and_how_often(width: int, lang: str):
    session = net_session("validation")
    for text in TEXTS:
        session.stops.add(text)
    session.stops[4].hits = 3
    lines = as_text(stop_lines(list(session.stops), 2, width, 20, INK, lang)).splitlines()
    assert len(lines) == len(TEXTS) + 1
    assert max(map(cells, lines)) <= width
    assert "[x]" in lines[0]
    assert "[ ]" in lines[5]
    if width >= 76:
        assert all(text.partition(",")[0] in line or width < 100 for text, line in zip(TEXTS, lines, strict=False))
        kinds = [line.split("] ")[1].split()[1] for line in lines[:-1]]
        assert kinds == (["op", "iteration", "epoch", "condition", "value", "sign"] if lang == "en" else ["연산", "iteration", "epoch", "조건", "값", "부호"])  # fmt: skip
        assert ("met 3  ignores 2" if lang == "en" else "3번 만남  2번 지나침") in lines[3]
    assert max(map(cells, as_text(form_lines(width, 30, INK, lang)).splitlines())) <= width


def test_every_form_that_is_shown_can_be_set():
    for lang in FORMS:
        session = net_session("validation")
        for form, _ in FORMS[lang][:-1]:
            session.stops.add(form)
        assert len(session.stops) == 5


async def write(app: Any, pilot: Any, text: str) -> None:
    app.screen.query_one(Input).value = text
    await pilot.press("enter")
    await settled(app, pilot)


def test_stops_are_kept_by_keys_alone():
    """Added, a fault told in its place, written anew under the same number, switched off, removed; escape leads back."""

    async def act(app, pilot):
        run = app.debugger
        stops = run.session.stops
        await pilot.press("k")
        await settled(app, pilot)
        assert isinstance(app.screen, StopsScreen)
        assert "none is set" in screen_text(app)
        await pilot.press("enter", *"epoch", "space", "3", "enter")
        assert [each.text for each in stops] == ["epoch 3"]
        await pilot.press("a")
        assert app.screen.query_one(Input).value == ""
        await write(app, pilot, "los < 0.1")
        assert "did you mean 'loss'" in screen_text(app)
        await write(app, pilot, "loss < 0.1, ignore 1")
        await pilot.press("a", "escape", "up", "space")
        assert [(each.number, each.enabled) for each in stops] == [(1, False), (2, True)]
        await pilot.press("down", "enter")
        assert app.screen.query_one(Input).value == "loss < 0.1, ignore 1"
        await write(app, pilot, "loss < 0.2")
        assert [(each.number, str(each)) for each in stops] == [(1, "epoch 3, disabled"), (2, "loss < 0.2")]
        await pilot.press("up", "delete")
        assert [each.number for each in stops] == [2]
        await pilot.press("escape")
        await settled(app, pilot)
        assert app.screen is run

    drive("xor-mlp", act, twin=False)


def test_tab_completes_an_operation():
    async def act(app, pilot):
        run = app.debugger
        await pilot.press("k", "a")
        await settled(app, pilot)
        await pilot.press(*"op", "space", *"back", "tab")
        assert "backward dense_2" in screen_text(app)
        await pilot.press("tab", "enter")
        assert [each.text for each in run.session.stops] == ["op backward dense_2"]

    drive("xor-mlp", act, twin=False)


def test_arrows_lead_to_where_a_stop_fires_ahead_and_behind():
    async def act(app, pilot):
        run = app.debugger
        for place in (5, 9):
            run.session.stops.add(f"iteration {place}")
        for key, place in (("right", 5), ("right", 9), ("left", 5)):
            await pilot.press("k")
            await settled(app, pilot)
            await pilot.press(key)
            await settled(app, pilot)
            assert app.screen is run
            assert run.session.position == (place, 0)
        row = screen_text(app).splitlines()[0]
        assert "●" in row
        run._goto(1000, 0)
        await settled(app, pilot)
        assert "■" in screen_text(app).splitlines()[0]

    drive("xor-mlp", act, twin=False)
