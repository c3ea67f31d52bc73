"""Jump mode: a letter on everything in sight that can be gone to. Pure: places in, places with keys out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tui_nn.tui.arrange import Arrangement
from tui_nn.tui.commands import PANELS

if TYPE_CHECKING:
    from tui_nn.tui.title import Spot

# The fingers' home row first; with Hangul input on, the jamo of these work too.
LETTERS = "asdfghjklqwertyuiopzxcvbnm"
MANY = LETTERS + LETTERS.upper()  # capitals only where letters run out

Kind = Literal["panel", "tab", "row"]


@dataclass(frozen=True)
class Place:
    """Somewhere to go, at the screen's cell (x, y). index: of the panel's tab, or what its `choose` takes for a row."""

    x: int
    y: int
    kind: Kind
    where: str
    index: int = 0


@dataclass(frozen=True)
class Target:
    key: str
    place: Place


def places_in(
    arrangement: Arrangement,
    spots: Mapping[str, Sequence[Spot]],
    rows: Mapping[str, Sequence[tuple[int, int]]],
    active_tabs: Mapping[str, int],
) -> list[Place]:
    """The debugger's: panels in sight and those they hide, tabs but for the active ones, rows.

    spots: of each panel's title line. rows: for each panel pairs of a row in it and an index.
    """
    found = []
    for name, area in arrangement.panels.items():
        hidden = arrangement.hidden.get(name, ())
        for spot in spots.get(name, ()):
            x, y = area.x + spot.x, area.y
            if spot.kind == "panel":
                found.append(Place(x, y, "panel", name))
            elif spot.kind == "hidden":
                found.append(Place(x + 1, y, "panel", hidden[spot.index]))  # after the blank before its number
            elif spot.index != active_tabs.get(name):
                found.append(Place(x - 1, y, "tab", name, spot.index))  # on the blank before it
        found += [Place(area.x, area.y + y, "row", name, i) for y, i in rows.get(name, ()) if y < area.height]
    return found


def labelled(places: Iterable[Place]) -> list[Target]:
    """A key for each, in reading order: panels keep the digit they have always had, the others get letters."""
    targets, letters = [], iter(MANY)
    for place in sorted(set(places), key=lambda place: (place.y, place.x)):
        key = str(PANELS.index(place.where) + 1) if place.kind == "panel" else next(letters, "")
        if key:
            targets.append(Target(key, place))
    return targets
