"""The list of what may be changed in a run: found by typing, each with its present value and what it does. Knows no widget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tui_nn.tui.choices import first_row
from tui_nn.tui.ink import Ink
from tui_nn.tui.text import cells, fit, wrap

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.position import Position
    from tui_nn.debugger.settings import Setting

    Line = list[Segment]

NOTHING = {
    "en": "No setting that may change in the middle of a run has these letters in its name or meaning.",
    "ko": "학습 도중에 바꿀 수 있는 설정 가운데 이 글자가 든 것이 없습니다.",
}
SINCE = {"en": "since {}", "ko": "{}부터"}
HOW = {
    "en": "Type a value and press enter; 0.1x, *2 and /10 are factors of the present one.",
    "ko": "값을 입력하고 enter를 누르세요. 0.1x, *2, /10은 지금 값에 곱하거나 나눕니다.",
}
ONE_OF = {"en": "One of: {} (up and down)", "ko": "고를 수 있는 값: {} (위아래 키)"}


def found(settings: Sequence[Setting], typed: str) -> list[Setting]:
    """Those that have every typed word in their name or meaning; in their names first."""
    words = typed.partition("=")[0].lower().split()
    named = [each for each in settings if all(word in each.key.lower() for word in words)]
    meant = [each for each in settings if all(word in f"{each.key} {each.about}".lower() for word in words)]
    return [*named, *(each for each in meant if each not in named)]


def setting_lines(
    settings: Sequence[Setting], cursor: int, edited: Mapping[str, Position], width: int, height: int, ink: Ink, lang: str
) -> list[Line]:  # fmt: skip
    """The rows around the cursor. edited: what was changed in this run already, and since when."""
    if not settings:
        return ink.notice(NOTHING[lang], width)[:height]
    key_width = min(max(cells(each.key) for each in settings) + 3, max(width // 2, 12))
    value_width = min(max(max(cells(each.shown) for each in settings) + 2, 8), max((width - key_width) // 2, 8), 24)
    top = first_row(len(settings), cursor, height)
    lines = []
    for i, each in enumerate(settings[top : top + height], top):
        pointer = ink.glyph("next") if i == cursor else " "
        role = "cursor" if i == cursor else "text"
        value = "strong" if i != cursor and each.key not in edited else "cursor" if i == cursor else "update"
        line = [
            ink.say(fit(f"{pointer} {each.key}", min(key_width, width)), role),
            ink.say(fit(each.shown, max(min(value_width, width - key_width), 0)), value),
        ]
        room = width - key_width - value_width - 1
        if room >= 10:
            since = SINCE[lang].format(edited[each.key]) + "  " if each.key in edited else ""
            line.append(ink.say(" " + fit(since + each.about, room).rstrip(), "dim"))
        lines.append(line)
    return lines


def asked_lines(setting: Setting, width: int, height: int, ink: Ink, lang: str) -> list[Line]:
    """What is known of the setting whose value is typed."""
    choices = ", ".join(str(each).lower() for each in setting.choices)
    parts = [(setting.about, "text"), ("", "text"), (ONE_OF[lang].format(choices) if choices else HOW[lang], "dim")]
    lines = [[ink.say(line, role)] for text, role in parts for line in (wrap(text, max(width, 10)) or [""])]
    return lines[:height]
