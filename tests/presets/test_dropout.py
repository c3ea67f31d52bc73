"""dropout: its masks, the gap with and without it by the same measure, and the vote of its networks, all in NumPy."""

import functools
from collections.abc import Iterator

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, metric, session_of, trained
from tui_nn import Session
from tui_nn.debugger.expect import needed_of

PRESET = "dropout"
RATE = 0.25
OFF = tuple(f"layers[{index}].rate=0" for index in (0, 2, 4))
N_SEEDS = 20 if IS_FULL else 4
AFTER_LOSS, AFTER_BACKWARD, AN_ITERATION = 10, 18, 21  # rows executed


def weights(session: Session) -> list[tuple[np.ndarray, np.ndarray]]:
    """(weight, bias) of each dense layer, in float64."""
    dense = [layer for layer in session.frame().layers if layer.kind == "dense"]
    return [tuple(np.asarray(p.value, dtype=np.float64) for p in layer.parameters) for layer in dense]  # type: ignore[misc]


def probabilities(session: Session, x: np.ndarray, rng: np.random.Generator | None = None) -> np.ndarray:
    """Softmax outputs with all units on; with rng, of a network with masks drawn from it."""
    x = np.asarray(x, dtype=np.float64)
    for index, (weight, bias) in enumerate(weights(session)):
        x = np.maximum(x, 0.0) if index else x
        if rng is not None:
            x = x * (rng.random(x.shape) >= RATE) / (1.0 - RATE)
        x = x @ weight.T + bias
    p = np.exp(x - x.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def loss_of(p: np.ndarray, digits: np.ndarray) -> float:
    return float(-np.log(p[np.arange(len(p)), np.asarray(digits).astype(int).ravel()]).mean())


def share_right(p: np.ndarray, digits: np.ndarray) -> float:
    return float((p.argmax(axis=1) == np.asarray(digits).astype(int).ravel()).mean())


@functools.cache
def losses(seed: int, overrides: tuple[str, ...] = ()) -> tuple[float, float]:
    """(training, validation) at the end, both of the whole sets and with all units on."""
    session = trained(PRESET, f"seed={seed}", *overrides)
    data = session.program.dataset
    train = loss_of(probabilities(session, data.x_train), data.y_train)
    val = loss_of(probabilities(session, data.x_val), data.y_val)
    assert val == pytest.approx(metric(session, "val_loss"), rel=1e-3)  # the engine's evaluation has all units on
    return train, val


def masks(session: Session) -> Iterator[np.ndarray]:
    for number in (1, 2, 3):
        mask = session.frame().layer(f"dropout_{number}").mask
        assert mask is not None
        yield np.array(mask)


def test_sizes():
    session = session_of(PRESET)
    assert (session.program.n_train, session.program.n_val) == (300, 1497)
    assert session.program.n_parameters == 17_610
    assert session.program.iterations_per_epoch == 10
    phases = [op.phase for op in session.program.ops]
    assert phases[AFTER_LOSS - 1 : AFTER_LOSS + 1] == ["loss", "backward"]
    assert phases[AFTER_BACKWARD - 1 : AFTER_BACKWARD + 1] == ["backward", "update"]
    assert phases[AN_ITERATION - 1 : AN_ITERATION + 1] == ["update", "validate"]
    assert not [op for op in session.program.ops if op.phase == "validate" and op.kind == "dropout"]


def test_what_is_off_is_0_and_the_rest_is_divided():
    """a = x / (1 - p) or 0, from the layer's own input; and the error takes the same way back."""
    session = session_of(PRESET)
    session.goto(0, AFTER_BACKWARD)
    frame = session.frame()
    inputs = (frame.inputs, frame.layer("relu_1").activation, frame.layer("relu_2").activation)
    for number, (x, mask) in enumerate(zip(inputs, masks(session), strict=True), start=1):
        assert set(np.unique(mask)) == {np.float32(0), np.float32(1.0 / 0.75)}
        np.testing.assert_allclose(
            frame.layer(f"dropout_{number}").activation, np.where(mask == 0, 0.0, np.asarray(x) / 0.75), rtol=1e-6
        )
    for number, mask in list(enumerate(masks(session), start=1))[1:]:
        behind = frame.layer(f"dropout_{number}").delta  # what arrives from above
        before = frame.layer(f"relu_{number - 1}").delta
        np.testing.assert_allclose(before, np.where(mask == 0, 0.0, np.asarray(behind) / 0.75), rtol=1e-6)


def test_numbers_of_the_script():
    """Pixels and units switched off, another mask for each digit and each iteration, and the losses said."""
    session = session_of(PRESET)
    session.goto(0, AFTER_LOSS)
    first = list(masks(session))
    assert [mask.shape for mask in first] == [(30, 64), (30, 100), (30, 100)]
    assert [int((mask == 0).sum()) for mask in first] == [501, 751, 759]
    assert first[0].size == 1920
    assert len({row.tobytes() for row in first[1]}) == 30
    assert metric(session, "loss") == pytest.approx(3.16, abs=0.005)
    session.goto(1, 5)
    assert not np.array_equal(list(masks(session))[1], first[1])
    session.goto(1000)
    accuracies = session.history.curve("val_accuracy")[1]
    assert accuracies[[9, 99]] == pytest.approx([0.90, 0.95], abs=0.0055)
    last = session.history["loss"][-100:]
    assert (last.min(), last.max()) == pytest.approx((0.09, 0.58), abs=0.0055)


def test_gaps_of_the_lesson():
    """0.17 - 0.03 with dropout, 0.20 - 0.00 without; and without it the validation loss has been rising since epoch 33."""
    seed = session_of(PRESET).scenario.seed
    assert losses(seed) == pytest.approx((0.03, 0.17), abs=0.0055)
    assert losses(seed, OFF) == pytest.approx((0.00, 0.20), abs=0.0055)
    curve = trained(PRESET, *OFF).history.curve("val_loss")[1]
    assert int(np.argmin(curve)) + 1 == pytest.approx(33, abs=2)
    assert curve[-1] > 1.08 * curve.min()


def test_the_gap_is_smaller_than_without():
    """Both losses of both runs with all units on, so that like is compared with like; on 19 of seeds 0 to 19."""
    gaps = np.array([[val - train for train, val in (losses(seed), losses(seed, OFF))] for seed in range(N_SEEDS)])
    assert (gaps[:, 0] < gaps[:, 1]).sum() >= needed_of(N_SEEDS)
    if IS_FULL:
        assert gaps.mean(axis=0) == pytest.approx([0.14, 0.21], abs=0.0055)


@pytest.mark.skipif(not IS_FULL, reason="20 seeds")
def test_how_often_the_validation_loss_is_lower():
    """The lesson says 17 of 20, and that the accuracy hardly differs; the count may shift by one elsewhere."""
    lower = sum(losses(seed)[1] < losses(seed, OFF)[1] for seed in range(20))
    assert lower == pytest.approx(17, abs=1)
    for overrides in ((), OFF):
        rights = [metric(trained(PRESET, f"seed={seed}", *overrides), "val_accuracy") for seed in range(20)]
        assert np.mean(rights) == pytest.approx(0.95, abs=0.0055)


def test_all_units_on_are_about_a_vote():
    """One network with a mask reads 84 %; 100 of them together 95 %, as the network with all units on does."""
    session = trained(PRESET)
    data = session.program.dataset
    rng = np.random.default_rng(0)
    votes = [probabilities(session, data.x_val, rng) for _ in range(100)]
    alone = np.mean([share_right(p, data.y_val) for p in votes])
    together = share_right(np.mean(votes, axis=0), data.y_val)
    whole = share_right(probabilities(session, data.x_val), data.y_val)
    assert alone == pytest.approx(0.84, abs=0.0055)
    assert together == pytest.approx(0.95, abs=0.0055)
    assert whole == pytest.approx(0.95, abs=0.0055)
    mean_loss = np.mean([loss_of(p, data.y_val) for p in votes])
    assert loss_of(np.mean(votes, axis=0), data.y_val) < mean_loss  # always so: -ln is convex


def test_a_rate_of_nine_tenths_ends_in_guessing():
    session = trained(PRESET, *(f"layers[{index}].rate=0.9" for index in (0, 2, 4)))
    assert metric(session, "val_accuracy") < 0.2
