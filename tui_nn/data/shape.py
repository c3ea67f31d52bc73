"""What a source will give, known without making it: the checks of a scenario need no more than this."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tui_nn.scenario.spec.data import Data

Task = Literal["regression", "binary", "multiclass"]


@dataclass(frozen=True, slots=True)
class DataShape:
    """Task, number of samples before the split, features, and outputs (targets | 1 | classes).

    validation, test: shares of the samples held out, as the scenario asks for them.
    """

    task: Task
    n_samples: int
    n_features: int
    n_outputs: int
    validation: float = 0.0
    test: float = 0.0

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

    return replace(source_of(data).shape(data), validation=data.validation, test=data.test)
