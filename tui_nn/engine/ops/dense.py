"""Dense layers: out = x @ weight.T + bias, and its two gradients.

Weights stand transposed in memory, (n_in, n_out): the loops over a small layer's outputs are then contiguous and stay
in registers. Everything outside the kernels sees them as (out_features, in_features).
"""

from __future__ import annotations

import numpy as np

from tui_nn.engine.layout import (
    BIAS,
    DELTA_IN,
    DELTA_OUT,
    GRAD_BIAS,
    GRAD_WEIGHT,
    IN,
    N_IN,
    N_OUT,
    OUT,
    PROBE,
    ROWS_AT,
    TALLY,
    WEIGHT,
)
from tui_nn.engine.lowlevel import (
    LANES,
    helper,
    load,
    load_column,
    multiply_add,
    spread,
    stack_array,
    store,
    view1,
    view2,
)
from tui_nn.engine.ops.gradients import report_gradients
from tui_nn.engine.ops.probes import SCALE
from tui_nn.engine.ops.tally import leave_units, moments, report_units_at_once
from tui_nn.engine.registry import kernel

# A call of BLAS takes 0.1 us before it multiplies; up to here the loops below are done sooner (measured in float32).
SMALL_WORK = 2048  # samples * inputs * outputs
SMALL_OUTPUTS = 64
COLUMNS = SMALL_OUTPUTS * LANES


@helper
def is_small(rows, n_in, n_out):
    return rows * n_in * n_out <= SMALL_WORK and n_out <= SMALL_OUTPUTS


@kernel("dense_forward")
def dense_forward(row, ctl, setting, mem, data, hist):
    """out = x @ weight.T + bias, for the live rows."""
    rows, n_in, n_out = ctl[ctl[row + ROWS_AT]], ctl[row + N_IN], ctl[row + N_OUT]
    x = view2(mem, ctl[row + IN], rows, n_in)
    out = view2(mem, ctl[row + OUT], rows, n_out)
    weight = view2(mem, ctl[row + WEIGHT], n_in, n_out)
    bias = view1(mem, ctl[row + BIAS], n_out)
    is_left = False
    if is_small(rows, n_in, n_out) and ctl[row + PROBE] >= 0 and ctl[row + TALLY] >= 0:
        is_left = measured_product(row, ctl, mem, x, weight, bias, out)
    elif is_small(rows, n_in, n_out):
        small_product(x, weight, bias, out)
    else:
        np.dot(x, weight, out)
        for i in range(rows):
            for j in range(n_out):
                out[i, j] += bias[j]
    if ctl[row + PROBE] >= 0 and not is_left:
        report_units_at_once(row, ctl, mem, hist, out)


@kernel("dense_backward")
def dense_backward(row, ctl, setting, mem, data, hist):
    """From delta_out: the gradients of weight and bias, and delta_in for the layer before (none for the first)."""
    rows, n_in, n_out = ctl[ctl[row + ROWS_AT]], ctl[row + N_IN], ctl[row + N_OUT]
    x = view2(mem, ctl[row + IN], rows, n_in)
    delta = view2(mem, ctl[row + DELTA_OUT], rows, n_out)
    weight = view2(mem, ctl[row + WEIGHT], n_in, n_out)
    grad_weight = view2(mem, ctl[row + GRAD_WEIGHT], n_in, n_out)
    n_bias = n_out if ctl[row + GRAD_BIAS] >= 0 else 0  # without a bias, forward adds zeros and nothing asks for ∂b
    if n_bias > 0:
        sum_rows(delta, view1(mem, ctl[row + GRAD_BIAS], n_out))
    has_delta_in = ctl[row + DELTA_IN] >= 0
    if is_small(rows, n_in, n_out):
        small_gradient(x, delta, grad_weight)
        if has_delta_in:
            columns = stack_array(mem, COLUMNS)
            small_delta(delta, weight, view2(mem, ctl[row + DELTA_IN], rows, n_in), columns)
    else:
        np.dot(x.T, delta, grad_weight)
        if has_delta_in:
            np.dot(delta, weight.T, view2(mem, ctl[row + DELTA_IN], rows, n_in))
    report_gradients(row, ctl, mem, hist, rows * n_out, n_in * n_out + n_bias)


@helper
def sum_rows(delta, grad_bias):
    """grad_bias = the sum of delta over the samples."""
    rows, n_out = delta.shape
    for j in range(0, n_out, LANES):
        sums = load(delta, j, n_out - j)
        for i in range(1, rows):
            sums = sums + load(delta, i * n_out + j, n_out - j)
        store(grad_bias, j, n_out - j, sums)


@helper
def small_product(x, weight, bias, out):
    """out = x @ weight + bias, LANES outputs at a time."""
    n_in, n_out = weight.shape
    for j in range(0, n_out, LANES):
        live = n_out - j
        start = load(bias, j, live)
        for i in range(x.shape[0]):
            sums = start
            for p in range(n_in):
                sums = multiply_add(spread(x[i, p]), load(weight, p * n_out + j, live), sums)
            store(out, i * n_out + j, live, sums)


@helper
def measured_product(row, ctl, mem, x, weight, bias, out):
    """small_product for at most LANES outputs, and their tally on the way: to read them back at once would have to wait."""
    rows, n_out = out.shape
    n_in = x.shape[1]
    real = out.dtype.type
    scale = spread(real(SCALE))
    start = load(bias, 0, n_out)
    shifted = squares = origin = minus_origin = zero = spread(real(0))
    for i in range(rows):
        sums = start
        for p in range(n_in):
            sums = multiply_add(spread(x[i, p]), load(weight, p * n_out, n_out), sums)
        store(out, i * n_out, n_out, sums)
        if i == 0:
            origin, minus_origin = sums, (zero - sums) * scale
        difference = multiply_add(sums, scale, minus_origin)
        shifted = shifted + difference
        squares = multiply_add(difference, difference, squares)
    mean_shift, variance = moments(out, shifted, squares)
    return leave_units(row, ctl, mem, out, n_out, origin, mean_shift, variance, squares)


@helper
def small_gradient(x, delta, grad_weight):
    """grad_weight = x.T @ delta, LANES outputs at a time."""
    n_in, n_out = grad_weight.shape
    for j in range(0, n_out, LANES):
        live = n_out - j
        for p in range(n_in):
            sums = spread(x[0, p]) * load(delta, j, live)
            for i in range(1, x.shape[0]):
                sums = multiply_add(spread(x[i, p]), load(delta, i * n_out + j, live), sums)
            store(grad_weight, p * n_out + j, live, sums)


@helper
def small_delta(delta, weight, delta_in, columns):
    """delta_in = delta @ weight.T, LANES inputs at a time; their weights are first turned into `columns`."""
    n_in, n_out = weight.shape
    for p in range(0, n_in, LANES):
        live = n_in - p
        for j in range(n_out):
            store(columns, j * LANES, LANES, load_column(weight, p * n_out + j, n_out, live))
        for i in range(delta.shape[0]):
            sums = spread(delta[i, 0]) * load(columns, 0, LANES)
            for j in range(1, n_out):
                sums = multiply_add(spread(delta[i, j]), load(columns, j * LANES, LANES), sums)
            store(delta_in, i * n_in + p, live, sums)
