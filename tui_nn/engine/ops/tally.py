"""What a row of a small network measures, in two steps: the last steps of a statistic cost more than its sums.

A row leaves sums over lanes, its *tally*. After eight iterations, and whenever the loop returns or a frame is taken,
ops/settle.py turns tallies into metrics, eight iterations side by side. Sums that left the range of float32 are no use:
then the row reports at once, from float64, and its tally is marked with inf. Which rows do so: engine/tallies.py.
"""

from __future__ import annotations

import numpy as np

from tui_nn.engine.layout import HIST_ROW, PROBE, SLOPE, SLOT, TALLY, WAITING
from tui_nn.engine.lowlevel import (
    LANES,
    all_below,
    below,
    first,
    helper,
    load,
    load_again,
    multiply_add,
    not_negative,
    some_above,
    spread,
    sqrt,
    store,
    turned,
)
from tui_nn.engine.ops.probes import LOWEST, SCALE, UNSCALE, norm, probe_slopes, probe_units

ALL_SUMS = WAITING * LANES  # numbers that one kind of sum takes
# Behind its sums a forward row leaves the very first number of its output (or inf), and how many lanes its units are in.
CORNERS = 4 * ALL_SUMS
HIGHEST = 1e37  # of one lane; the sum over all is still a float32


@helper
def tally_of(row, ctl):
    """Where this row leaves the first kind of sums of this iteration; the others follow, each ALL_SUMS further."""
    return ctl[row + TALLY] + ctl[SLOT] * LANES


@helper
def marked(mem, at, will_do):
    """Sums that will not do are marked: they are reported already, or about to be. Returns whether they will do."""
    if not will_do:
        mem[at] = np.inf
    return will_do


@helper
def is_in_range(squares):
    """Did no square overflow, and is what underflowed negligible beside the others?"""
    return all_below(squares, HIGHEST) and some_above(squares, LOWEST)


# Forward rows


@helper
def report_units(row, ctl, mem, hist, output):
    """act_mean, act_std and act_signal of a forward row; output is (rows, units)."""
    is_done = False
    if ctl[row + TALLY] >= 0:
        origin, shifted, squares = sums_of(output)
        mean_shift, variance = moments(output, shifted, squares)
        is_done = leave_units(row, ctl, mem, output, lanes_of(output), origin, mean_shift, variance, squares)
    if not is_done:
        report_units_at_once(row, ctl, mem, hist, output)


@helper
def report_units_at_once(row, ctl, mem, hist, output):
    """The same without a tally: of rows that are rare, or dear beside what they measure, and compile sooner so."""
    probe_units(output, hist, ctl[HIST_ROW] + ctl[row + PROBE])
    if ctl[row + TALLY] >= 0:
        mem[ctl[row + TALLY] + CORNERS + ctl[SLOT]] = np.inf


@helper
def report_slopes(row, ctl, setting, mem, hist, output):
    """The same, and saturated, of an activation whose slope follows from its output: see SLOPE in layout.py."""
    is_done = False
    if ctl[row + TALLY] >= 0:
        origin, shifted, squares = sums_of(output)
        mean_shift, variance = moments(output, shifted, squares)
        leave_saturated(row, ctl, setting, mem, output, lanes_of(output), origin, mean_shift, variance)
        is_done = leave_units(row, ctl, mem, output, lanes_of(output), origin, mean_shift, variance, squares)
    if not is_done:
        at, own = ctl[HIST_ROW] + ctl[row + PROBE], ctl[row + SLOPE]
        hist[at + 3] = probe_slopes(output, hist, at, setting[own], setting[own + 1], setting[own + 2])


@helper
def sums_of(output):
    """Of at most eight units: the first sample, and the sums of the others' distances from it and of their squares.

    Distances come multiplied by SCALE. With one, two, four or eight units, lane k is of unit k modulo units, and eight
    numbers are taken at a time whatever their samples; each unit's sums then come once in each of its lanes. Otherwise
    lane k is unit k.
    """
    rows, units = output.shape
    real = output.dtype.type
    zero, scale = spread(real(0)), spread(real(SCALE))
    is_flat = divides_lanes(units)
    stride = LANES if is_flat else units
    if units == 1:
        origin = load_again(output, 0, 1)
    elif units == 2:
        origin = load_again(output, 0, 2)
    elif units == 4:
        origin = load_again(output, 0, 4)
    else:
        origin = load(output, 0, units)
    minus_origin = (zero - origin) * scale
    a = b = a_squares = b_squares = zero
    k, end = 0, rows * units
    while k + stride + LANES <= end:
        difference = multiply_add(load(output, k, stride), scale, minus_origin)
        other = multiply_add(load(output, k + stride, stride), scale, minus_origin)
        a, b = a + difference, b + other
        a_squares = multiply_add(difference, difference, a_squares)
        b_squares = multiply_add(other, other, b_squares)
        k += 2 * stride
    while k < end:
        live = min(stride, end - k)
        difference = first(multiply_add(load(output, k, live), scale, minus_origin), live)
        a = a + difference
        a_squares = multiply_add(difference, difference, a_squares)
        k += stride
    if is_flat:
        return origin, fold(a + b, units), fold(a_squares + b_squares, units)
    return origin, a + b, a_squares + b_squares


@helper
def moments(output, shifted, squares):
    """The distance of each unit's mean from its first sample, and its variance: scaled, as the sums are."""
    real = output.dtype.type
    share = spread(real(1) / real(output.shape[0]))
    mean_shift = shifted * share
    return mean_shift, not_negative(squares * share - mean_shift * mean_shift)


@helper
def leave_units(row, ctl, mem, output, live, origin, mean_shift, variance, squares):
    """From the units' moments, in the first `live` lanes. Returns whether it will do.

    Left are, of each unit: the distance of its mean from the very first number; the square of that plus its variance
    over samples; its std over samples.
    """
    corner = output[0, 0]
    distance = multiply_add(origin - spread(corner), spread(output.dtype.type(SCALE)), mean_shift)
    if live < LANES:
        distance = first(distance, live)
    spreads = multiply_add(distance, distance, variance)
    tally = tally_of(row, ctl)
    store(mem, tally, LANES, distance)
    store(mem, tally + ALL_SUMS, LANES, spreads)
    store(mem, tally + 2 * ALL_SUMS, LANES, sqrt(variance))
    will_do = all_below(spreads, HIGHEST) and some_above(squares, LOWEST)
    at = ctl[row + TALLY] + CORNERS + ctl[SLOT]
    mem[at] = corner if will_do else np.inf
    mem[at + WAITING] = live
    return will_do


@helper
def leave_saturated(row, ctl, setting, mem, output, live, origin, mean_shift, variance):
    """Whether each unit counts as saturated: by its mean slope, c + l mean - mean**2 - variance."""
    real, own = output.dtype.type, ctl[row + SLOPE]
    constant, linear, limit = real(setting[own]), real(setting[own + 1]), real(setting[own + 2])
    unscale = spread(real(UNSCALE))
    mean = multiply_add(mean_shift, unscale, origin)
    slope = multiply_add(spread(linear) - mean, mean, spread(constant))
    saturated = below(slope, multiply_add(variance * unscale, unscale, spread(limit)))
    if live < LANES:
        saturated = first(saturated, live)
    store(mem, tally_of(row, ctl) + 3 * ALL_SUMS, LANES, saturated)


@helper
def fold(values, units):
    """In each lane the sum of the lanes that stand a multiple of `units` away: units is 1, 2, 4 or 8."""
    if units <= 4:
        values = values + turned(values, 4)
        if units <= 2:
            values = values + turned(values, 2)
            if units == 1:
                values = values + turned(values, 1)
    return values


@helper
def lanes_of(output):
    """How many lanes sums_of has put the units in."""
    return LANES if divides_lanes(output.shape[1]) else output.shape[1]


@helper
def divides_lanes(units):
    """Of 1 to 8 units: are they one, two, four or eight? (A remainder would take longer than all that depends on it.)"""
    return units & (units - 1) == 0


# Backward rows


@helper
def report_delta(row, ctl, mem, hist, delta):
    """delta_norm of a backward row."""
    if ctl[row + TALLY] < 0 or not leave_squares(mem, tally_of(row, ctl), delta):
        hist[ctl[HIST_ROW] + ctl[row + PROBE]] = norm(delta)


@helper
def leave_squares(mem, at, values):
    """The sum of squares of a few numbers, from `at` on. Returns whether it will do."""
    a = b = spread(values.dtype.type(0))
    i = 0
    while i + 2 * LANES <= values.size:
        v, w = load(values, i, LANES), load(values, i + LANES, LANES)
        a, b = multiply_add(v, v, a), multiply_add(w, w, b)
        i += 2 * LANES
    while i < values.size:
        v = load(values, i, values.size - i)
        a = multiply_add(v, v, a)
        i += LANES
    squares = a + b
    store(mem, at, LANES, squares)
    return marked(mem, at, is_in_range(squares))


# Update rows


@helper
def leave_moves(row, ctl, mem, after, moves, before):
    """weight_norm and update_ratio, from sums of squares. Returns whether they will do."""
    tally = tally_of(row, ctl)
    store(mem, tally, LANES, after)
    store(mem, tally + ALL_SUMS, LANES, moves)
    store(mem, tally + 2 * ALL_SUMS, LANES, before)
    return marked(mem, tally, is_in_range(after) and is_in_range(moves) and is_in_range(before))
