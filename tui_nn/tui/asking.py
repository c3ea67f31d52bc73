"""What is asked of the user in a prompt, and how the answer is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_nn.debugger.whereto import ProgramAt, parse_place
from tui_nn.tui.ink import Ink
from tui_nn.tui.screens.modal import PromptScreen

if TYPE_CHECKING:
    from tui_nn.engine.program import Program

__all__ = ["goto_prompt", "parse_place", "until_prompt"]


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
