"""The gap between validation and training at the end of an epoch, from what the history has of it."""

from __future__ import annotations

import numpy as np

from tui_nn.engine.layout import BATCH_SIZE, HIST_ROW, N_METRICS, N_TRAIN, PER_EPOCH, PROBE, PROBE_2, TOTAL
from tui_nn.engine.registry import kernel


@kernel("gap")
def gap(row, ctl, setting, mem, data, hist):
    """epoch_loss = Σ n loss / Σ n over the epoch's batches of n samples; gap = val_loss - epoch_loss. Sums in float64.

    TOTAL is the column of loss, PROBE_2 that of val_loss, PROBE the first of the two that are written.
    """
    now = ctl[HIST_ROW]
    last = ctl[PER_EPOCH] - 1
    total = 0.0
    for k in range(last):
        total += ctl[BATCH_SIZE] * np.float64(hist[now - (last - k) * ctl[N_METRICS] + ctl[row + TOTAL]])
    rest = ctl[N_TRAIN] - last * ctl[BATCH_SIZE]  # the last batch takes what is left
    mean = (total + rest * np.float64(hist[now + ctl[row + TOTAL]])) / ctl[N_TRAIN]
    hist[now + ctl[row + PROBE]] = mean
    hist[now + ctl[row + PROBE] + 1] = np.float64(hist[now + ctl[row + PROBE_2]]) - mean
