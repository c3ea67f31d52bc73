"""Convolution, of two dimensions and of one (an image of height 1): out[i, j] = bias + Σ x[i s + k, j s + l] · weight[k, l].

Weights stand in memory as (height, width, channels in, channels out) of the window. Scratch: the input within its zeros, if
it needs any; going back, when that is no longer needed, delta within zeros and the weights turned round.
"""

from __future__ import annotations

from tui_nn.engine.layout import (
    BIAS,
    DELTA_IN,
    DELTA_OUT,
    FRAME_HEIGHT,
    FRAME_WIDTH,
    GRAD_BIAS,
    GRAD_WEIGHT,
    HEIGHT,
    IN,
    LEFT,
    N_IN,
    N_OUT,
    OUT,
    OUT_HEIGHT,
    OUT_WIDTH,
    PROBE,
    ROWS_AT,
    SCRATCH,
    STRIDE,
    TOP,
    WEIGHT,
    WIDTH,
    WINDOW_HEIGHT,
    WINDOW_WIDTH,
)
from tui_nn.engine.lowlevel import LANES, helper, load_through, multiply_add, spread, spread_from, view1, view2
from tui_nn.engine.ops.dense import sum_rows
from tui_nn.engine.ops.gradients import report_gradients
from tui_nn.engine.ops.tally import report_units_at_once
from tui_nn.engine.ops.windows import PAIR, PLACES, frame, load_pair, slide, store_pair
from tui_nn.engine.registry import kernel

NEAR = 8192  # numbers of input and delta that the weights' gradient takes at a time: they stay in the first cache


@helper
def source_of(row, ctl, mem):
    """What the windows are laid on: the input itself, or its copy within zeros."""
    n, channels = ctl[ctl[row + ROWS_AT]], ctl[row + N_IN]
    size = n * ctl[row + FRAME_HEIGHT] * ctl[row + FRAME_WIDTH] * channels
    return view1(mem, ctl[row + SCRATCH] if is_framed(row, ctl) else ctl[row + IN], size)


@helper
def is_framed(row, ctl):
    return ctl[row + FRAME_HEIGHT] != ctl[row + HEIGHT] or ctl[row + FRAME_WIDTH] != ctl[row + WIDTH]


@kernel("convolution_forward")
def convolution_forward(row, ctl, setting, mem, data, hist):
    """out = convolution of the input with the weight + bias, for the live rows."""
    n, n_in, n_out = ctl[ctl[row + ROWS_AT]], ctl[row + N_IN], ctl[row + N_OUT]
    height, width, stride = ctl[row + HEIGHT], ctl[row + WIDTH], ctl[row + STRIDE]
    rows, columns = ctl[row + OUT_HEIGHT], ctl[row + OUT_WIDTH]
    tall, run = ctl[row + WINDOW_HEIGHT], ctl[row + WINDOW_WIDTH] * n_in
    frame_height, frame_width = ctl[row + FRAME_HEIGHT], ctl[row + FRAME_WIDTH]
    places = n * rows * columns
    source = source_of(row, ctl, mem)
    weight = view1(mem, ctl[row + WEIGHT], tall * run * n_out)
    bias = view1(mem, ctl[row + BIAS], n_out)
    out = view1(mem, ctl[row + OUT], places * n_out)
    if is_framed(row, ctl):
        image = view1(mem, ctl[row + IN], n * height * width * n_in)
        frame(image, source, n, height, width, n_in, frame_height, frame_width, ctl[row + TOP], ctl[row + LEFT])
    down, step = frame_width * n_in, stride * n_in
    steps = (step, stride * down - columns * step, (frame_height - rows * stride) * down, n_out, 0, 0)
    slide(source, 0, weight, bias, out, 0, n, rows, columns, n_out, tall, run, down, steps)
    if ctl[row + PROBE] >= 0:
        report_units_at_once(row, ctl, mem, hist, view2(mem, ctl[row + OUT], places, n_out))


@kernel("convolution_backward")
def convolution_backward(row, ctl, setting, mem, data, hist):
    """From delta_out: the gradients of weight and bias, and delta_in for the layer before (none for the first)."""
    n, n_in, n_out = ctl[ctl[row + ROWS_AT]], ctl[row + N_IN], ctl[row + N_OUT]
    places = n * ctl[row + OUT_HEIGHT] * ctl[row + OUT_WIDTH]
    n_weights = ctl[row + WINDOW_HEIGHT] * ctl[row + WINDOW_WIDTH] * n_in * n_out
    n_bias = n_out if ctl[row + GRAD_BIAS] >= 0 else 0
    if n_bias > 0:
        sum_rows(view2(mem, ctl[row + DELTA_OUT], places, n_out), view1(mem, ctl[row + GRAD_BIAS], n_out))
    weight_gradient(row, ctl, mem, n, n_in, n_out, places)
    if ctl[row + DELTA_IN] >= 0:
        give_delta(row, ctl, mem, n, n_in, n_out, places)
    report_gradients(row, ctl, mem, hist, places * n_out, n_weights + n_bias)


@helper
def weight_gradient(row, ctl, mem, n, n_in, n_out, places):
    """∂weight[k, c, :] = the sum over all places of the input's number under it times delta there; six of them at once."""
    rows, columns = ctl[row + OUT_HEIGHT], ctl[row + OUT_WIDTH]
    run = ctl[row + WINDOW_WIDTH] * n_in
    down, step = ctl[row + FRAME_WIDTH] * n_in, ctl[row + STRIDE] * n_in
    n_weights = ctl[row + WINDOW_HEIGHT] * run
    source, delta = source_of(row, ctl, mem), view1(mem, ctl[row + DELTA_OUT], places * n_out)
    grad = view1(mem, ctl[row + GRAD_WEIGHT], n_weights * n_out)
    zero = spread(grad.dtype.type(0))
    lines, next_line = n * rows, ctl[row + STRIDE] * down
    next_image = (ctl[row + FRAME_HEIGHT] - rows * ctl[row + STRIDE]) * down  # further than the line behind its last
    near = max(1, NEAR // (columns * n_out + next_line))
    for first_line in range(0, lines, near):
        last_line = min(first_line + near, lines)
        for k in range(0, n_weights, PLACES):
            k1, k2, k3 = min(k + 1, n_weights - 1), min(k + 2, n_weights - 1), min(k + 3, n_weights - 1)
            k4, k5 = min(k + 4, n_weights - 1), min(k + 5, n_weights - 1)
            t0, t1, t2 = under(k, run, down), under(k1, run, down), under(k2, run, down)
            t3, t4, t5 = under(k3, run, down), under(k4, run, down), under(k5, run, down)
            for c in range(0, n_out, PAIR):
                live = n_out - c
                a0 = a1 = a2 = a3 = a4 = a5 = b0 = b1 = b2 = b3 = b4 = b5 = zero
                if first_line > 0:
                    a0, b0 = load_pair(grad, k * n_out + c, live)
                    a1, b1 = load_pair(grad, k1 * n_out + c, live)
                    a2, b2 = load_pair(grad, k2 * n_out + c, live)
                    a3, b3 = load_pair(grad, k3 * n_out + c, live)
                    a4, b4 = load_pair(grad, k4 * n_out + c, live)
                    a5, b5 = load_pair(grad, k5 * n_out + c, live)
                image, i = first_line // rows, first_line % rows
                s = first_line * next_line + image * next_image
                d = first_line * columns * n_out + c
                for _line in range(first_line, last_line):
                    s0, s1, s2, s3, s4, s5 = s + t0, s + t1, s + t2, s + t3, s + t4, s + t5
                    for q in range(0, columns * step, step):
                        u, v = load_through(delta, d), load_through(delta, d + LANES)
                        x = spread_from(source, s0 + q)
                        a0, b0 = multiply_add(x, u, a0), multiply_add(x, v, b0)
                        x = spread_from(source, s1 + q)
                        a1, b1 = multiply_add(x, u, a1), multiply_add(x, v, b1)
                        x = spread_from(source, s2 + q)
                        a2, b2 = multiply_add(x, u, a2), multiply_add(x, v, b2)
                        x = spread_from(source, s3 + q)
                        a3, b3 = multiply_add(x, u, a3), multiply_add(x, v, b3)
                        x = spread_from(source, s4 + q)
                        a4, b4 = multiply_add(x, u, a4), multiply_add(x, v, b4)
                        x = spread_from(source, s5 + q)
                        a5, b5 = multiply_add(x, u, a5), multiply_add(x, v, b5)
                        d += n_out
                    s += next_line
                    i += 1
                    if i == rows:
                        s, i = s + next_image, 0
                store_pair(grad, k * n_out + c, live, a0, b0)
                store_pair(grad, k1 * n_out + c, live, a1, b1)
                store_pair(grad, k2 * n_out + c, live, a2, b2)
                store_pair(grad, k3 * n_out + c, live, a3, b3)
                store_pair(grad, k4 * n_out + c, live, a4, b4)
                store_pair(grad, k5 * n_out + c, live, a5, b5)


@helper
def under(k, run, down):
    """How far behind a window's start the number under its k-th weight stands."""
    return (k // run) * down + k % run


@helper
def give_delta(row, ctl, mem, n, n_in, n_out, places):
    """delta_in: a window slid over delta, with the weights turned round. With a stride, one window for each remainder.

    An input at place y (zeros counted) met the weights k with the remainder of y by the stride, in the output at
    (y - k) / stride. So inputs of one remainder see the same weights, and at neighbouring outputs.
    """
    height, width, stride = ctl[row + HEIGHT], ctl[row + WIDTH], ctl[row + STRIDE]
    tall, wide = ctl[row + WINDOW_HEIGHT], ctl[row + WINDOW_WIDTH]
    top, left = ctl[row + TOP], ctl[row + LEFT]
    above, before = (tall - 1) // stride, (wide - 1) // stride  # zeros around delta
    frame_height = above + (height - 1 + top) // stride + 1
    frame_width = before + (width - 1 + left) // stride + 1
    scratch = ctl[row + SCRATCH]
    size, n_weights = n * frame_height * frame_width * n_out, tall * wide * n_in * n_out
    framed, turned_round = view1(mem, scratch, size), view1(mem, scratch + size, n_weights)
    zeros = view1(mem, scratch + size + n_weights, n_in)
    zeros[:] = 0
    delta, delta_in = (
        view1(mem, ctl[row + DELTA_OUT], places * n_out),
        view1(mem, ctl[row + DELTA_IN], n * height * width * n_in),
    )
    rows, columns = ctl[row + OUT_HEIGHT], ctl[row + OUT_WIDTH]
    frame(delta, framed, n, rows, columns, n_out, frame_height, frame_width, above, before)
    weight = view1(mem, ctl[row + WEIGHT], n_weights)
    line = frame_width * n_out
    for i in range(min(stride, height)):
        k = (i + top) % stride
        many_rows, high = (height - i + stride - 1) // stride, max(0, (tall - k + stride - 1) // stride)
        for j in range(min(stride, width)):
            m = (j + left) % stride
            many_columns, broad = (width - j + stride - 1) // stride, max(0, (wide - m + stride - 1) // stride)
            turn_round(weight, turned_round, wide, n_in, n_out, k, high, m, broad, stride)
            start = ((i + top) // stride - high + 1 + above) * line + (
                (j + left) // stride - broad + 1 + before
            ) * n_out
            steps = (
                n_out, line - many_columns * n_out, (frame_height - many_rows) * line,
                stride * n_in, (stride * width - many_columns * stride) * n_in, (height - many_rows * stride) * width * n_in,
            )  # fmt: skip
            slide(
                framed, start, turned_round, zeros, delta_in, (i * width + j) * n_in, n, many_rows, many_columns, n_in, high,
                broad * n_out, line, steps,
            )  # fmt: skip


@helper
def turn_round(weight, turned_round, wide, n_in, n_out, k, high, m, broad, stride):
    """The weights k, k + stride, ... by m, m + stride, ..., the last first, as (high, broad, channels out, channels in)."""
    at = 0
    for i in range(high - 1, -1, -1):
        for j in range(broad - 1, -1, -1):
            start = ((k + i * stride) * wide + m + j * stride) * n_in * n_out
            for q in range(n_out):
                for c in range(n_in):
                    turned_round[at] = weight[start + c * n_out + q]
                    at += 1
