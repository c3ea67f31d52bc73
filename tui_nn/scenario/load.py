"""From a preset's id or a path to a `Scenario` that can be trained."""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tui_nn.scenario.check import check
from tui_nn.scenario.errors import Fault, Problem, ScenarioError, dotted
from tui_nn.scenario.extends import OWN, Stack, Stage, find_beside, stack_of
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.overrides import Override, apply_overrides
from tui_nn.scenario.read import find_file, read_toml, shown_path
from tui_nn.scenario.validate import MAX_FAULTS, validate

MAX_PROBLEMS = 50


def load_scenario(ref: str | Path, overrides: Sequence[str] = ()) -> Scenario:
    """Read, validate and check a scenario: what comes back can be trained.

    ref: a preset's id, like "xor-mlp", or the path of a .toml file.
    overrides: settings over those of the file, "optimizer.lr=0.1", "layers[0].units=8", "seed=3".
    Errors: ScenarioError with everything wrong with the file, the files that it extends, and the overrides.
    """
    path = find_file(ref)
    source = shown_path(path)
    text, raw = read_toml(path, source)
    return parse_scenario(raw, source, text, overrides, path)


def beside(ref: str | Path, name: str) -> Path:
    """The file that the scenario `ref` names by `extends`, `twin` or `beside`. Errors: ScenarioError if there is none."""
    path = find_file(ref)
    try:
        return find_beside(name, path)
    except ValueError as error:
        raise ScenarioError(shown_path(path), [Problem(None, None, "", str(error))]) from None


def parse_scenario(
    raw: dict[str, Any], source: str, text: str = "", overrides: Sequence[str] = (), path: Path | None = None
) -> Scenario:
    """Validate and check raw data; overrides are written into it. ScenarioError as above.

    source: what reports call it. text: the TOML it was read from, where lines and columns are looked up. path: the file,
    beside which lie those that it extends.
    """
    stack = stack_of(raw, source, text, path)
    raw = stack.stages[0].merged
    as_written = copy.deepcopy(raw) if overrides else raw
    applied, problems = apply_overrides(raw, overrides)
    problems += stack.problems
    scenario, faults = _judge(raw)
    if not stack.is_whole:  # what is missing stands in a file that could not be read
        faults = [fault for fault in faults if fault.path[0] in OWN]
    is_about_run = bool(applied) and all(one.path[0] not in ("script", "expect") for one in applied)
    if is_about_run and not problems and not stack.faults and _are_of_the_lesson(faults) and not _judge(as_written)[1]:
        return _without_lines(raw, faults, source)
    if scenario is not None and not faults and not problems and not stack.faults and stack.is_whole:
        return scenario
    raise ScenarioError(source, _in_order(_placed(faults, applied, stack) + problems))


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
    scenario, faults = _judge(raw)
    if scenario is None or faults:
        raise ScenarioError(source, [Problem(None, None, dotted(fault.path), fault.message) for fault in faults])
    names = ", ".join(dotted(place) for place in sorted(void))
    return scenario.with_remark(f"left out, because they speak of what --set took away: {names}")


def _placed(faults: list[Fault], overrides: list[Override], stack: Stack) -> list[Problem]:
    """Faults with their files, lines and columns; those that an override brought in name the override instead."""
    from tui_nn.scenario.locate import Places  # tree-sitter: only now is it worth its 15 ms

    places = {}
    problems = []
    for at, fault in [*stack.faults, *((None, fault) for fault in faults)]:
        culprit = _culprit(fault, overrides) if at is None else None
        if culprit is not None:
            problems.append(Problem(None, None, culprit.key, fault.message))
            continue
        index = _file_of(fault, stack) if at is None else at
        if index not in places:
            places[index] = Places(stack.stages[index].text)
        line, column = places[index].of(_where(fault, stack.stages[index])) or (None, None)
        problems.append(
            Problem(line, column, dotted(fault.path), fault.message, stack.stages[index].source if index else "")
        )
    return problems


def _file_of(fault: Fault, stack: Stack) -> int:
    """The lowest file that has the same fault without all that lies over it."""
    index = 0
    while index + 1 < len(stack.stages) and (fault.path, fault.message) in _faults_alone(stack.stages[index + 1]):
        index += 1
    return index


def _faults_alone(stage: Stage) -> set[tuple[Any, str]]:
    faults = _judge({"id": "base", "title": "Base"} | stage.inheritable)[1]
    return {(fault.path, fault.message) for fault in faults}


def _where(fault: Fault, stage: Stage) -> Fault:
    """What to point at in that file: the change that brought the fault in or, for what it inherits, its `extends`."""
    culprit = _culprit(fault, list(stage.changes))
    if culprit is not None:
        return Fault(culprit.place, fault.message)
    if "extends" in stage.own and fault.path[0] not in stage.own and fault.path[0] not in OWN:
        near = [one.place for one in stage.changes if one.path[0] == fault.path[0]]
        return Fault(near[-1] if near else ("extends",), fault.message)
    return fault


def _culprit(fault: Fault, overrides: list[Override]) -> Override | None:
    """The last override that set the faulty value or, if a whole table is at fault, something in it."""
    for one in reversed(overrides):
        n = min(len(one.path), len(fault.path))
        if one.path[:n] == fault.path[:n]:
            return one
    return None


def _in_order(problems: list[Problem]) -> list[Problem]:
    problems = sorted(
        dict.fromkeys(problems),
        key=lambda problem: (problem.source, problem.line is None, problem.line, problem.column),
    )
    if len(problems) <= MAX_PROBLEMS:
        return problems
    rest = "many" if len(problems) >= MAX_FAULTS else f"{len(problems) - MAX_PROBLEMS:,}"
    return [*problems[:MAX_PROBLEMS], Problem(None, None, "", f"and {rest} more; correct these first")]
