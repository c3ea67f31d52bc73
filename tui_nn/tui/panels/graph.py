"""The Graph tab: one unit for one sample, forward as the sum it is and backward as the share of the error it gets.

An edge is one weight: what comes in, what it is multiplied by, what goes on. Left follows it to the unit it comes from,
right to a unit that this one feeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tui_nn.debugger.operands import POOLED, SUMMED, reader_of, sources
from tui_nn.tui.ink import Ink
from tui_nn.tui.microscope import Microscope
from tui_nn.tui.panels.places import spot, where
from tui_nn.tui.panels.shared import freshness, heading
from tui_nn.tui.text import cells, fit, number, wrap
from tui_nn.tui.view import View, clamp

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.frame import Frame, LayerFrame
    from tui_nn.engine.program import Layer

Line = list["Segment"]
NOT_BACK = " no error has come back here yet"
COLUMN, MIN_COLUMN = 11, 9  # cells of a number; the first column has two less
MIN_BAR = 6
MOST_READ = 9  # numbers shown of what a pooling reads


@dataclass(frozen=True)
class Unit:
    """One unit of one layer for one sample; `unit` is its number among all values of the layer, the places' included.

    inputs are what the layer reads, for the whole batch, (rows, values).
    """

    frame: Frame
    index: int  # of the layer
    sample: int
    unit: int
    inputs: np.ndarray

    @property
    def layer(self) -> LayerFrame:
        return self.frame.layers[self.index]

    @property
    def is_dense(self) -> bool:
        return self.layer.kind in SUMMED

    @property
    def plan(self) -> Layer:
        return self.frame.program.layers[self.index]

    @property
    def channel(self) -> int:
        """Which row of the weights is its own."""
        return self.unit % self.layer.units

    @cached_property
    def reads(self) -> np.ndarray:
        """Which of the inputs it sums up, (n,); -1 where its window stands over the edge."""
        return np.arange(self.plan.n_in) if self.is_flat else sources(self.frame.program, self.plan, self.unit)

    @property
    def is_flat(self) -> bool:
        return self.layer.kind == "dense" and self.layer.positions == 1

    def name_of(self, k: int) -> str:
        """What the input k is called: its number, or its place."""
        at = int(self.reads[k])
        if self.is_flat or at < 0:
            return str(k) if self.is_flat else "edge"
        return ",".join(map(str, spot(self.plan.shape_in, at)))


def unit_of(frame: Frame, view: View) -> Unit | None:
    """What the cursor is on; None before its layer has been computed."""
    index = clamp(view.layer, len(frame.layers))
    layer = frame.layers[index]
    n = len(layer.activation)
    if n == 0:
        return None
    below = frame.layers[index - 1] if index else None
    inputs = below.activation if below is not None else np.asarray(frame.inputs)
    is_new = below.is_forward_fresh if below is not None else frame.op > 0
    if len(inputs) != n or is_new != layer.is_forward_fresh:
        return None  # the batch has changed since: only what was computed together can be added up
    return Unit(frame, index, clamp(view.sample, n), clamp(view.unit, layer.values), inputs)


def graph_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    here = unit_of(frame, view)
    if here is None:
        name = frame.layers[clamp(view.layer, len(frame.layers))].name
        return ink.notice(f"{name} has not been computed on this batch yet: s executes one operation.", width)[:height]
    lines = [_chain(here, width, ink), _head(here, width, ink)]
    room = height - len(lines)
    body = _dense(here, view, width, room, ink) if here.is_dense else _other(here, width, ink)
    return [*lines, *body][:height]


def _chain(here: Unit, width: int, ink: Ink) -> Line:
    """x → dense_1 → tanh_1 → ... → loss, as much around the layer as fits."""
    names = ["x", *(layer.name for layer in here.frame.layers), "loss"]
    at, first, last = here.index + 1, here.index + 1, here.index + 1
    arrow = f" {ink.glyph('to')} "

    def text(a: int, b: int) -> str:
        return (
            ("" if a == 0 else f"{ink.glyph('ellipsis')}{arrow}")
            + arrow.join(names[a : b + 1])
            + ("" if b == len(names) - 1 else f"{arrow}{ink.glyph('ellipsis')}")
        )

    while True:
        wider = [(max(first - 1, 0), last), (first, min(last + 1, len(names) - 1))]
        grown = next(((a, b) for a, b in wider if (a, b) != (first, last) and cells(text(a, b)) + 2 <= width), None)
        if grown is None:
            break
        first, last = grown
    line: Line = [ink.say(" ")]
    if first > 0:
        line.append(ink.say(f"{ink.glyph('ellipsis')}{arrow}", "faint"))
    for k in range(first, last + 1):
        line.append(ink.say(names[k], "selected" if k == at else "dim"))
        if k < last:
            line.append(ink.say(arrow, "faint"))
    if last < len(names) - 1:
        line.append(ink.say(f"{arrow}{ink.glyph('ellipsis')}", "faint"))
    while sum(cells(segment.text) for segment in line) > width:
        line.pop()
    return line


def _head(here: Unit, width: int, ink: Ink) -> Line:
    layer = here.layer
    value = number(layer.activation[here.sample, here.unit], 5)
    unit = f"unit {here.unit} of {layer.units}" if layer.positions == 1 else where(layer.shape, here.unit)
    parts = [unit, f"sample {here.sample} of the batch", f"output {value}"]
    if not layer.is_forward_fresh:
        parts.append(freshness(here.frame, False))
    return heading(layer.name, parts, width, ink)


def _dense(here: Unit, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """z as the sum of its products, a row an input; then what the error asks of the weight under the cursor."""
    weight, bias = (_parameter(here.layer, role) for role in ("weight", "bias"))
    reads = here.reads
    x = np.where(reads < 0, 0.0, here.inputs[here.sample][reads]).astype(np.float64)
    w = weight.value[here.channel].astype(np.float64).ravel()
    with np.errstate(invalid="ignore", over="ignore"):
        products = x * w
    n = len(x)
    k = clamp(view.column, n)
    foot = _foot(here, weight, x, k, width, ink)
    with np.errstate(invalid="ignore", over="ignore"):
        total = products.sum() + (float(bias.value[here.channel]) if bias is not None else 0.0)
    sums = [_sum_line(float(products.sum()), None if bias is None else float(bias.value[here.channel]), total, width)]
    if _is_updated(here, weight):
        was = f"{number(here.layer.activation[here.sample, here.unit], 5)} before the update"
        sums = [f"{sums[0]}, {was}"] if cells(sums[0]) + 2 + cells(was) <= width else [*sums, f"   {was}"]
    room = max(height - 2 - len(sums) - len(foot), 1)
    first = max(0, min(k - room // 2, n - room))
    wide = width - 5 * COLUMN >= MIN_BAR
    column = max(min(COLUMN, (width - 10) // 3), MIN_COLUMN)
    lines = [[ink.say(fit(f" {'input':>7}  {'x':>{column - 2}} {'w':>{column}} {'x · w':>{column}}", width), "dim")]]
    top = float(np.nanmax(np.where(np.isfinite(products), np.abs(products), 0.0), initial=0.0))
    for i in range(first, min(first + room, n)):
        role = "selected" if i == k else "text"
        mark = ink.glyph("next") if i == k else " "
        text = f"{mark}{fit(here.name_of(i), 7, '>')}  {number(x[i], 4):>{column - 2}} {number(w[i], 4):>{column}} {number(products[i], 4):>{column}}"
        line: Line = [ink.say(fit(text, min(cells(text), width)), role)]
        if wide and top > 0 and np.isfinite(products[i]):
            line += [ink.say(" "), *_signed_bar(float(products[i]) / top, width - cells(text) - 3, ink)]
        lines.append(line)
    return [*lines, *([ink.say(fit(text, width), "forward")] for text in sums), *foot]


def _sum_line(products: float, bias: float | None, total: float, width: int) -> str:
    """z = Σ x · w + b = 0.81927 + 0.55940 = 1.3787; with little room fewer digits, then without the symbols."""
    if bias is None:
        return f" z = Σ x · w = {number(total, 5)}"
    sign = "-" if bias < 0 else "+"
    sums = [f"{number(products, digits)} {sign} {number(abs(bias), digits)} = {number(total, 5)}" for digits in (5, 4)]
    texts = [lead + text for lead in (" z = Σ x · w + b = ", " z = ") for text in sums]
    return next((text for text in texts if cells(text) <= width), texts[-1])


def _parameter(layer: LayerFrame, role: str) -> Any:
    return next((p for p in layer.parameters if p.role == role), None)


def _foot(here: Unit, weight: Any, x: np.ndarray, k: int, width: int, ink: Ink) -> list[Line]:
    """The way back along the edge: the unit's error, the gradient of the weight, what flows on below."""
    layer = here.layer
    if not _has_come_back(here):
        return [[ink.say(fit(NOT_BACK, width), "faint")]]
    delta = float(layer.delta[here.sample, here.unit])
    share = delta * float(x[k])
    grad = weight.grad[here.channel].ravel()
    whole = number(grad[k], 4)
    index = ",".join(map(str, (here.channel, *(int(at) for at in np.unravel_index(k, weight.value.shape[1:])))))
    this = "this sample" if here.layer.positions == 1 else "this place"
    lines = [f" δ of this unit = ∂loss/∂z = {number(delta, 5)}"]
    wide = f" ∂loss/∂w[{index}]: {this} δ · x = {number(share, 4)}, all together {whole}"
    if cells(wide) <= width:
        lines.append(wide)
    else:
        lines += [f" ∂loss/∂w[{index}]: δ · x = {number(share, 4)},", f"   all samples together {whole}"]
    if here.index and not _is_updated(here, weight) and here.reads[k] >= 0:  # it went back through the weight as it was
        back = delta * float(weight.value[here.channel].ravel()[k])
        lines.append(f" back to input {here.name_of(k)}: δ · w = {number(back, 4)}")
    return [[ink.say(fit(text, width), "backward")] for text in lines]


def _is_updated(here: Unit, weight: Any) -> bool:
    """Has the weight been moved since the output was computed?"""
    return weight.is_update_fresh or not here.layer.is_forward_fresh


def _has_come_back(here: Unit) -> bool:
    """The error at the layer's output is of the same batch as the output: of this iteration, or both of the last one."""
    layer = here.layer
    return len(layer.delta) == len(layer.activation) and layer.is_backward_fresh == layer.is_forward_fresh


def _other(here: Unit, width: int, ink: Ink) -> list[Line]:
    """A layer without a sum: what comes in and goes out, forward and back."""
    layer, reads = here.layer, [at for at in here.reads.tolist() if 0 <= at < here.inputs.shape[1]]
    k = reads[0] if reads else 0
    op = next((op for op in here.frame.program.ops if op.layer == layer.name and op.phase == "forward"), None)
    back = next((op for op in here.frame.program.ops if op.layer == layer.name and op.phase == "backward"), None)
    out = f" out  {number(layer.activation[here.sample, here.unit], 6)}"
    came = "  ".join(number(here.inputs[here.sample, at], 6 if len(reads) == 1 else 4) for at in reads[:MOST_READ])
    more = f"  and {len(reads) - MOST_READ} more" if len(reads) > MOST_READ else ""
    lines = [(f" in   {came}{more}", "text")]
    if here.plan.shape_in != layer.shape and layer.kind not in POOLED:
        lines = []  # what goes in is not one number, or a few
    lines += [(text, "forward") for text in _with_formula(out, op, width)]
    if _has_come_back(here):
        lines.append((f" δ out  {number(layer.delta[here.sample, here.unit], 6)}", "backward"))
        below = here.frame.layers[here.index - 1] if here.index else None
        is_back = not layer.is_forward_fresh or here.frame.op > _backward_op(here.frame, layer.name)
        if is_back and below is not None and len(below.delta) == len(layer.delta) and below.values == layer.values:
            text = f" δ in   {number(below.delta[here.sample, k], 6)}"
            lines += [(text, "backward") for text in _with_formula(text, back, width)]
    else:
        lines.append((NOT_BACK, "faint"))
    return [[ink.say(fit(text, width), role)] for text, role in lines]


def _with_formula(text: str, op: Any, width: int) -> list[str]:
    """A value with the formula it comes from behind it, or below it where the two do not fit side by side."""
    formula = op.formula if op is not None else ""
    if not formula or cells(text) + 4 + cells(formula) <= width:
        return [text + ("    " + formula if formula else "")]
    return [text, *("      " + line for line in wrap(formula, max(width - 6, 10)))]


def _backward_op(frame: Frame, name: str) -> int:
    return max((op.index for op in frame.program.ops if op.layer == name and op.phase == "backward"), default=0)


def _signed_bar(share: float, width: int, ink: Ink) -> Line:
    """From the middle: to the left what pulls down, to the right what pushes up."""
    from tui_nn.tui.heat import bar

    half = width // 2
    if half < 2:
        return []
    if share >= 0:
        return [ink.say(" " * half + ink.glyph("bar"), "rule"), *bar(share, half - 1, ink, "forward")]
    cellsful = max(round(-share * half), 1)
    full = ink.glyphs["partial"][-1]
    return [ink.say(" " * (half - cellsful)), ink.say(full * cellsful, "backward"), ink.say(ink.glyph("bar"), "rule")]


def move(frame: Frame, view: View, dx: int, dy: int, page: bool = False) -> None:
    """Up and down choose the edge; left follows it to where it comes from, right goes on to where the unit is read."""
    here = unit_of(frame, view)
    if here is None:
        return
    if dy:
        n = len(here.reads) if here.is_dense else here.layer.values
        if here.is_dense:
            view.column = clamp(clamp(view.column, n) + dy, n)
        else:
            view.unit = clamp(here.unit + dy, n)
    elif dx < 0 and here.index:
        reads = here.reads
        came_from = int(reads[clamp(view.column if here.is_dense else 0, len(reads))])
        if came_from < 0:  # over the edge there is nothing to go to
            return
        view.unit = clamp(came_from, frame.layers[here.index - 1].values)
        view.layer, view.column = here.index - 1, 0
    elif dx > 0 and here.index + 1 < len(frame.layers):
        view.layer, view.column = here.index + 1, here.unit
        above = frame.program.layers[view.layer]
        if above.kind in (*SUMMED, *POOLED):
            view.unit, view.column = reader_of(frame.program, above, here.unit) or (0, 0)


MICROSCOPE = Microscope(
    "one unit for one sample: forward the sum it is made of, an edge (input times weight) a row; backward the error it gets, the gradient of "
    "the weight under the cursor and what flows on below. Up and down choose an edge, left follows it to the unit it comes from, "
    "right to the layer that reads this one. Unit and sample are those of the Activations tab.",
    graph_lines,
    move,
)
