"""Kernels compiled for one precision, and where they stand in memory. Importing this loads Numba."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np
from numba import types
from threadpoolctl import threadpool_limits

from tui_nn.engine import intrinsics, lowlevel, ops, plain
from tui_nn.engine.cache import alone, kernel_cache_dir
from tui_nn.engine.loop import run
from tui_nn.engine.registry import KERNELS

assert ops  # imported for its kernels
_lock = threading.RLock()  # two sessions may be prepared in two threads
_alive: list[Any] = []  # a dispatcher that is collected takes its machine code along


def _real(dtype: np.dtype) -> types.Type:
    return types.float32 if dtype == np.float32 else types.float64


def _compile(function: Callable, signature: Any, dtype: np.dtype) -> Any:
    """Through the cache. The folder is set just around the decorator: other users of Numba keep theirs."""
    config: Any = numba.config  # pyright: ignore[reportPrivateImportUsage]
    with _lock:
        before, config.CACHE_DIR = config.CACHE_DIR, str(kernel_cache_dir())
        try:
            dispatcher: Any = numba.njit(cache=True, **lowlevel.OPTIONS)(function)
        finally:
            config.CACHE_DIR = before
    with alone(f"{function.__name__}-{dtype.name}"):
        dispatcher.compile(signature)
    _alive.append(dispatcher)
    return dispatcher


@cache
def loop(dtype: np.dtype) -> Callable[..., int]:
    """The loop of loop.py for one precision. BLAS is held to one thread: steadier, and its sums keep their order."""
    if not lowlevel.IS_JIT:
        return run
    real, int64 = _real(dtype), types.int64
    ints, reals = int64[::1], real[::1]
    arrays = (ints, types.float64[::1], reals, reals, reals, ints, ints, ints, real[:, ::1], ints, reals)
    dispatcher = _compile(run, int64(*arrays, int64, int64), dtype)
    import scipy.linalg  # noqa: F401  (Numba takes its BLAS from here: load it before the limit is set)

    threadpool_limits(1)
    return dispatcher


@cache
def address(name: str, dtype: np.dtype) -> int:
    """Where the kernel's machine code starts. One signature for all: another would be a crash, not an error."""
    if not lowlevel.IS_JIT:
        plain.PYTHON_KERNELS.append(KERNELS[name])
        return len(plain.PYTHON_KERNELS)
    signature = intrinsics.kernel_signature(_real(dtype))
    dispatcher = _compile(KERNELS[name], signature, dtype)
    overload = dispatcher.overloads[signature.args]
    if overload.signature != signature:
        raise TypeError(f"kernel {name!r} compiled as {overload.signature}, wanted {signature}")
    return overload.library.get_pointer_to_function(overload.fndesc.llvm_func_name)
