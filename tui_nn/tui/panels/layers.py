"""Panel 2: one row a layer, its activations as a sparkline and in numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.base import Line, Panel
from tui_nn.tui.text import fit, number
from tui_nn.tui.view import View, clamp, is_current

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame, LayerFrame

MIN_SPARK, MAX_SPARK = 6, 40


@dataclass(frozen=True)
class Column:
    head: str
    width: int
    value: Callable[[Any], str]
    metric: str = ""  # of the layer: where none has it, the column is not shown


def _metric(name: str, width: int = 7) -> Callable[[Any], str]:
    """Three digits, fewer where they would not fit: a minus, zeros and an exponent need room too."""

    def text(layer: Any) -> str:
        value = layer.metrics.get(name)
        texts = [number(value, digits) for digits in (3, 2)]
        return next((each for each in texts if len(each) <= width), texts[-1])

    return text


def _share(name: str) -> Callable[[Any], str]:
    def text(layer: Any) -> str:
        share = layer.metrics.get(name)
        return "" if share is None else "nan" if share != share else f"{100 * share:.0f}%"

    return text


# In the order of their importance: what does not fit is left out, and so is what no layer of the network has.
COLUMNS = (
    Column("std", 7, _metric("act_std")),
    Column("dead", 4, _share("dead"), "dead"),
    Column("sat", 4, _share("saturated"), "saturated"),
    Column("mean", 7, _metric("act_mean")),
    Column("signal", 7, _metric("act_signal"), "act_signal"),
    Column("units", 5, lambda layer: str(layer.units)),
    Column("error", 8, _metric("delta_norm", 8)),
    Column("gradient", 8, _metric("grad_norm", 8)),
    Column("weights", 8, _metric("weight_norm", 8)),
    Column("update", 8, _metric("update_ratio", 8)),
)
ORDER = ("units", "mean", "std", "signal", "sat", "dead", "error", "gradient", "weights", "update")
FAULTY = ("dead", "sat")  # columns in which anything above FAULT is shown as a fault
FAULT = 0.3  # of the units


def layers_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """A head line, then the layers around the selected one."""
    name_width = min(max((len(layer.name) for layer in frame.layers), default=5), max(width // 3, 8)) + 1
    columns, spark_width = _columns(frame, width - name_width - 2)
    selected = clamp(view.layer, len(frame.layers))
    room = max(height - 1, 0)
    first = first_shown(selected, len(frame.layers), room)
    left = [column for column in columns if column.head == "units"]
    right = [column for column in columns if column.head != "units"]
    head = " " + fit("layer", name_width) + "".join(fit(c.head, c.width, ">") + " " for c in left)
    head += fit("output", spark_width) + "".join(fit(c.head, c.width + 1, ">") for c in right)
    lines = [[ink.say(fit(head, width), "dim")]]
    for index, layer in enumerate(frame.layers[first : first + room], first):
        lines.append(_layer_line(frame, layer, index == selected, (left, right), name_width, spark_width, width, ink))
    return lines


def first_shown(selected: int, n: int, room: int) -> int:
    """The first of `room` rows out of n, so that the selected one is in sight."""
    return max(0, min(selected - room // 2, n - room))


def _columns(frame: Frame, room: int) -> tuple[list[Column], int]:
    """The columns that fit beside the sparkline, in the order they are shown, and the sparkline's width."""
    measured = {name for layer in frame.layers for name in layer.metrics}
    chosen: list[Column] = []
    left = room - MIN_SPARK
    for column in COLUMNS:
        if column.width + 1 <= left and (not column.metric or column.metric in measured):
            chosen.append(column)
            left -= column.width + 1
    spark = min(MIN_SPARK + left, MAX_SPARK)
    return sorted(chosen, key=lambda column: ORDER.index(column.head)), spark


def _role(column: Column, layer: Any, role: str) -> str:
    share = layer.metrics.get(column.metric, 0.0) if column.head in FAULTY else 0.0
    return "bad" if role == "text" and not share <= FAULT else role


def _layer_line(
    frame: Frame, layer: LayerFrame, is_selected: bool, columns, name_width, spark_width, width, ink: Ink
) -> Line:
    from tui_nn.tui.heat import strip_of

    left, right = columns
    unmeasured = len(layer.activation) == 0
    is_now = is_current(frame, layer.is_forward_fresh)
    role = "selected" if is_selected else "text" if is_now else "dim"
    line = [
        ink.say(ink.glyph("next") if is_selected else " ", role if is_selected else "accent"),
        ink.say(fit(layer.name, name_width), role),
        *(ink.say(fit(c.value(layer), c.width, ">") + " ", role if is_selected else "dim") for c in left),
    ]
    if unmeasured:
        return [
            *line,
            ink.say(
                fit("not computed yet", width - sum(s.cell_length for s in line)), role if is_selected else "faint"
            ),
        ]
    spark_role = "selected" if is_selected else "forward" if is_now else "faint"
    line += strip_of(mean_over_samples(layer.at_positions(layer.activation)), spark_width, ink, spark_role)
    line += [ink.say(" " + fit(c.value(layer), c.width, ">"), _role(c, layer, role)) for c in right]
    used = sum(segment.cell_length for segment in line)
    return [*line, ink.say(" " * max(width - used, 0), role)]


def mean_over_samples(activation):
    """(units,): the picture of a layer, from (rows x places, units). inf - inf is a NaN to show, not a warning to print over the screen."""
    import numpy as np

    with np.errstate(invalid="ignore", over="ignore"):
        return activation.mean(axis=0)


class LayersPanel(Panel):
    """The network at a glance; its selection is what the detail panel shows."""

    number: ClassVar[int] = 2
    where: ClassVar[str] = "layers"
    tabs: ClassVar[tuple[str, ...]] = ("Layers",)
    about: ClassVar[str] = (
        "One row a layer, the input's side on top. output: each unit's mean over the batch, as a sparkline. mean, std: over all "
        "samples and units. dead: share of units that fired for no sample of a whole pass over the data. sat: share of units that are "
        "saturated, where the activation function is nearly flat and lets little gradient through. On a wide panel also: signal, how much "
        "a unit's output differs from sample to sample; error, the norm of ∂loss/∂output; gradient and weights, norms of the layer's "
        "parameters; update, norm of the last update over norm of the weights. Dim rows are left from the iteration before."
    )

    def draw(self, frame: Frame, width: int, height: int) -> list[Line]:
        return layers_lines(frame, self.view, width, height, self.ink)

    def note(self) -> str:
        return f"{self.frame.program.n_parameters:,} parameters" if self.frame else ""

    def move(self, dx: int, dy: int, page: bool = False) -> None:
        if self.frame:
            self.screen.action_select_layer(dy)  # type: ignore[attr-defined]

    def hit(self, x: int, y: int) -> None:
        index = dict(self.choices()).get(y + 1)
        if index is not None:
            self.choose(index)

    def choices(self) -> list[tuple[int, int]]:
        if self.frame is None:
            return []
        n, room = len(self.frame.layers), max(self.size.height - 2, 0)
        first = first_shown(clamp(self.view.layer, n), n, room)
        return [(2 + index - first, index) for index in range(first, min(first + room, n))]

    def choose(self, index: int) -> None:
        self.screen.action_select_layer(index - clamp(self.view.layer, len(self.frame.layers) if self.frame else 1))  # type: ignore[attr-defined]
