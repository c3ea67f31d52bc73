"""[train]: how long the run is."""

from typing import Annotated

from pydantic import Field, model_validator

from tui_nn.scenario.spec.base import MAX_ITERATIONS, Model


class Train(Model):
    """The planned length of the run: iterations or epochs, one of them."""

    iterations: Annotated[int, Field(ge=1, le=MAX_ITERATIONS)] | None = None
    """How many updates."""
    epochs: Annotated[int, Field(ge=1, le=MAX_ITERATIONS)] | None = None
    """How many passes over the training samples."""

    @model_validator(mode="after")
    def _one_of_them(self) -> "Train":
        if self.iterations is None and self.epochs is None:
            raise ValueError("missing its length; add iterations = 500 or epochs = 10")
        if self.iterations is not None and self.epochs is not None:
            raise ValueError("has both iterations and epochs; keep one of them")
        return self
