"""Adam: moving means of the gradient and of its square, both corrected for their start at 0."""

from __future__ import annotations

import math

import numpy as np

from tui_nn.engine.layout import (
    BETA1,
    BETA2,
    CORRECTIONS,
    COUNT,
    EPS,
    GRAD_WEIGHT,
    LR,
    N_SETTINGS,
    SLOT_1,
    SLOT_2,
    TALLY,
    WEIGHT,
)
from tui_nn.engine.lowlevel import (
    LANES,
    first,
    helper,
    load,
    load_wide,
    multiply_add,
    spread,
    sqrt,
    store,
    total,
    view1,
    wide,
)
from tui_nn.engine.ops.moves import is_measured, report_moves, updates_done
from tui_nn.engine.ops.probes import BLOCK, HIGHEST, LOWEST, squares_of_block, wide_squares
from tui_nn.engine.ops.tally import leave_moves
from tui_nn.engine.registry import kernel


@helper
def corrections(setting, t):
    """1 - beta1**t and 1 - beta2**t, from the table while it lasts.

    Not a running product: that one, restarted at a checkpoint, differs in its last bits.
    """
    if t < setting[CORRECTIONS]:
        return setting[N_SETTINGS + 2 * t], setting[N_SETTINGS + 2 * t + 1]
    return 1.0 - setting[BETA1] ** np.float64(t), 1.0 - setting[BETA2] ** np.float64(t)


@kernel("adam")
def adam(row, ctl, setting, mem, data, hist):
    """Move each parameter by about lr, against its recent gradient.

    Units:  lr is in parameter units, because m_hat / sqrt(v_hat) has none.
    Source: Kingma & Ba (2015), Algorithm 1; eps outside the root, as in PyTorch.
    """
    n = ctl[row + COUNT]
    param, grad = view1(mem, ctl[row + WEIGHT], n), view1(mem, ctl[row + GRAD_WEIGHT], n)
    exp_avg, exp_avg_sq = view1(mem, ctl[row + SLOT_1], n), view1(mem, ctl[row + SLOT_2], n)
    real = param.dtype.type
    correction1, correction2 = corrections(setting, updates_done(ctl) + 1)
    b1, b2 = spread(real(setting[BETA1])), spread(real(setting[BETA2]))
    # Cast once: 1 - beta2 taken in float32 is 1.3e-5 off.
    c1, c2 = spread(real(1.0 - setting[BETA1])), spread(real(1.0 - setting[BETA2]))
    step = spread(real(setting[LR] / correction1))  # lr * m_hat = step * m: no power per weight
    root = spread(real(1.0 / math.sqrt(correction2)))
    eps = spread(real(setting[EPS]))
    measured = is_measured(row, ctl)
    is_tallied = measured and ctl[row + TALLY] >= 0
    moves = before = after = 0.0
    zero = spread(real(0))
    for start in range(0, n, BLOCK):
        end = min(start + BLOCK, n)
        if measured and not is_tallied:
            before += squares_of_block(param, start, end)
        block_moves = block_after = block_before = zero
        for k in range(start, end, LANES):
            live = end - k
            g, weight = load(grad, k, live), load(param, k, live)
            m = multiply_add(b1, load(exp_avg, k, live), c1 * g)
            v = multiply_add(b2, load(exp_avg_sq, k, live), c2 * g * g)
            move = step * m / multiply_add(sqrt(v), root, eps)
            moved = weight - move
            store(exp_avg, k, live, m)
            store(exp_avg_sq, k, live, v)
            store(param, k, live, moved)
            if measured:  # beside the division above this costs next to nothing
                move, moved = first(move, live), first(moved, live)
                block_moves = multiply_add(move, move, block_moves)
                block_after = multiply_add(moved, moved, block_after)
                block_before = multiply_add(weight, weight, block_before)
        if is_tallied and leave_moves(row, ctl, mem, block_after, block_moves, block_before):
            return
        if is_tallied:
            before = wide_before(param, exp_avg, exp_avg_sq, end, step, root, eps)
        if measured:
            squares = np.float64(total(block_moves))
            if not LOWEST < squares < HIGHEST:
                squares = wide_moves(exp_avg, exp_avg_sq, start, end, step, root, eps)
            moves += squares
            squares = np.float64(total(block_after))
            after += squares if LOWEST < squares < HIGHEST else wide_squares(param, start, end)
    if measured:
        report_moves(row, ctl, mem, hist, before, moves, after)


@helper
def wide_before(param, exp_avg, exp_avg_sq, end, step, root, eps):
    """The squares of the parameters before a move that is over, in float64: to the rounding of the move."""
    squares = spread(0.0)
    for k in range(0, end, LANES):
        live = end - k
        move = step * load(exp_avg, k, live) / multiply_add(sqrt(load(exp_avg_sq, k, live)), root, eps)
        before = load_wide(param, k, live) + wide(first(move, live))
        squares = multiply_add(before, before, squares)
    return total(squares)


@helper
def wide_moves(exp_avg, exp_avg_sq, start, end, step, root, eps):
    """The squares of a block's moves once more, from the means they were made of, in float64."""
    squares = spread(0.0)
    for k in range(start, end, LANES):
        live = end - k
        move = step * load(exp_avg, k, live) / multiply_add(sqrt(load(exp_avg_sq, k, live)), root, eps)
        wide_move = wide(first(move, live))
        squares = multiply_add(wide_move, wide_move, squares)
    return total(squares)
