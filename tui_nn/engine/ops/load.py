"""Load the batch: shuffle once an epoch, gather the samples' rows, note which samples they are."""

from __future__ import annotations

import numpy as np

from tui_nn.engine.layout import (
    BATCH_START,
    DATA_X,
    DATA_Y,
    EPOCH,
    HEADER,
    HIST_ROW,
    IS_SHUFFLED,
    LR,
    N_IN,
    N_TARGET,
    N_TRAIN,
    ORDER,
    ORDER_EPOCH,
    OUT,
    PROBE,
    ROWS,
    ROWS_AT,
    SEED,
    TARGET,
)
from tui_nn.engine.lowlevel import helper, prefetch, view1
from tui_nn.engine.registry import kernel

# splitmix64 (Steele, Lea & Flood 2014): a hash whose every output bit depends on every input bit.
GOLDEN, MIX_1, MIX_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
SHIFT_30, SHIFT_27, SHIFT_31 = np.uint64(30), np.uint64(27), np.uint64(31)

LINE = 16  # numbers in a cache line, in float32


@helper
def mix(value):
    """One output of splitmix64 for a uint64. Every operand is uint64: mixed with int64, Numba turns signed."""
    value = np.uint64(value + GOLDEN)
    value = np.uint64((value ^ (value >> SHIFT_30)) * MIX_1)
    value = np.uint64((value ^ (value >> SHIFT_27)) * MIX_2)
    return np.uint64(value ^ (value >> SHIFT_31))


@helper
def shuffle(order, seed, epoch):
    """Fill `order` with a permutation of 0..n-1 that depends on (seed, epoch) alone: no generator state to save.

    Source: Fisher-Yates (Durstenfeld 1964), from the identity each time.
    """
    for i in range(order.size):
        order[i] = i
    key = mix(np.uint64(mix(np.uint64(seed)) + np.uint64(epoch)))
    for i in range(order.size - 1, 0, -1):
        j = np.int64(mix(np.uint64(key + np.uint64(i))) % np.uint64(i + 1))
        order[i], order[j] = order[j], order[i]


@helper
def start_epoch(ctl, epoch):
    """Put the epoch's order in place."""
    order = view1(ctl, ctl[ORDER], ctl[N_TRAIN])
    if ctl[IS_SHUFFLED] != 0:
        shuffle(order, ctl[SEED], epoch)
    elif ctl[ORDER_EPOCH] < 0:
        for i in range(order.size):
            order[i] = i
    ctl[ORDER_EPOCH] = epoch


@kernel("load_batch")
def load_batch(row, ctl, setting, mem, data, hist):
    """Copy the samples of this iteration's batch into the input and the target."""
    if ctl[ORDER_EPOCH] != ctl[EPOCH]:
        start_epoch(ctl, ctl[EPOCH])
    rows, start = ctl[ROWS], ctl[BATCH_START]
    n_in, n_target = ctl[row + N_IN], ctl[row + N_TARGET]
    batch = view1(ctl, ctl[ORDER] + start, rows)
    for i in range(rows):
        ctl[HEADER + i] = batch[i]
        if n_in > LINE and i + 2 < rows:
            ahead = ctl[row + DATA_X] + batch[i + 2] * n_in
            for line in range(0, n_in, LINE):
                prefetch(data, ahead + line)
        copy_row(mem, ctl[row + OUT] + i * n_in, data, ctl[row + DATA_X] + batch[i] * n_in, n_in)
        copy_row(mem, ctl[row + TARGET] + i * n_target, data, ctl[row + DATA_Y] + batch[i] * n_target, n_target)
    if ctl[row + PROBE] >= 0:
        hist[ctl[HIST_ROW] + ctl[row + PROBE]] = setting[LR]


@kernel("load_part")
def load_part(row, ctl, setting, mem, data, hist):
    """Copy a whole part of the data, in its own order."""
    rows = ctl[ctl[row + ROWS_AT]]
    copy_row(mem, ctl[row + OUT], data, ctl[row + DATA_X], rows * ctl[row + N_IN])
    copy_row(mem, ctl[row + TARGET], data, ctl[row + DATA_Y], rows * ctl[row + N_TARGET])


@helper
def copy_row(target, to, source, start, n):
    into, values = view1(target, to, n), view1(source, start, n)
    for k in range(n):
        into[k] = values[k]
