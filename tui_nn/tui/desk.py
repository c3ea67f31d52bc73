"""The console at the screen: its lines are done by the screen's own mover, and what is displayed at each stop stays in sight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui_nn.tui.console_lines import Told, strip_lines
from tui_nn.tui.text import cells

if TYPE_CHECKING:
    from tui_nn.debugger.console import Console
    from tui_nn.debugger.displays import Shown
    from tui_nn.debugger.edits import Edit
    from tui_nn.debugger.position import Position, Stop, Unit
    from tui_nn.debugger.seek import By
    from tui_nn.tui.mover import Mover
    from tui_nn.tui.runs import Runs

MOST_TOLD = 2_000  # lines
WORDS = {
    "en": "A line is a value (loss, weight.dense_1) or a command; help lists them, tab completes.",
    "ko": "값(loss, weight.dense_1)이나 명령을 입력하세요. help는 명령 목록, tab은 자동 완성입니다.",
}
UNDER_WAY = {"en": "it runs; stops set now count from the next move on", "ko": "실행 중입니다. 지금 정한 멈춤점은 다음 이동부터 적용됩니다"}  # fmt: skip


class Desk:
    """One for all runs that are open. told: all that was said; shown: the displays as they were at the last stop."""

    def __init__(self, screen: Any) -> None:
        self.screen = screen
        self.told: list[Told] = []
        self.shown: list[Shown] = []
        self.message = ""  # of the last stop, where the header has no room for it
        self.on_told = lambda: None  # of the strip that shows it
        self._console: Console | None = None
        self._waits = False  # has a line begun a move that is not over?

    @property
    def console(self) -> Console:
        """Turned to the run that is looked at."""
        from tui_nn.debugger.console import Console

        session = self.screen.session
        if self._console is None:
            self._console = Console(session, ScreenHands(self))
            self.told.append(Told(WORDS[self.screen.view.lang], "dim"))
        if self._console.session is not session:
            self._console.look_at(session, self._console.hands)
        self._console.lang = self.screen.view.lang
        return self._console

    def enter(self, line: str) -> None:
        """Do a line, and say what it led to; of a move that goes on, when it is over."""
        console = self.console
        was_running = self.screen.is_moving
        self._tell(Told(f"> {line.strip() or console.again}", "accent"))
        self._waits = False
        answer = console.enter(line)
        if answer.is_error and 0 < answer.column <= len(line) + 1:
            lead = len(line) - len(line.lstrip())
            self._tell(Told(" " * (2 + answer.column - 1 - lead) + "^", "bad"))
        role = "bad" if answer.is_error else "text"
        self._tell(*(Told(each, role) for each in answer.lines))
        if was_running and self.screen.is_moving and line.split()[:1] and line.split()[0] in ("break", "b", "tbreak", "tb"):  # fmt: skip
            self._tell(Told(UNDER_WAY[console.lang], "dim"))
        self.note(None)

    def begin(self, move: Any) -> None:
        """A line's move. Errors: ValueError with what the screen says of a move that failed."""
        screen = self.screen
        self._waits = True
        screen.speed.restart(screen.frame.iteration if screen.frame else 0)
        screen._move(move)
        if screen.status.mode == "failed":
            self._waits = False
            raise ValueError(screen.status.text)

    def note(self, stop: Stop | None) -> None:
        """The run that is looked at has moved; stop: or has come to its end."""
        screen = self.screen
        if screen.runs is None:
            return
        run = screen.runs.looked_at
        if stop is not None and self._waits and not run.frame.is_running:
            self._waits = False
            answer = self.console.stopped(stop)
            self._tell(*(Told(each, "text") for each in answer.lines or (f"at {run.frame.position}",)))
        if not run.frame.is_running:
            displays = self._console.displays if self._console else None
            self.shown = displays.at_stop(run.session, run.frame) if displays else []
        says_all = stop is not None and stop.reason in ("stop", "condition", "start")
        self.message = stop.message if says_all and stop else ""
        self.draw()

    def draw(self) -> None:
        """Below the panels: what fits no header, and the displays."""
        screen = self.screen
        width, height = screen.app.size
        message = self.message if cells(self.message) + 4 > width else ""
        screen.show_strip(strip_lines(message, self.shown, width, 1 + height // 12, screen.ink))

    def _tell(self, *lines: Told) -> None:
        self.told += lines
        del self.told[:-MOST_TOLD]
        self.on_told()


class ScreenHands:
    """Each move is the screen's; whether it is over already the desk is told."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @property
    def _screen(self) -> Any:
        return self.desk.screen

    def step(self, unit: Unit, n: int) -> None:
        self.desk.begin(lambda mover: mover.step(unit, n))

    def back(self, unit: Unit, n: int) -> Stop | None:
        from tui_nn.debugger.position import START, Stop

        if not self._screen.is_moving and self._screen.session.position == START:
            return Stop("start", START, "This is the start of the run: nothing lies before it.")
        self.desk.begin(lambda mover: mover.back(unit, n))
        return None

    def goto(self, place: Position) -> None:
        self.desk.begin(lambda mover: mover.goto(place))

    def run(self, iterations: int | None) -> None:
        def move(mover: Mover | Runs) -> None:
            timeline = mover.session.timeline
            mover.run(None if iterations is None else timeline.ahead(timeline.position, "iteration", iterations))

        self.desk.begin(move)

    def run_until(self, condition: str, by: By) -> None:
        self.desk.begin(lambda mover: mover.run_until(condition, by=by))

    def back_until(self, condition: str) -> None:
        self.desk.begin(lambda mover: mover.back_until(condition))

    def back_to_stop(self) -> None:
        self.desk.begin(lambda mover: mover.back_to_stop())

    def set(self, key: str, value: Any) -> Edit:
        return self._screen.changing.edit(key, value)

    def undo(self) -> Edit | None:
        return self._screen.changing.undo()

    def redo(self) -> Edit | None:
        return self._screen.changing.undo(is_redo=True)

    def fork(self) -> str:
        screen = self._screen
        before = len(screen.runs.entries)
        screen.changing.fork()
        if len(screen.runs.entries) == before:
            raise ValueError(screen.status.text)
        return f"{screen.runs.looked_at.name} at {screen.session.position}"
