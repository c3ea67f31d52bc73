"""Pictures that take longer than a frame: computed one at a time in a thread, shown as soon as they are there.

A panel asks while it draws and gets the newest result there is, with a word on its age. What is asked for meanwhile
replaces what was waiting under the same name; what is under way is finished, or a run at full speed would never show one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

Report = Callable[[float], None]  # the share done, 0 to 1; raises Cancelled when nobody waits any more
Work = Callable[[Report], Any]


class Cancelled(Exception):
    """Raised inside the work by its next report."""


@dataclass(frozen=True)
class Picture:
    """
    value:   the newest result, None before the first.
    is_current: it is the one asked for, not one of an earlier key.
    share:   how much of the work under way is done; None if none is.
    error:   why there is no result.
    """

    value: Any = None
    is_current: bool = False
    share: float | None = None
    error: str = ""


@dataclass
class _Entry:
    key: Hashable = None
    picture: Picture = Picture()
    wanted: tuple[Hashable, Work] | None = None
    running: Hashable = None


class Pictures:
    """`is_threaded` False computes at once, for tests and for pictures that are printed."""

    def __init__(self, is_threaded: bool = True):
        self._is_threaded = is_threaded
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_cancelled = self._is_closed = False
        self._changed: set[str] = set()
        self.on_ask: Callable[[], object] = lambda: None  # called when there is something to wait for

    def ask(self, name: str, key: Hashable, work: Work) -> Picture:
        """The picture `name` for `key`; the work is started unless it is done or under way."""
        with self._lock:
            entry = self._entries.setdefault(name, _Entry())
            if entry.key == key and entry.picture.is_current:
                return entry.picture
            if entry.running == key and entry.running is not None:
                return entry.picture
            if entry.wanted is None or entry.wanted[0] != key:
                entry.wanted = key, work
            if self._is_threaded:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._serve, name="tui-nn pictures", daemon=True)
                    self._thread.start()
                self._lock.notify()
                self.on_ask()
                value = entry.picture
                return Picture(value.value, False, value.share or 0.0, "")
        self._work_on(name)
        return self._entries[name].picture

    def current(self, name: str, key: Hashable) -> Picture | None:
        """The picture `name` if it is the one for `key`: then what its work would need is not gathered again."""
        with self._lock:
            entry = self._entries.get(name)
            return entry.picture if entry is not None and entry.key == key and entry.picture.is_current else None

    def newest(self, name: str) -> Picture | None:
        """What stands under that name, whatever it was asked for; None before the first."""
        with self._lock:
            entry = self._entries.get(name)
            picture = entry.picture if entry is not None else None
        return None if picture is None or picture.value is None else Picture(picture.value, False, picture.share)

    def changed(self) -> set[str]:
        """The names of pictures that have come, or gone on, since the last call."""
        with self._lock:
            changed, self._changed = self._changed, set()
        return changed

    @property
    def is_busy(self) -> bool:
        with self._lock:
            return any(entry.running is not None or entry.wanted for entry in self._entries.values())

    @property
    def share(self) -> float:
        """How much of what is under way is done, 0 to 1."""
        with self._lock:
            return max((entry.picture.share or 0.0 for entry in self._entries.values() if entry.running), default=0.0)

    def cancel(self) -> None:
        """End what is under way and forget what waits. Until the next `ask` nothing is computed."""
        with self._lock:
            self._is_cancelled = True
            for entry in self._entries.values():
                entry.wanted = None

    def close(self) -> None:
        self.cancel()
        with self._lock:
            self._is_closed = True
            self._lock.notify()

    # The thread

    def _serve(self) -> None:
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._is_closed or self._waiting())
                if self._is_closed:
                    return
                name = self._waiting()[0]
            self._work_on(name)

    def _waiting(self) -> list[str]:
        return [name for name, entry in self._entries.items() if entry.wanted is not None]

    def _work_on(self, name: str) -> None:
        with self._lock:
            entry = self._entries[name]
            if entry.wanted is None:
                return
            (key, work), entry.wanted = entry.wanted, None
            entry.running, self._is_cancelled = key, False
        value, error = None, ""
        try:
            value = work(lambda share: self._report(name, share))
        except Cancelled:
            error = "cancelled"
        except Exception as failure:  # a picture that fails is told in its place; the run goes on
            error = f"{type(failure).__name__}: {failure}"
        with self._lock:
            entry.running, entry.key = None, key
            entry.picture = Picture(entry.picture.value, True, None, error) if error else Picture(value, True)
            self._changed.add(name)

    def _report(self, name: str, share: float) -> None:
        with self._lock:
            if self._is_cancelled or self._is_closed:
                raise Cancelled
            picture = self._entries[name].picture
            self._entries[name].picture = Picture(picture.value, False, share)
            self._changed.add(name)
