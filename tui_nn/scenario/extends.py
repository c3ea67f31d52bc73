"""A file that extends another: its tables are laid over that one's, and its [change] alters single settings.

Tables merge key by key, lists are replaced as a whole. Where a new word makes keys of the base void (another optimizer's,
another init's), they are dropped, as they are by --set. What a scenario says of itself is never inherited.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui_nn.scenario.errors import Fault, Problem, ScenarioError, shown, unknown
from tui_nn.scenario.errors import Path as Place
from tui_nn.scenario.overrides import Override, make_room, paths_of, write
from tui_nn.scenario.presets import find_preset, preset_ids
from tui_nn.scenario.read import read_toml, shown_path
from tui_nn.scenario.spec.base import NO_REFERENCE, is_file_name, is_preset_id

MAX_DEPTH = 4  # files below the one that is opened
MAX_CHANGES = 2_000  # of one file, each entry of a range counted
OWN = ("id", "title", "extends", "change", "twin", "beside", "summary", "tags", "order", "lesson", "script", "expect")


@dataclass(frozen=True)
class Stage:
    """One file of the chain. own: as it is written; merged: with all that it inherits; changes: its [change]."""

    source: str
    text: str
    own: dict[str, Any]
    merged: dict[str, Any]
    changes: tuple[Override, ...] = ()

    @property
    def inheritable(self) -> dict[str, Any]:
        return {key: value for key, value in self.merged.items() if key not in OWN}


@dataclass
class Stack:
    """The file that is opened and, after it, those below it. faults: of `extends` and [change], by the file's index."""

    stages: list[Stage] = field(default_factory=list)
    faults: list[tuple[int, Fault]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)  # of a file below that is no TOML at all
    is_whole: bool = True  # has every file that was named been read?


def find_beside(name: str, path: Path | None) -> Path:
    """The file that a scenario names by `extends`, `twin` or `beside`. Errors: ValueError if there is none.

    path: the file that names it; None for a scenario that was never a file.
    """
    if is_preset_id(name):
        preset = find_preset(name)
        if preset is not None:
            return preset
        if path is not None and (path.parent / f"{name}.toml").is_file():
            raise ValueError(f"unknown preset {name!r}; did you mean the file '{name}.toml'?")
        raise ValueError(unknown("preset", name, preset_ids()))
    if path is None or not is_file_name(name):
        raise ValueError(f"{name!r} is no preset, and there is no file it could lie beside")
    place = path.parent / name
    if not place.is_file():
        raise ValueError(f"no file {name!r} in the folder of this one; create it or name a preset")
    return place


def stack_of(raw: dict[str, Any], source: str, text: str = "", path: Path | None = None) -> Stack:
    """Read what the file extends, and lay one over the other. A file that extends nothing is left as it is."""
    stack = Stack()
    files = [(source, text, raw, path)]
    while isinstance(name := files[-1][2].get("extends"), str) and (is_preset_id(name) or is_file_name(name)):
        base = _read_base(name, files, stack)
        if base is None:
            stack.is_whole = False
            break
        files.append(base)
    else:
        stack.is_whole = name is None
        if name is not None and len(files) > 1:  # in the file that is opened itself, validation says it
            stack.faults.append((len(files) - 1, Fault(("extends",), NO_REFERENCE.format(shown(name)))))
    below: Stage | None = None
    for index in reversed(range(len(files))):
        below = _stage(files[index], below, index, stack)
        stack.stages.insert(0, below)
    return stack


def _read_base(name: str, files: list, stack: Stack) -> tuple[str, str, dict[str, Any], Path] | None:
    at = len(files) - 1
    source, _, _, path = files[at]
    try:
        place = find_beside(name, path)
        if any(other is not None and place.resolve() == other.resolve() for *_, other in files):
            raise ValueError(f"{name!r} extends, in the end, itself; let one of them stand alone")
        if at == MAX_DEPTH:
            raise ValueError(f"more than {MAX_DEPTH} files below one another; let one of them stand alone")
    except ValueError as error:
        stack.faults.append((at, Fault(("extends",), str(error))))
        return None
    source = shown_path(place)
    try:
        text, raw = read_toml(place, source)
    except ScenarioError as error:
        stack.problems += [Problem(p.line, p.column, p.key, p.message, source) for p in error.problems]
        return None
    return source, text, raw, place


def _stage(file: tuple[str, str, dict[str, Any], Path | None], below: Stage | None, index: int, stack: Stack) -> Stage:
    source, text, own, _ = file
    change = own.get("change", {})
    if below is None:
        if "change" in own and "extends" not in own:
            message = 'nothing to change; add extends = "...", the scenario whose settings these are'
            stack.faults.append((index, Fault(("change",), message, "key")))
        return Stage(source, text, own, own)
    merged = _laid_over(below.inheritable, own)
    written = list(_leaves(own))
    for place, value in written:
        make_room(merged, Override("", place, value), {other for other, _ in written})
    changes, faults = _changed(merged, change if isinstance(change, dict) else {})
    stack.faults += [(index, fault) for fault in faults]
    return Stage(source, text, own, merged, tuple(changes))


def _laid_over(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    merged = copy.deepcopy(base)
    for key, value in own.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = _laid_over(base[key], value) if both else copy.deepcopy(value)
    return merged


def _leaves(table: dict[str, Any], place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """What the file writes into tables that it may share with the base: lists are its own."""
    for key, value in table.items():
        if place or key not in OWN:
            if isinstance(value, dict):
                yield from _leaves(value, (*place, key))
            elif place:
                yield (*place, key), value


def _changed(raw: dict[str, Any], change: dict[str, Any]) -> tuple[list[Override], list[Fault]]:
    """Write the changes into the raw data, in order; those that cannot be written come back as faults."""
    applied: list[Override] = []
    faults: list[Fault] = []
    for place, key, value in settings_of(change):
        try:
            for path in paths_of(key):
                if path[0] in OWN:
                    raise ValueError(f"{path[0]} is not inherited; write it at the top of this file")
                if len(applied) == MAX_CHANGES:
                    raise ValueError(f"more than {MAX_CHANGES:,} changes; write the tables instead")
                one = Override(key, path, copy.deepcopy(value), place)
                write(raw, one, applied)
                applied.append(one)
        except ValueError as error:
            faults.append(Fault(place, str(error)))
            if len(faults) == MAX_CHANGES:
                break
    return applied, faults


def settings_of(table: dict[str, Any], place: Place = ("change",), key: str = "") -> Iterator[tuple[Place, str, Any]]:
    """("change", "layers[0].init"), the key in dots, and its value; without quotes TOML makes tables of the dots."""
    for part, value in table.items():
        name = f"{key}.{part}" if key else part
        if isinstance(value, dict) and value:
            yield from settings_of(value, (*place, part), name)
        else:
            yield (*place, part), name, value
