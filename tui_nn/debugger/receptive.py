"""What a unit sees: the places of the input, and of the layers between, that the output at one place is made of.

Each layer says which places of its input one of its outputs is made of (`reach` of its table); from the unit back to the
input these are put one behind the other. Source: the receptive field of Luo et al. (2016), as a box.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_nn.scenario.naming import INPUT, layer_names
from tui_nn.scenario.spec.shape import Box, hull

if TYPE_CHECKING:
    from tui_nn.engine.program import Program


def window_on_input(program: Program, layer: str, place: tuple[int, ...]) -> Box | None:
    """Rows and columns, or steps, of the input that the layer's output at `place` is made of; None on a flat input.

    Shapes: place has an index for each axis of the layer's shape but the last; of a flat layer it is ().
    Errors: KeyError for a layer that is not there.
    """
    form = program.dataset.form
    return windows(program, layer, place).get(INPUT) if len(form) > 1 else None


def windows(program: Program, layer: str, place: tuple[int, ...]) -> dict[str, Box]:
    """The same for every row below, by its name, and for "input"."""
    rows = layer_names(program.scenario, program.dataset.form)
    names = [row.name for row in rows]
    if layer not in names:
        raise KeyError(f"no layer {layer!r}; there are {', '.join(names)}")
    needed: dict[str, Box] = {layer: tuple((index, index + 1) for index in place)}

    def ask(name: str, box: Box) -> None:
        needed[name] = hull(needed[name], box) if name in needed else box

    for position in range(names.index(layer), -1, -1):
        row, below = rows[position], rows[position - 1] if position else None
        if row.name not in needed:
            continue
        spec, box, shape_in = program.scenario.layers[row.index], needed[row.name], row.shape_in
        reached = spec.reach(box, shape_in) if row.kind == spec.type else box
        if row.kind == "residual":
            ask(spec.skip, box)  # type: ignore[union-attr]
        came = below.shape if below is not None else program.dataset.form
        if came != shape_in:  # a flatten between has no row of its own: what is behind it is made of everything
            reached = tuple((0, n) for n in came[:-1])
        ask(below.name if below is not None else INPUT, reached)
    return needed
