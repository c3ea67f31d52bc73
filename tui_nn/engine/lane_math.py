"""sigmoid and tanh of eight numbers at a time, for kernels that keep their numbers in lanes: the gates of a recurrent layer.

The formulas are those of vecmath.py. There LLVM packs a loop over an array into vectors; a gate takes part in five
functions at once, and a loop over five arrays is one that LLVM does not pack.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from tui_nn.engine.lanes import call_llvm, each
from tui_nn.engine.lowlevel import multiply_add, spread

from tui_nn.engine.vecmath import (  # isort: skip
    C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, C12, C13, F2, F3, F4, F5, F6, F7, LN2_HIGH_32,
    LN2_HIGH_64, LN2_LOW_32, LN2_LOW_64, LOG2_E, LOG2_E_32, ROUND_32, ROUND_64, F, formula,
)  # fmt: skip


made: Any = intrinsic


@made
def bounded(typing_context, values, low, high):
    """Each lane, no lower and no higher than that; NaN stays."""

    def compute(builder, x, lows, highs):
        x = builder.select(builder.fcmp_ordered(">", x, highs), highs, x)
        return builder.select(builder.fcmp_ordered("<", x, lows), lows, x)

    return values(values, low, high), each(values, compute)


@made
def power(typing_context, shifted):
    """2**n for the n in the low bits of each lane: `power_of_two` of intrinsics.py."""
    is_single = shifted.size == 4
    bits, bias = (23, 127 - 0x4B400000) if is_single else (52, 1023 - 0x4338000000000000)
    integer = ir.IntType(8 * shifted.size)
    vector = ir.VectorType(integer, shifted.width)

    def compute(builder, x):
        biased = builder.add(builder.bitcast(x, vector), ir.Constant(vector, [bias] * shifted.width))
        return builder.bitcast(builder.shl(biased, ir.Constant(vector, [bits] * shifted.width)), shifted.vector)

    return shifted(shifted), each(shifted, compute)


@made
def size_of(typing_context, values):
    """Each lane without its sign."""
    return values(values), each(
        values, lambda builder, x: call_llvm(builder, "fabs", values.vector, [x], values.suffix)
    )


@made
def signed_as(typing_context, values, signs):
    """Each lane of `values` with the sign of that lane in `signs`."""

    def compute(builder, *args):
        return call_llvm(builder, "copysign", values.vector, args, values.suffix)

    return values(values, signs), each(values, compute)


@formula
def series_32(r):
    """e**r - 1 for |r| <= ln(2) / 2, as in vecmath.py."""
    series = multiply_add(spread(F7), r, spread(F6))
    series = multiply_add(series, r, spread(F5))
    series = multiply_add(series, r, spread(F4))
    series = multiply_add(series, r, spread(F3))
    series = multiply_add(series, r, spread(F2))
    return multiply_add(series, r * r, r)


@formula
def sigmoid_32(x):
    """1 / (1 + e**-x). Beyond +-87 it is that of +-87: e**-x keeps an exponent, and 1 over it is no subnormal. NaN stays."""
    one = spread(F(1.0))
    z = bounded(spread(F(0.0)) - x, spread(F(-87.0)), spread(F(87.0)))
    shifted = multiply_add(z, spread(LOG2_E_32), spread(ROUND_32))
    n = shifted - spread(ROUND_32)
    r = multiply_add(n, spread(F(-LN2_LOW_32)), multiply_add(n, spread(F(-LN2_HIGH_32)), z))
    two_n = power(shifted)
    return one / (multiply_add(series_32(r), two_n, two_n) + one)


@formula
def tanh_32(x):
    """m / (m + 2) for m = e**(2|x|) - 1, as in vecmath.py."""
    z = bounded(size_of(x + x), spread(F(0.0)), spread(F(18.1)))
    shifted = multiply_add(z, spread(LOG2_E_32), spread(ROUND_32))
    n = shifted - spread(ROUND_32)
    r = multiply_add(n, spread(F(-LN2_LOW_32)), multiply_add(n, spread(F(-LN2_HIGH_32)), z))
    two_n = power(shifted)
    m = multiply_add(series_32(r), two_n, two_n - spread(F(1.0)))
    return signed_as(m / (m + spread(F(2.0))), x)


@formula
def series_64(r):
    series = multiply_add(spread(C13), r, spread(C12))
    series = multiply_add(series, r, spread(C11))
    series = multiply_add(series, r, spread(C10))
    series = multiply_add(series, r, spread(C9))
    series = multiply_add(series, r, spread(C8))
    series = multiply_add(series, r, spread(C7))
    series = multiply_add(series, r, spread(C6))
    series = multiply_add(series, r, spread(C5))
    series = multiply_add(series, r, spread(C4))
    series = multiply_add(series, r, spread(C3))
    series = multiply_add(series, r, spread(C2))
    return multiply_add(series, r * r, r)


@formula
def sigmoid_64(x):
    one = spread(1.0)
    z = bounded(spread(0.0) - x, spread(-708.0), spread(708.0))
    shifted = multiply_add(z, spread(LOG2_E), spread(ROUND_64))
    n = shifted - spread(ROUND_64)
    r = multiply_add(n, spread(-LN2_LOW_64), multiply_add(n, spread(-LN2_HIGH_64), z))
    two_n = power(shifted)
    return one / (multiply_add(series_64(r), two_n, two_n) + one)


@formula
def tanh_64(x):
    z = bounded(size_of(x + x), spread(0.0), spread(38.2))
    shifted = multiply_add(z, spread(LOG2_E), spread(ROUND_64))
    n = shifted - spread(ROUND_64)
    r = multiply_add(n, spread(-LN2_LOW_64), multiply_add(n, spread(-LN2_HIGH_64), z))
    two_n = power(shifted)
    m = multiply_add(series_64(r), two_n, two_n - spread(1.0))
    return signed_as(m / (m + spread(2.0)), x)


def lane_sigmoid(x):
    """1 / (1 + e**-x) of each lane."""
    return x.dtype.type(1.0) / (x.dtype.type(1.0) + np.exp(-x))


def lane_tanh(x):
    """The hyperbolic tangent of each lane."""
    return np.tanh(x)


def _by_type(name, narrow, wide):
    @overload(name, jit_options={"forceinline": True})
    def choose(x):
        return (lambda x: narrow(x)) if x.real == types.float32 else (lambda x: wide(x))


_by_type(lane_sigmoid, sigmoid_32, sigmoid_64)
_by_type(lane_tanh, tanh_32, tanh_64)
