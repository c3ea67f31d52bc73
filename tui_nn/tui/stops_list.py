"""The list of stops: what each waits for, how often it was met, and how one is written. Knows no widget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui_nn.debugger.stop_kinds import AtEpoch, AtIteration, AtOp, Changes
from tui_nn.tui.choices import first_row
from tui_nn.tui.ink import Ink
from tui_nn.tui.text import cells, fit, wrap

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.stop_kinds import Kind
    from tui_nn.debugger.stops import Breakpoint

    Line = list[Segment]

WORDS = {
    "en": {
        "op": "op", "iteration": "iteration", "epoch": "epoch", "condition": "condition", "value": "value", "sign": "sign",
        "add": "add a stop", "met": "met {}", "ignore": "ignores {}", "once": "once", "off": "off",
    },
    "ko": {
        "op": "연산", "iteration": "iteration", "epoch": "epoch", "condition": "조건", "value": "값", "sign": "부호",
        "add": "멈춤점 추가", "met": "{}번 만남", "ignore": "{}번 지나침", "once": "한 번", "off": "꺼짐",
    },
}  # fmt: skip
FORMS = {
    "en": (
        ("op backward dense_1", "before that operation, each time; or its number: op 12"),
        ("iteration 500", "at its start; epoch 3 likewise"),
        ("loss > 2 * min(loss)", "where a condition becomes true"),
        ("loss changes", "where a value is another than one operation before"),
        ("weight.dense_1[0,0] changes sign", "below 0, and it was not, or the other way round"),
        ("..., temporary", "for once;  ..., ignore 3: passed over three times;  ..., disabled"),
    ),
    "ko": (
        ("op backward dense_1", "그 연산 앞마다. 번호로도: op 12"),
        ("iteration 500", "그 시작에서. epoch 3도 같음"),
        ("loss > 2 * min(loss)", "조건이 참이 되는 곳"),
        ("loss changes", "값이 바로 앞 연산과 다른 곳"),
        ("weight.dense_1[0,0] changes sign", "0보다 작아지거나 다시 커지는 곳"),
        ("..., temporary", "한 번만;  ..., ignore 3: 세 번 지나침;  ..., disabled: 꺼 둠"),
    ),
}


def kind_name(kind: Kind) -> str:
    """A key of WORDS."""
    if isinstance(kind, Changes):
        return "sign" if kind.is_sign else "value"
    known = {AtOp: "op", AtIteration: "iteration", AtEpoch: "epoch"}
    return known.get(type(kind), "condition")


def stop_lines(stops: Sequence[Breakpoint], cursor: int, width: int, height: int, ink: Ink, lang: str) -> list[Line]:
    """The rows around the cursor, a stop each; the last is where one is added."""
    words = WORDS[lang]
    kinds = [words[kind_name(each.kind)] for each in stops]
    kind_width = max(map(cells, kinds), default=0) + 2
    number_width = max((len(str(each.number)) for each in stops), default=1) + 1
    said = [_said(each, lang) for each in stops]
    said_width = min(max(map(cells, said), default=0), max(width // 3, 8))
    top = first_row(len(stops) + 1, cursor, height)
    lines = []
    for i in range(top, min(top + height, len(stops) + 1)):
        is_here = i == cursor
        pointer = ink.glyph("next") if is_here else " "
        role = "cursor" if is_here else "text"
        if i == len(stops):
            lines.append([ink.say(fit(f"{pointer} + {words['add']}", min(cells(words["add"]) + 5, width)), role)])
            continue
        each = stops[i]
        head = f"{pointer} {'[x]' if each.enabled else '[ ]'} {each.number:>{number_width - 1}} "
        room = width - cells(head) - kind_width - said_width - 2
        line = [
            ink.say(head, role),
            ink.say(fit(kinds[i], kind_width), "cursor" if is_here else "dim"),
            ink.say(fit(each.text, max(room, 4)), "cursor" if is_here else "text" if each.enabled else "faint"),
        ]
        if room >= 4:
            line.append(ink.say("  " + fit(said[i], said_width), "dim"))
        lines.append(line)
    return lines


def _said(stop: Breakpoint, lang: str) -> str:
    words = WORDS[lang]
    parts = [words["met"].format(stop.hits)] if stop.hits else []
    parts += [words["ignore"].format(stop.ignore)] if stop.ignore else []
    parts += [words["once"]] if stop.temporary else []
    return "  ".join([*parts, words["off"]] if not stop.enabled else parts)


def form_lines(width: int, height: int, ink: Ink, lang: str) -> list[Line]:
    """How a stop is written."""
    form_width = min(max(cells(form) for form, _ in FORMS[lang]) + 2, width // 2)
    lines: list[Line] = []
    for form, about in FORMS[lang]:
        for k, piece in enumerate(wrap(about, max(width - form_width, 10))):
            lines.append([ink.say(fit("" if k else form, form_width), "strong"), ink.say(piece, "dim")])
    return lines[:height]
