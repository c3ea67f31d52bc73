"""What holds weights and gradients down: penalties and bounds of a layer, and [clip] for all gradients."""

from typing import Annotated

from pydantic import Field, model_validator

from tui_nn.scenario.spec.base import Model


class Penalized(Model):
    """Penalties on a layer's weights; its biases are left alone."""

    l1: Annotated[float, Field(ge=0.0, le=1e6)] = 0.0
    """Adds l1 * Σ|w| to what is minimised: weights go to exactly 0. With l2 beside it: elastic net."""
    l2: Annotated[float, Field(ge=0.0, le=1e6)] = 0.0
    """Adds l2 * Σw² to what is minimised (no half, as in Keras): weights stay small."""

    @property
    def has_penalty(self) -> bool:
        return self.l1 > 0.0 or self.l2 > 0.0


class Regularized(Penalized):
    """Penalties and a bound on a layer's weights; its biases are left alone."""

    max_norm: Annotated[float, Field(gt=0.0, le=1e6)] | None = None
    """Largest length of the weights into one unit; longer ones are scaled back after each update."""


class Clip(Model):
    """Bounds on the gradients, applied after the backward pass and before any update: by value, then by norm."""

    value: Annotated[float, Field(gt=0.0, le=1e30)] | None = None
    """Each entry is cut to [-value, value]; the direction may change."""
    norm: Annotated[float, Field(gt=0.0, le=1e30)] | None = None
    """All gradients together are scaled down to this length; the direction stays."""

    @model_validator(mode="after")
    def _bounds_something(self) -> "Clip":
        if self.value is None and self.norm is None:
            raise ValueError("bounds nothing; add norm = 1.0 or value = 0.5")
        return self
