"""Pictures of arrays: scales, windows, strips, bars."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.goldens import as_text
from tui_nn.tui.heat import Scale, bar, decades, log_share, matrix_lines, pool, strip_of, window
from tui_nn.tui.ink import LEVELS, Ink

INK = Ink(mono=True)


def test_levels_by_hand():
    """With a top of 4: 4 is the last level, 2 half of it, -4 the last negative one."""
    scale = Scale.of(np.array([0.0, 2.0, -4.0]))
    assert scale == Scale(4.0, signed=True)
    assert scale.levels(np.array([4.0, 2.0, 0.0, -4.0])).tolist() == [
        LEVELS - 1,
        round((LEVELS - 1) / 2),
        0,
        1 - LEVELS,
    ]


def test_what_is_not_finite_does_not_spoil_the_scale():
    assert Scale.of(np.array([1.0, math.inf, math.nan, -math.inf])) == Scale(1.0, signed=False)
    assert Scale.of(np.array([math.nan])) == Scale(0.0, signed=False)
    assert Scale(0.0, signed=False).levels(np.array([math.nan, 0.0])).tolist() == [0, 0]


def test_nan_and_infinity_are_marked():
    """A row of 1, NaN, inf, -1 in one cell each."""
    row = np.array([[1.0, math.nan, math.inf, -1.0]])
    lines = matrix_lines(row, window(row.shape, 4, 1, (0, 0), ()), Scale.of(row), INK, None)
    assert as_text(lines) == "╬×∞≡\n"


def test_a_small_matrix_shows_its_numbers():
    matrix = np.array([[0.5, -1.25], [2.0, math.nan]])
    lines = matrix_lines(matrix, window(matrix.shape, 20, 2, (0, 0)), Scale.of(matrix), INK, (0, 1))
    assert as_text(lines) == " 0.5000  -1.250\n  2.000     nan\n"


@given(
    st.tuples(st.integers(1, 200), st.integers(1, 200)), st.integers(1, 90), st.integers(0, 40), st.tuples(st.integers(0, 199), st.integers(0, 199))
)  # fmt: skip
def test_the_cursor_is_always_in_sight(shape: tuple[int, int], width: int, height: int, cursor: tuple[int, int]):
    cursor = min(cursor[0], shape[0] - 1), min(cursor[1], shape[1] - 1)
    place = window(shape, width, height, cursor)
    assert place.columns * place.cell <= max(width, 1)
    if height:
        assert place.row <= cursor[0] < place.row + place.rows <= shape[0]
    assert place.column <= cursor[1] < place.column + place.columns <= shape[1]


def test_sparkline_falls():
    assert as_text([strip_of(np.array([3.0, 2.0, 1.0]), 3, INK)]) == "█▆▃\n"


def test_sparkline_of_signs_stands_on_the_middle():
    """-1 is the lowest glyph, 1 the highest, 0 in the middle."""
    assert as_text([strip_of(np.array([-1.0, 0.0, 1.0]), 3, INK)]) == "▁▅█\n"


def test_pooling_keeps_the_extremes():
    """1000 values in 10 cells: the single spike of either sign survives, and so does a NaN."""
    values = np.zeros(1000)
    values[[123, 456]] = 5.0, -7.0
    assert {5.0, -7.0} <= set(pool(values, 10).tolist())
    values[789] = math.nan
    assert np.isnan(pool(values, 10)).sum() == 1


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "▏"), (0.5, "████"), (1.0, "████████"), (0.25 + 1 / 128, "██"), (2.0, "████████")]
)
def test_bars_by_hand(share: float, text: str):
    assert as_text([bar(share, 8, INK, "text")]) == text + "\n"


def test_log_axis():
    """1e-3 stands halfway between 1e-6 and 1; nothing stands anywhere for 0, NaN and inf."""
    assert log_share(1e-3, 1e-6, 1.0) == pytest.approx(0.5)
    assert [log_share(value, 1e-6, 1.0) for value in (0.0, -1.0, math.nan, math.inf)] == [None] * 4
    assert decades([3e-4, 0.2, math.nan, 0.0]) == pytest.approx((1e-4, 1.0))
    assert decades([2.0]) == (1.0, 10.0)
    assert decades([0.0, math.nan]) is None
