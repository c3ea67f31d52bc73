"""Classes as curves in the plane, which no straight line parts: circles, moons, spirals.

Sample i is of class i mod classes, so every batch in order is balanced. Along its curve a class's points are evenly
spaced; only the noise is random.
"""

from __future__ import annotations

import math

from tui_nn.data.late import np
from tui_nn.data.randomness import PURPOSE_DATA, generator
from tui_nn.data.registry import Samples, source
from tui_nn.data.shape import DataShape
from tui_nn.scenario.spec.data import CirclesData, MoonsData, SpiralsData

PLANE = ("x1", "x2")


def pair_shape(data: CirclesData | MoonsData) -> DataShape:
    return DataShape("binary", data.samples, 2, 1)


def spirals_shape(data: SpiralsData) -> DataShape:
    if data.classes == 2:
        return DataShape("binary", data.samples, 2, 1)
    return DataShape("multiclass", data.samples, 2, data.classes)


@source("circles", shape=pair_shape)
def circles(data: CirclesData, seed: int) -> Samples:
    """Class 0 on the circle of radius 1, class 1 on that of radius `factor`, both around the origin."""
    label, step, count = ranks(data.samples, 2)
    radius, angle = np.where(label == 0, 1.0, data.factor), 2.0 * math.pi * step / count
    x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return Samples(scattered(x, data.noise, seed), yes_or_no(label), PLANE, ("outer", "inner"))


@source("moons", shape=pair_shape)
def moons(data: MoonsData, seed: int) -> Samples:
    """Two half circles of radius 1, hooked: class 0 the upper around (0, 0), class 1 the lower around (1, 1/2)."""
    label, step, count = ranks(data.samples, 2)
    angle, is_upper = math.pi * step / (count - 1), label == 0
    cos, sin = np.cos(angle), np.sin(angle)
    x = np.stack([np.where(is_upper, cos, 1.0 - cos), np.where(is_upper, sin, 0.5 - sin)], axis=1)
    return Samples(scattered(x, data.noise, seed), yes_or_no(label), PLANE, ("upper", "lower"))


@source("spirals", shape=spirals_shape)
def spirals(data: SpiralsData, seed: int) -> Samples:
    """Arm k: radius r and angle 2 pi (turns r + k / classes), r evenly spaced up to 1. Two arms are a yes-or-no task.

    r starts one step from 0: the centre belongs to all arms.
    """
    label, step, count = ranks(data.samples, data.classes)
    radius = (step + 1) / count
    angle = 2.0 * math.pi * (data.turns * radius + label / data.classes)
    x = scattered(np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), data.noise, seed)
    return Samples(x, yes_or_no(label) if data.classes == 2 else label, PLANE, tuple(map(str, range(data.classes))))


def ranks(n_samples: int, classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each sample its class, its number within the class from 0, and how many the class has: three (n,) int64."""
    index = np.arange(n_samples, dtype=np.int64)
    label = index % classes
    return label, index // classes, (n_samples - label + classes - 1) // classes


def scattered(x: np.ndarray, noise: float, seed: int) -> np.ndarray:
    return x + noise * generator(seed, PURPOSE_DATA).standard_normal(x.shape) if noise > 0.0 else x


def yes_or_no(label: np.ndarray) -> np.ndarray:
    """Class indices (n,) as the binary targets (n, 1) of 0.0 and 1.0."""
    return label.astype(np.float64)[:, np.newaxis]
