"""How the weights and biases of a layer start: the keys of every layer that has a weight."""

from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from tui_nn.scenario.errors import shown
from tui_nn.scenario.spec.base import MAX_UNITS, DataNumber, Model, Number

InitName = Literal[
    "zeros", "ones", "constant", "identity", "values", "uniform", "normal", "truncated_normal", "orthogonal",
    "lecun_uniform", "lecun_normal", "xavier_uniform", "xavier_normal", "he_uniform", "he_normal",
]  # fmt: skip

SCALED = (
    "lecun_uniform", "lecun_normal", "xavier_uniform", "xavier_normal", "he_uniform", "he_normal",
    "orthogonal", "identity",
)  # fmt: skip
# Which init each key speaks to; with any other it would do nothing.
INIT_KEYS: dict[str, tuple[str, ...]] = {
    "init_std": ("normal", "truncated_normal"),
    "init_value": ("constant",),
    "init_low": ("uniform",),
    "init_high": ("uniform",),
    "gain": SCALED,
    "weights": ("values",),
}
MAX_GIVEN = 1e30  # as Number
WEIGHTS_LIKE = "weights = [[1.0, -1.0], [0.5, 2.0]]: a row for each unit, in it a number for each input"


def row_of_numbers(value: Any, key: str, like: str, limit: int) -> tuple[float, ...]:
    """A list of numbers. One validator for the whole: a message for each of thousands of numbers would help nobody."""
    if not isinstance(value, list | tuple):
        raise ValueError(f"got {shown(value)}; write {like}")
    if not 1 <= len(value) <= limit:
        raise ValueError(f"{key} has {len(value):,} numbers; it must have 1 to {limit:,}")
    for index, number in enumerate(value):
        is_number = isinstance(number, int | float) and not isinstance(number, bool)
        if not is_number or not -MAX_GIVEN <= number <= MAX_GIVEN:  # nor NaN
            raise ValueError(f"{key}[{index}] is {shown(number)}; it must be a number from -1e+30 to 1e+30")
    return tuple(float(number) for number in value)


def rows_of_numbers(value: Any, key: str, like: str, most_rows: int, most_in_row: int) -> tuple[tuple[float, ...], ...]:
    """A list of lists of numbers, all equally long."""
    if not isinstance(value, list | tuple):
        raise ValueError(f"got {shown(value)}; write {like}")
    if not 1 <= len(value) <= most_rows:
        raise ValueError(f"{key} has {len(value):,} rows; it must have 1 to {most_rows:,}")
    rows = tuple(row_of_numbers(row, f"{key}[{index}]", like, most_in_row) for index, row in enumerate(value))
    for index, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise ValueError(f"{key}[{index}] has {len(row):,} numbers, {key}[0] has {len(rows[0]):,}; make them alike")
    return rows


def _biases(value: Any) -> tuple[float, ...] | None:
    if value is None:  # the default, when a Scenario is made from another's fields
        return None
    return row_of_numbers(value, "biases", "biases = [0.5, -0.5]: a number for each unit", MAX_UNITS)


def _weights(value: Any) -> tuple[tuple[float, ...], ...] | None:
    if value is None:
        return None
    return rows_of_numbers(value, "weights", WEIGHTS_LIKE, MAX_UNITS, MAX_UNITS)


_NUMBERS = {"type": "array", "items": {"type": "number"}, "minItems": 1}
Weights = Annotated[
    tuple[tuple[float, ...], ...] | None,
    PlainValidator(_weights),
    WithJsonSchema({"type": "array", "items": _NUMBERS, "minItems": 1}),
]
Biases = Annotated[tuple[float, ...] | None, PlainValidator(_biases), WithJsonSchema(_NUMBERS)]


class Trainable(Model):
    """What has parameters."""

    trainable: bool = True
    """Whether the optimizer moves its parameters. Frozen ones stay as they are; their gradients are still computed."""


class Initialized(Trainable):
    """A layer whose weight and bias start from something that can be chosen."""

    init: InitName = "xavier_uniform"
    """How the weights start. He suits relu, Xavier tanh, LeCun selu and linear."""
    init_std: Annotated[float, Field(gt=0.0, le=1e6)] = 1.0
    """Standard deviation of init = "normal"; of "truncated_normal" before the cut at 2 of them, after it 0.88 of this."""
    init_value: Number = 0.0
    """The value of init = "constant"."""
    init_low: DataNumber = -1.0
    """Smallest weight of init = "uniform"."""
    init_high: DataNumber = 1.0
    """Largest weight of init = "uniform"."""
    gain: Annotated[float, Field(gt=0.0, le=1e6)] = 1.0
    """Factor on the weights of LeCun, Xavier, He, "orthogonal" and "identity". 5/3 suits tanh; He has relu's own within."""
    weights: Weights = None
    """The weights of init = "values": a row for each unit, in it a number for each input."""
    bias_init: Number = 0.0
    """The value every bias starts from."""
    biases: Biases = None
    """The value each bias starts from, instead of bias_init: a number for each unit."""

    def start_of(self, role: str) -> "Initialized":
        """How the parameter of that role starts, as the keys above would say it. A layer may have others for some."""
        return self
