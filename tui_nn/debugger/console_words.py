"""The console's commands: one row each. Reading, completion and help all come from them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

Takes = Literal["", "value", "condition", "stop", "numbers", "display", "amount", "back", "place", "setting", "command"]


@dataclass(frozen=True)
class Word:
    """A command. takes: what is written behind it. repeats: does an empty line do it once more?"""

    name: str
    short: tuple[str, ...]
    takes: Takes
    usage: str
    en: str
    ko: str
    repeats: bool = False

    def about(self, lang: str) -> str:
        return self.ko if lang == "ko" else self.en


WORDS = (
    Word("p", ("print",), "value", "p VALUE", "Print a value, a condition or a table here; a bare line does the same.", "값, 조건, 표를 이 자리에서 보여 줍니다. p 없이 써도 같습니다."),
    Word("display", (), "value", "display [VALUE]", "Show a value at each stop, with what it was before; alone: all that are shown.", "멈출 때마다 값을 이전 값과 함께 보여 줍니다. 혼자 쓰면 목록을 보입니다."),
    Word("undisplay", (), "display", "undisplay [N]", "Show it no more; alone: none of them.", "더는 보여 주지 않습니다. 혼자 쓰면 모두 지웁니다."),
    Word("break", ("b",), "stop", "break STOP", "Stop at an op, an iteration, an epoch, where a condition becomes true, where a value changes.", "연산, iteration, epoch, 조건이 참이 되는 곳, 값이 바뀌는 곳에서 멈춥니다."),
    Word("tbreak", ("tb",), "stop", "tbreak STOP", "The same, for once.", "한 번만 멈춥니다."),
    Word("stops", (), "", "stops", "List the stops.", "멈춤점 목록을 봅니다."),
    Word("delete", (), "numbers", "delete N ...", "Remove stops; delete all: every one.", "멈춤점을 지웁니다. delete all은 모두 지웁니다."),
    Word("enable", (), "numbers", "enable N ...", "Let stops halt the run again.", "멈춤점을 다시 켭니다."),
    Word("disable", (), "numbers", "disable N ...", "Keep stops, but pass over them.", "멈춤점을 남겨 두고 끕니다."),
    Word("ignore", (), "numbers", "ignore N COUNT", "Pass over a stop so many times.", "멈춤점을 그 횟수만큼 지나칩니다."),
    Word("until", ("u",), "condition", "until CONDITION [by op]", "Run until it holds after an iteration; by op: to the very operation.", "iteration이 끝난 뒤 조건이 참일 때까지 실행합니다. by op: 바로 그 연산까지."),
    Word("back", (), "back", "back [N] [UNIT] | stop | CONDITION", "Go back by N operations, to where a stop fires, or to where a condition held last.", "연산 N개만큼, 멈춤점이 걸리는 곳, 또는 조건이 마지막으로 참이던 곳으로 돌아갑니다.", True),
    Word("run", ("c", "continue"), "amount", "run [N]", "Train to the planned end, or for N iterations; stops halt it.", "계획한 끝까지, 또는 N iteration 학습합니다. 멈춤점에서 멈춥니다."),
    Word("step", ("s",), "amount", "step [N] [UNIT]", "Execute N operations.", "연산을 N개 실행합니다.", True),
    Word("next", ("n",), "amount", "next [N]", "Go to the start of the N-th next iteration.", "N번째 다음 iteration의 시작으로 갑니다.", True),
    Word("goto", ("g",), "place", "goto I[:OP]", "Go to a position: 300, 300:5, epoch 3, start or end.", "300, 300:5, epoch 3, start, end로 갑니다."),
    Word("set", (), "setting", "set KEY VALUE", "Change a setting or a single number from here on; 0.1x, *2 and /10 are factors.", "여기부터 설정이나 값 하나를 바꿉니다. 0.1x, *2, /10은 곱하거나 나눕니다."),
    Word("undo", (), "", "undo", "Take the newest edit back, with the future it had replaced.", "마지막 편집을 되돌립니다."),
    Word("redo", (), "", "redo", "Make it again.", "되돌린 편집을 다시 합니다."),
    Word("fork", (), "", "fork", "One more run, with the same past and a future of its own.", "과거가 같고 미래가 따로인 실행을 하나 더 만듭니다."),
    Word("edits", (), "", "edits", "List what was changed, and where.", "무엇을 어디서 바꿨는지 봅니다."),
    Word("help", ("h",), "command", "help [COMMAND]", "This list, or what one command does.", "이 목록, 또는 명령 하나의 설명을 봅니다."),
)  # fmt: skip

NAMES = {name: word for word in WORDS for name in (word.name, *word.short)}
_COMMAND = re.compile(r"\s*([a-z]+)(?![A-Za-z0-9_.\[(@])\s*", re.ASCII)


class Said(NamedTuple):
    """A line taken apart: the command (None: a value), what stands behind it, and at which index that begins."""

    word: Word | None
    rest: str
    start: int


def read_line(line: str) -> Said:
    """`step 3` is a command; `epoch`, `loss < 1`, `m.dense_1[0,0]` are values. No metric is called like a command."""
    match = _COMMAND.match(line)
    word = NAMES.get(match[1]) if match else None
    if match is None or word is None:
        start = len(line) - len(line.lstrip())
        return Said(None, line.strip(), start)
    return Said(word, line[match.end() :].rstrip(), match.end())


def help_lines(lang: str, name: str = "") -> list[str]:
    """What all commands do, or one. Errors: KeyError for a name that is none."""
    words = [NAMES[name]] if name else list(WORDS)
    width = max(len(word.usage) for word in words) + 2
    lines = []
    for word in words:
        short = f" ({', '.join(word.short)})" if word.short else ""
        lines.append(f"{word.usage:<{width}}{word.about(lang)}{short}")
    return lines
