"""The lines of session files and journals: JSON, each with a checksum that also covers all lines before it.

    ["5d1f…", {"tui-nn": "session", "format": 1, ...}]
    ["90c2…", {"do": "edit", "run": "1", "at": [500, 3], "key": "optimizer.lr", "value": 0.1}]

A line that was changed, lost, doubled or moved is found by its checksum. It guards against accidents, not against people:
what a line says is checked as a stranger's in any case (session_events.py).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from tui_nn import __version__
from tui_nn.scenario.errors import Problem, ScenarioError, shown
from tui_nn.scenario.read import shown_path

SUFFIX = ".tuinn"
FORMAT = 1
KINDS = ("session", "journal")
MAX_BYTES = 64_000_000  # a journal that grows past a few MB is written anew
MAX_LINE = 4_000_000  # a scenario of a megabyte, with every letter escaped
MAX_DEPTH = 24  # tables within tables

_LINE = re.compile(rb'\["([0-9a-f]{16})",(\{.*\})\]')


class SessionFileError(ScenarioError):
    """A session file or journal that cannot be used. The message names file, line, value and cure; the file is as it was."""


@dataclass(frozen=True)
class Lines:
    """A file that was read. events: (number of the line, what it says). torn: bytes of a last line that was not finished."""

    source: str
    header: dict[str, Any]
    events: tuple[tuple[int, dict[str, Any]], ...]
    torn: int = 0


def fault(source: str | Path, line: int | None, message: str, key: str = "") -> SessionFileError:
    name = str(source)
    safe = name if name.isprintable() and name else repr(name)
    return SessionFileError(safe, [Problem(line, None if line is None else 1, key, message)])


class Writer:
    """Turns events into lines; the checksum of each goes on from that of the line before."""

    def __init__(self, kind: str, **more: Any) -> None:
        self._mark = ""
        self.count = 0
        self.header = self.line({"tui-nn": kind, "format": FORMAT, "program": __version__} | more)

    def line(self, event: dict[str, Any]) -> bytes:
        """Errors: ValueError if a number in it is not finite."""
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        self._mark = _checksum(self._mark, body)
        self.count += 1
        return b'["' + self._mark.encode() + b'",' + body + b"]\n"


def read_lines(path: Path) -> Lines:
    """Read and check a file line by line. A journal may end in a line that was not finished, which is left out.

    Errors: SessionFileError if it is none, of another version, damaged, cut off or too large.
    """
    source = shown_path(path)
    content = _content(path, source)
    if not content.strip(b"\0"):
        raise fault(source, None, "is empty; it was never written to the end. Open another file")
    rows = content.split(b"\n")
    tail = rows.pop()  # b"" if the last line is whole
    header, mark = _header(source, rows[0] if rows else tail, whole=bool(rows))
    is_journal = header["tui-nn"] == "journal"
    events: list[tuple[int, dict[str, Any]]] = []
    for number, row in enumerate(rows[1:], 2):
        body, mark = _body(row, mark)
        if body is None:
            if is_journal and not any(rest.strip(b"\0") for rest in (*rows[number:], tail)):
                tail = row  # the last thing that was written, by a system that went down
                break
            raise fault(source, number, "is damaged: its checksum does not fit. Open a copy of the file from before")
        events.append((number, _parsed(source, number, body)))
    if not is_journal:
        _check_end(source, events, tail)
        events.pop()
    return Lines(source, header, tuple(events), len(tail))


def is_session_ref(ref: str | Path) -> bool:
    """Does it name a session file or a journal, by how it ends?"""
    return str(ref).endswith((SUFFIX, ".journal"))


def is_one_of_ours(path: Path) -> bool:
    """Does the file begin as ours do? For one that is about to be replaced."""
    with path.open("rb") as file:
        return b'"tui-nn":' in file.read(64)


def _content(path: Path, source: str) -> bytes:
    try:
        if not path.is_file():  # neither a device nor a pipe is opened, which could have no end
            what = "is no regular file" if path.exists() else "is not there"
            raise fault(source, None, f"{what}; name a session file, like mine{SUFFIX}")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # a name too long, a null character in it
        raise fault(source, None, f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > MAX_BYTES:
        raise fault(source, None, f"more than {MAX_BYTES // 10**6} MB; a session file has some kB. Is it another file?")
    return content


def _header(source: str, row: bytes, whole: bool) -> tuple[dict[str, Any], str]:
    body, mark = _body(row, "")
    found = re.search(rb'"tui-nn":"(?:session|journal)","format":([0-9]{1,9})\b', row[:200])
    if found is None:
        raise fault(source, 1, f"is no session file of tui-nn: it begins with {_beginning(row)}. Name another file")
    version = int(found[1])
    if body is None and version == FORMAT:
        cure = "its checksum does not fit" if whole else "the file ends within it"
        raise fault(source, 1, f"is damaged: {cure}. Open a copy of the file from before")
    if version != FORMAT or body is None:
        program = re.search(rb'"program":"([0-9A-Za-z.+-]{1,30})"', row[:300])
        made = f", written by tui-nn {program[1].decode()}" if program else ""
        cure = f"this is tui-nn {__version__}, which reads format {FORMAT}. Open it with the version that wrote it"
        raise fault(source, 1, f"has format {version}{made}; {cure}", "format")
    header = _parsed(source, 1, body)
    if header.get("tui-nn") not in KINDS or header.get("format") != FORMAT:
        raise fault(source, 1, "is no header of a session file")
    return header, mark


def _check_end(source: str, events: list[tuple[int, dict[str, Any]]], tail: bytes) -> None:
    number = len(events) + 1
    cure = "a part of it is missing. Open a copy of the file from before"
    if tail:
        raise fault(source, number + 1, f"the file ends within this line, or has more behind its end; {cure}")
    if not events or events[-1][1].get("do") != "end":
        raise fault(source, number, f"the file ends here, without the line that ends one; {cure}")


def _checksum(before: str, body: bytes) -> str:
    return blake2b(before.encode() + body, digest_size=8).hexdigest()


def _body(row: bytes, before: str) -> tuple[bytes | None, str]:
    """What stands in a line, if its checksum fits."""
    match = _LINE.fullmatch(row) if len(row) <= MAX_LINE else None
    if match is None or _checksum(before, match[2]) != match[1].decode():
        return None, before
    return match[2], match[1].decode()


def _parsed(source: str, number: int, body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body.decode(), parse_constant=_no_constant)
    except RecursionError:
        raise fault(
            source, number, f"tables within tables, over {MAX_DEPTH} deep; a session file needs fewer"
        ) from None
    except ValueError as error:  # not UTF-8, not JSON, a number of thousands of digits
        raise fault(source, number, f"cannot be read: {str(error)[:200]}. It was not written by tui-nn") from None
    level = [event]
    for _ in range(MAX_DEPTH):
        level = [inner for value in level if isinstance(value, dict | list) for inner in _inside(value)]
        if not level:
            return event
    raise fault(source, number, f"tables within tables, over {MAX_DEPTH} deep; a session file needs fewer")


def _inside(value: dict[str, Any] | list[Any]) -> Any:
    return value.values() if isinstance(value, dict) else value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _beginning(row: bytes) -> str:
    return shown(row[:24].decode("utf-8", "replace"))
