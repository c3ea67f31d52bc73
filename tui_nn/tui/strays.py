"""What is printed while the screen is shown: kept here, where it cannot tear the picture.

Three ways lead onto a terminal. Python's print and warnings go through sys.stdout and sys.stderr, of whatever thread. C code (a
print inside a compiled kernel, a library's complaint, a child process) writes to the file descriptors 1 and 2. The app
itself draws through sys.__stderr__. `Captured` bends the first two into a `Strays` and leaves the third on the terminal.
"""

from __future__ import annotations

import codecs
import os
import re
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterable
from typing import Literal, NamedTuple, TextIO

try:
    import fcntl
except ImportError:
    fcntl = None

MOST_LINES = 1_000
MOST_LETTERS = 2_000  # of a line
MOST_BYTES = 4_000_000
SEQUENCE = re.compile(r"\x1b(?:\[[0-9;?<=>]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-_])")
Source = Literal["out", "err"]


class Stray(NamedTuple):
    """number: from 1, in the order they came. source: stdout or stderr."""

    number: int
    source: Source
    text: str


class Strays:
    """The last lines printed, by any thread. `n_new` counts those that nobody has looked at."""

    def __init__(self) -> None:
        self._lines: deque[Stray] = deque(maxlen=MOST_LINES)
        self._open: dict[Source, str] = {"out": "", "err": ""}  # a line that has no end yet
        self._lock = threading.Lock()
        self.n = self.n_seen = 0

    @property
    def n_new(self) -> int:
        return self.n - self.n_seen

    def see(self) -> None:
        self.n_seen = self.n

    def lines(self) -> list[Stray]:
        """All that are kept, and what stands in a line not ended yet."""
        with self._lock:
            lines = list(self._lines)
            for source, text in self._open.items():
                if text:
                    lines.append(Stray(self.n + 1 + len(lines) - len(self._lines), source, clean(text)))
            return lines

    def write(self, text: str, source: Source) -> None:
        with self._lock:
            *whole, rest = (self._open[source] + text).replace("\r\n", "\n").split("\n")
            self._open[source] = rest[:MOST_LETTERS]
            for line in whole:
                self.n += 1
                self._lines.append(Stray(self.n, source, clean(line)))

    def report(self) -> str:
        """For the normal screen when the app has gone; empty if nothing was printed."""
        lines = self.lines()
        dropped = f"({self.n - MOST_LINES:,} earlier lines were not kept)\n" if self.n > MOST_LINES else ""
        return dropped + "".join(f"{line.text}\n" for line in lines)


def clean(line: str) -> str:
    """As a terminal would show it in the end, without what it would obey: colours, bells, cursor moves."""
    line = SEQUENCE.sub("", line).expandtabs(4)
    line = line.rstrip("\r").rpartition("\r")[2]  # a progress bar writes over itself
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line[:MOST_LETTERS])


class Writer:
    """Stands in for sys.stdout or sys.stderr: keeps what is written, and passes it on to what stood there."""

    encoding, errors = "utf-8", "replace"

    def __init__(self, strays: Strays, source: Source, below: TextIO | None = None) -> None:
        self.strays, self.below = strays, below
        self.source: Source = source

    def write(self, text: str) -> int:
        self.strays.write(text, self.source)
        if self.below is not None:
            self.below.write(text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if self.below is not None:
            self.below.flush()

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True


def stand_in(strays: Strays) -> None:
    """From inside the app: what Python prints is kept. The app puts the old streams back when it ends."""
    sys.stdout = Writer(strays, "out", sys.stdout)  # type: ignore[assignment]
    sys.stderr = Writer(strays, "err", sys.stderr)  # type: ignore[assignment]


class Bent:
    """A file descriptor that leads into a file instead of the terminal.

    Not into a pipe: C code that holds the interpreter's lock and fills a pipe would wait for ever for whoever empties it.
    """

    def __init__(self, fd: int, source: Source) -> None:
        self.fd = fd
        self.source: Source = source
        self.saved = os.dup(fd)  # the terminal
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode  # a letter may be cut in two
        assert fcntl is not None
        flags = fcntl.fcntl(self._file, fcntl.F_GETFL)
        fcntl.fcntl(self._file, fcntl.F_SETFL, flags | os.O_APPEND)
        os.dup2(self._file.fileno(), fd)
        self._at = 0

    def fetch(self, strays: Strays) -> None:
        """What has been written since the last time; of very much only the end."""
        size = os.fstat(self._file.fileno()).st_size
        if size == self._at:
            return
        self._at = max(self._at, size - MOST_BYTES)
        data = os.pread(self._file.fileno(), size - self._at, self._at)
        self._at += len(data)
        strays.write(self._decode(data), self.source)
        if self._at > MOST_BYTES:  # a line written at this very moment is lost, the disk is not filled
            os.ftruncate(self._file.fileno(), 0)
            self._at = 0

    def restore(self) -> None:
        os.dup2(self.saved, self.fd)

    def close(self) -> None:
        os.close(self.saved)
        self._file.close()


class Captured:
    """While it is entered, descriptors 1 and 2 are bent; the app's own drawing goes past, to the terminal.

    A process that is killed takes along what it had kept. Only on POSIX; elsewhere just what Python prints is kept.
    """

    def __init__(self, strays: Strays) -> None:
        self.strays = strays
        self._bent: list[Bent] = []

    def __enter__(self) -> Captured:
        if fcntl is not None:
            sys.stdout.flush()
            sys.stderr.flush()
            self._real = sys.__stdout__, sys.__stderr__
            self._bent = [Bent(1, "out"), Bent(2, "err")]
            # Textual draws through sys.__stderr__, and asks sys.__stdout__ for the terminal's size.
            out, err = (open(bent.saved, "w", encoding="utf-8", closefd=False) for bent in self._bent)  # noqa: SIM115
            sys.__stdout__, sys.__stderr__ = out, err  # type: ignore[misc]
        return self

    def fetch(self) -> None:
        """Take what has been written to the descriptors."""
        for bent in self._bent:
            bent.fetch(self.strays)

    def __exit__(self, *_: object) -> None:
        if not self._bent:
            return
        for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
            if stream is not None:
                stream.flush()
        _flush_c()
        sys.__stdout__, sys.__stderr__ = self._real  # type: ignore[misc]
        for bent in self._bent:
            bent.restore()
            bent.fetch(self.strays)
            bent.close()
        self._bent = []


def _flush_c() -> None:
    """C's printf holds back what it writes to a file."""
    try:
        import ctypes

        ctypes.CDLL(None).fflush(None)
    except (ImportError, OSError, AttributeError):
        pass
