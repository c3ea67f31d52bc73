"""What differs between two scenarios as runs, key by key. What they say of themselves does not count."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from tui_nn.scenario.errors import Path, dotted
from tui_nn.scenario.extends import OWN
from tui_nn.scenario.model import Scenario

MAX_SHOWN = 40  # characters of a value
MAX_LIST = 80  # of a list: a network of a few layers
MAX_BLOCK = 4  # layers that are looked for as one


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


def _list(value: Any) -> str:
    """Written out where it is short; of tables what they are, those that repeat counted: 3 × dense 16 tanh, dense 1."""
    if _are_tables(value):
        text = ", ".join(_counted([_table(each) for each in value]))
    else:
        text = f"[{', '.join(_list(each) if isinstance(each, list | tuple) else _words(each) for each in value)}]"
    what = "layers" if _are_tables(value) else "entries"
    return text if len(text) <= MAX_LIST else f"{len(value):,} {what}"


def _counted(words: list[str]) -> Iterator[str]:
    """Blocks of up to four that follow one another as one: 10 × (dense 16, batch_norm sigmoid)."""
    while words:
        repeats = {n: _repeats(words, n) for n in range(1, MAX_BLOCK + 1)}
        n = max(repeats, key=lambda n: (repeats[n] * n if repeats[n] > 1 else 0, -n))
        block, words = ", ".join(words[:n]), words[n * repeats[n] :]
        yield block if repeats[n] == 1 else f"{repeats[n]} × {block}" if n == 1 else f"{repeats[n]} × ({block})"


def _repeats(words: list[str], n: int) -> int:
    """How often the first n of them come one after the other."""
    times = 1
    while words[times * n : (times + 1) * n] == words[:n]:
        times += 1
    return times


def _table(table: dict[str, Any]) -> str:
    """A layer by what tells it from others: dense 16 tanh."""
    told = [table.get(key) for key in ("type", "units", "filters", "rate", "activation")]
    return " ".join(_words(each) for each in told if each not in (None, "linear"))


def _words(value: Any) -> str:
    if value is None:
        return "(none)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return _list(value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {_words(entry)}" for key, entry in value.items())[:MAX_SHOWN]
    return f"{value:g}" if isinstance(value, float) else str(value)[:MAX_SHOWN]
