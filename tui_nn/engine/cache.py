"""Where compiled kernels are kept.

Numba keys its cache by one function's own file, so an edited helper in another file would be served stale. The folder
is therefore named by a hash over every source of the engine and the versions that compile it.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

CACHE_DIR_VARIABLE = "TUI_NN_CACHE_DIR"


@cache
def kernel_cache_dir() -> Path:
    """The first folder that can be written: $TUI_NN_CACHE_DIR, the user's cache, a temporary one."""
    name = f"kernels-{_fingerprint()}"
    for root in _roots():
        path = root / name
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            if root.parent == Path(tempfile.gettempdir()) and not _is_ours(root):
                continue
            path.mkdir(exist_ok=True)
            with tempfile.TemporaryFile(dir=path):
                return path
        except OSError:
            continue
    path = Path(tempfile.mkdtemp(prefix="tui-nn-")) / name
    path.mkdir()
    return path


@contextmanager
def alone(name: str) -> Iterator[None]:
    """No other process is in here for the same name: what takes long is compiled once, and loaded by whoever waited.

    The lock goes with its process. Where there are no such locks, nobody waits.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    try:
        file = open(kernel_cache_dir() / f"{name}.lock", "w")  # noqa: SIM115
    except OSError:
        yield
        return
    with file:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_ours(path: Path) -> bool:
    """Only its owner may write there: what the cache holds is executed, and anyone may make a folder in /tmp."""
    if not hasattr(os, "getuid"):
        return True  # Windows: the temporary folder is the user's own
    stat = path.stat()
    return stat.st_uid == os.getuid() and not stat.st_mode & 0o022


def _roots():
    if chosen := os.environ.get(CACHE_DIR_VARIABLE):
        yield Path(chosen)
    import platformdirs

    yield Path(platformdirs.user_cache_dir("tui-nn", appauthor=False))
    user = getattr(os, "getuid", lambda: "user")()
    yield Path(tempfile.gettempdir()) / f"tui-nn-{user}"


def _fingerprint() -> str:
    import llvmlite
    import numba
    import numpy

    digest = hashlib.sha256(
        repr((sys.version_info[:3], numba.__version__, llvmlite.__version__, numpy.__version__)).encode()
    )
    here = Path(__file__).parent
    for source in sorted(here.rglob("*.py")):
        digest.update(source.relative_to(here).as_posix().encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]
