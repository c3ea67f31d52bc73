"""Positions in a run, and arithmetic on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from tui_nn.engine.program import Op, Program

if TYPE_CHECKING:
    from tui_nn.debugger.stops import Fired

Unit = Literal["op", "iteration", "epoch"]
Reason = Literal["done", "start", "condition", "non-finite", "paused", "end", "full", "stop"]
UNITS: tuple[Unit, ...] = ("op", "iteration", "epoch")


class Position(NamedTuple):
    """`iteration` updates are done, and the first `op` rows of the next are executed. Both from 0."""

    iteration: int
    op: int = 0

    def __str__(self) -> str:
        return f"{self.iteration}:{self.op}"


class Stop(NamedTuple):
    """Why and where a move ended. `message` is for a person; `fired` has the stops that halted it, all of them."""

    reason: Reason
    position: Position
    message: str = ""
    fired: tuple[Fired, ...] = ()


START = Position(0, 0)


def canonical(program: Program, iteration: int, op: int) -> Position:
    """The same place with rows that are not due passed over, so that every place has one name.

    Errors: ValueError outside 0 <= iteration and 0 <= op <= number of ops.
    """
    if iteration < 0:
        raise ValueError(f"iteration {iteration} lies before the start; the first is 0")
    if not 0 <= op <= len(program.ops):
        raise ValueError(f"op {op} is not in the program; it has rows 0 to {len(program.ops) - 1}")
    while op < len(program.ops) and not program.is_due(iteration, op):
        op += 1
    return Position(iteration, op) if op < len(program.ops) else Position(iteration + 1, 0)


def ahead(program: Program, start: Position, unit: Unit, n: int) -> Position:
    """n ops, iterations or epochs further on; the last two end at the start of an iteration or epoch."""
    if n == 0:
        return start
    if unit == "iteration":
        return Position(start.iteration + n, 0)
    if unit == "epoch":
        return Position(program.epochs.start(program.epochs.of(start.iteration) + n), 0)
    place = start
    for _ in range(n):
        place = canonical(program, place.iteration, place.op + 1)
    return place


def behind(program: Program, start: Position, unit: Unit, n: int) -> Position:
    """n ops, iterations or epochs back, at most to the start. A begun iteration or epoch counts as one."""
    if n == 0:
        return start
    if unit == "iteration":
        return Position(max(0, start.iteration - n + (start.op > 0)), 0)
    if unit == "epoch":
        epochs = program.epochs
        begun = start.op > 0 or epochs.batch(start.iteration) > 0
        return Position(epochs.start(max(0, epochs.of(start.iteration) - n + begun)), 0)
    place = start
    for _ in range(n):
        if place == START:
            break
        place = one_op_back(program, place)
    return place


def one_op_back(program: Program, place: Position) -> Position:
    """The position before one that is not the start."""
    iteration, op = place
    if op == 0:
        iteration, op = iteration - 1, len(program.ops)
    op -= 1
    while not program.is_due(iteration, op):
        op -= 1
    return Position(iteration, op)


def counterpart(place: Position, program: Program, other: Program) -> Position:
    """The place in another program that corresponds best: the same iteration, and before the same operation.

    If both have the same phases row by row, the same row; else the row with the same label; else the start of the
    same phase, or its end if some of it is done.
    """
    iteration, op = place
    if op == 0 or program is other:
        return place
    mine, theirs = program.ops, other.ops
    if [row.phase for row in mine] == [row.phase for row in theirs]:
        return canonical(other, iteration, op)
    named = [row.index for row in theirs if (row.phase, row.label) == (mine[op].phase, mine[op].label)]
    if named:
        return canonical(other, iteration, named[0])
    return canonical(other, iteration, _by_phase(mine, op, theirs))


def _by_phase(mine: tuple[Op, ...], op: int, theirs: tuple[Op, ...]) -> int:
    phase = mine[op].phase
    same = [row.index for row in theirs if row.phase == phase]
    if same:
        return same[-1] + 1 if mine[op - 1].phase == phase else same[0]
    done = {row.phase for row in mine[:op]}
    return max((row.index + 1 for row in theirs if row.phase in done), default=0)
