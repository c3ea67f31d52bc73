"""What one training iteration of a dense network computes, counted: its matrix products, weights and samples."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

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
    """The products in the order of an iteration; the data need no gradient, so the first layer has no third one."""
    layers = list(pairwise(widths))
    forward = [Product(layer, "forward", batch, n_in, n_out) for layer, (n_in, n_out) in enumerate(layers)]
    backward = []
    for layer, (n_in, n_out) in reversed(list(enumerate(layers))):
        backward.append(Product(layer, "weight gradient", n_in, batch, n_out))
        if layer:
            backward.append(Product(layer, "input gradient", batch, n_out, n_in))
    return forward + backward


def multiply_adds(widths: Sequence[int], batch: int) -> int:
    return sum(product.multiply_adds for product in products(widths, batch))


def n_parameters(widths: Sequence[int]) -> int:
    return sum(n_in * n_out + n_out for n_in, n_out in pairwise(widths))
