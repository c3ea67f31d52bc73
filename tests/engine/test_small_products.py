"""Products in registers: what NumPy gives, whatever is left over beside blocks of 4 rows and 16 columns."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest

from tests.engine.make import waves
from tui_nn.engine.lowlevel import IS_JIT, OPTIONS
from tui_nn.engine.small_products import FITS, gradient_product, product, sum_over_rows


def compiled(function: Any) -> Any:
    return numba.njit(**OPTIONS)(function) if IS_JIT else function


@compiled
def run_product(x: Any, weight: Any, base: Any, step: Any, out: Any) -> None:
    product(x, weight, base, step, out)


@compiled
def run_gradient(x: Any, delta: Any, grad: Any, sums: Any) -> None:
    gradient_product(x, delta, grad)
    sum_over_rows(delta, sums)


SIZES = [(1, 1, 1), (4, 3, 16), (5, 7, 20), (3, 2, 33), (16, 32, 128), (67, 5, 48), (130, 6, 41), (2, 200, 100)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("rows", "n_in", "n_out"), SIZES)
def test_products_are_those_of_numpy(rows, n_in, n_out, dtype):
    """A vector as the base of every row, a row of its own for each; and both gradients. The last size goes to BLAS."""
    x, weight = waves(rows, n_in).astype(dtype), waves(n_in, n_out, 1.0).astype(dtype)
    base, delta = waves(rows, n_out, 2.0).astype(dtype), waves(rows, n_out, 3.0).astype(dtype)
    close: Any = {"rtol": 0, "atol": 40 * max(rows, n_in) * np.finfo(dtype).eps}
    out = np.full((rows, n_out), np.nan, dtype)
    run_product(x, weight, base[0].copy(), 0, out)
    np.testing.assert_allclose(out, x.astype(float) @ weight + base[0], **close)
    run_product(x, weight, base.reshape(-1), n_out, out)
    np.testing.assert_allclose(out, x.astype(float) @ weight + base, **close)
    grad, sums = np.full((n_in, n_out), np.nan, dtype), np.full(n_out, np.nan, dtype)
    run_gradient(x, delta, grad, sums)
    np.testing.assert_allclose(grad, x.T.astype(float) @ delta, **close)
    np.testing.assert_allclose(sums, delta.sum(axis=0, dtype=float), **close)
    assert (n_in * n_out > FITS) == ((rows, n_in, n_out) == SIZES[-1])


def test_a_sample_has_the_same_bits_in_any_batch():
    x, weight, base = (waves(*size).astype(np.float32) for size in ((23, 9), (9, 37), (1, 37)))
    whole, alone = np.empty((23, 37), np.float32), np.empty((1, 37), np.float32)
    run_product(x, weight, base[0], 0, whole)
    for k in range(23):
        run_product(x[k : k + 1].copy(), weight, base[0], 0, alone)
        np.testing.assert_array_equal(alone[0], whole[k])
