"""The console over the debugger: what was said above, the line that is typed below. The run goes on in sight above it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.strip import Strip
from textual.widgets import Input

from tui_nn.tui.chrome import Bar
from tui_nn.tui.completing import Completer
from tui_nn.tui.console_lines import told_lines
from tui_nn.tui.ink import Ink
from tui_nn.tui.page import Page
from tui_nn.tui.screens.modal import DrawnModal, quiet
from tui_nn.tui.text import cells

if TYPE_CHECKING:
    from tui_nn.tui.screens.debugger import DebuggerScreen

WORDS = {
    "en": {"title": "Console", "keys": "tab completes   ↑ ↓ lines before   PgUp PgDn scroll   ^c pause   esc close"},
    "ko": {"title": "콘솔", "keys": "tab 완성   ↑ ↓ 지난 입력   PgUp PgDn 스크롤   ^c 멈춤   esc 닫기"},
}
PROMPT = "> "
CANDIDATE_ROWS = 2


class Tail(Page):
    """Shows its end, also when more is said or its place gets smaller, until it is scrolled up."""

    follows = True

    def scroll_by(self, rows: int) -> None:
        super().scroll_by(rows)
        self.follows = rows > 0 and self.is_at_end

    def render_line(self, y: int) -> Strip:
        if self.follows:
            self.top = len(self._lines)
        return super().render_line(y)


class ConsoleScreen(DrawnModal[None]):
    """A strip at the bottom. Lines are done by the desk, which keeps what was said."""

    DEFAULT_CSS = """
    ConsoleScreen { align: center bottom; background: transparent; }
    ConsoleScreen > Vertical { width: 100%; background: $surface; padding: 0 1; border-top: heavy $accent; }
    ConsoleScreen.ascii > Vertical { border-top: ascii $accent; }
    ConsoleScreen Bar { position: relative; width: 1fr; height: 1; }
    ConsoleScreen Tail { width: 1fr; height: 1fr; }
    ConsoleScreen Horizontal { width: 1fr; height: 1; }
    ConsoleScreen Horizontal Bar { width: 2; }
    ConsoleScreen Input, ConsoleScreen Input:focus { width: 1fr; padding: 0; background: $surface; }
    """
    BINDINGS = quiet(
        {"escape": "close", "tab": "complete(1)", "shift+tab": "complete(-1)"}
        | {"up": "recall(-1)", "down": "recall(1)", "pageup": "scroll(-1)", "pagedown": "scroll(1)"}
    ) + quiet({"ctrl+c": "interrupt"}, priority=True)  # which would copy from the line

    def __init__(self, run: DebuggerScreen) -> None:
        super().__init__(classes="ascii" if run.ink.ascii else "")
        self.run_screen, self.desk, self.ink, self.lang = run, run.desk, run.ink, run.view.lang
        self.completer = Completer(lambda text, cursor: self.desk.console.complete(text, cursor))
        self._back = 0  # lines back in what was entered; 0: the one that is being written
        self._written = ""

    def compose(self) -> ComposeResult:
        page = Tail(self.ink, lambda width: told_lines(self.desk.told, width - 1, self.ink))
        page.can_focus = False
        with Vertical():
            yield Bar("console-title")
            yield page
            yield Bar("console-candidates")
            with Horizontal():
                yield Bar("console-prompt")
                yield Input(select_on_focus=False, compact=True)

    def on_mount(self) -> None:
        self.desk.console.lang = self.lang
        self.desk.on_told = self._show_told
        self.set_focus(self.query_one(Input))
        self._place()
        self._show_told()

    def on_unmount(self) -> None:
        self.desk.on_told = lambda: None

    def on_resize(self) -> None:
        self._place()

    # What is shown

    def _place(self) -> None:
        """As many rows as leave the panels their place, which move out of the way."""
        height = self.app.size.height
        rows = max(min(height * 2 // 5, 18), 5)
        for strip in self.query(Vertical):
            strip.styles.height = rows
        self.run_screen.be_covered(rows)
        self._draw()

    def _draw(self) -> None:
        ink, width = self.ink, max(self.app.size.width - 2, 10)
        words = WORDS[self.lang]
        line = [ink.say(f"{ink.glyph('rule_focus')} {words['title']}", "title")]
        room = width - cells(words["title"]) - 5
        keys = words["keys"].split("   ")
        while keys and cells("   ".join(keys)) > room:
            keys.pop(-2 if len(keys) > 1 else 0)  # how to close it is said longest
        line.append(ink.say("   " + ink.words("   ".join(keys)), "dim"))
        candidates = self.completer.lines(width, CANDIDATE_ROWS, ink)
        for bar in self.query(Bar):
            if bar.id == "console-title":
                bar.show([line])
            elif bar.id == "console-prompt":
                bar.show([[ink.say(PROMPT, "accent")]])
            else:
                bar.display = bool(candidates)
                bar.styles.height = max(len(candidates), 1)
                bar.show(candidates)

    def _show_told(self) -> None:
        for page in self.query(Tail):
            page.reset()
            page.follows = True

    def on_input_changed(self, event: Input.Changed) -> None:
        self._look()

    def _look(self) -> None:
        line = self.query_one(Input)
        self.completer.look(line.value, line.cursor_position)
        self._draw()

    # What keys do

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self._back, self._written = 0, ""
        self.query_one(Input).value = ""
        self.desk.enter(event.value)

    def action_complete(self, by: int) -> None:
        for line in self.query(Input):
            self.completer.tab_in(line, by)
            self._draw()

    def action_recall(self, by: int) -> None:
        """What was entered before, and back to what is being written."""
        entered = self.desk.console.entered
        for line in self.query(Input):
            if self._back == 0:
                self._written = line.value
            self._back = max(0, min(self._back - by, len(entered)))
            line.value = entered[-self._back] if self._back else self._written
            line.cursor_position = len(line.value)

    def action_scroll(self, pages: int) -> None:
        for page in self.query(Page):
            page.scroll_by(pages * max(page.size.height - 1, 1))

    def action_interrupt(self) -> None:
        self.run_screen.action_interrupt()

    def action_close(self) -> None:
        """End what the user waits for; else close."""
        if not self.run_screen.cancel():
            self.run_screen.be_covered(0)
            self.dismiss()

    def use_ink(self, ink: Ink) -> None:
        super().use_ink(ink)
        self._show_told()
