"""What every update row has in common: its parameters and their gradients, the move itself, and the report of its size."""

from __future__ import annotations

import math

from tui_nn.engine.layout import BORN, COUNT, GRAD_WEIGHT, HIST_ROW, IS_FIRST, ITERATION, PROBE, PROBE_2, WEIGHT
from tui_nn.engine.lowlevel import first, helper, load, multiply_add, spread, store, total, view1, wide


@helper
def updates_done(ctl):
    """Updates that this optimizer has made: fewer than iterations if another one began the run."""
    return ctl[ITERATION] - ctl[BORN]


@helper
def param_and_grad(row, ctl, mem):
    n = ctl[row + COUNT]
    return view1(mem, ctl[row + WEIGHT], n), view1(mem, ctl[row + GRAD_WEIGHT], n)


@helper
def slot(row, ctl, mem, cell):
    return view1(mem, ctl[row + cell], ctl[row + COUNT])


@helper
def no_sums():
    """Sums of squares before the first parameter: of the parameters before, of the moves, of the parameters after."""
    return spread(0.0), spread(0.0), spread(0.0)


@helper
def move(param, k, live, step, measured, sums):
    """param -= step for the lanes from k on. Returns the sums with these; beside a division they cost next to nothing.

    The step must be a quotient. A product would be rounded, or not, as it suits the compiler: see `move_along`.
    """
    weight = load(param, k, live)
    moved = weight - step
    store(param, k, live, moved)
    return add_squares(live, weight, step, moved, measured, sums)


@helper
def move_along(param, k, live, minus_lr, direction, measured, sums):
    """param -= lr * direction in one rounding, whether or not the product is needed for the sums."""
    weight = load(param, k, live)
    moved = multiply_add(minus_lr, direction, weight)
    store(param, k, live, moved)
    return add_squares(live, weight, minus_lr * direction, moved, measured, sums)


@helper
def add_squares(live, weight, step, moved, measured, sums):
    before, moves, after = sums
    if measured:
        wide_before, wide_move, wide_after = wide(weight), wide(first(step, live)), wide(first(moved, live))
        before = multiply_add(wide_before, wide_before, before)
        moves = multiply_add(wide_move, wide_move, moves)
        after = multiply_add(wide_after, wide_after, after)
    return before, moves, after


@helper
def is_measured(row, ctl):
    return ctl[row + PROBE] >= 0 or ctl[row + PROBE_2] >= 0


@helper
def report_sums(row, ctl, mem, hist, sums):
    """report_moves of what `move` has summed up."""
    if is_measured(row, ctl):
        report_moves(row, ctl, mem, hist, total(sums[0]), total(sums[1]), total(sums[2]))


@helper
def report_moves(row, ctl, mem, hist, before, moved, after):
    """weight_norm of the moved parameters, and how large the move was beside it (of the parameters before).

    Squares come in. A layer moved by several rows hands them on in memory, as lengths: a square might not fit.
    """
    handed = ctl[row + PROBE_2]
    if handed >= 0 and ctl[row + IS_FIRST] == 0:
        before += float(mem[handed]) ** 2
        moved += float(mem[handed + 1]) ** 2
        after += float(mem[handed + 2]) ** 2
    if ctl[row + PROBE] < 0:
        mem[handed], mem[handed + 1], mem[handed + 2] = math.sqrt(before), math.sqrt(moved), math.sqrt(after)
    else:
        at = ctl[HIST_ROW] + ctl[row + PROBE]
        hist[at] = math.sqrt(after)
        hist[at + 1] = math.sqrt(moved / before)
