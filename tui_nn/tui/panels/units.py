"""Units of one layer as a table: what each did on this batch, and what the layer remembers of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.shared import heading
from tui_nn.tui.text import cells, count, fit, number, percent
from tui_nn.tui.view import View, clamp

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.frame import Frame, LayerFrame

Line = list["Segment"]
WIDTH = 10
SATURATED = 0.05  # of the slope at 0, as the metric counts it
SLOPES: dict[str, tuple[Callable[[np.ndarray], np.ndarray], float]] = {
    "sigmoid": (lambda a: a * (1 - a), 0.25),
    "tanh": (lambda a: 1 - a * a, 1.0),
}
BUFFERS = {"running_mean": "run mean", "running_var": "run var", "last_fired": "fired"}


@dataclass(frozen=True)
class Column:
    """values (units,), already text; a word under `bad` is shown as a fault."""

    head: str
    values: list[str]
    bad: list[bool] | None = None


def columns_of(frame: Frame, layer: LayerFrame) -> list[Column]:
    """Mean, std, range over the batch; the share of samples it fired for; saturation; then the layer's own memory."""
    a = layer.activation.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        columns = [
            Column("mean", _numbers(a.mean(axis=0))),
            Column("std", _numbers(a.std(axis=0))),
            Column("min", _numbers(a.min(axis=0))),
            Column("max", _numbers(a.max(axis=0))),
        ]
        fires = (a > 0).mean(axis=0)
        columns.append(Column("above 0", [percent(share) for share in fires], [share == 0 for share in fires]))
        if layer.kind in SLOPES:
            slope, at_zero = SLOPES[layer.kind]
            flat = slope(a).mean(axis=0) < SATURATED * at_zero
            columns.append(Column("saturated", ["yes" if each else "" for each in flat], flat.tolist()))
    for role, values in layer.buffers.items():
        if role == "last_fired":
            columns.append(_silent_for(frame, values))
        elif values.shape == (layer.units,):
            columns.append(Column(BUFFERS.get(role, role), _numbers(values)))
    return columns


def _numbers(values: np.ndarray) -> list[str]:
    return [number(value, 3) for value in values.tolist()]


def _silent_for(frame: Frame, last_fired: np.ndarray) -> Column:
    """Iterations since the unit last fired; a whole epoch of silence is what the metric calls dead."""
    since = frame.iteration - last_fired.astype(np.int64) - (0 if frame.op else 1)
    dead = since >= frame.program.iterations_per_epoch
    words = [
        "now" if n <= 0 else "never" if before < 0 else f"{n:,} ago"
        for n, before in zip(since.tolist(), last_fired.tolist(), strict=True)
    ]
    return Column("fired", words, dead.tolist())


def units_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """A row a unit, the cursor's marked; columns that do not fit are left out from the end."""
    layer = view.layer_of(frame)
    if len(layer.activation) == 0:
        return ink.notice(f"{layer.name} has not been computed yet: s executes one operation.", width)[:height]
    shown = columns_of(frame, layer)
    shown = shown[: max((width - 8) // (WIDTH + 1), 1)]
    cursor = clamp(view.unit, layer.units)
    room = max(height - 2, 0)
    first = max(0, min(cursor - room // 2, layer.units - room))
    silent = next((column for column in columns_of(frame, layer) if column.head == "above 0"), None)
    remark = (
        [f"{sum(silent.bad)} fired for no sample"]
        if silent is not None and silent.bad is not None and any(silent.bad)
        else []
    )
    lines = [
        heading(
            layer.name,
            [count(layer.units, "unit"), f"over {count(len(layer.activation), 'sample')}", *remark],
            width,
            ink,
        )
    ]
    head = "   unit " + "".join(fit(column.head, WIDTH, ">") + " " for column in shown)
    lines.append([ink.say(fit(head, min(cells(head), width)), "dim")])
    for unit in range(first, min(first + room, layer.units)):
        role = "selected" if unit == cursor else "text"
        line = [ink.say((ink.glyph("next") if unit == cursor else " ") + f"{unit:>6} ", role)]
        for column in shown:
            is_bad = column.bad is not None and column.bad[unit] and unit != cursor
            line.append(ink.say(fit(column.values[unit], WIDTH, ">") + " ", "bad" if is_bad else role))
        lines.append(line)
    return lines[:height]
