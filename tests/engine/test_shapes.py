"""Layers on sequences and images: what works at each place of a sample is one and the same product over more rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tui_nn.debugger import Session
from tui_nn.scenario import ScenarioError, load_scenario
from tui_nn.scenario.model import Scenario

PLACED = {
    "a dense layer at each of 8 steps": ([8, 8], [{"type": "dense", "units": 5, "activation": "tanh"}]),
    "activations that keep their slopes": ([8, 8], [{"type": "dense", "units": 3, "activation": "gelu"}]),
    "dropout": ([4, 16], [{"type": "dense", "units": 4}, {"type": "dropout", "rate": 0.5}]),
    "layer norm at each place": ([4, 4, 4], [{"type": "dense", "units": 6}, {"type": "layer_norm"}]),
    "softmax at each place": ([16, 4], [{"type": "dense", "units": 4, "activation": "softmax"}]),
}


def scenario(shape: list[int], layers: list[dict[str, Any]], **changes: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "id": "shaped", "title": "shaped", "dtype": "float64",
            "data": {"source": "digits", "samples": 60, "batch_size": 16, "validation": 0.2, "shape": shape},
            "layers": [*layers, {"type": "flatten"}, {"type": "dense", "units": 10}],
            "loss": {"type": "sparse_categorical_cross_entropy"}, "optimizer": {"type": "adam"},
            "train": {"iterations": 12},
        } | changes
    )  # fmt: skip


@pytest.mark.parametrize("name", PLACED)
def test_every_place_goes_through_the_same_weights(name):
    """Forward and backward of the whole against NumPy, sums over samples and places."""
    shape, layers = PLACED[name]
    session = Session(scenario(shape, layers))
    session.run(3)
    first, flat = session.program.layers[0], session.program.layers[-1]
    session.goto(iteration=3, op=next(op.index for op in session.program.ops if op.phase == "update"))
    frame = session.frame()
    dense, rows = frame.layer(first.name), frame.rows
    x = frame.inputs.reshape(rows, first.positions, first.n_in)
    weight, bias = (parameter.value for parameter in dense.parameters)
    out = x @ weight.T + bias
    np.testing.assert_allclose(dense.activation, out.reshape(rows, -1), rtol=1e-12, atol=1e-14)
    delta = dense.delta.reshape(rows, first.positions, first.units)
    weight_grad, bias_grad = (parameter.grad for parameter in dense.parameters)
    np.testing.assert_allclose(weight_grad, np.einsum("nsj,nsi->ji", delta, x), rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(bias_grad, delta.sum(axis=(0, 1)), rtol=1e-10, atol=1e-14)
    assert flat.n_in == frame.layers[-2].values


def test_statistics_of_a_channel_are_over_samples_and_places():
    session = Session(scenario([4, 4, 4], [{"type": "dense", "units": 6}]))
    session.step("iteration")
    session.step("op", 3)
    out = session.frame().layer("dense_1").activation.reshape(-1, 6)
    metrics = session.frame().metrics
    assert metrics["act_mean.dense_1"] == pytest.approx(out.mean(), rel=1e-6)
    assert metrics["act_std.dense_1"] == pytest.approx(out.std(), rel=1e-6)
    assert metrics["act_signal.dense_1"] == pytest.approx(out.std(axis=0).mean(), rel=1e-6)


def test_batch_norm_takes_a_channel_over_samples_and_places():
    session = Session(scenario([4, 4, 4], [{"type": "dense", "units": 6, "bias": False}, {"type": "batch_norm"}]))
    session.step("op", 3)  # weight 1 and bias 0, before any update
    frame = session.frame()
    x = frame.layer("dense_1").activation.reshape(-1, 6)
    normed = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)
    np.testing.assert_allclose(frame.layer("batch_norm_1").activation.reshape(-1, 6), normed, rtol=1e-10, atol=1e-12)
    assert frame.layer("batch_norm_1").buffers["running_mean"].shape == (6,)


@pytest.mark.parametrize("name", PLACED)
def test_full_speed_is_op_by_op(name):
    at_once, by_op = Session(scenario(*PLACED[name])), Session(scenario(*PLACED[name]))
    at_once.run(6)
    while by_op.position.iteration < 6:
        by_op.step("op")
    assert at_once.state_bytes() == by_op.state_bytes()


def test_memory_of_a_flat_network_is_as_before():
    """A flatten moves nothing: the same network without it trains the same bytes."""
    layers = [{"type": "dense", "units": 7, "activation": "relu"}, {"type": "dense", "units": 10}]
    plain = scenario([64], []).model_copy(
        update={"layers": Scenario.model_validate(scenario([64], []).model_dump() | {"layers": layers}).layers}
    )
    with_flatten = Scenario.model_validate(
        plain.model_dump() | {"layers": [layers[0], {"type": "flatten"}, layers[1]], "data": plain.data.model_dump() | {"shape": [8, 8, 1]}}
    )  # fmt: skip
    # [8, 8, 1] would send each pixel alone through dense_1, so the flatten goes first.
    first = Scenario.model_validate(with_flatten.model_dump() | {"layers": [{"type": "flatten"}, *layers]})
    one, other = Session(plain), Session(first)
    one.run(8)
    other.run(8)
    assert one.state_bytes() == other.state_bytes()


REFUSED = {
    "another number of numbers": ("data.shape=[8,7]", "56, and a sample of 'digits' has 64 numbers; write a shape of 64, like [8, 8, 1]"),
    "no flatten": ("data.shape=[8,8]", "the last layer gives [batch,8,10], and the 10 classes of 'digits' need [batch,10]: put a layer with type = \"flatten\""),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_shapes_are_checked_at_load(name):
    override, message = REFUSED[name]
    with pytest.raises(ScenarioError) as error:
        load_scenario("digits-dnn", [override])
    assert message in " ".join(str(error.value).split())
    assert len(error.value.problems) == 1


def test_it_is_ready_once_its_kernels_are():
    """What counts samples x places stands behind the kernels' addresses, and is 0 before the first iteration."""
    session = Session(scenario([8, 8], [{"type": "dense", "units": 5}]))
    assert not session.is_prepared
    session.prepare()
    assert session.is_prepared
