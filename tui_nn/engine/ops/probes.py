"""What a run says of itself: norms, and the statistics of a layer's units.

Sums are taken in the run's precision over short blocks, and the blocks added in float64; a block whose squares leave the
range of float32 is done again in float64. Probes only ever describe, and never feed back into training, so the order of
their sums is the processor's favourite. A row whose PROBE cell is negative writes none.
"""

from __future__ import annotations

import math

import numpy as np

from tui_nn.engine.lowlevel import (
    LANES,
    below,
    first,
    helper,
    load,
    load_wide,
    multiply_add,
    not_negative,
    spread,
    sqrt,
    total,
)

BLOCK = 64 * LANES  # numbers whose squares are added in the run's precision
NARROW = 2  # units; up to here eight lanes would cost more than they save
CHUNK = 32  # samples whose differences are
# Sums of squares between these lost nothing to underflow (what did was below 1e-38) nor to overflow.
LOWEST, HIGHEST = 1e-28, 1e38
SCALE, UNSCALE = 2.0**32, 2.0**-32  # of differences before they are squared: then only those below 1e-32 vanish


@helper
def sum_of_squares(values):
    """In float64 to about 1e-7, whatever the numbers' range."""
    squares = 0.0
    for start in range(0, values.size, BLOCK):
        squares += squares_of_block(values, start, min(start + BLOCK, values.size))
    return squares


@helper
def squares_of_block(values, start, end):
    """The squares of at most BLOCK numbers, in four times LANES sums: one alone would wait for its own last addition."""
    a = b = c = d = spread(values.dtype.type(0))
    k = start
    while k + 4 * LANES <= end:
        v0, v1 = load(values, k, LANES), load(values, k + LANES, LANES)
        v2, v3 = load(values, k + 2 * LANES, LANES), load(values, k + 3 * LANES, LANES)
        a, b = multiply_add(v0, v0, a), multiply_add(v1, v1, b)
        c, d = multiply_add(v2, v2, c), multiply_add(v3, v3, d)
        k += 4 * LANES
    while k < end:
        v0 = load(values, k, end - k)
        a = multiply_add(v0, v0, a)
        k += LANES
    squares = np.float64(total((a + b) + (c + d)))
    return squares if LOWEST < squares < HIGHEST else wide_squares(values, start, end)


@helper
def wide_squares(values, start, end):
    """In float64 throughout."""
    squares = spread(0.0)
    for k in range(start, end, LANES):
        v = load_wide(values, k, end - k)
        squares = multiply_add(v, v, squares)
    return total(squares)


@helper
def norm(values):
    """Euclidean norm."""
    return math.sqrt(sum_of_squares(values))


@helper
def probe_units(output, hist, at):
    """act_mean, act_std (over all entries) and act_signal (std over samples, mean over units), from `at` on.

    Shapes: output is (rows, units).
    """
    probe_slopes(output, hist, at, 0.0, 0.0, 0.0)


@helper
def probe_slopes(output, hist, at, constant, linear, limit):
    """As probe_units; and the share of units whose slope, constant + linear a - a**2, is below `limit` in the mean.

    The first sample is subtracted before squaring: in float64 a signal of 1e-12 on top of a mean of 0.5 survives.
    """
    rows, units = output.shape
    part = 1.0 / (rows * units)  # one division: they are what an activation's own loop waits for
    share, row_share = rows * part, units * part
    means = variances = squares = signals = count = 0.0
    is_done = False
    if units > NARROW:
        means, variances, squares, signals, count, is_done = unit_sums(output, row_share, constant, linear, limit)
    if not is_done:
        means, variances, squares, signals, count = wide_unit_sums(output, row_share, constant, linear, limit)
    mean = means * share
    variance = (variances + squares) * share - mean * mean
    hist[at] = np.float64(output[0, 0]) + mean
    hist[at + 1] = math.sqrt(variance) if not variance < 0.0 else 0.0  # "not <" keeps NaN
    hist[at + 2] = signals * share
    return count * share


@helper
def signal(output):
    """act_signal alone: the std over samples, mean over units."""
    rows, units = output.shape
    part = 1.0 / (rows * units)
    row_share = units * part
    signals, is_done = 0.0, False
    if units > NARROW:
        sums = unit_sums(output, row_share, 0.0, 0.0, 0.0)
        signals, is_done = sums[3], sums[5]
    if not is_done:
        signals = wide_unit_sums(output, row_share, 0.0, 0.0, 0.0)[3]
    return signals * (rows * part)


@helper
def unit_sums(output, row_share, constant, linear, limit):
    """Sums over the units, in the run's precision, LANES units at a time, of distances multiplied by SCALE.

    Returns: the sums of the distance of each unit's mean from the very first number, of its variance over samples, of
             the distance's square, and of the std over samples; how many slopes are below the limit; and whether every
             square stayed in the range of float32.
    """
    rows, units = output.shape
    real = output.dtype.type
    zero, scale, unscale = spread(real(0)), spread(real(SCALE)), spread(real(UNSCALE))
    share = spread(real(row_share))
    corner, lowest, limits = spread(output[0, 0]), spread(real(LOWEST)), spread(real(limit))
    constants, linears = spread(real(constant)), spread(real(linear))
    means = variances = squares = signals = counts = unsafe = zero
    for j in range(0, units, LANES):
        live = units - j
        origin = load(output, j, live)
        minus_origin = (zero - origin) * scale
        shifted = shifted_squares = origin - origin  # 0, or NaN
        for start in range(1, rows, CHUNK):
            a = b = a_squares = b_squares = zero
            end = min(start + CHUNK, rows)
            for i in range(start, end - 1, 2):
                difference = multiply_add(load(output, i * units + j, live), scale, minus_origin)
                other = multiply_add(load(output, (i + 1) * units + j, live), scale, minus_origin)
                a, b = a + difference, b + other
                a_squares = multiply_add(difference, difference, a_squares)
                b_squares = multiply_add(other, other, b_squares)
            if (end - start) % 2 == 1:
                difference = multiply_add(load(output, (end - 1) * units + j, live), scale, minus_origin)
                a = a + difference
                a_squares = multiply_add(difference, difference, a_squares)
            shifted = shifted + (a + b)
            shifted_squares = shifted_squares + (a_squares + b_squares)
        unsafe = unsafe + below(zero, shifted_squares) * below(shifted_squares, lowest)
        mean_shift = shifted * share
        variance = not_negative(shifted_squares * share - mean_shift * mean_shift)
        mean = multiply_add(mean_shift, unscale, origin)
        distance = first(multiply_add(origin - corner, scale, mean_shift), live)
        means = means + distance
        variances = variances + variance
        squares = multiply_add(distance, distance, squares)
        signals = signals + sqrt(variance)
        slope = multiply_add(linears, mean, constants) - multiply_add(mean, mean, variance * unscale * unscale)
        counts = counts + first(below(slope, limits), live)
    spreads, distances = np.float64(total(variances)), np.float64(total(squares))
    is_safe = total(unsafe) == 0 and spreads + distances < HIGHEST and (distances > LOWEST or distances == 0.0)
    shift, signal = np.float64(total(means)) * UNSCALE, np.float64(total(signals)) * UNSCALE
    spreads, distances = spreads * (UNSCALE * UNSCALE), distances * (UNSCALE * UNSCALE)
    return shift, spreads, distances, signal, np.float64(total(counts)), is_safe


@helper
def wide_unit_sums(output, row_share, constant, linear, limit):
    """The same sums in float64, where any square of a float32 has room, one unit at a time."""
    rows, units = output.shape
    corner = np.float64(output[0, 0])
    means = variances = squares = signals = count = 0.0
    for j in range(units):
        origin = np.float64(output[0, j])
        shifted = shifted_squares = origin - origin
        for i in range(1, rows):
            difference = np.float64(output[i, j]) - origin
            shifted += difference
            shifted_squares += difference * difference
        mean_shift = shifted * row_share
        variance = shifted_squares * row_share - mean_shift * mean_shift
        mean, distance = origin + mean_shift, (origin - corner) + mean_shift
        means += distance
        variances += variance
        squares += distance * distance
        signals += math.sqrt(variance) if not variance < 0.0 else 0.0  # "not <" keeps NaN
        count += constant + linear * mean - (mean * mean + variance) < limit
    return means, variances, squares, signals, count


@helper
def count_below(values, limit, live):
    """How many of the first `live` lanes are under `limit`."""
    return total(first(below(values, spread(limit)), live))


@helper
def share_below(mean_slopes, limit):
    """The share of units whose mean slope is under `limit`."""
    count = 0
    for j in range(mean_slopes.size):
        count += mean_slopes[j] < limit
    return count / mean_slopes.size
