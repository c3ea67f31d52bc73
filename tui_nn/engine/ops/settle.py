"""What rows have left (see tally.py) becomes metrics: eight iterations side by side, one a lane."""

from __future__ import annotations

import math

import numpy as np

from tui_nn.engine.layout import (
    DELTA,
    FINISH,
    FIRST_HIST,
    GRADIENTS,
    MOVES,
    N_METRICS,
    N_TALLIED,
    PROBE,
    SLOPE,
    SLOT,
    TALLIED,
    TALLY,
    TOTAL,
    UNITS,
    WAITING,
)
from tui_nn.engine.lowlevel import (
    LANES,
    all_below,
    first,
    helper,
    load,
    multiply_add,
    not_negative,
    spread,
    sqrt,
    stack_array,
    store,
    store_turned,
    totals,
)
from tui_nn.engine.ops.probes import UNSCALE
from tui_nn.engine.ops.tally import ALL_SUMS, CORNERS
from tui_nn.engine.registry import kernel

COLUMNS = 4 * WAITING


@kernel("settle")
def settle(stop, ctl, setting, mem, data, hist):
    """Turn tallies into metrics: those of SLOT complete iterations, and of the rows before `stop` of the one begun."""
    out = stack_array(mem, COLUMNS)
    complete, rows = ctl[SLOT], ctl[TALLIED]
    network = spread(out.dtype.type(0))  # sums of squares of all gradients so far
    for k in range(rows, rows + ctl[N_TALLIED]):
        row = ctl[k]
        n = complete + 1 if row < stop else complete
        if n == 0:
            break
        finish, tally = ctl[row + FINISH], ctl[row + TALLY]
        a = sums(mem, tally)
        b = c = d = a
        if finish != DELTA:
            b = sums(mem, tally + ALL_SUMS)
        if finish in (UNITS, MOVES):
            c = sums(mem, tally + 2 * ALL_SUMS)
        if finish == UNITS and ctl[row + SLOPE] >= 0:
            d = sums(mem, tally + 3 * ALL_SUMS)
        columns = 1
        if finish == DELTA:
            a = sqrt(a)
        elif finish == GRADIENTS:
            network = network + b
            columns = 3 if ctl[row + TOTAL] >= 0 else 2
            a, b, c = sqrt(a), sqrt(b), sqrt(network)
        elif finish == MOVES:
            columns = 2
            a, b = sqrt(a), sqrt(b / c) + (a - a)
        else:
            columns = 4 if ctl[row + SLOPE] >= 0 else 3
            a, b, c, d = units_of(mem, tally, a, b, c, d)
        is_clean = write(ctl, hist, out, ctl[FIRST_HIST] + ctl[row + PROBE], n, columns, a, b, c, d)
        if finish == GRADIENTS and columns == 3 and not is_clean:
            add_up(k, ctl, hist, out, n)


@helper
def sums(mem, at):
    """In lane i the sum over the i-th eight of the numbers from `at` on."""
    return totals(
        load(mem, at, LANES),
        load(mem, at + LANES, LANES),
        load(mem, at + 2 * LANES, LANES),
        load(mem, at + 3 * LANES, LANES),
        load(mem, at + 4 * LANES, LANES),
        load(mem, at + 5 * LANES, LANES),
        load(mem, at + 6 * LANES, LANES),
        load(mem, at + 7 * LANES, LANES),
    )


@helper
def units_of(mem, tally, distance, square, signal, saturated):
    """act_mean, act_std, act_signal and saturated; not finite where the row has reported at once."""
    corner, live = load(mem, tally + CORNERS, LANES), load(mem, tally + CORNERS + WAITING, LANES)
    real = type(mem[tally])
    part, unscale, mark = spread(real(1)) / live, spread(real(UNSCALE)), corner - corner
    mean = distance * part
    variance = not_negative(square * part - mean * mean)
    return (
        multiply_add(mean, unscale, corner),
        multiply_add(sqrt(variance), unscale, mark),
        multiply_add(signal * part, unscale, mark),
        multiply_add(saturated, part, mark),
    )


@helper
def write(ctl, hist, out, at, n, columns, a, b, c, d):
    """Into `columns` of the history's rows of n iterations, but for what is not finite. Returns whether all was."""
    every = a
    if columns > 1:
        every = every + b
    if columns > 2:
        every = every + c
    if columns > 3:
        every = every + d
    is_clean = all_below(first(every, n), np.inf)
    if is_clean:
        store_turned(hist, at, ctl[N_METRICS], n, columns, a, b, c, d)
    else:
        store(out, 0, LANES, a)
        store(out, WAITING, LANES, b)
        store(out, 2 * WAITING, LANES, c)
        store(out, 3 * WAITING, LANES, d)
        for i in range(n):
            for column in range(columns):
                if out[column * WAITING + i] < np.inf:
                    hist[at + i * ctl[N_METRICS] + column] = out[column * WAITING + i]
    return is_clean


@helper
def add_up(last, ctl, hist, out, n):
    """The network's grad_norm from those of its layers, where some of them have reported at once.

    They belong to the rows of the list up to `last`; what could not be added up in the run's precision is not finite in
    the third column of `out`.
    """
    for i in range(n):
        if not out[2 * WAITING + i] < np.inf:
            at = ctl[FIRST_HIST] + i * ctl[N_METRICS]
            squares = 0.0
            for k in range(ctl[TALLIED], last + 1):
                if ctl[ctl[k] + FINISH] == GRADIENTS:
                    grad_norm = np.float64(hist[at + ctl[ctl[k] + PROBE] + 1])
                    squares += grad_norm * grad_norm
            hist[at + ctl[ctl[last] + TOTAL]] = math.sqrt(squares)
