"""Kernels, one at a time: numbers worked by hand, the formulas of tests/reference.py, and what NaN and inf do."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests import reference
from tests.engine.make import (
    ACTIVATIONS,
    LOSSES,
    OPTIMIZERS,
    YES_OR_NO,
    array_at,
    make_session,
    metric,
    network_of,
    run_ops,
)
from tui_nn.debugger.session import Session

NAN, INF = math.nan, math.inf
DTYPES = ("float32", "float64")


class Bench:
    """A network of one dense layer and perhaps an activation, whose logits are put in place by hand."""

    def __init__(self, logits, loss="mse", activation="linear", target=None, dtype="float64"):
        logits = np.array(logits, dtype)
        rows, units = logits.shape
        self.session = make_session([(units, activation)], loss, n=rows, n_in=1, dtype=dtype, y=target)
        self.machine, self.program = self.session.machine, self.session.program
        self.session.step("op", 2)  # load the batch, dense forward
        array_at(self.machine, self.program.layers[0].output, rows, units)[:] = logits
        self.rows, self.units = rows, units

    def activate(self) -> np.ndarray:
        run_ops(self.machine, 2, 3)
        return array_at(self.machine, self.program.layers[1].output, self.rows, self.units)

    def activation_backward(self, delta) -> np.ndarray:
        layer = self.program.layers[1]
        array_at(self.machine, layer.delta, self.rows, self.units)[:] = delta
        run_ops(self.machine, layer.backward_op, layer.backward_op + 1)
        return array_at(self.machine, self.program.layers[0].delta, self.rows, self.units)

    def loss(self) -> float:
        run_ops(self.machine, self.program.loss_op, self.program.loss_op + 1)
        return metric(self.machine, "loss")

    def delta(self) -> np.ndarray:
        return array_at(self.machine, self.program.layers[-1].delta, self.rows, self.units)


# Losses


@pytest.mark.parametrize("dtype", DTYPES)
def test_two_equal_logits_cost_ln_2(dtype):
    """p = 1/2 each way: the loss is ln 2 nats, the gradient -1/2 and +1/2."""
    bench = Bench([[3.0, 3.0]], "sparse_categorical_cross_entropy", target=[0], dtype=dtype)
    assert bench.loss() == pytest.approx(math.log(2), rel=1e-7 if dtype == "float32" else 1e-15)
    assert bench.delta().tolist() == [[-0.5, 0.5]]


def test_a_logit_of_0_costs_ln_2():
    """sigmoid(0) = 1/2: the loss is ln 2 for either answer, the gradient -1/2 for yes and +1/2 for no, over 2 samples."""
    bench = Bench([[0.0], [0.0]], "binary_cross_entropy", target=[[1.0], [0.0]])
    assert bench.loss() == pytest.approx(math.log(2), rel=1e-15)
    assert bench.delta().tolist() == [[-0.25], [0.25]]


def test_one_hot_and_index_are_the_same_loss():
    """The categorical loss on one-hot rows and the sparse one on indices: the same number, the same gradient."""
    logits = [[1.0, -2.0, 0.5], [0.0, 3.0, 3.0]]
    dense = Bench(logits, "categorical_cross_entropy", target=np.eye(3)[[2, 1]])
    sparse = Bench(logits, "sparse_categorical_cross_entropy", target=[2, 1])
    assert dense.loss() == pytest.approx(sparse.loss(), rel=1e-15)
    assert dense.delta() == pytest.approx(sparse.delta(), abs=1e-16)


def test_squared_error_by_hand():
    """Errors 1, -2, 0, 3: the mean square is 14/4, the gradient 2 e / 4."""
    bench = Bench([[1.0, 0.0], [5.0, 4.0]], "mse", target=[[0.0, 2.0], [5.0, 1.0]])
    assert bench.loss() == 3.5
    assert bench.delta().tolist() == [[0.5, -1.0], [0.0, 1.5]]


@pytest.mark.parametrize("dtype", DTYPES)
def test_logits_of_800_do_not_overflow(dtype):
    """e**800 is inf, the loss is not: 1600 when wrong, 0 when right, and slopes of exactly -1 and 1."""
    logits = [[800.0, -800.0], [-800.0, 800.0]]
    for loss, target in (
        ("sparse_categorical_cross_entropy", [1, 1]),
        ("categorical_cross_entropy", [[0.0, 1.0], [0.0, 1.0]]),
    ):
        bench = Bench(logits, loss, target=target, dtype=dtype)
        assert bench.loss() == 800.0  # the mean of 1600 and 0
        assert bench.delta().tolist() == [[0.5, -0.5], [0.0, 0.0]]
    bench = Bench([[800.0], [-800.0]], "binary_cross_entropy", target=[[0.0], [0.0]], dtype=dtype)
    assert bench.loss() == 400.0
    assert bench.delta().tolist() == [[0.5], [0.0]]


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_sure_and_right_answer_still_costs_a_little(dtype):
    """log(1 + e**-30) is 9.4e-14, not 0: no digit is lost to 1 + tiny. Within 1e-6 (float32: of e**-30)."""
    bench = Bench([[30.0]], "binary_cross_entropy", target=[[1.0]], dtype=dtype)
    assert bench.loss() == pytest.approx(math.exp(-30), rel=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_one_nan_makes_the_loss_nan(loss, dtype):
    """A NaN in any one output, of any sample and unit, is a NaN loss and no hit; the other samples keep their gradient."""
    units = 1 if loss in YES_OR_NO else 3
    for i in range(3):
        for j in range(units):
            logits = np.linspace(-1.0, 1.0, 3 * units).reshape(3, units)
            logits[i, j] = NAN
            bench = Bench(logits, loss, dtype=dtype)
            assert math.isnan(bench.loss())
            finite = np.isfinite(bench.delta()).all(axis=1)
            assert finite.tolist() == [k != i for k in range(3)]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("infinite", [INF, -INF])
def test_an_infinite_output_is_not_a_finite_loss(loss, infinite):
    """An infinity at the right class, or against the target, costs inf or NaN: it is not smoothed over."""
    units = 1 if loss in YES_OR_NO else 2
    target = [[1.0 if infinite < 0 else 0.0]] if units == 1 else [[1.0, 0.0]]
    if loss == "sparse_categorical_cross_entropy":
        target = [0]
    bench = Bench([[infinite, 0.0][:units]], loss, target=target)
    assert not math.isfinite(bench.loss())


def test_a_class_ruled_out_costs_nothing():
    """A logit of -inf at a class that is not the answer has probability 0: ln 2 for the two others, slope 0 for it."""
    for loss, target in (
        ("sparse_categorical_cross_entropy", [0]),
        ("categorical_cross_entropy", [[1.0, 0.0, 0.0]]),
    ):
        bench = Bench([[1.0, 1.0, -INF]], loss, target=target)
        assert bench.loss() == pytest.approx(math.log(2), rel=1e-15)
        assert bench.delta().tolist() == [[-0.5, 0.5, 0.0]]


# Activations


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ACTIVATIONS[1:])
def test_nan_goes_through_every_activation(kind, dtype):
    """Where z is NaN so is a (softmax: the sample's row), and so is dloss/dz, but relu passes it on as it came and
    leaky_relu as where z < 0, as in PyTorch; nothing else is touched."""
    bench = Bench([[0.5, NAN, -0.5], [1.0, 2.0, -3.0]], activation=kind, dtype=dtype)
    a = bench.activate()
    wanted = [[kind == "softmax", True, kind == "softmax"], [False] * 3]
    assert np.isnan(a).tolist() == wanted
    delta = bench.activation_backward(np.ones((2, 3)))
    if kind in ("relu", "leaky_relu"):
        low = 0.0 if kind == "relu" else delta.dtype.type(0.01)
        assert delta.tolist() == [[1.0, 1.0 if kind == "relu" else low, low], [1.0, 1.0, low]]
    else:
        assert np.isnan(delta).tolist() == wanted


@pytest.mark.parametrize("dtype", DTYPES)
def test_activations_at_infinity(dtype):
    """sigmoid 1 and 0, tanh 1 and -1, relu inf and 0; a softmax row with an inf has no answer, with a -inf it has."""
    wanted = {"sigmoid": [1.0, 0.0, 0.5], "tanh": [1.0, -1.0, 0.0], "relu": [INF, 0.0, 0.0]}
    for kind, row in wanted.items():
        assert Bench([[INF, -INF, 0.0]], activation=kind, dtype=dtype).activate().tolist() == [row]
    assert np.isnan(Bench([[INF, 0.0]], activation="softmax", dtype=dtype).activate()).all()
    assert Bench([[-INF, 0.0, 0.0]], activation="softmax", dtype=dtype).activate().tolist() == [[0.0, 0.5, 0.5]]


@pytest.mark.parametrize("dtype", DTYPES)
def test_extreme_logits_stay_in_range(dtype):
    """z = +-800, +-1e30: 0 <= a <= 1 and no NaN, forwards and backwards."""
    z = [[800.0, -800.0, 0.0, 1e30, -1e30]]
    for kind in ("sigmoid", "tanh", "softmax"):
        bench = Bench(z, activation=kind, dtype=dtype)
        a = bench.activate()
        assert np.isfinite(a).all()
        assert np.abs(a).max() <= 1.0
        assert np.isfinite(bench.activation_backward(np.ones((1, 5)))).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_softmax_rows_sum_to_1(dtype):
    """For logits from 1e-3 to 700 in size, and shifted by any constant, which changes nothing."""
    spread = np.sin(np.arange(60.0)).reshape(6, 10) * np.array([[1e-3], [1.0], [10.0], [80.0], [300.0], [700.0]])
    a = Bench(spread, activation="softmax", dtype=dtype).activate().copy()
    tolerance = 10 * np.finfo(dtype).eps
    assert np.abs(a.astype(np.float64).sum(axis=1) - 1.0).max() <= tolerance
    assert (a >= 0).all()
    shifted = Bench(spread + 1024.0, activation="softmax", dtype="float64").activate()
    plain = Bench(spread, activation="softmax", dtype="float64").activate()
    assert np.abs(shifted - plain).max() <= 1e-12


def test_relu_at_its_kink():
    """At z = 0 and -0.0 the unit does not fire and passes no gradient, as in PyTorch."""
    bench = Bench([[0.0, -0.0, 1e-300, -1e-300]], activation="relu")
    assert bench.activate().tolist() == [[0.0, 0.0, 1e-300, 0.0]]
    assert bench.activation_backward(np.full((1, 4), 7.0)).tolist() == [[0.0, 0.0, 7.0, 0.0]]


def test_slopes_by_hand():
    """sigmoid'(0) = 1/4, tanh'(0) = 1; softmax of two equal logits: (1/2)(1 - 1/2) along, -1/4 across."""
    sigmoid = Bench([[0.0]], activation="sigmoid")
    sigmoid.activate()
    assert sigmoid.activation_backward([[2.0]]).tolist() == [[0.5]]
    tanh = Bench([[0.0]], activation="tanh")
    tanh.activate()
    assert tanh.activation_backward([[2.0]]).tolist() == [[2.0]]
    softmax = Bench([[0.0, 0.0]], activation="softmax")
    softmax.activate()
    assert softmax.activation_backward([[1.0, 0.0]]).tolist() == [[0.25, -0.25]]


# A whole iteration by hand


def test_a_2_2_1_network_by_hand():
    """x = (1, 2), relu, squared error to 1, lr 0.1.

    z = (1·1 - 2·1 + 0.5, 1·0.5 + 2·0.25) = (-0.5, 1), a = (0, 1), out = 3·0 + 2·1 - 0.5 = 1.5, loss 0.25, dloss/dout = 1.
    dW2 = (0, 1), db2 = 1, da = (3, 2), dz = (0, 2), dW1 = ((0, 0), (2, 4)), db1 = (0, 2).
    """
    session = make_session([(2, "relu"), (1, "linear")], n=1, n_in=2, x=[[1.0, 2.0]], y=[[1.0]])
    mem, program = session.machine.mem, session.program
    values = {
        "dense_1.weight": [[1.0, -1.0], [0.5, 0.25]], "dense_1.bias": [0.5, 0.0],
        "dense_2.weight": [[3.0, 2.0]], "dense_2.bias": [-0.5],
    }  # fmt: skip
    for tensor in program.tensors:
        tensor.view(mem)[:] = values[tensor.name]
    session.step("iteration")
    frame = session.frame()
    assert [layer.activation.tolist() for layer in frame.layers] == [[[-0.5, 1.0]], [[0.0, 1.0]], [[1.5]]]
    assert [layer.delta.tolist() for layer in frame.layers] == [[[0.0, 2.0]], [[3.0, 2.0]], [[1.0]]]
    assert frame.metrics["loss"] == 0.25
    grads = [parameter.grad.tolist() for layer in frame.layers for parameter in layer.parameters]
    assert grads == [[[0.0, 0.0], [2.0, 4.0]], [0.0, 2.0], [[0.0, 1.0]], [1.0]]
    after = {parameter.name: parameter.value for layer in frame.layers for parameter in layer.parameters}
    assert after["dense_1.weight"] == pytest.approx(np.array([[1.0, -1.0], [0.3, -0.15]]))
    assert after["dense_1.bias"] == pytest.approx(np.array([0.5, -0.2]))
    assert after["dense_2.weight"] == pytest.approx(np.array([[3.0, 1.9]]))
    assert after["dense_2.bias"] == pytest.approx(np.array([-0.6]))


# Optimizers


def line(optimizer: dict, y: float, **settings) -> Session:
    """out = bias for one sample x = 0: the gradient of the bias is 2 (bias - y)."""
    return make_session([(1, "linear")], n=1, n_in=1, x=[[0.0]], y=[[y]], optimizer=optimizer, **settings)


def bias(session: Session) -> float:
    return float(session.program.tensors[1].view(session.machine.mem)[0])


@pytest.mark.parametrize("y", [1e-6, -3.0, 1e6])
def test_adams_first_step_is_lr_whatever_the_gradient(y):
    """With eps = 0, m_hat / sqrt(v_hat) is the gradient's sign: the first update is lr, at any scale, towards y."""
    session = line({"type": "adam", "lr": 0.25, "eps": 0.0}, y)
    session.step("iteration")
    assert bias(session) == pytest.approx(math.copysign(0.25, y), rel=1e-14)


def test_momentum_by_hand():
    """bias 0, y = 1, lr 0.25, momentum 0.5. g = -2, b = -2, bias 0.5; g = -1, b = -1 - 1 = -2, bias 1; g = 0, b = -1, bias 1.25."""
    session = line({"type": "momentum", "lr": 0.25, "momentum": 0.5}, 1.0)
    seen = []
    for _ in range(3):
        session.step("iteration")
        slots = session.frame().layers[0].parameters[1].slots
        seen.append((bias(session), float(slots["momentum_buffer"][0])))
    assert seen == [(0.5, -2.0), (1.0, -2.0), (1.25, -1.0)]


def test_sgd_by_hand():
    """bias 0, y = 1, lr 0.25: half of the way is left after each update."""
    session = line({"type": "sgd", "lr": 0.25}, 1.0)
    seen = []
    for _ in range(3):
        session.step("iteration")
        seen.append(bias(session))
    assert seen == [0.5, 0.75, 0.875]


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-13), ("float32", 5e-6)])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_optimizers_agree_with_the_formulas(optimizer, dtype, tolerance):
    """50 updates of a 3-5-2 network, each number's own gradient, against tests/reference.py: 1e-13 of the largest, and
    5e-6 in float32 (1 - beta2 taken there would be 1.3e-5 off)."""
    session = make_session([(5, "tanh"), (2, "linear")], optimizer=optimizer, dtype=dtype)
    update, n_slots = reference.OPTIMIZERS[optimizer]
    settings = session.program.settings
    tensors, mem = session.program.tensors, session.machine.mem
    ours = [tensor.view(mem) for tensor in tensors]
    params = [view.astype(np.float64) for view in ours]
    slots = [[[0.0] * n_slots for _ in range(view.size)] for view in ours]
    for t in range(1, 51):
        session.goto(t)
        for k, tensor in enumerate(tensors):
            grad, flat = tensor.view(mem, session.program.grad_shift).reshape(-1), params[k].reshape(-1).copy()
            for i in range(flat.size):
                flat[i], slots[k][i] = update(float(flat[i]), float(grad[i]), slots[k][i], settings, t)
            params[k] = flat.reshape(params[k].shape)
            assert np.abs(ours[k] - params[k]).max() <= tolerance * max(1.0, np.abs(params[k]).max())
            for number, shift in enumerate(session.program.slot_shifts.values()):
                wanted = np.array([slot[number] for slot in slots[k]]).reshape(params[k].shape)
                assert np.abs(tensor.view(mem, shift) - wanted).max() <= tolerance * np.abs(wanted).max()


@pytest.mark.parametrize("t", [1, 2, 100, 37_406, 37_407, 37_408, 65_535, 65_536, 200_000])
def test_adams_corrections_hold_at_any_iteration(t):
    """The table of 1 - beta**t, its end, and past it: one update from a known m and v at iteration t - 1 is the formula's."""
    session = line({"type": "adam", "lr": 0.1}, 1.0)
    program = session.program
    state = program.initial.copy()
    tensor = program.tensors[1]
    tensor.view(state, program.slot_shifts["exp_avg"])[:] = 0.3
    tensor.view(state, program.slot_shifts["exp_avg_sq"])[:] = 0.04
    session.machine.load(state, t - 1)
    session.machine.run(t, 0)
    wanted, _ = reference.adam(0.0, -2.0, (0.3, 0.04), program.settings, t)
    assert bias(session) == pytest.approx(wanted, rel=1e-13)


def test_effective_step_is_what_the_update_subtracted():
    """value before - effective_step = value after, for every optimizer and parameter."""
    for optimizer in OPTIMIZERS:
        session = make_session([(5, "tanh"), (2, "linear")], optimizer=optimizer)
        assert all((p.effective_step == 0).all() for layer in session.frame().layers for p in layer.parameters)
        for t in (1, 2, 30):
            session.goto(t - 1)
            before = {p.name: p.value for layer in session.frame().layers for p in layer.parameters}
            session.goto(t)
            for layer in session.frame().layers:
                for p in layer.parameters:
                    assert before[p.name] - p.effective_step == pytest.approx(p.value, rel=1e-12, abs=1e-14)


def test_training_a_small_network_follows_the_formulas():
    """30 iterations with shuffled batches, from our starting weights, wholly in tests/reference.py: the same weights to 1e-12."""
    session = make_session([(4, "tanh"), (2, "linear")], n=10, batch_size=4, optimizer="momentum")
    dataset, settings = session.program.dataset, session.program.settings
    net = network_of(session)
    slots: dict[tuple, tuple] = {}

    def update(param, grad, place):
        if isinstance(param, list):
            return [update(p, g, (*place, k)) for k, (p, g) in enumerate(zip(param, grad, strict=True))]
        param, slots[place] = reference.momentum(param, grad, slots.get(place, (0.0,)), settings, 0)
        return param

    for iteration in range(30):
        order = reference.shuffled(10, session.scenario.seed, iteration // 3)
        batch = order[iteration % 3 * 4 :][:4]
        x, y = dataset.x_train[batch].tolist(), dataset.y_train[batch].tolist()
        layers = reference.forward(net, x)
        loss, delta = reference.loss_and_delta("mse", layers[-1][1], y)
        found = reference.backward(net, x, layers, delta)
        net = [
            (update(weight, grad_weight, (k, 0)), update(bias, grad_bias, (k, 1)), activation)
            for k, ((weight, bias, activation), (grad_weight, grad_bias, _, _)) in enumerate(
                zip(net, found, strict=True)
            )
        ]
        session.goto(iteration + 1)
        assert metric_of(session, "loss") == pytest.approx(loss, rel=1e-12)
    for (weight, bias_, _), (wanted_weight, wanted_bias, _) in zip(network_of(session), net, strict=True):
        assert np.array(weight) == pytest.approx(np.array(wanted_weight), rel=1e-12)
        assert np.array(bias_) == pytest.approx(np.array(wanted_bias), rel=1e-12)


def metric_of(session: Session, name: str) -> float:
    value = session.history.value(name)
    assert value is not None
    return value
