"""adam, adam-adapts and adam-lr-one: how long Adam's steps are, and the most that they can be."""

import math
import tomllib
from functools import cache

import numpy as np
import pytest

from tests.presets import plain_updates as plain
from tests.presets.runs import IS_FULL, metric, session_of
from tui_nn import Session
from tui_nn.scenario.load import parse_scenario
from tui_nn.scenario.presets import preset_dir

USUAL = (0.9, 0.999)


def most(beta1: float, beta2: float) -> float:
    """|m| / √v at most, by Cauchy-Schwarz: Σ β1^k |g| = Σ (β1/√β2)^k · √β2^k |g|."""
    return (1 - beta1) / math.sqrt(1 - beta2) / math.sqrt(1 - beta1**2 / beta2)


@cache
def raw_adapts() -> dict:
    raw = tomllib.loads((preset_dir() / "adam-adapts.toml").read_text(encoding="utf-8"))
    return {key: value for key, value in raw.items() if key not in ("script", "expect")}


def engine_steps(gradients: np.ndarray, beta1: float = 0.9, beta2: float = 0.999, silence: int = 0) -> np.ndarray:
    """Steps over lr that the engine's own update takes on gradients of our choice.

    One weight and the absolute error: with targets far below every output the gradient of a sample is its input.
    silence: so many passes over as many samples with a gradient of 0 came before, which leaves m and v at 0.
    """
    n = len(gradients)
    raw = raw_adapts() | {
        "data": {
            "source": "points",
            "x": gradients.reshape(n, 1).tolist(),
            "y": [-1e12] * n,
            "batch_size": 1,
            "shuffle": False,
        },
        "layers": [{"type": "dense", "units": 1, "bias": False, "init": "zeros"}],
        "optimizer": {"type": "adam", "lr": 1.0, "beta1": beta1, "beta2": beta2},
    }
    session = Session(parse_scenario(raw, "adam-adapts"))
    machine, tensor = session.machine, session.program.tensors[0]
    machine.load(session.program.initial.copy(), silence * n)
    places = [0.0]
    for k in range(n):
        machine.run(silence * n + k + 1, 0)
        places.append(float(tensor.view(machine.mem)[0, 0]))
    assert np.isfinite(places).all()
    return np.abs(np.diff(places))


def test_the_bound_by_cauchy_schwarz():
    """7.27 at the usual settings, and no weights of the past gradients that we try get further."""
    assert most(*USUAL) == pytest.approx(7.27, abs=5e-3)
    assert most(0.9, 0.99) == pytest.approx(2.3, abs=0.05)
    k, rng = np.arange(4000), np.random.default_rng(0)
    m_share, v_share = 0.1 * 0.9**k, 0.001 * 0.999**k
    best = (0.9 / 0.999) ** k  # |g| of k updates ago
    assert m_share @ best / math.sqrt(v_share @ best**2) == pytest.approx(most(*USUAL), rel=1e-12)
    for _ in range(200):
        g = best * np.exp(rng.normal(0, 0.3, k.size))
        assert m_share @ g / math.sqrt(v_share @ g**2) < most(*USUAL)


@pytest.mark.parametrize(
    ("beta1", "beta2"), [(0.0, 0.5), (0.5, 0.5), (0.9, 0.9), (0.9, 0.99), (0.9, 0.999), (0.99, 0.999)]
)
def test_bias_correction_only_lowers_the_bound(beta1: float, beta2: float):
    """With t gradients: (1 - β2^t)(1 - (β1²/β2)^t) ≤ (1 - β1^t)², for a + b ≥ 2√(ab)."""
    t = np.arange(1, 5000.0)
    assert ((1 - beta2**t) * (1 - (beta1**2 / beta2) ** t) <= (1 - beta1**t) ** 2 * (1 + 1e-12)).all()


GRADIENTS = {
    "normal": lambda rng, n: rng.normal(0, 1, n),
    "heavy tails": lambda rng, n: rng.standard_cauchy(n),
    "many scales": lambda rng, n: rng.normal(0, 1, n) * np.exp(rng.normal(0, 4, n)),
    "rare": lambda rng, n: rng.normal(0, 1, n) * (rng.random(n) < 0.005),
    "growing": lambda rng, n: np.exp(0.1 * np.arange(n) - 0.1 * n) * (1 + 0.1 * rng.random(n)),
    "a walk": lambda rng, n: np.cumsum(rng.normal(0, 1, n)),
}


@pytest.mark.parametrize("kind", GRADIENTS)
@pytest.mark.parametrize("betas", [USUAL, (0.9, 0.99), (0.5, 0.9)])
def test_no_step_of_the_engine_exceeds_the_bound(kind: str, betas: tuple[float, float]):
    for seed in range(20 if IS_FULL else 2):
        gradients = GRADIENTS[kind](np.random.default_rng(seed), 600)
        steps = engine_steps(gradients, *betas)
        assert steps.max() <= most(*betas) * (1 + 1e-9)
        assert steps[0] <= 1 + 1e-9


def test_adversarial_gradients_reach_it():
    """Growth by β2/β1 = 1.11, for which Cauchy-Schwarz is an equality, after a long silence: 7.27 lr. One alone: 3.16."""
    assert USUAL[1] / USUAL[0] == pytest.approx(1.11)
    growing = engine_steps(1.11 ** np.arange(200.0), silence=100)
    assert 0.9999 * most(*USUAL) < growing.max() <= most(*USUAL) * (1 + 1e-9)
    alone = engine_steps(np.ones(1), silence=20_000)
    assert alone == pytest.approx([0.1 / math.sqrt(0.001)], rel=1e-6)
    assert alone[0] == pytest.approx(3.16, abs=5e-3)
    short = engine_steps(1.1 ** np.arange(200.0), 0.9, 0.99, silence=100)
    assert short.max() == pytest.approx(most(0.9, 0.99), rel=1e-4)
    assert engine_steps(1.11 ** np.arange(200.0)).max() < 0.6 * most(*USUAL)  # without the silence v is corrected


def weights(session: Session) -> np.ndarray:
    return np.array(session.frame().layers[0].parameters[0].value[0])


def sleeper_gradient(w: np.ndarray) -> np.ndarray:
    x, y = np.array([10.0, 1.0]), np.array([1.0, 0.8])
    p = 1 / (1 + np.exp(-w * x))
    return (p - y) * p * (1 - p) * x  # the mean over two squares: 2/2


def test_the_sleeper_leaps_by_nearly_seven_lr():
    """adam against plain NumPy over all 4,000 updates; the longest step and when it comes, and what the lesson says."""
    path = plain.walk(plain.adam(0.001), sleeper_gradient, np.array([-2.4, 0.0]), 4000)
    session = session_of("adam")
    for iteration in (1, 1000, 2000, 3000, 3130, 3131, 4000):
        session.goto(iteration)
        np.testing.assert_allclose(weights(session), path[iteration], rtol=1e-7)
    steps = np.abs(np.diff(path, axis=0)) / 0.001
    assert steps[:, 0].argmax() + 1 == pytest.approx(3131, abs=1)
    assert steps[:, 0].max() == pytest.approx(6.97, abs=5e-3)
    assert int(np.flatnonzero(steps[:, 0] > 1)[0]) == pytest.approx(2800, abs=50)
    assert steps[:, 1].max() <= 1
    assert (steps[0, 0], steps[999, 1], steps[2999, 0]) == pytest.approx((0.036, 0.557, 6.6), abs=0.02)
    grown = sleeper_gradient(path[3131])[0] / sleeper_gradient(path[3130])[0]
    assert grown == pytest.approx(1.07, abs=5e-3)
    assert path[4000, 1] == pytest.approx(1.381, abs=5e-4)
    assert math.log(0.8 / 0.2) == pytest.approx(1.386, abs=5e-4)
    assert sleeper_gradient(path[0])[0] == pytest.approx(-3.8e-10, abs=5e-12)


@pytest.mark.parametrize(
    ("settings", "longest"), [({"beta2": 0.99}, 1.84), ({"eps": 1e-7}, 0.005)], ids=["short memory", "large epsilon"]
)
def test_what_changes_the_leap(settings: dict[str, float], longest: float):
    path = plain.walk(plain.adam(0.001, **settings), sleeper_gradient, np.array([-2.4, 0.0]), 4000)
    assert np.abs(np.diff(path[:, 0])).max() / 0.001 == pytest.approx(longest, abs=5e-3)
    (name, value), *_ = settings.items()
    session = session_of("adam", f"optimizer.{name}={value}")
    session.goto(4000)
    np.testing.assert_allclose(weights(session), path[-1], rtol=1e-7)


@pytest.mark.parametrize("seed", [0, 3, 7])
def test_a_kept_sign_steps_by_lr_and_a_flipped_one_by_a_nineteenth(seed: int):
    """adam-adapts in closed form: m̂ = (1 - β1)(1 - (-β1)^t) / ((1 + β1)(1 - β1^t)) where the sign flips, v̂ = 1."""
    session = session_of("adam-adapts", f"seed={seed}")
    before = None
    for t in (*range(1, 9), 50, 51, 199, 200):
        session.goto(t)
        step = session.frame().layers[0].parameters[0].effective_step[0]
        flipped = 0.1 * (1 - (-0.9) ** t) / (1.9 * (1 - 0.9**t))
        assert np.abs(step) == pytest.approx([0.01, 0.01 * flipped], rel=1e-6)
        assert step[0] < 0
        before = step
    assert before is not None
    assert abs(before[1]) == pytest.approx(0.01 / 19, rel=1e-6)


def test_numbers_of_the_adapting_lesson():
    """Where both weights are; SGD moves both by lr; without a memory Adam does so too."""
    session = session_of("adam-adapts")
    session.goto(50)
    assert weights(session) == pytest.approx([0.387, -0.280], abs=5e-4)
    session.goto(200)
    assert weights(session)[0] == pytest.approx(1.887, abs=5e-4)
    for overrides in (["optimizer.type=sgd"], ["optimizer.beta1=0"]):
        other = session_of("adam-adapts", *overrides)
        other.goto(100)
        step = other.frame().layers[0].parameters[0].effective_step[0]
        assert np.abs(step) == pytest.approx([0.01, 0.01], rel=1e-6)


def test_at_lr_1_the_first_update_moves_every_weight_by_1():
    """Those with a gradient, 4.5 times as far as all of them are from 0; after it the loss is that of lost weights."""
    session = session_of("adam-lr-one")
    session.goto(1)
    for layer in session.frame().layers[:3:2]:
        for parameter in layer.parameters:
            is_moved = np.abs(parameter.grad) > 1e-4  # far above eps
            assert is_moved.any()
            assert np.abs(parameter.effective_step[is_moved]) == pytest.approx(1, abs=2e-4)
    assert metric(session, "update_ratio.dense_1") == pytest.approx(4.5, abs=0.05)
    session.goto(4)
    assert session.history["loss"][:4] == pytest.approx([2.35, 64.9, 64.0, 9.6], abs=0.05)


def test_at_lr_1_the_hidden_layer_dies():
    """Every unit is 0 for each of the 1,797 digits, by its weights; what is left is no better than a constant answer."""
    session = session_of("adam-lr-one")
    session.run()
    hidden = session.frame().layers[0].parameters
    x = np.asarray(session.program.dataset.x_train)
    assert (x @ hidden[0].value.T + hidden[1].value <= 0).all()
    assert metric(session, "dead.relu_1") == 1
    assert session.history["dead.relu_1"][86:].min() == 1 > session.history["dead.relu_1"][85]
    late = session.history["loss"][-50:].mean()
    assert late == pytest.approx(2.4, abs=0.05)
    assert late > math.log(10)
    cured = session_of("adam-lr-one-cured")
    cured.run()
    assert cured.history["loss"][-50:].mean() == pytest.approx(0.22, abs=5e-3)
    assert cured.history["accuracy"][-50:].mean() == pytest.approx(0.94, abs=5e-3)
    assert cured.history["update_ratio.dense_1"][0] == pytest.approx(0.045, abs=5e-4)
