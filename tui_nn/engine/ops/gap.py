"""The gap between validation and training at the end of an epoch, from what the history has of it."""

from __future__ import annotations

import numpy as np

from tui_nn.engine.layout import (
    BATCH_SIZE,
    BEFORE,
    FIRST_WHOLE,
    HIST_ROW,
    ITERATION,
    N_BEFORE,
    N_METRICS,
    N_TRAIN,
    PROBE,
    PROBE_2,
    TOTAL,
)
from tui_nn.engine.lowlevel import helper
from tui_nn.engine.registry import kernel


@helper
def batches_of_epoch(ctl):
    """Of the epoch that ends here: batches taken by another program before, their samples, and batches taken by this one."""
    before = ctl[N_BEFORE] if ctl[ITERATION] < ctl[FIRST_WHOLE] else 0
    taken = 0
    for k in range(before):
        taken += ctl[ctl[BEFORE] + k]
    return before, taken, (ctl[N_TRAIN] - taken + ctl[BATCH_SIZE] - 1) // ctl[BATCH_SIZE]


@kernel("gap")
def gap(row, ctl, setting, mem, data, hist):
    """epoch_loss = Σ n loss / Σ n over the epoch's batches of n samples; gap = val_loss - epoch_loss. Sums in float64.

    TOTAL is the column of loss, PROBE_2 that of val_loss, PROBE the first of the two that are written.
    """
    now = ctl[HIST_ROW]
    before, taken, here = batches_of_epoch(ctl)
    last = before + here - 1
    total = 0.0
    for k in range(last):
        samples = ctl[ctl[BEFORE] + k] if k < before else ctl[BATCH_SIZE]
        total += samples * np.float64(hist[now - (last - k) * ctl[N_METRICS] + ctl[row + TOTAL]])
    rest = ctl[N_TRAIN] - taken - (here - 1) * ctl[BATCH_SIZE]  # the last batch takes what is left
    mean = (total + rest * np.float64(hist[now + ctl[row + TOTAL]])) / ctl[N_TRAIN]
    hist[now + ctl[row + PROBE]] = mean
    hist[now + ctl[row + PROBE] + 1] = np.float64(hist[now + ctl[row + PROBE_2]]) - mean
