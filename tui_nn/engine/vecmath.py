"""exp, tanh and sigmoid that LLVM can vectorise: no branches, no library calls, NaN and infinities kept.

`math.tanh` one scalar at a time was most of a deep network's time. These are range reduction, a polynomial, and powers
of two made by shifting bits. Kernels use the names without a suffix, which pick the float32 or float64 version by type.
"""

from __future__ import annotations

import math

import numpy as np
from numba import types
from numba.extending import overload, register_jitable

from tui_nn.engine.lowlevel import power_of_two

F = np.float32

# Adding 1.5 * 2**(mantissa bits) rounds to the nearest integer and leaves it in the low bits.
ROUND_32 = F(1.5 * 2**23)
ROUND_64 = 1.5 * 2**52
LOG2_E = 1.0 / math.log(2.0)
# ln 2 in two parts: n times the first is exact.
LN2_HIGH_32, LN2_LOW_32 = F(0.693359375), F(math.log(2.0) - 0.693359375)
LN2_HIGH_64, LN2_LOW_64 = 6.93147180369123816490e-01, 1.90821492927058770002e-10
LOG2_E_32 = F(LOG2_E)
C2, C3, C4, C5, C6, C7 = (1.0 / math.factorial(k) for k in range(2, 8))
C8, C9, C10, C11, C12, C13 = (1.0 / math.factorial(k) for k in range(8, 14))
F2, F3, F4, F5, F6, F7 = F(C2), F(C3), F(C4), F(C5), F(C6), F(C7)


@register_jitable(inline="always")
def exp_32(x):
    """Within 1 ulp. Overflow is inf, underflow passes through the subnormals to 0."""
    x = F(88.8) if x > F(88.8) else x
    x = F(-104.0) if x < F(-104.0) else x
    shifted = x * LOG2_E_32 + ROUND_32
    n = shifted - ROUND_32
    r = (x - n * LN2_HIGH_32) - n * LN2_LOW_32
    series = F7
    series = series * r + F6
    series = series * r + F5
    series = series * r + F4
    series = series * r + F3
    series = series * r + F2
    y = (series * (r * r) + r) + F(1.0)
    half = n * F(0.5) + ROUND_32  # 2**n in two factors, or the largest and smallest n would not fit an exponent
    rest = (n - (half - ROUND_32)) + ROUND_32
    return y * power_of_two(half) * power_of_two(rest)


@register_jitable(inline="always")
def exp_64(x):
    """Within 1 ulp. Overflow is inf, underflow passes through the subnormals to 0."""
    x = 709.9 if x > 709.9 else x
    x = -746.0 if x < -746.0 else x
    shifted = x * LOG2_E + ROUND_64
    n = shifted - ROUND_64
    r = (x - n * LN2_HIGH_64) - n * LN2_LOW_64
    series = C13
    series = series * r + C12
    series = series * r + C11
    series = series * r + C10
    series = series * r + C9
    series = series * r + C8
    series = series * r + C7
    series = series * r + C6
    series = series * r + C5
    series = series * r + C4
    series = series * r + C3
    series = series * r + C2
    y = (series * (r * r) + r) + 1.0
    half = n * 0.5 + ROUND_64
    rest = (n - (half - ROUND_64)) + ROUND_64
    return y * power_of_two(half) * power_of_two(rest)


@register_jitable(inline="always")
def tanh_32(x):
    """Lambert's continued fraction near 0, 1 - 2/(exp(2|x|) + 1) beyond. Exactly +-1 at saturation, and -0.0 stays."""
    z = x * x
    near = x * ((F(10395.0) + z * (F(1260.0) + z * F(21.0))) / (F(10395.0) + z * (F(4725.0) + z * (F(210.0) + z))))
    far = F(1.0) - F(2.0) / (exp_32(F(2.0) * abs(x)) + F(1.0))
    far = -far if x < F(0.0) else far
    return near if abs(x) < F(0.625) else far


@register_jitable(inline="always")
def tanh_64(x):
    z = x * x
    above = 654729075.0 + z * (91891800.0 + z * (2837835.0 + z * (25740.0 + z * 55.0)))
    below = 654729075.0 + z * (310134825.0 + z * (18918900.0 + z * (315315.0 + z * (1485.0 + z))))
    near = x * (above / below)
    far = 1.0 - 2.0 / (exp_64(2.0 * abs(x)) + 1.0)
    far = -far if x < 0.0 else far
    return near if abs(x) < 0.625 else far


@register_jitable(inline="always")
def sigmoid_32(x):
    return F(1.0) / (F(1.0) + exp_32(-x))


@register_jitable(inline="always")
def sigmoid_64(x):
    return 1.0 / (1.0 + exp_64(-x))


def exp(x):
    """e**x."""
    return np.exp(x)


def tanh(x):
    """The hyperbolic tangent."""
    return np.tanh(x)


def sigmoid(x):
    """1 / (1 + e**-x)."""
    return x.dtype.type(1.0) / (x.dtype.type(1.0) + np.exp(-x))


def _by_type(name, narrow, wide):
    @overload(name, inline="always")
    def choose(x):
        return (lambda x: narrow(x)) if x == types.float32 else (lambda x: wide(x))


_by_type(exp, exp_32, exp_64)
_by_type(tanh, tanh_32, tanh_64)
_by_type(sigmoid, sigmoid_32, sigmoid_64)
