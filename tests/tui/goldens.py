"""Pictures as text files in tests/tui/golden. TUI_NN_UPDATE_GOLDEN=1 draws them anew; then look at the difference."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from rich.segment import Segment

FOLDER = Path(__file__).parent / "golden"


def as_text(lines: Sequence[Sequence[Segment]]) -> str:
    return "\n".join("".join(segment.text for segment in line).rstrip() for line in lines) + "\n"


def check(name: str, lines: Sequence[Sequence[Segment]], width: int, height: int) -> None:
    """The picture is the one in the file, and fits its area."""
    assert len(lines) <= height
    for line in lines:
        assert sum(segment.cell_length for segment in line) <= width, "".join(segment.text for segment in line)
    text, path = as_text(lines), FOLDER / f"{name}.txt"
    if os.environ.get("TUI_NN_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), f"no {path.name}; draw it with TUI_NN_UPDATE_GOLDEN=1"
    assert text == path.read_text(encoding="utf-8")
