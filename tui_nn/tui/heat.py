"""Pictures of arrays: heatmaps, strips, bars. Pure: arrays in, segments out. Needs NumPy, so it is imported with the first frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from rich.segment import Segment

from tui_nn.tui.ink import LEVELS, Ink
from tui_nn.tui.text import fit, number, number_in

Line = list[Segment]
NUMBER_CELL = 8  # width of a cell that shows its value
CELLS = (NUMBER_CELL, 4, 2)


@dataclass(frozen=True)
class Scale:
    """What the colours mean: from 0 to `top`, or from -top to top if `signed`."""

    top: float
    signed: bool

    @staticmethod
    def of(array: np.ndarray) -> Scale:
        """Wide enough for every finite value; NaN and inf are drawn as marks."""
        finite = array[np.isfinite(array)]
        if finite.size == 0:
            return Scale(0.0, False)
        low, high = float(finite.min()), float(finite.max())
        return Scale(max(abs(low), abs(high)), low < 0)

    def levels(self, array: np.ndarray) -> np.ndarray:
        """Signed level per value, -(LEVELS-1) .. LEVELS-1; only an exact 0 or what is lost beside `top` has level 0."""
        if self.top == 0.0:
            return np.zeros(array.shape, dtype=np.int64)
        with np.errstate(invalid="ignore", over="ignore"):
            share = np.nan_to_num(array.astype(np.float64) / self.top, nan=0.0, posinf=1.0, neginf=-1.0)
        return np.rint(np.clip(share, -1.0, 1.0) * (LEVELS - 1)).astype(np.int64)


@dataclass(frozen=True)
class Window:
    """The part of a matrix that fits: rows row..row+rows, columns column..column+columns, `cell` screen columns each."""

    row: int
    rows: int
    column: int
    columns: int
    cell: int


def window(
    shape: tuple[int, int], width: int, height: int, cursor: tuple[int, int], cells: tuple[int, ...] = CELLS
) -> Window:
    """The first of `cells` with which a whole row fits, else 1; scrolled so that the cursor is in sight."""
    n_rows, n_columns = shape
    cell = next((cell for cell in cells if n_columns * cell <= width), 1)
    rows, columns = min(n_rows, max(height, 0)), min(n_columns, max(width // cell, 0))
    row = min(max(cursor[0] - rows // 2, 0), n_rows - rows)
    column = min(max(cursor[1] - columns // 2, 0), n_columns - columns)
    return Window(row, rows, column, columns, cell)


def matrix_lines(
    array: np.ndarray, place: Window, scale: Scale, ink: Ink, cursor: tuple[int, int] | None
) -> list[Line]:
    """The rows of the window, one line each."""
    part = array[place.row : place.row + place.rows, place.column : place.column + place.columns]
    levels = scale.levels(part)
    lines = []
    for i in range(place.rows):
        at = cursor[1] - place.column if cursor and cursor[0] == place.row + i else None
        lines.append(_tiles(part[i], levels[i], place.cell, ink, scale.signed, at))
    return lines


def _tiles(values: np.ndarray, levels: np.ndarray, cell: int, ink: Ink, signed: bool, cursor: int | None) -> Line:
    if cell >= NUMBER_CELL:
        line = _number_tiles(values, levels, cell, ink, signed)
    else:
        tiles = ink.tiles(signed, cell)  # a thousand cells a frame: look each up in one step
        line = [tiles[level] for level in levels.tolist()]
        finite = np.isfinite(values)
        if not finite.all():
            for j in np.flatnonzero(~finite).tolist():
                line[j] = ink.mark("nan" if values[j] != values[j] else "inf", cell)
    if cursor is not None and 0 <= cursor < len(line):
        # A blank tile gets a dot: the cursor must be seen without colour too.
        text = line[cursor].text
        text = text if cell >= NUMBER_CELL else text.replace(" ", ink.glyph("dot"))
        line[cursor] = Segment(text, ink.style("cursor"))
    return line


def _number_tiles(values: np.ndarray, levels: np.ndarray, cell: int, ink: Ink, signed: bool) -> Line:
    up = "positive" if signed else "levels"
    line: Line = []
    for value, level in zip(values, levels.tolist(), strict=True):
        if np.isfinite(value):
            text = fit(number_in(value, cell - 1), cell - 1, ">") + " "
            line.append(ink.number_tile("negative" if level < 0 else up, abs(level), text))
        else:
            text = fit(number(value), cell - 1, ">") + " "
            line.append(Segment(text, ink.mark("nan", cell).style))
    return line


def legend(scale: Scale, ink: Ink, steps: int = 5) -> Line:
    """The scale as a strip with its ends: 0 ░▒▓ 3.42, or −2.1 ≡=-·+╪ 2.1."""
    if scale.signed:
        tiles = [ink.tile("negative", (LEVELS - 1) * k // (steps - 1), 1) for k in range(steps - 1, 0, -1)]
        tiles += [ink.tile("positive", (LEVELS - 1) * k // (steps - 1), 1) for k in range(steps)]
        low = number(-scale.top, 3)
    else:
        tiles = [ink.tile("levels", (LEVELS - 1) * k // (2 * steps - 2), 1) for k in range(2 * steps - 1)]
        low = "0"
    return [ink.say(low + " ", "dim"), *tiles, ink.say(" " + number(scale.top, 3), "dim")]


def reading_line(where: str, brief: str, value: float, scale: Scale, width: int, ink: Ink) -> Line:
    """The value under the cursor at the left, the legend at the right; with little room in fewer words and steps."""
    for words, steps in ((where, 5), (brief, 5), (brief, 3), (brief, 0)):
        line = [ink.say(f" {words} = ", "dim"), ink.say(number(value, 5), "strong")]
        right = legend(scale, ink, steps) if steps else []
        used = sum(segment.cell_length for segment in (*line, *right))
        if used + 3 <= width:
            break
    return [*line, ink.say(" " * max(width - used - 1, 0)), *right]


def strip_of(values: np.ndarray, width: int, ink: Ink, role: str = "accent") -> Line:
    """A sparkline of at most `width` cells: each shows the value furthest from 0 in its share of the array."""
    picked = pool(values, width)
    scale = Scale.of(picked)
    glyphs = ink.glyphs["spark"]
    text = []
    for value in picked.tolist():
        if not math.isfinite(value):
            text.append(ink.glyph("nan" if value != value else "inf"))
        elif scale.top == 0:
            text.append(glyphs[0])
        else:
            share = (value / scale.top + 1) / 2 if scale.signed else value / scale.top
            text.append(glyphs[min(int(share * len(glyphs)), len(glyphs) - 1)])
    return [Segment("".join(text) + " " * (width - len(text)), ink.style(role))]


def pool(values: np.ndarray, width: int) -> np.ndarray:
    """At most `width` values: of each run of neighbours the one furthest from 0 (NaN and inf before any number)."""
    if values.size <= width:
        return values
    edges = np.linspace(0, values.size, width + 1).astype(int)
    weight = np.where(np.isnan(values), np.inf, np.abs(values))
    return np.array([values[a + int(weight[a:b].argmax())] for a, b in pairwise(edges)])


def bar(share: float, width: int, ink: Ink, role: str) -> Line:
    """A bar of `share` (0 to 1) of the width, to an eighth of a cell; what is not nothing shows at least a sliver."""
    share = min(max(share, 0.0), 1.0)
    partial = ink.glyphs["partial"]
    eighths = max(round(share * width * len(partial)), 1)
    full, rest = divmod(eighths, len(partial))
    text = partial[-1] * full + (partial[rest - 1] if rest else "")
    return [Segment(text[:width], ink.style(role)), Segment(" " * (width - len(text)), ink.style("text"))]


def log_share(value: float, low: float, high: float) -> float | None:
    """Where value stands between low and high on a log axis, 0 to 1; None for 0, NaN and inf."""
    if not (math.isfinite(value) and value > 0):
        return None
    if high <= low:
        return 1.0
    return (math.log10(value) - math.log10(low)) / (math.log10(high) - math.log10(low))


def decades(values: Sequence[float]) -> tuple[float, float] | None:
    """Powers of ten around all positive finite values, at least one decade apart; None if there are none."""
    good = [v for v in values if math.isfinite(v) and v > 0]
    if not good:
        return None
    low, high = math.floor(math.log10(min(good))), math.ceil(math.log10(max(good)))
    return 10.0**low, 10.0 ** max(high, low + 1)
