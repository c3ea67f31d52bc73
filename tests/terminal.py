"""A program in a real pseudo-terminal, with the screen a person would see.

    with Terminal(["tui-nn", "open", "xor-mlp"], columns=120, rows=40) as term:
        term.wait_for(lambda screen: "Program" in screen, timeout=10)
        term.send("s")
        ...
        status = term.wait_exit(timeout=5)

Uses the standard library and pyte, and nothing of ours: it also drives clones whose environment is elsewhere.
"""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

import pyte

# Sequences newer than pyte (keyboard protocol, queries, titles): dropped, or their letters would reach its screen.
UNKNOWN = re.compile(rb"\x1b\[[<=>][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p|\x1b\](?:[^\x07\x1b])*(?:\x07|\x1b\\)")
LEFT_ALTERNATE, ENTERED_ALTERNATE = b"\x1b[?1049l", b"\x1b[?1049h"
SHOWN_CURSOR = b"\x1b[?25h"


class Terminal:
    """One program on a terminal of its own; every wait has an end and says what stood on the screen."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 40,
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = bytearray()
        self._pending = b""
        # The slave end stays open here: its attributes outlive the program and can be compared with the ones before.
        self._fd, self._slave = pty.openpty()
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.attributes_before = termios.tcgetattr(self._slave)
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {})}
        for name in ("CI", "NO_COLOR", "COLUMNS", "LINES"):
            if name not in (env or {}):
                environment.pop(name, None)
        self.started = time.monotonic()
        self._process = subprocess.Popen(
            list(command),
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            env=environment,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # its controlling terminal: Ctrl-C, resizes
        )

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._slave)
        os.close(self._fd)

    @property
    def text(self) -> str:
        """The screen as lines of text."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self.started

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, keys: str | bytes) -> None:
        os.write(self._fd, keys.encode() if isinstance(keys, str) else keys)

    def read(self, timeout: float = 0.0) -> bool:
        """Take what the program has written; False when nothing came within the timeout (in seconds)."""
        if not select.select([self._fd], [], [], timeout)[0]:
            return False
        data = os.read(self._fd, 1 << 16)
        self.raw += data
        self._feed(data)
        return True

    def _feed(self, data: bytes) -> None:
        data = self._pending + data
        # A sequence cut by the end of a read waits for its other half.
        start = data.rfind(b"\x1b", max(0, len(data) - 64))
        whole = start < 0 or re.match(rb"\x1b(\[[0-9;?<=>$ ]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[^\[\]])", data[start:])
        self._pending, data = (b"", data) if whole else (data[start:], data[:start])
        self._stream.feed(UNKNOWN.sub(b"", data))

    def wait_for(self, seen: Callable[[str], bool], timeout: float, what: str = "the expected text") -> float:
        """Read until seen(screen text) holds; seconds since the start. TimeoutError shows the last screen."""
        end = time.monotonic() + timeout
        while not seen(self.text):
            if self.status is not None and not self.read(0.05):
                raise TimeoutError(f"the program ended (status {self.status}) before {what}:\n{self.text}")
            if time.monotonic() > end:
                raise TimeoutError(f"no {what} within {timeout:g} s; the screen was:\n{self.text}")
            self.read(0.05)
        return self.elapsed_s

    def wait_exit(self, timeout: float) -> int:
        """Read until the program has ended; its exit status."""
        end = time.monotonic() + timeout
        while (status := self.status) is None:
            if time.monotonic() > end:
                raise TimeoutError(f"still running after {timeout:g} s; the screen was:\n{self.text}")
            self.read(0.05)
        while self.read(0.05):
            pass
        return status

    @property
    def status(self) -> int | None:
        """Exit status; None while the program runs, -n when signal n ended it."""
        return self._process.poll()

    def problems_at_exit(self) -> list[str]:
        """What a program that has ended left undone on its terminal; empty when it is as before."""
        problems = []
        if self.raw.rfind(ENTERED_ALTERNATE) > self.raw.rfind(LEFT_ALTERNATE):
            problems.append("the alternate screen was not left")
        if self.raw.rfind(b"\x1b[?25l") > self.raw.rfind(SHOWN_CURSOR):
            problems.append("the cursor is still hidden")
        for mode in (b"1000", b"1002", b"1003", b"1006", b"2004"):
            if self.raw.rfind(b"\x1b[?" + mode + b"h") > self.raw.rfind(b"\x1b[?" + mode + b"l"):
                problems.append(f"mode {mode.decode()} (mouse or paste) is still on")
        if termios.tcgetattr(self._slave) != self.attributes_before:
            problems.append("the terminal's attributes differ from those before")
        return problems


def position_on(screen: str) -> str | None:
    """The debugger's position as its header has it: "iteration 3, next: load batch"; None if there is no header."""
    header = "\n".join(screen.splitlines()[:2])
    long = re.search(r"iteration ([\d,]+)  .*next: (\S+(?: \S+)*)", header)
    if long:
        return f"iteration {long[1]}, next: {long[2]}"
    short = re.search(r"\bit ([\d,]+:\d+)\b", header)
    return short[1] if short else None


def stands(screen: str) -> bool:
    """Is the debugger's screen drawn whole: header with the position, program listing, footer?"""
    return position_on(screen) is not None and "load batch" in screen and "quit" in screen.splitlines()[-1]
