"""What is remembered between two openings: theme and language. A convenience; failing to write it is no error."""

from __future__ import annotations

import json
import os
from pathlib import Path

KEYS = ("theme", "lang")


def config_path() -> Path:
    folder = os.environ.get("TUI_NN_CONFIG_DIR")
    if folder:
        return Path(folder) / "screen.json"
    from platformdirs import user_config_dir

    return Path(user_config_dir("tui-nn", appauthor=False)) / "screen.json"


def load() -> dict[str, str]:
    """The remembered settings; empty if there are none or the file cannot be used."""
    try:
        table = json.loads(config_path().read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return {key: table[key] for key in KEYS if isinstance(table, dict) and isinstance(table.get(key), str)}


def save(**settings: str) -> None:
    """Remember these beside what is remembered already."""
    path = config_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(load() | settings, indent=2) + "\n", encoding="utf-8")
    except OSError:
        pass  # a read-only home is no reason to disturb anyone
