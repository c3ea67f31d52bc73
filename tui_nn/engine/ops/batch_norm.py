"""Batch norm: each unit to mean 0 and variance 1 over the batch's samples, then stretched and moved by what is learnt.

Evaluation takes the running statistics in place of the batch's; training moves them in its forward row, so they are
part of the state. Sums run in float64, in the order of the samples, whatever the precision of the run.

Scratch: mean, 1 / deviation, Σ δ / n, Σ δ x̂ / n of each unit in float64; then x̂ of the live rows.
Source: Ioffe & Szegedy (2015), Algorithm 1; as in PyTorch the biased variance normalises, the unbiased one is kept.
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
    STATE,
    WEIGHT,
)
from tui_nn.engine.lowlevel import helper, view1, view2
from tui_nn.engine.ops.gradients import report_gradients
from tui_nn.engine.ops.tally import report_units_at_once
from tui_nn.engine.registry import kernel


@helper
def statistics(x, mean, squares):
    """Fill (units,) float64: the mean over the rows, and Σ (x - mean)²."""
    rows, units = x.shape
    mean[:] = 0.0
    squares[:] = 0.0
    for i in range(rows):
        for j in range(units):
            mean[j] += x[i, j]
    for j in range(units):
        mean[j] /= rows
    for i in range(rows):
        for j in range(units):
            apart = x[i, j] - mean[j]
            squares[j] += apart * apart


@kernel("batch_norm_forward")
def batch_norm_forward(row, ctl, setting, mem, data, hist):
    """y = weight * x̂ + bias with x̂ = (x - mean) / sqrt(var + eps); running = (1 - momentum) running + momentum batch."""
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    x, y = view2(mem, ctl[row + IN], rows, units), view2(mem, ctl[row + OUT], rows, units)
    weight, bias = view1(mem, ctl[row + WEIGHT], units), view1(mem, ctl[row + BIAS], units)
    running_mean = view1(mem, ctl[row + STATE], units)
    running_var = view1(mem, ctl[row + STATE] + units, units)
    scratch = ctl[row + SCRATCH]
    mean, inverse = doubles(mem, scratch, units), doubles(mem, scratch + WIDTH * units, units)
    normed = view2(mem, scratch + 4 * WIDTH * units, rows, units)
    momentum, eps = setting[ctl[row + SETTING]], setting[ctl[row + SETTING] + 1]
    real = x.dtype.type
    statistics(x, mean, inverse)
    for j in range(units):
        squares = inverse[j]
        running_mean[j] = real((1.0 - momentum) * running_mean[j] + momentum * mean[j])
        running_var[j] = real((1.0 - momentum) * running_var[j] + momentum * squares / (rows - 1))
        inverse[j] = 1.0 / math.sqrt(squares / rows + eps)
    for i in range(rows):
        for j in range(units):
            normed[i, j] = real((x[i, j] - mean[j]) * inverse[j])
            y[i, j] = weight[j] * normed[i, j] + bias[j]
    if ctl[row + PROBE] >= 0:
        report_units_at_once(row, ctl, mem, hist, y)


@kernel("batch_norm_eval")
def batch_norm_eval(row, ctl, setting, mem, data, hist):
    """y = weight * (x - running_mean) / sqrt(running_var + eps) + bias."""
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    x, y = view2(mem, ctl[row + IN], rows, units), view2(mem, ctl[row + OUT], rows, units)
    weight, bias = view1(mem, ctl[row + WEIGHT], units), view1(mem, ctl[row + BIAS], units)
    mean, var = view1(mem, ctl[row + STATE], units), view1(mem, ctl[row + STATE] + units, units)
    eps = setting[ctl[row + SETTING] + 1]
    real = x.dtype.type
    for j in range(units):
        inverse = 1.0 / math.sqrt(np.float64(var[j]) + eps)
        for i in range(rows):
            y[i, j] = weight[j] * real((x[i, j] - np.float64(mean[j])) * inverse) + bias[j]


@kernel("batch_norm_backward")
def batch_norm_backward(row, ctl, setting, mem, data, hist):
    """From delta_out: the gradients of weight and bias, and delta_in. Mean and variance depend on every sample.

    delta_in = weight / sqrt(var + eps) * (delta - mean(delta) - x̂ * mean(delta * x̂)), means over the batch.
    """
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    delta = view2(mem, ctl[row + DELTA_OUT], rows, units)
    weight = view1(mem, ctl[row + WEIGHT], units)
    grad_weight, grad_bias = view1(mem, ctl[row + GRAD_WEIGHT], units), view1(mem, ctl[row + GRAD_BIAS], units)
    scratch = ctl[row + SCRATCH]
    inverse = doubles(mem, scratch + WIDTH * units, units)
    total, along = doubles(mem, scratch + 2 * WIDTH * units, units), doubles(mem, scratch + 3 * WIDTH * units, units)
    normed = view2(mem, scratch + 4 * WIDTH * units, rows, units)
    real = delta.dtype.type
    total[:] = 0.0
    along[:] = 0.0
    for i in range(rows):
        for j in range(units):
            total[j] += delta[i, j]
            along[j] += np.float64(delta[i, j]) * normed[i, j]
    for j in range(units):
        grad_bias[j], grad_weight[j] = real(total[j]), real(along[j])
        total[j] /= rows
        along[j] /= rows
    if ctl[row + DELTA_IN] >= 0:
        delta_in = view2(mem, ctl[row + DELTA_IN], rows, units)
        for i in range(rows):
            for j in range(units):
                rest = delta[i, j] - total[j] - normed[i, j] * along[j]
                delta_in[i, j] = real(weight[j] * inverse[j] * rest)
    report_gradients(row, ctl, mem, hist, rows * units, 2 * units)
