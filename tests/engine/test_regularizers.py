"""Penalties, clipping and max-norm: numbers by hand, slopes, and PyTorch's own functions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.engine.make import make_session, metric, run_ops

LAYERS = [(4, "tanh"), (3, "relu"), (2, "linear")]


def session_with(dense: dict | None = None, **settings):
    """Three dense layers, each with these extra keys."""
    init = {"tanh": "xavier_uniform", "relu": "he_normal", "linear": "xavier_uniform"}
    layers = [
        {"type": "dense", "units": units, "activation": activation, "init": init[activation]} | (dense or {})
        for units, activation in LAYERS
    ]
    return make_session(layers, **settings)


def op_of(session, kind: str) -> list[int]:
    return [op.index for op in session.program.ops if op.kind == kind]


def test_penalty_by_hand():
    """w = (3, -4): l1 = 0.1 costs 0.7 and pushes by 0.1 each way; l2 = 0.01 costs 0.25 and pushes by 0.06 and -0.08."""
    layer = {"type": "dense", "units": 1, "init": "values", "weights": [[3.0, -4.0]], "l1": 0.1, "l2": 0.01}
    session = make_session([layer], n_in=2)
    machine, program = session.machine, session.program
    (row,) = op_of(session, "penalty")
    machine.run(0, row)
    before = program.tensors[0].view(machine.mem, program.grad_shift).copy()
    run_ops(machine, row, row + 1)
    after = program.tensors[0].view(machine.mem, program.grad_shift)
    assert (after - before)[0] == pytest.approx([0.1 + 0.06, -0.1 - 0.08])
    assert metric(machine, "penalty") == pytest.approx(0.7 + 0.25)


def test_zero_weights_are_not_pushed():
    """The slope of |w| at 0 is taken as 0, and a NaN weight gives a NaN gradient."""
    layer = {"type": "dense", "units": 1, "init": "values", "weights": [[0.0, 1.0]], "l1": 0.1}
    session = make_session([layer], n_in=2, x=np.zeros((6, 2)))
    (row,) = op_of(session, "penalty")
    session.machine.run(0, row + 1)
    tensor = session.program.tensors[0]
    assert tensor.view(session.machine.mem, session.program.grad_shift).tolist() == [[0.0, 0.1]]
    tensor.view(session.machine.mem)[0, 0] = np.nan
    run_ops(session.machine, row, row + 1)
    assert np.isnan(tensor.view(session.machine.mem, session.program.grad_shift)[0, 0])


@pytest.mark.parametrize("keys", [{"l1": 0.05}, {"l2": 0.03}, {"l1": 0.02, "l2": 0.01}])
def test_gradients_are_the_slopes_of_loss_and_penalty_together(keys):
    """Central differences of loss + penalty in every weight and bias, to 1e-8; the loss alone stays the data term."""
    session = session_with(keys)
    machine, program = session.machine, session.program
    last = op_of(session, "penalty")[-1]
    machine.run(0, last + 1)
    plain = session_with()
    plain.machine.run(0, plain.program.loss_op + 1)
    assert metric(machine, "loss") == metric(plain.machine, "loss")
    grads = [tensor.view(machine.mem, program.grad_shift).copy() for tensor in program.tensors]
    for tensor, grad in zip(program.tensors, grads, strict=True):
        values = tensor.view(machine.mem)
        for index in np.ndindex(values.shape):
            here, found = float(values[index]), []
            for step in (1e-5, -1e-5):
                values[index] = here + step
                run_ops(machine, 1, last + 1)
                found.append(metric(machine, "loss") + metric(machine, "penalty"))
            values[index] = here
            assert (found[0] - found[1]) / 2e-5 == pytest.approx(grad[index], rel=1e-6, abs=1e-8)


def test_penalty_sums_over_layers():
    session = session_with({"l1": 0.2, "l2": 0.1})
    session.step("iteration")
    weights = [t.view(session.program.initial) for t in session.program.tensors if t.role == "weight"]
    expected = sum(0.2 * np.abs(w).sum() + 0.1 * (w**2).sum() for w in weights)
    assert session.history["penalty"][0] == pytest.approx(expected, rel=1e-12)


def test_clip_by_norm_by_hand():
    """A gradient of length 5 clipped to 1: (3, 4) becomes (0.6, 0.8), less PyTorch's 1e-6 in the length."""
    session = make_session([(1, "linear")], n_in=1, clip={"norm": 1.0})
    (row,) = op_of(session, "clip")
    machine, program = session.machine, session.program
    machine.run(0, row)
    for tensor, value in zip(program.tensors, (3.0, 4.0), strict=True):
        tensor.view(machine.mem, program.grad_shift)[...] = value
    run_ops(machine, row, row + 1)
    clipped = [float(t.view(machine.mem, program.grad_shift).ravel()[0]) for t in program.tensors]
    assert clipped == pytest.approx([3 / (5 + 1e-6), 4 / (5 + 1e-6)], rel=1e-15)
    assert metric(machine, "clip_scale") == pytest.approx(1 / (5 + 1e-6))


def test_short_gradients_are_not_touched():
    """Under the bound the run is the one without clipping, byte for byte."""
    bound, free = session_with(clip={"norm": 1e6, "value": 1e6}), session_with()
    for session in (bound, free):
        session.step("iteration", 20)
    same = slice(0, free.program.state_size)
    assert np.array_equal(bound.machine.mem[same], free.machine.mem[same])
    assert set(bound.history["clip_scale"]) == {1.0}


def test_clip_by_value_cuts_each_entry_and_keeps_nan():
    session = make_session([(1, "linear")], n_in=3, clip={"value": 0.5})
    (row,) = op_of(session, "clip")
    machine, program = session.machine, session.program
    machine.run(0, row)
    program.tensors[0].view(machine.mem, program.grad_shift)[0] = [0.2, -7.0, np.nan]
    program.tensors[1].view(machine.mem, program.grad_shift)[0] = np.inf
    run_ops(machine, row, row + 1)
    got = program.tensors[0].view(machine.mem, program.grad_shift)[0]
    assert got[:2].tolist() == [0.2, -0.5]
    assert np.isnan(got[2])
    assert program.tensors[1].view(machine.mem, program.grad_shift)[0] == 0.5


def test_exploding_gradients_clip_to_nan_or_zero_as_mathematics_has_it():
    """An infinite length scales finite entries to 0 and infinite ones to NaN: inf times 0."""
    session = make_session([(1, "linear")], n_in=2, clip={"norm": 1.0})
    (row,) = op_of(session, "clip")
    machine, program = session.machine, session.program
    machine.run(0, row)
    program.tensors[0].view(machine.mem, program.grad_shift)[0] = [np.inf, 2.0]
    run_ops(machine, row, row + 1)
    got = program.tensors[0].view(machine.mem, program.grad_shift)[0]
    assert np.isnan(got[0])
    assert got[1] == 0.0


def test_max_norm_scales_long_units_only():
    """Weights into unit 0 have length 5, into unit 1 length 1: with c = 2 only the first is scaled, to 2."""
    layer = {"type": "dense", "units": 2, "init": "values", "weights": [[3.0, 4.0], [0.6, 0.8]], "max_norm": 2.0}
    session = make_session([layer], n_in=2, optimizer={"type": "sgd", "lr": 1e-30})
    session.step("iteration")
    weight = session.frame().layers[0].parameters[0].value
    assert weight[0] == pytest.approx([1.2, 1.6], rel=1e-12)
    assert weight[1] == pytest.approx([0.6, 0.8], rel=1e-12)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_max_norm_holds_along_the_run(optimizer):
    session = session_with({"max_norm": 0.5}, optimizer=optimizer)
    session.step("iteration", 30)
    for layer in session.frame().layers:
        for parameter in layer.parameters:
            if parameter.role == "weight":
                assert np.linalg.norm(parameter.value, axis=1).max() <= 0.5 * (1 + 1e-12)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_all_of_them_rewind_to_the_same_bytes(dtype):
    session = session_with(
        {"l1": 0.01, "l2": 0.02, "max_norm": 1.0}, clip={"norm": 0.3, "value": 0.2}, dtype=dtype, batch_size=4,
        optimizer="adam",
    )  # fmt: skip
    session.goto(25, 9)
    there = session.state_bytes()
    slow = session_with(
        {"l1": 0.01, "l2": 0.02, "max_norm": 1.0}, clip={"norm": 0.3, "value": 0.2}, dtype=dtype, batch_size=4,
        optimizer="adam",
    )  # fmt: skip
    while slow.position != session.position:
        slow.step("op")
    assert slow.state_bytes() == there
    session.goto(3)
    session.goto(25, 9)
    assert session.state_bytes() == there


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_clipping_is_pytorchs(dtype):
    """clip_grad_value_ then clip_grad_norm_ on our gradients give what our rows give: 1e-12 and 1e-6 of the largest."""
    torch = pytest.importorskip("torch")
    session = session_with(clip={"norm": 0.3, "value": 0.2}, dtype=dtype)
    machine, program = session.machine, session.program
    rows = op_of(session, "clip")
    machine.run(0, rows[0])
    span = slice(program.grad_shift, program.grad_shift + program.state_size)
    machine.mem[span] *= machine.mem.dtype.type(3.0)  # so that both bounds bite
    grads = [torch.from_numpy(t.view(machine.mem, program.grad_shift).copy()) for t in program.tensors]
    parameters = [torch.zeros_like(grad, requires_grad=True) for grad in grads]
    for parameter, grad in zip(parameters, grads, strict=True):
        parameter.grad = grad
    torch.nn.utils.clip_grad_value_(parameters, 0.2)
    torch.nn.utils.clip_grad_norm_(parameters, 0.3)
    run_ops(machine, rows[0], rows[-1] + 1)
    tolerance = 1e-12 if dtype == "float64" else 1e-6
    for tensor, parameter in zip(program.tensors, parameters, strict=True):
        assert parameter.grad is not None
        assert tensor.view(machine.mem, program.grad_shift) == pytest.approx(
            parameter.grad.numpy(), rel=tolerance, abs=tolerance * 0.3
        )


@pytest.mark.parametrize("n_in", [1, 2, 7, 8, 9, 31])
def test_the_length_under_the_bound_is_the_exact_one(n_in):
    """Gradients of any number, also none in whole groups of eight: the length equals math.fsum's to 1e-14."""
    session = make_session([(5, "linear"), (3, "linear")], n_in=n_in, clip={"norm": 1e-3})
    (row,) = op_of(session, "clip")
    machine, program = session.machine, session.program
    machine.run(0, row)
    grads = [tensor.view(machine.mem, program.grad_shift) for tensor in program.tensors]
    length = math.sqrt(math.fsum(float(g) ** 2 for grad in grads for g in grad.ravel()))
    run_ops(machine, row, row + 1)
    assert metric(machine, "clip_scale") == pytest.approx(1e-3 / (length + 1e-6), rel=1e-14)
