"""[schedule] and [stopping]: how the learning rate changes, and when the run ends before its plan."""

from typing import Annotated, Literal

from pydantic import Field

from tui_nn.scenario.spec.base import MAX_ITERATIONS, Model

Length = Annotated[int, Field(ge=1, le=MAX_ITERATIONS)]
Factor = Annotated[float, Field(gt=0.0, le=1.0)]
Monitor = Literal["loss", "val_loss", "val_accuracy"]


class ScheduleSpec(Model):
    """A learning rate as a function of time; optimizer.lr is its top."""


class Constant(ScheduleSpec):
    """The learning rate stays where it is."""

    type: Literal["constant"]
    """Kind of schedule."""


class Timed(ScheduleSpec):
    """Time counts in iterations or in epochs, from 0, and after the warm-up."""

    per: Literal["iteration", "epoch"] = "epoch"
    """What time is counted in."""
    warmup_start: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    """Share of the top that the warm-up starts from."""


class WarmedUp(Timed):
    """A schedule that may have a warm-up before it."""

    warmup: Annotated[int, Field(ge=0, le=MAX_ITERATIONS)] = 0
    """So many iterations or epochs the learning rate rises in a straight line to its top."""


class Warmup(Timed):
    """A straight rise to the top, then constant."""

    type: Literal["warmup"]
    """Kind of schedule."""
    warmup: Length
    """So many iterations or epochs the learning rate rises in a straight line to its top."""


class StepSchedule(WarmedUp):
    """Times gamma every so often: lr * gamma ** (t // every)."""

    type: Literal["step"]
    """Kind of schedule."""
    every: Length
    """Iterations or epochs between two steps."""
    gamma: Factor = 0.1
    """What the learning rate is multiplied by."""


class Exponential(WarmedUp):
    """Times gamma every time: lr * gamma ** t."""

    type: Literal["exponential"]
    """Kind of schedule."""
    gamma: Factor = 0.95
    """What the learning rate is multiplied by."""


class Cosine(WarmedUp):
    """Half a cosine from the top to min_lr over `length`, then min_lr (Loshchilov & Hutter 2017, without restarts)."""

    type: Literal["cosine"]
    """Kind of schedule."""
    per: Literal["iteration", "epoch"] = "iteration"
    """What time is counted in."""
    length: Length | None = None
    """Iterations or epochs of the fall; to the planned end of the run if left out."""
    min_lr: Annotated[float, Field(ge=0.0, le=1e30)] = 0.0
    """Where it ends."""


class OneCycle(ScheduleSpec):
    """Up to the top and far down again over the planned run, in two half cosines, an iteration at a time (Smith 2018)."""

    type: Literal["one_cycle"]
    """Kind of schedule."""
    rise: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.3
    """Share of the run that goes upwards."""
    div_factor: Annotated[float, Field(ge=1.0, le=1e9)] = 25.0
    """It starts at lr / div_factor."""
    final_div_factor: Annotated[float, Field(ge=1.0, le=1e9)] = 1e4
    """It ends at its start / final_div_factor."""


class Plateau(ScheduleSpec):
    """Times factor whenever the monitored metric has not improved for `patience` epochs."""

    type: Literal["plateau"]
    """Kind of schedule."""
    monitor: Monitor = "val_loss"
    """What should improve; "loss" is its mean over the epoch."""
    factor: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.1
    """What the learning rate is multiplied by."""
    patience: Length = 10
    """Epochs in a row without improvement before the learning rate falls."""
    min_delta: Annotated[float, Field(ge=0.0, le=1e6)] = 0.0
    """What counts as an improvement must be larger than this."""
    min_lr: Annotated[float, Field(ge=0.0, le=1e30)] = 0.0
    """It never falls below."""


Schedule = Annotated[
    Constant | Warmup | StepSchedule | Exponential | Cosine | OneCycle | Plateau, Field(discriminator="type")
]


class Stopping(Model):
    """Early stopping: the run ends when the monitored metric has not improved for `patience` epochs."""

    monitor: Monitor = "val_loss"
    """What should improve; "loss" is its mean over the epoch."""
    patience: Length = 10
    """Epochs in a row without improvement before the run ends."""
    min_delta: Annotated[float, Field(ge=0.0, le=1e6)] = 0.0
    """What counts as an improvement must be larger than this."""
    restore_best: bool = True
    """At the end, early or planned, go back to the parameters of the best epoch."""
