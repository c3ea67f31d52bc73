"""What the tables of all sources share: how samples are batched, split and scaled, and their numbers' bounds."""

from typing import Annotated

from pydantic import Field

from tui_nn.scenario.spec.base import MAX_UNITS, BatchSize, Model

MAX_SAMPLES = 100_000

Samples = Annotated[int, Field(ge=2, le=MAX_SAMPLES)]
Noise = Annotated[float, Field(ge=0.0, le=100.0)]
TargetNoise = Annotated[float, Field(ge=0.0, le=1e6)]
Share = Annotated[float, Field(ge=0.0, le=0.9)]

DataForm = Annotated[
    tuple[Annotated[int, Field(ge=1, le=MAX_UNITS)], ...] | None, Field(strict=False, min_length=1, max_length=3)
]


class DataSpec(Model):
    """What every source has: how samples are batched, split and scaled."""

    batch_size: BatchSize = "full"
    """Samples per iteration, or "full" for all of them at once."""
    shuffle: bool = True
    """Draw a new order of the training samples every epoch, without replacement."""
    validation: Share = 0.0
    """Share of the samples held out for validation; 0 for none."""
    test: Share = 0.0
    """Share of the samples held out as the test set, for one last measurement; 0 for none."""
    shape: DataForm = None
    """How the numbers of a sample lie: [steps, features] for a sequence, [height, width, channels] for an image, like [8, 8, 1]."""
    standardize: bool = False
    """Shift and scale every input to mean 0 and standard deviation 1, measured on the training part only."""
