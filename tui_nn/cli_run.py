"""`tui-nn run`: train without a screen, report what happened."""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui_nn.cli_edits import PlannedEdit, made, make_edit, planned_edits
from tui_nn.cli_show import layers_text
from tui_nn.cli_text import json_line, number, print_json, remark, table

if TYPE_CHECKING:
    from tui_nn.debugger.position import Stop
    from tui_nn.debugger.seek import By
    from tui_nn.debugger.session import Session
    from tui_nn.engine.program import Program
    from tui_nn.scenario import Scenario

MAX_ROWS = 20
WAIT_S = 0.1
REPORTED = ("loss", "accuracy", "val_loss", "val_accuracy")
AT_END = (*REPORTED, "penalty", "test_loss", "test_accuracy")


def run_scenario(
    *,
    scenario: str,
    overrides: Sequence[str],
    iterations: int | None,
    epochs: int | None,
    until: str | None,
    as_json: bool,
    trace: str | None,
    plot: str | None = None,
    save: str | None = None,
    by: "By" = "iteration",
    stops: Sequence[str] = (),
    edits: Sequence[str] = (),
    checkpoint_mb: float | None = None,
) -> int:
    """Train to the planned end, or as far as the options say. A NaN is news, not a failure: exit status 0."""
    with open_session(scenario, overrides, checkpoint_mb=checkpoint_mb) as session:
        if epochs is not None:
            iterations = session.program.epochs.start(epochs)
        plotted = metrics_named(plot, session.program) if plot else []
        set_stops(session, stops)
        to_make = planned_edits(edits, session, iterations)
        # Opened before training: a path that cannot be written should not cost an hour first.
        with Path(trace).open("w", encoding="utf-8") if trace else nullcontext() as file:
            stop = train(session, iterations, until, by, to_make)
            if file is not None:
                file.writelines(trace_lines(session))
        if save:
            from tui_nn.cli_sessions import save_session

            save_session(session, save)
        if as_json:
            print_json(report_as_data(session, stop))
        else:
            click.echo(report_text(session, stop))
        if plotted:
            from tui_nn.cli_plot import chart_text

            # Where JSON is asked for, standard output is for a program; the chart is for whoever looks on.
            click.echo("\n" + chart_text({name: session.history.curve(name) for name in plotted}), err=as_json)
    return 0


def metrics_named(names: str, program: "Program") -> list[str]:
    """The metrics of a list such as "loss,val_loss", before anything trains."""
    asked = list(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    for name in asked:
        if name not in program.metrics:
            near = get_close_matches(name, program.metrics, n=1, cutoff=0.5)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            raise click.BadParameter(f"this run measures no '{name}'{hint}", param_hint="'--plot'")
    return asked


def print_report(ref: str, overrides: Sequence[str], *, iterations: int | None, at_most: int) -> int:
    """The layers, and a run of bounded length: what `tui-nn open` says where there is no screen."""
    with open_session(ref, overrides) as session:
        wanted = session.planned_iterations if iterations is None else iterations
        click.echo(f"{session.scenario.title} ({session.scenario.id})\n")
        click.echo(layers_text(session.program) + "\n")
        click.echo(report_text(session, train(session, min(wanted, at_most), None)))
        if wanted > at_most:
            remark(f"only the first {at_most:,} of {wanted:,} iterations; tui-nn run {ref} trains them all")
    return 0


@contextmanager
def open_session(
    ref: str,
    overrides: Sequence[str],
    prepared: "Callable[[Scenario], Scenario]" = lambda scenario: scenario,
    checkpoint_mb: float | None = None,
) -> Iterator["Session"]:
    """prepared: what the command needs besides, laid over the scenario."""
    from tui_nn.debugger.session import Session
    from tui_nn.scenario import load_scenario

    scenario = load_scenario(ref, overrides)
    for line in scenario.remarks:
        remark(line)
    session = Session(prepared(scenario), checkpoint_mb=checkpoint_mb)
    try:
        yield session
    finally:
        session.close()


def set_stops(session: "Session", texts: Sequence[str]) -> None:
    for text in texts:
        try:
            session.stops.add(text)
        except ValueError as error:  # place and cure are in it
            raise click.BadParameter(str(error), param_hint="'--break'") from None


def train(
    session: "Session", iterations: int | None, until: str | None, by: "By" = "iteration",
    edits: Sequence[PlannedEdit] = (),
) -> "Stop":  # fmt: skip
    """Compile first, so that the time told on stderr is training alone; then run, from edit to edit.

    What ends the run before an edit's place ends it.
    """
    from tui_nn.debugger.position import Position

    begin = time.perf_counter()
    session.prepare()
    compiled = time.perf_counter()
    remark(f"ready in {compiled - begin:.2f} s")
    end = None if iterations is None else session.position.iteration + iterations
    with heard_ctrl_c() as check:
        for edit in (*edits, None):
            place = edit.place if edit is not None else None if end is None else Position(end)
            if until is None:
                session.start(place, watch=True)
            else:
                session.start_until(until, None if place is None else place.iteration - session.position.iteration, by)
            while not session.wait(WAIT_S):
                check()
            check()
            stop = session.last_stop
            assert stop is not None
            if edit is None or stop.reason not in ("done", "end") or session.position.iteration < edit.place.iteration:
                break
            session.goto(*edit.place)
            make_edit(session, edit)
    took_s = time.perf_counter() - compiled
    done = session.reached.iteration  # until goes back to where the condition held; time went into all of them
    rate = f"{done / took_s:,.0f} iterations/s" if done and took_s > 0 else "nothing to train"
    remark(f"{done:,} iterations in {took_s:.2f} s: {rate}")
    return stop


@contextmanager
def heard_ctrl_c() -> Iterator[Callable[[], None]]:
    """A check that raises KeyboardInterrupt once Ctrl-C was pressed.

    Python may lose the first one: raised while a finaliser runs (there are many after compiling), it is only printed.
    """
    pressed: list[int] = []

    def note(number: int, frame: Any) -> None:
        pressed.append(number)
        signal.default_int_handler(number, frame)

    def check() -> None:
        if pressed:
            raise KeyboardInterrupt

    is_ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not is_ours or threading.current_thread() is not threading.main_thread():
        yield check  # ignored, as behind nohup, or somebody else's
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def reported_rows(session: "Session") -> list[tuple[int, dict[str, float]]]:
    """(iteration, its metrics): the first, some at round steps, the last; ends of epochs where there are several."""
    history = session.history
    n = len(history["loss"])
    epochs = session.program.epochs
    ends = [epochs.start(k + 1) - 1 for k in range(epochs.of(n))] if n >= 2 * epochs.per_epoch > 2 else []
    candidates = ends or range(n)
    picked = list(candidates[:: round_step(len(candidates))])
    if n and picked[-1] != n - 1:
        picked.append(n - 1)
    names = [name for name in REPORTED if name in session.program.metrics]
    return [(i, {name: value for name in names if (value := history.at(name, i)) is not None}) for i in picked]


def round_step(n: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50, ... that takes at most MAX_ROWS steps through n."""
    step, factors = 1, (2, 2.5, 2)
    for turn in range(100):
        if step * MAX_ROWS >= n:
            break
        step = int(step * factors[turn % 3])
    return step


def report_text(session: "Session", stop: "Stop") -> str:
    names = [name for name in REPORTED if name in session.program.metrics]
    epochs = session.program.epochs
    rows = [
        (str(epochs.of(i)), str(i), *(number(metrics.get(name)) for name in names))
        for i, metrics in reported_rows(session)
    ]
    head = ("epoch", "iteration", *names)
    edits = [f"edited at {edit.position}: {edit}" for edit in session.edits]
    return "\n".join([table(head, rows, right=range(len(head))), *edits, stop_text(session, stop)])


def stop_text(session: "Session", stop: "Stop") -> str:
    """Where and why it stopped, with the metrics there."""
    metrics = current_metrics(session)
    values = ", ".join(f"{name} {number(value)}" for name in AT_END if (value := metrics.get(name)) is not None)
    where = f"at iteration {stop.position.iteration}"
    if stop.position.op:
        where += f", behind op {stop.position.op - 1} ({session.program.ops[stop.position.op - 1].label})"
    return " ".join(part for part in (f"stopped {where}: {values or 'nothing measured yet'}.", stop.message) if part)


def current_metrics(session: "Session") -> dict[str, float]:
    """Every metric measured by the current position."""
    history = session.history
    return {name: value for name in history.names if (value := history.value(name)) is not None}


def report_as_data(session: "Session", stop: "Stop") -> dict[str, Any]:
    return {
        "scenario": session.scenario.id,
        "title": session.scenario.title,
        "seed": session.scenario.seed,
        "reason": stop.reason,
        "message": stop.message,
        "stops": [fired._asdict() for fired in stop.fired],
        "position": {"iteration": stop.position.iteration, "op": stop.position.op},
        "epoch": session.epoch,
        "edits": made(session),
        "metrics": current_metrics(session),
        "rows": [{"iteration": i, **metrics} for i, metrics in reported_rows(session)],
    }


def trace_lines(session: "Session") -> Iterator[str]:
    """A JSON object an iteration, with the metrics measured in it, up to the current position."""
    history = session.history
    columns = {name: history[name].tolist() for name in history.names}
    is_due = {name: session.program.ops[metric.op].is_due for name, metric in session.program.metrics.items()}
    epochs = session.program.epochs
    for i in range(len(columns["loss"])):
        row = {name: values[i] for name, values in columns.items() if i < len(values) and is_due[name](i)}
        yield json_line({"iteration": i, "epoch": epochs.of(i), **row})
