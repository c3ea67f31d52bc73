"""What may be imported when, each in a fresh interpreter: start-up time and the layers of the design depend on it."""

import json
import subprocess
import sys
import time

import pytest

HEAVY = {"numpy", "numba", "scipy", "textual", "rich", "plotext", "pydantic", "platformdirs", "tree_sitter"}


def loaded_by(code: str) -> set[str]:
    """Top-level modules in sys.modules after the code has run."""
    report = "\nimport json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    result = subprocess.run([sys.executable, "-c", code + report], capture_output=True, text=True, check=True)
    return set(json.loads(result.stdout.splitlines()[-1]))


HELP = """
import tui_nn.cli
try:
    tui_nn.cli.main({args!r})
except SystemExit as end:
    assert end.code == 0, end.code
"""


@pytest.mark.parametrize("args", [["--help"], ["run", "--help"], ["--version"]], ids=" ".join)
def test_help_loads_nothing_heavy(args: list[str]):
    assert not loaded_by(HELP.format(args=args)) & HEAVY


def test_help_answers_at_once():
    """Under 150 ms at the best of five, interpreter included; 60 on a quiet machine."""

    def once() -> float:
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-m", "tui_nn", "--help"], capture_output=True, check=True)
        return time.perf_counter() - begin

    assert min(once() for _ in range(5)) < 0.150


def test_listing_presets_loads_no_machine():
    """The gallery's rows come from TOML alone."""
    loaded = loaded_by("from tui_nn.scenario import list_presets\nassert list_presets()")
    assert not loaded & {"numpy", "numba", "textual", "pydantic"}


@pytest.mark.parametrize(
    "package",
    [
        "tui_nn.scenario.load",
        "tui_nn.scenario.json_schema",
        "tui_nn.data",
        "tui_nn.engine.machine",
        "tui_nn.debugger.session",
        "tui_nn.debugger.script",
        "tui_nn.debugger.expect",
        "tui_nn.debugger.context",
    ],
)
def test_below_the_screen_nobody_knows_textual(package: str):
    loaded = loaded_by(f"import {package}")
    assert not loaded & {"textual", "rich", "plotext"}
    assert "numba" not in loaded


def test_a_training_run_needs_no_textual():
    code = "from tui_nn import Session, load_scenario\nSession(load_scenario('xor-mlp')).step('iteration', 3)"
    loaded = loaded_by(code)
    assert "numba" in loaded
    assert not loaded & {"textual", "rich", "plotext"}


def test_the_first_frame_needs_no_compiler():
    """A session can be made and looked at before Numba is there."""
    code = "from tui_nn import Session, load_scenario\nassert Session(load_scenario('digits-dnn')).frame().layers"
    assert "numba" not in loaded_by(code)


def test_the_app_is_built_without_numba_or_plotext():
    code = "import tui_nn.tui.app, tui_nn.tui.screens.debugger, tui_nn.tui.screens.gallery"
    assert not loaded_by(code) & {"numba", "plotext", "scipy"}


def test_one_blas_thread_is_asked_for_in_time():
    """The command line sets it before NumPy is loaded, and leaves a choice of the user's alone."""
    code = """
import os, sys
for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.pop(name, None)
os.environ["OMP_NUM_THREADS"] = "3"
import tui_nn.cli
tui_nn.cli.hold_blas_to_one_thread()
assert "numpy" not in sys.modules
assert os.environ["OPENBLAS_NUM_THREADS"] == "1" and os.environ["OMP_NUM_THREADS"] == "3"
"""
    loaded_by(code)


def test_public_names_load_on_first_use():
    code = """
import sys, tui_nn
assert "numpy" not in sys.modules and "pydantic" not in sys.modules
assert {"Session", "load_scenario"} <= set(dir(tui_nn))
from tui_nn import Session, load_scenario
try:
    tui_nn.nothing
except AttributeError as error:
    assert "nothing" in str(error)
else:
    raise SystemExit("an unknown name was found")
"""
    assert "numpy" in loaded_by(code)
