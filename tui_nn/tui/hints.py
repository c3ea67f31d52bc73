"""Three hints for the first visit, one at a time, in the footer.

Each leaves when it has been followed, or when the user finds other ways without it; then all is quiet.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_nn.tui.commands import COMMANDS, Command
from tui_nn.tui.text import cells

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.tui.ink import Ink

    Line = list[Segment]


@dataclass(frozen=True)
class Hint:
    """words: {id} stands for the key of that command. actions: any of these, by name, means that it has been followed."""

    words: dict[str, str]
    actions: tuple[str, ...]


HINTS = (
    Hint(
        {
            "en": "{step} runs the next operation",
            "ko": "{step} 키는 다음 연산 하나를 실행합니다",
        },
        ("step", "run_pause", "until", "goto", "play"),
    ),
    Hint(
        {
            "en": "{back} takes it back; {run} trains",
            "ko": "{back} 키는 되돌리고, {run} 키는 학습을 돌립니다",
        },
        ("back", "first", "run_pause"),
    ),
    Hint(
        {
            "en": "{help} explains the panel, {palette} finds any command",
            "ko": "{help} 키는 패널을 설명하고, {palette} 키는 명령을 찾습니다",
        },
        ("help", "command_palette", "glossary"),
    ),
)
ALL_SEEN = len(HINTS)
PATIENCE = 6  # different other commands, after which a hint has nothing to say to this user


class Hints:
    """Where in them the user is. `seen`: how many are done with; `keep` is told when that changes."""

    def __init__(self, seen: int = ALL_SEEN, keep: Callable[[int], None] = lambda seen: None) -> None:
        self.seen, self._keep = seen, keep
        self._followed: set[int] = set()
        self._others: set[str] = set()  # done while the current one was in sight
        self._is_begun = False

    @property
    def current(self) -> Hint | None:
        return HINTS[self.seen] if self.seen < ALL_SEEN else None

    def shown(self) -> Hint | None:
        """The one to show; from here on this counts as the first visit."""
        self._is_begun = self._is_begun or self.current is not None
        return self.current

    def note(self, action: str) -> bool:
        """An action was done, on whatever way: "step('op')", "screen.step('op')". True if the hint to show is another now."""
        if self.current is None:
            return False
        name = re.sub(r"^\w+\.|\(.*", "", action)
        # One action follows one hint: a key that two of them name has to be pressed twice.
        ahead = (i for i in range(self.seen, ALL_SEEN) if name in HINTS[i].actions and i not in self._followed)
        followed = next(ahead, None)
        if followed is not None:
            self._followed.add(followed)
        elif self._is_begun:
            self._others.add(name)
        before = self.seen
        if len(self._others) >= PATIENCE:
            self._followed.add(self.seen)
        while self.seen in self._followed:
            self.seen += 1
        if self.seen != before:
            self._others.clear()
            self._keep(self.seen)
        return self.seen != before

    def end_visit(self) -> None:
        """They belong to the first visit; what was not followed then is not said again."""
        if self._is_begun and self.seen < ALL_SEEN:
            self.seen = ALL_SEEN
            self._keep(self.seen)


def hint_line(hint: Hint, lang: str, width: int, ink: Ink) -> Line:
    """▸ s runs the next operation   1/3. Without the count where there is little room; empty where it would be cut."""
    keys = {command.id: _easiest(command) for command in COMMANDS}
    line: Line = [ink.say(f" {ink.glyph('right')} ", "accent")]
    # An odd piece is the id of a command: the text between braces.
    for i, piece in enumerate(re.split(r"[{}]", hint.words[lang])):
        line.append(ink.say(keys[piece], "key") if i % 2 else ink.say(piece, "strong"))
    count = ink.say(f"   {HINTS.index(hint) + 1}/{len(HINTS)}", "faint")
    for whole in ([*line, count, ink.say("   ")], line):
        if sum(cells(segment.text) for segment in whole) <= width:
            return whole
    return []


def _easiest(command: Command) -> str:
    """The key to tell a newcomer: the first that needs no second key held down."""
    keys = command.shown_keys.split() or ["-"]
    return next((key for key in keys if len(key) == 1 or (key[0] not in "^" and "+" not in key)), keys[0])
