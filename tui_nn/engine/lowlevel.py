"""What kernels are written with: views into flat memory, the decorator for helpers, and the call through an address.

A kernel gets bare pointers (six machine words) instead of arrays, so a call costs a few nanoseconds. With the JIT off
(NUMBA_DISABLE_JIT=1) the same kernels run as plain Python on arrays, with honest IndexErrors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

from tui_nn.engine import intrinsics, lane_moves, lanes, plain
from tui_nn.engine.layout import ADDRESS, CALLS, CALLS_END, CODE, KERNEL, ROW

# No fastmath: it deletes the NaN tests we exist to make. "contract" only lets a*b + c be one rounding.
# error_model="numpy": 1/0 is an inf to show, not an exception.
OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}
UNWRAPPED: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # what Python never calls compiles sooner

_config: Any = numba.config  # pyright: ignore[reportPrivateImportUsage]
IS_JIT = not _config.DISABLE_JIT


def helper(function: Callable) -> Callable:
    """A function that kernels call; it is compiled into them.

    Inlined always: a call would count references to every array it is given. It has no entry for Python: call it from
    compiled code only.
    """
    return numba.njit(forceinline=True, **UNWRAPPED, **OPTIONS)(function)


_source: Any = intrinsics if IS_JIT else plain
view1, view2 = _source.view1, _source.view2
call_kernel, fence, prefetch, borrow = _source.call_kernel, _source.fence, _source.prefetch, _source.borrow
power_of_two, exponent, mantissa, stack_array = (
    _source.power_of_two,
    _source.exponent,
    _source.mantissa,
    _source.stack_array,
)
_lanes: Any = lanes if IS_JIT else plain
load, load_through, load_wide, load_column, store = (
    _lanes.load,
    _lanes.load_through,
    _lanes.load_wide,
    _lanes.load_column,
    _lanes.store,
)
spread, spread_from, multiply_add = _lanes.spread, _lanes.spread_from, _lanes.multiply_add
wide, total, first = _lanes.wide, _lanes.total, _lanes.first
sqrt, below, not_negative, larger = _lanes.sqrt, _lanes.below, _lanes.not_negative, _lanes.larger
_moves: Any = lane_moves if IS_JIT else plain
load_again, store_turned, turned = _moves.load_again, _moves.store_turned, _moves.turned
totals, all_below, some_above = _moves.totals, _moves.all_below, _moves.some_above
LANES = plain.LANES


@helper
def call_rows(row, ctl, setting, mem, data, hist):
    """Execute the rows behind the listing that this row calls (cells CALLS, CALLS_END), in their order."""
    for op in range(ctl[row + CALLS], ctl[row + CALLS_END]):
        called = ctl[CODE] + op * ROW
        call_kernel(ctl[ctl[ADDRESS] + ctl[called + KERNEL]], called, ctl, setting, mem, data, hist)
