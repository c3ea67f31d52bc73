"""What every recurrent layer does before its first time step, and behind the last one of its way back."""

from __future__ import annotations

import numpy as np

from tui_nn.engine.layout import DELTA_IN, FOR_HIDDEN, GATES, GRAD_WEIGHT, IN, IS_SEQUENCE, SCRATCH, WEIGHT
from tui_nn.engine.lowlevel import helper, view1, view2
from tui_nn.engine.ops.gradients import report_gradients
from tui_nn.engine.parts.recurrence import FOR_INPUT, HIDDEN
from tui_nn.engine.recurrence import by_samples, input_products, region, sizes
from tui_nn.engine.registry import kernel
from tui_nn.engine.small_products import gradient_product, sum_over_rows


@kernel("recurrent_input")
def recurrent_input(row, ctl, setting, mem, data, hist):
    """x W_ih + b of all steps at once: no step's share of it depends on another."""
    rows, steps, n_in, units = sizes(row, ctl)
    scratch = ctl[row + SCRATCH]
    target = region(scratch, rows, steps, n_in, units, FOR_INPUT)
    input_products(mem, ctl[row + IN], scratch, ctl[row + WEIGHT], target, rows, steps, n_in, ctl[row + GATES], units)


@kernel("recurrent_weights")
def recurrent_weights(row, ctl, setting, mem, data, hist):
    """The gradients of weights and biases from those of the gates' sums, summed over all steps; and delta_in."""
    rows, steps, n_in, units = sizes(row, ctl)
    scratch, width = ctl[row + SCRATCH], ctl[row + GATES] * units
    at, is_twofold = ctl[row + GRAD_WEIGHT], ctl[row + FOR_HIDDEN] != FOR_INPUT
    sums = view2(mem, region(scratch, rows, steps, n_in, units, FOR_INPUT), steps * rows, width)
    inputs = view2(mem, scratch, steps * rows, n_in)
    gradient_product(inputs, sums, view2(mem, at, n_in, width))
    # The hidden state before the first step is 0, so that step has no share.
    n, hidden_sums = (steps - 1) * rows, region(scratch, rows, steps, n_in, units, ctl[row + FOR_HIDDEN])
    hidden = view2(mem, region(scratch, rows, steps, n_in, units, HIDDEN), n, units)
    grad_hidden = view2(mem, at + n_in * width, units, width)
    if n > 0:
        gradient_product(hidden, view2(mem, hidden_sums + rows * width, n, width), grad_hidden)
    else:
        grad_hidden[:] = 0
    sum_over_rows(sums, view1(mem, at + (n_in + units) * width, width))
    if is_twofold:
        sum_last(view2(mem, hidden_sums, steps * rows, width), view1(mem, at + (n_in + units + 1) * width, units))
    if ctl[row + DELTA_IN] >= 0:  # the inputs by steps are no longer needed
        np.dot(sums, view2(mem, ctl[row + WEIGHT], n_in, width).T, inputs)
        by_samples(mem, scratch, ctl[row + DELTA_IN], rows, steps, n_in)
    n_out = rows * units * (steps if ctl[row + IS_SEQUENCE] != 0 else 1)
    report_gradients(row, ctl, mem, hist, n_out, (n_in + units + 1) * width + units * is_twofold)


@helper
def sum_last(sums, grad):
    """grad = the sum over the rows of their last columns, as many as grad has."""
    first = sums.shape[1] - grad.size
    for j in range(grad.size):
        grad[j] = sums[0, first + j]
    for i in range(1, sums.shape[0]):
        for j in range(grad.size):
            grad[j] += sums[i, first + j]
