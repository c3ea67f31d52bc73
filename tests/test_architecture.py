"""The map of the code names what there is: no file that has gone, none left out."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
FOLDERS = ("", "tui_nn", "tui_nn/tui", "tui_nn/engine", "tests/tui", "tests/bench")
NAMES = sorted(set(re.findall(r"`([\w./*-]+\.(?:py|toml|json))\b[^`\n]*`", re.sub(r"(?m)^\|.*$", "", TEXT))))
ROWS = re.findall(r"^\| `(tui_nn/[\w/]*)` \| (.+) \|$", TEXT, re.MULTILINE)


def test_every_file_named_is_there():
    """From the project's root, or from that of the part that is spoken of."""
    assert len(NAMES) > 40
    assert [name for name in NAMES if not any(list((ROOT / folder).glob(name)) for folder in FOLDERS)] == []


def test_every_module_is_in_the_table():
    """By its name or as one of a family, in the row of its folder; and each name of a row is a file there."""
    there = {path for path in (ROOT / "tui_nn").rglob("*.py") if not path.name.startswith("__")}
    named = set()
    for folder, files in ROWS:
        for name in re.findall(r"`([\w/*]+\.py)`", files):
            found = set((ROOT / folder).glob(name))
            assert found, f"{folder}{name} has gone"
            named |= found
    assert sorted(str(path.relative_to(ROOT)) for path in there - named) == []
