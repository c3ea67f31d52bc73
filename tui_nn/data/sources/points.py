"""Points that the scenario writes out itself."""

from __future__ import annotations

from collections.abc import Iterator

from tui_nn.data.late import np
from tui_nn.data.randomness import PURPOSE_DATA, generator
from tui_nn.data.registry import Samples, source
from tui_nn.data.shape import DataShape
from tui_nn.scenario.errors import Fault
from tui_nn.scenario.spec.data import PointsData


def points_shape(data: PointsData) -> DataShape:
    return DataShape(data.task, len(data.x), len(data.x[0]), 1)


def points_faults(data: PointsData) -> Iterator[Fault]:
    if len(data.y) != len(data.x):
        message = f"y has {len(data.y):,} numbers, x has {len(data.x):,} rows; give each point one answer"
        yield Fault(("data", "y"), message)
    if data.task == "binary" and (other := next((y for y in data.y if y not in (0.0, 1.0)), None)) is not None:
        yield Fault(("data", "y"), f'got {other:g}; with task = "binary" an answer is 0 or 1')


@source("points", shape=points_shape, faults=points_faults)
def points(data: PointsData, seed: int) -> Samples:
    """As they stand in the file, in their order; only the noise is random."""
    x = np.array(data.x, dtype=np.float64)
    if data.noise > 0.0:
        x += data.noise * generator(seed, PURPOSE_DATA).standard_normal(x.shape)
    y = np.array(data.y, dtype=np.float64)[:, np.newaxis]
    names = tuple(f"x{k + 1}" for k in range(x.shape[1]))
    if data.task == "binary":
        return Samples(x, y, names, ("0", "1"))
    return Samples(x, y, names, target_names=("y",))
