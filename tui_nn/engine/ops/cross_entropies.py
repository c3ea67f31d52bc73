"""Cross-entropies from logits, in nats: the batch mean, its gradient with respect to the logits, and the hits.

A row without delta (validation) computes the number only.
"""

from __future__ import annotations

import numpy as np

from tui_nn.engine.layout import DELTA_OUT, N_OUT, N_TARGET, OUT, ROWS_AT, TARGET
from tui_nn.engine.lowlevel import helper, stack_array, view1, view2
from tui_nn.engine.ops.activations import softmax_row
from tui_nn.engine.ops.hits import report
from tui_nn.engine.registry import kernel
from tui_nn.engine.vecmath import exp, log, log1p_unit

BLOCK = 64  # samples whose terms wait on the stack, so that one loop computes them and another adds them in order


@kernel("binary_cross_entropy")
def binary_cross_entropy(row, ctl, setting, mem, data, hist):
    """mean(max(z, 0) - z y + log(1 + e**-|z|)): no logit overflows it. The delta is (sigmoid(z) - y) / count."""
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    n = rows * units
    z, y = view1(mem, ctl[row + OUT], n), view1(mem, ctl[row + TARGET], n)
    small, terms = stack_array(mem, BLOCK), stack_array(mem, BLOCK)
    zero, one, scale = z.dtype.type(0), z.dtype.type(1), z.dtype.type(1.0 / n)
    total = 0.0
    for start in range(0, n, BLOCK):
        count = min(BLOCK, n - start)
        for k in range(count):
            logit = z[start + k]
            small[k] = exp(-abs(logit))
            positive = zero if logit < zero else logit
            terms[k] = positive - logit * y[start + k] + log1p_unit(small[k])
        for k in range(count):
            total += np.float64(terms[k])
        if ctl[row + DELTA_OUT] >= 0:
            delta = view1(mem, ctl[row + DELTA_OUT] + start, count)
            for k in range(count):
                tail = small[k] / (one + small[k])  # sigmoid(-|z|)
                delta[k] = ((one - tail if z[start + k] >= zero else tail) - y[start + k]) * scale
    z_rows, y_rows = view2(mem, ctl[row + OUT], rows, units), view2(mem, ctl[row + TARGET], rows, units)
    report(row, ctl, hist, total / n, z_rows, y_rows)


@helper
def largest(z):
    """NaN if any is."""
    top = z[0]
    for j in range(1, z.size):
        if z[j] > top or z[j] != z[j]:
            top = z[j]
    return top


@helper
def log_sum_exp(z):
    """log(sum(e**z)), the largest taken out first."""
    top = largest(z)
    total = 0.0
    for j in range(z.size):
        total += np.float64(exp(z[j] - top))
    return np.float64(top) + log(total)


@helper
def subtract_largest(z, shifted):
    """shifted = z - max z, row by row: log softmax but for the log of the sum."""
    for i in range(z.shape[0]):
        top = largest(z[i])
        for j in range(z.shape[1]):
            shifted[i, j] = z[i, j] - top


@helper
def exp_all(values):
    """In place. Over all rows at once: a row of ten leaves most of a vector idle."""
    for k in range(values.size):
        values[k] = exp(values[k])


@helper
def add_in_order(values):
    """In float64."""
    total = 0.0
    for j in range(values.size):
        total += np.float64(values[j])
    return total


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
    if ctl[row + DELTA_OUT] < 0:
        for i in range(rows):
            total += log_sum_exp(z[i]) - np.float64(z[i, np.int64(target[i, 0])])
    else:
        delta = view2(mem, ctl[row + DELTA_OUT], rows, units)
        subtract_largest(z, delta)
        for i in range(rows):
            total -= np.float64(delta[i, np.int64(target[i, 0])])
        exp_all(view1(mem, ctl[row + DELTA_OUT], rows * units))
        for i in range(rows):
            row_total = add_in_order(delta[i])
            total += log(row_total)
            scale = z.dtype.type(1.0 / (row_total * rows))
            for j in range(units):
                delta[i, j] *= scale
            delta[i, np.int64(target[i, 0])] -= z.dtype.type(1.0 / rows)
    report(row, ctl, hist, total / rows, z, target)
