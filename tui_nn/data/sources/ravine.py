"""A linear regression whose loss surface is a ravine of exactly the shape that is asked for."""

from __future__ import annotations

import math

from tui_nn.data.late import np
from tui_nn.data.randomness import PURPOSE_DATA, generator
from tui_nn.data.registry import Samples, source
from tui_nn.data.shape import DataShape
from tui_nn.scenario.spec.data import RavineData


def ravine_shape(data: RavineData) -> DataShape:
    return DataShape("regression", data.samples, 2, 1)


@source("ravine", shape=ravine_shape)
def ravine(data: RavineData, seed: int) -> Samples:
    """Points evenly around an ellipse; y = w1 x1 + w2 x2 + noise.

    Sums over equal steps of a circle are exact: with k = condition the columns have mean squares k^(1/2) and k^(-1/2),
    mean 0 and product sum 0. So the full batch's MSE has the Hessian (2/n) X^T X = diag(2 k^(1/2), 2 k^(-1/2)) in the
    two weights, and a bias joins it uncoupled, with curvature 2: the geometric mean of the two. It therefore changes
    neither the largest lr, 2 / (2 k^(1/2)), nor the condition, and without noise its best value is 0, where it starts.
    Turning the ellipse by `angle` turns the ravine in the plane of the weights and leaves its eigenvalues alone.
    Only the whole set has this shape: a part of it (validation, test, a mini-batch) has it nearly, `standardize` undoes it.
    """
    step = 2.0 * math.pi * (np.arange(data.samples) + 0.5) / data.samples
    wide = data.condition**0.25
    along, across = math.sqrt(2.0) * wide * np.cos(step), math.sqrt(2.0) / wide * np.sin(step)
    cos, sin = math.cos(math.radians(data.angle)), math.sin(math.radians(data.angle))
    x = np.stack([cos * along - sin * across, sin * along + cos * across], axis=1)
    y = x @ np.array([[data.w1], [data.w2]])
    if data.noise > 0.0:
        y += data.noise * generator(seed, PURPOSE_DATA).standard_normal(y.shape)
    return Samples(x, y, ("x1", "x2"), target_names=("y",))
