"""What holds weights and gradients down: penalties on weights, bounds on gradients and on weights."""

from __future__ import annotations

import math

import numpy as np

from tui_nn.engine.layout import (
    COUNT,
    GRAD_WEIGHT,
    HIST_ROW,
    IS_FIRST,
    N_IN,
    N_OUT,
    PROBE,
    PROBE_2,
    SCRATCH,
    SETTING,
    TOTAL,
    WEIGHT,
)
from tui_nn.engine.lowlevel import helper, view1, view2
from tui_nn.engine.registry import kernel


@kernel("penalty")
def penalty(row, ctl, setting, mem, data, hist):
    """grad += l1 sign(w) + 2 l2 w; the penalty itself is l1 sum |w| + l2 sum w**2, summed over layers.

    At w = 0 the slope of |w| is taken as 0, as in PyTorch. Source: Goodfellow, Bengio & Courville (2016), 7.1.
    """
    n, own, at = ctl[row + COUNT], ctl[row + SETTING], ctl[HIST_ROW]
    weight, grad = view1(mem, ctl[row + WEIGHT], n), view1(mem, ctl[row + GRAD_WEIGHT], n)
    real = weight.dtype.type
    l1, slope2, zero = real(setting[own]), real(2.0 * setting[own + 1]), real(0)
    for i in range(n):
        sign = l1 if weight[i] > zero else -l1 if weight[i] < zero else zero * weight[i]
        grad[i] += sign + slope2 * weight[i]
    value = 0.0 if ctl[row + IS_FIRST] != 0 else np.float64(mem[ctl[row + PROBE_2]])
    for i in range(n):
        w = np.float64(weight[i])
        value += setting[own] * abs(w) + setting[own + 1] * w * w
    mem[ctl[row + PROBE_2]] = value
    if ctl[row + TOTAL] >= 0:
        hist[at + ctl[row + TOTAL]] = value


@kernel("clip_value")
def clip_value(row, ctl, setting, mem, data, hist):
    """Cut each entry of all gradients to [-value, value]; NaN stays NaN."""
    grad = view1(mem, ctl[row + GRAD_WEIGHT], ctl[row + COUNT])
    high = grad.dtype.type(setting[ctl[row + SETTING]])
    for i in range(grad.size):
        g = grad[i]
        g = high if g > high else g
        grad[i] = -high if g < -high else g


@helper
def squares_in_order(values):
    """Sum of squares in float64, in one order whatever the compiler does: eight sums side by side, then their sum."""
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
    n = values.size - values.size % 8
    for i in range(0, n, 8):
        v0, v1, v2, v3 = (
            np.float64(values[i]),
            np.float64(values[i + 1]),
            np.float64(values[i + 2]),
            np.float64(values[i + 3]),
        )
        v4, v5, v6, v7 = (
            np.float64(values[i + 4]),
            np.float64(values[i + 5]),
            np.float64(values[i + 6]),
            np.float64(values[i + 7]),
        )
        s0 += v0 * v0
        s1 += v1 * v1
        s2 += v2 * v2
        s3 += v3 * v3
        s4 += v4 * v4
        s5 += v5 * v5
        s6 += v6 * v6
        s7 += v7 * v7
    total = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
    for i in range(n, values.size):
        v = np.float64(values[i])
        total += v * v
    return total


@kernel("clip_norm")
def clip_norm(row, ctl, setting, mem, data, hist):
    """Scale all gradients by min(1, norm / (their length + 1e-6)): their direction stays.

    This feeds back into training, so the sum has a fixed order. Source: Pascanu, Mikolov & Bengio (2013), Algorithm 1;
    the 1e-6 as in PyTorch's clip_grad_norm_.
    """
    grad = view1(mem, ctl[row + GRAD_WEIGHT], ctl[row + COUNT])
    scale = setting[ctl[row + SETTING]] / (math.sqrt(squares_in_order(grad)) + 1e-6)
    factor = grad.dtype.type(1.0 if scale > 1.0 else scale)  # NaN stays NaN
    for i in range(grad.size):
        grad[i] *= factor
    if ctl[row + PROBE] >= 0:
        hist[ctl[HIST_ROW] + ctl[row + PROBE]] = factor


@kernel("max_norm")
def max_norm(row, ctl, setting, mem, data, hist):
    """Scale the weights into a unit back to length c where they are longer. SCRATCH keeps each unit's factor, to be looked at.

    Source: Srivastava et al. (2014), section 5.1.
    """
    n_in, n_out = ctl[row + N_IN], ctl[row + N_OUT]
    weight, bound = view2(mem, ctl[row + WEIGHT], n_in, n_out), setting[ctl[row + SETTING]]
    factors = view1(mem, ctl[row + SCRATCH], n_out)
    for j in range(n_out):
        factors[j] = 1.0
        squares = 0.0
        for p in range(n_in):
            w = np.float64(weight[p, j])
            squares += w * w
        if squares > bound * bound:
            factor = weight.dtype.type(bound / math.sqrt(squares))
            factors[j] = factor
            for p in range(n_in):
                weight[p, j] *= factor
