"""What the history says of a layer is what NumPy finds in the frame; validation is a forward pass over the held-out part."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests import reference
from tests.engine.make import ACTIVATIONS, LOSSES, OPTIMIZERS, YES_OR_NO, array_at, make_session, network_of, run_ops
from tests.table import over
from tui_nn.debugger.session import Session

CORNER = 1e-300  # on the right of 0, which is where elu, selu and their like are asked for their slope at 0


def mean_size_of_slope(kind: str, z: np.ndarray, a: np.ndarray) -> np.ndarray:
    """(units,) means of |f'(z)| over samples; of softmax each unit's slope along itself."""
    if kind == "softmax":
        return (a * (1 - a)).mean(axis=0)
    return np.abs(np.vectorize(reference.ACTIVATIONS[kind][1])(z)).mean(axis=0)


def slope_at_0(kind: str, units: int) -> float:
    """f'(0); of softmax, the slope where all units are equal."""
    return (units - 1) / units**2 if kind == "softmax" else reference.ACTIVATIONS[kind][1](CORNER)


def norm(*arrays: np.ndarray) -> float:
    return math.sqrt(sum(float((array.astype(np.float64) ** 2).sum()) for array in arrays))


def last_row_before_updates(session: Session) -> int:
    return next(op.index for op in session.program.ops if op.phase == "update")


@over(ACTIVATIONS, LOSSES, ["float32", "float64"])
def test_probes_are_what_numpy_finds(hidden, loss, dtype):
    """act_mean, act_std, act_signal, saturated, delta_norm, grad_norm, lr: 1e-12 (float32: 2e-6, or 2e-7 where numbers of size 1 cancel)."""
    units = 1 if loss in YES_OR_NO else 3
    session = make_session([(6, hidden), (units, "linear")], loss, n=10, batch_size=4, dtype=dtype, optimizer="adam")
    rel, tiny = (1e-12, 1e-14) if dtype == "float64" else (2e-6, 2e-7)
    for iteration in (0, 2, 7):  # the smaller batch among them
        session.goto(iteration, last_row_before_updates(session))
        frame = session.frame()
        squares, a = 0.0, frame.inputs
        for layer in frame.layers:
            z, a, found = a, layer.activation.astype(np.float64), layer.metrics
            assert found["act_mean"] == pytest.approx(a.mean(), rel=rel, abs=tiny)
            assert found["act_std"] == pytest.approx(a.std(), rel=rel, abs=tiny)
            assert found["act_signal"] == pytest.approx(a.std(axis=0).mean(), rel=rel, abs=tiny)
            assert found["delta_norm"] == pytest.approx(norm(layer.delta), rel=rel, abs=tiny)
            if layer.kind == "dense":
                grads = [parameter.grad for parameter in layer.parameters]
                assert found["grad_norm"] == pytest.approx(norm(*grads), rel=rel, abs=tiny)
                squares += norm(*grads) ** 2
            else:
                mean_slope = mean_size_of_slope(layer.kind, z, a)
                wanted = (mean_slope < 0.05 * slope_at_0(layer.kind, layer.units)).mean()
                assert found["saturated"] == pytest.approx(wanted, rel=rel, abs=tiny)
        assert frame.metrics["grad_norm"] == pytest.approx(math.sqrt(squares), rel=rel, abs=tiny)
        assert frame.metrics["lr"] == pytest.approx(OPTIMIZERS["adam"]["lr"], rel=rel, abs=tiny)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_update_probes_are_what_numpy_finds(optimizer):
    """weight_norm: of weight and bias behind the update; update_ratio: the move's norm over the parameters' before it."""
    session = make_session([(6, "tanh"), (3, "linear")], n=10, batch_size=4, optimizer=optimizer)
    for iteration in (0, 1, 5):
        session.goto(iteration)
        before = {layer.name: [p.value for p in layer.parameters] for layer in session.frame().layers}
        session.step("iteration")
        for layer in session.frame().layers:
            if layer.kind == "dense":
                after = [p.value for p in layer.parameters]
                moved = [b - a for b, a in zip(before[layer.name], after, strict=True)]
                assert layer.metrics["weight_norm"] == pytest.approx(norm(*after), rel=1e-12)
                ratio = norm(*moved) / norm(*before[layer.name])
                assert layer.metrics["update_ratio"] == pytest.approx(ratio, rel=1e-9)


@pytest.mark.parametrize(
    ("kind", "z", "share"),
    [
        ("sigmoid", [[0.0, 6.0, -6.0, 3.0], [1.0, 6.0, 6.0, 3.0]], 0.5),  # 6: a(1-a) = 0.0025 < 0.0125
        ("tanh", [[0.0, 3.0, -3.0, 3.0], [1.0, 3.0, 3.0, 0.0]], 0.5),  # mean of 1 - tanh² for (3, 0): 0.505
        ("relu", [[1.0, -1.0, -1.0, 0.0], [1.0, 1.0, -1.0, -2.0]], 0.5),
        ("softmax", [[9.0, -9.0, -9.0], [9.0, -9.0, -9.0]], 1.0),
    ],
)
def test_saturated_units_by_hand(kind, z, share):
    """The share of units whose mean slope over the batch is under 5 % of the slope at 0."""
    rows, units = np.shape(z)
    session = make_session([(units, kind)], n=rows, n_in=1)
    session.step("op", 2)
    array_at(session.machine, session.program.layers[0].output, rows, units)[:] = z
    run_ops(session.machine, 2, 3)
    assert session.frame().metrics[f"saturated.{kind}_1"] == share


def test_a_faint_signal_on_a_large_mean_is_seen():
    """Outputs 0.5 + 1e-9 (0, 1, 2): act_signal is 1e-9 times sqrt(2/3), though the squares differ in the 18th digit only."""
    session = make_session([(1, "linear")], n=3, n_in=1, x=[[0.0], [1.0], [2.0]])
    weight, bias = (tensor.view(session.machine.mem) for tensor in session.program.tensors)
    weight[:], bias[:] = 1e-9, 0.5
    session.step("op", 2)
    assert session.frame().metrics["act_signal.dense_1"] == pytest.approx(1e-9 * math.sqrt(2 / 3), rel=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_huge_gradient_has_a_norm(dtype):
    """Squares of 1e30 overflow float32; the probe adds them in float64: the norm is a number, as large as it is."""
    session = make_session([(1, "linear")], n=2, n_in=1, x=[[1e15], [1e15]], y=[[-1e15], [-1e15]], dtype=dtype)
    session.goto(0, last_row_before_updates(session))
    frame = session.frame()
    grads = [p.grad for p in frame.layers[0].parameters]
    assert np.abs(grads[0]).max() > 1e29
    assert frame.metrics["grad_norm.dense_1"] == pytest.approx(norm(*grads), rel=1e-6)
    assert math.isfinite(frame.metrics["grad_norm.dense_1"])


# Accuracy and validation


@pytest.mark.parametrize(
    ("loss", "logits", "target", "share"),
    [
        ("mse", [[0.6], [0.4], [0.5], [0.9]], [[1.0], [1.0], [0.0], [0.0]], 0.5),
        ("categorical_cross_entropy", [[1.0, 3.0, 2.0], [5.0, 0.0, 4.9]], [1, 2], 0.5),
        ("binary_cross_entropy", [[2.0], [-1.0], [0.0], [0.1]], [[1.0], [1.0], [0.0], [0.0]], 0.5),
        ("sparse_categorical_cross_entropy", [[1.0, 3.0, 2.0], [5.0, 0.0, 4.9]], [1, 2], 0.5),
        ("sparse_categorical_cross_entropy", [[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]], [0, 2], 0.5),  # a tie: the first
    ],
)
def test_accuracy_by_hand(loss, logits, target, share):
    """A yes is a logit above 0 or, under squared error, an output above 1/2; a class is the largest logit."""
    rows, units = np.shape(logits)
    task = "binary" if units == 1 else "multiclass"
    session = make_session([(units, "linear")], loss, n=rows, n_in=1, y=target, task=task)
    session.step("op", 2)
    array_at(session.machine, session.program.layers[0].output, rows, units)[:] = logits
    session.step("op")
    assert session.frame().metrics["accuracy"] == share


@pytest.mark.parametrize("loss", LOSSES)
def test_a_broken_output_is_never_a_hit(loss):
    """NaN logits: accuracy 0 of the samples they stand in."""
    units, task = (3, "multiclass") if "categorical" in loss else (1, "binary")
    y = [[0.0], [0.0]] if units == 1 else [0, 0]
    session = make_session([(units, "linear")], loss, n=2, n_in=1, y=y, task=task)
    session.step("op", 2)
    array_at(session.machine, session.program.layers[0].output, 2, units)[:] = math.nan
    session.step("op")
    assert session.frame().metrics["accuracy"] == 0.0


@pytest.mark.parametrize("loss", LOSSES)
def test_validation_is_the_loss_of_the_held_out_part(loss):
    """Once an epoch, behind the updates: val_loss and val_accuracy from the weights of that moment, to 1e-12."""
    units = 1 if loss in YES_OR_NO else 3
    session = make_session([(6, "tanh"), (units, "linear")], loss, n=10, n_val=5, batch_size=4, optimizer="adam")
    dataset, program = session.program.dataset, session.program
    for epoch in (1, 2, 5):
        session.goto(3 * epoch)
        target = dataset.y_val.reshape(len(dataset.y_val), -1).tolist()
        out = reference.forward(network_of(session), dataset.x_val.tolist())[-1][1]
        wanted, _ = reference.loss_and_delta(loss, out, target)
        assert session.history.value("val_loss") == pytest.approx(wanted, rel=1e-12)
        if "val_accuracy" in program.metrics:
            if units == 1:
                hits = [(row[0] > 0) == (y[0] == 1.0) for row, y in zip(out, target, strict=True)]
            else:
                hits = [int(np.argmax(row)) == y[0] for row, y in zip(out, target, strict=True)]
            assert session.history.value("val_accuracy") == np.mean(hits)
    assert np.isfinite(session.history["val_loss"][2::3]).all()
    assert np.isnan(session.history["val_loss"][0::3]).all()


def test_validation_changes_nothing_in_training():
    """With and without a held-out part (the same training samples), training leaves the same weights."""
    sessions = [make_session([(6, "tanh"), (3, "linear")], n=10, n_val=n, batch_size=4) for n in (0, 5)]
    for session in sessions:
        session.goto(40)
    one, other = (session.frame() for session in sessions)
    for a, b in zip(one.layers, other.layers, strict=True):
        for p, q in zip(a.parameters, b.parameters, strict=True):
            assert p.value.tobytes() == q.value.tobytes()
