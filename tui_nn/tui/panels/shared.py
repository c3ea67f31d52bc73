"""Lines that several panels have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_nn.tui.ink import Ink
from tui_nn.tui.text import cells

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.frame import Frame

Line = list["Segment"]


def freshness(frame: Frame, is_fresh: bool) -> str:
    return "this iteration" if is_fresh else f"left from iteration {frame.iteration - 1:,}"


def heading(name: str, parts: list[str], width: int, ink: Ink) -> Line:
    """A name and what is said of it; parts that do not fit are left out from the end."""
    while parts and len(name) + 3 + cells(", ".join(parts)) > width:
        parts = parts[:-1]
    return [ink.say(f" {name}", "title"), ink.say("  " + ", ".join(parts), "dim")]
