"""What the console has said, and the values that are shown at each stop, as lines. Knows no widget."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from tui_nn.tui.text import cells, fit, wrap, wrap_report

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.displays import Shown
    from tui_nn.tui.ink import Ink

    Line = list[Segment]

GAP = "   "
_COLUMN = re.compile(r"(\S.*?\S {2,})(\S.*)")


class Told(NamedTuple):
    """One line of the console. role: an ink's."""

    text: str
    role: str


def told_lines(told: Sequence[Told], width: int, ink: Ink) -> list[Line]:
    """Each line as it is; one that is too long goes on below itself, of a table below its second column."""
    width = max(width, 10)
    return [[ink.say(piece, each.role)] for each in told for piece in _pieces(ink.words(each.text), width)]


def _pieces(text: str, width: int) -> list[str]:
    if cells(text) <= width:
        return [text]
    match = _COLUMN.match(text)
    indent = cells(match[1]) if match else width
    if match is None or indent > width * 2 // 3:
        return wrap_report(text, width)
    first, *rest = wrap(match[2], width - indent)
    return [match[1] + first, *(" " * indent + piece for piece in rest)]


def strip_lines(message: str, shown: Sequence[Shown], width: int, rows: int, ink: Ink) -> list[Line]:
    """What halted the run, if the header has no room for it, and the displays; in at most so many rows."""
    lines: list[Line] = [[ink.say(f" {line}", "warn")] for line in wrap(message, width - 2)[: max(rows - 1, 1)]]
    room = max(rows - len(lines), 1 if shown and not lines else 0)
    displayed: list[Line] = []
    used = width
    for k, each in enumerate(shown):
        number, name = f"{each.number} ", f"{each.text} "
        value = ink.words(each.value)
        length = cells(number) + cells(name) + cells(value)
        if used + length > width - 6:
            if len(displayed) == room:
                if displayed:
                    displayed[-1].append(ink.say(f"  +{len(shown) - k}", "faint"))
                break
            displayed.append([ink.say(" ")])
            used = 1
        cut = max(min(cells(value), width - used - cells(number) - 8), 4)
        name = fit(name, min(cells(name), max(width - used - cells(number) - cut - 6, 4)))
        role = "bad" if each.fault else "update" if each.has_changed else "strong"
        displayed[-1] += [
            ink.say(number, "faint"), ink.say(name, "dim"), ink.say(fit(value, cut), role), ink.say(GAP),
        ]  # fmt: skip
        used += cells(number) + cells(name) + cut + len(GAP)
    return [*lines, *displayed]
