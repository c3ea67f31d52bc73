"""Rows that watch a metric from epoch to epoch: the plateau schedule and early stopping.

What they remember stands in the state, in the run's precision, so it is checkpointed and rewound like a weight:
best value, epochs without improvement, and what has come of it. Counters are exact to 2**24 epochs in float32.
"""

from __future__ import annotations

import numpy as np

from tui_nn.engine.layout import (
    COUNT,
    HAS_ENDED,
    HIST_ROW,
    IN,
    IN_2,
    ITERATION,
    N_METRICS,
    PROBE_2,
    SETTING,
    SLOT_1,
    SLOT_2,
    STATE,
    WATCH_STATE,
    WEIGHT,
)
from tui_nn.engine.lowlevel import helper, view1
from tui_nn.engine.ops.gap import batches_of_epoch
from tui_nn.engine.registry import kernel

BEST, WAITED, FALLS = range(3)
SIGN, MIN_DELTA, PATIENCE, IS_MEAN, PLANNED, RESTORES = range(6)


@helper
def watched(row, ctl, setting, hist):
    """The metric, its sign turned if more is better; of the training loss the epoch's mean, read from the history."""
    cell = ctl[HIST_ROW] + ctl[row + PROBE_2]
    own = ctl[row + SETTING]
    if setting[own + IS_MEAN] == 0.0:
        return setting[own + SIGN] * np.float64(hist[cell])
    before, _, here = batches_of_epoch(ctl)
    total = 0.0
    for k in range(before + here):
        total += np.float64(hist[cell - k * ctl[N_METRICS]])
    return setting[own + SIGN] * total / (before + here)


@helper
def has_improved(row, ctl, setting, mem, hist):
    """Compare with the best so far, and keep it or count. NaN is never an improvement."""
    value, own = watched(row, ctl, setting, hist), ctl[row + SETTING]
    state = view1(mem, ctl[row + STATE], WATCH_STATE)
    if value < np.float64(state[BEST]) - setting[own + MIN_DELTA]:
        state[BEST] = value
        state[WAITED] = 0
        return True
    state[WAITED] += 1
    return False


@kernel("plateau")
def plateau(row, ctl, setting, mem, data, hist):
    """After `patience` epochs without improvement the learning rate falls once more."""
    state = view1(mem, ctl[row + STATE], WATCH_STATE)
    if not has_improved(row, ctl, setting, mem, hist) and state[WAITED] >= setting[ctl[row + SETTING] + PATIENCE]:
        state[FALLS] += 1
        state[WAITED] = 0


@kernel("early_stopping")
def early_stopping(row, ctl, setting, mem, data, hist):
    """Keep the parameters of the best epoch; after `patience` epochs without a better one, restore them and end the run.

    Running statistics are kept and restored along: IN and N_IN have the buffers, SLOT_1 and SLOT_2 the copies.
    Source: Prechelt (1998), with a patience as in Keras.
    """
    own, state = ctl[row + SETTING], view1(mem, ctl[row + STATE], WATCH_STATE)
    parameters, best_parameters = (
        view1(mem, ctl[row + WEIGHT], ctl[row + COUNT]),
        view1(mem, ctl[row + SLOT_1], ctl[row + COUNT]),
    )
    buffers, best_buffers = view1(mem, ctl[row + IN], ctl[row + IN_2]), view1(mem, ctl[row + SLOT_2], ctl[row + IN_2])
    if has_improved(row, ctl, setting, mem, hist):
        copy(parameters, best_parameters)
        copy(buffers, best_buffers)
    is_early = state[WAITED] >= setting[own + PATIENCE]
    is_planned = ctl[ITERATION] + 1 == int(setting[own + PLANNED])
    if is_early or is_planned:
        state[WAITED] = 0
        if setting[own + RESTORES] != 0.0 and np.isfinite(state[BEST]):
            copy(best_parameters, parameters)
            copy(best_buffers, buffers)
    if is_early:
        ctl[HAS_ENDED] = 1


@helper
def copy(source, target):
    for i in range(source.size):
        target[i] = source[i]
