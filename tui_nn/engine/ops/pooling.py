"""Pooling: of each channel the largest number or the mean within a window, or the mean of the whole image.

Windows do not count the zeros around an image: at its edge they are smaller.
"""

from __future__ import annotations

from tui_nn.engine.layout import (
    DELTA_IN,
    DELTA_OUT,
    HEIGHT,
    IN,
    IN_2,
    LEFT,
    N_OUT,
    OUT,
    OUT_HEIGHT,
    OUT_WIDTH,
    PROBE,
    ROWS_AT,
    SCRATCH,
    STRIDE,
    TOP,
    WIDTH,
    WINDOW_HEIGHT,
    WINDOW_WIDTH,
)
from tui_nn.engine.lowlevel import helper, view1, view2
from tui_nn.engine.ops.tally import report_delta, report_units_at_once
from tui_nn.engine.registry import kernel


@helper
def window(row, ctl, i, j):
    """Of the place (i, j): the rows and columns of the input that its window covers, each from and to (excluded)."""
    y, x = i * ctl[row + STRIDE] - ctl[row + TOP], j * ctl[row + STRIDE] - ctl[row + LEFT]
    bottom, right = (
        min(y + ctl[row + WINDOW_HEIGHT], ctl[row + HEIGHT]),
        min(x + ctl[row + WINDOW_WIDTH], ctl[row + WIDTH]),
    )
    return max(y, 0), bottom, max(x, 0), right


@helper
def small_side(row, ctl, mem, offset):
    """Behind the windows: (places of all samples, channels)."""
    n, channels = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    return view2(mem, offset, n * ctl[row + OUT_HEIGHT] * ctl[row + OUT_WIDTH], channels)


@helper
def large_side(row, ctl, mem, offset):
    """Before the windows."""
    n, channels = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT]
    return view2(mem, offset, n * ctl[row + HEIGHT] * ctl[row + WIDTH], channels)


@kernel("max_pool_forward")
def max_pool_forward(row, ctl, setting, mem, data, hist):
    """out = the largest in each window, NaN where one is. Scratch: where it stood, as the place within its image."""
    rows, columns, height, width = ctl[row + OUT_HEIGHT], ctl[row + OUT_WIDTH], ctl[row + HEIGHT], ctl[row + WIDTH]
    out, x = small_side(row, ctl, mem, ctl[row + OUT]), large_side(row, ctl, mem, ctl[row + IN])
    where = small_side(row, ctl, mem, ctl[row + SCRATCH])
    channels, real = out.shape[1], out.dtype.type
    for p in range(out.shape[0]):
        image = p // (rows * columns) * height * width
        top, bottom, left, right = window(row, ctl, p // columns % rows, p % columns)
        for c in range(channels):
            out[p, c] = x[image + top * width + left, c]
            where[p, c] = real(top * width + left)
        for y in range(top, bottom):
            for z in range(left, right):
                place = y * width + z
                at = real(place)
                for c in range(channels):
                    value, best = x[image + place, c], out[p, c]
                    is_larger = (value > best) | (value != value)
                    out[p, c] = value if is_larger else best
                    where[p, c] = at if is_larger else where[p, c]
    if ctl[row + PROBE] >= 0:
        report_units_at_once(row, ctl, mem, hist, out)


@kernel("held_pool_forward")
def held_pool_forward(row, ctl, setting, mem, data, hist):
    """out = the input where the largest number of each window stood when IN_2 was filled: it has no corner to step over."""
    rows, columns, height, width = ctl[row + OUT_HEIGHT], ctl[row + OUT_WIDTH], ctl[row + HEIGHT], ctl[row + WIDTH]
    out, x = small_side(row, ctl, mem, ctl[row + OUT]), large_side(row, ctl, mem, ctl[row + IN])
    where = small_side(row, ctl, mem, ctl[row + IN_2])
    for p in range(out.shape[0]):
        image = p // (rows * columns) * height * width
        for c in range(out.shape[1]):
            out[p, c] = x[image + int(where[p, c]), c]


@kernel("max_pool_backward")
def max_pool_backward(row, ctl, setting, mem, data, hist):
    """delta_in: the whole of each delta where the largest number stood (the first of several), 0 elsewhere."""
    rows, columns, height, width = ctl[row + OUT_HEIGHT], ctl[row + OUT_WIDTH], ctl[row + HEIGHT], ctl[row + WIDTH]
    delta = small_side(row, ctl, mem, ctl[row + DELTA_OUT])
    if ctl[row + DELTA_IN] >= 0:
        where, delta_in = small_side(row, ctl, mem, ctl[row + SCRATCH]), large_side(row, ctl, mem, ctl[row + DELTA_IN])
        delta_in[:] = 0
        for p in range(delta.shape[0]):
            image = p // (rows * columns) * height * width
            for c in range(delta.shape[1]):
                delta_in[image + int(where[p, c]), c] += delta[p, c]
    if ctl[row + PROBE] >= 0:
        report_delta(row, ctl, mem, hist, view1(mem, ctl[row + DELTA_OUT], delta.size))


@kernel("avg_pool_forward")
def avg_pool_forward(row, ctl, setting, mem, data, hist):
    """out = the mean of each window."""
    rows, columns, height, width = ctl[row + OUT_HEIGHT], ctl[row + OUT_WIDTH], ctl[row + HEIGHT], ctl[row + WIDTH]
    out, x = small_side(row, ctl, mem, ctl[row + OUT]), large_side(row, ctl, mem, ctl[row + IN])
    channels, real = out.shape[1], out.dtype.type
    for p in range(out.shape[0]):
        image = p // (rows * columns) * height * width
        top, bottom, left, right = window(row, ctl, p // columns % rows, p % columns)
        share = real(1.0 / ((bottom - top) * (right - left)))
        for c in range(channels):
            out[p, c] = 0
        for y in range(top, bottom):
            for z in range(left, right):
                for c in range(channels):
                    out[p, c] += x[image + y * width + z, c]
        for c in range(channels):
            out[p, c] *= share
    if ctl[row + PROBE] >= 0:
        report_units_at_once(row, ctl, mem, hist, out)


@kernel("avg_pool_backward")
def avg_pool_backward(row, ctl, setting, mem, data, hist):
    """delta_in: each delta in equal shares over its window, added where windows overlap."""
    rows, columns, height, width = ctl[row + OUT_HEIGHT], ctl[row + OUT_WIDTH], ctl[row + HEIGHT], ctl[row + WIDTH]
    delta = small_side(row, ctl, mem, ctl[row + DELTA_OUT])
    if ctl[row + DELTA_IN] >= 0:
        delta_in = large_side(row, ctl, mem, ctl[row + DELTA_IN])
        delta_in[:] = 0
        for p in range(delta.shape[0]):
            image = p // (rows * columns) * height * width
            top, bottom, left, right = window(row, ctl, p // columns % rows, p % columns)
            share = delta.dtype.type(1.0 / ((bottom - top) * (right - left)))
            for y in range(top, bottom):
                for z in range(left, right):
                    for c in range(delta.shape[1]):
                        delta_in[image + y * width + z, c] += delta[p, c] * share
    if ctl[row + PROBE] >= 0:
        report_delta(row, ctl, mem, hist, view1(mem, ctl[row + DELTA_OUT], delta.size))
