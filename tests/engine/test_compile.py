"""Compiling: kernels mean the same without the JIT, and the compile cache finds a place wherever it runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from tests.engine.make import make_session
from tests.engine.plain_run import RUNS, numbers
from tui_nn.engine import cache, precompile

ROOT = Path(__file__).parents[2]


def python(*arguments: str, **environment: str | Path) -> str:
    """Standard output of a fresh interpreter in the checkout; its errors are ours."""
    env = os.environ | {"PYTHONPATH": str(ROOT)} | {name: str(value) for name, value in environment.items()}
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_kernels_run_as_plain_python_too():
    """NUMBA_DISABLE_JIT=1: every kernel on bounds-checked arrays, the same numbers to 1e-11 of the largest of each tensor.

    (NumPy's exp and tanh instead of ours, and no fused multiply-adds.)
    """
    plain = json.loads(python("-m", "tests.engine.plain_run", NUMBA_DISABLE_JIT="1"))
    assert plain["is_jit"] is False
    worst = 0.0
    for run, found in zip(RUNS, plain["runs"], strict=True):
        wanted = numbers(*run)
        assert found["is_prepared"]
        assert found["metrics"].keys() == wanted["metrics"].keys()
        assert found["metrics"] == pytest.approx(wanted["metrics"], rel=1e-10, abs=1e-12)
        for name, values in wanted["values"].items():
            gap = max(abs(a - b) for a, b in zip(values, found["values"][name], strict=True))
            worst = max(worst, gap / max(1e-3, *(abs(value) for value in values)))
    print(f"{len(RUNS)} runs, worst {worst:.1e}")
    assert worst <= 1e-11


STEP = """
from tests.engine.make import make_session
from tui_nn.engine.cache import kernel_cache_dir
session = make_session([(1, "linear")])
session.step("op")  # compiles what its first row needs: no more is needed here
print(kernel_cache_dir())
"""

ONE_KERNEL = """
import numpy as np
from tui_nn.engine import compiled, ops
from tui_nn.engine.cache import kernel_cache_dir
compiled.address("tanh_forward", np.dtype("float64"))
print(kernel_cache_dir())
"""


def test_compiled_kernels_are_kept_where_they_are_told(tmp_path):
    """TUI_NN_CACHE_DIR: one step fills a folder below it, and nothing lands beside the sources; a second process reads it."""
    wanted = tmp_path / "kernels"
    before = set((ROOT / "tui_nn").rglob("*.nb[ic]"))
    used = Path(python("-c", STEP, TUI_NN_CACHE_DIR=wanted).strip())
    assert used.parent == wanted
    written = {path: path.stat().st_mtime_ns for path in used.rglob("*.nb[ic]")}
    assert {path.suffix for path in written} == {".nbi", ".nbc"}
    assert set((ROOT / "tui_nn").rglob("*.nb[ic]")) == before
    python("-c", STEP, TUI_NN_CACHE_DIR=wanted)
    assert {path: path.stat().st_mtime_ns for path in used.rglob("*.nb[ic]")} == written


def test_a_home_that_cannot_be_written_is_no_obstacle(tmp_path):
    """TUI_NN_CACHE_DIR, HOME and XDG_CACHE_HOME below a regular file: kernels are kept in the temporary folder instead."""
    obstacle, temporary = tmp_path / "file", tmp_path / "tmp"
    obstacle.write_text("not a folder")
    temporary.mkdir()
    places = {name: obstacle / name for name in ("TUI_NN_CACHE_DIR", "HOME", "XDG_CACHE_HOME", "LOCALAPPDATA")}
    used = Path(python("-c", ONE_KERNEL, TMPDIR=temporary, TEMP=temporary, TMP=temporary, **places).strip())
    assert used.is_relative_to(temporary)
    assert list(used.rglob("*.nbc"))


def test_a_stranger_s_folder_is_not_used(monkeypatch, tmp_path):
    """What the cache holds is executed. In the temporary folder anyone may have made ours before: writable by all, it is left."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    planted = tmp_path / "tui-nn-0"
    planted.mkdir()
    planted.chmod(0o777)
    monkeypatch.setattr(cache, "_roots", lambda: iter([planted]))
    assert not cache.kernel_cache_dir.__wrapped__().is_relative_to(planted)
    planted.chmod(0o700)
    assert cache.kernel_cache_dir.__wrapped__().is_relative_to(planted)


def test_no_place_at_all_still_gives_a_folder(monkeypatch, tmp_path):
    """When every root fails, a fresh temporary folder: slower starts, but it runs."""
    obstacle = tmp_path / "file"
    obstacle.write_text("not a folder")
    monkeypatch.setattr(cache, "_roots", lambda: iter([obstacle / "a", obstacle / "b"]))
    found = cache.kernel_cache_dir.__wrapped__()
    assert found.is_dir()
    found.rmdir()


def test_an_edited_source_has_a_folder_of_its_own(monkeypatch, tmp_path):
    """The folder's name is a hash over every file of the engine: one changed byte anywhere is another folder."""
    import shutil

    copy = tmp_path / "engine"
    shutil.copytree(ROOT / "tui_nn" / "engine", copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(cache, "__file__", str(copy / "cache.py"))
    first = cache._fingerprint()
    assert cache._fingerprint() == first
    with (copy / "ops" / "probes.py").open("a") as file:
        file.write("# edited\n")
    assert cache._fingerprint() != first


AHEAD = """
from tests.engine.make import make_session
from tui_nn.engine import compiled, precompile
session = make_session([(3, "tanh"), (1, "linear")])
helper = precompile.compile_ahead(session.program.kernels, session.program.dtype)
assert helper.process.wait() == 0
assert precompile.compile_ahead(session.program.kernels, session.program.dtype) is None
for name in session.program.kernels:
    compiled.address(name, session.program.dtype)
print(sum(sum(dispatcher.stats.cache_hits.values()) for dispatcher in compiled._alive), len(session.program.kernels))
"""


def test_a_second_process_compiles_ahead(tmp_path):
    """What it compiled is loaded here: every kernel comes from the cache."""
    hits, kernels = python("-c", AHEAD, TUI_NN_CACHE_DIR=tmp_path).split()
    assert int(hits) == int(kernels) > 5


@pytest.mark.parametrize("then", ["mse\n", ""])
def test_the_kernel_the_second_process_is_at_is_waited_for(then: str):
    """Until it names the next one, or ends; any other kernel is not waited for."""
    read, write = os.pipe()
    with os.fdopen(read) as lines, os.fdopen(write, "w") as said:
        other = precompile.Other(cast(Any, SimpleNamespace(stdout=lines)), np.dtype("float32"))
        print("dense_forward", file=said, flush=True)
        with other._moved:
            assert other._moved.wait_for(lambda: other._at == "dense_forward", 10)
        waiter = threading.Thread(target=other.wait_for, args=("dense_forward",))
        waiter.start()
        other.wait_for("tanh_forward")
        assert waiter.is_alive()
        print(then, end="", file=said, flush=True)
        if not then:
            said.close()
        waiter.join(10)
        assert not waiter.is_alive()


def test_no_kernel_is_compiled_before_it_was_waited_for(monkeypatch):
    """Where both processes meet, the machine asks about each kernel before it compiles it."""
    session = make_session([(3, "tanh"), (1, "linear")])
    waited: list[str] = []
    monkeypatch.setattr(precompile, "wait_for", lambda name, dtype: waited.append(name))
    session.prepare()
    assert waited == list(session.program.kernels)


def test_without_a_second_process_it_only_takes_longer(monkeypatch, tmp_path):
    def refuse(*_, **__):
        raise PermissionError("no processes here")

    monkeypatch.setattr(precompile.subprocess, "Popen", refuse)
    monkeypatch.setattr(precompile, "WORTH_IT", 4)
    monkeypatch.setattr(precompile, "kernel_cache_dir", lambda: tmp_path)
    monkeypatch.setattr(precompile, "_asked", set())
    session = make_session([(3, "tanh"), (1, "linear")])
    assert precompile.compile_ahead(session.program.kernels, session.program.dtype) is None
    session.prepare()
    assert session.is_prepared


def test_progress_names_every_kernel_in_program_order():
    """prepare() reports (done, total, next) from 0 to the total; the first row can run before the rest is ready."""
    session = make_session([(2, "sigmoid"), (1, "linear")])
    assert not session.can_run()
    session.step("op")
    assert session.can_run(0)
    assert not session.is_prepared
    seen: list[tuple[int, int, str]] = []
    session.prepare(lambda *report: seen.append(report))
    assert session.is_prepared
    assert [name for _, _, name in seen] == [*session.program.kernels[1:], ""]
    assert [(done, total) for done, total, _ in seen] == [(k, len(seen) - 1) for k in range(len(seen))]
    seen.clear()
    session.prepare(lambda *report: seen.append(report))
    assert seen == []


def test_what_several_processes_need_is_compiled_once(tmp_path):
    """Who comes second waits, and finds it in the cache: of two that want one name at once, the second finds the first's file."""
    script = (
        "import sys, time; from pathlib import Path; from tui_nn.engine.cache import alone, kernel_cache_dir\n"
        "print('ready', flush=True); sys.stdin.readline(); done = kernel_cache_dir() / 'done'\n"
        "with alone('kernel'):\n"
        "    found = done.exists(); time.sleep(0 if found else 0.3); done.touch()\n"
        "print(found)"
    )
    env = os.environ | {"PYTHONPATH": str(ROOT), cache.CACHE_DIR_VARIABLE: str(tmp_path)}
    pipe = subprocess.PIPE
    both = [
        subprocess.Popen([sys.executable, "-c", script], env=env, stdin=pipe, stdout=pipe, text=True) for _ in range(2)
    ]
    for each in both:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in both:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    said = [each.communicate(timeout=60)[0].strip() for each in both]
    assert sorted(said) == ["False", "True"]
