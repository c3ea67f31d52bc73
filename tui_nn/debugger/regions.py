"""What the network answers over the plane of its inputs: decision regions, and the curve of a single input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tui_nn.data import Dataset
from tui_nn.debugger.evaluator import Evaluator

MARGIN = 0.08  # of the data's range, on each side


@dataclass(frozen=True)
class Answers:
    """The network's answers on a grid, x and y rising, in the inputs' raw units.

    Shapes: outputs (rows, columns, n_outputs); classes (rows, columns) or None for a regression; probabilities
            (rows, columns, n_classes) or None. With one input there is one row and y is (0,).
    """

    x: np.ndarray
    y: np.ndarray
    outputs: np.ndarray
    classes: np.ndarray | None
    probabilities: np.ndarray | None


def raw(dataset: Dataset, inputs: np.ndarray) -> np.ndarray:
    """Inputs in the units they came in."""
    return inputs * dataset.scale + dataset.mean


def span(values: np.ndarray) -> tuple[float, float]:
    """Their range and a margin around it; of a single value something around it."""
    low, high = float(values.min()), float(values.max())
    pad = MARGIN * (high - low) or abs(low) * MARGIN or 1.0
    return low - pad, high + pad


def answers(evaluator: Evaluator, state: np.ndarray, columns: int, rows: int) -> Answers:
    """On columns x rows points (columns alone for one input) over the training part. For one or two inputs."""
    dataset = evaluator.program.dataset
    points = raw(dataset, dataset.x_train)
    x = np.linspace(*span(points[:, 0]), columns)
    if dataset.n_features == 1:
        y, grid = np.empty(0), x[:, None]
        rows = 1
    else:
        y = np.linspace(*span(points[:, 1]), rows)
        across, up = np.meshgrid(x, y)
        grid = np.column_stack([across.ravel(), up.ravel()])
    evaluator.use(state)
    outputs = evaluator.outputs((grid - dataset.mean) / dataset.scale)
    classes, probabilities = evaluator.classes(outputs), evaluator.probabilities(outputs)
    shape = (rows, columns)
    return Answers(
        x,
        y,
        outputs.reshape(*shape, -1),
        None if classes is None else classes.reshape(shape),
        None if probabilities is None else probabilities.reshape(*shape, -1),
    )
