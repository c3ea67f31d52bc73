"""A sequence in a few cells: of one feature as a curve from left to right, of several as a row a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tui_nn.tui.canvas import Canvas
from tui_nn.tui.heat import Scale, Window, matrix_lines
from tui_nn.tui.ink import Ink
from tui_nn.tui.text import fit, number

if TYPE_CHECKING:
    from rich.segment import Segment

Line = list["Segment"]
WIDE = 16  # cells
MOST_STEPS = 24  # lines
CURVE = 5  # lines of a curve


def sequence_rows(sequence: np.ndarray, height: int, ink: Ink) -> list[Line]:
    """Of (steps, features) at most `height` lines of WIDE cells."""
    steps, features = sequence.shape
    if features == 1:
        low, high = float(sequence.min()), float(sequence.max())
        ends = [ink.say(fit(f"{number(low, 3)} to {number(high, 3)}", WIDE), "dim")]
        return [*curve(sequence[:, 0], WIDE, min(CURVE, height - 1), ink), ends]
    cell = 2 if features * 2 + 5 <= WIDE else 1
    shown = steps if steps <= height else height - 1
    place = Window(0, shown, 0, min(features, (WIDE - 5) // cell), cell)
    rows = matrix_lines(sequence, place, Scale.of(sequence), ink, None)
    lines: list[Line] = [[ink.say(f"{f't={i}':<5}", "faint"), *row] for i, row in enumerate(rows)]
    if shown < steps:
        lines.append([ink.say(f"{ink.glyph('ellipsis')} {steps - shown} more", "dim")])
    return lines


def curve(values: np.ndarray, width: int, height: int, ink: Ink) -> list[Line]:
    """The values from left to right, the lowest at the bottom; NaN and inf at the edges."""
    canvas = Canvas(width, height, ink)
    finite = values[np.isfinite(values)]
    if finite.size:
        low, high = float(finite.min()), float(finite.max())
        share = np.nan_to_num((values - low) / (high - low if high > low else 1.0), nan=0.0, posinf=1.0, neginf=0.0)
        x = (np.arange(values.size) + 0.5) * canvas.width / values.size - 0.5
        canvas.line(x, (1.0 - np.clip(share, 0, 1)) * (canvas.height - 1), "forward")
    return canvas.lines()
