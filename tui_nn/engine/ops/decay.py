"""Weight decay, a row of its own before the update: through the gradient, or of the parameters themselves.

Both take weights and biases alike, as PyTorch does when it is given all parameters in one group.
"""

from __future__ import annotations

from tui_nn.engine.layout import COUNT, GRAD_WEIGHT, LR, SETTING, WEIGHT
from tui_nn.engine.lowlevel import view1
from tui_nn.engine.registry import kernel


@kernel("couple_decay")
def couple_decay(row, ctl, setting, mem, data, hist):
    """grad += weight_decay * param: the gradient of weight_decay / 2 * Σ param², as if the loss had it."""
    n = ctl[row + COUNT]
    param, grad = view1(mem, ctl[row + WEIGHT], n), view1(mem, ctl[row + GRAD_WEIGHT], n)
    pull = param.dtype.type(setting[ctl[row + SETTING]])
    for i in range(n):
        grad[i] += pull * param[i]


@kernel("decouple_decay")
def decouple_decay(row, ctl, setting, mem, data, hist):
    """param *= 1 - lr * weight_decay: no stride of the optimizer's takes part. Source: Loshchilov & Hutter (2019)."""
    param = view1(mem, ctl[row + WEIGHT], ctl[row + COUNT])
    keep = param.dtype.type(1.0 - setting[LR] * setting[ctl[row + SETTING]])
    for i in range(param.size):
        param[i] *= keep
