"""The app in a real pseudo-terminal: what the headless driver leaves out."""

from __future__ import annotations

import os
import re
import sys

import pytest

from tests.terminal import Terminal, position_on, stands

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals of POSIX")
OPEN = [sys.executable, "-m", "tui_nn", "open"]
COLOUR = re.compile(rb"\x1b\[(?:[0-9;:]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:[;:][0-9;:]*)?m")


def test_quit_at_full_speed_restores_the_terminal():
    """After q the program is gone, the terminal as before, a summary on the normal screen."""
    with Terminal([*OPEN, "digits-dnn"]) as term:
        term.wait_for(stands, 30)
        term.wait_for(lambda screen: "paused" in screen, 60, "compiled kernels")
        term.send(" ")
        term.wait_for(lambda screen: "running" in screen or "are done" in screen, 20)
        term.send(" ")
        term.send("q")
        assert term.wait_exit(10) == 0
        assert term.problems_at_exit() == []
        assert COLOUR.search(bytes(term.raw))
        assert "Stopped at iteration" in term.raw.decode(errors="replace").rsplit("\x1b[?1049l", 1)[-1]


def test_quit_in_the_middle_of_a_run_at_full_speed():
    """The terminal is as it was, and the summary stands on it. How long it took is bench_screen's to measure."""
    with Terminal([*OPEN, "digits-dnn", "--set", "train.iterations=1000000"]) as term:
        term.wait_for(stands, 30)
        term.wait_for(lambda screen: "paused" in screen, 60, "compiled kernels")
        term.send(" ")
        term.wait_for(lambda screen: "iterations/s" in screen, 20)
        term.send("q")
        assert term.wait_exit(10) == 0
        assert term.problems_at_exit() == []
        assert "Stopped at iteration" in term.raw.decode(errors="replace").rsplit("\x1b[?1049l", 1)[-1]


def test_no_colour_means_no_colour_codes():
    """Under NO_COLOR not one colour reaches the terminal, and the heatmap's levels are still there as glyphs."""
    with Terminal([*OPEN, "digits-dnn"], env={"NO_COLOR": "1"}) as term:
        term.wait_for(stands, 30)
        term.wait_for(lambda screen: "paused" in screen, 60)
        term.send("ns?")
        term.wait_for(lambda screen: "Keys and words" in screen, 10)
        term.send("\x1b")
        # Not before the help is gone: esc and q in one read would be alt+q.
        term.wait_for(lambda screen: "Keys and words" not in screen and "sample 0, unit 0" in screen, 10)
        assert {"·", "+", "-"} <= set(term.text)
        term.send("q")
        assert term.wait_exit(10) == 0
        assert COLOUR.findall(bytes(term.raw)) == []


def test_ascii_mode_is_ascii():
    """With --ascii everything but the lesson and letters of formulas is ASCII."""
    with Terminal([*OPEN, "digits-dnn", "--ascii"]) as term:
        term.wait_for(stands, 30)
        term.wait_for(lambda screen: "paused" in screen, 60)
        term.send("ns")
        term.wait_for(lambda screen: (position_on(screen) or "").startswith("iteration 1, next: forward"), 10)
        lesson = term.text.index("5 Lesson")
        assert {letter for letter in term.text[:lesson] if not letter.isascii()} <= set("δ∂√βμεθ²̂ᵀΣ")
        term.send("q")
        assert term.wait_exit(10) == 0
