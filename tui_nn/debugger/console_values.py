"""What a line of the console is worth where the run stands: a number, yes or no, or a table of numbers.

loss / loss@0                the condition language
weight.dense_1               all of a parameter; so grad.weight.dense_1, m.dense_1, v.bias.dense_1
weight.dense_1[0,:]          a part of it: single indices, all (:) or some (2:5) of an axis
activation.relu_1, delta.relu_1     a layer's output for the live samples, and the loss's gradient by it: (samples, units)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tui_nn.debugger.context import Seen, parse_for
from tui_nn.debugger.expect import values_read
from tui_nn.scenario.errors import unknown
from tui_nn.scenario.expression_eval import evaluate_measured
from tui_nn.scenario.expression_tree import OF_PARAMETERS, OVER_HISTORY, ROLES, Call, Operation
from tui_nn.scenario.spec.optimizers import MOMENTS

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame
    from tui_nn.engine.program import Program
    from tui_nn.scenario import Expression

OF_SAMPLES = ("activation", "delta")
TABLES = (*ROLES, *OF_PARAMETERS, *OF_SAMPLES)
MOST_ROWS, MOST_COLUMNS = 8, 6  # of a table that is printed: 80 cells wide at most
CELL = 11  # of a column: -1.234e-05, and a space
NOT_MEASURED = "not measured yet"

_TABLE = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_.]*)\s*(?:\[([^\]\[]*)\]\s*)?", re.ASCII)
_PART = re.compile(r"\s*(?:([0-9]{1,8})|([0-9]{1,8})?\s*:\s*([0-9]{1,8})?)\s*", re.ASCII)
Value = float | bool | None


class ConsoleError(ValueError):
    """A line that cannot be done. `.column` counts from 1 within the line."""

    def __init__(self, message: str, column: int = 1) -> None:
        super().__init__(message)
        self.message, self.column = message, column


@dataclass(frozen=True)
class Part:
    """Some of an array: what is left of each axis, and the single index where only one is."""

    name: str
    array: np.ndarray
    axes: tuple[range, ...]


def look(frame: Frame, text: str) -> list[str]:
    """What a line says here, as lines of text. Errors: ConsoleError, ExpressionError, both with their column in it."""
    part = table_of(frame, text)
    if part is not None:
        return table_lines(part)
    expression = parse_for(frame.program, text)
    value = value_of(frame, expression)
    if isinstance(value, bool):
        read = values_read(expression, Seen(frame))
        numbers = ", ".join(f"{name} = {value_text(each, 6)}" for name, each in read.items())
        return [f"{value_text(value)}  ({numbers})" if numbers else value_text(value)]
    return [value_text(value, 7 if frame.program.dtype.itemsize == 4 else 10)]


def value_of(frame: Frame, expression: Expression) -> Value:
    """Here; None where it needs what is not measured yet."""
    return evaluate_measured(expression, Seen(frame))


def condition_of(program: Program, text: str, column: int = 1) -> str:
    """The same text, if it answers yes or no here. Errors: ConsoleError, ExpressionError."""
    if is_table(text):
        raise ConsoleError(f"{text} is a table; compare one number of it, like weight.dense_1[0,0] > 1", column)
    if not parse_for(program, text).is_condition:
        raise ConsoleError(f"{text} is a number; compare it, like {text} > 0", column)
    return text


def reads_all(expression: Expression) -> bool:
    """Does it read all of a metric's history, like min(loss)?"""
    pending = [expression.tree]
    while pending:
        node = pending.pop()
        if isinstance(node, Operation):
            pending += node.operands
        elif isinstance(node, Call):
            if node.function in OVER_HISTORY and len(node.arguments) == 1:
                return True
            pending += node.arguments
    return False


def value_text(value: Value, digits: int = 6) -> str:
    """A whole number as one, others with so many significant digits."""
    if value is None:
        return NOT_MEASURED
    if isinstance(value, bool):
        return "true" if value else "false"
    if abs(value) < 1e12 and value == int(value):  # nan and inf compare as false
        return str(int(value))
    return f"{value:.{digits}g}"


# Tables


def is_table(text: str) -> bool:
    """Does it name a table, or a part of one, rather than a number?"""
    match = _TABLE.fullmatch(text)
    if match is None or "." not in match[1]:
        return False
    kind = match[1].split(".", 1)[0]
    return kind in OF_SAMPLES or (kind in TABLES and (match[2] is None or ":" in match[2]))


def table_of(frame: Frame, text: str) -> Part | None:
    """The part of an array that a line names; None for an expression. Errors: ConsoleError."""
    if not is_table(text):
        return None
    match = _TABLE.fullmatch(text)
    assert match is not None
    name, column = match[1], match.start(1) + 1
    array = _samples(frame, name, column) if name.split(".")[0] in OF_SAMPLES else _parameter(frame, name, column)
    axes = tuple(range(n) for n in array.shape)
    if match[2] is not None:
        axes = _axes(match[2], name, array.shape, match.start(2) + 1)
    picked = array[np.ix_(*axes)] if array.size else array
    return Part("".join(text.split()), picked, axes)


def _samples(frame: Frame, name: str, column: int) -> np.ndarray:
    kind, _, layer = name.partition(".")
    names = [each.name for each in frame.program.layers]
    if layer not in names:
        raise ConsoleError(unknown("layer", layer, names), column + len(kind) + 1)
    seen = frame.layer(layer)
    return seen.activation if kind == "activation" else seen.delta


def _parameter(frame: Frame, name: str, column: int) -> np.ndarray:
    program = frame.program
    kind, *role, layer = name.split(".")
    roles = {tensor.role: tensor for tensor in program.tensors if tensor.layer == layer}
    if not roles:
        layers = dict.fromkeys(tensor.layer for tensor in program.tensors)
        raise ConsoleError(unknown("layer", layer, layers), column + len(name) - len(layer))
    wanted = role[0] if role else kind if kind in ROLES else "weight" if "weight" in roles else next(iter(roles))
    if len(role) > 1 or (role and kind not in OF_PARAMETERS) or wanted not in roles:
        raise ConsoleError(f"{layer} has no {wanted!r}; it has {', '.join(roles)}", column)
    return _view(program, frame.snapshot.mem, kind, wanted, layer, column)


def _view(program: Program, mem: np.ndarray, kind: str, role: str, layer: str, column: int) -> np.ndarray:
    tensor = next(tensor for tensor in program.tensors if (tensor.layer, tensor.role) == (layer, role))
    if kind == "grad":
        return tensor.view(mem, program.grad_shift)
    if kind not in MOMENTS:
        return tensor.view(mem)
    optimizer = program.scenario.optimizer
    slot = optimizer.moment(kind, tensor.is_matrix)
    if slot is None:
        raise ConsoleError(f"{optimizer.type} keeps no {kind!r} of a {role}", column)
    return tensor.view(mem, program.slot_shifts[slot])


def _axes(text: str, name: str, shape: Sequence[int], column: int) -> tuple[range, ...]:
    """What is left of each axis."""
    parts = text.split(",")
    if len(parts) != len(shape):
        whole = ",".join(":" for _ in shape)
        message = f"{name} has shape {list(shape)}; write {len(shape)} indices, like {name}[{whole}]"
        raise ConsoleError(message, column)
    axes = []
    for part, n in zip(parts, shape, strict=True):
        match = _PART.fullmatch(part)
        if match is None:
            message = f"{part.strip()!r} is no index; write a number from 0 to {n - 1}, a stretch like 0:3, or :"
            raise ConsoleError(message, column)
        first = int(match[1] or match[2] or 0)
        end = first + 1 if match[1] else int(match[3] or n)
        if not first < min(end, n):
            raise ConsoleError(f"{part.strip()} is outside {name}, whose shape is {list(shape)}; indices count from 0", column)  # fmt: skip
        axes.append(range(first, min(end, n)))
        column += len(part) + 1
    return tuple(axes)


def table_lines(part: Part) -> list[str]:
    """Its shape and extremes, then the numbers; of a large one the first rows and columns."""
    array = part.array
    if array.size == 1:
        return [value_text(float(array.reshape(-1)[0]), 7)]
    if not array.size:
        return [f"{part.name}  {list(array.shape)}  nothing stands there yet"]
    head = f"{part.name}  {[len(axis) for axis in part.axes if len(axis) > 1]}"
    finite = array[np.isfinite(array)].astype(np.float64)
    if finite.size:
        head += f"  min {finite.min():.4g}  mean {finite.mean():.4g}  max {finite.max():.4g}"
    if finite.size < array.size:
        head += f"  not finite: {array.size - finite.size} of {array.size}"
    kept = [k for k, axis in enumerate(part.axes) if len(axis) > 1]
    if len(kept) > 2:
        example = ",".join("0" if k < len(part.axes) - 2 else ":" for k in range(len(part.axes)))
        return [head, f"more than two axes; pick a part, like {part.name.partition('[')[0]}[{example}]"]
    flat = array.reshape([len(part.axes[k]) for k in kept])
    rows = part.axes[kept[0]] if len(kept) == 2 else range(1)
    return [head, *_grid(np.atleast_2d(flat), rows if len(kept) == 2 else None, part.axes[kept[-1]])]


def _grid(array: np.ndarray, rows: range | None, columns: range) -> list[str]:
    """The numbers under their column's index, behind their row's."""
    shown = array[:MOST_ROWS, :MOST_COLUMNS]
    more = array.shape[1] > MOST_COLUMNS
    margin = max(len(str(rows[min(len(rows), MOST_ROWS) - 1])), 1) + 1 if rows is not None else 0
    lines = [" " * margin + "".join(f"{j:>{CELL}}" for j in columns[:MOST_COLUMNS]) + ("  ..." if more else "")]
    for i, row in enumerate(shown):
        label = f"{rows[i]:>{margin}}" if rows is not None else ""
        lines.append(label + "".join(f"{float(value):>{CELL}.4g}" for value in row) + ("  ..." if more else ""))
    if len(array) > MOST_ROWS:
        lines.append(f"... {len(array) - MOST_ROWS} more rows")
    return lines
