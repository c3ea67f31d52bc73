"""What is printed while the screen is shown: kept from wherever it comes, shown on request, never lost, never in the picture."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from tests.terminal import Terminal, stands
from tests.tui.driver import drive, screen_text, tap, until
from tests.tui.goldens import as_text
from tui_nn.tui.ink import Ink
from tui_nn.tui.screens.log import LogScreen, log_lines
from tui_nn.tui.strays import MOST_LINES, Source, Strays, clean

INK = Ink(mono=True)
posix = pytest.mark.skipif(os.name != "posix", reason="file descriptors of POSIX")


def test_lines_are_whole_and_in_order():
    """Pieces become a line at its end; out and err do not mix within one; an open line is shown, too."""
    strays = Strays()
    pieces: list[tuple[str, Source]] = [
        ("on", "out"), ("war", "err"), ("e\ntwo\n", "out"), ("ning\r\n", "err"), ("open", "out"),
    ]  # fmt: skip
    for text, source in pieces:
        strays.write(text, source)
    assert [(line.number, line.source, line.text) for line in strays.lines()] == [
        (1, "out", "one"), (2, "out", "two"), (3, "err", "warning"), (4, "out", "open"),
    ]  # fmt: skip
    assert strays.n_new == 3
    strays.see()
    assert strays.n_new == 0


def test_the_last_thousand_are_kept():
    strays = Strays()
    for i in range(MOST_LINES + 5):
        strays.write(f"{i}\n", "out")
    assert len(strays.lines()) == MOST_LINES
    assert strays.lines()[0].text == "5"
    assert strays.report().startswith("(5 earlier lines were not kept)\n5\n")


@pytest.mark.parametrize(
    ("printed", "shown"),
    [("\x1b[31mred\x1b[0m", "red"), ("\x1b]0;title\x07x", "x"), ("10 %\r20 %", "20 %"), ("a\tb", "a   b"), ("bell\x07", "bell\ufffd"), ("가", "가")],
)  # fmt: skip
def test_nothing_that_a_terminal_would_obey_is_left(printed: str, shown: str):
    assert clean(printed) == shown


@pytest.mark.parametrize("width", [24, 40, 100])
def test_the_page_fits(width: int):
    strays = Strays()
    strays.write("short\n" + "long " * 50 + "\n", "out")
    strays.write("careful\n", "err")
    lines = log_lines(strays, "en", width, INK)
    assert all(sum(segment.cell_length for segment in line) <= width for line in lines)
    assert " 3 ! careful" in as_text(lines)
    assert "Nothing has been printed" in " ".join(as_text(log_lines(Strays(), "en", width, INK)).split())[:26]


def test_prints_of_any_thread_are_kept_and_marked():
    """The footer counts them, F4 shows them, and the mark goes; what comes while the page is open is seen at once."""

    async def act(app, pilot):
        await until(pilot, lambda: app.debugger.frame is not None)
        print("from the screen's thread")
        worker = threading.Thread(target=lambda: print("from a worker", file=sys.stderr))
        worker.start()
        worker.join()
        await until(pilot, lambda: "F4 log" in screen_text(app).splitlines()[-1])
        await tap(app, "f4")
        await until(pilot, lambda: isinstance(app.screen, LogScreen))
        await until(pilot, lambda: "from the screen's thread" in screen_text(app))
        assert "from a worker" in screen_text(app)
        print("while it is open")
        await until(pilot, lambda: "while it is open" in screen_text(app))
        await tap(app, "escape")
        await until(pilot, lambda: app.screen is app.debugger)
        await until(pilot, lambda: "log" not in screen_text(app).splitlines()[-1])

    drive("xor-mlp", act, ready=False)


@posix
def test_descriptors_are_bent_and_put_back():
    """C's printf, os.write and a child process are kept; the terminal's own stream is passed by; then all is as before."""
    code = """
import ctypes, os, subprocess, sys
from tui_nn.tui.strays import Captured, Strays
strays = Strays()
before = os.fstat(1).st_ino, os.fstat(2).st_ino
with Captured(strays) as captured:
    os.write(2, b"from write \\xea\\xb0")
    captured.fetch()
    os.write(2, b"\\x80\\n")
    subprocess.run([sys.executable, "-c", "print('from a child')"])
    captured.fetch()
    ctypes.CDLL(None).puts(b"from C")
    sys.__stderr__.write("drawn\\n")
assert before == (os.fstat(1).st_ino, os.fstat(2).st_ino)
assert sys.__stdout__.fileno() == 1
print(sorted(line.text for line in strays.lines()))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stderr == "drawn\n"
    assert result.stdout == "['from C', 'from a child', 'from write 가']\n"


@posix
def test_a_flood_neither_blocks_nor_fills_the_disk():
    """Ten megabytes to a descriptor in one go: only the last lines are kept, and the writer never waits."""
    code = """
import os
from tui_nn.tui import strays
log = strays.Strays()
with strays.Captured(log) as captured:
    for _ in range(10):
        os.write(1, b"x" * 99 + b"\\n" + b"y\\n" * 500_000)
        captured.fetch()
    size = os.fstat(1).st_size
assert len(log.lines()) == strays.MOST_LINES, len(log.lines())
assert size <= strays.MOST_BYTES, size
"""
    subprocess.run([sys.executable, "-c", code], check=True)


PROGRAM = """
import os, warnings
from tui_nn.tui.screens.debugger import DebuggerScreen

def opened(self, message, old=DebuggerScreen.on_opened):
    old(self, message)
    os.write(1, b"written by C code\\n")
    print("printed by Python")
    warnings.warn("careful")
    if {crash}:
        raise RuntimeError("on purpose")

DebuggerScreen.on_opened = opened
from tui_nn.cli import main
main(["open", "xor-mlp"])
"""


@posix
@pytest.mark.parametrize("crash", [False, True])
def test_on_a_terminal_it_never_tears_the_picture_and_is_not_lost(crash: bool):
    """The screen stands whole; after quitting, and after a crash, what was printed stands on the normal screen."""
    with Terminal([sys.executable, "-c", PROGRAM.format(crash=crash)]) as term:
        if not crash:
            term.wait_for(stands, 60)
            term.wait_for(lambda screen: "F4 log 3" in screen, 20)
            assert "written by C" not in term.text
            assert "printed by" not in term.text
            term.send("\x1bOS")
            term.wait_for(lambda screen: "written by C code" in screen and "UserWarning: careful" in screen, 20)
            term.send("qq")
        status = term.wait_exit(30)
        after = term.raw.decode(errors="replace").rsplit("\x1b[?1049l", 1)[-1]
        assert "written by C code" in after
        assert "printed by Python" in after
        assert status == (1 if crash else 0)
        assert ("on purpose" in after) is crash
        assert term.problems_at_exit() == []
