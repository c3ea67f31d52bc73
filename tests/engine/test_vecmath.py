"""exp, tanh, sigmoid and their kin over the whole range of both precisions: errors, edges, and that their loops are vectorised.

What is promised, in units in the last place of the true result: 5 in float32 and 3 in float64 (less where CLAIMS says so),
for every argument. Results too large for the type are inf, results below the smallest normal number are subnormal and as
close as subnormals allow; of sigmoid they may be 0 as well, an absolute error of less than 1.2e-38 (float32) or 2.3e-308.
NaN stays NaN, tanh, sigmoid and expm1 reach their limits exactly and never pass them; logarithms of what is negative are NaN.

References: float32 against the C library in float64, whose own error is below 1e-8 of a unit; float64 against the C
library in the 80-bit format (below 0.01), where the machine has one; and both references against Decimal of 60 digits.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator
from decimal import Decimal, localcontext
from functools import cache
from typing import Any

import numba
import numpy as np
import pytest

from tests.engine.make import ulps
from tui_nn.engine import lowlevel, vecmath

IS_FULL = os.environ.get("TUI_NN_FULL") == "1"
NAMES, DTYPES = ("exp", "expm1", "log", "log1p", "tanh", "sigmoid"), ("float32", "float64")
CASES = [(name, dtype) for name in NAMES for dtype in DTYPES]
PROMISED = {"float32": 5.0, "float64": 3.0}
CLAIMS = {("exp", "float32"): 2.0, ("exp", "float64"): 2.0}  # softmax and the losses stand on it
NAN, INF = float("nan"), float("inf")
LN2 = math.log(2.0)
LIMITS = {"exp": (0.0, INF), "expm1": (-1.0, INF), "tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0)}
DOMAIN = {"log": 0.0, "log1p": -1.0}
# Where float64 results are neither limits nor (nearly) the argument itself.
REACH = {
    "exp": (-746.0, 710.0), "expm1": (-38.0, 710.0), "log": (0.0, 1e4), "log1p": (-1.0, 1e4),
    "tanh": (-20.0, 20.0), "sigmoid": (-746.0, 40.0),
}  # fmt: skip


def bound(name: str, dtype: str) -> float:
    return CLAIMS.get((name, dtype), PROMISED[dtype])


@cache
def loop(name: str) -> Any:
    """The function as kernels use it: in a loop over an array, with their options."""
    function: Any = getattr(vecmath, name)

    @numba.njit(**lowlevel.OPTIONS)
    def over(x, out):
        for i in range(x.size):
            out[i] = function(x[i])

    return over


def compiled(name: str) -> Callable[[np.ndarray], np.ndarray]:
    def apply(x: np.ndarray) -> np.ndarray:
        out = np.empty_like(x)
        loop(name)(x, out)
        return out

    return apply


def of(name: str, dtype: str, *values: float) -> list[float]:
    return compiled(name)(np.array(values, dtype)).tolist()


# References


def exact(name: str, x: np.ndarray) -> list[Decimal]:
    with localcontext() as context:
        context.prec = 60
        context.Emin = -10_000
        found = []
        for value in x:
            z = Decimal(float(value))
            is_tiny = abs(z) < Decimal("1e-20")  # where the forms below would cancel: two terms of Taylor's series
            if name == "exp":
                found.append(z.exp())
            elif name == "expm1":
                found.append(z + z * z / 2 if is_tiny else z.exp() - 1)
            elif name == "log":
                found.append(z.ln())
            elif name == "log1p":
                found.append(z - z * z / 2 if is_tiny else (1 + z).ln())
            elif name == "sigmoid":
                found.append(1 / (1 + (-z).exp()))
            else:
                found.append(z - z**3 / 3 if is_tiny else 1 - 2 / ((2 * z).exp() + 1))
        return found


def wider(name: str, x: np.ndarray) -> np.ndarray:
    """The C library's answer in the precision of x, which is wider than the one under test."""
    if name != "sigmoid":
        return getattr(np, name)(x)
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1) / (1 + e)


needs_80_bits = pytest.mark.skipif(
    np.finfo(np.longdouble).nmant < 60, reason="no wider format on this machine; the Decimal test remains"
)


def last_place(true: np.ndarray, info: Any) -> np.ndarray:
    """The unit in the last place that a result of the narrower type has next to each true value."""
    if true.dtype == np.float64:
        power = (true.view(np.int64) & 0x7FF0000000000000).view(np.float64)  # the exponent bits alone: fast
    else:
        power = np.ldexp(true.dtype.type(1), np.frexp(true)[1] - 1)
    return np.clip(power * info.eps, info.smallest_subnormal, np.ldexp(info.eps, info.maxexp - 1))


def distance(name: str, got: np.ndarray, true: np.ndarray) -> np.ndarray:
    """How far each result is from the true one (in a wider format), in units in the last place of the true one.

    inf counts as the power of two that does not fit any more. For sigmoid, a result between 0 and the smallest normal
    number counts as right where the true one is there too. What must never be counts as inf: NaN for a number, a number
    where there is none, and results beyond a limit.
    """
    info = np.finfo(got.dtype)
    too_large = np.ldexp(true.dtype.type(1), info.maxexp)
    value = np.clip(got.astype(true.dtype), -too_large, too_large)
    error = np.abs(value - np.clip(true, -too_large, too_large)) / last_place(true, info)
    if name == "sigmoid":
        tiny = info.smallest_normal
        error[(true < tiny) & (got >= 0) & (got <= tiny)] = 0
    low, high = LIMITS.get(name, (-INF, INF))
    error[~((got >= low) & (got <= high))] = INF
    if name.startswith("log"):
        error[np.isnan(true) & np.isnan(got)] = 0
    return error


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("wide", [np.float64, pytest.param(np.longdouble, marks=needs_80_bits)])
def test_the_reference_is_right(name, wide):
    """Both references against Decimal, where results are normal: within 1 unit of their own last place or so (2)."""
    x = np.concatenate([np.linspace(-80, 80, 302), np.geomspace(1e-30, 1, 50), -np.geomspace(1e-30, 0.9, 50)])
    x = x[x > DOMAIN.get(name, -INF)]
    true = exact(name, x)
    digits = np.finfo(wide).nmant
    for got, wanted in zip(wider(name, x.astype(wide)), true, strict=True):
        high = Decimal(float(got)) + Decimal(float(got - wide(float(got))))
        assert abs(high - wanted) <= 2 * abs(wanted) * Decimal(2) ** -digits


# Errors


def narrow_patterns(step: int) -> Iterator[np.ndarray]:
    """Every step-th float32 of all 2**32 bit patterns but the NaNs, in pieces."""
    piece = 1 << 15  # what stays in the cache
    for start in range(0, 1 << 32, piece * step):
        x = np.arange(start, min(start + piece * step, 1 << 32), step, dtype=np.uint32).view(np.float32)
        if (numbers := x[~np.isnan(x)]).size:
            yield numbers


def wide_patterns(count: int) -> Iterator[np.ndarray]:
    """float64: `count` numbers of each of 2,047 exponents and both signs, among them the first and last of each."""
    rng = np.random.default_rng(3)
    for exponent in range(0, 2047, 89):
        high = np.arange(exponent, min(exponent + 89, 2047), dtype=np.uint64)[:, None] << np.uint64(52)
        low = rng.integers(0, 1 << 52, (high.size, count), dtype=np.uint64)
        low[:, :2] = [0, (1 << 52) - 1]
        x = (high | low).reshape(-1).view(np.float64)
        yield np.concatenate([x, -x])


def neighbours(places: np.ndarray, count: int) -> np.ndarray:
    """The `count` numbers on either side of each place, and it."""
    size = np.dtype(f"i{places.itemsize}")
    near = places.view(size)[:, None] + np.arange(-count, count + 1, dtype=size)
    return near.reshape(-1).view(places.dtype)


def delicate(dtype: str) -> np.ndarray:
    """Where formulas switch or end: odd multiples of half ln 2 (exp's reduction, also of 2x in tanh), where results leave the
    normal numbers and the subnormals, where limits are reached, where tanh may change its form, and the powers of 2 and of
    its root, and 1 and -1 themselves, for the logarithms."""
    info = np.finfo(dtype)
    powers = np.arange(info.minexp - info.nmant - 2, info.maxexp + 2)
    ends = [(info.maxexp) * LN2, info.minexp * LN2, (info.minexp - info.nmant) * LN2, (info.nmant + 2) * LN2 / 2]
    ends += [(info.nmant + 2) * LN2, 0.5, 0.55, 0.6, 0.625, 0.65, 0.7, 1.0, LN2 / 2, info.maxexp * LN2 / 2]
    places = np.concatenate([(powers + 0.5) * LN2, (powers + 0.5) * LN2 / 2, powers * LN2])
    roots = np.sqrt(0.5) * np.ldexp(1.0, np.arange(info.minexp + 1, info.maxexp))
    places = np.concatenate([places, roots, roots * np.sqrt(2.0), roots - 1.0])
    some = neighbours(places[places != 0].astype(dtype), 8)
    many = neighbours(np.array(ends, dtype), 3_000)
    return np.concatenate([some, many, -many])


def check(name: str, pieces: Iterator[np.ndarray], wide: type) -> None:
    worst, where, total, dtype = -1.0, 0.0, 0, ""
    run = compiled(name)
    for x in pieces:
        with np.errstate(all="ignore"):
            error = distance(name, run(x), wider(name, x.astype(wide)))
        place = int(np.argmax(error))
        total += x.size
        if not error[place] <= worst:
            worst, where, dtype = float(error[place]), x[place], str(x.dtype)
    print(f"{name} {dtype}: at most {worst:.3f} ulp in {total:,} places, at {where!r}")
    assert worst <= bound(name, dtype), f"at {where!r}"


@pytest.mark.parametrize("name", NAMES)
def test_float32_over_all_bit_patterns(name):
    """One pattern in 1,009 (a prime: 8,300 numbers of each exponent and sign); all 4,278,190,082 with TUI_NN_FULL=1."""
    check(name, narrow_patterns(1 if IS_FULL else 1_009), np.float64)


@needs_80_bits
@pytest.mark.parametrize("name", NAMES)
def test_float64_over_all_exponents(name):
    """40 numbers of every exponent and sign, subnormals among them; 4,000 with TUI_NN_FULL=1."""
    check(name, wide_patterns(4_000 if IS_FULL else 40), np.longdouble)


@needs_80_bits
@pytest.mark.parametrize("name", NAMES)
def test_float64_where_results_change(name):
    """Random numbers, even over where results are neither limits nor the argument itself: 200,000; 2e7 in full."""
    rng = np.random.default_rng(4)
    pieces = [rng.uniform(*REACH[name], 100_000) for _ in range(100 if IS_FULL else 1)]
    pieces += [rng.uniform(-2.0, 2.0, 100_000) for _ in range(100 if IS_FULL else 1)]
    check(name, iter(pieces), np.longdouble)


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_where_formulas_switch_and_end(name, dtype):
    """The numbers just before and after every border of range reduction, of overflow, underflow and saturation."""
    if dtype == "float64" and np.finfo(np.longdouble).nmant < 60:
        pytest.skip("no wider format on this machine")
    check(name, iter([delicate(dtype)]), np.float64 if dtype == "float32" else np.longdouble)


def arguments(name: str, dtype: str) -> np.ndarray:
    """Where results are normal numbers: the whole range evenly, and every size near 0, on both sides."""
    narrow = dtype == "float32"
    reach = {"exp": 87.0, "expm1": 87.0, "tanh": 12.0, "sigmoid": 86.0}.get(name, 1e4) * (1 if narrow else 8)
    tiny = -35.0 if narrow else -300.0
    even = np.linspace(-reach, reach, 501)
    middle = np.linspace(-3.0, 3.0, 501)
    small = 10.0 ** np.linspace(tiny, 0.0, 100)
    x = np.concatenate([even, middle, small, -small]).astype(dtype)
    return x[x > DOMAIN.get(name, -INF)]


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_error_against_60_digits(name, dtype):
    """The same bound against Decimal, which shares no code with any C library."""
    x = arguments(name, dtype)
    error = ulps(compiled(name)(x), exact(name, x))
    print(f"{name} {dtype}: at most {error:.2f} ulp in {x.size:,} places")
    assert error <= bound(name, dtype)


# Edges


@pytest.mark.parametrize("dtype", DTYPES)
def test_nan_and_infinities(dtype):
    """NaN of any payload and sign stays NaN; e**inf = inf, e**-inf = 0; tanh goes to +-1, sigmoid to 0 and 1."""
    kind, quiet = (np.uint32, 0x7F800000) if dtype == "float32" else (np.uint64, 0x7FF0000000000000)
    n_bits = np.finfo(dtype).nmant
    nans = np.array([quiet | 1 << k for k in range(n_bits)] + [quiet | (1 << n_bits) - 1], kind).view(dtype)
    for name in NAMES:
        assert np.isnan(compiled(name)(np.concatenate([nans, -nans]))).all()
    assert of("exp", dtype, INF, -INF, 0.0, -0.0) == [INF, 0.0, 1.0, 1.0]
    assert of("tanh", dtype, INF, -INF) == [1.0, -1.0]
    assert of("expm1", dtype, INF, -INF) == [INF, -1.0]
    for name, edge in DOMAIN.items():
        below = [-INF, -2.0, float(np.nextafter(np.dtype(dtype).type(edge), np.dtype(dtype).type(-INF)))]
        assert of(name, dtype, INF, edge) == [INF, -INF]
        assert np.isnan(of(name, dtype, *below)).all()
    assert of("log", dtype, -0.0, 1.0) == [-INF, 0.0]
    assert of("sigmoid", dtype, INF, -INF, 0.0, -0.0) == [1.0, 0.0, 0.5, 0.5]


@pytest.mark.parametrize("dtype", DTYPES)
def test_overflow_and_underflow(dtype):
    """Past the largest float exp is inf, below half of the smallest subnormal 0 (never -0), up to the largest argument."""
    over, under = (88.7229, -103.98) if dtype == "float32" else (709.783, -745.14)
    huge = float(np.finfo(dtype).max)
    assert of("exp", dtype, over, 1e4, 1e30, huge) == [INF] * 4
    below = compiled("exp")(np.array([under, -1e4, -1e30, -huge, -INF], dtype))
    assert below.tolist() == [0.0] * 5
    assert not np.signbit(below).any()
    last = {"float32": 88.72283, "float64": 709.782712893384}[dtype]
    assert math.isfinite(of("exp", dtype, last)[0])


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_subnormal_result_of_exp_is_close(dtype):
    """Between the smallest normal number and 0: 20,000 places, within one of the smallest subnormals, falling to 0."""
    info = np.finfo(dtype)
    x = np.linspace((info.minexp - info.nmant - 1) * LN2, info.minexp * LN2, 20_000).astype(dtype)
    got, true = compiled("exp")(x), np.exp(x.astype(np.longdouble))
    assert np.abs(got - true).max() <= 1.001 * float(info.smallest_subnormal)
    assert (np.diff(got) >= 0).all()
    assert np.unique(got).size > 10_000 * (0.2 if dtype == "float32" else 1)


@pytest.mark.parametrize("dtype", DTYPES)
def test_limits_are_reached_exactly(dtype):
    """Where the distance to a limit is under half a unit, the answer is the limit: tanh +-1 from x = 9.02 (float32) and
    19.07 on, sigmoid 1 from 17.34 and 37.44 on, 0 below the smallest subnormal."""
    narrow = dtype == "float32"
    huge = float(np.finfo(dtype).max)
    x = np.concatenate([np.linspace(9.02 if narrow else 19.07, 100.0, 5_000), np.geomspace(100.0, 1e37, 500), [huge]])
    x = x.astype(dtype)
    assert (compiled("tanh")(x) == 1.0).all()
    assert (compiled("tanh")(-x) == -1.0).all()
    assert (compiled("sigmoid")(x[x > (17.34 if narrow else 37.44)]) == 1.0).all()
    low = -np.concatenate([np.linspace(104.0 if narrow else 746.0, 2e3, 1_000), np.geomspace(2e3, 1e37, 500), [huge]])
    below = compiled("sigmoid")(low.astype(dtype))
    assert (below == 0.0).all()
    assert not np.signbit(below).any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_sign_of_zero_stays_and_tanh_is_odd(dtype):
    """tanh(-0.0), expm1(-0.0) and log1p(-0.0) are -0.0, and the smallest numbers pass through unchanged;
    tanh(-x) = -tanh(x) to the bit."""
    tanh, tiny = compiled("tanh"), float(np.finfo(dtype).smallest_subnormal)
    x = np.concatenate([arguments("tanh", dtype), delicate(dtype)])
    assert tanh(-x).tobytes() == (-tanh(x)).tobytes()
    subnormal = tiny * np.array([1, 2, 3, 1000, 2 ** np.finfo(dtype).nmant - 1], np.float64)
    for name in ("tanh", "expm1", "log1p"):
        assert np.signbit(of(name, dtype, -0.0, 0.0)).tolist() == [True, False], name
        assert of(name, dtype, *subnormal, *-subnormal) == [*subnormal, *-subnormal], name


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_never_falls_where_the_function_rises(name, dtype):
    """Over 20,001 places a thousandth apart, where the true function rises by many units of the last place."""
    x = np.linspace(max(-8.0, DOMAIN.get(name, -8.0) + 0.001), 8.0, 20_001)
    values = compiled(name)(x.astype(dtype)).astype(np.float64)
    ulp = np.spacing(np.abs(values).astype(dtype)).astype(np.float64)
    assert (np.diff(values) >= -3 * ulp[1:]).all()


# Loops


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_the_same_number_anywhere_in_an_array(name, dtype):
    """Vector body and scalar tail of a loop agree to the bit: a sample's number does not depend on the batch around it,
    nor on where in memory the batch begins."""
    x = np.concatenate([np.linspace(-120.0, 120.0, 53), np.linspace(-1.0, 1.0, 13), [NAN, INF, -INF, -0.0]]).astype(
        dtype
    )
    run = compiled(name)
    single = b"".join(run(x[k : k + 1]).tobytes() for k in range(x.size))
    size = x.itemsize
    for first in range(9):
        for length in (1, 2, 3, 5, 8, 17, 31, 32, 33, x.size - first):
            part = run(x[first : first + length]).tobytes()
            assert part == single[first * size : (first + length) * size], (first, length)


@pytest.mark.skipif(not lowlevel.IS_JIT, reason="nothing is compiled")
@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_the_loop_is_vectorised(name, dtype):
    """The compiled loop multiplies whole vectors and calls nothing: no exp or log of a library, one number at a time."""
    compiled(name)(np.zeros(4, dtype))
    over = loop(name)
    signature = next(s for s in over.signatures if str(s[0].dtype) == dtype)
    code = over.inspect_llvm(signature)
    kind = "float" if dtype == "float32" else "double"
    assert re.search(rf"fmul [a-z ]*<\d+ x {kind}>", code)
    called = set(re.findall(r"call [^@\n]*@\"?([\w.]+)", code))
    assert not [
        word for word in called if re.search(r"(?<![a-z])((exp|expm1|tanh|log|log1p)f?|svml\w*)(?![a-z])", word)
    ], called
