"""The list of stops over the debugger: set, written anew, switched off and removed by keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from tui_nn.debugger.completion import complete_stop
from tui_nn.tui.choices import first_row
from tui_nn.tui.chrome import Bar
from tui_nn.tui.completing import Completer
from tui_nn.tui.ink import Ink
from tui_nn.tui.screens.chooser import ChoiceList
from tui_nn.tui.screens.modal import DrawnModal, quiet
from tui_nn.tui.stops_list import form_lines, stop_lines
from tui_nn.tui.text import cells, wrap
from tui_nn.tui.view import clamp

if TYPE_CHECKING:
    from tui_nn.debugger.session import Session
    from tui_nn.debugger.stops import Breakpoint

WORDS = {
    "en": {
        "title": "Stops", "none": "none is set", "new": "A new stop", "change": "Stop {}", "hint": "loss < 0.1, or op {}",
        "keys": (("enter", "write"), ("space", "on/off"), ("a", "add"), ("del", "remove"), ("← →", "find"), ("esc", "close")),
        "entry": (("enter", "set it"), ("tab", "completes"), ("esc", "back")),
    },
    "ko": {
        "title": "멈춤점", "none": "정한 것이 없음", "new": "새 멈춤점", "change": "멈춤점 {}", "hint": "loss < 0.1 또는 op {}",
        "keys": (("enter", "고치기"), ("space", "켜고 끄기"), ("a", "추가"), ("del", "지우기"), ("← →", "찾기"), ("esc", "닫기")),
        "entry": (("enter", "정하기"), ("tab", "완성"), ("esc", "뒤로")),
    },
}  # fmt: skip
LEAST_ROWS, MOST_ROWS = 15, 24
IN_THE_LIST = ("enter", "select", "toggle", "remove", "add", "jump")
WHILE_TYPED = ("complete",)


class StopsScreen(DrawnModal[None]):
    """First the list, then the line in which a stop is written. jump(-1 or 1): to where one fires."""

    DEFAULT_CSS = """
    StopsScreen { align: center middle; background: $background 40%; }
    StopsScreen > Vertical { width: 100%; max-width: 108; max-height: 100%; background: $surface; padding: 0 1; }
    StopsScreen Bar { position: relative; width: 1fr; height: 1; }
    StopsScreen Input, StopsScreen Input:focus { padding: 0; background: $surface; }
    """
    BINDINGS = quiet(
        {"enter": "enter", "escape": "back", "tab": "complete(1)", "shift+tab": "complete(-1)"}
        | {"up": "select(-1)", "down": "select(1)", "pageup": "select(-10)", "pagedown": "select(10)"}
        | {"space": "toggle", "delete,backspace": "remove", "a,ㅁ,insert,plus": "add", "left": "jump(-1)", "right": "jump(1)"}
    )  # fmt: skip
    AUTO_FOCUS = ""

    def __init__(self, session: Session, jump: Callable[[int], None], ink: Ink, lang: str) -> None:
        super().__init__()
        self.session, self.jump, self.ink, self.lang = session, jump, ink, lang
        self.cursor = 0
        self.is_typing = False
        self.changed: int | None = None  # the number of the stop that is written anew
        self.completer = Completer(lambda text, cursor: complete_stop(session.program, text[:cursor]))

    @property
    def stops(self) -> list[Breakpoint]:
        return list(self.session.stops)

    def compose(self) -> ComposeResult:
        session = self.session
        hint = WORDS[self.lang]["hint"].format(session.program.ops[session.position.op].label)
        line = Input(placeholder=hint, select_on_focus=False, compact=True)
        line.display = False
        with Vertical():
            yield Bar("stops-title")
            yield line
            yield Bar("stops-below")
            yield ChoiceList()
            yield Bar("stops-foot")

    def on_mount(self) -> None:
        if self.is_typing:  # the key that asks for it came in the same breath as the one that opened the list
            self._write(None)
        self._say("")

    def on_resize(self) -> None:
        self._draw()

    # What is shown

    def lines(self, width: int, height: int) -> list:
        if self.is_typing:
            return form_lines(width, height, self.ink, self.lang)
        return stop_lines(self.stops, self.cursor, width, height, self.ink, self.lang)

    def _draw(self) -> None:
        ink, words = self.ink, WORDS[self.lang]
        for box in self.query(Vertical):
            box.styles.height = min(max(len(self.stops) + 6, LEAST_ROWS), MOST_ROWS)
        for choices in self.query(ChoiceList):
            choices.reset()
        title = f"{ink.glyph('rule_focus')} {words['title']}"
        note = "" if self.stops else words["none"]
        if self.is_typing:
            note = words["new"] if self.changed is None else words["change"].format(self.changed)
        self._put(
            "stops-title", [[ink.say(title, "title"), ink.say(f"   {note}", "strong" if self.is_typing else "dim")]]
        )
        room = max(self.app.size.width - 4, 20)
        keys = list(words["entry" if self.is_typing else "keys"])
        while len(keys) > 1 and sum(cells(f"{key} {word}   ") for key, word in keys) > min(room, 104):
            del keys[-2]
        parts = [(ink.say(ink.words(key), "key"), ink.say(f" {word}   ", "dim")) for key, word in keys]
        self._put("stops-foot", [[segment for part in parts for segment in part]])

    def _say(self, problem: str) -> None:
        """What is wrong with the line; else what may stand at its cursor."""
        width = max(min(self.app.size.width, 108) - 4, 20)
        lines = [[self.ink.say(line, "bad")] for line in wrap(problem, width)[:4]]
        self._put("stops-below", lines or (self.completer.lines(width, 2, self.ink) if self.is_typing else []))
        self._draw()

    def _put(self, name: str, lines: list) -> None:
        for bar in self.query(f"#{name}").results(Bar):
            bar.styles.height = max(len(lines), 1)
            bar.show(lines)

    def on_input_changed(self, event: Input.Changed) -> None:
        self.completer.look(event.value, event.input.cursor_position)
        self._say("")

    # What keys do

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While one types, keys are the line's own."""
        if (action in IN_THE_LIST and self.is_typing) or (action in WHILE_TYPED and not self.is_typing):
            return False
        return super().check_action(action, parameters)

    def action_select(self, by: int) -> None:
        self.cursor = clamp(self.cursor + by, len(self.stops) + 1)
        self._draw()

    def click_row(self, y: int) -> None:
        if not self.is_typing:
            row = first_row(len(self.stops) + 1, self.cursor, self.query_one(ChoiceList).size.height) + y
            if row <= len(self.stops):
                self.cursor = row
                self.action_enter()

    def action_toggle(self) -> None:
        if self.cursor < len(self.stops):
            stop = self.stops[self.cursor]
            (self.session.stops.disable if stop.enabled else self.session.stops.enable)(stop.number)
            self._draw()
        else:
            self._write(None)

    def action_remove(self) -> None:
        if self.cursor < len(self.stops):
            self.session.stops.remove(self.stops[self.cursor].number)
            self._draw()

    def action_add(self) -> None:
        self._write(None)

    def _write(self, stop: Breakpoint | None) -> None:
        """Type a new one, or another text for this."""
        self.is_typing, self.changed = True, stop.number if stop else None
        for line in self.query(Input):
            line.display = True
            line.value = str(stop) if stop else ""
            line.cursor_position = len(line.value)
            self.set_focus(line)  # at once, or the letters behind the key would be lost
        self._say("")

    def action_complete(self, by: int) -> None:
        for line in self.query(Input):
            self.completer.tab_in(line, by)
            self._say("")

    def action_enter(self) -> None:
        self._write(self.stops[self.cursor] if self.cursor < len(self.stops) else None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        try:
            if self.changed is None:
                self.session.stops.add(event.value)
                self.cursor = len(self.stops) - 1
            else:
                self.session.stops.change(self.changed, event.value)
        except ValueError as error:
            self._say(str(error))
            return
        self._end_typing()

    def _end_typing(self) -> None:
        self.is_typing = False
        for line in self.query(Input):
            line.display = False
        self.set_focus(None)
        self._say("")

    def action_back(self) -> None:
        if self.is_typing:
            self._end_typing()
        else:
            self.dismiss()

    def action_jump(self, by: int) -> None:
        self.dismiss()
        self.jump(by)
