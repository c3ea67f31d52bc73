"""Panel 4: loss and accuracy over the iterations, for the training batch and the validation part."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar

from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.base import Line, Panel
from tui_nn.tui.text import cells, number, percent
from tui_nn.tui.view import View, clamp

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame

REDRAW_S = 0.1  # a chart costs about ten heatmaps
CURVES = ("loss", "accuracy")


def curves_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """One line of readings, then the chart over all iterations reached."""
    from tui_nn.tui.plot import Curve, chart

    if view.curve not in frame.program.metrics:
        is_regression = frame.program.dataset.task == "regression"
        why = "its targets are values, not classes" if is_regression else "it is switched off in probes.off"
        return ink.notice(f"This run has no {view.curve}: {why}.", width)[:height]
    train = frame.history.curve(view.curve)
    has_validation = f"val_{view.curve}" in frame.program.metrics
    validation = frame.history.curve(f"val_{view.curve}") if has_validation else None
    if len(train[0]) == 0:
        return ink.notice(
            f"No {view.curve} yet: it is measured once an iteration, behind the forward operations.", width
        )[:height]
    head = _readings(frame, view, train, validation, width, ink)
    if height < 5 or width < 20:
        return [head]
    curves = [Curve(*train, role="train")]
    if validation is not None and len(validation[0]):
        curves.append(Curve(*validation, role="validation", dots=True))
    x_end = max(int(train[0][-1]), min(frame.planned_iterations, max(int(train[0][-1]) * 4 // 3, 20)))
    lines = chart(
        curves, width - 1, height - 1, ink, log=view.log and view.curve == "loss", x_end=x_end,
        here=frame.iteration, read=read_at(view, train[0]), is_share=view.curve == "accuracy",
    )  # fmt: skip
    return [head, *lines]


def read_at(view: View, iterations: Any) -> int | None:
    """The iteration of the reading cursor, held inside the curve; None if there is no cursor."""
    return None if view.read is None or len(iterations) == 0 else int(iterations[clamp(view.read, len(iterations))])


def iteration_read(frame: Frame, view: View) -> int | None:
    """As `read_at`, for the curve that is shown."""
    return read_at(view, frame.history.curve(view.curve)[0]) if view.curve in frame.program.metrics else None


def _readings(frame: Frame, view: View, train, validation, width: int, ink: Ink) -> Line:
    show = percent if view.curve == "accuracy" else number
    at = read_at(view, train[0])
    if at is None:
        values = [frame.metrics.get(view.curve), frame.metrics.get(f"val_{view.curve}")]
        where = ""
    else:
        values = [_value_at(train, at), _newest_at(validation, at)]
        where = f"at {at:,}: "
    line = [ink.say(" " + where, "dim"), ink.say(ink.glyph("train") + " ", "train")]
    line += [ink.say("batch ", "dim"), ink.say(show(values[0]), "strong")]
    if validation is not None:
        line += [ink.say("   " + ink.glyph("knob") + " ", "validation"), ink.say("validation ", "dim")]
        line += [ink.say(show(values[1]), "strong")]
    tail = "enter goes there" if at is not None else "iterations " + ink.glyph("to")
    used = sum(cells(segment.text) for segment in line)
    if used + cells(tail) + 2 <= width:
        line += [ink.say(" " * (width - used - cells(tail) - 1)), ink.say(tail, "faint")]
    return line


def _value_at(curve, iteration: int) -> float | None:
    return float(curve[1][iteration]) if 0 <= iteration < len(curve[1]) else None


def _newest_at(curve, iteration: int) -> float | None:
    """The last value measured up to that iteration."""
    if curve is None:
        return None
    k = int(curve[0].searchsorted(iteration, side="right")) - 1
    return float(curve[1][k]) if k >= 0 else None


class CurvesPanel(Panel):
    """Loss and accuracy. Redrawn at most ten times a second, and only if something in it has changed."""

    number: ClassVar[int] = 4
    where: ClassVar[str] = "curves"
    tabs: ClassVar[tuple[str, ...]] = ("Loss", "Accuracy")
    about: ClassVar[str] = (
        "The loss of each iteration's batch (before its update) and, once an epoch, of the validation part, which is never trained on; on the "
        "second tab the share of right answers. The grey line is the current position: what lies right of it was reached before a "
        "rewind. y switches to a logarithmic axis. The arrows move a reading cursor, enter takes the run to it. × marks a loss that is not finite."
    )

    def __init__(self, view: View, ink: Ink) -> None:
        super().__init__(view, ink)
        self._key: object = None
        self._body: list[Line] = []
        self._drawn_at = 0.0
        self._timer: Any = None

    def active_tab(self) -> int:
        return CURVES.index(self.view.curve)

    def switch_tab(self, by: int) -> None:
        self.view.curve = CURVES[(self.active_tab() + by) % 2]
        self.redraw()

    def note(self) -> str:
        return "log" if self.view.log and self.view.curve == "loss" else ""

    def show(self, frame: Frame | None) -> None:
        """A running machine sends 30 frames a second; the chart follows ten of them, and always the last one."""
        if frame is None or not frame.is_running or time.monotonic() - self._drawn_at >= REDRAW_S:
            super().show(frame)
        else:
            self.frame = frame

    def draw(self, frame: Frame, width: int, height: int) -> list[Line]:
        view = self.view
        key = (
            frame.program,
            frame.position,
            frame.reached,
            frame.metrics.get("loss"),
            width,
            height,
            view.curve,
            view.log,
            view.read,
            self.ink,
        )
        if key != self._key:
            self._body, self._key = curves_lines(frame, view, width, height, self.ink), key
            self._drawn_at = time.monotonic()
        return self._body

    def move(self, dx: int, dy: int, page: bool = False) -> None:
        if self.frame is None or self.view.curve not in self.frame.program.metrics:
            return
        n = len(self.frame.history.curve(self.view.curve)[0])
        if n == 0:
            return
        start = min(self.frame.iteration, n - 1) if self.view.read is None else self.view.read
        by = (dx or dy) * (max(n // 10, 1) if page else max(n // max(self.size.width, 1), 1))
        self.view.read = clamp(clamp(start, n) + by, n)
        self.redraw()
