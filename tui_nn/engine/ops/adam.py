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
    HIST_ROW,
    ITERATION,
    LR,
    N_SETTINGS,
    PROBE,
    SLOT_1,
    SLOT_2,
    WEIGHT,
)
from tui_nn.engine.lowlevel import helper, probe_helper, view1
from tui_nn.engine.ops.moves import report
from tui_nn.engine.ops.probes import sum_of_squares
from tui_nn.engine.registry import kernel


@helper
def corrections(setting, t):
    """1 - beta1**t and 1 - beta2**t, from the table while it lasts.

    Not a running product: that one, restarted at a checkpoint, differs in its last bits.
    """
    if t < setting[CORRECTIONS]:
        return setting[N_SETTINGS + 2 * t], setting[N_SETTINGS + 2 * t + 1]
    return 1.0 - setting[BETA1] ** np.float64(t), 1.0 - setting[BETA2] ** np.float64(t)


@probe_helper
def squares_of_adam_moves(exp_avg, exp_avg_sq, step, root, eps):
    total = 0.0
    for i in range(exp_avg.size):
        move = np.float64(step * exp_avg[i] / (np.sqrt(exp_avg_sq[i]) * root + eps))
        total += move * move
    return total


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
    correction1, correction2 = corrections(setting, ctl[ITERATION] + 1)
    b1, b2 = real(setting[BETA1]), real(setting[BETA2])
    c1, c2 = (
        real(1.0 - setting[BETA1]),
        real(1.0 - setting[BETA2]),
    )  # cast once: 1 - beta2 taken in float32 is 1.3e-5 off
    step = real(setting[LR] / correction1)  # lr * m_hat = step * m: no power per weight
    root = real(1.0 / math.sqrt(correction2))
    eps = real(setting[EPS])
    before = sum_of_squares(param)
    for i in range(n):
        exp_avg[i] = b1 * exp_avg[i] + c1 * grad[i]
        exp_avg_sq[i] = b2 * exp_avg_sq[i] + c2 * grad[i] * grad[i]
        param[i] -= step * exp_avg[i] / (np.sqrt(exp_avg_sq[i]) * root + eps)
    moved = squares_of_adam_moves(exp_avg, exp_avg_sq, step, root, eps)
    report(row, ctl, hist, moved, before)
    hist[ctl[HIST_ROW] + ctl[row + PROBE]] = math.sqrt(sum_of_squares(param))
