"""The built-in sets, each from its settings and the seed to inputs and targets."""

from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from tui_nn.data.randomness import PURPOSE_DATA, generator
from tui_nn.scenario.spec.data import DigitsData, GateData, LinearData

DIGITS_ATTRIBUTION = (
    "Alpaydin, E. & Kaynak, C. (1998). Optical Recognition of Handwritten Digits. "
    "UCI Machine Learning Repository. https://doi.org/10.24432/C50P49, CC BY 4.0"
)

GATES = {"and": (0, 0, 0, 1), "nand": (1, 1, 1, 0), "or": (0, 1, 1, 1), "xor": (0, 1, 1, 0)}


@dataclass(frozen=True, slots=True)
class Samples:
    """All samples of a source before the split: x (n, d) float64; y as in Dataset."""

    x: np.ndarray
    y: np.ndarray
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...] = ()
    image_shape: tuple[int, int] | None = None
    attribution: str = ""


def gate(data: GateData, seed: int) -> Samples:
    """The corners (0,0), (0,1), (1,0), (1,1) over and over, with the gate's answer at the clean corner."""
    corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    x = np.tile(corners, (data.repeat, 1))
    if data.noise > 0.0:
        x += data.noise * generator(seed, PURPOSE_DATA).standard_normal(x.shape)
    y = np.tile(np.array(GATES[data.source], dtype=np.float64), data.repeat)[:, np.newaxis]
    return Samples(x, y, ("x1", "x2"), ("0", "1"))


def linear(data: LinearData, seed: int) -> Samples:
    """Evenly spaced x: the curvature of the loss, and so the largest lr, is the same for every seed."""
    x = np.linspace(data.low, data.high, data.samples)[:, np.newaxis]
    y = data.slope * x + data.intercept
    if data.noise > 0.0:
        y += data.noise * generator(seed, PURPOSE_DATA).standard_normal(y.shape)
    return Samples(x, y, ("x",))


def digits(data: DigitsData, seed: int) -> Samples:
    """Handwritten digits as 64 grey values from 0 to 1 (the file's 0..16 over 16), row by row.

    Source: digits.npz and digits.ATTRIBUTION.md beside this file.
    """
    with files("tui_nn.data").joinpath("digits.npz").open("rb") as file, np.load(file, allow_pickle=False) as archive:
        images, labels = archive["images"], archive["labels"]
    if data.samples < len(labels):
        chosen = np.sort(generator(seed, PURPOSE_DATA).permutation(len(labels))[: data.samples])
        images, labels = images[chosen], labels[chosen]
    return Samples(
        images.astype(np.float64) / 16.0,
        labels.astype(np.int64),
        tuple(f"pixel {row},{column}" for row in range(8) for column in range(8)),
        tuple("0123456789"),
        (8, 8),
        DIGITS_ATTRIBUTION,
    )
