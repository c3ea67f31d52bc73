"""What is known of each part besides its kernels: formulas for the listing, slots, and the effective step in NumPy.

No Numba here: a program can be compiled and shown before the machine is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tui_nn.engine.layout import BETA1, BETA2, CORRECTIONS, EPS, LR, MOMENTUM, N_SETTINGS


@dataclass(frozen=True)
class Activation:
    forward: str
    backward: str


@dataclass(frozen=True)
class Loss:
    formula: str
    gradient: str


@dataclass(frozen=True)
class Optimizer:
    """`effective_step(grad, slots, settings, t)` is what update number t (from 1) subtracted from the parameter."""

    slots: tuple[str, ...]
    formula: str
    effective_step: Callable[[np.ndarray, Mapping[str, np.ndarray], Mapping[str, float], int], np.ndarray]


ACTIVATIONS = {
    "sigmoid": Activation("a = 1 / (1 + e^-z)", "δz = δa · a(1 - a)"),
    "tanh": Activation("a = tanh z", "δz = δa · (1 - a²)"),
    "relu": Activation("a = max(z, 0)", "δz = δa where z > 0"),
    "softmax": Activation("a = e^z / Σ e^z", "δz = a (δa - Σ a δa)"),
}

LOSSES = {
    "mse": Loss("mean (out - y)²", "δ = 2 (out - y) / n"),
    "binary_cross_entropy": Loss("mean log(1 + e^z) - z y", "δ = (sigmoid z - y) / n"),
    "categorical_cross_entropy": Loss("mean -Σ y log softmax z", "δ = (softmax z - y) / n"),
    "sparse_categorical_cross_entropy": Loss("mean -log softmax(z)[y]", "δ = (softmax z - onehot y) / n"),
}


def _sgd_step(grad, slots, settings, t):
    return settings["lr"] * grad


def _momentum_step(grad, slots, settings, t):
    return settings["lr"] * slots["momentum_buffer"]


def _adam_step(grad, slots, settings, t):
    m_hat = slots["exp_avg"] / (1.0 - settings["beta1"] ** t)
    v_hat = slots["exp_avg_sq"] / (1.0 - settings["beta2"] ** t)
    return settings["lr"] * m_hat / (np.sqrt(v_hat) + settings["eps"])


OPTIMIZERS = {
    "sgd": Optimizer((), "θ -= lr · g", _sgd_step),
    "momentum": Optimizer(("momentum_buffer",), "b = μ b + g;  θ -= lr · b", _momentum_step),
    "adam": Optimizer(("exp_avg", "exp_avg_sq"), "m, v moving means of g, g²;  θ -= lr · m̂ / (√v̂ + ε)", _adam_step),
}


def settings_array(settings: Mapping[str, float]) -> np.ndarray:
    """The settings as the machine reads them, with the bias-correction table behind.

    The table ends where both corrections have rounded to 1 (t = 37,407 for beta2 = 0.999), at most at 65,536.
    """
    head = np.zeros(N_SETTINGS)
    for name, place in (("lr", LR), ("momentum", MOMENTUM), ("beta1", BETA1), ("beta2", BETA2), ("eps", EPS)):
        head[place] = settings.get(name, 0.0)
    if "beta1" not in settings:
        return head
    t = np.arange(65_536)
    with np.errstate(under="ignore"):
        table = np.stack([1.0 - settings["beta1"] ** t, 1.0 - settings["beta2"] ** t], axis=1)
    settled = np.flatnonzero((table == 1.0).all(axis=1))
    table = table[: settled[0] + 1] if settled.size else table
    head[CORRECTIONS] = len(table)
    return np.concatenate([head, table.reshape(-1)])
