"""Panel 3 for several networks: the same microscope on each, side by side or one above the other."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_nn.tui.arrange import Area
from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.base import Line
from tui_nn.tui.text import cells, fit, number

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame
    from tui_nn.tui.view import View

MIN_COLUMNS, MIN_ROWS = 38, 10  # of one network's part; below, the active one has all the room


@dataclass(frozen=True)
class Part:
    """One network: what is seen of it, and the view that is its own."""

    title: str
    frame: Frame
    view: View


Draw = Callable[[Part, int, int], list[Line]]


def places(n: int, active: int, width: int, height: int) -> dict[int, Area]:
    """Where each of n networks is drawn; with little room only some, the active one always among them."""
    columns = max(min(n, (width + 1) // (MIN_COLUMNS + 1)), 1)
    rows = max(min(math.ceil(n / columns), height // MIN_ROWS), 1)
    first = max(0, min(active - columns * rows // 2, n - columns * rows))
    shown = range(first, min(first + columns * rows, n))
    wide, tall = (width - columns + 1) // columns, height // rows
    areas = {}
    for k, index in enumerate(shown):
        column, row = k % columns, k // columns
        x, y = column * (wide + 1), row * tall
        areas[index] = Area(x, y, width - x if column == columns - 1 else wide, height - y if row == rows - 1 else tall)
    return areas


def beside_lines(
    parts: tuple[Part, ...], active: int, draw: Draw, width: int, height: int, ink: Ink
) -> list[Line]:  # fmt: skip
    """Each part under a line with its title; `draw` fills the rest of it."""
    areas = places(len(parts), active, width, height)
    following = (active + 1) % len(parts)
    blocks = {}
    for index, area in areas.items():
        part = parts[index]
        hidden = parts[following].title if following not in areas else ""
        head = _head(part, index == active, index == following, hidden, area.width, ink)
        blocks[index] = [head, *draw(part, area.width, area.height - 1)][: area.height]
    lines: list[Line] = []
    for y in range(height):
        line: Line = []
        for index, area in areas.items():
            if area.y <= y < area.y + area.height:
                line += [ink.say(ink.glyph("bar"), "rule")] if area.x else []
                row = blocks[index][y - area.y] if y - area.y < len(blocks[index]) else []
                used = sum(cells(segment.text) for segment in row)
                is_last = area.x + area.width == width
                line += row if is_last else [*row, ink.say(" " * max(area.width - used, 0))]
        lines.append(line)
    return lines


def _head(part: Part, is_active: bool, is_next: bool, hidden: str, width: int, ink: Ink) -> Line:
    """▶ Title         it 128, loss 0.31: the mark tells the active one, and the key takes to the next."""
    mark = ink.say(ink.glyph("next") + " ", "accent") if is_active else ink.say("x " if is_next else "  ", "key")
    frame = part.frame
    loss = frame.metrics.get("loss")
    words, role = f"it {frame.iteration:,}", "dim"
    if loss is not None:
        words += f"  loss {number(loss)}"
        role = role if math.isfinite(loss) else "bad"
    if hidden:
        words, role = f"x: {hidden}", "key"
        words = fit(words, max(width // 2, 18)).rstrip()
    room = width - 2 - cells(words) - 2
    if room < 8:
        return [mark, ink.say(fit(part.title, width - 2), "strong" if is_active else "dim")]
    title = ink.say(fit(part.title, room), "strong" if is_active else "dim")
    return [mark, title, ink.say("  "), ink.say(words, role)]
