"""What cannot be saved: an iteration's matrix products alone, by BLAS on one core, and one pass of Adam. float32.

Called from compiled code, as the machine calls them. For networks whose products are smaller than a call of BLAS the
floor is loose, and the machine's own loops run below it.
"""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np
import scipy.linalg  # noqa: F401  (its BLAS is the one Numba calls: load it before the limit is set)
from numba.typed.typedlist import List
from threadpoolctl import threadpool_limits

from tui_nn.bench.arithmetic import products

if TYPE_CHECKING:
    from tui_nn.bench.peers.worker import Run, Task

threadpool_limits(1)
REAL = np.float32
BETA1, BETA2, LR, EPS = REAL(0.9), REAL(0.999), REAL(1e-3), REAL(1e-8)
C1, C2 = REAL(0.1), REAL(0.001)
PLAIN, LEFT_TRANSPOSED, RIGHT_TRANSPOSED = range(3)


class Operands(NamedTuple):
    """left @ right goes to out, all C-contiguous; `kind` says which of them is to be read transposed."""

    kind: int
    left: np.ndarray
    right: np.ndarray
    out: np.ndarray


def about() -> dict[str, str]:
    return {}


def variants(task: Task) -> dict[str, Run]:
    if any(layer["type"] != "dense" for layer in task.layers):
        return {}  # its products would need copies that count as well
    widths = [*task.form, *(layer["units"] for layer in task.layers)]
    rows = operands(widths, task.batch)
    kinds = np.array([row.kind for row in rows], np.int64)
    arrays = List([array for row in rows for array in row[1:]])
    n = sum(n_in * n_out + n_out for n_in, n_out in pairwise(widths))
    state = [np.full(n, 1e-3, REAL) for _ in range(4)]

    def run(n: int) -> tuple[float, int]:
        start = time.perf_counter()
        loop(n, kinds, arrays, *state)
        return time.perf_counter() - start, n

    return {"floor": run}


def operands(widths: list[int], batch: int) -> list[Operands]:
    """The arrays of every product of an iteration. No result is another's input, so that numbers stay of one size."""
    generator = np.random.default_rng(0)

    def normal(*shape: int) -> np.ndarray:
        return generator.normal(size=shape).astype(REAL)

    values, deltas = ([normal(batch, width) for width in widths] for _ in range(2))
    weights = [normal(n_in, n_out) for n_in, n_out in pairwise(widths)]
    result = []
    for product in products(widths, batch):
        k, out = product.layer, np.empty((product.m, product.n), REAL)
        if product.role == "forward":
            result.append(Operands(PLAIN, values[k], weights[k], out))
        elif product.role == "weight gradient":
            result.append(Operands(LEFT_TRANSPOSED, values[k], deltas[k + 1], out))
        else:
            result.append(Operands(RIGHT_TRANSPOSED, deltas[k + 1], weights[k], out))
    return result


_jit: Any = numba.njit(error_model="numpy", fastmath={"contract"}, nogil=True)


@_jit
def loop(n, kinds, arrays, param, grad, exp_avg, exp_avg_sq):
    for _ in range(n):
        for k in range(kinds.size):
            left, right, out = arrays[3 * k], arrays[3 * k + 1], arrays[3 * k + 2]
            if kinds[k] == PLAIN:
                np.dot(left, right, out)
            elif kinds[k] == LEFT_TRANSPOSED:
                np.dot(left.T, right, out)
            else:
                np.dot(left, right.T, out)
        for i in range(param.size):
            exp_avg[i] = BETA1 * exp_avg[i] + C1 * grad[i]
            exp_avg_sq[i] = BETA2 * exp_avg_sq[i] + C2 * grad[i] * grad[i]
            param[i] -= LR * exp_avg[i] / (np.sqrt(exp_avg_sq[i]) + EPS)
