"""Scenario files from a stranger: exit status 2, a message with place, value and cure, no traceback, whatever the command."""

import os
import re
from pathlib import Path

import pytest

from tests.cli.conftest import LINE, Run

# name: (the file's bytes, what the message must say)
BAD: dict[str, tuple[bytes, list[str]]] = {
    "syntax": (LINE.replace("lr = 0.1", "lr = = 0.1").encode(), ["TOML"]),
    "unknown key": (LINE.replace("units", "unitz").encode(), ["layers[0]", "'unitz'", "'units'"]),
    "wrong type": (LINE.replace("units = 1", 'units = "one"').encode(), ["layers[0].units", "'one'", "number"]),
    "negative lr": (LINE.replace("lr = 0.1", "lr = -0.1").encode(), ["optimizer.lr", "-0.1", "greater than 0"]),
    "nan": (LINE.replace("lr = 0.1", "lr = nan").encode(), ["optimizer.lr", "nan"]),
    "infinity": (LINE.replace("lr = 0.1", "lr = inf").encode(), ["optimizer.lr", "inf"]),
    "impossible shape": (LINE.replace("units = 1", "units = 3").encode(), ["layers[0].units", "3", "1"]),
    "huge layer": (LINE.replace("units = 1", "units = 999999999999").encode(), ["layers[0].units", "999999999999"]),
    "huge number": (LINE.replace("seed = 3", "seed = 1" + "0" * 400).encode(), ["seed"]),
    "endless number": (LINE.replace("seed = 3", "seed = 1" + "0" * 5000).encode(), []),
    "code in an expression": (
        (LINE + "[[expect]]\nat = \"end\"\nthat = \"__import__('os').system('touch owned') == 0\"\n").encode(),
        ["expect[0].that", "quote"],
    ),
    "deep expression": (
        (LINE + f'[[expect]]\nat = "end"\nthat = "{"(" * 200}loss{")" * 200} > 0"\n').encode(),
        ["expect[0].that", "deep"],
    ),
    "deep tables": (b"a = " + b"[" * 5000 + b"]" * 5000, []),
    "not text": (bytes(range(256)) * 4, []),
    "empty": (b"", []),
    "escape sequence": (LINE.replace("A line", "\\u001b]0;owned\\u0007").encode(), ["title", "control character"]),
}
COMMANDS = [("show",), ("run",), ("test",), ("play", "--headless"), ("open",)]


def must_be_refused(answer, words: list[str]) -> None:
    assert answer.status == 2
    assert "Traceback" not in answer.err
    assert "\x1b" not in answer.err  # nothing of the file reaches the terminal as a command
    assert len(answer.err) < 5000
    for word in words:
        assert word in answer.err


@pytest.mark.parametrize("name", BAD)
def test_every_command_refuses(run: Run, tmp_path: Path, monkeypatch, name: str):
    """The file is named, and where it is TOML at all, so are line, column and key."""
    content, words = BAD[name]
    monkeypatch.chdir(tmp_path)
    Path("bad.toml").write_bytes(content)
    for command in COMMANDS:
        answer = run(*command, "bad.toml")
        must_be_refused(answer, ["bad.toml", *words])
        if words:
            assert re.search(r"^ +\d+:\d+ ", answer.err, re.MULTILINE), answer.err
    assert os.listdir() == ["bad.toml"]


@pytest.mark.parametrize("ref", [".", "/dev/null", "no-such.toml", "no/such/folder/x.toml", "x" * 5000, "bad\0name"])
def test_what_is_no_file(run: Run, tmp_path: Path, monkeypatch, ref: str):
    monkeypatch.chdir(tmp_path)
    must_be_refused(run("run", ref), [])


def test_a_file_without_end(run: Run, tmp_path: Path):
    """A size no scenario has is refused unread, in a moment."""
    path = tmp_path / "huge.toml"
    with path.open("wb") as file:
        file.truncate(1 << 31)
    must_be_refused(run("run", str(path)), ["huge.toml"])


def test_all_faults_at_once(run: Run, tmp_path: Path):
    path = tmp_path / "bad.toml"
    path.write_text(LINE.replace("lr = 0.1", "lr = -1").replace("units = 1", "units = 0").replace('"mse"', '"mes"'))
    answer = run("run", str(path))
    must_be_refused(answer, ["3 problems", "optimizer.lr", "layers[0].units", "'mse'"])
