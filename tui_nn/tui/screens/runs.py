"""The panels filled from one run, or from several side by side: opened, watched while they move, said in the header."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tui_nn.tui.changing import Changing
from tui_nn.tui.chrome import Mark, Status, header_lines
from tui_nn.tui.desk import Desk
from tui_nn.tui.ink import Ink
from tui_nn.tui.layout_memory import restore
from tui_nn.tui.opening import Alone, Compiling, Failed, Joined, Opened, Opening
from tui_nn.tui.panels.beside import Part
from tui_nn.tui.panels.detail import DetailPanel
from tui_nn.tui.panels.lesson import cues_of
from tui_nn.tui.playing import Playing
from tui_nn.tui.pulse import Pulse
from tui_nn.tui.quiz import QuizNote
from tui_nn.tui.screens.zones import ZonesScreen
from tui_nn.tui.status import Speed, opening_status, status_of
from tui_nn.tui.waiting import Waiting

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from tui_nn.debugger.journal import Journal
    from tui_nn.debugger.position import Stop
    from tui_nn.debugger.session import Session
    from tui_nn.tui.app import TuiApp, Wish
    from tui_nn.tui.mover import Mover
    from tui_nn.tui.pictures import Pictures
    from tui_nn.tui.player import Player
    from tui_nn.tui.runs import Run, Runs


NOTE_S = 8.0


class RunsScreen(ZonesScreen):
    """Opens a scenario in a thread, and shows the run from the first frame on. Subclasses say what keys do."""

    def __init__(self, wish: Wish, ink: Ink, lang: str) -> None:
        super().__init__(ink, lang)
        self.wish = wish
        self.clock: Callable[[], float] = time.monotonic  # seconds; a test has one of its own
        self.opening = Opening(self, wish)
        self.runs: Runs | None = None  # one, or several side by side
        self.session: Session | None = None  # of the one looked at
        self.mover: Mover | Runs | None = None
        self.playing = Playing(self)
        self.changing = Changing(self)
        self.desk = Desk(self)
        self.quiz_note = QuizNote()
        self.waiting = Waiting()
        self.pulse = Pulse(self, self.tick, lambda: self._moves)
        self.view.pictures.on_ask = self.pulse.wake
        self.status = Status("opening", f"reading {wish.title or wish.ref}")
        self.compiling: Compiling | None = None
        self.speed = Speed()
        self.journal: Journal | None = None  # of all that is open, where it is kept
        self.has_begun = False  # is everything compiled, and the wish under way?
        self._is_closed = self._has_told = False

    @property
    def tui(self) -> TuiApp:
        return self.app  # type: ignore[return-value]

    @property
    def scenario_id(self) -> str:
        return self.runs.entries[0].session.scenario.id if self.runs else ""

    @property
    def player(self) -> Player | None:
        return self.playing.player

    # Life

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield self.quiz_note

    def on_mount(self) -> None:
        self.panels["program"].message = f"reading {self.wish.title or self.wish.ref} …"
        restore(self, self.tui.options.remembered.get("layout", {}))
        self.place()
        self.focus_panel()
        self.draw_header()
        self.pulse.start()
        options = self.tui.options
        self.opening.keeps, self.opening.checkpoint_mb = options.journal, options.checkpoint_mb
        self.call_after_refresh(self.opening.start)  # the screen stands before anything heavy is imported

    def on_opened(self, message: Opened) -> None:
        from tui_nn.tui.runs import Runs

        if self._is_closed:
            if message.journal is not None:
                message.journal.close()
            return
        self.journal = message.journal
        first, *others = (self._run_of(each) for each in (message.session, *message.others))
        self.runs = Runs(first)
        if others:
            sessions = [run.session for run in (first, *others)]
            self.runs.come_back(others, sessions.index(message.current))
        self.tell_journal()
        for remark in (*message.session.scenario.remarks, *message.remarks):
            self.notify(remark, timeout=NOTE_S, markup=False)
        self.look()
        self.draw_footer()

    def _run_of(self, session: Session, name: str = "") -> Run:
        """The first has the screen's own view; all others theirs."""
        from tui_nn.tui.runs import OwnView, Run

        if self.view.path is None:
            return Run(session, self.view)
        run = Run(session, OwnView(self.view), name)  # type: ignore[arg-type]
        run.view.pictures.on_ask = self.pulse.wake
        return run

    def on_joined(self, message: Joined) -> None:
        """The twin, or another: from here on all are moved together."""
        if self._is_closed or self.runs is None:
            return
        other = self._run_of(message.session, message.name)
        self.runs.join(other)
        if self.player is not None:
            self.player.mover = self.runs
        if message.left_out:
            which = "The other network" if len(self.runs.entries) == 2 else other.title
            words = f"{which} keeps what it differs in; not set there: {', '.join(message.left_out)}"
            self.notify(words, timeout=NOTE_S, markup=False)
        self.look()

    def on_alone(self, message: Alone) -> None:
        if not self._is_closed:
            title = "The network beside it cannot be opened"
            self.notify(message.report, title=title, timeout=NOTE_S, markup=False)

    def on_failed(self, message: Failed) -> None:
        if not self._is_closed:
            self.tui.opening_failed(message.report)

    def on_compiling(self, message: Compiling) -> None:
        self.compiling = message if message.name else None
        if self.compiling is None and not self._is_closed and not self.prepare_edited():
            self.tui.spare_collector()
            if not self.has_begun:
                self.has_begun = True
                self.begin()
            self.say(self.changing.told)
            self.changing.told = ""
            return
        self.say()

    def prepare_edited(self) -> bool:
        """Is there anything left to compile, since an edit has come? Then it is being compiled now."""
        for run in self.runs.entries if self.runs and self.compiling is None else ():
            if not run.session.is_prepared:
                self.compiling = Compiling(0, 1, "the edit's kernels")
                self.opening.prepare(run.session)
                return True
        return False

    def tell_journal(self) -> None:
        """Once, that what is done now would not survive a crash."""
        if self.journal is not None and self.journal.failure and not self._has_told:
            self._has_told = True
            self.notify(self.journal.failure, title="The journal cannot be written", timeout=NOTE_S, markup=False)

    def begin(self) -> None:
        """Everything is compiled: do what was wished for when the run was opened."""

    def close(self) -> str:
        """Stop whatever runs; the summary to leave on the terminal. May be called more than once."""
        from tui_nn.tui.summary import summary

        if not self._is_closed and self.is_mounted:
            with suppress(
                RuntimeError
            ):  # Textual's NoActiveAppError: the app has ended in an exception, which is what there is to tell
                self.tui.remember(layout=self.playing.layout())
        self._is_closed = True
        self.playing.drop()
        self.opening.stop()
        if self.journal is not None:
            self.journal.close()
        self.view.pictures.close()
        if self.runs is None:
            return ""
        for run in self.runs.entries:
            run.view.pictures.close()
            run.mover.stop()
            run.session.close()
        return "\n".join(summary(run.session) for run in self.runs.entries)

    def pause_all(self) -> None:
        """Stand still: the script and the run."""
        self.playing.pause()
        if self.mover is not None:
            self.done(self.guarded(self.mover.stop))

    # What is looked at

    def look(self) -> None:
        """Turn to the run that is looked at: position, program, layers and lesson are its own."""
        runs = self.runs
        assert runs is not None
        run = runs.looked_at
        if self.journal is not None and self.session is not run.session:
            self.journal.look(run.session)
        self.session, self.mover = run.session, runs.mover
        for panel in self.panels.values():
            panel.view = run.view
        if self.player is None:
            self._show_lesson(run.session)
        runs.refresh()
        self._show_runs(runs)
        self.say()
        self.desk.note(None)
        for panel in self.panels.values():
            panel.redraw()

    def _show_lesson(self, session: Session) -> None:
        scenario = session.scenario
        self.lesson.prose = {"en": scenario.lesson.en, "ko": scenario.lesson.ko}
        self.lesson.cues = cues_of(scenario.script)
        self.lesson.current = 0

    def _show_runs(self, runs: Runs) -> None:
        detail: DetailPanel = self.panels["detail"]  # type: ignore[assignment]
        if len(runs.entries) > 1:
            detail.parts = tuple(Part(run.title, run.frame, run.view) for run in runs.entries)
            detail.active = runs.active
        else:
            detail.parts, detail.active = (), 0
        self.show_frame(runs.looked_at.frame)

    # Places and words of a question

    def place(self) -> None:
        super().place()
        self.playing.draw_quiz()

    def use_language(self, lang: str) -> None:
        super().use_language(lang)
        self.playing.draw_quiz()

    # What moves

    @property
    def is_moving(self) -> bool:
        return self.mover is not None and (bool(self.mover.kind) or self.mover.is_waiting)

    def be_turned_by(self, clock: Callable[[], float]) -> None:
        """From here on somebody else has the clock, and calls `tick`; nobody answers what the lesson asks."""
        self.pulse.stop()
        self.clock = clock
        self.playing.is_attended = False

    @property
    def is_drawing(self) -> bool:
        """Is a picture still being computed, or the answer to a question?"""
        return bool(self._busy_pictures) or self.playing.is_grading

    @property
    def _moves(self) -> bool:
        """Is there anything that changes by itself?"""
        return self.is_moving or self.playing.is_awake or bool(self._busy_pictures) or self.waiting.is_long

    @property
    def _busy_pictures(self) -> list[Pictures]:
        return [pictures for pictures in self.runs.pictures if pictures.is_busy] if self.runs else []

    def tick(self) -> None:
        """The pulse: fetch what has changed. Does nothing while nothing moves."""
        mover = self.mover
        if mover is None or self._is_closed:
            return
        if mover.kind or mover.is_waiting:
            self.done(self.guarded(mover.poll))
            if mover.kind == "run":
                self.refresh_frame()
            elif mover.kind == "seek":
                self.say()
        self.playing.tick()
        words = self.waiting.watch(self._busy_pictures, self.is_moving, self.clock())
        if words is not None:
            self.say(words)
        if self.runs is not None and self.runs.have_new_pictures():
            self.panels["detail"].redraw()

    def guarded(self, move: Callable[[], Any]) -> Any:
        """A move that fails (out of memory, say) is told on the screen, and the run stays where it is."""
        try:
            return move()
        except Exception as error:
            self.status = Status("failed", f"{type(error).__name__}: {error}")
            self.draw_header()
            return None

    def done(self, stop: Stop | None) -> None:
        """A move has ended, or has not yet (None)."""
        if stop is not None:
            self.refresh_frame(stop)

    def refresh_frame(self, stop: Stop | None = None) -> None:
        """Show the session as it is now; while it runs, the newest copy it has sent."""
        runs = self.runs
        if runs is None:
            return
        if runs.refresh():
            self._show_runs(runs)
            self.speed.note(runs.looked_at.frame.iteration)
        self.say(stop.message if stop else "", stop.reason if stop else "")
        self.desk.note(stop)

    # What is said

    def say(self, text: str = "", reason: str = "") -> None:
        """In the header. text, reason: of the move that has just ended, if any."""
        if self.mover is not None:
            rate = self.speed.rate
            self.status = status_of(self.mover, self.frame, self.compiling, self.player, rate, text, reason)
            self.pulse.wake()
        elif self.compiling is not None and self.opening.is_replay:
            self.status = opening_status(self.compiling)
        self.draw_header()

    def draw_header(self) -> None:
        title = self.wish.title or self.wish.ref if self.session is None else self.session.scenario.title
        width, height = self.app.size.width, self.arrangement.header.height if self.arrangement else 2
        others = self.runs.others if self.runs else []
        note = f"beside: {others[0].title}" if len(others) == 1 else f"beside {len(others)} others" if others else ""
        if self.runs and self.runs.looked_at.of is not None:
            note = f"{self.runs.looked_at.title}  {note}"
        ticks, marks = self._marks()
        self.header.show(header_lines(title, self.status, self.frame, width, height, self.ink, note, ticks, marks))

    def _marks(self) -> tuple[list[int], list[Mark]]:
        """On the timeline: checkpoints, and where stops have halted the run."""
        if self.session is None:
            return [], []
        ticks = self.session.timeline.kept_iterations().tolist()
        return ticks, [(place.iteration, "halt", "warn") for place in self.session.stops.halts]

    def on_resize(self, event: events.Resize) -> None:
        self.desk.draw()
        super().on_resize(event)

    def use_ink(self, ink: Ink) -> None:
        super().use_ink(ink)
        self.desk.draw()

    @property
    def is_hinting(self) -> bool:
        """A lesson that plays has the word."""
        return self.session is not None and self.player is None
