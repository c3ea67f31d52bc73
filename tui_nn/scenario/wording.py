"""Pydantic's verdicts in the words of this format: what was found, and what would be right."""

import re
from typing import Any

from tui_nn.scenario.errors import Path, dotted, shown

TEXTS = ("summary", "lesson", "say", "why", "ask", "because")  # keys that take a string or a table of languages

_LIMITS = {
    "greater_than": ("gt", "must be greater than {}"),
    "greater_than_equal": ("ge", "must be {} or more"),
    "less_than": ("lt", "must be less than {}"),
    "less_than_equal": ("le", "must be {} or less"),
    "string_too_long": ("max_length", "must have {} characters or fewer"),
    "string_too_short": ("min_length", "must have at least {} character"),
    "too_long": ("max_length", "must have {} entries or fewer"),
    "too_short": ("min_length", "must have at least {} entry"),
}

_KINDS = {
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "is too large a number; use a smaller one",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "string_type": "must be text in quotes",
    "dict_type": "must be a table",
}


def wording(kind: str, path: Path, value: Any, context: dict[str, Any], fallback: str) -> str:
    """The sentence for one fault of pydantic's `kind`: "got -0.1; lr must be greater than 0"."""
    if kind in ("too_long", "too_short") and isinstance(value, str):
        kind = f"string_{kind}"  # pydantic calls it so only where nothing has cleaned the text first
    requirement = _requirement(kind, path, value, context)
    cure = f"{subject(path)} {requirement}" if requirement else fallback
    return f"got {shown(value)}; {cure}{_unquoted(kind, value)}"


def subject(path: Path) -> str:
    """The key to speak of: "units", or "tags[1]" within a list."""
    names = [index for index, part in enumerate(path) if isinstance(part, str)]
    return dotted(path[names[-1] :]) if names else "it"


def _requirement(kind: str, path: Path, value: Any, context: dict[str, Any]) -> str:
    """What the value must be, to follow the name of its key."""
    key = str(path[-1]) if path else ""
    if kind in _LIMITS:
        name, text = _LIMITS[kind]
        limit = context.get(name)
        return text.format(
            f"{limit:,}" if isinstance(limit, int) else f"{limit:g}" if isinstance(limit, float) else limit
        )
    if kind == "string_pattern_mismatch":
        if key == "id":
            return "takes small letters, digits and hyphens only, like my-run"
        return "takes small letters, digits and underscores only, like hidden_1"
    if kind == "tuple_type":
        return (
            f"must be a list, like [[{key}]]"
            if key in ("layers", "script", "expect")
            else f"must be a list, like {key} = []"
        )
    if kind == "model_type":
        return "must be text, or a table with en and ko" if key in TEXTS else "must be a table"
    if kind == "float_type" and isinstance(value, int) and not isinstance(value, bool):
        return "must be a number below 1e308"
    if kind == "model_attributes_type":
        return f"must be a table, like [{key}]"
    return _KINDS.get(kind, "")


def _unquoted(kind: str, value: Any) -> str:
    """ "0.1" where a number belongs: the quotes are the mistake."""
    if kind in ("int_type", "float_type", "bool_type") and isinstance(value, str):
        bare = value.strip()
        if re.fullmatch(r"[+-]?[0-9][0-9_]*(\.[0-9]+)?([eE][+-]?[0-9]+)?|true|false", bare):
            return f": {shown(bare)[1:-1]}, without quotes"
    return ""
