"""`tui-nn play`: the scripted lesson, on the screen or as a transcript."""

import re
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui_nn.cli_compare import as_data, comparison_text
from tui_nn.cli_open import why_no_screen
from tui_nn.cli_question import beside_opener, print_question, question_row
from tui_nn.cli_run import REPORTED, current_metrics, open_session
from tui_nn.cli_text import default_language, print_json, remark, values_text

if TYPE_CHECKING:
    from tui_nn.debugger.compare import Comparison
    from tui_nn.debugger.expect import Result
    from tui_nn.debugger.script import Line, Move, Playback
    from tui_nn.debugger.session import Session

# The metrics that a panel is about, by the name that `show` gives it. The others are about the main ones alone: data, the
# landscape and the curves about the loss and the accuracy, program and lesson about whatever is done.
PANEL_METRICS = {
    "layers": ("act_std.", "saturated."),
    "activations": ("act_std.", "saturated."),
    "gradients": ("delta_norm.", "grad_norm."),
    "weights": ("weight_norm.",),
    "optimizer": ("weight_norm.", "update_ratio."),
    "graph": ("act_mean.", "delta_norm."),  # values forward, gradients backward
}


def play_on_screen(ref: str, overrides: Sequence[str], *, lang: str | None, ascii_only: bool, speed: float) -> int:
    if reason := why_no_screen():
        remark(f"{reason}: a transcript instead of the screen")
        return play_headless(ref, overrides, lang=lang, ascii_only=ascii_only, speed=speed)
    from tui_nn.tui import run_app

    return run_app(ref, lang=lang, overrides=overrides, ascii=ascii_only, play=True, speed=speed)


def record_lesson(
    ref: str, overrides: Sequence[str], path: str, size: str, *, lang: str | None, ascii_only: bool, speed: float
) -> int:
    """Write the asciicast of the lesson; what it says of its progress goes to the error stream."""
    from tui_nn.scenario import load_scenario

    columns, rows = parse_size(size)
    scenario = load_scenario(ref, overrides)
    if not scenario.script:
        raise click.UsageError(f"{ref} has no script; there is nothing to record")
    from tui_nn.tui.app import Wish
    from tui_nn.tui.record import NotOpenedError, record

    def told(number: int, total: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\rline {number} of {total}", nl=number == total, err=True)

    target = Path(path)
    is_new = not target.exists()
    with target.open("a"):
        pass  # refused now, if at all, and not when the recording is done
    try:
        wish = Wish(ref, tuple(overrides), speed=speed)
        text = record(wish, lang or default_language(), (columns, rows), ascii_only, told)
    except BaseException as error:
        if is_new:
            target.unlink(missing_ok=True)
        if isinstance(error, NotOpenedError):
            raise click.ClickException(str(error)) from error
        raise
    target.write_text(text, encoding="utf-8", newline="\n")
    click.echo(f"{path}: play it with asciinema play {path}")
    return 0


def parse_size(text: str) -> tuple[int, int]:
    """ "120x40" as (columns, rows)."""
    match = re.fullmatch(r"(\d{1,3})x(\d{1,3})", text)
    if match is None or not (40 <= int(match[1]) <= 300 and 12 <= int(match[2]) <= 100):
        raise click.UsageError(f"--size is {text!r}; give columns x rows from 40x12 to 300x100, such as 80x24")
    return int(match[1]), int(match[2])


def play_headless(
    ref: str, overrides: Sequence[str], *, lang: str | None, ascii_only: bool, speed: float, as_json: bool = False
) -> int:
    """Print what is said, done, shown, compared and asked, without any waiting; then check the expectations.

    1 if one does not hold, or if a question has no single right answer.
    """
    del ascii_only, speed  # they shape the screen; a transcript has neither boxes nor a clock
    from tui_nn.debugger.script import Playback

    language, can_be_asked = lang or default_language(), True
    with open_session(ref, overrides) as session, ExitStack() as opened:
        data: dict[str, Any] = {"id": session.scenario.id, "title": session.scenario.title, "lines": []}
        playback = Playback(session, beside_opener(ref, overrides, opened))
        if not as_json:
            click.echo(f"{data['title']} ({data['id']})")
        if playback.is_done:
            remark(f"{ref} has no script; nothing to play")
        while (line := playback.next_line()) is not None:
            if as_json:
                data["lines"].append(line_data(playback, line, language))
                can_be_asked &= data["lines"][-1].get("question", {"held": True})["held"]
            else:
                print_line(playback, line, language)
                can_be_asked &= print_question(playback, line, language)
        results = results_of(session)
        if as_json:
            print_json(data | {"expect": [result_data(result) for result in results]})
        else:
            print_results(results)
        if not results:
            remark(f"{ref} has no expectations; nothing to check")
    return 0 if can_be_asked and all(result.held for result in results) else 1


def results_of(session: "Session") -> "list[Result]":
    """What the scenario promises is promised of the run that nobody has edited."""
    from tui_nn.debugger.expect import check
    from tui_nn.debugger.session import Session

    return check(Session(session.opened_as, session.program.dataset) if session.edits else session)


def print_results(results: "Sequence[Result]") -> None:
    click.echo()
    for result in results:
        verdict = "held  " if result.held else "FAILED"
        claim = f"at {result.expectation.at}: {result.expectation.that}"
        click.echo(f"{verdict}  {claim}  ({values_text(result.values)})")


def result_data(result: "Result") -> dict[str, Any]:
    at, that = str(result.expectation.at), result.expectation.that
    return {"at": at, "that": that, "held": result.held, "values": result.values}


def print_line(playback: "Playback", line: "Line", lang: str) -> None:
    click.echo()
    if line.network is not None:
        click.echo(f"   [{playback.title_of(playback.session)}]")
    if line.say is not None:
        click.echo(f"{line.number}. {getattr(line.say, lang)}")
    for move in line.moves:
        stop = playback.perform(move)
        position = playback.session.position
        click.echo(f"   > {move}: iteration {position.iteration}, op {position.op}. {stop.message}".rstrip())
        if move.verb == "compare":
            titles, found = compared(playback, move)
            click.echo("\n".join(f"     {text}".rstrip() for text in comparison_text(found, titles)))
    if line.moves or line.show:
        click.echo(f"     {values_text(metrics_shown(playback.session, line.show)) or 'nothing measured yet'}")


def line_data(playback: "Playback", line: "Line", lang: str) -> dict[str, Any]:
    """The same for a program: every move with where it led, and what the line asks."""
    from tui_nn.debugger.question import Asked, graded

    data: dict[str, Any] = {"line": line.number, "network": line.network, "show": line.show, "moves": []}
    data["say"] = getattr(line.say, lang) if line.say is not None else None
    for move in line.moves:
        stop = playback.perform(move)
        iteration, op = playback.session.position
        made = {"move": str(move), "iteration": iteration, "op": op, "reason": stop.reason, "message": stop.message}
        if move.verb == "compare":
            titles, found = compared(playback, move)
            made["comparison"] = as_data(found, titles)
        data["moves"].append(made)
    data["values"] = metrics_shown(playback.session, line.show)
    if line.question is not None:
        asked = Asked(line, line.question, graded(playback.own, line.question))
        data["question"] = question_row(asked)
    return data


def compared(playback: "Playback", move: "Move") -> "tuple[tuple[str, str], Comparison]":
    """The two runs by their names, and what differs."""
    from tui_nn.debugger.compare import compare

    one, other = playback.pair(move)
    return (playback.title_of(one), playback.title_of(other)), compare(one, other)


def metrics_shown(session: "Session", show: str | None) -> dict[str, float | None]:
    """What a viewer would read there: the metric itself, those of the panel, or the main ones."""
    values = current_metrics(session)
    if show in session.program.metrics:
        return {show: values.get(show)}
    prefixes = PANEL_METRICS.get((show or "").partition(":")[0], ())
    chosen = {name: value for name, value in values.items() if name.startswith(prefixes)} if prefixes else {}
    main = {name: values[name] for name in REPORTED if name in values}
    return {**main, **chosen}
