"""digits-dnn: what its lesson and its script say of the first iteration, of Adam, and of the end, checked."""

import math

import numpy as np
import pytest

from tests.presets.runs import metric, session_of, trained

PRESET = "digits-dnn"
AFTER_LOSS, AFTER_BACKWARD = 9, 16  # rows executed


def test_sizes():
    """1,797 digits, a fifth of them kept; 1,438 in batches of 32 make 45 iterations (the last batch has 30)."""
    session = session_of(PRESET)
    assert (session.program.n_train, session.program.n_val) == (1438, 359)
    assert session.program.iterations_per_epoch == math.ceil(1438 / 32) == 45
    assert session.planned_iterations == 30 * 45
    assert [op.phase for op in session.program.ops[AFTER_LOSS - 1 : AFTER_LOSS + 1]] == ["loss", "backward"]
    assert [op.phase for op in session.program.ops[AFTER_BACKWARD - 1 : AFTER_BACKWARD + 1]] == ["backward", "update"]


def test_the_first_loss_is_cross_entropy_in_numpy():
    """2.49: -ln softmax of the right digit, from the weights and the batch alone, in float64."""
    session = session_of(PRESET)
    session.goto(0, AFTER_LOSS)
    frame = session.frame()
    x = np.asarray(frame.inputs, dtype=np.float64)
    for index, layer in enumerate(layer for layer in frame.layers if layer.kind == "dense"):
        weight, bias = (np.asarray(parameter.value, dtype=np.float64) for parameter in layer.parameters)
        x = (np.maximum(x, 0.0) if index else x) @ weight.T + bias
    p = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
    digits = np.asarray(frame.targets).astype(int).ravel()
    expected = -np.log(p[np.arange(len(p)), digits]).mean()
    assert metric(session, "loss") == pytest.approx(expected, rel=1e-5)  # float32 against float64
    assert metric(session, "loss") == pytest.approx(2.49, abs=0.005)
    assert math.log(10) == pytest.approx(2.30, abs=0.005)


def test_relu_turns_about_half_into_zeros():
    session = session_of(PRESET)
    session.goto(0, AFTER_LOSS)
    outputs = session.frame().layer("relu_1").activation
    assert 0.4 < (outputs == 0).mean() < 0.6


def test_the_error_signal_is_about_equally_strong_everywhere():
    """Between 0.15 and 0.23 at every layer, as norms taken from the error signal itself."""
    session = session_of(PRESET)
    session.goto(0, AFTER_BACKWARD)
    norms = [float(np.linalg.norm(layer.delta)) for layer in session.frame().layers]
    assert len(norms) == 7
    assert min(norms) > 0.15
    assert max(norms) < 0.23


def test_the_first_update_of_adam_moves_by_lr_whatever_the_gradient():
    """m̂ = g and v̂ = g²: 0.001 up or down where there is a gradient, nothing where there is none.

    Gradients a thousand times smaller than eps allows for would show a shorter step; 1e-5 is far enough from 1e-8.
    """
    session = session_of(PRESET)
    before = parameters(session)
    session.step("iteration")
    after, gradients = parameters(session), parameters(session, "grad")
    assert all(np.count_nonzero(gradients[name]) == gradients[name].size for name in ("dense_4.weight", "dense_4.bias"))
    for name, gradient in gradients.items():
        moved = before[name] - after[name]
        assert not moved[gradient == 0].any()
        large = np.abs(gradient) > 1e-5
        np.testing.assert_allclose(moved[large], 0.001 * np.sign(gradient[large]), rtol=2e-3)
    sizes = np.abs(gradients["dense_1.weight"])
    assert sizes[sizes > 1e-5].max() > 1000 * sizes[sizes > 1e-5].min()  # "whatever the size" has been tried


def test_pixels_that_are_always_0_give_no_gradient():
    session = session_of(PRESET)
    session.goto(0, AFTER_BACKWARD)
    frame = session.frame()
    blank = ~np.asarray(frame.inputs).any(axis=0)
    assert blank.any()
    assert not frame.layer("dense_1").parameters[0].grad[:, blank].any()


def parameters(session, field: str = "value") -> dict[str, np.ndarray]:
    """Every weight and bias by name, copied as float64."""
    layers = session.frame().layers
    return {p.name: np.array(getattr(p, field), dtype=np.float64) for layer in layers for p in layer.parameters}


def test_four_rows_back_and_forward_are_the_same_bytes():
    session = session_of(PRESET)
    session.goto(0, AFTER_BACKWARD)
    before = session.state_bytes()
    session.step("op", 4)
    after = session.state_bytes()
    assert session.position == (1, 0)
    session.back("op", 4)
    assert session.state_bytes() == before
    session.step("op", 4)
    assert session.state_bytes() == after != before


def test_how_it_ends():
    """70 % after epoch 1, 95 % after 5, 97 % first after 8, 98.6 % at the end; the last epoch's mean loss below 0.01.

    To half a point: another processor may round its way to a neighbouring result.
    """
    session = trained(PRESET)
    accuracies = session.history.curve("val_accuracy")[1]
    assert accuracies[[0, 4, 29]] == pytest.approx([0.70, 0.95, 0.986], abs=0.0055)
    assert int(np.argmax(accuracies >= 0.97)) + 1 == 8
    assert session.history["loss"][-45:].mean() < 0.01


def test_a_hundred_times_the_learning_rate_ends_in_guessing():
    """Ten answers, one right in ten."""
    assert metric(trained(PRESET, "optimizer.lr=0.1"), "val_accuracy") < 0.2


def test_plain_gradient_descent_learns_it_too():
    session = trained(PRESET, "optimizer.type=sgd", "optimizer.lr=0.1")
    assert session.scenario.optimizer.type == "sgd"
    assert metric(session, "val_accuracy") > 0.95
