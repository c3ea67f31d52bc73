"""What the gallery lists: which presets a search finds, and their rows by chapter. Pure: entries in, lines out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from rich.segment import Segment
from rich.style import Style

from tui_nn.scenario.chapters import CHAPTERS, Entry, twin_of
from tui_nn.tui.ink import Ink
from tui_nn.tui.page import Line
from tui_nn.tui.text import cells, count, fit
from tui_nn.tui.thumbnails import sparkline

if TYPE_CHECKING:
    from tui_nn.scenario import PresetInfo
    from tui_nn.scenario.curves import RecordedCurve

FEW = 8  # rows; in fewer, chapters have no headings
SPARKS = ((96, 24), (72, 16), (56, 12), (48, 8))  # from a width on: cells of the picture beside a title
WORDS = {
    "nothing": {
        "en": "No preset matches. esc clears the search; o opens a file of your own.",
        "ko": "맞는 프리셋이 없습니다. esc로 검색을 지우고, o로 파일을 엽니다.",
    },
    "begin": {"en": "New here? Begin with {}: ", "ko": "처음이라면 {}번부터: "},
    "go on": {"en": "Continue with {}: ", "ko": "이어서 {}번: "},
    "visited": {"en": "{} of {} visited ", "ko": "{1}개 중 {0}개를 열어 봄 "},
    "all visited": {"en": "You have opened all {}.", "ko": "{}개를 모두 열어 보았습니다."},
    "none": {
        "en": "Open a training run, and step it back and forth.",
        "ko": "학습 과정을 열어 앞뒤로 한 단계씩 살펴보세요.",
    },
    "open": {"en": "open", "ko": "열림"},
    "start": {"en": "start here", "ko": "여기부터"},
    "next": {"en": "next", "ko": "다음"},
    "broken": {"en": "cannot be read: enter shows why", "ko": "읽을 수 없습니다: enter로 이유를 봅니다"},
    "all": {"en": "all", "ko": "전체"},
    "search": {
        "en": "words of titles, summaries and tags; #word for tags alone",
        "ko": "제목, 요약, 태그에서 찾을 말; 태그에서만 찾으려면 #말",
    },
}


@dataclass(frozen=True)
class Marks:
    """What sets single presets off, by id. is_first: none has been visited yet."""

    visited: frozenset[str] = frozenset()
    next: str = ""
    open: str = ""

    @property
    def is_first(self) -> bool:
        return not self.visited


# Finding


def matching(path: Sequence[Entry], query: str, tag: str = "") -> list[Entry]:
    """Those with the tag in which every word occurs: in id, title, summary (both languages), tags or chapter.

    A word with # in front is looked for in tags alone, at the start of one of their words; - stands for a space.
    """
    words = query.casefold().split()
    return [entry for entry in path if (not tag or tag in entry.preset.tags) and all(_has(entry, w) for w in words)]


def _has(entry: Entry, word: str) -> bool:
    preset = entry.preset
    tags = [tag.casefold() for tag in preset.tags]
    if word.startswith("#"):
        return any(f"-{word[1:]}" in "-" + tag.replace(" ", "-") for tag in tags)
    chapter = CHAPTERS[entry.chapter].values()
    return word in " ".join([preset.id, preset.title, *preset.summary.values(), *chapter, *tags]).casefold()


def shared_tags(presets: Sequence[PresetInfo]) -> list[tuple[str, int]]:
    """Tags of two presets or more with their counts, the most frequent first. Others are found by searching."""
    counts = Counter(tag for preset in presets for tag in dict.fromkeys(preset.tags))
    return [(tag, n) for tag, n in counts.most_common() if n > 1]


# Rows


class Row(NamedTuple):
    """index: of the entry, or of the chapter for a heading."""

    kind: Literal["heading", "title", "summary", "blank"]
    index: int = -1


def rows_of(entries: Sequence[Entry], height: int) -> list[Row]:
    """The whole list, as spacious as it fits into the height: with summaries and gaps, with gaps, or without."""
    if height < FEW:
        return [Row("title", index) for index in range(len(entries))]
    rows: list[Row] = []
    for has_summaries, has_gaps in ((True, True), (True, False), (False, True), (False, False)):
        rows = _rows(entries, has_summaries, has_gaps)
        if len(rows) <= height:
            break
    return rows


def _rows(entries: Sequence[Entry], has_summaries: bool, has_gaps: bool) -> list[Row]:
    rows: list[Row] = []
    chapter = None
    for index, entry in enumerate(entries):
        if entry.chapter != chapter:
            chapter = entry.chapter
            rows += [Row("blank")] if has_gaps and rows else []
            rows.append(Row("heading", chapter))
        rows.append(Row("title", index))
        rows += [Row("summary", index)] if has_summaries else []
    return rows


def scrolled(top: int, rows: Sequence[Row], height: int, selected: int | None = None) -> int:
    """The first row shown: as near to `top` as the ends and the selected entry (with its heading) allow."""
    own = [y for y, row in enumerate(rows) if row.index == selected and row.kind in ("title", "summary")]
    if selected is not None and own:
        first = own[0] - (own[0] > 0 and rows[own[0] - 1].kind == "heading" and height > len(own))
        top = max(min(top, first), own[-1] - height + 1)
    return max(0, min(top, len(rows) - height))


def list_lines(
    entries: Sequence[Entry], rows: Sequence[Row], top: int, selected: int, marks: Marks, lang: str, width: int,
    height: int, ink: Ink, curves: Mapping[str, RecordedCurve],
) -> list[Line]:  # fmt: skip
    """Rows from `top` on, one line each; marks at the right edge tell that there is more."""
    if height < 1 or width < 1:
        return []
    if not entries:
        return ink.notice(WORDS["nothing"][lang], width)[:height]
    digits = len(str(max((entry.number or 0 for entry in entries), default=0)))
    spark = next((n for least, n in SPARKS if width >= least), 0)
    tall = 2 if any(row.kind == "summary" for row in rows) else 1
    room = width - (spark + 2 if spark else 1)
    lines: list[Line] = []
    for row in rows[top : top + height]:
        if row.kind == "blank":
            lines.append([])
        elif row.kind == "heading":
            lines.append([ink.say(" " + fit(CHAPTERS[row.index][lang], width - 2), "accent")])
        else:
            entry, is_selected = entries[row.index], row.index == selected
            if row.kind == "title":
                line = _title(entry, is_selected, marks, digits, lang, room, ink)
            else:
                line = _summary(entry, lang, digits, room, ink)
            if spark:
                curve = curves.get(entry.preset.id)
                line = [*line, ink.say(" "), *sparkline(curve, spark, tall, ink)[row.kind == "summary"]]
            lines.append([*line, ink.say(" ")])
    for y, is_more, glyph in ((0, top > 0, "more_up"), (height - 1, top + height < len(rows), "more_down")):
        if is_more and y < len(lines):
            used = sum(cells(segment.text) for segment in lines[y])
            lines[y] = [*_cut(lines[y], used, width - 1), ink.say(ink.glyph(glyph), "accent")]
    return lines


def _cut(line: Line, used: int, width: int) -> Line:
    """Padded to the width; the last cell of a title's row is blank, so nothing is lost there."""
    if used <= width:
        return [*line, Segment(" " * (width - used))]
    last = line[-1]
    return [*line[:-1], Segment(last.text[: len(last.text) - (used - width)], last.style)]


def _title(
    entry: Entry, is_selected: bool, marks: Marks, digits: int, lang: str, width: int, ink: Ink
) -> Line:  # fmt: skip
    preset = entry.preset
    state, badge, badge_role = _state(preset.id, marks, lang)
    number = "" if entry.number is None else str(entry.number)
    left = f" {ink.glyph('next') if is_selected else ' '} {fit(number, digits, '>')} "
    twin = f"{ink.glyph('twin')} "
    title = twin + preset.title if entry.twin_of else preset.title
    room = width - cells(left) - 2
    if room < 30:
        badge = ""  # the glyph before the title says it
    tail = f"  {badge}" if badge else ""
    if twin_of(preset) and not entry.twin_of and cells(preset.title) + cells(twin) + cells(tail) <= room:
        title += " " + twin.rstrip()
    role = "selected" if is_selected else "bad" if preset.error else "strong" if marks.next == preset.id else "text"
    return [
        ink.say(left, "selected" if is_selected else "dim"),
        ink.say(ink.glyph(state) if state else " ", "selected" if is_selected else badge_role),
        ink.say(" " + fit(title, room - cells(tail)), role),
        ink.say(tail, "selected" if is_selected else badge_role),
    ]


def _state(preset_id: str, marks: Marks, lang: str) -> tuple[str, str, str]:
    """Glyph, word and role of what is to be said of a preset."""
    if preset_id == marks.open:
        return "pause", WORDS["open"][lang], "accent"
    if preset_id == marks.next:
        return "knob", WORDS["start" if marks.is_first else "next"][lang], "accent"
    return ("done", "", "good") if preset_id in marks.visited else ("", "", "dim")


def _summary(entry: Entry, lang: str, digits: int, width: int, ink: Ink) -> Line:
    indent, preset = digits + 6, entry.preset
    if preset.error:
        return [ink.say(" " * indent + fit(WORDS["broken"][lang], width - indent), "bad")]
    text = " ".join((preset.summary.get(lang) or preset.summary.get("en", "")).split())
    return [ink.say(" " * indent + fit(text, width - indent), "dim")]


# The lines above the list


def start_line(path: Sequence[Entry], marks: Marks, lang: str, width: int, ink: Ink) -> Line:
    """Where to begin, or to go on. A click opens it."""
    numbered = [entry for entry in path if entry.number is not None]
    coming = next((entry for entry in numbered if entry.preset.id == marks.next), None)
    if coming is None:
        text = WORDS["all visited" if numbered else "none"][lang].format(len(numbered))
        return [ink.say(" " + fit(text, width - 2), "dim")]
    lead = WORDS["begin" if marks.is_first else "go on"][lang].format(coming.number)
    click = Style.from_meta({"@click": "screen.open_next"})
    head = f" {ink.glyph('knob')} {lead}"
    if cells(head) > width // 2:
        head = f" {ink.glyph('knob')} {coming.number}: "
    n = sum(entry.preset.id in marks.visited for entry in numbered)
    done = "" if marks.is_first else WORDS["visited"][lang].format(n, len(numbered))
    done = done if cells(head) + cells(coming.preset.title) + cells(done) + 2 <= width else ""
    title = fit(coming.preset.title, width - cells(head) - cells(done) - 2)
    return [
        Segment(ink.words(head), ink.style("accent") + click),
        Segment(ink.words(title), ink.style("strong") + click),
        ink.say("  " + done, "dim"),
    ]


def tag_line(tags: Sequence[tuple[str, int]], chosen: str, lang: str, width: int, ink: Ink) -> Line:
    """All tags in a row, the chosen one in brackets and always in sight. A click chooses."""
    labels = [WORDS["all"][lang], *(f"{tag} {n}" for tag, n in tags)]
    index = next((i for i, (tag, _) in enumerate(tags, 1) if tag == chosen), 0)
    first = 0
    while first < index and 3 + sum(cells(label) + 2 for label in labels[first : index + 1]) > width - 2:
        first += 1
    line: Line = [ink.say(f"{ink.glyph('left')} " if first else "  ", "dim")]
    used = 2
    for i, label in enumerate(labels[first:], first):
        text = f"[{label}]" if i == index else f" {label} "
        is_last = i == len(labels) - 1
        if used + cells(text) > width - (0 if is_last else 2):
            if i == index:
                line.append(ink.say(fit(text, width - used - 2), "selected"))
            else:
                line.append(ink.say(f" {ink.glyph('right')}", "dim"))
            break
        click = Style.from_meta({"@click": f"screen.pick_tag({i - 1})"})
        line.append(Segment(ink.words(text), ink.style("selected" if i == index else "dim") + click))
        used += cells(text)
    return line


def found(n: int, total: int, lang: str) -> str:
    """How many are listed: "9 presets", "3 of 9 presets"."""
    if lang == "ko":
        return f"프리셋 {total:,}개" if n == total else f"프리셋 {total:,}개 중 {n:,}개"
    return count(total, "preset") if n == total else f"{n:,} of {count(total, 'preset')}"
