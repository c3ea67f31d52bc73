"""What lies over another screen: the base of all such screens, a page of text, a prompt, the notice of a small terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from tui_nn.tui.arrange import MIN_HEIGHT, MIN_WIDTH, is_too_small
from tui_nn.tui.chrome import Bar
from tui_nn.tui.commands import COMMANDS
from tui_nn.tui.completing import Complete, Completer
from tui_nn.tui.ink import Ink
from tui_nn.tui.page import Line, Page
from tui_nn.tui.text import cells, wrap

Result = TypeVar("Result")
PROMPT_KEYS = ("   enter: do it   esc: leave it", "   enter: do it   esc: leave", "   esc: leave")


def quiet(keys: Mapping[str, str], *, priority: bool = False) -> list[BindingType]:
    """Keys to actions, for a screen that names its keys itself. priority: before the line that is typed in takes them."""
    return [Binding(each, action, show=False, priority=priority) for each, action in keys.items()]


SCROLL = {
    "up": "scroll(-1)", "down": "scroll(1)", "pageup": "scroll(-10)", "pagedown,space": "scroll(10)",
    "home": "scroll(-100000)", "end": "scroll(100000)",
}  # fmt: skip


class Modal(ModalScreen[Result]):
    """A modal screen that takes away nothing but itself.

    Textual's `dismiss` takes the top screen away, whichever that is: of two quick escapes, both on their way to the same
    page, the second would take the debugger; and what lies below the notice of a small terminal would take that.
    """

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        return super().dismiss(result) if self.is_active else AwaitComplete()


class DrawnModal(Modal[Result]):
    """One that says everything by `_draw`: again in another theme, and in another language."""

    ink: Ink
    lang: str

    def _draw(self) -> None:
        raise NotImplementedError

    def use_ink(self, ink: Ink) -> None:
        self.ink = ink
        for page in self.query(Page):
            page.ink = ink
        self._draw()

    def use_language(self, lang: str) -> None:
        self.lang = lang
        self._draw()


class PageScreen(Modal[None]):
    """A titled page; any of the keys that close such things closes it."""

    DEFAULT_CSS = """
    PageScreen { align: center middle; background: $background 60%; }
    PageScreen > Vertical { width: 100%; max-width: 104; height: 100%; max-height: 44; background: $surface; padding: 0 1; }
    PageScreen Bar { position: relative; width: 1fr; height: 1; }
    PageScreen Page { width: 1fr; height: 1fr; }
    """
    BINDINGS = quiet({"escape,q,enter,question_mark,f1,ㅂ": "close"} | SCROLL)

    def __init__(self, title: str, ink: Ink, write: Callable[[int], list[Line]]) -> None:
        super().__init__()
        self.heading, self.ink, self.write = title, ink, write

    def compose(self) -> ComposeResult:
        # Said here and not when mounted: a page may be closed before it stands.
        rule = self.ink.glyph("rule_focus")
        title, foot = Bar("page-title"), Bar("page-foot")
        title.lines = [[self.ink.say(f"{rule} ", "accent"), self.ink.say(self.heading, "title")]]
        keys = (("esc", "key"), (" close   ", "dim"), ("↑ ↓ PgUp PgDn", "key"), (" scroll", "dim"))
        foot.lines = [[self.ink.say(text, role) for text, role in keys]]
        with Vertical():
            yield title
            yield Page(self.ink, self.write)
            yield foot

    def action_close(self) -> None:
        self.dismiss()

    def action_scroll(self, rows: int) -> None:
        for page in self.query(Page):  # none yet, for a key that comes in the same breath as the one that opened it
            page.scroll_by(rows)


class PromptScreen(Modal[str | None]):
    """One line of input at the bottom. `check` answers what is wrong with a text, or None; esc gives None."""

    DEFAULT_CSS = """
    PromptScreen { align: center bottom; background: $background 30%; }
    PromptScreen > Vertical { width: 100%; height: auto; background: $surface; padding: 0 1; border-top: heavy $accent; }
    PromptScreen.ascii > Vertical { border-top: ascii $accent; }
    PromptScreen Bar { position: relative; width: 1fr; height: auto; }
    PromptScreen Input, PromptScreen Input:focus { padding: 0; background: $surface; }
    """
    BINDINGS = quiet({"escape": "cancel", "tab": "complete(1)", "shift+tab": "complete(-1)"})

    def __init__(
        self, label: str, hint: str, ink: Ink, check: Callable[[str], str | None], value: str = "",
        complete: Complete | None = None,
    ) -> None:  # fmt: skip
        super().__init__(classes="ascii" if ink.ascii else "")
        self.label, self.hint, self.ink, self.check, self.value = label, hint, ink, check, value
        self.completer = Completer(complete) if complete else None

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Bar("prompt-label")
            yield Input(value=self.value, placeholder=self.hint, select_on_focus=False, compact=True)
            yield Bar("prompt-error")

    def on_mount(self) -> None:
        self._show_label()
        self._say("")

    def on_resize(self) -> None:
        self._show_label()

    def _show_label(self) -> None:
        room = self.app.size.width - 2 - cells(self.label)
        keys = next((keys for keys in PROMPT_KEYS if cells(keys) <= room), "")
        self._put("prompt-label", [[self.ink.say(self.label, "title"), self.ink.say(keys, "dim")]])

    def _say(self, text: str) -> None:
        lines = wrap(text, max(self.size.width - 4, 20))[:6]
        self._put("prompt-error", [[self.ink.say(line, "bad")] for line in lines])

    def _put(self, name: str, lines: list[Line]) -> None:
        for bar in self.query(f"#{name}").results(Bar):  # none, where the prompt was closed before it stood
            bar.styles.height = max(len(lines), 1)
            bar.show(lines)

    def on_input_changed(self, event: Input.Changed) -> None:
        if self.completer is not None:
            self.completer.look(event.value, event.input.cursor_position)
        self._show_candidates()

    def _show_candidates(self) -> None:
        """Below the line, in the place of what was wrong with it."""
        lines = self.completer.lines(max(self.size.width - 4, 20), 2, self.ink) if self.completer else []
        self._put("prompt-error", lines)

    def action_complete(self, by: int) -> None:
        if self.completer is None:
            return
        for line in self.query(Input):
            self.completer.tab_in(line, by)
            self._show_candidates()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        problem = self.check(text) if text else "Nothing was typed; esc leaves the prompt."
        if problem is None:
            self.dismiss(text)
        else:
            self._say(problem)

    def action_cancel(self) -> None:
        self.dismiss(None)


class TooSmall(Modal[None]):
    """Keys must not act on what cannot be seen: only leaving and resizing work here."""

    DEFAULT_CSS = """
    TooSmall { background: $background; align: left top; }
    TooSmall Page { width: 100%; height: 100%; }
    """

    BINDINGS = [Binding("q,ㅂ", "app.quit", show=False, id="quit")]

    def __init__(self, ink: Ink) -> None:
        super().__init__()
        self.ink = ink

    def compose(self) -> ComposeResult:
        yield Page(self.ink, self._lines)

    def _lines(self, width: int) -> list[Line]:
        size = self.app.size
        key = next(command.shown_key for command in COMMANDS if command.id == "quit") or "ctrl+q"
        text = f"Too small: {size.width}x{size.height}. tui-nn needs {MIN_WIDTH}x{MIN_HEIGHT}. Make the window larger; {key} quits."
        return [[self.ink.say(line, "warn")] for line in wrap(text, max(width, 2))]

    def on_resize(self) -> None:
        for page in self.query(Page):
            page.reset()

    def use_ink(self, ink: Ink) -> None:
        self.ink = ink
        for page in self.query(Page):
            page.ink = ink
            page.reset()

    def on_screen_resume(self) -> None:
        """Come to light again after the window has grown: there is nothing left to say."""
        if not is_too_small(*self.app.size):
            self.dismiss()
