"""Where a run broke, and what it was worth before.

It breaks where its loss first stops being finite. What it was worth is the lowest mean of its loss over a stretch: the
iterations of one epoch, but at least 10, and at most a tenth of those before the break.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tui_nn.debugger.position import Position
from tui_nn.debugger.session import Session

AS_GOOD = 2.0  # times the best loss
LEAST = 10  # iterations that a loss is the mean of, unless the run broke before a hundred


class RescueError(ValueError):
    """What was asked cannot be answered. The message says what to change."""


@dataclass(frozen=True)
class Break:
    """Where a run broke: the first loss that was not finite, and the op that gave the first such number, at or before it."""

    iteration: int
    loss: float
    op: Position
    label: str


@dataclass(frozen=True)
class Health:
    """What the run was worth before it broke.

    window: iterations that a loss is the mean of. best: the lowest such mean, which ends with iteration best_at.
    took_off: from that iteration on the mean never came below AS_GOOD times the best any more.
    grad_norm: median length of the gradients before that; NaN if it was not measured.
    """

    window: int
    best: float
    best_at: int
    took_off: int
    grad_norm: float

    @property
    def limit(self) -> float:
        """The largest loss at the end that still counts as saved."""
        return AS_GOOD * self.best


def find_break(run: Session) -> Break | None:
    """Run to the planned end, or look back; None where every loss is finite. Errors: RescueError for a run that is too long."""
    iteration = first_bad_loss(run)
    while iteration is None and run.position.iteration < run.planned_iterations:
        stop = run.run()
        if stop.reason == "full":
            raise RescueError(f"{stop.message} Plan fewer iterations: train.iterations.")
        if stop.reason == "end":
            break
        iteration = first_bad_loss(run)
    if iteration is None:
        return None
    loss = run.history.at("loss", iteration)
    assert loss is not None
    op = first_bad_op(run, iteration)
    return Break(iteration, loss, op, run.timeline.program_at(op).ops[op.op].label)


def first_bad_loss(run: Session) -> int | None:
    """The iteration of the first loss that is not finite, as far as the run has ever been."""
    broken = np.flatnonzero(~np.isfinite(run.history.reached_column("loss")))
    return int(broken[0]) if len(broken) else None


def first_bad_op(run: Session, iteration: int) -> Position:
    """The op that gave the first number which is not finite, of those that led to such a loss in that iteration.

    What has reached the parameters or slots stays there, so the iteration is found by halving. An early stopping's best
    loss starts infinite: only what was finite before counts.
    """
    run.goto(0)
    at_start = finite_state(run)
    low, high = 0, iteration + 1  # all is finite at the start of `low`, and not so behind the loss of `high` - 1
    while high - low > 1:
        middle = (low + high) // 2
        run.goto(middle)
        low, high = (low, middle) if is_worse(at_start, finite_state(run)) else (middle, high)
    run.goto(low)
    before = finite_numbers(run)
    while run.position < (iteration, run.program.loss_op):
        place = run.position
        run.step("op")
        after = finite_numbers(run)
        if any(is_worse(*pair) for pair in zip(before, after, strict=True)):
            return place
        before = after
    return Position(iteration, run.program.loss_op)


def finite_state(run: Session) -> np.ndarray:
    """(state_size,): which numbers of the parameters, slots and buffers are finite."""
    return np.isfinite(run.machine.mem[: run.program.state_size])


def finite_numbers(run: Session) -> list[np.ndarray]:
    """Which are finite, of all that an op may have computed: parameters, slots, buffers and gradients; outputs; errors."""
    frame = run.frame()
    computed = [each for layer in frame.layers for each in (layer.activation, layer.delta)]
    return [np.isfinite(each) for each in (frame.snapshot.mem[: run.program.input_offset], *computed)]


def is_worse(before: np.ndarray, after: np.ndarray) -> bool:
    """Is something not finite that was? Where there was nothing before, or other memory, anything."""
    return bool((before & ~after).any()) if before.shape == after.shape else not after.all()


def health_of(run: Session, iteration: int) -> Health:
    """Of the iterations before the one whose loss is the first that is not finite, which is not 0."""
    losses = run.history.reached_column("loss")[:iteration].astype(np.float64)
    window = max(1, min(max(LEAST, run.program.iterations_per_epoch), iteration // 10))
    means = np.lib.stride_tricks.sliding_window_view(losses, window).mean(axis=1)
    best = float(means.min())
    took_off = int(np.flatnonzero(means <= AS_GOOD * best)[-1]) + window
    norm = math.nan
    if "grad_norm" in run.program.metrics:
        norms = run.history.reached_column("grad_norm")[:took_off].astype(np.float64)
        norm = float(np.median(norms)) if len(norms) else math.nan
    return Health(window, best, int(means.argmin()) + window - 1, took_off, norm)
