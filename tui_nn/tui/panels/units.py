"""Units of one layer as a table: what each did on this batch, when it last fired, what a batch norm took and remembers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tui_nn.debugger.units import norm_statistics, unit_statistics
from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.places import selected_unit
from tui_nn.tui.panels.shared import heading
from tui_nn.tui.text import cells, count, fit, number, percent
from tui_nn.tui.view import View

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.frame import Frame, LayerFrame
    from tui_nn.debugger.units import UnitStatistics

Line = list["Segment"]
WIDTH = 11  # cells of a column, its gap included; one whose words are longer takes more
MOST_NAMED, ROOMY = 6, 60  # dead units that the heading names, two where it has fewer cells


@dataclass(frozen=True)
class Column:
    """values (units,), already text; a word under `bad` is shown as a fault. rank: the lowest go last where room is short."""

    head: str
    values: list[str]
    rank: int
    bad: np.ndarray | None = None

    @property
    def width(self) -> int:
        return max(WIDTH, *(cells(value) + 1 for value in self.values))


def units_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """A row a unit, the cursor's marked; the columns that matter least are left out where there is no room."""
    layer = view.layer_of(frame)
    if len(layer.activation) == 0:
        return ink.notice(f"{layer.name} has not been computed yet: s executes one operation.", width)[:height]
    found = unit_statistics(frame, layer)
    columns = norm_columns(frame, layer) or columns_of(frame, layer, found)
    cursor = selected_unit(view, layer.shape)
    head = heading(layer.name, _remarks(layer, found, width), width, ink)
    return [head, *table(columns, layer.units, cursor, width, height - 1, ink)][:height]


def table(columns: list[Column], units: int, cursor: int, width: int, height: int, ink: Ink) -> list[Line]:
    """At most `height` lines: the heads, then a row a unit about the cursor's."""
    kept: list[Column] = []
    for column in sorted(columns, key=lambda column: column.rank):
        if kept and 9 + sum(each.width for each in (*kept, column)) > width:
            break
        kept.append(column)
    shown = [column for column in columns if column in kept]
    room = max(height - 1, 0)
    first = max(0, min(cursor - room // 2, units - room))
    head = "   unit " + "".join(fit(column.head, column.width, ">") for column in shown)
    lines: list[Line] = [[ink.say(fit(head, min(cells(head), width)), "dim")]]
    for unit in range(first, min(first + room, units)):
        role = "selected" if unit == cursor else "text"
        mark = ink.glyph("next") if unit == cursor else " "
        line = [ink.say(fit(f"{mark}{unit:>6} ", min(8, width)), role)]
        for column in shown:
            is_bad = column.bad is not None and column.bad[unit] and unit != cursor
            line.append(ink.say(" " + fit(column.values[unit], column.width - 1, ">"), "bad" if is_bad else role))
        lines.append(line)
    return lines[: max(height, 0)]


def columns_of(frame: Frame, layer: LayerFrame, found: UnitStatistics) -> list[Column]:
    """Over the batch: mean, spread, range, the share of samples it fired for; then what ails it."""
    columns = [
        Column("mean", _numbers(found.mean), 1),
        Column("std", _numbers(found.std), 2),
        Column("min", _numbers(found.low), 5),
        Column("max", _numbers(found.high), 6),
        Column("above 0", [percent(share) for share in found.fires.tolist()], 3, found.fires == 0),
    ]
    if found.is_flat is not None:
        columns.append(Column("saturated", ["yes" if flat else "no" for flat in found.is_flat], 0, found.is_flat))
    if found.last_fired is not None and found.silent_for is not None and found.is_dead is not None:
        last, silent = found.last_fired.tolist(), found.silent_for.tolist()
        words = [
            "never" if at < 0 else "now" if n <= 0 else f"iteration {at:,}" for at, n in zip(last, silent, strict=True)
        ]
        columns.append(Column("last fired", words, 0, found.is_dead))
        ago = ["" if at < 0 or n <= 0 else f"{n:,} ago" for at, n in zip(last, silent, strict=True)]
        columns.append(Column("", ago, 4, found.is_dead))
    return columns


def norm_columns(frame: Frame, layer: LayerFrame) -> list[Column]:
    """Of a batch norm: what it took from this batch beside what it remembers, and its own two parameters."""
    norm = norm_statistics(frame, layer)
    if norm is None:
        return []
    return [
        Column("batch mean", _numbers(norm.mean), 0),
        Column("run. mean", _numbers(norm.running_mean), 1),
        Column("batch var", _numbers(norm.var), 2),
        Column("run. var", _numbers(norm.running_var), 3),
        Column("γ", _numbers(norm.weight), 4),
        Column("β", _numbers(norm.bias), 5),
    ]


def _remarks(layer: LayerFrame, found: UnitStatistics, width: int) -> list[str]:
    if layer.kind == "batch_norm":
        return [count(layer.units, "unit"), "of the batch before it is normalised, and as remembered for evaluation"]
    samples = count(len(layer.activation), "sample")
    each = {1: "", 2: "the steps of ", 3: "the pixels of "}[len(layer.shape)]
    what = [count(layer.units, "channel" if len(layer.shape) == 3 else "unit"), f"over {each}{samples}"]
    if found.is_dead is not None and found.is_dead.any():
        units = np.flatnonzero(found.is_dead).tolist()
        most = MOST_NAMED if width >= ROOMY else 2
        named = ", ".join(str(unit) for unit in units[:most]) + (", …" if len(units) > most else "")
        return [f"{len(units)} dead ({named})", *what]
    if found.is_flat is not None and found.is_flat.any():
        return [what[0], f"{int(found.is_flat.sum())} saturated", what[1]]
    silent = int((found.fires == 0).sum())
    return [*what, f"{silent} fired for none"] if silent and found.last_fired is not None else what


def _numbers(values: np.ndarray) -> list[str]:
    return [number(value, 3) for value in np.asarray(values).tolist()]
