"""The plot adapter: what is drawn, how large, and how many points it costs."""

import math
import time

import numpy as np
import pytest

from tests.tui.goldens import as_text
from tui_nn.tui.ink import Ink
from tui_nn.tui.plot import Curve, chart, decimate

INK = Ink(mono=True)


def curve(values: list[float], role: str = "train") -> Curve:
    return Curve(np.arange(len(values)), np.array(values), role)


def test_decimation_keeps_peaks():
    """20,000 points in 80 columns: at most 160 are left, in order, among them the one spike up and the one down."""
    y = np.sin(np.arange(20_000) / 500)
    y[[7_777, 12_345]] = 9.0, -9.0
    x, _ = decimate(np.arange(20_000), y, 80)
    assert len(x) <= 160
    assert (np.diff(x) > 0).all()
    assert {7_777, 12_345} <= set(x.tolist())


@pytest.mark.parametrize(("width", "height"), [(20, 4), (44, 12), (90, 18)])
@pytest.mark.parametrize("log", [False, True])
def test_it_is_exactly_as_large_as_asked(width: int, height: int, log: bool):
    lines = chart([curve([2.0, 1.0, 0.5, 0.1])], width, height, INK, log=log, x_end=10)
    assert len(lines) == height
    assert {sum(segment.cell_length for segment in line) for line in lines} == {width}


@pytest.mark.parametrize(
    "values",
    [
        [0.0],
        [1.0, 1.0, 1.0],
        [0.0, 0.0],
        [-1.0, -2.0],
        [1e300, -1e300],
        [1e-300, 2e-300],
        [math.nan],
        [math.inf, math.nan],
    ],
)
@pytest.mark.parametrize("log", [False, True])
def test_odd_curves_are_drawn_all_the_same(values: list[float], log: bool):
    assert len(chart([curve(values)], 40, 8, INK, log=log, x_end=3)) == 8


def test_what_is_not_finite_is_marked():
    """Two odd losses among five: two marks, at the top."""
    lines = chart([curve([1.0, 0.9, math.inf, math.nan, 0.5])], 60, 8, INK, x_end=4)
    assert as_text(lines).splitlines()[0].count("×") == 2


def test_a_log_axis_has_powers_of_ten():
    """From 1 down to 1e-4: the ticks say so."""
    text = as_text(chart([curve([10.0**-k for k in range(5)])], 50, 12, INK, log=True, x_end=4))
    for label in ("1┤", "0.1┤", "0.01┤", "0.001┤"):
        assert label in text


def test_shares_are_in_percent_from_nothing_to_all():
    text = as_text(chart([curve([0.5, 0.6])], 50, 12, INK, is_share=True, x_end=2))
    assert "100%┤" in text
    assert "  0%┤" in text


def test_position_and_reading_cursor_are_lines():
    empty = as_text(chart([curve([1.0, 2.0])], 50, 8, INK, x_end=100)).count("│")
    marked = as_text(chart([curve([1.0, 2.0])], 50, 8, INK, x_end=100, here=50, read=80)).count("│")
    assert marked >= empty + 8


def test_ascii_draws_in_ascii():
    text = as_text(
        chart([curve([2.0, 1.0]), curve([2.0, 1.5], "validation")], 40, 8, Ink(mono=True, ascii=True), x_end=4)
    )
    assert text.isascii()


def test_a_long_run_costs_no_more():
    """200,000 points against 1,000 in the same run: 200 times as many cost less than 4 times as much."""
    best = {200_000: math.inf, 1_000: math.inf}
    for _ in range(7):
        for n in best:
            curve = Curve(np.arange(n), np.random.default_rng(0).random(n), "train")
            start = time.process_time()
            chart([curve], 80, 20, INK, x_end=n)
            best[n] = min(best[n], time.process_time() - start)
    assert best[200_000] < 4 * best[1_000]
