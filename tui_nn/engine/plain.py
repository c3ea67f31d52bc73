"""What stands in for intrinsics.py with the JIT off: kernels run as Python on arrays, with bounds checked."""

from __future__ import annotations

from collections.abc import Callable

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


def power_of_two(shifted):
    """Not needed: without the JIT, vecmath takes NumPy's functions."""
    raise RuntimeError("power_of_two runs only in compiled code")
