"""The lines above a chart that say which curve is which, and what it reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment

from tui_nn.tui.ink import Ink
from tui_nn.tui.text import cells, fit

Line = list[Segment]
GAP = 3  # cells between entries
SHORTEST = 7  # cells of a name that is cut


@dataclass(frozen=True)
class Entry:
    """A curve: its sign in its colour, its name, its value in words."""

    sign: str
    role: str
    name: str
    value: str


def legend(entries: Sequence[Entry], head: str, tail: str, width: int, height: int, ink: Ink) -> list[Line]:
    """At most `height` lines: the head, the entries, and the tail at the right end if there is room for it.

    Where they take several lines they stand in columns. Where not all fit, names are cut first, in the middle, since
    they differ at either end; then the last entries are counted only.
    """
    margin = cells(head) + 1
    rows = _flow([_entry(entry, 0, 0, ink) for entry in entries], margin, width)
    if len(rows) > 1:
        rows = _table(entries, margin, width, height, ink)
    lines = [[ink.say(" " + (head if i == 0 else " " * cells(head)), "dim"), *row] for i, row in enumerate(rows)]
    if lines:
        used = sum(segment.cell_length for segment in lines[-1])
        if tail and used + cells(tail) + 2 <= width:
            lines[-1] += [ink.say(" " * (width - used - cells(tail) - 1)), ink.say(tail, "faint")]
    return [_cut(line, width, ink) for line in lines[:height]]


def _table(entries: Sequence[Entry], margin: int, width: int, height: int, ink: Ink) -> list[Line]:
    """Entries below each other in columns, as wide as they must be to fit the height."""
    longest = max(cells(entry.name) for entry in entries)
    value = max(cells(entry.value) for entry in entries)
    for room in range(longest, min(SHORTEST, longest) - 1, -1):
        rows = _flow([_entry(entry, room, value, ink) for entry in entries], margin, width)
        if len(rows) <= height:
            return rows
    rows = []
    for n in range(len(entries) - 1, -1, -1):
        kept = [_entry(entry, min(SHORTEST, longest), value, ink) for entry in entries[:n]]
        rows = _flow([*kept, [ink.say(f"+{len(entries) - n}", "dim")]], margin, width)
        if len(rows) <= height:
            break
    return rows


def _entry(entry: Entry, room: int, value: int, ink: Ink) -> Line:
    """room, value: cells for the name and the value; 0: as many as they need."""
    name = _squeezed(entry.name, room) if room else entry.name
    words = entry.value + " " * (value - cells(entry.value))
    return [ink.say(entry.sign + " ", entry.role), ink.say(name + " ", "dim"), ink.say(words, "strong")]


def _squeezed(name: str, room: int) -> str:
    """Exactly `room` cells."""
    if cells(name) <= room:
        return fit(name, room)
    half = (room - 1) // 2
    return fit(name[:half] + "…" + name[len(name) - (room - 1 - half) :], room)


def _flow(parts: Sequence[Line], margin: int, width: int) -> list[Line]:
    """The parts in rows, as in a paragraph."""
    rows: list[Line] = [[]]
    used = margin
    for part in parts:
        wide = sum(segment.cell_length for segment in part)
        if rows[-1] and used + GAP + wide > width:
            rows.append([])
            used = margin
        if rows[-1]:
            rows[-1].append(Segment(" " * GAP))
            used += GAP
        rows[-1] += part
        used += wide
    return rows


def _cut(line: Line, width: int, ink: Ink) -> Line:
    """No wider than it may be, on screens where not even one entry fits."""
    if sum(segment.cell_length for segment in line) <= width:
        return line
    text = "".join(segment.text for segment in line)
    return [ink.say(fit(text, width), "dim")]
