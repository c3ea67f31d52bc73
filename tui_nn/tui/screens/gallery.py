"""The gallery: every preset with what it teaches, and the file behind the selected one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from tui_nn.tui.arrange import WIDE
from tui_nn.tui.chrome import Bar, footer_line
from tui_nn.tui.commands import bindings_for, footer_commands
from tui_nn.tui.gallery import list_lines, matching, preview_lines, read_preview, visible_from
from tui_nn.tui.ink import Ink
from tui_nn.tui.page import Line, Page
from tui_nn.tui.paint import paint
from tui_nn.tui.text import cells, fit
from tui_nn.tui.view import clamp

if TYPE_CHECKING:
    from tui_nn.scenario import PresetInfo
    from tui_nn.tui.app import TuiApp

INTRO = "Open a training run, and step it one operation at a time, forwards and back."


class PresetList(Widget, can_focus=True):
    """The list itself. Its screen holds the selection."""

    DEFAULT_CSS = "PresetList { width: 1fr; height: 1fr; }"

    def render_line(self, y: int) -> Strip:
        screen: Any = self.screen
        lines = screen.rows(self.size.width, self.size.height)
        return paint(self, [lines[y] if y < len(lines) else []])[0]

    def on_click(self, event: events.Click) -> None:
        self.screen.click_row(event.y, event.chain)  # type: ignore[attr-defined]

    def on_mouse_scroll_down(self) -> None:
        self.screen.action_select(1)  # type: ignore[attr-defined]

    def on_mouse_scroll_up(self) -> None:
        self.screen.action_select(-1)  # type: ignore[attr-defined]


class GalleryScreen(Screen[None]):
    """Presets on the left, the selected one's file on the right (from 120 columns)."""

    where = "gallery"
    BINDINGS = bindings_for("gallery")
    DEFAULT_CSS = """
    GalleryScreen { layout: vertical; }
    GalleryScreen Bar { position: relative; width: 1fr; height: 1; }
    GalleryScreen #intro { height: 2; }
    GalleryScreen #body { layout: horizontal; height: 1fr; width: 1fr; }
    GalleryScreen Page { width: 48%; height: 1fr; display: none; background: $surface; padding: 1 1; }
    GalleryScreen.wide Page { display: block; }
    GalleryScreen Input, GalleryScreen Input:focus { padding: 0 1; display: none; background: $surface; }
    GalleryScreen Input.shown, GalleryScreen Input.shown:focus { display: block; }
    """

    def __init__(self, ink: Ink, lang: str, is_above: bool = False) -> None:
        super().__init__()
        self.ink, self.lang, self.is_above = ink, lang, is_above
        self.presets: list[PresetInfo] = []
        self.shown: list[PresetInfo] = []
        self.selected = 0

    @property
    def tui(self) -> TuiApp:
        return self.app  # type: ignore[return-value]

    def compose(self) -> ComposeResult:
        yield Bar("header")
        yield Bar("intro")
        yield Input(placeholder="search titles, summaries and tags", compact=True)
        with Widget(id="body"):
            yield PresetList()
            yield Page(self.ink, self._preview)
        yield Bar("footer")

    def on_mount(self) -> None:
        from tui_nn.scenario import list_presets

        self.presets = self.shown = list_presets()
        self.query_one(PresetList).focus()
        self._arrange(self.app.size.width)
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        self._arrange(event.size.width)
        self._draw()

    def _arrange(self, width: int) -> None:
        self.set_class(width >= WIDE, "wide")

    def rows(self, width: int, height: int) -> list[Line]:
        run = self.tui.debugger
        return list_lines(self.shown, self.selected, self.lang, width, height, self.ink, run.scenario_id if run else "")

    def _preview(self, width: int) -> list[Line]:
        preset = self._current()
        return preview_lines(preset, read_preview(preset.path) if preset else "", self.lang, width, self.ink)

    def _current(self) -> PresetInfo | None:
        return self.shown[clamp(self.selected, len(self.shown))] if self.shown else None

    def _draw(self) -> None:
        ink, width = self.ink, self.app.size.width
        count = (
            f"{len(self.shown)} of {len(self.presets)} presets"
            if len(self.shown) != len(self.presets)
            else f"{len(self.presets)} presets"
        )
        name = " tui-nn  "
        right = f"{count} "
        header = [
            ink.say(name, "title"),
            ink.say(fit("Gallery", width - cells(name) - cells(right)), "strong"),
            ink.say(right, "dim"),
        ]
        self.query_one("#header", Bar).show([header])
        self.query_one("#intro", Bar).show([[ink.say(" " + fit(INTRO, width - 2), "dim")]])
        commands = [c for c in footer_commands("gallery") if c.id != "gallery-back"]
        self.query_one("#footer", Bar).show([footer_line(commands, width, ink)])
        self.query_one(PresetList).refresh()

    # Commands

    def action_select(self, by: int) -> None:
        self.selected = clamp(self.selected + by, len(self.shown))
        self.query_one(Page).reset()
        self._draw()

    def action_page(self, by: int) -> None:
        self.query_one(Page).scroll_by(by * 10)

    def click_row(self, y: int, clicks: int) -> None:
        height = self.query_one(PresetList).size.height
        first, _, rows = visible_from(len(self.shown), self.selected, height)
        index = first + y // rows
        if index < len(self.shown):
            is_again = index == self.selected
            self.action_select(index - self.selected)
            if is_again or clicks > 1:
                self.action_open_selected()

    def action_open_selected(self) -> None:
        preset = self._current()
        if preset is None:
            return
        run = self.tui.debugger
        if run is not None and run.scenario_id == preset.id:
            self.tui.return_to_run()
        else:
            self._open(str(preset.path) if preset.error else preset.id)

    def _open(self, ref: str) -> None:
        from tui_nn.tui.app import Wish

        if self.is_above:
            self.tui.close_run()
        self.tui.open_scenario(Wish(ref))

    def action_open_file(self) -> None:
        from tui_nn.tui.screens.modal import PromptScreen

        def opened(text: str | None) -> None:
            if text:
                self._open(str(Path(text).expanduser()))

        self.app.push_screen(
            PromptScreen("Open a scenario file", "path of a .toml file", self.ink, _path_problem), opened
        )

    def action_search(self) -> None:
        field = self.query_one(Input)
        field.add_class("shown")
        field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        self.shown, self.selected = matching(self.presets, event.value), 0
        self.query_one(Page).reset()
        self._draw()

    def on_input_submitted(self) -> None:
        self.query_one(PresetList).focus()
        if len(self.shown) == 1:
            self.action_open_selected()

    def action_leave(self) -> None:
        field = self.query_one(Input)
        if field.has_class("shown"):
            field.value = ""
            field.remove_class("shown")
            self.query_one(PresetList).focus()
        else:
            self.tui.return_to_run()

    # What the app asks

    def use_ink(self, ink: Ink) -> None:
        self.ink = ink
        page = self.query_one(Page)
        page.ink = ink
        page.reset()
        self._draw()

    def use_language(self, lang: str) -> None:
        self.lang = lang
        self.query_one(Page).reset()
        self._draw()

    def help_about(self) -> tuple[str | None, str, tuple[str, ...]]:
        return None, "", ("gallery", "app")


def _path_problem(text: str) -> str | None:
    """Only what can be said without loading it: a file that is there may still be wrong, and says so when it opens."""
    try:
        path = Path(text).expanduser()
        if not path.exists():
            return f"{text}: there is no such file"
    except (OSError, ValueError, RuntimeError) as error:  # too long a name, a NUL in it, ~ of somebody unknown
        return f"{text}: {getattr(error, 'strerror', None) or error}"
    return f"{text} is a folder; name the .toml file in it" if path.is_dir() else None
