"""The kernels by name. A kernel is a plain function until the machine compiles it for one precision."""

from __future__ import annotations

from collections.abc import Callable

KERNELS: dict[str, Callable] = {}


def kernel(name: str) -> Callable[[Callable], Callable]:
    """Enter a kernel: `kernel(row, ctl, setting, mem, data, hist)`; it fills the caller's memory and never raises."""

    def enter(function: Callable) -> Callable:
        if name in KERNELS:
            raise ValueError(f"two kernels are called {name!r}")
        KERNELS[name] = function
        return function

    return enter
