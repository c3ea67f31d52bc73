"""What kernels are written with: views into flat memory, the decorator for helpers, and the call through an address.

A kernel gets bare pointers (six machine words) instead of arrays, so a call costs a few nanoseconds. With the JIT off
(NUMBA_DISABLE_JIT=1) the same kernels run as plain Python on arrays, with honest IndexErrors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

from tui_nn.engine import intrinsics, plain

# No fastmath: it deletes the NaN tests we exist to make. "contract" only lets a*b + c be one rounding.
# error_model="numpy": 1/0 is an inf to show, not an exception.
OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}

_config: Any = numba.config  # pyright: ignore[reportPrivateImportUsage]
IS_JIT = not _config.DISABLE_JIT


def helper(function: Callable) -> Callable:
    """A function that kernels call; it is compiled into them."""
    return numba.njit(**OPTIONS)(function)


def probe_helper(function: Callable) -> Callable:
    """A helper whose sums may be reordered, for speed. Only for numbers that never feed back into training."""
    return numba.njit(nogil=True, error_model="numpy", fastmath={"contract", "reassoc"})(function)


_source: Any = intrinsics if IS_JIT else plain
view1, view2 = _source.view1, _source.view2
call_kernel, fence, prefetch, power_of_two = _source.call_kernel, _source.fence, _source.prefetch, _source.power_of_two
