"""The presets: where they are and what they are, without validating them."""

import re
import tomllib
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

UNORDERED = 1000  # the order of a preset that names none: behind all others


@dataclass(frozen=True, slots=True)
class PresetInfo:
    """One row of the gallery. A file that cannot be read keeps its row and says why in `.error`."""

    id: str
    title: str
    summary: dict[str, str]
    path: Path
    tags: tuple[str, ...] = ()
    order: int = UNORDERED
    error: str | None = field(default=None)


def preset_dir() -> Path:
    """The folder of presets: inside the installed package, or beside it in a checkout."""
    package = Path(str(files("tui_nn")))
    inside = package / "scenarios"
    return inside if inside.is_dir() else package.parent / "scenarios"


def list_presets() -> list[PresetInfo]:
    """All presets, by `order`, then by id. Cheap: only the head of each file is read, so one listed here may still fail to load."""
    folder = preset_dir()
    paths = sorted(folder.glob("*.toml")) if folder.is_dir() else []
    return sorted((_read(path) for path in paths), key=lambda preset: (preset.order, preset.id))


def preset_ids() -> list[str]:
    """The ids alone, without opening a file."""
    return sorted(path.stem for path in preset_dir().glob("*.toml"))


def find_preset(preset_id: str) -> Path | None:
    """The file of a preset. The id is the name of its file, so nothing has to be opened."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", preset_id):
        return None
    path = preset_dir() / f"{preset_id}.toml"
    return path if path.is_file() else None


def _head(text: str) -> dict[str, Any]:
    """The file up to its first table other than the summary; all of it if that says too little.

    A tenth of the time: lesson and script are most of a file.
    """
    end = re.search(r"^\[(?!summary\])", text, re.MULTILINE)
    if end is not None:
        try:
            table = tomllib.loads(text[: end.start()])
        except ValueError:  # cut inside a longer value, perhaps
            table = {}
        if "title" in table and "summary" in table:
            return table
    return tomllib.loads(text)


def _read(path: Path) -> PresetInfo:
    try:
        table = _head(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # ValueError: bad TOML, bad UTF-8, an endless number
        return PresetInfo(path.stem, path.stem, {"en": "", "ko": ""}, path, error=str(error))
    summary, tags, order = table.get("summary", ""), table.get("tags", []), table.get("order")
    texts = summary if isinstance(summary, dict) else {"en": summary, "ko": summary}
    return PresetInfo(
        id=path.stem,
        title=str(table.get("title", path.stem)),
        summary={language: str(texts.get(language, "")) for language in ("en", "ko")},
        path=path,
        tags=tuple(str(tag) for tag in tags) if isinstance(tags, list) else (),
        order=order if isinstance(order, int) else UNORDERED,
    )
