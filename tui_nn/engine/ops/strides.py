"""A stride for every parameter, from the size of its gradients: Adagrad, Adadelta, RMSProp.

With eps = 0 a parameter whose gradient was always 0 divides 0 by 0: NaN, on purpose.
"""

from __future__ import annotations

from tui_nn.engine.layout import EPS, EPS_INSIDE_ROOT, LR, LR_DECAY, MOMENTUM, RHO, SLOT_1, SLOT_2, SLOT_3
from tui_nn.engine.lowlevel import LANES, helper, load, multiply_add, not_negative, spread, sqrt, store
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


@helper
def root_of(squares, eps, is_inside):
    """√squares + eps, or √(squares + eps)."""
    return sqrt(squares + eps) if is_inside else sqrt(squares) + eps


@kernel("adagrad")
def adagrad(row, ctl, setting, mem, data, hist):
    """sum += grad²; param -= lr * grad / (√sum + eps).

    Source: Duchi, Hazan & Singer (2011), the diagonal form; lr_decay as in PyTorch.
    """
    param, grad = param_and_grad(row, ctl, mem)
    squares, real = slot(row, ctl, mem, SLOT_1), param.dtype.type
    lr = spread(real(setting[LR] / (1.0 + updates_done(ctl) * setting[LR_DECAY])))
    eps, is_inside = spread(real(setting[EPS])), setting[EPS_INSIDE_ROOT] != 0.0
    measured, sums = is_measured(row, ctl), no_sums()
    for k in range(0, param.size, LANES):
        live = param.size - k
        g = load(grad, k, live)
        s = multiply_add(g, g, load(squares, k, live))
        store(squares, k, live, s)
        sums = move(param, k, live, lr * g / root_of(s, eps, is_inside), measured, sums)
    report_sums(row, ctl, mem, hist, sums)


@kernel("adadelta")
def adadelta(row, ctl, setting, mem, data, hist):
    """delta = grad * √(acc_delta + eps) / √(square_avg + eps); param -= lr * delta.

    Units:  delta has the parameter's, so lr has none.
    Source: Zeiler (2012), Algorithm 1.
    """
    param, grad = param_and_grad(row, ctl, mem)
    square_avg, acc_delta, real = slot(row, ctl, mem, SLOT_1), slot(row, ctl, mem, SLOT_2), param.dtype.type
    minus_lr, eps = spread(real(-setting[LR])), spread(real(setting[EPS]))
    keep, take = spread(real(setting[RHO])), spread(real(1.0 - setting[RHO]))
    measured, sums = is_measured(row, ctl), no_sums()
    for k in range(0, param.size, LANES):
        live = param.size - k
        g, d = load(grad, k, live), load(acc_delta, k, live)
        v = multiply_add(keep, load(square_avg, k, live), take * g * g)
        delta = sqrt(d + eps) / sqrt(v + eps) * g
        store(square_avg, k, live, v)
        store(acc_delta, k, live, multiply_add(keep, d, take * delta * delta))
        sums = move_along(param, k, live, minus_lr, delta, measured, sums)
    report_sums(row, ctl, mem, hist, sums)


@kernel("rmsprop")
def rmsprop(row, ctl, setting, mem, data, hist):
    """square_avg = rho * square_avg + (1 - rho) * grad²; param -= lr * grad / (√square_avg + eps).

    With a SLOT_2 centred: grad_avg² is taken from square_avg first. That is a variance; where rounding makes it negative
    it counts as 0, where PyTorch has NaN. With a SLOT_3 the quotients gather in a momentum buffer: param -= lr * buffer.
    Source: Tieleman & Hinton (2012); centred: Graves (2013), equations 38 to 45.
    """
    param, grad = param_and_grad(row, ctl, mem)
    is_centred, has_momentum = ctl[row + SLOT_2] >= 0, ctl[row + SLOT_3] >= 0
    square_avg, real = slot(row, ctl, mem, SLOT_1), param.dtype.type
    grad_avg = slot(row, ctl, mem, SLOT_2 if is_centred else SLOT_1)
    buffer = slot(row, ctl, mem, SLOT_3 if has_momentum else SLOT_1)
    lr, minus_lr = spread(real(setting[LR])), spread(real(-setting[LR]))
    kept = spread(real(setting[MOMENTUM]))
    eps, is_inside = spread(real(setting[EPS])), setting[EPS_INSIDE_ROOT] != 0.0
    keep, take = spread(real(setting[RHO])), spread(real(1.0 - setting[RHO]))
    measured, sums = is_measured(row, ctl), no_sums()
    for k in range(0, param.size, LANES):
        live = param.size - k
        g = load(grad, k, live)
        v = multiply_add(keep, load(square_avg, k, live), take * g * g)
        store(square_avg, k, live, v)
        if is_centred:
            mean = multiply_add(keep, load(grad_avg, k, live), take * g)
            store(grad_avg, k, live, mean)
            v = not_negative(v - mean * mean)
        if has_momentum:
            b = multiply_add(kept, load(buffer, k, live), g / root_of(v, eps, is_inside))
            store(buffer, k, live, b)
            sums = move_along(param, k, live, minus_lr, b, measured, sums)
        else:
            sums = move(param, k, live, lr * g / root_of(v, eps, is_inside), measured, sums)
    report_sums(row, ctl, mem, hist, sums)
