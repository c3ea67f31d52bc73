"""Cross-entropies from logits, in nats: the batch mean, its gradient with respect to the logits, and the hits.

A row without delta (validation) computes the number only.
"""

from __future__ import annotations

import math

import numpy as np

from tui_nn.engine.layout import DELTA_OUT, N_OUT, N_TARGET, OUT, ROWS_AT, TARGET
from tui_nn.engine.lowlevel import helper, view1, view2
from tui_nn.engine.ops.activations import softmax_row
from tui_nn.engine.ops.hits import report
from tui_nn.engine.registry import kernel
from tui_nn.engine.vecmath import exp


@kernel("binary_cross_entropy")
def binary_cross_entropy(row, ctl, setting, mem, data, hist):
    """mean(max(z, 0) - z y + log(1 + e**-|z|)): no logit overflows it. The delta is (sigmoid(z) - y) / count."""
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    z, y = view1(mem, ctl[row + OUT], rows * units), view1(mem, ctl[row + TARGET], rows * units)
    zero, one = z.dtype.type(0), z.dtype.type(1)
    total = 0.0
    for i in range(z.size):
        positive = zero if z[i] < zero else z[i]
        total += np.float64(positive - z[i] * y[i]) + math.log1p(np.float64(exp(-abs(z[i]))))
    if ctl[row + DELTA_OUT] >= 0:
        delta = view1(mem, ctl[row + DELTA_OUT], rows * units)
        scale = z.dtype.type(1.0 / z.size)
        for i in range(z.size):
            small = exp(-abs(z[i]))
            tail = small / (one + small)
            delta[i] = ((one - tail if z[i] >= zero else tail) - y[i]) * scale
    z_rows, y_rows = view2(mem, ctl[row + OUT], rows, units), view2(mem, ctl[row + TARGET], rows, units)
    report(row, ctl, hist, total / z.size, z_rows, y_rows)


@helper
def log_sum_exp(z):
    """log(sum(e**z)), the largest taken out first. NaN stays NaN."""
    top = z[0]
    for j in range(1, z.size):
        if z[j] > top or z[j] != z[j]:
            top = z[j]
    total = 0.0
    for j in range(z.size):
        total += np.float64(exp(z[j] - top))
    return np.float64(top) + math.log(total)


@kernel("categorical_cross_entropy")
def categorical_cross_entropy(row, ctl, setting, mem, data, hist):
    """Mean of -sum(target * log softmax(z)); target rows are distributions.

    The delta is (softmax(z) sum(target) - target) / rows.
    """
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    z, target = view2(mem, ctl[row + OUT], rows, units), view2(mem, ctl[row + TARGET], rows, units)
    total = 0.0
    for i in range(rows):
        log_total = log_sum_exp(z[i])
        for j in range(units):
            if target[i, j] != 0:  # 0 times a logit of -inf would be NaN
                total += np.float64(target[i, j]) * (log_total - np.float64(z[i, j]))
    if ctl[row + DELTA_OUT] >= 0:
        delta = view2(mem, ctl[row + DELTA_OUT], rows, units)
        scale = z.dtype.type(1.0 / rows)
        for i in range(rows):
            softmax_row(z[i], delta[i])
            weight = target[i, 0]
            for j in range(1, units):
                weight += target[i, j]
            for j in range(units):
                delta[i, j] = (delta[i, j] * weight - target[i, j]) * scale
    report(row, ctl, hist, total / rows, z, target)


@kernel("sparse_categorical_cross_entropy")
def sparse_categorical_cross_entropy(row, ctl, setting, mem, data, hist):
    """Mean of -log softmax(z)[class]; the target is an index. The delta is (softmax(z) - one_hot(class)) / rows."""
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    z = view2(mem, ctl[row + OUT], rows, units)
    target = view2(mem, ctl[row + TARGET], rows, ctl[row + N_TARGET])
    total = 0.0
    for i in range(rows):
        total += log_sum_exp(z[i]) - np.float64(z[i, np.int64(target[i, 0])])
    if ctl[row + DELTA_OUT] >= 0:
        delta = view2(mem, ctl[row + DELTA_OUT], rows, units)
        scale, one = z.dtype.type(1.0 / rows), z.dtype.type(1)
        for i in range(rows):
            softmax_row(z[i], delta[i])
            delta[i, np.int64(target[i, 0])] -= one
            for j in range(units):
                delta[i, j] *= scale
    report(row, ctl, hist, total / rows, z, target)
