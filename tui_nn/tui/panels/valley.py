"""The Landscape tab of a network with one parameter: the loss as a curve over it, and where runs have stood on that curve."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from tui_nn.tui.canvas import Canvas
from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.shared import heading
from tui_nn.tui.panels.ways import roles_of, stretches
from tui_nn.tui.text import cells, fit, number, percent
from tui_nn.tui.ticks import even_labels, linear_ticks
from tui_nn.tui.view import View, clamp

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.valley import Valley
    from tui_nn.tui.pictures import Picture

Line = list["Segment"]
GUTTER = 9
PAD = 0.04  # of the range of losses, below and above
ABOVE = 1.25  # of the height that the run has seen, is drawn
LEAST_SHARE = 0.05  # of the curve's height: a run that has seen less stands at the bottom of all of it


def valley_lines(picture: Picture, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """Pure: the picture has the losses. One computed for another width is stretched."""
    found: Valley = picture.value
    rows, columns = height - 4, width - GUTTER - 1
    canvas = Canvas(columns, rows, ink)
    low, high = _range(found)

    def across(x: np.ndarray | float) -> np.ndarray:
        return (np.asarray(x) - found.x[0]) / (found.x[-1] - found.x[0]) * (canvas.width - 1)

    def down(loss: np.ndarray | float) -> np.ndarray:
        return (high - np.asarray(loss)) / (high - low) * (canvas.height - 1)

    at = cursor(found, view)
    canvas.upright(float(across(found.x[at])), "dim")
    for start, end in stretches(np.isfinite(found.loss) & (found.loss <= high)):
        canvas.line(across(found.x[start:end]), down(found.loss[start:end]).clip(0, canvas.height - 1), "accent")
    heres = _put_marks(found, view, canvas, across, down, ink)
    ticks = linear_ticks(low, high, rows)
    labels = dict(zip((int(down(t)) // canvas.per_row for t in ticks), even_labels(ticks), strict=True))
    lines = [_head(found, picture, width, ink)]
    for row, line in enumerate(canvas.cells()):
        label = fit(labels.get(row, ""), GUTTER - 2, ">") if row in labels else " " * (GUTTER - 2)
        here_columns = {column for at_row, column in heres if at_row == row}
        lines.append([ink.say(f"{label} {ink.glyph('bar')}", "faint"), *_pieces(line, here_columns, ink)])
    lines += [_axis(found, columns, canvas, across, ink), _reading(found, at, width, ink)]
    return lines[:height]


def _pieces(line: list[tuple[str, str]], heres: set[int], ink: Ink) -> Line:
    """Cells of one colour together; those in which a run stands on the colour itself."""
    out: Line = []
    for (is_here, role), same in groupby(enumerate(line), lambda cell: (cell[0] in heres, cell[1][1])):
        text = "".join(glyph for _, (glyph, _) in same)
        out.append(ink.badge(role, text) if is_here else ink.say(text, role or "dim"))
    return out


def _range(found: Valley) -> tuple[float, float]:
    """Of the curve, but not far above what the run has seen: walls that it never climbed would press a small hump flat."""
    finite = found.loss[np.isfinite(found.loss)]
    low, high = float(finite.min()), float(finite.max())
    own = found.rolls[0]
    seen = np.append(own.loss, own.here_loss)
    top = float(seen[np.isfinite(seen)].max(initial=low))
    if top - low > LEAST_SHARE * (high - low):
        high = min(high, low + ABOVE * (top - low))
    pad = PAD * (high - low) or 0.5
    return low - pad, high + pad


def _put_marks(found: Valley, view: View, canvas: Canvas, across, down, ink: Ink) -> set[tuple[int, int]]:
    """The places as dots, the start S, the present a knob; of several runs small letters, + and capitals, the first on top.

    Returns the cells, (row, column), in which runs stand.
    """
    roles, are_several = roles_of(view), len(found.rolls) > 1
    rolls = [(roll, roles.get(roll.name, "loss")) for roll in reversed(found.rolls)]

    def put(x: float, loss: float, glyph: str, role: str) -> tuple[int, int] | None:
        if not (np.isfinite(x) and np.isfinite(loss)) or (column := canvas.column_of(float(across(x)))) is None:
            return None
        y = float(np.clip(down(loss), 0, canvas.height - 1))
        canvas.mark(float(across(x)), y, glyph, role)
        return round(y) // canvas.per_row, column

    for roll, role in rolls:
        for x, loss in zip(roll.x.tolist(), roll.loss.tolist(), strict=True):
            put(x, loss, roll.name if are_several else "*", role)
    for roll, _ in rolls:
        if len(roll.x):
            put(float(roll.x[0]), float(roll.loss[0]), "+" if are_several else "S", "strong")
    heres = [put(r.here, r.here_loss, r.name.upper() if are_several else ink.glyph("knob"), role) for r, role in rolls]
    return {here for here in heres if here is not None}


def cursor(found: Valley, view: View) -> int:
    """The point of the curve that is read: where the run stands, until the arrows have moved it."""
    if view.land is not None:
        return clamp(2 * view.land[1], len(found.x))
    here = found.rolls[0].here
    return int(np.abs(found.x - here).argmin()) if np.isfinite(here) else len(found.x) // 2


def move_along(found: Valley, view: View, by: int) -> None:
    """A column to the left or right."""
    view.land = 0, clamp(cursor(found, view) // 2 + by, len(found.x) // 2)


def _head(found: Valley, picture: Picture, width: int, ink: Ink) -> Line:
    are_several = len(found.rolls) > 1
    marks = "+ start, capital: here" if are_several else f"S start, * visited, {ink.glyph('knob')} here"
    parts = [marks, "exact", f"loss of {found.samples:,} training samples"]
    if not picture.is_current:
        age = "of a moment ago"
        parts.insert(0, age if picture.share is None or width < 80 else f"{age}, new one {percent(picture.share)}")
    return heading("Loss", parts, width, ink)


def _axis(found: Valley, columns: int, canvas: Canvas, across, ink: Ink) -> Line:
    """Round weights under the curve, and the weight's name at the right end."""
    name = found.name if cells(found.name) + 24 <= columns else ""
    text = [" "] * (columns - cells(name) - 1)
    ticks, free = linear_ticks(float(found.x[0]), float(found.x[-1]), columns // 3), 0
    for tick, label in zip(ticks, even_labels(ticks), strict=True):
        column = canvas.column_of(float(across(tick)))
        if column is None:
            continue
        start = max(column - len(label) // 2, 0)
        if start >= free and start + len(label) <= len(text):
            text[start : start + len(label)] = label
            free = start + len(label) + 1
    return [ink.say(" " * GUTTER + "".join(text) + " " + name, "faint")]


def _reading(found: Valley, at: int, width: int, ink: Ink) -> Line:
    """The loss under the cursor, where the run stands, and the lowest of the curve."""
    roll = found.rolls[0]
    least = int(np.nanargmin(np.where(np.isfinite(found.loss), found.loss, np.inf)))
    where = ink.say(f" at {number(found.x[at], 4)}: ", "dim")
    value = ink.say(f"loss {number(found.loss[at], 4)}", "strong")
    here = ink.say(f"   here {number(roll.here, 4)}: {number(roll.here_loss, 4)}", "dim")
    lowest = ink.say(f"   lowest {number(found.loss[least], 4)} at {number(found.x[least], 3)}", "dim")
    for line in ([where, value, here, lowest], [where, value, here], [where, value]):
        if sum(segment.cell_length for segment in line) <= width:
            return line
    return [ink.say(fit(f" {value.text}", width), "strong")]
