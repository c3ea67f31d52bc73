"""Cross-entropies from logits with label smoothing and class weights, in nats; class_targets.py says how they count.

Rows without either option take the kernels of cross_entropies.py: faster, and equal to these with s = 0 and all w = 1.
A row without delta (validation) computes the number only.
"""

from __future__ import annotations

import math

import numpy as np

from tui_nn.engine.layout import DELTA_OUT, N_OUT, N_TARGET, OUT, ROWS_AT, SETTING, TARGET
from tui_nn.engine.lowlevel import helper, view1, view2
from tui_nn.engine.ops.class_targets import (
    share_of,
    sum_of_binary_weights,
    sum_of_weights,
    wanted_no,
    wanted_of,
    wanted_yes,
)
from tui_nn.engine.ops.hits import report
from tui_nn.engine.registry import kernel
from tui_nn.engine.vecmath import exp


@helper
def softplus(z):
    """log(1 + e**z) in float64: no z overflows it, and no digit of a small one is lost."""
    positive = 0.0 if np.float64(z) < 0.0 else np.float64(z)  # "<" keeps NaN
    return positive + math.log1p(np.float64(exp(-abs(z))))


@helper
def tail(z, one):
    """sigmoid(-z) = 1 / (1 + e**z), every digit of a small one kept. one is the 1 of z's precision."""
    small = exp(-abs(z))
    return (small if z >= one - one else one) / (one + small)


@kernel("weighted_binary_cross_entropy")
def weighted_binary_cross_entropy(row, ctl, setting, mem, data, hist):
    """sum(yes log(1 + e**-z) + no log(1 + e**z)) / sum of weights; the delta is (no sigmoid(z) - yes sigmoid(-z)) / that.

    yes = w_1 y', no = w_0 (1 - y').
    """
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    z, y = view1(mem, ctl[row + OUT], rows * units), view1(mem, ctl[row + TARGET], rows * units)
    at = ctl[row + SETTING]
    weights = sum_of_binary_weights(y, setting, at)
    total = 0.0
    for i in range(z.size):
        yes, no = wanted_yes(setting, at, y[i]), wanted_no(setting, at, y[i])
        if yes != 0.0:  # 0 times an infinite cost would be NaN
            total += yes * softplus(-z[i])
        if no != 0.0:
            total += no * softplus(z[i])
    if ctl[row + DELTA_OUT] >= 0:
        delta = view1(mem, ctl[row + DELTA_OUT], rows * units)
        real, one = z.dtype.type, z.dtype.type(1)
        for i in range(z.size):
            yes, no = wanted_yes(setting, at, y[i]) / weights, wanted_no(setting, at, y[i]) / weights
            delta[i] = real(no) * tail(-z[i], one) - real(yes) * tail(z[i], one)
    z_rows, y_rows = view2(mem, ctl[row + OUT], rows, units), view2(mem, ctl[row + TARGET], rows, units)
    report(row, ctl, hist, total / weights, z_rows, y_rows)


@helper
def largest(z):
    """NaN if there is one."""
    top = z[0]
    for j in range(1, z.size):
        if z[j] > top or z[j] != z[j]:
            top = z[j]
    return top


@helper
def weighted(row, ctl, setting, mem, hist, is_index):
    """sum(w_c y'_c (log(sum(e**z)) - z_c)) / sum of weights, over samples and classes c.

    The delta is (softmax(z)_j sum(w_c y'_c) - w_j y'_j) / sum of weights.
    """
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    z = view2(mem, ctl[row + OUT], rows, units)
    target = view2(mem, ctl[row + TARGET], rows, ctl[row + N_TARGET])
    at, real = ctl[row + SETTING], z.dtype.type
    weights = sum_of_weights(target, units, is_index, setting, at)
    total = 0.0
    for i in range(rows):
        top, parts = largest(z[i]), 0.0
        for j in range(units):
            parts += np.float64(exp(z[i, j] - top))  # with the largest taken out, a logit of 800 does not overflow
        log_parts, all_wanted = math.log(parts), 0.0
        for j in range(units):
            wanted = wanted_of(setting, at, j, units, share_of(target, i, j, is_index))
            all_wanted += wanted
            if wanted != 0.0:  # 0 times a logit of -inf would be NaN
                total += wanted * (log_parts + np.float64(top - z[i, j]))
        if ctl[row + DELTA_OUT] >= 0:
            delta = view2(mem, ctl[row + DELTA_OUT], rows, units)
            pull = real(all_wanted / weights / parts)
            for j in range(units):
                wanted = wanted_of(setting, at, j, units, share_of(target, i, j, is_index))
                delta[i, j] = exp(z[i, j] - top) * pull - real(wanted / weights)
    report(row, ctl, hist, total / weights, z, target)


@kernel("weighted_categorical_cross_entropy")
def weighted_categorical_cross_entropy(row, ctl, setting, mem, data, hist):
    """Targets are rows of shares."""
    weighted(row, ctl, setting, mem, hist, False)


@kernel("weighted_sparse_categorical_cross_entropy")
def weighted_sparse_categorical_cross_entropy(row, ctl, setting, mem, data, hist):
    """Targets are class indices."""
    weighted(row, ctl, setting, mem, hist, True)
