"""Activations in straight pieces beside relu: leaky_relu, and step, the perceptron's. Forward and backward side by side."""

from __future__ import annotations

from tui_nn.engine.layout import DELTA_IN, DELTA_OUT, HIST_ROW, IN, N_OUT, OUT, PROBE, ROWS_AT, SETTING
from tui_nn.engine.lowlevel import LANES, below, helper, load, spread, view1, view2
from tui_nn.engine.ops.dead import count_dead
from tui_nn.engine.ops.probes import count_below
from tui_nn.engine.ops.tally import report_delta, report_units
from tui_nn.engine.parts.activations import SATURATED
from tui_nn.engine.registry import kernel


@helper
def rarely_above_0(a, limit):
    """The share of units that are above 0 for fewer than `limit` samples. a is (rows, units)."""
    rows, units = a.shape
    count, zero = 0.0, spread(a.dtype.type(0))
    for j in range(0, units, LANES):
        firing = zero
        for i in range(rows):
            firing = firing + below(zero, load(a, i * units + j, units - j))
        count += count_below(firing, a.dtype.type(limit), units - j)
    return count / units


@kernel("leaky_relu_forward")
def leaky_relu_forward(row, ctl, setting, mem, data, hist):
    """a = z where z > 0, else negative_slope * z. Its slope at 0 counts as 1 for `saturated`, as relu's.

    Source: Maas et al. (2013), whose slope is 0.01, as PyTorch's.
    """
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    z, a = view1(mem, ctl[row + IN], rows * units), view1(mem, ctl[row + OUT], rows * units)
    zero, leak = z.dtype.type(0), z.dtype.type(setting[ctl[row + SETTING]])
    for i in range(z.size):
        a[i] = z[i] if z[i] > zero else z[i] * leak
    if ctl[row + PROBE] >= 0:
        output = view2(mem, ctl[row + OUT], rows, units)
        at = ctl[HIST_ROW] + ctl[row + PROBE]
        report_units(row, ctl, mem, hist, output)
        slope = setting[ctl[row + SETTING]]
        hist[at + 3] = rarely_above_0(output, rows * (SATURATED - slope) / (1.0 - slope))  # of slope 1: never
    count_dead(row, ctl, mem, hist)


@kernel("leaky_relu_backward")
def leaky_relu_backward(row, ctl, setting, mem, data, hist):
    """delta_in = delta_out where the unit fired, negative_slope * delta_out elsewhere (at z = 0 too, as in PyTorch)."""
    n = ctl[ctl[row + ROWS_AT]] * ctl[row + N_OUT]
    delta, a = view1(mem, ctl[row + DELTA_OUT], n), view1(mem, ctl[row + OUT], n)
    delta_in = view1(mem, ctl[row + DELTA_IN], n)
    zero, leak = a.dtype.type(0), a.dtype.type(setting[ctl[row + SETTING]])
    for i in range(n):
        delta_in[i] = delta[i] if a[i] > zero else delta[i] * leak
    if ctl[row + PROBE] >= 0:
        report_delta(row, ctl, mem, hist, delta)


@kernel("step_forward")
def step_forward(row, ctl, setting, mem, data, hist):
    """a = 1 where z > 0, else 0 (at z = 0 the unit is silent); NaN stays NaN. A step has no slope: no `saturated`.

    Source: Rosenblatt (1958): a unit fires when its sum is above the threshold.
    """
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    z, a = view1(mem, ctl[row + IN], rows * units), view1(mem, ctl[row + OUT], rows * units)
    zero, one = z.dtype.type(0), z.dtype.type(1)
    for i in range(z.size):
        a[i] = one if z[i] > zero else (zero if z[i] <= zero else z[i])
    if ctl[row + PROBE] >= 0:
        report_units(row, ctl, mem, hist, view2(mem, ctl[row + OUT], rows, units))


@kernel("step_backward")
def step_backward(row, ctl, setting, mem, data, hist):
    """delta_in = delta_out, straight through: the perceptron's convention, not the derivative, which is 0 wherever it exists.

    With delta_out = out - y this is the perceptron rule: w += lr (y - out) x. In a hidden layer it is the
    straight-through estimator of Bengio, Leonard & Courville (2013).
    """
    n = ctl[ctl[row + ROWS_AT]] * ctl[row + N_OUT]
    delta, delta_in = view1(mem, ctl[row + DELTA_OUT], n), view1(mem, ctl[row + DELTA_IN], n)
    for i in range(n):
        delta_in[i] = delta[i]
    if ctl[row + PROBE] >= 0:
        report_delta(row, ctl, mem, hist, delta)
