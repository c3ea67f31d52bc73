"""What each unit of a layer did on the batch, when it last fired, and what a batch norm took from the batch and remembers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tui_nn.engine.layout import SETTING
from tui_nn.engine.parts.activations import SATURATED

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame, LayerFrame

SLOPES: dict[str, tuple[Callable[[np.ndarray], np.ndarray], float]] = {
    "sigmoid": (lambda a: a * (1 - a), 0.25),
    "tanh": (lambda a: 1 - a * a, 1.0),
}


@dataclass(frozen=True)
class UnitStatistics:
    """All (units,). Over the live samples of the batch: mean, std (biased), low, high, and fires, the share of outputs above 0.

    is_flat:    saturated on this batch; None where the activation function has no flat ends.
    last_fired: iteration of the last output above 0, -1 never; None where it is not kept. It is what the metric `dead` counts from,
                so silent_for and is_dead tell of the run, not of this batch alone.
    silent_for: iterations since, 0 if it fired in the newest. is_dead: a whole pass over the training part without.
    """

    mean: np.ndarray
    std: np.ndarray
    low: np.ndarray
    high: np.ndarray
    fires: np.ndarray
    is_flat: np.ndarray | None = None
    last_fired: np.ndarray | None = None
    silent_for: np.ndarray | None = None
    is_dead: np.ndarray | None = None


def unit_statistics(frame: Frame, layer: LayerFrame) -> UnitStatistics:
    """Of a layer that has been computed; of a channel over samples and places. NaN stays NaN and is not above 0."""
    a = layer.at_positions(layer.activation).astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        mean, std, low, high = a.mean(axis=0), a.std(axis=0), a.min(axis=0), a.max(axis=0)
        flat = None
        if layer.kind in SLOPES:
            slope, at_zero = SLOPES[layer.kind]
            flat = slope(a).mean(axis=0) < SATURATED * at_zero
    fires = (a > 0).mean(axis=0)
    kept = layer.buffers.get("last_fired")
    if kept is None:
        return UnitStatistics(mean, std, low, high, fires, flat)
    last = kept.astype(np.int64)
    newest = frame.iteration if layer.is_forward_fresh else frame.iteration - 1  # the last that computed this layer
    silent = newest - last
    is_dead = (silent >= frame.program.epochs.pass_length(frame.iteration)) & (newest >= 0)
    return UnitStatistics(mean, std, low, high, fires, flat, last, silent, is_dead)


@dataclass(frozen=True)
class NormStatistics:
    """A batch norm's, all (units,): of its input over the batch, mean and var (unbiased, as the running one is); what it
    remembers of them for evaluation; and the weight (γ) and bias (β) that it applies afterwards.

    x: its input, (rows, units) float64. biased_var: over n, which normalises this batch. momentum: the share of each new
    batch in what is remembered.
    """

    mean: np.ndarray
    var: np.ndarray
    running_mean: np.ndarray
    running_var: np.ndarray
    weight: np.ndarray
    bias: np.ndarray
    x: np.ndarray
    biased_var: np.ndarray
    momentum: float
    eps: float


def norm_statistics(frame: Frame, layer: LayerFrame) -> NormStatistics | None:
    """None if the layer is no batch norm, or was not computed together with the layer before it."""
    if "running_mean" not in layer.buffers or not len(layer.activation):
        return None
    at = [each.name for each in frame.layers].index(layer.name)
    before = frame.layers[at - 1] if at else None
    x, is_new = (before.activation, before.is_forward_fresh) if before is not None else (frame.inputs, frame.op > 0)
    is_alike = len(x) == len(layer.activation) and is_new == layer.is_forward_fresh
    x = layer.at_positions(x)
    if not is_alike or len(x) < 2:
        return None
    x = x.astype(np.float64)
    parts = {parameter.role: parameter.value for parameter in layer.parameters}
    ones = np.ones(layer.units)
    with np.errstate(invalid="ignore", over="ignore"):
        mean, var, biased = x.mean(axis=0), x.var(axis=0, ddof=1), x.var(axis=0)
    running = layer.buffers["running_mean"], layer.buffers["running_var"]
    weight, bias = parts.get("weight", ones), parts.get("bias", 0.0 * ones)
    program = frame.program
    own = program.table[program.layers[at].forward_op, SETTING]
    momentum, eps = program.setting[own : own + 2].tolist()
    return NormStatistics(mean, var, *running, weight, bias, x, biased, momentum, eps)
