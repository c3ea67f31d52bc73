"""The error signal, or the gradient, at every layer over the whole run: a row a layer, a column a stretch of iterations, colour by decade."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tui_nn.tui.ink import LEVELS, Ink
from tui_nn.tui.panels.shared import heading
from tui_nn.tui.text import cells, fit, number
from tui_nn.tui.view import View

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.frame import Frame

Line = list["Segment"]
ERROR, GRADIENT = "delta_norm", "grad_norm"
MOST_TALL = 3  # rows of one layer, where there is room
WORDS = {
    ERROR: ("error over time", "|∂loss/∂output|", "No error has flowed back yet"),
    GRADIENT: ("gradient over time", "|∂loss/∂parameters|", "No gradient has been computed yet"),
}


def stretches(values: np.ndarray, columns: int, at: np.ndarray | None = None) -> np.ndarray:
    """(columns,) or fewer: the largest of each stretch of neighbours, so that a spike is never lost; NaN is larger than any.

    at: (n,) their iterations, if some of them are left out.
    """
    if values.size <= columns:
        return values.astype(np.float64)
    edges = np.linspace(0, values.size if at is None else at[-1] + 1, columns + 1).astype(int)[:-1]
    if at is not None:
        edges = np.searchsorted(at, edges)
    return np.maximum.reduceat(values.astype(np.float64), edges)  # maximum keeps NaN


def _tile(value: float, low: int, high: int, ink: Ink) -> Segment:
    """One cell: the size between two powers of ten; a dot for exactly 0."""
    if not math.isfinite(value):
        return ink.mark("nan" if value != value else "inf", 1)
    if value <= 0:
        return ink.say(ink.glyph("dot"), "faint")
    share = (math.log10(value) - low) / (high - low)
    return ink.tile("levels", round(min(max(share, 0.0), 1.0) * (LEVELS - 1)), 1)


def history_lines(frame: Frame, view: View, width: int, height: int, ink: Ink, family: str = ERROR) -> list[Line]:
    title, what, nothing = WORDS[family]
    names = [layer.name for layer in frame.layers if f"{family}.{layer.name}" in frame.program.metrics]
    found = {name: frame.history.curve(f"{family}.{name}") for name in names}
    curves = {name: values for name, (_, values) in found.items()}
    n = max((int(at[-1]) + 1 for at, _ in found.values() if len(at)), default=0)
    if n == 0:
        text = f"{nothing}: its history begins with the first backward operations."
        return ink.notice(text, width)[:height]
    dense = view.dense_layer_of(frame) if family == GRADIENT else None  # an activation stands for its layer
    selected = (dense or view.layer_of(frame)).name
    gutter = min(max(cells(name) for name in names), max(width // 3, 6)) + 3
    columns, room = max(width - gutter - 11, 4), max(height - 3, 1)
    tall = max(min(room // len(names), MOST_TALL), 1)
    at = names.index(selected) if selected in names else 0
    first = max(0, min(at - room // 2, len(names) - room))
    shown = {name: stretches(curves[name], columns, found[name][0]) for name in names}
    good = np.concatenate([values[np.isfinite(values) & (values > 0)] for values in shown.values()])
    low, high = (math.floor(np.log10(good.min())), math.ceil(np.log10(good.max()))) if good.size else (-1, 0)
    high = max(high, low + 1)
    lines = [
        heading(
            title,
            [what, "a row a layer", "the largest of each column's iterations"],
            width,
            ink,
        )
    ]
    lines.append(
        [ink.say(" " * gutter), ink.say(fit("0", columns - len(f"{n - 1:,}")) + f"{n - 1:,}"[:columns], "faint")]
    )
    for name in names[first : first + room]:
        is_selected = name == selected
        line = [
            ink.say(
                (ink.glyph("next") if is_selected else " ") + fit(name, gutter - 2) + " ",
                "selected" if is_selected else "dim",
            )
        ]
        strip = [_tile(value, low, high, ink) for value in shown[name].tolist()]
        strip.append(ink.say(" " * (columns - len(shown[name]))))
        now = curves[name][-1] if len(curves[name]) else math.nan
        lines.append([*line, *strip, ink.say(fit(number(now, 3), 10, ">"), "text")])
        lines += [[ink.say(" " * gutter), *strip] for _ in range(tall - 1)]
    tiles = [ink.tile("levels", round(k * (LEVELS - 1) / 8), 1) for k in range(9)]
    foot = [
        ink.say(f" 1e{low} ", "dim"),
        *tiles,
        ink.say(f" 1e{high}", "dim"),
        ink.say(f"   {ink.glyph('dot')} exactly 0", "faint"),
    ]
    while sum(segment.cell_length for segment in foot) > width:
        foot.pop()
    return [*lines[: height - 1], foot][:height]
