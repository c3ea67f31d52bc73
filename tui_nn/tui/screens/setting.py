"""Change a setting of the run: find it by typing, type its new value. What is wrong with it is said in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from tui_nn.tui.choices import first_row
from tui_nn.tui.chrome import Bar
from tui_nn.tui.ink import Ink
from tui_nn.tui.screens.chooser import ChoiceList
from tui_nn.tui.screens.modal import DrawnModal, quiet
from tui_nn.tui.settings_list import asked_lines, found, setting_lines
from tui_nn.tui.text import cells, fit, wrap
from tui_nn.tui.view import clamp

if TYPE_CHECKING:
    from tui_nn.debugger.position import Position
    from tui_nn.debugger.settings import Setting

WORDS = {
    "en": {
        "title": "Change a setting from {} on",
        "find": "type to find: lr, batch, clip ... or  lr = 0.1",
        "move": "move",
        "choose": "choose",
        "set": "change it",
        "back": "back",
        "leave": "leave",
    },
    "ko": {
        "title": "{}부터 설정 바꾸기",
        "find": "찾기: lr, batch, clip ... 또는  lr = 0.1",
        "move": "이동",
        "choose": "고르기",
        "set": "바꾸기",
        "back": "뒤로",
        "leave": "나가기",
    },
}


class SettingScreen(DrawnModal[None]):
    """First the list, then the value. `change` makes the edit and answers what is wrong with it, or ""."""

    DEFAULT_CSS = """
    SettingScreen { align: center middle; background: $background 40%; }
    SettingScreen > Vertical { width: 100%; max-width: 108; height: 100%; max-height: 32; background: $surface; padding: 0 1; }
    SettingScreen Bar { position: relative; width: 1fr; height: 1; }
    SettingScreen Input, SettingScreen Input:focus { padding: 0; background: $surface; }
    """
    BINDINGS = quiet(
        {"enter": "enter", "escape": "back"}
        | {"up": "select(-1)", "down": "select(1)", "pageup": "select(-10)", "pagedown": "select(10)"},
        priority=True,
    )

    def __init__(
        self, settings: Sequence[Setting], edited: Mapping[str, Position], where: Position,
        change: Callable[[Setting, str], str], ink: Ink, lang: str,
    ) -> None:  # fmt: skip
        super().__init__()
        self.settings, self.edited, self.where = settings, edited, where
        self.change, self.ink, self.lang = change, ink, lang
        self.rows = list(settings)
        self.cursor = 0
        self.asked: Setting | None = None  # whose value is typed
        self._typed = ""  # in the list, before that
        self._choice = 0

    @property
    def words(self) -> dict[str, str]:
        return WORDS[self.lang]

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Bar("setting-title")
            yield Input(placeholder=self.words["find"], select_on_focus=False, compact=True)
            yield Bar("setting-error")
            yield ChoiceList()
            yield Bar("setting-foot")

    def on_mount(self) -> None:
        for line in self.query(Input):  # none, where it was closed before it stood
            line.focus()
        self._say("")

    def on_resize(self) -> None:
        self._draw()

    def lines(self, width: int, height: int) -> list:
        if self.asked is not None:
            return asked_lines(self.asked, width, height, self.ink, self.lang)
        return setting_lines(self.rows, self.cursor, self.edited, width, height, self.ink, self.lang)

    def _draw(self) -> None:
        if not self.query(ChoiceList):
            return
        ink, words, asked = self.ink, self.words, self.asked
        width = max(self.query_one(ChoiceList).size.width, 10)
        title = f"{ink.glyph('rule_focus')} {words['title'].format(self.where)}"
        line = [ink.say(fit(title, min(cells(title), width)), "title")]
        if asked is not None:
            line.append(ink.say(fit(f"  {asked.key}, {asked.shown}", max(width - cells(title), 0)), "strong"))
        self.query_one("#setting-title", Bar).show([line])
        foot = [("↑ ↓", words["move"]), ("enter", words["choose"]), ("esc", words["leave"])]
        if asked is not None:
            foot = [("enter", words["set"]), ("esc", words["back"])]
        parts = [
            part for key, word in foot for part in (ink.say(key, "key"), ink.say(f" {word}", "dim"), ink.say("   "))
        ]
        self.query_one("#setting-foot", Bar).show([parts[:-1]])
        self.query_one(ChoiceList).reset()

    def _say(self, text: str) -> None:
        for bar in self.query("#setting-error").results(Bar):
            lines = wrap(text, max(self.query_one(ChoiceList).size.width, 20))[:5]
            bar.styles.height = max(len(lines), 1)
            bar.show([[self.ink.say(line, "bad")] for line in lines])
        self._draw()

    def on_input_changed(self, event: Input.Changed) -> None:
        if self.asked is None:
            self._typed = event.value
            self.rows, self.cursor = found(self.settings, event.value), 0
        self._say("")

    def action_select(self, by: int) -> None:
        if self.asked is None:
            self.cursor = clamp(self.cursor + by, len(self.rows))
            self._draw()
        elif self.asked.choices:
            self._choice = (self._choice + by) % len(self.asked.choices)
            self._put(str(self.asked.choices[self._choice]))

    def _put(self, text: str) -> None:
        line = self.query_one(Input)
        line.value = text.lower() if text in ("True", "False") else text
        line.action_select_all()

    def click_row(self, y: int) -> None:
        if self.asked is None:
            row = first_row(len(self.rows), self.cursor, self.query_one(ChoiceList).size.height) + y
            if row < len(self.rows):
                self.cursor = row
                self._ask(self.rows[row])

    def _ask(self, setting: Setting) -> None:
        self.asked = setting
        self._choice = setting.choices.index(setting.value) if setting.value in setting.choices else 0
        self._put("" if setting.value is None else setting.shown)
        self._say("")

    def action_enter(self) -> None:
        """Choose a setting; then change it. A line like lr = 0.1 does both at once."""
        typed = self.query_one(Input).value
        if self.asked is not None:
            self._change(self.asked, typed)
        elif "=" in typed:
            key, _, value = typed.partition("=")
            self._change(self._meant(key.strip()), value)
        elif self.rows:
            self._ask(self.rows[self.cursor])

    def _meant(self, key: str) -> Setting:
        """A setting by its name or the end of it; else what was typed, whose fault the change will tell."""
        from tui_nn.debugger.settings import Setting

        ends = [each for each in self.settings if each.key == key or each.key.endswith(f".{key}")]
        return ends[0] if len(ends) == 1 or (ends and ends[0].key == key) else Setting(key, None)

    def _change(self, setting: Setting, text: str) -> None:
        problem = self.change(setting, text)
        if problem:
            self._say(problem)
        else:
            self.dismiss()

    def action_back(self) -> None:
        if self.asked is None:
            self.dismiss()
            return
        self.asked = None
        cursor = self.cursor
        self.query_one(Input).value = self._typed
        self.rows, self.cursor = found(self.settings, self._typed), cursor
        self._say("")


def change_with(make: Callable[[str, Any], Any]) -> Callable[[Setting, str], str]:
    """For the screen: read what was typed and make the edit; the words of what is wrong."""

    def change(setting: Setting, text: str) -> str:
        from tui_nn.debugger.settings import typed_value

        try:
            if not text.strip():
                raise ValueError(f"type a value for {setting.key}, or none")
            make(setting.key, typed_value(text, setting.value))
        except ValueError as error:
            return str(error)
        return ""

    return change
