"""step, leaky_relu, elu, selu, gelu, softplus and swish: by hand, at their limits, and to the last digits of a float.

Slopes of the loss and the formulas of tests/reference.py: test_gradients.py, for all of them but step, which has no slope.
"""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest

from tests import reference
from tests.engine.make import array_at, make_dataset, make_scenario, make_session, run_ops, ulps, waves
from tests.engine.peers import DTYPES, ITERATIONS, StateVector, batches
from tests.engine.test_exact import check_same
from tests.engine.test_torch import ONE_ITERATION, check_steps
from tui_nn.debugger.session import Session
from tui_nn.scenario.naming import metric_names

INF, NAN = math.inf, math.nan
GELU_TANH = {"activation": "gelu", "approximate": "tanh"}
SMOOTH = ("elu", "selu", "gelu", "softplus", "swish")
KINDS = ("step", "leaky_relu", *SMOOTH)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)


def table(activation: Any, units: int) -> dict[str, Any]:
    """A dense layer's table; activation is a name or a table with its options."""
    return {"type": "dense", "units": units} | (
        {"activation": activation} if isinstance(activation, str) else activation
    )


class Found(NamedTuple):
    value: np.ndarray
    slope: np.ndarray
    session: Session


def at(activation: Any, z: Any, dtype: str = "float64", **settings: Any) -> Found:
    """Value and slope at every z, as the kernels find them: z put in place by hand, backwards from a delta of 1."""
    z = np.atleast_2d(np.asarray(z, dtype))
    rows, units = z.shape
    session = make_session([table(activation, units)], n=rows, n_in=1, dtype=dtype, **settings)
    machine, (below, layer) = session.machine, session.program.layers
    session.step("op", 2)
    array_at(machine, below.output, rows, units)[:] = z
    run_ops(machine, layer.forward_op, layer.forward_op + 1)
    array_at(machine, layer.delta, rows, units)[:] = 1.0
    run_ops(machine, layer.backward_op, layer.backward_op + 1)
    value, slope = (array_at(machine, offset, rows, units).copy() for offset in (layer.output, below.delta))
    return Found(value.reshape(z.shape), slope.reshape(z.shape), session)


# Numbers worked by hand

E = math.e
S, A = 1.0507009873554805, 1.6732632423543772
BY_HAND: dict[str, tuple[Any, list[float], list[float], list[float]]] = {  # activation, z, values, slopes
    "step": ("step", [-2.0, -0.0, 0.0, 5e-324, 3.0], [0.0, 0.0, 0.0, 1.0, 1.0], [1.0] * 5),
    "leaky_relu": ("leaky_relu", [-200.0, 0.0, 3.0], [-2.0, 0.0, 3.0], [0.01, 0.01, 1.0]),
    "leaky_relu 1/4": ({"activation": "leaky_relu", "negative_slope": 0.25}, [-8.0, 8.0], [-2.0, 8.0], [0.25, 1.0]),
    "elu": ("elu", [-1.0, 0.0, 2.0], [1 / E - 1, 0.0, 2.0], [1 / E, 1.0, 1.0]),
    "elu 2": ({"activation": "elu", "alpha": 2.0}, [-1.0, 0.0, 2.0], [2 / E - 2, 0.0, 2.0], [2 / E, 2.0, 1.0]),
    "selu": ("selu", [-1.0, 0.0, 2.0], [S * A * (1 / E - 1), 0.0, 2 * S], [S * A / E, S * A, S]),
    # The normal distribution from a printed table: 0.8413447460685429 of it below 1, density 0.24197072451914337 there.
    "gelu": (
        "gelu",
        [-1.0, 0.0, 1.0],
        [-0.15865525393145705, 0.0, 0.8413447460685429],
        [0.15865525393145705 - 0.24197072451914337, 0.5, 0.8413447460685429 + 0.24197072451914337],
    ),
    # u(1) = 0.7978845608 * 1.044715 = 0.8335624, tanh u = 0.6823840, and u'(1) = 0.7978845608 * 1.134145.
    "gelu tanh": (GELU_TANH, [-1.0, 0.0, 1.0], [-0.15880800939172324, 0.0, 0.8411919906082768], [-0.0829640838457, 0.5, 1.0829640838457]),
    "softplus": ("softplus", [-1.0, 0.0, 1.0], [math.log(1 + 1 / E), math.log(2), math.log(1 + E)], [1 / (1 + E), 0.5, E / (1 + E)]),
    "swish": ("swish", [-1.0, 0.0, 1.0], [-1 / (1 + E), 0.0, E / (1 + E)], [1 / (1 + E) - E / (1 + E) ** 2, 0.5, E / (1 + E) + E / (1 + E) ** 2]),
}  # fmt: skip


@pytest.mark.parametrize("name", BY_HAND)
def test_values_and_slopes_by_hand(name):
    """At -1, 0 and 1 or where the arithmetic is easy. At its corner each takes the slope on the left, as PyTorch does."""
    activation, z, values, slopes = BY_HAND[name]
    found = at(activation, z)
    assert found.value[0].tolist() == pytest.approx(values, rel=1e-15)
    assert found.slope[0].tolist() == pytest.approx(slopes, rel=1e-12)


def test_selu_keeps_mean_0_and_variance_1():
    """What its constants are for (Klambauer et al. 2017): of normal inputs, summed over a fine grid, to 1e-9."""
    z = np.linspace(-12.0, 12.0, 96_001)
    density = np.exp(-z * z / 2) / math.sqrt(2 * math.pi) * (z[1] - z[0])
    a = at("selu", z).value[0]
    assert float((a * density).sum()) == pytest.approx(0.0, abs=1e-8)
    assert float((a * a * density).sum()) == pytest.approx(1.0, abs=1e-8)


def test_the_perceptron_rule_by_hand():
    """AND from zeros, lr 1, one sample at a time: w += (y - out) x in whole numbers, update by update, until none is wrong.

    step passes the loss's out - y straight through; with its true slope of 0 nothing would ever move.
    """
    x, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [[0.0], [0.0], [0.0], [1.0]]
    layer = table("step", 1) | {"init": "zeros"}
    session = make_session(
        [layer], "perceptron", n=4, n_in=2, x=x, y=y, task="binary", batch_size=1, shuffle=False,
        optimizer={"type": "sgd", "lr": 1.0},
    )  # fmt: skip
    weight, bias = (tensor.view(session.machine.mem).reshape(-1) for tensor in session.program.tensors)
    w, b, mistakes = [0.0, 0.0], 0.0, []
    for iteration in range(40):
        (x1, x2), (wanted,) = x[iteration % 4], y[iteration % 4]
        out = 1.0 if w[0] * x1 + w[1] * x2 + b > 0 else 0.0
        w, b = [w[0] + (wanted - out) * x1, w[1] + (wanted - out) * x2], b + wanted - out
        mistakes.append(out != wanted)
        session.goto(iteration + 1)
        assert (weight.tolist(), bias.tolist()) == (w, [b])
    assert 0 < sum(mistakes) <= 52  # (R / gamma)**2 for AND: Novikoff (1962)
    assert not any(mistakes[-8:])


# Limits


LIMITS = {  # value at -inf, -1e30, -1000, 1000, 1e30, inf; slope at each of the first three, of the others
    "leaky_relu": ([-INF, -1e28, -10.0], 1.0, 0.01, 1.0),
    "elu": ([-1.0, -1.0, -1.0], 1.0, 0.0, 1.0),
    "selu": ([-S * A] * 3, S, 0.0, S),
    "gelu": ([0.0] * 3, 1.0, 0.0, 1.0),
    "gelu tanh": ([0.0] * 3, 1.0, 0.0, 1.0),
    "softplus": ([0.0] * 3, 1.0, 0.0, 1.0),
    "swish": ([0.0] * 3, 1.0, 0.0, 1.0),
}


@every_dtype
@pytest.mark.parametrize("name", LIMITS)
def test_far_out_nothing_overflows(name, dtype):
    """At -inf, -1e30, -1000, 1000, 1e30 and inf value and slope are their limits. (PyTorch's gelu and swish of -inf are NaN.)"""
    left, factor, left_slope, right_slope = LIMITS[name]
    z = np.array([-INF, -1e30, -1000.0, 1000.0, 1e30, INF])
    found = at(GELU_TANH if name == "gelu tanh" else name, z, dtype)
    assert found.value[0] == pytest.approx(np.array([*left, 1000.0 * factor, 1e30 * factor, INF]), rel=1e-6)
    assert found.slope[0] == pytest.approx(np.array([left_slope] * 3 + [right_slope] * 3), rel=1e-6)


@every_dtype
def test_step_at_the_ends(dtype):
    """1 at inf, 0 at -inf, NaN at NaN: a broken sum is not taken for a silent unit."""
    value = at("step", [-INF, -1e30, 1e30, INF, NAN], dtype).value[0].tolist()
    assert value[:4] == [0.0, 0.0, 1.0, 1.0]
    assert math.isnan(value[4])


@every_dtype
@pytest.mark.parametrize("activation", ["leaky_relu", "elu", "selu", "gelu", GELU_TANH, "swish"], ids=str)
def test_the_sign_of_zero_and_the_smallest_numbers(activation, dtype):
    """Where f(0) = 0, f(-0.0) is -0.0; the smallest normal numbers come out as f'(0) times themselves."""
    tiny = 4.0 * float(np.finfo(dtype).smallest_normal)
    found = at(activation, [-0.0, 0.0, -tiny, tiny], dtype)
    value, slope = found.value[0], found.slope[0].astype(np.float64)
    assert np.signbit(value[:2]).tolist() == [True, False]
    assert value[2:].astype(np.float64).tolist() == pytest.approx([-tiny * slope[2], tiny * slope[3]], rel=1e-6)


# The last digits


def exactly(kind: str, x: float) -> tuple[Decimal, Decimal]:
    """Value and slope in 40 digits that hold."""
    with localcontext() as context:
        context.prec = 60
        z, one = Decimal(x), Decimal(1)
        if kind == "gelu":
            below, density = normal_exactly(z)
            return z * below, below + z * density
        if kind == "softplus":
            e = z.exp()
            series = e - e**2 / 2 + e**3 / 3  # for e below 1e-20 the logarithm would lose it
            return (series if e < Decimal("1e-20") else (one + e).ln()), e / (one + e)
        if kind == "swish":
            s = one / (one + (-z).exp())
            return z * s, s + z * s / (one + z.exp())
        scale, alpha = (Decimal("1.0507009873554804934193349852946"), Decimal("1.6732632423543772848170429916717"))
        right, left = (one, one) if kind == "elu" else (scale, scale * alpha)
        less_one = z.exp() - 1 if abs(x) > 1e-9 else z + z**2 / 2
        return (right * z, right) if x > 0 else (left * less_one, left * z.exp())


def normal_exactly(z: Decimal) -> tuple[Decimal, Decimal]:
    """The normal distribution below z, and its density: by series in the middle, by Laplace's continued fraction outside."""
    density = (-z * z / 2).exp() / (2 * PI).sqrt()
    if abs(z) < 3:
        total = term = z  # 1/2 + density (z + z**3 / 3 + z**5 / 15 + ...)
        for n in range(3, 243, 2):
            term *= z * z / n
            total += term
        return Decimal("0.5") + density * total, density
    below = abs(z)  # the tail is density / (z + 1 / (z + 2 / (z + ...)))
    for n in range(200, 0, -1):
        below = abs(z) + n / below
    return (density / below if z < 0 else 1 - density / below), density


PI = Decimal("3.1415926535897932384626433832795028841971693993751058209749445923078164062862089986280348253421170679")


@cache
def places(kind: str, dtype: str) -> np.ndarray:
    """The whole range where results are normal numbers, evenly and near 0, and every size there."""
    reach = {"gelu": (12.5, 37.0)}.get(kind, (80.0, 690.0))[dtype == "float64"]
    tiny = -30.0 if dtype == "float32" else -250.0
    small = 10.0 ** np.linspace(tiny, 0.0, 60)
    even = np.linspace(-reach, reach, 801)
    return np.concatenate([even, np.linspace(-4.0, 4.0, 601), small, -small]).astype(dtype)


# In units of the last place of the value (the correctly rounded result has 0.5). The slopes of gelu and swish cross 0
# near -0.75 and -1.28, so theirs are units of their larger term.
BOUNDS = {
    ("elu", "float32"): (2, 2), ("elu", "float64"): (2, 2),
    ("selu", "float32"): (3, 3), ("selu", "float64"): (3, 3),
    ("gelu", "float32"): (5, 6), ("gelu", "float64"): (5, 6),
    ("softplus", "float32"): (4, 3), ("softplus", "float64"): (4, 3),
    ("swish", "float32"): (4, 5), ("swish", "float64"): (4, 5),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "dtype"), BOUNDS)
def test_error_in_units_of_the_last_place(kind, dtype):
    """Values and slopes against Decimal arithmetic, over the whole range, to the bounds above."""
    z = places(kind, dtype)
    found, exact = at(kind, z, dtype), [exactly(kind, float(value)) for value in z]
    values, slopes = [value for value, _ in exact], [slope for _, slope in exact]
    error = ulps(found.value[0], values)
    if kind in ("gelu", "swish"):
        wanted = np.array([float(slope) for slope in slopes])
        share = np.array([float(value) / here if here else 0.5 for value, here in zip(values, z.tolist(), strict=True)])
        scale = np.spacing(np.maximum(np.abs(wanted), share).astype(dtype)).astype(np.float64)
        slope_error = float((np.abs(found.slope[0].astype(np.float64) - wanted) / scale).max())
    else:
        slope_error = ulps(found.slope[0], slopes)
    print(f"{kind} {dtype}: value {error:.2f} ulp, slope {slope_error:.2f} ulp, in {z.size:,} places")
    assert error <= BOUNDS[kind, dtype][0]
    assert slope_error <= BOUNDS[kind, dtype][1]


@every_dtype
def test_the_approximated_gelu(dtype):
    """Its own formula to 4 ulp of 1 + |z|; from the exact form it is up to 4.7e-4 away, and nowhere more."""
    z = np.linspace(-12.0, 12.0, 2_001).astype(dtype)
    found = at(GELU_TANH, z, dtype)
    wanted = np.array([reference.gelu_tanh(float(value)) for value in z])
    bar = 4 * np.finfo(dtype).eps * (1.0 + np.abs(z))
    assert (np.abs(found.value[0] - wanted[:, 0]) <= bar).all()
    assert (np.abs(found.slope[0] - wanted[:, 1]) <= bar).all()
    apart = np.abs(found.value[0].astype(np.float64) - at("gelu", z, dtype).value[0])
    assert 4.5e-4 < apart.max() < 4.8e-4


@every_dtype
def test_a_vanishing_slope_keeps_its_digits(dtype):
    """At z = -40 the slope of elu is e**-40 = 4.2e-18, though its output there is -1 to the last bit; softplus and swish alike."""
    z = -40.0
    assert at("elu", [z], dtype).value[0, 0] == -1.0
    wanted = {"elu": math.exp(z), "softplus": math.exp(z), "swish": math.exp(z) * (1 + z)}
    for kind, slope in wanted.items():
        assert at(kind, [z], dtype).slope[0, 0] == pytest.approx(slope, rel=1e-6 if dtype == "float32" else 1e-12)


@every_dtype
@pytest.mark.parametrize("activation", [*KINDS, GELU_TANH], ids=str)
def test_the_same_number_anywhere_in_a_batch(activation, dtype):
    """Vector body and tail of a loop agree to the bit: a sample's number does not depend on the batch around it."""
    z = 4.0 * waves(1, 37)
    whole = at(activation, z, dtype)
    alone = [at(activation, z[:, k : k + 1], dtype) for k in range(0, 37, 6)]
    assert whole.value[0, ::6].tobytes() == np.concatenate([found.value[0] for found in alone]).tobytes()
    assert whole.slope[0, ::6].tobytes() == np.concatenate([found.slope[0] for found in alone]).tobytes()


# Around the kernels


@pytest.mark.parametrize(
    ("activation", "z", "share"),
    [
        ("leaky_relu", [[1.0, -1.0, -1.0, 0.0], [1.0, 1.0, -1.0, -2.0]], 0.5),  # 0.01 < 0.05, (1 + 0.01) / 2 is not
        ({"activation": "leaky_relu", "negative_slope": 0.25}, [[1.0, -1.0], [1.0, -1.0]], 0.0),  # nowhere flat
        ("elu", [[1.0, -2.0, -4.0, -4.0], [1.0, -2.0, -4.0, 1.0]], 0.25),  # e**-2 = 0.135, e**-4 = 0.018
        ("selu", [[1.0, -2.0, -4.0, -4.0], [1.0, -2.0, -4.0, 1.0]], 0.25),  # 1.76 e**-4 = 0.032 < 0.0525
        ("gelu", [[0.0, -1.0, -4.0, 4.0], [0.0, -1.0, -4.0, 4.0]], 0.25),  # f'(-1) = -0.083 turns back: not flat
        ("softplus", [[0.0, -3.0, -4.0, 4.0], [0.0, -3.0, -4.0, 4.0]], 0.25),  # sigmoid(-3) = 0.047, (-4) = 0.018
        ("swish", [[0.0, -2.0, -9.0, 4.0], [0.0, -2.0, -9.0, 4.0]], 0.25),  # f'(-2) = -0.091, f'(-9) = -0.001
    ],
)
def test_saturated_units_by_hand(activation, z, share):
    """The share of units whose mean |f'(z)| over the batch is under 5 % of f'(0)."""
    assert at(activation, z).session.frame().layers[1].metrics["saturated"] == share


@pytest.mark.parametrize("kind", KINDS)
def test_metrics_are_those_the_scenario_names(kind):
    """The program measures what conditions may speak of; a step has no slope, so nothing of it is `saturated`."""
    session = make_session([(4, kind), (1, "linear")])
    assert set(session.program.metrics) == set(metric_names(session.scenario))
    assert (f"saturated.{kind}_1" in session.program.metrics) == (kind != "step")


@every_dtype
@pytest.mark.parametrize("kind", KINDS)
def test_probes_change_nothing(kind, dtype):
    """With all probes off the same weights come out; what is not measured is not in the frame."""
    on, off = (
        make_session([(5, kind), (2, "linear")], n=7, batch_size=4, dtype=dtype, probes={"off": wanted})
        for wanted in ([], ["all"])
    )
    for session in (on, off):
        session.goto(20)
    assert StateVector(on).read().tobytes() == StateVector(off).read().tobytes()
    assert set(off.frame().metrics) == {"loss", "lr"}


@pytest.mark.parametrize("kind", KINDS)
def test_full_speed_and_op_by_op_leave_the_same_bytes(kind):
    """With validation on more samples than a batch has, whose slopes must not land on the batch's."""

    def session(n_val: int) -> Session:
        layers = [(9, kind), (5, kind), (2, "linear")]
        return make_session(layers, n=10, n_val=n_val, batch_size=4, dtype="float32")

    check_same(session(23), session(23), 60)
    ends = [session(n_val) for n_val in (0, 23)]
    for end in ends:
        end.goto(60)
    assert StateVector(ends[0]).read().tobytes() == StateVector(ends[1]).read().tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_validation_is_the_formula(kind):
    """val_loss of a network of two such layers, from its own weights, in plain loops: 1e-12."""
    session = make_session([(6, kind), (2, kind)], n=10, n_val=5, batch_size=4)
    session.goto(6)
    dataset, mem = session.program.dataset, session.machine.mem
    dense = [layer for layer in session.program.layers if layer.kind == "dense"]
    net = [(*(tensor.view(mem).tolist() for tensor in layer.parameters), kind) for layer in dense]
    out = reference.forward(net, dataset.x_val.tolist())[-1][1]
    wanted, _ = reference.loss_and_delta("mse", out, dataset.y_val.tolist())
    assert session.history.value("val_loss") == pytest.approx(wanted, rel=1e-12)


def test_the_listing_shows_what_is_computed():
    """Options stand in the formulas; step says that its way back is a convention."""
    layers = [
        table({"activation": "leaky_relu", "negative_slope": 0.2}, 2), table({"activation": "elu", "alpha": 0.5}, 2),
        table(GELU_TANH, 2), table("gelu", 2), table("step", 1),
    ]  # fmt: skip
    formulas = {op.label: op.formula for op in make_session(layers).program.ops}
    assert formulas["forward leaky_relu_1"] == "a = max(z, 0.2 z)"
    assert formulas["backward leaky_relu_1"] == "δz = δa where z > 0, else 0.2 δa"
    assert formulas["forward elu_1"] == "a = z where z > 0, else 0.5 (e^z - 1)"
    assert "tanh u" in formulas["forward gelu_1"]
    assert formulas["forward gelu_2"] == "a = z Φ(z)"
    assert "perceptron rule" in formulas["backward step_1"]
    assert "true slope is 0" in formulas["backward step_1"]


# PyTorch, live

THERE: list[Any] = [
    "leaky_relu", {"activation": "leaky_relu", "negative_slope": 0.2}, "elu", {"activation": "elu", "alpha": 0.5},
    "selu", "gelu", GELU_TANH, "softplus", "swish",
]  # fmt: skip


@every_dtype
@pytest.mark.parametrize("activation", THERE, ids=str)
def test_values_and_slopes_are_pytorchs(activation, dtype):
    """2,001 places from -10 to 10 and its gradient there: within 8 ulp of 1 + |z| (its 1 + erf and 1 + tanh round there)."""
    torch = pytest.importorskip("torch")
    from tests.golden.make_torch import activation as torch_activation

    z = np.linspace(-10.0, 10.0, 2_001).astype(dtype)
    found = at(activation, z, dtype)
    x = torch.tensor(z, requires_grad=True)
    a = torch_activation(found.session.scenario.layers[0])(x)
    a.sum().backward()
    bar = 8 * np.finfo(dtype).eps * (1.0 + np.abs(z))
    assert (np.abs(found.value[0] - a.detach().numpy()) <= bar).all()
    assert (np.abs(found.slope[0] - x.grad.numpy()) <= bar).all()


@every_dtype
@pytest.mark.parametrize("activation", THERE, ids=str)
def test_one_iteration_lands_on_pytorchs_next_state(activation, dtype):
    """From each of 200 states of PyTorch's run (3-6-5-2, momentum, batches of 16 and 12): 1e-11 and 3e-5, as in test_torch.py."""
    pytest.importorskip("torch")
    from tests.golden.make_torch import trajectory

    layers = [table(activation, 6), table(activation, 5), (2, "linear")]
    scenario = make_scenario(layers, batch_size=16, optimizer="momentum", dtype=dtype)
    session = Session(scenario, make_dataset("mse", 60, 3, 2))
    order = batches(session)
    session.goto(0)
    states, grads = trajectory(session, order, StateVector(session).read())
    label = f"live {activation} {dtype}, bar {ONE_ITERATION[dtype]}"
    assert check_steps(session, dict(enumerate(states)), dtype, label, grads) == ITERATIONS
    assert np.abs(states[-1] - states[0]).max() > 0.1  # it has learnt, not stood still
