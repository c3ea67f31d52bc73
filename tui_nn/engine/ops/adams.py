"""Adam with its options, and its kin. The plain Adam has a faster kernel of its own, in adam.py.

With eps = 0 a parameter whose gradient was always 0 divides 0 by 0: NaN, on purpose.
"""

from __future__ import annotations

import math

import numpy as np

from tui_nn.engine.layout import (
    BETA1,
    BETA2,
    BIAS_CORRECTION,
    CORRECTIONS,
    EPS,
    EPS_INSIDE_ROOT,
    LR,
    MOMENTUM_DECAY,
    N_SETTINGS,
    SLOT_1,
    SLOT_2,
    SLOT_3,
)
from tui_nn.engine.lowlevel import LANES, helper, larger, load, multiply_add, spread, sqrt, store
from tui_nn.engine.ops.adam import corrections
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
from tui_nn.engine.registry import kernel

NADAM_RATE = math.log(0.96)


@helper
def shares(setting, real):
    """beta1, 1 - beta1, beta2, 1 - beta2, each cast once: 1 - beta2 taken in float32 is 1.3e-5 off."""
    b1, b2 = spread(real(setting[BETA1])), spread(real(setting[BETA2]))
    return b1, spread(real(1.0 - setting[BETA1])), b2, spread(real(1.0 - setting[BETA2]))


@helper
def two_means(exp_avg, exp_avg_sq, k, live, g, parts):
    """exp_avg and exp_avg_sq move towards g and g²; returns both. Rounded as in adam.py."""
    b1, c1, b2, c2 = parts
    m = multiply_add(b1, load(exp_avg, k, live), c1 * g)
    v = multiply_add(b2, load(exp_avg_sq, k, live), c2 * g * g)
    store(exp_avg, k, live, m)
    store(exp_avg_sq, k, live, v)
    return m, v


@kernel("adam_general")
def adam_general(row, ctl, setting, mem, data, hist):
    """Adam with eps inside the root, without bias correction, or (with a SLOT_3) with the largest v so far.

    Source: Kingma & Ba (2015); AMSGrad: Reddi, Kale & Kumar (2018), bias-corrected behind the maximum as in PyTorch.
    """
    param, grad = param_and_grad(row, ctl, mem)
    exp_avg, exp_avg_sq, real = slot(row, ctl, mem, SLOT_1), slot(row, ctl, mem, SLOT_2), param.dtype.type
    keeps_largest, is_inside = ctl[row + SLOT_3] >= 0, setting[EPS_INSIDE_ROOT] != 0.0
    largest = slot(row, ctl, mem, SLOT_3 if keeps_largest else SLOT_2)
    correction1, correction2 = 1.0, 1.0
    if setting[BIAS_CORRECTION] != 0.0:
        correction1, correction2 = corrections(setting, updates_done(ctl) + 1)
    rate, eps, parts = spread(real(setting[LR] / correction1)), spread(real(setting[EPS])), shares(setting, real)
    root, scale = spread(real(1.0 / math.sqrt(correction2))), spread(real(1.0 / correction2))
    measured, sums = is_measured(row, ctl), no_sums()
    for k in range(0, param.size, LANES):
        live = param.size - k
        m, v = two_means(exp_avg, exp_avg_sq, k, live, load(grad, k, live), parts)
        if keeps_largest:
            v = larger(load(largest, k, live), v)
            store(largest, k, live, v)
        divisor = sqrt(multiply_add(v, scale, eps)) if is_inside else multiply_add(sqrt(v), root, eps)
        sums = move(param, k, live, rate * m / divisor, measured, sums)
    report_sums(row, ctl, mem, hist, sums)


@kernel("adamax")
def adamax(row, ctl, setting, mem, data, hist):
    """exp_inf = max(beta2 * exp_inf, |grad| + eps); param -= lr * m_hat / exp_inf.

    Source: Kingma & Ba (2015), Algorithm 2; eps on the gradient, as in PyTorch.
    """
    param, grad = param_and_grad(row, ctl, mem)
    exp_avg, exp_inf, real = slot(row, ctl, mem, SLOT_1), slot(row, ctl, mem, SLOT_2), param.dtype.type
    correction1, _ = corrections(setting, updates_done(ctl) + 1)
    rate, eps, zero = spread(real(setting[LR] / correction1)), spread(real(setting[EPS])), spread(real(0))
    b1, c1, b2, _ = shares(setting, real)
    measured, sums = is_measured(row, ctl), no_sums()
    for k in range(0, param.size, LANES):
        live = param.size - k
        g = load(grad, k, live)
        m = multiply_add(b1, load(exp_avg, k, live), c1 * g)
        u = larger(b2 * load(exp_inf, k, live), larger(g, zero - g) + eps)
        store(exp_avg, k, live, m)
        store(exp_inf, k, live, u)
        sums = move(param, k, live, rate * m / u, measured, sums)
    report_sums(row, ctl, mem, hist, sums)


@helper
def nadam_shares(setting, t):
    """Shares of gradient and m in update t, and 1 - beta2**t: from the table while it lasts.

    Past it the product of the momenta is a sum of 60 terms; where it comes from, parts/optimizers/tables.py says.
    """
    if t < setting[CORRECTIONS]:
        at = N_SETTINGS + 3 * t
        return setting[at], setting[at + 1], setting[at + 2]
    beta1, rate, n = setting[BETA1], setting[MOMENTUM_DECAY] * NADAM_RATE, np.float64(t)
    mu = beta1 * (1.0 - 0.5 * math.exp(rate * n))
    mu_next = beta1 * (1.0 - 0.5 * math.exp(rate * (n + 1.0)))
    log, half = 0.0, 1.0
    for j in range(1, 61):
        half *= 0.5
        powers = n if rate == 0.0 else math.exp(rate * j) * math.expm1(rate * j * n) / math.expm1(rate * j)
        log -= powers * half / j
    product = beta1**n * math.exp(log)
    return (1.0 - mu) / (1.0 - product), mu_next / (1.0 - product * mu_next), 1.0 - setting[BETA2] ** n


@kernel("nadam")
def nadam(row, ctl, setting, mem, data, hist):
    """param -= lr * (share * grad + share' * exp_avg) / (√v_hat + eps).

    Source: Dozat (2016), with its rising momentum mu_t = beta1 (1 - 0.96^(t * momentum_decay) / 2), as in PyTorch.
    """
    param, grad = param_and_grad(row, ctl, mem)
    exp_avg, exp_avg_sq, real = slot(row, ctl, mem, SLOT_1), slot(row, ctl, mem, SLOT_2), param.dtype.type
    share, share_of_mean, correction2 = nadam_shares(setting, updates_done(ctl) + 1)
    of_grad, of_mean = spread(real(setting[LR] * share)), spread(real(setting[LR] * share_of_mean))
    root, eps, parts = spread(real(1.0 / math.sqrt(correction2))), spread(real(setting[EPS])), shares(setting, real)
    measured, sums = is_measured(row, ctl), no_sums()
    for k in range(0, param.size, LANES):
        live = param.size - k
        g = load(grad, k, live)
        m, v = two_means(exp_avg, exp_avg_sq, k, live, g, parts)
        step = multiply_add(of_grad, g, of_mean * m) / multiply_add(sqrt(v), root, eps)
        sums = move(param, k, live, step, measured, sums)
    report_sums(row, ctl, mem, hist, sums)


@helper
def rectified(setting, t):
    """1 - beta1**t, 1 - beta2**t and the rectification, from the table while it lasts; 0: v is not to be used yet."""
    if t < setting[CORRECTIONS]:
        at = N_SETTINGS + 3 * t
        return setting[at], setting[at + 1], setting[at + 2]
    n = np.float64(t)
    correction1, correction2 = 1.0 - setting[BETA1] ** n, 1.0 - setting[BETA2] ** n
    longest = 2.0 / (1.0 - setting[BETA2]) - 1.0
    rho = longest - 2.0 * n * (1.0 - correction2) / correction2
    if not rho > 5.0:
        return correction1, correction2, 0.0
    squares = (rho - 4.0) * (rho - 2.0) * longest / ((longest - 4.0) * (longest - 2.0) * rho)
    return correction1, correction2, math.sqrt(squares)


@kernel("radam")
def radam(row, ctl, setting, mem, data, hist):
    """param -= lr * m_hat * r * √(1 - beta2**t) / (√exp_avg_sq + eps); while v rests on too little, lr * m_hat.

    Source: Liu et al. (2020), Algorithm 2; from rho > 5 on, and eps on the root before its correction, as in PyTorch.
    """
    param, grad = param_and_grad(row, ctl, mem)
    exp_avg, exp_avg_sq, real = slot(row, ctl, mem, SLOT_1), slot(row, ctl, mem, SLOT_2), param.dtype.type
    correction1, correction2, share = rectified(setting, updates_done(ctl) + 1)
    uses_v = share > 0.0
    rate = setting[LR] / correction1 * (share * math.sqrt(correction2) if uses_v else 1.0)
    rates, minus_rates = spread(real(rate)), spread(real(-rate))
    eps, parts = spread(real(setting[EPS])), shares(setting, real)
    measured, sums = is_measured(row, ctl), no_sums()
    for k in range(0, param.size, LANES):
        live = param.size - k
        m, v = two_means(exp_avg, exp_avg_sq, k, live, load(grad, k, live), parts)
        if uses_v:
            sums = move(param, k, live, rates * m / (sqrt(v) + eps), measured, sums)
        else:
            sums = move_along(param, k, live, minus_rates, m, measured, sums)
    report_sums(row, ctl, mem, hist, sums)
