"""From segments to the strip a widget returns."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget


def paint(widget: Widget, line: Sequence[Segment]) -> Strip:
    """One row of the widget: cut or padded to its width, on its background."""
    return Strip(line).adjust_cell_length(widget.size.width).apply_style(widget.rich_style)
