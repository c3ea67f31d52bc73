"""Questions of a script on the command line: in the transcript of `play --headless`, and among the claims of `test`."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from tui_nn.cli_text import values_text

if TYPE_CHECKING:
    from tui_nn.debugger.question import Asked, Grade
    from tui_nn.debugger.script import Line, Playback, Question
    from tui_nn.debugger.session import Session


def beside_opener(ref: str, overrides: Sequence[str], opened: ExitStack) -> "Callable[[str], Session]":
    """Opens a network beside, by its name, when a line of the script turns to it; `opened` closes it."""

    def open_beside(name: str) -> "Session":
        from tui_nn.debugger.session import Session
        from tui_nn.scenario import load_twin

        other = Session(load_twin(ref, name, overrides)[0])
        opened.callback(other.close)
        return other

    return open_beside


def print_question(playback: "Playback", line: "Line", lang: str) -> bool:
    """The question, its choices, and what the run says to each. Is exactly one of them right?"""
    from tui_nn.debugger.question import graded

    question = line.question
    if question is None:
        return True
    click.echo(f"   ? {getattr(question.ask, lang)}")
    for number, choice in enumerate(question.choices, 1):
        click.echo(f"       {number}. {getattr(choice, lang)}")
    grade = graded(playback.own, question)
    click.echo(f"   = {_place(grade, question)}")
    for number, reading in enumerate(grade.readings, 1):
        verdict = "right" if reading.held else "wrong"
        click.echo(f"     {verdict}  {number}. {reading.choice.when}  ({values_text(reading.values)})")
    if grade.right is None:
        click.echo(f"     FAILED  {_count(grade)}")
    if question.because is not None:
        click.echo(f"     {getattr(question.because, lang)}")
    return grade.right is not None


def _place(grade: "Grade", question: "Question") -> str:
    """ "at iteration 200, op 0, with optimizer.lr = 0.05": where the conditions were read."""
    from tui_nn.scenario.extends import settings_of

    words = [f"at iteration {grade.position.iteration}, op {grade.position.op}"]
    words += [f"with {key} = {value}" for _, key, value in settings_of(dict(question.change))]
    return ", ".join(words)


def _count(grade: "Grade") -> str:
    return f"{len(grade.holding)} of {len(grade.readings)} answers are right; it must be exactly one"


def question_row(asked: "Asked") -> dict[str, Any]:
    """A question as `test` reports it, beside the expectations: it holds if exactly one choice is right."""
    grade = asked.grade
    values = {name: value for reading in grade.readings for name, value in reading.values.items()}
    return {
        "at": f"line {asked.line.number}",
        "that": asked.question.ask.en,
        "why": None,
        "held": grade.right is not None,
        "iteration": grade.position.iteration,
        "values": values,
        "choices": [
            {"choice": reading.choice.en, "when": reading.choice.when, "held": reading.held}
            for reading in grade.readings
        ],
    }


def choices_text(choices: Sequence[dict[str, Any]]) -> list[str]:
    """Below a claim that is a question: its choices, and which conditions hold."""
    width = max((len(choice["choice"]) for choice in choices), default=0)
    return [
        f"    {'right' if choice['held'] else 'wrong'}  {choice['choice']:{width}}  {choice['when']}"
        for choice in choices
    ]
