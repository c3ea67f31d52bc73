"""Completion of a line by tab: which candidates there are, which one stands in the line, and how they are listed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.widgets import Input

from tui_nn.tui.text import cells, fit

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.completion import Completion
    from tui_nn.tui.ink import Ink

Complete = Callable[[str, int], "Completion"]
GAP = 2  # cells between two candidates


class Completer:
    """Of one line. Tab puts in what all candidates begin with; then each of them in turn."""

    def __init__(self, complete: Complete) -> None:
        self.complete = complete
        self.candidates: tuple[str, ...] = ()
        self.chosen: int | None = None
        self._line = ("", 0)  # as it was left by tab
        self._base = ("", "")  # what stands before and behind the candidate

    def look(self, text: str, cursor: int) -> None:
        """The line has changed, or the cursor; what tab itself has done keeps the list."""
        if (text, cursor) == self._line and self.chosen is not None:
            return
        self.chosen = None
        self.candidates = ()
        if text[:cursor].strip():
            self._find(text, cursor)

    def _find(self, text: str, cursor: int) -> str:
        """What is replaced."""
        found = self.complete(text, cursor)
        self.candidates = found.candidates
        self._base = text[: found.start], text[cursor:]
        typed = text[found.start : cursor]
        if self.candidates == (typed,):
            self.candidates = ()
        return typed

    def tab_in(self, line: Input, by: int) -> None:
        """Tab was pressed in that line."""
        text, cursor = self.tab(line.value, line.cursor_position, by)
        with line.prevent(Input.Changed):
            line.value = text
        line.cursor_position = cursor

    def tab(self, text: str, cursor: int, by: int = 1) -> tuple[str, int]:
        """The line and its cursor afterwards."""
        if self.chosen is None or (text, cursor) != self._line:
            typed = self._find(text, cursor)
            self.chosen = None
            if not self.candidates:
                return text, cursor
            common = _common(self.candidates)
            if common.startswith(typed) and len(common) > len(typed):
                line = self._put(common)
                self.look(*line)
                return line
            self.chosen = 0 if by > 0 else len(self.candidates) - 1
        else:
            self.chosen = (self.chosen + by) % len(self.candidates)
        self._line = self._put(self.candidates[self.chosen])
        return self._line

    def _put(self, words: str) -> tuple[str, int]:
        before, behind = self._base
        return before + words + behind, len(before + words)

    def lines(self, width: int, rows: int, ink: Ink) -> list[list[Segment]]:
        """The candidates, those around the chosen one, in at most so many rows; nothing, if there are none."""
        pages = _packed(self.candidates, width, rows)
        at = self.chosen or 0
        first, page = next(((first, page) for first, page in pages if first + sum(map(len, page)) > at), (0, []))
        lines, k = [], first
        for row in page:
            line: list[Segment] = []
            for name in row:
                role = "cursor" if k == self.chosen else "dim"
                line += [ink.say(fit(name.strip(), min(cells(name.strip()), width)), role), ink.say(" " * GAP)]
                k += 1
            lines.append(line[:-1])
        left = len(self.candidates) - k
        mark = f"  +{left}"
        if left and lines and sum(segment.cell_length for segment in lines[-1]) + cells(mark) <= width:
            lines[-1].append(ink.say(mark, "faint"))
        return lines


def _common(candidates: tuple[str, ...]) -> str:
    low, high = min(candidates), max(candidates)
    n = next((k for k, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))
    return low[:n]


def _packed(names: tuple[str, ...], width: int, rows: int) -> list[tuple[int, list[list[str]]]]:
    """Pages of at most `rows` rows: the number of the first name, and the rows."""
    room = max(width - 7, 4)  # for how many more there are
    packed: list[list[str]] = []
    used = room + 1
    for name in names:
        taken = cells(name.strip()) + GAP
        if used + taken - GAP > room:
            packed.append([])
            used = 0
        packed[-1].append(name)
        used += taken
    pages, first = [], 0
    for k in range(0, len(packed), max(rows, 1)):
        page = packed[k : k + max(rows, 1)]
        pages.append((first, page))
        first += sum(map(len, page))
    return pages
