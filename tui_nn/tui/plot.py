"""The one door to plotext: curves in, segments out. Another plot library would be put in here.

plotext 5 draws on one global figure, so all calls come from the UI thread and start from a cleared figure. Its cost
grows with the number of points; `decimate` bounds it whatever the length of the run.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from rich.segment import Segment
from rich.text import Text

from tui_nn.tui.ink import Ink
from tui_nn.tui.text import number

Line = list[Segment]


@dataclass(frozen=True)
class Curve:
    """One line of the chart; `role` names its colour. `dots` marks the points, for curves with few of them."""

    x: np.ndarray
    y: np.ndarray
    role: str
    dots: bool = False


def decimate(x: np.ndarray, y: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """At most 2 x columns points: of each column the smallest and the largest finite value, in order of x.

    Peaks survive, which they would not under averaging or striding. Points that are not finite are dropped here;
    `odd_points` finds them.
    """
    good = np.isfinite(y)
    if not good.all():
        x, y = x[good], y[good]
    if y.size <= 2 * columns:
        return x, y
    edges = np.linspace(0, y.size, columns + 1).astype(int)
    picked = set()
    for a, b in pairwise(edges.tolist()):
        part = y[a:b]
        picked.update((a + int(part.argmin()), a + int(part.argmax())))
    index = np.array(sorted(picked))
    return x[index], y[index]


def odd_points(curve: Curve) -> np.ndarray:
    """The x of points that are NaN or infinite."""
    return curve.x[~np.isfinite(curve.y)]


def chart(
    curves: Sequence[Curve], width: int, height: int, ink: Ink, *, log: bool = False, here: float | None = None,
    read: float | None = None, x_end: float = 1.0, is_share: bool = False,
) -> list[Line]:  # fmt: skip
    """Curves over 0..x_end with axes, exactly `height` lines of `width` cells.

    here, read: x of the current position and of the reading cursor, drawn as vertical lines.
    is_share:   the values are shares of 1, shown in percent on an axis from 0 to all.
    log:        the y axis in powers of ten; values that are 0 or less cannot be drawn there and are left out.
    """
    import plotext

    # plotext walks along lines cell by cell, also far outside its limits: keep every point inside.
    x_end = max([x_end, 1.0, *(float(curve.x[-1]) for curve in curves if len(curve.x))])
    plotext.clear_figure()
    plotext.limit_size(False, False)
    plotext.plot_size(width, height)
    plotext.theme("clear")
    marker = "." if ink.ascii else "braille"
    shown = [_prepared(curve, width, log) for curve in curves]
    low, high = (0.0, 1.0) if is_share else _range(shown)
    for x_line, role in ((here, "dim"), (read, "text")):
        if x_line is not None:
            plotext.vline(x_line, color=_colour(ink, role))
    for curve in shown:
        if curve.y.size:
            mark = ("x" if ink.ascii else "•") if curve.dots and curve.y.size <= width // 2 else marker
            if curve.dots and mark != marker and curve.y.size > 1:
                plotext.plot(curve.x.tolist(), curve.y.tolist(), marker=marker, color=_colour(ink, curve.role))
                plotext.scatter(curve.x.tolist(), curve.y.tolist(), marker=mark, color=_colour(ink, curve.role))
            else:
                plotext.plot(curve.x.tolist(), curve.y.tolist(), marker=mark, color=_colour(ink, curve.role))
    for curve in curves:
        odd = odd_points(curve)
        if odd.size:
            odd = odd[np.linspace(0, odd.size - 1, min(odd.size, width)).astype(int)]
            plotext.scatter(odd.tolist(), [high] * len(odd), marker=ink.glyph("nan"), color=_colour(ink, "bad"))
    plotext.xaxes(True, False)
    plotext.yaxes(True, False)
    plotext.xlim(0, x_end)
    plotext.ylim(low, high)
    ticks = _log_ticks(low, high, height) if log else _linear_ticks(low, high, height)
    if log:
        labels = [_label(10.0 ** min(t, 308.0)) for t in ticks]
    else:
        labels = [f"{t:.0%}" for t in ticks] if is_share else _even_labels(ticks)
    wide = max((len(label) for label in labels), default=0)
    plotext.yticks(ticks, [label.rjust(wide) for label in labels])
    x_ticks = _linear_ticks(0, x_end, width // 4, whole=True)
    plotext.xticks(x_ticks, [f"{int(t):,}" for t in x_ticks])
    return _segments(plotext.build(), width, height, ink)


def _even_labels(ticks: list[float]) -> list[str]:
    """Labels of evenly spaced ticks, all with as many decimals as the spacing needs."""
    step = abs(ticks[1] - ticks[0]) if len(ticks) > 1 else abs(ticks[0])
    if not step or not 1e-4 <= step < 1e5:
        return [_label(t) for t in ticks]
    decimals = max(-math.floor(math.log10(step) + 1e-9), 0)
    return [f"{t:.{decimals}f}" for t in ticks]


def _label(value: float) -> str:
    """A tick in as few characters as say it: 0.5, 20, 1e-6."""
    short = f"{value:.4g}" if value else "0"
    if "e" in short and short.startswith("1e"):
        return f"1e{int(short[2:])}"
    return short if len(short) <= 6 and "e" not in short else number(value, 3)


def _colour(ink: Ink, role: str) -> object:
    return ink.colour(role) or "default"


def _prepared(curve: Curve, width: int, log: bool) -> Curve:
    x, y = curve.x, np.asarray(curve.y, dtype=np.float64)
    if log:
        keep = ~(y <= 0)  # NaN stays: it is marked, not hidden
        x = x[keep]
        with np.errstate(invalid="ignore"):
            y = np.log10(y[keep])
    x, y = decimate(x, y, width)
    return Curve(x, y, curve.role, curve.dots)


def _range(curves: Sequence[Curve]) -> tuple[float, float]:
    parts = [curve.y for curve in curves if curve.y.size]
    if not parts:
        return 0.0, 1.0
    low, high = min(float(part.min()) for part in parts), max(float(part.max()) for part in parts)
    # plotext takes differences; near the end of the float range they would overflow.
    low, high = max(low, -1e300), min(high, 1e300)
    if high - low <= 1e-12 * max(abs(low), abs(high), 1e-300):
        pad = abs(high) * 0.1 or 1.0
        return low - pad, high + pad
    return low, high


def _linear_ticks(low: float, high: float, room: int, whole: bool = False) -> list[float]:
    """Round numbers inside the range, about one for every three rows of room."""
    wanted = max(room // 3, 2)
    raw = (high - low) / wanted
    if not (math.isfinite(raw) and raw > 0):
        return [low]
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * m for m in (1, 2, 5, 10) if size * m >= raw * 0.999)
    if whole:
        step = max(round(step), 1)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)] or [low]


def _log_ticks(low: float, high: float, height: int) -> list[float]:
    """Whole powers of ten; within a single decade also 2 and 5 times them."""
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    every = max(1, math.ceil((last - first + 1) / max(height // 2, 1)))
    ticks = [float(k) for k in range(first, last + 1, every)]
    if len(ticks) < 2:
        fine = [k + math.log10(m) for k in range(math.floor(low), math.ceil(high) + 1) for m in (1, 2, 3, 5, 7)]
        ticks = [t for t in fine if low <= t <= high] or [low]
    return ticks


def _segments(text: str, width: int, height: int, ink: Ink) -> list[Line]:
    """plotext answers in ANSI; Rich reads it back. Axes and labels, which come without colour, get the ink's."""
    plain = ink.style("dim")
    ascii_axes = str.maketrans("│┤└┬┴┼─", "|+++++-")
    lines: list[Line] = []
    for row in text.split("\n")[:height]:
        line: Line = []
        rich_text = Text.from_ansi(row)
        spans = sorted((span.start, span.end, span.style) for span in rich_text.spans)
        plain_text, at = rich_text.plain, 0
        for start, end, style in spans:
            if start > at:
                line.append(Segment(plain_text[at:start], plain))
            line.append(
                Segment(
                    plain_text[start:end], plain if isinstance(style, str) or not style.color or ink.mono else style
                )
            )
            at = end
        line.append(Segment(plain_text[at:], plain))
        if ink.ascii:
            line = [Segment(segment.text.translate(ascii_axes), segment.style) for segment in line]
        lines.append(line)
    return lines + [[] for _ in range(height - len(lines))]
