"""The lines above a chart that say which curve is which, and what it reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.segment import Segment

from tui_nn.tui.ink import Ink
from tui_nn.tui.text import cells, fit

Line = list[Segment]
GAP = 3  # cells between entries
SHORTEST = 7  # cells of a name that is cut


@dataclass(frozen=True)
class Entry:
    """A curve: its sign in its colour, its name, its value in words, and behind it what may be left out."""

    sign: str
    role: str
    name: str
    value: str
    more: str = ""


def legend(entries: Sequence[Entry], head: str, tail: str, width: int, height: int, ink: Ink) -> list[Line]:
    """At most `height` lines: the head, the entries, and the tail at the right end if there is room for it.

    Where they take several lines they stand in columns. Where not all fit, what may be is left out first; then names are
    cut, in the middle, since they differ at either end; then the last entries are counted only.
    """
    if height == 1 and cells(head) > width // 3:
        head = ""
    indent = cells(head)
    in_one = len(_flow([_entry(entry, 0, 0, ink) for entry in entries], indent + 1, width)) == 1
    if indent > width // 4 and not in_one:  # a long head has a line of its own
        return [_cut([ink.say(" " + head, "dim")], width, ink), *legend(entries, "", tail, width, height - 1, ink)]
    rows = _rows(entries, indent + 1, width, height, ink)
    lines = [[ink.say(" " + (head if i == 0 else " " * indent), "dim"), *row] for i, row in enumerate(rows)]
    if lines:
        used = sum(segment.cell_length for segment in lines[-1])
        if tail and used + cells(tail) + 2 <= width:
            lines[-1] += [ink.say(" " * (width - used - cells(tail) - 1)), ink.say(tail, "faint")]
    return [_cut(line, width, ink) for line in lines[:height]]


def _rows(entries: Sequence[Entry], margin: int, width: int, height: int, ink: Ink) -> list[Line]:
    longest = max(cells(entry.name) for entry in entries)
    bare = [replace(entry, more="") for entry in entries]
    for each in (entries, bare):
        rows = _flow([_entry(entry, 0, 0, ink) for entry in each], margin, width)
        if len(rows) == 1 and _fits(rows, margin, width, height):
            return rows
        rows = _table(each, longest, margin, width, ink)
        if _fits(rows, margin, width, height):
            return rows
    least = min(SHORTEST, longest)
    for room in range(longest - 1, least - 1, -1):
        rows = _table(bare, room, margin, width, ink)
        if _fits(rows, margin, width, height):
            return rows
    for n in range(len(entries) - 1, -1, -1):
        rows = _table(bare[:n], least, margin, width, ink, [ink.say(f"+{len(entries) - n}", "dim")])
        if len(rows) <= height:
            break
    return rows


def _fits(rows: Sequence[Line], margin: int, width: int, height: int) -> bool:
    """In the lines there are, and no entry alone wider than its line: its value would be what is cut."""
    return len(rows) <= height and all(margin + sum(part.cell_length for part in row) <= width for row in rows)


def _table(
    entries: Sequence[Entry], room: int, margin: int, width: int, ink: Ink, last: Line | None = None
) -> list[Line]:
    """Entries in columns, their names in `room` cells."""
    value = max((cells(_value(entry)) for entry in entries), default=0)
    return _flow([*(_entry(entry, room, value, ink) for entry in entries), *([last] if last else [])], margin, width)


def _value(entry: Entry) -> str:
    return f"{entry.value} {entry.more}".strip()


def _entry(entry: Entry, room: int, value: int, ink: Ink) -> Line:
    """room, value: cells for the name and the value; 0: as many as they need."""
    name = _squeezed(entry.name, room) if room else entry.name
    words = _value(entry)
    words += " " * (value - cells(words))
    return [ink.say(entry.sign + " ", entry.role), ink.say(name + " ", "dim"), ink.say(words, "strong")]


def _squeezed(name: str, room: int) -> str:
    """Exactly `room` cells."""
    if cells(name) <= room:
        return fit(name, room)
    start, _, last = name.rpartition(" ")
    left = room - cells(last) - 1
    if start and left >= 3:  # a run's title and what is drawn of it: "Half the learning… batch"
        return fit(fit(start, left - 1).rstrip("… ") + "… " + last, room)
    if start and left >= 1:  # its first letter is enough to tell two runs apart
        return fit(start[0] + " " + last, room)
    if start and left >= -1:  # the sign says whose it is
        return fit(last, room)
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
