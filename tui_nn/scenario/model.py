"""The scenario file as frozen pydantic models: what a run is, before anything is loaded or compiled.

Field descriptions are the hover help of editors that read the JSON Schema. What one field can say about itself is
checked here; what needs two fields or the data is in check.py.
"""

import unicodedata
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)

from tui_nn.scenario.amount import AMOUNT_PATTERN, GOAL_PATTERN, Amount, parse_amount, parse_goal
from tui_nn.scenario.errors import shown

MAX_UNITS = 100_000
MAX_LAYERS = 200
MAX_ITERATIONS = 10_000_000
MAX_SEED = 2**63 - 1  # the largest integer TOML promises to carry
MAX_TEXT = 20_000


def _clean(value: Any) -> Any:
    """Korean typed on some systems arrives as loose jamo; NFC joins them, so that width and search are right."""
    if not isinstance(value, str):
        return value
    for character in value:
        # An escape sequence in a lesson would be obeyed by the terminal that shows it.
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t":
            raise ValueError(f"control character {character!r} in the text; remove it")
    return unicodedata.normalize("NFC", value).strip()


def _batch_size(value: Any) -> int | str:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_ITERATIONS:
        return value
    if value == "full":
        return "full"
    raise ValueError(f'got {shown(value)}; batch_size must be a whole number from 1 on, or "full"')


def _both_languages(value: Any) -> Any:
    return {"en": value, "ko": value} if isinstance(value, str) else value


def _words(parse: Any) -> Any:
    def read(value: Any) -> Amount:
        if isinstance(value, Amount):
            return value
        if not isinstance(value, str):
            raise ValueError(f'got {shown(value)}; write it as text, like "20 iterations"')
        return parse(value)

    return read


Line = Annotated[str, BeforeValidator(_clean), Field(max_length=200)]
Prose = Annotated[str, BeforeValidator(_clean), Field(max_length=MAX_TEXT)]
Condition = Annotated[str, Field(min_length=1, max_length=500)]
BatchSize = Annotated[
    int | Literal["full"],
    PlainValidator(_batch_size),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"const": "full"}]}),
]
AmountText = Annotated[
    Amount,
    PlainValidator(_words(parse_amount)),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": AMOUNT_PATTERN}),
]
GoalText = Annotated[
    Amount,
    PlainValidator(_words(parse_goal)),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": GOAL_PATTERN}),
]
Number = Annotated[float, Field(ge=-1e30, le=1e30)]  # what a float32 can hold, with room
DataNumber = Annotated[float, Field(ge=-1e6, le=1e6)]


class Model(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Text(Model):
    """One text in English and Korean. A plain string stands for both."""

    en: Prose
    """The text in English."""
    ko: Prose
    """The text in Korean."""


EitherText = Annotated[Text, BeforeValidator(_both_languages, json_schema_input_type=Text | str)]
NO_TEXT = Text(en="", ko="")


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


class DenseLayer(Model):
    """A fully connected layer: out = x @ weight.T + bias, then the activation."""

    type: Literal["dense"]
    """Kind of layer."""
    units: Annotated[int, Field(ge=1, le=MAX_UNITS)]
    """How many outputs."""
    activation: Literal["linear", "sigmoid", "tanh", "relu", "softmax"] = "linear"
    """Function applied to the outputs. Cross-entropy losses take logits: leave the last layer "linear"."""
    init: Literal[
        "zeros", "ones", "constant", "normal", "xavier_uniform", "xavier_normal", "he_uniform", "he_normal"
    ] = "xavier_uniform"
    """How the weights start. He suits relu, Xavier suits tanh and sigmoid."""
    init_std: Annotated[float, Field(gt=0.0, le=1e6)] = 1.0
    """Standard deviation of init = "normal"."""
    init_value: Number = 0.0
    """The value of init = "constant"."""
    bias_init: Number = 0.0
    """The value every bias starts from."""
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")] | None = None
    """Name in panels and expressions; dense_1, dense_2, ... if left out."""


class Loss(Model):
    """What training makes small."""

    type: Literal["mse", "binary_cross_entropy", "categorical_cross_entropy", "sparse_categorical_cross_entropy"]
    """Kind of loss. The cross-entropies take logits and answer in nats."""


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


class ScriptLine(Model):
    """One line of playback: what is said, what happens, where to look."""

    say: EitherText | None = None
    """What the presenter says."""
    show: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    """A panel (program, layers, gradients, optimizer, curves, lesson) or a metric to look at."""
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
    wait: Annotated[float, Field(ge=0.0, le=600.0)] | None = None
    """Seconds to rest after the line."""

    @model_validator(mode="after")
    def _says_something(self) -> "ScriptLine":
        if all(value is None for _, value in self):
            raise ValueError(
                'an empty line; give it say, run, step, back, goto, until, show or wait, like run = "1 epoch"'
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


class Scenario(Model):
    """A whole training run: data, network, loss, optimizer, and what is to be seen in it."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    """Short name in small letters, digits and hyphens, like "xor-mlp"."""
    title: Annotated[Line, Field(min_length=1)]
    """Name as shown in the gallery."""
    summary: EitherText = NO_TEXT
    """What it teaches, in one sentence."""
    tags: Annotated[tuple[Annotated[str, Field(max_length=40)], ...], Field(strict=False, max_length=20)] = ()
    """Words to find it by."""
    order: int = 1000
    """Place in the gallery; small numbers first."""
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] = 0
    """Decides everything random: data, split, initial weights, shuffles."""
    dtype: Literal["float32", "float64"] = "float32"
    """Precision of the training arithmetic."""
    data: Data
    """What is learnt."""
    layers: Annotated[tuple[DenseLayer, ...], Field(strict=False, min_length=1, max_length=MAX_LAYERS)]
    """The network, from input to output."""
    loss: Loss
    """What training makes small."""
    optimizer: Optimizer
    """How the parameters are updated."""
    train: Train
    """The planned length of the run."""
    lesson: EitherText = NO_TEXT
    """The text beside the run."""
    script: Annotated[tuple[ScriptLine, ...], Field(strict=False, max_length=500)] = ()
    """Playback, line by line."""
    expect: Annotated[tuple[Expectation, ...], Field(strict=False, max_length=200)] = ()
    """What the headless test checks."""

    _remarks: tuple[str, ...] = ()

    @property
    def remarks(self) -> tuple[str, ...]:
        """What loading did beyond the file, for a person to read."""
        return self._remarks

    def with_remark(self, remark: str) -> "Scenario":
        scenario = self.model_copy()
        scenario._remarks = (*self._remarks, remark)
        return scenario
