"""Dropout: units switched off at random in training, the others scaled up so that the mean stays.

Nothing is drawn from a generator: whether a unit is on is a hash of (seed, iteration, layer, sample, unit), so any route
to an iteration sees the same mask. Evaluation has no dropout row at all.
"""

from __future__ import annotations

import math

import numpy as np

from tui_nn.engine.layout import (
    DELTA_IN,
    DELTA_OUT,
    IN,
    INDEX,
    ITERATION,
    N_OUT,
    OUT,
    PROBE,
    ROWS_AT,
    SCRATCH,
    SEED,
    SETTING,
)
from tui_nn.engine.lowlevel import helper, view1, view2
from tui_nn.engine.ops.load import mix
from tui_nn.engine.ops.tally import report_delta, report_units_at_once
from tui_nn.engine.registry import kernel

PURPOSE_DROPOUT = np.uint64(0xD20)
SHIFT = np.uint64(11)


@helper
def dropout_key(seed, iteration, layer):
    """One key for each (seed, iteration, layer); the draws of its units count up from it."""
    key = mix(np.uint64(mix(np.uint64(seed)) ^ PURPOSE_DROPOUT))
    key = mix(np.uint64(key + np.uint64(iteration)))
    return mix(np.uint64(key + np.uint64(layer)))


@kernel("dropout_forward")
def dropout_forward(row, ctl, setting, mem, data, hist):
    """a = x * mask; the mask is 0 with probability p, else 1 / (1 - p).

    Source: Srivastava et al. (2014), in its "inverted" form, as in PyTorch: evaluation then needs no scaling.
    """
    rows, units = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    n = rows * units
    x, a = view1(mem, ctl[row + IN], n), view1(mem, ctl[row + OUT], n)
    mask = view1(mem, ctl[row + SCRATCH], n)
    rate = setting[ctl[row + SETTING]]
    zero, scale = x.dtype.type(0), x.dtype.type(1.0 / (1.0 - rate))
    limit = np.uint64(math.ceil(rate * 9007199254740992.0))  # of 2**53
    key = dropout_key(ctl[SEED], ctl[ITERATION], ctl[row + INDEX])
    for i in range(n):
        is_off = (mix(np.uint64(key + np.uint64(i))) >> SHIFT) < limit
        mask[i] = zero if is_off else scale
    for i in range(n):
        a[i] = zero if mask[i] == zero else x[i] * scale  # not x * mask: an infinite unit that is off is 0
    if ctl[row + PROBE] >= 0:
        report_units_at_once(row, ctl, mem, hist, view2(mem, ctl[row + OUT], rows, units))


@kernel("dropout_backward")
def dropout_backward(row, ctl, setting, mem, data, hist):
    """delta_in = delta_out * mask: what was switched off has no part in the error."""
    n = ctl[ctl[row + ROWS_AT]] * ctl[row + N_OUT]
    delta, mask = view1(mem, ctl[row + DELTA_OUT], n), view1(mem, ctl[row + SCRATCH], n)
    if ctl[row + DELTA_IN] >= 0:
        delta_in, zero = view1(mem, ctl[row + DELTA_IN], n), delta.dtype.type(0)
        for i in range(n):
            delta_in[i] = zero if mask[i] == zero else delta[i] * mask[i]
    if ctl[row + PROBE] >= 0:
        report_delta(row, ctl, mem, hist, delta)
