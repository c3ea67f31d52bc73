"""Long series cut down for the screen: what is kept of them, and the running average."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_nn.tui.columns import Column
from tui_nn.tui.plot import Curve, visible
from tui_nn.tui.series import moving_average, survey

NUMBERS = st.one_of(
    st.floats(-1e6, 1e6), st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0, 1e300, -1e300, 1e-300])
)


def slow_average(values: list[float], over: int) -> list[float]:
    """The formula, value by value."""
    b, total, weight, out = 1 - 1 / over, 0.0, 0.0, []
    for value in values:
        counts = math.isfinite(value)
        total, weight = b * total + (1 - b) * (value if counts else 0.0), b * weight + (1 - b) * counts
        out.append(total / weight if weight else math.nan)
    return out


@given(st.data())
def test_no_spike_is_lost_in_any_window(data: st.DataObject):
    """Any series, any window: its largest and smallest finite value are drawn, and where there is a NaN there is a mark."""
    period = data.draw(st.integers(1, 5))
    y = np.array(data.draw(st.lists(NUMBERS, min_size=1, max_size=400)))
    x = np.arange(y.size) * period
    first = data.draw(st.integers(0, int(x[-1])))
    last = data.draw(st.integers(first, int(x[-1]) + 3))
    columns = data.draw(st.integers(1, 60))
    log = data.draw(st.booleans())
    shown = visible(Curve(x, y, "train"), first, last, columns, log)
    inside = (x >= first) & (x <= last)
    seen = y[inside]
    good = seen[np.isfinite(seen) & ((seen > 0) | (not log))]
    assert shown.x.size <= 2 * columns
    assert ((shown.x >= first) & (shown.x <= last)).all()
    assert (np.diff(shown.x) > 0).all()
    if good.size:
        height = np.log10 if log else np.asarray
        assert shown.y.max() == height(good.max())
        assert shown.y.min() == height(good.min())
    else:
        assert shown.x.size == 0
    odd = x[inside][~np.isfinite(seen)]
    assert set(shown.odd.tolist()) <= set(odd.tolist())
    assert bool(shown.odd.size) == bool(odd.size)
    assert shown.n_left_out == (np.count_nonzero(seen <= 0) if log else 0)


@given(st.integers(1, 30), st.integers(1, 400), st.integers(0, 399))
def test_every_column_with_something_odd_is_marked(columns: int, n: int, place: int):
    y = np.zeros(n)
    y[place % n] = math.nan
    assert survey(y, columns).odd.tolist() == [place % n]


def test_each_column_keeps_its_own_extremes():
    """Not only those of the whole: 8 columns of 100 points, a spike up and one down in each."""
    y = np.zeros(800)
    up, down = np.arange(8) * 100 + 31, np.arange(8) * 100 + 77
    y[up], y[down] = 1 + np.arange(8), -1 - np.arange(8)
    assert survey(y, 8).peaks.tolist() == sorted([*up, *down])


@given(
    st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(math.nan)), min_size=1, max_size=300),
    st.sampled_from([2, 10, 100]),
)
def test_the_average_is_the_formula(values: list[float], over: int):
    """As value by value, to 1e-9 of the largest: 300 roundings and cancellation. Below 1e-300 there are fewer digits."""
    average, _ = moving_average(np.array(values), over)
    expected = slow_average(values, over)
    size = max((abs(v) for v in values if math.isfinite(v)), default=0.0)
    np.testing.assert_allclose(average, expected, rtol=1e-9, atol=1e-9 * size + 1e-300)


def test_the_first_averages_by_hand():
    """b = 0.9: 4, then (0.9 · 0.1 · 4 + 0.1 · 8) / 0.19 = 6.105; the second is not (4 + 8) / 2, nor 0.76 without the correction."""
    average, (total, weight) = moving_average(np.array([4.0, 8.0]), 10)
    assert average.tolist() == pytest.approx([4.0, 1.16 / 0.19])
    assert (total, weight) == pytest.approx((1.16, 0.19))


def test_an_average_goes_on_from_where_it_was():
    """In pieces of any size as in one."""
    y = np.random.default_rng(1).normal(size=5_000)
    whole, _ = moving_average(y, 100)
    state, parts = (0.0, 0.0), []
    for piece in np.split(y, [1, 33, 34, 1_000, 4_999]):
        part, state = moving_average(piece, 100, state)
        parts.append(part)
    np.testing.assert_allclose(np.concatenate(parts), whole, rtol=1e-12, atol=1e-14)


def test_a_column_follows_its_history():
    """It grows with the run, stays after a rewind, and is read anew when another run is there."""
    x, y = np.arange(3_000), np.random.default_rng(2).normal(size=3_000).astype(np.float32)
    column = Column()
    for n in (0, 1, 700, 701, 3_000, 3_000):
        column.follow(x[:n], y[:n])
        assert column.y.tobytes() == y[:n].tobytes()
        assert column.average(10).tobytes() == column.average(10).tobytes()
    np.testing.assert_allclose(column.average(10), moving_average(y, 10)[0], rtol=1e-6)
    other = np.append(y[:1_000], np.zeros(2_500, np.float32))
    column.follow(np.arange(3_500), other)
    assert column.y.tobytes() == other.tobytes()
    np.testing.assert_allclose(column.average(10), moving_average(other, 10)[0], rtol=1e-6, atol=1e-7)
    assert column.at(-1) is None
    assert column.at(10**9) == 0.0
