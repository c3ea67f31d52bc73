"""Losses of a regression: the batch mean, its gradient with respect to the network's output, and the hits.

A row without delta (validation) computes the number only. Errors are taken in the run's precision, summed in float64.
"""

from __future__ import annotations

import numpy as np

from tui_nn.engine.layout import DELTA_OUT, N_OUT, OUT, ROWS_AT, SETTING, TARGET
from tui_nn.engine.lowlevel import view1, view2
from tui_nn.engine.ops.hits import report
from tui_nn.engine.registry import kernel


@kernel("mse")
def mse(row, ctl, setting, mem, data, hist):
    """mean((out - target)**2) over samples and outputs; the delta is 2 (out - target) / count."""
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    out, target = view1(mem, ctl[row + OUT], rows * units), view1(mem, ctl[row + TARGET], rows * units)
    total = 0.0
    for i in range(out.size):
        error = np.float64(out[i] - target[i])
        total += error * error
    if ctl[row + DELTA_OUT] >= 0:
        delta = view1(mem, ctl[row + DELTA_OUT], rows * units)
        scale = out.dtype.type(2.0 / out.size)
        for i in range(out.size):
            delta[i] = (out[i] - target[i]) * scale
    out_rows, target_rows = view2(mem, ctl[row + OUT], rows, units), view2(mem, ctl[row + TARGET], rows, units)
    report(row, ctl, hist, total / out.size, out_rows, target_rows)


@kernel("mae")
def mae(row, ctl, setting, mem, data, hist):
    """mean(|out - target|) over samples and outputs; the delta is sign(out - target) / count, 0 at 0 as in PyTorch."""
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    out, target = view1(mem, ctl[row + OUT], rows * units), view1(mem, ctl[row + TARGET], rows * units)
    zero = out.dtype.type(0)
    total = 0.0
    for i in range(out.size):
        total += np.float64(abs(out[i] - target[i]))
    if ctl[row + DELTA_OUT] >= 0:
        delta = view1(mem, ctl[row + DELTA_OUT], rows * units)
        scale = out.dtype.type(1.0 / out.size)
        for i in range(out.size):
            error = out[i] - target[i]
            delta[i] = scale if error > zero else (-scale if error < zero else error)  # the rest: 0 and NaN
    out_rows, target_rows = view2(mem, ctl[row + OUT], rows, units), view2(mem, ctl[row + TARGET], rows, units)
    report(row, ctl, hist, total / out.size, out_rows, target_rows)


@kernel("huber")
def huber(row, ctl, setting, mem, data, hist):
    """mean of e**2 / 2 up to |e| = d and d (|e| - d / 2) beyond; the delta is e, kept within -d .. d, / count.

    Source: Huber (1964), eq. 2.1; scaled as PyTorch's HuberLoss and Keras's Huber (SmoothL1Loss divides by d).
    """
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    out, target = view1(mem, ctl[row + OUT], rows * units), view1(mem, ctl[row + TARGET], rows * units)
    bound = setting[ctl[row + SETTING]]
    total = 0.0
    for i in range(out.size):
        size = np.float64(abs(out[i] - target[i]))
        total += bound * (size - 0.5 * bound) if size > bound else 0.5 * size * size
    if ctl[row + DELTA_OUT] >= 0:
        delta = view1(mem, ctl[row + DELTA_OUT], rows * units)
        scale, most = out.dtype.type(1.0 / out.size), out.dtype.type(bound)
        for i in range(out.size):
            error = out[i] - target[i]
            delta[i] = (most if error > most else (-most if error < -most else error)) * scale
    out_rows, target_rows = view2(mem, ctl[row + OUT], rows, units), view2(mem, ctl[row + TARGET], rows, units)
    report(row, ctl, hist, total / out.size, out_rows, target_rows)
