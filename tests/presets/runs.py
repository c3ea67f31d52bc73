"""Runs of the presets, as the tests of their claims need them."""

import os
import shlex
from collections.abc import Iterator, Sequence
from functools import cache

from tui_nn import Session, load_scenario
from tui_nn.debugger.expect import Result, check
from tui_nn.scenario import list_presets

PRESETS = [preset.id for preset in list_presets()]
IS_FULL = os.environ.get("TUI_NN_FULL") == "1"
# Over a million weights each: 20 layers of 256 units. They differ in the first weights and the activation alone.
MILLIONS = {
    "he-normal", "he-uniform", "lecun-linear", "lecun-normal", "lecun-uniform", "random-init-large", "random-init-small",
    "xavier-gain", "xavier-normal", "xavier-sigmoid", "xavier-uniform",
}  # fmt: skip
# For what takes seconds with each of those: one of them is enough outside the full run.
QUICK = [preset for preset in PRESETS if IS_FULL or preset not in MILLIONS - {"xavier-sigmoid"}]

SOME = QUICK if IS_FULL else QUICK[::5]  # for what costs as much again with every preset


scenario_of = cache(load_scenario)  # for rules of its text; it is frozen


def session_of(preset: str, *overrides: str) -> Session:
    return Session(load_scenario(preset, overrides))


def trained(preset: str, *overrides: str) -> Session:
    """At the planned end, even if the loss has stopped being finite on the way."""
    session = session_of(preset, *overrides)
    session.goto(session.planned_iterations)
    return session


def results_of(preset: str, *overrides: str) -> list[Result]:
    """How its expectations fare; all that an override asks for is trained anew."""
    return check(session_of(preset, *overrides))


def metric(session: Session, name: str) -> float:
    """Its value at the current position; a metric that has not been measured fails the test."""
    value = session.history.value(name)
    assert value is not None, f"{name} has not been measured at {session.position}"
    return value


def paragraphs(text: str) -> Iterator[str]:
    """The prose of a lesson: indented lines are formulas and commands."""
    for paragraph in text.split("\n\n"):
        if not paragraph.startswith("  "):
            yield paragraph


def commands(text: str) -> list[tuple[str, list[str]]]:
    """(scenario, overrides) of every `tui-nn open` that a lesson offers."""
    found = []
    for line in text.splitlines():
        words: Sequence[str] = shlex.split(line) if line.startswith("  tui-nn ") else ()
        if words:
            assert list(words[:2]) == ["tui-nn", "open"], line
            assert list(words[3::2]) == ["--set"] * len(words[4::2]), line
            found.append((words[2], list(words[4::2])))
    return found
