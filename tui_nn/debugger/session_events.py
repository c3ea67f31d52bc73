"""What the lines of session files and journals say: how sessions are told as events, and the check of a stranger's.

Runs have names, "1", "2". A run is opened with a scenario, or forked from another; then it is edited. "base" are the edits
that a run was born with, which it cannot undo. "stand" says where it is.
"""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tui_nn.debugger.session_lines import fault
from tui_nn.scenario.errors import nearest, shown

if TYPE_CHECKING:
    from tui_nn.debugger.edits import Edit
    from tui_nn.debugger.position import Position
    from tui_nn.debugger.session import Session
    from tui_nn.debugger.timeline import Timeline, Version
    from tui_nn.scenario import Scenario

MOST_RUNS = 100
MOST_EDITS = 10_000  # of one file
MOST_STOPS = 100
FAR = 2**62
LIBRARIES = ("numpy", "numba", "scipy")  # whose versions decide the last digits

Event = dict[str, Any]


# Told


def conditions() -> dict[str, str]:
    """What besides the file decides the bytes: versions and the machine."""
    found = {"python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}"}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


def opening(run: str, session: Session) -> Event:
    """The run as it was born, from its scenario on."""
    from tui_nn.data.fingerprint import fingerprint

    timeline = session.timeline
    scenario = timeline.segments[0].program.scenario
    base = base_of(timeline)
    return {
        "do": "open", "run": run, "scenario": scenario_data(scenario), "data": fingerprint(timeline.dataset),
        "at": list(base[-1].position) if base else [0, 0], "base": [told(edit) for edit in base],
    }  # fmt: skip


def forking(run: str, parent: str, session: Session) -> Event:
    """The run as it was born, as a fork of another."""
    assert session.origin is not None
    place = session.origin.position
    return {
        "do": "fork",
        "run": run,
        "of": parent,
        "at": list(place),
        "base": [told(e) for e in base_of(session.timeline)],
    }


def changes(run: str, timeline: Timeline) -> Iterator[Event]:
    """The edits in the order in which they were made and, of those taken back, what redo would make again."""
    done, undone = timeline.versions
    for before, after in pairwise(done):
        yield editing(run, _newest(before, after), None)
    last = done[-1]
    for after in undone:
        yield editing(run, _newest(last, after), None)
        last = after
    yield from ({"do": "undo", "run": run} for _ in undone)


def editing(run: str, edit: Edit, place: Position | None) -> Event:
    """place: where the session stood; None for the position from which the edit holds, which comes to the same."""
    at, key, value = told(edit)
    return {"do": "edit", "run": run, "at": at if place is None else list(place), "key": key, "value": value}


def standing(run: str, at: Position, reached: Position) -> Event:
    return {"do": "stand", "run": run, "at": list(at), "reached": list(reached)}


def stopping(run: str, lines: Sequence[str]) -> Event:
    return {"do": "stops", "run": run, "lines": list(lines)}


def stops_of(session: Session) -> list[str]:
    """The session's stops as text, each as it could be typed."""
    return [str(stop) for stop in getattr(session, "stops", ())]


def scenario_data(scenario: Scenario) -> dict[str, Any]:
    """What a file would have to say to give this scenario, by itself: what it extended is in it already."""
    left_out = {"extends", "change"}
    return scenario.model_dump(mode="json", exclude_unset=True, exclude=left_out, warnings=False)


def base_of(timeline: Timeline) -> tuple[Edit, ...]:
    """The edits that it was born with."""
    return timeline.versions[0][0].edits


def told(edit: Edit) -> list[Any]:
    """[position, key, value] of an edit."""
    return [list(edit.position), edit.key, _told_value(edit.value)]


def meant(value: Any) -> Any:
    """The value that `told` wrote."""
    if isinstance(value, dict) and set(value) == {"number"}:
        return float(value["number"])
    return value


def _told_value(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", exclude_unset=True, warnings=False)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"number": str(float(value))}
    return [_told_value(item) for item in value] if isinstance(value, list | tuple) else value


def _newest(before: Version, after: Version) -> Edit:
    """The edit that made one of the other."""
    known = {id(edit) for edit in before.edits}
    return next(edit for edit in after.edits if id(edit) not in known)


# Checked


def _name(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isalnum() and len(value) <= 20


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < FAR


def _place(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_whole, value))


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 300 and value.isprintable()


def _texts(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MOST_STOPS and all(map(_text, value))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _value(value: Any) -> bool:
    return not (isinstance(value, dict) and set(value) == {"number"}) or value["number"] in ("nan", "inf", "-inf")


def _base(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MOST_EDITS
        and all(
            isinstance(row, list) and len(row) == 3 and _place(row[0]) and _text(row[1]) and _value(row[2])
            for row in value
        )
    )


def _table(value: Any) -> bool:
    return isinstance(value, dict)


PLACE = (_place, "a position, [iteration, op]")
RUN = (_name, "the name of a run, letters and digits")
BASE = (_base, "a list of edits, each [[iteration, op], key, value]")
TEXT = (_text, "a text of at most 300 printable letters")
Field = tuple[Callable[[Any], bool], str]

FIELDS: dict[str, dict[str, Field]] = {
    "open": {
        "run": RUN, "scenario": (_table, "a table"), "data": (_table, "a table"), "at": PLACE, "base": BASE,
    },
    "fork": {"run": RUN, "of": RUN, "at": PLACE, "base": BASE},
    "edit": {"run": RUN, "at": PLACE, "key": TEXT, "value": (_value, "a value")},
    "undo": {"run": RUN},
    "redo": {"run": RUN},
    "stand": {"run": RUN, "at": PLACE, "reached": PLACE},
    "stops": {"run": RUN, "lines": (_texts, f"a list of at most {MOST_STOPS} texts")},
    "look": {"run": RUN},
    "shut": {"run": RUN},
    "end": {},
}  # fmt: skip
MAY_HAVE: dict[str, dict[str, Field]] = {"stand": {"state": TEXT, "time": (_number, "a number")}}


def checked(source: str, events: Sequence[tuple[int, Event]]) -> None:
    """Has every event the fields that it needs, and are the runs there that it speaks of? Errors: SessionFileError."""
    runs: set[str] = set()
    shut: set[str] = set()
    n_edits = 0
    for line, event in events:
        _check_fields(source, line, event)
        do, run = event["do"], event["run"]
        if do in ("open", "fork"):
            if run in runs:
                raise fault(source, line, f"a second run is called {run!r}")
            if do == "fork" and event["of"] not in runs - shut:
                raise fault(source, line, f"it is forked from run {event['of']!r}, which is not open there")
            runs.add(run)
            if len(runs) > MOST_RUNS:
                raise fault(source, line, f"more than {MOST_RUNS} runs; a session has fewer")
        elif run not in runs or (run in shut and do != "shut"):
            raise fault(source, line, f"it speaks of run {run!r}, which is not open there")
        if do == "shut":
            shut.add(run)
        n_edits += len(event.get("base", ())) + (do == "edit")
        if n_edits > MOST_EDITS:
            raise fault(source, line, f"more than {MOST_EDITS:,} edits; a session has fewer")
    if not runs - shut:
        raise fault(source, None, "there is no run in it; nothing was open when it was written")


def _check_fields(source: str, line: int, event: Event) -> None:
    do = event.get("do")
    if not isinstance(do, str) or do not in FIELDS or do == "end":
        near = nearest(do, FIELDS)
        raise fault(source, line, f"unknown word {shown(do)}{f'; is it {near!r}?' if near else ''}", "do")
    needed, may = FIELDS[do], MAY_HAVE.get(do, {})
    for key, (fits, words) in (needed | may).items():
        if key in event and not fits(event[key]):
            raise fault(source, line, f"got {shown(event[key])}; {words} is needed", key)
        if key in needed and key not in event:
            raise fault(source, line, f"is missing; {words} is needed", key)
    for key in event:
        if key != "do" and key not in needed and key not in may:
            raise fault(source, line, f"{do} has no such key", shown(key))
