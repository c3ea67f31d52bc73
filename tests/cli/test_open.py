"""`tui-nn` and `tui-nn open` where no screen can be shown, and how a command ends from outside."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.cli.conftest import Run
from tests.terminal import ENTERED_ALTERNATE, Terminal

COMMAND = [sys.executable, "-m", "tui_nn"]


def test_gallery_in_a_pipe_is_the_list(run: Run):
    answer = run()
    assert answer.status == 0
    assert answer.out == run("list").out
    assert "the output is not a terminal" in answer.err


def test_open_in_a_pipe_is_a_report(run: Run):
    """Layers, totals and the run's table, as `show` and `run` print them."""
    answer = run("open", "xor-mlp")
    assert answer.status == 0
    assert "17 parameters" in answer.out
    assert run("run", "xor-mlp").out.splitlines()[1] in answer.out


def test_open_at_an_iteration_reports_up_to_there(run: Run):
    assert "stopped at iteration 30:" in run("open", "xor-mlp", "--at", "30").out


def test_the_report_is_bounded(run: Run):
    """A long run is not trained to its end unasked."""
    answer = run("open", "xor-mlp", "--set", "train.iterations=1000000")
    assert "stopped at iteration 2000:" in answer.out
    assert "tui-nn run xor-mlp" in answer.err


@pytest.mark.parametrize(("variable", "value"), [("CI", "true"), ("TERM", "dumb")])
def test_a_terminal_that_is_no_screen(variable: str, value: str):
    """With CI set or TERM=dumb a terminal gets the plain list: not one escape sequence."""
    with Terminal([*COMMAND], env={variable: value}) as term:
        assert term.wait_exit(20) == 0
        assert b"xor-mlp" in term.raw  # the list may be longer than the screen
        assert b"\x1b" not in term.raw
        assert ENTERED_ALTERNATE not in term.raw


def hear_sigint() -> None:
    """A shell's background job ignores SIGINT, and so would all that it starts, these tests among them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def long_run() -> Iterator[subprocess.Popen[str]]:
    """A run of ten million iterations, past its compiling."""
    command = [*COMMAND, "run", "digits-dnn", "--iterations", "1000000"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=hear_sigint
    ) as process:
        assert process.stderr is not None
        assert "ready" in process.stderr.readline()
        yield process
        process.kill()


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_interrupt_ends_with_130(long_run: subprocess.Popen[str]):
    """Ctrl-C while the machine runs outside Python's reach: status 130, a word, no traceback."""
    long_run.send_signal(signal.SIGINT)
    out, err = long_run.communicate(timeout=60)
    assert long_run.returncode == 130
    assert err.strip().endswith("interrupted")
    assert "Traceback" not in err
    assert out == ""


@pytest.mark.skipif(os.name != "posix", reason="a shell's pipe")
def test_a_reader_that_has_gone():
    """`tui-nn show | true`: the reader is gone before the first byte, and nobody complains."""
    shell = f"set -o pipefail; '{sys.executable}' -m tui_nn show digits-dnn | true"
    result = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0
    assert result.stderr.count("\n") <= 1  # the remark on the data, and no more


SWALLOWED = """
import os, signal, sys
from tui_nn.cli import main
from tui_nn.debugger.session import Session

start = Session.start
def interrupted_start(self, *args, **kwargs):
    start(self, *args, **kwargs)
    sys.unraisablehook = lambda unraisable: None
    class Dying:
        def __del__(self):
            os.kill(os.getpid(), signal.SIGINT)
            for _ in range(1000):
                pass
    Dying()
Session.start = interrupted_start
main(["run", "xor-mlp", "--iterations", "100000000"])
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_an_interrupt_that_python_loses_is_heard():
    """Raised inside `__del__`, KeyboardInterrupt goes no further; the run ends all the same, with 130."""
    command = [sys.executable, "-c", SWALLOWED]
    result = subprocess.run(command, capture_output=True, text=True, timeout=180, preexec_fn=hear_sigint)
    assert result.returncode == 130
    assert result.stderr.strip().endswith("interrupted")
