"""[[script]] and [[expect]]: what is said and shown, and what must hold."""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from tui_nn.scenario.errors import shown
from tui_nn.scenario.panels import PANELS, SHOWN_VIEWS
from tui_nn.scenario.spec.base import AmountText, Condition, EitherText, GoalText, Line, Model, YesNoOrName

MIN_CHOICES, MAX_CHOICES = 2, 5  # as many as there are keys for them
MAX_ASK, MAX_CHOICE, MAX_BECAUSE = 300, 100, 600  # characters: all of it is read beside the run
OF_A_QUESTION = ("choices", "change", "at", "because")  # keys that mean nothing without `ask`
FORK_NAME = r"[a-z0-9][a-z0-9-]{0,29}"


def _fork_name(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(FORK_NAME, value):
        return value
    raise ValueError(f'got {shown(value)}; name the fork in small letters, digits and dashes, like "smaller-lr"')


ForkName = Annotated[str, BeforeValidator(_fork_name), Field(json_schema_extra={"pattern": f"^{FORK_NAME}$"})]
Choiceword = Annotated[Line, Field(min_length=1, max_length=MAX_CHOICE)]


class Choice(Model):
    """One answer to a question of the script. The run decides whether it is right."""

    en: Choiceword
    """The answer in English."""
    ko: Choiceword
    """The answer in Korean."""
    when: Condition
    """What must hold for it to be the right one, like "loss < loss@0"; of all choices, this must hold for exactly one."""


def _with_question(table: dict[str, Any]) -> None:
    table["dependentRequired"] = {"ask": ["choices"], **{key: ["ask"] for key in OF_A_QUESTION}, "by": ["until"]}


class ScriptLine(Model):
    """One line of playback: what is said, what happens, where to look, what is asked."""

    model_config = ConfigDict(json_schema_extra=_with_question)

    say: EitherText | None = None
    """What the presenter says."""
    show: Annotated[str, Field(min_length=1, max_length=60, examples=list(PANELS))] | None = Field(
        None,
        description=f"Where to look: a panel ({', '.join(PANELS)}), one of its views ({', '.join(SHOWN_VIEWS)}) or any metric.",
    )
    goto: GoalText | None = None
    """Go to "iteration 500", "epoch 3", "start" or "end"."""
    step: AmountText | None = None
    """Move forward by "1 op", "3 iterations" or "1 epoch"."""
    back: AmountText | None = None
    """Move backward by "1 op", "3 iterations" or "1 epoch"."""
    fork: ForkName | None = None
    """Fork the run here, under this name, and go on with the fork: the same past, a future of its own."""
    edit: dict[str, Any] = {}
    """Change settings or single numbers from here on, like { "optimizer.lr" = 0.03 } or { "weight.dense_1[0,1]" = 0.5 }."""
    run: AmountText | None = None
    """Train at full speed for "20 iterations" or "3 epochs"."""
    until: Condition | None = None
    """Train until this condition holds, like "loss < 0.1"."""
    by: Literal["iteration", "op"] | None = None
    """With until: look at the condition after each "iteration", as it does if left out, or after each "op"."""
    compare: YesNoOrName = None
    """Compare the network looked at with the scenario's own (true) or, by its name, with another one or a fork."""
    twin: YesNoOrName = None
    """Look at the network beside (true: the first) or, by its name, at one of several, or a fork; false: at the scenario's own again."""
    wait: Annotated[float, Field(ge=0.0, le=600.0)] | None = None
    """Seconds to rest after the line; with `ask`, how long the question stands where nobody is there to answer it."""
    ask: EitherText | None = None
    """A question about the run, asked after the moves of the line."""
    choices: Annotated[
        tuple[Choice, ...], Field(strict=False, max_length=MAX_CHOICES, json_schema_extra={"minItems": MIN_CHOICES})
    ] = ()
    """With ask: two to five answers, each with the condition that decides it."""
    change: dict[str, Any] = {}
    """With ask: the conditions are read in another run, this scenario with these settings, like { "optimizer.lr" = 0.05 }."""
    at: GoalText | None = None
    """With ask: the place of the run at which the conditions are read; where it stands, if left out."""
    because: EitherText | None = None
    """With ask: said after the answer."""

    @model_validator(mode="after")
    def _says_something(self) -> "ScriptLine":
        if not any(value is not None and value not in ((), {}) for _, value in self):
            raise ValueError(
                "an empty line; give it say, run, step, back, goto, until, edit, fork, compare, show, ask, twin or wait, "
                'like run = "1 epoch"'
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
