"""Descent along the gradient: plain, with momentum, with Nesterov's look ahead.

Weight and bias of a layer stand side by side, and so do their gradients and slots: one row updates both in one pass.
"""

from __future__ import annotations

from tui_nn.engine.layout import DAMPENING, LR, MOMENTUM, SLOT_1
from tui_nn.engine.lowlevel import LANES, helper, load, multiply_add, spread, store
from tui_nn.engine.ops.moves import is_measured, move_along, no_sums, param_and_grad, report_sums, slot, updates_done
from tui_nn.engine.registry import kernel


@kernel("sgd")
def sgd(row, ctl, setting, mem, data, hist):
    """param -= lr * grad."""
    param, grad = param_and_grad(row, ctl, mem)
    minus_lr = spread(param.dtype.type(-setting[LR]))
    measured, sums = is_measured(row, ctl), no_sums()
    for k in range(0, param.size, LANES):
        live = param.size - k
        sums = move_along(param, k, live, minus_lr, load(grad, k, live), measured, sums)
    report_sums(row, ctl, mem, hist, sums)


@helper
def share_of_gradient(ctl, setting):
    """1 - dampening; but the first gradient comes into the buffer whole, as in PyTorch."""
    return 1.0 if updates_done(ctl) == 0 else 1.0 - setting[DAMPENING]


@kernel("momentum")
def momentum(row, ctl, setting, mem, data, hist):
    """buffer = momentum * buffer + (1 - dampening) * grad; param -= lr * buffer.

    Source: Polyak (1964); the learning rate outside the buffer, as in PyTorch. Sutskever et al. (2013) have it inside:
    v = momentum * v - lr * grad, which is the same as long as lr stays what it is.
    """
    param, grad = param_and_grad(row, ctl, mem)
    buffer, real = slot(row, ctl, mem, SLOT_1), param.dtype.type
    minus_lr, keep = spread(real(-setting[LR])), spread(real(setting[MOMENTUM]))
    take = spread(real(share_of_gradient(ctl, setting)))
    measured, sums = is_measured(row, ctl), no_sums()
    for k in range(0, param.size, LANES):
        live = param.size - k
        b = multiply_add(keep, load(buffer, k, live), take * load(grad, k, live))
        store(buffer, k, live, b)
        sums = move_along(param, k, live, minus_lr, b, measured, sums)
    report_sums(row, ctl, mem, hist, sums)


@kernel("nesterov")
def nesterov(row, ctl, setting, mem, data, hist):
    """buffer = momentum * buffer + grad; param -= lr * (grad + momentum * buffer).

    Source: PyTorch's form of Nesterov (1983). Its parameters are the look-ahead point of Sutskever et al. (2013), where
    the gradient is taken; theirs, the point looked from, lie lr * momentum * buffer behind.
    """
    param, grad = param_and_grad(row, ctl, mem)
    buffer, real = slot(row, ctl, mem, SLOT_1), param.dtype.type
    minus_lr, keep = spread(real(-setting[LR])), spread(real(setting[MOMENTUM]))
    measured, sums = is_measured(row, ctl), no_sums()
    for k in range(0, param.size, LANES):
        live = param.size - k
        g = load(grad, k, live)
        b = multiply_add(keep, load(buffer, k, live), g)
        store(buffer, k, live, b)
        sums = move_along(param, k, live, minus_lr, multiply_add(keep, b, g), measured, sums)
    report_sums(row, ctl, mem, hist, sums)
