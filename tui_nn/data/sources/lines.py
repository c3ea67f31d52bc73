"""One number from one number: points along a line, with or without outliers, and height to weight."""

from __future__ import annotations

from collections.abc import Iterator

from tui_nn.data.late import np
from tui_nn.data.randomness import PURPOSE_DATA, generator
from tui_nn.data.registry import Samples, source
from tui_nn.data.shape import DataShape
from tui_nn.scenario.errors import Fault
from tui_nn.scenario.spec.data import HeightWeightData, LinearData


def line_shape(data: LinearData | HeightWeightData) -> DataShape:
    return DataShape("regression", data.samples, 1, 1)


def linear_faults(data: LinearData) -> Iterator[Fault]:
    if data.low >= data.high:
        yield Fault(("data", "low"), f"got {data.low:g}; low must be less than high, which is {data.high:g}")
    if data.outliers >= data.samples:
        yield Fault(
            ("data", "outliers"),
            f"got {data.outliers}; there are {data.samples} samples, and at least one must stay on the line: "
            f"use at most {data.samples - 1}",
        )
    if data.outliers == 0 and "outlier_shift" in data.model_fields_set:
        message = "outlier_shift has no effect with outliers = 0; set outliers = 1 or remove outlier_shift"
        yield Fault(("data", "outlier_shift"), message, "key")


@source("linear", shape=line_shape, faults=linear_faults)
def linear(data: LinearData, seed: int) -> Samples:
    """Evenly spaced x: the curvature of the loss, and so the largest lr, is the same for every seed.

    The last `outliers` points are lifted by `outlier_shift`. They stand at the largest x, where the lever is longest:
    without noise the least-squares slope moves by outlier_shift * sum_outliers(x - mean) / sum((x - mean)^2), while the
    line of least absolute deviations stays on the other points, as long as they are enough (one of 5 or more).
    """
    x = np.linspace(data.low, data.high, data.samples)[:, np.newaxis]
    y = data.slope * x + data.intercept
    if data.noise > 0.0:
        y += data.noise * generator(seed, PURPOSE_DATA).standard_normal(y.shape)
    if data.outliers:
        y[-data.outliers :] += data.outlier_shift
    return Samples(x, y, ("x",), target_names=("y",))


@source("height_weight", shape=line_shape)
def height_weight(data: HeightWeightData, seed: int) -> Samples:
    """Weights of adults in kg from their heights in cm, by a stated model, not by measurement.

    Heights are normal draws, shifted and scaled so that all of them together have the asked mean and standard
    deviation exactly. So the curvature of the loss is the same for every seed, as long as nothing is held out.
    """
    random = generator(seed, PURPOSE_DATA)
    heights = random.standard_normal((data.samples, 1))
    heights = (heights - heights.mean()) / heights.std() * data.height_std + data.height_mean
    weights = data.slope * heights + data.intercept
    if data.noise > 0.0:
        weights += data.noise * random.standard_normal(weights.shape)
    return Samples(heights, weights, ("height (cm)",), target_names=("weight (kg)",))
