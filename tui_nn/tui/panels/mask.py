"""A dropout layer's mask: which units are off for which sample of the batch, counted against the rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tui_nn.debugger.masks import MaskCount, mask_count
from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.activations import beside, sample_card
from tui_nn.tui.panels.shared import freshness, heading
from tui_nn.tui.text import cells, count, fit, number, percent
from tui_nn.tui.view import View, clamp

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.frame import Frame, LayerFrame

Line = list["Segment"]
GUTTER = 5  # cells for the sample's number
COUNT = 8  # cells for how many of its units are off
CARD = 18
PAIRS = {(True, True): "full", (True, False): "upper", (False, True): "lower", (False, False): ""}
BLOCKS = {"full": "█", "upper": "▀", "lower": "▄", "": " "}


def mask_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """Of the selected layer if it is a dropout, else of the nearest one before it, or behind it."""
    layer = nearest(frame, view, "dropout")
    if layer is None:
        return ink.notice("This network has no dropout layer: no unit is switched off.", width)[:height]
    found = mask_count(frame, layer)
    if found is None:
        return ink.notice(f"{layer.name} has not been computed yet: s executes one operation.", width)[:height]
    n, units = found.off.shape
    cursor = clamp(view.sample, n), clamp(view.unit, units)
    lines = [_head(frame, layer, found, width, ink), _changes(found, width, ink)]
    room = height - len(lines) - 2
    if room < 1:
        return [*lines, _reading(frame, found, cursor, width, ink)][:height]
    lines += [_ruler(units, width, ink)] if room > 3 else []
    room = height - len(lines) - 1
    has_card = width >= GUTTER + units + COUNT + CARD and room >= 6 and len(frame.inputs) > 0
    card = sample_card(frame, cursor[0], room, ink) if has_card else []
    grid = _grid(found.off, cursor, width - GUTTER - (CARD if card else 0), room, ink)
    for k in range(room):
        line = beside(grid[k] if k < len(grid) else [], card, k, width, ink)
        lines.append(line)
    return [*lines, _reading(frame, found, cursor, width, ink)][:height]


def nearest(frame: Frame, view: View, kind: str) -> LayerFrame | None:
    """The selected layer if it is of that kind, else the nearest before it, or behind it."""
    at = clamp(view.layer, len(frame.layers))
    before = [layer for layer in frame.layers[: at + 1] if layer.kind == kind]
    after = [layer for layer in frame.layers[at:] if layer.kind == kind]
    return before[-1] if before else after[0] if after else None


def _head(frame: Frame, layer: LayerFrame, found: MaskCount, width: int, ink: Ink) -> Line:
    off = int(found.off.sum())
    plus_minus = "+-" if ink.ascii else "±"
    parts = [
        f"{off:,} of {found.off.size:,} off, {percent(off / found.off.size)}",
        f"rate {found.rate:g}: {number(found.expected, 4)} {plus_minus} {number(found.spread, 2)} expected",
        freshness(frame, layer.is_forward_fresh),
    ]
    return heading(layer.name, parts, width, ink)


def _changes(found: MaskCount, width: int, ink: Ink) -> Line:
    """That the next iteration draws anew, and evaluation not at all."""
    scale = f"what is on is taken {number(1.0 / (1.0 - found.rate), 4)} times"
    rest = "evaluation switches none off"
    if found.changed is None:
        choices = [f"drawn anew in each iteration; {scale}; {rest}", f"drawn anew in each iteration; {rest}", rest]
    else:
        new = f"{percent(found.changed)} of the places differ from iteration {found.iteration - 1:,}"
        brief = f"{percent(found.changed)} new since iteration {found.iteration - 1:,}"
        choices = [f"{new}; {scale}; {rest}", f"{new}; {rest}", f"{brief}; evaluation: none", brief]
    return _first_that_fits(choices, width, "dim", ink)


def _ruler(units: int, width: int, ink: Ink) -> Line:
    what = f"{' ' * GUTTER}{count(units, 'unit')} across"
    return _first_that_fits([f"{what}, samples of the batch down; the arrows move", what], width, "faint", ink)


def _first_that_fits(choices: list[str], width: int, role: str, ink: Ink) -> Line:
    text = next((each for each in choices if cells(each) < width), choices[-1])
    return [ink.say(fit(f" {text}", min(cells(text) + 1, width)), role)]


def _grid(off: np.ndarray, cursor: tuple[int, int], width: int, height: int, ink: Ink) -> list[Line]:
    """A line a sample with its count of units off; where they do not fit, two samples in a line of half blocks."""
    n, units = off.shape
    has_counts = width >= COUNT + min(units, 24)
    room = max(width - (COUNT if has_counts else 0), 1)
    wide = 2 if 2 * units <= room else 1
    shown = min(units, room // wide)
    left = max(0, min(cursor[1] - shown // 2, units - shown))
    per_line = 2 if n > height and not ink.ascii else 1
    top = max(0, min(cursor[0] // per_line - height // 2, -(-n // per_line) - height))
    lines = []
    for first in range(top * per_line, min(n, (top + height) * per_line), per_line):
        rows = off[first : first + per_line, left : left + shown]
        is_here = cursor[0] in range(first, first + per_line)
        line = [
            ink.say(fit(str(cursor[0] if is_here else first), GUTTER - 1, ">") + " ", "strong" if is_here else "faint")
        ]
        text = _cells(rows, wide, per_line, ink)
        if is_here:
            at = (cursor[1] - left) * wide
            line += [
                ink.say(text[:at], "forward"),
                ink.say(text[at : at + wide], "cursor"),
                ink.say(text[at + wide :], "forward"),
            ]
        else:
            line.append(ink.say(text, "forward"))
        if has_counts:
            mine = cursor[0] if is_here else first
            what = f" {int(off[mine].sum())} off" if per_line == 1 or is_here else ""
            line.append(ink.say(fit(what, COUNT), "strong" if is_here else "faint"))
        lines.append(line)
    return lines


def _cells(rows: np.ndarray, wide: int, per_line: int, ink: Ink) -> str:
    """What is on is drawn, what is off is left out."""
    on = ~rows
    if per_line == 1:
        marks = ("#", ".") if ink.ascii else ("█", "·")
        return "".join(
            (marks[0] if each else marks[1]) * (wide if each else 1) + (" " * (wide - 1) if not each else "")
            for each in on[0]
        )
    below = on[1] if len(on) > 1 else np.zeros_like(on[0])
    return "".join(BLOCKS[PAIRS[bool(a), bool(b)]] * wide for a, b in zip(on[0], below, strict=True))


def _reading(frame: Frame, found: MaskCount, cursor: tuple[int, int], width: int, ink: Ink) -> Line:
    """The cursor's place, then its unit over the batch and its sample over the units."""
    sample, unit = cursor
    n, units = found.off.shape
    is_off = bool(found.off[cursor])
    state = "off" if is_off else "on"
    unit_off, sample_off = int(found.off[:, unit].sum()), int(found.off[sample].sum())
    where = f" sample {sample}, unit {unit}: "
    rest = [
        f"the unit is off for {unit_off} of {count(n, 'sample')}", f"the sample is without {sample_off} of {count(units, 'unit')}"
    ]  # fmt: skip
    for parts in (rest, rest[:1], []):
        text = "".join(f"; {part}" for part in parts)
        if cells(where + state + text) <= width:
            return [ink.say(where, "dim"), ink.say(state, "warn" if is_off else "strong"), ink.say(text, "dim")]
    return [ink.say(fit(f" [{sample},{unit}] {state}", width), "strong")]
