"""Cross-entropies from probabilities, in nats: what from_logits = false takes, behind a sigmoid or softmax row.

Label smoothing and class weights as in class_targets.py. A probability of 0 for what is so costs inf, and its slope is
-inf, as the mathematics says. (PyTorch's BCELoss cuts the log off at -100 and the slope at 1e12, its NLLLoss takes the log
as given; Keras keeps p within 1e-7 .. 1 - 1e-7 and divides rows by their sum.) From logits none of this can happen.
A row without delta (validation) computes the number only.
"""

from __future__ import annotations

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


@kernel("probability_binary_cross_entropy")
def probability_binary_cross_entropy(row, ctl, setting, mem, data, hist):
    """-sum(yes log p + no log(1 - p)) / sum of weights; the delta is (no / (1 - p) - yes / p) / sum of weights.

    yes = w_1 y', no = w_0 (1 - y'); what is 0 of them counts nothing, whatever p is.
    """
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    p, y = view1(mem, ctl[row + OUT], rows * units), view1(mem, ctl[row + TARGET], rows * units)
    at = ctl[row + SETTING]
    weights = sum_of_binary_weights(y, setting, at)
    total = 0.0
    for i in range(p.size):
        yes, no = wanted_yes(setting, at, y[i]), wanted_no(setting, at, y[i])
        if yes != 0.0:
            total -= yes * np.log(np.float64(p[i]))
        if no != 0.0:
            total -= no * np.log1p(-np.float64(p[i]))
    if ctl[row + DELTA_OUT] >= 0:
        delta = view1(mem, ctl[row + DELTA_OUT], rows * units)
        real = p.dtype.type
        for i in range(p.size):
            yes, no = real(wanted_yes(setting, at, y[i]) / weights), real(wanted_no(setting, at, y[i]) / weights)
            for_yes = yes / p[i] if yes != real(0) else real(0)
            for_no = no / (real(1) - p[i]) if no != real(0) else real(0)
            delta[i] = for_no - for_yes
    p_rows, y_rows = view2(mem, ctl[row + OUT], rows, units), view2(mem, ctl[row + TARGET], rows, units)
    report(row, ctl, hist, total / weights, p_rows, y_rows)


@helper
def from_probabilities(row, ctl, setting, mem, hist, is_index):
    """-sum(w_c y'_c log p_c) / sum of weights, over samples and classes c; the delta is -w_j y'_j / p_j / that sum."""
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    p = view2(mem, ctl[row + OUT], rows, units)
    target = view2(mem, ctl[row + TARGET], rows, ctl[row + N_TARGET])
    at, real = ctl[row + SETTING], p.dtype.type
    weights = sum_of_weights(target, units, is_index, setting, at)
    total = 0.0
    for i in range(rows):
        for j in range(units):
            wanted = wanted_of(setting, at, j, units, share_of(target, i, j, is_index))
            if wanted != 0.0:  # 0 log 0 is 0
                total -= wanted * np.log(np.float64(p[i, j]))
            if ctl[row + DELTA_OUT] >= 0:
                delta = view2(mem, ctl[row + DELTA_OUT], rows, units)
                delta[i, j] = -real(wanted / weights) / p[i, j] if wanted != 0.0 else real(0)
    report(row, ctl, hist, total / weights, p, target)


@kernel("probability_categorical_cross_entropy")
def probability_categorical_cross_entropy(row, ctl, setting, mem, data, hist):
    """Targets are rows of shares."""
    from_probabilities(row, ctl, setting, mem, hist, False)


@kernel("probability_sparse_categorical_cross_entropy")
def probability_sparse_categorical_cross_entropy(row, ctl, setting, mem, data, hist):
    """Targets are class indices."""
    from_probabilities(row, ctl, setting, mem, hist, True)
