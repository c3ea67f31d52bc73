"""`tui-nn compare A B`: two runs, trained side by side, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from tui_nn.cli_text import number, print_json, table

if TYPE_CHECKING:
    from tui_nn.debugger.compare import Comparison
    from tui_nn.debugger.session import Session


def run_compare(
    a: str, b: str, iterations: int | None, overrides: Sequence[str], set_a: Sequence[str], set_b: Sequence[str],
    as_json: bool,
) -> None:  # fmt: skip
    """Train both and say what differs; a saved session is taken as far as it had got. Errors: ScenarioError."""
    from tui_nn.debugger.compare import compare

    opened = [_opened(ref, [*overrides, *own]) for ref, own in ((a, set_a), (b, set_b))]  # both, before either trains
    sessions = [session for session, _ in opened]
    for session, is_saved in opened:
        if iterations is not None and session.reached.iteration < iterations:
            session.goto(*session.reached)
            session.run(iterations - session.position.iteration)
        elif not is_saved:
            session.run(iterations)
    found = compare(sessions[0], sessions[1])
    titles = sessions[0].scenario.title, sessions[1].scenario.title
    if as_json:
        print_json(as_data(found, titles))
    else:
        click.echo("\n".join(comparison_text(found, titles)))


def _opened(ref: str, overrides: Sequence[str]) -> tuple[Session, bool]:
    """The run of a preset or a scenario file, or that of a saved session which was looked at last; is it a saved one?"""
    from tui_nn.debugger.session import Session
    from tui_nn.debugger.session_lines import is_session_ref
    from tui_nn.scenario import load_scenario

    if not is_session_ref(ref):
        return Session(load_scenario(ref, overrides)), False
    if overrides:
        raise click.UsageError(f"--set changes a scenario before it starts; {ref} has started")
    from tui_nn.debugger.session_file import open_file

    return open_file(ref).current, True


def comparison_text(found: Comparison, titles: tuple[str, str]) -> list[str]:
    """Lines for a terminal or a page."""
    from tui_nn.debugger.edits import words

    lines = [f"first:  {titles[0]}", f"second: {titles[1]}", ""]
    settings = [
        (row.key + (f" (set at {row.since})" if row.since else ""), words(row.first), words(row.second))
        for row in found.settings
    ]
    head = table(("setting", "first", "second"), settings) if settings else "No setting differs."
    lines += [*head.split("\n"), ""]
    if found.parting is None:
        lines.append(f"Not a byte differs in {found.iteration:,} iterations.")
    else:
        lines.append(f"They part at {found.parting.position}, in '{found.parting.label}': {found.parting.what}.")
    rows = [
        (row.name, number(row.first) or "-", number(row.second) or "-", number(row.difference) or "-")
        for row in found.metrics
    ]
    lines += ["", f"After {found.iteration:,} iterations:"]
    return lines + table(("metric", "first", "second", "second - first"), rows, (1, 2, 3)).split("\n")


def as_data(found: Comparison, titles: tuple[str, str]) -> dict:
    """For JSON."""
    from tui_nn.debugger.edits import words

    parting = found.parting
    return {
        "first": titles[0],
        "second": titles[1],
        "iteration": found.iteration,
        "settings": {row.key: [words(row.first), words(row.second)] for row in found.settings},
        "parting": None
        if parting is None
        else {
            "iteration": parting.position.iteration,
            "op": parting.position.op,
            "label": parting.label,
            "what": parting.what,
        },
        "metrics": {row.name: [row.first, row.second, row.difference] for row in found.metrics},
    }
