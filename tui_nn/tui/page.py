"""A page of text that scrolls: help, error reports, the gallery's preview."""

from __future__ import annotations

from collections.abc import Callable

from rich.segment import Segment
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from tui_nn.tui.ink import Ink
from tui_nn.tui.paint import paint

Line = list[Segment]


class Page(Widget, can_focus=True):
    """Lines made for the width they are shown in; marks at the right edge tell that there is more."""

    def __init__(self, ink: Ink, write: Callable[[int], list[Line]], id: str | None = None) -> None:
        super().__init__(id=id)
        self.ink, self.write = ink, write
        self.top = 0
        self._lines: list[Line] = []
        self._width = -1

    def reset(self, write: Callable[[int], list[Line]] | None = None) -> None:
        """Other text, from its start."""
        self.write = write or self.write
        self.top, self._width = 0, -1
        self.refresh()

    @property
    def is_at_end(self) -> bool:
        return self.top >= len(self._lines) - self.size.height

    def scroll_by(self, rows: int) -> None:
        self.top += rows
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        if self._width != width:
            self._lines, self._width = self.write(width), width
        last = max(len(self._lines) - height, 0)
        self.top = max(0, min(self.top, last))
        row = self.top + y
        line = self._lines[row] if row < len(self._lines) else []
        more = "more_up" if y == 0 and self.top > 0 else "more_down" if y == height - 1 and self.top < last else None
        if more is None:
            return paint(self, [line])[0]
        mark = self.ink.say(self.ink.glyph(more), "accent")
        return paint(self, [[*Strip(line).adjust_cell_length(width - 1), mark]])[0]

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.scroll_by(2)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.scroll_by(-2)
