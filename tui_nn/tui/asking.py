"""What is asked of the user in a prompt, and how the answer is read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tui_nn.debugger.position import Position, canonical
from tui_nn.tui.ink import Ink
from tui_nn.tui.screens.modal import PromptScreen

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_nn.engine.program import Program

    ProgramAt = Callable[[Position], Program]


def until_prompt(program: Program, ink: Ink) -> PromptScreen:
    """A condition to run until; one that cannot be read on this network is refused with the reason."""

    def problem(text: str) -> str | None:
        from tui_nn.debugger.context import parse_for

        try:
            parse_for(program, text)
        except ValueError as error:
            return str(error)
        return None

    return PromptScreen("Run until", "loss < 0.1, or grad_norm.dense_1 < 1", ink, problem)


def goto_prompt(program: Program, ink: Ink, at: ProgramAt | None = None) -> PromptScreen:
    """A place to go to."""

    def problem(text: str) -> str | None:
        try:
            parse_place(text, program, at)
        except ValueError as error:
            return str(error)
        return None

    return PromptScreen("Go to", "300, 300:5, epoch 3, or end", ink, problem)


def parse_place(text: str, program: Program, at: ProgramAt | None = None) -> Position:
    """Read "300", "300:5", "epoch 3", "start" or "end". at: which program is in force where, if an edit has brought another.
    ValueError with the cure."""
    from tui_nn.debugger.script import place
    from tui_nn.scenario.amount import MAX_AMOUNT, parse_goal

    match = re.fullmatch(r"\s*([0-9]{1,9})\s*(?::\s*([0-9]{1,5}))?\s*", text, re.ASCII)
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
