"""Panel 3: the selected layer under one of the microscopes, a tab each."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tui_nn.tui.arrange import Area
from tui_nn.tui.microscope import TITLES, Microscope, microscope
from tui_nn.tui.panels.base import Line, Panel
from tui_nn.tui.panels.beside import Part, beside_lines, places

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame

TABS = tuple(TITLES)
ABOUT = (
    "What the layer selected in panel 2 holds (PgUp, PgDn select another). Colour and glyph both show the size; the strip at the "
    "bottom tells the range. The arrows move a cursor that reads exact values; × is NaN (not a number), ∞ an infinite value. "
    "Where other networks are open beside it, they are drawn too and every key moves all; x looks at the next. "
)


class DetailPanel(Panel):
    """Knows tabs and modes; what they show is the microscopes'."""

    number: ClassVar[int] = 3
    where: ClassVar[str] = "detail"
    tabs: ClassVar[tuple[str, ...]] = tuple(TITLES.values())
    parts: tuple[Part, ...] = ()  # all networks, where several are open
    active = 0

    @property
    def microscope(self) -> Microscope:
        chosen = microscope(self.view.detail)
        if self.view.mode(self.view.detail) >= max(len(chosen.modes), 1):  # remembered by a version that had more
            self.view.modes[self.view.detail] = 0
        return chosen

    @property
    def about(self) -> str:  # type: ignore[override]
        return f"{TITLES[self.view.detail]}: {self.microscope.about} {ABOUT}"

    def active_tab(self) -> int:
        return TABS.index(self.view.detail)

    def switch_tab(self, by: int) -> None:
        self.view.detail = TABS[(self.active_tab() + by) % len(TABS)]
        self.redraw()

    def switch_mode(self, by: int) -> None:
        """Show the microscope's next picture; nothing to do for one that has one."""
        if self.microscope.modes and self.frame is not None:
            mode = self.view.mode(self.view.detail)
            self.view.modes[self.view.detail] = self.microscope.next_mode(self.frame, mode, by)
            self.redraw()

    def note(self) -> str:
        if self.frame is None or not self.microscope.modes:
            return ""
        self._settle_mode(self.frame)
        return self.microscope.modes[self.view.mode(self.view.detail)]

    def draw(self, frame: Frame, width: int, height: int) -> list[Line]:
        self._settle_mode(frame)
        if len(self.parts) > 1 and not self._is_shared:
            return beside_lines(self.parts, self.active, self._draw_part, width, height, self.ink)
        return self.microscope.lines(frame, self.view, width, height, self.ink)

    @property
    def _is_shared(self) -> bool:
        shared = self.microscope.shared
        return shared is not None and self.frame is not None and shared(self.frame, self.view)

    def _draw_part(self, part: Part, width: int, height: int) -> list[Line]:
        return self.microscope.lines(part.frame, part.view, width, height, self.ink)

    def _settle_mode(self, frame: Frame) -> None:
        """Away from a picture that this run has not."""
        name = self.view.detail
        if self.microscope.has is not None:
            self.view.modes[name] = self.microscope.next_mode(frame, self.view.mode(name), 0)

    def move(self, dx: int, dy: int, page: bool = False) -> None:
        if self.frame is None:
            return
        layer = self.view.layer
        self.microscope.move(self.frame, self.view, dx, dy, page)
        if self.view.layer != layer:
            self.screen.action_select_layer(0)  # type: ignore[attr-defined]
        self.redraw()

    def hit(self, x: int, y: int) -> None:
        if self.frame is None:
            return
        area = Area(0, 0, self.size.width, max(self.size.height - 1, 0))
        if len(self.parts) > 1 and not self._is_shared:
            for index, place in places(len(self.parts), self.active, area.width, area.height).items():
                if place.x <= x < place.x + place.width and place.y <= y < place.y + place.height:
                    if index != self.active:
                        self.screen.action_switch(index)  # type: ignore[attr-defined]
                    area = Area(place.x, place.y + 1, place.width, place.height - 1)
        if self.microscope.hit is not None and area.x <= x and area.y <= y:
            self.microscope.hit(self.frame, self.view, x - area.x, y - area.y, area.width, area.height)
            self.redraw()
