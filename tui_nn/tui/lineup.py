"""All runs that are open together, as each panel knows them: their order, short names, letters and colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from tui_nn.scenario.difference import differences

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame
    from tui_nn.debugger.surface import Path
    from tui_nn.scenario import Scenario

# Colours of the palette that are told apart on both themes; with marks on them no two of many curves look the same.
ROLES = ("train", "validation", "update", "validate", "load", "loss", "backward", "text")
ALPHABET = "abcdefghijklmnopqrstuvwxyz"


class Peer(NamedTuple):
    """One of the runs. title: the scenario's; short, letter: for legends and paths, where all have room."""

    title: str
    frame: Frame
    short: str = ""
    letter: str = ""
    path: Callable[[], Path | None] | None = None


def role_of(place: int) -> str:
    """The colour of the run that stands at that place of the line-up, in every panel."""
    return ROLES[place % len(ROLES)]


def short_names(scenarios: Sequence[Scenario]) -> list[str]:
    """What tells them apart, in a word or two: the optimizer, the one setting that differs, or the rest of the id."""
    optimizers = [scenario.optimizer.type for scenario in scenarios]
    if len(set(optimizers)) == len(scenarios):
        return [*optimizers]
    found = [differences(scenarios[0], other) for other in scenarios[1:]]
    keys = {one.path for each in found for one in each}
    if len(keys) == 1 and all(found):
        word = str(next(iter(keys))[-1])
        values = [found[0][0].first, *(each[0].second for each in found)]
        if all(isinstance(value, int | float | str) for value in values):
            names = [value if isinstance(value, str) else f"{word} {value:g}" for value in values]
            if len(set(names)) == len(names):
                return names
    ids = [scenario.id for scenario in scenarios]
    common = ids[0].split("-")
    for each in ids:
        common = [a for a, b in takewhile(lambda pair: pair[0] == pair[1], zip(common, each.split("-"), strict=False))]
    return ["-".join(each.split("-")[len(common) :]) or each for each in ids]


def letters_of(names: Sequence[str]) -> list[str]:
    """A small letter for each: its initial where that is free; a, b, c where all begin with the same word."""
    if len({name.partition(" ")[0] for name in names}) == 1:
        return list(ALPHABET[: len(names)])
    letters: list[str] = []
    for name in names:
        wanted = [letter for letter in name.lower() if letter in ALPHABET]
        letters.append(next(letter for letter in [*wanted, *ALPHABET] if letter not in letters))
    return letters
