"""[[layers]]: the network, from input to output."""

from typing import Annotated, Literal

from pydantic import Field

from tui_nn.scenario.spec.base import MAX_UNITS, Model
from tui_nn.scenario.spec.init import Initialized
from tui_nn.scenario.spec.regularizers import Regularized

ActivationName = Literal[
    "linear", "sigmoid", "tanh", "relu", "softmax", "step", "leaky_relu", "elu", "selu", "gelu", "softplus", "swish"
]
# Which activation each option speaks to; with any other it would do nothing.
ACTIVATION_KEYS = {"negative_slope": "leaky_relu", "alpha": "elu", "approximate": "gelu"}


class LayerSpec(Model):
    """What every layer has. The methods are the layer's shape rule."""

    activation: ActivationName = "linear"
    """Function applied to the outputs. Cross-entropy losses take logits: leave the last layer "linear"."""
    negative_slope: Annotated[float, Field(gt=0.0, le=1.0)] = 0.01
    """Slope of activation = "leaky_relu" where z < 0."""
    alpha: Annotated[float, Field(gt=0.0, le=1e6)] = 1.0
    """Of activation = "elu", which falls to -alpha."""
    approximate: Literal["none", "tanh"] = "none"
    """Form of activation = "gelu": the normal distribution itself, or its approximation by tanh."""
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")] | None = None
    """Name in panels and expressions; dense_1, dense_2, ... if left out."""

    def n_out(self, n_in: int) -> int:
        """Outputs per sample, given the inputs."""
        return n_in

    def parameter_shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        """What the optimizer moves, in the order in which it stands in memory: "weight", then "bias"."""
        return {}

    def buffer_shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        """What is part of the state but moved by the layer itself, like running statistics."""
        return {}


class DenseLayer(LayerSpec, Initialized, Regularized):
    """A fully connected layer: out = x @ weight.T + bias, then the activation."""

    type: Literal["dense"]
    """Kind of layer."""
    units: Annotated[int, Field(ge=1, le=MAX_UNITS)]
    """How many outputs."""
    bias: bool = True
    """Whether a bias is added. Before "batch_norm" it does nothing, because the mean is taken off: leave it out."""

    def n_out(self, n_in: int) -> int:
        return self.units

    def parameter_shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        return {"weight": (self.units, n_in)} | ({"bias": (self.units,)} if self.bias else {})


class DropoutLayer(LayerSpec):
    """Switches units off at random in training, and scales the others so that the mean stays (Srivastava et al. 2014)."""

    type: Literal["dropout"]
    """Kind of layer."""
    rate: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.5
    """Share of the units that are switched off, drawn anew for every sample and iteration."""


class NormLayer(LayerSpec):
    """What both kinds of normalisation have: a weight (gamma, from 1) and a bias (beta, from 0) for each unit."""

    eps: Annotated[float, Field(ge=0.0, le=1.0)] = 1e-5
    """Added to the variance before the root is taken, or a unit that never changes would be 0 / 0."""

    def parameter_shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        return {"weight": (n_in,), "bias": (n_in,)}


class BatchNormLayer(NormLayer):
    """Each unit to mean 0 and variance 1 over the batch, then weight and bias (Ioffe & Szegedy 2015).

    Evaluation takes running statistics instead, which training keeps up to date.
    """

    type: Literal["batch_norm"]
    """Kind of layer."""
    momentum: Annotated[float, Field(ge=0.0, le=1.0)] = 0.1
    """Share of each new batch in the running statistics: running = (1 - momentum) running + momentum batch."""

    def buffer_shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        return {"running_mean": (n_in,), "running_var": (n_in,)}


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


Layer = Annotated[
    DenseLayer | DropoutLayer | BatchNormLayer | LayerNormLayer | ResidualLayer, Field(discriminator="type")
]
