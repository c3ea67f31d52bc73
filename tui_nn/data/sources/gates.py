"""Logic gates: the four corners of the unit square and one bit for each."""

from __future__ import annotations

from tui_nn.data.late import np
from tui_nn.data.randomness import PURPOSE_DATA, generator
from tui_nn.data.registry import Samples, source
from tui_nn.data.shape import DataShape
from tui_nn.scenario.spec.data import GateData

GATES = {"and": (0, 0, 0, 1), "nand": (1, 1, 1, 0), "or": (0, 1, 1, 1), "xor": (0, 1, 1, 0)}


def gate_shape(data: GateData) -> DataShape:
    return DataShape("binary", 4 * data.repeat, 2, 1)


@source(*GATES, shape=gate_shape)
def gate(data: GateData, seed: int) -> Samples:
    """The corners (0,0), (0,1), (1,0), (1,1) over and over, with the gate's answer at the clean corner."""
    corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    x = np.tile(corners, (data.repeat, 1))
    if data.noise > 0.0:
        x += data.noise * generator(seed, PURPOSE_DATA).standard_normal(x.shape)
    y = np.tile(np.array(GATES[data.source], dtype=np.float64), data.repeat)[:, np.newaxis]
    return Samples(x, y, ("x1", "x2"), ("0", "1"))
