"""Activations: forward and backward side by side. Slopes are taken from the output, which is at hand.

Each forward also probes its units, and counts as saturated those whose mean slope over the batch is under 5 % of the
slope at 0.
"""

from __future__ import annotations

from tui_nn.engine.layout import DELTA_IN, DELTA_OUT, HIST_ROW, IN, N_OUT, OUT, PROBE, ROWS_AT
from tui_nn.engine.lowlevel import LANES, below, helper, load, spread, view1, view2
from tui_nn.engine.ops.dead import count_dead
from tui_nn.engine.ops.probes import count_below
from tui_nn.engine.ops.tally import report_delta, report_slopes, report_units
from tui_nn.engine.parts.activations import SATURATED
from tui_nn.engine.registry import kernel
from tui_nn.engine.vecmath import exp, sigmoid, tanh


@kernel("sigmoid_forward")
def sigmoid_forward(row, ctl, setting, mem, data, hist):
    """a = 1 / (1 + e**-z)."""
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    z, a = view1(mem, ctl[row + IN], rows * units), view1(mem, ctl[row + OUT], rows * units)
    for i in range(z.size):
        a[i] = sigmoid(z[i])
    if ctl[row + PROBE] >= 0:
        output = view2(mem, ctl[row + OUT], rows, units)
        report_slopes(row, ctl, setting, mem, hist, output)


@kernel("sigmoid_backward")
def sigmoid_backward(row, ctl, setting, mem, data, hist):
    """delta_in = delta_out * a * (1 - a)."""
    n = ctl[ctl[row + ROWS_AT]] * ctl[row + N_OUT]
    delta, a = view1(mem, ctl[row + DELTA_OUT], n), view1(mem, ctl[row + OUT], n)
    delta_in = view1(mem, ctl[row + DELTA_IN], n)
    one = a.dtype.type(1)
    for i in range(n):
        delta_in[i] = delta[i] * (a[i] * (one - a[i]))
    if ctl[row + PROBE] >= 0:
        report_delta(row, ctl, mem, hist, delta)


@kernel("tanh_forward")
def tanh_forward(row, ctl, setting, mem, data, hist):
    """a = tanh(z)."""
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    z, a = view1(mem, ctl[row + IN], rows * units), view1(mem, ctl[row + OUT], rows * units)
    for i in range(z.size):
        a[i] = tanh(z[i])
    if ctl[row + PROBE] >= 0:
        output = view2(mem, ctl[row + OUT], rows, units)
        report_slopes(row, ctl, setting, mem, hist, output)


@kernel("tanh_backward")
def tanh_backward(row, ctl, setting, mem, data, hist):
    """delta_in = delta_out * (1 - a**2)."""
    n = ctl[ctl[row + ROWS_AT]] * ctl[row + N_OUT]
    delta, a = view1(mem, ctl[row + DELTA_OUT], n), view1(mem, ctl[row + OUT], n)
    delta_in = view1(mem, ctl[row + DELTA_IN], n)
    one = a.dtype.type(1)
    for i in range(n):
        delta_in[i] = delta[i] * (one - a[i] * a[i])
    if ctl[row + PROBE] >= 0:
        report_delta(row, ctl, mem, hist, delta)


@kernel("relu_forward")
def relu_forward(row, ctl, setting, mem, data, hist):
    """a = max(z, 0); NaN stays NaN. Its slope at 0 counts as 1 for `saturated`."""
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    z, a = view1(mem, ctl[row + IN], rows * units), view1(mem, ctl[row + OUT], rows * units)
    zero = z.dtype.type(0)
    for i in range(z.size):
        a[i] = zero if z[i] < zero else z[i]
    if ctl[row + PROBE] >= 0:
        output = view2(mem, ctl[row + OUT], rows, units)
        at = ctl[HIST_ROW] + ctl[row + PROBE]
        report_units(row, ctl, mem, hist, output)
        hist[at + 3] = rarely_firing(output)
    count_dead(row, ctl, mem, hist)


@helper
def rarely_firing(a):
    """The share of units that are above 0 for few samples of the batch. a is (rows, units)."""
    rows, units = a.shape
    count = 0.0
    zero, limit = spread(a.dtype.type(0)), a.dtype.type(SATURATED * rows)
    for j in range(0, units, LANES):
        firing = zero
        for i in range(rows):
            firing = firing + below(zero, load(a, i * units + j, units - j))
        count += count_below(firing, limit, units - j)
    return count / units


@kernel("relu_backward")
def relu_backward(row, ctl, setting, mem, data, hist):
    """delta_in = delta_out where the unit fired, 0 elsewhere (0 at z = 0, as in PyTorch)."""
    n = ctl[ctl[row + ROWS_AT]] * ctl[row + N_OUT]
    delta, a = view1(mem, ctl[row + DELTA_OUT], n), view1(mem, ctl[row + OUT], n)
    delta_in = view1(mem, ctl[row + DELTA_IN], n)
    zero = a.dtype.type(0)
    for i in range(n):
        delta_in[i] = zero if a[i] <= zero else delta[i]
    if ctl[row + PROBE] >= 0:
        report_delta(row, ctl, mem, hist, delta)


@helper
def softmax_row(z, a):
    """a = e**(z - max z) / sum. NaN anywhere makes the row NaN."""
    top = z[0]
    for j in range(1, z.size):
        if z[j] > top or z[j] != z[j]:
            top = z[j]  # subtracted before exp, or a logit of 800 overflows to inf
    for j in range(z.size):
        a[j] = exp(z[j] - top)
    total = a[0]
    for j in range(1, z.size):
        total += a[j]
    for j in range(z.size):
        a[j] /= total


@kernel("softmax_forward")
def softmax_forward(row, ctl, setting, mem, data, hist):
    """Each sample's outputs become positive and sum to 1."""
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    z, a = view2(mem, ctl[row + IN], rows, units), view2(mem, ctl[row + OUT], rows, units)
    for i in range(rows):
        softmax_row(z[i], a[i])
    if ctl[row + PROBE] >= 0:
        report_slopes(row, ctl, setting, mem, hist, a)


@kernel("softmax_backward")
def softmax_backward(row, ctl, setting, mem, data, hist):
    """delta_in = a * (delta_out - sum(a * delta_out)), row by row."""
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    delta, a = view2(mem, ctl[row + DELTA_OUT], rows, units), view2(mem, ctl[row + OUT], rows, units)
    delta_in = view2(mem, ctl[row + DELTA_IN], rows, units)
    for i in range(rows):
        along = a[i, 0] * delta[i, 0]
        for j in range(1, units):
            along += a[i, j] * delta[i, j]
        for j in range(units):
            delta_in[i, j] = a[i, j] * (delta[i, j] - along)
    if ctl[row + PROBE] >= 0:
        report_delta(row, ctl, mem, hist, view1(mem, ctl[row + DELTA_OUT], rows * units))
