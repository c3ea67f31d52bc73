"""How gradients, their usual size and the steps are spread over a tensor's numbers, and over the tensors of the network."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.parameters import first_column
from tui_nn.tui.panels.shared import heading
from tui_nn.tui.panels.update_sum import NO_UPDATE, Line, cut
from tui_nn.tui.text import cells, count, fit, number
from tui_nn.tui.view import View, clamp

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame

QUANTITIES = {
    "|g|": "size of the gradient",
    "√v": "usual size of g",
    "|step|": "size of the update",
    "|step|/|w|": "update beside weight",
}
FIRST = 2  # |step| is compared between tensors at first
DECADES = 9  # at most, on the axis; what is smaller stands in its first place
MOST = 64  # along each side of a matrix that are counted: a picture of 4,096 numbers is much the same as of all
MOST_LABEL, STAT = 34, 9
MIN_STRIP, GOOD_STRIP = 8, 20


@dataclass(frozen=True)
class Spread:
    """logs: of the numbers that are not 0, the base-10 logarithm; shares of the rest."""

    logs: np.ndarray
    zeros: float
    odd: float
    n: int

    @staticmethod
    def of(values: np.ndarray) -> Spread:
        flat = np.abs(np.asarray(values, np.float64).reshape(-1))
        good = flat[np.isfinite(flat) & (flat > 0)]
        n = max(flat.size, 1)
        zeros = float((flat == 0).sum()) / n
        return Spread(np.log10(good), zeros, 1.0 - zeros - good.size / n, flat.size)

    @property
    def median(self) -> float | None:
        return 10.0 ** float(np.median(self.logs)) if self.logs.size else None


def spread_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """The selected tensor in all quantities, then every tensor in the chosen one."""
    names = tensor_names(frame)
    selected = selected_tensor(frame, view)
    if selected is None:
        return ink.notice("This network has no parameters.", width)[:height]
    own = spreads(frame, selected)
    if not own:
        return ink.notice(NO_UPDATE, width)[:height]
    chosen = list(QUANTITIES)[clamp(view.modes.get("spread", FIRST), len(QUANTITIES))]
    lines: list[Line] = []
    if height >= len(own) + 7:
        size = next(tensor.size for tensor in frame.program.tensors if tensor.name == selected)
        lines.append(heading(selected, [count(size, "number"), "how many are how large"], width, ink))
        lines += _table(
            [(symbol, f"{symbol} {QUANTITIES[symbol]}", part) for symbol, part in own.items()], chosen, width, ink
        )
        lines.append([])
    title = f"{chosen} of every tensor"
    hints = ["← → another quantity", "↑ ↓ another tensor"] if height >= 6 else []
    lines.append(heading(title, hints, width, ink))
    room = max(height - len(lines) - 1, 0)
    first = max(0, min(names.index(selected) - room // 2, len(names) - room))
    rows = [(name, name, spreads(frame, name, (chosen,)).get(chosen)) for name in names[first : first + room]]
    lines += _table([(key, words, part or Spread.of(np.empty(0))) for key, words, part in rows], selected, width, ink)
    return [cut(line, width, ink) for line in lines[:height]]


def tensor_names(frame: Frame) -> list[str]:
    return [tensor.name for tensor in frame.program.tensors]


def selected_tensor(frame: Frame, view: View) -> str | None:
    from tui_nn.tui.panels.update_sum import cursor_parameter

    layer = view.dense_layer_of(frame)
    return None if layer is None else cursor_parameter(layer, view)[0]


def spreads(frame: Frame, name: str, wanted: tuple[str, ...] = tuple(QUANTITIES)) -> dict[str, Spread]:
    """By quantity; without √v for an optimizer that keeps nothing of the kind, and nothing before the first gradient."""
    from tui_nn.debugger.update import explain

    tensor = next(tensor for tensor in frame.program.tensors if tensor.name == name)
    update = explain(frame, name, tuple(slice(None, None, math.ceil(n / MOST)) for n in tensor.shape))
    if update is None:
        return {}
    squares = next((update.term(symbol) for symbol in ("v", "s") if update.term(symbol)), None)
    arrays = {
        "|g|": lambda: update.values["g"],
        "√v": lambda: None if squares is None else np.sqrt(squares.value),
        "|step|": lambda: update.total if update.parts else None,
        "|step|/|w|": lambda: update.total / np.abs(update.before) if update.parts else None,
    }
    with np.errstate(all="ignore"):
        worked_out = {quantity: arrays[quantity]() for quantity in wanted}
    return {quantity: Spread.of(array) for quantity, array in worked_out.items() if array is not None}


def _table(rows: list[tuple[str, str, Spread]], marked: str, width: int, ink: Ink) -> list[Line]:
    """An axis in powers of ten, then a row each: words, where its numbers lie, their median."""
    has_zeros = width >= 60
    free = width - STAT - 4 - (STAT if has_zeros else 0)
    labels = [
        max((cells(text) for text in texts), default=1) + 1
        for texts in ([words for _, words, _ in rows], map(_brief, rows))
    ]
    label = max(min(labels[free - labels[0] < GOOD_STRIP], MOST_LABEL, free - MIN_STRIP), 6)
    strip = free - label
    low, high = axis_of([part for _, _, part in rows])
    head = "  " + " " * label + " " + _axis_words(low, high, strip) + fit("median", STAT, ">")
    lines: list[Line] = [[ink.say(head + (fit("are 0", STAT, ">") if has_zeros else ""), "faint")]]
    for key, words, part in rows:
        is_marked = key == marked
        role = "selected" if is_marked else "text"
        mark = ink.glyph("right") if is_marked else " "
        short = words if cells(words) < label else _brief((key, words, part))
        line = [ink.say(mark + " " + fit(short, label) + " ", role)]
        if strip >= MIN_STRIP:
            line.append(ink.say(strip_of(part, low, high, strip, ink), "accent"))
        line.append(ink.say(fit("nan" if part.odd > 0.5 else number(part.median, 2), STAT, ">"), "text"))
        if has_zeros:
            odd = f"{100 * part.odd:.0f} % nan" if part.odd > 0 else ""
            line.append(
                ink.say(
                    fit(odd or (f"{100 * part.zeros:.0f} %" if part.zeros else ""), STAT, ">"), "bad" if odd else "dim"
                )
            )
        lines.append(line)
    return lines


def _brief(row: tuple[str, str, Spread]) -> str:
    return row[1].split(" ")[0]


def axis_of(parts: list[Spread]) -> tuple[int, int]:
    """Powers of ten around all numbers, at most DECADES of them, the small end cut off."""
    logs = [part.logs for part in parts if part.logs.size]
    if not logs:
        return -1, 0
    high = math.ceil(max(float(each.max()) for each in logs))
    low = math.floor(min(float(each.min()) for each in logs))
    return max(min(low, high - 1), high - DECADES), high


def strip_of(part: Spread, low: int, high: int, width: int, ink: Ink) -> str:
    """How many numbers lie where along the axis; what is not nothing shows."""
    if not part.logs.size:
        return " " * width
    at = np.clip(((part.logs - low) / (high - low) * width).astype(int), 0, width - 1)
    counts = np.bincount(at, minlength=width)
    glyphs = ink.glyphs["spark"]
    levels = np.ceil(counts / counts.max() * len(glyphs)).astype(int)
    return "".join(" " if level == 0 else glyphs[level - 1] for level in levels.tolist())


def _axis_words(low: int, high: int, width: int) -> str:
    """The ends, and the powers of ten between them for which there is room."""
    text = [" "] * max(width, 0)
    for power in (high, *range(low, high)):
        words = f"1e{power}"
        place = width - len(words) if power == high else round((power - low) / (high - low) * width)
        around = text[max(place - 1, 0) : place + len(words) + 1]
        if 0 <= place <= width - len(words) and not "".join(around).strip():
            text[place : place + len(words)] = words
    return "".join(text)


def move_tensor(frame: Frame, view: View, dx: int, dy: int) -> None:
    """← → choose the quantity, ↑ ↓ the tensor: the layer, and its weight or its bias."""
    view.modes["spread"] = clamp(view.modes.get("spread", FIRST) + dx, len(QUANTITIES))
    names, selected = tensor_names(frame), selected_tensor(frame, view)
    if selected is None or not dy:
        return
    name = names[clamp(names.index(selected) + dy, len(names))]
    for k, layer in enumerate(frame.layers):
        if any(parameter.name == name for parameter in layer.parameters):
            view.layer, view.column = k, first_column(layer, name)
