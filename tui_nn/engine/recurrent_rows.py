"""Rows of a recurrent layer: one a time step, there and back, with one before for the inputs and one behind for the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_nn.engine.parts.recurrence import EVAL_ROWS
from tui_nn.engine.program import Due
from tui_nn.scenario.spec.recurrent import MEASURED_STEPS
from tui_nn.scenario.spec.shape import dims

if TYPE_CHECKING:
    from tui_nn.engine.compiler import Compiler
    from tui_nn.engine.place import Place


def list_steps(c: Compiler, place: Place, source: int) -> None:
    """Forwards: what the inputs alone say of every step, in one product; then the steps, each from the one before."""
    steps, n_in = place.shape_in
    width, cells = place.parameters[0].shape[0], place.cells() | {"in": source, "out": place.output}
    place.first_op = c.listing.add(
        "forward", place.kind, "recurrent_input", place.name, f"forward {place.name} input",
        f"[{c.batch},{steps},{n_in}]→[{c.batch},{steps},{width}]", "x W_ihᵀ + b of every step", **cells,
    )  # fmt: skip
    for t in range(steps):
        op = c.listing.add(
            "forward", place.kind, f"{place.kind}_step", place.name, f"forward {place.name} t={t}",
            f"[{c.batch},{place.units}]", place.part.forward, step=t, **cells,
        )  # fmt: skip
        _measure(c, place, op, "act_signal", t)
        place.forward_op = op


def list_steps_back(c: Compiler, place: Place, source: int, delta_in: int) -> int:
    """Backwards through time, from the last step to the first; then the weights, which all steps share. Returns that row."""
    steps, n_in = place.shape_in
    cells = place.cells() | {
        "in": source, "out": place.output, "delta_in": delta_in, "delta_out": place.delta,
        "grad_weight": place.parameters[0].offset + c.state_size,
    }  # fmt: skip
    for t in reversed(range(steps)):
        op = c.listing.add(
            "backward", place.kind, f"{place.kind}_step_back", place.name, f"backward {place.name} t={t}",
            f"[{c.batch},{place.units}]", place.part.backward, step=t, **cells,
        )  # fmt: skip
        _measure(c, place, op, "delta_norm", t)
    rows = place.parameters[0].shape[0]
    return c.listing.add(
        "backward", place.kind, "recurrent_weights", place.name, f"backward {place.name} weights",
        f"[{c.batch},{steps},{rows}]→[{rows},{n_in}+{place.units}]",
        "∂W_ih = Σ δsᵀ x, ∂W_hh = Σ δsᵀ h', ∂b = Σ δs over steps" + (", δx = δs W_ih" if delta_in >= 0 else ""), **cells,
    )  # fmt: skip


def add_evaluation(
    c: Compiler, phase, place: Place, source: int, output: int, rows: int, due: Due, rows_at: int
) -> int:
    """All steps in one row, a few samples at a time: nothing goes back, so nothing of a step need be kept."""
    scratch = c.place(place.part.scratch(min(EVAL_ROWS, rows), place))
    return c.listing.add(
        phase, place.kind, f"{place.kind}_eval", place.name, f"{phase} {place.name}",
        f"[{rows},{dims(place.shape_in)}]→[{rows},{dims(place.shape)}]", place.part.forward, due,
        **(place.cells() | {"in": source, "out": output, "rows_at": rows_at, "scratch": scratch}),
    )  # fmt: skip


def _measure(c: Compiler, place: Place, op: int, metric: str, t: int) -> None:
    if place.shape_in[0] <= MEASURED_STEPS:
        c.listing.set(op, step_probe=c.columns(op, f"{metric}.{place.name}.t{t}"))
