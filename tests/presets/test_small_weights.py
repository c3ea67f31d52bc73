"""Small weights four ways: L2, weight decay, L1 and max-norm, each by its own formula; and what is the same, and what is not."""

import functools
import math

import numpy as np
import pytest

from tests.presets.digits_by_numpy import Layers, is_right, layers_of, losses, sizes_of
from tests.presets.runs import IS_FULL, metric, session_of, trained
from tui_nn import Session

OWN_SEED = 4
SEEDS = range(20) if IS_FULL else (OWN_SEED,)  # outside the full run, runs that the other tests need anyway
LAST_TEN = slice(-100, None)  # iterations of the last ten epochs
EMPTY_PIXEL = 0
NO_DECAY = "optimizer.weight_decay=0"


@functools.cache
def finished(preset: str, *overrides: str) -> Session:
    """At its end. Nobody moves it."""
    return trained(preset, *overrides)


def weights(preset: str, *overrides: str) -> Layers:
    return layers_of(finished(preset, *overrides))


@functools.cache
def gap(preset: str, seed: int, *overrides: str) -> tuple[float, float]:
    """(gap, validation loss), both as means over the last ten epochs; `loss` is the data term alone."""
    run = finished(preset, *overrides) if seed == OWN_SEED else trained(preset, f"seed={seed}", *overrides)
    history = run.history
    val = float(history.curve("val_loss")[1][-10:].mean())
    return val - float(history["loss"][LAST_TEN].mean()), val


@pytest.mark.parametrize(
    ("preset", "without", "mine", "theirs"),
    [
        ("l2", ("overfit",), 0.168, 0.205),
        ("l1", ("overfit",), 0.179, 0.205),
        ("max-norm", ("overfit",), 0.176, 0.205),
        ("weight-decay", ("weight-decay", NO_DECAY), 0.175, 0.197),
    ],
)
def test_the_gap_is_smaller_on_every_seed(preset: str, without: tuple[str, ...], mine: float, theirs: float):
    """Seeds 0 to 19, each against the same digits and first weights without it; the means are those of the lesson."""
    pairs = [(gap(preset, seed), gap(without[0], seed, *without[1:])) for seed in SEEDS]
    assert all(one[0] < other[0] for one, other in pairs)
    if IS_FULL:
        assert np.mean([[one[0], other[0]] for one, other in pairs], axis=0) == pytest.approx([mine, theirs], abs=1e-3)
        lower = sum(one[1] < other[1] for one, other in pairs)
        assert lower >= {"l2": 18, "max-norm": 20}.get(preset, 0)


def test_the_penalty_is_no_part_of_the_loss():
    """`loss` is that of the first batch in NumPy, `penalty` 0.001 Σ w², and the gradient has 0.002 w of it."""
    session, plain = session_of("l2"), session_of("overfit")
    first = layers_of(session)
    session.goto(0, 15)
    plain.goto(0, 12)
    frame = session.frame()
    batch = losses(first, np.asarray(frame.inputs), np.asarray(frame.targets)).mean()
    assert metric(session, "loss") == pytest.approx(batch, rel=1e-5)
    assert metric(session, "penalty") == pytest.approx(0.001 * float((sizes_of(first) ** 2).sum()), rel=1e-5)
    assert metric(session, "penalty") == pytest.approx(0.42, abs=5e-3)
    for mine, theirs in zip(frame.layers, plain.frame().layers, strict=True):
        if mine.kind == "dense":
            weight, bias = mine.parameters
            np.testing.assert_allclose(weight.grad, theirs.parameters[0].grad + 0.002 * weight.value, atol=1e-6)
            assert np.array_equal(bias.grad, theirs.parameters[1].grad)  # biases are left alone


def test_numbers_of_l2():
    session = finished("l2")
    data = session.program.dataset
    assert gap("l2", OWN_SEED)[0] == pytest.approx(0.168, abs=5e-4)
    assert gap("overfit", OWN_SEED)[0] == pytest.approx(0.197, abs=5e-4)
    assert session.history["loss"][-10:].mean() == pytest.approx(0.016, abs=5e-4)
    assert losses(layers_of(session), data.x_val, data.y_val).mean() == pytest.approx(0.185, abs=5e-4)
    norms = session.history["weight_norm.dense_1"]
    assert norms[[0, 99, -1]] == pytest.approx([14.3, 12.2, 7.4], abs=0.06)
    assert metric(session, "penalty") == pytest.approx(0.14, abs=5e-3)
    assert np.abs(weights("l2")[0][0][:, EMPTY_PIXEL]).max() < 1e-4


@pytest.mark.skipif(not IS_FULL, reason="two more runs")
def test_too_large_a_factor():
    assert metric(finished("l2", "layers[0:3].l2=0.01"), "val_loss") == pytest.approx(0.31, abs=0.01)
    assert metric(finished("l2", "layers[0:3].l2=0.1"), "val_accuracy") < 0.2
    assert finished("weight-decay", "optimizer.weight_decay=0.05").history["loss"][-10:].mean() == pytest.approx(
        0.51, abs=0.01
    )


def test_with_sgd_decay_and_penalty_are_one_training():
    """After 1,000 updates no weight differs by 0.000001; and an empty pixel's weight has decayed by 0.9998 ^ 1000."""
    for one, other in zip(weights("weight-decay"), weights("weight-decay-as-loss"), strict=True):
        np.testing.assert_allclose(one[0], other[0], atol=1e-6)
    mine, theirs = (finished(name).history["loss"] for name in ("weight-decay", "weight-decay-as-loss"))
    np.testing.assert_allclose(mine, theirs, atol=1e-5)
    first = layers_of(session_of("weight-decay"))[0][0][:, EMPTY_PIXEL]
    last = weights("weight-decay")[0][0][:, EMPTY_PIXEL]
    assert pytest.approx(0.8187, abs=5e-5) == 0.9998**1000
    np.testing.assert_allclose(last, 0.9998**1000 * first, rtol=1e-4)  # 1,000 roundings of float32
    assert (first[0], last[0]) == pytest.approx((-0.1942, -0.1590), abs=5e-5)


def test_descent_with_decay_in_numpy():
    """w ← (1 - lr λ) w - lr ∂loss/∂w for ten updates, with the engine's gradients before the decay is added."""
    session = session_of("weight-decay")
    for iteration in range(10):
        session.goto(iteration, 12)  # behind backward, before the first decay
        frame = session.frame()
        expected = [(1.0 - 0.1 * 0.002) * p.value - 0.1 * p.grad for layer in frame.layers for p in layer.parameters]
        session.goto(iteration + 1)
        found = [p.value for layer in session.frame().layers for p in layer.parameters]
        for mine, theirs in zip(expected, found, strict=True):
            np.testing.assert_allclose(mine, theirs, atol=1e-6)


def test_with_adam_they_part():
    """The same 0.002: in Adam's gradient it makes the first stride lr long, in AdamW it takes a share of 0.000004."""
    first = layers_of(session_of("weight-decay-adam"))[0][0][:, EMPTY_PIXEL]
    moved = {}
    for preset, *overrides in (
        ("weight-decay-adam",),
        ("weight-decay-adam", "optimizer.weight_decay=0.001"),
        ("weight-decay-adamw",),
    ):
        session = session_of(preset, *overrides)
        session.goto(1)
        moved[preset, *overrides] = layers_of(session)[0][0][:, EMPTY_PIXEL] - first
    adam, halved, adamw = moved.values()
    large = np.abs(first) > 0.01  # where 0.002 |w| is far above Adam's epsilon
    np.testing.assert_allclose(adam[large], -0.002 * np.sign(first[large]), rtol=1e-3)
    np.testing.assert_allclose(halved[large], adam[large], rtol=1e-3)
    np.testing.assert_allclose(adamw, -0.000004 * first, atol=2e-8)  # a rounding of float32 at 0.2 is 1.5e-8
    last = weights("weight-decay-adamw")[0][0][:, EMPTY_PIXEL]
    np.testing.assert_allclose(last, 0.999996**1000 * first, rtol=1e-3)
    assert (first[0], first[0] + adam[0], last[0]) == pytest.approx((-0.1942, -0.1922, -0.1934), abs=5e-5)
    assert np.abs(weights("weight-decay-adam")[0][0][:, EMPTY_PIXEL]).max() < 1e-6


def test_adams_decay_is_the_loss_term():
    """Adam with weight_decay 0.002 and Adam with l2 0.001 are one training; AdamW is another: 7.3 against 15.9."""
    as_loss = layers_of(trained("weight-decay-adam", NO_DECAY, "layers[0:3].l2=0.001"))
    coupled, decoupled = weights("weight-decay-adam"), weights("weight-decay-adamw")
    norms = [np.linalg.norm(layers[0][0]) for layers in (as_loss, coupled, decoupled)]
    assert norms == pytest.approx([7.34, 7.34, 15.9], abs=0.05)  # the roundings of two orders of adding grow apart


@pytest.mark.skipif(not IS_FULL, reason="three more runs")
def test_what_adamw_needs():
    ends = [metric(finished("weight-decay-adamw", *o), "val_loss") for o in ((), ("optimizer.weight_decay=0.3",))]
    assert ends == pytest.approx([0.197, 0.167], abs=5e-4)
    assert metric(finished("weight-decay-adam"), "val_loss") == pytest.approx(0.184, abs=5e-4)
    assert metric(finished("weight-decay-adam", NO_DECAY), "val_loss") == pytest.approx(0.198, abs=5e-4)
    too_much = finished("weight-decay-adamw", "optimizer.weight_decay=10")
    assert metric(too_much, "val_accuracy") == pytest.approx(0.76, abs=0.02)


def test_most_weights_of_l1_are_nearly_0_and_not_needed():
    """56 % below 0.001, none exactly 0; cut off, the accuracy stays. As many cut from overfit: 92.7 %."""
    session = finished("l1")
    x, y = session.program.dataset.x_val, session.program.dataset.y_val
    layers, dense = weights("l1"), weights("overfit")
    assert sizes_of(layers).size == 17_400
    shares = [(sizes_of(each) < 0.001).mean() for each in (layers, dense, weights("l2"))]
    assert shares == pytest.approx([0.56, 0.004, 0.15], abs=5e-3)
    assert (sizes_of(layers) > 0.0).all()

    def cut(of: Layers, size: float) -> float:
        return float(is_right([(np.where(np.abs(w) < size, 0.0, w), b) for w, b in of], x, y).mean())

    as_many = float(np.quantile(sizes_of(dense), shares[0]))
    assert [cut(layers, 0.0), cut(layers, 0.001)] == pytest.approx([0.945, 0.946], abs=6e-4)
    assert [cut(dense, 0.0), cut(dense, as_many)] == pytest.approx([0.950, 0.927], abs=6e-4)
    assert (np.abs(layers[0][0]) < 0.001).all(axis=1).sum() == pytest.approx(10, abs=1)
    assert (metric(session, "val_loss"), metric(session, "penalty")) == pytest.approx((0.184, 0.185), abs=5e-4)


@pytest.mark.skipif(not IS_FULL, reason="two more runs")
def test_a_falling_rate_brings_them_nearer():
    assert (sizes_of(weights("l1", "schedule.type=cosine")) < 1e-6).mean() == pytest.approx(0.40, abs=0.01)
    strong = finished("l1", "layers[0:3].l1=0.01")
    assert (sizes_of(layers_of(strong)) < 0.001).mean() == pytest.approx(0.97, abs=0.01)
    assert metric(strong, "val_accuracy") == pytest.approx(0.90, abs=0.01)


def test_no_row_is_longer_than_the_bound():
    """W ← W min(1, 1.5 / ‖W‖) of the updated row, direction kept; at the end 85, 93 and 10 units stand at 1.5."""
    session = session_of("max-norm")
    before = np.linalg.norm(layers_of(session)[0][0], axis=1)
    session.goto(0, 13)
    updated = layers_of(session)[0][0]
    session.goto(0, 14)
    norms = np.linalg.norm(updated, axis=1, keepdims=True)
    np.testing.assert_allclose(layers_of(session)[0][0], updated * np.minimum(1.0, 1.5 / norms), rtol=1e-6)
    assert (before > 1.5).sum() == 36
    session.goto(100)
    assert at_bound(session)[0] == 54
    session.goto(1000)
    assert at_bound(session) == [85, 93, 10]
    assert math.sqrt(10) * 1.5 == pytest.approx(4.74, abs=5e-3)
    assert metric(session, "val_loss") == pytest.approx(0.173, abs=5e-4)
    assert session.history["loss"][-10:].mean() == pytest.approx(0.0023, abs=5e-5)
    assert metric(finished("max-norm", "layers[0:3].max_norm=3"), "val_loss") == metric(finished("overfit"), "val_loss")


def at_bound(session: Session) -> list[int]:
    rows = [np.linalg.norm(weight, axis=1) for weight, _ in layers_of(session)]
    assert all(row.max() < 1.5 + 1e-6 for row in rows)
    return [int((row > 1.5 - 1e-4).sum()) for row in rows]
