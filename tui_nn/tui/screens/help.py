"""The help page: the focused panel first, then every key, all read from the table of commands; words from the glossary."""

from __future__ import annotations

from collections.abc import Sequence

from tui_nn.glossary import term
from tui_nn.tui.commands import Command, help_rows
from tui_nn.tui.ink import Ink
from tui_nn.tui.page import Line
from tui_nn.tui.text import cells, fit, wrap

KEY_WIDTH = 18
NARROW = 60  # cells; below, a text stands under its key and not beside it
BASIC = (
    "op",
    "iteration",
    "epoch",
    "loss",
    "delta",
    "gradient",
    "norm",
    "validation",
)  # without these nothing can be read
WORDS_HERE = {"en": "Words on this panel: {} (i explains them).", "ko": "이 패널의 말: {} (i: 풀이)"}
MORE = {
    "en": "i or F2 explains the words that are on the screen, and all others.",
    "ko": "i나 F2를 누르면 화면에 있는 말과 다른 모든 말의 풀이가 나옵니다.",
}


def help_lines(
    focused: str | None,
    about: str,
    places: Sequence[str],
    width: int,
    ink: Ink,
    words: Sequence[str] = (),
    lang: str = "en",
) -> list[Line]:
    """`focused`: the name of the panel the user was in, explained first by `about` and the words it shows now."""
    lines: list[Line] = []
    if focused:
        lines += [[ink.say(focused, "title")], *_paragraph(about, width, ink)]
    if words:
        lines += [*([[]] if lines else []), *_paragraph(WORDS_HERE[lang].format(", ".join(words)), width, ink, "dim")]
    lines += [[]] if lines else []
    for index, (heading, commands) in enumerate(help_rows(places)):
        if focused and index == 0:
            heading = "Keys in this panel"
        lines += [
            [ink.say(heading, "title")],
            *(line for command in commands for line in _row(command, width, ink)),
            [],
        ]
    lines.append([ink.say("Words", "title")])
    for each in map(term, BASIC):
        lines += _entry(each.word[lang], each.text[lang], "strong", width, ink)
    lines += [
        *_paragraph(" " + MORE[lang], width, ink, "dim"),
        [],
        *_paragraph(
            "With Hangul input on, the letter keys work as well: ㄴ is s, ㅜ is n. Arrows, digits and signs always do.",
            width,
            ink,
        ),
    ]
    return lines


def _paragraph(text: str, width: int, ink: Ink, role: str = "text") -> list[Line]:
    return [[ink.say(line, role)] for line in wrap(text, width - 1)]


def _row(command: Command, width: int, ink: Ink) -> list[Line]:
    return _entry(command.shown_keys, command.help, "key", width, ink)


def _entry(name: str, text: str, role: str, width: int, ink: Ink) -> list[Line]:
    """Name and text side by side; on a narrow page one under the other where the name takes more than its share."""
    key_width = KEY_WIDTH if width >= NARROW else 10
    lines: list[Line] = []
    if cells(name) > key_width - 2:
        lines.append([ink.say(" " + fit(name, width - 2).rstrip(), role)])
        name = ""
    for part in wrap(text, max(width - key_width - 1, 10)):
        lines.append([ink.say(" " + fit(name, key_width - 1), role), ink.say(part)])
        name = ""
    return lines
