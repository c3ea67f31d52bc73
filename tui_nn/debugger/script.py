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

from tui_nn.debugger.edits import Edit, EditError, words
from tui_nn.debugger.position import Position, Stop, counterpart
from tui_nn.scenario.edit_keys import edits_of
from tui_nn.scenario.errors import Problem, ScenarioError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tui_nn.debugger.seek import By
    from tui_nn.debugger.session import Session
    from tui_nn.engine.program import Program
    from tui_nn.scenario import Amount, Text
    from tui_nn.scenario.spec.playback import Choice, ScriptLine

Verb = Literal["goto", "step", "back", "fork", "edit", "run", "until", "compare"]
VERBS: tuple[Verb, ...] = ("goto", "step", "back", "fork", "edit", "run", "until", "compare")  # the order within a line
CHANGES: tuple[Verb, ...] = ("fork", "edit")


@dataclass(frozen=True, slots=True)
class Move:
    """One thing the debugger does: a verb with an amount (a place, for goto); for until a condition, looked at `by` what.

    name: of a fork; what is compared with, None for the scenario's own run. key, value: of an edit.
    """

    verb: Verb
    amount: "Amount | None" = None
    condition: str | None = None
    by: "By" = "iteration"
    name: str | None = None
    key: str = ""
    value: Any = None

    def __str__(self) -> str:
        match self.verb:
            case "until":
                return f"until {self.condition}" + (", by op" if self.by == "op" else "")
            case "edit":
                return f"edit {self.key} = {words(self.value)}"
            case "compare":
                return f"compare with {self.name}" if self.name else "compare"
        return f"{self.verb} {self.name if self.amount is None else self.amount}"


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
    one before; without it all are performed on the one there is. Who has opened the others closes them. opened: by
    their names, forks too; on a screen whoever forks enters them.
    """

    def __init__(self, session: "Session", open_beside: "Callable[[str], Session] | None" = None) -> None:
        self.session = session
        self._open_beside = open_beside
        self.opened = {"": session}
        scenario = session.scenario
        self.lines = script_lines(scenario.script, scenario.id, scenario.companions)
        self.index = 0
        self.begun: list[Position] = []
        self._edited: list[dict[Session, tuple[Edit, ...]]] = []  # of all that are open, as each line was begun

    @property
    def own(self) -> "Session":
        """The scenario's own, whichever is looked at: it is what a question is about."""
        return self.opened[""]

    @property
    def forks(self) -> "tuple[str, ...]":
        """The names of all that the script makes."""
        return tuple(move.name for line in self.lines for move in line.moves if move.verb == "fork" and move.name)

    def title_of(self, session: "Session") -> str:
        """The scenario's, and the name of a fork."""
        name = next((name for name, each in self.opened.items() if each is session), "")
        return f"{session.scenario.title} · {name}" if name in self.forks else session.scenario.title

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
        open_ones = {*self.opened.values(), self.session}
        self._edited[self.index :] = [{session: session.edits for session in open_ones}]
        self.index += 1
        return line

    def return_to(self, number: int) -> Position:
        """Make that line, which has been begun before, the next one; the position from which to go on.

        Forks that it or a later line made are no longer `opened`, and what such lines edited is taken back.
        """
        lines, self.index = self.lines[number - 1 : self.index], number - 1
        if any(move.verb in CHANGES for line in lines for move in line.moves):
            made = {move.name for line in lines for move in line.moves if move.verb == "fork"}
            self.opened = {name: session for name, session in self.opened.items() if name not in made}
            for session, edits in self._edited[self.index].items():
                take_back(session, edits)
            if self.session not in self.opened.values():
                self.session = self.opened.get(self.lines[self.index].network or "", self.own)
        return self.begun[self.index]

    def _turn_to(self, name: str | None) -> None:
        """Look at that network from here on, at the same place."""
        if name is None or (name not in self.opened and self._open_beside is None):
            return
        if name not in self.opened:
            assert self._open_beside is not None
            self.opened[name] = self._open_beside(name)
        wanted = self.opened[name]
        if wanted is not self.session:
            self._bring(wanted)
            self.session = wanted

    def _bring(self, other: "Session") -> None:
        """Lead another one to where the one looked at stands."""
        here = self.session.position
        other.goto(*counterpart(here, self.session.program, other.timeline.program_at(here)))

    def goal(self, move: Move) -> Position | None:
        """Where the move leads from here, if that is known beforehand; None for until, and for what is no move in time."""
        session, amount = self.session, move.amount
        if amount is None:
            return None
        if move.verb == "goto":
            return place(amount, session.program)
        if move.verb == "run":
            return Position(session.position.iteration + iterations(amount, session.program), 0)
        assert amount.unit != "end"  # only a goto may name it
        travel = session.timeline.behind if move.verb == "back" else session.timeline.ahead
        return travel(session.position, amount.unit, amount.n)

    def perform(self, move: Move) -> Stop:
        """Make the move and wait for its end. A run stops early where the loss first stops being finite.

        Errors: ScenarioError for an edit that cannot be made.
        """
        session, amount = self.session, move.amount
        match move.verb:
            case "fork":
                assert move.name is not None
                self.session = self.opened[move.name] = session.fork()
                return Stop("done", self.session.position, "A fork, which is looked at from here on.")
            case "edit":
                return Stop("done", session.position, f"{self.edit(session, move)}.")
            case "compare":
                one, other = self.pair(move)
                return Stop("done", (other if session is one else one).position)
            case "until":
                assert move.condition is not None
                return session.run_until(move.condition, until_limit(session), move.by)
        assert amount is not None
        if move.verb == "run":
            return session.run(iterations(amount, session.program))
        goal = self.goal(move)
        assert goal is not None
        return session.goto(iteration=goal.iteration, op=goal.op)

    def edit(self, session: "Session", move: Move) -> Edit:
        """Make an edit of the line that was begun last. Errors: ScenarioError names the line."""
        try:
            return session.set(move.key, move.value)
        except EditError as error:
            problem = Problem(None, None, f"script[{self.index - 1}].edit", str(error))
            raise ScenarioError(self.own.scenario.id, [problem]) from None

    def pair(self, move: Move) -> "tuple[Session, Session]":
        """The two that are compared, at the same place, in the order in which they were opened."""
        other = self.opened[self.partner(move.name)]
        self._bring(other)
        one, second = (each for each in self.opened.values() if each in (self.session, other))
        return one, second

    def partner(self, name: str | None) -> str:
        """What is compared with: the named one; else the scenario's own or, if that is looked at, the newest beside it."""
        if name is not None:
            return name
        return "" if self.session is not self.own else next(reversed(self.opened))


def take_back(session: "Session", edits: tuple[Edit, ...]) -> None:
    """Undo, or redo, until these are the edits of the run; if they never were, nothing is done."""
    if session.edits == edits:
        return
    done, undone = session.timeline.versions
    back = next((n for n, version in enumerate(reversed(done)) if version.edits == edits), 0)
    on = next((n for n, version in enumerate(undone, 1) if version.edits == edits), 0)
    for _ in range(back):
        session.undo()
    for _ in range(0 if back else on):
        session.redo()


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

    def named(name: "bool | str") -> str:
        wanted = next(iter(companions), "") if name is True else name or ""
        return "" if wanted == own_id else wanted

    network = "" if any(entry.twin is not None or entry.fork is not None for entry in script) else None
    lines = []
    for number, entry in enumerate(script, 1):
        network = network if entry.twin is None else named(entry.twin)
        moves, question = tuple(_moves(entry, named)), _question(entry)
        lines.append(Line(number, entry.say, entry.show, moves, entry.wait, network, question))
        network = network if entry.fork is None else entry.fork
    return tuple(lines)


def _question(entry: "ScriptLine") -> Question | None:
    if entry.ask is None:
        return None
    return Question(entry.ask, entry.choices, entry.change, entry.at, entry.because)


def _moves(entry: "ScriptLine", named: "Callable[[str], str]") -> "Iterator[Move]":
    for verb in VERBS:
        value = getattr(entry, verb)
        match verb:
            case "edit":
                yield from (Move(verb, key=key, value=new) for key, new in edits_of(value))
            case "compare" if value:
                yield Move(verb, name=None if value is True else named(value))
            case "fork" if value:
                yield Move(verb, name=value)
            case "until" if value is not None:
                yield Move(verb, condition=value, by=entry.by or "iteration")
            case "goto" | "step" | "back" | "run" if value is not None:
                yield Move(verb, amount=value)


def place(amount: "Amount", program: "Program") -> Position:
    """Where "20 iterations", "epoch 3" or "end" is, counted from the start of the run."""
    if amount.unit == "end":
        return Position(program.planned_iterations, 0)
    return Position(program.epochs.start(amount.n) if amount.unit == "epoch" else amount.n, 0)


def iterations(amount: "Amount", program: "Program") -> int:
    """An amount of iterations or epochs in iterations."""
    return amount.n * (program.iterations_per_epoch if amount.unit == "epoch" else 1)
