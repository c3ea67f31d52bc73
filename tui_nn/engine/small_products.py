"""Products of small matrices that stay in registers, for a layer that multiplies once a time step.

At 16 x 32 times 32 x 128 (a step of an lstm with 32 units) BLAS takes 2.2 us and these 1.3, which is what the processor's
multiplications take. A sum runs along its terms one by one, whatever the number of rows: the same sample has the
same bits in a batch of any size. Where the matrix no longer fits the fastest cache, BLAS is called.
"""

from __future__ import annotations

import numpy as np

from tui_nn.engine.lowlevel import LANES, helper, load, multiply_add, spread, store

FITS = 16_384  # numbers of a matrix up to which the loops below are done sooner
TWO = 2 * LANES
CHUNK = 64  # rows whose outer products are added up before the next columns are looked at: they stay in the cache


@helper
def product(x, weight, base, base_step, out):
    """out = base + x @ weight, by the loops below or by BLAS. `base` as in add_product."""
    if weight.size <= FITS:
        add_product(x, weight, base, base_step, out)
        return
    np.dot(x, weight, out)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] += base[i * base_step + j]


@helper
def gradient_product(x, delta, grad):
    """grad = x.T @ delta, by the loops below or by BLAS."""
    if grad.size <= FITS:
        outer_products(x, delta, grad)
    else:
        np.dot(x.T, delta, grad)


@helper
def add_product(x, weight, base, base_step, out):
    """out = base + x @ weight. Shapes: x (rows, n_in), weight (n_in, n_out), out (rows, n_out).

    `base` is flat: row i of it stands at i * base_step, so that a step of 0 adds one vector to every row. It is not `out`.
    """
    rows, n_in = x.shape
    n_out = weight.shape[1]
    j = 0
    while j + TWO <= n_out:
        i = 0
        while i + 4 <= rows:
            at = i * base_step + j
            a0, a1 = load(base, at, LANES), load(base, at + LANES, LANES)
            b0, b1 = load(base, at + base_step, LANES), load(base, at + base_step + LANES, LANES)
            at += 2 * base_step
            c0, c1 = load(base, at, LANES), load(base, at + LANES, LANES)
            d0, d1 = load(base, at + base_step, LANES), load(base, at + base_step + LANES, LANES)
            for p in range(n_in):
                w0, w1 = load(weight, p * n_out + j, LANES), load(weight, p * n_out + j + LANES, LANES)
                a, b, c, d = spread(x[i, p]), spread(x[i + 1, p]), spread(x[i + 2, p]), spread(x[i + 3, p])
                a0, a1 = multiply_add(a, w0, a0), multiply_add(a, w1, a1)
                b0, b1 = multiply_add(b, w0, b0), multiply_add(b, w1, b1)
                c0, c1 = multiply_add(c, w0, c0), multiply_add(c, w1, c1)
                d0, d1 = multiply_add(d, w0, d0), multiply_add(d, w1, d1)
            at = i * n_out + j
            store(out, at, LANES, a0)
            store(out, at + LANES, LANES, a1)
            at += n_out
            store(out, at, LANES, b0)
            store(out, at + LANES, LANES, b1)
            at += n_out
            store(out, at, LANES, c0)
            store(out, at + LANES, LANES, c1)
            at += n_out
            store(out, at, LANES, d0)
            store(out, at + LANES, LANES, d1)
            i += 4
        while i < rows:
            at = i * base_step + j
            a0, a1 = load(base, at, LANES), load(base, at + LANES, LANES)
            for p in range(n_in):
                a = spread(x[i, p])
                a0 = multiply_add(a, load(weight, p * n_out + j, LANES), a0)
                a1 = multiply_add(a, load(weight, p * n_out + j + LANES, LANES), a1)
            store(out, i * n_out + j, LANES, a0)
            store(out, i * n_out + j + LANES, LANES, a1)
            i += 1
        j += TWO
    while j < n_out:
        live = n_out - j
        for i in range(rows):
            a0 = load(base, i * base_step + j, live)
            for p in range(n_in):
                a0 = multiply_add(spread(x[i, p]), load(weight, p * n_out + j, live), a0)
            store(out, i * n_out + j, live, a0)
        j += LANES


@helper
def outer_products(x, delta, grad):
    """grad = x.T @ delta, the sum over the rows of x and delta. Shapes: x (n, n_in), delta (n, n_out), grad (n_in, n_out)."""
    n, n_in = x.shape
    n_out = delta.shape[1]
    zero = spread(grad.dtype.type(0))
    for start in range(0, n, CHUNK):
        end = min(start + CHUNK, n)
        j = 0
        while j + TWO <= n_out:
            p = 0
            while p + 4 <= n_in:
                at = p * n_out + j
                if start == 0:
                    a0 = a1 = b0 = b1 = c0 = c1 = d0 = d1 = zero
                else:
                    a0, a1 = load(grad, at, LANES), load(grad, at + LANES, LANES)
                    b0, b1 = load(grad, at + n_out, LANES), load(grad, at + n_out + LANES, LANES)
                    c0, c1 = load(grad, at + 2 * n_out, LANES), load(grad, at + 2 * n_out + LANES, LANES)
                    d0, d1 = load(grad, at + 3 * n_out, LANES), load(grad, at + 3 * n_out + LANES, LANES)
                for i in range(start, end):
                    w0, w1 = load(delta, i * n_out + j, LANES), load(delta, i * n_out + j + LANES, LANES)
                    a, b, c, d = spread(x[i, p]), spread(x[i, p + 1]), spread(x[i, p + 2]), spread(x[i, p + 3])
                    a0, a1 = multiply_add(a, w0, a0), multiply_add(a, w1, a1)
                    b0, b1 = multiply_add(b, w0, b0), multiply_add(b, w1, b1)
                    c0, c1 = multiply_add(c, w0, c0), multiply_add(c, w1, c1)
                    d0, d1 = multiply_add(d, w0, d0), multiply_add(d, w1, d1)
                store(grad, at, LANES, a0)
                store(grad, at + LANES, LANES, a1)
                store(grad, at + n_out, LANES, b0)
                store(grad, at + n_out + LANES, LANES, b1)
                store(grad, at + 2 * n_out, LANES, c0)
                store(grad, at + 2 * n_out + LANES, LANES, c1)
                store(grad, at + 3 * n_out, LANES, d0)
                store(grad, at + 3 * n_out + LANES, LANES, d1)
                p += 4
            while p < n_in:
                at = p * n_out + j
                a0, a1 = (zero, zero) if start == 0 else (load(grad, at, LANES), load(grad, at + LANES, LANES))
                for i in range(start, end):
                    a = spread(x[i, p])
                    a0 = multiply_add(a, load(delta, i * n_out + j, LANES), a0)
                    a1 = multiply_add(a, load(delta, i * n_out + j + LANES, LANES), a1)
                store(grad, at, LANES, a0)
                store(grad, at + LANES, LANES, a1)
                p += 1
            j += TWO
        while j < n_out:
            live = n_out - j
            for p in range(n_in):
                a0 = zero if start == 0 else load(grad, p * n_out + j, live)
                for i in range(start, end):
                    a0 = multiply_add(spread(x[i, p]), load(delta, i * n_out + j, live), a0)
                store(grad, p * n_out + j, live, a0)
            j += LANES


@helper
def sum_over_rows(delta, grad):
    """grad = the sum of delta's rows, four blocks of columns at a time: one alone would wait for its own last addition."""
    rows, n_out = delta.shape
    zero = spread(grad.dtype.type(0))
    j = 0
    while j + 4 * LANES <= n_out:
        a = b = c = d = zero
        for i in range(rows):
            at = i * n_out + j
            a, b = a + load(delta, at, LANES), b + load(delta, at + LANES, LANES)
            c, d = c + load(delta, at + 2 * LANES, LANES), d + load(delta, at + 3 * LANES, LANES)
        store(grad, j, LANES, a)
        store(grad, j + LANES, LANES, b)
        store(grad, j + 2 * LANES, LANES, c)
        store(grad, j + 3 * LANES, LANES, d)
        j += 4 * LANES
    while j < n_out:
        a = zero
        for i in range(rows):
            a = a + load(delta, i * n_out + j, n_out - j)
        store(grad, j, n_out - j, a)
        j += LANES
