"""A panel: one title line and a body, drawn by `render_line` from lines computed once per frame and size.

`draw` of every panel is thin: it calls a pure function (frame, view, width, height, ink) -> lines, which tests call too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui_nn.tui.commands import bindings_for
from tui_nn.tui.ink import Ink
from tui_nn.tui.paint import paint
from tui_nn.tui.title import Spot, title_line, title_spots
from tui_nn.tui.view import View

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame

Line = list[Segment]
MIN_DRAWN = 24  # cells; no arrangement of a screen that is large enough makes a panel narrower


class Panel(Widget, can_focus=True):
    """Base of the numbered panels. Subclasses say their tabs and `draw` their body."""

    DEFAULT_CSS = """
    Panel { position: absolute; overflow: hidden; }
    """
    number: ClassVar[int] = 0
    where: ClassVar[str] = ""
    tabs: ClassVar[tuple[str, ...]] = ()
    about: ClassVar[str] = ""  # for the help page

    def __init_subclass__(cls, **kwargs: object) -> None:
        # An open question takes its keys before the screen does; a map of its own, or a user's key for the one would
        # take away the other's.
        cls.BINDINGS = [*bindings_for("question"), *bindings_for(cls.where)]
        super().__init_subclass__(**kwargs)  # type: ignore[arg-type]

    def __init__(self, view: View, ink: Ink) -> None:
        super().__init__(id=self.where)
        self.view, self.ink = view, ink
        self.frame: Frame | None = None
        self.message = ""  # shown while there is no frame
        self.hidden: tuple[str, ...] = ()  # panels that share this place on a small screen, as their titles have them
        self.hidden_panels: tuple[str, ...] = ()  # the same by their names in the table of commands
        self._lines: list[Line] = []
        self._strips: list[Strip] | None = None
        self._drawn_for: object = None

    # What a subclass says

    def draw(self, frame: Frame, width: int, height: int) -> list[Line]:
        raise NotImplementedError

    def active_tab(self) -> int:
        return 0

    def switch_tab(self, by: int) -> None:
        """Show the next (1) or the previous (-1) tab; nothing to do for a panel with one."""

    def note(self) -> str:
        return ""

    def move(self, dx: int, dy: int, page: bool = False) -> None:
        """Move the selection: right and down are positive; `page` means by a screenful."""

    def hit(self, x: int, y: int) -> None:
        """A click on the body, from its upper left corner."""

    def choices(self) -> list[tuple[int, int]]:
        """Rows that can be jumped to: the row, from the title line's 0, and an index that `choose` takes."""
        return []

    def choose(self, index: int) -> None:
        """Select what `choices` has offered."""

    # What all share

    def show(self, frame: Frame | None) -> None:
        """Take a frame and repaint the rows that differ from the last one: at 30 frames a second most of a listing does not."""
        self.frame = frame
        if self._strips is None or self._drawn_for != self._looks():
            self.redraw()
            return
        lines, old = self._compose_lines(), self._lines
        changed = [y for y, line in enumerate(lines) if line != old[y]]
        for y, strip in zip(changed, paint(self, [lines[y] for y in changed]), strict=True):
            self._strips[y] = strip
        self._lines = lines
        if changed:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    def text(self) -> str:
        """What the body shows now, to be read by the glossary."""
        return "\n".join("".join(segment.text for segment in line) for line in self._lines[1:])

    def notify_style_update(self) -> None:
        """The strips hold the background they were painted on; a theme changes it a moment after the ink."""
        super().notify_style_update()
        self.redraw()

    def redraw(self) -> None:
        """Draw all of it anew: the selection, a tab or the language has changed."""
        self._strips = None
        self.refresh()

    def render_line(self, y: int) -> Strip:
        if self._strips is None or self._drawn_for != self._looks():
            self._drawn_for, self._lines = self._looks(), self._compose_lines()
            self._strips = paint(self, self._lines)
        return self._strips[y]

    def _looks(self) -> tuple:
        """What a drawing depends on besides its frame and what calls `redraw`."""
        return self.size, self.has_focus, id(self.ink)

    def _compose_lines(self) -> list[Line]:
        """Title and body, a line for every row."""
        width, height = self.size
        if width < MIN_DRAWN:  # on its way to another size; the notice that all is too small lies above
            return [[] for _ in range(height)]
        title = title_line(
            self.number, self.tabs, self.active_tab(), width, self.ink,
            focused=self.has_focus, note=self.note(), others=self.hidden,
        )  # fmt: skip
        if self.frame is None:
            body = self.ink.notice(self.message, width) if self.message else []
        else:
            body = self.draw(self.frame, width, max(height - 1, 0))
        lines = [title, *body][:height]
        return lines + [[] for _ in range(height - len(lines))]

    def on_focus(self) -> None:
        self.redraw()

    def on_blur(self) -> None:
        self.redraw()

    def spots(self) -> list[Spot]:
        """What in the title line leads somewhere."""
        return title_spots(
            self.number, self.tabs, self.active_tab(), self.size.width, self.ink, self.note(), self.hidden
        )

    def on_click(self, event: events.Click) -> None:
        if event.y >= 1:
            self.hit(event.x, event.y - 1)
            return
        screen: Any = self.screen
        spot = next((spot for spot in self.spots() if spot.x <= event.x < spot.x + spot.width), None)
        if spot is not None and spot.kind == "hidden":
            screen.action_panel(self.hidden_panels[spot.index])
        elif event.chain == 2:
            screen.action_zoom()
        elif spot is not None and spot.kind == "tab":
            self.switch_tab(spot.index - self.active_tab())

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.wheel(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.wheel(-1)

    def wheel(self, by: int) -> None:
        """The mouse wheel, down is 1: moves the selection."""
        self.move(0, by)

    def action_move(self, dx: int, dy: int, page: bool = False) -> None:
        self.move(dx, dy, page)
