"""Layer norm: each sample to mean 0 and variance 1 over its units, then stretched and moved by what is learnt.

Samples do not meet: training and evaluation are the same, and a batch of 1 is fine. Sums run in float64, in an order
of their own (four at a time), whatever the precision of the run.

Scratch: Σ δ and Σ δ x̂ of each unit in float64; x̂ of the live rows; then 1 / deviation of each.
Source: Ba, Kiros & Hinton (2016), eq. 4, with eps under the root and the biased variance, as in PyTorch.
"""

from __future__ import annotations

import math

import numpy as np

from tui_nn.engine.double import WIDTH, doubles
from tui_nn.engine.layout import (
    BIAS,
    DELTA_IN,
    DELTA_OUT,
    GRAD_BIAS,
    GRAD_WEIGHT,
    IN,
    N_OUT,
    OUT,
    PROBE,
    ROWS_AT,
    SCRATCH,
    SETTING,
    WEIGHT,
)
from tui_nn.engine.lowlevel import helper, view1, view2
from tui_nn.engine.ops.gradients import report_gradients
from tui_nn.engine.ops.tally import report_units_at_once
from tui_nn.engine.registry import kernel


@helper
def mean_of(values):
    """Four sums side by side: one would wait for each addition before it starts the next."""
    s0 = s1 = s2 = s3 = 0.0
    n = values.size
    whole = n - n % 4
    for j in range(0, whole, 4):
        s0 += values[j]
        s1 += values[j + 1]
        s2 += values[j + 2]
        s3 += values[j + 3]
    for j in range(whole, n):
        s0 += values[j]
    return ((s0 + s1) + (s2 + s3)) / n


@helper
def inverse_deviation(values, mean, eps):
    """1 / sqrt(mean of (values - mean)² + eps)."""
    s0 = s1 = s2 = s3 = 0.0
    n = values.size
    whole = n - n % 4
    for j in range(0, whole, 4):
        a0, a1, a2, a3 = values[j] - mean, values[j + 1] - mean, values[j + 2] - mean, values[j + 3] - mean
        s0 += a0 * a0
        s1 += a1 * a1
        s2 += a2 * a2
        s3 += a3 * a3
    for j in range(whole, n):
        a0 = values[j] - mean
        s0 += a0 * a0
    return 1.0 / math.sqrt(((s0 + s1) + (s2 + s3)) / n + eps)


@kernel("layer_norm_forward")
def layer_norm_forward(row, ctl, setting, mem, data, hist):
    """y = weight * x̂ + bias with x̂ = (x - mean) / sqrt(var + eps), mean and var over the units of a sample."""
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    x, y = view2(mem, ctl[row + IN], rows, units), view2(mem, ctl[row + OUT], rows, units)
    weight, bias = view1(mem, ctl[row + WEIGHT], units), view1(mem, ctl[row + BIAS], units)
    scratch = ctl[row + SCRATCH] + 2 * WIDTH * units
    normed, inverses = view2(mem, scratch, rows, units), view1(mem, scratch + rows * units, rows)
    eps = setting[ctl[row + SETTING]]
    real = x.dtype.type
    for i in range(rows):
        mean = mean_of(x[i])
        inverse = inverse_deviation(x[i], mean, eps)
        inverses[i] = real(inverse)
        for j in range(units):
            normed[i, j] = real((x[i, j] - mean) * inverse)
            y[i, j] = weight[j] * normed[i, j] + bias[j]
    if ctl[row + PROBE] >= 0:
        report_units_at_once(row, ctl, mem, hist, y)


@kernel("layer_norm_eval")
def layer_norm_eval(row, ctl, setting, mem, data, hist):
    """The same numbers, with nothing kept for a backward row."""
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    x, y = view2(mem, ctl[row + IN], rows, units), view2(mem, ctl[row + OUT], rows, units)
    weight, bias = view1(mem, ctl[row + WEIGHT], units), view1(mem, ctl[row + BIAS], units)
    eps = setting[ctl[row + SETTING]]
    real = x.dtype.type
    for i in range(rows):
        mean = mean_of(x[i])
        inverse = inverse_deviation(x[i], mean, eps)
        for j in range(units):
            y[i, j] = weight[j] * real((x[i, j] - mean) * inverse) + bias[j]


@kernel("layer_norm_backward")
def layer_norm_backward(row, ctl, setting, mem, data, hist):
    """From delta_out: the gradients of weight and bias, and delta_in. Mean and variance depend on every unit.

    With g = weight * delta: delta_in = (g - mean(g) - x̂ * mean(g * x̂)) / sqrt(var + eps), means over the units.
    """
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    delta = view2(mem, ctl[row + DELTA_OUT], rows, units)
    weight = view1(mem, ctl[row + WEIGHT], units)
    grad_weight, grad_bias = view1(mem, ctl[row + GRAD_WEIGHT], units), view1(mem, ctl[row + GRAD_BIAS], units)
    scratch = ctl[row + SCRATCH]
    total, along = doubles(mem, scratch, units), doubles(mem, scratch + WIDTH * units, units)
    scratch += 2 * WIDTH * units
    normed, inverses = view2(mem, scratch, rows, units), view1(mem, scratch + rows * units, rows)
    real = delta.dtype.type
    total[:] = 0.0
    along[:] = 0.0
    for i in range(rows):
        for j in range(units):
            total[j] += delta[i, j]
            along[j] += np.float64(delta[i, j]) * normed[i, j]
    for j in range(units):
        grad_bias[j], grad_weight[j] = real(total[j]), real(along[j])
    if ctl[row + DELTA_IN] >= 0:
        delta_in = view2(mem, ctl[row + DELTA_IN], rows, units)
        for i in range(rows):
            mean, slope = means_through(weight, delta[i], normed[i])
            inverse = np.float64(inverses[i])
            for j in range(units):
                rest = np.float64(weight[j]) * delta[i, j] - mean - normed[i, j] * slope
                delta_in[i, j] = real(inverse * rest)
    report_gradients(row, ctl, mem, hist, rows * units, 2 * units)


@helper
def means_through(weight, delta, normed):
    """Means over the units of weight * delta and of weight * delta * x̂."""
    s0 = s1 = s2 = s3 = 0.0
    n = weight.size
    whole = n - n % 2
    for j in range(0, whole, 2):
        g0, g1 = np.float64(weight[j]) * delta[j], np.float64(weight[j + 1]) * delta[j + 1]
        s0 += g0
        s1 += g1
        s2 += g0 * normed[j]
        s3 += g1 * normed[j + 1]
    for j in range(whole, n):
        g0 = np.float64(weight[j]) * delta[j]
        s0 += g0
        s2 += g0 * normed[j]
    return (s0 + s1) / n, (s2 + s3) / n
