"""What a lesson says, directly below the panel that it speaks of. It stays until the next line has something to say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui_nn.tui.arrange import Area, Arrangement
from tui_nn.tui.ink import Ink
from tui_nn.tui.text import cells, fit, wrap

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.scenario import Text

    Line = list[Segment]

LEAST = 4  # rows that are left to the panel above, its title line among them
MARGIN = 2  # cells on either side of the words


@dataclass(frozen=True)
class Caption:
    """panel: the one it speaks of. number, total: of the script's line."""

    panel: str
    words: Text
    number: int
    total: int

    def said(self, lang: str, width: int) -> list[str]:
        return wrap(getattr(self.words, lang), width - 2 * MARGIN)

    def rows(self, lang: str, width: int) -> int:
        return 1 + len(self.said(lang, width))


def with_caption(arrangement: Arrangement, caption: Caption, lang: str) -> Arrangement:
    """The same, with room for the caption taken from the bottom of its panel.

    Where that is not in sight, or would keep less than LEAST rows, the largest panel gives the room.
    """
    areas = arrangement.panels
    largest = max(areas, key=lambda name: areas[name].width * areas[name].height)
    for name in (caption.panel, largest):
        area = areas.get(name)
        if area is None:
            continue
        rows = caption.rows(lang, area.width)
        if name == largest:
            rows = min(rows, area.height - LEAST)
        if 2 <= rows <= area.height - LEAST:
            above = replace(area, height=area.height - rows)
            below = Area(area.x, area.y + above.height, area.width, rows)
            return replace(arrangement, panels={**areas, name: above}, caption=below)
    return arrangement


def caption_lines(caption: Caption, lang: str, area: Area, ink: Ink) -> list[Line]:
    """A rule with the line's number, and the words; what does not fit ends in a mark."""
    head = f"{ink.glyph('rule')} {ink.glyph('next')} {caption.number} of {caption.total} "
    rule = ink.say(head + ink.glyph("rule") * max(area.width - cells(head), 0), "accent")
    said, room = caption.said(lang, area.width), area.height - 1
    if len(said) > room:
        said = [*said[: room - 1], fit(said[room - 1], area.width - 2 * MARGIN - 1).rstrip() + ink.glyph("ellipsis")]
    return [[rule], *([ink.say(" " * MARGIN + line, "strong")] for line in said)]
