"""[[layers]]: the network, from input to output."""

from math import prod
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tui_nn.scenario.spec.base import MAX_UNITS
from tui_nn.scenario.spec.init import Initialized, Trainable
from tui_nn.scenario.spec.layer import LayerSpec
from tui_nn.scenario.spec.recurrent import EmbeddingLayer, GruLayer, LstmLayer, RnnLayer
from tui_nn.scenario.spec.regularizers import Regularized
from tui_nn.scenario.spec.shape import Shape
from tui_nn.scenario.spec.windows import AvgPoolLayer, Conv1dLayer, Conv2dLayer, GlobalAvgPoolLayer, MaxPoolLayer


class DenseLayer(LayerSpec, Initialized, Regularized):
    """A fully connected layer: out = x @ weight.T + bias, then the activation. Of a sequence: at each time step."""

    type: Literal["dense"]
    """Kind of layer."""
    units: Annotated[int, Field(ge=1, le=MAX_UNITS)]
    """How many outputs."""
    bias: bool = True
    """Whether a bias is added. Before "batch_norm" it does nothing, because the mean is taken off: leave it out."""

    def shape_out(self, shape: Shape) -> Shape:
        return (*shape[:-1], self.units)

    def parameter_shapes(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        return {"weight": (self.units, shape[-1])} | ({"bias": (self.units,)} if self.bias else {})

    def fan(self, role: str, shape: Shape) -> tuple[int, int]:
        return shape[-1], self.units


class DropoutLayer(LayerSpec):
    """Switches units off at random in training, and scales the others so that the mean stays (Srivastava et al. 2014)."""

    type: Literal["dropout"]
    """Kind of layer."""
    rate: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.5
    """Share of the units that are switched off, drawn anew for every sample and iteration."""

    def kept_values(self, shape: Shape) -> int:
        return prod(shape)


class NormLayer(LayerSpec, Trainable):
    """What both kinds of normalisation have: a weight (gamma, from 1) and a bias (beta, from 0) for each unit."""

    eps: Annotated[float, Field(ge=0.0, le=1.0)] = 1e-5
    """Added to the variance before the root is taken, or a unit that never changes would be 0 / 0."""

    def parameter_shapes(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        return {"weight": shape[-1:], "bias": shape[-1:]}

    def kept_values(self, shape: Shape) -> int:
        return prod(shape)


class BatchNormLayer(NormLayer):
    """Each unit to mean 0 and variance 1 over the batch, then weight and bias (Ioffe & Szegedy 2015).

    Of a sequence or an image each channel, over the batch and all places. Evaluation takes running statistics instead, which training keeps up to date.
    """

    type: Literal["batch_norm"]
    """Kind of layer."""
    momentum: Annotated[float, Field(ge=0.0, le=1.0)] = 0.1
    """Share of each new batch in the running statistics: running = (1 - momentum) running + momentum batch."""

    def buffer_shapes(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        return {"running_mean": shape[-1:], "running_var": shape[-1:]}


class LayerNormLayer(NormLayer):
    """Each sample to mean 0 and variance 1 over its units, then weight and bias (Ba et al. 2016)."""

    type: Literal["layer_norm"]
    """Kind of layer."""


class ResidualLayer(LayerSpec):
    """Adds the output of an earlier layer: out = x + skip (He et al. 2016)."""

    type: Literal["residual"]
    """Kind of layer."""
    skip: Annotated[str, Field(min_length=1, max_length=60)]
    """Name of the earlier layer, like "relu_1"; or "input". It has as many units as what it is added to."""


class FlattenLayer(LayerSpec):
    """All numbers of a sample side by side. Nothing is computed or moved, so the program has no row for it."""

    has_row: ClassVar[bool] = False
    type: Literal["flatten"]
    """Kind of layer."""

    def shape_out(self, shape: Shape) -> Shape:
        return (prod(shape),)


Layer = Annotated[
    DenseLayer
    | Conv1dLayer
    | Conv2dLayer
    | MaxPoolLayer
    | AvgPoolLayer
    | GlobalAvgPoolLayer
    | DropoutLayer
    | BatchNormLayer
    | LayerNormLayer
    | ResidualLayer
    | FlattenLayer
    | RnnLayer
    | LstmLayer
    | GruLayer
    | EmbeddingLayer,
    Field(discriminator="type"),
]
