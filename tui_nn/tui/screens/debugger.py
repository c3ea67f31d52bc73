"""The debugger's screen: five panels on one session. It routes: keys to moves, frames to panels, sizes to places."""

from __future__ import annotations

import math
import os
import threading
import time
from typing import TYPE_CHECKING, Any

from textual import events
from textual.app import ComposeResult
from textual.message import Message
from textual.screen import Screen

from tui_nn.tui.arrange import Arrangement, Area, arrange
from tui_nn.tui.chrome import Bar, Gutter, Status, footer_line, header_lines
from tui_nn.tui.commands import PANELS, PLACES, bindings_for, footer_commands
from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.base import Panel
from tui_nn.tui.panels.curves import CurvesPanel
from tui_nn.tui.panels.detail import DetailPanel
from tui_nn.tui.panels.layers import LayersPanel
from tui_nn.tui.panels.lesson import Cue, LessonPanel
from tui_nn.tui.panels.program import ProgramPanel
from tui_nn.tui.view import View, clamp

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame
    from tui_nn.debugger.position import Stop, Unit
    from tui_nn.debugger.script import Line as ScriptLine
    from tui_nn.debugger.session import Session
    from tui_nn.tui.app import TuiApp, Wish
    from tui_nn.tui.mover import Mover
    from tui_nn.tui.player import Player

HERTZ, HERTZ_REMOTE = 30, 12  # a remote terminal gets fewer frames: each is thousands of bytes
NAMES = {"program": "1 Program", "layers": "2 Layers", "detail": "3 Detail", "curves": "4 Curves", "lesson": "5 Lesson"}
SHOWS = {
    "program": ("program", None), "layers": ("layers", None), "lesson": ("lesson", None), "curves": ("curves", "loss"),
    "loss": ("curves", "loss"), "accuracy": ("curves", "accuracy"), "activations": ("detail", "activations"),
    "gradients": ("detail", "gradients"), "optimizer": ("detail", "optimizer"),
}  # fmt: skip
METRIC_SHOWS = {
    "loss": "loss", "val_loss": "loss", "accuracy": "accuracy", "val_accuracy": "accuracy", "grad_norm": "gradients",
    "delta_norm": "gradients", "update_ratio": "gradients", "weight_norm": "optimizer", "act_mean": "activations",
    "act_std": "activations", "act_signal": "activations", "saturated": "layers", "lr": "optimizer",
}  # fmt: skip


class Opened(Message):
    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session


class Failed(Message):
    def __init__(self, report: str) -> None:
        super().__init__()
        self.report = report


class Compiling(Message):
    """A kernel is about to be compiled; name is empty when all are done."""

    def __init__(self, done: int, total: int, name: str) -> None:
        super().__init__()
        self.done, self.total, self.name = done, total, name


class _Left(Exception):
    """The user has left while kernels were being compiled."""


class DebuggerScreen(Screen[None]):
    """Opens a scenario in a thread, compiles its kernels there, and shows the run from the first frame on."""

    where = "debugger"
    BINDINGS = bindings_for("debugger")

    def __init__(self, wish: Wish, ink: Ink, lang: str) -> None:
        super().__init__()
        self.wish, self.ink = wish, ink
        self.view = View(lang=lang)
        self.session: Session | None = None
        self.mover: Mover | None = None
        self.player: Player | None = None
        self.frame: Frame | None = None
        self.status = Status("opening", f"reading {wish.ref}")
        self.compiling: Compiling | None = None
        self.focus_name = "program"
        self.right, self.below = "detail", "curves"
        self.zoomed = False
        self.panels: dict[str, Panel] = {}
        self._gutters: list[Gutter] = []
        self._arrangement: Arrangement | None = None
        self._is_closed = False
        self._speed = (0.0, 0, 0.0)  # when and where it was last taken, iterations a second

    @property
    def tui(self) -> TuiApp:
        return self.app  # type: ignore[return-value]

    @property
    def scenario_id(self) -> str:
        return self.session.scenario.id if self.session else ""

    # Life

    def compose(self) -> ComposeResult:
        kinds: tuple[type[Panel], ...] = (ProgramPanel, LayersPanel, DetailPanel, CurvesPanel, LessonPanel)
        self.panels = {kind.where: kind(self.view, self.ink) for kind in kinds}
        self._gutters = [Gutter(self.ink), Gutter(self.ink)]
        self._header, self._footer = Bar("header"), Bar("footer")
        yield self._header
        yield from self.panels.values()
        yield from self._gutters
        yield self._footer

    def on_mount(self) -> None:
        self.panels["program"].message = f"reading {self.wish.ref} …"
        self._place()
        self._focus()
        self._draw_header()
        hertz = HERTZ_REMOTE if os.environ.get("SSH_CONNECTION") else HERTZ
        self.set_interval(1 / hertz, self._tick)
        self.call_after_refresh(self._start_opening)  # the screen stands before anything heavy is imported

    def _start_opening(self) -> None:
        threading.Thread(target=self._open, name="tui-nn opening", daemon=True).start()

    def _open(self) -> None:
        """In a thread: read, build, compile. It talks to the screen by messages alone, a few dozen in all."""
        try:
            from tui_nn.debugger.session import Session
            from tui_nn.scenario import load_scenario

            session = Session(load_scenario(self.wish.ref, self.wish.overrides))
        except Exception as error:
            # Whatever a stranger's file can cause ends on the screen; the app lives on.
            self.post_message(Failed(str(error) or type(error).__name__))
            return
        self.post_message(Opened(session))
        try:
            session.prepare(self._compiling)
        except _Left:
            return
        except Exception as error:
            self.post_message(Failed(f"The kernels of {self.wish.ref} could not be compiled.\n{error}"))
            return
        self.post_message(Compiling(1, 1, ""))

    def _compiling(self, done: int, total: int, name: str) -> None:
        if self._is_closed:
            raise _Left
        if name:
            self.post_message(Compiling(done, total, name))

    def on_opened(self, message: Opened) -> None:
        from tui_nn.tui.mover import Mover

        if self._is_closed:
            return
        self.session = message.session
        self.mover = Mover(message.session)
        scenario = message.session.scenario
        lesson = self.panels["lesson"]
        assert isinstance(lesson, LessonPanel)
        lesson.text = {"en": scenario.lesson.en, "ko": scenario.lesson.ko}
        lesson.cues = _cues(message.session)
        self._place()
        self._refresh_frame()

    def on_failed(self, message: Failed) -> None:
        if not self._is_closed:
            self.tui.opening_failed(message.report)

    def on_compiling(self, message: Compiling) -> None:
        self.compiling = message if message.name else None
        if self.compiling is None and self.mover is not None and not self._is_closed:
            self._begin()
        self._say_state()

    def _begin(self) -> None:
        """Everything is compiled: go where the command line wished."""
        assert self.mover is not None
        if self.wish.at is not None:
            from tui_nn.debugger.position import Position

            self.mover.goto(Position(self.wish.at, 0))
        if self.wish.play:
            self.action_play()

    def close(self) -> str:
        """Stop whatever runs; the summary to leave on the terminal. May be called more than once."""
        from tui_nn.tui.summary import summary

        self._is_closed = True
        if self.session is None:
            return ""
        if self.mover is not None:
            self.mover.stop()
        self.session.close()
        return summary(self.session)

    def pause_all(self) -> None:
        if self.player is not None:
            self.player.pause()
        if self.mover is not None and self.mover.stop():
            self._refresh_frame()

    # The pulse

    def _tick(self) -> None:
        """Thirty times a second: fetch what has changed. Does nothing while nothing moves."""
        mover = self.mover
        if mover is None or self._is_closed:
            return
        if mover.kind or mover.is_waiting:
            self._done(self._guarded(mover.poll))
            if mover.kind == "run":
                self._refresh_frame()
            elif mover.kind or mover.is_waiting:
                self._say_state()
        if self.player is not None:
            self._tick_player()

    def _tick_player(self) -> None:
        assert self.player is not None and self.mover is not None
        before = self.session.position if self.session else None
        self._guarded(lambda: self.player.tick(time.monotonic()) if self.player else None)
        if self.player.is_over:
            self.player = None
            self._say_state("The script is over.")
        elif self.session is not None and not self.mover.kind and self.session.position != before:
            self._refresh_frame()

    def _guarded(self, move: Any) -> Any:
        """A move that fails (out of memory, say) is told on the screen; the run stays where it is."""
        try:
            return move()
        except Exception as error:
            self.status = Status("failed", f"{type(error).__name__}: {error}")
            self._draw_header()
            return None

    def _done(self, stop: Stop | None) -> None:
        if stop is not None:
            self._refresh_frame(stop)

    def _refresh_frame(self, stop: Stop | None = None) -> None:
        """Show the session as it is now; while it runs, the newest copy it has sent."""
        if self.session is None:
            return
        frame = self.session.frame()
        if frame is not self.frame:
            self.frame = frame
            for name in self._arrangement.panels if self._arrangement else ():
                self.panels[name].show(frame)
        self._say_state(stop.message if stop else "", stop.reason if stop else "")

    # Words at the top

    def _say_state(self, text: str = "", reason: str = "") -> None:
        self.status = self._status(text, reason)
        self._draw_header()

    def _status(self, text: str, reason: str) -> Status:
        mover, compiling = self.mover, self.compiling
        if mover is None:
            return self.status
        if compiling is not None:
            name = f"{compiling.name} ({compiling.done + 1} of {compiling.total})"
            return Status("waiting", f"waiting for: {name}") if mover.is_waiting else Status("compiling", f"compiling {name}")
        if mover.kind == "run":
            return Status("running", f"running  {self._iterations_a_second()}")
        if mover.kind == "seek":
            return Status("seeking", "seeking…")
        if bad := self._non_finite():
            return Status("stopped", bad)
        if reason in ("condition", "end", "full", "start") and text:
            return Status("stopped" if reason != "start" else "paused", text)
        if self.player is not None:
            n = len(self.player.playback.lines)
            how = "lesson paused: space goes on" if self.player.is_paused else "lesson"
            return Status("paused" if self.player.is_paused else "running", f"{how}  {self.player.number} of {n}")
        return Status("paused", text if text and text != "Paused." else "paused")

    def _non_finite(self) -> str:
        """What to say if the loss at this position is not a finite number any more."""
        frame = self.frame
        if frame is None or math.isfinite(frame.metrics.get("loss", 0.0)):
            return ""
        import numpy as np

        losses = frame.history["loss"]
        first = int((~np.isfinite(losses)).argmax())
        return f"the loss became {float(losses[first])} in iteration {first:,}"

    def _iterations_a_second(self) -> str:
        if self.frame is None:
            return ""
        now, at = time.monotonic(), self.frame.iteration
        since, start, rate = self._speed
        if now - since > 0.5:
            rate = (at - start) / (now - since) if now - since < 2 and at >= start else 0.0
            self._speed = (now, at, rate)
        return f"{rate:,.0f} iterations/s" if rate else ""

    def _draw_header(self) -> None:
        title = self.wish.ref if self.session is None else self.session.scenario.title
        height = self._arrangement.header.height if self._arrangement else 2
        self._header.show(header_lines(title, self.status, self.frame, self.app.size.width, height, self.ink))

    # Places

    def on_resize(self, event: events.Resize) -> None:
        self._place()
        self._draw_header()

    def _place(self) -> None:
        """Give every panel its area; those that come into sight get the newest frame."""
        width, height = self.app.size
        program = self.session.program if self.session else None
        arrangement = arrange(
            width, height, self.focus_name, right=self.right, below=self.below, zoomed=self.zoomed,
            n_ops=len(program.ops) if program else 20, n_layers=len(program.layers) if program else 6,
        )  # fmt: skip
        self._arrangement = arrangement
        _put(self._header, arrangement.header)
        _put(self._footer, arrangement.footer)
        for name, panel in self.panels.items():
            area = arrangement.panels.get(name)
            panel.display = area is not None
            if area is not None:
                _put(panel, area)
                panel.hidden = tuple(NAMES[other] for other in arrangement.hidden.get(name, ()))
                panel.show(self.frame)
                panel.redraw()
        for gutter, bar in zip(self._gutters, (*arrangement.bars, None, None)):
            gutter.display = bar is not None
            if bar is not None:
                _put(gutter, bar)
                gutter.show(*_joints(arrangement, bar))
        self._footer.show([footer_line(footer_commands("debugger"), width, self.ink)])

    def _focus(self) -> None:
        self.panels[self.focus_name].focus()

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
        self._place()

    # Commands: moving in time

    def _move(self, move: Any) -> None:
        """Make a move unless the run is not there yet; show what it led to if that is over already."""
        if self.mover is None:
            return
        if self.player is not None and not self.player.is_paused:
            self.player.pause()  # the user has taken the wheel
        self._done(self._guarded(move))
        self._say_state() if self.mover.kind or self.mover.is_waiting else None

    def action_step(self, unit: Unit) -> None:
        self._move(lambda: self.mover.step(unit) if self.mover else None)

    def action_back(self, unit: Unit) -> None:
        if self.session is not None and self.mover is not None and not self.mover.kind and self.session.position == (0, 0):
            self._say_state("This is the start of the run.", "start")
            return
        self._move(lambda: self.mover.back(unit) if self.mover else None)

    def action_first(self) -> None:
        self._goto(0, 0)

    def action_last(self) -> None:
        if self.session is not None:
            self._goto(*self.session.reached)

    def _goto(self, iteration: int, op: int) -> None:
        from tui_nn.debugger.position import Position

        self._move(lambda: self.mover.goto(Position(iteration, op)) if self.mover else None)

    def action_goto_read(self) -> None:
        from tui_nn.tui.panels.curves import read_at

        if self.frame is None:
            return
        at = read_at(self.view, self.frame.history.curve(self.view.curve)[0]) if self.view.curve in self.frame.program.metrics else None
        if at is not None:
            self.view.read = None
            self._goto(at, 0)

    def action_run_pause(self) -> None:
        mover = self.mover
        if mover is None:
            return
        if self.player is not None and (mover.kind or not self.player.is_paused):
            self.player.pause()
            self._done(self._guarded(mover.stop))
            self._say_state()
        elif self.player is not None:
            self.player.resume(time.monotonic())
            self._say_state()
        elif mover.kind or mover.is_waiting:
            self._done(self._guarded(mover.stop))
            self._say_state()
        else:
            self._speed = (time.monotonic(), self.frame.iteration if self.frame else 0, 0.0)
            self._move(mover.run)

    def action_interrupt(self) -> None:
        if self.mover is not None and (self.mover.kind or self.mover.is_waiting or self.player is not None):
            self.pause_all()
            self._say_state()
        else:
            self.notify("q quits; space runs.", timeout=3)

    def action_until(self) -> None:
        from tui_nn.tui.screens.modal import PromptScreen

        if self.session is None:
            return
        program = self.session.program

        def problem(text: str) -> str | None:
            from tui_nn.debugger.context import parse_for

            try:
                parse_for(program, text)
            except ValueError as error:
                return str(error)
            return None

        def typed(text: str | None) -> None:
            if text:
                self._move(lambda: self.mover.run_until(text) if self.mover else None)

        self.app.push_screen(PromptScreen("Run until", "loss < 0.1   or   grad_norm.dense_1 < 1e-6", self.ink, problem), typed)

    def action_goto(self) -> None:
        from tui_nn.tui.goal import parse_place
        from tui_nn.tui.screens.modal import PromptScreen

        if self.session is None:
            return
        program = self.session.program

        def problem(text: str) -> str | None:
            try:
                parse_place(text, program)
            except ValueError as error:
                return str(error)
            return None

        def typed(text: str | None) -> None:
            if text:
                self._goto(*parse_place(text, program))

        self.app.push_screen(PromptScreen("Go to", "300   or   300:5   or   epoch 3   or   end", self.ink, problem), typed)

    def action_play(self) -> None:
        """Start the script, pause it, or go on with it."""
        from tui_nn.tui.player import Player

        if self.mover is None:
            return
        if self.player is not None:
            self.action_run_pause()
            return
        player = Player(self.mover, self._show_line, lambda: self.view.lang, self.wish.speed)
        if player.is_over:
            self._say_state("this scenario has no script to play")
            return
        self.player = player
        self._say_state()

    def _show_line(self, line: ScriptLine) -> None:
        lesson = self.panels["lesson"]
        assert isinstance(lesson, LessonPanel)
        lesson.show_cue(line.number)
        if line.show:
            self._look_at(line.show)
        if self._arrangement is not None and "lesson" not in self._arrangement.panels and line.say:
            # On a small screen the words come as a note over whatever is looked at.
            self.notify(getattr(line.say, self.view.lang), timeout=8, title=f"{line.number} of {len(lesson.cues)}")
        self._say_state()

    def _look_at(self, what: str) -> None:
        """Bring a panel, or the panel of a metric, into sight; a metric of a layer selects that layer."""
        metric, _, layer = what.partition(".")
        panel, tab = SHOWS.get(what) or SHOWS.get(METRIC_SHOWS.get(metric, ""), ("curves", None))
        if layer and self.frame is not None:
            names = [each.name for each in self.frame.layers]
            self.view.layer = names.index(layer) if layer in names else self.view.layer
        if panel == "detail" and tab:
            self.view.detail = tab
        elif panel == "curves" and tab:
            self.view.curve = tab
        self.action_panel(panel)
        self.panels[panel].redraw()

    # Commands: looking

    def action_panel(self, name: str) -> None:
        self._note_focus(name)
        self._focus()

    def action_next_panel(self) -> None:
        self.action_panel(PANELS[(PANELS.index(self.focus_name) + 1) % len(PANELS)])

    def action_previous_panel(self) -> None:
        self.action_panel(PANELS[(PANELS.index(self.focus_name) - 1) % len(PANELS)])

    def action_tab(self, by: int) -> None:
        name = self.focus_name if len(self.panels[self.focus_name].tabs) > 1 else "detail"
        if self._arrangement and name not in self._arrangement.panels:
            self.action_panel(name)
        self.panels[name].switch_tab(by)

    def action_zoom(self) -> None:
        self.zoomed = not self.zoomed
        self._place()

    def action_scale(self) -> None:
        self.view.log = not self.view.log
        self.panels["curves"].redraw()

    def select_layer(self, by: int) -> None:
        if self.frame is not None:
            self.view.layer = clamp(clamp(self.view.layer, len(self.frame.layers)) + by, len(self.frame.layers))
            self.panels["layers"].redraw()
            self.panels["detail"].redraw()

    def action_select_layer(self, by: int) -> None:
        self.select_layer(by)

    def action_leave(self) -> None:
        if self.zoomed:
            self.action_zoom()
        elif self.view.read is not None and self.focus_name == "curves":
            self.view.read = None
            self.panels["curves"].redraw()
        elif self.player is not None:
            self.player = None
            self._say_state("the script was ended")
        else:
            self.tui.show_gallery()

    # What the app asks

    def use_ink(self, ink: Ink) -> None:
        self.ink = ink
        for widget in (*self.panels.values(), *self._gutters):
            widget.ink = ink
        self._place()
        self._draw_header()

    def use_language(self, lang: str) -> None:
        self.view.lang = lang
        self.panels["lesson"].redraw()

    def help_about(self) -> tuple[str | None, str, tuple[str, ...]]:
        panel = self.panels[self.focus_name]
        others = tuple(name for name in PANELS if name != self.focus_name)
        return PLACES[self.focus_name], panel.about, (self.focus_name, "debugger", "app", *others)  # type: ignore[attr-defined]


def _put(widget: Any, area: Area) -> None:
    widget.styles.offset = (area.x, area.y)
    widget.styles.width, widget.styles.height = area.width, area.height


def _joints(arrangement: Arrangement, bar: Area) -> tuple[frozenset[int], frozenset[int]]:
    """At which rows of a vertical line a panel's title line touches it from the left, and from the right."""
    areas = arrangement.panels.values()
    rows = range(bar.y, bar.y + bar.height)
    left = frozenset(area.y - bar.y for area in areas if area.x + area.width == bar.x and area.y in rows)
    right = frozenset(area.y - bar.y for area in areas if area.x == bar.x + 1 and area.y in rows)
    return left, right


def _cues(session: Session) -> tuple[Cue, ...]:
    from tui_nn.debugger.script import script_lines

    return tuple(
        Cue({"en": line.say.en, "ko": line.say.ko} if line.say else {}, tuple(str(move) for move in line.moves))
        for line in script_lines(session.scenario.script)
    )
