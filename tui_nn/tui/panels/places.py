"""Words and marks for places: which step, row or column of a layer a number stands at, and a frame around a window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.segment import Segment

from tui_nn.tui.ink import Ink
from tui_nn.tui.text import count
from tui_nn.tui.view import clamp

if TYPE_CHECKING:
    from tui_nn.scenario.spec.shape import Box, Shape
    from tui_nn.tui.heat import Scale

Line = list[Segment]
AXES = {1: ("unit",), 2: ("step", "unit"), 3: ("row", "column", "channel")}
# Edges of a frame, by (is above, is below, is left, is right): what stands in the two halves of a tile.
CORNERS = {
    "unicode": {"h": "─", "v": "│", "tl": "┌", "tr": "┐", "bl": "└", "br": "┘", "l": "[", "r": "]", "t": "─", "b": "─"},
    "ascii": {"h": "-", "v": "|", "tl": "+", "tr": "+", "bl": "+", "br": "+", "l": "[", "r": "]", "t": "-", "b": "-"},
}


def spot(shape: Shape, index: int) -> tuple[int, ...]:
    """Where the number `index` of a sample stands: one index for each axis, the last that of the unit."""
    place = []
    for n in reversed(shape):
        index, at = divmod(index, n)
        place.append(at)
    return tuple(reversed(place))


def index_of(shape: Shape, place: tuple[int, ...]) -> int:
    """The other way round."""
    index = 0
    for n, at in zip(shape, place, strict=True):
        index = index * n + at
    return index


def selected_value(view: Any, shape: Shape) -> int:
    """The number of a sample that the cursor is on, whatever layer it was moved in."""
    values = 1
    for n in shape:
        values *= n
    return clamp(view.unit, values)


def selected_unit(view: Any, shape: Shape) -> int:
    """The unit (channel) it belongs to."""
    return selected_value(view, shape) % shape[-1]


def where(shape: Shape, index: int) -> str:
    """ "unit 5", "step 3, unit 2", "row 1, column 0, channel 7"."""
    return ", ".join(f"{axis} {at}" for axis, at in zip(AXES[len(shape)], spot(shape, index), strict=True))


def size(shape: Shape) -> str:
    """ "12 units", "16 steps of 4 units", "8 × 8 × 16 channels"."""
    if len(shape) == 1:
        return count(shape[0], "unit")
    if len(shape) == 2:
        return f"{count(shape[0], 'step')} of {count(shape[1], 'unit')}"
    return f"{shape[0]} × {shape[1]} × {count(shape[2], 'channel')}"


def seen(box: Box) -> str:
    """ "rows 1 to 3, columns 0 to 2" or "steps 4 to 9"."""
    names = ("steps",) if len(box) == 1 else ("rows", "columns")
    parts = []
    for name, (first, end) in zip(names, box, strict=True):
        parts.append(f"{name} {first} to {end - 1}" if end - first > 1 else f"{name[:-1]} {first}")
    return ", ".join(parts)


def framed(tiles: list[Line], levels: Any, scale: Scale, box: Box, cell: int, ink: Ink) -> list[Line]:
    """An image's tiles with a frame drawn inside those at the edge of the box."""
    (top, bottom), (left, right) = box
    glyphs = CORNERS["ascii" if ink.ascii else "unicode"]
    out = [list(line) for line in tiles]
    for i in range(top, min(bottom, len(out))):
        for j in range(left, min(right, len(out[i]))):
            text = _edge(glyphs, i == top, i == bottom - 1, j == left, j == right - 1, cell)
            if text:
                level = int(levels[i, j])
                kind = "negative" if level < 0 else "positive" if scale.signed else "levels"
                out[i][j] = ink.number_tile(kind, abs(level), text)
    return out


def _edge(g: dict[str, str], above: bool, below: bool, left: bool, right: bool, cell: int) -> str:
    """What a tile at that edge shows; "" inside."""
    if not (above or below or left or right):
        return ""
    if above and below:
        first, last = (g["l"] if left else g["h"]), (g["r"] if right else g["h"])
        return first + g["h"] * (cell - 2) + last if cell > 1 else (g["l"] if left else g["r"] if right else g["h"])
    if not (above or below):
        if cell == 1:
            return g["v"]
        return (g["v"] if left else " ") + " " * (cell - 2) + (g["v"] if right else " ")
    corner = ("tl", "tr") if above else ("bl", "br")
    if cell == 1:
        return g[corner[0]] if left else g[corner[1]] if right else g["h"]
    return (g[corner[0]] if left else g["h"]) + g["h"] * (cell - 2) + (g[corner[1]] if right else g["h"])
