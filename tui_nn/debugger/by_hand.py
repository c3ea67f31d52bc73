"""The optimizer's recurrence worked out again: each update from the gradient the engine had, in float64, by the formulas.

What the first update starts from is the engine's (nothing, if it is the first of the run); from there on each line takes
what the line above it has worked out. So a kernel that went wrong would part from these numbers, and stay apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tui_nn.debugger.replay import Made
from tui_nn.debugger.update import rows_of
from tui_nn.debugger.update_formulas import Calculation, Term, step_of
from tui_nn.engine import layout as at
from tui_nn.engine.program import Program

# What a slot is called in the formulas.
SYMBOLS = {
    "exp_avg": "m", "exp_avg_sq": "v", "max_exp_avg_sq": "vmax", "exp_inf": "u", "momentum_buffer": "b", "sum": "s",
    "square_avg": "v", "grad_avg": "m", "acc_delta": "d",
}  # fmt: skip
ROUNDINGS = 8  # a kernel's own in one update, of the size of the terms that are added up


@dataclass(frozen=True)
class Check:
    """A number worked out by hand beside the engine's. room: how far apart rounding alone may bring them."""

    hand: float
    engine: float
    room: float

    @property
    def agrees(self) -> bool:
        if not (np.isfinite(self.hand) and np.isfinite(self.engine)):
            return bool(np.isnan(self.hand) == np.isnan(self.engine)) and not np.isfinite(self.engine)
        return abs(self.hand - self.engine) <= self.room


@dataclass(frozen=True)
class HandUpdate:
    """Update t. terms: all of it in order, the parameter ("w") last; checks: of the terms that the engine keeps too, by
    symbol; values: every number that a formula names."""

    t: int
    terms: tuple[Term, ...]
    checks: Mapping[str, Check]
    values: Mapping[str, Any]

    def term(self, symbol: str) -> Term | None:
        return next((term for term in self.terms if term.symbol == symbol), None)


def work_out(program: Program, name: str, made: Sequence[Made]) -> list[HandUpdate]:
    """Of successive updates of the parameter `name`. Muon's matrices have no formula of one weight: their step is left out."""
    out: list[HandUpdate] = []
    slots: dict[str, Any] = dict(made[0].slots_before) if made else {}
    sizes = {slot: abs(value) for slot, value in slots.items()}
    with np.errstate(all="ignore"):
        for n, each in enumerate(made, 1):
            c, step = _calculation(program, name, each, each.grad, slots)
            # The same sums with every number positive bound what cancels: roundings are relative to these sizes.
            bound, stride = _calculation(program, name, each, abs(each.grad), sizes)
            slots, sizes = _kept(c, slots), _kept(bound, sizes)
            out.append(_hand_update(program, name, each, n, c, step, bound, stride))
    return out


def _calculation(
    program: Program, name: str, each: Made, grad: float, slots: Mapping[str, float]
) -> tuple[Calculation, Any]:
    optimizer = program.scenario.optimizer
    g = np.float64(grad)
    before = {slot: np.float64(value) for slot, value in slots.items()}
    c = Calculation(g, before, optimizer.first_slots, each.settings, each.t, is_coming=True)
    step, _ = step_of(optimizer.type, c, rows_of(program)[name].tensor.shape)
    if "acc_delta" in slots:
        rho, ratio = each.settings["rho"], g * c.values["√(d'+ε)"] / c.values["√(v+ε)"]  # lr may be 0
        c.name("Δ", ratio)
        c.name("(1-ρ)", 1.0 - rho)
        c.term("d", "mean of steps²", "{ρ}·{d'} + {(1-ρ)}·{Δ}²", rho * before["acc_delta"] + (1.0 - rho) * ratio**2)
    return c, step


def _kept(c: Calculation, slots: Mapping[str, float]) -> dict[str, Any]:
    """The slots behind the update."""
    return {slot: c.values[SYMBOLS[slot]] for slot in slots if SYMBOLS.get(slot) in c.values}


def _hand_update(
    program: Program, name: str, each: Made, n: int, c: Calculation, step: Any, bound: Calculation, stride: Any
) -> HandUpdate:  # fmt: skip
    info = np.finfo(program.dtype)
    share = n * ROUNDINGS * float(info.eps)
    least = n * ROUNDINGS * float(info.tiny)  # smaller numbers have fewer digits, or none
    lost = 1.0  # digits that cancel in v - m², which what comes behind it is made of
    if (var := c.values.get("var")) is not None:
        lost = (c.values["v"] + c.values["m"] ** 2) / var if var > 0 else np.inf
    checks = {}
    for slot, engine in each.slots.items():
        symbol = SYMBOLS.get(slot)
        if symbol in c.values and symbol is not None:
            room = share * float(bound.values[symbol]) * (lost if symbol == "b" else 1.0) + least
            checks[symbol] = Check(float(c.values[symbol]), engine, room)
    if step is not None:
        keep = _keep(program, name, each.settings["lr"])
        before = c.name("w'", np.float64(each.before))
        step_term = next(term for term in c.terms if term.symbol == "step")
        formula = "{w'} - " + ("{step}" if each.slots else step_term.formula)  # one line a step where nothing is kept
        if keep != 1.0:
            c.name("(1-lr·wd)", keep)
            formula = "{(1-lr·wd)}·" + formula
        c.term("w", "the parameter", formula, before * keep - step)
        room = 4.0 * float(info.eps) * abs(float(before)) + share * abs(float(stride)) * lost + least
        checks["w"] = Check(float(c.values["w"]), each.after, room)
    return HandUpdate(each.t, tuple(c.terms), checks, c.values)


def _keep(program: Program, name: str, lr: float) -> float:
    """What decoupled weight decay leaves of the parameter."""
    op = rows_of(program)[name].decouple_decay
    decay = 0.0 if op is None else float(program.dtype.type(program.setting[program.table[op, at.SETTING]]))
    return 1.0 - lr * decay
