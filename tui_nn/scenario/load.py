"""From a preset's id or a path to a `Scenario` that can be trained."""

import copy
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tui_nn.scenario.check import check
from tui_nn.scenario.errors import Fault, Problem, ScenarioError, dotted
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.overrides import Override, apply_overrides
from tui_nn.scenario.read import find_file, read_toml
from tui_nn.scenario.validate import MAX_FAULTS, validate

MAX_PROBLEMS = 50


def load_scenario(ref: str | Path, overrides: Sequence[str] = ()) -> Scenario:
    """Read, validate and check a scenario: what comes back can be trained.

    ref: a preset's id, like "xor-mlp", or the path of a .toml file.
    overrides: settings over those of the file, "optimizer.lr=0.1", "layers[0].units=8", "seed=3".
    Errors: ScenarioError with everything wrong with the file and the overrides.
    """
    path = find_file(ref)
    source = _source(path)
    text, raw = read_toml(path, source)
    return parse_scenario(raw, source, text, overrides)


def parse_scenario(raw: dict[str, Any], source: str, text: str = "", overrides: Sequence[str] = ()) -> Scenario:
    """Validate and check raw data; overrides are written into it. ScenarioError as above.

    source: what reports call it. text: the TOML it was read from, where lines and columns are looked up.
    """
    as_written = copy.deepcopy(raw) if overrides else raw
    applied, problems = apply_overrides(raw, overrides)
    scenario, faults = _judge(raw)
    is_about_run = bool(applied) and all(one.path[0] not in ("script", "expect") for one in applied)
    if is_about_run and not problems and _are_of_the_lesson(faults) and not _judge(as_written)[1]:
        return _without_lines(raw, faults, source)
    if scenario is not None and not faults and not problems:
        return scenario
    raise ScenarioError(source, _in_order(_placed(faults, applied, text) + problems))


def _judge(raw: dict[str, Any]) -> tuple[Scenario | None, list[Fault]]:
    findings = validate(raw)
    return findings.scenario, findings.faults + [findings.as_written(fault) for fault in check(findings)]


def _are_of_the_lesson(faults: list[Fault]) -> bool:
    return bool(faults) and all(len(fault.path) > 1 and fault.path[0] in ("script", "expect") for fault in faults)


def _without_lines(raw: dict[str, Any], faults: list[Fault], source: str) -> Scenario:
    """The scenario less the script lines and expectations that an override made void: they speak of another network."""
    void = {(fault.path[0], fault.path[1]) for fault in faults}
    for table in ("script", "expect"):
        if table in raw:
            raw[table] = [line for index, line in enumerate(raw[table]) if (table, index) not in void]
    scenario = parse_scenario(raw, source)
    names = ", ".join(dotted(place) for place in sorted(void))
    return scenario.with_remark(f"left out, because they speak of what --set took away: {names}")


def _placed(faults: list[Fault], overrides: list[Override], text: str) -> list[Problem]:
    """Faults with their lines and columns; those that an override brought in name the override instead."""
    from tui_nn.scenario.locate import Places  # tree-sitter: only now is it worth its 15 ms

    places = Places(text)
    problems = []
    for fault in faults:
        culprit = _culprit(fault, overrides)
        if culprit is not None:
            problems.append(Problem(None, None, culprit.key, fault.message))
            continue
        place = places.of(fault)
        line, column = place if place is not None else (None, None)
        problems.append(Problem(line, column, dotted(fault.path), fault.message))
    return problems


def _culprit(fault: Fault, overrides: list[Override]) -> Override | None:
    """The last override that set the faulty value or, if a whole table is at fault, something in it."""
    for one in reversed(overrides):
        n = min(len(one.path), len(fault.path))
        if one.path[:n] == fault.path[:n]:
            return one
    return None


def _in_order(problems: list[Problem]) -> list[Problem]:
    problems = sorted(dict.fromkeys(problems), key=lambda problem: (problem.line is None, problem.line, problem.column))
    if len(problems) <= MAX_PROBLEMS:
        return problems
    rest = "many" if len(problems) >= MAX_FAULTS else f"{len(problems) - MAX_PROBLEMS:,}"
    return [*problems[:MAX_PROBLEMS], Problem(None, None, "", f"and {rest} more; correct these first")]


def _source(path: Path) -> str:
    """The path as short as it is clear: relative if it lies below the working directory."""
    try:
        relative = os.path.relpath(path)
    except ValueError:  # another drive
        return str(path)
    return str(path) if relative.startswith("..") else relative
