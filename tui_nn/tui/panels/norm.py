"""A batch norm's two sets of statistics: those of this batch, which training takes, and the running ones, which evaluation takes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tui_nn.debugger.units import NormStatistics, norm_statistics
from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.mask import nearest
from tui_nn.tui.panels.places import selected_unit, selected_value, where
from tui_nn.tui.panels.shared import heading
from tui_nn.tui.panels.units import norm_columns, table
from tui_nn.tui.text import cells, count, fit, number
from tui_nn.tui.view import View, clamp

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.frame import Frame, LayerFrame

Line = list["Segment"]
FOOT = 3  # lines below the table


def norm_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """A row a unit; below, one value of the cursor's sample and unit on both ways."""
    layer = nearest(frame, view, "batch_norm")
    if layer is None:
        return ink.notice("This network has no batch norm layer: it keeps no running statistics.", width)[:height]
    if not len(layer.activation):
        return ink.notice(f"{layer.name} has not been computed yet: s executes one operation.", width)[:height]
    norm = norm_statistics(frame, layer)
    if norm is None:
        why = f"The outputs before {layer.name} are already the next batch's: s executes its own row."
        return ink.notice(why, width)[:height]
    unit = selected_unit(view, layer.shape)
    has_foot = height >= FOOT + 6
    room = height - 2 - (FOOT + 1 if has_foot else 0)
    lines = [_head(layer, norm, width, ink), _lag(norm, width, ink)]
    lines += table(norm_columns(frame, layer), layer.units, unit, width, room, ink)
    if has_foot:
        sample = clamp(view.sample, len(layer.activation))
        lines += [[] for _ in range(height - FOOT - len(lines))]
        lines += _two_ways(layer, norm, sample, selected_value(view, layer.shape), width, ink)
    return lines[:height]


def _head(layer: LayerFrame, norm: NormStatistics, width: int, ink: Ink) -> Line:
    keep, take = f"{1.0 - norm.momentum:g}", f"{norm.momentum:g}"
    parts = [
        f"running {ink.glyph('backward')} {keep} running + {take} batch",
        f"{count(layer.units, 'unit' if layer.positions == 1 else 'channel')}, batch of {len(layer.activation)}"
        + ("" if layer.positions == 1 else f" with {layer.positions} places each"),
    ]
    return heading(layer.name, parts, width, ink)


def _lag(norm: NormStatistics, width: int, ink: Ink) -> Line:
    """How far evaluation's numbers are from this batch's, in the batch's own spreads, over the units."""
    with np.errstate(all="ignore"):
        apart = np.abs(norm.running_mean - norm.mean) / np.sqrt(norm.var)
        ratio = np.sqrt(norm.running_var / norm.var)
    middle, middle_ratio = _median(apart), _median(ratio)
    text = f"running mean {number(middle, 2)} batch std away, running std {number(middle_ratio, 2)} of the batch's"
    full = f" median of the units: {text}"
    if math.isnan(middle):
        full = text = "the batch's statistics are not finite"
    brief = f"running: {number(middle, 2)} std away, {number(middle_ratio, 2)} times as wide"
    least = f"mean {number(middle, 2)} off, std {number(middle_ratio, 2)} times"
    shown = next((each for each in (full, f" {text}", f" {brief}") if cells(each) <= width), f" {least}")
    return [ink.say(fit(shown, min(cells(shown), width)), "dim")]


def _median(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else float("nan")


def _two_ways(layer: LayerFrame, norm: NormStatistics, sample: int, at: int, width: int, ink: Ink) -> list[Line]:
    """y of one x with the batch's statistics, and with those that evaluation takes."""
    unit = at % layer.units
    x = float(norm.x[sample * layer.positions + at // layer.units, unit])
    lines = [[ink.say(fit(f" sample {sample}, {where(layer.shape, at)}: x = {number(x, 4)} becomes", width), "title")]]
    ways = (
        ("in training", float(norm.mean[unit]), float(norm.biased_var[unit])),
        ("in evaluation", float(norm.running_mean[unit]), float(norm.running_var[unit])),
    )
    weight, bias = float(norm.weight[unit]), float(norm.bias[unit])
    for words, mean, var in ways:
        with np.errstate(all="ignore"):
            y = weight * (x - mean) / np.sqrt(np.float64(var) + norm.eps) + bias
        root = "sqrt" if ink.ascii else "√"
        put = [f"{number(value, 3)}" for value in (weight, x, mean, var, bias)]
        formula = f"{put[0]} × ({put[1]} - {put[2]}) / {root}({put[3]} + {norm.eps:g}) + {put[4]}".replace(
            "- -", "+ "
        ).replace("+ -", "- ")
        answer = number(float(y), 4)
        start = f"  {fit(words, 14)} "
        text = f"{formula} = " if cells(start + formula) + 3 + cells(answer) <= width else ""
        lines.append([ink.say(fit(start, min(cells(start), width)), "dim"), ink.say(text), ink.say(answer, "strong")])
    return lines
