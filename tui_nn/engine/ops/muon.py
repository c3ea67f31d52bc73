"""Muon: a matrix moves by its momentum made orthogonal, vectors by Adam.

Newton-Schulz runs in the run's own precision; PyTorch takes bfloat16, whose results differ in the third digit.
"""

from __future__ import annotations

import math

import numpy as np

from tui_nn.engine.layout import (
    COUNT,
    EPS,
    LR,
    MATCH_RMS,
    MOMENTUM,
    N_IN,
    N_OUT,
    NESTEROV,
    NS_EPS,
    NS_STEPS,
    SCRATCH,
    SLOT_1,
    SLOT_2,
    VECTOR_LR,
)
from tui_nn.engine.lowlevel import LANES, helper, load, multiply_add, spread, sqrt, view2
from tui_nn.engine.ops.adam import corrections
from tui_nn.engine.ops.adams import shares, two_means
from tui_nn.engine.ops.moves import (
    is_measured,
    move,
    move_along,
    no_sums,
    param_and_grad,
    report_sums,
    slot,
    updates_done,
)
from tui_nn.engine.ops.regularizers import squares_in_order
from tui_nn.engine.registry import kernel

A, B, C = 3.4445, -4.7750, 2.0315  # of a x + b x³ + c x⁵: steep at 0, and all of (0, 1] ends near 1


@helper
def orthogonalize(x, product, gram, square, steps):
    """x = X_5 of X_k+1 = a X + (b X Xᵀ + c (X Xᵀ)²) X: the singular values of x end between about 0.7 and 1.2.

    Shapes: x and product are (rows, columns); gram and square (k, k) for the smaller of both. On the wide side XᵀX takes
    the place of XXᵀ, which is the same polynomial.
    """
    is_wide = x.shape[0] <= x.shape[1]
    real = x.dtype.type
    a, b, c = real(A), real(B), real(C)
    for _ in range(steps):
        if is_wide:
            np.dot(x, x.T, gram)
        else:
            np.dot(x.T, x, gram)
        np.dot(gram, gram, square)
        for i in range(gram.shape[0]):
            for j in range(gram.shape[0]):
                square[i, j] = b * gram[i, j] + c * square[i, j]
        if is_wide:
            np.dot(square, x, product)
        else:
            np.dot(x, square, product)
        for i in range(x.shape[0]):
            for j in range(x.shape[1]):
                x[i, j] = a * x[i, j] + product[i, j]


@kernel("muon")
def muon(row, ctl, setting, mem, data, hist):
    """b = momentum * b + (1 - momentum) * grad; param -= lr * √max(1, out / in) * orthogonal(b), with a look ahead.

    SLOT_2 keeps the orthogonal matrix, to be looked at: nothing reads it in the next update.
    Source: Jordan et al. (2024), "Muon: An optimizer for hidden layers in neural networks"; scale and eps as torch.optim.Muon.
    """
    n, n_in, n_out = ctl[row + COUNT], ctl[row + N_IN], ctl[row + N_OUT]
    param, grad = param_and_grad(row, ctl, mem)
    buffer, wanted, real = slot(row, ctl, mem, SLOT_1), slot(row, ctl, mem, SLOT_2), param.dtype.type
    keep, take = real(setting[MOMENTUM]), real(1.0 - setting[MOMENTUM])
    for i in range(n):
        buffer[i] = keep * buffer[i] + take * grad[i]
    if setting[NESTEROV] != 0.0:
        for i in range(n):
            wanted[i] = keep * buffer[i] + take * grad[i]
    else:
        for i in range(n):
            wanted[i] = buffer[i]
    length = math.sqrt(squares_in_order(wanted))
    divisor = real(setting[NS_EPS] if length < setting[NS_EPS] else length)
    for i in range(n):
        wanted[i] /= divisor
    k, scratch = min(n_in, n_out), ctl[row + SCRATCH]
    orthogonalize(
        view2(mem, ctl[row + SLOT_2], n_in, n_out), view2(mem, scratch, n_in, n_out), view2(mem, scratch + n, k, k),
        view2(mem, scratch + n + k * k, k, k), int(setting[NS_STEPS]),
    )  # fmt: skip
    scale = 0.2 * math.sqrt(max(n_in, n_out)) if setting[MATCH_RMS] != 0.0 else math.sqrt(max(1.0, n_out / n_in))
    minus_lr = spread(real(-setting[LR] * scale))
    measured, sums = is_measured(row, ctl), no_sums()
    for k in range(0, n, LANES):
        sums = move_along(param, k, n - k, minus_lr, load(wanted, k, n - k), measured, sums)
    report_sums(row, ctl, mem, hist, sums)


@kernel("muon_vector")
def muon_vector(row, ctl, setting, mem, data, hist):
    """Adam for what is no matrix, with settings of its own. Its rate follows the schedule of the matrices' in proportion."""
    param, grad = param_and_grad(row, ctl, mem)
    exp_avg, exp_avg_sq, real = slot(row, ctl, mem, SLOT_1), slot(row, ctl, mem, SLOT_2), param.dtype.type
    correction1, correction2 = corrections(setting, updates_done(ctl) + 1)
    rate = spread(real(setting[LR] * setting[VECTOR_LR] / correction1))
    root, eps, parts = spread(real(1.0 / math.sqrt(correction2))), spread(real(setting[EPS])), shares(setting, real)
    measured, sums = is_measured(row, ctl), no_sums()
    for k in range(0, param.size, LANES):
        live = param.size - k
        m, v = two_means(exp_avg, exp_avg_sq, k, live, load(grad, k, live), parts)
        sums = move(param, k, live, rate * m / multiply_add(sqrt(v), root, eps), measured, sums)
    report_sums(row, ctl, mem, hist, sums)
