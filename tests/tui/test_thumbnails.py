"""The small pictures of a loss: heights, spikes, ends, and that they fit whatever is asked for."""

from __future__ import annotations

import pytest

from tests.tui.goldens import as_text, check
from tui_nn.scenario.curves import COLUMNS, RecordedCurve
from tui_nn.tui.ink import Ink
from tui_nn.tui.thumbnails import Axis, picture, sparkline

INKS = {"braille": Ink(mono=True), "ascii": Ink(mono=True, ascii=True)}
N = 960


def curve(values: list[float], val: list[float] | None = None, broke_at: int | None = None) -> RecordedCurve:
    """Of as many iterations as there are values; validation evenly spread, each at the end of its stretch."""
    every = len(values) // len(val) if val else 1
    points = (list(range(every - 1, len(values), every)), val) if val else ((), ())
    return RecordedCurve.of(len(values), (list(range(len(values))), values), points, broke_at)


FALL = curve([1000.0 * 0.99**i for i in range(N)], [2000 * 0.9**i for i in range(20)])
STUCK = curve([0.70 - 0.01 * i / N for i in range(N)])
SPIKE = curve([1.0 + 8.0 * (i == 500) for i in range(N)])
BROKEN = curve([1e-3 * 1.2**i if i < N // 2 else float("inf") for i in range(N)], broke_at=N // 2)
SHORT = curve([3.0, 2.0, 1.0])
CURVES = {"fall": FALL, "stuck": STUCK, "spike": SPIKE, "broken": BROKEN, "short": SHORT}


@pytest.mark.parametrize("name", CURVES)
@pytest.mark.parametrize("ink", INKS)
def test_pictures(name: str, ink: str):
    lines = [line for rows in (1, 2) for line in sparkline(CURVES[name], 24, rows, INKS[ink])]
    check(f"thumbnail-{name}-{ink}", [*lines, [], *picture(CURVES[name], 48, 11, INKS[ink])], 48, 15)


def test_a_loss_over_two_decades_is_drawn_on_a_log_scale():
    """1 to 100 is linear, a little more is not; neither is what reaches below 0. A linear axis starts at 0."""
    assert Axis.of(curve([1.0, 100.0])) == Axis(0.0, 100.0, False)
    assert Axis.of(curve([1.0, 101.0])) == Axis(1.0, 101.0, True)
    assert Axis.of(curve([-1.0, 101.0])) == Axis(-1.0, 101.0, False)
    assert Axis.of(curve([0.0, 1e-6, 1.0])).share(0.0) == 0.0  # where a log has no place, the foot of the picture
    assert Axis.of(curve([0.0, 0.0])).share(0.0) == 0.0


def test_one_dot_row_a_quarter():
    """A fall from 1 to 0 in four equal stretches stands at each of the four heights of a braille cell."""
    steps = curve([1.0] * 240 + [0.667] * 240 + [0.333] * 240 + [0.0] * 240)
    dots = [ord(text) for text in as_text(sparkline(steps, 24, 1, INKS["braille"]))[:24]]
    assert [dots[i] for i in (2, 8, 14, 20)] == [0x2809, 0x2812, 0x2824, 0x28C0]
    assert as_text(sparkline(steps, 24, 1, INKS["ascii"]))[2:24:6] == "'-._"


def test_a_spike_of_one_iteration_of_960_is_seen():
    assert any(segment.text != " " for segment in sparkline(SPIKE, 8, 2, INKS["braille"])[0])


@pytest.mark.parametrize("ink", INKS)
def test_a_broken_run_ends_with_a_mark(ink: str):
    """× stands where the loss was no number any more, and nothing behind it, wherever that was."""
    mark = INKS[ink].glyph("nan")
    for broke_at in range(1, 60):
        short = curve([1.5**i if i < broke_at else float("inf") for i in range(60)], broke_at=broke_at)
        for rows in (1, 2):
            lines = as_text(sparkline(short, 24, rows, INKS[ink])).splitlines()
            assert lines[0].index(mark) == broke_at * 24 // 60
            assert all(len(line) <= broke_at * 24 // 60 + 1 for line in lines)


def test_without_a_curve_the_place_stays_blank():
    assert as_text(sparkline(None, 12, 2, INKS["ascii"])) == "\n\n"


@pytest.mark.parametrize("ink", INKS)
def test_they_fit_any_place(ink: str):
    for name in CURVES:
        for width in (1, 2, 7, 24, 25, 60, 160):
            for rows in (1, 2):
                lines = sparkline(CURVES[name], width, rows, INKS[ink])
                assert [sum(segment.cell_length for segment in line) for line in lines] == [width] * rows
            for height in (1, 3, 4, 5, 8, 20):
                lines = picture(CURVES[name], width, height, INKS[ink])
                assert len(lines) <= height
                assert all(sum(segment.cell_length for segment in line) <= width for line in lines)


def test_axis_labels_stand_at_their_heights():
    """From 1000 to 0.065 the powers of ten are evenly spaced; the last lies above the foot."""
    ticks = Axis.of(curve([1000.0, 0.065])).ticks(17)
    assert list(ticks.values()) == ["0.1", "1", "10", "100", "1000"]
    assert sorted(ticks, reverse=True) == list(ticks)
    assert Axis.of(curve([0.0, 2.0])).ticks(9) == {8: "0.0", 6: "0.5", 4: "1.0", 2: "1.5", 0: "2.0"}


def test_there_are_as_many_columns_as_promised():
    assert len(FALL.loss) == len(FALL.val_loss) == COLUMNS
