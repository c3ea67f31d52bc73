"""What every loss row reports besides its gradient: the loss, and the share of hits."""

from __future__ import annotations

import numpy as np

from tui_nn.engine.layout import BY_ARGMAX, BY_HALF, BY_INDEX, BY_SIGN, DECISION, HIST_ROW, NO_DECISION, PROBE
from tui_nn.engine.lowlevel import helper


@helper
def argmax(values):
    """The first largest; -1 if any is NaN, so that a broken output is never a hit."""
    best = 0
    for j in range(values.size):
        if values[j] != values[j]:
            return -1
        if values[j] > values[best]:
            best = j
    return best


@helper
def share_of_hits(out, target, decision):
    """Accuracy: the share of samples on the right side.

    Shapes: out is (rows, units); target is (rows, columns).
    """
    hits = 0
    for i in range(out.shape[0]):
        if decision == BY_SIGN:
            hits += (out[i, 0] > 0) == (target[i, 0] > 0.5) and out[i, 0] == out[i, 0]
        elif decision == BY_HALF:
            hits += (out[i, 0] > 0.5) == (target[i, 0] > 0.5) and out[i, 0] == out[i, 0]
        elif decision == BY_ARGMAX:
            hits += argmax(out[i]) == argmax(target[i])
        elif decision == BY_INDEX:
            hits += argmax(out[i]) == np.int64(target[i, 0])
    return hits / out.shape[0]


@helper
def report(row, ctl, hist, loss, out, target):
    if ctl[row + PROBE] < 0:
        return
    at = ctl[HIST_ROW] + ctl[row + PROBE]
    hist[at] = loss
    if ctl[row + DECISION] != NO_DECISION:
        hist[at + 1] = share_of_hits(out, target, ctl[row + DECISION])
