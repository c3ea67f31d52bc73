"""`tui-nn rescue`: what it says is what the debugger found; its exit status; its patience."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from tests.cli.conftest import Run
from tui_nn import Session, load_scenario
from tui_nn.cli_rescue import SILENT_S, Waiting, spans
from tui_nn.debugger.rescue import rescue

SAID = """\
The point of no return: when is it too late? (point-of-no-return), seed 7

the loss                 inf in iteration 517 of 600 planned
first number not finite  iteration 517, op 2: loss mse
its best loss            0.0019, the mean of iterations 7 to 16
took off                 from iteration 24 on it is above 0.0039, twice the best

remedy    change at the start of an iteration  last that saves the run  of those before
lr/10     optimizer.lr: 1.05 → 0.105           427                      all save it
clipping  clip.norm: (none) → 0.045            84                       all save it

saved: finite to iteration 600, with a loss of at most 0.0039 in the mean of its last 10 iterations
"""


def test_what_it_says(run: Run):
    answer = run("rescue", "point-of-no-return")
    assert (answer.status, answer.out) == (0, SAID)


def test_as_data_it_is_what_the_debugger_found(run: Run):
    """Every fork, of both remedies; infinities as text."""
    answer = run("rescue", "point-of-no-return", "--from", "400", "--json")
    found = rescue(Session(load_scenario("point-of-no-return")), 400)
    assert found.health is not None
    assert answer.data["broke"] == {
        "iteration": 517,
        "loss": "inf",
        "op": {"iteration": 517, "op": 2, "label": "loss mse"},
    }
    assert answer.data["health"]["limit"] == found.health.limit
    for told, outcome in zip(answer.data["remedies"], found.outcomes, strict=True):
        assert np.array_equal([float(end) for end in told["ends"]], outcome.ends, equal_nan=True)
        assert told["saved"] == outcome.is_saved.tolist()
        assert (told["first"], told["last"]) == (400, outcome.last)
    assert [told["last"] for told in answer.data["remedies"]] == [427, None]


def test_a_run_that_never_breaks_needs_none(run: Run):
    answer = run("rescue", "xor-mlp", "--set", "train.iterations=50")
    assert answer.status == 0
    assert "the loss is finite to the end, after 50 iterations: nothing to rescue" in answer.out
    assert run("rescue", "xor-mlp", "--set", "train.iterations=50", "--json").data["broke"] is None


def test_nothing_saves_it(run: Run):
    """exploding-init: too late at iteration 0. Status 1, as of an expectation that failed."""
    answer = run("rescue", "exploding-init")
    assert answer.status == 1
    assert [line.split()[-5:] for line in answer.out.splitlines() if line.startswith(("lr/10", "clip"))] == [
        ["0.005", "none", "tried", "0", "to", "1"][1:],
        ["2.1e+08", "none", "tried", "0", "to", "1"][1:],
    ]


def test_broken_from_the_start(run: Run):
    huge = ("--set", "layers[0].init=constant", "--set", "layers[0].init_value=1e30")
    answer = run("rescue", "lr-too-large", *huge)
    assert answer.status == 1
    assert "no loss before it was finite" in answer.out
    assert run("rescue", "lr-too-large", *huge, "--json").data["health"] is None


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--from", "518"], ["breaks in iteration 517", "518"]),
        (["--from", "-1"], ["-1", "x>=0"]),
        (["--clip", "0"], ["0.0", "x>0"]),
    ],
)
def test_wrong_usage(run: Run, args: list[str], words: list[str]):
    answer = run("rescue", "point-of-no-return", *args)
    assert (answer.status, answer.out) == (2, "")
    assert all(word in answer.err for word in words)


def test_a_threshold_of_ones_own_and_probes_that_are_off(run: Run):
    """grad_norm is measured for the threshold all the same."""
    probes = ("--set", 'probes.off=["all"]', "--from", "80", "--json")
    assert run("rescue", "point-of-no-return", *probes).data["remedies"][1]["value"] == 0.045
    clipped = run("rescue", "point-of-no-return", *probes, "--clip", "0.09").data["remedies"][1]
    assert (clipped["value"], clipped["last"]) == (0.09, 91)


def test_iterations_in_spans():
    assert spans([3, 4, 5, 9]) == "3-5, 9"
    assert spans([7]) == "7"
    assert spans(range(0, 20, 2)) == "…, 8, 10, 12, 14, 16, 18"


def test_short_waits_are_silent_and_long_ones_say_how_long(monkeypatch: pytest.MonkeyPatch, capfd):
    """By a clock that the test sets: a word after half a second, the next after ten, where there is no terminal."""
    clock = [100.0]
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    with Waiting() as waiting:
        for now in (0.0, SILENT_S - 0.1, SILENT_S + 0.1, 3.0, 9.0, 11.0):
            clock[0] = 100.0 + now
            waiting(int(10 * now), 200)
    assert capfd.readouterr().err.splitlines() == [
        "trying remedies: 3%, about 19 s left",
        "trying remedies: 55%, about 9 s left",
    ]


def hear_sigint() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_leaves_cleanly():
    """In forks of ten million iterations, each one call outside Python's reach: status 130, a word, no traceback."""
    command = [sys.executable, "-m", "tui_nn", "rescue", "exploding-lr", "--set", "train.iterations=10000000"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=hear_sigint
    ) as process:
        assert process.stderr is not None
        while "trying remedies" not in (line := process.stderr.readline()):
            assert line, "it ended by itself"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.strip().endswith("interrupted")
    assert "Traceback" not in err
    assert out == ""
