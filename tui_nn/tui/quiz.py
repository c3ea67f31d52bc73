"""A question of the lesson as the screen has it: what stands there while it is open, and what the run says to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.strip import Strip
from textual.widget import Widget

from tui_nn.tui.commands import COMMANDS
from tui_nn.tui.ink import Ink
from tui_nn.tui.paint import paint
from tui_nn.tui.text import cells, fit, number, wrap

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.question import Grading, Reading
    from tui_nn.debugger.script import Line as ScriptLine
    from tui_nn.debugger.script import Question
    from tui_nn.tui.arrange import Area

    Line = list[Segment]

INDENT = 4  # of what stands under a choice
MIN_TEXT = 16  # cells; below, wrapping would leave single words
BRIEF, RIGHT_ONE, ALL = range(3)  # how much of an answer is shown: see quiz_lines

WORDS = {
    "question": {"en": "Question", "ko": "질문"},
    "keys": {"en": "{answer} answers, {on} passes it over", "ko": "{answer}: 대답, {on}: 건너뛰기"},
    "asking": {"en": "The run is asked … {share} %", "ko": "학습을 돌려 알아봅니다 … {share} %"},
    "right": {"en": "Right: the run says {key}.", "ko": "맞았습니다. 학습 결과는 {key}번입니다."},
    "wrong": {"en": "No: the run says {key}.", "ko": "아닙니다. 학습 결과는 {key}번입니다."},
    "told": {"en": "The run says {key}.", "ko": "학습 결과는 {key}번입니다."},
    "unclear": {
        "en": "In this run no single answer is right.",
        "ko": "이 학습에서는 맞는 답이 하나로 정해지지 않습니다.",
    },
    "failed": {"en": "The run could not be asked: {why}", "ko": "학습에서 답을 알아내지 못했습니다: {why}"},
    "score": {"en": "{right} of {all} questions right", "ko": "질문 {all}개 중 {right}개 맞음"},
}


class Quiz:
    """One question on the screen. The player opens it, the user closes it: by an answer, or by going on."""

    def __init__(self, line: ScriptLine, question: Question, grading: Grading) -> None:
        self.line, self.question, self.grading = line, question, grading
        self.chosen: int | None = None
        self.is_passed = False
        self.is_told = False  # does the screen say what the run says?
        self.is_open = True  # may it be answered?

    def answer(self, index: int) -> None:
        self.chosen, self.is_open = index, False

    def close(self) -> None:
        """Nobody answers: the run does."""
        self.is_open = False

    def pass_over(self) -> None:
        self.is_passed, self.is_open = True, False
        self.grading.cancel()

    def tell(self) -> None:
        self.is_told = True

    @property
    def right(self) -> int | None:
        return self.grading.grade.right if self.grading.grade is not None else None


def score_words(right: int, n: int) -> dict[str, str]:
    """In both languages; nothing where nothing was asked."""
    return {lang: text.format(right=right, all=n) for lang, text in WORDS["score"].items()} if n else {}


def answer_keys(n: int) -> list[str]:
    """The keys of the first n answers, as they are now."""
    keys = {command.id: command.shown_key for command in COMMANDS}
    return [keys[f"answer-{index}"] or "-" for index in range(1, n + 1)]


def keys_text(n: int) -> str:
    """ "1-3" where the keys are digits in a row; else all of them."""
    keys = answer_keys(n)
    is_row = all(key.isdigit() and int(key) == int(keys[0]) + i for i, key in enumerate(keys) if keys[0].isdigit())
    return f"{keys[0]}-{keys[-1]}" if keys[0].isdigit() and is_row else " ".join(keys)


def quiz_lines(quiz: Quiz, lang: str, width: int, height: int, ink: Ink) -> list[Line]:
    """The question, its choices and, once they are there, the numbers that decided.

    Where the height has no room for those of all choices: for the right one's; and last, of the choices and the question
    only what the answer needs. While it is open none may be missing: then each text is cut to one row.
    """
    details = (ALL, RIGHT_ONE, BRIEF) if quiz.is_told else (ALL, BRIEF)
    lines: list[Line] = []
    for detail in details:
        lines = _lines(quiz, lang, width, ink, detail)
        if len(lines) <= height:
            break
    return lines


def _lines(quiz: Quiz, lang: str, width: int, ink: Ink, detail: int) -> list[Line]:
    question, is_brief, is_cut = quiz.question, detail == BRIEF and quiz.is_told, detail == BRIEF and not quiz.is_told
    lines: list[Line] = []
    if not is_brief:
        lines += _wrapped("? ", getattr(question.ask, lang), width, ink, "accent", "strong", is_cut)
    for index, key in enumerate(answer_keys(len(question.choices))):
        mark, role = _mark(quiz, index)
        if is_brief and not mark:
            continue
        mark = ink.glyph(mark) if mark else " "
        text_role = role or ("dim" if quiz.is_told else "text")
        text = getattr(question.choices[index], lang)
        lines += _wrapped(f"{mark} {key} ", text, width, ink, role or "key", text_role, is_cut)
        grade = quiz.grading.grade if quiz.is_told else None
        if grade is not None and (detail == ALL or index == quiz.right):
            for words in _numbers(grade.readings[index], index == quiz.right and not is_brief, width - INDENT):
                lines += _wrapped(" " * INDENT, words, width, ink, "dim", "dim")
    lines += _verdict(quiz, lang, width, ink)
    if quiz.is_told and question.because is not None:
        lines += _wrapped("", getattr(question.because, lang), width, ink, "text", "text")
    return lines


def _mark(quiz: Quiz, index: int) -> tuple[str, str]:
    """The glyph before a choice, and the role of both."""
    if quiz.is_told and index == quiz.right:
        return "done", "good"
    if index == quiz.chosen:
        return ("nan", "bad") if quiz.is_told and quiz.right is not None else ("next", "accent")
    return "", ""


def _numbers(reading: Reading, with_condition: bool, width: int) -> list[str]:
    """The condition, if it is to be told, and what it read: side by side where there is room, else below each other."""
    values = [f"{name} {number(value)}" for name, value in reading.values.items()]
    in_a_row = ", ".join(values)
    rows = [in_a_row] if cells(in_a_row) <= width else values
    return [reading.choice.when, *rows] if with_condition else rows


def _verdict(quiz: Quiz, lang: str, width: int, ink: Ink) -> list[Line]:
    right = quiz.right
    if quiz.is_open:
        on = next(command.shown_key for command in COMMANDS if command.id == "line-on")
        name, role, values = "keys", "dim", {"answer": keys_text(len(quiz.question.choices)), "on": on}
    elif not quiz.is_told:
        name, role, values = "asking", "accent", {"share": int(100 * quiz.grading.share)}
    elif quiz.grading.failure:
        name, role, values = "failed", "bad", {"why": quiz.grading.failure}
    elif right is None:
        name, role, values = "unclear", "warn", {}
    else:
        name = "told" if quiz.chosen is None else "right" if quiz.chosen == right else "wrong"
        role = {"told": "strong", "right": "good", "wrong": "bad"}[name]
        values = {"key": answer_keys(len(quiz.question.choices))[right]}
    return _wrapped("", WORDS[name][lang].format(**values), width, ink, role, role)


def _wrapped(lead: str, text: str, width: int, ink: Ink, lead_role: str, role: str, is_cut: bool = False) -> list[Line]:
    """The text beside what leads it, the lines below indented as far; or, cut, the first of them alone."""
    room = max(width - cells(lead), MIN_TEXT)
    rows = [fit(text, room).rstrip()] if is_cut else wrap(text, room)
    blank = " " * cells(lead)
    return [[ink.say(lead if i == 0 else blank, lead_role), ink.say(row, role)] for i, row in enumerate(rows)]


class QuizNote(Widget):
    """The question over the lower edge of a zone of the screen, where the lesson has no room of its own.

    Never over two panels side by side: Textual cuts every line at the edges of what lies below, also through a syllable
    that takes two cells.
    """

    DEFAULT_CSS = "QuizNote { position: absolute; background: $surface; display: none; }"

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Line] = []
        self._strips: list[Strip] = []

    def show(self, quiz: Quiz | None, lang: str, zone: Area, ink: Ink) -> None:
        """Lay it over the lower rows of the zone; None takes it away."""
        self.display = quiz is not None
        if quiz is None:
            return
        width = zone.width
        body = [[ink.say(" "), *line] for line in quiz_lines(quiz, lang, width - 2, zone.height - 2, ink)]
        rule = ink.glyph("rule_focus")
        title = f"{rule * 2} {WORDS['question'][lang]} "
        self.lines = [[ink.say(title + rule * (width - cells(title)), "accent")], *body][: zone.height]
        self.styles.width, self.styles.height = width, len(self.lines)
        self.styles.offset = (zone.x, zone.y + zone.height - len(self.lines))
        self._strips = []
        self.refresh()

    def render_line(self, y: int) -> Strip:
        if not self._strips:
            self._strips = paint(self, self.lines)
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width)

    def on_resize(self) -> None:
        self._strips = []

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips = []
