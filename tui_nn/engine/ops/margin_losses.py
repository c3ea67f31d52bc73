"""Losses of a classification that ask on which side an output is: hinge for scores, perceptron for 0/1 decisions.

A row without delta (validation) computes the number only. At a kink the delta is 0, as in PyTorch's relu and
MultiMarginLoss: an output exactly at the margin costs nothing and moves nothing.
"""

from __future__ import annotations

import numpy as np

from tui_nn.engine.layout import DELTA_OUT, N_OUT, N_TARGET, OUT, ROWS_AT, SETTING, TARGET
from tui_nn.engine.lowlevel import view1, view2
from tui_nn.engine.ops.hits import report
from tui_nn.engine.registry import kernel


@kernel("hinge")
def hinge(row, ctl, setting, mem, data, hist):
    """mean(max(0, margin - t out)), t = 2 target - 1; the delta is -t / count where that is above 0.

    Source: Cortes & Vapnik (1995); with margin 1 as Keras's Hinge and scikit-learn's hinge_loss.
    """
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    out, target = view1(mem, ctl[row + OUT], rows * units), view1(mem, ctl[row + TARGET], rows * units)
    zero, one, two = out.dtype.type(0), out.dtype.type(1), out.dtype.type(2)
    margin = out.dtype.type(setting[ctl[row + SETTING]])
    total = 0.0
    for i in range(out.size):
        short = margin - (two * target[i] - one) * out[i]
        total += np.float64(zero if short <= zero else short)  # "<=" keeps NaN
    if ctl[row + DELTA_OUT] >= 0:
        delta = view1(mem, ctl[row + DELTA_OUT], rows * units)
        scale = out.dtype.type(1.0 / out.size)
        for i in range(out.size):
            t = two * target[i] - one
            short = margin - t * out[i]
            delta[i] = -t * scale if short > zero else (zero if short <= zero else short)
    out_rows, target_rows = view2(mem, ctl[row + OUT], rows, units), view2(mem, ctl[row + TARGET], rows, units)
    report(row, ctl, hist, total / out.size, out_rows, target_rows)


@kernel("multiclass_hinge")
def multiclass_hinge(row, ctl, setting, mem, data, hist):
    """Mean over samples of sum(max(0, margin - out[class] + out[j])) / classes, over the wrong classes j.

    The delta is 1 / (classes * rows) for each j that costs, and minus their sum for the right class.
    Source: Weston & Watkins (1999), divided by the number of classes as in PyTorch's MultiMarginLoss. (Keras's
    CategoricalHinge takes the worst j only: Crammer & Singer 2001.)
    """
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    out, target = (
        view2(mem, ctl[row + OUT], rows, units),
        view2(mem, ctl[row + TARGET], rows, ctl[row + N_TARGET]),
    )
    zero, margin = out.dtype.type(0), out.dtype.type(setting[ctl[row + SETTING]])
    total = 0.0
    for i in range(rows):
        right = np.int64(target[i, 0])
        for j in range(units):
            short = margin - out[i, right] + out[i, j]
            if j != right and not short <= zero:  # "not <=" keeps NaN
                total += np.float64(short)
    if ctl[row + DELTA_OUT] >= 0:
        delta = view2(mem, ctl[row + DELTA_OUT], rows, units)
        scale = out.dtype.type(1.0 / (rows * units))
        for i in range(rows):
            right = np.int64(target[i, 0])
            all_wrong = zero
            for j in range(units):
                short = margin - out[i, right] + out[i, j]
                part = scale if short > zero else (zero if short <= zero else short)
                if j != right:
                    delta[i, j] = part
                    all_wrong += part
            delta[i, right] = -all_wrong
    report(row, ctl, hist, total / (rows * units), out, target)


@kernel("perceptron")
def perceptron(row, ctl, setting, mem, data, hist):
    """The share of mistakes, mean(|out - target|), for outputs that are 0 or 1; the delta is (out - target) / count.

    That is the slope of |out - target| where it has one, and 0 where out is right. The unit step passes it on as it is,
    so with one sample a batch and lr = 1, sgd does exactly weight += (target - out) x: Rosenblatt (1958). Seen from the
    score z in front of the step, it is the slope of the perceptron criterion max(0, -t z): Bishop (2006), eq. 4.54.
    """
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    out, target = view1(mem, ctl[row + OUT], rows * units), view1(mem, ctl[row + TARGET], rows * units)
    total = 0.0
    for i in range(out.size):
        total += np.float64(abs(out[i] - target[i]))
    if ctl[row + DELTA_OUT] >= 0:
        delta = view1(mem, ctl[row + DELTA_OUT], rows * units)
        scale = out.dtype.type(1.0 / out.size)
        for i in range(out.size):
            delta[i] = (out[i] - target[i]) * scale
    out_rows, target_rows = view2(mem, ctl[row + OUT], rows, units), view2(mem, ctl[row + TARGET], rows, units)
    report(row, ctl, hist, total / out.size, out_rows, target_rows)
