"""What only evaluation does: reading the test part, counted, and the confusion matrix."""

from __future__ import annotations

import numpy as np

from tui_nn.engine.layout import (
    BY_ARGMAX,
    BY_HALF,
    BY_INDEX,
    BY_SIGN,
    DATA_X,
    DATA_Y,
    DECISION,
    DELTA_OUT,
    FIRST,
    HIST_ROW,
    ITERATION,
    N_IN,
    N_OUT,
    N_TARGET,
    OUT,
    PERIOD,
    PROBE,
    ROWS_AT,
    TARGET,
)
from tui_nn.engine.lowlevel import view1, view2
from tui_nn.engine.ops.hits import argmax
from tui_nn.engine.ops.load import copy_row
from tui_nn.engine.registry import kernel


@kernel("load_test")
def load_test(row, ctl, setting, mem, data, hist):
    """Copy the test part, and count the reading: how often the run has looked at it up to here."""
    rows = ctl[ctl[row + ROWS_AT]]
    copy_row(mem, ctl[row + OUT], data, ctl[row + DATA_X], rows * ctl[row + N_IN])
    copy_row(mem, ctl[row + TARGET], data, ctl[row + DATA_Y], rows * ctl[row + N_TARGET])
    hist[ctl[HIST_ROW] + ctl[row + PROBE]] = 1 + (ctl[ITERATION] - ctl[row + FIRST]) // ctl[row + PERIOD]


@kernel("confusion")
def confusion(row, ctl, setting, mem, data, hist):
    """Count samples by true class (row) and predicted class (column); an output with NaN predicts nothing."""
    rows, units, classes = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT], ctl[row + N_IN]
    out, target = view2(mem, ctl[row + OUT], rows, units), view2(mem, ctl[row + TARGET], rows, ctl[row + N_TARGET])
    counts = view2(mem, ctl[row + DELTA_OUT], classes, classes)
    view1(mem, ctl[row + DELTA_OUT], classes * classes)[:] = 0
    decision = ctl[row + DECISION]
    for i in range(rows):
        truth, predicted = 0, 0
        if decision in (BY_SIGN, BY_HALF):
            value = out[i, 0]
            if value != value:
                continue
            truth = 1 if target[i, 0] > 0.5 else 0
            predicted = 1 if (value > 0 if decision == BY_SIGN else value > 0.5) else 0
        elif decision in (BY_ARGMAX, BY_INDEX):
            predicted = argmax(out[i])
            truth = np.int64(target[i, 0]) if decision == BY_INDEX else argmax(target[i])
        if predicted >= 0 and truth >= 0:
            counts[truth, predicted] += 1
