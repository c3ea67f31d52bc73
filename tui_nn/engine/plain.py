"""What stands in for intrinsics.py with the JIT off: kernels run as Python on arrays, with bounds checked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

LANES = 8  # numbers that lanes.py keeps in one register
MARGIN = 2 * LANES  # numbers behind the end of `mem` that load_through may read

PYTHON_KERNELS: list[Callable] = []  # an "address" is a place in this list, from 1: 0 means not there


def check(pointer, offset, n):
    if offset < 0 or offset + n > pointer.size:
        raise IndexError(f"elements {offset} to {offset + n} of {pointer.size}")


def view1(pointer, offset, n):
    check(pointer, offset, n)
    return pointer[offset : offset + n]


def view2(pointer, offset, rows, columns):
    check(pointer, offset, rows * columns)
    return pointer[offset : offset + rows * columns].reshape(rows, columns)


def call_kernel(address, row, ctl, setting, mem, data, hist):
    PYTHON_KERNELS[address - 1](row, ctl, setting, mem, data, hist)


def fence(): ...


def prefetch(pointer, offset): ...


def power_of_two(x):
    """Not needed: without the JIT, vecmath takes NumPy's functions."""
    raise RuntimeError("bits are moved only in compiled code")


exponent = mantissa = power_of_two


def borrow(array):
    return array


def stack_array(pointer, n):
    return np.empty(n, pointer.dtype)


# Lanes are arrays of LANES numbers here.


def load(source, at, live):
    return load_column(source, at, 1, live)


def load_through(source, at):
    values = np.full(LANES, np.nan, source.dtype)  # what is not to be used spoils what it is used for
    ours = source.reshape(-1)[at : at + LANES]
    values[: ours.size] = ours
    return values


def load_wide(source, at, live):
    return load(source, at, live).astype(np.float64)


def load_column(source, at, step, live):
    flat, n = source.reshape(-1), min(live, LANES)
    values = np.zeros(LANES, source.dtype)
    if n <= 0:
        return values
    check(flat, at, (n - 1) * step + 1)
    values[:n] = flat[at : at + (n - 1) * step + 1 : step]
    return values


def store(target, at, live, values):
    n = min(live, LANES)
    check(target, at, n)
    target.reshape(-1)[at : at + n] = values[:n]


def spread(value):
    return np.full(LANES, value)


def spread_from(source, at):
    flat = source.reshape(-1)
    check(flat, at, 1)
    return np.full(LANES, flat[at])


def multiply_add(a, b, c):
    return a * b + c


def wide(values):
    return values.astype(np.float64)


def sqrt(values):
    return np.sqrt(values)


def below(a, b):
    return (a < b).astype(a.dtype)


def larger(a, b):
    return np.maximum(a, b)


def not_negative(values):
    return np.where(values < 0, values.dtype.type(0), values)


def first(values, live):
    return np.where(np.arange(LANES) < live, values, values.dtype.type(0))


def total(values):
    return values.sum()


def totals(*values):
    return np.array([one.sum() for one in values])


def turned(values, by):
    return np.roll(values, by)


def all_below(values, limit):
    return bool((values < limit).all())


def some_above(values, limit):
    return bool((values > limit).any())


def load_again(source, at, count):
    return np.tile(load(source, at, count)[:count], LANES // count)


def store_turned(target, at, step, n, columns, *values):
    for i in range(min(n, LANES)):
        target[at + i * step : at + i * step + columns] = [column[i] for column in values[:columns]]
