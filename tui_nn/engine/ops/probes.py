"""Numbers for the history, taken in passing. None of them feeds back into training.

Sums run in float64 whatever the precision of the run, so a gradient of 1e30 has a norm and not an inf.
"""

from __future__ import annotations

import math

import numpy as np

from tui_nn.engine.lowlevel import helper, probe_helper


@probe_helper
def sum_of_squares(values):
    total = 0.0
    for i in range(values.size):
        value = np.float64(values[i])
        total += value * value
    return total


@helper
def norm(values):
    """Euclidean norm."""
    return math.sqrt(sum_of_squares(values))


@helper
def probe_units(output, hist, at):
    """act_mean, act_std (over all entries) and act_signal (std over samples, mean over units), from `at` on.

    Shapes: output is (rows, units).
    The first sample is subtracted before squaring: a signal of 1e-12 on top of a mean of 0.5 survives.
    """
    rows, units = output.shape
    total = 0.0
    squares = 0.0
    signal = 0.0
    for j in range(units):
        first = np.float64(output[0, j])
        shifted = 0.0
        shifted_squares = 0.0
        for i in range(rows):
            difference = np.float64(output[i, j]) - first
            shifted += difference
            shifted_squares += difference * difference
        mean = shifted / rows
        variance = shifted_squares / rows - mean * mean
        signal += math.sqrt(variance) if not variance < 0.0 else 0.0  # "not <" keeps NaN
        total += first + mean
        squares += variance + (first + mean) * (first + mean)
    mean = total / units
    variance = squares / units - mean * mean
    hist[at] = mean
    hist[at + 1] = math.sqrt(variance) if not variance < 0.0 else 0.0
    hist[at + 2] = signal / units


@helper
def share_below(mean_slopes, limit):
    """The share of units whose mean slope is under `limit`."""
    count = 0
    for j in range(mean_slopes.size):
        count += mean_slopes[j] < limit
    return count / mean_slopes.size
