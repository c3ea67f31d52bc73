"""Initialisers: the moments and laws of their formulas, exact patterns, streams of their own, and the signal they carry."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest

from tests import reference
from tests.engine.make import make_dataset, make_scenario
from tui_nn.debugger.session import Session
from tui_nn.engine.initializers import INIT_PURPOSE, initial_bias, initial_weight
from tui_nn.scenario.spec.init import INIT_KEYS, SCALED, Initialized, InitName
from tui_nn.scenario.spec.layers import DenseLayer

N_IN, N_OUT = 300, 200
PLAIN = ("zeros", "ones", "constant", "identity", "values")  # without chance
RANDOM = [init for init in get_args(InitName) if init not in PLAIN]
# (init, its settings, the same under the names of the reference)
LAWS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "uniform": ({"init_low": -0.2, "init_high": 0.7}, {"low": -0.2, "high": 0.7}),
    "normal": ({"init_std": 0.3}, {"std": 0.3}),
    "truncated_normal": ({"init_std": 0.3}, {"std": 0.3}),
    **{f"{family}_{law}": ({}, {}) for family in ("lecun", "xavier", "he") for law in ("uniform", "normal")},
}


def spec(init: str, **settings: Any) -> Initialized:
    return Initialized.model_validate({"init": init, **settings})


def weight_of(init: str, n_in: int = N_IN, n_out: int = N_OUT, seed: int = 7, layer: int = 0, **settings: Any):
    weight = initial_weight(spec(init, **settings), (n_out, n_in), (n_in, n_out), seed, layer)
    assert weight.shape == (n_out, n_in)
    assert weight.dtype == np.float64
    return weight


# Laws


def test_every_init_is_tested_here():
    assert set(RANDOM) == {*LAWS, "orthogonal"}
    assert set(SCALED) == {"orthogonal", "identity", *(init for init in LAWS if not LAWS[init][0])}
    assert set(INIT_KEYS) <= set(Initialized.model_fields)


@pytest.mark.parametrize("init", LAWS)
@pytest.mark.parametrize("gain", [1.0, 5 / 3])
def test_moments_and_distribution_are_those_of_the_formula(init, gain):
    """60,000 weights: mean, variance and the largest gap to the law's own distribution function.

    5 standard errors (1 in a million by chance); a gap of 2.4 / sqrt(n) has the chance 2 exp(-2 * 2.4**2) = 2e-5.
    """
    settings, known = LAWS[init]
    if init in SCALED:
        settings, known = settings | {"gain": gain}, known | {"gain": gain}
    weight = weight_of(init, **settings)
    mean, variance = reference.initial_mean_and_variance(init, N_IN, N_OUT, **known)
    n, values = weight.size, np.sort(weight.reshape(-1))
    fourth = {"uniform": 9 / 5, "normal": 3.0}.get(init.split("_")[-1], 3.0)  # of the standard law: at most 3 when cut
    assert abs(weight.mean() - mean) <= 5 * math.sqrt(variance / n)
    assert abs(weight.var() - variance) <= 5 * variance * math.sqrt((fourth - 1) / n)
    law = [distribution(init, mean, variance, float(value)) for value in values]
    assert np.abs(np.arange(0.5, n) / n - law).max() <= 2.4 / math.sqrt(n)
    if init.endswith("uniform"):
        reach = math.sqrt(3 * variance)
        assert mean - reach <= values[0] < mean - 0.999 * reach
        assert mean + reach >= values[-1] > mean + 0.999 * reach
    elif init == "truncated_normal":
        assert 1.99 * 0.3 < np.abs(values).max() <= 2 * 0.3


def distribution(init: str, mean: float, variance: float, value: float) -> float:
    """The share of weights below the value, by the law's name."""
    if init.endswith("uniform"):
        reach = math.sqrt(3 * variance)
        return (value - mean + reach) / (2 * reach)
    if init == "truncated_normal":
        return 0.5 + 0.5 * math.erf(value / 0.3 / math.sqrt(2)) / math.erf(math.sqrt(2))
    return 0.5 + 0.5 * math.erf(value / math.sqrt(2 * variance))


def test_a_cut_normal_keeps_77_percent_of_its_variance():
    """phi(2) = 0.05399097 and 2 Phi(2) - 1 = 0.95449974: 1 - 4 * 0.05399097 / 0.95449974 = 0.77374. init_std is that of
    the normal before the cut; the standard deviation left is 0.8796 of it."""
    _, variance = reference.initial_mean_and_variance("truncated_normal", 1, 1, std=1.0)
    assert variance == pytest.approx(1 - 4 * 0.05399097 / 0.95449974, rel=1e-7)
    drawn = weight_of("truncated_normal", 1000, 1000, init_std=1.0)
    assert drawn.std() == pytest.approx(0.87962566, abs=0.003)


@pytest.mark.parametrize("layer", [0, 3])
@pytest.mark.parametrize("n", [(2, 3), (64, 10)])
def test_the_numbers_of_the_first_release_are_kept(n, layer):
    """xavier, he and normal draw from Philox(seed, 16) at counter word 2 = layer, straight into their scale, bit for bit."""
    n_in, n_out = n
    generator = lambda: np.random.Generator(np.random.Philox(key=[5, 16], counter=[0, 0, layer, 0]))  # noqa: E731
    both, he = 2.0 / (n_in + n_out), 2.0 / n_in
    expected = {
        "normal": generator().normal(0.0, 0.05, (n_out, n_in)),
        "xavier_normal": generator().normal(0.0, math.sqrt(both), (n_out, n_in)),
        "he_normal": generator().normal(0.0, math.sqrt(he), (n_out, n_in)),
        "xavier_uniform": generator().uniform(-math.sqrt(3.0 * both), math.sqrt(3.0 * both), (n_out, n_in)),
        "he_uniform": generator().uniform(-math.sqrt(3.0 * he), math.sqrt(3.0 * he), (n_out, n_in)),
    }
    for init, weight in expected.items():
        settings = {"init_std": 0.05} if init == "normal" else {}
        assert weight_of(init, n_in, n_out, 5, layer, **settings).tobytes() == weight.tobytes(), init


@pytest.mark.parametrize("init", RANDOM)
def test_a_weight_depends_on_seed_and_layer_alone(init):
    """The same again for the same (seed, layer); another seed or layer is another draw, uncorrelated with this one and
    without a number in common, so it is no shifted part of the same stream either."""
    first = weight_of(init)
    assert weight_of(init).tobytes() == first.tobytes()
    for seed, layer in ((7, 1), (8, 0), (7, 2), (0, 0)):
        other = weight_of(init, seed=seed, layer=layer)
        correlation = np.corrcoef(first.reshape(-1), other.reshape(-1))[0, 1]
        assert abs(correlation) <= 4 / math.sqrt(first.size), (seed, layer)
        assert not np.intersect1d(first, other).size


# Patterns


def test_plain_inits_by_hand():
    """identity is 1 on the diagonal and 0 elsewhere, whatever the shape; gain stands in for the 1."""
    assert weight_of("zeros", 2, 1).tolist() == [[0.0, 0.0]]
    assert weight_of("ones", 2, 1).tolist() == [[1.0, 1.0]]
    assert weight_of("constant", 2, 1, init_value=-1.5).tolist() == [[-1.5, -1.5]]
    assert weight_of("identity", 3, 2).tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    assert weight_of("identity", 2, 3, gain=0.5).tolist() == [[0.5, 0.0], [0.0, 0.5], [0.0, 0.0]]


def test_given_weights_and_biases_compute_by_hand():
    """weights = [[1, -1, 2], [0, 3, 0.5]], biases = [0.5, -1], x = (1, 2, 3):
    1 - 2 + 6 + 0.5 = 5.5 and 6 + 1.5 - 1 = 6.5. A row of `weights` is a unit."""
    layer = {"type": "dense", "units": 2, "init": "values", "weights": [[1, -1, 2], [0, 3, 0.5]], "biases": [0.5, -1]}
    scenario = make_scenario([(2, "linear")]).model_copy(update={"layers": (DenseLayer.model_validate(layer),)})
    session = Session(scenario, make_dataset("mse", 1, 3, 2, x=[[1, 2, 3]], y=[[0, 0]]))
    weight, bias = session.frame().layers[0].parameters
    assert weight.value.tolist() == [[1.0, -1.0, 2.0], [0.0, 3.0, 0.5]]
    assert bias.value.tolist() == [0.5, -1.0]
    session.step("op", 2)
    assert session.frame().layers[0].activation.tolist() == [[5.5, 6.5]]


def test_biases_are_constant_or_given():
    assert initial_bias(spec("ones"), 2).tolist() == [0.0, 0.0]
    assert initial_bias(spec("ones", bias_init=0.25), 3).tolist() == [0.25] * 3
    assert initial_bias(spec("he_normal", biases=[1, -2.5]), 2).tolist() == [1.0, -2.5]


# Orthogonal


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1), (7, 7), (64, 100), (100, 64), (256, 256)])
@pytest.mark.parametrize("gain", [1.0, 5 / 3])
def test_orthogonal_rows_or_columns(shape, gain):
    """W Wᵀ = gain² I for a wide matrix, Wᵀ W for a tall one, to a few units of round-off: no length is lost."""
    n_out, n_in = shape
    weight = weight_of("orthogonal", n_in, n_out, gain=gain)
    product = weight @ weight.T if n_out <= n_in else weight.T @ weight
    assert np.abs(product - gain**2 * np.eye(min(shape))).max() <= 2e-14


def test_orthogonal_is_the_qr_decomposition_with_positive_diagonal():
    """The same normal matrix through LAPACK, each column of Q by the sign of R's diagonal: the same matrix to 1e-11."""
    for n_out, n_in in ((3, 3), (40, 60), (60, 40), (128, 128)):
        generator = np.random.Generator(np.random.Philox(key=[7, INIT_PURPOSE], counter=[0, 0, 2, 0]))
        drawn = generator.standard_normal((min(n_out, n_in), max(n_out, n_in)))
        q, r = np.linalg.qr(drawn.T)
        wide = (q * np.sign(np.diag(r))).T
        weight = weight_of("orthogonal", n_in, n_out, layer=2)
        np.testing.assert_allclose(weight, wide if n_out <= n_in else wide.T, rtol=0, atol=1e-11)


def test_orthogonal_is_uniform_over_rotations_and_reflections():
    """2,000 2 x 2 matrices: the first row's angle is even around the circle and half of them are reflections. Without the
    sign of R every one would have the same sign in its corner."""
    drawn = np.array([weight_of("orthogonal", 2, 2, seed=seed) for seed in range(2000)])
    angle = np.arctan2(drawn[:, 0, 1], drawn[:, 0, 0])
    counts, _ = np.histogram(angle, bins=8, range=(-math.pi, math.pi))
    assert ((counts - 250) ** 2 / 250).sum() <= 7 + 4 * math.sqrt(14)
    assert abs((np.linalg.det(drawn) > 0).sum() - 1000) <= 4 * math.sqrt(500)


def test_orthogonal_does_not_depend_on_threads():
    """A run must not change with OPENBLAS_NUM_THREADS; LAPACK's QR of this size does, in its last bits."""
    code = (
        "import hashlib; from tui_nn.scenario.spec.init import Initialized;"
        "from tui_nn.engine.initializers import initial_weight;"
        "w = initial_weight(Initialized(init='orthogonal'), (700, 800), (800, 700), 1, 0); print(hashlib.sha256(w.tobytes()).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code], env=os.environ | {"OPENBLAS_NUM_THREADS": n}, capture_output=True, check=True
        ).stdout
        for n in ("1", "2")
    }
    assert len(found) == 1


# The signal through depth: 20 layers of 256 units, zero bias, 500 samples of N(0, 1), in plain NumPy


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-z))


def selu(z: np.ndarray) -> np.ndarray:
    """Klambauer et al. (2017)."""
    return 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * np.expm1(np.minimum(z, 0.0)))


def outputs(init: str, function: Callable[[np.ndarray], np.ndarray], seed: int, **settings: Any) -> list[np.ndarray]:
    x = np.random.default_rng(seed).standard_normal((500, 256))
    found = [x]
    for layer in range(20):
        found.append(function(found[-1] @ weight_of(init, 256, 256, seed, layer, **settings).T))
    return found


def size(values: np.ndarray) -> float:
    return math.sqrt((values**2).mean())


def linear(z: np.ndarray) -> np.ndarray:
    return z


def relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(z, 0.0)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(
    ("init", "function", "settings", "low", "high"),
    [
        ("he_normal", relu, {}, 0.5, 2.0),
        ("he_uniform", relu, {}, 0.5, 2.0),
        ("lecun_normal", linear, {}, 0.5, 2.0),
        ("lecun_uniform", linear, {}, 0.5, 2.0),
        ("lecun_normal", selu, {}, 0.5, 2.0),
        ("xavier_normal", np.tanh, {}, 1 / 5.0, 1 / 3.0),
        ("xavier_normal", np.tanh, {"gain": 5 / 3}, 1 / 1.4, 1.0),
        ("orthogonal", linear, {}, 1 - 1e-12, 1 + 1e-12),
        ("identity", linear, {}, 1.0, 1.0),
        ("lecun_normal", relu, {}, 0.5 * 2**-9.5, 2 * 2**-9.5),  # each relu after the first takes half of the square
        ("truncated_normal", linear, {"init_std": 1 / 16}, 0.5 * 0.87962566**19, 2 * 0.87962566**19),
    ],
)
def test_signal_through_20_layers(init, function, settings, low, high, seed):
    """Output of layer 20 against that of layer 1 (root of the mean square): He keeps relu, LeCun selu and linear,
    Xavier loses 4 times with tanh and 1.2 times with the gain 5/3, an orthogonal linear net loses nothing at all."""
    layers = outputs(init, function, seed, **settings)
    ratio = size(layers[20]) / size(layers[1])
    print(f"{init} {function.__name__} {settings}: {ratio:.4g}")
    assert low <= ratio <= high


def test_sigmoid_looks_alive_and_says_nothing():
    """Xavier and sigmoid: over all outputs of layer 20 the standard deviation is a healthy 0.12, but over the samples of
    one unit it is under 1e-11 (2.5e-13 here): every sample gives the same outputs."""
    last = outputs("xavier_normal", sigmoid, 0)[20]
    print(f"overall {last.std():.3f}, over samples {last.std(axis=0).mean():.2e}")
    assert last.std() > 0.1
    assert last.std(axis=0).mean() < 1e-11
