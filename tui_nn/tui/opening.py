"""Opening a scenario away from the screen's thread: read, build, compile, and tell the screen by messages."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message
from textual.widget import Widget

if TYPE_CHECKING:
    from tui_nn.debugger.journal import Journal
    from tui_nn.debugger.session import Session
    from tui_nn.tui.app import Wish


class Opened(Message):
    """The session stands; its kernels are yet to be compiled. others: that a saved session had beside it, with `current`.

    journal: in which all are kept from now on, if they are; remarks: what is not as it was saved.
    """

    def __init__(
        self, session: Session, others: tuple[Session, ...] = (), current: Session | None = None,
        journal: Journal | None = None, remarks: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        super().__init__()
        self.session, self.others, self.current = session, others, current or session
        self.journal, self.remarks = journal, remarks


class Joined(Message):
    """A session beside it stands too. name: by which the scenario opens it; left_out: overrides that are not made on it,
    since there it differs anyway."""

    def __init__(self, session: Session, name: str, left_out: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.session, self.name, self.left_out = session, name, left_out


class Alone(Message):
    """One that was to stand beside it cannot be opened; the report says why."""

    def __init__(self, report: str) -> None:
        super().__init__()
        self.report = report


class Failed(Message):
    """There will be no session; the report says why."""

    def __init__(self, report: str) -> None:
        super().__init__()
        self.report = report


class Compiling(Message):
    """A kernel is about to be compiled; `name` is empty when all are done. Or, of a saved session, so far it is replayed."""

    def __init__(self, done: int, total: int, name: str, doing: str = "compiling") -> None:
        super().__init__()
        self.done, self.total, self.name, self.doing = done, total, name, doing


class _Left(Exception):
    """The user has left while kernels were being compiled."""


class Opening:
    """One scenario on its way to the screen: a few dozen messages in all."""

    def __init__(self, screen: Widget, wish: Wish) -> None:
        self.screen, self.wish = screen, wish
        self.keeps = False  # in a journal, what is done from now on
        self.checkpoint_mb: float | None = None
        self._is_over = False
        self._journal: Journal | None = None

    def start(self) -> None:
        threading.Thread(target=self._run, name="tui-nn opening", daemon=True).start()

    def stop(self) -> None:
        """Compile no further kernel. The one at work ends by itself; nobody waits for it."""
        self._is_over = True

    @property
    def is_replay(self) -> bool:
        """Of a saved session, or of what a dead program left."""
        from tui_nn.debugger.session_lines import is_session_ref

        return is_session_ref(self.wish.ref)

    def _run(self) -> None:
        try:
            opened = self._opened()
        except _Left:
            return
        except Exception as error:
            # Whatever a stranger's file can cause is told on the screen, and the app lives on.
            self.screen.post_message(Failed(str(error) or type(error).__name__))
            return
        session = opened.session
        self.screen.post_message(opened)
        names = (
            session.scenario.companions if self.wish.twin and not self.is_replay else ()
        )  # a session file has its own
        others = [self._open_beside(name) for name in names]
        try:
            for each in filter(None, [session, *opened.others, *others]):
                each.prepare(self._tell)
        except _Left:
            return
        except Exception as error:
            self.screen.post_message(Failed(f"The kernels of {self.wish.ref} could not be compiled.\n{error}"))
            return
        self.screen.post_message(Compiling(1, 1, ""))

    def prepare(self, session: Session) -> None:
        """Compile what an edit has brought, in a thread of its own; told by the same messages."""
        machines = session.unprepared()

        def work() -> None:
            try:
                for machine in machines:
                    machine.prepare(self._tell)
            except _Left:
                return
            except Exception as error:
                self.screen.post_message(Failed(f"The kernels of {self.wish.ref} could not be compiled.\n{error}"))
                return
            self.screen.post_message(Compiling(1, 1, ""))

        threading.Thread(target=work, name="tui-nn compiling", daemon=True).start()

    def _opened(self) -> Opened:
        if self.is_replay:
            return self._reopened()
        from tui_nn.debugger.session import Session
        from tui_nn.scenario import load_scenario

        scenario = load_scenario(self.wish.ref, self.wish.overrides)
        session = Session(scenario, checkpoint_mb=self.checkpoint_mb)
        return Opened(session, journal=self._keep([session], session))

    def _reopened(self) -> Opened:
        """A session file; or the journal of a program that is gone, which goes when its runs are kept in another one."""
        from tui_nn.debugger.recovery import recoverable
        from tui_nn.debugger.session_file import open_file

        found = open_file(self.wish.ref, self._tell_replay, checkpoint_mb=self.checkpoint_mb)
        first, *others = found.sessions.values()
        journal = self._keep([first, *others], found.current)
        if journal is not None and not journal.failure:
            for entry in recoverable():
                if entry.path.resolve() == Path(self.wish.ref).resolve():
                    entry.discard()
        return Opened(first, tuple(others), found.current, journal, found.remarks)

    def _keep(self, sessions: list[Session], looked_at: Session) -> Journal | None:
        if not self.keeps:
            return None
        from tui_nn.debugger.journal import Journal

        self._journal = Journal(sessions)
        self._journal.look(looked_at)
        return self._journal

    def _open_beside(self, name: str) -> Session | None:
        from tui_nn.debugger.session import Session
        from tui_nn.scenario import load_twin

        try:
            scenario, left_out = load_twin(self.wish.ref, name, self.wish.overrides)
            session = Session(scenario, checkpoint_mb=self.checkpoint_mb)
        except Exception as error:
            self.screen.post_message(Alone(str(error) or type(error).__name__))
            return None
        if self._journal is not None:
            self._journal.watch(session)
        self.screen.post_message(Joined(session, name, left_out))
        return session

    def _tell(self, done: int, total: int, name: str) -> None:
        if self._is_over:
            raise _Left
        if name:
            self.screen.post_message(Compiling(done, total, name))

    def _tell_replay(self, done: int, total: int, words: str) -> None:
        if self._is_over:
            raise _Left
        if words:
            doing, _, name = words.partition(" ")
            self.screen.post_message(Compiling(min(done, total - 1), total, name, doing))
