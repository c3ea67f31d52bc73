"""A field of dots for lines: eight dots a cell in braille, one in ASCII. Each cell belongs to one line."""

from __future__ import annotations

import numpy as np
from rich.segment import Segment

from tui_nn.tui.ink import Ink

Line = list[Segment]

# The bit of the braille pattern at U+2800 for the dot in (row, column) of a cell.
BRAILLE = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])


BEHIND, MIDDLE, FRONT = 0, 1, 2  # a line covers those of a lower level
TURN = 3  # columns in which a cell wanted by several lines goes to one of them


class Canvas:
    """`columns` x `rows` cells. Places are in dots, from the upper left corner; what lies outside is not drawn.

    The dots of two lines in one cell are not mixed: in colours they could not be told apart, and a smooth line over a
    noisy one would drown in it. Lines of one level that lie on each other take turns along the way.
    """

    def __init__(self, columns: int, rows: int, ink: Ink) -> None:
        self.columns, self.rows, self.ink = columns, rows, ink
        self.per_column, self.per_row = (1, 1) if ink.ascii else (2, 4)
        self.width, self.height = columns * self.per_column, rows * self.per_row  # in dots
        self._lines: list[tuple[int, str, np.ndarray]] = []  # level, role, bits of each cell
        self._glyphs: dict[tuple[int, int], tuple[str, str]] = {}
        self._marks: dict[tuple[int, int], tuple[str, str]] = {}

    def line(self, x: np.ndarray, y: np.ndarray, role: str, level: int = MIDDLE) -> None:
        """A line through the points, in this order. Its length is walked, so no point may lie far outside."""
        if x.size == 0:
            return
        x, y = np.rint(x), np.rint(y)
        if x.size > 1:
            # As many dots as the longer side has: a line is one dot thick, without corners.
            counts = np.maximum(np.rint(np.maximum(np.abs(np.diff(x)), np.abs(np.diff(y)))), 1).astype(np.int64)
            segment = np.repeat(np.arange(counts.size), counts)
            share = (np.arange(segment.size) - np.repeat(np.cumsum(counts) - counts, counts)) / counts[segment]
            x, y = (np.append(values[segment] + share * np.diff(values)[segment], values[-1]) for values in (x, y))
        x, y = np.rint(x), np.rint(y)
        inside = (x >= 0) & (x < self.width) & (y >= 0) & (y < self.height)
        x, y = x[inside].astype(np.int64), y[inside].astype(np.int64)
        bits = np.zeros((self.rows, self.columns), dtype=np.int64)
        np.bitwise_or.at(
            bits, (y // self.per_row, x // self.per_column), BRAILLE[y % self.per_row, x % self.per_column]
        )
        self._lines.append((level, role, bits))

    def _merged(self) -> tuple[np.ndarray, np.ndarray]:
        """Of each cell the bits, and which line they are of. Shapes: (rows, columns) both."""
        bits = np.zeros((self.rows, self.columns), dtype=np.int64)
        owner = np.zeros_like(bits)
        turn = np.arange(self.columns) // TURN
        for level in (BEHIND, MIDDLE, FRONT):
            mine = [i for i, line in enumerate(self._lines) if line[0] == level]
            wanted = sum(((self._lines[i][2] != 0).astype(np.int64) for i in mine), np.zeros_like(bits))
            chosen = turn % np.maximum(wanted, 1)
            seen = np.zeros_like(bits)
            for i in mine:
                drawn = self._lines[i][2]
                takes = (drawn != 0) & (seen == chosen)
                bits[takes], owner[takes] = drawn[takes], i
                seen += drawn != 0
        return bits, owner

    def upright(self, x: float, role: str) -> None:
        """A vertical rule through the column of x, behind all lines."""
        column = self.column_of(x)
        if column is not None:
            for row in range(self.rows):
                self._glyphs.setdefault((row, column), (self.ink.glyph("bar"), role))

    def mark(self, x: float, y: float, glyph: str, role: str) -> None:
        """One character in the cell of (x, y), before all lines."""
        column, row = self.column_of(x), round(y) // self.per_row
        if column is not None and 0 <= row < self.rows:
            self._marks[row, column] = glyph, role

    def column_of(self, x: float) -> int | None:
        column = round(x) // self.per_column
        return column if 0 <= column < self.columns else None

    def cells(self) -> list[list[tuple[str, str]]]:
        """The glyph and the role of each cell, a list a row; (" ", "") where nothing is."""
        all_bits, owners = self._merged()
        out = []
        for row in range(self.rows):
            bits, owner = all_bits[row].tolist(), owners[row].tolist()
            line = []
            for column in range(self.columns):
                if (row, column) in self._marks:
                    line.append(self._marks[row, column])
                elif bits[column]:
                    glyph = "." if self.ink.ascii else chr(0x2800 + bits[column])
                    line.append((glyph, self._lines[owner[column]][1]))
                else:
                    line.append(self._glyphs.get((row, column), (" ", "")))
            out.append(line)
        return out

    def lines(self) -> list[Line]:
        """A list of segments for each row of cells."""
        out = []
        for cells in self.cells():
            line: Line = []
            text, text_role = "", ""
            for glyph, role in cells:
                if role != text_role and text:
                    line.append(Segment(text, self.ink.style(text_role or "dim")))
                    text = ""
                text, text_role = text + glyph, role
            line.append(Segment(text, self.ink.style(text_role or "dim")))
            out.append(line)
        return out
