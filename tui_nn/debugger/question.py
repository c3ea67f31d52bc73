"""Questions of a script, answered by the run: of each choice, does its condition hold there, and what did it read?

    grade = graded(session, line.question)
    grade.right        # the one choice whose condition holds; None unless it is exactly one

A question about another place, or about the scenario with other settings, is put to a session of its own: the one that is
looked at stays where it is.
"""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_nn.debugger.context import Here, parse_for
from tui_nn.debugger.expect import values_read
from tui_nn.debugger.position import Position, counterpart
from tui_nn.debugger.script import Line, Playback, Question, place
from tui_nn.debugger.session import Session
from tui_nn.debugger.session_events import meant, told
from tui_nn.scenario.expression import Expression
from tui_nn.scenario.expression_tree import OVER_HISTORY, Call, Name, Node, Number, Operation

if TYPE_CHECKING:
    from tui_nn.scenario.spec.playback import Choice

WAIT_S = 0.02  # between two looks whether nobody wants to know any more


@dataclass(frozen=True, slots=True)
class Reading:
    """One choice at the place that was asked about. values: the numbers its condition read; None where not measured."""

    choice: "Choice"
    held: bool
    values: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Grade:
    """What the run says to a question, and where it was asked."""

    readings: tuple[Reading, ...]
    position: Position

    @property
    def holding(self) -> tuple[int, ...]:
        return tuple(index for index, reading in enumerate(self.readings) if reading.held)

    @property
    def right(self) -> int | None:
        """The index of the right choice; None if no condition holds, or more than one."""
        return self.holding[0] if len(self.holding) == 1 else None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a script with the run's answer."""

    line: Line
    question: Question
    grade: Grade


def graded(session: Session, question: Question) -> Grade:
    """Ask the run, and wait for the answer. The session stays where it is."""
    if not question.is_elsewhere:
        return _read(session, question)
    other, goal = _other(session, question, session.position)
    other.goto(*goal)
    return _read(other, question)


def ask_all(session: Session, open_beside: Callable[[str], Session] | None = None) -> list[Asked]:
    """Every question of the session's script, each asked where the script leads it: from the start, without a clock."""
    playback = Playback(session, open_beside)
    n_left = sum(line.question is not None for line in playback.lines)
    asked: list[Asked] = []
    if n_left:
        session.goto(0)
    while len(asked) < n_left and (line := playback.next_line()) is not None:
        for move in line.moves:
            playback.perform(move)
        if line.question is not None:
            asked.append(Asked(line, line.question, graded(playback.own, line.question)))
    return asked


class Grading:
    """A question on its way to an answer. What the session can say where it stands is there at once.

    Else a session of its own is opened, compiled and run in a thread. Its caller polls `is_done`.
    """

    def __init__(self, session: Session, question: Question) -> None:
        self.question = question
        self.grade: Grade | None = None
        self.failure = ""  # why there is no answer
        self.share = 0.0  # of the iterations to be made
        self._session, self._stands = session, session.position
        self._is_cancelled = threading.Event()
        if question.is_elsewhere:
            threading.Thread(target=self._guarded, args=(self._run,), name="tui-nn question", daemon=True).start()
        else:
            self._guarded(lambda: _read(session, question))

    @property
    def is_done(self) -> bool:
        return self.grade is not None or bool(self.failure)

    def cancel(self) -> None:
        """Nobody waits for it any more. A kernel that is being compiled is compiled to its end."""
        self._is_cancelled.set()

    def _guarded(self, work: Callable[[], Grade | None]) -> None:
        try:
            self.grade = work()
        except Exception as error:  # out of memory, say: told on the screen, and the lesson goes on
            self.failure = str(error) or type(error).__name__

    def _run(self) -> Grade | None:
        other, goal = _other(self._session, self.question, self._stands)
        try:
            other.prepare(self._between_kernels)
            other.start(goal, watch=False)
            while not other.wait(WAIT_S):
                if self._is_cancelled.is_set():
                    return None
                self.share = other.position.iteration / max(goal.iteration, 1)
            return None if self._is_cancelled.is_set() else _read(other, self.question)
        except _Cancelled:
            return None
        finally:
            other.close()

    def _between_kernels(self, done: int, total: int, name: str) -> None:
        if self._is_cancelled.is_set():
            raise _Cancelled


class _Cancelled(Exception):
    """Between two kernels."""


def _other(session: Session, question: Question, stands: Position) -> tuple[Session, Position]:
    """The run that is asked about, at its start, and where it is asked. `stands`: where the session's own does."""
    if question.change:
        from tui_nn.scenario.change import with_changes

        other = Session(with_changes(session.opened_as, question.change))
    else:
        other = Session(session.opened_as, session.program.dataset)
        for at, key, value in map(told, session.edits):
            other.goto(*at)
            other.set(key, meant(value))
    if question.at is not None:
        return other, place(question.at, other.program)
    return other, counterpart(stands, session.program, other.program)


def _read(session: Session, question: Question) -> Grade:
    here, readings = Here(session), []
    for choice in question.choices:
        expression = parse_for(session.program, choice.when)
        readings.append(Reading(choice, bool(expression.evaluate(here)), _numbers(expression.tree, here)))
    return Grade(tuple(readings), session.position)


def _numbers(tree: Node, here: Here) -> dict[str, float | None]:
    """What the condition compares: of max(loss) the largest loss so far, and not the one measured last."""
    numbers: dict[str, float | None] = {}
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, Operation):
            pending += reversed(node.operands)
        elif isinstance(node, Call) and not _is_over_history(node):
            pending += reversed(node.arguments)
        elif isinstance(node, Call):
            argument = str(node.arguments[0].name)  # type: ignore[union-attr]
            value = Expression("", node, frozenset({argument}), ()).evaluate(here)
            numbers[f"{node.function}({argument})"] = None if math.isnan(value) else value
        elif not isinstance(node, Number):
            numbers |= values_read(Expression("", node, frozenset(), ()), here)
    return numbers


def _is_over_history(call: Call) -> bool:
    """Is it one number of one metric over all iterations so far? Of anything longer, its parts are told."""
    argument = call.arguments[0]
    is_alone = len(call.arguments) == 1 and isinstance(argument, Name) and argument.at is None
    return is_alone and call.function in OVER_HISTORY
