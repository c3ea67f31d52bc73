"""The list over the debugger from which curves are chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from tui_nn.tui.choices import MOST, Row, choice_lines, first_row, rows_of, toggled
from tui_nn.tui.chrome import Bar
from tui_nn.tui.ink import Ink
from tui_nn.tui.paint import paint
from tui_nn.tui.screens.modal import Modal, quiet
from tui_nn.tui.text import fit
from tui_nn.tui.view import clamp

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame


class ChoiceList(Widget):
    """The rows. Its screen holds the cursor; the keyboard stays with the line one types in."""

    DEFAULT_CSS = "ChoiceList { width: 1fr; height: 1fr; }"
    strips: list[Strip] | None = None

    def reset(self) -> None:
        self.strips = None
        self.refresh()

    def render_line(self, y: int) -> Strip:
        if self.strips is None or len(self.strips) != self.size.height:
            lines = self.screen.lines(*self.size)  # type: ignore[attr-defined]
            self.strips = paint(self, lines + [[] for _ in range(self.size.height - len(lines))])
        return self.strips[y]

    def on_click(self, event: events.Click) -> None:
        self.screen.click_row(event.y)  # type: ignore[attr-defined]

    def on_mouse_scroll_down(self) -> None:
        self.screen.action_select(1)  # type: ignore[attr-defined]

    def on_mouse_scroll_up(self) -> None:
        self.screen.action_select(-1)  # type: ignore[attr-defined]


class Finder(Input):
    """One line to type in; a space is no letter of a metric's name, so it may choose."""

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        return key != "space" and super().check_consume_key(key, character)


class ChooserScreen(Modal[None]):
    """Typing filters, the arrows move, space or enter chooses; each choice is handed on at once."""

    DEFAULT_CSS = """
    ChooserScreen { align: center middle; background: $background 40%; }
    ChooserScreen > Vertical { width: 100%; max-width: 92; height: 100%; max-height: 32; background: $surface; padding: 0 1; }
    ChooserScreen Bar { position: relative; width: 1fr; height: 1; }
    ChooserScreen Finder, ChooserScreen Finder:focus { padding: 0; background: $surface; }
    """
    BINDINGS = quiet(
        {"space,enter": "toggle", "escape": "close"}
        | {"up": "select(-1)", "down": "select(1)", "pageup": "select(-10)", "pagedown": "select(10)"},
        priority=True,
    )

    def __init__(
        self, frame: Frame, chosen: tuple[str, ...], ink: Ink, hand_on: Callable[[tuple[str, ...]], None]
    ) -> None:
        super().__init__()
        self.names, self.values = tuple(frame.program.metrics), frame.metrics
        self.chosen = tuple(name for name in chosen if name in self.names)
        self.ink, self.hand_on = ink, hand_on
        self.depth = tuple(layer.name for layer in frame.program.layers)
        self.rows: list[Row] = rows_of(self.names, self.depth)
        self.cursor = 0

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Bar("choose-title")
            yield Finder(placeholder="type to find: grad, lr, dense_2 ...", select_on_focus=False, compact=True)
            yield ChoiceList()
            yield Bar("choose-foot")

    def on_mount(self) -> None:
        for finder in self.query(Finder):  # none, where it was closed before it stood
            finder.focus()
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def lines(self, width: int, height: int) -> list:
        return choice_lines(self.rows, self.cursor, self.chosen, self.values, width, height, self.ink)

    def _draw(self) -> None:
        if not self.query("#choose-foot"):  # closed before it stood
            return
        ink, n = self.ink, len(self.chosen)
        width = max(self.query_one(ChoiceList).size.width, 10)
        count = f"{n} of {len(self.names)}" + (f", {MOST} is the most" if n >= MOST else "")
        title = f"{ink.glyph('rule_focus')} Choose curves  "
        self.query_one("#choose-title", Bar).show(
            [[ink.say(title, "title"), ink.say(fit(count, max(width - len(title), 0)), "dim")]]
        )
        foot = [("↑ ↓", "move"), ("space", "choose"), ("esc", "done")]
        self.query_one("#choose-foot", Bar).show(
            [[part for key, word in foot for part in (ink.say(key, "key"), ink.say(f" {word}   ", "dim"))]]
        )
        self.query_one(ChoiceList).reset()

    def on_input_changed(self, event: Input.Changed) -> None:
        self.rows, self.cursor = rows_of(self.names, self.depth, event.value), 0
        if event.value and len(self.rows) > 1:
            self.cursor = 1  # the first metric that was meant, below its heading
        self._draw()

    def action_select(self, by: int) -> None:
        self.cursor = clamp(self.cursor + by, len(self.rows))
        self._draw()

    def click_row(self, y: int) -> None:
        row = first_row(len(self.rows), self.cursor, self.query_one(ChoiceList).size.height) + y
        if row < len(self.rows):
            self.cursor = row
            self.action_toggle()

    def action_toggle(self) -> None:
        if self.rows:
            self.chosen = toggled(self.chosen, self.rows[self.cursor])
            self.hand_on(self.chosen)
            self._draw()

    def action_close(self) -> None:
        self.dismiss()

    def use_ink(self, ink: Ink) -> None:
        self.ink = ink
        self._draw()
