"""Classes as round clouds, in any number of features."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tui_nn.data.late import np
from tui_nn.data.randomness import PURPOSE_DATA, generator
from tui_nn.data.registry import Samples, source
from tui_nn.data.shape import DataShape
from tui_nn.data.sources.planar import ranks, yes_or_no
from tui_nn.scenario.errors import Fault
from tui_nn.scenario.spec.data import BlobsData

MAX_NUMBERS = 5_000_000  # samples x features: 40 MB, and as much again while they are split and scaled


def blobs_shape(data: BlobsData) -> DataShape:
    if data.classes == 2:
        return DataShape("binary", data.samples, data.features, 1)
    return DataShape("multiclass", data.samples, data.features, data.classes)


def blobs_faults(data: BlobsData) -> Iterator[Fault]:
    if data.classes > data.samples:
        yield Fault(
            ("data", "classes"),
            f"got {data.classes}; {data.samples} samples leave some without any: use at most {data.samples} classes",
        )
    if data.samples * data.features > MAX_NUMBERS:
        yield Fault(
            ("data", "features"),
            f"got {data.features:,}; with {data.samples:,} samples that is more than {MAX_NUMBERS:,} numbers: "
            f"use at most {MAX_NUMBERS // data.samples:,} features, or fewer samples",
        )


@source("blobs", shape=blobs_shape, faults=blobs_faults)
def blobs(data: BlobsData, seed: int) -> Samples:
    """Normal clouds of standard deviation `std` around centres at the distance `spread` from the origin.

    Sample i is of class i mod classes. Two classes are a yes-or-no task.
    """
    random = generator(seed, PURPOSE_DATA)
    middle = centers(data.classes, data.features, data.spread, random)
    label = ranks(data.samples, data.classes)[0]
    x = middle[label] + data.std * random.standard_normal((data.samples, data.features))
    names = tuple(f"x{k + 1}" for k in range(data.features))
    return Samples(x, yes_or_no(label) if data.classes == 2 else label, names, tuple(map(str, range(data.classes))))


def centers(classes: int, features: int, spread: float, random: np.random.Generator) -> np.ndarray:
    """The middle of each class (classes, features), at most `spread` from the origin.

    One feature: evenly on the line from -spread to spread. Two: evenly around a circle, class 0 at (spread, 0). More:
    at random on the sphere, where any two directions are the more likely to be square to each other the more there are.
    """
    if features == 1:
        return np.linspace(-spread, spread, classes)[:, np.newaxis]
    if features == 2:
        angle = 2.0 * math.pi * np.arange(classes) / classes
        return spread * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    draws = random.standard_normal((classes, features))
    return spread * draws / np.linalg.norm(draws, axis=1, keepdims=True)
