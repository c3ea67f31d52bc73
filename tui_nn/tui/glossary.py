"""What the glossary's screen shows: a list of terms, and the page of one. Pure: terms in, lines out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.style import Style

from tui_nn.glossary import Term, all_terms, matching, term, terms_in
from tui_nn.tui.commands import COMMANDS, PLACES, Command
from tui_nn.tui.ink import Ink
from tui_nn.tui.page import Line
from tui_nn.tui.text import cells, fit, wrap

if TYPE_CHECKING:
    from rich.segment import Segment

# What a term's `where` names, as the screen calls it; any other is a tab of panel 3.
PLACE_NAMES = {
    "program": "1 Program",
    "layers": "2 Layers",
    "loss": "4 Loss",
    "accuracy": "4 Accuracy",
    "lesson": "5 Lesson",
}
HEADS = {
    "see": {"en": "See also", "ko": "함께 볼 말"},
    "where": {"en": "Where to look", "ko": "볼 곳"},
    "also": {"en": "also", "ko": "다른 말"},
    "source": {"en": "Source", "ko": "출처"},
    "all": {"en": "All words", "ko": "모든 말"},
    "keys": {"en": "Keys", "ko": "키"},
    "none": {
        "en": "No word here has this in it; esc clears what you typed.",
        "ko": "맞는 말이 없습니다. esc로 지웁니다.",
    },
}
Entry = Term | Command


@dataclass(frozen=True)
class Group:
    """Entries under a heading; a term may stand in several groups."""

    heading: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Link:
    """Where enter leads on a term's page: to another term, or out of the glossary to what shows it."""

    term: Term | None = None
    where: str = ""


def groups_of(texts: Sequence[tuple[str, str]], query: str, lang: str) -> list[Group]:
    """Without a query the words of each (heading, text), then all; with one what it finds, commands at the end.

    The second text's words are those that the first does not have, and so on.
    """
    if query.strip():
        commands = tuple(command for command in COMMANDS if _says(command, query))
        found = [Group("", tuple(matching(query))), Group(HEADS["keys"][lang], commands)]
        return [group for group in found if group.entries]
    groups, seen = [], set()
    for heading, text in texts:
        terms = tuple(each for each in terms_in(text) if each.id not in seen)
        seen |= {each.id for each in terms}
        groups += [Group(heading, terms)] if terms else []
    terms = all_terms() if lang == "en" else tuple(sorted(all_terms(), key=lambda each: each.word["ko"]))
    return [*groups, Group(HEADS["all"][lang], terms)]


def _says(command: Command, query: str) -> bool:
    text = f"{command.label} {command.help} {command.id}".casefold()
    return all(word in text for word in query.casefold().split())


def entries_of(groups: Sequence[Group]) -> list[Entry]:
    return [entry for group in groups for entry in group.entries]


def list_lines(groups: Sequence[Group], selected: int, lang: str, width: int, height: int, ink: Ink) -> list[Line]:
    """A row an entry under its group's heading, scrolled so that the selected one is in sight. A click selects."""
    rows: list[tuple[str, Entry | None, int]] = []
    place = 0
    for group in groups:
        if group.heading:
            rows += [("", None, -1)] if rows else []
            rows.append((group.heading, None, -1))
        for entry in group.entries:
            rows.append(("", entry, place))
            place += 1
    if not place:
        return ink.notice(HEADS["none"][lang], width)[:height]
    here = next(i for i, row in enumerate(rows) if row[2] == selected)
    first = max(0, min(here - height // 2, len(rows) - height))
    lines = []
    for heading, entry, number in rows[first : first + height]:
        if entry is None:
            lines.append([ink.say(fit(heading, width), "dim")])
        else:
            lines.append(_row(entry, number, number == selected, lang, width, ink))
    return lines


def _row(entry: Entry, number: int, is_selected: bool, lang: str, width: int, ink: Ink) -> Line:
    """The word, then the other language's where there is room, then how its definition begins."""
    name, gloss = _names(entry, lang)
    mark = ink.glyph("next") if is_selected else " "
    role = "selected" if is_selected else "text"
    tail = gloss if width < 60 else f"{gloss}  {_text(entry, lang)}" if gloss else _text(entry, lang)
    room = width - 2
    name_width = min(max(cells(name), 26 if width >= 60 else 0), room)
    line = [ink.say(f"{mark} ", role), ink.say(fit(name, name_width), role)]
    if room - name_width > 6:
        line.append(ink.say("  " + fit(tail, room - name_width - 2), "selected" if is_selected else "dim"))
    return [_clickable(segment, f"screen.pick({number})") for segment in line]


def _names(entry: Entry, lang: str) -> tuple[str, str]:
    if isinstance(entry, Command):
        return entry.label, entry.shown_keys
    other = entry.word["ko" if lang == "en" else "en"]
    return entry.word[lang], "" if other == entry.word[lang] else other


def _text(entry: Entry, lang: str) -> str:
    return entry.help if isinstance(entry, Command) else entry.text[lang]


def links_of(entry: Entry, can_leave: bool) -> list[Link]:
    """What its page leads to. can_leave: is there a run to look at?"""
    if isinstance(entry, Command):
        return []
    links = [Link(term=term(each)) for each in entry.see]
    return links + ([Link(where=entry.where)] if entry.where and can_leave else [])


def page_lines(
    entry: Entry, links: Sequence[Link], chosen: int | None, lang: str, width: int, ink: Ink
) -> tuple[list[Line], list[int]]:
    """The page of one term (or command), and the row of each link. chosen: the link that enter follows."""
    if isinstance(entry, Command):
        return _command_lines(entry, width, ink), []
    room = max(width - 2, 10)
    name, gloss = _names(entry, lang)
    lines: list[Line] = [[ink.say(" " + line, "title")] for line in wrap(name, room)]
    if gloss and cells(name) + cells(gloss) + 4 <= width and len(lines) == 1:
        lines[0].append(ink.say("   " + gloss, "dim"))
    elif gloss:
        lines += [[ink.say(" " + line, "dim")] for line in wrap(gloss, room)]
    lines += [[], *([ink.say(" " + line)] for line in wrap(entry.text[lang], room))]
    if entry.formula:
        lines += [[], *([ink.say("   " + line, "accent")] for line in wrap(entry.formula, max(room - 2, 8)))]
    others = [*entry.symbols, *entry.also]
    if others:
        lines += [
            [],
            *([ink.say(" " + line, "dim")] for line in wrap(f"{HEADS['also'][lang]}: {', '.join(others)}", room)),
        ]
    if entry.source:
        text = f"{HEADS['source'][lang]}: {entry.source}"
        lines += [[], *([ink.say(" " + line, "dim")] for line in wrap(text, room))]
    places = []
    for number, link in enumerate(links):
        kind = "see" if link.term else "where"
        if number == 0 or (kind == "where" and links[number - 1].term):
            lines += [[], [ink.say(fit(" " + HEADS[kind][lang], width).rstrip(), "strong")]]
        places.append(len(lines))
        lines.append(_link_line(link, number, number == chosen, lang, width, ink))
    return lines, places


def _place(where: str, lang: str) -> str:
    """ "panel 3, Optimizer": the names on the screen are English in both languages."""
    number, name = PLACE_NAMES.get(where, f"3 {where.capitalize()}").split()
    return f"panel {number}, {name}" if lang == "en" else f"{number}번 패널, {name}"


def _link_line(link: Link, number: int, is_chosen: bool, lang: str, width: int, ink: Ink) -> Line:
    text = link.term.word[lang] if link.term else _place(link.where, lang)
    role = "selected" if is_chosen else "accent"
    mark = ink.glyph("next") if is_chosen else ink.glyph("right")
    used = min(cells(text), width - 4)
    line = [ink.say(f" {mark} ", role), ink.say(fit(text, used), role)]
    if link.term and width - used > 24:
        line.append(ink.say("  " + fit(link.term.text[lang], width - used - 6), "dim"))
    return [_clickable(segment, f"screen.follow({number})") for segment in line]


def _command_lines(command: Command, width: int, ink: Ink) -> list[Line]:
    room = max(width - 2, 10)
    return [
        [ink.say(" " + fit(command.label, room).rstrip(), "title")],
        [],
        *([ink.say(" " + line)] for line in wrap(command.help, room)),
        [],
        *([ink.say(" " + line, "key")] for line in wrap(command.shown_keys, room)),
        [ink.say(" " + fit(PLACES[command.where], room).rstrip(), "dim")],
    ]


def _clickable(segment: Segment, action: str) -> Any:
    from rich.segment import Segment

    return Segment(segment.text, (segment.style or Style()) + Style.from_meta({"@click": action}))


def texts_of(screen: Any, lang: str) -> list[tuple[str, str]]:
    """What can be read on a screen now, as (heading, text): the focused panel with the coming operation, then the lesson."""
    panels = getattr(screen, "panels", None)
    if panels is None:
        preset = getattr(screen, "current_preset", lambda: None)()
        if preset is None:
            return []
        return [(preset.title, "\n".join([preset.title, preset.summary.get(lang, ""), *preset.tags]))]
    panel, lesson = panels[screen.focus_name], screen.lesson.prose.get(lang, "")
    name = PLACES[screen.focus_name]
    if screen.focus_name == "lesson":
        return [(name, lesson)]
    return [
        (name, "\n".join([panel.tabs[panel.active_tab()], panel.text(), *_coming(screen.frame)])),
        ("Lesson", lesson),
    ]


def words_here(screen: Any, lang: str) -> list[str]:
    """The words of the focused panel, for the help page; of the lesson in the gallery."""
    texts = texts_of(screen, lang)[:1]
    return [each.word[lang] for _, text in texts for each in terms_in(text)]


def _coming(frame: Any) -> list[str]:
    if frame is None:
        return []
    op = frame.program.ops[frame.op]
    return [op.phase, op.kind, op.label, op.formula]
