"""Random weights through 20 layers of 256: what is left of the signal, by the theory, by NumPy and by the engine.

The theory is that of wide layers: mean squares of values and products of two points' values follow from layer to layer as
integrals over a normal distribution (Poole et al. 2016). NumPy draws weights of its own; the engine's are read from it.
"""

import math
from collections.abc import Callable

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, metric, session_of, trained
from tui_nn import Session

SEEDS = range(20 if IS_FULL else 2)
N, DEPTH, POINTS = 256, 20, 64
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(201)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
SELU = 1.0507009873554805, 1.6732632423543772


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-z))


def selu(z: np.ndarray) -> np.ndarray:
    scale, alpha = SELU
    return scale * np.where(z > 0.0, z, alpha * np.expm1(np.minimum(z, 0.0)))


FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": np.tanh, "sigmoid": sigmoid, "selu": selu, "relu": lambda z: np.maximum(z, 0.0), "linear": lambda z: z,
}  # fmt: skip

# preset -> activation, variance of a weight inside, and whether weights are drawn evenly from an interval
NETWORKS: dict[str, tuple[str, float, bool]] = {
    "random-init-small": ("tanh", 1e-4, False),
    "random-init-large": ("tanh", 1.0, False),
    "xavier-normal": ("tanh", 1 / N, False),
    "xavier-gain": ("tanh", 25 / 9 / N, False),
    "xavier-uniform": ("tanh", 1 / N, True),
    "xavier-sigmoid": ("sigmoid", 1 / N, False),
    "he-normal": ("relu", 2 / N, False),
    "he-uniform": ("relu", 2 / N, True),
    "lecun-normal": ("selu", 1 / N, False),
    "lecun-uniform": ("selu", 1 / N, True),
    "lecun-linear": ("linear", 1 / N, False),
}


def mean_squares(preset: str) -> list[float]:
    """Mean square of the values behind each of the layers, for inputs of mean square 1 and infinitely wide layers."""
    name, variance, _ = NETWORKS[preset]
    squares, square = [], 1.0
    for _ in range(DEPTH):
        square = float(WEIGHTS @ FUNCTIONS[name](np.sqrt(N * variance * square) * NODES) ** 2)
        squares.append(square)
    return squares


def forward(x: np.ndarray, weights: list[np.ndarray], name: str) -> list[np.ndarray]:
    values = [x]
    for weight in weights:
        values.append(FUNCTIONS[name](values[-1] @ weight.T))
    return values[1:]


def signal(values: np.ndarray) -> float:
    return float(values.std(axis=0).mean())


def rows_of(session: Session, preset: str) -> list[str]:
    name = NETWORKS[preset][0]
    return [f"{'dense' if name == 'linear' else name}_{number}" for number in range(1, DEPTH + 1)]


def dense_weights(session: Session) -> list[np.ndarray]:
    return [
        np.array(layer.parameters[0].value, np.float64) for layer in session.frame().layers if layer.kind == "dense"
    ]


@pytest.mark.parametrize("preset", NETWORKS)
def test_weights_have_the_variance_of_the_rule(preset: str):
    """65,536 draws a layer: the variance within 3 % (five standard errors), mean 0; uniform ones within √3 of them."""
    _, variance, is_uniform = NETWORKS[preset]
    session = session_of(preset)
    for layer in session.frame().layers:
        if layer.kind == "dense" and layer.parameters[0].value.shape == (N, N):
            weight, bias = (np.array(parameter.value, np.float64) for parameter in layer.parameters)
            assert weight.var() == pytest.approx(variance, rel=0.03)
            assert abs(weight.mean()) < 5 * np.sqrt(variance) / N
            assert not bias.any()
            bound = np.sqrt(3 * variance)
            assert (np.abs(weight).max() <= bound * 1.000001) == is_uniform
    session.goto(0, 1)
    x = np.array(session.frame().inputs, np.float64)
    assert x.shape == (POINTS, N)
    assert (x.mean(), x.std()) == pytest.approx((0.0, 1.0), abs=0.04)


@pytest.mark.parametrize("preset", NETWORKS)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_engine_measures_what_numpy_does(preset: str, seed: int):
    """act_std and act_signal of all 20 layers, on the engine's own weights, in float64: random-init-large is chaotic."""
    session = session_of(preset, f"seed={seed}", "dtype=float64")
    weights = dense_weights(session)[:DEPTH]
    session.goto(0, 1)
    values = forward(np.array(session.frame().inputs, np.float64), weights, NETWORKS[preset][0])
    session.goto(1)
    for row, each in zip(rows_of(session, preset), values, strict=True):
        assert metric(session, f"act_std.{row}") == pytest.approx(each.std(), rel=1e-6)
        assert metric(session, f"act_signal.{row}") == pytest.approx(signal(each), rel=1e-5)  # of 1e-13 on top of 1/2


@pytest.mark.parametrize("preset", NETWORKS)
def test_sizes_follow_the_theory_of_wide_layers(preset: str):
    """The root of the mean square at layers 1, 10 and 20: 256 units are nearly infinitely many.

    What remains is a random walk of the size. For ReLU the mean square of a layer spreads by √(5/256) of itself, over 20
    layers by 0.6, and its root by 0.3; the others pull back, or fade, and stay within 15 %.
    """
    expected = mean_squares(preset)
    session = session_of(preset)
    session.goto(1)
    rows = rows_of(session, preset)
    for number in (1, 10, 20):
        square = (
            metric(session, f"act_std.{rows[number - 1]}") ** 2 + metric(session, f"act_mean.{rows[number - 1]}") ** 2
        )
        assert np.sqrt(square) == pytest.approx(
            np.sqrt(expected[number - 1]), rel=0.4 if NETWORKS[preset][0] == "relu" else 0.15
        )


@pytest.mark.parametrize("preset", NETWORKS)
def test_other_draws_give_the_same_picture(preset: str):
    """NumPy's own weights and inputs: the fall of the signal from layer 1 to 20 within a factor of 1.5 of the engine's."""
    name, variance, is_uniform = NETWORKS[preset]
    random = np.random.default_rng(1)
    shape = (DEPTH, N, N)
    draws = random.uniform(-np.sqrt(3), np.sqrt(3), shape) if is_uniform else random.standard_normal(shape)
    values = forward(random.standard_normal((POINTS, N)), list(np.sqrt(variance) * draws), name)
    session = session_of(preset)
    session.goto(1)
    rows = rows_of(session, preset)
    fall = metric(session, f"act_signal.{rows[0]}") / metric(session, f"act_signal.{rows[-1]}")
    assert 1 / 1.5 < signal(values[0]) / signal(values[-1]) / fall < 1.5


# What each row of the curriculum claims, seed by seed: (preset, metric, first over last, at least and at most)
FALLS = [
    ("random-init-small", "act_signal.tanh", 5e14, 5e15),
    ("random-init-large", "act_signal.tanh", 0.95, 1.05),
    ("xavier-normal", "act_std.tanh", 3.6, 4.4),
    ("xavier-uniform", "act_std.tanh", 3.6, 4.4),
    ("xavier-gain", "act_std.tanh", 1.1, 1.25),
    ("xavier-sigmoid", "act_std.sigmoid", 1.4, 2.1),
    ("xavier-sigmoid", "act_signal.sigmoid", 3e11, 3e12),
    ("he-normal", "act_std.relu", 0.5, 2.0),
    ("he-normal", "delta_norm.relu", 0.5, 2.0),
    ("he-uniform", "act_std.relu", 0.5, 2.0),
    ("lecun-normal", "act_std.selu", 0.8, 1.25),
    ("lecun-normal", "act_signal.selu", 0.8, 1.25),
    ("lecun-uniform", "act_std.selu", 0.8, 1.25),
    ("lecun-linear", "act_std.dense", 0.8, 1.25),
    ("lecun-linear", "delta_norm.dense", 0.5, 2.0),
]


@pytest.mark.parametrize(("preset", "name", "at_least", "at_most"), FALLS)
def test_how_much_is_lost_over_twenty_layers(preset: str, name: str, at_least: float, at_most: float):
    for seed in SEEDS:
        session = session_of(preset, f"seed={seed}")
        session.goto(1)
        assert at_least < metric(session, f"{name}_1") / metric(session, f"{name}_20") < at_most


def test_small_weights_leave_sixteen_hundredths_a_layer():
    """0.01 · √256 = 0.16, forward and back, layer by layer; and all weights' gradients are of one size."""
    session = session_of("random-init-small")
    session.goto(1)
    for number in range(2, DEPTH):
        for name in ("act_signal", "delta_norm"):
            values = [metric(session, f"{name}.tanh_{k}") for k in (number, number + 1)]
            factor = values[1] / values[0] if name == "act_signal" else values[0] / values[1]
            assert factor == pytest.approx(0.16, rel=0.2)
    gradients = [metric(session, f"grad_norm.dense_{number}") for number in range(1, DEPTH + 1)]
    assert max(gradients) < 2 * min(gradients)
    faster = trained("random-init-small", "optimizer.lr=100")
    assert metric(faster, "loss") == pytest.approx(np.log(2), abs=1e-6)


def test_large_weights_saturate_and_let_the_error_grow():
    """Mean slope² of tanh at z of standard deviation 15.6 is 0.035; 256 of these make 2.99 a layer."""
    z = np.linspace(-100.0, 100.0, 400_001)
    width = np.sqrt(N * mean_squares("random-init-large")[-1])
    density = np.exp(-0.5 * (z / width) ** 2) / (width * np.sqrt(2 * np.pi))
    share = (density * (np.abs(z) < 1)).sum() * (z[1] - z[0])
    slope = (density * (1 - np.tanh(z) ** 2) ** 2).sum() * (z[1] - z[0])
    assert share == pytest.approx(0.05, abs=0.005)
    assert slope == pytest.approx(0.035, abs=0.0005)
    assert np.sqrt(N * slope) == pytest.approx(2.99, abs=0.01)
    session = session_of("random-init-large")
    session.goto(2)
    assert metric(session, "saturated.tanh_1") == 1.0
    session.goto(1)
    growth = metric(session, "delta_norm.tanh_1") / metric(session, "delta_norm.tanh_20")
    assert growth ** (1 / 19) == pytest.approx(np.sqrt(N * slope), rel=0.05)
    assert metric(session, "update_ratio.dense_1") == pytest.approx(6000, rel=0.05)


def test_the_sigmoid_offsets_hold_the_std_up():
    """At sigmoid_20 the points' rows are one row to 1e-11, and the units' means have the spread that std shows."""
    session = session_of("xavier-sigmoid")
    session.goto(0, 41)
    values = np.array(session.frame().layer("sigmoid_20").activation)
    assert np.ptp(values, axis=0).max() < 1e-11
    assert values.mean(axis=0).std() == pytest.approx(0.126, abs=5e-4)
    assert math.pow(0.25, 19) == pytest.approx(3.6e-12, rel=0.02)
    weights, half = dense_weights(session)[19], np.full(N, 0.5)
    assert (weights @ half).std() == pytest.approx(0.5, rel=0.15)


@pytest.mark.skipif(not IS_FULL, reason="eleven long runs")
def test_numbers_of_the_lessons():
    """First and last signal, first and last error, and the last loss of seed 7."""
    expected = {
        "random-init-small": (0.155, 1.1e-16, 5.8e-17, 0.091, 0.6931),
        "xavier-normal": (0.621, 0.150, 0.023, 0.093, 0.076),
        "xavier-gain": (0.751, 0.642, 0.596, 0.096, 0.023),
        "xavier-uniform": (0.622, 0.162, 0.027, 0.093, 0.056),
        "xavier-sigmoid": (0.207, 2.3e-13, 1.0e-13, 0.099, 0.6931),
        "he-normal": (0.832, 0.221, 0.094, 0.096, 0.211),
        "he-uniform": (0.819, 0.264, 0.167, 0.120, 0.102),
        "lecun-normal": (0.996, 0.959, 0.205, 0.102, 0.028),
        "lecun-uniform": (0.995, 0.979, 0.200, 0.103, 0.029),
        "lecun-linear": (0.995, 0.924, 0.092, 0.110, 0.035),
    }
    for preset, numbers in expected.items():
        session = session_of(preset)
        session.goto(1)
        rows = rows_of(session, preset)
        found = [
            metric(session, f"{name}.{row}") for name in ("act_signal", "delta_norm") for row in (rows[0], rows[-1])
        ]
        session.goto(30)
        assert [*found, metric(session, "loss")] == pytest.approx(numbers, rel=0.025)
    cured = trained("xavier-sigmoid", "layers[0:20].gain=4")
    assert metric(cured, "loss") == pytest.approx(np.log(2), abs=1e-3)
    cured.goto(1)
    assert 5e3 < metric(cured, "act_signal.sigmoid_1") / metric(cured, "act_signal.sigmoid_20") < 2e4


@pytest.mark.parametrize(
    ("preset", "override", "at_most"),
    [("random-init-small", "init_std=0.0625", 0.3), ("xavier-sigmoid", "activation=tanh", 0.3)],
)
def test_the_loss_falls_with_each_cure(preset: str, override: str, at_most: float):
    for seed in SEEDS:
        assert metric(trained(preset, f"layers[0:20].{override}", f"seed={seed}"), "loss") < at_most


def test_a_third_of_the_variance_fades():
    """The mistake that the lesson names: the standard deviation taken for the bound."""
    session = trained("xavier-uniform", "layers[0:20].gain=0.577")
    assert metric(session, "loss") > 0.6
    session.goto(1)
    assert metric(session, "act_signal.tanh_1") > 1e3 * metric(session, "act_signal.tanh_20")


def test_relu_halves_the_mean_square_and_selu_keeps_it():
    """By integrals over the normal distribution: 1/2; and for SELU mean 0, mean square 1, and a pull towards 1."""

    def moment(name: str, power: int, width: float = 1.0) -> float:
        return float(WEIGHTS @ FUNCTIONS[name](width * NODES) ** power)

    assert moment("relu", 2) == pytest.approx(0.5, abs=1e-3)
    assert moment("selu", 1) == pytest.approx(0.0, abs=3e-3)  # the corner at 0 costs digits
    assert moment("selu", 2) == pytest.approx(1.0, abs=3e-3)
    assert moment("selu", 2, 1.5) < 1.5**2
    assert moment("selu", 2, 0.5) > 0.5**2
    assert SELU[0] * SELU[1] == pytest.approx(1.758, abs=5e-4)


@pytest.mark.parametrize(
    ("preset", "overrides", "row", "falls_to"),
    [
        ("he-normal", ("init=xavier_normal",), "relu", 8.7e-4 / 0.6),
        ("he-uniform", ("gain=0.408",), "relu", 0.408**19),
        ("lecun-uniform", ("gain=0.577",), "selu", 1 / 90),
        ("lecun-normal", ("init=he_normal",), "selu", 6.8 / 1.33),
        ("lecun-linear", ("init=he_normal",), "dense", 980 / 1.43),
    ],
)
def test_the_wrong_variance_fades_or_grows(preset: str, overrides: tuple[str, ...], row: str, falls_to: float):
    """Each command of the lessons: the fall or growth of std from layer 1 to 20, within a factor of 2."""
    session = session_of(preset, *(f"layers[0:20].{each}" for each in overrides))
    session.goto(1)
    fall = metric(session, f"act_std.{row}_20") / metric(session, f"act_std.{row}_1")
    assert 0.5 < fall / falls_to < 2.0
    if falls_to < 1.0:
        session.goto(30)
        assert metric(session, "loss") == pytest.approx(0.693, abs=2e-3)


def test_linear_layers_of_hes_size_break_in_the_first_update():
    losses = trained("lecun-linear", "layers[0:20].init=he_normal").history["loss"]
    assert losses[0] > 100
    assert np.isnan(losses[-1])
    jump = trained("lecun-normal", "layers[0:20].init=he_normal").history["loss"]
    assert jump.max() == pytest.approx(16.3, abs=0.5)


def test_xavier_and_lecun_are_one_where_inputs_and_units_are_as_many():
    """Of the lecun-uniform lesson: not one weight differs."""
    lecun, xavier = (
        dense_weights(session_of("lecun-uniform", *o)) for o in ((), ("layers[0:20].init=xavier_uniform",))
    )
    assert all((one == other).all() for one, other in zip(lecun, xavier, strict=True))
