"""Curves over the iterations, with axes: arrays in, segments out.

Drawn on a field of dots that NumPy fills and not by plotext, which took longer over a noisy curve than a frame may
(`bench_screen.py frames`). The cost is bounded by the size of the chart, whatever the length of the run: `series.survey`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tui_nn.tui.canvas import MIDDLE, Canvas, Line
from tui_nn.tui.ink import Ink
from tui_nn.tui.series import survey
from tui_nn.tui.text import cells
from tui_nn.tui.ticks import even_labels, exponent_label, linear_ticks, log_ticks

FAR = 1e300  # differences of numbers beyond it would overflow


@dataclass(frozen=True)
class Curve:
    """One line of the chart; `role` names its colour.

    Shapes: x, y are (n,), x ascending; points outside the window only say where the line leaves it.
    dots: mark every point, as long as there are few. mark: the glyph, set along the line where there are many.
    level: of the canvas; what lies behind and what in front.
    """

    x: np.ndarray
    y: np.ndarray
    role: str
    dots: bool = False
    mark: str = ""
    level: int = MIDDLE


@dataclass(frozen=True)
class Shown:
    """A curve as far as it is drawn: at most two points a column inside the window, y in exponents on a log axis.

    before, after: the points next to the window, or None. odd: the x of values that are NaN or infinite.
    n_left_out: how many values of 0 or less a log axis has no place for.
    """

    x: np.ndarray
    y: np.ndarray
    n: int
    before: tuple[float, float] | None
    after: tuple[float, float] | None
    odd: np.ndarray
    n_left_out: int


@dataclass(frozen=True)
class Plot:
    """The chart and where things stand in it: its field begins at cell `left` and has `columns` cells for first..last."""

    lines: list[Line]
    left: int
    columns: int
    first: float
    last: float
    n_left_out: int = 0

    def x_at(self, cell: int) -> float:
        """The x in the middle of a cell of the chart, held inside the window."""
        share = (cell - self.left) / max(self.columns - 1, 1)
        return self.first + min(max(share, 0.0), 1.0) * (self.last - self.first)


def decimate(x: np.ndarray, y: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """At most 2 x columns points: of each column the smallest and the largest finite value, in order of x."""
    places = survey(y, columns).peaks
    return x[places], y[places]


def visible(curve: Curve, first: float, last: float, columns: int, log: bool = False) -> Shown:
    """What is drawn of a curve between first and last, both included. Slices; copies only what is kept."""
    a, b = int(np.searchsorted(curve.x, first)), int(np.searchsorted(curve.x, last, side="right"))
    x, y = curve.x[a:b], curve.y[a:b]
    kept = survey(y, columns, positive=log)
    return Shown(
        np.asarray(x[kept.peaks], dtype=np.float64),
        _height(y[kept.peaks], log),
        b - a,
        _neighbour(curve, a - 1, log),
        _neighbour(curve, b, log),
        x[kept.odd],
        kept.n_left_out,
    )


def _height(y: np.ndarray, log: bool) -> np.ndarray:
    y = np.clip(np.asarray(y, dtype=np.float64), -FAR, FAR)
    return np.log10(y) if log else y


def _neighbour(curve: Curve, place: int, log: bool) -> tuple[float, float] | None:
    if not 0 <= place < len(curve.x):
        return None
    value = float(curve.y[place])
    if not np.isfinite(value) or (log and value <= 0):
        return None
    return float(curve.x[place]), float(_height(np.array([value]), log)[0])


def plot(
    curves: Sequence[Curve], width: int, height: int, ink: Ink, *, log: bool = False, here: float | None = None,
    read: float | None = None, first: float = 0.0, last: float = 1.0, is_share: bool = False, whole: bool = False,
) -> Plot:  # fmt: skip
    """Curves over first..last with axes, exactly `height` lines of `width` cells.

    here, read: x of the current position and of the reading cursor, drawn as vertical lines.
    is_share:   the values are shares of 1, shown in percent; with `whole` on an axis from 0 to all.
    log:        the y axis in powers of ten; values that are 0 or less cannot be drawn there and are left out.
    """
    last = max(last, first + 1.0)
    # The labels decide how many columns are left, the columns which points are kept; the range depends on neither.
    shown = [visible(curve, first, last, max(width, 1), log) for curve in curves]
    low, high = (0.0, 1.0) if is_share and whole and not log else _range(shown)
    rows = max(height - 2, 1)
    ticks = log_ticks(low, high, height) if log else linear_ticks(low, high, height)
    labels = [exponent_label(t) for t in ticks] if log else even_labels(ticks, is_share=is_share)
    wide = min(max(map(len, labels), default=0), max(width - 4, 0))
    columns = max(width - wide - 1, 1)
    canvas = Canvas(columns, rows, ink)
    scale = _Scale(canvas, first, last, low, high)
    for x, role in ((read, "text"), (here, "dim")):
        if x is not None and first <= x <= last:
            canvas.upright(float(scale.x(x)), role)
    for curve, part in zip(curves, shown, strict=True):
        _draw_line(canvas, scale, part, curve)
    for i, (curve, part) in enumerate(zip(curves, shown, strict=True)):
        _draw_marks(canvas, scale, part, curve, i, len(curves))
    for part in shown:
        for x in part.odd.tolist():
            canvas.mark(float(scale.x(x)), 0, ink.glyph("nan"), "bad")
    at_row = {int(scale.y(t)) // canvas.per_row: label for t, label in zip(ticks, labels, strict=True)}
    lines = []
    for row, line in enumerate(canvas.lines()):
        text = at_row.get(row, "")[:wide].rjust(wide) + ("┤" if row in at_row else "│")
        lines.append([ink.say(_axis(text, ink), "dim"), *line])
    vertical = {canvas.column_of(float(scale.x(x))) for x in (read, here) if x is not None and first <= x <= last}
    lines += _x_axis(first, last, wide, columns, scale, vertical, ink)
    n_left_out = sum(part.n_left_out for part in shown)
    return Plot((lines + [[] for _ in range(height)])[:height], wide + 1, columns, first, last, n_left_out)


def chart(
    curves: Sequence[Curve], width: int, height: int, ink: Ink, *, log: bool = False, here: float | None = None,
    read: float | None = None, x_end: float = 1.0, is_share: bool = False,
) -> list[Line]:  # fmt: skip
    """All of the curves, over 0..x_end or as far as they go. See `plot`."""
    last = max([x_end, 1.0, *(float(curve.x[-1]) for curve in curves if len(curve.x))])
    return plot(
        curves, width, height, ink, log=log, here=here, read=read, last=last, is_share=is_share, whole=True
    ).lines


@dataclass(frozen=True)
class _Scale:
    """From values to dots."""

    canvas: Canvas
    first: float
    last: float
    low: float
    high: float

    def x(self, x):
        return np.rint((np.asarray(x) - self.first) / (self.last - self.first) * (self.canvas.width - 1))

    def y(self, y):
        return np.rint((self.high - np.asarray(y)) / (self.high - self.low) * (self.canvas.height - 1))


def _draw_line(canvas: Canvas, scale: _Scale, part: Shown, curve: Curve) -> None:
    x, y = part.x, part.y
    if part.before is not None:
        inner = (x[0], y[0]) if x.size else part.after
        if inner is not None:
            x, y = np.append(scale.first, x), np.append(_crossing(part.before, inner, scale.first), y)
    if part.after is not None:
        inner = (part.x[-1], part.y[-1]) if part.x.size else part.before
        if inner is not None:
            x, y = np.append(x, scale.last), np.append(y, _crossing(inner, part.after, scale.last))
    if x.size:
        # From a neighbour outside the window a line may come from far above or below.
        canvas.line(scale.x(x), scale.y(y).clip(-canvas.height, 2 * canvas.height), curve.role, curve.level)


def _crossing(a: tuple[float, float], b: tuple[float, float], x: float) -> float:
    """The height at x of the line from a to b."""
    return a[1] + (b[1] - a[1]) * (x - a[0]) / (b[0] - a[0])


def _draw_marks(canvas: Canvas, scale: _Scale, part: Shown, curve: Curve, index: int, of: int) -> None:
    """On every point where they are few; else some along the line, each curve's in columns of their own."""
    if not part.x.size:
        return
    glyph = curve.mark or ("x" if canvas.ink.ascii else "•")
    if curve.dots and part.n <= canvas.columns // 2:
        places = range(part.x.size)
    elif curve.mark:
        distance = max(canvas.columns // 6, 2 * of)
        wanted = np.arange(distance * (index + 1) / (of + 1), canvas.columns, distance) * canvas.per_column
        places = np.unique(np.searchsorted(scale.x(part.x), wanted).clip(0, part.x.size - 1)).tolist()
    else:
        return
    x, y = scale.x(part.x), scale.y(part.y)
    for place in places:
        canvas.mark(float(x[place]), float(y[place]), glyph, curve.role)


def _range(shown: Sequence[Shown]) -> tuple[float, float]:
    parts = [part.y for part in shown if part.y.size]
    if not parts:
        return 0.0, 1.0
    low, high = min(float(part.min()) for part in parts), max(float(part.max()) for part in parts)
    if high - low <= 1e-12 * max(abs(low), abs(high), 1e-300):
        pad = abs(high) * 0.1 or 1.0
        return low - pad, high + pad
    return low, high


def _x_axis(
    first: float, last: float, wide: int, columns: int, scale: _Scale, vertical: set[int | None], ink: Ink
) -> list[Line]:
    """The line with its ticks, and the iterations below them, as many as stand clear of each other."""
    rule, below = ["─"] * columns, [" "] * (wide + 1 + columns)
    free = -1
    for tick in linear_ticks(first, last, (wide + 1 + columns) // 4, whole=True):
        column, label = scale.canvas.column_of(float(scale.x(tick))), f"{int(tick):,}"
        if column is None:
            continue
        start = min(max(wide + 1 + column - cells(label) // 2, 0), len(below) - len(label))
        if start > free and start >= 0:
            below[start : start + len(label)] = label
            free = start + len(label)
            rule[column] = "┬"
    for column in vertical:
        if column is not None:
            rule[column] = "┴"
    return [
        [ink.say(_axis(" " * wide + "└" + "".join(rule), ink), "dim")],
        [ink.say("".join(below), "dim")],
    ]


def _axis(text: str, ink: Ink) -> str:
    return text.translate(ASCII_AXES) if ink.ascii else text


ASCII_AXES = str.maketrans("│┤└┬┴┼─", "|+++++-")
