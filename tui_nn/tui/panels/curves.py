"""Panel 4: metrics over the iterations. Loss and accuracy of the training batch and the validation part, or any others."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events

from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.base import Line, Panel
from tui_nn.tui.view import View, clamp
from tui_nn.tui.window import ALL

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame
    from tui_nn.tui.columns import Columns
    from tui_nn.tui.curve_set import Series
    from tui_nn.tui.plot import Plot

REDRAW_S = 0.1  # a chart costs about as much as all other panels together
CURVES = ("loss", "accuracy", "chosen")
SMOOTHINGS = (0, 10, 100)  # iterations
ZOOM = 0.5
APART = 1e3  # curves whose typical sizes differ by more are seen together on a logarithmic axis only


@dataclass(frozen=True)
class Picture:
    """What was drawn. plot: where iterations stand in it, below the first `top` lines; None if there is no chart."""

    lines: list[Line]
    note: str = ""
    plot: Plot | None = None
    top: int = 0


def curves_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """A line or more of readings, then the chart."""
    from tui_nn.tui.columns import Columns

    return curves_picture(frame, view, width, height, ink, Columns()).lines


def curves_picture(frame: Frame, view: View, width: int, height: int, ink: Ink, columns: Columns) -> Picture:
    from tui_nn.tui.curve_set import family_of, series_of
    from tui_nn.tui.legend import legend
    from tui_nn.tui.plot import plot

    series = series_of(frame, view, columns, ink)
    why = _nothing(frame, view, series)
    if why:
        return Picture(ink.notice(why, width)[:height])
    newest, end = extent(frame, series)
    first, last = view.window.edges(newest, end)
    read = None if view.read is None else clamp(view.read, newest + 1)
    room = 1 if height < 9 else 2 if height < 16 else min(height // 6, 5)
    entries = _entries(series, read, view)
    room = max(room, 3) if len(view.lineup) > 2 and height >= 12 else room
    family = family_of(series)
    head = " ".join(part for part in (family, f"at {read:,}" if read is not None else "") if part)
    head += ": " if head else ""
    tail = "enter goes there" if read is not None else "iterations " + ink.glyph("to")
    lines = legend(entries, head, tail, width, room, ink)
    if height < 5 or width < 20:
        return Picture(lines[:height], _note(view, (first, last), series, 0))
    is_share = view.curve == "accuracy"
    drawn = plot(
        _curves(series, view.smoothing), width - 1, height - len(lines), ink, log=view.log, first=first, last=last,
        here=frame.iteration, read=read, is_share=is_share, whole=view.window.span is None,
    )  # fmt: skip
    note = _note(view, (first, last), series, drawn.n_left_out)
    return Picture([*lines, *drawn.lines], note, drawn, len(lines))


def _entries(series: list[Series], read: int | None, view: View) -> list[Any]:
    """Of many runs one each, "m momentum 0.21 M 0.25", whose numbers give way to the names where there is little room."""
    from tui_nn.tui.legend import Entry

    entries: list[Entry] = []
    for each in series:
        value, more = _reading(each, read, view.smoothing)
        if each.is_second and entries:
            entries[-1] = replace(entries[-1], more=f"{entries[-1].more} {each.sign} {value}")
        elif len(view.lineup) > 2:
            entries.append(Entry(each.sign, each.role, each.name, "", f"{value} {more}".rstrip()))
        else:
            entries.append(Entry(each.sign, each.role, each.name, value, more))
    return entries


def _nothing(frame: Frame, view: View, series: list[Series]) -> str:
    """Why there is nothing to draw, or ""."""
    if not series:
        if view.curve == "chosen":
            return (
                "No metric is chosen yet. Press a (or enter) for a list of everything this run measures: the gradient of each layer, "
                "the learning rate, dead units and more. Several can be shown together."
            )
        is_regression = view.curve == "accuracy" and frame.program.dataset.task == "regression"
        why = "its targets are values, not classes" if is_regression else "it is switched off in probes.off"
        return f"This run has no {view.curve}: {why}."
    if all(each.column.x.size == 0 for each in series):
        name = view.curve if view.curve != "chosen" else " or ".join(dict.fromkeys(each.metric for each in series))
        when = "it is measured once an iteration, behind the forward operations"
        return f"No {name} yet: {when if view.curve != 'chosen' else 'run on, and what is measured is drawn here'}."
    return ""


def extent(frame: Frame, series: list[Series]) -> tuple[int, int]:
    """The last iteration measured in any of the curves, and the right edge when all is shown: the plan, if it is near."""
    newest = max((int(each.column.x[-1]) for each in series if each.column.x.size), default=0)
    return newest, max(newest, min(frame.planned_iterations, max(newest * 4 // 3, 20)))


def _curves(series: list[Series], smoothing: int) -> list[Any]:
    """The lines of the chart: validation lies over the noise of the batches, averages over their raw curves."""
    from tui_nn.tui.canvas import BEHIND, FRONT, MIDDLE
    from tui_nn.tui.plot import Curve

    curves = []
    for each in series:
        column = each.column
        if not column.is_dense:
            curves.append(Curve(column.x, column.y, each.role, True, each.mark, FRONT))
        elif not smoothing:
            curves.append(Curve(column.x, column.y, each.role, False, each.mark, MIDDLE))
        else:
            curves.append(Curve(column.x, column.y, "faint", level=BEHIND))
            curves.append(Curve(column.x, column.average(smoothing), each.role, False, each.mark, MIDDLE))
    return curves


def _reading(series: Series, read: int | None, smoothing: int) -> tuple[str, str]:
    """The value at the reading cursor, or the newest at the position; and the average there."""
    column = series.column
    value = series.now if read is None else column.at(read)
    if not smoothing or not column.is_dense or value is None:
        return series.say(value), ""
    at = int(column.x[-1]) if read is None else read
    return series.say(value), f"~{series.say(column.at(at, column.average(smoothing)))}"


def _note(view: View, edges: tuple[int, int], series: list[Series], n_left_out: int) -> str:
    """For the title: what has been done to the picture."""
    parts = []
    if view.window.span is not None:
        parts.append(f"{edges[0]:,}-{edges[1]:,}" + ("" if view.window.last is not None else ", following"))
    if view.smoothing:
        parts.append(f"smoothed, ema {view.smoothing}")
    if view.log:
        parts.append("log" + (f", {n_left_out:,} values of 0 or less left out" if n_left_out else ""))
    elif view.curve == "chosen" and _are_far_apart(series):
        parts.append("sizes far apart: y for log")
    return ", ".join(parts)


def _are_far_apart(series: list[Series]) -> bool:
    sizes = [abs(each.now) for each in series if each.now]
    sizes = [size for size in sizes if 0 < size < float("inf")]
    return bool(sizes) and max(sizes) > APART * min(sizes)


def iteration_read(frame: Frame, view: View) -> int | None:
    """The iteration under the reading cursor, held inside what was reached; None if there is no cursor."""
    return None if view.read is None else clamp(view.read, frame.reached[0] + 1)


class CurvesPanel(Panel):
    """Metrics over time. Redrawn at most ten times a second, and only if something in it has changed."""

    number: ClassVar[int] = 4
    where: ClassVar[str] = "curves"
    tabs: ClassVar[tuple[str, ...]] = ("Loss", "Accuracy", "Chosen")
    about: ClassVar[str] = (
        "The loss of each iteration's batch (before its update) and, once an epoch, of the validation part, which is never trained on, and the "
        "gap: validation less the mean over the epoch's batches (alone on a linear axis, and of one run); on the "
        "second tab the share of right answers, on the third any metrics of this run: a chooses them. The signs on the lines are those "
        "of the legend, which reads the values at the cursor. The grey line is the current position: what lies right of it was reached before a "
        "rewind. The arrows move a reading cursor, enter takes the run to it. + and - zoom about it (so does the mouse wheel), 0 shows all; a "
        "window at the right end follows the run. Each column shows its smallest and its largest value, so no spike is ever lost. "
        "y switches to a logarithmic axis. r smooths: a line averaged over about N = 10 or 100 iterations, "
        "s ← b·s + (1 - b)·value with b = 1 - 1/N, divided by 1 - b^k after k values, over the faint unsmoothed one. "
        "× marks a value that is not finite."
    )

    def __init__(self, view: View, ink: Ink) -> None:
        super().__init__(view, ink)
        self._key: object = None
        self._picture = Picture([])
        self._columns: Columns | None = None
        self._drawn_at = 0.0

    def active_tab(self) -> int:
        return CURVES.index(self.view.curve)

    def switch_tab(self, by: int) -> None:
        self.view.curve = CURVES[(self.active_tab() + by) % len(CURVES)]
        self.redraw()

    def note(self) -> str:
        if self.frame is None:
            return ""
        return self._drawn(self.frame, self.size.width, max(self.size.height - 1, 0)).note

    def show(self, frame: Frame | None) -> None:
        """A running machine sends 30 frames a second; the chart follows ten of them, and always the last one."""
        if frame is None or not frame.is_running or time.monotonic() - self._drawn_at >= REDRAW_S:
            super().show(frame)
        else:
            self.frame = frame

    def draw(self, frame: Frame, width: int, height: int) -> list[Line]:
        return self._drawn(frame, width, height).lines

    def _drawn(self, frame: Frame, width: int, height: int) -> Picture:
        view = self.view
        runs = [frame, *(peer.frame for peer in view.others)]
        key = (
            [
                (each.program, each.history.version, each.position, each.reached, each.metrics.get("loss"))
                for each in runs
            ],
            [peer.title for peer in view.lineup],
            view.place,
            (width, height, self.ink),
            (view.curve, view.chosen, view.log, view.read, view.window, view.smoothing),
        )
        if key != self._key:
            if self._columns is None:
                from tui_nn.tui.columns import Columns

                self._columns = Columns()
            self._picture = curves_picture(frame, view, width, height, self.ink, self._columns)
            self._key = key
            self._drawn_at = time.monotonic()
        return self._picture

    # Where things are

    def _extent(self) -> tuple[int, int] | None:
        """See `extent`; None while there is no curve."""
        from tui_nn.tui.columns import Columns
        from tui_nn.tui.curve_set import series_of

        if self.frame is None:
            return None
        self._columns = self._columns or Columns()
        series = series_of(self.frame, self.view, self._columns, self.ink)
        return extent(self.frame, series) if any(each.column.x.size for each in series) else None

    def _iteration_at(self, x: int) -> int | None:
        """Which iteration stands in a cell of the body."""
        plot = self._picture.plot
        return None if plot is None else round(plot.x_at(x))

    # What the user does

    def move(self, dx: int, dy: int, page: bool = False) -> None:
        """The reading cursor by a cell or, with `page`, a tenth of the run; a zoomed window follows it, or turns a page."""
        extent = self._extent()
        if extent is None or self.frame is None:
            return
        newest, end = extent
        view, by = self.view, dx or dy
        first, last = view.window.edges(newest, end)
        columns = self._picture.plot.columns if self._picture.plot else self.size.width
        if page and view.window.span is not None:
            view.window = view.window.panned(by * (last - first), newest, end)
            moved = view.window.edges(newest, end)[0] - first
            view.read = None if view.read is None else clamp(view.read + moved, newest + 1)
        else:
            start = min(self.frame.iteration, newest) if view.read is None else view.read
            distance = max(newest // 10, 1) if page else max((last - first) // max(columns, 1), 1)
            view.read = clamp(clamp(start, newest + 1) + by * distance, newest + 1)
            view.window = view.window.showing(view.read, newest, end)
        self.redraw()

    def zoom(self, factor: float, at: int | None = None) -> None:
        """Show fewer (factor under 1) or more iterations, about `at`: the reading cursor, or the current position."""
        extent = self._extent()
        if extent is not None and self.frame is not None:
            if at is None:
                at = self.frame.iteration if self.view.read is None else self.view.read
            self.view.window = self.view.window.zoomed(factor, at, *extent)
            self.redraw()

    def hit(self, x: int, y: int) -> None:
        at = self._iteration_at(x)
        extent = self._extent()
        if at is not None and extent is not None:
            self.view.read = clamp(at, extent[0] + 1)
            self.redraw()

    async def on_click(self, event: events.Click) -> None:
        """A second click on the same place goes there. The first one, and the title, are the base's."""
        if event.chain == 2 and event.y >= 1 and self.view.read is not None:
            event.prevent_default()
            await self.run_action("screen.goto_read")

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        event.prevent_default()
        self.zoom(ZOOM, self._iteration_at(event.x))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        event.prevent_default()
        self.zoom(1 / ZOOM, self._iteration_at(event.x))

    def action_zoom_in(self) -> None:
        self.zoom(ZOOM)

    def action_zoom_out(self) -> None:
        self.zoom(1 / ZOOM)

    def action_zoom_all(self) -> None:
        self.view.window = ALL
        self.redraw()

    def action_smooth(self) -> None:
        self.view.smoothing = SMOOTHINGS[(SMOOTHINGS.index(self.view.smoothing) + 1) % len(SMOOTHINGS)]
        self.redraw()

    async def action_enter(self) -> None:
        """Go to what the cursor reads; where there is none, choose what to read."""
        if self.view.read is not None:
            await self.run_action("screen.goto_read")
        else:
            self.action_choose()

    def action_choose(self) -> None:
        """The list of all metrics; what is chosen there is drawn at once."""
        from tui_nn.tui.screens.chooser import ChooserScreen

        if self.frame is None:
            return
        before = self.view.curve

        def chosen(names: tuple[str, ...]) -> None:
            self.view.chosen = names
            self.view.curve = "chosen" if names else before
            self.redraw()

        self.app.push_screen(ChooserScreen(self.frame, self.view.chosen, self.ink, chosen))
