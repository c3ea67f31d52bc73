"""The learning rate beside its limit: how curved the loss is, and whether a step along its steepest direction still shrinks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tui_nn.tui.heat import pool
from tui_nn.tui.ink import Ink
from tui_nn.tui.microscope import TITLES
from tui_nn.tui.panels.shared import heading
from tui_nn.tui.panels.update_sum import Line, cut
from tui_nn.tui.text import fit, number, wrap
from tui_nn.tui.view import View

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame

STABLE = "stable: along every direction the error shrinks"
SWINGS = "stable, but it swings: each step overshoots and comes back, less each time"
PAST = "past the edge: steps overshoot along the steepest direction"
UNKNOWN = "not a number: the curvature cannot be told"
ADAPTS = "{} scales each weight's step: its own edge lies elsewhere; the limit is plain descent's, to compare with."
END = 2.0  # of the limit: the right end of the bar
MOST = 3.0  # of the limit: the top of the history
GUTTER = 8
MIN_HISTORY = 4  # lines


def gauge_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """Words and bar; below them the same over the run, where there is room."""
    from tui_nn.engine.probe_rows import limit_factor

    sharpness, limit, lr = (frame.metrics.get(name) for name in ("sharpness", "lr_limit", "lr"))
    factor = limit_factor(frame.program.scenario.optimizer)  # momentum moves the edge
    lines: list[Line] = [heading("lr beside its limit", [f"lr_limit = {factor:.4g} / sharpness"], width, ink)]
    if sharpness is None or limit is None or lr is None:
        lines += _said(_why_not(frame), width, ink, "text")
    else:
        ratio = lr / limit if limit else math.inf
        verdict, role = verdict_of(frame, ratio)
        measured = frame.history.last_measured("sharpness")
        lines.append(
            [
                ink.say(f" lr {lr:g} is ", "text"),
                ink.say(f"{number(ratio, 3)} of lr_limit {number(limit, 4)}", "strong"),
            ]
        )
        lines += _said(verdict, width, ink, role)
        lines += _bar(ratio, lr, limit, role, width, ink)
        lines += _said(
            f"sharpness {number(sharpness, 4)}: the largest curvature of the loss, measured in iteration {measured:,}",
            width,
            ink,
        )
        if _adapts(frame):
            lines += _said(ADAPTS.format(frame.program.scenario.optimizer.type), width, ink)
    lines += _said(_way_to_path(), width, ink)
    room = height - len(lines) - 2
    if room >= MIN_HISTORY and limit is not None:
        lines += [[], *_history(frame, width, room + 1, ink)]
    return [cut(line, width, ink) for line in lines[:height]]


def verdict_of(frame: Frame, ratio: float) -> tuple[str, str]:
    """In words, with the role of their colour. That a step swings below the edge is so for plain descent alone."""
    if math.isnan(ratio):
        return UNKNOWN, "bad"
    if _adapts(frame):
        return ("below plain descent's limit", "good") if ratio < 1.0 else ("above plain descent's limit", "warn")
    if ratio >= 1.0:
        return PAST, "bad"
    return (SWINGS, "warn") if ratio > 0.5 and frame.program.scenario.optimizer.type == "sgd" else (STABLE, "good")


def _adapts(frame: Frame) -> bool:
    return frame.program.scenario.optimizer.type not in ("sgd", "momentum", "nesterov")


def _why_not(frame: Frame) -> str:
    from tui_nn.scenario.naming import why_no_sharpness

    why = why_no_sharpness(frame.program.scenario)
    if why is None:
        return "Not measured yet: n runs the first iteration."
    if "probes.sharpness" in why and why.startswith("set"):
        return 'This run does not measure how curved the loss is. In the scenario: [probes] sharpness = "auto"; or open it with --set probes.sharpness=auto.'
    return f"This run does not measure how curved the loss is: {why}."


def _way_to_path() -> str:
    names = list(TITLES)
    presses = names.index("landscape") - names.index("optimizer")
    return f"The path over the loss: Landscape tab ({' '.join('>' * presses)})"


def _said(text: str, width: int, ink: Ink, role: str = "dim") -> list[Line]:
    return [[ink.say(" " + line, role)] for line in wrap(text, width - 2)]


def _bar(ratio: float, lr: float, limit: float, role: str, width: int, ink: Ink) -> list[Line]:
    """0 to twice the limit, which stands in the middle; a knob at lr, at the end an arrow if lr lies beyond."""
    room = width - 4
    if room < 16:
        return []
    middle = round((room - 1) / END)
    place = 0 if math.isnan(ratio) else min(round(ratio / END * (room - 1)), room - 1)
    knob = ink.glyph("right") if ratio > END else ink.glyph("knob")
    track = [ink.glyph("rule")] * room
    track[:place] = ink.glyph("rule_focus") * place
    track[middle] = ink.glyph("cross")
    line = [
        ink.say("  " + "".join(track[:place]), role), ink.say(knob, "strong"),
        ink.say("".join(track[place + 1 :]), "faint"),
    ]  # fmt: skip
    labels = [" "] * room
    at_limit = f"limit {number(limit, 3)}"
    start = max(min(middle - len(at_limit) // 2, room - len(at_limit)), 0)
    labels[start : start + len(at_limit)] = at_limit
    own = f"lr {lr:g}"
    for left in (place - len(own) // 2, place + 1 - len(own)):
        left = max(min(left, room - len(own)), 0)
        if not "".join(labels[max(left - 1, 0) : left + len(own) + 1]).strip():
            labels[left : left + len(own)] = own
            break
    return [line, [ink.say("  " + "".join(labels), "dim")]]


def ratios(frame: Frame) -> tuple[np.ndarray, np.ndarray]:
    """Iterations of the measurements up to here, and lr over lr_limit there."""
    iterations, limits = frame.history.curve("lr_limit")
    last = frame.history.last_measured("lr_limit")
    here = iterations <= (-1 if last is None else last)
    iterations, limits = iterations[here], limits[here]
    lr_at, lrs = frame.history.curve("lr")
    lr = lrs[np.clip(np.searchsorted(lr_at, iterations), 0, len(lrs) - 1)] if len(lrs) else np.full(len(limits), np.nan)
    with np.errstate(all="ignore"):
        return iterations, lr / limits


def _history(frame: Frame, width: int, height: int, ink: Ink) -> list[Line]:
    """Columns of lr / lr_limit, the edge a line across; a column above it is past the edge."""
    iterations, values = ratios(frame)
    if len(values) < 2:
        return []
    columns, rows = max(width - GUTTER - 2, 1), height - 2
    shown = pool(values, columns)
    finite = shown[np.isfinite(shown)]
    top = min(max(1.25, float(finite.max()) if finite.size else 1.25), MOST)
    glyphs = ink.glyphs["spark"]
    edge = rows - 1 - min(int(1.0 / top * rows), rows - 1)
    lines: list[Line] = [heading("lr / lr_limit over the run", [f"{len(values):,} measurements"], width, ink)]
    for row in range(rows):
        level = rows - 1 - row
        label = "edge 1" if row == edge else number(top, 2) if row == 0 else ""
        line = [ink.say(fit(label, GUTTER - 1, ">") + " ", "faint")]
        for value in shown.tolist():
            if not math.isfinite(value):
                line.append(ink.mark("nan" if value != value else "inf", 1) if row == rows - 1 else ink.say(" "))
                continue
            over = min(value, top) / top * rows - level
            eighths = min(math.ceil(over * len(glyphs)), len(glyphs))
            if eighths <= 0:
                line.append(ink.say(ink.glyph("rule") if row == edge else " ", "faint"))
            else:
                line.append(ink.say(glyphs[eighths - 1], "bad" if value >= 1.0 else "accent"))
        lines.append(line)
    low, high = f"{iterations[0]:,}", f"{iterations[-1]:,}"
    axis = low + high.rjust(max(min(columns, len(shown)) - len(low), len(high) + 1))
    return [*lines, [ink.say(" " * GUTTER + axis, "faint")]]
