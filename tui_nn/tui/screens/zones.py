"""The five panels of the debugger, their places and their focus. Knows frames, but no session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import events
from textual.app import ComposeResult
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from tui_nn.scenario.panels import VIEWS
from tui_nn.tui.arrange import Area, Arrangement, arrange
from tui_nn.tui.caption import Caption, caption_lines, with_caption
from tui_nn.tui.chrome import Bar, Gutter, Line, footer_line
from tui_nn.tui.commands import PANELS, PLACES, footer_commands
from tui_nn.tui.ink import Ink
from tui_nn.tui.jump import Place, places_in
from tui_nn.tui.layout_memory import restore
from tui_nn.tui.microscope import TITLES
from tui_nn.tui.panels.base import Panel
from tui_nn.tui.panels.curves import CurvesPanel
from tui_nn.tui.panels.detail import DetailPanel
from tui_nn.tui.panels.layers import LayersPanel
from tui_nn.tui.panels.lesson import LessonPanel
from tui_nn.tui.panels.program import ProgramPanel
from tui_nn.tui.view import View, clamp

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame

KINDS: tuple[type[Panel], ...] = (ProgramPanel, LayersPanel, DetailPanel, CurvesPanel, LessonPanel)
NAMES = {"program": "1 Program", "layers": "2 Layers", "detail": "3 Detail", "curves": "4 Curves", "lesson": "5 Lesson"}

# What a script line may ask to be shown: a panel and its tab.
SHOWS = {"program": ("program", ""), "layers": ("layers", ""), "curves": ("curves", "loss"), "lesson": ("lesson", "")}
SHOWS |= {name: ("detail", name) for name in TITLES}
# Where a metric is to be seen; any other one is drawn among the chosen curves.
METRICS = {
    "loss": ("curves", "loss"),
    "val_loss": ("curves", "loss"),
    "gap": ("curves", "loss"),
    "accuracy": ("curves", "accuracy"),
    "val_accuracy": ("curves", "accuracy"),
    "grad_norm": ("detail", "gradients"),
    "delta_norm": ("detail", "gradients"),
    "weight_norm": ("detail", "optimizer"),
    "update_ratio": ("detail", "optimizer"),
    "act_mean": ("detail", "activations"),
    "act_std": ("detail", "activations"),
    "act_signal": ("detail", "activations"),
    "saturated": ("layers", ""),
    "dead": ("layers", ""),
}


class ZonesScreen(Screen[None]):
    """Header, panels, footer. Subclasses say what the header says and where frames come from."""

    # Textual's own repaints the whole screen whenever the focus moves; panels draw their title anew themselves.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def __init__(self, ink: Ink, lang: str) -> None:
        super().__init__()
        self.ink = ink
        self.view = View(lang=lang)
        self.frame: Frame | None = None
        self.focus_name = "program"
        self.right, self.below = "detail", "curves"  # the panels seen last where not all can be shown
        self.zoomed = False
        self.panels: dict[str, Panel] = {}
        self.arrangement: Arrangement | None = None
        self.caption: Caption | None = None
        self.strip_lines: list[Line] = []  # below all panels
        self.covered = 0  # rows above the footer on which another screen lies
        self._gutters: list[Gutter] = []

    @property
    def lesson(self) -> LessonPanel:
        return self.panels["lesson"]  # type: ignore[return-value]

    def compose(self) -> ComposeResult:
        self.panels = {kind.where: kind(self.view, self.ink) for kind in KINDS}
        self._gutters = [Gutter(self.ink), Gutter(self.ink)]
        self.header, self._footer, self._caption = Bar("header"), Bar("footer"), Bar("caption")
        self._strip = Bar("strip")
        yield self.header
        yield from self.panels.values()
        yield from self._gutters
        yield self._caption
        yield self._strip
        yield self._footer

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key may reach a screen that is about to be composed, and has nothing yet to act on."""
        return bool(self.panels) and super().check_action(action, parameters)

    def draw_header(self) -> None:
        """Say the state in the header."""

    def show_frame(self, frame: Frame) -> None:
        """Hand a frame to every panel that is in sight."""
        before, self.frame = self.frame, frame
        if before is None or before.program is not frame.program:
            self.place()  # the left column is divided by what there is to list
        for name in self.arrangement.panels if self.arrangement else ():
            self.panels[name].show(frame)

    # Places

    def on_resize(self, event: events.Resize) -> None:
        self.place()
        self.draw_header()

    def place(self) -> None:
        """Give every panel its area, if that has changed; those that come into sight get the newest frame."""
        width, height = self.app.size
        program = self.frame.program if self.frame else None
        arrangement = arrange(
            width,
            height,
            self.focus_name,
            right=self.right,
            below=self.below,
            zoomed=self.zoomed,
            n_ops=len(program.ops) if program else 20,
            n_layers=len(program.layers) if program else 6,
            strip=len(self.strip_lines),
            covered=self.covered,
        )
        if self.caption is not None:
            arrangement = with_caption(arrangement, self.caption, self.view.lang)
        self._show_caption(arrangement.caption)
        if arrangement == self.arrangement:
            return
        self.arrangement = arrangement
        _put(self.header, arrangement.header)
        _put(self._footer, arrangement.footer)
        self._strip.display = arrangement.strip is not None
        if arrangement.strip is not None:
            _put(self._strip, arrangement.strip)
        for name, panel in self.panels.items():
            area = arrangement.panels.get(name)
            panel.display = area is not None
            if area is not None:
                _put(panel, area)
                panel.hidden_panels = arrangement.hidden.get(name, ())
                panel.hidden = tuple(NAMES[other] for other in panel.hidden_panels)
                panel.show(self.frame)
                panel.redraw()
        for i, gutter in enumerate(self._gutters):
            gutter.display = i < len(arrangement.bars)
            if gutter.display:
                _put(gutter, arrangement.bars[i])
                gutter.show(*_joints(arrangement, arrangement.bars[i]))
        self.draw_footer()

    def _show_caption(self, area: Area | None) -> None:
        self._caption.display = area is not None
        if area is not None and self.caption is not None:
            _put(self._caption, area)
            self._caption.show(caption_lines(self.caption, self.view.lang, area, self.ink))

    def show_strip(self, lines: list[Line]) -> None:
        """Rows that stay below all panels, which give them up; none: nothing stands there."""
        is_as_high = len(lines) == len(self.strip_lines)
        self.strip_lines = lines
        self._strip.show(lines)
        if not is_as_high:
            self.place()

    def be_covered(self, rows: int) -> None:
        """Another screen lies on so many rows from below: the panels move out of its way."""
        self.covered = max(rows - 1, 0)  # one is the footer's
        self.place()

    def say_below(self, caption: Caption | None) -> None:
        """Say something below a panel, until something else is said there; None: nothing any more."""
        self.caption = caption
        self.place()

    def draw_footer(self) -> None:
        """On a first visit a hint, the keys, and whether something has been printed."""
        tui: Any = self.app
        width = tui.size.width
        hint = tui.hint_line(width) if self.is_hinting else []
        self._footer.show([footer_line(footer_commands("debugger"), width, self.ink, hint, tui.log_mark())])

    @property
    def is_hinting(self) -> bool:
        """Is this a moment to give a newcomer a hint?"""
        return True

    def focus_panel(self) -> None:
        self.panels[self.focus_name].focus()

    def watch_focused(self, widget: Widget | None) -> None:
        """A panel that is hidden gives the focus up, at times after the next one has taken it: then it is taken again."""
        if widget is None and self.panels and self.is_current and self.app.app_focus:
            self.call_later(self.focus_panel)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if isinstance(event.widget, Panel):
            self._note_focus(event.widget.where)

    def _note_focus(self, name: str) -> None:
        if name == self.focus_name:
            return
        self.focus_name = name
        if name in ("detail", "curves", "lesson"):
            self.right = name
        if name in ("curves", "lesson"):
            self.below = name
        self.place()

    def look_at(self, what: str) -> None:
        """Bring a panel, or the panel of a metric, into sight; a metric of a layer selects that layer."""
        metric, _, layer = what.partition(".")
        what, _, view = what.partition(": ")
        panel, tab = SHOWS.get(what) or METRICS.get(metric, ("curves", "chosen"))
        if layer and self.frame is not None:
            names = [each.name for each in self.frame.layers]
            self.view.layer = names.index(layer) if layer in names else self.view.layer
            self.panels["layers"].redraw()
        if panel == "detail":
            self.view.detail = tab
            if tab in VIEWS:  # named without a view, its first one is meant
                self.view.modes[tab] = VIEWS[tab].index(view) if view else 0
        elif panel == "curves":
            self.view.curve = tab
            if tab == "chosen" and self.frame is not None and what in self.frame.program.metrics:
                self.view.chosen = (what, *(name for name in self.view.chosen if name != what))
        self.action_panel(panel)
        self.panels[panel].redraw()

    # Commands

    def action_panel(self, name: str) -> None:
        self._note_focus(name)
        self.focus_panel()

    def action_next_panel(self, by: int = 1) -> None:
        self.action_panel(PANELS[(PANELS.index(self.focus_name) + by) % len(PANELS)])

    def action_tab(self, by: int) -> None:
        name = self.focus_name if len(self.panels[self.focus_name].tabs) > 1 else "detail"
        if self.arrangement and name not in self.arrangement.panels:
            self.action_panel(name)
        self.panels[name].switch_tab(by)

    def action_mode(self, by: int) -> None:
        panel = self.panels["detail"]
        if self.arrangement and "detail" not in self.arrangement.panels:
            self.action_panel("detail")
        panel.switch_mode(by)  # type: ignore[attr-defined]

    def action_zoom(self) -> None:
        self.zoomed = not self.zoomed
        self.place()

    def action_reset_layout(self) -> None:
        restore(self, {})
        self.arrangement = None
        self.place()
        self.focus_panel()

    def action_scale(self) -> None:
        self.view.log = not self.view.log
        self.panels["curves"].redraw()

    def action_select_layer(self, by: int) -> None:
        if self.frame is not None:
            n = len(self.frame.layers)
            self.view.layer = clamp(clamp(self.view.layer, n) + by, n)
            self.panels["layers"].redraw()
            self.panels["detail"].redraw()

    # Jumping

    def jump_places(self) -> list[Place]:
        """What in sight can be gone to."""
        if self.arrangement is None:
            return []
        shown = {name: self.panels[name] for name in self.arrangement.panels}
        return places_in(
            self.arrangement,
            {name: panel.spots() for name, panel in shown.items()},
            {name: panel.choices() for name, panel in shown.items()},
            {name: panel.active_tab() for name, panel in shown.items()},
        )

    def jump_to(self, place: Place) -> None:
        panel = self.panels[place.where]
        self.action_panel(place.where)
        if place.kind == "tab":
            panel.switch_tab(place.index - panel.active_tab())
        elif place.kind == "row":
            panel.choose(place.index)

    # What the app asks

    def use_ink(self, ink: Ink) -> None:
        self.ink, self.arrangement = ink, None
        for widget in (*self.panels.values(), *self._gutters):
            widget.ink = ink
        self.place()
        self.draw_header()

    def use_language(self, lang: str) -> None:
        self.view.lang = lang
        self.lesson.redraw()
        self.place()

    def help_about(self) -> tuple[str | None, str, tuple[str, ...]]:
        """For the help page: the focused panel's name, what it shows, and the places of the table in order."""
        others = tuple(name for name in PANELS if name != self.focus_name)
        about = self.panels[self.focus_name].about
        return PLACES[self.focus_name], about, (self.focus_name, "debugger", "question", "app", *others)


def _put(widget: Any, area: Area) -> None:
    widget.styles.offset = (area.x, area.y)
    widget.styles.width, widget.styles.height = area.width, area.height


def _joints(arrangement: Arrangement, bar: Area) -> tuple[frozenset[int], frozenset[int]]:
    """At which rows of a vertical line a panel's title line touches it from the left, and from the right."""
    areas = [*arrangement.panels.values(), *([arrangement.caption] if arrangement.caption else [])]
    rows = range(bar.y, bar.y + bar.height)
    left = frozenset(area.y - bar.y for area in areas if area.x + area.width == bar.x and area.y in rows)
    right = frozenset(area.y - bar.y for area in areas if area.x == bar.x + 1 and area.y in rows)
    return left, right
