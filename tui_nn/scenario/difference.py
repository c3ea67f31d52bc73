"""What differs between two scenarios as runs, key by key. What they say of themselves does not count."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from tui_nn.scenario.errors import Path, dotted
from tui_nn.scenario.extends import OWN
from tui_nn.scenario.model import Scenario

MAX_SHOWN = 40  # characters of a value


class Difference(NamedTuple):
    """One key, like ("optimizer", "lr"), and its value in either; None where that one has no such key."""

    path: Path
    first: Any
    second: Any

    @property
    def key(self) -> str:
        return dotted(self.path)

    def __str__(self) -> str:
        return f"{self.key}: {_words(self.first)} → {_words(self.second)}"


def differences(first: Scenario, second: Scenario) -> list[Difference]:
    """In the order of the file format. Lists of unequal length, or of numbers, are one key.

    A key that only one of them knows (beta1, where the other's optimizer is sgd) counts if it is not at its default.
    """
    a, b = (scenario.model_dump(exclude=set(OWN)) for scenario in (first, second))
    chosen_a, chosen_b = (scenario.model_dump(exclude=set(OWN), exclude_defaults=True) for scenario in (first, second))
    return [Difference(*found) for found in _compare(a, b, chosen_a, chosen_b, ())]


def _compare(a: Any, b: Any, chosen_a: Any, chosen_b: Any, path: Path) -> Iterator[tuple[Path, Any, Any]]:
    if isinstance(a, dict) and isinstance(b, dict):
        for key in dict.fromkeys([*a, *b]):
            if key in a and key in b:
                yield from _compare(a[key], b[key], _at(chosen_a, key), _at(chosen_b, key), (*path, key))
            elif key in a and _at(chosen_a, key) is not None:
                yield (*path, key), a[key], None
            elif key in b and _at(chosen_b, key) is not None:
                yield (*path, key), None, b[key]
    elif _are_tables(a) and _are_tables(b) and len(a) == len(b):
        for index, (one, other) in enumerate(zip(a, b, strict=True)):
            yield from _compare(one, other, _at(chosen_a, index), _at(chosen_b, index), (*path, index))
    elif a != b:
        yield path, a, b


def _are_tables(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(entry, dict) for entry in value)


def _at(value: Any, key: Any) -> Any:
    try:
        return value[key]
    except (LookupError, TypeError):
        return None


def _words(value: Any) -> str:
    if value is None:
        return "(none)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"{len(value)} entries"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_words(entry)}" for key, entry in value.items())[:MAX_SHOWN]
    return f"{value:g}" if isinstance(value, float) else str(value)[:MAX_SHOWN]
