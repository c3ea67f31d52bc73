"""[optimizer]: how the parameters are updated."""

from typing import Annotated, Literal

from pydantic import Field

from tui_nn.scenario.spec.base import Model


class OptimizerSpec(Model):
    lr: Annotated[float, Field(gt=0.0, le=1e30)]
    """Learning rate: how far one update goes."""


class Sgd(OptimizerSpec):
    """Gradient descent: param -= lr * grad."""

    type: Literal["sgd"]
    """Kind of optimizer."""


class Momentum(OptimizerSpec):
    """Gradient descent with inertia: buffer = momentum * buffer + grad; param -= lr * buffer."""

    type: Literal["momentum"]
    """Kind of optimizer."""
    momentum: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.9
    """How much of the last movement is kept."""


class Adam(OptimizerSpec):
    """Kingma & Ba (2015): direction from the mean gradient, stride from its size."""

    type: Literal["adam"]
    """Kind of optimizer."""
    lr: Annotated[float, Field(gt=0.0, le=1e30)] = 1e-3
    """Learning rate: about how far one update moves each parameter."""
    beta1: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.9
    """Memory of the mean gradient m."""
    beta2: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.999
    """Memory of the mean squared gradient v."""
    eps: Annotated[float, Field(ge=0.0, le=1.0)] = 1e-8
    """Added to the root of v before dividing."""


Optimizer = Annotated[Sgd | Momentum | Adam, Field(discriminator="type")]
