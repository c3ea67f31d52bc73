"""The Gradients tab: how strong the error signal is at every layer, on a log scale."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tui_nn.debugger.fade import fade
from tui_nn.scenario.panels import VIEWS
from tui_nn.tui.heat import Scale, bar, decades, log_share, matrix_lines, reading_line, window
from tui_nn.tui.ink import Ink
from tui_nn.tui.microscope import Microscope
from tui_nn.tui.panels.activations import RECURRENT, move_in_batch
from tui_nn.tui.panels.places import size, where
from tui_nn.tui.panels.shared import freshness, heading
from tui_nn.tui.text import cells, count, fit, number, times
from tui_nn.tui.view import View, clamp, is_current

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.frame import Frame, LayerFrame

Line = list["Segment"]
MODES = VIEWS["gradients"]
DEPTH, ERROR_TIME, GRADIENT_TIME, HISTOGRAM, STEPS = range(5)
STRONG_KINDS = ("vanishing", "exploding")
NUMBER = 9
MIN_BAR = 6  # cells: a shorter one is no picture
MIN_MAP = 6  # lines: below, the heatmap of the selected layer would say little


def gradients_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """One of the pictures, view.mode("gradients") says which."""
    mode = view.mode("gradients")
    if mode == STEPS:
        from tui_nn.tui.panels.over_steps import steps_lines

        return steps_lines(frame, view, width, height, ink)
    if mode in (ERROR_TIME, GRADIENT_TIME):
        from tui_nn.tui.panels.gradient_history import ERROR, GRADIENT, history_lines

        return history_lines(frame, view, width, height, ink, ERROR if mode == ERROR_TIME else GRADIENT)
    return (
        _histograms(frame, view, width, height, ink)
        if mode == HISTOGRAM
        else depth_lines(frame, view, width, height, ink)
    )


def _histograms(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """Of the error at the selected layer's output, and of its parameters' gradients where it has any."""
    from tui_nn.tui.histogram import histogram_lines

    layer = view.layer_of(frame)
    if not layer.has_delta:
        return ink.notice(f"The error has not reached {layer.name} yet.", width)[:height]
    has_both = bool(layer.parameters) and height >= 12
    room = (height - 2) // 2 if has_both else height - 1
    when = freshness(frame, layer.is_backward_fresh)
    lines = [
        heading(layer.name, ["∂loss/∂output", when], width, ink),
        *histogram_lines(layer.delta, width, room, ink, "backward"),
    ]
    if has_both:
        grads = np.concatenate([p.grad.ravel() for p in layer.parameters])
        lines += [heading(layer.name, ["∂loss/∂parameters"], width, ink)]
        lines += histogram_lines(grads, width, height - len(lines), ink, "update")
    return lines[:height]


def depth_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """Norms of ∂loss/∂output and of ∂loss/∂parameters per layer; then ∂loss/∂output of the selected layer."""
    if not any(layer.has_delta for layer in frame.layers):
        text = "No gradient has been computed yet: it flows back from the loss, one layer an operation."
        return ink.notice(text, width)[:height]
    selected = clamp(view.layer, len(frame.layers))
    room = height - 3
    with_map = room - len(frame.layers) >= MIN_MAP
    room = len(frame.layers) if with_map else room
    first = max(0, min(selected - room // 2, len(frame.layers) - room))
    lines = _bars(frame, first, room, selected, width, ink)
    lines.append(_fade_line(frame, width, ink))
    if with_map:
        lines += _delta_map(frame, view, width, height - len(lines), ink)
    return lines


def _bars(frame: Frame, first: int, room: int, selected: int, width: int, ink: Ink) -> list[Line]:
    name_width = min(max(len(layer.name) for layer in frame.layers), 14) + 2
    free = max(width - name_width - 2 * (NUMBER + 2), 0)  # for bars; the second gives way to the first
    bars = (free // 2, free // 2) if free >= 2 * MIN_BAR else (free, 0)
    span_delta = decades([layer.metrics.get("delta_norm", math.nan) for layer in frame.layers])
    span_grad = decades([layer.metrics.get("grad_norm", math.nan) for layer in frame.layers])
    heads = [
        (("error: |∂loss/∂output|", "|∂loss/∂output|", "error"), span_delta, bars[0]),
        (("gradient: |∂loss/∂parameters|", "|∂loss/∂params|", "gradient"), span_grad, bars[1]),
    ]
    head: Line = [ink.say(fit("", name_width), "dim")]
    axis: Line = [ink.say(fit(" layer", name_width), "dim")]
    for texts, span, bar_width in heads:
        wide = NUMBER + 1 + bar_width
        text = next((each for each in texts if cells(each) <= wide), texts[-1])
        head += [ink.say(fit(text, wide, ">" if wide < 2 * NUMBER else "<"), "dim"), ink.say(" ")]
        axis += [ink.say(" " * (NUMBER + 1)), *_axis(span, bar_width, ink), ink.say(" ")]
    lines = [head, axis]
    for index, layer in enumerate(frame.layers[first : first + room], first):
        lines.append(_bar_line(frame, layer, index == selected, name_width, bars, (span_delta, span_grad), ink))
    return lines


def _bar_line(
    frame: Frame, layer: LayerFrame, is_selected: bool, name_width: int, bars: tuple[int, int], spans: tuple, ink: Ink
) -> Line:
    is_fresh = is_current(frame, layer.is_backward_fresh)
    name_role = "selected" if is_selected else "text" if is_fresh else "dim"
    line = [ink.say((ink.glyph("next") if is_selected else " ") + fit(layer.name, name_width - 1), name_role)]
    columns = zip(("delta_norm", "grad_norm"), spans, bars, ("backward", "update"), strict=True)
    for key, span, bar_width, role in columns:
        value = layer.metrics.get(key)
        odd = value is not None and not math.isfinite(value)
        text_role = "bad" if odd else "text" if is_fresh else "dim"
        share = log_share(value, *span) if value is not None and span else None
        line.append(ink.say(fit("" if value is None else number(value, 3), NUMBER, ">") + " ", text_role))
        line += (
            [ink.say(" " * bar_width)] if share is None else bar(share, bar_width, ink, role if is_fresh else "faint")
        )
        line.append(ink.say(" "))
    return line


def _axis(span: tuple[float, float] | None, width: int, ink: Ink) -> Line:
    """The ends of the log axis over the bars: 1e-6 ······ 1."""
    if span is None or width == 0:
        return [ink.say(" " * width)]
    low, high = (f"{value:g}" if 1e-3 <= value <= 1e4 else f"1e{round(math.log10(value))}" for value in span)
    between = width - len(low) - len(high)
    if between < 1:
        return [ink.say(" " * width)]
    if between < 3:
        return [ink.say(low + " " * between + high, "faint")]
    return [
        ink.say(low + " ", "faint"),
        ink.say(ink.glyph("dot") * (between - 2), "rule"),
        ink.say(" " + high, "faint"),
    ]


def _fade_line(frame: Frame, width: int, ink: Ink) -> Line:
    """How the error changes on its way to the first layer: the direction by name, its size in decades, the factor."""
    found = fade(frame)
    if found is None:
        return []
    kind, decades = found.kind, found.decades
    if kind == "not finite":
        return [ink.say(fit(" the error is not finite any more", width), "bad")]
    where = f"from {found.source} to {found.end}"
    if math.isinf(decades):
        return [ink.say(fit(f" vanished: the error is 0 at {found.end}", width), "bad")]
    name = {"even": "even", "fading": "fades", "growing": "grows"}.get(kind, kind)
    mark = ink.glyph("dash" if kind == "even" else "left")  # it flows to the left, towards the input
    n = abs(decades)
    size = "" if kind == "even" else f": {n:.{0 if n >= 3 else 1}f} decades in {count(found.n_layers, 'layer')}"
    when = freshness(frame, found.is_fresh)
    tails = (
        [f", {times(found.ratio)} {where}, {when}", f", {times(found.ratio)} {where}", f", {times(found.ratio)}", ""]
        if kind != "even"
        else [
            f": {times(found.ratio)} {where}, {when}",
            f": {times(found.ratio)} {where}",
            f": {times(found.ratio)}",
            "",
        ]
    )
    words = f" {mark} error {name}"
    if cells(words + size) > width:
        size = size.partition(" in ")[0]
    lead = f"{words}{size}{', towards the input' if kind in STRONG_KINDS and width >= 100 else ''}"
    tail = next((each for each in tails if cells(lead) + cells(each) <= width), "")
    return [
        ink.say(fit(lead, min(cells(lead), width)), "bad" if kind in STRONG_KINDS else "strong"),
        ink.say(tail, "dim"),
    ]


def _delta_map(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    layer = view.layer_of(frame)
    n, units = layer.delta.shape
    if n == 0:
        return ink.notice(f"The error has not reached {layer.name} yet.", width)[:height]
    scale = Scale.of(layer.delta)
    cursor = (clamp(view.sample, n), clamp(view.unit, units))
    place = window((n, units), width - 7, height - 2, cursor)
    head = heading(layer.name, ["∂loss/∂output", f"{size(layer.shape)} for {count(n, 'sample')}"], width, ink)
    rows = matrix_lines(layer.delta, place, scale, ink, cursor)
    body = [[ink.say(f"{place.row + i:>4}  ", "faint"), *row] for i, row in enumerate(rows)]
    brief = f"[{cursor[0]},{cursor[1]}]"
    return [
        head,
        *body,
        reading_line(
            f"sample {cursor[0]}, {where(layer.shape, cursor[1])}", brief, layer.delta[cursor], scale, width, ink
        ),
    ]


def move(frame: Frame, view: View, dx: int, dy: int, page: bool = False) -> None:
    """Up and down select a layer, left and right a unit of the map; over steps, left and right a time step."""
    if view.mode("gradients") == STEPS and dx:
        from tui_nn.tui.panels.gates import move_in_time

        move_in_time(frame, view, dx, 0)
        return
    if dy:
        n = len(frame.layers)
        view.layer = clamp(clamp(view.layer, n) + dy, n)
    else:
        move_in_batch(frame, view, dx, 0)


MICROSCOPE = Microscope(
    "the error signal ∂loss/∂output and the gradient of the parameters (v changes the view): at every layer, as norms on a log scale, which "
    "shows whether the signal vanishes or explodes on its way back; each over the whole run, a row a layer; as a histogram of the selected layer; and of a recurrent layer, at every time step.",
    gradients_lines,
    move,
    modes=MODES,
    has=lambda frame, mode: mode != STEPS or any(layer.kind in RECURRENT for layer in frame.program.layers),
)
