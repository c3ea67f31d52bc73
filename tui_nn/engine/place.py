"""A row of the network while its program is made: where it stands in memory, and which ops are its own."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

from tui_nn.engine.parts import Kind
from tui_nn.engine.program import Tensor
from tui_nn.scenario.spec.shape import Shape, positions


@dataclass
class Place:
    """A row of the network and where it stands in memory. `setting` is the offset of its own settings, -1 for none."""

    name: str
    kind: str
    part: Kind
    spec: Any
    index: int
    shape_in: Shape
    shape: Shape
    parameters: tuple[Tensor, ...] = ()
    buffers: tuple[Tensor, ...] = ()
    output: int = -1
    delta: int = -1
    scratch: int = -1
    setting: int = -1
    no_bias: int = -1  # zeros, for a layer that could have a bias and has none
    norm_scale: int = -1  # (units,) what max_norm multiplied each unit's weights by, to be looked at
    first_op: int = -1  # of the forward rows, if it has several
    forward_op: int = -1
    backward_op: int = -1
    delta_op: int = -1

    @property
    def n_in(self) -> int:
        return self.shape_in[-1]

    @property
    def units(self) -> int:
        return self.shape[-1]

    @property
    def positions(self) -> int:
        """Places of one sample at which a vector of units stands."""
        return positions(self.shape)

    @property
    def values(self) -> int:
        """Numbers of one sample."""
        return prod(self.shape)

    @property
    def kernel(self) -> str:
        """What the names of its kernels begin with."""
        return self.part.kernel or self.kind

    @property
    def skip(self) -> str | None:
        """Of a residual layer: the name of what it adds."""
        return self.spec.skip if self.kind == "residual" else None

    def cells(self) -> dict[str, int]:
        """What its forward, backward and evaluation rows have in common."""
        cells = {"n_in": self.n_in, "n_out": self.units, "index": self.index}
        cells["positions"] = 1 if self.part.by_sample else self.positions
        cells |= {key: getattr(self, key) for key in ("scratch", "setting") if getattr(self, key) >= 0}
        cells |= self.part.cells(self)
        if self.part.is_recurrent:  # its tensors stand side by side, and its kernels know in which order
            return cells | {"weight": self.parameters[0].offset}
        cells |= {tensor.role: tensor.offset for tensor in self.parameters}
        if self.no_bias >= 0:
            cells["bias"] = self.no_bias
        if self.buffers:
            cells["state"] = self.buffers[0].offset
        return cells
