"""Jump mode on the screen: small labels over the one below; the next key goes there, esc stays."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from tui_nn.tui.chrome import Bar
from tui_nn.tui.commands import JAMO
from tui_nn.tui.ink import Ink
from tui_nn.tui.jump import Place, Target
from tui_nn.tui.paint import paint
from tui_nn.tui.screens.modal import Modal
from tui_nn.tui.text import cells, fit

LATIN = {jamo: letter for letter, jamo in JAMO.items()}
WORDS = {
    "en": (
        " Jump: press the letter or digit of where to go   esc stays here",
        " Jump: letter or digit   esc stays here",
    ),
    "ko": (" 이동: 갈 곳의 글자나 숫자를 누르세요   esc 그대로 두기", " 이동: 글자나 숫자   esc 그대로"),
}


class Label(Widget):
    """One key, a cell, at its place."""

    DEFAULT_CSS = "Label { position: absolute; width: 1; height: 1; }"

    def __init__(self, target: Target, ink: Ink) -> None:
        super().__init__()
        self.target, self.ink = target, ink
        self.styles.offset = target.place.x, target.place.y

    def render_line(self, y: int) -> Strip:
        return paint(self, [[self.ink.say(self.target.key, "cursor")]])[0]

    def on_click(self, event: events.Click) -> None:
        event.stop()
        screen: JumpScreen = self.screen  # type: ignore[assignment]
        screen.dismiss(self.target.place)


class JumpScreen(Modal[Place | None]):
    """Answers the place chosen, or None."""

    DEFAULT_CSS = """
    JumpScreen { background: $background 45%; }
    JumpScreen > #jump-foot { dock: bottom; position: relative; width: 100%; height: 1; background: $surface; }
    """

    def __init__(self, targets: Sequence[Target], labelled_at: Size, ink: Ink, lang: str) -> None:
        super().__init__()
        self.targets, self.ink, self.lang = targets, ink, lang
        self._labelled_at = labelled_at

    def compose(self) -> ComposeResult:
        yield from (Label(target, self.ink) for target in self.targets)
        yield Bar("jump-foot")

    def on_mount(self) -> None:
        width, texts = self.app.size.width, WORDS[self.lang]
        words = fit(next((text for text in texts if cells(text) <= width), texts[-1]), width)
        self.query_one("#jump-foot", Bar).show([[self.ink.say(words, "text")]])

    def on_key(self, event: events.Key) -> None:
        """Any key ends it: one of the labels' goes there, another stays."""
        event.stop()
        event.prevent_default()
        pressed = event.character or event.key
        pressed = LATIN.get(pressed, pressed)
        chosen = next((target.place for target in self.targets if target.key == pressed), None)
        if chosen is not None or event.key in ("escape", "f3", "enter", "space"):
            self.dismiss(chosen)

    def on_click(self) -> None:
        self.dismiss(None)

    def on_resize(self) -> None:
        self._leave_if_moved()

    def on_screen_resume(self) -> None:
        self._leave_if_moved()

    def _leave_if_moved(self) -> None:
        """After a resize what was labelled is elsewhere."""
        if self._labelled_at != self.app.size:
            self.dismiss(None)
