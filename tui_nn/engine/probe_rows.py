"""Probes that need more than a column: `dead`, which remembers, and `sharpness`, which runs the network on the side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, inf
from typing import TYPE_CHECKING, Any

import numpy as np

from tui_nn.engine import layout as at
from tui_nn.engine.program import Due, Tensor
from tui_nn.scenario.naming import why_no_sharpness

if TYPE_CHECKING:
    from tui_nn.engine.compiler import Compiler
    from tui_nn.engine.place import Place

LAST_FIRED = "last_fired"

STEPS = (
    16  # of Lanczos's iteration, two gradients each: 1e-7 of the eigenvalue on the networks tried, where 12 reach 2e-4
)
SHARE = 0.02  # of the run's time that measuring sharpness may take ...
SECONDS = 0.1  # ... or so much of it, if that is more
POINTS = 50  # measurements that a short run should have
# Rough, and the same everywhere, for the schedule must not depend on the machine: seconds a row, a weight and sample, a
# unit and sample, and a number of one of Lanczos's vectors that is made orthogonal to another.
A_ROW, A_WEIGHT, A_UNIT, A_NUMBER = 5e-8, 1.5e-10, 1e-9, 1e-9

# Cells of a forward, loss or backward row that are offsets into memory.
OFFSETS = (
    at.IN, at.IN_2, at.OUT, at.DELTA_IN, at.DELTA_OUT, at.WEIGHT, at.BIAS, at.GRAD_WEIGHT, at.GRAD_BIAS, at.TARGET,
    at.STATE, at.SCRATCH,
)  # fmt: skip
# Activations with a corner: slope on its right, factor on its left, and whether that is of z or of e**z - 1.
KINKS: dict[str, Callable[[Any], tuple[float, float, float]]] = {
    "relu": lambda spec: (1.0, 0.0, 0.0),
    "leaky_relu": lambda spec: (1.0, spec.negative_slope, 0.0),
    "elu": lambda spec: (1.0, spec.alpha, 1.0),
    "selu": lambda spec: (SELU_SCALE, SELU_SCALE * SELU_ALPHA, 1.0),
}
SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
STRAIGHT = ("mae", "hinge")  # losses made of straight pieces
SILENCED = (at.STEP_PROBE, at.PROBE, at.PROBE_2, at.TOTAL, at.DEAD, at.TALLY)


@dataclass(frozen=True)
class Side:
    """Where the network stands a second time: (first, last, shift) of each region, and the offsets that rows name."""

    shifts: list[tuple[int, int, int]]
    weight: int
    grad_weight: int
    vectors: int

    def row(self, row: np.ndarray, shared: tuple[int, ...] = (), **cells: int) -> np.ndarray:
        """The same row on the copies: parameters, buffers, gradients, outputs, deltas. Offsets in `shared` stay."""
        row = row.copy()
        for cell in OFFSETS:
            if row[cell] not in shared:
                row[cell] += next((shift for first, last, shift in self.shifts if first <= row[cell] < last), 0)
        row[list(SILENCED)] = -1
        row[at.DECISION] = at.NO_DECISION
        for name, value in cells.items():
            row[getattr(at, name.upper())] = value
        return row


# Dead units


def place_last_fired(c: Compiler) -> None:
    """When each unit last fired: state, but behind the buffers that early stopping restores, for it is about the run."""
    for place in c.places:
        if place.part.can_die and c.scenario.probes.has("dead"):
            place.buffers = (
                Tensor(f"{place.name}.{LAST_FIRED}", place.name, LAST_FIRED, (place.units,), c.place(place.units)),
            )


def set_last_fired(c: Compiler, state: np.ndarray) -> None:
    for place in c.places:
        for tensor in place.buffers:
            if tensor.role == LAST_FIRED:
                tensor.view(state)[:] = -1.0


def count_dead(c: Compiler, place: Place) -> None:
    """The training row counts; evaluation rows have no DEAD cell, and leave the memory alone."""
    if place.part.can_die and c.scenario.probes.has("dead"):
        c.listing.set(place.forward_op, dead=c.listing.columns(place.forward_op, f"dead.{place.name}"))


# Sharpness


def place_sharpness(c: Compiler) -> Side | None:
    """Room for the network once more, and for Lanczos's vectors in float64. No frame shows it."""
    if why_no_sharpness(c.scenario) is not None:
        return None
    values = [c.places[0].output, max(_end(c, place) for place in c.places)]
    regions = [(0, c.span), c.buffers, (c.state_size, c.state_size + c.span), (values[0], values[1])]
    shifts = [(first, last, c.place(last - first) - first) for first, last in regions]
    return Side(shifts, shifts[0][2], c.state_size + shifts[2][2], c.place((STEPS + 1) * _stride(c)))


def list_sharpness(c: Compiler) -> None:
    """Behind the backward rows: nothing has moved the weights yet, and the kernels it calls are compiled by then.

    A step of a difference must not cross a kink: on which side of its kink each unit is, and the slope of a loss made
    of straight pieces, are those of the real rows, which have just been executed.
    """
    side = c.side
    if side is None:
        return
    places = {place.name: place for place in c.places}
    first = len(c.listing.called)
    for op in c.listing.ops:
        row = c.listing.rows[op.index]
        if op.phase == "loss" and op.kind not in STRAIGHT:
            c.listing.called.append(side.row(row))
        elif op.phase == "forward" and op.kind in KINKS:
            spec = places[op.layer or ""].spec
            kernel = c.listing.use("kinked_forward")
            own = c.own_settings_of(KINKS[op.kind](spec))
            c.listing.called.append(side.row(row, kernel=kernel, in_2=int(row[at.OUT]), setting=own))
        elif op.phase == "forward" and op.kind == "max_pool":  # a largest number has corners too, and they are held
            kernel = c.listing.use("held_pool_forward")
            c.listing.called.append(side.row(row, kernel=kernel, in_2=int(row[at.SCRATCH])))
        elif op.phase in ("forward", "backward") and op.kind not in ("penalty", "clip"):
            shared = (int(row[at.OUT]),) if op.kind in KINKS else ()
            shared += (int(row[at.SCRATCH]),) if op.kind == "max_pool" else ()
            shared += (c.places[-1].delta,) if c.scenario.loss.type in STRAIGHT else ()
            c.listing.called.append(side.row(row, shared))
    last = len(c.listing.called)
    tensors = [tensor for place in c.places for tensor in place.parameters]
    eps = float(np.finfo(c.dtype).eps)
    settings = [limit_factor(c.scenario.optimizer), eps ** (1 / 3), eps**0.5, len(tensors)]
    for tensor in tensors:
        settings += [tensor.offset, tensor.size]
    period = sharpness_period(c, last - first)
    op = c.listing.add(
        "measure", "sharpness", "sharpness", None, "measure sharpness", "[]", "λmax of ∂²loss/∂θ²;  lr_limit = 2 / λmax",
        Due("period", period), calls=first, calls_end=last, weight=0, count=c.span,
        slot_1=side.weight, grad_weight=side.grad_weight, scratch=side.vectors, n_out=_stride(c),
        n_in=min(STEPS, sum(tensor.size for tensor in tensors)), setting=c.own_settings_of(settings),
    )  # fmt: skip
    c.listing.set(op, probe=c.listing.columns(op, "sharpness", "lr_limit"))


def sharpness_period(c: Compiler, n_rows: int) -> int:
    """Iterations from one measurement to the next, the first in iteration 0.

    A number in the file is kept. "auto" allows the larger of 2 % of the run's time and 0.1 s: a long run is measured
    as often as 2 % allow, a short one up to 50 times while that takes less than 0.1 s. Times are estimated from the
    network's size, so the schedule is a function of the program alone. Measured shares: tests/bench/bench_probes.py.
    """
    wanted = c.scenario.probes.sharpness
    if isinstance(wanted, int):
        return wanted
    n = sum(tensor.size for place in c.places for tensor in place.parameters)
    units = sum(place.values for place in c.places)
    gradient = n_rows * A_ROW + c.batch * (n * A_WEIGHT + units * A_UNIT)
    measurement = 2 * STEPS * gradient + STEPS**2 / 2 * n * A_NUMBER
    # A gradient takes 0.8 of an iteration; on memory that has left the caches since the last time, half as much again.
    by_share = ceil(1.2 * measurement / gradient / SHARE)
    planned = c.planned_iterations()
    by_time = max(planned // POINTS, ceil(planned * measurement / SECONDS))
    return max(1, min(by_share, by_time))


def limit_factor(optimizer: Any) -> float:
    """lr_limit times sharpness: below it, descent on a parabola of that curvature converges.

    2 for plain descent, 2 (1 + β) with momentum (over 1 - dampening), 2 (1 + β) / (1 + 2β) with Nesterov's look ahead:
    where the update's largest eigenvalue reaches -1. An optimizer that scales each weight's step has no such bound of
    its own; for those it is the bound of plain descent, to compare with.
    """
    if optimizer.type not in ("momentum", "nesterov"):
        return 2.0
    beta, fresh = optimizer.momentum, 1.0 - getattr(optimizer, "dampening", 0.0)
    if optimizer.type == "nesterov" or optimizer.nesterov:
        return 2.0 * (1.0 + beta) / (1.0 + beta + beta * fresh)
    return 2.0 * (1.0 + beta) / fresh if fresh > 0.0 else inf


def _end(c: Compiler, place: Place) -> int:
    scratch = place.scratch + place.part.scratch(c.batch, place) if place.scratch >= 0 else 0
    return max(place.delta + c.batch * place.values, scratch)


def _stride(c: Compiler) -> int:
    """Elements of memory that one vector takes: as float64, whatever the run's precision."""
    return c.span * 8 // c.dtype.itemsize
