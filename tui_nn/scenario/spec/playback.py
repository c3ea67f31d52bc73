"""[[script]] and [[expect]]: what is said and shown, and what must hold."""

from typing import Annotated

from pydantic import Field, model_validator

from tui_nn.scenario.panels import PANELS
from tui_nn.scenario.spec.base import AmountText, Condition, EitherText, GoalText, Model


class ScriptLine(Model):
    """One line of playback: what is said, what happens, where to look."""

    say: EitherText | None = None
    """What the presenter says."""
    show: Annotated[str, Field(min_length=1, max_length=60, examples=list(PANELS))] | None = Field(
        None, description=f"Where to look: a panel ({', '.join(PANELS)}) or any metric."
    )
    goto: GoalText | None = None
    """Go to "iteration 500", "epoch 3", "start" or "end"."""
    step: AmountText | None = None
    """Move forward by "1 op", "3 iterations" or "1 epoch"."""
    back: AmountText | None = None
    """Move backward by "1 op", "3 iterations" or "1 epoch"."""
    run: AmountText | None = None
    """Train at full speed for "20 iterations" or "3 epochs"."""
    until: Condition | None = None
    """Train until this condition holds, like "loss < 0.1"."""
    twin: bool | None = None
    """Look at the network beside (true), or back at the scenario's own (false); both stand at the same place."""
    wait: Annotated[float, Field(ge=0.0, le=600.0)] | None = None
    """Seconds to rest after the line."""

    @model_validator(mode="after")
    def _says_something(self) -> "ScriptLine":
        if all(value is None for _, value in self):
            raise ValueError(
                'an empty line; give it say, run, step, back, goto, until, show, twin or wait, like run = "1 epoch"'
            )
        return self


class Expectation(Model):
    """A condition that must hold at a place of the run; `tui-nn test` checks it."""

    at: GoalText
    """When: "20 iterations", "3 epochs" or "end"."""
    that: Condition
    """What must hold then, like "val_accuracy >= 0.95"."""
    why: EitherText | None = None
    """What a failure would mean."""
