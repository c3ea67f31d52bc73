"""exp, expm1, tanh, sigmoid, log and log1p that LLVM can vectorise: no branches, no library calls, NaN and infinities kept.

`math.tanh` one scalar at a time was most of a deep network's time. These are range reduction, a polynomial, and powers
of two made by shifting bits. Kernels use the names without a suffix, which pick the float32 or float64 version by type.
"""

from __future__ import annotations

import math

import numpy as np
from numba import types
from numba.extending import overload, register_jitable

from tui_nn.engine.lowlevel import exponent, mantissa, power_of_two

F = np.float32

# LLVM inlines them, and not Numba, which would infer the types of every formula again wherever it stands.
formula = register_jitable(forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)

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


@formula
def series_32(r):
    """e**r - 1 for |r| <= ln(2) / 2: Taylor, the remainder is below 1e-9 of r."""
    series = F7
    series = series * r + F6
    series = series * r + F5
    series = series * r + F4
    series = series * r + F3
    series = series * r + F2
    return series * (r * r) + r


@formula
def series_64(r):
    """e**r - 1 for |r| <= ln(2) / 2: Taylor, the remainder is below 1e-17 of r."""
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
    return series * (r * r) + r


@formula
def exp_32(x):
    """Within 1.1 ulp. Overflow is inf, underflow passes through the subnormals to 0."""
    x = F(88.8) if x > F(88.8) else x
    x = F(-104.0) if x < F(-104.0) else x
    shifted = x * LOG2_E_32 + ROUND_32
    n = shifted - ROUND_32
    r = (x - n * LN2_HIGH_32) - n * LN2_LOW_32
    y = series_32(r) + F(1.0)
    half = n * F(0.5) + ROUND_32  # 2**n in two factors, or the largest and smallest n would not fit an exponent
    rest = (n - (half - ROUND_32)) + ROUND_32
    return y * power_of_two(half) * power_of_two(rest)


@formula
def exp_64(x):
    """Within 1.1 ulp. Overflow is inf, underflow passes through the subnormals to 0."""
    x = 709.9 if x > 709.9 else x
    x = -746.0 if x < -746.0 else x
    shifted = x * LOG2_E + ROUND_64
    n = shifted - ROUND_64
    r = (x - n * LN2_HIGH_64) - n * LN2_LOW_64
    y = series_64(r) + 1.0
    half = n * 0.5 + ROUND_64
    rest = (n - (half - ROUND_64)) + ROUND_64
    return y * power_of_two(half) * power_of_two(rest)


@formula
def expm1_32(x):
    """Within 2 ulp: e**r - 1 of the reduced argument, times 2**n, plus 2**n - 1; nothing cancels. -0.0 stays."""
    within = F(88.8) if x > F(88.8) else x
    within = F(-104.0) if within < F(-104.0) else within
    shifted = within * LOG2_E_32 + ROUND_32
    n = shifted - ROUND_32
    y = series_32((within - n * LN2_HIGH_32) - n * LN2_LOW_32)
    half = n * F(0.5) + ROUND_32
    half_power = power_of_two(half)
    rest_power = power_of_two((n - (half - ROUND_32)) + ROUND_32)
    power = half_power * rest_power
    large = (y + F(1.0)) * half_power * rest_power  # the 1 is rounded away, and 2**128 alone is inf
    result = large if n > F(30.0) else y * power + (power - F(1.0))
    return x if abs(x) < F(1e-9) else result


@formula
def expm1_64(x):
    """Within 2 ulp, as above."""
    within = 709.9 if x > 709.9 else x
    within = -746.0 if within < -746.0 else within
    shifted = within * LOG2_E + ROUND_64
    n = shifted - ROUND_64
    y = series_64((within - n * LN2_HIGH_64) - n * LN2_LOW_64)
    half = n * 0.5 + ROUND_64
    half_power = power_of_two(half)
    rest_power = power_of_two((n - (half - ROUND_64)) + ROUND_64)
    power = half_power * rest_power
    large = (y + 1.0) * half_power * rest_power
    result = large if n > 60.0 else y * power + (power - 1.0)
    return x if abs(x) < 1e-18 else result


@formula
def tanh_32(x):
    """m / (m + 2) for m = e**(2|x|) - 1, within 3 ulp. Exactly +-1 at saturation, and -0.0 stays."""
    z = F(2.0) * abs(x)
    z = F(18.1) if z > F(18.1) else z  # from 9.02 on tanh rounds to 1
    shifted = z * LOG2_E_32 + ROUND_32
    n = shifted - ROUND_32
    power = power_of_two(shifted)
    m = series_32((z - n * LN2_HIGH_32) - n * LN2_LOW_32) * power + (power - F(1.0))
    return math.copysign(m / (m + F(2.0)), x)


@formula
def tanh_64(x):
    """As above, within 3 ulp."""
    z = 2.0 * abs(x)
    z = 38.2 if z > 38.2 else z  # from 19.07 on tanh rounds to 1
    shifted = z * LOG2_E + ROUND_64
    n = shifted - ROUND_64
    power = power_of_two(shifted)
    m = series_64((z - n * LN2_HIGH_64) - n * LN2_LOW_64) * power + (power - 1.0)
    return math.copysign(m / (m + 2.0), x)


@formula
def log_32(x):
    """Within 2 ulp. log 0 is -inf, of anything below NaN; subnormals are kept."""
    is_small = x < F(1.2e-38)
    scaled = x * F(2.0**24) if is_small else x
    n = exponent(scaled)
    f = mantissa(scaled) - F(1.0)
    s = f / (F(2.0) + f)
    z = s * s
    series = F(2.0 / 11.0)
    series = series * z + F(2.0 / 9.0)
    series = series * z + F(2.0 / 7.0)
    series = series * z + F(2.0 / 5.0)
    series = series * z + F(2.0 / 3.0)
    half_square = F(0.5) * f * f
    n = n - F(24.0) if is_small else n
    y = n * LN2_HIGH_32 + (f - (half_square - (s * (half_square + series * z) + n * LN2_LOW_32)))
    y = x if x > F(3.4028235e38) else y  # inf
    y = F(-np.inf) if x == F(0.0) else y
    return F(np.nan) if not x >= F(0.0) else y


@formula
def log_64(x):
    """Within 2 ulp, as above."""
    is_small = x < 2.3e-308
    scaled = x * 2.0**54 if is_small else x
    n = exponent(scaled)
    f = mantissa(scaled) - 1.0
    s = f / (2.0 + f)
    z = s * s
    series = 2.0 / 23.0
    series = series * z + 2.0 / 21.0
    series = series * z + 2.0 / 19.0
    series = series * z + 2.0 / 17.0
    series = series * z + 2.0 / 15.0
    series = series * z + 2.0 / 13.0
    series = series * z + 2.0 / 11.0
    series = series * z + 2.0 / 9.0
    series = series * z + 2.0 / 7.0
    series = series * z + 2.0 / 5.0
    series = series * z + 2.0 / 3.0
    half_square = 0.5 * f * f
    n = n - 54.0 if is_small else n
    y = n * LN2_HIGH_64 + (f - (half_square - (s * (half_square + series * z) + n * LN2_LOW_64)))
    y = x if x > 1.7976931348623157e308 else y
    y = -np.inf if x == 0.0 else y
    return np.nan if not x >= 0.0 else y


@formula
def log1p_32(x):
    """Within 3 ulp: log(u), u = 1 + x, times what u lost in rounding (Kahan). -0.0 stays."""
    u = F(1.0) + x
    kept = u - F(1.0)
    y = log_32(u) if kept == x else log_32(u) * (x / kept)
    return x if u == F(1.0) else y


@formula
def log1p_64(x):
    """Within 3 ulp, as above."""
    u = 1.0 + x
    kept = u - 1.0
    y = log_64(u) if kept == x else log_64(u) * (x / kept)
    return x if u == 1.0 else y


@formula
def log1p_unit_32(u):
    """Within 2 ulp: 2 artanh(u / (u + 2)) by its series, whose remainder is below 1e-8 of it for u <= 1."""
    s = u / (F(2.0) + u)
    z = s * s
    series = F(2.0 / 15.0)
    series = series * z + F(2.0 / 13.0)
    series = series * z + F(2.0 / 11.0)
    series = series * z + F(2.0 / 9.0)
    series = series * z + F(2.0 / 7.0)
    series = series * z + F(2.0 / 5.0)
    series = series * z + F(2.0 / 3.0)
    return series * (z * s) + F(2.0) * s


@formula
def sigmoid_32(x):
    return F(1.0) / (F(1.0) + exp_32(-x))


@formula
def sigmoid_64(x):
    return 1.0 / (1.0 + exp_64(-x))


def exp(x):
    """e**x."""
    return np.exp(x)


def expm1(x):
    """e**x - 1, exact also where e**x rounds to 1."""
    return np.expm1(x)


def log(x):
    """The natural logarithm."""
    return np.log(x)


def log1p(x):
    """log(1 + x), exact also where 1 + x rounds to 1."""
    return np.log1p(x)


def log1p_unit(u):
    """log(1 + u) for u from 0 to 1: quicker in float32 than log1p."""
    return np.log1p(u)


def tanh(x):
    """The hyperbolic tangent."""
    return np.tanh(x)


def sigmoid(x):
    """1 / (1 + e**-x)."""
    return x.dtype.type(1.0) / (x.dtype.type(1.0) + np.exp(-x))


def _by_type(name, narrow, wide):
    @overload(name, jit_options={"forceinline": True})
    def choose(x):
        return (lambda x: narrow(x)) if x == types.float32 else (lambda x: wide(x))


_by_type(exp, exp_32, exp_64)
_by_type(expm1, expm1_32, expm1_64)
_by_type(log, log_32, log_64)
_by_type(log1p, log1p_32, log1p_64)
_by_type(log1p_unit, log1p_unit_32, log1p_64)
_by_type(tanh, tanh_32, tanh_64)
_by_type(sigmoid, sigmoid_32, sigmoid_64)
