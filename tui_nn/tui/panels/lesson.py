"""Panel 5: the lesson's text, and the script that plays it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.base import Line, Panel
from tui_nn.tui.quiz import quiz_lines
from tui_nn.tui.text import fit, wrap
from tui_nn.tui.view import View

if TYPE_CHECKING:
    from tui_nn.scenario.spec.base import Text
    from tui_nn.scenario.spec.playback import ScriptLine
    from tui_nn.tui.quiz import Quiz

MIN_TEXT = 20  # cells; below, wrapping would leave single words
NONE_YET = {"en": "This scenario brings no lesson.", "ko": "이 시나리오에는 설명이 없습니다."}
NO_SCRIPT = {"en": "This scenario has no script to play.", "ko": "이 시나리오에는 재생할 대본이 없습니다."}
PLAY_HINT = {"en": "p plays it", "ko": "p: 재생"}


@dataclass(frozen=True)
class Cue:
    """One line of the script as the panel shows it: what is said and what is done."""

    say: dict[str, str]
    moves: tuple[str, ...]
    ask: dict[str, str] = field(default_factory=dict)


def lesson_lines(text: str, width: int, ink: Ink) -> list[Line]:
    """The text in paragraphs; lines indented by the author, such as formulas, stand out."""
    lines = wrap(text, max(width - 2, MIN_TEXT))
    return [[ink.say(" " + line, "accent" if line.startswith("  ") else "text")] for line in lines]


def script_lines(
    cues: Sequence[Cue], current: int, lang: str, width: int, ink: Ink, has_quiz: bool = False
) -> tuple[list[Line], int]:
    """All lines of the script, and the row where the current one (0 before the first, else counted from 1) begins.

    has_quiz: the current one's question stands elsewhere.
    """
    lines: list[Line] = []
    focus = 0
    for number, cue in enumerate(cues, 1):
        is_now, is_done = number == current, number < current
        if is_now:
            focus = len(lines)
        mark = ink.glyph("next") if is_now else ink.glyph("done") if is_done else " "
        role = "strong" if is_now else "faint" if is_done else "dim"
        head = [ink.say(mark, "accent" if is_now else "good"), ink.say(f"{number:>2} ", "dim")]
        said = wrap(cue.say.get(lang, ""), max(width - 5, MIN_TEXT)) if cue.say else []
        for i, line in enumerate(said):
            lines.append([*(head if i == 0 else [ink.say("    ")]), ink.say(line, role)])
        for i, move in enumerate(cue.moves):
            lead = head if not said and i == 0 else [ink.say("    ")]
            lines.append(
                [*lead, ink.say(fit(ink.glyph("to") + " " + move, width - 5).rstrip(), "update" if is_now else "faint")]
            )
        asked = wrap(cue.ask.get(lang, ""), max(width - 7, MIN_TEXT)) if cue.ask and not (is_now and has_quiz) else []
        for i, line in enumerate(asked):
            lead = head if not said and not cue.moves and i == 0 else [ink.say("    ")]
            lines.append([*lead, ink.say("  " if i else "? ", "dim"), ink.say(line, role)])
    return lines, focus


def cues_of(script: Sequence[ScriptLine]) -> tuple[Cue, ...]:
    """The lines of a scenario's script."""
    from tui_nn.debugger.script import script_lines as read

    return tuple(
        Cue(_both(line.say), tuple(str(move) for move in line.moves), _both(line.question and line.question.ask))
        for line in read(script)
    )


def _both(text: Text | None) -> dict[str, str]:
    return {"en": text.en, "ko": text.ko} if text else {}


class LessonPanel(Panel):
    """What is to be seen here, in English or Korean."""

    number: ClassVar[int] = 5
    where: ClassVar[str] = "lesson"
    tabs: ClassVar[tuple[str, ...]] = ("Lesson", "Script")
    about: ClassVar[str] = (
        "What this scenario teaches; l switches between English and Korean. The second tab is the script: p plays it, line by line, moving the "
        "run as it goes; space pauses and resumes it, esc ends it."
    )

    def __init__(self, view: View, ink: Ink) -> None:
        super().__init__(view, ink)
        self.prose: dict[str, str] = {}
        self.cues: tuple[Cue, ...] = ()
        self.current = 0  # the line of the script that plays, from 1; 0 before it starts
        self.quiz: Quiz | None = None  # what that line asks
        self.score: dict[str, str] = {}  # how many of its questions were answered right, once it is over

    def active_tab(self) -> int:
        return ("lesson", "script").index(self.view.lesson)

    def switch_tab(self, by: int) -> None:
        self.show_tab(("lesson", "script")[(self.active_tab() + by) % 2])

    def show_tab(self, tab: str) -> None:
        self.view.lesson, self.view.scroll = tab, 0
        self.redraw()

    def show_cue(self, current: int) -> None:
        """Let the script stand at that line, and bring it into sight."""
        self.current = current
        self.view.lesson, self.view.scroll = "script", 0
        self.redraw()

    def show_quiz(self, quiz: Quiz | None) -> None:
        if quiz is not self.quiz:
            self.view.scroll = 0
        if quiz is not None or self.quiz is not None:
            self.quiz = quiz
            self.redraw()

    def note(self) -> str:
        if self.view.lesson == "script" or not self.cues:
            return ""
        return PLAY_HINT[self.view.lang]

    def show(self, frame) -> None:
        """The text does not depend on the frame: nothing to redraw unless it is the first."""
        if self.frame is None:
            super().show(frame)

    def draw(self, frame, width: int, height: int) -> list[Line]:
        lines, focus = self._all_lines(width)
        first = min(max(focus - height // 3, 0), max(len(lines) - height, 0)) if focus else 0
        if self.quiz is not None and self.view.lesson == "script":
            asked = quiz_lines(self.quiz, self.view.lang, max(width - 2, MIN_TEXT), height, self.ink)
            at = self._quiz_row(width)
            lines[at:at] = [[self.ink.say(" "), *line] for line in asked]
            first = min(
                max(at + len(asked) - height, 0), at
            )  # all of it, and as much of what comes before as there is room for
        last = max(len(lines) - height, 0)
        start = max(0, min(first + self.view.scroll, last))
        self.view.scroll = start - first
        shown = [list(line) for line in lines[start : start + height]]
        for row, is_more, glyph in ((0, start > 0, "more_up"), (-1, start < last, "more_down")):
            if is_more and shown:
                used = sum(segment.cell_length for segment in shown[row])
                shown[row] = [
                    *shown[row],
                    self.ink.say(" " * max(width - used - 1, 0)),
                    self.ink.say(self.ink.glyph(glyph), "accent"),
                ]
        return shown

    def _all_lines(self, width: int) -> tuple[list[Line], int]:
        lang = self.view.lang
        if self.view.lesson == "script":
            if not self.cues:
                return lesson_lines(NO_SCRIPT[lang], width, self.ink), 0
            lines, focus = script_lines(self.cues, self.current, lang, width, self.ink, self.quiz is not None)
            if self.score:
                lines.append([self.ink.say("    " + self.score[lang], "accent")])
            return lines, focus
        return lesson_lines(self.prose.get(lang) or NONE_YET[lang], width, self.ink), 0

    def _quiz_row(self, width: int) -> int:
        """Behind the line that asks."""
        return len(script_lines(self.cues[: self.current], self.current, self.view.lang, width, self.ink, True)[0])

    def move(self, dx: int, dy: int, page: bool = False) -> None:
        self.view.scroll += (dx + dy) * (max(self.size.height - 2, 1) if page else 1)
        self.redraw()
