"""The gallery's page on one preset: the picture of its loss, what it teaches, and its file. Pure: texts in, lines out."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tui_nn.scenario.chapters import Entry, twin_of
from tui_nn.tui.ink import Ink
from tui_nn.tui.page import Line
from tui_nn.tui.text import cells, fit, wrap
from tui_nn.tui.thumbnails import picture

if TYPE_CHECKING:
    from tui_nn.scenario.curves import RecordedCurve

WORDS = {
    "broken": {"en": "This file cannot be read: {}", "ko": "이 파일을 읽을 수 없습니다: {}"},
    "twin": {"en": "twin: {}", "ko": "쌍둥이: {}"},
    "lesson": {"en": "The lesson begins", "ko": "설명의 첫머리"},
}
MAX_PREVIEW = 40_000  # characters of a file
PICTURE, MAX_PICTURE = 11, 18  # rows: at least eight for the curve itself


def preview_lines(
    entry: Entry | None, text: str, curve: RecordedCurve | None, titles: Mapping[str, str], lang: str, width: int,
    height: int, ink: Ink, is_beside: bool,
) -> list[Line]:  # fmt: skip
    """Title, picture, summary, what it teaches, tags, and the file as it is.

    titles:    of all presets by id, to name a twin.
    is_beside: it stands beside the list and has room; else below it, and what matters comes first.
    """
    if entry is None:
        return []
    preset, room = entry.preset, width - 2
    rows = max(PICTURE, min(height // 3, MAX_PICTURE)) if is_beside else PICTURE
    drawn = [[ink.say(" "), *line] for line in picture(curve, room, rows, ink)] if curve is not None else []
    summary = _text(preset.summary.get(lang) or preset.summary.get("en", ""), room, ink)
    if preset.error:
        summary = _text(WORDS["broken"][lang].format(preset.error), room, ink, "bad")
    remarks = [*_twin(entry, titles, lang, room, ink), *_tags(entry, room, ink)]
    title = [[ink.say(" " + line, "strong")] for line in wrap(preset.title, room)]
    if is_beside:
        parts = [title, drawn, summary, _teaches(text, lang, room, ink), remarks]
    else:
        parts = [[_rule(preset.title, width, ink), *summary, *remarks], drawn, _teaches(text, lang, room, ink)]
    lines: list[Line] = []
    for part in parts:
        lines += [*part, []] if part else []
    return [*lines, [ink.say(fit(f" {preset.path.name}", width - 1), "dim")], [], *_file(text, width, ink)]


def _text(text: str, width: int, ink: Ink, role: str = "text") -> list[Line]:
    return [[ink.say(" " + line, role)] for line in wrap(text, width)]


def _rule(title: str, width: int, ink: Ink) -> Line:
    rule = ink.glyph("rule")
    head = fit(title, min(cells(title), max(width - 4, 0)))
    return [
        ink.say(rule + " ", "rule"),
        ink.say(head, "strong"),
        ink.say(" " + rule * max(width - cells(head) - 3, 0), "rule"),
    ]


def _twin(entry: Entry, titles: Mapping[str, str], lang: str, width: int, ink: Ink) -> list[Line]:
    twin = entry.twin_of or twin_of(entry.preset)
    if twin is None:
        return []
    return _text(f"{ink.glyph('twin')} {WORDS['twin'][lang].format(titles.get(twin, twin))}", width, ink, "accent")


def _tags(entry: Entry, width: int, ink: Ink) -> list[Line]:
    return _text(f" {ink.glyph('dot')} ".join(entry.preset.tags), width, ink, "dim")


def _teaches(text: str, lang: str, width: int, ink: Ink) -> list[Line]:
    """The file's own word on what it teaches, which is English, and how its lesson opens."""
    lines: list[Line] = []
    claim = next((line for line in text.splitlines()[:5] if line.startswith("# Teaches: ")), "")
    if claim and lang == "en":
        lines += [*_text("What it teaches", width, ink, "accent"), *_text(_sentence(claim[11:]), width, ink), []]
    try:
        lesson = tomllib.loads(text).get("lesson", "")
        opening = lesson.get(lang, "") if isinstance(lesson, dict) else str(lesson)
    except (ValueError, RecursionError):
        opening = ""
    opening = str(opening).strip().partition("\n\n")[0]
    if opening:
        lines += [*_text(WORDS["lesson"][lang], width, ink, "accent"), *_text(opening, width, ink)]
    return lines


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _file(text: str, width: int, ink: Ink) -> list[Line]:
    """Comments faint, tables and keys set off."""
    lines: list[Line] = []
    for raw in text.splitlines():
        line = raw.expandtabs(4)
        stripped = line.strip()
        if stripped.startswith("#"):
            lines.append([ink.say(" " + fit(line, width - 2), "faint")])
        elif stripped.startswith("["):
            lines.append([ink.say(" " + fit(line, width - 2), "accent")])
        elif " = " in line and not line.startswith(" ") and cells(line.partition(" = ")[0]) < width - 6:
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
