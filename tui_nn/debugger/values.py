"""Single numbers of a network: where one that a condition names stands in the machine's memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tui_nn.scenario.spec.optimizers import MOMENTS

if TYPE_CHECKING:
    from tui_nn.engine.program import Program, Tensor
    from tui_nn.scenario.expression import Element


def offset_of(program: Program, element: Element) -> int:
    """Where in mem a parameter's number stands, its gradient's, or its slot's.

    Errors: ValueError for what this program does not have; `parse_for` says the same with the place and a cure.
    """
    tensor = next((tensor for tensor in program.tensors if tensor.name == element.parameter), None)
    if tensor is None or len(element.index) != len(tensor.shape):
        raise ValueError(f"this network has no {element}")
    if element.kind == "grad":
        return place_in(tensor, element.index) + program.grad_shift
    if element.kind not in MOMENTS:
        return place_in(tensor, element.index)
    slot = program.scenario.optimizer.moment(element.kind, tensor.is_matrix)
    if slot is None:
        raise ValueError(f"{program.scenario.optimizer.type} keeps no {element.kind!r} of {tensor.name}")
    return place_in(tensor, element.index) + program.slot_shifts[slot]


def find_offset(program: Program, element: Element) -> int | None:
    """The same; None for what this program does not have."""
    try:
        return offset_of(program, element)
    except ValueError:
        return None


def place_in(tensor: Tensor, index: tuple[int, ...]) -> int:
    """Where in mem the number stands that is seen at `index`; see Tensor on how a matrix stands.

    Errors: ValueError outside the tensor.
    """
    if any(not 0 <= i < n for i, n in zip(index, tensor.shape, strict=True)):
        raise ValueError(f"{list(index)} is outside {tensor.name}, whose shape is {list(tensor.shape)}")
    if not tensor.is_matrix:
        return tensor.offset + int(index[0])
    n_out, n_in, *window = tensor.shape
    out, source, *place = index
    inside = int(np.ravel_multi_index(tuple(place), tuple(window))) if window else 0
    return tensor.offset + (inside * n_in + int(source)) * n_out + int(out)
