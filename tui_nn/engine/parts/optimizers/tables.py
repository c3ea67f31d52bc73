"""Tables by the number of the update: powers and products that would cost time, and lose their last bits, in a kernel.

A running product restarted at a checkpoint differs from one that ran through; a table does not. Each ends where its
values have settled, at most at ROWS; past the end the kernel computes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from tui_nn.engine import layout as at

ROWS = 65_536
NADAM_BASE = 0.96

# Muon's own momentum and eps beside those of the Adam that moves its vectors.
MUON_PLACES = {
    "lr": at.LR,
    "momentum": at.MOMENTUM,
    "nesterov": at.NESTEROV,
    "ns_steps": at.NS_STEPS,
    "eps": at.NS_EPS,
    "match_rms_adamw": at.MATCH_RMS,
    "adam_lr": at.VECTOR_LR,
    "adam_beta1": at.BETA1,
    "adam_beta2": at.BETA2,
    "adam_eps": at.EPS,
}


def no_table(settings: Mapping[str, float]) -> np.ndarray:
    return np.zeros((0, 0))


def _powers(settings: Mapping[str, float], t: np.ndarray) -> np.ndarray:
    """(len(t), 2): 1 - beta1**t and 1 - beta2**t; of Muon, those of its Adam."""
    betas = [settings.get(f"adam_{name}", settings.get(name, 0.0)) for name in ("beta1", "beta2")]
    with np.errstate(under="ignore"):
        return np.stack([1.0 - beta**t for beta in betas], axis=1)


def _until_settled(table: np.ndarray) -> np.ndarray:
    """Without the rows behind the first from which nothing changes."""
    changes = np.flatnonzero((table[1:] != table[:-1]).any(axis=1))
    return table[: changes[-1] + 2] if changes.size else table[:1]


def adam(settings: Mapping[str, float]) -> np.ndarray:
    """1 - beta1**t and 1 - beta2**t. Both have rounded to 1 at t = 37,407 for beta2 = 0.999."""
    return _until_settled(_powers(settings, np.arange(ROWS)))


def radam(settings: Mapping[str, float]) -> np.ndarray:
    """1 - beta1**t, 1 - beta2**t, and the rectification r of Liu et al. (2020); 0 while v must not be used."""
    t = np.arange(ROWS)
    powers = _powers(settings, t)
    return _until_settled(np.column_stack([powers, rectification(t, powers[:, 1], settings["beta2"])]))


def rectification(t: np.ndarray, correction2: np.ndarray, beta2: float) -> np.ndarray:
    """r for each t, with correction2 = 1 - beta2**t; 0 where the length rho of the mean is 5 or less, as in PyTorch."""
    longest = 2.0 / (1.0 - beta2) - 1.0
    with np.errstate(all="ignore"):
        rho = longest - 2.0 * t * (1.0 - correction2) / correction2
        squares = (rho - 4.0) * (rho - 2.0) * longest / ((longest - 4.0) * (longest - 2.0) * rho)
        return np.where(rho > 5.0, np.sqrt(squares), 0.0)


def nadam(settings: Mapping[str, float]) -> np.ndarray:
    """Share of the gradient, share of m, and 1 - beta2**t, for mu_t = beta1 (1 - 0.5 * 0.96 ** (t * momentum_decay)):

    (1 - mu_t) / (1 - mu_1 ... mu_t) and mu_t+1 / (1 - mu_1 ... mu_t+1), as in PyTorch.
    """
    return _nadam(settings["beta1"], settings["beta2"], settings["momentum_decay"])


@lru_cache(maxsize=4)
def _nadam(beta1: float, beta2: float, momentum_decay: float) -> np.ndarray:
    t = np.arange(ROWS + 1)
    with np.errstate(under="ignore"):
        mu = beta1 * (1.0 - 0.5 * NADAM_BASE ** (t * momentum_decay))
        mu[0] = 1.0  # there is no update 0
        products = np.cumprod(mu)
        correction2 = 1.0 - beta2 ** t[:-1]
    with np.errstate(all="ignore"):
        of_grad, of_mean = (1.0 - mu) / (1.0 - products), mu / (1.0 - products)
    table = np.column_stack([of_grad[:-1], of_mean[1:], correction2])
    table[0] = 0.0
    return _until_settled(table)


def nadam_row(settings: Mapping[str, float], t: int) -> tuple[float, float, float]:
    """The row of the table for update t, also past its end."""
    table = nadam(settings)
    if t < len(table):
        return tuple(table[t].tolist())
    beta1, rate = settings["beta1"], settings["momentum_decay"] * math.log(NADAM_BASE)
    return *(nadam_shares(beta1, rate, t)), 1.0 - settings["beta2"] ** t


def nadam_shares(beta1: float, rate: float, t: int) -> tuple[float, float]:
    """Shares of gradient and m without a product of t factors, with mu_k = beta1 (1 - e^(rate k) / 2).

    log of (1 - r/2)(1 - r²/2) ... (1 - r^t/2) is -Σ r^j (1 - r^jt) / (1 - r^j) / (j 2^j), r = e^rate: 60 terms, each at
    most half of the one before it.
    """
    mu, mu_next = beta1 * (1.0 - 0.5 * math.exp(rate * t)), beta1 * (1.0 - 0.5 * math.exp(rate * (t + 1)))
    log = 0.0
    for j in range(60, 0, -1):
        powers = t if rate == 0.0 else math.exp(rate * j) * math.expm1(rate * j * t) / math.expm1(rate * j)
        log -= powers * 0.5**j / j
    product = beta1**t * math.exp(log)
    return (1.0 - mu) / (1.0 - product), mu_next / (1.0 - product * mu_next)
