"""What is remembered between two openings: theme, language, layout and the like. A convenience; failing to write it is no error.

The file may be damaged, of another version or written by hand: every value is checked against the table here, and what
does not fit is as if it were not there.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

MAX_BYTES = 256 * 1024  # a file of ours has a few kB
MAX_LETTERS, MAX_ITEMS = 200, 2_000

Check = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_LETTERS and value.isprintable()


def _switch(value: Any) -> bool:
    return isinstance(value, bool)


def _whole(least: int, most: int) -> Check:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _texts(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MAX_ITEMS and all(map(_text, value))


KNOWN: dict[str, Check | dict[str, Check]] = {
    "theme": _text,
    "lang": _text,
    "checkpoint_mb": _whole(1, 1_000_000),  # written by hand: memory for the checkpoints of a run
    "visited": _texts,  # ids of the scenarios that have been opened
    "hints_seen": _whole(0, 100),  # of the hints of the first visit, in their order
    "layout": {  # read and written by layout_memory.py
        "focus": _text,
        "right": _text,
        "below": _text,
        "zoomed": _switch,
        "log": _switch,
        "tabs": _texts,  # "detail=Weights"
        "modes": _texts,  # "weights=2"
    },
}


def config_folder() -> Path:
    folder = os.environ.get("TUI_NN_CONFIG_DIR")
    if folder:
        return Path(folder)
    from platformdirs import user_config_dir

    return Path(user_config_dir("tui-nn", appauthor=False))


def config_path() -> Path:
    return config_folder() / "screen.json"


def load() -> dict[str, Any]:
    """The remembered settings that can be used; empty if there are none."""
    path = config_path()
    try:
        # Neither a device nor a pipe is opened, which could have no end.
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            return {}
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return usable(table, KNOWN)


def usable(table: Any, known: dict[str, Any]) -> dict[str, Any]:
    """What of a table has a known name and a value of the right kind; tables inside are read in the same way."""
    if not isinstance(table, dict):
        return {}
    kept = {}
    for name, check in known.items():
        if name in table:
            value = table[name]
            if isinstance(check, dict):
                kept[name] = usable(value, check)
            elif check(value):
                kept[name] = value
    return kept


def save(**settings: Any) -> None:
    """Remember these beside what is remembered already; None forgets one. The file is exchanged whole or not at all."""
    changed = {name: value for name, value in (load() | settings).items() if value is not None}
    try:
        path = Path(os.path.realpath(config_path()))  # a link to the file stays a link
        path.parent.mkdir(parents=True, exist_ok=True)
        _exchange(path, json.dumps(usable(changed, KNOWN), indent=2, ensure_ascii=False) + "\n")
    except (OSError, ValueError):
        pass  # a read-only home is no reason to disturb anyone


def _exchange(path: Path, text: str) -> None:
    """Another program that reads the file meanwhile finds the old text or the new one, never a part."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
