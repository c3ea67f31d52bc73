"""dead-relu: which units die and when, that nothing ever moves them again, and the leaky twin that learns."""

import math

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, metric, session_of, trained
from tui_nn import Session
from tui_nn.debugger.units import unit_statistics

PRESET = "dead-relu"
LEAKY = "layers[0].activation=leaky_relu"
SEEDS = range(20 if IS_FULL else 5)
ENTROPY = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
AFTER_RELU = 3  # rows executed


def fires(session: Session, iteration: int, layer: str = "relu_1") -> np.ndarray:
    """(units,): for how many of the four points each unit fires after so many updates."""
    session.goto(iteration, AFTER_RELU)
    return (np.asarray(session.frame().layer(layer).activation) > 0).sum(axis=0)


def values(session: Session) -> dict[str, np.ndarray]:
    return {p.name: p.value.copy() for layer in session.frame().layers for p in layer.parameters}


def death(session: Session) -> int:
    """Updates after which the last unit is dead."""
    return next(iteration for iteration in range(100) if not fires(session, iteration).any())


def test_which_units_die_and_when():
    """As the lesson and the script tell it, from the activations themselves."""
    session = session_of(PRESET)
    dead = [set(np.flatnonzero(fires(session, iteration) == 0).tolist()) for iteration in range(5)]
    assert dead == [set(), {0}, {0, 1, 3, 4, 5}, {0, 1, 3, 4, 5}, {0, 1, 2, 3, 4, 5}]
    for name in (
        "dead.relu_1",
        "saturated.relu_1",
    ):  # with one batch an epoch they agree: the panel's column sat has both
        assert session.history[name].tolist() == pytest.approx([0, 1 / 6, 5 / 6, 5 / 6, 1])  # 17 %, 83 %, 100 %


def test_since_when_as_the_table_of_the_units_says():
    """The last iteration in which each unit fired: the run keeps it, and it is that of the activations themselves."""
    session = session_of(PRESET)
    by_hand = np.full(6, -1)
    for iteration in range(5):
        by_hand[fires(session, iteration) > 0] = iteration
    session.goto(5)
    found = unit_statistics(session.frame(), session.frame().layer("relu_1"))
    assert by_hand.tolist() == [0, 1, 3, 1, 1, 1]
    assert found.last_fired is not None
    assert found.last_fired.tolist() == by_hand.tolist()
    assert found.is_dead is not None
    assert found.is_dead.all()


def test_silent_for_one_point_is_not_dead():
    """At the start each of the six gives 0 for (0,0), where z is its bias, 0; and each fires for another point."""
    session = session_of(PRESET)
    assert (fires(session, 0) > 0).all()
    assert np.asarray(session.frame().inputs)[0].tolist() == [0, 0]
    assert not np.asarray(session.frame().layer("relu_1").activation)[0].any()


@pytest.mark.parametrize("seed", SEEDS)
def test_24_of_25_parameters_never_move_again(seed: int):
    """From the update that kills the last unit to the end: not one bit; and every gradient but one is exactly 0."""
    session = session_of(PRESET, f"seed={seed}")
    since = death(session)
    assert since <= 20
    session.goto(since)
    before = values(session)
    session.goto(session.planned_iterations)
    after = values(session)
    last_bias = before.pop("dense_2.bias")
    assert sum(value.size for value in before.values()) == 24
    assert session.program.n_parameters == 25
    assert all((after[name] == value).all() for name, value in before.items())
    assert after["dense_2.bias"] != last_bias
    gradients = {p.name: p.grad for layer in session.frame().layers for p in layer.parameters}
    assert not any(gradients[name].any() for name in before)
    assert not session.history["grad_norm.dense_1"][since:].any()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_last_bias_descends_alone(seed: int):
    """c ← c - 9 (sigmoid(c) - 1/4), in plain floats, from the last death on; it ends at ln 1/3 and the loss at 0.5623."""
    session = session_of(PRESET, f"seed={seed}")
    since = death(session)
    session.goto(since)
    c = float(values(session)["dense_2.bias"][0])
    for iteration in range(since + 1, since + 40):
        c -= 9.0 * (1.0 / (1.0 + math.exp(-c)) - 0.25)
        session.goto(iteration)
        assert values(session)["dense_2.bias"][0] == pytest.approx(c, abs=1e-4)
    session.goto(session.planned_iterations)
    assert values(session)["dense_2.bias"][0] == pytest.approx(math.log(1 / 3), abs=1e-4)
    assert metric(session, "loss") == pytest.approx(ENTROPY, abs=1e-6)
    assert pytest.approx(0.5623, abs=5e-5) == ENTROPY


def test_the_last_bias_alone_would_stand_up_to_10_67():
    """Its curvature at the bottom is p (1 - p) = 3/16 with p = 1/4, and 2 / (3/16) is the limit: 9 is not too much for it."""
    assert pytest.approx(10.67, abs=0.005) == 2 / (0.25 * 0.75)
    for lr, arrives in ((10.5, True), (10.8, False)):
        c = math.log(1 / 3) + 0.1
        for _ in range(2000):
            c -= lr * (1.0 / (1.0 + math.exp(-c)) - 0.25)
        assert (abs(c - math.log(1 / 3)) < 1e-3) == arrives


@pytest.mark.parametrize("seed", SEEDS)
def test_leaky_units_learn_with_the_same_learning_rate(seed: int):
    """One change. Never is their gradient 0, and all four answers become right, at a loss below 0.05."""
    session = trained(PRESET, LEAKY, f"seed={seed}")
    assert session.scenario.optimizer.lr == 9.0
    assert (session.history["grad_norm.dense_1"] > 0).all()
    assert metric(session, "accuracy") == 1.0
    assert metric(session, "loss") < 0.05


def test_leaky_units_are_thrown_below_0_as_well():
    """All six for all points after ten updates, where ReLU's are dead; a hundredth of the error still gets through."""
    session = session_of(PRESET, LEAKY)
    assert not fires(session, 10, "leaky_relu_1").any()
    session.goto(10, 8)
    above, below = (np.asarray(session.frame().layer(name).delta) for name in ("leaky_relu_1", "dense_1"))
    assert above.any()
    np.testing.assert_allclose(below, above / 100, rtol=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_sensible_learning_rate_keeps_units_alive(seed: int):
    session = trained(PRESET, "optimizer.lr=0.5", f"seed={seed}")
    assert session.history["dead.relu_1"].max() < 1.0
    assert metric(session, "accuracy") == 1.0
    assert metric(session, "loss") < 0.01


def test_numbers_of_the_script():
    """Losses and the gradient said, where the moves stop, and unit 0's bias from the first update to the end."""
    session = session_of(PRESET)
    assert session.scenario.optimizer.lr == 9.0
    session.goto(1)
    assert metric(session, "loss") == pytest.approx(0.730, abs=5e-4)
    assert metric(session, "grad_norm.dense_1") == pytest.approx(0.268, abs=5e-4)
    assert values(session)["dense_1.bias"][0] == pytest.approx(-1.99, abs=0.005)
    session.goto(2, AFTER_RELU)
    assert metric(session, "loss") == pytest.approx(3.58, abs=0.005)
    assert session.run_until("dead.relu_1 == 1").position == (5, 0)
    session.goto(session.planned_iterations)
    assert values(session)["dense_1.bias"][0] == pytest.approx(-1.99, abs=0.005)
    assert metric(session, "accuracy") == 0.75
