"""The README tells the truth: its commands run, its outputs are what they print, its key table is the program's.

python tests/test_readme.py      # writes the key table anew
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
KEYS = re.compile(r"(<!-- keys:begin -->\n)(.*?)(<!-- keys:end -->)", re.DOTALL)
KEY_PLACES = ("debugger", "app", "gallery")


def blocks(language: str) -> list[tuple[str, str]]:
    """(mark, text) of each code block in that language; the mark is the comment on the line before, or empty."""
    pattern = rf"(?:<!-- ci:(\w+) -->\n)?```{language}\n(.*?)```"
    return [(mark or "", text) for mark, text in re.findall(pattern, README.read_text(encoding="utf-8"), re.DOTALL)]


SETUP = {mark: text.strip() for mark, text in blocks("bash") if mark}
# `tui-nn test` takes as long as tests/presets/test_presets.py, which holds each preset to the same; .ci/run runs it too.
COMMANDS = [
    line
    for mark, text in blocks("bash")
    if not mark
    for line in text.strip().splitlines()
    if line.partition("#")[0].strip() != "tui-nn test"
]


def shown_outputs() -> list[tuple[str, str]]:
    """(command, output) of the console blocks."""
    pairs = []
    for _, text in blocks("console"):
        for part in text.split("$ ")[1:]:
            command, _, output = part.partition("\n")
            pairs.append((command, output))
    return pairs


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a reader would, with `tui-nn` being this checkout; the folder has the README's own scenario."""
    (folder / "mine.toml").write_text(dict(blocks("toml"))["scenario"], encoding="utf-8")
    script = f'set -o pipefail; tui-nn() {{ {shlex.quote(sys.executable)} -m tui_nn "$@"; }}\n{command}'
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(["bash", "-c", script], cwd=folder, env=env, capture_output=True, text=True, timeout=120)


def test_there_are_exactly_two_setup_commands():
    """Each is one line that makes its own environment, and .ci/run takes both from here."""
    assert list(SETUP) == ["open", "test"]
    for command in SETUP.values():
        assert "\n" not in command
        assert command.startswith("python3 -m venv ")
    assert SETUP["open"].endswith("tui-nn open digits-dnn")
    assert "pytest" in SETUP["test"]


@pytest.mark.skipif(os.name != "posix", reason="the README's commands are bash")
@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run(command: str, tmp_path: Path):
    """Every other command of the README ends well; those that open a screen report in plain text here."""
    result = shell(command, tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip()


@pytest.mark.skipif(os.name != "posix", reason="the README's commands are bash")
@pytest.mark.parametrize(("command", "output"), shown_outputs(), ids=lambda text: text[:40])
def test_outputs_are_what_is_printed(command: str, output: str, tmp_path: Path):
    result = shell(command, tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout == output


def test_python_example_runs(tmp_path: Path):
    code = dict(blocks("python"))["python"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip()


def key_table() -> str:
    from tui_nn.tui.commands import markdown_table

    return markdown_table(KEY_PLACES) + "\n"


def test_key_table_is_the_programs():
    """If this fails: python tests/test_readme.py"""
    match = KEYS.search(README.read_text(encoding="utf-8"))
    assert match is not None
    assert match[2] == key_table()


def test_every_file_it_names_is_there():
    names = re.findall(r"\]\(([^)#:]+)\)", README.read_text(encoding="utf-8"))
    assert names
    for name in names:
        assert (ROOT / name).is_file(), name


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    text = README.read_text(encoding="utf-8")
    README.write_text(KEYS.sub(lambda match: match[1] + key_table() + match[3], text), encoding="utf-8")
