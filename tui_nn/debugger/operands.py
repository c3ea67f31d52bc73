"""What one output is made of: of a dense layer at one place, of a convolution, or of a pooling, the inputs it reads."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from tui_nn.scenario.naming import layer_names

if TYPE_CHECKING:
    from tui_nn.engine.program import Layer, Program


def spec_of(program: Program, layer: str) -> Any:
    """The layer's table in the scenario."""
    row = next(row for row in layer_names(program.scenario, program.dataset.form) if row.name == layer)
    return program.scenario.layers[row.index]


def sources(program: Program, layer: Layer, at: int) -> np.ndarray:
    """Which numbers of the layer's input its output number `at` reads, in the order of one unit's weights; -1: over the edge.

    Shapes: the result is (inputs,) int64. Of a convolution they go channel by channel, of each row by row, as its weights
    are seen; of a pooling only those of the output's own channel.
    """
    place, channel = divmod(at, layer.units)
    if layer.kind == "dense":
        return place * layer.n_in + np.arange(layer.n_in)
    if layer.kind not in (*SUMMED, *POOLED):
        return np.array([at])
    spec, shape = spec_of(program, layer.name), layer.shape_in
    index = np.unravel_index(place, layer.shape[:-1])
    starts = [int(i) * spec.step() - axis.before for i, axis in zip(index, spec.along(shape), strict=True)]
    axes = [range(start, start + size) for start, size in zip(starts, spec.window(shape), strict=True)]
    channels = range(shape[-1]) if layer.kind in SUMMED else (channel,)
    found = []
    for read in channels:
        for where in product(*axes):
            inside = all(0 <= p < n for p, n in zip(where, shape[:-1], strict=True))
            found.append(int(np.ravel_multi_index((*where, read), shape)) if inside else -1)
    return np.array(found)


SUMMED = ("dense", "conv1d", "conv2d")  # kinds whose output is a sum of inputs times weights
POOLED = ("max_pool", "avg_pool")


def reader_of(program: Program, layer: Layer, read: int) -> tuple[int, int] | None:
    """An output of that layer (of its unit 0) that reads its input number `read`, and which of its inputs that is; the first."""
    if layer.kind == "dense":
        place, column = divmod(read, layer.n_in)
        return place * layer.units, column
    for place in range(layer.positions):
        at = place * layer.units + (read % layer.n_in if layer.kind in POOLED else 0)
        found = np.flatnonzero(sources(program, layer, at) == read)
        if found.size:
            return at, int(found[0])
    return None
