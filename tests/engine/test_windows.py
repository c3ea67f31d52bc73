"""Convolution and pooling: by hand, by slow loops, by slopes; whole runs as of every other layer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests import reference_windows
from tests.engine.layer_nets import moved_state
from tests.engine.make import array_at, first_update, make_session, metric
from tests.engine.test_exact import check_same
from tests.engine.test_gradients import error, slopes
from tests.engine.test_sharpness import check_against_dense
from tests.engine.window_nets import WINDOW_NETS, window_session
from tui_nn.debugger.session import Session

every_net = pytest.mark.parametrize("family", WINDOW_NETS)
every_dtype = pytest.mark.parametrize("dtype", ["float64", "float32"])
TOLERANCE = {"float64": 1e-13, "float32": 2e-5}
# Inputs that stand around the blocks of places and outputs, with every layer behind a dense layer of as many channels.
SINGLE: dict[str, tuple[tuple[int, ...], dict[str, Any]]] = {
    "one place": ((2, 2, 1), {"type": "conv2d", "filters": 1, "kernel": 2}),
    "more outputs than a pair": ((3, 5, 2), {"type": "conv2d", "filters": 33, "kernel": [2, 3], "padding": "same"}),
    "stride 3 leaves inputs unseen": ((7, 8, 3), {"type": "conv2d", "filters": 5, "kernel": 2, "stride": 3}),
    "stride over the edge": ((7, 6, 2), {"type": "conv2d", "filters": 8, "kernel": [5, 4], "stride": 2, "padding": "same"}),
    "larger than the image": ((2, 3, 1), {"type": "conv2d", "filters": 2, "kernel": 5, "padding": "same"}),
    "stride larger than image and window": ((3, 3, 1), {"type": "conv2d", "filters": 2, "kernel": 2, "stride": 5, "padding": "same"}),
    "more lines than are near": ((26, 40, 2), {"type": "conv2d", "filters": 9, "kernel": 2, "padding": "same"}),
    "no bias": ((4, 4, 2), {"type": "conv2d", "filters": 3, "kernel": 3, "bias": False}),
    "a sequence": ((9, 3), {"type": "conv1d", "filters": 4, "kernel": 4, "stride": 2, "padding": "same"}),
    "a sequence, inside": ((9, 1), {"type": "conv1d", "filters": 17, "kernel": 2, "stride": 3}),
    "largest of an image": ((5, 4, 9), {"type": "max_pool", "size": 3, "stride": 2, "padding": "same"}),
    "largest of a sequence": ((7, 2), {"type": "max_pool"}),
    "mean of an image": ((5, 6, 3), {"type": "avg_pool", "size": 4, "stride": 1, "padding": "same"}),
    "mean of a sequence": ((8, 1), {"type": "avg_pool", "size": 3}),
    "stride over unseen places": ((6, 7, 2), {"type": "avg_pool", "size": 2, "stride": 3, "padding": "same"}),
}  # fmt: skip


class Row:
    """One layer behind a dense layer at each place, fed and read by hand. x and delta are (rows, *places, channels)."""

    def __init__(
        self, layer: dict[str, Any], x: Any, delta: Any = 1.0, weight: Any = None, bias: Any = 0.0, **settings: Any
    ):
        x = np.asarray(x, np.float64)
        form, channels = x.shape[1:], x.shape[-1]
        layers = [{"type": "dense", "units": channels}, layer, {"type": "flatten"}, (1, "linear")]
        self.session = make_session(layers, n=len(x), form=form, **settings)
        machine, (below, row, _) = self.session.machine, self.session.program.layers
        self.session.step("op", 2)
        array_at(machine, below.output, len(x), below.values)[:] = x.reshape(len(x), -1)
        if row.parameters:
            if weight is not None:
                row.parameters[0].view(machine.mem)[:] = weight
            for tensor in row.parameters[1:]:
                tensor.view(machine.mem)[:] = bias
        self.session.step("op")
        self.out = array_at(machine, row.output, len(x), row.values).reshape(len(x), *row.shape).copy()
        self.session.step("op", 3)
        array_at(machine, row.delta, len(x), row.values)[:] = np.broadcast_to(delta, self.out.shape).reshape(len(x), -1)
        self.session.step("op")
        frame = self.session.frame()
        self.delta_in = frame.layers[0].delta.reshape(x.shape)
        self.grads = {parameter.role: parameter.grad for parameter in frame.layers[1].parameters}
        self.values = {parameter.role: parameter.value for parameter in frame.layers[1].parameters}


def waves(*shape: int) -> np.ndarray:
    return np.sin(1.0 + 12.9898 * np.arange(math.prod(shape))).reshape(shape)


# Hand-worked numbers


@every_dtype
def test_a_convolution_by_hand(dtype):
    """1 2 3 / 4 5 6 / 7 8 9 under 1 0 / 0 2, bias 10: 1 + 2·5 = 11, and so on; δ = 1 everywhere, so ∂W sums what each weight saw."""
    image = np.arange(1.0, 10.0).reshape(1, 3, 3, 1)
    row = Row({"type": "conv2d", "filters": 1, "kernel": 2}, image, weight=[[[[1, 0], [0, 2]]]], bias=10, dtype=dtype)
    assert row.out[0, :, :, 0].tolist() == [[21, 24], [30, 33]]
    assert row.grads["weight"].tolist() == [[[[12, 16], [24, 28]]]]
    assert row.grads["bias"].tolist() == [4]
    assert row.delta_in[0, :, :, 0].tolist() == [[1, 1, 0], [1, 3, 2], [0, 2, 2]]


def test_of_an_odd_number_of_cells_over_the_edge_the_one_more_is_at_the_end():
    """A window of 2 on 1 2 3 4: "same" hangs over behind, so the last place sees 4 alone; TensorFlow gives 3 5 7 4."""
    layer = {"type": "conv1d", "filters": 1, "kernel": 2, "padding": "same"}
    row = Row(layer, [[[1], [2], [3], [4]]], weight=1.0)
    assert row.out[0, :, 0].tolist() == [3, 5, 7, 4]
    wide = Row(
        {**layer, "kernel": 4, "stride": 2}, [[[1], [2], [3], [4], [5]]], weight=1.0
    )  # 1 before, 2 behind: 3 places
    assert wide.out[0, :, 0].tolist() == [6, 14, 9]


@every_dtype
def test_max_pooling_by_hand(dtype):
    """Of 1 3 / 2 3 the first 3 has it all; a window at the edge takes what is there, even where all is below 0."""
    image = np.array([[1, 3, -5], [2, 3, -4], [-1, -2, -9.0]]).reshape(1, 3, 3, 1)
    row = Row({"type": "max_pool", "padding": "same"}, image, [[[[1], [2]], [[3], [4]]]], dtype=dtype)
    assert row.out[0, :, :, 0].tolist() == [[3, -4], [-1, -9]]
    assert row.delta_in[0, :, :, 0].tolist() == [[0, 1, 0], [0, 0, 2], [3, 0, 4]]


@every_dtype
def test_average_pooling_by_hand(dtype):
    """The mean of four, and at the edge of two and of one: cells over the edge do not count."""
    image = np.array([[1, 3, 8], [2, 6, 4], [5, 7, 9.0]]).reshape(1, 3, 3, 1)
    row = Row({"type": "avg_pool", "padding": "same"}, image, [[[[4], [2]], [[6], [1]]]], dtype=dtype)
    assert row.out[0, :, :, 0].tolist() == [[3, 6], [6, 9]]
    assert row.delta_in[0, :, :, 0].tolist() == [[1, 1, 1], [1, 1, 1], [3, 3, 1]]


def test_global_average_pooling_by_hand():
    """Each channel's mean over four places; a quarter of its delta goes to each."""
    row = Row({"type": "global_avg_pool"}, [[[[1, 10], [2, 20]], [[3, 30], [6, 40]]]], [[8, 4]])
    assert row.out.tolist() == [[3, 25]]
    assert row.delta_in.tolist() == [[[[2, 1]] * 2] * 2]


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_what_is_broken_stays_to_be_seen(broken):
    """One NaN among the inputs: NaN where a window covers it, and only there. An inf is the largest there is."""
    image = waves(1, 4, 4, 1)
    image[0, 1, 1, 0] = broken
    conv = Row({"type": "conv2d", "filters": 2, "kernel": 2, "padding": "same"}, image, weight=1.0)
    seen = ~np.isfinite(conv.out[0, :, :, 0])
    assert np.argwhere(seen).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    for kind in ("max_pool", "avg_pool"):
        out = Row({"type": kind}, image).out[0, :, :, 0]
        assert np.argwhere(~np.isfinite(out)).tolist() == [[0, 0]]
        assert math.isnan(out[0, 0]) == math.isnan(broken)


# Slow loops


def as_image(array: np.ndarray) -> Any:
    """Of one sample, (height, width, channels); a sequence has height 1."""
    return (array if array.ndim == 3 else array[None]).tolist()


@pytest.mark.parametrize("name", SINGLE)
@every_dtype
def test_one_layer_agrees_with_the_formulas(name, dtype):
    """Outputs, deltas and gradients of two samples against tests/reference_windows.py, 1e-13 of the largest of each."""
    form, layer = SINGLE[name]
    x = waves(2, *form)
    out_shape = Row(layer, x).out.shape
    delta = waves(*out_shape)[..., ::-1] + 0.3
    row = Row(layer, x, delta, bias=0.7, dtype=dtype)
    step = layer.get("stride") or layer.get("size", 2 if "pool" in layer["type"] else 1)
    padding, grads = layer.get("padding", "valid"), {}
    size = layer.get("kernel", layer.get("size", 2))
    window = (1, size) if len(form) == 2 else tuple(size) if isinstance(size, list) else (size, size)
    for k in range(2):
        image, above = as_image(x[k]), as_image(delta[k])
        if layer["type"].startswith("conv"):
            weight = row.values["weight"]
            weight = weight if weight.ndim == 4 else weight[:, :, None]
            bias = row.values["bias"].tolist() if "bias" in row.values else [0.0] * layer["filters"]
            out = reference_windows.convolution(image, weight.tolist(), bias, (step, step), padding)
            through, *found = reference_windows.convolution_backward(
                image, weight.tolist(), above, (step, step), padding
            )
            for role, each in zip(("weight", "bias"), found, strict=True):
                grads[role] = grads.get(role, 0.0) + np.array(each)
        else:
            out = reference_windows.pool(layer["type"], image, window, (step, step), padding)
            through = reference_windows.pool_backward(layer["type"], image, above, window, (step, step), padding)
        np.testing.assert_allclose(row.out[k].reshape(np.shape(out)), out, rtol=0, atol=TOLERANCE[dtype] * 5)
        np.testing.assert_allclose(
            row.delta_in[k].reshape(np.shape(through)), through, rtol=0, atol=TOLERANCE[dtype] * 5
        )
    for role, grad in row.grads.items():
        wanted = grads[role].reshape(grad.shape)
        np.testing.assert_allclose(grad, wanted, rtol=0, atol=TOLERANCE[dtype] * max(1.0, np.abs(wanted).max()))


# Slopes


@every_net
@pytest.mark.parametrize("n", [10, 11])
def test_gradients_and_deltas_are_the_slopes_of_the_loss(family, n):
    """Every parameter's gradient and every layer's delta, in a smaller last batch: 1e-9 as in test_gradients.py."""
    session = window_session(family, n=n)
    machine, program = session.machine, session.program
    machine.load(moved_state(session), program.iterations_per_epoch - 1)
    machine.run(machine.iteration, first_update(program))
    value, rows = metric(machine, "loss"), program.rows(machine.iteration)
    grads = {tensor.name: tensor.view(machine.mem, program.grad_shift).copy() for tensor in program.tensors}
    deltas = {layer.name: array_at(machine, layer.delta, rows, layer.values).copy() for layer in program.layers}
    assert all(np.abs(grads[layer.parameters[0].name]).max() > 1e-6 for layer in program.layers if layer.parameters)
    for tensor in program.tensors:
        found = slopes(session, tensor.view(machine.mem), first_op=1)
        assert error(grads[tensor.name], found.slope, value) <= 1e-9, tensor.name
    for layer in program.layers:
        output = array_at(machine, layer.output, rows, layer.values)
        found = slopes(session, output, layer.forward_op + 1)
        assert error(deltas[layer.name], found.slope, value) <= 1e-9, layer.name


@pytest.mark.parametrize("family", ["conv2d-same", "pools", "conv1d-pools"])
def test_sharpness_is_an_eigenvalue_of_the_dense_hessian(family):
    """Also where pooling has corners: which number is the largest is held while the differences are taken.

    A thousand weights have a crowded end of the spectrum: 16 steps come as near as 2e-5.
    """
    session = window_session(family, n=7, probes={"sharpness": 1})
    for iteration in (0, 3):
        check_against_dense(session, iteration, rel=1e-4 if family == "conv2d-same" else 1e-6)


# Whole runs


@every_net
@every_dtype
def test_full_speed_and_op_by_op_leave_the_same_bytes(family, dtype):
    """40 iterations with smaller last batches and validation: state, frames, history."""
    fast, slow = (window_session(family, dtype=dtype, optimizer="adam") for _ in range(2))
    check_same(fast, slow, 40)


@every_net
def test_back_returns_the_same_bytes(family):
    session = window_session(family, optimizer="adam")
    for op in range(0, len(session.program.ops), 2):
        session.goto(2, op)
        there, before = session.position, session.state_bytes()
        session.goto(20)
        session.goto(*there)
        assert session.state_bytes() == before


@every_net
def test_training_is_the_same_with_probes_off(family):
    on, off = (window_session(family, probes=probes) for probes in ({}, {"off": ["all"]}))
    for session in (on, off):
        session.goto(8)
    assert on.machine.mem[: on.program.state_size].tobytes() == off.machine.mem[: off.program.state_size].tobytes()


@every_net
def test_probes_are_what_numpy_finds(family):
    """delta_norm and grad_norm of every layer, act_* over samples and places, each channel a unit: 1e-12."""
    session = window_session(family)
    machine, program = session.machine, session.program
    machine.load(moved_state(session), program.iterations_per_epoch - 1)
    machine.run(machine.iteration, first_update(program))
    frame = session.frame()
    for layer, row in zip(frame.layers, program.layers, strict=True):
        a, found = layer.activation.reshape(-1, row.units), layer.metrics
        assert found["delta_norm"] == pytest.approx(np.linalg.norm(layer.delta), rel=1e-12)
        measured = [found[name] for name in ("act_mean", "act_std", "act_signal")]
        assert measured == pytest.approx([a.mean(), a.std(), a.std(axis=0).mean()], rel=1e-12, abs=1e-14)
        norms = [np.linalg.norm(parameter.grad) for parameter in layer.parameters]
        if norms:
            assert found["grad_norm"] == pytest.approx(math.hypot(*norms), rel=1e-12)


def test_dead_counts_channels():
    """Two filters whose bias is far below 0 fire at no place of no sample: two of five channels are dead."""
    layers = [{"type": "conv2d", "filters": 5, "kernel": 2, "activation": "relu"}, {"type": "flatten"}, (1, "linear")]
    session = make_session(layers, n=6, form=(4, 4, 1))
    session.program.layers[0].parameters[1].view(session.machine.mem)[:2] = -100.0
    session.goto(1)
    assert session.frame().metrics["dead.relu_1"] == pytest.approx(2 / 5)


# How it starts, what is held down


def test_he_counts_what_a_filter_sums_up_and_xavier_what_an_input_goes_to():
    """16 channels in, 32 out, 3x3: He's variance is 2 / (9·16), Xavier's 2 / (9·16 + 9·32)."""
    for init, variance in (("he_normal", 2 / 144), ("xavier_normal", 2 / (144 + 288))):
        layer = {"type": "conv2d", "filters": 32, "kernel": 3, "init": init}
        session = make_session([layer, {"type": "flatten"}, (1, "linear")], form=(4, 4, 16))
        weight = session.program.tensors[0].view(session.machine.mem)
        assert weight.shape == (32, 16, 3, 3)
        assert weight.var() == pytest.approx(variance, rel=0.06)  # 4,608 draws: 2 % of one deviation


def test_given_weights_stand_as_pytorch_lists_them():
    """A row for each filter: channel by channel, of each the window's rows."""
    layer = {"type": "conv2d", "filters": 2, "kernel": 2, "init": "values", "weights": [[1, 2, 3, 4], [5, 6, 7, 8]]}
    session = make_session([layer, {"type": "flatten"}, (1, "linear")], form=(2, 2, 1))
    weight = session.program.tensors[0].view(session.machine.mem)
    assert weight.tolist() == [[[[1, 2], [3, 4]]], [[[5, 6], [7, 8]]]]


def test_max_norm_is_of_a_whole_filter():
    """After an update no filter's weights are longer than 0.5, whatever the places and channels they stand at."""
    layer = {"type": "conv1d", "filters": 3, "kernel": 3, "max_norm": 0.5, "init": "normal"}
    session: Session = make_session([layer, {"type": "flatten"}, (1, "linear")], form=(6, 2))
    session.goto(1)
    weight = session.program.tensors[0].view(session.machine.mem)
    assert np.sqrt((weight**2).sum(axis=(1, 2))) == pytest.approx([0.5] * 3, rel=1e-12)
