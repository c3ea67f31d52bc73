"""Initial weights: a function of (seed, layer) alone."""

from __future__ import annotations

import math

import numpy as np

INIT_PURPOSE = 16  # Philox key beside the seed; data and split use others


def initial_weight(
    init: str, n_in: int, n_out: int, seed: int, layer: int, std: float = 0.05, value: float = 0.0
) -> np.ndarray:
    """The starting weight of a dense layer.

    Shapes: the result is (n_out, n_in), float64.
    Units:  std is the standard deviation of "normal"; value is what "constant" fills in.
    Errors: KeyError for an unknown init; scenarios are checked when they load.
    Source: Xavier: Glorot & Bengio (2010), eq. 16; He: He et al. (2015), eq. 10, fan-in.
    """
    shape = (n_out, n_in)
    if init in CONSTANT:
        return np.full(shape, value if init == "constant" else CONSTANT[init])
    generator = np.random.Generator(np.random.Philox(key=[seed, INIT_PURPOSE], counter=[0, 0, layer, 0]))
    if init == "normal":
        return generator.normal(0.0, std, shape)
    variance = {"xavier": 2.0 / (n_in + n_out), "he": 2.0 / n_in}
    family, distribution = init.split("_")
    if distribution == "normal":
        return generator.normal(0.0, math.sqrt(variance[family]), shape)
    bound = math.sqrt(3.0 * variance[family])  # a uniform on [-b, b] has variance b**2 / 3
    return generator.uniform(-bound, bound, shape)


CONSTANT = {"zeros": 0.0, "ones": 1.0, "constant": None}
