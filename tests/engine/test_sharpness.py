"""Sharpness against eigenvalues that are known or worked out from a dense Hessian; lr_limit against runs that it decides."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.loss_cases import LOSS_CASES
from tests.engine.make import ACTIVATIONS, make_session, run_ops
from tui_nn.debugger.session import Session
from tui_nn.engine import layout as at
from tui_nn.engine import probe_rows

EVERY = {"sharpness": 1}
RELATIVE = {"float64": 1e-6, "float32": 1e-2}
LINE: dict[str, Any] = {"n": 40, "batch_size": 40, "probes": EVERY}
NET: dict[str, Any] = {"n": 7, "batch_size": 4, "probes": EVERY}
RESIDUAL = {"type": "residual", "skip": "tanh_1"}


def net_session(layers: Any, loss: Any = "mse", **settings: Any) -> Session:
    """A small network on batches of 4 and 3."""
    return make_session(layers, loss, **NET | settings)


def measure_op(session: Session) -> int:
    return next(op.index for op in session.program.ops if op.kind == "sharpness")


def measured(session: Session, iteration: int) -> tuple[float, float]:
    """(sharpness, lr_limit) of an iteration, whose update is still to come."""
    session.goto(iteration, measure_op(session) + 1)
    metrics = session.frame().metrics
    return metrics["sharpness"], metrics["lr_limit"]


def dense_hessian(session: Session, h: float = 1e-5) -> np.ndarray:
    """(n, n): central differences of the engine's own gradients, one parameter at a time, by the rows of training.

    For the iteration under way, whose batch is in place. Weights are put back.
    """
    machine, program, end = session.machine, session.program, measure_op(session)
    places = np.concatenate([np.arange(t.offset, t.offset + t.size) for t in program.tensors])
    columns = []
    for place in places:
        value, sides = machine.mem[place], []
        for side in (h, -h):
            machine.mem[place] = value + side
            run_ops(machine, 1, end)
            sides.append(machine.mem[places + program.grad_shift].copy())
        machine.mem[place] = value
        columns.append((sides[0] - sides[1]) / (2 * h))
    hessian = np.array(columns)
    assert np.abs(hessian - hessian.T).max() <= 1e-6 * max(1.0, np.abs(hessian).max())
    return (hessian + hessian.T) / 2


def check_against_dense(session: Session, iteration: int, rel: float = 1e-6) -> None:
    session.goto(iteration, measure_op(session))
    wanted = np.linalg.eigvalsh(dense_hessian(session))[-1]
    got, limit = measured(session, iteration)
    assert got == pytest.approx(wanted, rel=rel, abs=1e-8)
    assert limit == (pytest.approx(2 / got, rel=1e-12) if got > 0 else math.inf)


def line_session(optimizer: dict[str, Any] | str = "sgd", n_in: int = 3, **settings: Any) -> Session:
    return make_session([(1, "linear")], n_in=n_in, optimizer=optimizer, **LINE | settings)


def line_curvature(session: Session) -> float:
    x = session.program.dataset.x_train
    ones = np.column_stack([x, np.ones(len(x))])
    return float(np.linalg.eigvalsh(2 / len(x) * ones.T @ ones)[-1])


# The number


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n_in", [1, 3, 8, 30])
def test_of_a_line_it_is_an_eigenvalue_of_the_data(n_in, dtype):
    """(2/n) XᵀX with the column of ones, at every iteration: 1e-6 in float64, 1e-2 in float32."""
    session = line_session(n_in=n_in, dtype=dtype, optimizer={"type": "sgd", "lr": 0.01})
    for iteration in (0, 3):
        got, limit = measured(session, iteration)
        assert got == pytest.approx(line_curvature(session), rel=RELATIVE[dtype])
        assert limit == pytest.approx(2 / got, rel=1e-6)


def test_heights_in_centimetres():
    """One column of 150 to 190 beside the ones: λmax 5.8e4, lr_limit 3.4e-5, condition 1e7. The digits hold up there too."""
    x = np.linspace(150.0, 190.0, 40).reshape(-1, 1)
    for dtype, rel in RELATIVE.items():
        session = line_session(n_in=1, x=x, y=0.5 * x, dtype=dtype, optimizer={"type": "sgd", "lr": 1e-6})
        got, limit = measured(session, 2)
        assert got == pytest.approx(line_curvature(session), rel=rel)
        assert limit == pytest.approx(3.4e-5, rel=0.02)


@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_of_a_network_it_is_the_largest_eigenvalue_of_its_hessian(hidden):
    """3-4-1 with every activation, mini-batches, two iterations: a dense Hessian from differences agrees to 1e-6."""
    session = net_session([(4, hidden), (1, "linear")], "binary_cross_entropy")
    for iteration in (0, 3):
        check_against_dense(session, iteration)


@pytest.mark.parametrize("case", [name for name in LOSS_CASES if "class" not in name])
def test_with_every_loss(case):
    """Losses made of straight pieces bend nowhere themselves: what is left is the network's own curvature.

    To 1e-5: 38 eigenvalues of both signs are more than 16 steps can tell apart to the last digit.
    """
    session = LOSS_CASES[case].session(n=7, batch_size=4, probes=EVERY)
    check_against_dense(session, 1, rel=1e-5)


@pytest.mark.parametrize(
    "layers",
    [
        [(4, "tanh"), {"type": "batch_norm", "activation": "tanh"}, (2, "linear")],
        [(4, "tanh"), {"type": "layer_norm", "activation": "swish"}, (2, "linear")],
        [(6, "tanh"), {"type": "dropout", "rate": 0.4}, (2, "linear")],
        [(3, "tanh"), (3, "tanh"), RESIDUAL, (2, "linear")],
        [{"type": "dense", "units": 4, "activation": "leaky_relu", "bias": False, "l2": 0.5}, (2, "linear")],
        [{"type": "dense", "units": 4, "activation": "elu", "alpha": 0.3}, (2, "linear")],
    ],
    ids=["batch_norm", "layer_norm", "dropout", "residual", "no-bias-l2", "elu"],
)
def test_with_every_family_of_layers(layers):
    """This batch's statistics, this iteration's masks; a penalty is not part of the loss."""
    session = net_session(layers, clip={"norm": 1e-3})
    plain = [{k: v for k, v in layer.items() if k != "l2"} if isinstance(layer, dict) else layer for layer in layers]
    reference = net_session(plain)
    for iteration in (0, 3):
        session.goto(iteration, measure_op(session))
        reference.goto(iteration, measure_op(reference))
        for mine, theirs in zip(session.program.tensors, reference.program.tensors, strict=True):
            theirs.view(reference.machine.mem)[:] = mine.view(session.machine.mem)
        wanted = np.linalg.eigvalsh(dense_hessian(reference))[-1]
        assert measured(session, iteration)[0] == pytest.approx(wanted, rel=2e-6)


@pytest.mark.parametrize("activation", ["tanh", "relu", "leaky_relu", "selu"])
def test_float32_says_the_same_to_a_hundredth(activation):
    """20-30-20-5, weights of both runs the same: a kink that a difference stepped over would be off by its whole jump."""
    layers, loss = [(30, activation), (20, activation), (5, "linear")], "sparse_categorical_cross_entropy"
    one, other = (net_session(layers, loss, n=60, n_in=20, batch_size=30, dtype=dtype) for dtype in RELATIVE)
    for iteration in (0, 4):
        assert measured(one, iteration)[0] == pytest.approx(measured(other, iteration)[0], rel=1e-2)


def test_where_the_loss_only_bends_down_no_step_is_too_long():
    """(tanh w + 1)² at w = 2: with t = tanh 2, 2 (1 - t²)² - 4 t (1 + t)(1 - t²) = -0.5251; lr_limit is infinite."""
    layers = [{"type": "dense", "units": 1, "activation": "tanh", "bias": False}]
    session = make_session(layers, n=1, n_in=1, x=[[1.0]], y=[[-1.0]], probes=EVERY)
    session.program.tensors[0].view(session.machine.mem)[:] = 2.0
    t = math.tanh(2.0)
    wanted = 2 * (1 - t * t) ** 2 - 4 * t * (1 + t) * (1 - t * t)
    assert wanted == pytest.approx(-0.5251, abs=1e-4)
    assert measured(session, 0) == (pytest.approx(wanted, rel=1e-6), math.inf)


def test_of_a_flat_loss_it_is_0():
    """A line under mean absolute error that meets every sample: straight pieces, although each difference spans a corner."""
    layers = [{"type": "dense", "units": 1, "init": "zeros"}]
    session = make_session(layers, "mae", n=40, y=np.zeros((40, 1)), batch_size=40, probes=EVERY)
    assert measured(session, 0) == (0.0, math.inf)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_of_broken_weights_it_is_nan(bad):
    """Not 0, not a crash."""
    session = net_session([(4, "tanh"), (1, "linear")])
    session.program.tensors[2].view(session.machine.mem)[0, 0] = bad
    got, limit = measured(session, 0)
    assert math.isnan(got)
    assert math.isnan(limit)


# The limit


OPTIMIZERS = {
    "sgd": ({"type": "sgd"}, 2.0),
    "momentum": ({"type": "momentum", "momentum": 0.8}, 2 * 1.8),
    "dampened": ({"type": "momentum", "momentum": 0.8, "dampening": 0.5}, 2 * 1.8 / 0.5),
    "nesterov": ({"type": "nesterov", "momentum": 0.8}, 2 * 1.8 / 2.6),
    "nesterov option": ({"type": "momentum", "momentum": 0.8, "nesterov": True}, 2 * 1.8 / 2.6),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_limit_decides_whether_a_run_diverges(name):
    """On a line, full batch: at 0.99 of lr_limit the loss comes down to the best there is, at 1.01 it explodes."""
    table, factor = OPTIMIZERS[name]
    curvature, limit = measured(line_session(table | {"lr": 1e-3}), 0)
    assert limit == pytest.approx(factor / curvature, rel=1e-12)
    x, y = (array for array in (line_session().program.dataset.x_train, line_session().program.dataset.y_train))
    ones = np.column_stack([x, np.ones(len(x))])
    best = float(np.mean((ones @ np.linalg.lstsq(ones, y, rcond=None)[0] - y) ** 2))
    losses = {}
    for share in (0.99, 1.01):
        session = line_session(table | {"lr": share * limit}, probes={})
        session.goto(10_000)
        losses[share] = float(session.history["loss"][-1])
    assert losses[0.99] == pytest.approx(best, rel=1e-4)
    assert losses[1.01] > 1e6 * best or not math.isfinite(losses[1.01])


def test_an_adaptive_optimizer_is_told_the_limit_of_plain_descent():
    """2 / λmax, to compare with: it scales each weight's step by itself."""
    curvature, limit = measured(line_session("adam"), 0)
    assert limit == pytest.approx(2 / curvature, rel=1e-12)


# One of the rows


def test_full_speed_op_by_op_and_back_say_the_same():
    """Every third iteration, on batches of 4 and 3 with dropout and batch norm: history and state byte by byte."""
    layers = [(6, "relu"), {"type": "batch_norm"}, {"type": "dropout", "rate": 0.5}, (2, "linear")]
    fast, slow = (net_session(layers, probes={"sharpness": 3}) for _ in range(2))
    fast.goto(20)
    while slow.position < fast.position:
        slow.step("op")
    slow.goto(31)
    slow.goto(20)
    assert slow.state_bytes() == fast.state_bytes()
    for name in ("sharpness", "lr_limit"):
        assert slow.history[name].tobytes() == fast.history[name].tobytes()
        assert np.isfinite(fast.history[name][0::3]).all()
        assert np.isnan(np.delete(fast.history[name], np.s_[0::3])).all()


def test_what_it_calls_is_compiled_before_it():
    """Rows behind the listing have kernels with smaller numbers, and writing cells of their own: no column, no state."""
    session = net_session([(6, "relu"), {"type": "batch_norm"}, (2, "linear")])
    program = session.program
    row = program.table[measure_op(session)]
    called = program.table[row[at.CALLS] : row[at.CALLS_END]]
    assert len(called) == len(program.table) - len(program.ops)
    assert called[:, at.KERNEL].max() < row[at.KERNEL]
    assert (called[:, [at.PROBE, at.PROBE_2, at.TOTAL, at.DEAD]] == -1).all()
    for cell in (at.DELTA_IN, at.GRAD_WEIGHT, at.GRAD_BIAS, at.SCRATCH):
        assert ((called[:, cell] < 0) | (called[:, cell] >= program.frame_size)).all()
    forward = called[: len(program.layers)]
    assert (forward[:, at.OUT] >= program.frame_size).all()


PLAIN = """
from tests.engine.test_sharpness import measured, net_session
print(*(measured(net_session([(4, "relu"), {"type": "batch_norm"}, (2, "linear")]), k)[0] for k in (0, 3)))
"""


def test_with_the_jit_off_it_is_the_same_number():
    """Rows call rows as plain Python too. To 1e-7: a difference shows the last digits of a sum 1e5 times larger."""
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    result = subprocess.run([sys.executable, "-c", PLAIN], env=environment, capture_output=True, text=True, check=True)
    session = net_session([(4, "relu"), {"type": "batch_norm"}, (2, "linear")])
    wanted = [measured(session, k)[0] for k in (0, 3)]
    assert [float(word) for word in result.stdout.split()] == pytest.approx(wanted, rel=1e-7)


# The schedule


def auto_period(planned: int, layers: Any, **settings: Any) -> int:
    session = make_session(layers, train={"iterations": planned}, probes={"sharpness": "auto"}, **settings)
    return session.program.ops[measure_op(session)].due.period


def test_a_number_is_kept():
    session = net_session([(4, "tanh"), (1, "linear")], probes={"sharpness": 7})
    due = session.program.ops[measure_op(session)].due
    assert [iteration for iteration in range(30) if due.at(iteration)] == [0, 7, 14, 21, 28]


def test_auto_keeps_to_its_budget():
    """A short run is seen often, a long one within 2 %: one measurement costs 2 x 16 gradients, about 26 iterations and more.

    60 iterations of a tiny network: each. 2,000: 50 times. A million: no oftener than each 1,280th. A larger network
    that has no time for 50 measurements gets fewer, and the same plan always the same schedule.
    """
    tiny, large = [(4, "tanh"), (1, "linear")], [(256, "relu"), (128, "relu"), (1, "linear")]
    assert auto_period(60, tiny) == 1
    assert auto_period(2_000, tiny) == 40
    assert auto_period(1_000_000, tiny) == auto_period(2_000_000, tiny) >= 2 * 16 * 0.8 / 0.02
    assert auto_period(1_000_000, tiny) < 3_000
    big: dict[str, Any] = {"n": 2_000, "n_in": 300, "batch_size": 100}
    assert 20 < auto_period(60, large, **big) <= 60
    assert 1_280 <= auto_period(1_000_000, large, **big) < 3_000
    periods = [auto_period(planned, tiny) for planned in (10, 100, 1_000, 10_000, 100_000, 1_000_000)]
    assert periods == sorted(periods)


def test_memory_stays_bounded():
    """At the bound of 200,000 parameters the vectors and copies take less than 64 MB."""
    layers = [(64, "tanh"), (1, "linear")]
    with_it, without = (
        make_session(layers, n=4, n_in=3_000, dtype="float64", probes={"sharpness": wanted}) for wanted in (1, "off")
    )
    assert with_it.program.n_parameters > 190_000
    assert (with_it.program.memory_size - without.program.memory_size) * 8 < 64 * 2**20
    assert probe_rows.STEPS <= 32  # what the kernel has room for
