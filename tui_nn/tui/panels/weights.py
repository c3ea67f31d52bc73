"""The Weights tab: the selected layer's parameters as a map, as a histogram, as each unit's picture, and what has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tui_nn.scenario.panels import VIEWS
from tui_nn.tui.heat import Scale, Window, matrix_lines, reading_line, window
from tui_nn.tui.histogram import histogram_lines
from tui_nn.tui.ink import Ink
from tui_nn.tui.microscope import Microscope
from tui_nn.tui.panels.optimizer import move
from tui_nn.tui.panels.parameters import joined, place_in
from tui_nn.tui.panels.shared import heading
from tui_nn.tui.text import count, fit, number
from tui_nn.tui.view import View, clamp

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.frame import Frame, LayerFrame

Line = list["Segment"]
MODES = VIEWS["weights"]
MAP, HISTOGRAM, CHANGE, FIELDS = range(4)
GUTTER = 6


def weights_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """One of the four pictures, view.mode("weights") says which."""
    layer = view.dense_layer_of(frame)
    if layer is None:
        return ink.notice("This network has no parameters.", width)[:height]
    mode = view.mode("weights")
    weight, bias = parts_of(layer)
    cursor = (clamp(view.row, weight.shape[0]), clamp(view.column, weight.shape[1] + (bias is not None)))
    if mode == HISTOGRAM:
        return _histograms(layer, weight, bias, cursor, width, height, ink)
    if mode == FIELDS:
        from tui_nn.tui.panels.filters import fields_lines

        return fields_lines(frame, layer, cursor, width, height, ink)
    if mode == CHANGE:
        before = marked_parts(view, layer)
        if before is None:
            text = "Nothing is marked yet: m marks this moment, and from then on the change since it is shown here."
            return ink.notice(text, width)[:height]
        with np.errstate(invalid="ignore", over="ignore"):
            moved = weight - before[0], None if bias is None or before[1] is None else bias - before[1]
        remarks = [f"since {place_of(view)}", _travelled(moved, before), _size(weight)]
        return _map(layer, *moved, cursor, remarks, "change", width, height, ink)
    remarks = [_size(weight)] + (["bias: last column"] if bias is not None else [])
    return _map(layer, weight, bias, cursor, remarks, "w", width, height, ink)


def _size(weight: np.ndarray) -> str:
    return f"{count(weight.shape[0], 'unit')} × {count(weight.shape[1], 'input')}"


def parts_of(layer: LayerFrame) -> tuple[np.ndarray, np.ndarray | None]:
    """(out, in) weights, (units, 1) where each unit has one; and the bias (out,), None without."""
    return joined(layer, lambda p: p.value)


def marked_parts(view: View, layer: LayerFrame) -> tuple[np.ndarray, np.ndarray | None] | None:
    """The same layer's at the marked moment; None if there is no mark, or it is of another network."""
    marked: Any = view.marked
    twin = next((each for each in marked.layers if each.name == layer.name), None) if marked is not None else None
    if twin is None:
        return None
    before = parts_of(twin)
    return before if before[0].shape == parts_of(layer)[0].shape else None


def place_of(view: View) -> str:
    return f"iteration {view.marked.iteration:,}" if view.marked is not None else ""


def _travelled(moved: tuple[np.ndarray, np.ndarray | None], before: tuple[np.ndarray, np.ndarray | None]) -> str:
    """The distance of all the layer's parameters from where they were, beside how long they were."""

    def length(pair: tuple[np.ndarray, np.ndarray | None]) -> float:
        return float(np.sqrt(sum((part.astype(np.float64) ** 2).sum() for part in pair if part is not None)))

    with np.errstate(invalid="ignore", over="ignore"):
        distance, norm = length(moved), length(before)
    share = f" = {100 * distance / norm:.3g} % of what it was" if norm > 0 and np.isfinite(distance) else ""
    return f"moved by {number(distance, 3)}{share}"


def _map(
    layer: LayerFrame, weight: np.ndarray, bias: np.ndarray | None, cursor: tuple[int, int], remarks: list[str], symbol: str,
    width: int, height: int, ink: Ink,
) -> list[Line]:  # fmt: skip
    """Rows are units, columns inputs, the bias apart at the end; the cursor's value below."""
    n_in = weight.shape[1]
    scale = Scale.of(weight if bias is None else np.append(weight.ravel(), bias))
    place = _place(weight.shape, bias is not None, width - GUTTER, height - 3, cursor)
    rows = matrix_lines(weight, place, scale, ink, cursor if cursor[1] < n_in else None)
    if bias is not None:
        column = Window(place.row, place.rows, 0, 1, place.cell)
        at = (cursor[0], 0) if cursor[1] >= n_in else None
        ends = matrix_lines(bias[:, None], column, scale, ink, at)
        rows = [[*row, ink.say(" "), *end] for row, end in zip(rows, ends, strict=True)]
    name = layer.name + ("" if symbol == "w" else f" {symbol}")
    lines = [heading(name, remarks, width, ink)]
    lines.append(
        [
            ink.say(fit(" unit", GUTTER), "faint"),
            ink.say(
                f"inputs {place.column} to {place.column + place.columns - 1}"
                if place.columns > 1
                else f"input {place.column}",
                "faint",
            ),
        ]
    )
    for i, row in enumerate(rows):
        here = place.row + i == cursor[0]
        lines.append([ink.say(f"{place.row + i:>4}  ", "strong" if here else "faint"), *row])
    lines += [[] for _ in range(height - 1 - len(lines))]
    is_bias = cursor[1] >= n_in
    value = bias[cursor[0]] if is_bias and bias is not None else weight[cursor[0], min(cursor[1], n_in - 1)]
    where = f"bias of unit {cursor[0]}" if is_bias else f"unit {cursor[0]}, input {cursor[1]}"
    if symbol == "w" and not is_bias and (len(layer.parameters[0].value.shape) > 2 or len(layer.parameters) > 2):
        where = place_in(layer, *cursor).partition(".")[2]  # weight[3,0,1,2]: a number of the column would say little
    brief = f"b[{cursor[0]}]" if is_bias else f"[{cursor[0]},{cursor[1]}]"
    return [*lines[: height - 1], reading_line(where, brief, float(value), scale, width, ink)][:height]


def _place(shape: tuple[int, int], has_bias: bool, width: int, height: int, cursor: tuple[int, int]) -> Window:
    at = (cursor[0], min(cursor[1], shape[1] - 1))
    if not has_bias:
        return window(shape, width, height, at)
    for cell in (8, 4, 2):
        place = window(shape, width - 1 - cell, height, at, (cell,))
        if place.cell == cell:
            return place
    return window(shape, width - 2, height, at, ())


def _histograms(
    layer: LayerFrame, weight: np.ndarray, bias: np.ndarray | None, cursor: tuple[int, int], width: int, height: int, ink: Ink
) -> list[Line]:  # fmt: skip
    """Of the weights, and of the biases where there is room; a pin stands over the cursor's."""
    n_in = weight.shape[1]
    has_both = bias is not None and bias.size > 1 and height >= 16
    first = (height - 2) * 2 // 3 if has_both else height - 1
    mark = float(weight[cursor[0], cursor[1]]) if cursor[1] < n_in else None
    lines = [heading(layer.name, ["weights"], width, ink), *histogram_lines(weight, width, first, ink, "accent", mark)]
    if has_both and bias is not None:
        mark = float(bias[cursor[0]]) if cursor[1] >= n_in else None
        lines += [heading(layer.name, ["biases"], width, ink)]
        lines += histogram_lines(bias, width, height - len(lines), ink, "update", mark)
    return lines[:height]


def has_fields(frame: Frame) -> bool:
    """Does a layer read pixels, or look through windows?"""
    tensors = frame.program.tensors
    return frame.program.dataset.image_shape is not None or any(len(tensor.shape) > 2 for tensor in tensors)


MICROSCOPE = Microscope(
    "the parameters of the selected layer (v changes the view): a map with a row a unit and a column an input, the bias apart at its end; a "
    "histogram; the change since the moment that m marked; and of a layer that reads images, or has windows, what each unit looks for.",
    weights_lines,
    move,
    modes=MODES,
    has=lambda frame, mode: mode != FIELDS or has_fields(frame),
)
