"""What journals are left of programs that did not end well, and how to go on from one.

for entry in recoverable():
    print(entry.id, entry.title, entry.edits, entry.position)
recovered = recover(entry, on_progress)       # the sessions, where they stood
journal = resume(recovered, entry)            # they are kept on; the old journal goes
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_nn.debugger.journal import SUFFIX, Journal, state_folder
from tui_nn.debugger.session_events import checked
from tui_nn.debugger.session_lines import SessionFileError, fault, read_lines
from tui_nn.scenario.errors import nearest

if TYPE_CHECKING:
    from tui_nn.data import Dataset
    from tui_nn.debugger.rebuild import Reopened
    from tui_nn.engine.machine import Progress


@dataclass(frozen=True)
class Entry:
    """A journal whose program is gone. iteration, op: where the run stood that was looked at last.

    age_s: since the last thing was written. edits: in force in all runs. fault: why it cannot be opened, if it cannot.
    is_untouched: all runs are as they were opened.
    """

    id: str
    path: Path
    age_s: float
    title: str = ""
    scenario: str = ""
    iteration: int = 0
    op: int = 0
    runs: int = 0
    edits: int = 0
    fault: str = ""
    is_untouched: bool = False

    @property
    def is_empty(self) -> bool:
        """Nothing was done that opening the scenario anew would not give."""
        return not self.fault and (self.is_untouched or not self.runs)

    def discard(self) -> None:
        """It is wanted no more."""
        self.path.unlink(missing_ok=True)


def recoverable(folder: Path | None = None) -> list[Entry]:
    """The newest first; none of a program that is alive, and none in which nothing was done. Nothing is changed."""
    return [entry for entry in _left_behind(folder or state_folder()) if not entry.is_empty]


def find(id: str = "", folder: Path | None = None) -> Entry:
    """One by its id, or by how that begins; the newest if no id is given. Errors: SessionFileError."""
    entries = recoverable(folder)
    found = [entry for entry in entries if entry.id.startswith(id)]
    if len(found) == 1 or (found and not id):
        return found[0]
    if not entries:
        raise fault("--recover", None, "nothing is left to recover; every session was closed as it should be")
    names = [entry.id for entry in entries]
    if found:
        raise fault("--recover", None, f"{id!r} may be {' or '.join(entry.id for entry in found[:5])}; type more of it")
    near = nearest(id, names)
    hint = f"did you mean {near!r}?" if near else f"there are: {', '.join(names[:10])}"
    raise fault("--recover", None, f"no session {id!r}; {hint}")


def recover(entry: Entry, on_progress: Progress | None = None, dataset: Dataset | None = None) -> Reopened:
    """The runs with every edit that had been made, where they stood a second before at most. The journal stays as it is.

    on_progress and dataset: see open_file. Errors: SessionFileError.
    """
    from tui_nn.debugger.session_file import open_file

    return open_file(entry.path, on_progress, dataset)


def resume(recovered: Reopened, entry: Entry, folder: Path | None = None) -> Journal:
    """Keep the recovered runs in a journal of their own; once all of them is in it, the old one goes."""
    journal = Journal(list(recovered.sessions.values()), folder)
    journal.look(recovered.current)
    if not journal.failure:
        entry.discard()
    return journal


def sweep(folder: Path | None = None) -> None:
    """Clear away journals of dead programs in which nothing was done. For a program that starts."""
    for entry in _left_behind(folder or state_folder()):
        if entry.is_empty:
            entry.discard()


def _left_behind(folder: Path) -> Iterator[Entry]:
    try:
        paths = sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime, reverse=True)
    except OSError:
        return
    for path in paths:
        try:
            if is_alive(path):
                continue
            age = max(0.0, time.time() - path.stat().st_mtime)
            yield _entry(path, age)
        except FileNotFoundError:  # closed meanwhile
            continue
        except (OSError, SessionFileError) as error:
            yield Entry(path.stem, path, 0.0, fault=str(error))


def _entry(path: Path, age_s: float) -> Entry:
    """What a journal says, without making any of it."""
    lines = read_lines(path)
    if not lines.events:
        return Entry(path.stem, path, age_s)
    if not _has_runs(lines.events):
        return Entry(path.stem, path, age_s)
    checked(lines.source, lines.events)
    at: dict[str, list[int]] = {}
    scenarios: dict[str, Any] = {}
    edits: dict[str, int] = {}
    look = ""
    for _, event in lines.events:
        do, run = event["do"], event["run"]
        if do == "look":
            look = run
        if do in ("open", "fork"):
            scenarios[run] = event["scenario"] if do == "open" else scenarios[event["of"]]
            edits[run] = len(event["base"]) if do == "open" else 0
            look = look or run
        if do == "shut":
            at.pop(run, None)
            edits.pop(run, None)
        elif "at" in event:
            at[run] = event["at"]
        if do in ("edit", "redo", "undo"):
            edits[run] = max(0, edits[run] + (-1 if do == "undo" else 1))
    run = look if look in at else next(iter(at))
    iteration, op = at[run]
    title, name = (str(scenarios[run].get(key, ""))[:200] for key in ("title", "id"))
    is_done = any(event["do"] not in ("open", "look", "stand") for _, event in lines.events)
    is_untouched = not (is_done or any(edits.values()) or any(any(place) for place in at.values()))
    n_edits = sum(edits.values())
    return Entry(path.stem, path, age_s, title, name, iteration, op, len(at), n_edits, is_untouched=is_untouched)


def _has_runs(events: tuple[tuple[int, dict[str, Any]], ...]) -> bool:
    return sum({"open": 1, "fork": 1, "shut": -1}.get(str(event.get("do")), 0) for _, event in events) > 0


def is_alive(path: Path) -> bool:
    """Is there a program that still writes this journal? It holds a lock, which goes with it, however it ends."""
    with path.open("rb") as file:
        try:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
        except BlockingIOError:
            return True
        except (ImportError, OSError):  # files cannot be locked here
            return _is_running(path)


def _is_running(path: Path) -> bool:
    """By the process that the header names: one of another host is left alone."""
    header = read_lines(path).header
    pid, host = header.get("pid"), header.get("host")
    if host != socket.gethostname() or not isinstance(pid, int) or pid <= 0:
        return host != socket.gethostname()
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
