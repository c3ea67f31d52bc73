"""What one training iteration computes, counted: multiply-adds, parameters, and of a dense network its matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from tui_nn.bench.workloads import Workload

Role = Literal["forward", "weight gradient", "input gradient"]


class Product(NamedTuple):
    """(m, k) @ (k, n)."""

    layer: int
    role: Role
    m: int
    k: int
    n: int

    @property
    def multiply_adds(self) -> int:
        return self.m * self.k * self.n


def products(widths: Sequence[int], batch: int) -> list[Product]:
    """Of a dense network, in the order of an iteration; the data need no gradient, so the first layer has no third one."""
    layers = list(pairwise(widths))
    forward = [Product(layer, "forward", batch, n_in, n_out) for layer, (n_in, n_out) in enumerate(layers)]
    backward = []
    for layer, (n_in, n_out) in reversed(list(enumerate(layers))):
        backward.append(Product(layer, "weight gradient", n_in, batch, n_out))
        if layer:
            backward.append(Product(layer, "input gradient", batch, n_out, n_in))
    return forward + backward


def multiply_adds(workload: Workload) -> int:
    """Of an iteration: each weight once forward at each place and sample, once for its gradient, once for the delta below."""
    total = 0
    for number, (matrices, places) in enumerate(weights_and_places(workload)):
        total += matrices * places * workload.batch * (3 if number else 2)
    return total


def weights_and_places(workload: Workload) -> list[tuple[int, int]]:
    """Of each layer with parameters: how many weights its matrices have, and at how many places of a sample they are used.

    Those of a recurrent layer at every time step, whatever it hands on.
    """
    from tui_nn.bench.workloads import scenario_of
    from tui_nn.scenario.naming import RECURRENT, layer_names
    from tui_nn.scenario.spec.shape import positions

    scenario, found = scenario_of(workload), []
    for row in layer_names(scenario, workload.form):
        layer = scenario.layers[row.index]
        shapes = layer.parameter_shapes(row.shape_in) if row.kind == layer.type else {}
        if shapes:
            places = positions(row.shape_in if row.kind in RECURRENT else row.shape)
            found.append((sum(prod(shape) for shape in shapes.values() if len(shape) > 1), places))
    return found


def n_parameters(workload: Workload) -> int:
    from tui_nn.bench.workloads import scenario_of
    from tui_nn.scenario.naming import layer_names

    scenario = scenario_of(workload)
    rows = [(row, scenario.layers[row.index]) for row in layer_names(scenario, workload.form)]
    shapes = [layer.parameter_shapes(row.shape_in) for row, layer in rows if row.kind == layer.type]
    return sum(prod(shape) for each in shapes for shape in each.values())
