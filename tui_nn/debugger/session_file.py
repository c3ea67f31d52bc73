"""Session files: what was done to a run and its forks, as text; opening one replays it to the same bytes.

    save([session], "found-it.tuinn")
    session = open_file("found-it.tuinn").current

In it are the scenario, a fingerprint of the data, edits (also those that redo would bring back), forks, positions and stops;
no states: these are made again.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui_nn.debugger.session_events import (
    Event,
    changes,
    conditions,
    forking,
    opening,
    standing,
    stopping,
    stops_of,
)
from tui_nn.debugger.session_lines import SUFFIX, SessionFileError, Writer, fault, is_one_of_ours, read_lines
from tui_nn.scenario.read import shown_path

if TYPE_CHECKING:
    from tui_nn.data import Dataset
    from tui_nn.debugger.rebuild import Reopened
    from tui_nn.debugger.session import Session
    from tui_nn.engine.machine import Progress

__all__ = ["SUFFIX", "SessionFileError", "open_file", "save"]


def save(sessions: Sequence[Session], path: str | Path, current: Session | None = None) -> None:
    """Write runs, forks behind those that they are of, into one file: whole, or not at all. One that runs is paused.

    current: the one that is looked at; the first if not given. Errors: OSError; SessionFileError where a file stands that
    is none of ours.
    """
    from tui_nn.debugger.rebuild import state_hash

    for session in sessions:
        session.pause()
    names = {session: str(number) for number, session in enumerate(sessions, 1)}
    states = {session: state_hash(session) for session in sessions}
    writer = Writer("session", on=conditions(), time=int(time.time()))
    lines = [writer.header, *(writer.line(event) for event in events_of(names, current, states))]
    lines.append(writer.line({"do": "end"}))
    replace_file(Path(path), lines)


def open_file(
    path: str | Path,
    on_progress: Progress | None = None,
    dataset: Dataset | None = None,
    checkpoint_mb: float | None = None,
) -> Reopened:
    """The runs of a session file or of a journal, where they stood, with the same bytes. The file is left as it is.

    on_progress(done, total, words): iterations of the replay; what it raises ends the work. dataset: of runs whose data is
    not that of their scenario. checkpoint_mb: see Session. Errors: SessionFileError.
    """
    lines = read_lines(Path(path))
    from tui_nn.debugger.rebuild import rebuild

    return rebuild(lines, on_progress, dataset, checkpoint_mb)


def events_of(
    names: dict[Session, str], current: Session | None = None, states: dict[Session, str] | None = None
) -> Iterable[Event]:
    """All that a file says of these runs. A fork of a run that is not among them is told with the past that it had."""
    told: list[Session] = []
    left = list(names)
    while left:
        # A fork comes behind its parent, whatever the order in which they were given.
        session = next(each for each in left if _parent(each) not in left)
        left.remove(session)
        name, parent = names[session], _parent(session)
        yield forking(name, names[parent], session) if parent in told else opening(name, session)
        yield from changes(name, session.timeline)
        told.append(session)
    for session, name in names.items():
        if lines := stops_of(session):
            yield stopping(name, lines)
        stand = standing(name, session.position, session.reached)
        yield stand | ({"state": states[session]} if states else {})
    if current is not None:
        yield {"do": "look", "run": names[current]}


def _parent(session: Session) -> Session | None:
    return session.origin.parent() if session.origin else None


def replace_file(path: Path, lines: Iterable[bytes]) -> None:
    """Another program, or one that was killed meanwhile, finds the old file or the new one, never a part."""
    path = Path(os.path.realpath(path))  # a link to the file stays a link
    if path.exists() and not (path.is_file() and is_one_of_ours(path)):
        raise fault(shown_path(path), None, "is there already and no session file; choose another name")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}", suffix=".new")
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        if not path.exists():
            os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """So that a name that was just given outlives a loss of power, where the system can do that."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
