"""The sides of the benchmark, each in a process of its own, so that no library's threads or settings reach another's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WORKER = Path(__file__).parent / "peers" / "worker.py"
PACKAGE_ROOT = Path(__file__).parents[2]
THREAD_SETTINGS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
START_LIMIT_S, ANSWER_LIMIT_S = 120.0, 600.0


@dataclass(frozen=True)
class Side:
    """What is timed. `install` is the package to install for a peer; our own sides have none."""

    name: str
    module: str
    install: str = ""

    @property
    def is_peer(self) -> bool:
        return bool(self.install)


OURS = Side("tui-nn", "tui_nn.bench.engine_side")
FLOOR = Side("floor", "tui_nn.bench.floor_side")
PEERS = (Side("JAX", "jax_side", "jax"), Side("PyTorch", "torch_side", "torch"))


class SideError(Exception):
    """A side that cannot be measured; str() says why."""


class SideAbsent(SideError):
    """Its library is not installed."""


class SideProcess:
    """A worker that is alive between repeats, waiting on its pipe.

    Errors: SideAbsent if its library is missing; SideError if the library fails, the process dies or hangs.
    """

    def __init__(self, side: Side, python: str = sys.executable):
        self.side, self.python = side, python
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the process)
        command = [python, str(WORKER), side.module, *([] if side.is_peer else [str(PACKAGE_ROOT)])]
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.errors,
                env=environment(side),
                text=True,
                encoding="utf-8",
            )
        except OSError as error:
            self.errors.close()
            raise SideError(f"{python}: {error.strerror}") from None
        try:
            self.about: dict[str, str] = self._answer(START_LIMIT_S)["about"]
        except BaseException:
            self.close()
            raise

    def ask(self, **request: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        try:
            print(json.dumps(request), file=self.process.stdin, flush=True)
        except OSError:
            raise SideError(self._last_words()) from None
        return self._answer(ANSWER_LIMIT_S)

    def _answer(self, limit_s: float) -> dict[str, Any]:
        assert self.process.stdout is not None
        is_late = threading.Event()

        def give_up() -> None:
            is_late.set()
            self.process.kill()

        alarm = threading.Timer(limit_s, give_up)
        alarm.start()
        try:
            line = self.process.stdout.readline()
        finally:
            alarm.cancel()
        if is_late.is_set():
            raise SideError(f"no answer within {limit_s:.0f} s")
        if not line:
            raise SideError(self._last_words())
        answer = json.loads(line)
        if "absent" in answer:
            raise SideAbsent(f"no module {answer['absent']!r}")
        if "failed" in answer:
            raise SideError(answer["failed"])
        return answer

    def _last_words(self) -> str:
        self.process.wait(5)
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").strip().splitlines()
        return f"its process ended with status {self.process.returncode}{f' ({lines[-1]})' if lines else ''}"

    def close(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # it died with a request unread
                    pass
        try:
            self.process.wait(2)  # its requests have ended
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.errors.close()

    def __enter__(self) -> SideProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def environment(side: Side) -> dict[str, str]:
    """BLAS on one thread for us; a peer finds the user's shell as it is, and chooses for itself."""
    env = dict(os.environ)
    if side.is_peer:
        for name in (*THREAD_SETTINGS, "PYTHONPATH", "PYTHONHOME"):
            env.pop(name, None)
    else:
        env |= dict.fromkeys(THREAD_SETTINGS, "1")
    return env


@dataclass(frozen=True)
class Found:
    """A peer, and the Python that has it; `python` is empty where none does, `problem` then says why."""

    side: Side
    python: str = ""
    problem: str = ""

    @property
    def text(self) -> str:
        return f"{self.side.name}: {self.problem}"


def find_peer(side: Side, pythons: Sequence[str]) -> Found:
    """The first of the Pythons that has the peer's library."""
    problem = f"not installed; pip install {side.install}"
    for python in pythons:
        try:
            with SideProcess(side, python):
                return Found(side, python)
        except SideAbsent:
            continue
        except SideError as error:
            problem = str(error)
    return Found(side, problem=problem)
