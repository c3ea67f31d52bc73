"""Gated recurrent unit: a hidden state that is partly kept and partly written anew, as two gates say.

    r, z = σ(x W_ih + b + h' W_hh)            each with its own third of the weights
    n = tanh(x W_in + b_n + r (h' W_hn + b_hn))
    h = (1 - z) n + z h'                      h': of the step before, 0 before the first

Source: Cho et al. (2014); the reset gate behind the product and z on the old state, as in PyTorch. That is why n has a second
bias: r multiplies it, so it is not the same as the first. (The second biases of r and z would be, and are left out.)
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
    GRU_CANDIDATE,
    GRU_GATES,
    GRU_HIDDEN_SUMS,
    HIDDEN,
)
from tui_nn.engine.recurrence import input_products, leave_output, region, report_step, sigmoids, sizes, take_delta
from tui_nn.engine.registry import kernel


@kernel("gru_step")
def gru_step(row, ctl, setting, mem, data, hist):
    """One time step forwards."""
    rows, steps, n_in, units = sizes(row, ctl)
    scratch, t = ctl[row + SCRATCH], ctl[row + STEP]
    advance(mem, scratch, ctl[row + WEIGHT], rows, steps, n_in, units, t)
    hidden = region(scratch, rows, steps, n_in, units, HIDDEN) + t * rows * units
    leave_output(mem, hidden, ctl[row + OUT], rows, steps, units, t, ctl[row + IS_SEQUENCE])
    report_step(row, ctl, mem, hist, hidden)


@kernel("gru_eval")
def gru_eval(row, ctl, setting, mem, data, hist):
    """All time steps, a few samples at a time."""
    samples, steps, n_in, units = sizes(row, ctl)
    scratch, is_sequence = ctl[row + SCRATCH], ctl[row + IS_SEQUENCE]
    n_out = units * (steps if is_sequence != 0 else 1)
    for start in range(0, samples, EVAL_ROWS):
        rows = min(EVAL_ROWS, samples - start)
        x, out = ctl[row + IN] + start * steps * n_in, ctl[row + OUT] + start * n_out
        target = region(scratch, rows, steps, n_in, units, FOR_INPUT)
        input_products(mem, x, scratch, ctl[row + WEIGHT], target, rows, steps, n_in, 3, units)
        for t in range(steps):
            advance(mem, scratch, ctl[row + WEIGHT], rows, steps, n_in, units, t)
            hidden = region(scratch, rows, steps, n_in, units, HIDDEN) + t * rows * units
            leave_output(mem, hidden, out, rows, steps, units, t, is_sequence)


@helper
def advance(mem, scratch, weight, rows, steps, n_in, units, t):
    """Gates and hidden state of step t from those of step t - 1."""
    block, width = rows * units, 3 * units
    inputs_at = region(scratch, rows, steps, n_in, units, FOR_INPUT) + t * rows * width
    sums_at = region(scratch, rows, steps, n_in, units, GRU_HIDDEN_SUMS) + t * rows * width
    hidden_at = region(scratch, rows, steps, n_in, units, HIDDEN) + t * block
    inputs, sums = view1(mem, inputs_at, rows * width), view2(mem, sums_at, rows, width)
    bias = view1(mem, weight + (n_in + units + 1) * width, units)
    zero = spread(sums.dtype.type(0))
    if t > 0:
        weight_hh = view2(mem, weight + n_in * width, units, width)
        np.dot(view2(mem, hidden_at - block, rows, units), weight_hh, sums)
    else:
        for k in range(0, rows * width, LANES):
            store(sums, k, rows * width - k, zero)
    gates = view1(mem, region(scratch, rows, steps, n_in, units, GRU_GATES) + t * rows * width, rows * width)
    candidate = view1(mem, region(scratch, rows, steps, n_in, units, GRU_CANDIDATE) + t * block, block)
    for i in range(rows):
        start = i * width
        for j in range(0, 2 * units, LANES):
            live = 2 * units - j
            store(gates, start + j, live, load(inputs, start + j, live) + load(sums, start + j, live))
        sigmoids(gates, start, 2 * units)
        for j in range(0, units, LANES):
            live, at = units - j, start + 2 * units + j
            c = load(sums, at, live) + load(bias, j, live)
            store(candidate, i * units + j, live, c)
            store(gates, at, live, multiply_add(load(gates, start + j, live), c, load(inputs, at, live)))
    hidden, before = view1(mem, hidden_at, block), view1(mem, hidden_at - block * (t > 0), block)
    for i in range(rows):
        for j in range(0, units, LANES):
            live, at, k = units - j, i * width + j, i * units + j
            n, z = lane_tanh(load(gates, at + 2 * units, live)), load(gates, at + units, live)
            kept = load(before, k, live) if t > 0 else zero
            store(gates, at + 2 * units, live, n)
            store(hidden, k, live, multiply_add(z, kept - n, n))


@kernel("gru_step_back")
def gru_step_back(row, ctl, setting, mem, data, hist):
    """One time step backwards: ∂loss/∂h of this step, and of its gates' sums, as the input and as h' enter them."""
    rows, steps, n_in, units = sizes(row, ctl)
    scratch, t = ctl[row + SCRATCH], ctl[row + STEP]
    block, width = rows * units, 3 * units
    delta_at = region(scratch, rows, steps, n_in, units, DELTA) + t * block
    sums_at = region(scratch, rows, steps, n_in, units, FOR_INPUT) + t * rows * width
    hidden_sums_at = region(scratch, rows, steps, n_in, units, GRU_HIDDEN_SUMS) + t * rows * width
    gates_at = region(scratch, rows, steps, n_in, units, GRU_GATES) + t * rows * width
    delta, gates = view1(mem, delta_at, block), view1(mem, gates_at, rows * width)
    if t < steps - 1:
        weight_hh = view2(mem, ctl[row + WEIGHT] + n_in * width, units, width)
        later = view2(mem, hidden_sums_at + rows * width, rows, width)
        np.dot(later, weight_hh.T, view2(mem, delta_at, rows, units))
        add_kept(mem, delta, delta_at + block, gates_at + rows * width, rows, units)
    take_delta(mem, delta_at, ctl[row + DELTA_OUT], rows, steps, units, t, ctl[row + IS_SEQUENCE])
    sums, hidden_sums = view1(mem, sums_at, rows * width), view1(mem, hidden_sums_at, rows * width)
    candidate = view1(mem, region(scratch, rows, steps, n_in, units, GRU_CANDIDATE) + t * block, block)
    before = view1(mem, region(scratch, rows, steps, n_in, units, HIDDEN) + (t - (t > 0)) * block, block)
    one, zero = spread(delta.dtype.type(1)), spread(delta.dtype.type(0))
    for i in range(rows):
        for j in range(0, units, LANES):
            live, at, k = units - j, i * width + j, i * units + j
            r, z, n = load(gates, at, live), load(gates, at + units, live), load(gates, at + 2 * units, live)
            d = load(delta, k, live)
            kept = load(before, k, live) if t > 0 else zero
            dn = d * (one - z) * (one - n * n)
            dr = dn * load(candidate, k, live) * (r * (one - r))
            dz = d * (kept - n) * (z * (one - z))
            store(sums, at, live, dr)
            store(sums, at + units, live, dz)
            store(sums, at + 2 * units, live, dn)
            store(hidden_sums, at, live, dr)
            store(hidden_sums, at + units, live, dz)
            store(hidden_sums, at + 2 * units, live, dn * r)
    if ctl[row + STEP_PROBE] >= 0:
        hist[ctl[HIST_ROW] + ctl[row + STEP_PROBE]] = norm(delta)


@helper
def add_kept(mem, delta, later_delta_at, later_gates_at, rows, units):
    """Of ∂loss/∂h: what z of the step behind has kept of h, and so of its delta."""
    later = view1(mem, later_delta_at, rows * units)
    gates = view1(mem, later_gates_at, 3 * rows * units)
    for i in range(rows):
        for j in range(0, units, LANES):
            live, k = units - j, i * units + j
            z = load(gates, (3 * i + 1) * units + j, live)
            store(delta, k, live, multiply_add(load(later, k, live), z, load(delta, k, live)))
