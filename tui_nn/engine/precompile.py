"""A second process that fills the compile cache from the other end.

Numba compiles on one core, and a first start waits seconds for it. So while this process compiles the kernels in the
order of the program, another compiles the last ones first; where they meet, the rest is loaded from the cache. Nothing
depends on the other process: without it every kernel is compiled here.

    python -m tui_nn.engine.precompile float32 KERNEL...
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tui_nn.engine.cache import CACHE_DIR_VARIABLE, kernel_cache_dir
from tui_nn.engine.registry import KERNELS

WORTH_IT = 4  # kernels; fewer are compiled before the other process has loaded Numba
_asked: set[tuple[str, np.dtype]] = set()  # a kernel is asked for once: what failed there is compiled here


def compile_ahead(names: Sequence[str], dtype: np.dtype) -> subprocess.Popen | None:
    """Start the other process, if several of the kernels are new to this one and in no file of the cache."""
    from tui_nn.engine import ops  # noqa: F401  (it enters the kernels)

    unknown = [name for name in names if (name, dtype) not in _asked]
    _asked.update((name, dtype) for name in unknown)
    if len(unknown) < WORTH_IT or (os.cpu_count() or 1) < 2:
        return None
    files = [path.name for path in kernel_cache_dir().rglob("*.nbi")]
    missing = [name for name in unknown if not any(f".{KERNELS[name].__qualname__}-" in file for file in files)]
    if len(missing) < WORTH_IT:
        return None
    import tui_nn

    package = str(Path(tui_nn.__file__).parents[1])
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    env = os.environ | {CACHE_DIR_VARIABLE: str(kernel_cache_dir().parent), "PYTHONPATH": path}
    command = [sys.executable, "-m", __name__, dtype.name, *reversed(missing)]
    quiet = subprocess.DEVNULL
    try:
        process = subprocess.Popen(command, env=env, stdin=quiet, stdout=quiet, stderr=quiet)
    except OSError:  # no processes here: a slower first start
        return None
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen) -> None:
    process.kill()  # a half-written file of the cache has another name until it is whole
    process.wait()


def main(dtype: str, *names: str) -> None:
    from tui_nn.engine import compiled

    for name in names:
        compiled.address(name, np.dtype(dtype))


if __name__ == "__main__":
    main(*sys.argv[1:])
