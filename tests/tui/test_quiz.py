"""Questions of a lesson on the screen: asked, answered by keys or by the run, passed over, asked again."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.tui.driver import drive, screen_text, tap, until
from tests.tui.goldens import as_text, check
from tests.tui.test_player import written
from tui_nn import Session, load_scenario
from tui_nn.debugger.position import Position
from tui_nn.debugger.question import Grade, Reading
from tui_nn.debugger.script import Playback
from tui_nn.tui.app import Wish
from tui_nn.tui.ink import Ink
from tui_nn.tui.mover import Mover
from tui_nn.tui.player import Player, answer_s, duration_s, question_s
from tui_nn.tui.quiz import Quiz, keys_text, quiz_lines, score_words
from tui_nn.tui.record import record

INK = Ink(mono=True)
QUESTION = """
[[script]]
say = { en = "Five iterations.", ko = "다섯 번 반복합니다." }
step = "5 iterations"
ask = { en = "Where does the loss stand now?", ko = "이제 손실은 어디에 있습니까?" }
choices = [
    { en = "Below its start", ko = "처음보다 아래", when = "loss < loss@0" },
    { en = "Where it was", ko = "제자리", when = "loss == loss@0" },
    { en = "Above", ko = "위", when = "loss > loss@0" },
]
because = { en = "Adam goes downhill.", ko = "Adam은 내려갑니다." }
"""
FAR = QUESTION.replace('step = "5 iterations"', 'at = "20 iterations"\nchange = { "optimizer.lr" = 0.01 }')
ENDLESS = QUESTION.replace('step = "5 iterations"', 'at = "10000000 iterations"')
LAST = '[[script]]\nsay = { en = "That was it.", ko = "끝입니다." }\nstep = "1 iteration"\n'


class Lesson:
    """A player of that script on a session of its own."""

    def __init__(self, folder: Path, script: str, **options: Any) -> None:
        self.session = Session(load_scenario(written(folder, script)))
        self.session.prepare()
        self.mover = Mover(self.session)
        self.player = Player(self.mover, lambda line: self.lines.append(line.number), lambda: "en", **options)
        self.lines: list[int] = []
        self.now = 0.0

    def until(self, holds) -> None:
        """Turn the clock until it holds; the machine, and what is asked elsewhere, get all the time they need."""
        for _ in range(20_000):
            if holds():
                return
            self.player.tick(self.now)
            while self.mover.kind:
                self.mover.poll()
            for thread in threads():
                thread.join(60)
            self.now += 0.05
        raise AssertionError("never came true")

    def until_asked(self) -> Quiz:
        self.until(lambda: self.player.quiz is not None)
        assert self.player.quiz is not None
        return self.player.quiz


@pytest.fixture
def lesson(tmp_path):
    opened = []

    def make(script: str, **options: Any) -> Lesson:
        opened.append(Lesson(tmp_path, script, **options))
        return opened[-1]

    yield make
    for each in opened:
        each.session.close()


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "tui-nn question"]


# The player


@pytest.mark.parametrize("script", [QUESTION, FAR], ids=["here", "elsewhere"])
@pytest.mark.parametrize("chosen", [0, 2])
def test_it_waits_for_an_answer_and_goes_on(lesson, script: str, chosen: int):
    """Behind the moves, for an hour if need be; then the run says what is right, it is read, and the next line comes."""
    at = lesson(script + LAST)
    quiz = at.until_asked()
    stood = at.session.position
    at.now += 3600.0
    at.player.tick(at.now)
    assert quiz.is_open
    assert at.session.position == stood
    at.player.answer(chosen, at.now)
    at.until(lambda: quiz.is_told)
    told = at.now
    assert (quiz.right, quiz.chosen) == (0, chosen)
    at.until(lambda: len(at.lines) == 2)
    assert at.now - told == pytest.approx(answer_s(quiz.question, "en"), abs=0.2)
    at.until(lambda: at.player.is_over)
    assert at.player.score == (int(chosen == 0), 1)
    assert at.player.quiz is None


def test_a_question_is_passed_over(lesson):
    """At once on to the next line, with nothing told; it counts as one that was asked."""
    at = lesson(QUESTION + LAST)
    quiz = at.until_asked()
    at.player.line_on(at.now)
    at.until(lambda: len(at.lines) == 2)
    assert not quiz.is_told
    at.until(lambda: at.player.is_over)
    assert at.player.score == (0, 1)


def test_who_hurries_through_the_moves_is_still_asked(lesson):
    """And given the time to read the answer."""
    at = lesson(QUESTION + LAST)
    at.player.tick(0.0)
    at.player.line_on(0.1)
    quiz = at.until_asked()
    assert quiz.is_open
    assert at.lines == [1]
    at.player.answer(0, at.now)
    at.until(lambda: quiz.is_told)
    told = at.now
    at.until(lambda: len(at.lines) == 2)
    assert at.now - told == pytest.approx(answer_s(quiz.question, "en"), abs=0.2)


def test_a_line_back_asks_again(lesson):
    """From the answer, and from the line behind; the last answer counts."""
    at = lesson(QUESTION + LAST)
    first = at.until_asked()
    at.player.answer(2, at.now)
    at.until(lambda: first.is_told)
    at.player.line_back(at.now)
    at.until(lambda: at.session.position == (0, 0))
    second = at.until_asked()
    assert second is not first
    at.player.answer(1, at.now)
    at.until(lambda: len(at.lines) == 3)
    at.player.line_back(at.now)
    third = at.until_asked()
    assert third.is_open
    at.player.answer(0, at.now)
    at.until(lambda: at.player.is_over)
    assert at.player.score == (1, 1)
    assert at.lines == [1, 1, 2, 1, 2]


def test_back_from_an_answered_question_without_moves(lesson):
    """Nothing has moved since the line began, but the answer has been seen: the line begins anew, not the one before."""
    at = lesson(LAST + FAR.replace('say = { en = "Five iterations.", ko = "다섯 번 반복합니다." }\n', ""))
    quiz = at.until_asked()
    at.player.answer(0, at.now)
    at.until(lambda: quiz.is_told)
    at.now += 5.0
    at.player.line_back(at.now)
    assert at.until_asked() is not quiz
    assert at.lines == [1, 2, 2]


def test_the_answer_is_that_of_the_place_where_it_was_asked(lesson):
    """The user leads the run elsewhere to look around, then answers: read where it was asked, and on from there."""
    at = lesson(QUESTION + LAST)
    quiz = at.until_asked()
    at.player.pause()
    at.session.goto(0)
    at.player.answer(0, at.now)
    at.until(lambda: quiz.is_told)
    assert quiz.grading.grade is not None
    assert quiz.grading.grade.position == at.session.position == (5, 0)
    assert quiz.right == 0
    at.until(lambda: at.player.is_over)
    assert at.session.position == (6, 0)


@pytest.mark.parametrize("script", [QUESTION, FAR], ids=["here", "elsewhere"])
def test_where_nobody_answers_the_run_does(lesson, script: str):
    """When its time is over; nothing is counted, and the whole takes as long as was foreseen."""
    at = lesson(script + LAST, is_attended=False)
    quiz = at.until_asked()
    asked = at.now
    at.until(lambda: quiz.is_told)
    line = at.player.playback.lines[0]
    assert at.now - asked == pytest.approx(question_s(line, "en"), abs=0.2)
    assert (quiz.chosen, quiz.right) == (None, 0)
    at.until(lambda: at.player.is_over)
    assert at.player.score == (0, 0)
    assert at.now == pytest.approx(duration_s(at.player.playback.lines, "en"), rel=0.07)


def test_a_question_stands_as_long_as_the_script_says(lesson):
    at = lesson(QUESTION + "wait = 9.0\n", is_attended=False)
    quiz = at.until_asked()
    asked = at.now
    at.until(lambda: quiz.is_told)
    assert at.now - asked == pytest.approx(9.0, abs=0.2)


def test_an_answer_that_takes_long_holds_nothing_up(lesson):
    """The player comes back at once, again and again; passed over, the computation ends."""
    at = lesson(ENDLESS)
    for _ in range(100):
        at.player.tick(at.now)
        at.now += 1.0
    at.player.answer(0, at.now)
    for _ in range(100):
        at.player.tick(at.now)
    assert not at.player.quiz.is_told
    at.player.line_on(at.now)
    at.player.tick(at.now)
    assert at.player.quiz is None
    at.until(lambda: at.player.is_over and not threads())


# Pictures


@dataclass
class Done:
    """A grading whose outcome is given."""

    grade: Grade | None
    failure: str = ""
    share: float = 0.4

    @property
    def is_done(self) -> bool:
        return self.grade is not None or bool(self.failure)

    def cancel(self) -> None: ...


def quiz_of(session: Session, holding: tuple[int, ...] = (0,), chosen: int | None = None, is_told: bool = True) -> Quiz:
    line = Playback(session).lines[0]
    assert line.question is not None
    values: dict[str, float | None] = {"loss": 0.04321, "loss@0": 0.7654}
    readings = tuple(Reading(choice, n in holding, values) for n, choice in enumerate(line.question.choices))
    quiz = Quiz(line, line.question, Done(Grade(readings, Position(5, 0))))  # type: ignore[arg-type]
    if chosen is not None:
        quiz.answer(chosen)
    if is_told:
        quiz.close()
        quiz.tell()
    return quiz


@pytest.mark.parametrize(("lang", "width"), list(product(("en", "ko"), (30, 76))))
def test_pictures(lesson, lang: str, width: int):
    """Open; answered right, and wrong; in a width for each of the two places where it stands."""
    session = lesson(QUESTION).session
    quizzes = [quiz_of(session, is_told=False), quiz_of(session, chosen=0), quiz_of(session, chosen=2)]
    lines = [line for quiz in quizzes for line in [*quiz_lines(quiz, lang, width, 30, INK), []]]
    check(f"quiz-{lang}-{width}", lines, width, 60)


@pytest.mark.parametrize("width", range(20, 100, 7))
def test_it_fits_the_width_and_says_what_the_height_allows(lesson, width: int):
    """While it is open every choice is there, cut if need be; answered, at least the right one's numbers are."""
    session = lesson(QUESTION.replace("Where it was", "x" * 100)).session
    for height, lang in product((6, 9, 12, 40), ("en", "ko")):
        lines = quiz_lines(quiz_of(session, is_told=False), lang, width, height, INK)
        text = as_text(lines)
        assert len(lines) <= height
        assert all(f" {key} " in text for key in "123")
        told = quiz_lines(quiz_of(session, chosen=2), lang, width, height, INK)
        assert "0.04321" in as_text(told)
        for line in (*lines, *told):
            assert sum(segment.cell_length for segment in line) <= width


def test_what_else_may_be_said(lesson):
    """The run answers by itself, has no single answer, is still at it, or cannot be asked."""
    session = lesson(QUESTION).session

    def said(quiz: Quiz, lang: str = "en") -> str:
        return as_text(quiz_lines(quiz, lang, 70, 40, INK))

    assert "The run says 1." in said(quiz_of(session))
    assert "no single answer is right" in said(quiz_of(session, holding=(0, 1), chosen=0))
    assert "하나로 정해지지 않습니다" in said(quiz_of(session, holding=(), chosen=0), "ko")
    waiting = quiz_of(session, chosen=1, is_told=False)
    assert "The run is asked … 40 %" in said(waiting)
    assert "0.04321" not in said(waiting)
    broken = quiz_of(session, chosen=1)
    broken.grading = Done(None, "out of memory")  # type: ignore[assignment]
    assert "The run could not be asked: out of memory" in said(broken)


def test_words_of_the_keys_and_the_score():
    assert [keys_text(n) for n in (2, 5)] == ["1-2", "1-5"]
    assert score_words(2, 3) == {"en": "2 of 3 questions right", "ko": "질문 3개 중 2개 맞음"}
    assert score_words(0, 0) == {}


def test_the_users_own_keys_are_told(monkeypatch):
    from tui_nn.tui import commands

    monkeypatch.setattr(commands, "_own_keys", {"answer-1": ("f6",), "answer-2": ("f7",)})
    assert keys_text(3) == "F6 F7 3"


# The screen


@pytest.mark.parametrize(
    ("size", "lang"),
    list(product([(80, 24), (120, 40)], ("en", "ko")))[:: 1 if os.environ.get("TUI_NN_FULL") == "1" else 3],
)
def test_a_lesson_asks_and_is_answered_by_keys(tmp_path, size: tuple[int, int], lang: str):
    """Where the narration stands, or over the panel beside; the digits answer, then lead to panels again; the score ends it.

    Outside the full run each size has one language.
    """
    texts = {
        "en": ("Where does the loss stand now?", "1-3 answers", "No: the run says 1.", "Right: the run says 1.", "1 of 2 questions right", "downhill"),
        "ko": ("이제 손실은 어디에 있습니까?", "1-3: 대답", "아닙니다. 학습 결과는 1번입니다.", "맞았습니다. 학습 결과는 1번입니다.", "질문 2개 중 1개 맞음", "내려갑니다."),
    }  # fmt: skip
    ask, keys, wrong, right, score, reason = texts[lang]
    path = written(tmp_path, QUESTION + FAR)

    async def act(app, pilot):
        run = app.debugger

        def text() -> str:
            """The place where the question stands; and each line of it stands on the screen as it is."""
            place = run.quiz_note.lines if run.quiz_note.display else run.lesson._lines
            rows = as_text(place).splitlines()
            assert all(row.strip(" ▲▼") in screen_text(app) for row in rows)
            return " ".join(" ".join(row.strip(" ▲▼") for row in rows).split())

        async def told(key: str) -> str:
            await tap(app, key)
            await until(pilot, lambda: run.player.quiz and run.player.quiz.is_told, "the answer")
            await pilot.pause()
            return text()

        if lang != app.lang:
            await tap(app, "l")
        await until(pilot, lambda: app.lang == lang)
        await tap(app, "p")
        await until(pilot, lambda: run.player)
        run.player.speed = 50.0
        await until(pilot, lambda: run.player.quiz, "the first question")
        run.player.speed = 1.0
        await pilot.pause()
        assert ask in text()
        assert keys in text()
        assert "asks: 1-3 answers" in screen_text(app)
        await tap(app, "tab", "s")  # looking around, and a step of the user's own: the question stands
        await until(pilot, lambda: run.player.is_paused)
        assert ask in text()
        said = await told("3")
        assert all(words in said for words in (wrong, reason, "loss@0"))
        assert run.session.position == (5, 0)
        await tap(app, "2")
        await until(pilot, lambda: run.focus_name == "layers", "the panel of that key")
        await tap(app, "o")
        await until(pilot, lambda: run.player.number == 2 and run.player.quiz, "the second question")
        assert right in await told("1")
        await tap(app, "o")
        await until(pilot, lambda: run.player is None, "the end")
        await until(pilot, lambda: score in (as_text(run.lesson._lines) if run.lesson.display else _noted(app)), score)
        assert "the script is over, 1 of 2 questions right" in screen_text(app)
        assert not run.quiz_note.display

    drive(str(path), act, size=size)


def _noted(app: Any) -> str:
    """What stands in a note over the screen, which a test does not draw."""
    return " ".join(notification.message for notification in app._notifications)


def test_it_follows_the_language_the_size_and_the_theme(tmp_path):
    """Over the panel on a small screen, in the lesson's panel on a large one, and never in both."""

    async def act(app, pilot):
        run = app.debugger
        run.action_play()
        run.player.speed = 50.0
        await until(pilot, lambda: run.player.quiz)
        await pilot.pause()
        assert run.quiz_note.display
        await tap(app, "l", "t")
        await until(pilot, lambda: "제자리" in screen_text(app))
        await pilot.resize_terminal(130, 44)
        await pilot.pause()
        assert not run.quiz_note.display
        assert screen_text(app).count("제자리") == 1
        await pilot.resize_terminal(40, 12)
        await pilot.pause()
        assert run.quiz_note.display
        assert all(f" {key} " in screen_text(app) for key in "123")
        await tap(app, "escape")
        await until(pilot, lambda: run.player is None)
        await pilot.pause()
        assert not run.quiz_note.display

    drive(str(written(tmp_path, QUESTION)), act, size=(80, 24))


def test_while_the_run_is_asked_every_key_works(tmp_path):
    """Ten million iterations: the panels, a step of the run and the help page answer, the header tells how far it is, and
    escape ends lesson and computation."""

    async def act(app, pilot):
        run = app.debugger
        run.action_play()
        run.player.speed = 50.0
        await until(pilot, lambda: run.player.quiz)
        await tap(app, "1")
        await until(pilot, lambda: "the run is asked" in screen_text(app))
        await until(pilot, lambda: run.player.quiz.grading.share > 0)
        await tap(app, "4")
        await until(pilot, lambda: run.focus_name == "curves")
        await tap(app, "s")
        await until(pilot, lambda: run.session.position == (0, 1))
        assert not run.player.quiz.is_told
        await tap(app, "question_mark", "escape")
        assert threads()
        await tap(app, "escape")
        await until(pilot, lambda: run.player is None and not threads())
        assert "the script was ended" in screen_text(app)

    drive(str(written(tmp_path, ENDLESS)), act)


def test_leaving_ends_what_is_computed(tmp_path):
    """The app goes while a question is under way: no thread stays behind."""

    async def act(app, pilot):
        app.debugger.action_play()
        app.debugger.player.speed = 50.0
        await until(pilot, lambda: app.debugger.player.quiz)

    drive(str(written(tmp_path, ENDLESS)), act)
    for thread in threads():
        thread.join(60)
    assert not threads()


def test_at_rest_while_it_waits(tmp_path):
    """An open question costs nothing: the fast timer stands still, and a key wakes it."""

    async def act(app, pilot):
        run = app.debugger
        run.action_play()
        run.player.speed = 50.0
        await until(pilot, lambda: run.player.quiz and run.pulse.is_at_rest)
        run.player.speed = 0.1
        await tap(app, "1")
        await until(pilot, lambda: not run.pulse.is_at_rest)
        await until(pilot, lambda: run.player is None or run.player.quiz.is_told)

    drive(str(written(tmp_path, QUESTION)), act)


def test_the_palette_and_the_help_know_it(tmp_path):
    """While it is open the palette offers the answers; the help page always has their keys."""
    from tui_nn.tui.palette import TableProvider

    async def act(app, pilot):
        run = app.debugger
        assert "question" in run.help_about()[2]

        async def offered() -> int:
            found = [hit async for hit in TableProvider(run).discover()]
            return sum("Answer the lesson's question" in str(hit.text) for hit in found)

        assert await offered() == 0
        run.action_play()
        run.player.speed = 50.0
        await until(pilot, lambda: run.player.quiz)
        assert await offered() == 5

    drive(str(written(tmp_path, QUESTION)), act)


def test_a_recording_shows_the_question_and_the_answer(tmp_path):
    """Asked, then answered by the run; the same bytes each time, though one of the runs is asked in a thread."""
    path = written(tmp_path, QUESTION + FAR)
    casts = [record(Wish(str(path)), "ko", (80, 24), ascii=False, on_line=lambda number, total: None) for _ in range(2)]
    assert casts[0] == casts[1]
    asked, told = "이제 손실은", "학습 결과는 1번입니다."
    assert casts[0].index(asked) < casts[0].index(told)
    assert casts[0].count(told) >= 2
    assert "questions right" not in casts[0]
