"""Where everything goes: pure arithmetic from the terminal's size to areas. Tested from 1x1 to 300x100."""

from __future__ import annotations

from dataclasses import dataclass

from tui_nn.tui.commands import PANELS

MIN_WIDTH, MIN_HEIGHT = 40, 12  # below, a notice stands instead of a screen
WIDE, NARROW = 120, 80
TALL = 34  # rows from which two panels stand one above the other beside the left column
RIGHT = ("detail", "curves", "lesson")


@dataclass(frozen=True)
class Area:
    """A rectangle in screen cells."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Arrangement:
    """`panels` has those that are shown; `hidden` those that one panel of a zone covers; `bars` are vertical lines.

    caption: what a lesson says, below the panel it speaks of; None without one. strip: rows of values below all panels.
    """

    header: Area
    footer: Area  # its width is the screen's
    panels: dict[str, Area]
    hidden: dict[str, tuple[str, ...]]
    bars: tuple[Area, ...]
    caption: Area | None = None
    strip: Area | None = None

    @property
    def zone(self) -> Area:
        """The right column, whatever it shows; all there is where panels are shown one at a time."""
        areas = [area for name, area in self.panels.items() if name in RIGHT] or list(self.panels.values())
        x, y = min(area.x for area in areas), min(area.y for area in areas)
        right, end = max(area.x + area.width for area in areas), max(area.y + area.height for area in areas)
        return Area(x, y, right - x, end - y)


def is_too_small(width: int, height: int) -> bool:
    return width < MIN_WIDTH or height < MIN_HEIGHT


def arrange(
    width: int, height: int, focus: str, *, right: str = "detail", below: str = "curves", zoomed: bool = False,
    n_ops: int = 20, n_layers: int = 6, strip: int = 0, covered: int = 0,
) -> Arrangement:  # fmt: skip
    """The debugger's screen.

    strip: rows below the panels that they give up; covered: those above the footer on which something else lies.

    focus: the focused panel, always shown. right: the panel of the right zone seen last; below: of curves and lesson
    the one seen last. n_ops, n_layers: how much the left column has to show.
    """
    header_rows = 2 if height >= 16 else 1
    header, footer = Area(0, 0, width, header_rows), Area(0, max(height - 1, 0), width, 1)
    top, rows = header_rows, max(height - header_rows - 1 - strip - covered, 1)
    below_all = Area(0, top + rows, width, strip) if strip else None
    if zoomed or width < NARROW:
        others = () if zoomed else tuple(panel for panel in PANELS if panel != focus)
        return Arrangement(header, footer, {focus: Area(0, top, width, rows)}, {focus: others}, (), strip=below_all)
    left = _left_width(width)
    panels = _left_column(left, top, rows, n_ops, n_layers)
    x, rest = left + 1, width - left - 1
    bars = [Area(left, top, 1, rows)]
    hidden: dict[str, tuple[str, ...]] = {}
    if width >= WIDE and rows >= 18:
        lower = _lower_rows(rows)
        panels["detail"] = Area(x, top, rest, rows - lower)
        curves = (rest - 1) * 56 // 100
        panels["curves"] = Area(x, top + rows - lower, curves, lower)
        panels["lesson"] = Area(x + curves + 1, top + rows - lower, rest - curves - 1, lower)
        bars.append(Area(x + curves, top + rows - lower, 1, lower))
    elif rows >= TALL:
        below = focus if focus in ("curves", "lesson") else below
        lower = _lower_rows(rows)
        panels["detail"] = Area(x, top, rest, rows - lower)
        panels[below] = Area(x, top + rows - lower, rest, lower)
        hidden[below] = tuple(panel for panel in ("curves", "lesson") if panel != below)
    else:
        shown = focus if focus in RIGHT else right
        panels[shown] = Area(x, top, rest, rows)
        hidden[shown] = tuple(panel for panel in RIGHT if panel != shown)
    return Arrangement(header, footer, panels, hidden, tuple(bars), strip=below_all)


def _left_width(width: int) -> int:
    if width < WIDE:
        return max(30, width * 40 // 100)
    return min(width * 34 // 100, 60)


def _lower_rows(rows: int) -> int:
    return max(9, min(rows * 38 // 100, 20))


def _left_column(width: int, top: int, rows: int, n_ops: int, n_layers: int) -> dict[str, Area]:
    """Program over Layers: each as tall as it needs, if both cannot be, Layers gets at most 45 %."""
    layers = min(n_layers + 2, max(rows * 45 // 100, 4))
    if n_ops + 1 + n_layers + 2 <= rows:
        layers = max(layers, n_layers + 2)
    layers = max(min(layers, rows - 4), 1)
    return {"program": Area(0, top, width, rows - layers), "layers": Area(0, top + rows - layers, width, layers)}
