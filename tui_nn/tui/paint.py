"""From segments to the strips a widget returns."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

_on_base: dict[tuple[Style, Style | None], Style] = {}  # adding styles is slow, and there are only a few hundred pairs


def paint(widget: Widget, lines: Sequence[Sequence[Segment]]) -> list[Strip]:
    """Rows of the widget: cut or padded to its width, on its background.

    The same as Strip(line).adjust_cell_length(width).apply_style(base), which makes three strips of every row.
    """
    width, base = widget.size.width, widget.rich_style  # worth taking once: it walks up to the screen
    if len(_on_base) > 20_000:
        _on_base.clear()
    return [_strip(line, width, base) for line in lines]


def _strip(line: Sequence[Segment], width: int, base: Style) -> Strip:
    used = sum(segment.cell_length for segment in line)
    if used > width:
        line = list(Strip(line).crop(0, width))
    segments = []
    for segment in line:
        style = segment.style
        if style is not None and style.bgcolor is not None and style.color is not None:
            segments.append(segment)  # a heat tile brings all it needs
            continue
        key = base, style
        combined = _on_base.get(key)
        if combined is None:
            combined = _on_base[key] = base if style is None else base + style
        segments.append(Segment(segment.text, combined))
    if used < width:
        segments.append(Segment(" " * (width - used), base))
    return Strip(segments, width)
