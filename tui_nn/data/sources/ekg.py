"""Signals like an EKG, healthy and sick, by a stated model: five Gaussian waves a beat."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tui_nn.data.late import np
from tui_nn.data.randomness import PURPOSE_DATA, generator
from tui_nn.data.registry import Samples, source
from tui_nn.data.shape import DataShape
from tui_nn.data.sources.planar import ranks, yes_or_no
from tui_nn.data.sources.sequences import too_many_numbers
from tui_nn.scenario.errors import Fault
from tui_nn.scenario.spec.sequence_data import EkgData

# (angle in radians, height, width in radians). A beat is a turn of 2 pi, its R wave at 0.
P, Q, R, S, T = (-math.pi / 3, 0.25, 0.25), (-math.pi / 12, -1 / 6, 0.1), (0.0, 1.0, 0.1), (math.pi / 12, -0.25, 0.1), (math.pi / 2, 0.4, 0.4)  # fmt: skip
ST = (math.pi / 4, 0.3, 0.35)  # what ST elevation adds: it fills the gap between S and T

LEAST_RATE, LEAST_INTERVAL = 0.5, 0.4  # in units of the mean: rarer draws are cut off here and as far above
REGULAR, IRREGULAR = 0.02, 0.2  # standard deviation of the interval between two beats, in units of its mean


def ekg_shape(data: EkgData) -> DataShape:
    return DataShape("binary", data.samples, data.length, 1, form=(data.length, 1))


def ekg_faults(data: EkgData) -> Iterator[Fault]:
    yield from too_many_numbers(data.samples, data.length, "length", "time steps")


@source("ekg", shape=ekg_shape, faults=ekg_faults)
def ekg(data: EkgData, seed: int) -> Samples:
    """signal(t) = gain * (waves at the angle(t) + wander(t)) + noise: (n, length). Sample i is sick if i is odd.

    The angle turns by 2 pi from one R wave to the next. A wave is height * exp(-d^2 / (2 width^2)), d the angle's distance
    from the wave's own.
    Sick, at severity s: "st_elevation" adds s * 0.3 between S and T; "t_inversion" makes T's height (1 - 2 s) of what
    it was; "fibrillation" takes the share s off the P wave, and spreads the intervals between beats up to a fifth.
    Source: McSharry, Clifford, Tarassenko & Smith (2003), table I. Their height a and width b shape the slope of the
    signal, a * d * exp(-d^2 / (2 b^2)), so a wave is a * b^2 high; here in units of the R wave, without the pull to the
    baseline. The sick ones are our own simplification of what is seen on real EKGs; nothing here is for diagnosis.
    """
    random = generator(seed, PURPOSE_DATA)
    label = ranks(data.samples, 2)[0]
    share = data.severity * label  # (n,): how sick each signal is
    angle = angles(data, share, random)
    gain = np.maximum(1.0 + data.gain_spread * random.standard_normal((data.samples, 1)), 0.1)
    x = gain * (waves(angle, data.sickness, share[:, np.newaxis]) + slow_wave(data, random))
    x += data.noise * random.standard_normal(x.shape)
    names = tuple(f"t{step}" for step in range(data.length))
    return Samples(x, yes_or_no(label), names, ("healthy", "sick"))


def angles(data: EkgData, share: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The angle at every time step (n, length), 2 pi * k at the k-th R wave; between two of them it grows evenly.

    share: (n,) how sick each signal is.
    """
    more = IRREGULAR - REGULAR if data.sickness == "fibrillation" else 0.0
    spread = REGULAR + share[:, np.newaxis] * more
    n, most = data.samples, 2.0 - LEAST_INTERVAL
    rate = np.clip(1.0 + data.rate_spread * random.standard_normal((n, 1)), LEAST_RATE, 2.0 - LEAST_RATE)
    n_intervals = math.ceil(data.beats * (2.0 - LEAST_RATE) / LEAST_INTERVAL) + 1  # enough even if all are the shortest
    factors = 1.0 + spread * random.standard_normal((n, n_intervals))
    interval = data.length / (data.beats * rate) * np.clip(factors, LEAST_INTERVAL, most)
    end = np.cumsum(interval, axis=1) - random.random((n, 1)) * interval[:, :1]  # the signal begins within the first
    time, turns = np.arange(data.length, dtype=np.float64), np.zeros((n, data.length))
    for k in range(n_intervals):
        left = (end[:, k : k + 1] - time) / interval[:, k : k + 1]
        turns += 1.0 - np.clip(left, 0.0, 1.0)
    return 2.0 * math.pi * turns


def waves(angle: np.ndarray, sickness: str, share: np.ndarray | float) -> np.ndarray:
    """Height of the heart's signal at each angle, in units of the R wave; `share` is how sick, from 0 to 1."""
    p = 1.0 - share if sickness == "fibrillation" else 1.0
    t = 1.0 - 2.0 * share if sickness == "t_inversion" else 1.0
    st = share if sickness == "st_elevation" else 0.0
    factors = ((P, p), (Q, 1.0), (R, 1.0), (S, 1.0), (T, t), (ST, st))
    return sum((factor * wave(angle, *place) for place, factor in factors), np.zeros_like(angle))


def wave(angle: np.ndarray, center: float, height: float, width: float) -> np.ndarray:
    distance = np.remainder(angle - center + math.pi, 2.0 * math.pi) - math.pi  # on the circle: -pi up to pi
    return height * np.exp(-0.5 * (distance / width) ** 2)


def slow_wave(data: EkgData, random: np.random.Generator) -> np.ndarray:
    """At most one turn a signal: a sine of random height, length and phase (n, length)."""
    size = (data.samples, 1)
    height = math.sqrt(2.0) * data.wander * random.standard_normal(size)  # a sine of height h deviates by h / sqrt(2)
    turns, phase = random.random(size), random.random(size)
    return height * np.sin(2.0 * math.pi * (turns * np.arange(data.length) / data.length + phase))
