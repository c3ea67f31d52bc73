"""Histograms count every number once, keep signs apart and stay inside their room."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.table import over
from tests.tui.goldens import as_text, check
from tui_nn.tui.histogram import Counts, bin_edges, histogram_lines
from tui_nn.tui.ink import Ink

INK, ASCII = Ink(mono=True), Ink(mono=True, ascii=True)
NUMBERS = st.floats(allow_nan=True, allow_infinity=True, width=32)


@given(st.lists(NUMBERS, max_size=60), st.integers(2, 50))
def test_every_number_is_counted_once(values: list[float], bins: int):
    counts = Counts.of(np.array(values), bins)
    assert counts.n + counts.n_nan + counts.n_inf == len(values)
    assert counts.n_nan == sum(math.isnan(value) for value in values)
    assert counts.n_inf == sum(math.isinf(value) for value in values)
    assert len(counts.counts) <= bins


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(2, 60))
def test_edges_rise_evenly_over_the_whole_range(low: float, length: float, bins: int):
    edges = bin_edges(low, low + length, bins)
    assert edges[0] <= low + 1e-9 * abs(low)
    assert edges[-1] >= (low + length) - 1e-9 * abs(low + length)
    steps = np.diff(edges)
    assert (steps > 0).all()
    assert steps.max() <= steps.min() * (1 + 1e-6) + 1e-9 * np.abs(edges).max()
    if low < 0 < low + length:
        assert 0.0 in edges


def test_a_number_lies_in_its_bin():
    """Of -1, -0.2, 0.1, 0.9 in four bins around 0: one each."""
    counts = Counts.of(np.array([-1.0, -0.2, 0.1, 0.9]), 4)
    assert counts.edges.tolist() == [-1.0, -0.5, 0.0, 0.5, 1.0] or counts.edges[len(counts.edges) // 2] == 0.0
    assert counts.counts[: np.flatnonzero(counts.edges == 0)[0]].sum() == 2


@pytest.mark.parametrize("size", [(60, 12), (30, 6), (12, 2)])
@pytest.mark.parametrize("name", ["normal", "one", "odd", "empty"])
def test_picture(name: str, size: tuple[int, int]):
    values = {
        "normal": np.random.default_rng(0).normal(0.2, 1.0, 500),
        "one": np.full(40, 0.25),
        "odd": np.array([math.nan, math.inf, -math.inf, 1.0, 2.0]),
        "empty": np.empty(0),
    }[name]
    check(f"histogram-{name}-{size[0]}", histogram_lines(values, *size, INK, mark=0.25), *size)


@over(range(1, 70, 3), [1, 2, 3, 9])
def test_nothing_overflows(width: int, height: int):
    values = np.random.default_rng(0).normal(0, 1e-9, 99)
    for ink in (INK, ASCII):
        lines = histogram_lines(values, width, height, ink)
        assert len(lines) <= height
        assert max(sum(segment.cell_length for segment in line) for line in lines) <= width
    assert as_text(histogram_lines(values, width, height, ASCII)).isascii()
