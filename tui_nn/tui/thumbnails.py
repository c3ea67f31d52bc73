"""Small pictures of a recorded loss: one row beside a title, or many rows with axes. Pure: numbers in, segments out.

The gallery is the first thing painted, so this draws its dots itself and loads no plot library.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.segment import Segment

from tui_nn.tui.ink import Ink
from tui_nn.tui.text import cells, count, fit, number

if TYPE_CHECKING:
    from tui_nn.scenario.curves import RecordedCurve, Span

Line = list[Segment]
Point = tuple[float, float, float]  # place across, lowest, highest
DECADES = 2  # a loss that spans more is drawn on a log scale
DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # of a braille cell: column, row from the top
MIN_WIDTH, MIN_HEIGHT = 24, 4  # below, a picture with axes says nothing


@dataclass(frozen=True)
class Axis:
    """From a loss to its height in the picture, 0 to 1. A linear axis starts at 0: a loss that hardly moves looks so."""

    low: float
    high: float
    is_log: bool

    @staticmethod
    def of(curve: RecordedCurve) -> Axis:
        values = [value for span in (*curve.loss, *curve.val_loss) if span for value in span]
        positive = [value for value in values if value > 0]
        if positive and min(values) >= 0 and max(positive) > 10.0**DECADES * min(positive):
            return Axis(min(positive), max(positive), True)
        low, high = min([0.0, *values]), max([0.0, *values])
        return Axis(low, high if high > low else low + 1.0, False)

    def share(self, value: float) -> float:
        if not self.is_log:
            return (value - self.low) / (self.high - self.low)
        return math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)

    def ticks(self, rows: int) -> dict[int, str]:
        """Labels by row from the top: powers of ten, or round numbers, at most one every second row."""
        if self.is_log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            every = max(1, math.ceil((last - first + 1) / max(rows // 2, 1)))
            values = [10.0**power for power in range(first, last + 1, every)]
            labels = [f"1e{power}" if not -3 <= power <= 3 else f"{10.0**power:g}" for power in range(first, last + 1, every)]  # fmt: skip
        else:
            step = _round_step((self.high - self.low) / max(rows // 2, 1))
            values = [k * step for k in range(math.ceil(self.low / step), math.floor(self.high / step + 1e-9) + 1)]
            decimals = max(-math.floor(math.log10(step) + 1e-9), 0)
            labels = [f"{value:.{decimals}f}" if 1e-4 <= step < 1e5 else number(value, 3) for value in values]
        return {_row(self.share(value), rows): label for value, label in zip(values, labels, strict=True)}


def _round_step(least: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is no smaller."""
    size = 10.0 ** math.floor(math.log10(least))
    return next(size * factor for factor in (1, 2, 5, 10) if size * factor >= least * 0.999)


def _row(share: float, rows: int) -> int:
    return min(max(round((1.0 - share) * (rows - 1)), 0), rows - 1)


@lru_cache(maxsize=2_000)  # the list asks for all it shows at every move
def sparkline(curve: RecordedCurve | None, width: int, rows: int, ink: Ink) -> tuple[Line, ...]:
    """The loss in exactly `rows` lines of `width` cells, × where it was no number any more; blank without a curve."""
    if curve is None:
        return tuple([ink.say(" " * width)] for _ in range(rows))
    axis = Axis.of(curve)
    if rows > 1 or not ink.ascii:
        return tuple(plot(curve, axis, width, rows, ink, with_validation=False))
    marks = [" "] * width  # four heights, where dots in halves of a cell would give two
    for x, low, high in _columns(curve.loss, axis, width):
        marks[x] = "_.-'"[min(int((low + high) * 2), 3)]
    end = _broken_column(curve, width)
    if end is None:
        return ([ink.say("".join(marks), "train")],)
    broken = ink.say(ink.glyph("nan"), "bad")
    return ([ink.say("".join(marks[:end]), "train"), broken, ink.say(" " * (width - end - 1))],)


def picture(curve: RecordedCurve, width: int, height: int, ink: Ink) -> list[Line]:
    """Loss of training and validation over the planned run, with axes: at most `height` lines of `width` cells."""
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return []
    axis, rows = Axis.of(curve), height - 3
    ticks = axis.ticks(rows)
    left = max(map(len, ticks.values()), default=0)
    body = plot(curve, axis, width - left - 1, rows, ink)
    bar, joint = ink.glyph("bar"), ink.glyph("tee_left")
    lines = [_legend(curve, axis, width, ink)]
    for row, line in enumerate(body):
        label = ticks.get(row)
        lines.append([ink.say(fit(label or "", left, ">") + (joint if label else bar), "dim"), *line])
    rule = ink.glyph("rule") * (width - left - 1)
    lines.append([ink.say(" " * left + ("+" if ink.ascii else "└") + rule, "dim")])
    end = count(curve.iterations, "iteration")
    lines.append([ink.say(" " * (left + 1) + "0" + fit(end, width - left - 2, ">"), "dim")])
    return lines


def _legend(curve: RecordedCurve, axis: Axis, width: int, ink: Ink) -> Line:
    """What is drawn, in as many words as there is room for."""
    scale = ", log scale" if axis.is_log else ""
    parts: list[tuple[str, str]] = [("loss" + scale, "text")]
    if curve.val_loss:
        parts += [(f"{ink.glyph('train')} training", "train"), (f"{ink.glyph('validation')} validation", "validation")]
    if curve.broke_at is not None:
        parts.append((f"{ink.glyph('nan')} no number from iteration {curve.broke_at:,}", "bad"))
    line: Line = []
    used = 0
    for text, role in parts:
        gap = "   " if line else ""
        if used + len(gap) + cells(text) > width:
            break
        line += [ink.say(gap), ink.say(text, role)]
        used += len(gap) + cells(text)
    return line


def plot(
    curve: RecordedCurve, axis: Axis, width: int, height: int, ink: Ink, with_validation: bool = True
) -> list[Line]:
    """The curves alone. The validation loss is dashed, and lies above the training loss where they meet."""
    across, down = (1, 2) if ink.ascii else (2, 4)
    dots: dict[tuple[int, int], list[int]] = {}  # cell -> of training, of validation
    for series, spans in enumerate((curve.loss, curve.val_loss if with_validation else ())):
        for x, low, high in _columns(spans, axis, width * across):
            if series and x // across % 3 == 2:
                continue  # the gap between two dashes
            top, bottom = _row(high, height * down), _row(low, height * down)
            for y in range(top, bottom + 1):
                bits = (1, 2)[y % down] if ink.ascii else DOTS[x % across][y % down]
                dots.setdefault((y // down, x // across), [0, 0])[series] |= bits
    end = _broken_column(curve, width)
    if end is not None:
        dots = {(y, x): bits for (y, x), bits in dots.items() if x <= end}
    return [[_cell(dots.get((y, x)), (y, x) == (0, end), ink) for x in range(width)] for y in range(height)]


def _broken_column(curve: RecordedCurve, width: int) -> int | None:
    return None if curve.broke_at is None else min(curve.broke_at * width // max(curve.iterations, 1), width - 1)


def _cell(bits: list[int] | None, is_broken: bool, ink: Ink) -> Segment:
    if is_broken:
        return ink.say(ink.glyph("nan"), "bad")
    if bits is None:
        return ink.say(" ")
    train, validation = bits
    if validation:  # alone, so that its dashes stand out from a broad band without colour too
        return ink.say(ink.glyph("validation") if ink.ascii else chr(0x2800 + validation), "validation")
    return ink.say(" '.:"[train] if ink.ascii else chr(0x2800 + train), "train")


def _columns(spans: Sequence[Span], axis: Axis, n: int) -> Iterator[tuple[int, float, float]]:
    """For each of n dots across that the curve reaches: (dot, lowest, highest), as shares of the height.

    Between measured columns the curve is drawn straight; neighbouring dots share an end, so that no line has holes.
    """
    known: list[Point] = [
        (i + 0.5, axis.share(span[0]), axis.share(span[1])) for i, span in enumerate(spans) if span is not None
    ]
    if not known:
        return
    scale = len(spans) / n
    for x in range(n):
        start, end = x * scale, (x + 1) * scale
        if start > known[-1][0] + 0.5 or end < known[0][0] - 0.5:
            continue
        inside = known[bisect_left(known, (start, -math.inf, 0)) : bisect_left(known, (end, -math.inf, 0))]
        points = [_between(known, start), _between(known, end), *((low, high) for _, low, high in inside)]
        yield x, min(low for low, _ in points), max(high for _, high in points)


def _between(known: Sequence[Point], at: float) -> tuple[float, float]:
    """Lowest and highest there; before the first and behind the last they stay what they are."""
    index = bisect_left(known, (at, -math.inf, -math.inf))
    before, after = known[max(index - 1, 0)], known[min(index, len(known) - 1)]
    share = (at - before[0]) / (after[0] - before[0]) if after[0] > before[0] else 0.0
    share = min(max(share, 0.0), 1.0)
    return before[1] + share * (after[1] - before[1]), before[2] + share * (after[2] - before[2])
