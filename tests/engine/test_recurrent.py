"""Recurrent layers and embeddings: the formulas, the slopes of the loss, one step by hand, and every way to the same bytes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests import reference_recurrent
from tests.engine.make import array_at, first_update, metric, run_ops
from tests.engine.recurrent_nets import KINDS, N_IN, NETWORKS, STEPS, moved_state, session_of
from tests.engine.test_gradients import error, slopes
from tui_nn.debugger.frame import Frame
from tui_nn.debugger.recurrence import Steps, steps_of
from tui_nn.debugger.session import Session

TOLERANCE = {"float64": 1e-13, "float32": 5e-5}


def steps_in(frame: Frame) -> Steps:
    """What the first layer, a recurrent one, went through."""
    found = steps_of(frame, frame.layers[0])
    assert found is not None
    return found


def to_gradients(session: Session, iteration: int = 2) -> None:
    """Up to the first update, in the last and smaller batch of the epoch."""
    session.machine.load(moved_state(session), iteration)
    session.machine.run(iteration, first_update(session.program))


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", [name for name in NETWORKS if name in KINDS or "sequence" in name])
def test_states_and_gradients_agree_with_the_formulas(name, dtype):
    """Hidden states, all of ∂loss/∂h at each step, and every gradient, against loops over tests/reference_recurrent.py."""
    session = session_of(name, dtype=dtype)
    to_gradients(session)
    frame = session.frame()
    kind = frame.layers[0].kind
    found = steps_in(frame)
    p = {each.role: each.value.astype(np.float64).tolist() for each in frame.layers[0].parameters}
    grads = {role: np.zeros(np.shape(value)) for role, value in p.items()}
    for sample in range(frame.rows):
        x = frame.inputs[sample].reshape(STEPS, N_IN).tolist()
        hidden, kept = reference_recurrent.forward(kind, p, x)
        delta = np.zeros((STEPS, len(hidden[0])))
        own = frame.layers[0].delta[sample]
        delta[-1 if own.size == delta.shape[1] else slice(None)] = own.reshape(-1, delta.shape[1]).squeeze()
        grad, _, whole = reference_recurrent.backward(kind, p, x, kept, delta.tolist())
        np.testing.assert_allclose(found.hidden[sample], hidden, rtol=0, atol=TOLERANCE[dtype])
        np.testing.assert_allclose(found.delta[sample], whole, rtol=0, atol=TOLERANCE[dtype])
        for role in grads:
            grads[role] += grad[role]
    for parameter in frame.layers[0].parameters:
        scale = max(1e-3, np.abs(grads[parameter.role]).max())
        assert np.abs(parameter.grad - grads[parameter.role]).max() <= TOLERANCE[dtype] * scale, parameter.name


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_are_the_slopes_of_the_loss(name):
    """float64, central differences: max |a - n| <= 1e-9 max(1, loss, max |n|), and 1e-5 of itself for entries above 1e-4."""
    session = session_of(name)
    to_gradients(session)
    machine, program = session.machine, session.program
    value = metric(machine, "loss")
    grads = [tensor.view(machine.mem, program.grad_shift).copy() for tensor in program.tensors]
    for tensor, grad in zip(program.tensors, grads, strict=True):
        found = slopes(session, tensor.view(machine.mem), first_op=1)
        assert error(grad, found.slope, value) <= 1e-9, tensor.name
    assert all(np.abs(grad).max() > 1e-6 for grad in grads)


@pytest.mark.parametrize("name", NETWORKS)
def test_deltas_are_the_slopes_of_the_loss(name):
    """∂loss/∂output of every layer: nudge the output itself and run the rest of the network."""
    session = session_of(name)
    to_gradients(session)
    machine, program = session.machine, session.program
    value, rows = metric(machine, "loss"), program.rows(machine.iteration)
    deltas = [array_at(machine, layer.delta, rows, layer.values).copy() for layer in program.layers]
    for layer, delta in zip(program.layers, deltas, strict=True):
        found = slopes(session, array_at(machine, layer.output, rows, layer.values), layer.forward_op + 1)
        assert error(delta, found.slope, value) <= 1e-9, layer.name


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", NETWORKS)
def test_full_speed_is_op_by_op(name, dtype):
    """And so are the metrics of every step."""
    at_once, by_op = session_of(name, dtype=dtype, optimizer="adam"), session_of(name, dtype=dtype, optimizer="adam")
    at_once.run(7)
    while by_op.position.iteration < 7:
        by_op.step("op")
    assert at_once.state_bytes() == by_op.state_bytes()
    for column in at_once.program.metrics:
        np.testing.assert_array_equal(at_once.history[column], by_op.history[column])


@pytest.mark.parametrize("kind", KINDS)
def test_going_back_to_the_middle_of_a_sequence(kind):
    """To t=2 forwards and to t=2 backwards: what is in memory, activations too, is as when it first came by there."""
    session = session_of(f"two-{kind}", optimizer="adam")
    program = session.program
    places = [op.index + 1 for op in program.ops if op.label in (f"forward {kind}_1 t=2", f"backward {kind}_2 t=2")]
    assert len(places) == 2
    for op in places:
        session.goto(5, op)
        before, state = session.frame().snapshot.mem.tobytes(), session.state_bytes()
        session.run(4)
        session.goto(5, op)
        assert session.frame().snapshot.mem.tobytes() == before
        assert session.state_bytes() == state


@pytest.mark.parametrize("name", NETWORKS)
def test_evaluation_gives_what_training_gives(name):
    """The validation row of a recurrent layer goes through all steps by itself: the same numbers, sample by sample."""
    session = session_of(name, n_val=10, batch_size=10)
    session.run(2)
    x, y = session.program.dataset.x_train, session.program.dataset.y_train
    from tui_nn.debugger.evaluator import Evaluator

    session.goto(2, session.program.loss_op + 1)
    evaluator = Evaluator(session.program)
    evaluator.use(session.machine.mem)
    assert evaluator.loss(x, y) == pytest.approx(session.frame().metrics["loss"], rel=1e-12)


@pytest.mark.parametrize("name", [name for name in NETWORKS if name in KINDS or "sequence" in name])
def test_more_samples_than_a_block(name):
    """37 samples go through in blocks of 16, the last of 5: each as when it goes alone."""
    from tui_nn.debugger.evaluator import Evaluator

    session = session_of(name, n=37, n_val=1, batch_size=37)
    evaluator = Evaluator(session.program)
    evaluator.use(session.machine.mem)
    x = session.program.dataset.x_train
    alone = np.concatenate([evaluator.outputs(x[k : k + 1]) for k in range(37)])
    np.testing.assert_allclose(evaluator.outputs(x), alone, rtol=1e-13)


# One step by hand: one unit, one input, every weight and the input 1 unless said.


def by_hand(kind: str, x: list[float], parameters: dict[str, list[float]]) -> Session:
    from dataclasses import replace

    from tests.engine.make import make_dataset, make_scenario

    data = make_dataset("mse", 1, len(x), 1, x=[x], y=[[0.0]])
    session = Session(make_scenario([{"type": kind, "units": 1}], "mse"), replace(data, form=(len(x), 1)))
    state = session.program.initial.copy()
    for tensor in session.program.tensors:
        tensor.view(state)[:] = np.reshape(parameters[tensor.role], tensor.shape)
    session.machine.load(state, 0)
    session.machine.run(0, first_update(session.program))
    return session


def test_an_rnn_step_by_hand():
    """h1 = tanh(1 + 0.5), h2 = tanh(2 + 3 h1 + 0.5); loss h2²: ∂loss/∂W_hh = 2 h2 (1 - h2²) h1."""
    session = by_hand("rnn", [1.0, 2.0], {"weight_ih": [1.0], "weight_hh": [3.0], "bias": [0.5]})
    h1 = math.tanh(1.5)
    h2 = math.tanh(2.5 + 3 * h1)
    d2 = 2 * h2 * (1 - h2 * h2)
    found, layer = steps_in(session.frame()), session.frame().layers[0]
    assert found.hidden[0, :, 0].tolist() == pytest.approx([h1, h2], rel=1e-14)
    assert [p.grad.item() for p in layer.parameters] == pytest.approx(
        [d2 * 2 + d2 * 3 * (1 - h1 * h1), d2 * h1, d2 + d2 * 3 * (1 - h1 * h1)], rel=1e-12
    )


def test_an_lstm_step_by_hand():
    """Gates' sums ln 3, 0, atanh 0.5 and -ln 3: i = 3/4, f = 1/2, g = 1/2, o = 1/4; c = 3/8, h = tanh(3/8) / 4."""
    bias = [math.log(3.0), 0.0, math.atanh(0.5), -math.log(3.0)]
    session = by_hand("lstm", [0.0], {"weight_ih": [1.0] * 4, "weight_hh": [1.0] * 4, "bias": bias})
    frame = session.frame()
    found = steps_in(frame)
    assert {name: gate[0, 0, 0] for name, gate in found.gates.items()} == pytest.approx(
        {"i": 0.75, "f": 0.5, "g": 0.5, "o": 0.25}, rel=1e-14
    )
    assert found.cell is not None
    assert found.cell[0, 0, 0] == pytest.approx(0.375, rel=1e-14)
    shown = math.tanh(0.375)
    assert found.hidden[0, 0, 0] == pytest.approx(shown / 4, rel=1e-14)
    dh = 2 * shown / 4
    dc = dh / 4 * (1 - shown * shown)
    bias_grad = next(p.grad for p in frame.layers[0].parameters if p.role == "bias")
    assert bias_grad.tolist() == pytest.approx(
        [dc * 0.5 * 3 / 16, 0.0, dc * 0.75 * 0.75, dh * shown * 3 / 16], rel=1e-12
    )


def test_a_gru_step_by_hand():
    """r = 3/4, z = 1/4, h' = 0, b_hn = 2: n = tanh(3/2), h = 3/4 n."""
    bias = [math.log(3.0), -math.log(3.0), 0.0]
    session = by_hand("gru", [0.0], {"weight_ih": [1.0] * 3, "weight_hh": [1.0] * 3, "bias": bias, "bias_hh": [2.0]})
    frame = session.frame()
    found, n = steps_in(frame), math.tanh(1.5)
    assert {name: gate[0, 0, 0] for name, gate in found.gates.items()} == pytest.approx({"r": 0.75, "z": 0.25, "n": n})
    assert found.hidden[0, 0, 0] == pytest.approx(0.75 * n, rel=1e-14)
    dn = 1.5 * n * 0.75 * (1 - n * n)
    grads = {p.role: p.grad for p in frame.layers[0].parameters}
    assert grads["bias_hh"].tolist() == pytest.approx([dn * 0.75], rel=1e-12)
    assert grads["bias"].tolist() == pytest.approx([dn * 2 * 3 / 16, -1.5 * n * n * 3 / 16, dn], rel=1e-12)


def test_an_embedding_looks_up_and_adds_up():
    """out = the token's column; its gradient the sum of what came back where it stands; a token that did not come up has 0."""
    session = session_of("embedding")
    session.goto(5, first_update(session.program))  # the gradients of other batches have stood there
    frame = session.frame()
    (weight,) = frame.layers[0].parameters
    tokens = frame.inputs.astype(int)
    out = frame.layers[0].activation.reshape(frame.rows, STEPS, 3)
    np.testing.assert_array_equal(out, weight.value.T[tokens])
    wanted = np.zeros((6, 3))
    np.add.at(wanted, tokens, frame.layers[0].delta.reshape(frame.rows, STEPS, 3))
    np.testing.assert_allclose(weight.grad, wanted.T, rtol=1e-14, atol=1e-17)
    assert (wanted == 0).all(axis=1).any()


@pytest.mark.parametrize("kind", KINDS)
def test_nan_shows_from_its_step_on(kind):
    """An input that is NaN at t=3 leaves the steps before alone, and the loss is NaN."""
    session = session_of(kind, batch_size=10)
    session.step("op", 1)
    array_at(session.machine, session.program.input_offset, 10, STEPS * N_IN)[4, 3 * N_IN] = math.nan
    run_ops(session.machine, 1, session.program.loss_op + 1)
    found = steps_in(session.frame())
    is_nan: Any = np.isnan(found.hidden).all(axis=2)
    assert is_nan[4].tolist() == [False, False, False, True, True]
    assert not is_nan[[0, 1, 2, 3, 5]].any()
    assert math.isnan(metric(session.machine, "loss"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_reports_its_signal_and_its_delta(kind):
    session = session_of(kind)
    to_gradients(session)
    frame = session.frame()
    found = steps_in(frame)
    for t in range(STEPS):
        signal = found.hidden[:, t].std(axis=0).mean()
        assert frame.metrics[f"act_signal.{kind}_1.t{t}"] == pytest.approx(signal, rel=1e-6)
        norm = np.linalg.norm(found.delta[:, t])
        assert frame.metrics[f"delta_norm.{kind}_1.t{t}"] == pytest.approx(norm, rel=1e-6)
    assert frame.metrics[f"act_signal.{kind}_1"] == frame.metrics[f"act_signal.{kind}_1.t{STEPS - 1}"]
