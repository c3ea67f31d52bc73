"""All parameters of a layer as one matrix with a row an output: what several panels draw and move a cursor over.

A convolution's weights of one filter lie in a row, channel by channel; the matrices of a recurrent layer stand side by
side, what comes in before what it remembers; the bias is apart, behind the last column.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tui_nn.debugger.frame import LayerFrame, ParameterFrame


def columns_of(layer: LayerFrame) -> list[tuple[ParameterFrame, int]]:
    """The parameters that make the matrix, and how many columns each has."""
    parts = [p for p in layer.parameters if p.role != "bias"]
    return [(p, p.value.size // len(p.value)) for p in parts if len(p.value) == len(parts[0].value)]


def joined(layer: LayerFrame, pick: Callable[[ParameterFrame], Any]) -> tuple[np.ndarray, np.ndarray | None]:
    """(out, in) of what is picked of each parameter, and of the bias (out,). What is None of a parameter is shown as NaN."""
    arrays = []
    for p, width in columns_of(layer):
        picked = pick(p)
        arrays.append(np.full((len(p.value), width), np.nan) if picked is None else picked.reshape(len(p.value), width))
    bias = next((p for p in layer.parameters if p.role == "bias"), None)
    return arrays[0] if len(arrays) == 1 else np.hstack(arrays), None if bias is None else pick(bias)


def size_of(layer: LayerFrame) -> tuple[int, int, bool]:
    """Rows, columns, and whether a bias stands behind them."""
    parts = columns_of(layer)
    has_bias = any(p.role == "bias" for p in layer.parameters)
    return len(parts[0][0].value), sum(width for _, width in parts), has_bias


def element(layer: LayerFrame, row: int, column: int) -> tuple[str, tuple[int, ...]]:
    """The parameter under the cursor and the index in it."""
    for p, width in columns_of(layer):
        if column < width:
            rest = np.unravel_index(column, p.value.shape[1:]) if p.value.ndim > 1 else ()
            return p.name, (row, *map(int, rest))
        column -= width
    return next(p.name for p in layer.parameters if p.role == "bias"), (row,)


def first_column(layer: LayerFrame, name: str) -> int:
    """Where that parameter begins."""
    at = 0
    for p, width in columns_of(layer):
        if p.name == name:
            break
        at += width
    return at


def place_in(layer: LayerFrame, row: int, column: int) -> str:
    """dense_1.weight[3,4], conv2d_1.weight[3,0,1,2], dense_1.bias[3]."""
    name, index = element(layer, row, column)
    return f"{name}[{','.join(map(str, index))}]"
