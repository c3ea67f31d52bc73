"""The Optimizer tab: per parameter its value, gradient, optimizer slots and step, as maps; and four pictures from files beside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tui_nn.scenario.panels import VIEWS
from tui_nn.tui.heat import CELLS, Scale, Window, matrix_lines, window
from tui_nn.tui.ink import Ink
from tui_nn.tui.microscope import Microscope
from tui_nn.tui.panels.parameters import columns_of, joined, place_in, size_of
from tui_nn.tui.panels.shared import heading
from tui_nn.tui.text import cells, fit, number
from tui_nn.tui.view import View, clamp

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.frame import Frame, LayerFrame

Line = list["Segment"]
MODES = VIEWS["optimizer"]
MAPS, SUM, BY_HAND, SPREAD, GAUGE = range(5)
MIN_MAP_WIDTH = 22
MIN_MAP_HEIGHT = 4

# What a slot is called on the screen.
SLOT_NAMES = {
    "exp_avg": ("m", "mean of g"),
    "exp_avg_sq": ("v", "mean of g²"),
    "max_exp_avg_sq": ("vmax", "largest v"),
    "exp_inf": ("u", "largest g"),
    "momentum_buffer": ("b", "momentum"),
    "orthogonal": ("o", "orthogonal b"),
    "sum": ("s", "sum of g²"),
    "square_avg": ("v", "mean of g²"),
    "grad_avg": ("m", "mean of g"),
    "acc_delta": ("d", "mean of Δ²"),
}
ROOTS = {"exp_avg_sq": "√v", "square_avg": "√v", "sum": "√s"}  # what eps is weighed against, as large as g
SYMBOLS = {"lr": "lr", "momentum": "μ", "beta1": "β1", "beta2": "β2", "eps": "ε", "rho": "ρ"}
FORMULAS = {
    "sgd": "step = lr · g",
    "momentum": "b = μ · b + g   step = lr · b",
    "nesterov": "b = μ · b + g   step = lr · (g + μ · b)",
    "adagrad": "step = lr · g / (√s + ε)",
    "adadelta": "step = lr · g · √(d + ε) / √(v + ε)",
    "rmsprop": "step = lr · g / (√v + ε)",
    "adam": "step = lr · m̂ / (√v̂ + ε)",
    "adamw": "step = lr · m̂ / (√v̂ + ε)",
    "amsgrad": "step = lr · m̂ / (√v̂ max + ε)",
    "adamax": "step = lr · m̂ / u",
    "nadam": "step = lr · (m̂ + g's share) / (√v̂ + ε)",
    "radam": "step = lr · m̂ · r / (√v̂ + ε)",
    "lion": "step = lr · sign(β1 · m + (1 - β1) · g)",
    "muon": "step = lr · o",
}
OFF = {"bias_correction": 1.0}  # the value of an option that changes nothing, where that is not 0
ALWAYS = ("lr", "momentum", "beta1", "beta2", "eps", "rho")


@dataclass(frozen=True)
class Quantity:
    """One number per parameter of a layer. array is (out, in) for the weights, (units, 1) where each unit has one; bias (out,)."""

    symbol: str
    words: str
    array: np.ndarray
    bias: np.ndarray | None


def quantities(layer: LayerFrame) -> list[Quantity]:
    """Value, gradient, each slot the optimizer has (and √v beside v), the last step."""
    weight = columns_of(layer)[0][0]

    def both(pick: Any) -> tuple[np.ndarray, np.ndarray | None]:
        return joined(layer, pick)

    def kept(parameter: Any, slot: str) -> Any:
        """None for a bias of which the optimizer keeps something else, as Muon does."""
        return parameter.slots.get(slot)

    out = [
        Quantity("w", "value", *both(lambda p: p.value)),
        Quantity("g", "gradient", *both(lambda p: p.grad)),
    ]
    for slot in weight.slots:
        symbol, words = SLOT_NAMES.get(slot, (slot, ""))
        out.append(Quantity(symbol, words, *both(lambda p, slot=slot: kept(p, slot))))
        if slot in ROOTS:
            with np.errstate(invalid="ignore"):
                root = both(lambda p, slot=slot: None if kept(p, slot) is None else np.sqrt(kept(p, slot)))
            out.append(Quantity(ROOTS[slot], "size of g", *root))
    return [*out, Quantity("step", "last update", *both(lambda p: p.effective_step))]


def optimizer_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """One of the pictures, view.mode("optimizer") says which."""
    mode = view.mode("optimizer")
    if mode == SUM:
        from tui_nn.tui.panels.update_sum import sum_lines

        return sum_lines(frame, view, width, height, ink)
    if mode == BY_HAND:
        from tui_nn.tui.panels.by_hand import hand_lines

        return hand_lines(frame, view, width, height, ink)
    if mode == SPREAD:
        from tui_nn.tui.panels.spread import spread_lines

        return spread_lines(frame, view, width, height, ink)
    if mode == GAUGE:
        from tui_nn.tui.panels.gauge import gauge_lines

        return gauge_lines(frame, view, width, height, ink)
    return map_lines(frame, view, width, height, ink)


def map_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """A map per quantity, all with the same cursor; without room for maps, a table of the cursor's parameter."""
    layer = view.dense_layer_of(frame)
    if layer is None:
        return ink.notice("This network has no parameters.", width)[:height]
    shown = quantities(layer)
    weight = shown[0].array
    n_out, n_in = weight.shape
    has_bias = shown[0].bias is not None
    cursor = (clamp(view.row, n_out), clamp(view.column, n_in + has_bias))
    head = _head(layer, cursor, n_in, has_bias, width, ink)
    foot = _foot(frame, width, ink)
    columns = next((c for c in (3, 2) if width >= c * MIN_MAP_WIDTH + (c - 1) * 2), 1)
    rows = -(-len(shown) // columns)
    map_height = (height - 2) // rows
    if map_height < MIN_MAP_HEIGHT:
        body = _table(shown, cursor, n_in, width, height - 2, ink)
    else:
        map_width = (width - 2 * (columns - 1) - 1) // columns
        body = _grid(shown, cursor, n_in, columns, map_width, map_height, ink)
    body = body[: height - 2]
    return [head, *body, *([] for _ in range(height - 2 - len(body))), foot]


def _head(layer: LayerFrame, cursor: tuple[int, int], n_in: int, has_bias: bool, width: int, ink: Ink) -> Line:
    row, column = cursor
    is_flat = layer.parameters[0].value.ndim == 1  # one weight a unit, as in batch norm
    name = place_in(layer, row, column)
    where = f"unit {row} of {size_of(layer)[0]}"
    what = "its weight" if is_flat else f"input {column} of {n_in}"
    parts = [where, what] if column < n_in else [where, "its bias"]
    return heading(name, [*parts, "bias: last column"] if has_bias and column < n_in else parts, width, ink)


def _foot(frame: Frame, width: int, ink: Ink) -> Line:
    settings = frame.program.settings
    kind = frame.program.scenario.optimizer.type
    shown = {key: value for key, value in settings.items() if key in ALWAYS or value != OFF.get(key, 0.0)}
    values = "  ".join(f"{SYMBOLS.get(key, key)} {value:g}" for key, value in shown.items())
    first = f" {kind}: {FORMULAS.get(kind, '')}"
    if cells(first) + cells(values) + 4 > width:
        return [ink.say(fit(first, width), "dim")]
    return [ink.say(first, "dim"), ink.say("   " + values, "dim")]


def _value_at(quantity: Quantity, cursor: tuple[int, int], n_in: int) -> float:
    if cursor[1] < n_in:
        return float(quantity.array[cursor])
    return float("nan") if quantity.bias is None else float(quantity.bias[cursor[0]])


def _grid(shown: list[Quantity], cursor, n_in: int, columns: int, width: int, height: int, ink: Ink) -> list[Line]:
    lines: list[Line] = []
    for start in range(0, len(shown), columns):
        maps = [_map(quantity, cursor, n_in, width, height, ink) for quantity in shown[start : start + columns]]
        for i in range(height):
            line: Line = [ink.say(" ")]
            for k, picture in enumerate(maps):
                part = picture[i] if i < len(picture) else []
                used = sum(cells(segment.text) for segment in part)
                gap = 2 if k + 1 < len(maps) else 0
                line += [*part, ink.say(" " * (width - used + gap))]
            lines.append(line)
    return lines


def _map(quantity: Quantity, cursor: tuple[int, int], n_in: int, width: int, height: int, ink: Ink) -> list[Line]:
    """A title with the cursor's value, then rows of the weights with the bias at the end, apart by a blank."""
    everything = quantity.array if quantity.bias is None else np.append(quantity.array.ravel(), quantity.bias)
    scale = Scale.of(everything)
    value = number(_value_at(quantity, cursor, n_in), 4)
    room = width - len(quantity.symbol) - len(value) - 2
    words = quantity.words if len(quantity.words) <= room - 1 else ""
    title = [ink.say(quantity.symbol + " ", "strong"), ink.say(fit(words, room), "dim"), ink.say(" " + value)]
    place = _place(quantity, cursor, n_in, width, height - 1 - (height >= 8))
    rows = matrix_lines(quantity.array, place, scale, ink, cursor if cursor[1] < n_in else None)
    if quantity.bias is not None:
        column = Window(place.row, place.rows, 0, 1, place.cell)
        at = (cursor[0], 0) if cursor[1] >= n_in else None
        biases = matrix_lines(quantity.bias[:, None], column, scale, ink, at)
        rows = [[*row, ink.say(" "), *bias] for row, bias in zip(rows, biases, strict=True)]
    return [title, *rows]


def _place(quantity: Quantity, cursor: tuple[int, int], n_in: int, width: int, height: int) -> Window:
    """As `window`, with room for the bias column."""
    at = (cursor[0], min(cursor[1], n_in - 1))
    if quantity.bias is None:
        return window(quantity.array.shape, width, height, at)
    shape = quantity.array.shape
    for cell in CELLS:
        place = window(shape, width - 1 - cell, height, at, (cell,))
        if place.cell == cell:
            return place
    return window(shape, width - 2, height, at, ())


def _table(shown: list[Quantity], cursor: tuple[int, int], n_in: int, width: int, height: int, ink: Ink) -> list[Line]:
    lines: list[Line] = []
    for quantity in shown[:height]:
        scale = Scale.of(quantity.array)
        line = [
            ink.say(" " + fit(quantity.symbol, 5), "strong"),
            ink.say(fit(quantity.words, 12), "dim"),
            ink.say(fit(number(_value_at(quantity, cursor, n_in), 4), 10, ">"), "strong"),
        ]
        room = width - 30
        if room >= 8:
            place = window((1, n_in), room, 1, (0, min(cursor[1], n_in - 1)), (4, 2))
            row = quantity.array[cursor[0]][None, :]
            line += [ink.say("  "), *matrix_lines(row, place, scale, ink, (0, cursor[1]))[0]]
        lines.append(line)
    return lines


def move(frame: Frame, view: View, dx: int, dy: int, page: bool = False) -> None:
    """Over the selected layer's parameters, the bias behind the last input."""
    layer = view.dense_layer_of(frame)
    if layer is not None:
        n_out, n_in, has_bias = size_of(layer)
        n_in += has_bias
        view.row = clamp(clamp(view.row, n_out) + dy, n_out)
        view.column = clamp(clamp(view.column, n_in) + dx, n_in)


def move_in_mode(frame: Frame, view: View, dx: int, dy: int, page: bool = False) -> None:
    """From weight to weight; in the spread from tensor to tensor, and from quantity to quantity."""
    if view.mode("optimizer") == SPREAD:
        from tui_nn.tui.panels.spread import move_tensor

        move_tensor(frame, view, dx, dy)
    else:
        move(frame, view, dx, dy, page)


MICROSCOPE = Microscope(
    "what the optimizer does (v changes the view). Maps: for each parameter its value w, gradient g, what the optimizer remembers (Adam: m, "
    "the moving mean of g; v, the moving mean of g²), and the step of the last update. Sum: the update of the weight under the cursor as a "
    "calculation, from the gradient to the weight after it. By hand: m and v (or what else it keeps) of its last updates, worked out again from "
    "their gradients in float64, beside the engine's own. Spread: how large gradients and steps are, in every tensor. Gauge: the "
    "learning rate beside the largest one that is stable, where the run measures sharpness.",
    optimizer_lines,
    move_in_mode,
    modes=MODES,
)
