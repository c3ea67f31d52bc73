"""The journal: what is done to the open runs, written down while it is done, so that not even `kill -9` loses it.

    journal = Journal([session])       # forks join by themselves
    ...
    journal.close()                    # a clean end: nothing is left to recover

Every change is on disk before it takes effect; where the runs stand is written by a thread of its own, at most half a second
later. It has the lines of a session file, without its end.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tui_nn.debugger.session_events import Event, conditions, editing, forking, standing, stopping, stops_of
from tui_nn.debugger.session_file import events_of, sync_folder
from tui_nn.debugger.session_lines import Writer

if TYPE_CHECKING:
    from tui_nn.debugger.edits import Edit
    from tui_nn.debugger.position import Position
    from tui_nn.debugger.session import Session

SUFFIX = ".journal"
LOOK_S = 0.4  # between two looks at where the runs stand; with the writing under the second that is promised
GROWN_BYTES = 4_000_000  # then it is written anew, with only what counts: about 5 hours of running
LAST_ONE_COUNTS = ("stand", "stops", "look")


def state_folder() -> Path:
    folder = os.environ.get("TUI_NN_STATE_DIR")
    if folder:
        return Path(folder)
    from platformdirs import user_state_dir

    return Path(user_state_dir("tui-nn", appauthor=False))


class Journal:
    """One file for the runs that a program has open. Its methods may be called from any thread.

    Failing to write stops no one's work: `failure` says why until writing works again.
    """

    def __init__(self, sessions: Sequence[Session] = (), folder: Path | None = None):
        self.failure = ""
        self.path = (folder or state_folder()) / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}{SUFFIX}"
        self._names: dict[Session, str] = {}
        self._given = 0
        self._busy: set[Session] = set()  # just being changed: what their timelines say is of no account
        self._stood: dict[Session, tuple[Position, Position]] = {}
        self._said: list[Event] = []  # all that counts, but for what only counts the last time it is said:
        self._newest: dict[tuple[str, str], Event] = {}
        self._writer, self._handle, self._size = Writer("journal"), -1, 0
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._say([])
        for session in sessions:
            self.watch(session)
        self._thread = threading.Thread(target=self._look, name="tui-nn journal", daemon=True)
        self._thread.start()

    # What is done

    def watch(self, session: Session) -> None:
        """Keep this run from now on, with all that was done to it before."""
        with self._lock:
            name = self._enter(session)
            self._say(events_of({session: name}))

    @contextmanager
    def changing(self, session: Session) -> Iterator[None]:
        """While a run is changed by edit, undo or redo, each of which says so itself, its position is not asked for."""
        with self._lock:
            self._busy.add(session)
        try:
            yield
        finally:
            with self._lock:
                self._busy.discard(session)

    def edit(self, session: Session, edit: Edit) -> None:
        self._say_of(session, lambda name: editing(name, edit, session.position))

    def undo(self, session: Session) -> None:
        self._say_of(session, lambda name: {"do": "undo", "run": name})

    def redo(self, session: Session) -> None:
        self._say_of(session, lambda name: {"do": "redo", "run": name})

    def fork(self, session: Session, other: Session) -> None:
        with self._lock:
            if session in self._names:
                self._say([forking(self._enter(other), self._names[session], other)])

    def look(self, session: Session) -> None:
        """This run is looked at now."""
        self._say_of(session, lambda name: {"do": "look", "run": name})

    def shut(self, session: Session) -> None:
        """This run is wanted no more. Its forks are kept."""
        with self._lock:
            self._say_of(session, lambda name: {"do": "shut", "run": name})
            self._names.pop(session, None)
            self._stood.pop(session, None)
            session.journal = None

    def note(self) -> None:
        """Write where the runs stand now, if that is news."""
        with self._lock:
            news: list[Event] = []
            for session, name in self._names.items():
                stands = None if session in self._busy else session.timeline.glance()
                if stands is not None and self._stood.get(session) != stands:
                    self._stood[session] = stands
                    news.append(standing(name, *stands) | {"time": round(time.time(), 1)})
                stops = stops_of(session)
                if stops != self._newest.get(("stops", name), {"lines": []})["lines"]:
                    news.append(stopping(name, stops))
            if news or self.failure:
                self._say(news)

    def close(self) -> None:
        """A clean end: the file goes, since nothing has to be recovered."""
        self._over.set()
        self._thread.join()
        with self._lock:
            for session in self._names:
                session.journal = None
            self._names.clear()
            if self._handle >= 0:
                self.path.unlink(missing_ok=True)
                os.close(self._handle)
                self._handle = -1

    # How it is written

    def _look(self) -> None:
        while not self._over.wait(LOOK_S):
            self.note()

    def _enter(self, session: Session) -> str:
        self._given += 1
        self._names[session] = name = str(self._given)
        session.journal = self
        return name

    def _say_of(self, session: Session, event_of: Callable[[str], Event]) -> None:
        with self._lock:
            if session in self._names:
                self._stood.pop(session, None)
                self._say([event_of(self._names[session])])

    def _say(self, events: Iterable[Event]) -> None:
        """These are on disk when it returns, or `failure` says why not; then they are tried again at the next."""
        events = list(events)
        for event in events:
            self._keep(event)
        try:
            if self.failure or self._handle < 0 or self._size > GROWN_BYTES:
                self._rewrite()
            else:
                self._put(self._handle, [self._writer.line(event) for event in events])
            self.failure = ""
        except OSError as error:  # no room, or no right to write there
            self.failure = f"{self.path}: {error.strerror or error}; what you do now would not survive a crash"

    def _keep(self, event: Event) -> None:
        """For when the file is written anew."""
        do, run = event["do"], event["run"]
        if do in LAST_ONE_COUNTS:
            self._newest["look" if do == "look" else do, "" if do == "look" else run] = event
            return
        self._said.append(event)
        if do in ("edit", "undo", "redo", "shut"):
            self._newest.pop(("stand", run), None)
        if do == "shut":
            self._newest = {key: kept for key, kept in self._newest.items() if kept["run"] != run}

    def _put(self, handle: int, lines: list[bytes]) -> None:
        left = memoryview(b"".join(lines))
        self._size += len(left)
        while left:
            left = left[os.write(handle, left) :]
        os.fsync(handle)

    def _rewrite(self) -> None:
        """The file anew, with only what counts; the old one stands until the new one is whole."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        who = {"pid": os.getpid(), "host": socket.gethostname(), "time": int(time.time())}
        writer = Writer("journal", on=conditions(), **who)
        new = self.path.with_suffix(".new")
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            hold(handle)
            events = [*self._said, *self._newest.values()]
            self._size = 0
            self._put(handle, [writer.header, *(writer.line(event) for event in events)])
            os.replace(new, self.path)
        except BaseException:
            os.close(handle)
            new.unlink(missing_ok=True)
            raise
        old, self._handle, self._writer = self._handle, handle, writer
        if old >= 0:
            os.close(old)
        sync_folder(self.path.parent)


def hold(handle: int) -> bool:
    """Take the lock that says: the program of this journal is alive. It goes with the program, however that ends.

    False if another has it; True also where files cannot be locked.
    """
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        return True
    return True
