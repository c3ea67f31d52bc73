"""exp, tanh and sigmoid: against Decimal arithmetic of 60 digits, and at the edges of what a float can say."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from functools import cache
from typing import Any

import numba
import numpy as np
import pytest

from tests.engine.make import ulps
from tui_nn.engine import lowlevel, vecmath

DTYPES = ("float32", "float64")
# In units in the last place; the correctly rounded result has 0.5.
BOUNDS = {
    ("exp", "float32"): 1.0, ("exp", "float64"): 1.0,
    ("sigmoid", "float32"): 3.0, ("sigmoid", "float64"): 3.0,
    ("tanh", "float32"): 5.0, ("tanh", "float64"): 3.0,
}  # fmt: skip


@cache
def compiled(name: str) -> Callable[[np.ndarray], np.ndarray]:
    """The function as kernels use it: in a loop over an array, with their options."""
    function: Any = getattr(vecmath, name)

    @numba.njit(**lowlevel.OPTIONS)
    def over(x, out):
        for i in range(x.size):
            out[i] = function(x[i])

    def apply(x: np.ndarray) -> np.ndarray:
        out = np.empty_like(x)
        over(x, out)
        return out

    return apply


def of(name: str, dtype: str, *values: float) -> list[float]:
    return compiled(name)(np.array(values, dtype)).tolist()


def exact(name: str, x: np.ndarray) -> list[Decimal]:
    with localcontext() as context:
        context.prec = 60
        found = []
        for value in x:
            z = Decimal(float(value))
            if name == "exp":
                found.append(z.exp())
            elif name == "sigmoid":
                found.append(1 / (1 + (-z).exp()))
            elif abs(z) < Decimal("1e-12"):  # the form below would cancel
                found.append(z - z**3 / 3)
            else:
                found.append(1 - 2 / ((2 * z).exp() + 1))
        return found


def arguments(name: str, dtype: str) -> np.ndarray:
    """Where results are normal numbers: the whole range evenly, and every size near 0, on both sides."""
    largest = {"exp": {"float32": 87.0, "float64": 708.0}, "tanh": {"float32": 12.0, "float64": 25.0}}
    reach = largest.get(name, {"float32": 86.0, "float64": 700.0})[dtype]
    tiny = -35.0 if dtype == "float32" else -300.0
    even = np.linspace(-reach, reach, 1501)
    middle = np.linspace(-3.0, 3.0, 1501)
    small = 10.0 ** np.linspace(tiny, 0.0, 200)
    return np.concatenate([even, middle, small, -small]).astype(dtype)


@pytest.mark.parametrize(("name", "dtype"), BOUNDS)
def test_error_in_units_of_the_last_place(name, dtype):
    """exp within 1 ulp, sigmoid 3, tanh 3 (float64) and 5 (float32), over the whole range."""
    x = arguments(name, dtype)
    error = ulps(compiled(name)(x), exact(name, x))
    print(f"{name} {dtype}: at most {error:.2f} ulp in {x.size:,} places")
    assert error <= BOUNDS[name, dtype]


@pytest.mark.parametrize("dtype", DTYPES)
def test_nan_and_infinities(dtype):
    """NaN stays NaN; e**inf = inf, e**-inf = 0; tanh goes to +-1, sigmoid to 0 and 1."""
    nan, inf = float("nan"), float("inf")
    for name in ("exp", "tanh", "sigmoid"):
        assert np.isnan(of(name, dtype, nan, -nan)).all()
    assert of("exp", dtype, inf, -inf, 0.0, -0.0) == [inf, 0.0, 1.0, 1.0]
    assert of("tanh", dtype, inf, -inf) == [1.0, -1.0]
    assert of("sigmoid", dtype, inf, -inf, 0.0) == [1.0, 0.0, 0.5]


@pytest.mark.parametrize("dtype", DTYPES)
def test_overflow_and_underflow(dtype):
    """Past the largest float exp is inf, below the smallest 0, and between there the subnormals are kept, within one of them."""
    over, under, subnormal = (89.0, -104.5, -95.0) if dtype == "float32" else (710.0, -746.0, -740.0)
    assert of("exp", dtype, over, 1e4, 1e30, under, -1e4, -1e30) == [float("inf")] * 3 + [0.0] * 3
    x = np.array([subnormal], dtype)
    smallest = Decimal(float(np.finfo(dtype).smallest_subnormal))
    assert abs(Decimal(of("exp", dtype, subnormal)[0]) - exact("exp", x)[0]) <= smallest


@pytest.mark.parametrize("dtype", DTYPES)
def test_tanh_saturates_at_exactly_one(dtype):
    """From where 1 - tanh is under half a unit of 1, the answer is +-1 and nothing beyond; and no value ever exceeds it."""
    x = np.linspace(9.2 if dtype == "float32" else 19.2, 1_000.0, 5_000).astype(dtype)
    tanh = compiled("tanh")
    assert (tanh(x) == 1.0).all()
    assert (tanh(-x) == -1.0).all()
    assert (np.abs(tanh(np.linspace(-30.0, 30.0, 20_001).astype(dtype))) <= 1.0).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_tanh_keeps_the_sign_of_zero_and_is_odd(dtype):
    """tanh(-0.0) is -0.0; tanh(-x) = -tanh(x) to the bit; the smallest numbers pass through unchanged."""
    tanh, tiny = compiled("tanh"), float(np.finfo(dtype).smallest_subnormal)
    assert np.signbit(of("tanh", dtype, -0.0, 0.0)).tolist() == [True, False]
    x = arguments("tanh", dtype)
    assert (tanh(-x) == -tanh(x)).all()
    assert of("tanh", dtype, tiny, -tiny) == [tiny, -tiny]


@pytest.mark.parametrize(("name", "dtype"), BOUNDS)
def test_never_falls_where_the_function_rises(name, dtype):
    """Over 20,001 places a thousandth apart, where the true function rises by many units of the last place."""
    values = compiled(name)(np.linspace(-8.0, 8.0, 20_001).astype(dtype)).astype(np.float64)
    ulp = np.spacing(np.abs(values).astype(dtype)).astype(np.float64)
    assert (np.diff(values) >= -3 * ulp[1:]).all()


def test_the_same_number_anywhere_in_an_array():
    """Vector body and scalar tail of a loop agree to the bit: a sample's number does not depend on the batch around it."""
    for dtype in DTYPES:
        x = np.linspace(-20.0, 20.0, 37).astype(dtype)
        for name in ("exp", "tanh", "sigmoid"):
            whole = compiled(name)(x)
            assert whole.tobytes() == b"".join(compiled(name)(x[k : k + 1]).tobytes() for k in range(x.size))
