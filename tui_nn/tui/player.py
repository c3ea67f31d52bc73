"""Plays a scenario's script on a screen: says a line, makes its moves at a pace that can be followed, rests, goes on.

The clock is handed in, so a test plays an hour in a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from tui_nn.debugger.position import Position
from tui_nn.debugger.question import Grading
from tui_nn.debugger.script import CHANGES, Line, Move, Playback, Question, iterations, until_limit
from tui_nn.tui.quiz import Quiz

if TYPE_CHECKING:
    from tui_nn.debugger.position import Stop
    from tui_nn.tui.mover import Mover
    from tui_nn.tui.runs import Runs
    from tui_nn.tui.scripted import Hands

BEFORE_S = 1.2  # between the words and the first move, so that the eye is there
OP_S, ITERATION_S = 0.7, 0.2  # between two single steps
SLOW_STEPS = 30  # up to so many steps are shown one by one
RUN_S, RUN_PARTS = 2.5, 40  # a run is stretched to about this long, in at most so many parts
READ_S = 0.055  # a character
NUMBERS_S = 3.0  # to look at the numbers of an answer
COMPARED_S = 6.0  # at two runs
MIN_REST_S, MAX_REST_S = 1.5, 12.0
MOMENT_S = 1.5  # in which a second press means one line more
SPEEDS = (0.5, 1.0, 2.0, 4.0)


def rest_after(line: Line, lang: str) -> float:
    """Seconds to read it in, unless the script says how long."""
    if line.wait_s is not None:
        return line.wait_s
    said = getattr(line.say, lang, "") if line.say else ""
    return _reading_s(said)


def question_s(line: Line, lang: str) -> float:
    """Seconds that a question stands where nobody is there to answer it, unless the script says how long."""
    assert line.question is not None
    if line.wait_s is not None:
        return line.wait_s
    return _reading_s(" ".join(getattr(text, lang) for text in (line.question.ask, *line.question.choices)))


def answer_s(question: Question, lang: str) -> float:
    """Seconds to read in what the run says, and why."""
    return NUMBERS_S + _reading_s(getattr(question.because, lang, "") if question.because else "")


def _reading_s(said: str) -> float:
    # A Korean syllable carries about as much as two and a half Latin letters.
    letters = sum(2.5 if ord(character) > 0x1100 else 1.0 for character in said)
    return min(max(letters * READ_S, MIN_REST_S), MAX_REST_S)


def duration_s(lines: Sequence[Line], lang: str) -> float:
    """Seconds that a script takes at single speed, but for what the machine needs to run to a far place."""
    seconds = 0.0
    for line in lines:
        seconds += BEFORE_S if line.moves and line.say else 0.0
        seconds += sum(_move_s(move) for move in line.moves) + _last_s(line, lang)
    return seconds


def _last_s(line: Line, lang: str) -> float:
    if line.question is None:
        return rest_after(line, lang)
    return question_s(line, lang) + answer_s(line.question, lang)


def _move_s(move: Move) -> float:
    amount = move.amount
    if move.verb == "compare":
        return COMPARED_S
    if amount is None:
        return 0.0 if move.verb == "until" else OP_S
    if move.verb == "run":
        return RUN_S
    if move.verb in ("step", "back") and amount.n <= SLOW_STEPS:
        return amount.n * (OP_S if amount.unit == "op" else ITERATION_S)
    return OP_S


class Player:
    """A script on its way. `tick` does whatever is due; the screen shows a line when `on_line` is called.

    Whoever takes the wheel pauses it. When it goes on, the run first returns to where it was left, and a move that was
    cut short is made to its end: the script says the same numbers whatever was done in between.
    """

    def __init__(
        self, mover: Mover | Runs, on_line: Callable[[Line], None], lang: Callable[[], str], speed: float = 1.0,
        on_turn: Callable[[str | None], None] = lambda network: None, on_quiz: Callable[[], None] = lambda: None,
        is_attended: bool = True, hands: Hands | None = None,
    ) -> None:  # fmt: skip
        self.playback = Playback(mover.session)
        self.mover, self.on_line, self.lang, self.speed = mover, on_line, lang, speed
        self.on_turn = on_turn  # before a line: which network is it about?
        self.on_quiz = on_quiz  # a question has opened, changed or gone
        self.quiz: Quiz | None = None
        self.is_attended = is_attended  # is somebody there to answer questions?
        self.hands = hands
        self.lost = ""  # the fork that the script wanted to go on with, and that was closed
        self.answers: dict[int, bool | None] = {}  # by line, was it right? None: the run had no single answer
        self.is_paused = False
        self.is_over = not self.playback.lines
        self.number = 0
        self.due = 0.0
        self._parts: Iterator[float] | None = None
        self._rest = 0.0
        self._began = 0.0  # the line
        self._left: Position | None = None  # where the run was when it was paused
        self._is_cut_short = False  # the move under way then
        self._is_hurried = False  # the rest of this line is made without waiting

    def tick(self, now: float) -> None:
        """Make the next part of the next move, or show the next line, if it is time and nothing moves."""
        if self.is_paused or self.is_over or self.mover.kind or self.mover.is_waiting or now < self.due:
            return
        if self._parts is not None:
            pause = next(self._parts, None)
            if pause is None:
                self._parts, pause = None, self._rest
            self.due = now + (0.0 if self._is_hurried else pause / self.speed)
            return
        if self.playback.is_done:
            self.is_over = True
            return
        self.drop_quiz()
        self._end_comparison()
        network = self.playback.lines[self.playback.index].network
        if self.hands is not None and network in self.playback.forks and not self.hands.has(network):
            self.lost, self.is_over = network, True
            return
        self.on_turn(network)
        self.playback.session = self.mover.session
        line = self.playback.next_line()
        assert line is not None
        self.number, self._began = line.number, now
        self._is_hurried = False
        self.on_line(line)
        self._rest = rest_after(line, self.lang()) if line.question is None else 0.0
        self._parts = self._play(line)
        self.due = now + (BEFORE_S / self.speed if line.moves and line.say else 0.0)

    def pause(self) -> Stop | None:
        """Stand still, and know where; the Stop of a move that this has cut short."""
        if self.is_paused:
            return None
        self.is_paused = True
        self._is_cut_short = bool(self.mover.kind)
        stop = self.mover.stop() if self.mover.kind else None
        self._left = self.mover.session.position
        return stop

    def resume(self, now: float) -> None:
        self.is_paused = False
        self.due = min(self.due, now)
        if self._left is not None and self.mover.session.position != self._left:
            self.mover.goto(self._left)
        self._left = None

    def line_back(self, now: float) -> None:
        """To the start of this line; to the one before if nothing has moved since its start, or that is a moment ago."""
        if self.number == 0:
            return
        place = self._left or self.mover.session.position
        has_moved = self.mover.kind or place != self.playback.begun[self.number - 1] or self._is_answered
        is_at_start = not has_moved or now - self._began < MOMENT_S
        self._turn_to(max(1, self.number - is_at_start), now)

    def line_on(self, now: float) -> None:
        """What is left of this line without waiting, and then the next one. A question that stands is passed over."""
        if self.quiz is not None and not self.quiz.is_told:
            self.quiz.pass_over()
        self._is_hurried = True
        self.resume(now)
        self.due = now

    def answer(self, index: int, now: float) -> None:
        """Answer the open question; if the lesson was paused, it goes on."""
        if self.quiz is not None and self.quiz.is_open:
            self.quiz.answer(index)
            self.resume(now)
            self.on_quiz()

    @property
    def score(self) -> tuple[int, int]:
        """Questions answered right, and questions that had a right answer."""
        decided = [is_right for is_right in self.answers.values() if is_right is not None]
        return sum(decided), len(decided)

    def drop_quiz(self) -> None:
        """Take the question away, and let nobody compute for it."""
        if self.quiz is not None:
            self.quiz.grading.cancel()
            self.quiz = None
            self.on_quiz()

    @property
    def _is_answered(self) -> bool:
        return self.quiz is not None and not self.quiz.is_open

    def change_speed(self) -> float:
        """The next of SPEEDS, and from the last one to the first."""
        self.speed = next((speed for speed in SPEEDS if speed > self.speed), SPEEDS[0])
        return self.speed

    def _turn_to(self, number: int, now: float) -> None:
        self.drop_quiz()
        self._end_comparison()
        self._go_back_to(number)
        self.is_paused, self._left, self._parts = False, None, None
        self.due = now

    def _go_back_to(self, number: int) -> None:
        """To where a line began, with the forks and edits that there were."""
        playback, hands = self.playback, self.hands
        if hands is not None and any(move.verb in CHANGES for line in playback.lines for move in line.moves):
            self.mover.stop()
            before = set(playback.opened)
            place = playback.return_to(number)
            hands.close([*before - set(playback.opened)])
            hands.changed()
        else:
            place = playback.return_to(number)
        self.mover.goto(place)

    def _end_comparison(self) -> None:
        if self.hands is not None:
            self.hands.end_comparison()

    def _play(self, line: Line) -> Iterator[float]:
        """Makes the moves, and asks; yields how long to wait after each part."""
        for move in line.moves:
            if move.verb == "compare":
                yield from self._compare(move, line)
            else:
                yield from self._move(move)
        if line.question is not None:
            yield from self._ask(line, line.question)

    def _ask(self, line: Line, question: Question) -> Iterator[float]:
        """Until it is answered or passed over, and the run has said what is right. Meanwhile the run may be led elsewhere."""
        quiz = self.quiz = Quiz(line, question, Grading(self.playback.own, question))
        self._is_hurried = False  # who hurries through the moves has not seen the question
        self.on_quiz()
        if self.is_attended:
            while quiz.is_open:
                yield 0.0
        else:
            yield question_s(line, self.lang())
            quiz.close()
        while not (quiz.grading.is_done or quiz.is_passed):
            self.on_quiz()
            yield 0.0
        if quiz.is_passed:
            self.answers[line.number] = False
            self.drop_quiz()
            return
        quiz.tell()
        if self.is_attended:
            self.answers[line.number] = None if quiz.right is None else quiz.chosen == quiz.right
        self.on_quiz()
        yield answer_s(question, self.lang())

    def _compare(self, move: Move, line: Line) -> Iterator[float]:
        if self.hands is None:
            return
        self.hands.compare(self.playback.partner(move.name), line)
        while self.hands.is_comparing:
            yield 0.0
        yield COMPARED_S

    def _change(self, move: Move) -> None:
        """A fork, which is what is moved from then on, or an edit."""
        if move.verb == "edit":
            self.mover.change(lambda session: self.playback.edit(session, move))
        elif self.hands is not None and move.name:
            self.hands.fork(move.name)
            self.playback.session = self.playback.opened[move.name] = self.mover.session
        if self.hands is not None:
            self.hands.changed()

    def _move(self, move: Move) -> Iterator[float]:
        if move.verb in CHANGES:
            self._change(move)
            yield OP_S
            return
        mover, session = self.mover, self.mover.session
        if move.condition is not None:
            condition, by = move.condition, move.by
            yield from self._to_its_end(lambda: mover.run_until(condition, until_limit(session), by), 0.0)
            return
        amount = move.amount
        assert amount is not None
        if move.verb == "run":
            yield from self._run(iterations(amount, session.program))
        elif move.verb in ("step", "back") and amount.unit != "end" and amount.n <= SLOW_STEPS:
            for _ in range(amount.n):
                (mover.step if move.verb == "step" else mover.back)(amount.unit)
                yield OP_S if amount.unit == "op" else ITERATION_S
        else:
            goal = self.playback.goal(move)
            assert goal is not None
            yield from self._to_its_end(lambda: mover.goto(goal), OP_S)

    def _to_its_end(self, move: Callable[[], object], rest: float) -> Iterator[float]:
        """Once more, as often as it was cut short by a pause."""
        while True:
            self._is_cut_short = False
            move()
            yield rest
            if not self._is_cut_short:
                return

    def _run(self, n: int) -> Iterator[float]:
        """In parts, so that the curves are seen to grow. A loss that stops being finite ends it, and so does early stopping."""
        session = self.mover.session
        start, parts = session.position.iteration, min(n, RUN_PARTS)
        for k in range(1, parts + 1):
            goal = Position(start + n * k // parts, 0)
            yield from self._to_its_end(lambda goal=goal: self.mover.run(goal), RUN_S / RUN_PARTS)
            stop = session.last_stop
            if stop is not None and (stop.reason in ("non-finite", "full") or session.position < goal):
                return
