"""Two runs side by side as lines: a metric of all open runs drawn over each other, what differs, where they part."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tui_nn.debugger.edits import words as value_words
from tui_nn.tui.ink import Ink
from tui_nn.tui.legend import Entry, legend
from tui_nn.tui.lineup import role_of
from tui_nn.tui.plot import Curve, plot
from tui_nn.tui.text import cells, fit, number, wrap

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.compare import Comparison, Parting
    from tui_nn.debugger.frame import Frame

    Line = list[Segment]

LEAST_CHART = 6  # rows; below, there is none
APART = 1e4  # as far apart values need a logarithmic axis
FIRST_METRICS = ("loss", "val_loss", "accuracy", "val_accuracy")  # drawn before all others
WORDS = {
    "en": {
        "first": "first", "second": "second", "setting": "setting", "metric": "metric", "difference": "second - first",
        "same settings": "No setting differs.", "same": "Not a byte differs in {} iterations.",
        "part": "They part at {}, in {}: {}.", "after": "After {} iterations", "since": "{} (set at {})",
        "busy": "looking up where they part …", "left": "the curves are there already; esc leaves",
        "empty": "Nothing has been measured yet: run them first, and look again.",
        "none": "not measured", "only first": "only the first has it", "only second": "only the second has it",
    },
    "ko": {
        "first": "첫째", "second": "둘째", "setting": "설정", "metric": "지표", "difference": "둘째 - 첫째",
        "same settings": "다른 설정이 없습니다.", "same": "반복 {}번 동안 한 바이트도 다르지 않습니다.",
        "part": "{}, {}에서 갈라집니다: {}.", "after": "반복 {}번 뒤", "since": "{} ({}에서 바꿈)",
        "busy": "어디서 갈라지는지 찾는 중 …", "left": "곡선은 먼저 볼 수 있습니다. esc: 나가기",
        "empty": "아직 잰 값이 없습니다. 먼저 실행한 다음 다시 보세요.",
        "none": "잰 적 없음", "only first": "첫째에만 있는 연산입니다", "only second": "둘째에만 있는 연산입니다",
    },
}  # fmt: skip
KOREAN = {  # of what differs, as compare.py says it
    r"output of ([\w.]+)": r"\1의 출력", r"delta of ([\w.]+)": r"\1의 델타", r"gradient of ([\w.]+)": r"\1의 기울기",
    r"^edit of (.+)$": r"\1 편집", r"(\w+) of ([\w.]+)": r"\2의 \1", "^samples": "표본", "^the start$": "처음 상태", " and ": ", ",
}  # fmt: skip


@dataclass(frozen=True)
class Side:
    """An open run. title, short, letter: of its name; place: in the line-up, which decides its colour."""

    title: str
    short: str
    letter: str
    place: int
    frame: Frame


def metrics_of(sides: Sequence[Side]) -> list[str]:
    """What may be drawn: what any of the runs has measured, the main ones first."""
    names = dict.fromkeys(name for side in sides for name in side.frame.program.metrics)
    return [*(name for name in FIRST_METRICS if name in names), *(name for name in names if name not in FIRST_METRICS)]


def spans_decades(sides: Sequence[Side], metric: str) -> bool:
    """Would a linear axis show the largest values alone? Not asked of values of which some are 0 or less."""
    curves = [side.frame.history.curve(metric)[1] for side in sides if metric in side.frame.program.metrics]
    finite = [curve[np.isfinite(curve)] for curve in curves]
    finite = [curve for curve in finite if len(curve)]
    low = min((float(curve.min()) for curve in finite), default=1.0)
    high = max((float(curve.max()) for curve in finite), default=1.0)
    return low > 0 and high > APART * low


def chart_lines(
    sides: Sequence[Side], metric: str, is_log: bool, parting: int | None, width: int, height: int, ink: Ink
) -> list[Line]:
    """Exactly `height` lines: the legend with each run's newest value, and the curves. parting: the iteration, if known.

    No curves where there is no room, or no run has measured it.
    """
    if height < LEAST_CHART:
        return [[] for _ in range(height)]
    curves, entries = [], []
    for i, side in enumerate(sides):
        has = metric in side.frame.program.metrics
        x, y = side.frame.history.curve(metric) if has else (np.empty(0, int), np.empty(0))
        mark = "" if i == 0 else side.letter
        curves.append(Curve(x, y, role_of(side.place), mark=mark))
        value = number(float(y[-1])) if len(y) else "-"
        entries.append(Entry(mark or ink.glyph("train"), role_of(side.place), side.short, value))
    last = max((float(curve.x[-1]) for curve in curves if len(curve.x)), default=1.0)
    head = legend(entries, f"{metric} ", "log" if is_log else "", width, 2, ink)
    if not any(len(curve.x) for curve in curves):
        return [*head, *([] for _ in range(height - len(head)))]
    picture = plot(curves, width, height - len(head), ink, log=is_log, here=parting, last=last)
    return [*head, *picture.lines]


def comparison_lines(found: Comparison, sides: tuple[Side, Side], width: int, ink: Ink, lang: str) -> list[Line]:
    """What differs, in tables that fit the width."""
    words = WORDS[lang]
    lines: list[Line] = []
    for key, side in zip(("first", "second"), sides, strict=True):
        head = f"{words[key]}: "
        lines.append(
            [ink.say(head, "dim"), ink.say(fit(side.title, width - cells(head)).rstrip(), role_of(side.place))]
        )
    lines.append([])
    said = words["same"].format(f"{found.iteration:,}") if found.parting is None else _parting(found.parting, lang)
    lines += [[ink.say(line, "strong")] for line in wrap(said, width)]
    lines.append([])
    settings = [
        (
            words["since"].format(row.key, row.since) if row.since else row.key,
            value_words(row.first), value_words(row.second),
        )
        for row in found.settings
    ]  # fmt: skip
    if settings:
        lines += _table((words["setting"], words["first"], words["second"]), settings, width, ink)
    else:
        lines.append([ink.say(words["same settings"], "dim")])
    if not found.metrics:
        return [*lines, [], *([ink.say(line, "dim")] for line in wrap(words["empty"], width))]
    lines += [[], [ink.say(words["after"].format(f"{found.iteration:,}"), "dim")]]
    main = [row for name in FIRST_METRICS for row in found.metrics if row.name == name]
    rows = [
        (row.name, _number(row.first), _number(row.second), _number(row.difference, True))
        for row in (*main, *(row for row in found.metrics if row not in main))
    ]
    head = (words["metric"], words["first"], words["second"], words["difference"])
    return lines + _table(head, rows, width, ink, is_right=True)


def _number(value: float | None, is_signed: bool = False) -> str:
    if value is None:
        return "-"
    return ("+" if is_signed and value > 0 else "") + number(value)


def _parting(parting: Parting, lang: str) -> str:
    what, label = parting.what, parting.label
    which = re.fullmatch("only the (first|second) has this operation", what)
    if which:
        what = WORDS[lang][f"only {which[1]}"]
    elif lang == "ko":
        for english, korean in KOREAN.items():
            what, label = re.sub(english, korean, what), re.sub(english, korean, label)
    return WORDS[lang]["part"].format(parting.position, label, what)


def _table(
    head: Sequence[str], rows: Sequence[Sequence[str]], width: int, ink: Ink, is_right: bool = False
) -> list[Line]:
    """Columns as wide as their widest cell; where they are wider than the page, the widest are cut."""
    columns = list(zip(head, *rows, strict=True))
    wide = [max(map(cells, column)) for column in columns]
    while sum(wide) + 2 * (len(wide) - 1) > width and max(wide) > 4:
        wide[wide.index(max(wide))] -= 1
    lines = []
    for n, row in enumerate((head, *rows)):
        texts = [
            fit(text, wide[k], ">" if is_right and k else "<") for k, text in enumerate(row)
        ]  # fmt: skip
        roles = ["dim"] * len(texts) if n == 0 else ["text", *["strong"] * (len(texts) - 1)]
        parts = [ink.say(text + ("  " if k < len(texts) - 1 else ""), role) for k, (text, role) in enumerate(zip(texts, roles, strict=True))]  # fmt: skip
        lines.append(parts)
    return lines
