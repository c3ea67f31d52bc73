"""What forks are called: by what was changed in each, of all that they do not share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from tui_nn.debugger.edits import words
from tui_nn.tui.lineup import letters_of, short_names

if TYPE_CHECKING:
    from tui_nn.debugger.edits import Edit
    from tui_nn.debugger.session import Session
    from tui_nn.scenario import Scenario

MOST_RUNS = 6  # side by side: more have no colour of their own
MAX_SHORT = 18  # cells of a name in a legend
ORIGINAL = "original"


class Kin(NamedTuple):
    """An open run. number: of a fork, counted from 1, and 0 of the run that a scenario opened; root: the index of that run.

    name: of a fork, if it was given one.
    """

    session: Session
    number: int
    root: int
    name: str = ""


class Name(NamedTuple):
    """title: for a heading. short, letter: for legends and paths. changed: what only this run has, "lr 0.05, clip.norm 1"."""

    title: str
    short: str
    letter: str
    changed: str


def names_of(runs: Sequence[Kin]) -> list[Name]:
    """Of all runs that are open, in their order."""
    opened: list[Scenario] = [each.session.timeline.segments[0].program.scenario for each in runs if not each.number]
    shorts = dict(zip((i for i, each in enumerate(runs) if not each.number), short_names(opened), strict=True))
    have_forks = {each.root for each in runs if each.number}
    found: list[tuple[str, str, str]] = []
    for i, each in enumerate(runs):
        scenario = each.session.timeline.segments[0].program.scenario
        changed = changes_of(each, [other for other in runs if other.root == each.root])
        if each.number:
            title = short = each.name or f"fork {each.number}"
        elif i in have_forks and len(opened) == 1:
            title = short = ORIGINAL
        else:
            title, short = scenario.title, shorts[i]
        is_short = 0 < len(changed) <= MAX_SHORT and "," not in changed
        found.append((f"{title}: {changed}" if changed else title, changed if is_short else short, changed))
    doubled = {short for _, short, _ in found if sum(each[1] == short for each in found) > 1}
    found = [
        (title, title.partition(":")[0] if short in doubled else short, changed) for title, short, changed in found
    ]
    letters = letters_of([short for _, short, _ in found])
    return [Name(title, short, letter, changed) for (title, short, changed), letter in zip(found, letters, strict=True)]


def changes_of(run: Kin, kin: Sequence[Kin]) -> str:
    """Its edits that not all of its kin have, the newest of each setting: "lr 0.05, clip.norm 1"."""
    common: set[Edit] = set(run.session.edits)
    for other in kin:
        common &= set(other.session.edits)
    newest = {edit.key: edit.value for edit in run.session.edits if edit not in common}
    return ", ".join(f"{key.removeprefix('optimizer.')} {words(value)}" for key, value in newest.items())
