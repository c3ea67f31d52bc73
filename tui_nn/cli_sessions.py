"""Saved sessions on the command line: open one without a screen, list what can be recovered."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui_nn.cli_text import number, print_json, remark, table

if TYPE_CHECKING:
    from tui_nn.debugger.rebuild import Reopened
    from tui_nn.debugger.recovery import Entry
    from tui_nn.debugger.session import Session

WORD_S = 1.0  # between two words on how far a replay is
REPORTED = ("loss", "accuracy", "val_loss", "val_accuracy")


def print_saved(ref: str, at: int | None = None) -> int:
    """Replay a session file or a journal, and say where its runs stand. at: the iteration to go to first."""
    from tui_nn.debugger.session_file import open_file

    reopened = open_file(Path(ref), _told())
    for line in reopened.remarks:
        remark(line)
    if at is not None:
        reopened.current.goto(at)
    click.echo("\n\n".join(_run_text(name, session, reopened) for name, session in reopened.sessions.items()))
    return 0


def recovered_ref(id: str) -> str:
    """The journal that an id means; the newest if it is empty. Errors: SessionFileError."""
    from tui_nn.debugger.recovery import find

    return str(find(id).path)


def print_sessions(*, as_json: bool) -> int:
    from tui_nn.debugger.recovery import recoverable

    entries = recoverable()
    if as_json:
        print_json([_data(entry) for entry in entries])
    elif not entries:
        click.echo("Nothing to recover: every session was closed as it should be.")
    else:
        head = ("id", "scenario", "iteration", "runs", "edits", "written")
        rows = [
            (entry.id, entry.scenario, str(entry.iteration), str(entry.runs), str(entry.edits), age_text(entry.age_s))
            for entry in entries
            if not entry.fault
        ]
        if rows:
            click.echo(table(head, rows, right=(2, 3, 4)))
            click.echo("\ntui-nn open --recover ID goes on with one; it is replayed, and nothing in it is lost.")
        for entry in entries:
            if entry.fault:
                remark(entry.fault)
    return 0


def age_text(seconds: float) -> str:
    """How long ago, in the largest unit that has come to two: "95 s ago", "3 h ago"."""
    for unit, length in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def save_session(session: Session, path: str) -> None:
    from tui_nn.debugger.session_file import save

    save([session], path)
    remark(f"saved: tui-nn open {path}")


def _told() -> Any:
    """Progress on stderr, a word a second at most."""
    last = time.monotonic()

    def tell(done: int, total: int, words: str) -> None:
        nonlocal last
        if words and time.monotonic() - last >= WORD_S:
            last = time.monotonic()
            remark(f"{words}, {done:,} of {total:,} in all")

    return tell


def _run_text(name: str, session: Session, reopened: Reopened) -> str:
    history = session.history
    measured = [
        f"{metric} {number(value)}"
        for metric in REPORTED
        if metric in session.program.metrics and (value := history.value(metric)) is not None
    ]
    title = f"run {name}: {session.scenario.title} ({session.scenario.id})"
    if session.origin:
        title += f", forked at {session.origin.position}"
    if session is reopened.current and len(reopened.sessions) > 1:
        title += ", looked at last"
    where = f"  at {session.position}, reached {session.reached}: {', '.join(measured) or 'nothing measured yet'}"
    return "\n".join([title, where, *(f"  at {edit.position}  {edit}" for edit in session.edits)])


def _data(entry: Entry) -> dict[str, Any]:
    data = {key: value for key, value in vars(entry).items() if key not in ("path", "fault", "is_untouched")}
    data |= {"path": str(entry.path), "age_s": round(entry.age_s, 1)}
    return data | ({"fault": entry.fault} if entry.fault else {})
