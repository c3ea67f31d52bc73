"""What every backward row of a layer with parameters reports: the sizes of its delta and of its gradients."""

from __future__ import annotations

import math

import numpy as np

from tui_nn.engine.layout import DELTA_OUT, GRAD_WEIGHT, HIST_ROW, IS_FIRST, PROBE, PROBE_2, TALLY, TOTAL
from tui_nn.engine.lowlevel import helper, view1
from tui_nn.engine.ops.probes import norm, sum_of_squares
from tui_nn.engine.ops.tally import ALL_SUMS, leave_squares, tally_of


@helper
def report_gradients(row, ctl, mem, hist, n_delta, n_grad):
    """delta_norm and grad_norm of the layer, and grad_norm of the network over the layers done so far.

    n_grad counts the gradients of all its parameters: they stand side by side from GRAD_WEIGHT on.
    """
    at, probe, so_far = ctl[HIST_ROW], ctl[row + PROBE], ctl[row + PROBE_2]
    if probe < 0 and so_far < 0:
        return
    delta, grad = view1(mem, ctl[row + DELTA_OUT], n_delta), view1(mem, ctl[row + GRAD_WEIGHT], n_grad)
    is_delta_left = is_grad_left = False
    if ctl[row + TALLY] >= 0:  # then the network's norm is added up where they are settled
        tally = tally_of(row, ctl)
        is_delta_left, is_grad_left = leave_squares(mem, tally, delta), leave_squares(mem, tally + ALL_SUMS, grad)
    if probe >= 0 and not is_delta_left:
        hist[at + probe] = norm(delta)
    if is_grad_left:
        return
    squares = sum_of_squares(grad)
    if probe >= 0:
        hist[at + probe + 1] = math.sqrt(squares)
    if so_far >= 0:
        if ctl[row + IS_FIRST] == 0:
            before = np.float64(mem[so_far])
            squares += before * before
        mem[so_far] = math.sqrt(squares)
        if ctl[row + TOTAL] >= 0:  # half a sum is no business of the history, which others share
            hist[at + ctl[row + TOTAL]] = math.sqrt(squares)
