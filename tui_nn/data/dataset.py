"""From a scenario to training, validation and test arrays: make the samples, split them, scale them."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from tui_nn.data.randomness import PURPOSE_SPLIT, generator
from tui_nn.data.registry import source_of
from tui_nn.data.shape import Task, data_shape
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.spec.shape import Shape


@dataclass(frozen=True, eq=False)
class Dataset:
    """Everything a run reads. All arrays float64, C order and read-only, except class indices, which are int64.

    Shapes: x_train (n, n_features), x_val and x_test likewise (n may be 0; without a test set they need not be given).
            y_*: regression (n, n_outputs); binary (n, 1) of 0.0 and 1.0; multiclass (n,) class index from 0.
            mean, scale (n_features,): inputs were (raw - mean) / scale; 0 and 1 if not standardised.
    form: how the features of a sample lie, as the network sees them; (n_features,) if not given.
    n_steps: 0; of a sequence with a target at each of its steps their number: then y_* have an axis more, (n, n_steps, ...).
    n_outputs: targets of a regression, 1 for binary, else classes.
    target_names: of a regression's targets, with their units; class_names: of the classes, also of the two of a binary task.
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
    x_test: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    y_test: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    target_names: tuple[str, ...] = ()
    form: Shape = ()
    n_steps: int = 0

    def __post_init__(self) -> None:
        if not self.form:
            object.__setattr__(self, "form", (self.n_features,))
        if not len(self.x_test):  # an empty part has the columns and the type of the others
            object.__setattr__(self, "x_test", self.x_train[:0])
            object.__setattr__(self, "y_test", self.y_train[:0])


class Split(NamedTuple):
    """Which samples are for what: three arrays of indices, each in the source's order."""

    train: np.ndarray
    val: np.ndarray
    test: np.ndarray


def load_data(scenario: Scenario) -> Dataset:
    """The data of a scenario: a pure function of its `data` table and its seed."""
    data, seed = scenario.data, scenario.seed
    samples = source_of(data).make(data, seed)
    shape = data_shape(data)
    train, val, test = split(shape.n_samples, shape.n_val, shape.n_test, seed)
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
        x_test=_frozen((samples.x[test] - mean) / scale),
        y_test=_frozen(samples.y[test]),
        image_shape=samples.image_shape,
        feature_names=samples.feature_names,
        class_names=samples.class_names,
        target_names=samples.target_names,
        attribution=samples.attribution,
        mean=_frozen(mean),
        scale=_frozen(scale),
        form=shape.form,
        n_steps=shape.n_steps,
    )


def split(n_samples: int, n_val: int, n_test: int, seed: int) -> Split:
    """Draw the parts by the seed. Which samples are the test set does not depend on how many are for validation."""
    order = generator(seed, PURPOSE_SPLIT).permutation(n_samples)
    end = n_samples - n_test
    return Split(np.sort(order[n_val:end]), np.sort(order[:n_val]), np.sort(order[end:]))


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
