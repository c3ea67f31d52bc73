"""sigmoid and tanh in lanes: exact to a few units in the last place, and what NaN, infinity and the far ends give."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

import numba
import numpy as np
import pytest

from tests.engine.make import ulps
from tui_nn.engine.lane_math import lane_sigmoid, lane_tanh
from tui_nn.engine.lowlevel import IS_JIT, LANES, OPTIONS, load, store

DTYPES = (np.float32, np.float64)


def through(function: Any, x: np.ndarray) -> np.ndarray:
    """Each number, eight at a time; the last block has fewer."""

    def run(values: Any) -> None:
        for k in range(0, values.size, LANES):
            store(values, k, values.size - k, function(load(values, k, values.size - k)))

    values = x.copy()
    (numba.njit(**OPTIONS)(run) if IS_JIT else run)(values)
    return values


def exact(name: str, x: np.ndarray) -> list[Decimal]:
    result = []
    with localcontext() as context:
        context.prec = 40
        for value in x:
            z = Decimal(float(value))
            grown = (2 * z).exp() if name == "tanh" else (-z).exp()
            result.append((grown - 1) / (grown + 1) if name == "tanh" else 1 / (1 + grown))
    return result


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "function"), [("sigmoid", lane_sigmoid), ("tanh", lane_tanh)])
def test_lanes_are_as_exact_as_vecmath(name, function, dtype):
    """Within 3.5 units in the last place from tiny numbers to where both saturate."""
    sizes = np.concatenate([np.geomspace(1e-6, 30.0, 300), np.linspace(0.01, 10.0, 203)])
    x = np.concatenate([sizes, -sizes]).astype(dtype)
    assert ulps(through(function, x), exact(name, x)) <= 3.5


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_far_ends(dtype):
    x = np.array([0.0, -0.0, 100.0, -100.0, np.inf, -np.inf, np.nan, 1e4, -1e4, 1.0, 2.0], dtype)
    tanh, sigmoid = through(lane_tanh, x), through(lane_sigmoid, x)
    assert tanh[:6].tolist() == [0.0, 0.0, 1.0, -1.0, 1.0, -1.0]
    assert np.signbit(tanh[:2]).tolist() == [False, True]
    assert sigmoid[[0, 1, 2, 4]].tolist() == [0.5, 0.5, 1.0, 1.0]
    assert (sigmoid[[3, 5, 8]] < 1e-37).all()
    assert (sigmoid >= 0)[~np.isnan(x)].all()
    assert np.isnan(tanh[6])
    assert np.isnan(sigmoid[6])


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_lane_does_not_depend_on_its_place(dtype):
    """A number gives the same bits as the first of eight, and as the last of three."""
    x = np.linspace(-4.0, 4.0, 43).astype(dtype)
    for function in (lane_sigmoid, lane_tanh):
        whole = through(function, x)
        alone = np.array([through(function, x[k : k + 1])[0] for k in range(0, 43, 7)])
        np.testing.assert_array_equal(whole[::7], alone)
