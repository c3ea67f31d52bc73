"""Residual layers: an earlier layer's output is added, and the error flows back both ways.

Backward, the layer below gets its copy in the residual layer's own row. The earlier layer's delta is written by its
direct successor, much later; so the copy for it is added by a row of its own, right before that layer's backward row.
Source: He et al. (2016), eq. 1 with an identity shortcut.
"""

from __future__ import annotations

from tui_nn.engine.layout import DELTA_IN, DELTA_OUT, IN, IN_2, N_OUT, OUT, PROBE, ROWS_AT
from tui_nn.engine.lowlevel import view1, view2
from tui_nn.engine.ops.tally import report_delta, report_units_at_once
from tui_nn.engine.registry import kernel


@kernel("residual_forward")
def residual_forward(row, ctl, setting, mem, data, hist):
    """y = x + skip."""
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    n = rows * units
    x, skip, y = view1(mem, ctl[row + IN], n), view1(mem, ctl[row + IN_2], n), view1(mem, ctl[row + OUT], n)
    for i in range(n):
        y[i] = x[i] + skip[i]
    if ctl[row + PROBE] >= 0:
        report_units_at_once(row, ctl, mem, hist, view2(mem, ctl[row + OUT], rows, units))


@kernel("residual_backward")
def residual_backward(row, ctl, setting, mem, data, hist):
    """delta_in = delta_out, for the layer below."""
    n = ctl[ctl[row + ROWS_AT]] * ctl[row + N_OUT]
    delta = view1(mem, ctl[row + DELTA_OUT], n)
    if ctl[row + DELTA_IN] >= 0:
        delta_in = view1(mem, ctl[row + DELTA_IN], n)
        for i in range(n):
            delta_in[i] = delta[i]
    if ctl[row + PROBE] >= 0:
        report_delta(row, ctl, mem, hist, delta)


@kernel("residual_add")
def residual_add(row, ctl, setting, mem, data, hist):
    """delta_in += delta_out, for the earlier layer."""
    n = ctl[ctl[row + ROWS_AT]] * ctl[row + N_OUT]
    delta, delta_in = view1(mem, ctl[row + DELTA_OUT], n), view1(mem, ctl[row + DELTA_IN], n)
    for i in range(n):
        delta_in[i] += delta[i]
