"""Where to go, as it is typed: "300", "300:5", "epoch 3", "start" or "end"; until when: "loss < 0.1", "loss < 0.1 by op"."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from tui_nn.debugger.position import Position, canonical
from tui_nn.debugger.script import place
from tui_nn.scenario.amount import MAX_AMOUNT, parse_goal

if TYPE_CHECKING:
    from tui_nn.debugger.seek import By
    from tui_nn.engine.program import Program

ProgramAt = Callable[[Position], "Program"]

_POSITION = re.compile(r"\s*([0-9]{1,9})\s*(?::\s*([0-9]{1,5}))?\s*", re.ASCII)
_BY = re.compile(r"\s+by\s+(op|iteration)\s*$")


def read_until(text: str) -> tuple[str, By]:
    """A condition, and by what it is looked at: after each iteration, or by op."""
    match = _BY.search(text)
    return (text[: match.start()], match[1]) if match else (text, "iteration")  # type: ignore[return-value]


def parse_place(text: str, program: Program, at: ProgramAt | None = None) -> Position:
    """Read a place. at: which program is in force where, if an edit has brought another. Errors: ValueError with the cure."""
    match = _POSITION.fullmatch(text)
    if match is None:
        if re.search(r"[a-z]", text):
            return place(parse_goal(text), program)
        raise ValueError(f"cannot read {text!r}; write an iteration like 300, or iteration:operation like 300:5")
    iteration, op = int(match[1]), int(match[2] or 0)
    if iteration > MAX_AMOUNT:
        raise ValueError(f"iteration {iteration:,} is out of reach; the largest is {MAX_AMOUNT:,}")
    program = at(Position(iteration, op)) if at else program
    if op >= len(program.ops):
        raise ValueError(f"operation {op} is not in the program; it has rows 0 to {len(program.ops) - 1}")
    return canonical(program, iteration, op)
