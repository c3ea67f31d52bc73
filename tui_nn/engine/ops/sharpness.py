"""Sharpness: the largest eigenvalue of the loss's Hessian, from gradients of the network a little to each side.

The row calls the network's forward, loss and backward rows on memory of their own. It only ever describes: nothing
that training reads is written.
"""

from __future__ import annotations

import math

import numpy as np

from tui_nn.engine.double import doubles
from tui_nn.engine.layout import (
    COUNT,
    GRAD_WEIGHT,
    HIST_ROW,
    IN,
    IN_2,
    N_IN,
    N_OUT,
    OUT,
    PROBE,
    ROWS_AT,
    SCRATCH,
    SEED,
    SETTING,
    SLOT_1,
    WEIGHT,
)
from tui_nn.engine.lowlevel import LANES, call_rows, helper, load, multiply_add, spread, stack_array, total, view1
from tui_nn.engine.ops.load import mix
from tui_nn.engine.ops.probes import norm, sum_of_squares
from tui_nn.engine.registry import kernel
from tui_nn.engine.vecmath import exp, expm1

FACTOR, DISTANCE, NEGLIGIBLE, N_TENSORS, TENSORS = range(5)  # settings: then offset and size of each tensor
MOST_STEPS = 32
BISECTIONS = 100
BLOCK = 1024  # of the newest vector: it stays in the first-level cache while the others pass
PURPOSE_SHARPNESS = np.uint64(0x5A4)
SHIFT = np.uint64(11)


@kernel("sharpness")
def sharpness(row, ctl, setting, mem, data, hist):
    """λmax of ∂²loss/∂θ² (the data term, on this batch, with its masks and statistics), and lr_limit = factor / λmax.

    Lanczos's iteration with full reorthogonalisation; where nothing curves upwards, no step is too long: inf.
    Hessian times vector is the central difference of two gradients. The distance h between them is as long as
    rounding (ε/h) and the next derivative (h²) weigh the same: the cube root of ε, in units of the weights' rms.
    Source: Lanczos (1950); Ghorbani, Krishnan & Xiao (2019) for its use on networks.
    """
    n, own, vectors = ctl[row + COUNT], ctl[row + SETTING], ctl[row + SCRATCH]
    diagonal, beside = stack_array(setting, MOST_STEPS), stack_array(setting, MOST_STEPS)
    along = stack_array(setting, MOST_STEPS)
    h = setting[own + DISTANCE] * max(1.0, norm(view1(mem, ctl[row + WEIGHT], n)) / math.sqrt(count(setting, own)))
    start(setting, own, ctl[SEED], doubles(mem, vectors, n))
    size, steps = 0.0, 0
    while steps < ctl[row + N_IN]:
        v = doubles(mem, vectors + steps * ctl[row + N_OUT], n)
        rest = doubles(mem, vectors + (steps + 1) * ctl[row + N_OUT], n)
        hessian_times(row, ctl, setting, mem, data, hist, v, rest, h)
        for k in range(steps + 1):
            along[k] = inner(doubles(mem, vectors + k * ctl[row + N_OUT], n), rest)
        for i in range(0, n, BLOCK):
            for k in range(steps + 1):
                take_out(doubles(mem, vectors + k * ctl[row + N_OUT], n), along[k], rest, i, min(i + BLOCK, n))
        diagonal[steps] = along[steps]
        length = norm(rest)
        beside[steps] = length
        size = max(size, abs(diagonal[steps]) + length)
        steps += 1
        if not length > setting[own + NEGLIGIBLE] * size:  # nothing new is left; or NaN
            break
        for i in range(n):
            rest[i] /= length
    largest = largest_eigenvalue(diagonal, beside, steps)
    at = ctl[HIST_ROW] + ctl[row + PROBE]
    hist[at] = largest
    hist[at + 1] = math.inf if largest <= 0.0 else setting[own + FACTOR] / largest


@kernel("kinked_forward")
def kinked_forward(row, ctl, setting, mem, data, hist):
    """relu, leaky_relu, elu and selu with each unit kept on its side of the corner: the side of its real output, IN_2.

    Moved across, a unit would put the whole jump of its slope, divided by h, into the difference.
    """
    n, own = ctl[ctl[row + ROWS_AT]] * ctl[row + N_OUT], ctl[row + SETTING]
    z, a, real_a = view1(mem, ctl[row + IN], n), view1(mem, ctl[row + OUT], n), view1(mem, ctl[row + IN_2], n)
    real = z.dtype.type
    right, left, is_exponential = real(setting[own]), real(setting[own + 1]), setting[own + 2] != 0.0
    for i in range(n):
        if real_a[i] > real(0):
            a[i] = right * z[i]
        else:
            a[i] = left * expm1(z[i]) if is_exponential else left * z[i]
    if ctl[row + SCRATCH] >= 0:  # the slopes, where its backward row takes them from there
        slope = view1(mem, ctl[row + SCRATCH], n)
        for i in range(n):
            slope[i] = right if real_a[i] > real(0) else left * exp(z[i])


@helper
def count(setting, own):
    """How many parameters there are; the gaps between layers are none."""
    n = 0.0
    for k in range(int(setting[own + N_TENSORS])):
        n += setting[own + TENSORS + 2 * k + 1]
    return n


@helper
def start(setting, own, seed, v):
    """A direction of length 1 that depends on the seed alone, and is 0 between tensors."""
    key = mix(np.uint64(mix(np.uint64(seed)) ^ PURPOSE_SHARPNESS))
    for i in range(v.size):
        v[i] = 0.0
    for k in range(int(setting[own + N_TENSORS])):
        first, size = int(setting[own + TENSORS + 2 * k]), int(setting[own + TENSORS + 2 * k + 1])
        for i in range(first, first + size):
            v[i] = np.float64(mix(np.uint64(key + np.uint64(i))) >> SHIFT) / 4503599627370496.0 - 1.0  # of 2**52
    length = math.sqrt(sum_of_squares(v))
    for i in range(v.size):
        v[i] /= length


@helper
def hessian_times(row, ctl, setting, mem, data, hist, v, out, h):
    """out = H v, from the gradients at weights + h v and weights - h v."""
    n = ctl[row + COUNT]
    weight, moved = view1(mem, ctl[row + WEIGHT], n), view1(mem, ctl[row + SLOT_1], n)
    grad, real = view1(mem, ctl[row + GRAD_WEIGHT], n), weight.dtype.type
    for i in range(n):
        moved[i] = real(weight[i] + h * v[i])
    call_rows(row, ctl, setting, mem, data, hist)
    for i in range(n):
        out[i] = grad[i]
    for i in range(n):
        moved[i] = real(weight[i] - h * v[i])
    call_rows(row, ctl, setting, mem, data, hist)
    scale = 0.5 / h
    for i in range(n):
        out[i] = (out[i] - grad[i]) * scale


@helper
def inner(a, b):
    """Their inner product, in twice LANES sums."""
    s, t = spread(0.0), spread(0.0)
    k = 0
    while k + 2 * LANES <= a.size:
        s = multiply_add(load(a, k, LANES), load(b, k, LANES), s)
        t = multiply_add(load(a, k + LANES, LANES), load(b, k + LANES, LANES), t)
        k += 2 * LANES
    while k < a.size:
        s = multiply_add(load(a, k, a.size - k), load(b, k, a.size - k), s)
        k += LANES
    return total(s + t)


@helper
def take_out(v, along, rest, first, last):
    """rest -= along v, from first to last."""
    for i in range(first, last):
        rest[i] -= along * v[i]


@helper
def largest_eigenvalue(diagonal, beside, n):
    """Of the symmetric tridiagonal matrix, by bisection between its largest diagonal entry and Gershgorin's bound."""
    low, high, size = diagonal[0], diagonal[0], 0.0
    for k in range(n):
        size += diagonal[k] + beside[k]
        reach = (abs(beside[k - 1]) if k > 0 else 0.0) + (abs(beside[k]) if k < n - 1 else 0.0)
        low, high = max(low, diagonal[k]), max(high, diagonal[k] + reach)
    if size - size != 0.0:
        return math.nan
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        if not low < middle < high:  # neighbours
            break
        if has_eigenvalue_from(diagonal, beside, n, middle):
            low = middle
        else:
            high = middle
    return low


@helper
def has_eigenvalue_from(diagonal, beside, n, x):
    """Is any eigenvalue x or more? The pivots of T - x are all negative if none is (Sylvester's law of inertia)."""
    pivot = diagonal[0] - x
    for k in range(1, n):
        if not pivot < 0.0:
            return True
        pivot = diagonal[k] - x - beside[k - 1] * beside[k - 1] / pivot
    return not pivot < 0.0
