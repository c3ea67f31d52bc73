"""From segments to the strips a widget returns."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

_on_base: dict[Style, dict[Style | None, Style]] = {}  # adding styles is slow, and there are only a few hundred pairs


def paint(widget: Widget, lines: Sequence[Sequence[Segment]]) -> list[Strip]:
    """Rows of the widget: cut or padded to its width, on its background.

    The same as Strip(line).adjust_cell_length(width).apply_style(base), which makes three strips of every row.
    """
    width, base = widget.size.width, widget.rich_style  # worth taking once: it walks up to the screen
    combined = _on_base.setdefault(base, {None: base})
    if len(combined) > 20_000:
        combined.clear()
        combined[None] = base
    return [_strip(line, width, base, combined) for line in lines]


def _strip(line: Sequence[Segment], width: int, base: Style, combined: dict[Style | None, Style]) -> Strip:
    """Neighbours of one style become one segment: each costs the screen a colour code and a lookup."""
    used = 0
    segments: list[Segment] = []
    words, last = "", base
    for text, style, _ in line:
        if not text:
            continue
        used += len(text) if text.isascii() else cell_len(text)
        whole = combined.get(style)
        if whole is None:
            whole = combined[style] = base + style  # type: ignore[operator]
        if whole is last:
            words += text
        else:
            if words:
                segments.append(Segment(words, last))
            words, last = text, whole
    if used < width:
        if last is base:
            words += " " * (width - used)
        else:
            segments.append(Segment(words, last))
            words, last = " " * (width - used), base
    if words:
        segments.append(Segment(words, last))
    strip = Strip(segments, used if used > width else width)
    return strip.crop(0, width) if used > width else strip
