"""Optimizers in plain NumPy, straight from their formulas: what the presets' runs are compared with."""

from collections.abc import Callable

import numpy as np

Update = Callable[[np.ndarray], np.ndarray]  # the gradient of one update -> what is taken from the weights


def sgd(lr: float) -> Update:
    return lambda g: lr * g


def momentum(lr: float, share: float = 0.9) -> Update:
    buffer = np.zeros(1)

    def update(g: np.ndarray) -> np.ndarray:
        nonlocal buffer
        buffer = share * buffer + g
        return lr * buffer

    return update


def adagrad(lr: float, eps: float = 1e-10) -> Update:
    squares = np.zeros(1)

    def update(g: np.ndarray) -> np.ndarray:
        nonlocal squares
        squares = squares + g**2
        return lr * g / (np.sqrt(squares) + eps)

    return update


def rmsprop(lr: float, rho: float = 0.9, eps: float = 1e-8) -> Update:
    mean = np.zeros(1)

    def update(g: np.ndarray) -> np.ndarray:
        nonlocal mean
        mean = rho * mean + (1 - rho) * g**2
        return lr * g / (np.sqrt(mean) + eps)

    return update


def adam(lr: float, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8) -> Update:
    m, v, t = np.zeros(1), np.zeros(1), 0

    def update(g: np.ndarray) -> np.ndarray:
        nonlocal m, v, t
        m, v, t = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2, t + 1
        return lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps)

    return update


def walk(update: Update, gradient: Callable[[np.ndarray], np.ndarray], start: np.ndarray, n: int) -> np.ndarray:
    """(n + 1, ...) the weights before the first of n updates and after each."""
    places = [np.array(start, dtype=np.float64)]
    for _ in range(n):
        places.append(places[-1] - update(gradient(places[-1])))
    return np.array(places)
