"""The simple recurrent layer: each step sees its input and what the layer said a step ago.

    h = tanh(x W_ih + h' W_hh + b)        h': of the step before, 0 before the first

Source: Elman (1990), "Finding structure in time", with tanh as in PyTorch.
"""

from __future__ import annotations

import numpy as np

from tui_nn.engine.layout import DELTA_OUT, HIST_ROW, IN, IS_SEQUENCE, OUT, SCRATCH, STEP, STEP_PROBE, WEIGHT
from tui_nn.engine.lowlevel import LANES, helper, load, spread, store, view1, view2
from tui_nn.engine.ops.probes import norm
from tui_nn.engine.parts.recurrence import DELTA, EVAL_ROWS, FOR_INPUT, HIDDEN
from tui_nn.engine.recurrence import (
    copy_all,
    input_products,
    leave_output,
    region,
    report_step,
    sizes,
    take_delta,
    tanhs,
)
from tui_nn.engine.registry import kernel
from tui_nn.engine.small_products import product


@kernel("rnn_step")
def rnn_step(row, ctl, setting, mem, data, hist):
    """One time step forwards."""
    rows, steps, n_in, units = sizes(row, ctl)
    scratch, t = ctl[row + SCRATCH], ctl[row + STEP]
    advance(mem, scratch, ctl[row + WEIGHT], rows, steps, n_in, units, t)
    hidden = region(scratch, rows, steps, n_in, units, HIDDEN) + t * rows * units
    leave_output(mem, hidden, ctl[row + OUT], rows, steps, units, t, ctl[row + IS_SEQUENCE])
    report_step(row, ctl, mem, hist, hidden)


@kernel("rnn_eval")
def rnn_eval(row, ctl, setting, mem, data, hist):
    """All time steps, a few samples at a time."""
    samples, steps, n_in, units = sizes(row, ctl)
    scratch, is_sequence = ctl[row + SCRATCH], ctl[row + IS_SEQUENCE]
    n_out = units * (steps if is_sequence != 0 else 1)
    for start in range(0, samples, EVAL_ROWS):
        rows = min(EVAL_ROWS, samples - start)
        x, out = ctl[row + IN] + start * steps * n_in, ctl[row + OUT] + start * n_out
        target = region(scratch, rows, steps, n_in, units, FOR_INPUT)
        input_products(mem, x, scratch, ctl[row + WEIGHT], target, rows, steps, n_in, 1, units)
        for t in range(steps):
            advance(mem, scratch, ctl[row + WEIGHT], rows, steps, n_in, units, t)
            hidden = region(scratch, rows, steps, n_in, units, HIDDEN) + t * rows * units
            leave_output(mem, hidden, out, rows, steps, units, t, is_sequence)


@helper
def advance(mem, scratch, weight, rows, steps, n_in, units, t):
    """The hidden state of step t from that of step t - 1."""
    block = rows * units
    hidden_at = region(scratch, rows, steps, n_in, units, HIDDEN) + t * block
    inputs_at = region(scratch, rows, steps, n_in, units, FOR_INPUT) + t * block
    hidden = view2(mem, hidden_at, rows, units)
    if t > 0:
        weight_hh = view2(mem, weight + n_in * units, units, units)
        product(view2(mem, hidden_at - block, rows, units), weight_hh, view1(mem, inputs_at, block), units, hidden)
    else:
        copy_all(mem, inputs_at, hidden_at, block)
    tanhs(hidden, 0, block)


@kernel("rnn_step_back")
def rnn_step_back(row, ctl, setting, mem, data, hist):
    """One time step backwards: ∂loss/∂h of this step, and of the sum under its tanh."""
    rows, steps, n_in, units = sizes(row, ctl)
    scratch, t = ctl[row + SCRATCH], ctl[row + STEP]
    block = rows * units
    delta_at = region(scratch, rows, steps, n_in, units, DELTA) + t * block
    sums_at = region(scratch, rows, steps, n_in, units, FOR_INPUT) + t * block
    if t < steps - 1:
        weight_hh = view2(mem, ctl[row + WEIGHT] + n_in * units, units, units)
        np.dot(view2(mem, sums_at + block, rows, units), weight_hh.T, view2(mem, delta_at, rows, units))
    take_delta(mem, delta_at, ctl[row + DELTA_OUT], rows, steps, units, t, ctl[row + IS_SEQUENCE])
    delta, sums = view1(mem, delta_at, block), view1(mem, sums_at, block)
    hidden = view1(mem, region(scratch, rows, steps, n_in, units, HIDDEN) + t * block, block)
    one = spread(delta.dtype.type(1))
    for k in range(0, block, LANES):
        h = load(hidden, k, block - k)
        store(sums, k, block - k, load(delta, k, block - k) * (one - h * h))
    if ctl[row + STEP_PROBE] >= 0:
        hist[ctl[HIST_ROW] + ctl[row + STEP_PROBE]] = norm(delta)
