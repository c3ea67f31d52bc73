"""The debugger's screen on one session. It routes: keys to moves, frames to panels."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual import events

from tui_nn.tui.chrome import Status, header_lines, timeline_at
from tui_nn.tui.commands import bindings_for
from tui_nn.tui.ink import Ink
from tui_nn.tui.layout_memory import layout_of, restore
from tui_nn.tui.opening import Alone, Compiling, Failed, Joined, Opened, Opening
from tui_nn.tui.panels.beside import Part
from tui_nn.tui.panels.detail import DetailPanel
from tui_nn.tui.panels.lesson import cues_of
from tui_nn.tui.screens.zones import ZonesScreen
from tui_nn.tui.status import Speed, status_of

if TYPE_CHECKING:
    from tui_nn.debugger.position import Stop, Unit
    from tui_nn.debugger.script import Line as ScriptLine
    from tui_nn.debugger.session import Session
    from tui_nn.tui.app import TuiApp, Wish
    from tui_nn.tui.mover import Mover
    from tui_nn.tui.player import Player
    from tui_nn.tui.runs import Runs

HERTZ, HERTZ_REMOTE = 30, 12  # a remote terminal gets fewer frames: each is tens of thousands of bytes
HERTZ_AT_REST = 4
NARRATION_S = 8.0
LONG_S = 0.5  # a wait that is longer is told, and can be cancelled


class DebuggerScreen(ZonesScreen):
    """Opens a scenario in a thread, and shows the run from the first frame on."""

    where = "debugger"
    BINDINGS = bindings_for("debugger")

    def __init__(self, wish: Wish, ink: Ink, lang: str) -> None:
        super().__init__(ink, lang)
        self.wish = wish
        self.opening = Opening(self, wish)
        self.runs: Runs | None = None  # one, or several side by side
        self.session: Session | None = None  # of the one looked at
        self.mover: Mover | Runs | None = None
        self.player: Player | None = None
        self.status = Status("opening", f"reading {wish.ref}")
        self.compiling: Compiling | None = None
        self._speed = Speed()
        self._is_closed = False
        self._busy_since, self._is_picture_long = 0.0, False
        self._layouts_of_play: tuple[dict[str, Any], dict[str, Any]] = ({}, {})  # before a script, and as it left them
        self._is_at_rest = False
        self.view.pictures.on_ask = self._rest_or_go_on

    @property
    def tui(self) -> TuiApp:
        return self.app  # type: ignore[return-value]

    @property
    def scenario_id(self) -> str:
        return self.runs.entries[0].session.scenario.id if self.runs else ""

    # Life

    def on_mount(self) -> None:
        self.panels["program"].message = f"reading {self.wish.ref} …"
        restore(self, self.tui.options.remembered.get("layout", {}))
        self.place()
        self.focus_panel()
        self.draw_header()
        self._pulse = self.set_interval(1 / (HERTZ_REMOTE if os.environ.get("SSH_CONNECTION") else HERTZ), self._tick)
        self.set_interval(1 / HERTZ_AT_REST, self._look_up)
        self.call_after_refresh(self.opening.start)  # the screen stands before anything heavy is imported

    def on_opened(self, message: Opened) -> None:
        from tui_nn.tui.runs import Run, Runs

        if self._is_closed:
            return
        self.runs = Runs(Run(message.session, self.view))
        for remark in message.session.scenario.remarks:
            self.notify(remark, timeout=NARRATION_S, markup=False)
        self._look()
        self.draw_footer()

    def on_joined(self, message: Joined) -> None:
        """The twin: from here on both are moved together."""
        from tui_nn.tui.runs import OwnView, Run

        if self._is_closed or self.runs is None:
            return
        other = Run(message.session, OwnView(self.view))  # type: ignore[arg-type]
        other.view.pictures.on_ask = self._rest_or_go_on
        self.runs.join(other)
        if self.player is not None:
            self.player.mover = self.runs
        if message.left_out:
            words = f"The other network keeps what it differs in; not set there: {', '.join(message.left_out)}"
            self.notify(words, timeout=NARRATION_S, markup=False)
        self._look()

    def on_alone(self, message: Alone) -> None:
        if not self._is_closed:
            self.notify(
                message.report, title="The network beside it cannot be opened", timeout=NARRATION_S, markup=False
            )

    def _look(self) -> None:
        """Turn to the run that is looked at: position, program, layers and lesson are its own."""
        runs = self.runs
        assert runs is not None
        run = runs.looked_at
        self.session, self.mover = run.session, runs.mover
        for panel in self.panels.values():
            panel.view = run.view
        if self.player is None:
            self._show_lesson(run.session)
        runs.refresh()
        self._show_runs(runs)
        self._say()
        for panel in self.panels.values():
            panel.redraw()

    def _show_lesson(self, session: Session) -> None:
        scenario = session.scenario
        self.lesson.text = {"en": scenario.lesson.en, "ko": scenario.lesson.ko}
        self.lesson.cues = cues_of(scenario.script)
        self.lesson.current = 0

    def _show_runs(self, runs: Runs) -> None:
        detail: DetailPanel = self.panels["detail"]  # type: ignore[assignment]
        if len(runs.entries) > 1:
            detail.parts = tuple(Part(run.title, run.frame, run.view) for run in runs.entries)
            detail.active = runs.active
        self.show_frame(runs.looked_at.frame)

    def on_failed(self, message: Failed) -> None:
        if not self._is_closed:
            self.tui.opening_failed(message.report)

    def on_compiling(self, message: Compiling) -> None:
        self.compiling = message if message.name else None
        if self.compiling is None and not self._is_closed:
            self._begin()
        self._say()

    def _begin(self) -> None:
        """Everything is compiled: do what was wished for when the run was opened."""
        self.tui.spare_collector()
        if self.wish.at is not None:
            self._goto(self.wish.at, 0)
        if self.wish.play:
            self.action_play()

    def close(self) -> str:
        """Stop whatever runs; the summary to leave on the terminal. May be called more than once."""
        from tui_nn.tui.summary import summary

        if not self._is_closed:
            self._remember_layout()
        self._is_closed = True
        self.opening.stop()
        self.view.pictures.close()
        if self.runs is None:
            return ""
        for run in self.runs.entries:
            run.view.pictures.close()
            run.mover.stop()
            run.session.close()
        return "\n".join(summary(run.session) for run in self.runs.entries)

    def _remember_layout(self) -> None:
        """As it stands; or as it was before a script led through panels that the user did not choose."""
        if self.is_mounted:
            layout = layout_of(self)
            before, by_script = self._layouts_of_play
            self.tui.remember(layout=before if layout == by_script else layout)

    def pause_all(self) -> None:
        """Stand still: the script and the run."""
        if self.player is not None:
            self.player.pause()
        if self.mover is not None:
            self._done(self._guarded(self.mover.stop))

    @property
    def is_hinting(self) -> bool:
        """A lesson that plays has the word."""
        return self.session is not None and self.player is None

    # The pulse

    def _look_up(self) -> None:
        """Four times a second. At rest the pulse stands still, or it alone would take more than 1 % of a core."""
        self._tick()
        self._rest_or_go_on()

    def _rest_or_go_on(self) -> None:
        if self._is_at_rest == self._moves:
            self._is_at_rest = not self._is_at_rest
            (self._pulse.pause if self._is_at_rest else self._pulse.resume)()

    @property
    def _moves(self) -> bool:
        """Is there anything that changes by itself?"""
        is_playing = self.player is not None and not self.player.is_paused
        is_drawing = any(run.view.pictures.is_busy for run in self.runs.entries) if self.runs else False
        return self.is_moving or is_playing or is_drawing or self._is_picture_long

    def _tick(self) -> None:
        """Thirty times a second: fetch what has changed. Does nothing while nothing moves."""
        mover = self.mover
        if mover is None or self._is_closed:
            return
        if mover.kind or mover.is_waiting:
            self._done(self._guarded(mover.poll))
            if mover.kind == "run":
                self._refresh_frame()
            elif mover.kind == "seek":
                self._say()
        if self.player is not None:
            self._play_on(self.player)
        self._watch_pictures(time.monotonic())
        if self.runs is not None and self.runs.have_new_pictures():
            self.panels["detail"].redraw()

    def _watch_pictures(self, now: float) -> None:
        """Say how far a picture is that the user waits for; while the run moves there is always an older one to look at."""
        busy = [run.view.pictures for run in self.runs.entries if run.view.pictures.is_busy] if self.runs else []
        if not busy or self.is_moving:
            self._busy_since = now
        was, self._is_picture_long = self._is_picture_long, bool(busy) and now - self._busy_since > LONG_S
        if self._is_picture_long:
            share = min(pictures.share for pictures in busy)
            self._say(f"computing a picture {int(100 * share)} %  esc cancels")
        elif was:
            self._say()

    @property
    def is_moving(self) -> bool:
        return self.mover is not None and (bool(self.mover.kind) or self.mover.is_waiting)

    def _play_on(self, player: Player) -> None:
        session = player.playback.session
        before = session.position
        self._guarded(lambda: player.tick(time.monotonic()))
        if player.is_over:
            self.player = None
            self.draw_footer()
            self._say("the script is over")
        elif not player.mover.kind and session.position != before:
            self._refresh_frame()

    def _guarded(self, move: Callable[[], Any]) -> Any:
        """A move that fails (out of memory, say) is told on the screen, and the run stays where it is."""
        try:
            return move()
        except Exception as error:
            self.status = Status("failed", f"{type(error).__name__}: {error}")
            self.draw_header()
            return None

    def _done(self, stop: Stop | None) -> None:
        if stop is not None:
            self._refresh_frame(stop)

    def _refresh_frame(self, stop: Stop | None = None) -> None:
        """Show the session as it is now; while it runs, the newest copy it has sent."""
        runs = self.runs
        if runs is None:
            return
        if runs.refresh():
            self._show_runs(runs)
            self._speed.note(runs.looked_at.frame.iteration)
        self._say(stop.message if stop else "", stop.reason if stop else "")

    def _say(self, text: str = "", reason: str = "") -> None:
        if self.mover is not None:
            speed = self._speed.rate
            self.status = status_of(self.mover, self.frame, self.compiling, self.player, speed, text, reason)
            if self._is_at_rest:
                self._rest_or_go_on()
        self.draw_header()

    def draw_header(self) -> None:
        title = self.wish.ref if self.session is None else self.session.scenario.title
        height = self.arrangement.header.height if self.arrangement else 2
        others = self.runs.others if self.runs else []
        note = f"beside: {others[0].title}" if len(others) == 1 else f"beside {len(others)} others" if others else ""
        width = self.app.size.width
        self.header.show(header_lines(title, self.status, self.frame, width, height, self.ink, note))

    # Commands: moving in time

    def _move(self, move: Callable[[Mover | Runs], Any]) -> None:
        """Make a move, unless the run is not there yet; show what it led to if that is over already."""
        mover = self.mover
        if mover is None:
            return
        if self.player is not None:
            self.player.pause()  # the user has taken the wheel
        self._done(self._guarded(lambda: move(mover)))
        if mover.kind or mover.is_waiting:
            self._say()

    def action_step(self, unit: Unit) -> None:
        self._move(lambda mover: mover.step(unit))

    def action_back(self, unit: Unit) -> None:
        if (
            self.session is not None
            and self.mover is not None
            and not self.mover.kind
            and self.session.position == (0, 0)
        ):
            self._say("this is the start of the run")
        else:
            self._move(lambda mover: mover.back(unit))

    def action_first(self) -> None:
        self._goto(0, 0)

    def action_last(self) -> None:
        if self.session is not None:
            self._goto(*self.session.reached)

    def on_click(self, event: events.Click) -> None:
        """On the header's timeline: go there."""
        if self.frame is None or event.screen_y != 0 or self.header.size.height < 2:
            return
        at = timeline_at(event.screen_x, self.frame, self.app.size.width)
        if at is not None:
            self.action_last() if at == self.frame.reached.iteration else self._goto(at, 0)

    def _goto(self, iteration: int, op: int) -> None:
        from tui_nn.debugger.position import Position

        self._move(lambda mover: mover.goto(Position(iteration, op)))

    def action_goto_read(self) -> None:
        """To the iteration under the reading cursor of the curves."""
        from tui_nn.tui.panels.curves import iteration_read

        at = iteration_read(self.frame, self.view) if self.frame else None
        if at is not None:
            self.view.read = None
            self._goto(at, 0)

    def action_run_pause(self) -> None:
        mover, player = self.mover, self.player
        if mover is None:
            return
        if mover.kind or mover.is_waiting or (player is not None and not player.is_paused):
            self.pause_all()
            self._say()
        elif player is not None:
            player.resume(time.monotonic())
            self._say()
        else:
            self._speed.restart(self.frame.iteration if self.frame else 0)
            self._move(lambda mover: mover.run())

    def action_interrupt(self) -> None:
        if self.player is not None or (self.mover is not None and (self.mover.kind or self.mover.is_waiting)):
            self.pause_all()
            self._say()
        else:
            self._say("nothing runs; q quits")

    def action_until(self) -> None:
        from tui_nn.tui.asking import until_prompt

        def typed(condition: str | None) -> None:
            if condition:
                self._speed.restart(self.frame.iteration if self.frame else 0)
                self._move(lambda mover: mover.run_until(condition))

        if self.session is not None:
            self.app.push_screen(until_prompt(self.session.program, self.ink), typed)

    def action_goto(self) -> None:
        from tui_nn.tui.asking import goto_prompt, parse_place

        session = self.session

        def typed(text: str | None) -> None:
            if text and session is not None:
                self._goto(*parse_place(text, session.program))

        if session is not None:
            self.app.push_screen(goto_prompt(session.program, self.ink), typed)

    def action_mark(self) -> None:
        if self.runs is not None:
            for run in self.runs.entries:
                run.view.marked = run.session.frame()
            marked = self.runs.looked_at.frame
            self.panels["detail"].redraw()
            self._say(f"marked {marked.iteration:,}:{marked.op}; the Weights tab shows the change since")

    def action_switch(self, to: int | None = None) -> None:
        """Look at the other network; the keys then move it, and the first follows."""
        runs = self.runs
        if runs is None or len(runs.entries) < 2:
            self._say("there is no other network: this scenario is open alone")
            return
        runs.switch(to)
        self._speed.restart(runs.looked_at.session.position.iteration)
        self._look()

    # Commands: the script

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
            self._say("this scenario has no script to play")
            return
        self.player = player
        self._layouts_of_play = layout_of(self), {}
        self.draw_footer()
        self._say()

    def _show_line(self, line: ScriptLine) -> None:
        self.lesson.show_cue(line.number)
        if line.show:
            self.look_at(line.show)
            self._layouts_of_play = self._layouts_of_play[0], layout_of(self)
        if line.say and self.arrangement is not None and "lesson" not in self.arrangement.panels:
            # Where the lesson has no room of its own, the words come as a note over what is looked at.
            words = getattr(line.say, self.view.lang)
            self.notify(words, title=f"{line.number} of {len(self.lesson.cues)}", timeout=NARRATION_S, markup=False)
        self._say()

    def _cancel(self) -> str:
        """End a picture, a seek or a run to a condition, and say so; empty if there is none. A script's are its own affair."""
        mover = self.mover
        if mover is None or self.player is not None:
            return ""
        if mover.kind == "seek" or (mover.kind == "run" and mover.condition):
            self._done(self._guarded(mover.stop))
            return f"cancelled at iteration {self.frame.iteration:,}" if self.frame else "cancelled"
        if not self._is_picture_long:
            return ""
        for run in self.runs.entries if self.runs else ():
            run.view.pictures.cancel()
        self._busy_since, self._is_picture_long = time.monotonic(), False
        return "the picture was cancelled"

    def action_leave(self) -> None:
        """Back one level; before that, end what the user waits for."""
        if cancelled := self._cancel():
            self._say(cancelled)
        elif self.zoomed:
            self.action_zoom()
        elif self.view.read is not None and self.focus_name == "curves":
            self.view.read = None
            self.panels["curves"].redraw()
        elif self.player is not None:
            self.player = None
            self.draw_footer()
            self._say("the script was ended")
        else:
            self.tui.show_gallery()
