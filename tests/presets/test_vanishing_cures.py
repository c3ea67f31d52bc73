"""The cures by structure: batch norm in ten sigmoid layers, residual connections around a hundred tanh layers."""

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, metric, session_of, trained
from tui_nn import Session, load_scenario

BATCHNORM, DEEP, RESIDUAL = "vanishing-cured-batchnorm", "vanishing-deep", "vanishing-cured-residual"
SEEDS = range(20 if IS_FULL else 3)
BEST = 0.5623  # of one answer for all four points of OR: p = 3/4


def begin(session: Session) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Inputs, targets (4, 1) and the dense layers' first weights; their biases are 0."""
    session.goto(0, 1)
    frame = session.frame()
    weights = [np.array(layer.parameters[0].value) for layer in frame.layers if layer.kind == "dense"]
    return np.asarray(frame.inputs), np.asarray(frame.targets).reshape(-1, 1), weights


def output_error(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (1.0 / (1.0 + np.exp(-z)) - y) / len(y)


def moved(session: Session) -> list[float]:
    """From the start to the planned end, the change of each dense layer's weight over its size."""
    *_, before = begin(session)
    session.goto(session.planned_iterations)
    after = [layer.parameters[0].value for layer in session.frame().layers if layer.kind == "dense"]
    return [float(np.linalg.norm(a - b) / np.linalg.norm(b)) for a, b in zip(after, before, strict=True)]


# Batch norm


def batch_norm_errors(session: Session) -> list[float]:
    """Norm of the error behind each sigmoid, by the chain rule in NumPy; γ is 1 and β is 0 at the start."""
    x, y, weights = begin(session)
    outputs, kept = [x], []
    for weight in weights[:-1]:
        z = outputs[-1] @ weight.T
        root = np.sqrt(z.var(axis=0) + 1e-5)
        kept.append(((z - z.mean(axis=0)) / root, root))
        outputs.append(1.0 / (1.0 + np.exp(-kept[-1][0])))
    error = output_error(outputs[-1] @ weights[-1].T, y)
    norms = []
    for (x_hat, root), output, weight in zip(kept[::-1], outputs[:0:-1], weights[:0:-1], strict=True):
        error = error @ weight
        norms.insert(0, float(np.linalg.norm(error)))
        error = error * output * (1.0 - output)
        error = (error - error.mean(axis=0) - x_hat * (error * x_hat).mean(axis=0)) / root
    return norms


@pytest.mark.parametrize("seed", SEEDS)
def test_the_error_through_batch_norm_is_the_chain_rule(seed: int):
    session = session_of(BATCHNORM, f"seed={seed}")
    expected = batch_norm_errors(session)
    session.goto(1)
    errors = [metric(session, f"delta_norm.sigmoid_{number}") for number in range(1, 11)]
    assert errors == pytest.approx(expected, rel=1e-7)


def test_batch_norm_is_all_that_differs():
    """Without its rows, and with the sigmoid back where it was, the layers are those of vanishing-sigmoid."""
    base, cured = load_scenario("vanishing-sigmoid").layers, load_scenario(BATCHNORM).layers
    assert [layer.type for layer in cured[1:20:2]] == ["batch_norm"] * 10
    assert {layer.activation for layer in cured[1:20:2]} == {"sigmoid"}
    restored = [layer.model_copy(update={"activation": "sigmoid"}) for layer in cured[0:20:2]]
    assert (*restored, cured[20]) == base


@pytest.mark.parametrize("overrides", [(), ("data.source=xor",), ("layers[2].gain=100",)])
@pytest.mark.parametrize("seed", SEEDS)
def test_ten_sigmoid_layers_learn_with_batch_norm(overrides: tuple[str, ...], seed: int):
    session = trained(BATCHNORM, *overrides, f"seed={seed}")
    assert metric(session, "loss") < 0.01
    assert metric(session, "accuracy") == 1.0


def test_numbers_of_batch_norm():
    session = session_of(BATCHNORM)
    assert [session.program.ops[index].label for index in (2, 30)] == ["forward batch_norm_1", "forward sigmoid_10"]
    session.goto(1)
    signals = [metric(session, f"act_signal.sigmoid_{number}") for number in range(1, 11)]
    assert signals == pytest.approx([0.22] * 10, abs=0.006)
    sums = [metric(session, f"act_signal.dense_{number}") for number in range(2, 11)]
    assert np.mean(sums) == pytest.approx(0.2, abs=0.02)
    fall = [metric(session, f"delta_norm.sigmoid_{number}") for number in (10, 1)]
    assert fall == pytest.approx([0.29, 25.9], abs=0.05)
    assert (fall[1] / fall[0]) ** (1 / 9) == pytest.approx(1.65, abs=0.005)
    session.goto(500)
    losses = session.history["loss"]
    assert losses[[0, -1]].tolist() == pytest.approx([0.5899, 0.0064], abs=5e-5)
    large = session_of(BATCHNORM, "layers[2].gain=100")
    large.goto(1)
    assert metric(large, "loss") == pytest.approx(0.5871, abs=5e-5)
    plain = session_of("vanishing-sigmoid")
    plain.goto(1)
    assert [metric(plain, f"act_signal.sigmoid_{n}") for n in (1, 10)] == pytest.approx([0.059, 8.0e-8], rel=0.01)


# A hundred layers


def tanh_errors(session: Session, has_skips: bool) -> list[float]:
    """Norm of the error behind each tanh, by the chain rule in NumPy."""
    x, y, weights = begin(session)
    stream = np.tanh(x @ weights[0].T)
    outputs = [stream]
    for weight in weights[1:-1]:
        outputs.append(np.tanh(stream @ weight.T))
        stream = stream + outputs[-1] if has_skips else outputs[-1]
    error = output_error(stream @ weights[-1].T, y) @ weights[-1]
    norms = [float(np.linalg.norm(error))]
    for output, weight in zip(outputs[:0:-1], weights[-2:0:-1], strict=True):
        through = (error * (1.0 - output**2)) @ weight
        error = error + through if has_skips else through
        norms.insert(0, float(np.linalg.norm(error)))
    return norms


@pytest.mark.parametrize("preset", [DEEP, RESIDUAL])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_error_through_a_hundred_layers_is_the_chain_rule(preset: str, seed: int):
    """Down to 1e-60, and with skips ∂loss/∂x = δ + Wᵀ(δ · slope)."""
    session = session_of(preset, f"seed={seed}")
    expected = tanh_errors(session, preset == RESIDUAL)
    session.goto(1)
    errors = [metric(session, f"delta_norm.tanh_{number}") for number in range(1, 101)]
    assert errors == pytest.approx(expected, rel=1e-9, abs=0.0)


def test_residual_connections_are_all_that_differs():
    """Without their rows the layers are those of vanishing-deep; each adds the sum before it."""
    base, cured = load_scenario(DEEP).layers, load_scenario(RESIDUAL).layers
    rows = [layer for layer in cured if layer.type == "residual"]
    assert tuple(layer for layer in cured if layer.type != "residual") == base
    assert [row.skip for row in rows] == ["tanh_1"] + [f"residual_{number}" for number in range(1, 99)]


@pytest.mark.parametrize("seed", SEEDS)
def test_most_of_a_hundred_layers_never_move_by_a_bit(seed: int):
    """At least 80 of the 101, counted from the front, keep their weights; and the loss stays."""
    session = session_of(DEEP, f"seed={seed}")
    changes = moved(session)
    still = changes.index(next(change for change in changes if change > 0))
    assert still >= 80
    assert metric(session, "loss") == pytest.approx(BEST, abs=1e-4)
    assert min(session.history["loss"]) > BEST - 1e-4


@pytest.mark.parametrize("overrides", [(), ("data.source=xor",)])
@pytest.mark.parametrize("seed", SEEDS)
def test_with_residual_connections_all_layers_learn(overrides: tuple[str, ...], seed: int):
    """The weight of each of the 101 ends at least 1 % of its size away from its start; the loss falls below 0.001."""
    session = session_of(RESIDUAL, *overrides, f"seed={seed}")
    assert min(moved(session)) > 0.01
    assert metric(session, "loss") < 0.001
    assert metric(session, "accuracy") == 1.0


def test_clipping_changes_no_bit_where_the_error_vanishes():
    plain, clipped = trained(DEEP), trained(DEEP, "clip.norm=1")
    assert plain.history["loss"].tobytes() == clipped.history["loss"].tobytes()
    assert clipped.history["clip_scale"].min() == 1.0


def test_other_commands_of_the_deep_lesson():
    """float32 has an error of exactly 0 in 26 layers; orthogonal weights learn; more updates do not help."""
    single = session_of(DEEP, "dtype=float32")
    single.goto(1)
    errors = [metric(single, f"delta_norm.tanh_{number}") for number in range(1, 101)]
    assert [error == 0.0 for error in errors] == [True] * 26 + [False] * 74
    orthogonal = trained(DEEP, "layers[0:100].init=orthogonal")
    assert metric(orthogonal, "loss") == pytest.approx(0.023, abs=5e-4)
    long = trained(DEEP, f"train.iterations={20_000 if IS_FULL else 3_000}")
    assert long.history["loss"].min() == pytest.approx(BEST, abs=5e-5)


@pytest.mark.skipif(not IS_FULL, reason="20 runs for one number")
def test_xavier_learns_through_a_hundred_layers_on_5_seeds_of_20():
    runs = [trained(DEEP, "layers[0:100].init=xavier_uniform", f"seed={seed}") for seed in range(20)]
    assert sum(metric(run, "accuracy") == 1.0 for run in runs) == 5


def test_other_commands_of_the_residual_lesson():
    """At the learning rate of vanishing-tanh the loss jumps to 178; with clipping never above its first value."""
    assert trained(RESIDUAL, "optimizer.lr=0.2").history["loss"].max() == pytest.approx(178, abs=0.5)
    losses = trained(RESIDUAL, "clip.norm=1").history["loss"]
    assert losses.max() == losses[0]
    assert losses[-1] < 0.001


def test_at_the_learning_rate_of_vanishing_tanh_some_seeds_never_come_down():
    assert trained(RESIDUAL, "optimizer.lr=0.2", "seed=0").history["loss"][-1] > 1.0


def test_numbers_of_the_deep_lesson_and_script():
    session = session_of(DEEP)
    labels = [session.program.ops[index].label for index in (200, 202, 403)]
    assert labels == ["forward tanh_100", "loss binary CE", "backward dense_1"]
    session.goto(1)
    assert metric(session, "loss") == pytest.approx(0.6931, abs=5e-5)
    errors = [metric(session, f"delta_norm.tanh_{number}") for number in (100, 50, 1)]
    assert errors == pytest.approx([0.26, 1.0e-31, 5.5e-61], rel=0.02)
    assert (errors[2] / errors[0]) ** (1 / 99) == pytest.approx(0.25, abs=0.005)
    assert pytest.approx(0.25**99, rel=0.02) == 2.5e-60
    assert [metric(session, f"act_signal.tanh_{n}") for n in (1, 100)] == pytest.approx([0.065, 1.6e-61], rel=0.03)
    assert metric(session, "update_ratio.dense_1") == pytest.approx(2.3e-62, rel=0.02)
    changes = moved(session)
    assert [change == 0.0 for change in changes] == [True] * 87 + [False] * 14
    assert metric(session, "loss") == pytest.approx(BEST, abs=5e-5)


def test_numbers_of_the_residual_lesson_and_script():
    session = session_of(RESIDUAL)
    assert session.program.ops[299].label == "forward residual_99"
    session.goto(1)
    errors = [metric(session, f"delta_norm.tanh_{number}") for number in (100, 1)]
    assert errors == pytest.approx([0.31, 2.3], abs=0.015)
    assert errors[1] / errors[0] == pytest.approx(7.4, abs=0.05)
    assert pytest.approx(45, abs=0.5) == 1.08 ** (99 / 2)
    assert metric(session, "act_signal.residual_99") == pytest.approx(0.75, abs=5e-3)
    ratios = [metric(session, f"update_ratio.dense_{number}") for number in (1, 101)]
    assert ratios == pytest.approx([0.065, 0.018], abs=5e-4)
    session.goto(1000)
    losses = session.history["loss"]
    assert [losses[0], losses.max()] == pytest.approx([0.9102, 1.387], abs=5e-4)
    assert int(np.flatnonzero(losses >= 0.05)[-1]) == 26
    assert losses[-1] == pytest.approx(3.4e-5, rel=0.02)
