"""[data]: where the samples come from."""

from typing import Annotated, Literal

from pydantic import Field

from tui_nn.scenario.spec.base import BatchSize, DataNumber, Model


class DataSpec(Model):
    """What every source has: how samples are batched, split and scaled."""

    batch_size: BatchSize = "full"
    """Samples per iteration, or "full" for all of them at once."""
    shuffle: bool = True
    """Draw a new order of the training samples every epoch, without replacement."""
    validation: Annotated[float, Field(ge=0.0, le=0.9)] = 0.0
    """Share of the samples held out for validation; 0 for none."""
    standardize: bool = False
    """Shift and scale every input to mean 0 and standard deviation 1, measured on the training part only."""


class GateData(DataSpec):
    """A logic gate: the four corners of the unit square and the gate's answer at each."""

    source: Literal["and", "nand", "or", "xor"]
    """Where the samples come from."""
    repeat: Annotated[int, Field(ge=1, le=25_000)] = 1
    """How often each of the four points occurs."""
    noise: Annotated[float, Field(ge=0.0, le=100.0)] = 0.0
    """Standard deviation of the normal noise added to the inputs: points become clouds."""


class LinearData(DataSpec):
    """Points on a line: y = slope * x + intercept + noise, x evenly spaced from low to high."""

    source: Literal["linear"]
    """Where the samples come from."""
    samples: Annotated[int, Field(ge=2, le=100_000)] = 100
    """How many points."""
    slope: DataNumber = 2.0
    """The weight that a single unit should find."""
    intercept: DataNumber = 1.0
    """The bias that a single unit should find."""
    noise: Annotated[float, Field(ge=0.0, le=1e6)] = 0.0
    """Standard deviation of the normal noise added to y."""
    low: DataNumber = -1.0
    """Smallest x."""
    high: DataNumber = 1.0
    """Largest x."""


class DigitsData(DataSpec):
    """1,797 handwritten digits of 8 x 8 grey pixels, 0 to 1 (UCI Optical Recognition of Handwritten Digits)."""

    source: Literal["digits"]
    """Where the samples come from."""
    samples: Annotated[int, Field(ge=10, le=1797)] = 1797
    """Use only so many of the digits, drawn by the seed."""
    batch_size: BatchSize = 32
    """Samples per iteration, or "full" for all of them at once."""


Data = Annotated[GateData | LinearData | DigitsData, Field(discriminator="source")]
