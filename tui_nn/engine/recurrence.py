"""What the kernels of all recurrent layers share: where things stand, the input laid out by steps, gates in lanes."""

from __future__ import annotations

from tui_nn.engine.lane_math import lane_sigmoid, lane_tanh
from tui_nn.engine.layout import HIST_ROW, IS_SEQUENCE, N_IN, N_OUT, OUT, PROBE, ROWS_AT, STEP_PROBE, STEPS
from tui_nn.engine.lowlevel import LANES, helper, load, store, view1, view2
from tui_nn.engine.ops.probes import signal
from tui_nn.engine.ops.tally import report_units_at_once
from tui_nn.engine.small_products import product


@helper
def sizes(row, ctl):
    """Samples, time steps, inputs and units of this row."""
    return ctl[ctl[row + ROWS_AT]], ctl[row + STEPS], ctl[row + N_IN], ctl[row + N_OUT]


@helper
def region(scratch, rows, steps, n_in, units, number):
    """Where a region of the scratch memory starts: see parts/recurrence.py."""
    return scratch + steps * rows * (n_in + number * units)


@helper
def by_steps(mem, source, target, rows, steps, n_in):
    """Lay [rows, steps, n_in] out as [steps, rows, n_in]."""
    for t in range(steps):
        for i in range(rows):
            copy(mem, source + (i * steps + t) * n_in, target + (t * rows + i) * n_in, n_in)


@helper
def by_samples(mem, source, target, rows, steps, n_in):
    """Lay [steps, rows, n_in] out as [rows, steps, n_in]."""
    for i in range(rows):
        for t in range(steps):
            copy(mem, source + (t * rows + i) * n_in, target + (i * steps + t) * n_in, n_in)


@helper
def copy(mem, source, target, n):
    """A few numbers from one place to another."""
    for k in range(0, n, LANES):
        store(mem, target + k, n - k, load(mem, source + k, n - k))


@helper
def copy_all(mem, source, target, n):
    """The same of many."""
    given, taken = view1(mem, source, n), view1(mem, target, n)
    for k in range(n):
        taken[k] = given[k]


@helper
def input_products(mem, x, scratch, weight, target, rows, steps, n_in, gates, units):
    """x W_ih + b of every step and gate in one product."""
    by_steps(mem, x, scratch, rows, steps, n_in)
    inputs = view2(mem, scratch, steps * rows, n_in)
    width = gates * units
    bias = view1(mem, weight + (n_in + units) * width, width)
    product(inputs, view2(mem, weight, n_in, width), bias, 0, view2(mem, target, steps * rows, width))


@helper
def leave_output(mem, hidden, out, rows, steps, units, t, is_sequence):
    """The hidden state of step t to where the layer's output stands."""
    if is_sequence == 0 and t < steps - 1:
        return
    first, stride = (out + t * units, steps * units) if is_sequence != 0 else (out, units)
    for i in range(rows):
        copy(mem, hidden + i * units, first + i * stride, units)


@helper
def take_delta(mem, delta, delta_out, rows, steps, units, t, is_sequence):
    """What the layer above says of step t, added to what step t + 1 has left in `delta`; there is none at the last."""
    is_last = t == steps - 1
    if is_sequence == 0 and not is_last:
        return
    first, stride = (delta_out + t * units, steps * units) if is_sequence != 0 else (delta_out, units)
    for i in range(rows):
        for j in range(0, units, LANES):
            at, live = delta + i * units + j, units - j
            taken = load(mem, first + i * stride + j, live)
            if not is_last:
                taken = taken + load(mem, at, live)
            store(mem, at, live, taken)


@helper
def report_step(row, ctl, mem, hist, hidden):
    """act_signal of this step; of the last one also act_mean, act_std and act_signal of the layer's output."""
    rows, steps, units = ctl[ctl[row + ROWS_AT]], ctl[row + STEPS], ctl[row + N_OUT]
    if ctl[row + STEP_PROBE] >= 0:
        hist[ctl[HIST_ROW] + ctl[row + STEP_PROBE]] = signal(view2(mem, hidden, rows, units))
    if ctl[row + PROBE] >= 0:
        n = rows * steps if ctl[row + IS_SEQUENCE] != 0 else rows
        report_units_at_once(row, ctl, mem, hist, view2(mem, ctl[row + OUT], n, units))


@helper
def sigmoids(values, start, n):
    """n numbers from `start` on, each through the sigmoid."""
    end = start + n
    k = start
    while k + LANES <= end:
        store(values, k, LANES, lane_sigmoid(load(values, k, LANES)))
        k += LANES
    if k < end:
        store(values, k, end - k, lane_sigmoid(load(values, k, end - k)))


@helper
def tanhs(values, start, n):
    """n numbers from `start` on, each through tanh."""
    end = start + n
    k = start
    while k + LANES <= end:
        store(values, k, LANES, lane_tanh(load(values, k, LANES)))
        k += LANES
    if k < end:
        store(values, k, end - k, lane_tanh(load(values, k, end - k)))
