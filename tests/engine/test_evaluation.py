"""Validation and test passes as rows of the program: what they compute, when, and how often the test part is read."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from tests import reference
from tests.engine.make import make_dataset, make_scenario, network_of
from tui_nn.debugger.session import Session

PARTS = {
    "validate": ("x_val", "y_val", "val_loss", "val_accuracy"),
    "test": ("x_test", "y_test", "test_loss", "test_accuracy"),
}
LOSSES = ("mse", "binary_cross_entropy", "sparse_categorical_cross_entropy")


def session_with(loss: str, n: int = 12, n_val: int = 5, n_test: int = 4, **settings: Any) -> Session:
    """A 3-6-3 network (one output for the binary loss), 4 iterations an epoch, with all three parts."""
    n_out = 1 if loss == "binary_cross_entropy" else 3
    whole = make_dataset(loss, n, 3, n_out, n_val=n_val + n_test)
    dataset = dataclasses.replace(
        whole,
        x_val=whole.x_val[:n_val],
        y_val=whole.y_val[:n_val],
        x_test=whole.x_val[n_val:],
        y_test=whole.y_val[n_val:],
    )
    settings = {"batch_size": 3, "train": {"epochs": 3}} | settings
    return Session(make_scenario([(6, "tanh"), (n_out, "linear")], loss, **settings), dataset)


@pytest.mark.parametrize("loss", LOSSES)
def test_both_passes_are_the_loss_of_the_network_as_it_stands(loss):
    """After the last planned iteration: val_loss and test_loss equal the plain reference on the updated weights, 1e-12."""
    session = session_with(loss)
    session.step("iteration", session.planned_iterations)
    dataset, net = session.program.dataset, network_of(session)
    for x, y, name, accuracy in PARTS.values():
        inputs, targets = getattr(dataset, x), getattr(dataset, y)
        out = reference.forward(net, inputs.tolist())[-1][1]
        rows = targets.reshape(len(inputs), -1).tolist()
        expected, _ = reference.loss_and_delta(loss, out, rows)
        assert session.history.value(name) == pytest.approx(expected, rel=1e-12)
        if loss == "sparse_categorical_cross_entropy":
            hits = np.mean(np.argmax(np.array(out), axis=1) == targets)
            assert session.history.value(accuracy) == pytest.approx(hits)


@pytest.mark.parametrize("loss", LOSSES[1:])
def test_confusion_counts_true_classes_by_predicted_ones(loss):
    """Row sums are the classes' sizes, the diagonal over the total is the accuracy, and each entry is a count by hand."""
    session = session_with(loss)
    session.step("iteration", session.planned_iterations)
    frame, dataset, net = session.frame(), session.program.dataset, network_of(session)
    for part, (x, y, _, accuracy) in PARTS.items():
        counts = frame.confusion(part)  # type: ignore[arg-type]
        assert counts is not None
        out = np.array(reference.forward(net, getattr(dataset, x).tolist())[-1][1])
        predicted = (out[:, 0] > 0).astype(int) if loss == "binary_cross_entropy" else np.argmax(out, axis=1)
        expected = np.zeros_like(counts)
        np.add.at(expected, (getattr(dataset, y).reshape(-1).astype(int), predicted), 1)
        assert counts.tolist() == expected.tolist()
        assert np.trace(counts) / counts.sum() == pytest.approx(session.history.value(accuracy))


def test_an_output_of_nan_predicts_nothing():
    session = session_with("sparse_categorical_cross_entropy", optimizer={"type": "sgd", "lr": 1e30})
    session.step("iteration", 3)
    session.machine.mem[: session.program.state_size] = np.nan
    session.step("iteration")
    counts = session.frame().confusion("validate")
    assert counts is not None
    assert counts.sum() == 0
    assert session.history.value("val_accuracy") == 0.0


def test_a_regression_has_no_confusion():
    session = session_with("mse")
    assert session.frame().confusion("validate") is None
    assert not any(op.kind == "confusion" for op in session.program.ops)


def test_the_test_part_is_read_once_at_the_planned_end_and_the_reads_are_counted():
    """12 planned iterations: nothing of the test part is in memory or history before the last; then one read; at 24 two."""
    session = session_with("mse")
    tests = [op for op in session.program.ops if op.phase == "test"]
    assert [op.is_due(k) for op in tests[:1] for k in (0, 3, 10, 11, 12, 23)] == [
        False,
        False,
        False,
        True,
        False,
        True,
    ]
    session.step("iteration", 11)
    assert session.history.value("test_loss") is None
    assert session.history.value("test_reads") is None
    session.step("iteration")
    assert session.history.value("test_reads") == 1
    first = session.history.value("test_loss")
    session.step("iteration", 11)
    assert session.history.value("test_reads") == 1
    assert session.history.value("test_loss") == first
    session.step("iteration")
    assert session.history.value("test_reads") == 2
    session.goto(12)
    assert session.history.value("test_reads") == 1  # the count belongs to the position


def test_rows_of_a_pass_can_be_stepped_one_by_one():
    """From the end of the 12th iteration's updates: every validation and test row is a step of its own, forth and back."""
    session = session_with("binary_cross_entropy")
    first = next(op.index for op in session.program.ops if op.phase == "validate")
    session.goto(11, first)
    seen = []
    while session.position.iteration == 11:
        seen.append(session.program.ops[session.position.op].phase)
        session.step("op")
    n_val, n_test = seen.count("validate"), seen.count("test")
    assert (n_val, n_test) == (7, 6)  # load, dense_1, tanh_1, dense_2, loss, confusion; behind validation the gap
    after = session.state_bytes()
    session.back("op", len(seen))
    assert session.position == (11, first)
    session.step("op", len(seen))
    assert session.state_bytes() == after


def test_evaluation_does_not_train():
    """With and without validation and test parts the parameters stay the same, byte for byte."""
    with_parts, without = session_with("mse"), session_with("mse", n_val=0, n_test=0)
    for session in (with_parts, without):
        session.step("iteration", 24)
    n = without.program.state_size
    assert with_parts.machine.mem[:n].tobytes() == without.machine.mem[:n].tobytes()


def test_dropout_is_off_in_evaluation():
    """A network whose only trouble is dropout: its validation loss is that of the network without."""
    layers = [(6, "tanh"), {"type": "dropout", "rate": 0.9}, (1, "linear")]
    dataset = make_dataset("mse", 8, 3, 1, n_val=4)
    session = Session(make_scenario(layers, "mse", optimizer={"type": "sgd", "lr": 1e-30}), dataset)
    session.step("iteration")
    values = [[p.value.tolist() for p in layer.parameters] for layer in session.frame().layers if layer.parameters]
    net = [(*values[0], "tanh"), (*values[1], "linear")]
    out = reference.forward(net, dataset.x_val.tolist())[-1][1]
    expected, _ = reference.loss_and_delta("mse", out, dataset.y_val.tolist())
    assert session.history.value("val_loss") == pytest.approx(expected, rel=1e-12)
    assert not math.isclose(session.history["loss"][0], expected)
