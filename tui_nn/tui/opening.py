"""Opening a scenario away from the screen's thread: read, build, compile, and tell the screen by messages."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from textual.message import Message
from textual.widget import Widget

if TYPE_CHECKING:
    from tui_nn.debugger.session import Session
    from tui_nn.tui.app import Wish


class Opened(Message):
    """The session stands; its kernels are yet to be compiled."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session


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
        self._is_over = False

    def start(self) -> None:
        threading.Thread(target=self._run, name="tui-nn opening", daemon=True).start()

    def stop(self) -> None:
        """Compile no further kernel. The one at work ends by itself; nobody waits for it."""
        self._is_over = True

    def _run(self) -> None:
        try:
            session = self._session()
        except _Left:
            return
        except Exception as error:
            # Whatever a stranger's file can cause is told on the screen, and the app lives on.
            self.screen.post_message(Failed(str(error) or type(error).__name__))
            return
        self.screen.post_message(Opened(session))
        others = [self._open_beside(name) for name in session.scenario.companions] if self.wish.twin else []
        try:
            for each in filter(None, [session, *others]):
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

    def _session(self) -> Session:
        from tui_nn.debugger.session_lines import is_session_ref

        if is_session_ref(self.wish.ref):
            from tui_nn.debugger.session_file import open_file

            return open_file(self.wish.ref, self._tell_replay).current
        from tui_nn.debugger.session import Session
        from tui_nn.scenario import load_scenario

        return Session(load_scenario(self.wish.ref, self.wish.overrides))

    def _open_beside(self, name: str) -> Session | None:
        from tui_nn.debugger.session import Session
        from tui_nn.scenario import load_twin

        try:
            scenario, left_out = load_twin(self.wish.ref, name, self.wish.overrides)
            session = Session(scenario)
        except Exception as error:
            self.screen.post_message(Alone(str(error) or type(error).__name__))
            return None
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
