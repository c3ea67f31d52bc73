"""Rounds of fresh processes, and in each round the sides' repeats in turn: a slow moment of the machine meets all."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tui_nn.bench.sides import Found, Side, SideError, SideProcess
from tui_nn.bench.workloads import Workload, save_task

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How much is measured. seconds: the length of one repeat, about."""

    processes: int = 3
    repeats: int = 9
    seconds: float = 0.2

    @property
    def n(self) -> int:
        return self.processes * self.repeats


QUICK = Plan(processes=1, repeats=2, seconds=0.01)


@dataclass(frozen=True)
class Figure:
    """Microseconds per iteration, a number a repeat."""

    times: tuple[float, ...]

    @property
    def best(self) -> float:
        return min(self.times)

    @property
    def median(self) -> float:
        return statistics.median(self.times)


@dataclass
class Times:
    """What was measured: times[workload id][side name][variant] is a list with a number a repeat."""

    times: dict[str, dict[str, dict[str, list[float]]]] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)  # by the name of a peer that failed on the way

    def add(self, workload: str, side: str, variant: str, microseconds: float) -> None:
        sides = self.times.setdefault(workload, {})
        sides.setdefault(side, {}).setdefault(variant, []).append(microseconds)

    def figure(self, workload: str, side: str, variants: Sequence[str]) -> tuple[str, Figure] | None:
        """The variant with the shortest time, and its figure; None if none of them was measured."""
        measured = self.times.get(workload, {}).get(side, {})
        figures = {variant: Figure(tuple(measured[variant])) for variant in variants if measured.get(variant)}
        return min(figures.items(), key=lambda item: item[1].best) if figures else None


def measure(
    workloads: Sequence[Workload],
    own: Sequence[Side],
    peers: Sequence[Found],
    plan: Plan,
    say: Say,
    only: dict[str, list[str]] | None = None,
) -> Times:
    """`only` names the variants wanted of a side, by its name; all of them by default.

    A peer that fails is left out from there on, and its problem noted. Errors: SideError if one of our own fails.
    """
    result = Times()
    with tempfile.TemporaryDirectory() as folder:
        files = {workload.id: save_task(workload, Path(folder)) for workload in workloads}
        for k in range(plan.processes):
            with ExitStack() as stack:
                say(f"process {k + 1} of {plan.processes}: starting")
                running = start(own, peers, result, stack)
                for workload in workloads:
                    say(f"process {k + 1} of {plan.processes}: {workload.title}")
                    repeat(workload, files[workload.id], running, plan, result, only or {})
    return result


def start(own: Sequence[Side], peers: Sequence[Found], result: Times, stack: ExitStack) -> list[SideProcess]:
    running = [stack.enter_context(SideProcess(side)) for side in own]
    for peer in peers:
        if peer.python and peer.side.name not in result.problems:
            try:
                running.append(stack.enter_context(SideProcess(peer.side, peer.python)))
            except SideError as error:
                result.problems[peer.side.name] = str(error)
    for process in running:
        result.about |= process.about
    return running


def repeat(
    workload: Workload,
    file: Path,
    running: list[SideProcess],
    plan: Plan,
    result: Times,
    only: dict[str, list[str]],
) -> None:
    """Every repeat of one workload in one round of processes; a peer that fails is taken out of `running`."""
    variants: dict[str, list[str]] = {}

    def guarded(process: SideProcess, action: Callable[[], None]) -> None:
        try:
            action()
        except SideError as error:
            name = process.side.name
            if not process.side.is_peer:
                raise SideError(f"{name}, {workload.title}: {error}") from None
            result.problems[name] = f"{workload.title}: {error}"
            running.remove(process)

    def prepare(process: SideProcess) -> None:
        name = process.side.name
        answer = process.ask(do="prepare", task=str(file), seconds=plan.seconds, only=only.get(name))
        variants[name] = list(answer["iterations"])

    def once(process: SideProcess) -> None:
        for variant in variants[process.side.name]:
            answer = process.ask(do="repeat", variant=variant)
            microseconds = answer["seconds"] / answer["iterations"] * 1e6
            result.add(workload.id, process.side.name, variant, microseconds)

    for process in list(running):
        guarded(process, lambda process=process: prepare(process))
    for _ in range(plan.repeats):
        for process in list(running):
            guarded(process, lambda process=process: once(process))
