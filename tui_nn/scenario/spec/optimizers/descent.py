"""Descent along the gradient: plain, with momentum, and with Nesterov's look ahead."""

from typing import Annotated, Literal

from pydantic import Field

from tui_nn.scenario.spec.optimizers.base import Memory, OptimizerSpec


class Sgd(OptimizerSpec):
    """Gradient descent: param -= lr * grad."""

    type: Literal["sgd"]
    """Kind of optimizer."""


class Momentum(OptimizerSpec):
    """Gradient descent with inertia (Polyak 1964): buffer = momentum * buffer + grad; param -= lr * buffer."""

    type: Literal["momentum"]
    """Kind of optimizer."""
    momentum: Memory = 0.9
    """How much of the last movement is kept."""
    dampening: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    """Share of the gradient that is kept out of the buffer; as in PyTorch not in the first update."""
    nesterov: bool = False
    """Look ahead: param -= lr * (grad + momentum * buffer)."""

    @property
    def slots(self) -> tuple[str, ...]:
        return ("momentum_buffer",)


class Nesterov(OptimizerSpec):
    """Momentum that looks ahead (Nesterov 1983), as in PyTorch: param -= lr * (grad + momentum * buffer)."""

    type: Literal["nesterov"]
    """Kind of optimizer."""
    momentum: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.9
    """How much of the last movement is kept."""

    @property
    def slots(self) -> tuple[str, ...]:
        return ("momentum_buffer",)
