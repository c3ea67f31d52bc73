"""What is asked of the user in a prompt, and how the answer is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui_nn.debugger.completion import Completion, complete_until, complete_value
from tui_nn.debugger.whereto import ProgramAt, parse_place, read_until
from tui_nn.tui.ink import Ink
from tui_nn.tui.screens.modal import PromptScreen

if TYPE_CHECKING:
    from tui_nn.debugger.session import Session
    from tui_nn.engine.program import Program
    from tui_nn.tui.mover import Mover
    from tui_nn.tui.runs import Runs

__all__ = ["goto_prompt", "parse_place", "read_search", "until_prompt"]

BACK = "back "


def until_prompt(session: Session, ink: Ink) -> PromptScreen:
    """A condition to run until, or to go back to; one that cannot be read on this network is refused with the reason."""

    def problem(text: str) -> str | None:
        try:
            read_search(session.program, text)
        except ValueError as error:
            return str(error)
        return None

    def complete(text: str, cursor: int) -> Completion:
        before = text[:cursor]
        if not before.startswith(BACK):
            found = complete_until(session.program, before)
            is_first = before.isalpha() and BACK.startswith(before)
            return found._replace(candidates=(BACK, *found.candidates)) if is_first else found
        found = complete_value(session.program, before[len(BACK) :])
        return found._replace(start=found.start + len(BACK))

    return PromptScreen(
        "Run until", "loss < 0.1, or back dead.relu_1 > 0 to go back to where it held", ink, problem, complete=complete
    )


def read_search(program: Program, text: str) -> Callable[[Mover | Runs], None]:
    """The move that is meant: until a condition holds, or with `back` before it to where it held last.

    Errors: ConsoleError, ExpressionError, both ValueErrors.
    """
    from tui_nn.debugger.console_values import condition_of

    if not text.startswith(BACK):
        condition, by = read_until(text)
        condition = condition_of(program, condition)
        return lambda mover: mover.run_until(condition, by=by)
    past = text[len(BACK) :].strip()
    if past == "stop":
        return lambda mover: mover.back_to_stop()
    past = condition_of(program, past, text.index(past) + 1)
    return lambda mover: mover.back_until(past)


def goto_prompt(program: Program, ink: Ink, at: ProgramAt | None = None) -> PromptScreen:
    """A place to go to."""

    def problem(text: str) -> str | None:
        try:
            parse_place(text, program, at)
        except ValueError as error:
            return str(error)
        return None

    return PromptScreen("Go to", "300, 300:5, epoch 3, or end", ink, problem)
