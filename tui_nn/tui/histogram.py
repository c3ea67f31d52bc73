"""Histograms in cells: how many of an array's numbers lie where. Pure: arrays in, segments out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rich.segment import Segment

from tui_nn.tui.ink import Ink
from tui_nn.tui.text import cells, count, fit, number

Line = list[Segment]
MIN_WIDTH, MIN_HEIGHT = 16, 3  # below, a histogram says nothing
PER_BIN = 2  # cells
MOST_ZEROS = 0.1  # of the numbers; more exact zeros, as a relu makes, are left out of the bars


@dataclass(frozen=True)
class Counts:
    """edges (n + 1,) from low to high; counts (n,) of the finite numbers; how many are NaN, and how many infinite."""

    edges: np.ndarray
    counts: np.ndarray
    n_nan: int
    n_inf: int

    @property
    def n(self) -> int:
        return int(self.counts.sum())

    @staticmethod
    def of(values: np.ndarray, bins: int, span: tuple[float, float] | None = None) -> Counts:
        """At most `bins` bins over the numbers' range, or over `span`. 0 is always an edge if it lies inside: signs do not mix."""
        flat = np.asarray(values, np.float64).reshape(-1)
        finite = flat[np.isfinite(flat)]
        n_nan = int(np.isnan(flat).sum())
        if span is None:
            span = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
        edges = bin_edges(*span, bins)
        counts = np.histogram(np.clip(finite, edges[0], edges[-1]), edges)[0]
        return Counts(edges, counts, n_nan, flat.size - finite.size - n_nan)


def bin_edges(low: float, high: float, bins: int) -> np.ndarray:
    """Evenly spaced, one of them exactly 0 if the range goes over it; a single number gets the bin in the middle."""
    low, high = max(low, -1e300), min(high, 1e300)  # differences would overflow
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        pad = abs(low) / 2 or 0.5
        return np.linspace(low - pad, low + pad, (bins - 1) // 2 * 2 + 2)
    if not low < 0.0 < high or bins < 2:
        return np.linspace(low, high, max(bins, 1) + 1)
    width = (high - low) / max(bins - 1, 1)  # one to spare: both ends are rounded up to whole bins
    below = min(max(int(np.ceil(-low / width - 1e-9)), 1), bins - 1)
    above = min(max(int(np.ceil(high / width - 1e-9)), 1), bins - below)
    width = max(-low / below, high / above)
    return np.concatenate([-width * np.arange(below, 0, -1.0), width * np.arange(0.0, above + 1)])


def histogram_lines(
    values: np.ndarray, width: int, height: int, ink: Ink, role: str = "accent", mark: float | None = None
) -> list[Line]:
    """Bars over an axis with its ends, 0 and what is not a number; `mark` gets a pin. At most `height` lines."""
    if width < MIN_WIDTH or height < MIN_HEIGHT or not np.isfinite(values).any():
        return [summary_line(values, width, ink)][:height]
    drawn = np.asarray(values).reshape(-1)
    if zero_share(drawn) > MOST_ZEROS and (drawn[np.isfinite(drawn)] != 0).any():
        drawn = drawn[drawn != 0]  # they would dwarf everything else; the summary counts them
    counts = Counts.of(drawn, max((width - 2) // PER_BIN, 2))
    body = _bars(counts, height - 2, ink, role, mark)
    return [*body, _axis(counts, ink), summary_line(values, width, ink)]


def zero_share(values: np.ndarray) -> float:
    return float((values == 0).mean()) if values.size else 0.0


def summary_line(values: np.ndarray, width: int, ink: Ink) -> Line:
    """Count, mean, std, range; then what is not a number. Left out from the end where there is no room."""
    flat = np.asarray(values, np.float64).reshape(-1)
    finite = flat[np.isfinite(flat)]
    n_nan = int(np.isnan(flat).sum())
    n_inf = flat.size - finite.size - n_nan
    line: Line = []
    parts = [(count(flat.size, "number"), "dim")]
    if n_nan:
        parts.append((f"{n_nan:,} NaN", "bad"))
    if n_inf:
        parts.append((f"{n_inf:,} infinite", "bad"))
    if finite.size:
        with np.errstate(over="ignore", invalid="ignore"):
            parts += [(f"mean {number(finite.mean(), 3)}", "text"), (f"std {number(finite.std(), 3)}", "text")]
        parts.append((f"{number(finite.min(), 3)} to {number(finite.max(), 3)}", "dim"))
        zeros = zero_share(flat)
        if zeros:
            parts.insert(
                1,
                (
                    f"{100 * zeros:.0f} % are 0"
                    + (", not drawn" if zeros > MOST_ZEROS and (finite != 0).any() else ""),
                    "dim",
                ),
            )
    used = 1
    for i, (text, role) in enumerate(parts):
        text = ("   " if i else "") + text
        if used + cells(text) > width:
            break
        line.append(ink.say(text, role))
        used += cells(text)
    return [ink.say(" "), *line] if line else [ink.say(fit(f" {flat.size:,}", width), "dim")]


def _bars(counts: Counts, height: int, ink: Ink, role: str, mark: float | None) -> list[Line]:
    glyphs = ink.glyphs["spark"]
    most = max(int(counts.counts.max(initial=0)), 1)
    eighths = np.ceil(counts.counts / most * height * len(glyphs)).astype(int)  # what is not nothing shows
    centres = counts.edges[:-1] / 2 + counts.edges[1:] / 2
    at = None if mark is None or not np.isfinite(mark) else int(np.abs(centres - mark).argmin())
    lines: list[Line] = []
    for row in range(height):
        level = (height - 1 - row) * len(glyphs)
        line: Line = [ink.say(" ")]
        for k, tall in enumerate(eighths.tolist()):
            over = tall - level
            text = " " if over <= 0 else glyphs[min(over, len(glyphs)) - 1]
            if text == " " and k == at and row == 0:
                text = ink.glyph("pin")
            line.append(ink.say(text * PER_BIN if over > 0 else text + " ", "strong" if k == at else role))
        lines.append(line)
    return lines


def _axis(counts: Counts, ink: Ink) -> Line:
    """The ends under the outermost bars, 0 under its edge where there is room between."""
    width = PER_BIN * len(counts.counts)
    low, high = number(counts.edges[0], 3), number(counts.edges[-1], 3)
    text = [ink.glyph("rule")] * width
    text[: len(low)] = low
    text[-len(high) :] = high
    zero = np.flatnonzero(counts.edges == 0.0)
    if zero.size:
        at = int(zero[0]) * PER_BIN
        if len(low) + 1 < at < width - len(high) - 1:
            text[at] = "0"
    return [ink.say(" " + "".join(text[:width] if width > len(low) + len(high) else [fit(low, width)]), "faint")]
