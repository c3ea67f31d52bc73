"""Smooth activations: elu, selu, gelu, softplus and swish.

A forward row finds the value and the slope at once, from the same exponential, and leaves the slope in its scratch for
the backward row, which only multiplies. So a slope has its own digits far out, where 1 - a or a + 1 has none left.

A unit is saturated where the mean size of its slope over the batch is under 5 % of the slope at 0 (elu's and selu's have
a corner there: of the slope on its right).
"""

from __future__ import annotations

import math

from numba.extending import register_jitable

from tui_nn.engine.layout import DELTA_IN, DELTA_OUT, HIST_ROW, IN, N_OUT, OUT, PROBE, ROWS_AT, SCRATCH, SETTING
from tui_nn.engine.lowlevel import LANES, below, helper, load, spread, view1, view2, wide
from tui_nn.engine.normal import normal
from tui_nn.engine.ops.probes import count_below
from tui_nn.engine.ops.tally import report_delta, report_units
from tui_nn.engine.parts.activations import SATURATED
from tui_nn.engine.registry import kernel
from tui_nn.engine.vecmath import exp, expm1, log1p

# Klambauer et al. (2017), equation (14): the fixed point at mean 0 and variance 1.
SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
# Hendrycks & Gimpel (2016): the normal distribution as sigmoid(GELU_INNER (z + GELU_CUBIC z**3)).
GELU_INNER, GELU_CUBIC = 2.0 * math.sqrt(2.0 / math.pi), 0.044715
FAR = 800.0  # e**-800 is 0 in either precision, and an infinity held to it can be multiplied by 0


@helper
def inputs(row, ctl, mem):
    return view1(mem, ctl[row + IN], ctl[ctl[row + ROWS_AT]] * ctl[row + N_OUT])


@helper
def outputs(row, ctl, mem):
    return view1(mem, ctl[row + OUT], ctl[ctl[row + ROWS_AT]] * ctl[row + N_OUT])


@helper
def slopes(row, ctl, mem):
    return view1(mem, ctl[row + SCRATCH], ctl[ctl[row + ROWS_AT]] * ctl[row + N_OUT])


@helper
def probe(row, ctl, mem, hist, slope_at_0):
    """What a forward row measures once its outputs and slopes are in place.

    `saturated` takes the size of a slope: gelu and swish turn back a little on the left, which is no flat place.
    """
    if ctl[row + PROBE] < 0:
        return
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    at = ctl[HIST_ROW] + ctl[row + PROBE]
    report_units(row, ctl, mem, hist, view2(mem, ctl[row + OUT], rows, units))
    slope = view1(mem, ctl[row + SCRATCH], rows * units)
    saturated, zero = 0.0, spread(0.0)
    for j in range(0, units, LANES):
        size = zero
        for i in range(rows):
            here = wide(load(slope, i * units + j, units - j))
            size = size + here - (here + here) * below(here, zero)
        saturated += count_below(size, SATURATED * slope_at_0 * rows, units - j)
    hist[at + 3] = saturated / units


@helper
def backward_by_slope(row, ctl, mem, hist):
    """delta_in = delta_out * slope."""
    slope = slopes(row, ctl, mem)
    delta, delta_in = view1(mem, ctl[row + DELTA_OUT], slope.size), view1(mem, ctl[row + DELTA_IN], slope.size)
    for i in range(slope.size):
        delta_in[i] = delta[i] * slope[i]
    if ctl[row + PROBE] >= 0:
        report_delta(row, ctl, mem, hist, delta)


# Exponential linear units. Source: Clevert, Unterthiner & Hochreiter (2015); alpha 1, as in PyTorch.


@register_jitable(forceinline=True)
def elu_at(z, zero, right, left):
    """(value, slope): right * z where z > 0, else left * (e**z - 1)."""
    falling = zero if z > zero else z
    return (right * z if z > zero else left * expm1(falling)), (right if z > zero else left * exp(falling))


@kernel("elu_forward")
def elu_forward(row, ctl, setting, mem, data, hist):
    """a = z where z > 0, else alpha (e**z - 1)."""
    z, a, slope = inputs(row, ctl, mem), outputs(row, ctl, mem), slopes(row, ctl, mem)
    zero, right, left = z.dtype.type(0), z.dtype.type(1), z.dtype.type(setting[ctl[row + SETTING]])
    for i in range(z.size):
        a[i], slope[i] = elu_at(z[i], zero, right, left)
    probe(row, ctl, mem, hist, 1.0)


@kernel("elu_backward")
def elu_backward(row, ctl, setting, mem, data, hist):
    """delta_in = delta_out where z > 0, else delta_out * alpha * e**z (at z = 0 too, as in PyTorch)."""
    backward_by_slope(row, ctl, mem, hist)


@kernel("selu_forward")
def selu_forward(row, ctl, setting, mem, data, hist):
    """a = scale * (z where z > 0, else alpha (e**z - 1)), with the constants that keep mean 0 and variance 1.

    Source: Klambauer et al. (2017), for weights from LeCun's normal.
    """
    z, a, slope = inputs(row, ctl, mem), outputs(row, ctl, mem), slopes(row, ctl, mem)
    zero, right, left = z.dtype.type(0), z.dtype.type(SELU_SCALE), z.dtype.type(SELU_SCALE * SELU_ALPHA)
    for i in range(z.size):
        a[i], slope[i] = elu_at(z[i], zero, right, left)
    probe(row, ctl, mem, hist, SELU_SCALE)


@kernel("selu_backward")
def selu_backward(row, ctl, setting, mem, data, hist):
    """delta_in = delta_out * scale where z > 0, else delta_out * scale * alpha * e**z."""
    backward_by_slope(row, ctl, mem, hist)


# Gaussian error linear units. Source: Hendrycks & Gimpel (2016); the exact form unless told, as in PyTorch.


@register_jitable(forceinline=True)
def gelu_at(z, zero, one, far):
    """(value, slope): z P(z) and P(z) + z p(z), where P and p are the standard normal distribution and its density."""
    m = far if abs(z) > far else abs(z)
    density, tail = normal(m)
    value = -(m * tail) if z < zero else z * (one - tail)
    return value, (tail - m * density if z < zero else (one - tail) + m * density)


@register_jitable(forceinline=True)
def gelu_tanh_at(z, zero, one, far, inner, cubic):
    """(value, slope) of z (1 + tanh u) / 2, which is z sigmoid(2 u); 2 u = inner z + cubic z**3."""
    m = far if abs(z) > far else abs(z)
    square = m * m
    e = exp(-(m * (inner + cubic * square)))
    share = one / (one + e)
    turn = m * (inner + (one + one + one) * cubic * square) * share
    value = -(m * e) * share if z < zero else z * share
    return value, (e * share * (one - turn) if z < zero else share * (one + e * turn))


@kernel("gelu_forward")
def gelu_forward(row, ctl, setting, mem, data, hist):
    """a = z P(z), with P the standard normal distribution, or (own setting 1) its approximation by tanh.

    Errors: at most 5 units of the last place in either precision while a is a normal number; the approximation differs
    from the exact form by up to 4.7e-4, by design.
    """
    z, a, slope = inputs(row, ctl, mem), outputs(row, ctl, mem), slopes(row, ctl, mem)
    real = z.dtype.type
    zero, one, far = real(0), real(1), real(FAR)
    if setting[ctl[row + SETTING]] == 0.0:
        for i in range(z.size):
            a[i], slope[i] = gelu_at(z[i], zero, one, far)
    else:
        inner, cubic = real(GELU_INNER), real(GELU_INNER * GELU_CUBIC)
        for i in range(z.size):
            a[i], slope[i] = gelu_tanh_at(z[i], zero, one, far, inner, cubic)
    probe(row, ctl, mem, hist, 0.5)


@kernel("gelu_backward")
def gelu_backward(row, ctl, setting, mem, data, hist):
    """delta_in = delta_out * (P(z) + z p(z)), with p the density; of the approximation its own slope."""
    backward_by_slope(row, ctl, mem, hist)


# Softplus and swish, from one e**-|z|, which cannot overflow.


@register_jitable(forceinline=True)
def softplus_at(z, zero, one):
    """(value, slope): log(1 + e**z) as max(z, 0) + log(1 + e**-|z|), and sigmoid(z)."""
    e = exp(-abs(z))
    share = one / (one + e)
    return (z if z > zero else zero) + log1p(e), (share if z > zero else e * share)


@kernel("softplus_forward")
def softplus_forward(row, ctl, setting, mem, data, hist):
    """a = log(1 + e**z), at any z: PyTorch's takes z itself from z = 20 on, which is 2e-9 off there.

    Source: Dugas et al. (2000); beta 1.
    """
    z, a, slope = inputs(row, ctl, mem), outputs(row, ctl, mem), slopes(row, ctl, mem)
    zero, one = z.dtype.type(0), z.dtype.type(1)
    for i in range(z.size):
        a[i], slope[i] = softplus_at(z[i], zero, one)
    probe(row, ctl, mem, hist, 0.5)


@kernel("softplus_backward")
def softplus_backward(row, ctl, setting, mem, data, hist):
    """delta_in = delta_out * sigmoid(z)."""
    backward_by_slope(row, ctl, mem, hist)


@register_jitable(forceinline=True)
def swish_at(z, zero, one, far):
    """(value, slope): z s and s + z s (1 - s), with s = sigmoid(z)."""
    m = far if abs(z) > far else abs(z)
    e = exp(-m)
    share = one / (one + e)
    value = -(m * e) * share if z < zero else z * share
    return value, (e * share * (one - m * share) if z < zero else share * (one + m * (e * share)))


@kernel("swish_forward")
def swish_forward(row, ctl, setting, mem, data, hist):
    """a = z sigmoid(z), with 0 for its limit at -inf.

    Source: Elfwing et al. (2017), as SiLU; Ramachandran et al. (2017), as Swish with beta 1.
    """
    z, a, slope = inputs(row, ctl, mem), outputs(row, ctl, mem), slopes(row, ctl, mem)
    zero, one, far = z.dtype.type(0), z.dtype.type(1), z.dtype.type(FAR)
    for i in range(z.size):
        a[i], slope[i] = swish_at(z[i], zero, one, far)
    probe(row, ctl, mem, hist, 0.5)


@kernel("swish_backward")
def swish_backward(row, ctl, setting, mem, data, hist):
    """delta_in = delta_out * (s + z s (1 - s)), with s = sigmoid(z)."""
    backward_by_slope(row, ctl, mem, hist)
