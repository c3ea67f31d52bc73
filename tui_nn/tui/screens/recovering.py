"""The offer, at the start, to go on with what a dead program left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical

from tui_nn.tui.chrome import Bar
from tui_nn.tui.ink import Ink
from tui_nn.tui.recovering import WORDS, entry_lines
from tui_nn.tui.screens.chooser import ChoiceList
from tui_nn.tui.screens.modal import DrawnModal, quiet
from tui_nn.tui.text import fit
from tui_nn.tui.view import clamp

if TYPE_CHECKING:
    from tui_nn.debugger.recovery import Entry

DISCARD = "d"


class RecoveryScreen(DrawnModal["Entry | None"]):
    """Answers the entry to open, or None for later. Nothing is thrown away but by two presses; a damaged one never."""

    DEFAULT_CSS = """
    RecoveryScreen { align: center middle; background: $background 40%; }
    RecoveryScreen > Vertical { width: 100%; max-width: 96; height: auto; max-height: 20; background: $surface; padding: 0 1; }
    RecoveryScreen Bar { position: relative; width: 1fr; height: 1; }
    """
    BINDINGS = quiet(
        {"enter": "open", "escape,q,ㅂ": "later", f"{DISCARD},ㅇ,delete": "discard"}
        | {"up": "select(-1)", "down": "select(1)", "pageup": "select(-10)", "pagedown": "select(10)"}
    )

    def __init__(self, entries: Sequence[Entry], ink: Ink, lang: str) -> None:
        super().__init__()
        self.entries = sorted(entries, key=lambda entry: bool(entry.fault))  # what can be opened comes first
        self.ink, self.lang = ink, lang
        self.cursor = 0
        self.is_sure = False  # was discard pressed once?

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Bar("recovery-title")
            yield ChoiceList()
            yield Bar("recovery-foot")

    def on_mount(self) -> None:
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def lines(self, width: int, height: int) -> list:
        if not self.entries:
            return []
        return entry_lines(self.entries, self.cursor, self.is_sure, DISCARD, width, height, self.ink, self.lang)

    def _draw(self) -> None:
        ink, words = self.ink, WORDS[self.lang]
        width = max(min(self.app.size.width, 96) - 2, 10)
        n = len(self.entries)
        title = str(words["one"] if n == 1 else words["many"]).format(n)
        keys = [("enter", "open"), (DISCARD, "discard"), ("esc", "later"), *([("↑ ↓", "move")] if n > 1 else [])]
        foot = [part for key, word in keys for part in (ink.say(key, "key"), ink.say(f" {words[word]}   ", "dim"))]
        for name, line in (
            ("title", [ink.say(f"{ink.glyph('rule_focus')} ", "accent"), ink.say(fit(title, width - 2), "title")]),
            ("foot", foot),
        ):
            for bar in self.query(f"#recovery-{name}").results(Bar):
                bar.show([line])
        for each in self.query(ChoiceList):
            room = n + (8 if any(entry.fault for entry in self.entries) else 3)
            each.styles.height = max(min(room, self.app.size.height - 3, 17), 3)
            each.reset()

    def action_select(self, by: int) -> None:
        self.cursor, self.is_sure = clamp(self.cursor + by, len(self.entries)), False
        self._draw()

    def click_row(self, y: int) -> None:
        if y < len(self.entries):
            self.action_select(y - self.cursor)

    def action_open(self) -> None:
        if self.entries and not self.entries[self.cursor].fault:
            self.dismiss(self.entries[self.cursor])

    def action_discard(self) -> None:
        entry = self.entries[self.cursor] if self.entries else None
        if entry is None or entry.fault:
            return
        if not self.is_sure:
            self.is_sure = True
        else:
            entry.discard()
            self.entries.remove(entry)
            self.cursor, self.is_sure = clamp(self.cursor, max(len(self.entries), 1)), False
        if self.entries:
            self._draw()
        else:
            self.dismiss(None)

    def action_later(self) -> None:
        self.dismiss(None)
