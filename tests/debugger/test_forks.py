"""Forks: one with nothing changed equals its parent for ever, whatever checkpoints either of them has."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.debugger.test_random_moves import NETWORKS, size_of
from tests.debugger.wander import found, random_edit
from tests.engine.watch_nets import net_session
from tests.presets.runs import PRESETS
from tui_nn.debugger.position import START, Position
from tui_nn.debugger.session import Session
from tui_nn.engine import recording
from tui_nn.scenario import load_scenario

FULL = os.environ.get("TUI_NN_FULL") == "1"
# How far ahead the forks are made, ops that are looked at one by one, iterations behind them, jumps.
EXTENTS = {
    "small": (200, 1_200, 300, 25) if FULL else (60, 60, 30, 8),
    "middle": (30, 200, 40, 8) if FULL else (10, 30, 3, 3),
    "large": (4, 30, 4, 3),
}


@pytest.mark.parametrize("name", NETWORKS if FULL else NETWORKS[1:3])
def test_an_unchanged_fork_equals_its_parent_on_networks(name, monkeypatch):
    check_forks(name, lambda: net_session(name), monkeypatch)


@pytest.mark.parametrize("preset", PRESETS if FULL else ["xor-mlp"])
def test_an_unchanged_fork_equals_its_parent(preset, monkeypatch):
    """Made at any op, a fork of it, and one of that: at every op behind it, at every iteration behind these, and wherever they jump."""
    check_forks(preset, lambda: Session(load_scenario(preset)), monkeypatch)


@contextmanager
def checkpoints(monkeypatch: pytest.MonkeyPatch, few: bool) -> Iterator[None]:
    """Three of them, or the usual 1,024, in whatever is made meanwhile."""
    with monkeypatch.context() as patch:
        if few:
            patch.setattr(recording, "MOST_SLOTS", 3)
        yield


def check_forks(name: str, make: Callable[[], Session], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every other run keeps three checkpoints only: one side has what the other has dropped."""
    chance = random.Random(f"forks {name}")
    are_few = [chance.random() < 0.5]
    with checkpoints(monkeypatch, are_few[0]):
        parent = make()
        ahead, n_ops, n_iterations, n_jumps = EXTENTS[size_of(parent.program)]
        if chance.random() < 0.5:
            go_on(parent, chance, ahead // 2)
            random_edit(parent, chance, any_setting=FULL)
    runs, places = [parent], [START]
    for _ in range(3):
        go_on(runs[-1], chance, ahead)
        are_few.append(not are_few[-1])
        with checkpoints(monkeypatch, are_few[-1]):
            places.append(runs[-1].position)
            runs.append(runs[-1].fork())
        go_on(runs[-2], chance, ahead)  # of which the fork knows nothing
    for run in runs:
        run.goto(*places[1])
    for _ in range(n_ops):
        compare(runs)
        for run in runs:
            run.step("op")
    for _ in range(n_iterations):
        compare(runs)
        for run in runs:
            run.step("iteration")
    for _ in range(n_jumps):
        iteration = chance.randint(0, 4 * ahead)
        op = chance.randrange(ops_at(parent, iteration))
        for run in runs:
            run.goto(iteration, op)
        compare(runs)
    print(
        f"{name:<34} forks at {', '.join(map(str, places[1:])):<30} equal at {n_ops:,} ops, {n_iterations:,} iterations, {n_jumps} jumps"
    )


def go_on(run: Session, chance: random.Random, ahead: int) -> None:
    goal = run.position.iteration + chance.randint(1, ahead)
    run.goto(goal, chance.choice([0, chance.randrange(ops_at(run, goal))]))


def ops_at(run: Session, iteration: int) -> int:
    return len(run.timeline.program_at(Position(iteration, 1)).ops)


def compare(runs: list[Session]) -> None:
    first = runs[0]
    for other in runs[1:]:
        assert (other.position, other.edits) == (first.position, first.edits)
        assert found(other) == found(first), f"{first.position}"
