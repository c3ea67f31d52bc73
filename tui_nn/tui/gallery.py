"""What the gallery shows: its list of presets and the preview of one. Pure: presets in, lines out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui_nn.tui.ink import Ink
from tui_nn.tui.page import Line
from tui_nn.tui.text import cells, fit, wrap

if TYPE_CHECKING:
    from tui_nn.scenario import PresetInfo

ROWS, MAX_ROWS = 3, 4  # title, summary, blank; a second line of summary where all presets fit
MAX_PREVIEW = 20_000  # characters of a file


def matching(presets: Sequence[PresetInfo], query: str) -> list[PresetInfo]:
    """Those in which every word of the query occurs: in id, title, summary (both languages) or tags."""
    words = query.casefold().split()

    def text(preset: PresetInfo) -> str:
        return " ".join([preset.id, preset.title, *preset.summary.values(), *preset.tags]).casefold()

    return [preset for preset in presets if all(word in text(preset) for word in words)]


def visible_from(n: int, selected: int, height: int) -> tuple[int, int, int]:
    """The first preset shown, how many fit so that the selected one is in sight, and rows for each."""
    rows = MAX_ROWS if n * MAX_ROWS <= height else ROWS
    fit_in = max(height // rows, 1)
    return max(0, min(selected - fit_in // 2, n - fit_in)), fit_in, rows


def list_lines(
    presets: Sequence[PresetInfo], selected: int, lang: str, width: int, height: int, ink: Ink, open_id: str = ""
) -> list[Line]:
    """Three or four rows a preset, scrolled so that the selected one is in sight."""
    if not presets:
        return ink.notice("No preset matches. esc clears the search; o opens a file of your own.", width)[:height]
    first, fit_in, rows = visible_from(len(presets), selected, height)
    with_tags = all(cells(preset.title) + cells(_tags(preset, ink)) + 8 <= width for preset in presets)
    lines: list[Line] = []
    for index, preset in enumerate(presets[first : first + fit_in], first):
        lines += _entry(preset, rows, index == selected, preset.id == open_id, with_tags, lang, width, ink)
    return lines[:height]


def _tags(preset: PresetInfo, ink: Ink) -> str:
    return f" {ink.glyph('dot')} ".join(preset.tags)


def _entry(
    preset: PresetInfo, rows: int, is_selected: bool, is_open: bool, with_tags: bool, lang: str, width: int, ink: Ink
) -> list[Line]:
    mark = ink.glyph("next") if is_selected else " "
    tags = f"{ink.glyph('pause')} open" if is_open else _tags(preset, ink) if with_tags else ""
    room = width - 4
    role = "selected" if is_selected else "strong"
    tags_role = "selected" if is_selected else "accent" if is_open else "dim"
    top: Line = [
        ink.say(f" {mark} ", role),
        ink.say(fit(preset.title, room - cells(tags) - 2), role),
        ink.say("  " + tags, tags_role),
        ink.say(" ", role),
    ]
    if preset.error:
        text = [ink.say("   " + fit("cannot be read: enter shows why", room), "bad")]
    else:
        lines = wrap(preset.summary.get(lang) or preset.summary.get("en", ""), room)
        last = rows - 3  # the line that takes what is left, cut where it must be
        lines[last:] = [" ".join(lines[last:])]
        text = [ink.say("   " + fit(line, room), "dim") for line in lines]
    return [top, *([line] for line in text), *([] for _ in range(rows - 1 - len(text)))]


def preview_lines(preset: PresetInfo | None, text: str, lang: str, width: int, ink: Ink) -> list[Line]:
    """The summary in full, then the file as it is: comments faint, tables and keys set off."""
    if preset is None:
        return []
    lines: list[Line] = [[ink.say(" " + line)] for line in wrap(preset.summary.get(lang, ""), width - 2)]
    if preset.tags:
        lines += [[], [ink.say(fit(" " + _tags(preset, ink), width - 1), "accent")]]
    lines += [[], [ink.say(fit(f" {preset.id}.toml", width - 1), "dim")], []]
    for raw in text.splitlines():
        line = raw.expandtabs(4)
        stripped = line.strip()
        if stripped.startswith("#"):
            lines.append([ink.say(" " + fit(line, width - 2), "faint")])
        elif stripped.startswith("["):
            lines.append([ink.say(" " + fit(line, width - 2), "accent")])
        elif " = " in line and not line.startswith(" "):
            key, _, value = line.partition(" = ")
            lines.append([ink.say(f" {key} = ", "dim"), ink.say(fit(value, width - cells(key) - 5))])
        else:
            lines.append([ink.say(" " + fit(line, width - 2))])
    return lines


def read_preview(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")[:MAX_PREVIEW]
    except OSError as error:
        return f"# {error.strerror or error}"
