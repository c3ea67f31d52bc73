"""Dense layers: out = x @ weight.T + bias, and its two gradients.

Weights stand transposed in memory, (n_in, n_out): the loops over a small layer's outputs are then contiguous and stay
in registers. Everything outside the kernels sees them as (out_features, in_features).
"""

from __future__ import annotations

import math

import numpy as np

from tui_nn.engine.layout import (
    BIAS,
    DELTA_IN,
    DELTA_OUT,
    GRAD_BIAS,
    GRAD_WEIGHT,
    HIST_ROW,
    IN,
    IS_FIRST,
    N_IN,
    N_OUT,
    OUT,
    PROBE,
    PROBE_2,
    ROWS_AT,
    TOTAL,
    WEIGHT,
)
from tui_nn.engine.lowlevel import helper, view1, view2
from tui_nn.engine.ops.probes import norm, probe_units, sum_of_squares
from tui_nn.engine.registry import kernel

BLAS_FROM = 900  # weights; below, the call of BLAS costs more than the product


@kernel("dense_forward")
def dense_forward(row, ctl, setting, mem, data, hist):
    """out = x @ weight.T + bias, for the live rows."""
    rows, n_in, n_out = ctl[ctl[row + ROWS_AT]], ctl[row + N_IN], ctl[row + N_OUT]
    x = view2(mem, ctl[row + IN], rows, n_in)
    out = view2(mem, ctl[row + OUT], rows, n_out)
    weight = view2(mem, ctl[row + WEIGHT], n_in, n_out)
    bias = view1(mem, ctl[row + BIAS], n_out)
    if n_in * n_out >= BLAS_FROM:
        np.dot(x, weight, out)
        for i in range(rows):
            for j in range(n_out):
                out[i, j] += bias[j]
    else:
        small_product(x, weight, bias, out)
    if ctl[row + PROBE] >= 0:
        probe_units(out, hist, ctl[HIST_ROW] + ctl[row + PROBE])


@kernel("dense_backward")
def dense_backward(row, ctl, setting, mem, data, hist):
    """From delta_out: the gradients of weight and bias, and delta_in for the layer before (none for the first)."""
    rows, n_in, n_out = ctl[ctl[row + ROWS_AT]], ctl[row + N_IN], ctl[row + N_OUT]
    x = view2(mem, ctl[row + IN], rows, n_in)
    delta = view2(mem, ctl[row + DELTA_OUT], rows, n_out)
    weight = view2(mem, ctl[row + WEIGHT], n_in, n_out)
    grad_weight = view2(mem, ctl[row + GRAD_WEIGHT], n_in, n_out)
    grad_bias = view1(mem, ctl[row + GRAD_BIAS], n_out)
    sum_rows(delta, grad_bias)
    has_delta_in = ctl[row + DELTA_IN] >= 0
    if n_in * n_out >= BLAS_FROM:
        np.dot(x.T, delta, grad_weight)
        if has_delta_in:
            np.dot(delta, weight.T, view2(mem, ctl[row + DELTA_IN], rows, n_in))
    else:
        small_gradient(x, delta, grad_weight)
        if has_delta_in:
            small_delta(delta, weight, view2(mem, ctl[row + DELTA_IN], rows, n_in))
    at = ctl[HIST_ROW]
    squares = sum_of_squares(view1(mem, ctl[row + GRAD_WEIGHT], n_in * n_out)) + sum_of_squares(grad_bias)
    hist[at + ctl[row + PROBE]] = norm(view1(mem, ctl[row + DELTA_OUT], rows * n_out))
    hist[at + ctl[row + PROBE] + 1] = math.sqrt(squares)
    if ctl[row + IS_FIRST] == 0:
        before = np.float64(hist[at + ctl[row + PROBE_2]])
        squares += before * before
    hist[at + ctl[row + PROBE_2]] = math.sqrt(squares)
    if ctl[row + TOTAL] >= 0:  # a column of its own: half a sum must not overwrite what a replay had finished
        hist[at + ctl[row + TOTAL]] = math.sqrt(squares)


@helper
def sum_rows(delta, grad_bias):
    grad_bias[:] = 0
    for i in range(delta.shape[0]):
        for j in range(grad_bias.size):
            grad_bias[j] += delta[i, j]


@helper
def small_product(x, weight, bias, out):
    """The product for small layers: eight outputs at a time, their sums in registers; then four; then one."""
    n_in, n_out = weight.shape
    j = 0
    while j + 8 <= n_out:
        for i in range(x.shape[0]):
            s0, s1, s2, s3 = bias[j], bias[j + 1], bias[j + 2], bias[j + 3]
            s4, s5, s6, s7 = bias[j + 4], bias[j + 5], bias[j + 6], bias[j + 7]
            for p in range(n_in):
                value = x[i, p]
                s0 += value * weight[p, j]
                s1 += value * weight[p, j + 1]
                s2 += value * weight[p, j + 2]
                s3 += value * weight[p, j + 3]
                s4 += value * weight[p, j + 4]
                s5 += value * weight[p, j + 5]
                s6 += value * weight[p, j + 6]
                s7 += value * weight[p, j + 7]
            out[i, j], out[i, j + 1], out[i, j + 2], out[i, j + 3] = s0, s1, s2, s3
            out[i, j + 4], out[i, j + 5], out[i, j + 6], out[i, j + 7] = s4, s5, s6, s7
        j += 8
    if j + 4 <= n_out:
        for i in range(x.shape[0]):
            s0, s1, s2, s3 = bias[j], bias[j + 1], bias[j + 2], bias[j + 3]
            for p in range(n_in):
                value = x[i, p]
                s0 += value * weight[p, j]
                s1 += value * weight[p, j + 1]
                s2 += value * weight[p, j + 2]
                s3 += value * weight[p, j + 3]
            out[i, j], out[i, j + 1], out[i, j + 2], out[i, j + 3] = s0, s1, s2, s3
        j += 4
    while j < n_out:
        for i in range(x.shape[0]):
            s0 = bias[j]
            for p in range(n_in):
                s0 += x[i, p] * weight[p, j]
            out[i, j] = s0
        j += 1


@helper
def small_gradient(x, delta, grad_weight):
    """grad_weight = x.T @ delta for small layers, eight outputs at a time."""
    n_in, n_out = grad_weight.shape
    rows = x.shape[0]
    zero = grad_weight.dtype.type(0)
    j = 0
    while j + 8 <= n_out:
        for p in range(n_in):
            s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = zero
            for i in range(rows):
                value = x[i, p]
                s0 += value * delta[i, j]
                s1 += value * delta[i, j + 1]
                s2 += value * delta[i, j + 2]
                s3 += value * delta[i, j + 3]
                s4 += value * delta[i, j + 4]
                s5 += value * delta[i, j + 5]
                s6 += value * delta[i, j + 6]
                s7 += value * delta[i, j + 7]
            grad_weight[p, j], grad_weight[p, j + 1], grad_weight[p, j + 2], grad_weight[p, j + 3] = s0, s1, s2, s3
            grad_weight[p, j + 4], grad_weight[p, j + 5], grad_weight[p, j + 6], grad_weight[p, j + 7] = s4, s5, s6, s7
        j += 8
    while j < n_out:
        for p in range(n_in):
            s0 = zero
            for i in range(rows):
                s0 += x[i, p] * delta[i, j]
            grad_weight[p, j] = s0
        j += 1


@helper
def small_delta(delta, weight, delta_in):
    """delta_in = delta @ weight for small layers."""
    rows, n_out = delta.shape
    for i in range(rows):
        for p in range(weight.shape[0]):
            s = delta[i, 0] * weight[p, 0]
            for j in range(1, n_out):
                s += delta[i, j] * weight[p, j]
            delta_in[i, p] = s
