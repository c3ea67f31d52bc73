"""`tui-nn run --edit`: changes in the middle of a run, judged before anything trains."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from tui_nn.debugger.position import Position
    from tui_nn.debugger.session import Session

EDIT = re.compile(r"\s*([0-9]{1,9})(?::([0-9]{1,6}))?\s*:\s*([A-Za-z_][^=]{0,199}?)\s*=\s*(.{1,800})", re.DOTALL)


class PlannedEdit(NamedTuple):
    """key and value are made at that place of the run."""

    place: "Position"
    key: str
    value: Any


def planned_edits(texts: Sequence[str], session: "Session", iterations: int | None) -> list[PlannedEdit]:
    """Of "100: optimizer.lr=0.01" or "100:3: ...", in the order of their places; all are judged before anything trains."""
    from tui_nn.debugger.position import Position
    from tui_nn.scenario.edit_keys import EditError, with_edit
    from tui_nn.scenario.overrides import read_value

    found: list[PlannedEdit] = []
    for text in texts:
        match = EDIT.fullmatch(text)
        if match is None:
            raise click.BadParameter(f"{text!r}: write it like '100: optimizer.lr=0.01'", param_hint="'--edit'")
        try:
            place = session.timeline.canonical(int(match[1]), int(match[2] or 0))
        except ValueError as error:
            raise click.BadParameter(f"{text!r}: {error}", param_hint="'--edit'") from None
        end = session.planned_iterations if iterations is None else iterations
        if place > Position(end):
            message = f"{text!r} lies behind the end of the run, iteration {end}; edit before it, or train further"
            raise click.BadParameter(message, param_hint="'--edit'")
        found.append(PlannedEdit(place, match[3], read_value(match[4])))
    found.sort(key=lambda edit: edit.place)
    scenario = session.scenario
    for edit in found:
        try:
            scenario = with_edit(scenario, edit.key, edit.value)
        except EditError as error:
            raise click.BadParameter(str(error), param_hint="'--edit'") from None
    return found


def make_edit(session: "Session", edit: PlannedEdit) -> None:
    """Errors: click.BadParameter for what only the run can tell."""
    try:
        session.set(edit.key, edit.value)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="'--edit'") from None
    session.prepare()


def made(session: "Session") -> list[dict[str, Any]]:
    """For JSON: the edits of the run."""
    from tui_nn.debugger.edits import words

    return [
        {"iteration": at[0], "op": at[1], "key": edit.key, "old": words(edit.old), "value": words(edit.value)}
        for edit in session.edits
        for at in (edit.position,)
    ]
