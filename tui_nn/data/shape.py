"""What a source will give, known without making it: the checks of a scenario need no more than this."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tui_nn.scenario.spec.data import Data
    from tui_nn.scenario.spec.shape import Shape

Task = Literal["regression", "binary", "multiclass"]


@dataclass(frozen=True, slots=True)
class DataShape:
    """Task, number of samples before the split, features, and outputs (targets | 1 | classes).

    validation, test: shares of the samples held out, as the scenario asks for them.
    form: how the features of a sample lie, as the network sees them: (n_features,), (steps, features) or
    (height, width, channels). A source leaves it () where they are flat.
    n_steps: time steps of which each has a target of its own; 0 where a sample has one.
    """

    task: Task
    n_samples: int
    n_features: int
    n_outputs: int
    validation: float = 0.0
    test: float = 0.0
    form: Shape = ()
    n_steps: int = 0

    @property
    def n_val(self) -> int:
        """Samples held out for validation; at least one if any share was asked for."""
        return held_out(self.n_samples, self.validation)

    @property
    def n_test(self) -> int:
        """Samples held out as the test set; at least one if any share was asked for."""
        return held_out(self.n_samples, self.test)

    @property
    def n_train(self) -> int:
        """What is left to train on. Below 1 if too much was held out, which no valid scenario does."""
        return self.n_samples - self.n_val - self.n_test


def held_out(n_samples: int, share: float) -> int:
    return 0 if share == 0.0 else max(1, round(n_samples * share))


def data_shape(data: Data) -> DataShape:
    """The shape of what `load_data` will load."""
    from tui_nn.data.registry import source_of

    shape = source_of(data).shape(data)
    form = shape.form or (shape.n_features,)
    if data.shape is not None and prod(data.shape) == shape.n_features:
        form = data.shape
    return replace(shape, validation=data.validation, test=data.test, form=form)
