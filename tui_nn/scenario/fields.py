"""Looking things up in the models: which table stands at a path, and which words it knows."""

from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from tui_nn.scenario.errors import Path, nearest
from tui_nn.scenario.model import Scenario

Variants = dict[str, type[BaseModel]]


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """All models named in a type, in order: those of `tuple[DenseLayer, ...]`, of `Text | None`, of a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in models_in(part)]


def literal_words(model: type[BaseModel], key: str) -> tuple[Any, ...]:
    """The values a key may have, or () if it is not a choice."""
    annotation = model.model_fields[key].annotation
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def known_keys(model: type[BaseModel]) -> list[str]:
    """The keys of a table, its own before those it shares with others."""
    own = [key for key in model.__annotations__ if key in model.model_fields]
    return own + [key for key in model.model_fields if key not in own]


def discriminator(key: str) -> str | None:
    """The tag of a top-level table (or list of tables) that comes in variants: "source" of data, "type" of layers."""
    field = Scenario.model_fields.get(key)
    if field is None:
        return None
    return field.discriminator if isinstance(field.discriminator, str) else _tag_in(field.annotation)


def _tag_in(annotation: Any) -> str | None:
    """The discriminator inside a type: of the entries of a tuple, of a table that may be left out."""
    for part in getattr(annotation, "__metadata__", ()):
        if isinstance(getattr(part, "discriminator", None), str):
            return part.discriminator
    return next((tag for part in get_args(annotation) if (tag := _tag_in(part))), None)


def is_tagged(path: Path) -> bool:
    """Does a path lead to a table that comes in variants: data, layers[2], optimizer?"""
    if not path or discriminator(str(path[0])) is None:
        return False
    return len(path) == (2 if _is_list(str(path[0])) else 1)


def _is_list(key: str) -> bool:
    return get_origin(Scenario.model_fields[key].annotation) is tuple


def variants(key: str) -> Variants:
    """The models of such a table by their tag: {"sgd": Sgd, ...}."""
    tag = discriminator(key)
    if tag is None:
        return {}
    models = models_in(Scenario.model_fields[key].annotation)
    return {word: model for model in models for word in literal_words(model, tag)}


def model_at(path: Path, raw: Any) -> type[BaseModel] | None:
    """The model of the table at a path of the raw data, or None if the format has no table there."""
    model: type[BaseModel] | None = Scenario
    value: Any = raw
    for depth, part in enumerate(path):
        try:
            value = value[part]
        except (LookupError, TypeError):
            value = None
        if isinstance(part, int):
            if is_tagged(path[: depth + 1]):
                model = _variant_of(str(path[0]), value)
            continue
        if model is None or part not in model.model_fields:
            return None
        if is_tagged(path[: depth + 1]):
            model = _variant_of(part, value)
        else:
            model = next(iter(models_in(model.model_fields[part].annotation)), None)
    return model


def _variant_of(key: str, table: Any) -> type[BaseModel] | None:
    word = table.get(discriminator(key)) if isinstance(table, dict) else None
    return variants(key).get(word) if isinstance(word, str) else None


def likely_tag(key: str, table: dict[str, Any]) -> tuple[str, bool]:
    """The tag a table was probably meant to have, and whether it is more than a guess.

    The nearest known word; failing that, the variant that shares most keys with the table.
    """
    known = variants(key)
    given = table.get(discriminator(key) or "")
    if isinstance(given, str) and (match := nearest(given, known)):
        return match, True
    return max(known, key=lambda word: len(known[word].model_fields.keys() & table.keys())), False
