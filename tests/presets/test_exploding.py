"""exploding-init and exploding-lr: what grows and by how much, where it overflows, where it began, and what saves it."""

from itertools import pairwise

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, metric, session_of, trained
from tui_nn import Session

SEEDS = range(20 if IS_FULL else 3)
PER_EPOCH = 57
DENSE = ("dense_1", "dense_2", "dense_3", "dense_4")


def outputs(session: Session, layer: str) -> np.ndarray:
    return np.array(session.frame().layer(layer).activation, np.float64)


def first_overflow(session: Session, iteration: int) -> str:
    """The first layer that gives a number which is not finite in that iteration, op by op."""
    session.goto(iteration)
    for op in session.program.ops:
        session.goto(iteration, op.index + 1)
        if op.phase == "forward" and not np.isfinite(outputs(session, str(op.layer))).all():
            return str(op.layer)
    raise AssertionError(f"every layer is finite in iteration {iteration}")


def exploded_at(session: Session) -> int:
    stop = session.run()
    assert stop.reason == "non-finite"
    return stop.position.iteration


def epoch_means(session: Session, name: str) -> list[float]:
    values = np.asarray(session.history[name], np.float64)
    return [float(values[first : first + PER_EPOCH].mean()) for first in range(0, len(values), PER_EPOCH)]


# exploding-init


def test_each_layer_multiplies_by_the_root_of_32():
    """Through plain NumPy, with other weights of the same size: 5.66 per layer, 5.66^9 over nine, within the luck of a draw."""
    random = np.random.default_rng(1)
    growths = []
    for _ in range(20):
        h = random.uniform(0.0, 1.0, (32, 64))
        sizes = []
        for _ in range(10):
            h = np.maximum(h @ random.normal(size=(64, 64)), 0.0)
            sizes.append(np.sqrt(np.mean(h**2)))
        growths.append(sizes[-1] / sizes[0])
    assert np.exp(np.mean(np.log(growths)) / 9) == pytest.approx(np.sqrt(32), rel=0.05)
    assert (np.sqrt(32), np.sqrt(32) ** 9) == pytest.approx((5.66, 6.0e6), rel=0.02)


def test_the_figures_before_the_update():
    session = session_of("exploding-init")
    session.goto(1)
    stds = [metric(session, f"act_std.relu_{layer}") for layer in (1, 2, 10)]
    assert stds == pytest.approx([1.97, 10.9, 1.4e7], rel=0.03)
    assert stds[2] / stds[0] == pytest.approx(6.9e6, rel=0.01)
    errors = [metric(session, f"delta_norm.relu_{layer}") for layer in (10, 1)]
    assert errors == pytest.approx([2.15, 1.9e7], rel=0.02)
    gradients = [metric(session, f"grad_norm.dense_{layer}") for layer in range(1, 12)]
    assert all(1.0e8 < gradient < 1.75e8 for gradient in gradients)
    moved = [metric(session, f"update_ratio.dense_{layer}") for layer in range(1, 12)]
    assert all(8e4 < ratio < 2.4e5 for ratio in moved)
    assert metric(session, "loss") == pytest.approx(3.0e8, rel=0.02)


def test_the_seventh_layer_overflows():
    """With nearly any seed; with its own, the largest values on the way and the share of inf are those of the script."""
    assert all(first_overflow(session_of("exploding-init", f"seed={seed}"), 1) == "dense_7" for seed in SEEDS)
    session = session_of("exploding-init")
    largest = []
    for layer in (1, 2, 6):
        session.goto(1, 2 * layer)
        largest.append(np.abs(outputs(session, f"dense_{layer}")).max())
    assert largest == pytest.approx([1.1e7, 9.1e12, 1.0e37], rel=0.04)
    session.goto(1, 14)
    assert np.isinf(outputs(session, "dense_7")).mean() == pytest.approx(0.73, abs=0.005)
    assert not np.isnan(outputs(session, "dense_7")).any()
    session.goto(1, 16)
    assert np.isnan(outputs(session, "dense_8")).any()


@pytest.mark.parametrize("override", ["clip.norm=1", "optimizer.lr=1e-9"])
@pytest.mark.parametrize("seed", SEEDS)
def test_neither_clipping_nor_a_small_rate_cures_the_start(override: str, seed: int):
    """Finite, and after all 300 updates a loss of millions."""
    session = trained("exploding-init", override, f"seed={seed}")
    losses = np.asarray(session.history["loss"])
    assert np.isfinite(losses).all()
    assert losses[-PER_EPOCH:].mean() > 1e6


def test_half_as_much_again_piles_up():
    """Of exploding-init-cured: 1.5^10 times the loss's size, and nan in iteration 3."""
    assert pytest.approx(57.7, abs=0.05) == 1.5**10
    session = session_of("exploding-init-cured", "layers[0:11].gain=1.5")
    assert exploded_at(session) == 3
    assert session.history["loss"][0] == pytest.approx(140, rel=0.05)


def test_the_cured_figures():
    session = session_of("exploding-init-cured")
    session.goto(1)
    stds = [metric(session, f"act_std.relu_{layer}") for layer in range(1, 11)]
    assert (min(stds), max(stds)) == pytest.approx((0.336, 0.438), abs=0.001)
    assert [metric(session, f"delta_norm.relu_{k}") for k in (10, 1)] == pytest.approx([0.266, 0.333], abs=5e-4)
    assert max(metric(session, f"update_ratio.dense_{layer}") for layer in range(1, 12)) < 0.02
    assert metric(session, "loss") == pytest.approx(2.52, abs=0.005)
    session.goto(session.planned_iterations)
    assert np.mean(session.history["accuracy"][-PER_EPOCH:]) == pytest.approx(0.93, abs=0.005)


# exploding-lr


@pytest.fixture(scope="module")
def broken() -> Session:
    session = session_of("exploding-lr")
    assert exploded_at(session) == 415
    return session


def test_it_learns_creeps_up_and_explodes(broken: Session):
    broken.goto(broken.reached.iteration, broken.reached.op)
    means = epoch_means(broken, "loss")
    assert [means[0], *means[3:7]] == pytest.approx([1.81, 0.227, 0.387, 0.557, 0.890], abs=0.005)
    assert epoch_means(broken, "accuracy")[3] == pytest.approx(0.93, abs=0.005)
    losses = broken.history["loss"]
    assert [losses[k] for k in (406, 411, 412, 413, 414)] == pytest.approx([12, 759, 26_700, 1.9e9, 1.4e25], rel=0.04)


def test_where_it_began(broken: Session):
    """Dense_4 first, then the others; in healthy epochs an update is 1 or 2 % in the median."""
    broken.goto(415)
    moved = {name: np.asarray(broken.history[f"update_ratio.{name}"]) for name in DENSE}
    assert {name: int(np.argmax(ratio > 0.1)) for name, ratio in moved.items()} == {
        "dense_1": 406, "dense_2": 399, "dense_3": 400, "dense_4": 391,
    }  # fmt: skip
    assert all(0.008 < np.median(ratio[2 * PER_EPOCH : 4 * PER_EPOCH]) < 0.021 for ratio in moved.values())
    sizes = [broken.history["weight_norm.dense_1"][k] for k in (411, 412, 413, 414)]
    assert sizes == pytest.approx([42, 914, 1.9e6, 4.1e18], rel=0.03)
    digits = np.log10(sizes)
    assert all(1.7 < b / a < 3.1 for a, b in pairwise(digits))


def test_where_it_breaks(broken: Session):
    """In dense_3 of iteration 415, and not where it began. Behind it inf - inf is nan."""
    assert first_overflow(broken, 415) == "dense_3"
    broken.goto(415, 4)
    assert np.abs(outputs(broken, "dense_2")).max() == pytest.approx(4.0e36, rel=0.02)
    broken.goto(415, 6)
    assert np.isinf(outputs(broken, "dense_3")).all()
    broken.goto(415, 8)
    assert np.isnan(outputs(broken, "dense_4")).all()


def test_gradients_grow_with_the_third_power():
    """All weights r times as large: with saturated answers each layer's gradient is r³ times as large, to the leading order."""
    session = session_of("exploding-lr")
    gradients, sizes = [], []
    for iteration in (412, 413, 414):
        session.goto(iteration)
        sizes.append(
            [np.linalg.norm(session.frame().layer(name).parameters[0].value.astype(np.float64)) for name in DENSE]
        )
        session.goto(iteration + 1)  # the gradient with those weights
        gradients.append([metric(session, f"grad_norm.{name}") for name in DENSE])
    for r, growth in zip(np.diff(np.log(sizes), axis=0), np.diff(np.log(gradients), axis=0), strict=True):
        assert r.mean() > np.log(5)
        assert growth.mean() / r.mean() == pytest.approx(3, abs=0.6)


@pytest.mark.parametrize(
    ("override", "loss", "accuracy"),
    [("optimizer.lr=0.03", 0.102, 0.96), ("optimizer.type=sgd", 0.121, 0.96)],
    ids=["rate", "momentum"],
)
def test_what_saves_it(override: str, loss: float, accuracy: float):
    """The lesson's two commands, with its own seed as it says, and learning with others."""
    session = trained("exploding-lr", override)
    assert epoch_means(session, "loss")[-2] < 0.2
    assert np.mean(session.history["loss"][-PER_EPOCH:]) == pytest.approx(loss, abs=0.001)
    assert np.mean(session.history["accuracy"][-PER_EPOCH:]) == pytest.approx(accuracy, abs=0.006)
    for seed in SEEDS:
        assert np.mean(trained("exploding-lr", override, f"seed={seed}").history["loss"][-PER_EPOCH:]) < 0.4


@pytest.mark.parametrize(
    ("override", "loss"),
    [
        ("clip.norm=0.5", 0.212),
        ("clip.norm=1", 0.307),
        ("clip.norm=0.2", 0.142),
        ("clip={value=0.5}", 3.4e5),
        ("clip={value=0.01}", 0.398),
    ],
)
def test_clipping_by_norm_and_by_value(override: str, loss: float):
    session = trained("exploding-clipped", override)
    assert np.mean(session.history["loss"][-PER_EPOCH:]) == pytest.approx(loss, rel=0.005)
    assert session.program.n_parameters == 4522
    assert pytest.approx([33.6, 0.67], abs=0.03) == [0.5 * 4522**0.5, 0.01 * 4522**0.5]


def test_no_clipped_update_is_far():
    session = trained("exploding-clipped")
    means = epoch_means(session, "loss")[3:]
    assert (min(means), max(means)) == pytest.approx((0.17, 0.24), abs=0.005)
    assert max(session.history[f"update_ratio.{name}"].max() for name in DENSE) < 0.02
    assert np.mean(session.history["clip_scale"]) == pytest.approx(0.41, abs=0.005)
    session.goto(1)
    assert (metric(session, "clip_scale"), metric(session, "grad_norm")) == pytest.approx((0.36, 1.39), abs=0.005)
