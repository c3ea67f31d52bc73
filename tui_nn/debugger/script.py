"""Playback: a scenario's script, line by line, on a session.

No clock is read here. A wait is a number that the player may honour (a screen) or pass over (headless).

    playback = Playback(session)
    while (line := playback.next_line()) is not None:
        ...  # show line.say and line.show
        for move in line.moves:
            stop = playback.perform(move)     # or, for a screen: session.start(playback.goal(move))
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tui_nn.debugger.position import Position, Stop, ahead, behind, counterpart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tui_nn.debugger.session import Session
    from tui_nn.engine.program import Program
    from tui_nn.scenario import Amount, Text
    from tui_nn.scenario.spec.playback import Choice, ScriptLine

Verb = Literal["goto", "step", "back", "run", "until"]
VERBS: tuple[Verb, ...] = ("goto", "step", "back", "run", "until")  # the order within a line


@dataclass(frozen=True, slots=True)
class Move:
    """One thing the debugger does: a verb with an amount (a place, for goto) or, for until, a condition."""

    verb: Verb
    amount: "Amount | None" = None
    condition: str | None = None

    def __str__(self) -> str:
        return f"{self.verb} {self.condition if self.amount is None else self.amount}"


@dataclass(frozen=True, slots=True)
class Question:
    """What a line asks once its moves are made; `question.py` has the run answer it.

    change: settings of the run that is asked, over the scenario's. at: where it is asked; None: where the run stands.
    """

    ask: "Text"
    choices: "tuple[Choice, ...]"
    change: "Mapping[str, Any]"
    at: "Amount | None"
    because: "Text | None"

    @property
    def is_elsewhere(self) -> bool:
        """Is it about another place than the one where the run stands, or about another run?"""
        return bool(self.change) or self.at is not None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the script as a player needs it.

    number counts from 1; wait_s is None where the player decides. network: whose it is, "" for the scenario's own, else
    a name by which the scenario opens another; None where no line of the script turns to one. question: asked when the
    moves are made.
    """

    number: int
    say: "Text | None"
    show: str | None
    moves: tuple[Move, ...]
    wait_s: float | None
    network: str | None = None
    question: Question | None = None


class Playback:
    """A script on its way: the session, the number of the next line, and where the run stood when each line was begun.

    Lines about another network are performed on the session that `open_beside` gives for its name, at the place of the
    one before; without it all are performed on the one there is. Who has opened the others closes them.
    """

    def __init__(self, session: "Session", open_beside: "Callable[[str], Session] | None" = None) -> None:
        self.session = session
        self._open_beside = open_beside
        self._opened = {"": session}
        scenario = session.scenario
        self.lines = script_lines(scenario.script, scenario.id, scenario.companions)
        self.index = 0
        self.begun: list[Position] = []

    @property
    def own(self) -> "Session":
        """The scenario's own, whichever is looked at: it is what a question is about."""
        return self._opened[""]

    @property
    def is_done(self) -> bool:
        return self.index >= len(self.lines)

    def next_line(self) -> Line | None:
        """The next line, whose moves are then the caller's to perform; None after the last."""
        if self.is_done:
            return None
        line = self.lines[self.index]
        self._turn_to(line.network)
        self.begun[self.index :] = [self.session.position]
        self.index += 1
        return line

    def return_to(self, number: int) -> Position:
        """Make that line, which has been begun before, the next one; the position from which to go on."""
        self.index = number - 1
        return self.begun[self.index]

    def _turn_to(self, name: str | None) -> None:
        """Look at that network from here on, at the same place."""
        if self._open_beside is None or name is None:
            return
        if name not in self._opened:
            self._opened[name] = self._open_beside(name)
        wanted = self._opened[name]
        if wanted is not self.session:
            wanted.goto(*counterpart(self.session.position, self.session.program, wanted.program))
            self.session = wanted

    def goal(self, move: Move) -> Position | None:
        """Where the move leads from here, if that is known beforehand; None for until."""
        session, amount = self.session, move.amount
        if amount is None:
            return None
        if move.verb == "goto":
            return place(amount, session.program)
        if move.verb == "run":
            return Position(session.position.iteration + iterations(amount, session.program), 0)
        assert amount.unit != "end"  # only a goto may name it
        travel = behind if move.verb == "back" else ahead
        return travel(session.program, session.position, amount.unit, amount.n)

    def perform(self, move: Move) -> Stop:
        """Make the move and wait for its end. A run stops early where the loss first stops being finite."""
        session, amount = self.session, move.amount
        if move.condition is not None:
            return session.run_until(move.condition, max_iterations=until_limit(session))
        assert amount is not None
        if move.verb == "run":
            return session.run(iterations(amount, session.program))
        goal = self.goal(move)
        assert goal is not None
        return session.goto(iteration=goal.iteration, op=goal.op)


def until_limit(session: "Session") -> int:
    """Iterations after which a script gives up waiting for a condition: the planned end, or one more plan behind it."""
    planned = session.planned_iterations
    left = planned - session.position.iteration
    return left if left > 0 else planned


def script_lines(
    script: "Sequence[ScriptLine]", own_id: str = "", companions: "Sequence[str]" = ()
) -> tuple[Line, ...]:  # fmt: skip
    """The scenario's script lines, with each line's moves in the order in which they are made.

    companions: the names of what is opened beside it, the first of which is meant by `twin = true`.
    """
    network = "" if any(entry.twin is not None for entry in script) else None
    lines = []
    for number, entry in enumerate(script, 1):
        if entry.twin is not None:
            name = next(iter(companions), "") if entry.twin is True else entry.twin or ""
            network = "" if name == own_id else name
        moves, question = tuple(_moves(entry)), _question(entry)
        lines.append(Line(number, entry.say, entry.show, moves, entry.wait, network, question))
    return tuple(lines)


def _question(entry: "ScriptLine") -> Question | None:
    if entry.ask is None:
        return None
    return Question(entry.ask, entry.choices, entry.change, entry.at, entry.because)


def _moves(entry: "ScriptLine") -> "Iterator[Move]":
    for verb in VERBS:
        value = getattr(entry, verb)
        if value is not None:
            yield Move(verb, condition=value) if verb == "until" else Move(verb, amount=value)


def place(amount: "Amount", program: "Program") -> Position:
    """Where "20 iterations", "epoch 3" or "end" is, counted from the start of the run."""
    if amount.unit == "end":
        return Position(program.planned_iterations, 0)
    return Position(program.epochs.start(amount.n) if amount.unit == "epoch" else amount.n, 0)


def iterations(amount: "Amount", program: "Program") -> int:
    """An amount of iterations or epochs in iterations."""
    return amount.n * (program.iterations_per_epoch if amount.unit == "epoch" else 1)
