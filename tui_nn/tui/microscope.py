"""A microscope: one way to look at a frame, a tab of panel 3.

Each is a file of its own in panels/, named as the microscope is, with a constant MICROSCOPE: a pure renderer from a frame,
the view and a size to lines, and how the arrows move its cursor. Their names are in scenario/panels.py, for a script may
show them; a file is imported when its picture is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tui_nn.scenario.panels import MICROSCOPES

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.tui.ink import Ink
    from tui_nn.tui.view import View

    Line = list[Segment]
    Draw = Callable[[Any, View, int, int, Ink], list[Line]]
    Move = Callable[[Any, View, int, int, bool], None]
    Has = Callable[[Any, int], bool]
    Hit = Callable[[Any, View, int, int, int, int], None]

TITLES = {name: name.capitalize() for name in MICROSCOPES}


@dataclass(frozen=True)
class Microscope:
    """
    about: for the help page, in sentences.
    lines: (frame, view, width, height, ink) -> at most `height` lines of at most `width` cells, whatever the size.
    move:  (frame, view, dx, dy, page): the arrows and PgUp, PgDn; changes the view alone.
    hit:   (frame, view, x, y, width, height): a click on the body.
    modes: names of its pictures if it has several; `v` shows the next, view.mode(name) says which.
    shared: (frame, view): does one picture show all open runs, so that they need no places of their own?
    has:   (frame, mode): has this run such a picture? Those it has not are passed over; the first it has is shown first.
    """

    about: str
    lines: Draw
    move: Move
    hit: Hit | None = None
    modes: tuple[str, ...] = ()
    has: Has | None = None
    shared: Callable[[Any, View], bool] | None = None

    def next_mode(self, frame: Any, mode: int, by: int) -> int:
        """The nearest mode in that direction that the run has; by = 0: the mode itself, or the first that the run has."""
        n = len(self.modes)
        tried = [(mode + by * k) % n for k in range(1, n + 1)] if by else [mode, *range(n)]
        return next((each for each in tried if self.has is None or self.has(frame, each)), mode)


@cache
def microscope(name: str) -> Microscope:
    return import_module(f"tui_nn.tui.panels.{name}").MICROSCOPE
