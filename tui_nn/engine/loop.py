"""The loop that executes a program: one nogil call for one op or for a million iterations, the same rows either way."""

from __future__ import annotations

import numpy as np

from tui_nn.engine.layout import (
    ADDRESS,
    ALWAYS,
    AT_EPOCH_END,
    AT_GOAL,
    BATCH_SIZE,
    BATCH_START,
    CHECKPOINT_COUNT,
    CHECKPOINT_LAST,
    CODE,
    COUNTED,
    DUE,
    ENDED,
    EPOCH,
    FIRST,
    FIRST_HIST,
    FIRST_WHOLE,
    FRAME_SIZE,
    HAS_ENDED,
    HEADER,
    HIST_CAPACITY,
    HIST_FIRST,
    HIST_ROW,
    HISTORY_FULL,
    IS_EPOCH_END,
    ITERATION,
    KEEP_EVERY,
    KEEP_FEW,
    KEEP_PARTS,
    KERNEL,
    LONGEST,
    LOSS_COLUMN,
    N_COUNTED,
    N_METRICS,
    N_OPS,
    N_TALLIED,
    N_TRAIN,
    NEXT_EPOCH,
    NON_FINITE,
    OP,
    PASS,
    PER_EPOCH,
    PERIOD,
    ROW,
    ROWS,
    SENT,
    SETTLE,
    SHIFT,
    SLOT,
    STOP,
    STOPPED,
    TALLIED,
    WAITING,
    WANT,
    WATCH,
)
from tui_nn.engine.lowlevel import borrow, call_kernel, fence, helper


def run(ctl, setting, mem, data, hist, mail, kept_at, kept_in, kept, sent_ctl, sent_mem, goal_iteration, goal_op):
    """Execute rows until the position is (goal_iteration, goal_op). Returns why it ended, as in layout.py.

    The goal must not lie behind the position. Between iterations it looks into the mailbox, keeps a checkpoint when one
    is due, settles what waits to become metrics, and copies a frame when one is wanted. It stops after one iteration at
    the earliest: right behind a restored checkpoint the activations would still be those of another time.
    """
    ctl, setting, mem, data, hist, mail = (
        borrow(ctl),
        borrow(setting),
        borrow(mem),
        borrow(data),
        borrow(hist),
        borrow(mail),
    )
    kept_at, kept_in, kept = borrow(kept_at), borrow(kept_in), borrow(kept)
    sent_ctl, sent_mem = borrow(sent_ctl), borrow(sent_mem)
    n_ops, per_epoch, columns = ctl[N_OPS], ctl[PER_EPOCH], ctl[N_METRICS]
    code, kernels = ctl[CODE], ctl[ADDRESS]
    epoch_start = start_of_epoch(ctl)
    may_stop = False
    if ctl[OP] == 0:
        ctl[SLOT] = 0
    while True:
        iteration = ctl[ITERATION]
        if iteration == goal_iteration and ctl[OP] >= goal_op:
            why = AT_GOAL
            break
        if ctl[OP] == 0:
            if may_stop and mail[STOP] != 0:
                why = STOPPED
                break
            if iteration - ctl[HIST_FIRST] >= ctl[HIST_CAPACITY]:
                why = HISTORY_FULL
                break
            keep_checkpoint(ctl, mem, kept_at, kept_in, kept)
            if iteration == epoch_start + per_epoch:  # rather than divide in every iteration
                epoch_start = start_of_epoch(ctl)
            batch = iteration - epoch_start
            ctl[BATCH_START] = batch * ctl[BATCH_SIZE]
            if iteration < ctl[FIRST_WHOLE]:
                ctl[BATCH_START] += ctl[SHIFT]
            ctl[ROWS] = min(ctl[BATCH_SIZE], ctl[N_TRAIN] - ctl[BATCH_START])
            count_positions(ctl)
            ctl[IS_EPOCH_END] = batch == per_epoch - 1
            ctl[HIST_ROW] = (iteration - ctl[HIST_FIRST]) * columns
            if ctl[SLOT] == 0:
                ctl[FIRST_HIST] = ctl[HIST_ROW]
            ctl[HAS_ENDED] = 0
        end = goal_op if iteration == goal_iteration else n_ops
        for row in range(code + ctl[OP] * ROW, code + end * ROW, ROW):
            if ctl[row + DUE] != ALWAYS and not is_due(ctl, row, iteration):
                continue
            call_kernel(ctl[kernels + ctl[row + KERNEL]], row, ctl, setting, mem, data, hist)
        if end < n_ops:
            ctl[OP] = end
            why = AT_GOAL
            break
        ctl[OP] = 0
        ctl[ITERATION] = iteration + 1
        ctl[SLOT] += 1
        may_stop = True
        if ctl[SLOT] == WAITING or mail[WANT] != 0:
            settle(code, ctl, setting, mem, data, hist)
            ctl[SLOT] = 0
        if mail[WANT] != 0:
            send_frame(ctl, mem, mail, sent_ctl, sent_mem)
        if mail[WATCH] != 0 and is_new_non_finite(hist, ctl[HIST_ROW] + ctl[LOSS_COLUMN], columns):
            why = NON_FINITE
            break
        if mail[WATCH] != 0 and ctl[HAS_ENDED] != 0:
            why = ENDED
            break
    settle(code + ctl[OP] * ROW, ctl, setting, mem, data, hist)
    return why


@helper
def start_of_epoch(ctl):
    """The first iteration of the epoch under way, which is noted; as if all of it had batches of the present size."""
    since = ctl[ITERATION] - ctl[FIRST_WHOLE]
    whole = since // ctl[PER_EPOCH] if since >= 0 else -1
    ctl[EPOCH] = ctl[NEXT_EPOCH] + whole
    ctl[PASS] = ctl[LONGEST] if whole <= 0 else ctl[PER_EPOCH]
    return ctl[FIRST_WHOLE] + whole * ctl[PER_EPOCH]


@helper
def count_positions(ctl):
    """Rows of a layer that works at each place of a sample: the batch's samples times its places."""
    for k in range(ctl[N_COUNTED]):
        ctl[ctl[COUNTED] + k] = ctl[ROWS] * ctl[ctl[COUNTED] + ctl[N_COUNTED] + k]


@helper
def settle(stop, ctl, setting, mem, data, hist):
    """Turn what complete iterations, and rows before `stop` of the one begun, have left into metrics, if any has."""
    if ctl[N_TALLIED] > 0 and (ctl[SLOT] > 0 or ctl[ctl[TALLIED]] < stop):
        call_kernel(ctl[ctl[SETTLE]], stop, ctl, setting, mem, data, hist)


@helper
def is_due(ctl, row, iteration):
    """Does a row that is not due always run in this iteration?"""
    if ctl[row + DUE] == AT_EPOCH_END:
        return ctl[IS_EPOCH_END] != 0
    first = ctl[row + FIRST]
    return iteration >= first and (iteration - first) % ctl[row + PERIOD] == 0


@helper
def is_new_non_finite(hist, cell, columns):
    """Is the loss NaN or infinite, while it was finite an iteration ago?"""
    if hist[cell] - hist[cell] == 0:
        return False
    return cell < columns or hist[cell - columns] - hist[cell - columns] == 0


@helper
def send_frame(ctl, mem, mail, sent_ctl, sent_mem):
    """Copy what a screen shows. The reader asks for the next copy only after it has read this one."""
    for i in range(HEADER + ctl[BATCH_SIZE]):
        sent_ctl[i] = ctl[i]
    for i in range(ctl[FRAME_SIZE]):
        sent_mem[i] = mem[i]
    fence()  # the copy is complete before the reader is told
    mail[SENT] += 1
    mail[WANT] = 0


@helper
def keep_checkpoint(ctl, mem, kept_at, kept_in, kept):
    """Copy parameters and slots at the start of this iteration, if it is the next one worth keeping.

    Shapes: kept_at and kept_in are (slots,): iterations in rising order, and the row of `kept` each one is in;
            kept is (slots, STATE_SIZE).
    The distance grows with the run (see recording.Spacing), and a full store drops the checkpoint whose neighbours are
    closest: the worst replay stays near that of evenly spaced checkpoints; doubling the distance is a third worse.
    """
    iteration, last, slots = ctl[ITERATION], ctl[CHECKPOINT_LAST], kept_at.size
    if iteration <= last or (last >= 0 and iteration < last + distance_behind(ctl, last)):
        return
    newest = ctl[CHECKPOINT_COUNT]
    if newest == slots:
        dropped = closest_neighbours(kept_at)
        room = kept_in[dropped]
        drop(kept_at, dropped)
        drop(kept_in, dropped)
        newest = slots - 1
        kept_in[newest] = room
    else:
        kept_in[newest] = newest
        ctl[CHECKPOINT_COUNT] = newest + 1
    kept_at[newest] = iteration
    target = kept[kept_in[newest]]
    for i in range(target.size):
        target[i] = mem[i]
    ctl[CHECKPOINT_LAST] = iteration


@helper
def distance_behind(ctl, last):
    """Iterations to the checkpoint that follows the one of iteration `last`."""
    few, parts = ctl[KEEP_FEW], ctl[KEEP_PARTS]
    return max(ctl[KEEP_EVERY], min(last // few, max(few, last // parts)))


@helper
def drop(array, k):
    """The numbers behind entry k move one place forward."""
    source = array[k + 1 :]
    for i in range(source.size):
        array[k + i] = source[i]


@helper
def closest_neighbours(kept_at):
    """The slot whose loss leaves the smallest gap; never the first, which is the start of the run."""
    before, behind = kept_at[: kept_at.size - 2], kept_at[2:]
    best = np.int64(2**62)
    for k in range(before.size):
        best = min(best, behind[k] - before[k])
    for k in range(before.size):
        if behind[k] - before[k] == best:
            return k + 1
    return 1
