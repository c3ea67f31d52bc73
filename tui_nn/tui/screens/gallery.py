"""The gallery: the path through the presets, search and tags, and a page on the selected one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from tui_nn.scenario.chapters import Entry, next_on, path_of
from tui_nn.scenario.curves import recorded_curves
from tui_nn.tui.arrange import WIDE
from tui_nn.tui.chrome import Bar, footer_line
from tui_nn.tui.commands import bindings_for, footer_commands
from tui_nn.tui.gallery import (
    WORDS,
    Marks,
    Row,
    found,
    list_lines,
    matching,
    rows_of,
    scrolled,
    shared_tags,
    start_line,
    tag_line,
)
from tui_nn.tui.gallery_preview import preview_lines, read_preview
from tui_nn.tui.ink import Ink
from tui_nn.tui.jump import Place
from tui_nn.tui.page import Line, Page
from tui_nn.tui.paint import paint
from tui_nn.tui.text import cells, fit
from tui_nn.tui.view import clamp
from tui_nn.tui.visited import visited

if TYPE_CHECKING:
    from tui_nn.scenario import PresetInfo
    from tui_nn.tui.app import TuiApp

SHORT = 16  # rows of the terminal; below, the list gets the start line's

# Rows of the page below the list, by rows of the terminal, where it does not stand beside it.
BELOW = ((32, 16), (24, 6), (16, 4), (0, 3))


class PresetList(Widget, can_focus=True):
    """The list itself. Its screen knows what is listed and which entry is selected."""

    DEFAULT_CSS = "PresetList { width: 1fr; height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.top = 0
        self.rows: list[Row] = []
        self._lines: list[Line] = []

    def show(self, follow: bool = True) -> None:
        """Draw anew; with `follow` the selected entry is brought into sight."""
        screen: Any = self.screen
        width, height = self.size
        self.rows = rows_of(screen.shown, height)
        self.top = scrolled(self.top, self.rows, height, screen.selected if follow else None)
        self._lines = screen.list_lines(self.rows, self.top, width, height)
        self.refresh()

    def on_resize(self) -> None:
        self.show()

    def render_line(self, y: int) -> Strip:
        return paint(self, [self._lines[y] if y < len(self._lines) else []])[0]

    def on_click(self, event: events.Click) -> None:
        row = self.rows[self.top + event.y] if self.top + event.y < len(self.rows) else None
        if row is not None and row.kind in ("title", "summary"):
            self.screen.click_entry(row.index, event.chain)  # type: ignore[attr-defined]

    def on_mouse_scroll_down(self) -> None:
        self._scroll(2)

    def on_mouse_scroll_up(self) -> None:
        self._scroll(-2)

    def _scroll(self, by: int) -> None:
        self.top += by
        self.show(follow=False)


class GalleryScreen(Screen[None]):
    """The path through the presets, and a page on the selected one: beside the list from 120 columns, else below it."""

    where = "gallery"
    BINDINGS = bindings_for("gallery")
    DEFAULT_CSS = """
    GalleryScreen { layout: vertical; }
    GalleryScreen Bar { position: relative; width: 1fr; height: 1; }
    GalleryScreen #body { layout: vertical; height: 1fr; width: 1fr; }
    GalleryScreen Page { width: 1fr; height: 6; }
    GalleryScreen.wide #body { layout: horizontal; }
    GalleryScreen.wide Page { width: 45%; height: 1fr; background: $surface; padding: 1 1; }
    GalleryScreen Input, GalleryScreen Input:focus { padding: 0 1; display: none; background: $surface; }
    GalleryScreen.searching Input, GalleryScreen.searching Input:focus { display: block; }
    GalleryScreen.searching #start, GalleryScreen.short #start { display: none; }
    """

    def __init__(self, ink: Ink, lang: str, is_above: bool = False) -> None:
        super().__init__()
        self.ink, self.lang, self.is_above = ink, lang, is_above
        self.path: list[Entry] = []
        self.shown: list[Entry] = []
        self.tags: list[tuple[str, int]] = []
        self.titles: dict[str, str] = {}
        self.marks = Marks()
        self.selected = 0
        self.query_text = self.tag = ""

    @property
    def tui(self) -> TuiApp:
        return self.app  # type: ignore[return-value]

    def compose(self) -> ComposeResult:
        yield Bar("header")
        yield Bar("start")
        yield Input(placeholder=WORDS["search"][self.lang], compact=True)
        yield Bar("tags")
        with Widget(id="body"):
            yield PresetList()
            yield Page(self.ink, self._preview)
        yield Bar("footer")

    def on_mount(self) -> None:
        from tui_nn.scenario import list_presets

        presets = list_presets()
        self.path = self.shown = path_of(presets)
        self.tags = shared_tags(presets)
        self.titles = {preset.id: preset.title for preset in presets}
        seen, run = visited(), self.tui.debugger
        coming = next_on(self.path, seen)
        self.marks = Marks(frozenset(seen), coming.preset.id if coming else "", run.scenario_id if run else "")
        self._select_id(self.marks.open or self.marks.next)
        self.query_one(PresetList).focus()
        self._arrange(*self.app.size)
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        self._arrange(*event.size)
        self._draw()

    def _arrange(self, width: int, height: int) -> None:
        is_wide = width >= WIDE
        self.set_class(is_wide, "wide")
        self.set_class(height < SHORT, "short")
        page = self.query_one(Page)
        page.styles.height = None if is_wide else next(rows for least, rows in BELOW if height >= least)
        page.reset()

    def list_lines(self, rows: Sequence[Row], top: int, width: int, height: int) -> list[Line]:
        curves = recorded_curves()
        return list_lines(self.shown, rows, top, self.selected, self.marks, self.lang, width, height, self.ink, curves)

    def _preview(self, width: int) -> list[Line]:
        entry = self._current()
        if entry is None:
            return []
        text, curve = read_preview(entry.preset.path), recorded_curves().get(entry.preset.id)
        height = self.query_one(Page).size.height
        return preview_lines(
            entry, text, curve, self.titles, self.lang, width, height, self.ink, self.has_class("wide")
        )

    def _current(self) -> Entry | None:
        return self.shown[clamp(self.selected, len(self.shown))] if self.shown else None

    def _select_id(self, preset_id: str) -> None:
        """The entry of that preset if it is listed, else the first."""
        self.selected = next((i for i, entry in enumerate(self.shown) if entry.preset.id == preset_id), 0)

    def _draw(self) -> None:
        ink, width = self.ink, self.app.size.width
        name, right = " tui-nn  ", found(len(self.shown), len(self.path), self.lang) + " "
        header = [
            ink.say(name, "title"),
            ink.say(fit("Gallery", width - cells(name) - cells(right)), "strong"),
            ink.say(right, "dim"),
        ]
        self.query_one("#header", Bar).show([header])
        self.query_one("#start", Bar).show([start_line(self.path, self.marks, self.lang, width, ink)])
        self.query_one("#tags", Bar).show([tag_line(self.tags, self.tag, self.lang, width, ink)])
        self.draw_footer()
        self.query_one(PresetList).show()

    def draw_footer(self) -> None:
        commands = [c for c in footer_commands("gallery") if c.id != "gallery-back"]
        line = footer_line(commands, self.app.size.width, self.ink, after=self.tui.log_mark())
        self.query_one("#footer", Bar).show([line])

    # Commands

    def action_select(self, by: int) -> None:
        self.selected = clamp(self.selected + by, len(self.shown))
        self.query_one(Page).reset()
        self._draw()

    def action_select_end(self, side: int) -> None:
        self.action_select(side * len(self.shown))

    def action_page(self, by: int) -> None:
        page = self.query_one(Page)
        page.scroll_by(by * max(page.size.height - 1, 1))

    def click_entry(self, index: int, clicks: int) -> None:
        self.action_select(index - self.selected)
        if clicks > 1:
            self.action_open_selected()

    def action_open_selected(self) -> None:
        entry = self._current()
        if entry is not None:
            self._open_preset(entry.preset)

    def action_open_next(self) -> None:
        """What the line above the list offers."""
        entry = next_on(self.path, self.marks.visited)
        if entry is not None:
            self._open_preset(entry.preset)

    def _open_preset(self, preset: PresetInfo) -> None:
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
            PromptScreen(
                "Open a file", "path of a scenario (.toml) or of a saved session (.tuinn)", self.ink, _path_problem
            ),
            opened,
        )

    # Narrowing the list

    def action_search(self) -> None:
        self.add_class("searching")
        self.query_one(Input).focus()

    def action_tag(self, by: int) -> None:
        names = ["", *(tag for tag, _ in self.tags)]
        self._narrow(self.query_text, names[(names.index(self.tag) + by) % len(names)])

    def action_pick_tag(self, index: int) -> None:
        """The tag with that number; -1 for all presets."""
        self._narrow(self.query_text, self.tags[index][0] if 0 <= index < len(self.tags) else "")

    def _narrow(self, query: str, tag: str) -> None:
        """List what fits; the selected entry stays selected if it does."""
        current = self._current()
        self.query_text, self.tag = query, tag
        self.shown = matching(self.path, query, tag)
        self._select_id(current.preset.id if current else "")
        self.query_one(Page).reset()
        self._draw()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._narrow(event.value, self.tag)

    def on_input_submitted(self) -> None:
        self.query_one(PresetList).focus()
        self.action_open_selected()

    def action_leave(self) -> None:
        if self.has_class("searching"):
            self.query_one(Input).value = ""
            self.remove_class("searching")
            self.query_one(PresetList).focus()
            self._narrow("", self.tag)
        elif self.tag:
            self._narrow(self.query_text, "")
        else:
            self.tui.return_to_run()

    # Jumping

    def jump_places(self) -> list[Place]:
        entries = self.query_one(PresetList)
        region, rows = entries.region, entries.rows[entries.top :]
        seen = [(y, row.index) for y, row in enumerate(rows[: region.height]) if row.kind == "title"]
        return [Place(region.x, region.y + y, "row", "gallery", index) for y, index in seen]

    def jump_to(self, place: Place) -> None:
        self.action_select(place.index - self.selected)

    def current_preset(self) -> PresetInfo | None:
        entry = self._current()
        return entry.preset if entry is not None else None

    # What the app asks

    def use_ink(self, ink: Ink) -> None:
        self.ink = ink
        page = self.query_one(Page)
        page.ink = ink
        page.reset()
        self._draw()

    def use_language(self, lang: str) -> None:
        self.lang = lang
        self.query_one(Input).placeholder = WORDS["search"][lang]
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
    return f"{text} is a folder; name the file in it" if path.is_dir() else None
