"""Until when could a run have been saved? Every iteration before it broke is tried, with each remedy, to the planned end.

Remedies are edits (edits.py) that hold from the start of an iteration on: a tenth of the learning rate, or clipping by
norm at half the median length that the gradients had before the loss took off, in two digits. (Pascanu, Mikolov & Bengio
2013 advise half to ten times their usual length.)

Saved is what stays finite to the planned end and has learnt no worse there than the run itself had: a loss of at most
twice its best one, each a mean over as many iterations (breakdown.py). Of a fork only its own iterations count.

Nothing is taken to be monotone: of each remedy every iteration is tried, and `Outcome` has them all.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import numpy as np

from tui_nn.debugger.breakdown import Break, Health, RescueError, find_break, health_of
from tui_nn.debugger.edits import with_setting
from tui_nn.debugger.segments import Segment
from tui_nn.debugger.session import Session
from tui_nn.debugger.surface import flat
from tui_nn.engine import layout as at
from tui_nn.engine.compiler import build_program
from tui_nn.engine.machine import NEVER, Machine
from tui_nn.engine.program import Program
from tui_nn.engine.recording import Recording

TENTH = 0.1  # of the learning rate
SHARE = 0.5  # of the gradients' usual length
LOOK_S = 0.05  # between two looks at forks that run
REMEDIES = ("lr/10", "clipping")

Report = Callable[[int, int], Any]  # iterations done and to do; may raise to leave


@dataclass(frozen=True)
class Remedy:
    """An edit: `key` becomes `value`, and was `old`."""

    name: str
    key: str
    old: Any
    value: Any


@dataclass(frozen=True)
class Outcome:
    """What a remedy does, taken at the start of the iterations first, first + 1, ...

    ends: (n,) the loss at the planned end, or what it was when it stopped being finite. is_saved: (n,).
    """

    remedy: Remedy
    first: int
    ends: np.ndarray
    is_saved: np.ndarray

    @property
    def last(self) -> int | None:
        """The point of no return: the last iteration from which it saves the run. None: it never does."""
        saved = np.flatnonzero(self.is_saved)
        return self.first + int(saved[-1]) if len(saved) else None

    @property
    def failed_before(self) -> tuple[int, ...]:
        """Earlier iterations from which it does not."""
        if self.last is None:
            return ()
        return tuple((self.first + np.flatnonzero(~self.is_saved[: self.last - self.first])).tolist())


@dataclass(frozen=True)
class Rescue:
    """The answer. broke None: the run stays finite to its planned end. health None: not one loss was finite."""

    planned: int
    broke: Break | None = None
    health: Health | None = None
    outcomes: tuple[Outcome, ...] = ()

    @property
    def is_saved(self) -> bool:
        """Is there a remedy that saves it, from some iteration?"""
        return any(outcome.last is not None for outcome in self.outcomes)


def rescue(
    session: Session, first: int = 0, clip: float | None = None, report: Report = lambda done, all: None
) -> Rescue:
    """Try each remedy from every iteration from `first` on that begins before the run breaks. The session stays as it is.

    clip: the threshold, if it is not to be worked out. report: called every 50 ms or oftener; where it raises, all ends.
    Errors: RescueError.
    """
    run = session.fork()
    try:
        broke = find_break(run)
        planned = run.planned_iterations
        if broke is None:
            return Rescue(planned)
        if first > broke.op.iteration:
            raise RescueError(
                f"the run breaks in iteration {broke.op.iteration}; the first iteration to try is {first} "
                "and must not lie behind that"
            )
        if broke.iteration == 0:
            return Rescue(planned, broke)
        health = health_of(run, broke.iteration)
        trials = Trials(run, health, clip)
        return Rescue(planned, broke, health, trials.run(first, broke.op.iteration, report))
    finally:
        run.close()


@dataclass(eq=False)
class Trial:
    """A machine that runs one remedy, beginning anew at each iteration. Nothing but the loss is measured in it."""

    remedy: Remedy
    segment: Segment
    machine: Machine

    def begin(self, base: Session) -> None:
        """Take over where the run stands, at the start of an iteration."""
        self.segment.start = base.position
        earlier = [stretch for stretch in base.history.stretches if stretch.start <= base.position]
        self.segment.begin(self.machine, base.machine, earlier)

    def losses(self) -> np.ndarray:
        """(n,) its own, from where it began to where it stands."""
        machine, first = self.machine, self.machine.recording.first
        if first > self.segment.start.iteration:
            raise RescueError(
                "a fork is longer than what the history keeps whole; plan fewer iterations: train.iterations"
            )
        column = machine.program.metrics["loss"].column
        return machine.hist[self.segment.start.iteration - first : machine.iteration - first, column].astype(np.float64)

    def is_finite(self) -> bool:
        return bool(np.isfinite(flat(self.machine.program, self.machine.mem)).all())


class Trials:
    """Every remedy from every iteration of a run, which walks through them once. The remedies of one run side by side."""

    def __init__(self, base: Session, health: Health, clip: float | None):
        self.base, self.health = base, health
        self.threshold = clip if clip is not None else threshold_of(health)
        self.planned = base.planned_iterations
        self.known: dict[tuple[int, str], Trial] = {}

    def run(self, first: int, last: int, report: Report) -> tuple[Outcome, ...]:
        """From the start of each of the iterations first .. last."""
        n = last - first + 1
        ends, saved = np.full((len(REMEDIES), n), np.nan), np.zeros((len(REMEDIES), n), bool)
        todo = len(REMEDIES) * sum(self.planned - iteration for iteration in range(first, last + 1))
        done, trials = 0, []
        with ThreadPoolExecutor(len(REMEDIES), "tui-nn rescue") as pool:
            try:
                for k, iteration in enumerate(range(first, last + 1)):
                    self.base.goto(iteration)
                    trials = [self.at(name) for name in REMEDIES]
                    for trial in trials:
                        trial.begin(self.base)
                    calls = [pool.submit(trial.machine.run, self.planned, 0) for trial in trials]
                    while wait(calls, LOOK_S).not_done:
                        report(done + sum(trial.machine.iteration - iteration for trial in trials), todo)
                    for row, (trial, call) in enumerate(zip(trials, calls, strict=True)):
                        ends[row, k], saved[row, k] = self.judged(trial, call.result())
                    done += len(REMEDIES) * (self.planned - iteration)
                    report(done, todo)
            except BaseException:
                for trial in trials:
                    trial.machine.stop()
                raise
        return tuple(Outcome(trial.remedy, first, ends[row], saved[row]) for row, trial in enumerate(trials))

    def judged(self, trial: Trial, why: int) -> tuple[float, bool]:
        """The loss at its end, and whether that is saved."""
        losses = trial.losses()
        if why == at.HISTORY_FULL:
            raise RescueError("the history of a fork is full; plan fewer iterations: train.iterations")
        if why == at.NON_FINITE:
            return float(losses[-1]), False
        end = float(losses[-self.health.window :].mean())
        return end, end <= self.health.limit and trial.is_finite()

    def at(self, name: str) -> Trial:
        """For the program in force where the run stands. It is built once: what it is does not depend on the iteration."""
        before = self.base.program
        if (id(before), name) not in self.known:
            remedy = self.remedy(name, before)
            scenario = with_setting(before.scenario, before, remedy.key, remedy.value)[0]
            scenario = with_setting(scenario, before, "probes", {"off": ["all"]})[0]
            program = build_program(scenario, before.dataset, (before, self.base.position.iteration))
            machine = Machine(program, Recording(program))
            machine.ctl[at.CHECKPOINT_LAST] = NEVER
            machine.mail[at.WATCH] = 1
            machine.prepare()
            self.known[id(before), name] = Trial(remedy, Segment(program, machine.recording), machine)
        return self.known[id(before), name]

    def remedy(self, name: str, before: Program) -> Remedy:
        scenario = before.scenario
        if name == "lr/10":
            lr = scenario.optimizer.lr
            return Remedy(name, "optimizer.lr", lr, float(f"{lr * TENTH:.12g}"))
        old = scenario.clip.norm if scenario.clip else None
        return Remedy(name, "clip.norm", old, self.threshold if old is None else min(self.threshold, SHARE * old))


def threshold_of(health: Health) -> float:
    """Where gradients are clipped. Errors: RescueError where they were not measured, or were all 0."""
    if not health.grad_norm > 0.0 or not math.isfinite(health.grad_norm):
        raise RescueError(
            "there is no length of gradients from before the break to work the clipping threshold out of; give it, as in --clip 1"
        )
    return float(f"{SHARE * health.grad_norm:.2g}")
