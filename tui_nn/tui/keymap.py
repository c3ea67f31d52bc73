"""The user's own keys: a file in which the id of a command is given another key, or several.

    step = "x"
    back = ["b", "F7"]
    scale = []                  # no key: the palette still has it

What is wrong in it is told, with its place and a cure, and costs itself alone: those commands keep the keys they have.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_nn.tui.commands import COMMANDS, JAMO, PANELS, PLACES, Command
from tui_nn.tui.config import config_folder
from tui_nn.tui.keys import key_name, shown_key

if TYPE_CHECKING:
    from tui_nn.scenario.errors import Fault, Problem

MAX_KEYS = 8  # of one command
NO_KEY = "no-key"  # a binding needs one; no terminal sends this
Keys = dict[str, tuple[str, ...]]  # of a command, by its id; in Textual's names
BY_ID = {command.id: command for command in COMMANDS}


@dataclass(frozen=True)
class Keymap:
    """keys: those that differ from the table of commands. problems: what in the file was not followed, and why."""

    keys: Keys = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def report(self, path: Path) -> str:
        """What a person is told of the problems, a line each with its place in the file."""
        from tui_nn.scenario.errors import ScenarioError

        return (
            f"{ScenarioError(str(path), self.problems)}\nThese commands keep the keys they have; tui-nn keys lists all."
        )


def keymap_path() -> Path:
    return config_folder() / "keymap.toml"


def load() -> Keymap:
    """The keymap file's. No file, no keys of one's own."""
    path = keymap_path()
    try:
        if not path.is_file() or not path.read_bytes().strip():
            return Keymap()
    except OSError:
        pass  # it is there, but cannot be read: told below
    from tui_nn.scenario.errors import Problem, ScenarioError
    from tui_nn.scenario.locate import Places
    from tui_nn.scenario.read import read_toml

    try:
        text, table = read_toml(path, str(path))
    except ScenarioError as error:
        return Keymap({}, tuple(error.problems))
    keys, faults = chosen_keys(table)
    if not faults:
        return Keymap(keys)
    places = Places(text)

    def problem(fault: Fault) -> Problem:
        place = places.of(fault)
        return Problem(*(place or (None, None)), _dotted(fault), fault.message)

    problems = sorted(map(problem, faults), key=lambda each: (each.line or 0, each.column or 0))
    return Keymap(keys, tuple(problems))


def chosen_keys(table: dict[str, Any]) -> tuple[Keys, list[Fault]]:
    """The keys that can be used, and what is wrong with the others."""
    from tui_nn.scenario.errors import Fault, unknown

    keys: Keys = {}
    faults: list[Fault] = []
    for id, value in table.items():
        if id not in BY_ID:
            faults.append(Fault((id,), f"{unknown('command', id, BY_ID)} (tui-nn keys lists all)", "key"))
            continue
        names, wrong = _names(id, value)
        faults += wrong
        if not wrong:
            keys[id] = names
    # A command that gets its old keys back may be in the way of another: until nothing changes any more.
    while clash := _clash(keys):
        id, key, other = clash
        del keys[id]
        help = BY_ID[other].help.rstrip(".")
        message = f"{shown_key(key)} is the key of {other} ({help}) already; give that one another key, or choose a free one here"
        faults.append(Fault((id,), message))
    return keys, faults


def _names(id: str, value: Any) -> tuple[tuple[str, ...], list[Fault]]:
    from tui_nn.scenario.errors import Fault, shown

    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or len(texts) > MAX_KEYS:
        return (), [Fault((id,), f"got {shown(value)}; write a key in quotes, or up to {MAX_KEYS} in a list")]
    names, faults = [], []
    for i, text in enumerate(texts):
        path = (id,) if isinstance(value, str) else (id, i)
        if not isinstance(text, str) or not text:
            faults.append(Fault(path, f"got {shown(text)}; write a key in quotes, like 'x' or 'F3'"))
            continue
        try:
            names.append(key_name(text))
        except ValueError as error:
            faults.append(Fault(path, str(error)))
    return tuple(dict.fromkeys(names)), faults


def _clash(keys: Keys) -> tuple[str, str, str] | None:
    """A command of the user's whose key another one has that is active at the same time; the later one in the file first."""
    for id in reversed(keys):
        for other in BY_ID.values():
            if other.id != id and _meet(BY_ID[id], other):
                both = set(with_jamo(keys[id])) & set(with_jamo(keys.get(other.id, other.keys)))
                if both:
                    return id, min(both, key=lambda key: (key in JAMO.values(), key)), other.id
    return None


def _meet(one: Command, other: Command) -> bool:
    """Can both be active at once? A screen's commands with the app's, and in the debugger with the focused panel's.

    A question's are meant to take the debugger's keys while it is open, but not the focused panel's.
    """
    places = {one.where, other.where}
    return (
        len(places) == 1 or "app" in places or (bool(places & {"debugger", "question"}) and bool(places & set(PANELS)))
    )


def with_jamo(keys: tuple[str, ...]) -> tuple[str, ...]:
    """What these keys type while Hangul input is on, besides."""
    return keys + tuple(JAMO[key] for key in keys if key in JAMO and JAMO[key] not in keys)


def for_textual(keys: Keys) -> dict[str, str]:
    """What App.set_keymap takes."""
    return {id: ",".join(with_jamo(names)) or NO_KEY for id, names in keys.items()}


def _dotted(fault: Fault) -> str:
    from tui_nn.scenario.errors import dotted

    return dotted(fault.path)


def rows() -> list[tuple[str, str, str, str]]:
    """Every command: its id, its keys now, where it works, what it does."""
    return [(c.id, c.shown_keys, PLACES[c.where], c.help) for place in PLACES for c in COMMANDS if c.where == place]
