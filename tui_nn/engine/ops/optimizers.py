"""Optimizers: move one layer's parameters against their gradients, in place.

Weight and bias of a layer stand side by side, and so do their gradients and slots: one row updates both in one pass.
"""

from __future__ import annotations

import math

from tui_nn.engine.layout import COUNT, GRAD_WEIGHT, HIST_ROW, LR, MOMENTUM, PROBE, SLOT_1, WEIGHT
from tui_nn.engine.lowlevel import view1
from tui_nn.engine.ops.moves import report
from tui_nn.engine.ops.probes import sum_of_squares
from tui_nn.engine.registry import kernel


@kernel("sgd")
def sgd(row, ctl, setting, mem, data, hist):
    """param -= lr * grad."""
    n = ctl[row + COUNT]
    param, grad = view1(mem, ctl[row + WEIGHT], n), view1(mem, ctl[row + GRAD_WEIGHT], n)
    lr = param.dtype.type(setting[LR])
    before = sum_of_squares(param)
    for i in range(n):
        param[i] -= lr * grad[i]
    moved = setting[LR] * setting[LR] * sum_of_squares(grad)
    report(row, ctl, hist, moved, before)
    hist[ctl[HIST_ROW] + ctl[row + PROBE]] = math.sqrt(sum_of_squares(param))


@kernel("momentum")
def momentum(row, ctl, setting, mem, data, hist):
    """buffer = momentum * buffer + grad; param -= lr * buffer.

    Source: Polyak (1964); the learning rate outside the buffer, no dampening, as in PyTorch.
    """
    n = ctl[row + COUNT]
    param, grad = view1(mem, ctl[row + WEIGHT], n), view1(mem, ctl[row + GRAD_WEIGHT], n)
    buffer = view1(mem, ctl[row + SLOT_1], n)
    real = param.dtype.type
    lr, keep = real(setting[LR]), real(setting[MOMENTUM])
    before = sum_of_squares(param)
    for i in range(n):
        buffer[i] = keep * buffer[i] + grad[i]
        param[i] -= lr * buffer[i]
    moved = setting[LR] * setting[LR] * sum_of_squares(buffer)
    report(row, ctl, hist, moved, before)
    hist[ctl[HIST_ROW] + ctl[row + PROBE]] = math.sqrt(sum_of_squares(param))
