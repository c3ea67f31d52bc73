"""A scenario with other settings, as --set and [change] make one, from the scenario itself: no file is read again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tui_nn.scenario.errors import Fault, Path, Problem, ScenarioError, dotted
from tui_nn.scenario.extends import MAX_CHANGES, OWN, settings_of
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.overrides import Override, paths_of, write

KEPT = ("id", "title")  # of what a scenario says of itself: without these it is none


@dataclass(frozen=True)
class Changed:
    """The scenario as changed, without lesson, script and expectations; None if it cannot be. faults: under "change"."""

    scenario: Scenario | None
    faults: tuple[Fault, ...] = ()


def changed(scenario: Scenario, change: Mapping[str, Any]) -> Changed:
    """Write the settings over those of the scenario, and judge what comes of it.

    A fault points at the setting that brings it in; what is wrong with the scenario itself is not said once more.
    """
    raw = _raw(scenario)
    applied, faults = _apply(raw, dict(change))
    after, found = _judge(raw)
    if found:
        known = {fault.path for fault in _judge(_raw(scenario))[1]}
        faults += [_blamed(fault, applied) for fault in found if fault.path not in known]
    return Changed(None if faults else after, tuple(faults))


def with_changes(scenario: Scenario, change: Mapping[str, Any]) -> Scenario:
    """The same, of a change that was checked when the scenario was loaded. Errors: ScenarioError."""
    result = changed(scenario, change)
    if result.scenario is None:
        problems = [Problem(None, None, dotted(fault.path), fault.message) for fault in result.faults]
        raise ScenarioError(scenario.id, problems)
    return result.scenario


def _raw(scenario: Scenario) -> dict[str, Any]:
    """What a file would have to say to give this scenario."""
    left_out = {key for key in OWN if key not in KEPT}
    # Numbers given in a file stay lists where the model says tuples, which is nothing to warn of.
    return scenario.model_dump(mode="json", exclude_unset=True, exclude=left_out, warnings=False)


def _apply(raw: dict[str, Any], change: dict[str, Any]) -> tuple[list[Override], list[Fault]]:
    applied: list[Override] = []
    faults: list[Fault] = []
    for place, key, value in settings_of(change):
        try:
            for path in paths_of(key):
                if path[0] in OWN:
                    raise ValueError(f"{path[0]} changes nothing that is trained; name a setting, like optimizer.lr")
                if len(applied) == MAX_CHANGES:
                    raise ValueError(f"more than {MAX_CHANGES:,} changes; ask about fewer")
                one = Override(key, path, value, place)
                write(raw, one, applied)
                applied.append(one)
        except ValueError as error:
            faults.append(Fault(place, str(error)))
    return applied, faults


def _judge(raw: dict[str, Any]) -> tuple[Scenario | None, list[Fault]]:
    from tui_nn.scenario.check import check  # which itself asks what a question's change would give
    from tui_nn.scenario.validate import validate

    findings = validate(raw)
    return findings.scenario, findings.faults + [findings.as_written(fault) for fault in check(findings)]


def _blamed(fault: Fault, applied: list[Override]) -> Fault:
    """The fault at the last setting that wrote there; where none did, at all of them."""
    for one in reversed(applied):
        n = min(len(one.path), len(fault.path))
        if one.path[:n] == fault.path[:n]:
            return Fault(one.place, fault.message if one.path == fault.path else _named(fault.path, fault.message))
    return Fault(("change",), _named(fault.path, fault.message))


def _named(path: Path, message: str) -> str:
    return f"{dotted(path)}: {message}"
