"""Dropout, batch norm, layer norm, residual layers and dense layers without bias: by hand, by slopes, by plain loops."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests import reference, reference_layers
from tests.engine.layer_nets import DROPOUT, FAMILIES, family_session, moved_state, reference_network
from tests.engine.make import array_at, first_update, make_dataset, make_scenario, make_session, metric
from tests.engine.test_exact import check_same
from tests.engine.test_gradients import TOLERANCE, error, slopes
from tui_nn.debugger.session import Session
from tui_nn.engine.compiler import build_program

every_family = pytest.mark.parametrize("family", FAMILIES)
every_dtype = pytest.mark.parametrize("dtype", ["float64", "float32"])


class Row:
    """One layer between a dense layer and the loss, fed and read by hand."""

    def __init__(self, layer: dict[str, Any], x: Any, delta: Any, **settings: Any) -> None:
        rows, units = np.shape(x)
        self.session = make_session([(units, "linear"), layer], n=rows, n_in=1, **settings)
        machine, (below, layer_row) = self.session.machine, self.session.program.layers
        self.name = layer_row.name
        self.session.step("op", 2)
        array_at(machine, below.output, rows, units)[:] = x
        self.session.step("op", 2)
        array_at(machine, layer_row.delta, rows, units)[:] = delta
        self.session.step("op")
        frame = self.session.frame()
        self.layer = frame.layer(self.name)
        self.out, self.delta_in = self.layer.activation, frame.layers[0].delta
        self.grads = {parameter.role: parameter.grad.tolist() for parameter in self.layer.parameters}


# Hand-worked numbers


@every_dtype
def test_batch_norm_by_hand(dtype):
    """x = (-1, -1, 1, 1): mean 0, variance 1, unbiased 4/3. delta = (4, 0, 0, 0): its mean is 1, with x̂ it is -1."""
    row = Row({"type": "batch_norm", "eps": 0.0}, [[-1], [-1], [1], [1]], [[4], [0], [0], [0]], dtype=dtype)
    assert row.out.tolist() == [[-1], [-1], [1], [1]]
    assert row.grads == {"weight": [-4], "bias": [4]}
    assert row.delta_in.tolist() == [[2], [-2], [0], [0]]
    assert row.layer.buffers["running_mean"].tolist() == [0]
    assert row.layer.buffers["running_var"][0] == pytest.approx(0.9 + 0.1 * 4 / 3, rel=1e-7)


def test_batch_norm_gives_each_unit_mean_0_and_variance_s2_over_s2_plus_eps():
    """Units (0, 2, 4, 6) and 100 times that, eps = 0.5: means 0, variances 5 / 5.5 and 50000 / 50000.5."""
    x = np.array([[0.0], [2.0], [4.0], [6.0]]) * [1, 100]
    row = Row({"type": "batch_norm", "eps": 0.5, "momentum": 0.25}, x, np.zeros((4, 2)))
    assert row.out.mean(axis=0) == pytest.approx([0, 0], abs=1e-15)
    assert row.out.var(axis=0) == pytest.approx([5 / 5.5, 50000 / 50000.5], rel=1e-14)
    assert row.layer.buffers["running_mean"] == pytest.approx([0.25 * 3, 0.25 * 300])
    assert row.layer.buffers["running_var"] == pytest.approx([0.75 + 0.25 * 20 / 3, 0.75 + 0.25 * 200000 / 3])


def test_in_a_batch_of_two_batch_norm_lets_no_error_through():
    """Two samples always become -1 and 1, whatever they are: the loss has no slope in them."""
    row = Row({"type": "batch_norm", "eps": 0.0}, [[3, 5], [7, -2]], [[1, 2], [3, 4]])
    assert row.out.tolist() == [[-1, 1], [1, -1]]
    assert np.abs(row.delta_in).max() < 1e-15


@every_dtype
def test_layer_norm_by_hand(dtype):
    """The numbers of batch norm, along the units of each sample; a batch of 1 is enough."""
    row = Row({"type": "layer_norm", "eps": 0.0}, [[-1, -1, 1, 1]], [[4, 0, 0, 0]], dtype=dtype)
    assert row.out.tolist() == [[-1, -1, 1, 1]]
    assert row.grads == {"weight": [-4, 0, 0, 0], "bias": [4, 0, 0, 0]}
    assert row.delta_in.tolist() == [[2, -2, 0, 0]]


@pytest.mark.parametrize("kind", ["batch_norm", "layer_norm"])
def test_what_never_varies_becomes_0_and_with_eps_0_nan(kind):
    """A constant unit (sample) is 0 / sqrt(eps) = 0; without eps it is 0 / 0."""
    x = np.full((3, 3), 0.1)
    assert np.abs(Row({"type": kind}, x, np.ones((3, 3))).out).max() < 1e-13
    assert np.isnan(Row({"type": kind, "eps": 0.0}, x * 10, np.ones((3, 3))).out).all()


@pytest.mark.parametrize("kind", ["batch_norm", "layer_norm"])
def test_float32_sums_lose_nothing_to_a_large_mean(kind):
    """Values 4096 + (0, 1, 2, ...): the sums run in float64, so x̂ is right to a float32's last places."""
    values = np.arange(64.0) * 7 % 64
    x = (4096 + values)[:, None] if kind == "batch_norm" else (4096 + values)[None, :]
    row = Row({"type": kind}, x, np.zeros(x.shape), dtype="float32")
    wanted = (values - values.mean()) / math.sqrt(values.var() + 1e-5)
    assert np.abs(row.out.reshape(-1) - wanted).max() < 2e-7


def test_residual_by_hand():
    """out = x + skip, and both get the whole delta: what comes from above is added to what came through the layer between."""
    layers = [(2, "linear"), (2, "linear"), {"type": "residual", "skip": "dense_1"}]
    session = make_session(layers, n=1, n_in=1)
    weight = session.program.layers[1].parameters[0]
    weight.view(session.machine.mem)[:] = [[0.0, 2.0], [3.0, 0.0]]
    session.step("op", 2)
    array_at(session.machine, session.program.layers[0].output, 1, 2)[:] = [[1.0, 10.0]]
    session.step("op", 2)
    assert session.frame().layer("dense_2").activation.tolist() == [[20.0, 3.0]]
    assert session.frame().layer("residual_1").activation.tolist() == [[21.0, 13.0]]
    session.step("op")
    array_at(session.machine, session.program.layers[2].delta, 1, 2)[:] = [[5.0, 7.0]]
    labels = [op.label for op in session.program.ops[5:9]]
    assert labels == ["backward residual_1", "backward dense_2", "backward residual_1 → dense_1", "backward dense_1"]
    session.step("op")
    assert session.frame().layer("dense_2").delta.tolist() == [[5.0, 7.0]]
    session.step("op")
    assert not session.frame().layer("dense_1").is_backward_fresh  # half of it: 3·7 and 2·5
    session.step("op")
    assert session.frame().layer("dense_1").is_backward_fresh
    assert session.frame().layer("dense_1").delta.tolist() == [[21.0 + 5.0, 10.0 + 7.0]]


def test_dropout_by_hand():
    """Rate 0.75: what stays is 4 times itself and passes 4 times its delta; what is off is 0 both ways."""
    x = np.arange(1.0, 13.0).reshape(3, 4)
    row = Row({"type": "dropout", "rate": 0.75}, x, np.full((3, 4), 0.5))
    mask = row.layer.mask
    assert mask is not None
    assert set(mask.reshape(-1)) == {0.0, 4.0}
    assert (row.out == x * mask).all()
    assert (row.delta_in == 0.5 * mask).all()


@pytest.mark.parametrize("broken", [math.inf, math.nan])
def test_a_broken_unit_that_is_off_is_0(broken):
    """It has no part in the sum above: inf · 0 would be NaN there."""
    row = Row({"type": "dropout", "rate": 0.5}, np.full((4, 4), broken), np.full((4, 4), broken))
    mask = row.layer.mask
    assert mask is not None
    assert (row.out[mask == 0] == 0).all()
    assert (row.delta_in[mask == 0] == 0).all()
    assert not np.isfinite(row.out[mask > 0]).any()


# Dropout's masks


def masks(session: Session, iterations: int, *names: str) -> dict[str, list[np.ndarray]]:
    found: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for iteration in range(iterations):
        session.goto(iteration, session.program.loss_op)
        for name in names:
            mask = session.frame().layer(name).mask
            assert mask is not None
            found[name].append(mask.copy())
    return found


@every_dtype
@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.999])
def test_masks_are_the_hash_that_the_reference_gives(rate, dtype):
    """Two layers, three iterations, the smaller last batch among them: splitmix64 in plain integers."""
    layer = {"type": "dropout", "rate": rate}
    layers = [(5, "tanh"), layer, (3, "tanh"), layer, (1, "linear")]
    session = make_session(layers, n=7, batch_size=4, seed=12, dtype=dtype)
    for name, number, units in (("dropout_1", 0, 5), ("dropout_2", 1, 3)):
        for iteration, mask in enumerate(masks(session, 3, name)[name]):
            wanted = reference_layers.dropout_mask(12, iteration, number, len(mask), units, rate)
            assert (mask == np.array(wanted, mask.dtype)).all()


def test_masks_belong_to_seed_iteration_and_dropout_layer_alone():
    """Other layers put in between change no mask; another seed, iteration or dropout layer does."""
    plain = [(8, "tanh"), DROPOUT, (8, "tanh"), DROPOUT, (1, "linear")]
    more = [(8, "tanh"), {"type": "layer_norm"}, DROPOUT, (8, "relu"), (8, "tanh"), DROPOUT, (1, "linear")]
    names = ("dropout_1", "dropout_2")
    one, other = (masks(make_session(layers, seed=5), 4, *names) for layers in (plain, more))
    seeded = masks(make_session(plain, seed=6), 4, *names)
    for name in names:
        assert all((a == b).all() for a, b in zip(one[name], other[name], strict=True))
    different = [*one["dropout_1"], *one["dropout_2"], *seeded["dropout_1"], *seeded["dropout_2"]]
    assert len({mask.tobytes() for mask in different}) == len(different)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_the_share_switched_off_is_the_rate(rate):
    """128,000 draws: within 4 standard deviations, over all and for every unit; so the mean of the output stays."""
    session = make_session([(64, "linear"), {"type": "dropout", "rate": rate}], n=200, batch_size=100)
    off = np.array([mask == 0 for mask in masks(session, 20, "dropout_1")["dropout_1"]])
    spread = math.sqrt(rate * (1 - rate))
    assert abs(off.mean() - rate) <= 4 * spread / math.sqrt(off.size)
    assert np.abs(off.mean(axis=(0, 1)) - rate).max() <= 4 * spread / math.sqrt(off.size / 64)
    both = (off[:, :, 1:] & off[:, :, :-1]).mean()  # neighbours are independent
    assert abs(both - rate**2) <= 4 * rate / math.sqrt(off.size)


def test_without_rate_nothing_changes():
    """rate = 0: the same losses, bit for bit, as without the layer."""
    with_it = make_session([(5, "tanh"), {"type": "dropout", "rate": 0.0}, (2, "linear")], n=10, batch_size=4)
    without = make_session([(5, "tanh"), (2, "linear")], n=10, batch_size=4)
    for session in (with_it, without):
        session.goto(20)
    assert with_it.history["loss"].tobytes() == without.history["loss"].tobytes()


# Slopes


def to_gradients(session: Session) -> None:
    """Up to the first update, in the last batch of the first epoch, from a state in which everything has its part."""
    session.machine.load(moved_state(session), session.program.iterations_per_epoch - 1)
    session.machine.run(session.machine.iteration, first_update(session.program))


@every_family
@pytest.mark.parametrize("n", [10, 11])
def test_gradients_and_deltas_are_the_slopes_of_the_loss(family, n):
    """Every parameter's gradient and every layer's delta, batches of 4 (last: 2, and 3): 1e-9 as in test_gradients.py."""
    session = family_session(family, n=n)
    to_gradients(session)
    machine, program = session.machine, session.program
    value, rows = metric(machine, "loss"), program.rows(machine.iteration)
    grads = {tensor.name: tensor.view(machine.mem, program.grad_shift).copy() for tensor in program.tensors}
    deltas = {layer.name: array_at(machine, layer.delta, rows, layer.units).copy() for layer in program.layers}
    assert any(np.abs(grad).max() > 1e-6 for grad in grads.values())
    for tensor in program.tensors:
        found = slopes(session, tensor.view(machine.mem), first_op=1)
        assert error(grads[tensor.name], found.slope, value) <= 1e-9, tensor.name
    for layer in program.layers:
        output = array_at(machine, layer.output, rows, layer.units)
        found = slopes(session, output, layer.forward_op + 1)
        assert error(deltas[layer.name], found.slope, value) <= 1e-9, layer.name


@pytest.mark.parametrize("first", ["dropout", "batch_norm", "layer_norm"])
def test_the_first_layer_may_be_any(first):
    """Nothing below asks for its delta; its own gradients are right all the same."""
    session = make_session([{"type": first}, (3, "tanh"), (1, "linear")], n=5, n_in=4)
    to_gradients(session)
    machine, program = session.machine, session.program
    for tensor in program.tensors:
        grad = tensor.view(machine.mem, program.grad_shift).copy()
        assert error(grad, slopes(session, tensor.view(machine.mem), first_op=1).slope, metric(machine, "loss")) <= 1e-9


# Plain loops


@every_family
@every_dtype
@pytest.mark.parametrize("hidden", ["linear", "sigmoid", "relu", "softmax"])
def test_layers_agree_with_the_formulas(family, dtype, hidden):
    """Every output, delta and gradient against tests/reference_layers.py: max |a - b| / max(1e-3, max |b|).

    A last batch of 3: behind a batch norm in a batch of 2, deltas are differences of numbers that are nearly equal.
    """
    session = family_session(family, hidden, dtype=dtype, n=11)
    to_gradients(session)
    frame, program, machine = session.frame(), session.program, session.machine
    network = reference_network(session, machine.iteration, frame.rows)
    outputs = reference_layers.forward(network, frame.inputs.tolist())
    value, delta = reference.loss_and_delta("mse", outputs[network[-1]["name"]], frame.targets.tolist())
    deltas, grads = reference_layers.backward(network, outputs, delta)
    tolerance = TOLERANCE[dtype]
    assert metric(machine, "loss") == pytest.approx(value, rel=tolerance, abs=tolerance)

    def gap(a: np.ndarray, b: Any) -> float:
        b = np.array(b)
        return float(np.abs(a - b).max() / max(1e-3, np.abs(b).max()))

    for layer in frame.layers:
        assert gap(layer.activation, outputs[layer.name]) <= tolerance, layer.name
        assert gap(layer.delta, deltas[layer.name]) <= tolerance, f"delta {layer.name}"
    assert grads.keys() == {tensor.name for tensor in program.tensors}
    for tensor in program.tensors:
        assert gap(tensor.view(machine.mem, program.grad_shift), grads[tensor.name]) <= tolerance, tensor.name


@every_dtype
def test_running_statistics_and_evaluation_agree_with_the_formulas(dtype):
    """Two epochs of smaller last batches: running_mean and running_var, and val_loss from them instead of a batch's own."""
    session = family_session("batch-norm", optimizer="adam", dtype=dtype)
    tolerance = {"float64": 1e-12, "float32": 2e-6}[dtype]
    units, dataset = 5, session.program.dataset
    kept = {name: ([0.0] * units, [1.0] * units) for name in ("batch_norm_1", "batch_norm_2")}
    for iteration in range(6):
        session.goto(iteration, session.program.loss_op)
        frame = session.frame()
        for name, below in (("batch_norm_1", "dense_1"), ("batch_norm_2", "dense_2")):
            kept[name] = reference_layers.running(kept[name], frame.layer(below).activation.tolist(), 0.1)
            found = frame.layer(name).buffers
            for statistic, wanted in zip(("running_mean", "running_var"), kept[name], strict=True):
                assert found[statistic] == pytest.approx(wanted, rel=tolerance, abs=tolerance)
    session.goto(6)
    x = dataset.x_val.tolist()
    for row in reference_network(session, 6, 1):
        if row["kind"] == "batch_norm":
            x = reference_layers.evaluated_norm(row, kept[row["name"]], x)
        else:
            x = reference_layers.forward([row], x)[row["name"]]
    wanted, _ = reference.loss_and_delta("mse", x, dataset.y_val.tolist())
    assert session.history.value("val_loss") == pytest.approx(wanted, rel=tolerance)


@every_dtype
def test_evaluation_drops_nothing_and_follows_skips(dtype):
    """val_loss of dropout, layer norm and skips (one of them from a dropout layer): a forward pass without masks."""
    tolerance = {"float64": 1e-12, "float32": 2e-6}[dtype]
    for family in ("dropout", "layer-norm", "two-skips", "skip-input", "skip-dropout"):
        session = family_session(family, dtype=dtype, n_val=7)
        session.goto(3)
        dataset = session.program.dataset
        network = reference_network(session, 0, 7)
        for row in network:
            if row["kind"] == "dropout":
                row["mask"] = [[1.0] * len(line) for line in row["mask"]]
        outputs = reference_layers.forward(network, dataset.x_val.tolist())
        wanted, _ = reference.loss_and_delta("mse", outputs[network[-1]["name"]], dataset.y_val.tolist())
        assert session.history.value("val_loss") == pytest.approx(wanted, rel=tolerance)


# One implementation, and every route to a position


@every_family
@every_dtype
def test_full_speed_and_op_by_op_leave_the_same_bytes(family, dtype):
    """60 iterations with smaller last batches and validation: state with running statistics, frames with masks, history."""
    fast, slow = (family_session(family, dtype=dtype, optimizer="adam") for _ in range(2))
    check_same(fast, slow, 60)


@every_family
def test_back_returns_the_same_bytes(family):
    """From every op of two iterations, the smaller batch's among them, 30 iterations ahead and home again."""
    session = family_session(family, optimizer="adam")
    for iteration in (2, 3):
        for op in range(0, len(session.program.ops), 3):
            session.goto(iteration, op)
            there, before = session.position, session.state_bytes()
            session.goto(33)
            session.goto(*there)
            assert session.state_bytes() == before


def test_running_statistics_are_part_of_the_state():
    """Checkpoints copy them; going back to the start makes them 0 and 1 again."""
    session = family_session("batch-norm")
    session.goto(50)
    late = {name: value.copy() for name, value in session.frame().layer("batch_norm_1").buffers.items()}
    session.goto(0)
    start = session.frame().layer("batch_norm_1").buffers
    assert start["running_mean"].tolist() == [0.0] * 5
    assert start["running_var"].tolist() == [1.0] * 5
    assert not session.frame().layer("batch_norm_1").activation.size
    session.goto(50)
    for name, value in session.frame().layer("batch_norm_1").buffers.items():
        assert value.tobytes() == late[name].tobytes()


# What is measured and shown


@every_family
def test_probes_are_what_numpy_finds(family):
    """grad_norm of every layer with parameters and of the network, delta_norm, act_*: as for dense layers, 1e-12."""
    session = family_session(family)
    to_gradients(session)
    frame, squares = session.frame(), 0.0
    for layer in frame.layers:
        a, found = layer.activation, layer.metrics
        assert found["delta_norm"] == pytest.approx(np.linalg.norm(layer.delta), rel=1e-12)
        measured = [found[name] for name in ("act_mean", "act_std", "act_signal")]
        assert measured == pytest.approx([a.mean(), a.std(), a.std(axis=0).mean()], rel=1e-12, abs=1e-14)
        norms = [np.linalg.norm(parameter.grad) for parameter in layer.parameters]
        if norms:
            assert found["grad_norm"] == pytest.approx(math.hypot(*norms), rel=1e-12)
            squares += found["grad_norm"] ** 2
    assert frame.metrics["grad_norm"] == pytest.approx(math.sqrt(squares), rel=1e-12)


@every_family
def test_training_is_the_same_with_probes_off(family):
    """Not one bit of the weights changes."""
    on, off = (family_session(family, probes=probes) for probes in ({}, {"off": ["all"]}))
    for session in (on, off):
        session.goto(10)
    assert set(off.program.metrics) == {"loss", "lr", "val_loss"}
    assert on.machine.mem[: on.program.state_size].tobytes() == off.machine.mem[: off.program.state_size].tobytes()


def test_one_update_row_moves_a_layers_weight_and_bias():
    """SGD with lr 0.1: gamma and beta move by 0.1 of their gradients, in one row of shape [5]."""
    session = family_session("batch-norm", optimizer="sgd")
    update = next(op for op in session.program.ops if op.label == "update batch_norm_1")
    assert update.shape == "[5]"
    session.goto(0, update.index)
    before = {p.role: (p.value, p.grad) for p in session.frame().layer("batch_norm_1").parameters}
    session.step("op")
    for p in session.frame().layer("batch_norm_1").parameters:
        value, grad = before[p.role]
        assert p.value == pytest.approx(value - 0.1 * grad, rel=1e-14)
        assert p.is_update_fresh
        assert np.abs(grad).max() > 0


@every_dtype
@pytest.mark.parametrize(("rows", "n_in", "n_out"), [(4, 3, 5), (32, 40, 30)])
def test_a_dense_layer_without_bias_is_one_whose_bias_stays_0(rows, n_in, n_out, dtype):
    """The same weights, bit for bit, as with a bias that is held at 0, on small products and on BLAS."""
    layers = [{"type": "dense", "units": n_out, "bias": False, "activation": "tanh"}, (2, "linear")]
    session = make_session(layers, n=rows, n_in=n_in, dtype=dtype)
    twin = make_session([{**layers[0], "bias": True}, (2, "linear")], n=rows, n_in=n_in, dtype=dtype)
    assert [tensor.name for tensor in session.program.tensors] == ["dense_1.weight", "dense_2.weight", "dense_2.bias"]
    for _ in range(5):
        twin.program.layers[0].parameters[1].view(twin.machine.mem)[:] = 0
        for each in (session, twin):
            each.step("iteration")
    one, other = (each.frame().layers for each in (session, twin))
    assert one[0].parameters[0].value.tobytes() == other[0].parameters[0].value.tobytes()
    norm = np.linalg.norm(one[0].parameters[0].grad.astype(np.float64))
    assert one[0].metrics["grad_norm"] == pytest.approx(norm, rel=1e-6)


def test_a_hundred_residual_layers_train():
    """100 times dense and residual: the error reaches the first layer, and the loss falls."""
    dense = {"type": "dense", "units": 8, "activation": "tanh", "init": "normal", "init_std": 0.05}
    layers: list[Any] = [(8, "tanh")]
    for k in range(1, 101):
        below = f"residual_{k - 1}" if k > 1 else "tanh_1"
        layers += [dense, {"type": "residual", "skip": below}]
    session = make_session([*layers, (2, "linear")], n=16, optimizer={"type": "sgd", "lr": 0.01})
    session.goto(30)
    frame = session.frame()
    assert len(frame.layers) == 2 + 300 + 1
    assert frame.layers[0].metrics["delta_norm"] > 1e-3 * frame.layers[-1].metrics["delta_norm"]
    assert session.history["loss"][-1] < 0.9 * session.history["loss"][0]


# Data of another width than the scenario's own


def test_rows_without_a_width_of_their_own_take_that_of_the_data():
    """A dropout first, on data handed over with 5 columns where the scenario's have 2: every row has memory of its own."""
    layers = [{"type": "dropout", "rate": 0.0, "name": "first"}, (5, "linear"), {"type": "residual", "skip": "first"}]
    session = make_session([*layers, (1, "linear")], n=4, n_in=5, dtype="float64")
    session.step("op", first_update(session.program))
    frame = session.frame()
    assert [layer.units for layer in frame.layers] == [5, 5, 5, 1]
    (w1, b1), (w2, b2) = (layer.parameters for layer in frame.layers if layer.parameters)
    x = frame.inputs
    hidden = x @ w1.value.T + b1.value + x
    delta = 2 * (hidden @ w2.value.T + b2.value - frame.targets) / 4
    np.testing.assert_allclose(w2.grad, delta.T @ hidden, rtol=1e-12)
    np.testing.assert_allclose(w1.grad, (delta @ w2.value).T @ x, rtol=1e-12)
    np.testing.assert_allclose(frame.layers[0].delta, delta @ w2.value @ w1.value + delta @ w2.value, rtol=1e-12)


def test_a_network_that_does_not_fit_the_data_is_refused():
    """Before anything is computed, with the widths."""
    scenario = make_scenario([(3, "tanh"), {"type": "residual", "skip": "input"}, (1, "linear")])
    with pytest.raises(ValueError, match=r"residual_1 adds input, of shape \[4\], to \[3\]"):
        build_program(scenario, make_dataset("mse", 6, 4, 1))
    with pytest.raises(ValueError, match="dense_2 has 1 outputs, the data have 2; give the last layer units = 2"):
        build_program(make_scenario([(3, "tanh"), (1, "linear")]), make_dataset("mse", 6, 4, 2))
