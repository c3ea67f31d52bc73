"""`tui-nn rescue`: until when could this run have been saved?"""

import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import click

from tui_nn.cli_run import heard_ctrl_c, open_session, train
from tui_nn.cli_text import number, print_json, remark, table

if TYPE_CHECKING:
    from tui_nn.debugger.rescue import Outcome, Rescue
    from tui_nn.debugger.session import Session
    from tui_nn.scenario import Scenario

SILENT_S = 0.5  # a shorter wait needs no words
REDRAWN_S, REPEATED_S = 0.2, 10.0  # on a terminal, and where each remark is a line of its own
MOST_SPANS = 6  # of iterations that fail, in the text


def rescue_scenario(*, scenario: str, overrides: Sequence[str], first: int, clip: float | None, as_json: bool) -> int:
    """Train, and if it breaks try the remedies: 0 it need not or can be saved, 1 nothing saves it."""
    from tui_nn.debugger.rescue import RescueError, rescue

    with open_session(scenario, overrides, with_norms) as session:
        train(session, None, None)
        with heard_ctrl_c() as check, Waiting() as waiting:

            def report(done: int, todo: int) -> None:
                check()
                waiting(done, todo)

            try:
                found = rescue(session, first, clip, report)
            except RescueError as error:
                raise click.UsageError(str(error)) from None
        if as_json:
            print_json(rescue_as_data(session, found))
        else:
            click.echo(rescue_text(session, found))
    return 0 if found.broke is None or found.is_saved else 1


def with_norms(scenario: "Scenario") -> "Scenario":
    """The scenario with grad_norm measured, out of which the clipping threshold is worked; training is the same bytes."""
    from tui_nn.scenario.change import with_changes

    return scenario if scenario.probes.has("grad_norm") else with_changes(scenario, {"probes.off": []})


class Waiting:
    """How far it is, on stderr: one line that changes on a terminal, a line now and then elsewhere; nothing of short waits."""

    def __init__(self) -> None:
        self.is_terminal = sys.stderr.isatty()
        self.begun = time.perf_counter()
        self.said: float | None = None

    def __enter__(self) -> "Waiting":
        return self

    def __call__(self, done: int, todo: int) -> None:
        now = time.perf_counter()
        pause_s = SILENT_S if self.said is None else REDRAWN_S if self.is_terminal else REPEATED_S
        if done == 0 or now - (self.said or self.begun) < pause_s:
            return
        self.said = now
        left_s = (now - self.begun) * (todo - done) / done
        message = f"trying remedies: {done / todo:.0%}, about {left_s:,.0f} s left"
        if self.is_terminal:
            click.echo(f"\r\x1b[K{message}", err=True, nl=False)
        else:
            remark(message)

    def __exit__(self, *exception: object) -> None:
        if self.is_terminal and self.said is not None:
            click.echo("\r\x1b[K", err=True, nl=False)


def rescue_text(session: "Session", found: "Rescue") -> str:
    scenario = session.scenario
    title = f"{scenario.title} ({scenario.id}), seed {scenario.seed}"
    if found.broke is None:
        return f"{title}\n\nthe loss is finite to the end, after {session.position.iteration:,} iterations: nothing to rescue"
    broke, health = found.broke, found.health
    facts = [
        ("the loss", f"{number(broke.loss)} in iteration {broke.iteration} of {found.planned} planned"),
        ("first number not finite", f"iteration {broke.op.iteration}, op {broke.op.op}: {broke.label}"),
    ]
    if health is None:
        return f"{title}\n\n{_aligned(facts)}\n\nno loss before it was finite, so there is nothing to go back to"
    first = health.best_at - health.window + 1
    place = f"the mean of iterations {first} to {health.best_at}" if health.window > 1 else f"iteration {first}"
    rose = f"from iteration {health.took_off} on it is above {number(health.limit)}, twice the best"
    facts += [
        ("its best loss", f"{number(health.best)}, {place}"),
        ("took off", rose if health.took_off < broke.iteration else "not before it broke"),
    ]
    rows = [
        (each.remedy.name, f"{each.remedy.key}: {_word(each.remedy.old)} → {_word(each.remedy.value)}", *_verdict(each))
        for each in found.outcomes
    ]
    head = ("remedy", "change at the start of an iteration", "last that saves the run", "of those before")
    mean = f" in the mean of its last {health.window} iterations" if health.window > 1 else ""
    saved = f"saved: finite to iteration {found.planned}, with a loss of at most {number(health.limit)}{mean}"
    return f"{title}\n\n{_aligned(facts)}\n\n{table(head, rows)}\n\n{saved}"


def _aligned(facts: Sequence[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in facts)
    return "\n".join(f"{name:<{width}}  {text}" for name, text in facts)


def _word(value: Any) -> str:
    return "(none)" if value is None else f"{value:g}"


def _verdict(outcome: "Outcome") -> tuple[str, str]:
    first, last = outcome.first, outcome.last
    if last is None:
        end = first + len(outcome.ends) - 1
        return "none", f"tried {first} to {end}" if end > first else f"tried {first}"
    failed = outcome.failed_before
    if not failed:
        return str(last), "all save it" if last > first else "none tried"
    return str(last), f"{len(failed)} of {last - first} fail: {spans(failed)}"


def spans(iterations: Sequence[int]) -> str:
    """[3, 4, 5, 9] as "3-5, 9"; of very many only the latest."""
    runs: list[list[int]] = [[iterations[0]]]
    for one, following in pairwise(iterations):
        if following == one + 1:
            runs[-1].append(following)
        else:
            runs.append([following])
    words = [f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return ", ".join(["…", *words[-MOST_SPANS:]] if len(words) > MOST_SPANS else words)


def rescue_as_data(session: "Session", found: "Rescue") -> dict[str, Any]:
    """All of it: of each remedy the loss at the end, and whether that is saved, from every iteration that was tried."""
    scenario, broke, health = session.scenario, found.broke, found.health
    return {
        "scenario": scenario.id,
        "title": scenario.title,
        "seed": scenario.seed,
        "planned_iterations": found.planned,
        "broke": None
        if broke is None
        else {
            "iteration": broke.iteration,
            "loss": broke.loss,
            "op": {"iteration": broke.op.iteration, "op": broke.op.op, "label": broke.label},
        },
        "health": None
        if health is None
        else {
            "window": health.window,
            "best": health.best,
            "best_at": health.best_at,
            "took_off": health.took_off,
            "grad_norm": health.grad_norm,
            "limit": health.limit,
        },
        "remedies": [
            {
                "name": each.remedy.name,
                "key": each.remedy.key,
                "old": each.remedy.old,
                "value": each.remedy.value,
                "first": each.first,
                "last": each.last,
                "failed_before": each.failed_before,
                "ends": each.ends,
                "saved": each.is_saved,
            }
            for each in found.outcomes
        ],
    }
