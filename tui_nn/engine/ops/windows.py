"""A window that moves over images: where it stands, the zeros around the input, and products of six places at once.

An image is (height, width, channels) in C order, a sequence one of height 1. A kernel's row of weights meets a run of
neighbouring numbers, so a product reads the input as it lies: nothing is copied out for a matrix product (for 8x8x16 that
took 15 % longer, for 28x28x8 twice as long, because such copies leave the cache).

Six places times two registers of outputs are twelve sums that wait for nobody and stay in registers; each has its own name,
because LLVM keeps no array of them there.
"""

from __future__ import annotations

from tui_nn.engine.lowlevel import LANES, helper, load, load_through, multiply_add, spread, spread_from, store

PLACES = 6  # of a product at once
PAIR = 2 * LANES  # outputs of it


@helper
def frame(image, framed, n, height, width, channels, frame_height, frame_width, top, left):
    """Copy n images into a frame of zeros; rows and columns that the frame has no room for are left out."""
    shown = min(width, frame_width - left) * channels
    zero = spread(framed.dtype.type(0))
    before, line = left * channels, frame_width * channels
    for b in range(n):
        for i in range(frame_height):
            at = (b * frame_height + i) * line
            row = i - top
            if row < 0 or row >= height:
                for q in range(0, line, LANES):
                    store(framed, at + q, line - q, zero)
            else:
                start = (b * height + row) * width * channels
                for q in range(0, before, LANES):
                    store(framed, at + q, before - q, zero)
                for q in range(0, shown, LANES):
                    store(framed, at + before + q, shown - q, load(image, start + q, shown - q))
                for q in range(before + shown, line, LANES):
                    store(framed, at + q, line - q, zero)


@helper
def following(start, out, row, column, is_last, columns, rows, steps):
    """The place behind one, in the order of memory: where its run starts, where its outputs stand, its row and column.

    The last place stays. steps: how far start and out move on, and how much further at the end of a line and of an image.
    """
    if not is_last:
        step, line, image, out_step, out_line, out_image = steps
        start += step
        out += out_step
        column += 1
        if column == columns:
            column = 0
            start += line
            out += out_line
            row += 1
            if row == rows:
                row = 0
                start += image
                out += out_image
    return start, out, row, column


@helper
def load_pair(source, at, live):
    """Up to PAIR numbers. Behind the last there may be none of ours: then the second half is of no lane at all."""
    return load(source, at, live), load(source, at + LANES, live - LANES)


@helper
def add_run(source, s0, s1, s2, s3, s4, s5, weight, w, wide, run, a0, a1, a2, a3, a4, a5, b0, b1, b2, b3, b4, b5):  # fmt: skip
    """Onto the sums of six places: the `run` numbers from s0, ..., s5 on, times as many rows of weights from w on.

    wide: how far apart the rows of weights are. The first LANES outputs of a row go into a, as many more into b.
    """
    for q in range(run):
        u, v = load_through(weight, w), load_through(weight, w + LANES)
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
        w += wide
    return a0, a1, a2, a3, a4, a5, b0, b1, b2, b3, b4, b5


@helper
def slide(source, s0, weight, bias, out, o0, images, rows, columns, n_out, tall, run, down, steps):
    """At each place, `tall` runs of the source, `down` apart, times weights (tall * run, n_out), plus bias.

    Places: columns of rows of images; the first run starts at s0, its outputs stand at o0; for steps see `following`.
    """
    row = column = 0
    places = images * rows * columns
    last = places - 1
    for p in range(0, places, PLACES):
        s1, o1, row, column = following(s0, o0, row, column, p >= last, columns, rows, steps)
        s2, o2, row, column = following(s1, o1, row, column, p + 1 >= last, columns, rows, steps)
        s3, o3, row, column = following(s2, o2, row, column, p + 2 >= last, columns, rows, steps)
        s4, o4, row, column = following(s3, o3, row, column, p + 3 >= last, columns, rows, steps)
        s5, o5, row, column = following(s4, o4, row, column, p + 4 >= last, columns, rows, steps)
        for c in range(0, n_out, PAIR):
            live = n_out - c
            a0, b0 = load_pair(bias, c, live)
            a1 = a2 = a3 = a4 = a5 = a0
            b1 = b2 = b3 = b4 = b5 = b0
            for k in range(tall):
                d = k * down
                a0, a1, a2, a3, a4, a5, b0, b1, b2, b3, b4, b5 = add_run(
                    source, s0 + d, s1 + d, s2 + d, s3 + d, s4 + d, s5 + d, weight, k * run * n_out + c, n_out, run,
                    a0, a1, a2, a3, a4, a5, b0, b1, b2, b3, b4, b5,
                )  # fmt: skip
            store_pair(out, o0 + c, live, a0, b0)
            store_pair(out, o1 + c, live, a1, b1)
            store_pair(out, o2 + c, live, a2, b2)
            store_pair(out, o3 + c, live, a3, b3)
            store_pair(out, o4 + c, live, a4, b4)
            store_pair(out, o5 + c, live, a5, b5)
        s0, o0, row, column = following(s5, o5, row, column, p + 5 >= last, columns, rows, steps)


@helper
def store_pair(target, at, live, a, b):
    store(target, at, live, a)
    if live > LANES:
        store(target, at + LANES, live - LANES, b)
