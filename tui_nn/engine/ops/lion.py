"""Lion: every parameter moves by lr, up or down."""

from __future__ import annotations

from tui_nn.engine.layout import BETA1, BETA2, LR, SLOT_1
from tui_nn.engine.lowlevel import LANES, below, helper, larger, load, multiply_add, spread, store
from tui_nn.engine.ops.moves import is_measured, move_along, no_sums, param_and_grad, report_sums, slot
from tui_nn.engine.registry import kernel


@helper
def sign(x, zero, minus_one):
    """1, -1 or 0; NaN where x is NaN, but not where it is infinite."""
    within = larger(minus_one, zero - larger(minus_one, zero - x))  # x cut to [-1, 1]
    return below(zero, x) - below(x, zero) + (within - within)


@kernel("lion")
def lion(row, ctl, setting, mem, data, hist):
    """param -= lr * sign(beta1 * m + (1 - beta1) * grad); then m = beta2 * m + (1 - beta2) * grad.

    Source: Chen et al. (2023), Algorithm 2.
    """
    param, grad = param_and_grad(row, ctl, mem)
    exp_avg, real = slot(row, ctl, mem, SLOT_1), param.dtype.type
    b1, c1 = spread(real(setting[BETA1])), spread(real(1.0 - setting[BETA1]))
    b2, c2 = spread(real(setting[BETA2])), spread(real(1.0 - setting[BETA2]))
    minus_lr, zero, minus_one = spread(real(-setting[LR])), spread(real(0)), spread(real(-1))
    measured, sums = is_measured(row, ctl), no_sums()
    for k in range(0, param.size, LANES):
        live = param.size - k
        g, m = load(grad, k, live), load(exp_avg, k, live)
        direction = sign(multiply_add(b1, m, c1 * g), zero, minus_one)
        store(exp_avg, k, live, multiply_add(b2, m, c2 * g))
        sums = move_along(param, k, live, minus_lr, direction, measured, sums)
    report_sums(row, ctl, mem, hist, sums)
