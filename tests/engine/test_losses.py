"""Losses: numbers worked by hand, the formulas of tests/reference.py, PyTorch's runs, and what NaN and infinities do."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests import reference
from tests.engine.loss_cases import LOSS_CASES, Bench, spread_outputs
from tests.engine.make import array_at, first_update, make_session, metric, run_ops
from tests.engine.test_exact import check_same
from tests.engine.test_gradients import error, run_to_gradients, slopes

NAN, INF = math.nan, math.inf
DTYPES = ("float32", "float64")
EXACT = {"float32": 1e-6, "float64": 1e-14}  # a few roundings of numbers around 1

every_case = pytest.mark.parametrize("name", LOSS_CASES)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)


# By hand


@every_dtype
def test_absolute_error_by_hand(dtype):
    """Errors 1, -2, 0, 3: the mean is 6/4, the slope 1/4 of the sign, and 0 where there is no error."""
    bench = Bench({"type": "mae"}, [[1.0, 0.0], [5.0, 4.0]], [[0.0, 2.0], [5.0, 1.0]], dtype=dtype)
    assert bench.loss == 1.5
    assert bench.delta.tolist() == [[0.25, -0.25], [0.0, 0.25]]


@every_dtype
def test_huber_by_hand(dtype):
    """delta 2. Errors 1, -2, 0, 3 cost 1/2, 2, 0 and 2 (3 - 1) = 4, where a square would cost 4.5; slopes 1, -2, 0, 2."""
    bench = Bench({"type": "huber", "delta": 2.0}, [[1.0, 0.0], [5.0, 4.0]], [[0.0, 2.0], [5.0, 1.0]], dtype=dtype)
    assert bench.loss == 6.5 / 4
    assert bench.delta.tolist() == [[0.25, -0.5], [0.0, 0.5]]


@every_dtype
def test_hinge_by_hand(dtype):
    """Yes at 0.25 lacks 0.75 and no at 0.5 lacks 1.5; yes at 1 stands on the margin, no at -3 beyond: they cost nothing."""
    bench = Bench({"type": "hinge"}, [[0.25], [0.5], [1.0], [-3.0]], [[1.0], [0.0], [1.0], [0.0]], dtype=dtype)
    assert bench.loss == 2.25 / 4
    assert bench.delta.tolist() == [[-0.25], [0.25], [0.0], [0.0]]
    assert bench.accuracy == 0.75


@every_dtype
def test_hinge_of_classes_by_hand(dtype):
    """Margin 1/2, class 1 of (1, 1, 0): class 0 lacks 1/2, class 2 stands beyond. Class 0 of (2, 1.5, 0): just on it."""
    table = {"type": "hinge", "margin": 0.5}
    bench = Bench(table, [[1.0, 1.0, 0.0, -9.0], [2.0, 1.5, 0.0, -9.0]], [1, 0], task="multiclass", dtype=dtype)
    assert bench.loss == 0.5 / 8
    assert bench.delta.tolist() == [[0.125, -0.125, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]


@every_dtype
def test_perceptron_by_hand(dtype):
    """Two mistakes in four decisions, one each way: half are wrong, the slopes +-1/4, and nothing where it was right."""
    bench = Bench({"type": "perceptron"}, [[1.0], [1.0], [0.0], [0.0]], [[1.0], [0.0], [1.0], [0.0]], dtype=dtype)
    assert bench.loss == 0.5
    assert bench.delta.tolist() == [[0.0], [0.25], [-0.25], [0.0]]
    assert bench.accuracy == 0.5


def test_a_smoothed_target_by_hand():
    """A third of the target spread over two classes: 5/6 and 1/6. The logits log 5 and 0 are just that: no slope is left,
    and the loss is their entropy."""
    table = {"type": "sparse_categorical_cross_entropy", "label_smoothing": 1 / 3}
    bench = Bench(table, [[math.log(5), 0.0]], [0])
    assert bench.loss == pytest.approx(-5 / 6 * math.log(5 / 6) - 1 / 6 * math.log(1 / 6), rel=1e-14)
    assert np.abs(bench.delta).max() <= 1e-15
    bench = Bench({"type": "binary_cross_entropy", "label_smoothing": 1 / 3}, [[math.log(5)]], [[1.0]])
    assert bench.loss == pytest.approx(-5 / 6 * math.log(5 / 6) - 1 / 6 * math.log(1 / 6), rel=1e-14)
    assert np.abs(bench.delta).max() <= 1e-15


def test_class_weights_by_hand():
    """Two equal logits cost ln 2 whatever the weights, for the loss is divided by them; of the slopes, class 1 with
    weight 3 has 3/4."""
    table = {"type": "sparse_categorical_cross_entropy", "class_weights": [1.0, 3.0]}
    bench = Bench(table, [[2.0, 2.0], [2.0, 2.0]], [0, 1])
    assert bench.loss == pytest.approx(math.log(2), rel=1e-15)
    assert bench.delta.tolist() == [[-0.125, 0.125], [0.375, -0.375]]
    bench = Bench({"type": "binary_cross_entropy", "class_weights": [1.0, 3.0]}, [[0.0], [0.0]], [[0.0], [1.0]])
    assert bench.loss == pytest.approx(math.log(2), rel=1e-15)
    assert bench.delta.tolist() == [[0.125], [-0.375]]


def test_probabilities_by_hand():
    """p = 1/4 for what is so costs ln 4, with slope -1/p = -4; 1/4 for what is not costs ln 4/3, with slope 4/3."""
    table: dict[str, Any] = {"type": "binary_cross_entropy", "from_logits": False}
    bench = Bench(table, [[0.25], [0.25]], [[1.0], [0.0]])
    assert bench.loss == pytest.approx((math.log(4) + math.log(4 / 3)) / 2, rel=1e-15)
    assert bench.delta == pytest.approx(np.array([[-2.0], [2 / 3]]), rel=1e-15)
    assert bench.accuracy == 0.5  # 1/4 is a no, not a yes because it is above 0
    bench = Bench(table | {"type": "sparse_categorical_cross_entropy"}, [[0.25, 0.75], [0.25, 0.75]], [0, 1])
    assert bench.loss == pytest.approx((math.log(4) + math.log(4 / 3)) / 2, rel=1e-15)
    assert bench.delta == pytest.approx(np.array([[-2.0, 0.0], [0.0, -2 / 3]]), rel=1e-15)
    assert bench.accuracy == 0.5


# Against the formulas


@every_dtype
@every_case
def test_losses_are_what_the_formulas_say(name, dtype):
    """Number and gradient for five samples, against tests/reference.py: some roundings of the largest."""
    case = LOSS_CASES[name]
    session = case.session(n=5, n_in=2, dtype=dtype, shuffle=False)
    bench = Bench(case.table, spread_outputs(case, 5), session.program.dataset.y_train, case.task, dtype)
    out = array_at(bench.machine, bench.program.layers[0].output, 5, case.units).astype(np.float64)
    target = session.program.dataset.y_train.reshape(5, -1).astype(np.float64)
    loss, delta = reference.loss_and_delta(case.reference_kind, out.tolist(), target.tolist(), **case.options)
    assert bench.loss == pytest.approx(loss, rel=EXACT[dtype])
    assert np.abs(bench.delta - np.array(delta)).max() <= EXACT[dtype] * np.abs(delta).max()
    assert loss > 0.01
    assert np.abs(delta).max() > 0.01


@every_case
def test_the_delta_is_the_slope_of_the_loss(name):
    """Central differences of every parameter and every output of a 3-5-k network, in the small last batch: 1e-9 of the
    largest, as in test_gradients.py, which has the plain losses on all networks."""
    session = LOSS_CASES[name].session(n=7, n_in=3, batch_size=4)
    run_to_gradients(session)
    machine, program = session.machine, session.program
    value, rows, last = metric(machine, "loss"), program.rows(machine.iteration), program.layers[-1]
    assert rows == 3
    places = [(tensor.view(machine.mem), tensor.view(machine.mem, program.grad_shift), 1) for tensor in program.tensors]
    output, delta = (array_at(machine, place, rows, last.units) for place in (last.output, last.delta))
    worst = largest = 0.0
    for entries, grad, first_op in [*places, (output, delta, program.loss_op)]:
        grad = grad.copy()
        worst = max(worst, error(grad, slopes(session, entries, first_op).slope, value))
        largest = max(largest, float(np.abs(grad).max()))
    print(f"{name}: error {worst:.1e}")
    assert worst <= 1e-9
    assert largest > 1e-3


@pytest.mark.parametrize("name", ["index smoothed weighted", "binary p weighted", "hinge margin", "huber"])
def test_validation_takes_the_same_options(name):
    """val_loss is the reference's loss of the held-out part, weights and smoothing included."""
    case = LOSS_CASES[name]
    session = case.session(n=8, n_val=5, n_in=3, batch_size=4)
    session.goto(2)
    frame, program = session.frame(), session.program
    net = [
        (layer.parameters[0].value.tolist(), layer.parameters[1].value.tolist(), activation)
        for layer, activation in zip(
            (layer for layer in frame.layers if layer.kind == "dense"), ("tanh", case.activation), strict=True
        )
    ]
    out = reference.forward(net, program.dataset.x_val.tolist())[-1][1]
    target = program.dataset.y_val.reshape(5, -1).tolist()
    wanted, _ = reference.loss_and_delta(case.reference_kind, out, target, **case.options)
    assert session.history.value("val_loss") == pytest.approx(wanted, rel=1e-12)


# NaN, infinities, extremes


@every_dtype
@every_case
def test_one_nan_makes_the_loss_nan(name, dtype):
    """A NaN in any one output is a NaN loss; the other samples keep their gradient, and its own sample has none. Only a
    probability that the loss does not look at, of a class that is not the answer, may be anything."""
    case = LOSS_CASES[name]
    target = case.session(n=3, shuffle=False).program.dataset.y_train
    for i in range(3):
        for j in range(case.units):
            out = spread_outputs(case, 3)
            out[i, j] = NAN
            bench = Bench(case.table, out, target, case.task, dtype)
            is_seen = name not in ("index p", "index p weighted") or target[i] == j
            assert math.isnan(bench.loss) == is_seen
            assert np.isfinite(bench.delta).all(axis=1).tolist() == [k != i or not is_seen for k in range(3)]


@every_dtype
def test_a_probability_of_0_for_what_is_so_costs_inf(dtype):
    """log 0 is -inf and its slope is infinite: nothing is cut off. For what is not so it costs nothing, with slope 1/q."""
    table: dict[str, Any] = {"type": "binary_cross_entropy", "from_logits": False}
    bench = Bench(table, [[0.0], [1.0]], [[1.0], [0.0]], dtype=dtype)
    assert bench.loss == INF
    assert bench.delta.tolist() == [[-INF], [INF]]
    bench = Bench(table, [[0.0], [1.0]], [[0.0], [1.0]], dtype=dtype)
    assert bench.loss == 0.0
    assert bench.delta.tolist() == [[0.5], [-0.5]]
    for kind, target in (("sparse_categorical_cross_entropy", [0]), ("categorical_cross_entropy", [[1.0, 0.0]])):
        bench = Bench(table | {"type": kind}, [[0.0, 1.0]], target, dtype=dtype)
        assert bench.loss == INF
        assert bench.delta.tolist() == [[-INF, 0.0]]
        bench = Bench(table | {"type": kind}, [[1.0, 0.0]], target, dtype=dtype)
        assert bench.loss == 0.0
        assert bench.delta.tolist() == [[-1.0, 0.0]]


def test_logits_have_no_such_edge():
    """What from_logits is for. z = -800 for a yes: through a sigmoid p is 0, the loss inf and the gradient of z NaN
    (inf times a slope of 0). From the logit the loss is 800 and the gradient -1."""
    gradients = []
    for activation in ("sigmoid", "linear"):
        table = {"type": "binary_cross_entropy", "from_logits": activation == "linear"}
        session = make_session([(1, activation)], table, n=1, n_in=1, y=[[1.0]])
        session.step("op", 2)
        array_at(session.machine, session.program.layers[0].output, 1, 1)[:] = -800.0
        run_ops(session.machine, 2, first_update(session.program))
        gradients.append((metric(session.machine, "loss"), float(session.frame().layers[0].delta[0, 0])))
    assert gradients[0][0] == INF
    assert math.isnan(gradients[0][1])
    assert gradients[1] == (800.0, -1.0)


@every_dtype
@pytest.mark.parametrize("options", [{"class_weights": [1.0, 1.0]}, {"label_smoothing": 0.5}])
def test_options_do_not_lose_the_range_of_logits(options, dtype):
    """Logits of +-800 with weights or smoothing: wrong costs 800 (all of the target, or half of it), and no NaN."""
    share = 1.0 - options.get("label_smoothing", 0.0) / 2
    bench = Bench({"type": "binary_cross_entropy"} | options, [[800.0], [-800.0]], [[0.0], [1.0]], dtype=dtype)
    assert bench.loss == 800.0 * share
    assert bench.delta.tolist() == [[0.5 * share], [-0.5 * share]]
    kinds = {"sparse_categorical_cross_entropy": [1], "categorical_cross_entropy": [[0.0, 1.0]]}
    for kind, target in kinds.items():
        bench = Bench({"type": kind} | options, [[800.0, 0.0]], target, dtype=dtype)
        assert bench.loss == 800.0 * share
        assert bench.delta.tolist() == [[share, -share]]


def test_a_class_ruled_out_costs_nothing_whatever_its_weight():
    """A logit of -inf at a class that is not the answer: ln 2 for the two others, slope 0 for it. Smoothed, the target
    wants a part of it too, and the loss is inf."""
    options = {"class_weights": [1.0, 1.0, 9.0]}
    for kind, target in (("sparse_categorical_cross_entropy", [0]), ("categorical_cross_entropy", [[1.0, 0.0, 0.0]])):
        bench = Bench({"type": kind} | options, [[1.0, 1.0, -INF]], target)
        assert bench.loss == pytest.approx(math.log(2), rel=1e-15)
        assert bench.delta.tolist() == [[-0.5, 0.5, 0.0]]
        assert Bench({"type": kind, "label_smoothing": 0.1}, [[1.0, 1.0, -INF]], target).loss == INF


@every_dtype
def test_infinite_errors_pull_no_harder(dtype):
    """An output of inf costs inf; absolute and Huber's error still have a finite slope, and hinge has its 1."""
    for table, slope in (({"type": "mae"}, 1.0), ({"type": "huber", "delta": 3.0}, 3.0)):
        bench = Bench(table, [[INF], [-INF]], [[0.0], [0.0]], dtype=dtype)
        assert bench.loss == INF
        assert bench.delta.tolist() == [[slope / 2], [-slope / 2]]
    bench = Bench({"type": "hinge"}, [[INF], [INF]], [[0.0], [1.0]], dtype=dtype)
    assert bench.loss == INF
    assert bench.delta.tolist() == [[0.5], [0.0]]


# Training


@every_case
def test_full_speed_and_op_by_op_leave_the_same_bytes(name):
    """60 iterations of each, in three batches an epoch with a smaller last one, and validation."""
    settings: dict[str, Any] = {"n": 10, "n_val": 3, "n_in": 3, "batch_size": 4, "dtype": "float32"}
    check_same(*(LOSS_CASES[name].session(**settings) for _ in range(2)), iterations=60)


GATES = {"and": [0, 0, 0, 1], "nand": [1, 1, 1, 0], "or": [0, 1, 1, 1]}
MISTAKES = {
    "and": 52,
    "nand": 52,
    "or": 27,
}  # Novikoff's (R / margin)², for 0/1 inputs and a bias as a third input of 1


@pytest.mark.parametrize("gate", GATES)
def test_perceptron_loss_is_the_perceptron_rule(gate):
    """One unit with a step, one sample a batch, sgd with lr = 1, from zero: after each of 100 samples the weights are
    the whole numbers that w += (y - [w x > 0]) x gives; and the mistakes stay within the bound and end."""
    x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array(GATES[gate])
    unit = {"type": "dense", "units": 1, "activation": "step", "init": "zeros"}
    session = make_session(
        [unit], "perceptron", n=4, n_in=2, x=x, y=y[:, np.newaxis], batch_size=1, optimizer={"type": "sgd", "lr": 1.0}
    )
    weight, bias, mistakes = np.zeros(2, int), 0, []
    for iteration in range(100):
        sample = reference.shuffled(4, session.scenario.seed, iteration // 4)[iteration % 4]
        out = int(weight @ x[sample] + bias > 0)
        weight, bias = weight + (y[sample] - out) * x[sample], bias + y[sample] - out
        mistakes.append(abs(y[sample] - out))
        session.goto(iteration + 1)
        found = session.frame().layers[0].parameters
        assert found[0].value.tolist() == [weight.tolist()]
        assert found[1].value.tolist() == [bias]
    assert session.history["loss"].tolist() == mistakes
    assert 0 < sum(mistakes) <= MISTAKES[gate]
    assert sum(mistakes[-40:]) == 0


@every_dtype
@every_case
def test_one_iteration_lands_on_pytorchs_next_state(name, dtype):
    """From each of the 200 states of PyTorch's run with its own loss (tests/golden/torch_losses.py says which): 1e-11 in
    float64, 3e-5 in float32. What PyTorch has no loss for is measured by tests/reference.py above, as all are."""
    pytest.importorskip("torch")
    from tests.engine.peers import ITERATIONS, StateVector, batches
    from tests.engine.test_torch import check_steps
    from tests.golden.make_torch import trajectory

    session = LOSS_CASES[name].session(n=60, n_in=3, batch_size=16, dtype=dtype)
    order = batches(session)
    session.goto(0)
    trace, grads = trajectory(session, order, StateVector(session).read())
    assert check_steps(session, dict(enumerate(trace)), dtype, f"live {name} {dtype}", grads) == ITERATIONS
