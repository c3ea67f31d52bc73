"""From a preset's id or a path to a `Scenario` that can be trained."""

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
    applied, problems = apply_overrides(raw, overrides)
    findings = validate(raw)
    faults = findings.faults + [findings.as_written(fault) for fault in check(findings)]
    if findings.scenario is not None and not faults and not problems:
        return findings.scenario
    raise ScenarioError(source, _in_order(_placed(faults, applied, text) + problems))


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
