"""Long series of numbers, cut down to what a screen can show: extremes a column, places that are not finite, averages.

Pure NumPy, without loops over the points; a million of them take a millisecond or two.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

BLOCK = 32  # points of the running average taken in one matrix product; the carries between blocks are again such a sum


class Kept(NamedTuple):
    """What a chart needs of a series. Places are indices, ascending.

    peaks: of the smallest and the largest value of each column. odd: of values that are NaN or infinite: all of few
    points, of many the first in each column. n_left_out: how many values of 0 or less a logarithmic axis cannot show.
    """

    peaks: np.ndarray
    odd: np.ndarray
    n_left_out: int


def survey(y: np.ndarray, columns: int, *, positive: bool = False) -> Kept:
    """Cut (n,) values into at most `columns` stretches of equal length and keep each one's extremes: at most 2 x columns.

    positive: only values above 0 count, as on a logarithmic axis. Few points are all kept.
    """
    is_long = y.size > 2 * columns
    if is_long:
        low, high = _by_stretch(y, columns, np.argmin), _by_stretch(y, columns, np.argmax)
        # Both find a NaN if there is one, and infinities are extremes: these few tell of all.
        if np.isfinite(y[low]).all() and np.isfinite(y[high]).all() and not (positive and (y[low] <= 0).any()):
            return Kept(np.unique(np.concatenate([low, high])), np.empty(0, dtype=int), 0)
    finite = np.isfinite(y)
    drawn = finite & (y > 0) if positive else finite
    n_left_out = int(np.count_nonzero(y <= 0)) if positive else 0
    if not is_long:
        return Kept(np.flatnonzero(drawn), np.flatnonzero(~finite), n_left_out)
    low = _by_stretch(np.where(drawn, y, np.inf), columns, np.argmin)
    high = _by_stretch(np.where(drawn, y, -np.inf), columns, np.argmax)
    places, odd = np.unique(np.concatenate([low, high])), _by_stretch(~finite, columns, np.argmax)
    return Kept(
        places[drawn[places]], odd[~finite[odd]], n_left_out
    )  # a stretch with none answers with its first place


def _by_stretch(y: np.ndarray, columns: int, choose) -> np.ndarray:
    """The place that `choose` (an argmin or argmax) names in each of at most `columns` stretches of equal length."""
    length = -(-y.size // columns)
    whole = y.size // length
    places = choose(y[: whole * length].reshape(whole, length), axis=1) + np.arange(whole) * length
    rest = y[whole * length :]
    return np.append(places, whole * length + int(choose(rest))) if rest.size else places


def moving_average(y: np.ndarray, over: int, before: tuple[float, float] = (0.0, 0.0)) -> tuple[np.ndarray, tuple]:
    """The debiased exponential moving average of y over about `over` points, and the state to go on from.

        s_k = b s_{k-1} + (1 - b) y_k,    w_k = b w_{k-1} + (1 - b),    average_k = s_k / w_k,    b = 1 - 1/over

    From s = w = 0 that is s_k / (1 - b^k): Adam's bias correction. A value that is NaN or infinite adds nothing to s nor
    to w; before the first finite value the average is NaN.
    Shapes: y is (n,), the average (n,) float64. before: (s, w) after the points that came earlier.
    Source: Kingma & Ba (2015), section 3; Hunter (1986), "The exponentially weighted moving average".
    """
    keep = 1.0 - 1.0 / over
    finite = np.isfinite(y)
    values = np.asarray(y, dtype=np.float64)
    if finite.all():
        weight = 1.0 - (1.0 - before[1]) * keep ** np.arange(1, y.size + 1)
    else:
        values = np.where(finite, values, 0.0)
        weight = _fading_sum(finite * (1.0 - keep), keep, before[1])
    total = _fading_sum(values * (1.0 - keep), keep, before[0])
    with np.errstate(invalid="ignore", divide="ignore"):
        average = total / weight
    return average, ((float(total[-1]), float(weight[-1])) if y.size else before)


def _fading_sum(x: np.ndarray, keep: float, before: float) -> np.ndarray:
    """s_k = keep s_{k-1} + x_k from s = before. Shapes: (n,) float64 to (n,).

    Within a block a product with the lower triangle of powers of `keep`; from block to block the same sum of the
    blocks' ends, with keep^BLOCK. A loop over the points would take a second for a million of them, this takes 5 ms.
    """
    exponents = np.arange(1, BLOCK + 1)
    if x.size <= BLOCK:
        powers = keep ** exponents[: x.size]
        return _triangle(keep, x.size) @ x + before * powers
    blocks = -(-x.size // BLOCK)
    if blocks * BLOCK != x.size:
        x, n = np.concatenate([x, np.zeros(blocks * BLOCK - x.size)]), x.size
    else:
        n = x.size
    inner = x.reshape(blocks, BLOCK) @ _triangle(keep, BLOCK).T
    ends = _fading_sum(inner[:, -1].copy(), keep**BLOCK, before)
    carried = np.concatenate([[before], ends[:-1]])
    inner += carried[:, None] * keep**exponents
    return inner.reshape(-1)[:n]


def _triangle(keep: float, n: int) -> np.ndarray:
    """(n, n): keep^(row - column) on and below the diagonal."""
    steps = np.arange(n)[:, None] - np.arange(n)
    return np.where(steps >= 0, keep ** np.maximum(steps, 0), 0.0)
