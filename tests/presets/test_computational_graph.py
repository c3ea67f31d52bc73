"""computational-graph: the engine's gradients against a graph of primitive operations, and against central differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, metric, session_of, trained
from tui_nn import Session

PRESET = "computational-graph"
WITHOUT_BATCH_NORM = ("layers[1].type=dropout", "layers[1].rate=0")
SEEDS = range(20 if IS_FULL else 5)
EPS = 1e-5  # of batch norm
AFTER_BACKWARD = 10
H = 6e-6  # cube root of float64 epsilon: round-off meets truncation


class Node:
    """One operation: its value, the nodes that it reads, and what it hands back to each of them."""

    def __init__(self, value: np.ndarray, *edges: tuple[Node, Callable[[np.ndarray], np.ndarray]]):
        self.value, self.edges, self.grad = value, edges, np.zeros_like(value)

    def __add__(self, other: Node) -> Node:
        return Node(self.value + other.value, (self, folded_to(self)), (other, folded_to(other)))

    def __mul__(self, other: Node) -> Node:
        fold, fold_other = folded_to(self), folded_to(other)
        return Node(
            self.value * other.value,
            (self, lambda d: fold(d * other.value)),
            (other, lambda d: fold_other(d * self.value)),
        )

    def times_transposed(self, other: Node) -> Node:
        return Node(self.value @ other.value.T, (self, lambda d: d @ other.value), (other, lambda d: d.T @ self.value))

    def mean(self) -> Node:
        n = len(self.value)
        return Node(self.value.mean(axis=0), (self, lambda d: np.broadcast_to(d / n, self.value.shape)))

    def through(self, f: Callable[[np.ndarray], np.ndarray], slope: Callable[[np.ndarray], np.ndarray]) -> Node:
        return Node(f(self.value), (self, lambda d: d * slope(self.value)))


def folded_to(node: Node) -> Callable[[np.ndarray], np.ndarray]:
    """A value that was used for every row gets back the sum of what the rows hand it."""
    return lambda d: d.sum(axis=0) if node.value.ndim < d.ndim else d


def flow_back(loss: Node) -> None:
    """From the loss to every node, each after all that it feeds: depth-first, turned round."""
    order: list[Node] = []

    def visit(node: Node) -> None:
        if node not in order:
            for below, _ in node.edges:
                visit(below)
            order.append(node)

    visit(loss)
    loss.grad = np.ones_like(loss.value)
    for node in reversed(order):
        for below, hand_back in node.edges:
            below.grad = below.grad + hand_back(node.grad)


def graph(x: np.ndarray, y: np.ndarray, values: dict[str, np.ndarray]) -> tuple[Node, dict[str, Node]]:
    """The loss and the parameters' nodes; batch norm is made of means, products and a power, not of its own formula."""
    p = {name: Node(value) for name, value in values.items()}
    z = Node(x).times_transposed(p["dense_1.weight"]) + p["dense_1.bias"]
    centred = z + z.mean() * Node(np.array(-1.0))
    variance = (centred * centred).mean()
    scale = variance.through(lambda v: (v + EPS) ** -0.5, lambda v: -0.5 * (v + EPS) ** -1.5)
    normed = centred * scale * p["norm_1.weight"] + p["norm_1.bias"]
    h = normed.through(np.tanh, lambda v: 1 - np.tanh(v) ** 2)
    out = h.times_transposed(p["dense_2.weight"]) + p["dense_2.bias"]
    costs = out.through(lambda v: np.logaddexp(0, v) - v * y, lambda v: 1 / (1 + np.exp(-v)) - y)
    return costs.mean(), p


def after_backward(*overrides: str, iteration: int = 0) -> Session:
    session = session_of(PRESET, "dtype=float64", *overrides)
    session.goto(iteration, AFTER_BACKWARD)
    return session


def tensors(session: Session, field: str) -> dict[str, np.ndarray]:
    return {p.name: np.array(getattr(p, field)) for layer in session.frame().layers for p in layer.parameters}


def batch(session: Session) -> tuple[np.ndarray, np.ndarray]:
    return np.array(session.frame().inputs), np.array(session.frame().targets)


@pytest.mark.parametrize("iteration", [0, 1, 50])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_graphs_gradients_are_the_engines(seed: int, iteration: int):
    """W, b, γ, β and the head, in float64: 14 digits, whatever the parameters have become."""
    session = after_backward(f"seed={seed}", iteration=iteration)
    x, y = batch(session)
    loss, nodes = graph(x, y, tensors(session, "value"))
    flow_back(loss)
    assert metric(session, "loss") == pytest.approx(loss.value.item(), rel=1e-12)
    grads = tensors(session, "grad")
    assert grads.keys() == nodes.keys()
    for name, node in nodes.items():
        np.testing.assert_allclose(grads[name], node.grad, rtol=1e-10, atol=1e-14, err_msg=name)


def test_every_gradient_is_the_central_difference():
    session = after_backward()
    x, y = batch(session)
    values, grads = tensors(session, "value"), tensors(session, "grad")
    for name, value in values.items():
        for place in np.ndindex(value.shape):
            losses = []
            for step in (H, -H):
                moved = {key: array.copy() for key, array in values.items()}
                moved[name][place] += step
                losses.append(graph(x, y, moved)[0].value.item())
            assert grads[name][place] == pytest.approx((losses[0] - losses[1]) / (2 * H), abs=1e-9), (name, place)


def test_the_formulas_of_the_lesson():
    """Σ δ x̂, Σ δ and the three ways to x, by NumPy from the engine's own δ; mean 0; weights square to gradients."""
    session = after_backward()
    frame = session.frame()
    x, d = np.array(frame.layer("dense_1").activation), np.array(frame.layer("norm_1").delta)
    root = np.sqrt(x.var(axis=0) + EPS)
    x_hat = (x - x.mean(axis=0)) / root
    grads, values = tensors(session, "grad"), tensors(session, "value")
    np.testing.assert_allclose(grads["norm_1.weight"], (d * x_hat).sum(axis=0), rtol=1e-10)
    np.testing.assert_allclose(grads["norm_1.bias"], d.sum(axis=0), rtol=1e-10)
    back = values["norm_1.weight"] / root * (d - d.mean(axis=0) - x_hat * (d * x_hat).mean(axis=0))
    np.testing.assert_allclose(frame.layer("dense_1").delta, back, atol=1e-14)
    np.testing.assert_allclose(back.mean(axis=0), 0.0, atol=1e-15)
    np.testing.assert_allclose(grads["dense_1.bias"], 0.0, atol=1e-15)
    along = (values["dense_1.weight"] * grads["dense_1.weight"]).sum(axis=1)
    lengths = [np.linalg.norm(tensors(session, field)["dense_1.weight"], axis=1) for field in ("value", "grad")]
    assert (abs(along) < 1e-3 * lengths[0] * lengths[1]).all()  # but for eps, which is no part of the length


def test_without_batch_norm_the_bias_has_a_gradient():
    session = session_of(PRESET, "dtype=float64", *WITHOUT_BATCH_NORM)
    session.step("iteration")
    assert abs(tensors(session, "grad")["dense_1.bias"]).max() > 0.01


def test_the_numbers_of_lesson_and_script():
    """At seed 7; and the rows that the lesson counts: five forward with the loss, four back, three updates."""
    session = session_of(PRESET)
    phases = [op.phase for op in session.program.ops]
    assert phases == ["load"] + ["forward"] * 4 + ["loss"] + ["backward"] * 4 + ["update"] * 3
    session.goto(0, AFTER_BACKWARD)
    norms = [metric(session, f"grad_norm.{name}") for name in ("dense_1", "norm_1", "dense_2")]
    assert norms == pytest.approx([0.059, 0.122, 0.185], abs=5e-4)
    loss = trained(PRESET).history["loss"]
    assert loss[[0, 299]] == pytest.approx([0.785, 0.036], abs=5e-4)
