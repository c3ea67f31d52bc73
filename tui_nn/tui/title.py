"""The title line of a panel, and where in it something can be clicked or jumped to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from tui_nn.tui.ink import Ink
from tui_nn.tui.text import cells, fit

if TYPE_CHECKING:
    from rich.segment import Segment

    Line = list[Segment]


@dataclass(frozen=True)
class Spot:
    """Cells of a title line that lead somewhere.

    kind, index: this panel by its number; its tab with that index; of the panels it hides the one with that index.
    """

    x: int
    width: int
    kind: Literal["panel", "tab", "hidden"]
    index: int


class Part(NamedTuple):
    text: str
    role: str
    kind: Literal["panel", "tab", "hidden", ""] = ""
    index: int = 0


def title_line(
    number: int, tabs: Sequence[str], active: int, width: int, ink: Ink, *, focused: bool,
    note: str = "", others: Sequence[str] = (),
) -> Line:  # fmt: skip
    """━ 3 Activations · Gradients · Optimizer ━━━━━━ note ━ 4 Loss ━

    The active tab stands out; `others` are panels that this one hides on a small screen. What does not fit is left
    out: first the note, then the names of the hidden panels or the tabs furthest from the active one (an arrow tells that
    there are more), then the hidden panels.
    """
    rule = ink.glyph("rule_focus" if focused else "rule")
    parts = _parts(number, tabs, active, width, ink, focused, note, others)
    return [
        ink.say(rule * len(part.text) if part.role == "filler" else part.text, _role(part, focused)) for part in parts
    ]


def title_spots(
    number: int, tabs: Sequence[str], active: int, width: int, ink: Ink, note: str = "", others: Sequence[str] = ()
) -> list[Spot]:
    """What in that line leads somewhere, from the left. The arrows beside the tabs lead to the next one out of sight."""
    spots, x = [], 0
    for part in _parts(number, tabs, active, width, ink, False, note, others):
        if part.kind:
            spots.append(Spot(x, cells(part.text), part.kind, part.index))
        x += cells(part.text)
    return spots


def _role(part: Part, focused: bool) -> str:
    if part.role in ("rule", "filler"):
        return "accent" if focused else "rule"
    return ("title" if focused else "strong") if part.role == "name" else part.role


def _parts(
    number: int, tabs: Sequence[str], active: int, width: int, ink: Ink, focused: bool, note: str, others: Sequence[str]
) -> list[Part]:
    rule = ink.glyph("rule_focus" if focused else "rule")
    head = [Part(f"{rule} ", "rule"), Part(f"{number} ", "name", "panel", number)]
    tail: list[Part] = []
    digits: list[Part] = []
    for i, other in enumerate(others):
        tail += [Part(f" {other} ", "dim", "hidden", i), Part(rule, "rule")]
        digits += [Part(f" {other.split()[0]} ", "dim", "hidden", i), Part(rule, "rule")]
    note_part = [Part(f" {note} ", "dim"), Part(rule, "rule")] if note else []
    every, alone = range(len(tabs)), range(active, active + 1)

    def names(shown: range) -> list[Part]:
        return _tabs(tabs, active, shown, ink)

    def room(shown: range, right: list[Part]) -> int:
        return width - 1 - sum(cells(part.text) for part in (*head, *names(shown), *right))

    choices = [(every, note_part + tail), (every, tail), (every, digits), (alone, tail), (alone, digits), (alone, [])]
    for shown, right in choices:
        if room(shown, right) < 0:
            continue
        for _ in tabs:  # from the active one outwards, as many as there is room for
            wider = [range(shown.start, min(shown.stop + 1, len(tabs))), range(max(shown.start - 1, 0), shown.stop)]
            shown = next((each for each in wider if each != shown and room(each, right) >= 0), shown)
        return [*head, *names(shown), Part(" ", "name"), Part(" " * room(shown, right), "filler"), *right]
    return [Part(fit(f"{rule} {number} {tabs[active]}", width), "name", "panel", number)]


def _tabs(tabs: Sequence[str], active: int, shown: range, ink: Ink) -> list[Part]:
    parts: list[Part] = []
    if shown.start > 0:
        parts.append(Part(f"{ink.glyph('left')} ", "dim", "tab", shown.start - 1))
    for i in shown:
        if i > shown.start:
            parts.append(Part(f" {ink.glyph('dot')} ", "faint"))
        parts.append(Part(tabs[i], "name" if i == active else "dim", "tab", i))
    if shown.stop < len(tabs):
        parts += [Part(" ", "dim"), Part(ink.glyph("right"), "dim", "tab", shown.stop)]
    return parts
