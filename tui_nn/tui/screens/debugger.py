"""The debugger's screen: what its keys do. A command is a method here; most are a move of the run that is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual import events

from tui_nn.tui.chrome import timeline_at
from tui_nn.tui.commands import bindings_for
from tui_nn.tui.playing import what_follows
from tui_nn.tui.screens.runs import RunsScreen

if TYPE_CHECKING:
    from tui_nn.debugger.position import Unit
    from tui_nn.tui.mover import Mover
    from tui_nn.tui.runs import Runs


class DebuggerScreen(RunsScreen):
    """Routes: keys to moves, prompts to moves, escape to whatever can be left."""

    where = "debugger"
    BINDINGS = bindings_for("debugger")

    def begin(self) -> None:
        if self.wish.at is not None:
            self._goto(self.wish.at, 0)
        if self.wish.play:
            self.action_play()

    # Commands: moving in time

    def _move(self, move: Callable[[Mover | Runs], Any]) -> None:
        """Make a move, unless the run is not there yet; show what it led to if that is over already."""
        mover = self.mover
        if mover is None:
            return
        self.playing.pause()  # the user has taken the wheel
        self.done(self.guarded(lambda: move(mover)))
        if mover.kind or mover.is_waiting:
            self.say()

    def action_step(self, unit: Unit) -> None:
        self._move(lambda mover: mover.step(unit))

    def action_back(self, unit: Unit) -> None:
        session, mover = self.session, self.mover
        if session is not None and mover is not None and not mover.kind and session.position == (0, 0):
            self.say("this is the start of the run")
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
        if self.mover is None:
            return
        if self.is_moving or self.playing.is_going:
            self.pause_all()
            self.say()
        elif self.player is not None:
            self.playing.resume()
        else:
            self.speed.restart(self.frame.iteration if self.frame else 0)
            self._move(lambda mover: mover.run())

    def action_interrupt(self) -> None:
        if self.player is not None or self.is_moving:
            self.pause_all()
            self.say()
        else:
            self.say("nothing runs; q quits")

    def action_until(self) -> None:
        """Forwards, or after the word back to where it held last."""
        from tui_nn.tui.asking import read_search, until_prompt

        session = self.session

        def typed(text: str | None) -> None:
            if text and session is not None:
                self.speed.restart(self.frame.iteration if self.frame else 0)
                self._move(read_search(session.program, text))

        if session is not None:
            self.app.push_screen(until_prompt(session, self.ink), typed)

    def action_stops(self) -> None:
        from tui_nn.tui.screens.stops import StopsScreen

        if self.session is not None:
            self.pause_all()
            self.app.push_screen(StopsScreen(self.session, self.action_to_stop, self.ink, self.view.lang))

    def action_to_stop(self, by: int) -> None:
        """To where a stop fires, ahead or behind."""
        if self.session is not None and not self.session.stops.active():
            self.say("no stop is set that is switched on; k sets one")
            return
        self.speed.restart(self.frame.iteration if self.frame else 0)
        self._move(lambda mover: mover.run() if by > 0 else mover.back_to_stop())

    def action_console(self) -> None:
        from tui_nn.tui.screens.console import ConsoleScreen

        if self.session is not None:
            self.app.push_screen(ConsoleScreen(self))

    def action_goto(self) -> None:
        from tui_nn.tui.asking import goto_prompt, parse_place

        session = self.session

        def typed(text: str | None) -> None:
            if text and session is not None:
                self._goto(*parse_place(text, *programs))

        if session is not None:
            programs = session.timeline.segments[-1].program, session.timeline.program_at
            self.app.push_screen(goto_prompt(programs[0], self.ink, programs[1]), typed)

    def action_mark(self) -> None:
        if self.runs is not None:
            for run in self.runs.entries:
                run.view.marked = run.session.frame()
            marked = self.runs.looked_at.frame
            self.panels["detail"].redraw()
            self.say(f"marked {marked.iteration:,}:{marked.op}; the Weights tab shows the change since")

    def action_switch(self, to: int | None = None) -> None:
        """Look at the next network; the keys then move it, and the others follow."""
        runs = self.runs
        if runs is None or len(runs.entries) < 2:
            self.say("there is no other network: this scenario is open alone")
            return
        self.playing.pause()  # its words speak of the one that was looked at
        runs.switch(to)
        self.speed.restart(runs.looked_at.session.position.iteration)
        self.look()

    # Commands: changing the run

    def action_edit(self) -> None:
        self.changing.ask()

    def action_fork(self) -> None:
        self.changing.fork()

    def action_compare(self) -> None:
        self.changing.compare()

    def action_save(self) -> None:
        self.changing.save()

    def action_drop(self) -> None:
        self.changing.drop()

    def action_to_edit(self, by: int) -> None:
        """To the next edit, or the one before."""
        session = self.session
        if session is None:
            return
        here = session.timeline.position
        places = sorted(
            {edit.position for edit in session.edits if (edit.position > here) == (by > 0) and edit.position != here}
        )
        if places:
            self._goto(*places[0 if by > 0 else -1])
        else:
            self.say("no edit lies before this place" if by < 0 else "no edit lies ahead")

    def action_undo(self) -> None:
        self.changing.undo()

    def action_redo(self) -> None:
        self.changing.undo(is_redo=True)

    # The script, and the way out

    def action_play(self) -> None:
        """Start the script, pause it, or go on with it."""
        if self.player is not None:
            self.action_run_pause()
        elif self.mover is not None:
            self.playing.start()

    def action_line(self, by: int) -> None:
        self.playing.line(by)

    def action_answer(self, number: int) -> None:
        self.playing.answer(number)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Its keys are a question's while one is open, and else what they always are."""
        if action == "answer" and not self.playing.is_open:
            return False
        return super().check_action(action, parameters)

    def action_lesson_speed(self) -> None:
        self.playing.change_speed()

    def action_next_lesson(self) -> None:
        """Open what follows on the path through the presets."""
        if self.runs is None:
            return
        entry = what_follows(self.scenario_id)
        if entry is None:
            self.say("nothing follows this scenario; esc shows all presets")
        else:
            self.tui.open_preset(entry.preset.id)

    def _cancel(self) -> str:
        """End a picture, a seek or a run to a condition, and say so; empty if there is none. A script's are its own affair."""
        mover = self.mover
        if mover is None or self.player is not None:
            return ""
        if mover.kind == "seek" or (mover.kind == "run" and mover.condition):
            self.done(self.guarded(mover.stop))
            return f"cancelled at iteration {self.frame.iteration:,}" if self.frame else "cancelled"
        if not self.waiting.is_long:
            return ""
        self.waiting.cancel(self.runs.pictures if self.runs else [], self.clock())
        return "the picture was cancelled"

    def cancel(self) -> bool:
        """End what the user waits for, and say so; False if there is nothing."""
        cancelled = self._cancel()
        if cancelled:
            self.say(cancelled)
        return bool(cancelled)

    def action_leave(self) -> None:
        """Back one level; before that, end what the user waits for."""
        if self.session is None and self.opening.is_replay:
            self.tui.give_up_opening()
        elif self.cancel():
            pass
        elif self.zoomed:
            self.action_zoom()
        elif self.view.read is not None and self.focus_name == "curves":
            self.view.read = None
            self.panels["curves"].redraw()
        elif self.player is not None:
            self.playing.end("the script was ended")
        else:
            self.tui.show_gallery()
