"""Long short-term memory: a cell that forgets, writes and shows as much as its three gates let it.

    i, f, o = σ(x W_ih + h' W_hh + b),  g = tanh(x W_ih + h' W_hh + b)    each with its own quarter of the weights
    c = f c' + i g,  h = o tanh c                                         c', h': of the step before, 0 before the first

Source: Hochreiter & Schmidhuber (1997); the forget gate by Gers, Schmidhuber & Cummins (2000). Gates in PyTorch's order.
"""

from __future__ import annotations

import numpy as np

from tui_nn.engine.lane_math import lane_tanh
from tui_nn.engine.layout import DELTA_OUT, HIST_ROW, IN, IS_SEQUENCE, OUT, SCRATCH, STEP, STEP_PROBE, WEIGHT
from tui_nn.engine.lowlevel import LANES, helper, load, multiply_add, spread, store, view1, view2
from tui_nn.engine.ops.probes import norm
from tui_nn.engine.parts.recurrence import (
    DELTA,
    EVAL_ROWS,
    FOR_INPUT,
    HIDDEN,
    LSTM_CELL,
    LSTM_END,
    LSTM_GATES,
    LSTM_SQUASHED,
)
from tui_nn.engine.recurrence import (
    copy_all,
    input_products,
    leave_output,
    region,
    report_step,
    sigmoids,
    sizes,
    take_delta,
    tanhs,
)
from tui_nn.engine.registry import kernel
from tui_nn.engine.small_products import product


@kernel("lstm_step")
def lstm_step(row, ctl, setting, mem, data, hist):
    """One time step forwards."""
    rows, steps, n_in, units = sizes(row, ctl)
    scratch, t, is_sequence = ctl[row + SCRATCH], ctl[row + STEP], ctl[row + IS_SEQUENCE]
    advance(mem, scratch, ctl[row + WEIGHT], rows, steps, n_in, units, t)
    hidden = region(scratch, rows, steps, n_in, units, HIDDEN) + t * rows * units
    leave_output(mem, hidden, ctl[row + OUT], rows, steps, units, t, is_sequence)
    report_step(row, ctl, mem, hist, hidden)


@kernel("lstm_eval")
def lstm_eval(row, ctl, setting, mem, data, hist):
    """All time steps, a few samples at a time."""
    samples, steps, n_in, units = sizes(row, ctl)
    scratch, is_sequence = ctl[row + SCRATCH], ctl[row + IS_SEQUENCE]
    n_out = units * (steps if is_sequence != 0 else 1)
    for start in range(0, samples, EVAL_ROWS):
        rows = min(EVAL_ROWS, samples - start)
        x, out = ctl[row + IN] + start * steps * n_in, ctl[row + OUT] + start * n_out
        target = region(scratch, rows, steps, n_in, units, FOR_INPUT)
        input_products(mem, x, scratch, ctl[row + WEIGHT], target, rows, steps, n_in, 4, units)
        for t in range(steps):
            advance(mem, scratch, ctl[row + WEIGHT], rows, steps, n_in, units, t)
            hidden = region(scratch, rows, steps, n_in, units, HIDDEN) + t * rows * units
            leave_output(mem, hidden, out, rows, steps, units, t, is_sequence)


@helper
def advance(mem, scratch, weight, rows, steps, n_in, units, t):
    """Gates, cell and hidden state of step t from those of step t - 1."""
    block, width = rows * units, 4 * units
    gates_at = region(scratch, rows, steps, n_in, units, LSTM_GATES) + t * rows * width
    inputs_at = region(scratch, rows, steps, n_in, units, FOR_INPUT) + t * rows * width
    gates, inputs = view2(mem, gates_at, rows, width), view1(mem, inputs_at, rows * width)
    hidden_at = region(scratch, rows, steps, n_in, units, HIDDEN) + t * block
    if t > 0:
        weight_hh = view2(mem, weight + n_in * width, units, width)
        product(view2(mem, hidden_at - block, rows, units), weight_hh, inputs, width, gates)
    else:
        copy_all(mem, inputs_at, gates_at, rows * width)
    for i in range(rows):
        sigmoids(gates, i * width, 2 * units)
        tanhs(gates, i * width + 2 * units, units)
        sigmoids(gates, i * width + 3 * units, units)
    cell_at = region(scratch, rows, steps, n_in, units, LSTM_CELL) + t * block
    squashed = view1(mem, region(scratch, rows, steps, n_in, units, LSTM_SQUASHED) + t * block, block)
    zero = spread(gates.dtype.type(0))
    cell, hidden = view1(mem, cell_at, block), view1(mem, hidden_at, block)
    before = view1(mem, cell_at - block * (t > 0), block)
    for i in range(rows):
        for j in range(0, units, LANES):
            live, at, k = units - j, i * width + j, i * units + j
            kept = load(before, k, live) if t > 0 else zero
            c = multiply_add(
                load(gates, at + units, live), kept, load(gates, at, live) * load(gates, at + 2 * units, live)
            )
            s = lane_tanh(c)
            store(cell, k, live, c)
            store(squashed, k, live, s)
            store(hidden, k, live, load(gates, at + 3 * units, live) * s)


@kernel("lstm_step_back")
def lstm_step_back(row, ctl, setting, mem, data, hist):
    """One time step backwards: ∂loss/∂h of this step, of its gates' sums, and of the cell before."""
    rows, steps, n_in, units = sizes(row, ctl)
    scratch, t, is_sequence = ctl[row + SCRATCH], ctl[row + STEP], ctl[row + IS_SEQUENCE]
    block, width = rows * units, 4 * units
    delta_at = region(scratch, rows, steps, n_in, units, DELTA) + t * block
    sums_at = region(scratch, rows, steps, n_in, units, FOR_INPUT) + t * rows * width
    delta, sums = view1(mem, delta_at, block), view1(mem, sums_at, rows * width)
    is_last = t == steps - 1
    if not is_last:
        weight_hh = view2(mem, ctl[row + WEIGHT] + n_in * width, units, width)
        np.dot(view2(mem, sums_at + rows * width, rows, width), weight_hh.T, view2(mem, delta_at, rows, units))
    take_delta(mem, delta_at, ctl[row + DELTA_OUT], rows, steps, units, t, is_sequence)
    gates = view1(mem, region(scratch, rows, steps, n_in, units, LSTM_GATES) + t * rows * width, rows * width)
    squashed = view1(mem, region(scratch, rows, steps, n_in, units, LSTM_SQUASHED) + t * block, block)
    before = view1(mem, region(scratch, rows, steps, n_in, units, LSTM_CELL) + (t - (t > 0)) * block, block)
    carried = view1(mem, region(scratch, rows, steps, n_in, units, LSTM_END), block)
    one, zero = spread(delta.dtype.type(1)), spread(delta.dtype.type(0))
    for a in range(rows):
        for j in range(0, units, LANES):
            live, at, k = units - j, a * width + j, a * units + j
            i, f = load(gates, at, live), load(gates, at + units, live)
            g, o = load(gates, at + 2 * units, live), load(gates, at + 3 * units, live)
            d, s = load(delta, k, live), load(squashed, k, live)
            dc = d * o * (one - s * s)
            if not is_last:
                dc = dc + load(carried, k, live)
            kept = load(before, k, live) if t > 0 else zero
            store(sums, at, live, dc * g * (i * (one - i)))
            store(sums, at + units, live, dc * kept * (f * (one - f)))
            store(sums, at + 2 * units, live, dc * i * (one - g * g))
            store(sums, at + 3 * units, live, d * s * (o * (one - o)))
            store(carried, k, live, dc * f)
    if ctl[row + STEP_PROBE] >= 0:
        hist[ctl[HIST_ROW] + ctl[row + STEP_PROBE]] = norm(delta)
