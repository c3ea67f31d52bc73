"""Embedding: a vector for each token, looked up. The gradient of a vector is the sum of what came back to its token."""

from __future__ import annotations

import numpy as np

from tui_nn.engine.layout import DELTA_OUT, GRAD_WEIGHT, IN, N_OUT, OUT, PROBE, ROWS_AT, TOKENS, WEIGHT
from tui_nn.engine.lowlevel import LANES, helper, load, spread, store, view1, view2
from tui_nn.engine.ops.gradients import report_gradients
from tui_nn.engine.ops.tally import report_units
from tui_nn.engine.registry import kernel


@helper
def token_at(tokens, i, n):
    """The token as an index; -1 if it is none: data are checked when they are loaded, but memory outside is never read."""
    value = tokens[i]
    return np.int64(value) if value >= 0 and value < n else np.int64(-1)


@kernel("embedding_forward")
def embedding_forward(row, ctl, setting, mem, data, hist):
    """out = the vector of each token."""
    rows, units, n = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT], ctl[row + TOKENS]
    tokens, weight, out = view1(mem, ctl[row + IN], rows), ctl[row + WEIGHT], ctl[row + OUT]
    nothing = spread(tokens.dtype.type(np.nan))
    for i in range(rows):
        token = token_at(tokens, i, n)
        for j in range(0, units, LANES):
            values = nothing
            if token >= 0:
                values = load(mem, weight + token * units + j, units - j)
            store(mem, out + i * units + j, units - j, values)
    if ctl[row + PROBE] >= 0:
        report_units(row, ctl, mem, hist, view2(mem, out, rows, units))


@kernel("embedding_backward")
def embedding_backward(row, ctl, setting, mem, data, hist):
    """The gradient of each vector: the sum of delta_out over the places where its token stands."""
    rows, units, n = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT], ctl[row + TOKENS]
    tokens, delta, grad = view1(mem, ctl[row + IN], rows), ctl[row + DELTA_OUT], ctl[row + GRAD_WEIGHT]
    vectors = view1(mem, grad, n * units)
    for k in range(n * units):
        vectors[k] = 0
    for i in range(rows):
        token = token_at(tokens, i, n)
        if token >= 0:
            for j in range(0, units, LANES):
                at, live = grad + token * units + j, units - j
                store(mem, at, live, load(mem, at, live) + load(mem, delta + i * units + j, live))
    report_gradients(row, ctl, mem, hist, rows * units, n * units)
