"""From a scenario to training and validation arrays: make the samples, split them, scale them."""

from dataclasses import dataclass

import numpy as np

from tui_nn.data import sources
from tui_nn.data.randomness import PURPOSE_SPLIT, generator
from tui_nn.data.shape import Task, data_shape
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.spec.data import DigitsData, GateData


@dataclass(frozen=True, eq=False)
class Dataset:
    """Everything a run reads. All arrays float64, C order and read-only, except class indices, which are int64.

    Shapes: x_train (n, n_features), x_val likewise (n may be 0).
            y_*: regression (n, n_outputs); binary (n, 1) of 0.0 and 1.0; multiclass (n,) class index from 0.
            mean, scale (n_features,): inputs were (raw - mean) / scale; 0 and 1 if not standardised.
    n_outputs: targets of a regression, 1 for binary, else classes.
    """

    name: str
    task: Task
    n_features: int
    n_outputs: int
    x_train: np.ndarray
    y_train: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray
    image_shape: tuple[int, int] | None
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]
    attribution: str
    mean: np.ndarray
    scale: np.ndarray


def load_data(scenario: Scenario) -> Dataset:
    """The data of a scenario: a pure function of its `data` table and its seed."""
    data, seed = scenario.data, scenario.seed
    if isinstance(data, GateData):
        samples = sources.gate(data, seed)
    elif isinstance(data, DigitsData):
        samples = sources.digits(data, seed)
    else:
        samples = sources.linear(data, seed)

    shape = data_shape(data)
    train, val = split(shape.n_samples, shape.n_val, seed)
    mean, scale = fit_scale(samples.x[train]) if data.standardize else identity_scale(shape.n_features)
    return Dataset(
        name=data.source,
        task=shape.task,
        n_features=shape.n_features,
        n_outputs=shape.n_outputs,
        x_train=_frozen((samples.x[train] - mean) / scale),
        y_train=_frozen(samples.y[train]),
        x_val=_frozen((samples.x[val] - mean) / scale),
        y_val=_frozen(samples.y[val]),
        image_shape=samples.image_shape,
        feature_names=samples.feature_names,
        class_names=samples.class_names,
        attribution=samples.attribution,
        mean=_frozen(mean),
        scale=_frozen(scale),
    )


def split(n_samples: int, n_val: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the training and of the validation samples, drawn by the seed, each in the source's order."""
    order = generator(seed, PURPOSE_SPLIT).permutation(n_samples)
    return np.sort(order[n_val:]), np.sort(order[:n_val])


def fit_scale(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each feature of x (n, d): two (d,). A feature that never changes gets scale 1."""
    scale = x.std(axis=0)
    # max == min, not std == 0: the rounded mean of equal numbers can miss them and leave a std of 1e-17 to divide by.
    return x.mean(axis=0), np.where((x.max(axis=0) == x.min(axis=0)) | (scale == 0.0), 1.0, scale)


def identity_scale(n_features: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(n_features), np.ones(n_features)


def _frozen(array: np.ndarray) -> np.ndarray:
    array = np.array(array, order="C")
    array.flags.writeable = False
    return array
