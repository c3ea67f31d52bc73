"""What changes the run that is looked at: edits, undo and redo, forks. Asked for by keys, made through the screen's mover."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from tui_nn.debugger.edits import Edit
    from tui_nn.debugger.session import Session
    from tui_nn.debugger.settings import Setting
    from tui_nn.scenario import Text
    from tui_nn.tui.runs import Run
    from tui_nn.tui.screens.comparison import ComparisonScreen
    from tui_nn.tui.screens.runs import RunsScreen

T = TypeVar("T")


class Changing:
    """What was changed is the session's; here is only what was said of it. told: to be said again behind a compilation."""

    def __init__(self, screen: RunsScreen) -> None:
        self.screen = screen
        self.told = ""

    def make(self, change: Callable[[Session], T]) -> T:
        """Have the run that is looked at changed; what that brings to compile is compiled beside the keyboard.

        Errors: what `change` raises; the run then stands where it stood.
        """
        screen, mover = self.screen, self.screen.mover
        assert mover is not None
        screen.playing.pause()
        changed = mover.change(change)
        screen.prepare_edited()
        screen.look()
        screen.tell_journal()
        return changed

    def ask(self) -> None:
        """Show what may be changed here; the run stands still meanwhile."""
        from tui_nn.tui.screens.setting import SettingScreen, change_with

        screen = self.screen
        if screen.session is None:
            return
        screen.pause_all()
        session = screen.session
        edited = {edit.key: edit.position for edit in session.edits}
        change = change_with(lambda key, value: self.edit(key, value))
        screen.app.push_screen(
            SettingScreen(self.settings(session), edited, session.position, change, screen.ink, screen.view.lang)
        )

    def settings(self, session: Session) -> list[Setting]:
        """All that may be changed, and the parameter under the cursor of the microscopes."""
        from tui_nn.debugger.settings import settings_of, value_setting
        from tui_nn.tui.panels.update_sum import cursor_parameter

        frame, view = session.frame(), self.screen.view
        found = settings_of(session.program_of_edits)
        layer = view.dense_layer_of(frame)
        if layer is not None:
            found.append(value_setting(frame.program, frame.snapshot.mem, *cursor_parameter(layer, view)))
        return found

    def edit(self, key: str, value: Any) -> Edit:
        """Errors: EditError."""
        screen = self.screen
        edit = self.make(lambda session: session.set(key, value))
        when = "here" if screen.session is not None and edit.position == screen.session.position else edit.position
        self._tell(f"{edit} from {when} on; ^z takes it back")
        return edit

    def fork(self) -> None:
        """One more run beside this one: the same past, a future of its own. It is looked at from now on."""
        from tui_nn.tui.forks import MOST_RUNS

        screen, runs = self.screen, self.screen.runs
        if runs is None:
            return
        if len(runs.entries) >= MOST_RUNS:
            screen.say(f"{MOST_RUNS} runs are open, which is the most; delete closes a fork")
            return
        screen.playing.pause()
        run = self.fork_now()
        self._tell(f"{run.name} at {run.session.position}: e changes it, x looks at the others, delete closes it")

    def fork_now(self, name: str = "") -> Run:
        """The same without a word. name: that a script gives it."""
        from tui_nn.tui.runs import OwnView, Run

        screen, runs = self.screen, self.screen.runs
        assert runs is not None
        marked = runs.looked_at.view.marked
        session = runs.mover.change(lambda session: session.fork())
        run = Run(session, OwnView(screen.view))  # type: ignore[arg-type]
        run.view.pictures.on_ask, run.view.marked = screen.pulse.wake, marked
        runs.fork(run, name)
        self._take_over()
        return run

    def compare(self) -> None:
        """A page on the run that is looked at beside the next one; what it takes is looked up in a thread."""
        screen, runs = self.screen, self.screen.runs
        if runs is None or len(runs.entries) < 2:
            screen.say("there is no other run to compare with; f makes a fork")
            return
        screen.pause_all()
        if screen.compiling is not None:
            screen.say("kernels are being compiled; compare when that is done")
            return
        self.show_comparison(runs.entries[0], runs.looked_at if runs.active else runs.entries[1])

    def show_comparison(self, one: Run, other: Run, said: Text | None = None) -> ComparisonScreen:
        """The page on these two, over the screen. said: a lesson's words."""
        from tui_nn.tui.comparison import Side
        from tui_nn.tui.screens.comparison import ComparisonScreen

        screen, runs = self.screen, self.screen.runs
        assert runs is not None
        runs.refresh()
        sides = []
        for place, run in enumerate(runs.entries):
            called = run.called
            short, letter = (called.short, called.letter) if called else (run.title, "")
            sides.append(Side(run.title, short, letter, place, run.frame))
        pasts = [run.session.whole_past() for run in runs.entries]
        first, second = sorted((runs.entries.index(one), runs.entries.index(other)))
        page = ComparisonScreen(sides, first, second, pasts, screen.ink, screen.view.lang, said)
        screen.app.push_screen(page)
        return page

    def save(self) -> None:
        """Ask for a file, and write what was done to the open runs into it."""
        from tui_nn.debugger.session_lines import SUFFIX
        from tui_nn.tui.screens.modal import PromptScreen

        screen, runs = self.screen, self.screen.runs
        if runs is None:
            return
        screen.pause_all()
        saving = Saving([run.session for run in runs.entries], runs.looked_at.session)

        def saved(text: str | None) -> None:
            if text:
                screen.say(f"saved as {saving.path}; tui-nn open {saving.path.name} goes on from here")

        name = f"{runs.looked_at.session.scenario.id}{SUFFIX}"
        screen.app.push_screen(
            PromptScreen("Save as", "path of a .tuinn file", screen.ink, saving.problem, name), saved
        )

    def drop(self) -> None:
        runs = self.screen.runs
        if runs is None:
            return
        self.screen.playing.pause()
        if runs.looked_at.of is None:
            self.screen.say("this run is no fork; f makes one of it")
        else:
            self._tell(f"{self.close_fork(runs.looked_at)} is closed")

    def close_fork(self, run: Run) -> str:
        """Its name, which it had."""
        runs, title, journal = self.screen.runs, run.title, self.screen.journal
        assert runs is not None
        runs.drop(run)
        if journal is not None:
            journal.shut(run.session)
        self._take_over()
        return title

    def _take_over(self) -> None:
        """The runs are others now: whoever moves them is, too."""
        screen, runs = self.screen, self.screen.runs
        assert runs is not None
        if screen.player is not None:
            screen.player.mover = runs.mover
        screen.prepare_edited()
        screen.look()

    def undo(self, is_redo: bool = False) -> Edit | None:
        screen = self.screen
        if screen.session is None:
            return None
        edit = self.make(lambda session: session.redo() if is_redo else session.undo())
        if edit is None:
            self._tell("nothing was taken back" if is_redo else "nothing was changed in this run")
        else:
            self._tell(f"{'made again' if is_redo else 'taken back'}: {edit}")
        return edit

    def _tell(self, words: str) -> None:
        self.told = words if self.screen.compiling is not None else ""
        self.screen.say(words)


class Saving:
    """Writes runs into the file that is typed. path: where they were saved."""

    def __init__(self, sessions: list[Session], current: Session) -> None:
        self.sessions, self.current = sessions, current
        self.path = Path()
        self._asked: Path | None = None

    def problem(self, text: str) -> str | None:
        """What keeps them from being written there; None: they are. A file that is there is replaced if it is said twice."""
        from tui_nn.debugger.session_file import SUFFIX, SessionFileError, save

        try:
            path = Path(text).expanduser()
            path = path if path.suffix else path.with_suffix(SUFFIX)
            if path.is_dir():
                return f"{text} is a folder; name a file in it"
            if path.exists() and path != self._asked:
                self._asked = path
                return f"{path} is there already; enter again to replace it"
            save(self.sessions, path, self.current)
        except (OSError, ValueError, RuntimeError, SessionFileError) as error:
            return f"{text}: {getattr(error, 'strerror', None) or error}; nothing was written"
        self.path = path
        return None
