"""What all tables of a scenario file are made of: the base model, texts, and numbers with their bounds."""

import re
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
)

from tui_nn.scenario.amount import AMOUNT_PATTERN, GOAL_PATTERN, Amount, parse_amount, parse_goal
from tui_nn.scenario.errors import shown

MAX_UNITS = 100_000
MAX_LAYERS = 500
MAX_BESIDE = 5  # other runs opened beside one
MAX_ITERATIONS = 10_000_000
MAX_SEED = 2**63 - 1  # the largest integer TOML promises to carry
MAX_TEXT = 20_000
NO_REFERENCE = 'got {}; name a preset, like "xor-mlp", or a file in the same folder, like "mine.toml"'


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


def _reference(value: Any) -> Any:
    """Never a path: a stranger's file names what lies beside it, or what ships with the program."""
    if isinstance(value, str) and (is_preset_id(value) or is_file_name(value)):
        return value
    raise ValueError(NO_REFERENCE.format(shown(value)))


def _yes_no_or_name(value: Any) -> Any:
    return value if value is None or isinstance(value, bool) else _reference(value)


def is_preset_id(name: str) -> bool:
    return re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", name) is not None


def is_file_name(name: str) -> bool:
    """Of a scenario, without any folder: no slash of either kind, no drive, nothing that cannot be shown."""
    return re.fullmatch(r"[^/\\:]{1,100}\.toml", name) is not None and name.isprintable()


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
Reference = Annotated[str, BeforeValidator(_reference)]
YesNoOrName = Annotated[
    bool | str | None,
    PlainValidator(_yes_no_or_name),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "string"}, {"type": "null"}]}),
]
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
