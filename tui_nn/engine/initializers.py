"""Initial weights and biases: a function of (spec, shape, seed, layer) alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tui_nn.scenario.spec.init import Initialized

INIT_PURPOSE = 16  # Philox key beside the seed; data and split use others
CONSTANT = {"zeros": 0.0, "ones": 1.0}
CUT = 2.0  # standard deviations


def initial_weight(
    spec: Initialized, shape: tuple[int, ...], fan: tuple[int, int], seed: int, layer: int, stream: int = 0
) -> np.ndarray:
    """The starting weight of a layer; `layer` is its number among those of its kind, from 0, and `stream` the kind's.

    Shapes: `shape` is (out, in) or (out, in, *window), and so is the result, float64. fan is how many inputs each output
            sums up, and how many outputs each input goes to; of a matrix its own sizes, of a convolution both times the
            places of its window. "orthogonal" and "identity" take the weights of one output as a row.
    Units:  init_std is a standard deviation; of "truncated_normal" that of the normal before the cut, as in Keras and
            JAX (PyTorch's trunc_normal_ takes its bounds apart, so it has no such choice). What is left has 0.8796 of it.
    Errors: KeyError for an unknown init, ValueError for given values of another shape; scenarios are checked when
            they load.
    Source: LeCun et al. (1998), eq. 16; Xavier: Glorot & Bengio (2010), eq. 16; He: He et al. (2015), eq. 10, fan-in;
            orthogonal: Saxe et al. (2014).
    """
    fan_in, fan_out = fan
    rows = (shape[0], math.prod(shape[1:]))
    if spec.init in CONSTANT:
        return np.full(shape, CONSTANT[spec.init])
    if spec.init == "constant":
        return np.full(shape, spec.init_value)
    if spec.init == "identity":
        return (spec.gain * np.eye(*rows)).reshape(shape)
    if spec.init == "values":
        return np.array(spec.weights, np.float64).reshape(shape)
    generator = np.random.Generator(np.random.Philox(key=[seed, INIT_PURPOSE], counter=[0, 0, layer, stream]))
    if spec.init == "normal":
        return generator.normal(0.0, spec.init_std, shape)
    if spec.init == "truncated_normal":
        return spec.init_std * _truncated_normal(generator, shape)
    if spec.init == "uniform":
        return generator.uniform(spec.init_low, spec.init_high, shape)
    if spec.init == "orthogonal":
        return (spec.gain * _orthogonal(generator, rows)).reshape(shape)
    variance = {"lecun": 1.0 / fan_in, "xavier": 2.0 / (fan_in + fan_out), "he": 2.0 / fan_in}
    family, distribution = spec.init.split("_")
    if distribution == "normal":
        return generator.normal(0.0, spec.gain * math.sqrt(variance[family]), shape)
    bound = spec.gain * math.sqrt(3.0 * variance[family])  # a uniform on [-b, b] has variance b**2 / 3
    return generator.uniform(-bound, bound, shape)


def initial_bias(spec: Initialized, units: int) -> np.ndarray:
    """The starting bias of a layer: bias_init everywhere, or the given `biases`. (units,), float64."""
    if spec.biases is None:
        return np.full(units, spec.bias_init)
    return np.array(spec.biases, np.float64).reshape(units)


def _truncated_normal(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal numbers; those beyond 2 are drawn again until none is. Nothing piles up at the cut."""
    drawn = generator.standard_normal(shape)
    while n_beyond := np.count_nonzero(beyond := np.abs(drawn) > CUT):
        drawn[beyond] = generator.standard_normal(n_beyond)
    return drawn


def _orthogonal(generator: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Orthonormal rows, or columns if there are more rows than columns; every such matrix is as likely as any other.

    This is the Q of a QR decomposition with a positive diagonal of R, the sign that makes Q uniform (Mezzadri 2007).
    Gram-Schmidt gives that sign by itself; done twice, it is orthogonal to round-off (Giraud et al. 2005). LAPACK's QR
    is 5 times faster at 1,000 x 1,000 (0.1 s), but its last bits change with the number of its threads, and with them
    the whole run. So no BLAS here: einsum sums in one order.
    """
    n_out, n_in = shape
    rows = generator.standard_normal((min(shape), max(shape)))
    for k, row in enumerate(rows):
        done = rows[:k]
        for _ in range(2):
            row -= np.einsum("k,kj->j", np.einsum("kj,j->k", done, row), done)
        row /= math.sqrt(np.einsum("j,j->", row, row))
    return rows if n_out <= n_in else np.ascontiguousarray(rows.T)
