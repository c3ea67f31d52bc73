"""Losses of a regression: the batch mean, its gradient with respect to the network's output, and the hits.

A row without delta (validation) computes the number only.
"""

from __future__ import annotations

import numpy as np

from tui_nn.engine.layout import DELTA_OUT, N_OUT, OUT, ROWS_AT, TARGET
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
