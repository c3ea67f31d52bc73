"""The rows that move parameters: for each layer the pull towards 0, then the optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tui_nn.engine import training_rows
from tui_nn.engine.program import EVERY_ITERATION, NEVER, Due, Tensor

if TYPE_CHECKING:
    from tui_nn.engine.compiler import Compiler
    from tui_nn.engine.place import Place

DECAYS = {"coupled": ("couple_decay", "g += {0:g} θ"), "decoupled": ("decouple_decay", "θ *= 1 - lr · {0:g}")}


def slot_shifts(c: Compiler) -> dict[str, int]:
    """How far behind a parameter each slot stands. What is kept of matrices and of vectors alone may share the place."""
    spec = c.scenario.optimizer
    return {name: c.span * (1 + k) for slots in (spec.slots, spec.vector_slots) for k, name in enumerate(slots)}


def set_slots(c: Compiler, state: np.ndarray) -> None:
    """What slots start from, where that is not 0."""
    shifts = slot_shifts(c)
    for name, value in c.scenario.optimizer.first_slots.items():
        for place in c.places:
            for tensor in place.parameters:
                tensor.view(state, shifts[name])[:] = value


def place_scratch(c: Compiler) -> None:
    """Room for what an optimizer works out of a whole matrix. No frame shows it."""
    sizes = [tensor.size for place in c.places for tensor in place.parameters if tensor.is_matrix]
    c.update_scratch = c.place(c.scenario.optimizer.scratch * max(sizes, default=0))


def list_updates(c: Compiler) -> None:
    for place in c.places:
        if place.parameters:
            _list_layer(c, place)
            training_rows.list_max_norm(c, place)


def _list_layer(c: Compiler, place: Place) -> None:
    """One row for a layer, whose tensors stand side by side; with Muon one for each matrix and one for the vectors."""
    spec, part = c.scenario.optimizer, c.optimizer
    groups = _groups(place.parameters) if part.vector_kernel else [place.parameters]
    columns, metrics = {}, (f"weight_norm.{place.name}", f"update_ratio.{place.name}")
    if len(groups) > 1 and any(map(c.scenario.probes.has, metrics)):  # what each row moved, for the last to sum up
        columns = {"probe_2": c.place(3)}
    for number, tensors in enumerate(groups):
        is_own = bool(part.vector_kernel) and not tensors[0].is_matrix
        if spec.weight_decay > 0.0 and not is_own:
            _list_decay(c, place, tensors, len(groups))
        kernel = part.vector_kernel if is_own else part.kernel(spec) if part.kernel else spec.type
        first, order = tensors[0], part.vector_slots if is_own else part.slots
        kept, shifts = (spec.vector_slots if is_own else spec.slots), slot_shifts(c)
        slots = {f"slot_{1 + order.index(name)}": first.offset + shifts[name] for name in kept}
        n_in, n_out = first.matrix[::-1] if first.is_matrix else (1, first.size)
        op = c.listing.add(
            "update", spec.type, kernel, place.name, f"update {_name(place, tensors, len(groups))}",
            training_rows.shape_text(first.shape), part.vector_formula if is_own else part.formula, due_of(place), **_cells(c, tensors),
            **slots, **columns, n_in=n_in, n_out=n_out, scratch=c.update_scratch, is_first=number == 0,
        )  # fmt: skip
        c.updates |= {tensor.name: op for tensor in tensors}
        if number == len(groups) - 1:
            c.listing.set(op, probe=c.columns(op, *metrics))


def due_of(place: Place) -> Due:
    """When what moves its parameters is executed: never, if they are frozen."""
    return EVERY_ITERATION if place.spec.trainable else NEVER


def _list_decay(c: Compiler, place: Any, tensors: tuple[Tensor, ...], n_groups: int) -> None:
    spec = c.scenario.optimizer
    kernel, formula = DECAYS[spec.decay]
    c.listing.add(
        "update", "decay", kernel, place.name, f"decay {_name(place, tensors, n_groups)}",
        training_rows.shape_text(tensors[0].shape), formula.format(spec.weight_decay), due_of(place),
        setting=c.own_settings_of((spec.weight_decay,)), **_cells(c, tensors),
    )  # fmt: skip


def _cells(c: Compiler, tensors: tuple[Tensor, ...]) -> dict[str, int]:
    first = tensors[0].offset
    return {"weight": first, "grad_weight": first + c.state_size, "count": sum(tensor.size for tensor in tensors)}


def _groups(tensors: tuple[Tensor, ...]) -> list[tuple[Tensor, ...]]:
    """Each matrix alone; vectors side by side together."""
    groups: list[tuple[Tensor, ...]] = []
    for tensor in tensors:
        if groups and not tensor.is_matrix and not groups[-1][-1].is_matrix:
            groups[-1] = (*groups[-1], tensor)
        else:
            groups.append((tensor,))
    return groups


def _name(place: Any, tensors: tuple[Tensor, ...], n_groups: int) -> str:
    return tensors[0].name if n_groups > 1 and len(tensors) == 1 else place.name
