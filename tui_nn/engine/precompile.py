"""A second process that fills the compile cache from the other end.

Numba compiles on one core, and a first start waits seconds for it. So while this process compiles the kernels in the
order of the program, another compiles the last ones first; where they meet, this one waits for the kernel that the
other is at (to compile it twice took up to 0.7 s longer), and the rest is loaded from the cache. Nothing depends on the
other process: without it every kernel is compiled here.

    python -m tui_nn.engine.precompile float32 KERNEL...
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tui_nn.engine.cache import CACHE_DIR_VARIABLE, kernel_cache_dir
from tui_nn.engine.registry import KERNELS

WORTH_IT = 4  # kernels; fewer are compiled before the other process has loaded Numba
MOST_SECONDS = 20.0  # that one kernel is waited for; then it is compiled here
_asked: set[tuple[str, np.dtype]] = set()  # a kernel is asked for once: what failed there is compiled here
_others: list[Other] = []


class Other:
    """A process that compiles kernels, and which one it is at: it names each before it starts."""

    def __init__(self, process: subprocess.Popen, dtype: np.dtype):
        self.process, self.dtype = process, dtype
        self._at = ""
        self._moved = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in [] if self.process.stdout is None else self.process.stdout:
            self._go_to(line.strip())
        self._go_to("")  # it has ended, for better or worse

    def _go_to(self, name: str) -> None:
        with self._moved:
            self._at = name
            self._moved.notify_all()

    def wait_for(self, name: str) -> None:
        """Return as soon as it is not at this kernel."""
        with self._moved:
            self._moved.wait_for(lambda: self._at != name, MOST_SECONDS)


def wait_for(name: str, dtype: np.dtype) -> None:
    """If another process is compiling this kernel now: until it is in the cache."""
    for other in _others:
        if other.dtype == dtype:
            other.wait_for(name)


def compile_ahead(names: Sequence[str], dtype: np.dtype) -> Other | None:
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
        process = subprocess.Popen(command, env=env, stdin=quiet, stdout=subprocess.PIPE, stderr=quiet, text=True)
    except OSError:  # no processes here: a slower first start
        return None
    atexit.register(_end, process)
    _others.append(Other(process, dtype))
    return _others[-1]


def _end(process: subprocess.Popen) -> None:
    process.kill()  # a half-written file of the cache has another name until it is whole
    process.wait()


def main(dtype: str, *names: str) -> None:
    from tui_nn.engine import compiled

    for name in names:
        print(name, flush=True)
        compiled.address(name, np.dtype(dtype))


if __name__ == "__main__":
    main(*sys.argv[1:])
