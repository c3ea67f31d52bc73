"""The page on two runs: curves at once, what differs from a thread, in both languages, within any width."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.tui.driver import drive, screen_text, settled, until
from tui_nn import Session, load_scenario
from tui_nn.debugger.compare import Comparison, MetricRow, Parting, SettingRow, compare
from tui_nn.debugger.position import Position
from tui_nn.tui.comparison import Side, chart_lines, comparison_lines, metrics_of, spans_decades
from tui_nn.tui.ink import Ink
from tui_nn.tui.screens.comparison import ComparisonScreen
from tui_nn.tui.text import cells

INK = Ink(mono=True)


@pytest.fixture(scope="module")
def pair() -> tuple[Session, Session]:
    """xor-mlp from 20 on with a tenth of the rate, and as it is; both at 40."""
    session = Session(load_scenario("xor-mlp"))
    session.goto(20)
    fork = session.fork()
    fork.set("optimizer.lr", 0.05)
    for each in (session, fork):
        each.goto(40)
    return session, fork


def sides_of(sessions: tuple[Session, ...]) -> tuple[Side, ...]:
    names = ("original", "fork 1: lr 0.05", "fork 2")
    return tuple(
        Side(name, name, name[0], k, each.frame()) for k, (name, each) in enumerate(zip(names, sessions, strict=False))
    )


def both(sessions: tuple[Session, Session]) -> tuple[Side, Side]:
    first, second = sides_of(sessions)
    return first, second


def text_of(lines: list) -> list[str]:
    return ["".join(part.text for part in line).rstrip() for line in lines]


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("width", [30, 78, 158])
def test_every_line_fits_and_says_what_differs(pair, lang: str, width: int):
    first, second = sides_of(pair)
    lines = text_of(comparison_lines(compare(*pair), (first, second), width, INK, lang))
    assert max(map(cells, lines)) <= width
    text = " ".join(lines)
    for words in {"en": ("They part at 20:8", "optimizer.lr", "second - first"), "ko": ("20:8, update dense_1에서 갈라집니다", "둘째 - 첫째")}[lang] if width > 30 else ():  # fmt: skip
        assert words in text
    assert "They" not in text or lang == "en"
    chart = text_of(chart_lines((first, second), "loss", True, 20, width, 12, INK))
    assert len(chart) == 12
    assert max(map(cells, chart)) <= width
    assert "fork 1" in " ".join(chart)


@pytest.mark.parametrize(
    ("what", "label", "wanted"),
    [
        ("output of dense_1[0,1]: 1 and 2", "forward dense_1", "dense_1의 출력[0,1]: 1, 2"),
        ("exp_avg of dense_1.weight[0]: 1 and 2", "update dense_1", "dense_1.weight의 exp_avg[0]: 1, 2"),
        ("gradient of dense_1.bias[0]: 1 and 2", "backward dense_1", "dense_1.bias의 기울기[0]: 1, 2"),
        ("running_mean of batch_norm_1[0]: 1 and 2", "forward batch_norm_1", "batch_norm_1의 running_mean[0]: 1, 2"),
        ("bias.dense_1[0]: 1 and 2", "edit of bias.dense_1[0]", "bias.dense_1[0] 편집에서 갈라집니다"),
        ("samples[0]: 1 and 2", "load batch", "표본[0]: 1, 2"),
        ("only the second has this operation", "clip norm 1", "둘째에만 있는 연산입니다"),
        ("dense_1.weight[0,0]: 1 and 2", "the start", "3:1, 처음 상태에서 갈라집니다: dense_1.weight[0,0]: 1, 2"),
    ],
)
def test_what_differs_is_said_in_korean(pair, what: str, label: str, wanted: str):
    found = Comparison(9, (), Parting(Position(3, 1), label, what), ())
    text = " ".join(text_of(comparison_lines(found, both(pair), 158, INK, "ko")))
    assert wanted in text
    assert "다른 설정이 없습니다." in text


def test_what_is_not_there_is_a_dash_and_places_are_said(pair):
    rows = (SettingRow("optimizer.lr", None, 0.5, Position(7, 2)),)
    metrics = (MetricRow("clip_scale", None, 0.25), MetricRow("loss", 0.5, float("inf")))
    lines = text_of(comparison_lines(Comparison(9, rows, None, metrics), both(pair), 78, INK, "en"))
    assert "optimizer.lr (set at 7:2)  (none)  0.5" in lines
    assert "Not a byte differs in 9 iterations." in lines
    assert [line.split()[0] for line in lines[-2:]] == ["loss", "clip_scale"]  # the main ones before all others
    assert [line.split()[1:] for line in lines[-2:]] == [["0.5000", "inf", "+inf"], ["-", "0.2500", "-"]]


@pytest.mark.parametrize(("lang", "said"), [("en", "Nothing has been measured yet"), ("ko", "아직 잰 값이 없습니다")])
def test_two_runs_that_have_not_begun_have_no_curves_and_no_table(lang: str, said: str):
    first = Session(load_scenario("exploding-lr"))
    runs = (first, first.fork())
    lines = text_of(comparison_lines(compare(*runs), both(runs), 78, INK, lang))
    assert said in lines[-1]
    chart = text_of(chart_lines(both(runs), "loss", False, None, 78, 12, INK))
    assert (len(chart), [line for line in chart[1:] if line]) == (12, [])
    assert "loss" in chart[0]


def test_a_metric_of_one_run_alone_is_drawn_of_that_one(pair):
    clipped = pair[0].fork()
    clipped.set("clip.norm", 1.0)
    clipped.goto(60)
    sides = sides_of((pair[0], clipped))
    assert metrics_of(sides)[:2] == ["loss", "accuracy"]
    assert "clip_scale" in metrics_of(sides)
    head = text_of(chart_lines(sides, "clip_scale", False, None, 78, 12, INK))[0]
    assert "original -" in head


def three_runs(app: Any, pilot: Any) -> Any:
    async def make() -> Any:
        run = app.debugger
        run._goto(20, 0)
        await settled(app, pilot)
        await pilot.press("f", "f")
        await settled(app, pilot)
        return run

    return make()


def test_the_keyboard_goes_on_while_it_is_looked_up(monkeypatch):
    """Curves, keys and escape need no answer; nothing of the runs is moved, and a late answer disturbs no one."""
    gate, ended = threading.Event(), threading.Event()

    def slow(a: Any, b: Any, between: Any, is_past: bool) -> Comparison:
        assert threading.current_thread() is not threading.main_thread()
        gate.wait(30)
        try:
            between()
        finally:
            ended.set()
        return compare(a, b, between, is_past)

    monkeypatch.setattr("tui_nn.debugger.compare.compare", slow)

    async def act(app, pilot):
        run = await three_runs(app, pilot)
        await pilot.press("d")
        await until(pilot, lambda: "looking up where they part" in screen_text(app))
        assert screen_text(app).splitlines()[1].split()[0] == "loss"
        await pilot.press("right", "y")
        await until(pilot, lambda: screen_text(app).splitlines()[1].split()[0] == "accuracy")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is run)
        gate.set()
        await until(pilot, ended.is_set)
        await pilot.press("n")
        await settled(app, pilot)
        assert [each.session.position for each in run.runs.entries] == [(21, 0)] * 3

    drive("xor-mlp", act, twin=False)


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
def test_x_turns_to_the_next_run_and_back(size: tuple[int, int]):
    async def act(app, pilot):
        run = await three_runs(app, pilot)
        run.runs.entries[1].session.set("optimizer.lr", 0.25)
        await pilot.press("d")
        page = app.screen
        assert isinstance(page, ComparisonScreen)
        await until(pilot, lambda: "Not a byte differs in 20 iterations." in screen_text(app))
        await pilot.press("x")
        await until(pilot, lambda: page.second == 1 and not page.is_busy and "optimizer.lr" in screen_text(app))
        lines = screen_text(app).splitlines()
        assert (len(lines), max(map(cells, lines))) <= (size[1], size[0])
        await pilot.press("x")
        await until(pilot, lambda: "Not a byte differs" in screen_text(app))
        app.action_language()
        await until(pilot, lambda: "한 바이트도 다르지 않습니다" in screen_text(app))
        await pilot.press("q")
        await until(pilot, lambda: app.screen is run)

    drive("xor-mlp", act, twin=False, size=size)


def test_the_axis_is_logarithmic_where_values_need_it(pair):
    """A loss that explodes; not one that falls to a third, and nothing that may be 0."""
    broken = Session(load_scenario("point-of-no-return"))
    broken.goto(600)
    sides = sides_of((broken, broken))
    assert [spans_decades(sides, name) for name in ("loss", "lr")] == [True, False]
    assert [spans_decades(sides_of(pair), name) for name in ("loss", "accuracy", "act_mean.dense_1")] == [False] * 3
