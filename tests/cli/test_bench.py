"""`tui-nn bench`: what it counts and computes by hand, that all sides do the same work, and that it names who is absent."""

import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.conftest import Run
from tui_nn.bench.arithmetic import multiply_adds, n_parameters, products
from tui_nn.bench.measure import Plan, Times, measure, repeat
from tui_nn.bench.peers.worker import calibrated, serve
from tui_nn.bench.report import report, report_text
from tui_nn.bench.scaling import Case, cliffs, memory
from tui_nn.bench.sides import OURS, PEERS, Found, Side, SideAbsent, SideError, SideProcess, find_peer
from tui_nn.bench.workloads import WORKLOADS, Workload, dense, save_task

NOBODY = (Side("JAX", "no_such_side", "jax"), Side("PyTorch", "no_such_side", "torch"))
SMALL = dense("4-6-3", (4, 6, 3), "relu", 5, 10)
PYTHONS = [*filter(None, os.environ.get("TUI_NN_PEER_PYTHON", "").split(os.pathsep)), sys.executable]


@cache
def installed(side: Side) -> Found:
    """The peer, in this Python or in one of $TUI_NN_PEER_PYTHON; the test is skipped where none has it."""
    peer = find_peer(side, PYTHONS)
    if not peer.python:
        pytest.skip(peer.text)
    return peer


# What is computed


def test_products_of_the_small_network_counted_by_hand():
    """2-8-8-1, batch 10: forward 10 x (16 + 64 + 8) = 880, weight gradients the same, input gradients 10 x (8 + 64)."""
    assert multiply_adds(WORKLOADS[0]) == 880 + 880 + 720
    assert n_parameters(WORKLOADS[0]) == 24 + 72 + 9


def test_multiply_adds_of_the_lstm_by_hand():
    """At each of 40 steps 8 x 128 and 32 x 128 weights, twice (the data need no gradient); the dense layer three times."""
    assert WORKLOADS[6].title == "40x8-32-10 lstm, batch 16"
    assert multiply_adds(WORKLOADS[6]) == 16 * (2 * 40 * 40 * 128 + 3 * 320)
    assert n_parameters(WORKLOADS[6]) == 40 * 128 + 128 + 330


def test_multiply_adds_of_the_convolutions_by_hand():
    """Two passes over 9·16 weights at 64 places, three over 144·32 at 64 and over 2,048·10, for each of 32 samples."""
    assert WORKLOADS[5].id == "8x8x1-16-32-10"
    assert multiply_adds(WORKLOADS[5]) == 32 * (2 * 64 * 144 + 3 * 64 * 4608 + 3 * 20480)
    assert n_parameters(WORKLOADS[5]) == 160 + 4640 + 20490
    rows = [(product.layer, product.role, product.m, product.k, product.n) for product in products([2, 3, 1], 5)]
    assert rows == [
        (0, "forward", 5, 2, 3),
        (1, "forward", 5, 3, 1),
        (1, "weight gradient", 3, 5, 1),
        (1, "input gradient", 5, 1, 3),
        (0, "weight gradient", 2, 5, 3),
    ]


def test_the_floor_does_those_products_and_one_adam_pass():
    """Every result array holds left @ right; the parameters are where Adam's formula puts them after one pass."""
    from numba.typed.typedlist import List

    from tui_nn.bench.floor_side import LEFT_TRANSPOSED, RIGHT_TRANSPOSED, loop, operands

    rows = operands([4, 6, 3], 5)
    state = [np.full(n_parameters(SMALL), 0.01, np.float32) for _ in range(4)]
    arrays = List([array for row in rows for array in row[1:]])
    loop(1, np.array([row.kind for row in rows]), arrays, *state)
    done = 0
    for kind, left, right, out in rows:
        a = left.T if kind == LEFT_TRANSPOSED else left
        b = right.T if kind == RIGHT_TRANSPOSED else right
        assert out == pytest.approx(a.astype(float) @ b.astype(float), rel=1e-5, abs=1e-5)  # float32 sums of up to 6
        done += a.shape[0] * a.shape[1] * b.shape[1]
    assert done == multiply_adds(SMALL)
    # m = 0.9 m + 0.1 g = 0.01; v = 0.999 v + 0.001 g^2 = 0.00999 + 1e-7; p = 0.01 - 0.001 m / sqrt(v)
    assert state[0] == pytest.approx(0.01 - 0.001 * 0.01 / (0.00999 + 1e-7) ** 0.5, rel=1e-6)


def test_repeats_take_about_the_time_asked_for():
    """A run of 2 us an iteration is repeated 100,000 times for 0.2 s, though its first call was slow."""
    calls: list[int] = []

    def run(n: int) -> tuple[float, int]:
        calls.append(n)
        return n * 2e-6 + (0.5 if len(calls) == 1 else 0.0), n

    assert calibrated(run, 0.2) == 100_000
    assert max(calls) <= 110_000


# What is reported

TIMES = {
    "tui-nn": {"off": [2.0, 4.0, 3.0], "all": [2.5, 2.6, 9.0]},
    "floor": {"floor": [1.5, 1.6, 1.7]},
    "JAX": {"scan/tree": [10.0, 11.0, 12.0], "scan/flat": [9.0, 30.0, 31.0], "jit": [50.0, 60.0, 70.0]},
    "PyTorch": {"eager/1": [400.0, 500.0, 600.0], "eager/2": [600.0, 700.0, 800.0], "fused/1": [300.0, 300.0, 300.0]},
}


def reported(sides: dict[str, dict[str, list[float]]], peers: list[Found]) -> dict[str, Any]:
    times = Times({"4-6-3": sides}, {"tui-nn": "0"})
    machine = {"name": "here", "cpu": "some", "cores": 2, "system": "any", "caches": {}, "python": "3", "load": 0.9}
    return report([SMALL], times, peers, Plan(3, 1), machine)


def test_best_median_and_ratios_by_hand():
    """Best 2, median 3; probes 2.5 / 2; floor 1.5 / 2; JAX by its faster form 9 / 2, medians 30 / 3; PyTorch 400 / 2."""
    data = reported(TIMES, [Found(side, "python") for side in PEERS])
    row = data["workloads"][0]
    ours, scan = row["figures"]["probes_off"], row["figures"]["jax_scan"]
    assert (ours["best_us"], ours["median_us"]) == (2.0, 3.0)
    assert (scan["best_us"], scan["median_us"], scan["variant"]) == (9.0, 30.0, "scan/flat")
    assert scan["repeats_us"].keys() == {"scan/tree", "scan/flat"}
    assert row["probe_cost"] == 0.25
    assert row["floor_share"] == 0.75
    assert row["speedup"] == {"jax_scan": 4.5, "jax_jit": 25.0, "pytorch": 200.0, "pytorch_fused": 150.0}
    assert row["speedup_of_medians"]["jax_scan"] == 10.0
    text = report_text(data)
    assert "PyTorch eager (1 thread)" in text
    assert "4.50x as fast, by medians 10x" in text
    assert "+25%" in text
    assert "75% of its speed" in text
    assert "busy" not in text
    data["machine"]["load"] = 1.1
    assert "busy before this began (load 1.1)" in report_text(data)


def test_an_absent_peer_is_named_with_its_cure():
    sides = {name: TIMES[name] for name in ("tui-nn", "floor")}
    peers = [Found(side, problem=f"not installed; pip install {side.install}") for side in PEERS]
    data = reported(sides, peers)
    assert data["workloads"][0]["speedup"] == {}
    assert data["peers"]["JAX"] == {
        "measured": False, "problem": "not installed; pip install jax", "install": "pip install jax",
    }  # fmt: skip
    assert "PyTorch: not installed; pip install torch\n" in report_text(data)


def test_cliffs_by_hand():
    """Each row's time over its work: 4, 2, 3.2, 2 has a peak; 2, 2, 3.1, 3 a step; 30 before 20 is an inversion."""
    assert cliffs([4, 4, 9.6, 12], [1, 2, 3, 6]) == ["", "", "peak", ""]
    assert cliffs([2, 4, 9.3, 12], [1, 2, 3, 4]) == ["", "", "step", ""]
    assert cliffs([1, 2, 4.8], [1, 2, 3]) == ["", "", "peak"]
    assert cliffs([10, 30, 20], [1, 3, 4]) == ["", "inverted", ""]
    assert cliffs([8, 7.9, 8.1], [1, 2, 3]) == ["", "", ""]


def test_memory_of_a_scaling_row():
    """A checkpoint is the parameters and Adam's two slots, each layer rounded up to 16 numbers of 4 bytes."""
    case = Case("width", 8)
    least = 3 * 4 * n_parameters(case.workload)
    sizes = memory(case.workload)
    assert least <= sizes["checkpoint_bytes"] <= least + 3 * 4 * 16 * 4
    assert sizes["memory_bytes"] > sizes["checkpoint_bytes"]
    assert sizes["checkpoints_bytes"] % sizes["checkpoint_bytes"] == 0


# How the sides are driven


class Scripted:
    """A side without a process: notes who was asked, in order; fails at its `fails_at`-th repeat."""

    def __init__(self, side: Side, asked: list[str], fails_at: int = 10**9):
        self.side, self.asked, self.fails_at = side, asked, fails_at

    def ask(self, **request: Any) -> dict[str, Any]:
        if request["do"] == "prepare":
            return {"iterations": {"one": 10}}
        self.asked.append(self.side.name)
        if self.asked.count(self.side.name) == self.fails_at:
            raise SideError("out of memory")
        return {"seconds": 2e-5, "iterations": 10}


def test_repeats_are_interleaved_and_a_failing_peer_is_left_out():
    asked: list[str] = []
    running: list[Any] = [Scripted(OURS, asked), Scripted(PEERS[0], asked, fails_at=2)]
    result = Times()
    repeat(SMALL, Path("task"), running, Plan(1, 3), result, {})
    assert asked == ["tui-nn", "JAX", "tui-nn", "JAX", "tui-nn"]
    assert result.times["4-6-3"]["tui-nn"]["one"] == pytest.approx([2.0] * 3)
    assert result.problems == {"JAX": "4-6-3 relu, batch 5: out of memory"}
    assert [process.side.name for process in running] == ["tui-nn"]


def test_a_fault_of_our_own_side_is_not_passed_over():
    running: list[Any] = [Scripted(OURS, [], fails_at=1)]
    with pytest.raises(SideError, match="tui-nn, 4-6-3 relu, batch 5: out of memory"):
        repeat(SMALL, Path("task"), running, Plan(1, 1), Times(), {})


@pytest.fixture
def own_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A side of the test's own in a worker's process: write side_here.py into this folder."""
    monkeypatch.setattr("tui_nn.bench.sides.PACKAGE_ROOT", tmp_path)
    return tmp_path


def test_a_process_that_dies_says_how(own_side: Path):
    code = "import os, sys\ndef about(): print('noise'); return {}\ndef losses(task, n): os._exit(3)\n"
    (own_side / "side_here.py").write_text(code + "def variants(task): raise MemoryError('no room')\n")
    task = str(save_task(SMALL, own_side))
    with SideProcess(Side("here", "side_here")) as process, pytest.raises(SideError, match="status 3"):
        process.ask(do="losses", task=task, n=1)
    with SideProcess(Side("here", "side_here")) as process, pytest.raises(SideError, match="MemoryError: no room"):
        process.ask(do="prepare", task=task, seconds=0.1)


def test_a_broken_library_is_told_from_an_absent_one(own_side: Path):
    (own_side / "side_here.py").write_text("raise ImportError('libsome.so.1: cannot open')\n")
    with pytest.raises(SideError, match=r"ImportError: libsome\.so\.1"):
        SideProcess(Side("here", "side_here"))
    with pytest.raises(SideAbsent, match="no_such_side"):
        SideProcess(Side("here", "no_such_side"))
    assert find_peer(NOBODY[0], [sys.executable]).text == "JAX: not installed; pip install jax"


def test_the_worker_measures_only_what_is_wanted(tmp_path: Path):
    class Two:
        @staticmethod
        def variants(task: Any) -> dict[str, Any]:
            assert [layer["units"] for layer in task.layers] == [6, 3]
            return {name: (lambda n: (n * 1e-3, n)) for name in ("a", "b")}

    file = str(save_task(SMALL, tmp_path)).replace("\\", "/")
    requests = [
        f'{{"do": "prepare", "task": "{file}", "seconds": 0.5, "only": ["b"]}}',
        '{"do": "repeat", "variant": "b"}',
    ]
    assert list(serve(Two, iter(requests))) == [{"iterations": {"b": 500}}, {"seconds": 0.5, "iterations": 500}]


# That all sides do the same work


@pytest.mark.parametrize("workload", [WORKLOADS[0], *WORKLOADS[4:]], ids=lambda workload: workload.id)
@pytest.mark.parametrize("side", PEERS, ids=lambda side: side.name)
def test_peers_compute_what_we_compute(side: Side, workload: Workload, tmp_path: Path):
    """The losses of five iterations, so four Adam updates, agree to float32 rounding: 1e-5 of the loss."""
    peer = installed(side)
    file = str(save_task(workload, tmp_path))
    with SideProcess(OURS) as ours, SideProcess(side, peer.python) as theirs:
        wanted = ours.ask(do="losses", task=file, n=5)["losses"]
        got = theirs.ask(do="losses", task=file, n=5)["losses"]
    assert wanted[0] != wanted[4]
    assert got == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("side", PEERS, ids=lambda side: side.name)
def test_peers_are_timed(side: Side):
    """Every variant of a peer gives a time, and the whole loop of JAX runs whole epochs."""
    peer = installed(side)
    times = measure([SMALL], [], [peer], Plan(1, 1, 0.01), lambda message: None)
    assert not times.problems
    measured = times.times["4-6-3"][side.name]
    assert {"JAX": {"scan/tree", "scan/flat", "jit"}, "PyTorch": {"eager/1", "fused/1"}}[side.name] <= measured.keys()
    assert all(len(values) == 1 and values[0] > 0 for values in measured.values())


# The command


def test_quick_run_without_peers(run: Run, monkeypatch: pytest.MonkeyPatch):
    """Real processes, no peer: figures for us and the floor, the absent named with their cures, progress on stderr."""
    monkeypatch.setattr("tui_nn.bench.sides.PEERS", NOBODY)
    answer = run("bench", "--quick", "--json", "--workload", "2-2-1")
    assert answer.status == 0, answer.err
    assert "process 1 of 1: 2-2-1 tanh, batch 4" in answer.err
    data = answer.data
    assert [row["id"] for row in data["workloads"]] == ["2-2-1"]
    assert data["workloads"][0]["figures"].keys() == {"probes_off", "all_probes", "floor"}
    assert all(figure["best_us"] > 0 for figure in data["workloads"][0]["figures"].values())
    assert data["peers"]["PyTorch"]["problem"] == "not installed; pip install torch"
    assert "1 thread" in data["versions"]["BLAS"]
    assert data["machine"]["cores"] >= 1


def test_quick_scaling(run: Run):
    """The three sweeps, each row with its arithmetic; the cost of a multiply-add is time over count."""
    answer = run("bench", "--scaling", "--quick", "--json")
    assert answer.status == 0, answer.err
    sweeps = answer.data["sweeps"]
    assert [row["width"] for row in sweeps["width"]] == [8, 9, 16]
    assert sweeps.keys() == {"width", "depth", "batch"}
    row = sweeps["width"][0]
    assert row["multiply_adds"] == multiply_adds(dense("row", (8, 8, 8, 8, 10), "relu", 32, 32))
    assert row["ns_per_multiply_add"] == pytest.approx(row["best_us"] * 1000 / row["multiply_adds"])


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--workload", "2-3-1"], ["'2-3-1'", "2-8-8-1", "50x32"]),
        (["--scaling", "--workload", "2-2-1"], ["--scaling", "--workload"]),
        (["--peer-python", "no/such/python"], ["--peer-python", "no/such/python"]),
    ],
    ids=lambda value: " ".join(value)[:30],
)
def test_mistakes_are_named(run: Run, args: list[str], words: list[str]):
    answer = run("bench", *args)
    assert answer.status == 2
    assert answer.out == ""
    for word in words:
        assert word in answer.err
