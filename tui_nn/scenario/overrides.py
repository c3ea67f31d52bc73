"""Settings from the command line, "optimizer.lr=0.1", laid over the data of a file."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tui_nn.scenario.errors import Path, Problem, dotted, nearest, shown
from tui_nn.scenario.fields import discriminator, is_tagged, variants
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.spec.init import INIT_KEYS
from tui_nn.scenario.spec.layer import ACTIVATION_KEYS

MAX_CHARACTERS = 1_000

_INDEX = r"\[[0-9]{1,4}(:[0-9]{1,4})?\]"
_KEY = re.compile(rf"[A-Za-z_][A-Za-z0-9_-]*({_INDEX})?(\.[A-Za-z_][A-Za-z0-9_-]*({_INDEX})?)*")
_RANGE = re.compile(r"\[([0-9]+):([0-9]+)\]")
_PART = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)|\[([0-9]+)\]")


@dataclass(frozen=True, slots=True)
class Override:
    """One --set option, taken apart; or one key of a file's [change], which stands at `place` in that file."""

    option: str
    path: Path
    value: Any
    place: Path = ()

    @property
    def key(self) -> str:
        return f"--set {shown(self.option)[1:-1]}"


def apply_overrides(raw: dict[str, Any], options: Sequence[str]) -> tuple[list[Override], list[Problem]]:
    """Write the overrides into the raw data, in order; those that cannot be written come back as problems."""
    applied: list[Override] = []
    problems: list[Problem] = []
    for option in options:
        try:
            for override in parse_override(option):
                write(raw, override, applied)
                applied.append(override)
        except ValueError as error:
            problems.append(Problem(None, None, f"--set {shown(option)[1:-1]}", str(error)))
    return applied, problems


def parse_override(option: str) -> Iterator[Override]:
    """Take "layers[0].units=8" apart. The value is read as TOML, and as plain text if it is not TOML.

    A range stands for one override for each of its entries, counted as Python does: layers[0:3] is [0], [1] and [2].
    Errors: ValueError with the cure.
    """
    key, equals, text = option.partition("=")
    key, text = key.strip(), text.strip()
    if not equals:
        raise ValueError("write KEY=VALUE, like optimizer.lr=0.1")
    if len(option) > MAX_CHARACTERS:
        raise ValueError(f"{len(option)} characters; an override has at most {MAX_CHARACTERS}")
    for path in paths_of(key):
        yield Override(option, path, read_value(text))


def paths_of(key: str) -> Iterator[Path]:
    """The paths that a key like layers[0:3].units means. Errors: ValueError with the cure."""
    if not _KEY.fullmatch(key):
        raise ValueError(f"cannot read the key {shown(key)}; write it like optimizer.lr or layers[0].units")
    for one in _one_by_one(key):
        yield tuple(match[1] or int(match[2]) for match in _PART.finditer(one))


def _one_by_one(key: str) -> Iterator[str]:
    """The key for each entry of its range; itself if it has none."""
    ranges = list(_RANGE.finditer(key))
    if not ranges:
        yield key
        return
    first, end = int(ranges[0][1]), int(ranges[0][2])
    if len(ranges) > 1:
        raise ValueError(f"{len(ranges)} ranges in one key; it may have one")
    if first >= end:
        raise ValueError(f"{ranges[0][0]} is empty; the first number must be smaller, as in [0:3] for [0], [1] and [2]")
    for index in range(first, end):
        yield f"{key[: ranges[0].start()]}[{index}]{key[ranges[0].end() :]}"


def read_value(text: str) -> Any:
    try:
        table = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return table["value"] if table.keys() == {"value"} else text


def write(raw: dict[str, Any], override: Override, applied: Sequence[Override]) -> None:
    """Set the value in the raw data. `applied`: what was written before, which stays. Errors: ValueError with the cure."""
    table: Any = raw
    for depth, part in enumerate(override.path[:-1]):
        _require(table, part, override.path[:depth])
        if isinstance(part, str) and part not in table:
            is_known = depth == 0 and part in Scenario.model_fields  # clip: not in the file, and no misspelt script
            if not is_known and (match := nearest(part, table)):
                raise ValueError(f"unknown key {part!r}; did you mean {match!r}?")
            table[part] = {}
        table = table[part]
    last: Any = override.path[-1]
    _require(table, last, override.path[:-1])
    table[last] = override.value
    make_room(raw, override, {earlier.path for earlier in applied})


def _require(table: Any, part: str | int, place: Path) -> None:
    """The table at `place` can take a key or an index like this; ValueError with the cure if not."""
    if isinstance(part, str):
        if not isinstance(table, dict):
            cure = "say which, like layers[0]" if isinstance(table, list) else f"set {_name(place)} itself"
            raise ValueError(f"{_name(place)} is not a table; {cure}")
    elif not isinstance(table, list):
        raise ValueError(f"{_name(place)} is not a list; leave out [{part}]")
    elif part >= len(table):
        raise ValueError(f"{_name(place)} has {len(table)} entries, counted from 0; there is no [{part}]")


def make_room(raw: dict[str, Any], override: Override, chosen: set[Path]) -> None:
    """Drop what the file said about the road not taken; what another override said stays, and is reported."""
    top = override.path[0]
    table = raw.get(str(top))
    if top == "layers" and override.path[2:] == ("init",):
        for key, inits in INIT_KEYS.items():
            if override.value not in inits and (*override.path[:2], key) not in chosen:
                raw["layers"][override.path[1]].pop(key, None)
    if top == "layers" and override.path[2:] == ("activation",):
        for key, activation in ACTIVATION_KEYS.items():
            if override.value != activation and (*override.path[:2], key) not in chosen:
                raw["layers"][override.path[1]].pop(key, None)
    if is_tagged(override.path[:-1]):
        _change_variant(raw, override, chosen)
    if len(override.path) != 2 or not isinstance(table, dict):
        return
    if top == "train":
        other = {"iterations": "epochs", "epochs": "iterations"}.get(str(override.path[1]))
        if other and (top, other) not in chosen:
            table.pop(other, None)


def _change_variant(raw: dict[str, Any], override: Override, chosen: set[Path]) -> None:
    """Another type or source: what only the old one knew is dropped."""
    top, place = str(override.path[0]), override.path[:-1]
    table: Any = raw
    for part in place:
        table = table[part]
    if override.path[-1] != discriminator(top) or not isinstance(override.value, str):
        return
    variant = variants(top).get(override.value)
    known = variant.model_fields if variant else table
    for key in [key for key in table if key not in known and (*place, key) not in chosen]:
        del table[key]


def _name(path: Path) -> str:
    return dotted(path) or "the scenario"
