"""Starting states and orders of samples: functions of (seed, layer) and (seed, epoch). The laws of the weights are in
test_initializers.py."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest

from tests import reference
from tests.engine.make import make_session
from tui_nn.engine.ops import load


def test_a_layer_keeps_its_weights_when_others_change():
    """Layer 0 of two networks that differ behind it, and in optimizer, data and batch, starts from the same weights."""
    one = make_session([(4, "tanh"), (2, "linear")], seed=3)
    other = make_session([(4, "tanh"), (9, "relu"), (2, "linear")], seed=3, optimizer="adam", n=50, batch_size=7)
    first, second = (session.frame().layers[0].parameters[0].value for session in (one, other))
    assert first.tobytes() == second.tobytes()


def test_both_precisions_start_alike():
    """float32 starts from the rounded float64 weights, so that a run can be compared across precisions."""
    wide, narrow = (make_session([(4, "tanh"), (2, "linear")], dtype=dtype) for dtype in ("float64", "float32"))
    for a, b in zip(wide.frame().layers, narrow.frame().layers, strict=True):
        for p, q in zip(a.parameters, b.parameters, strict=True):
            assert p.value.astype(np.float32).tobytes() == q.value.tobytes()


def test_biases_and_slots_start_at_zero():
    session = make_session([(4, "tanh"), (2, "linear")], optimizer="adam")
    for layer in session.frame().layers:
        for parameter in layer.parameters:
            assert not parameter.grad.any()
            assert parameter.value.any() == (parameter.role == "weight")
            assert not any(slot.any() for slot in parameter.slots.values())


# Orders


@numba.njit
def shuffle(order, seed, epoch):
    """Kernels' helpers can be called from compiled code only."""
    load.shuffle(order, seed, epoch)


def order_of(n: int, seed: int, epoch: int) -> list[int]:
    order = np.empty(n, np.int64)
    shuffle(order, seed, epoch)
    return order.tolist()


@pytest.mark.parametrize("n", [1, 2, 3, 10, 257, 1438])
@pytest.mark.parametrize(("seed", "epoch"), [(0, 0), (7, 0), (7, 1), (2**53, 12), (2**63 - 1, 10**9)])
def test_an_order_is_the_permutation_that_the_hash_gives(n, seed, epoch):
    """Every index once, and just as splitmix64 and Fisher-Yates say in plain integers."""
    order = order_of(n, seed, epoch)
    assert sorted(order) == list(range(n))
    assert order == reference.shuffled(n, seed, epoch)


def test_orders_differ_between_epochs_and_seeds():
    """100 epochs and 100 seeds of 50 samples: 200 different orders."""
    orders = {tuple(order_of(50, 7, epoch)) for epoch in range(100)} | {
        tuple(order_of(50, seed, 0)) for seed in range(100, 200)
    }
    assert len(orders) == 200


def test_orders_are_even():
    """Where each of 12 samples lands over 12,000 epochs, and which follows which: chi-square within 4 standard deviations."""
    n, epochs = 12, 12_000
    lands, follows = np.zeros((n, n)), np.zeros((n, n))
    for epoch in range(epochs):
        order = np.empty(n, np.int64)
        shuffle(order, 11, epoch)
        lands[np.arange(n), order] += 1
        follows[order[:-1], order[1:]] += 1
    for table, cells, freedom in ((lands, n * n, (n - 1) ** 2), (follows, n * (n - 1), n * (n - 1) - 1)):
        expected = table.sum() / cells
        seen = table[table > 0]
        assert seen.size == cells
        chi = ((seen - expected) ** 2 / expected).sum()
        print(f"chi-square {chi:.0f} for {freedom} degrees of freedom")
        assert abs(chi - freedom) <= 4 * math.sqrt(2 * freedom)


@pytest.mark.parametrize("batch_size", [1, 3, 4, 10])
def test_every_epoch_visits_every_sample_once(batch_size):
    """10 samples in batches of 1, 3, 4 (the last one smaller) and 10, over five epochs; inputs and targets are the samples'."""
    session = make_session([(2, "tanh"), (2, "linear")], n=10, batch_size=batch_size, seed=5)
    dataset, per_epoch = session.program.dataset, -(-10 // batch_size)
    assert session.program.iterations_per_epoch == per_epoch
    epochs = []
    for epoch in range(5):
        seen: list[int] = []
        for batch in range(per_epoch):
            session.goto(epoch * per_epoch + batch, 1)
            frame = session.frame()
            assert (frame.epoch, frame.batch) == (epoch, batch)
            assert frame.rows == len(frame.sample_indices) == min(batch_size, 10 - batch * batch_size)
            assert frame.inputs.tolist() == dataset.x_train[frame.sample_indices].tolist()
            assert frame.targets.tolist() == dataset.y_train[frame.sample_indices].tolist()
            seen += frame.sample_indices.tolist()
        assert sorted(seen) == list(range(10))
        epochs.append(seen)
    if batch_size < 10:
        assert epochs == [reference.shuffled(10, 5, epoch) for epoch in range(5)]
    else:  # all at once: an order would change nothing but the rounding
        assert epochs == [list(range(10))] * 5


def test_without_shuffling_samples_come_in_their_own_order():
    session = make_session([(2, "linear")], n=10, batch_size=4, shuffle=False)
    for iteration, wanted in enumerate([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]] * 2):
        session.goto(iteration, 1)
        assert session.frame().sample_indices.tolist() == wanted
    session.goto(1, 1)
    assert session.frame().sample_indices.tolist() == [4, 5, 6, 7]


def test_the_order_does_not_depend_on_the_network():
    """Another network, optimizer and precision on the same data and seed sees the same batches."""
    one = make_session([(2, "linear")], n=10, batch_size=4)
    other = make_session([(7, "relu"), (2, "linear")], n=10, batch_size=4, optimizer="adam", dtype="float32")
    for iteration in range(9):
        one.goto(iteration, 1)
        other.goto(iteration, 1)
        assert one.frame().sample_indices.tolist() == other.frame().sample_indices.tolist()
