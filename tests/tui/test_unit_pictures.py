"""The views by hand, batch norm and dropout mask: drawn from small runs, compared with golden/, and read by a machine."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.engine.make import make_session
from tests.engine.optimizer_cases import CASES
from tests.tui.driver import drive, screen_text, settled, until
from tests.tui.goldens import as_text, check
from tui_nn.debugger.session import Session
from tui_nn.scenario.panels import VIEWS
from tui_nn.tui.ink import Ink
from tui_nn.tui.microscope import microscope
from tui_nn.tui.pictures import Pictures
from tui_nn.tui.view import View

INK, ASCII = Ink(mono=True), Ink(mono=True, ascii=True)
REPLAYS: dict[str, Any] = {}  # machines beside the runs, which take longer to build than to use
SIZES = {"wide": (79, 22), "middle": (47, 20), "narrow": (38, 10)}


@cache
def session_of(kind: str) -> Session:
    if kind == "norm":  # its inputs are the data, so that no number is a kernel's
        x = np.arange(24.0).reshape(8, 3) ** 2 / 10
        session = make_session([{"type": "batch_norm"}, (1, "linear")], n=8, n_in=3, x=x, batch_size=4, shuffle=False)
        session.goto(1, 3)
        return session
    if kind == "mask":
        session = make_session([{"type": "dropout", "rate": 0.25}, (1, "linear")], n=30, n_in=24, batch_size=15)
        session.goto(3, 3)
        return session
    case = CASES[kind] | ({"lr": 0.125} if kind == "sgd" else {})
    session = make_session([(5, "tanh"), (2, "linear")], n=8, batch_size=4, optimizer=case)
    session.goto(9)
    return session


def drawn(kind: str, width: int, height: int, ink: Ink = INK, session: Session | None = None, **view: Any) -> Any:
    session = session or session_of(kind)
    name, mode = {"norm": ("activations", "batch norm"), "mask": ("activations", "dropout mask")}.get(
        kind, ("optimizer", "by hand")
    )
    shown = View(
        pictures=Pictures(is_threaded=False), replay_start=session.replay_start, replay=REPLAYS.get(kind), **view
    )
    shown.modes[name] = VIEWS[name].index(mode)
    lines = microscope(name).lines(session.frame(), shown, width, height, ink)
    if shown.replay is not None:
        REPLAYS[kind] = shown.replay
    return lines


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["norm", "mask", "adam", "sgd"])
def test_picture(kind: str, size: str):
    width, height = SIZES[size]
    check(f"unit-{kind}-{size}", drawn(kind, width, height, sample=2, unit=1, row=3, column=1), width, height)


@pytest.mark.parametrize("kind", ["norm", "mask", "sgd", "adam", "muon"])
def test_nothing_overflows_and_ascii_is_ascii(kind: str, recwarn: pytest.WarningsRecorder):
    """At any size, with any selection, whatever the optimizer keeps."""
    selections: list[dict[str, Any]] = [{}, {"sample": 99, "unit": 99, "row": 99, "column": 99, "layer": 99}]
    for width in (24, 47, 140):
        for height in (1, 2, 9, 30):
            for view in selections:
                for ink in (INK, ASCII):
                    lines = drawn(kind, width, height, ink, **view)
                    assert len(lines) <= height
                    assert max((sum(s.cell_length for s in line) for line in lines), default=0) <= width, (
                        width,
                        height,
                    )
                    if ink is ASCII:
                        foreign = {letter for letter in as_text(lines) if not letter.isascii()}
                        assert foreign <= set("δ∂√βμρεΔγ²̂·"), foreign
    assert not recwarn.list


@pytest.mark.parametrize(
    ("kind", "words"), [("norm", "has not been computed"), ("mask", "has not been computed"), ("adam", "No gradient")]
)
def test_before_anything_is_computed(kind: str, words: str):
    start = {"norm": [{"type": "batch_norm"}, (1, "linear")], "mask": [{"type": "dropout"}, (1, "linear")]}
    session = make_session(start.get(kind, [(1, "linear")]), batch_size=4)  # type: ignore[arg-type]
    assert words in as_text(drawn(kind, 79, 22, session=session))


def test_views_that_a_run_has_not_are_passed_over():
    """Without a batch norm and a dropout, v goes from the units to the map."""
    activations = microscope("activations")
    frame = session_of("adam").frame()
    units = VIEWS["activations"].index("units")
    assert activations.next_mode(frame, units, 1) == 0
    assert activations.next_mode(session_of("mask").frame(), units, 1) == VIEWS["activations"].index("dropout mask")


@pytest.mark.parametrize("name", VIEWS)
def test_scripts_and_screen_know_the_same_views(name: str):
    assert microscope(name).modes == VIEWS[name]


def test_every_sample_s_units_are_drawn_and_counted():
    """A sample a line: as many filled cells as units are on, and the count of those off behind them."""
    session = session_of("mask")
    mask = session.frame().layers[0].mask
    assert mask is not None
    lines = [line for line in as_text(drawn("mask", 54, 30)).splitlines() if line.endswith(" off")]
    assert len(lines) == 15
    for line, row in zip(lines, mask, strict=True):
        assert line.count("█") == int((row > 0).sum())
        assert line.endswith(f" {int((row == 0).sum())} off")


def test_two_samples_share_a_line_where_rows_are_few():
    """Half blocks: 15 samples in eight lines, upper and lower halves as many as places are on."""
    mask = session_of("mask").frame().layers[0].mask
    assert mask is not None
    lines = as_text(drawn("mask", 36, 13)).splitlines()[3:-1]
    assert [line.split()[0] for line in lines if line] == ["0", "2", "4", "6", "8", "10", "12", "14"]
    text = "".join(lines)
    assert text.count("▀") + text.count("▄") + 2 * text.count("█") == int((mask > 0).sum())


def test_one_value_of_a_batch_norm_on_both_ways():
    """Hand-worked from the data: x̂ with the mean and the biased variance of four samples, and with what is remembered."""
    session = session_of("norm")
    x = session.frame().inputs[:, 1]
    first = (np.arange(24.0).reshape(8, 3) ** 2 / 10)[:4, 1]
    mean = 0.9 * 0.1 * first.mean() + 0.1 * x.mean()
    var = 0.9 * (0.9 + 0.1 * first.var(ddof=1)) + 0.1 * x.var(ddof=1)
    layer = session.frame().layers[0]
    weight, bias = (float(parameter.value[1]) for parameter in layer.parameters)
    in_training = weight * (x[2] - x.mean()) / np.sqrt(x.var() + 1e-5) + bias
    in_evaluation = weight * (x[2] - mean) / np.sqrt(var + 1e-5) + bias
    assert layer.activation[2, 1] == pytest.approx(in_training)
    lines = as_text(drawn("norm", 100, 22, sample=2, unit=1)).splitlines()
    assert lines[-2].split()[-1] == f"{in_training:.4f}"
    assert lines[-1].split()[-1] == f"{in_evaluation:.3f}"


def test_a_number_that_is_wrong_is_marked():
    """One slot changed behind the engine's back: its line and the head say so, all others agree."""
    from tui_nn.debugger.by_hand import work_out
    from tui_nn.debugger.replay import Replay
    from tui_nn.tui.panels.by_hand import Worked, worked_lines

    session = session_of("adam")
    start = session.replay_start(4)
    assert start is not None
    made = Replay(session.program).updates(start, "dense_1.weight", (3, 1), 9, 5)
    made[-1].slots["exp_avg"] *= 1.0 + 1e-9  # type: ignore[index]
    worked = Worked(session.program, "dense_1.weight", (3, 1), work_out(session.program, "dense_1.weight", made))
    text = as_text(worked_lines(session.frame(), worked, True, 79, 22, INK))
    assert "1 of 15 numbers of 5 updates differ by more than rounding" in text
    assert text.count("×\n") == 1
    assert text.count("✓") == 10


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_on_the_screen_it_follows_the_run_without_holding_it_up(size: tuple[int, int]):
    """n, then the view by hand: its picture comes from the pictures' thread, and a further n gives the next update's."""

    async def act(app: Any, pilot: Any) -> None:
        await pilot.press("n", "n", "n")
        await settled(app, pilot)
        app.debugger.look_at("optimizer: by hand")
        await until(pilot, lambda: "t=3" in screen_text(app), "the third update")
        assert "agree" in screen_text(app)
        await pilot.press("n")
        await until(pilot, lambda: "t=4" in screen_text(app) and "moment" not in screen_text(app), "the fourth")
        await pilot.press("left_square_bracket", "left_square_bracket")
        await until(pilot, lambda: "t=2" in screen_text(app) and "t=3" not in screen_text(app), "the second again")

    drive("adam-vs-sgd", act, size=size)
