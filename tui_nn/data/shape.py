"""What a source will give, known without making it: the checks of a scenario need no more than this."""

from dataclasses import dataclass
from typing import Literal

from tui_nn.scenario.spec.data import DataSpec, DigitsData, LinearData

Task = Literal["regression", "binary", "multiclass"]


@dataclass(frozen=True, slots=True)
class DataShape:
    """Task, number of samples before the split, features, and outputs (targets | 1 | classes)."""

    task: Task
    n_samples: int
    n_features: int
    n_outputs: int
    validation: float

    @property
    def n_val(self) -> int:
        """Samples held out; at least one if any share was asked for."""
        if self.validation == 0.0:
            return 0
        return max(1, round(self.n_samples * self.validation))

    @property
    def n_train(self) -> int:
        return self.n_samples - self.n_val


def data_shape(data: DataSpec) -> DataShape:
    """The shape of what `load_data` will load."""
    if isinstance(data, DigitsData):
        return DataShape("multiclass", data.samples, 64, 10, data.validation)
    if isinstance(data, LinearData):
        return DataShape("regression", data.samples, 1, 1, data.validation)
    return DataShape("binary", 4 * data.repeat, 2, 1, data.validation)  # type: ignore[attr-defined]
