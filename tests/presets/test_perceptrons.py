"""Perceptrons on gates: the rule by hand, the limit on mistakes from the margin, XOR, and XOR from three gates."""

import itertools

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, metric, session_of, trained
from tui_nn import Session

GATES = {"perceptron-and": (0, 0, 0, 1), "perceptron-nand": (1, 1, 1, 0), "perceptron-or": (0, 1, 1, 1)}
LIMITS = {"perceptron-and": 51, "perceptron-nand": 51, "perceptron-or": 27}
CORNERS = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])  # the bias is the weight of a third input, always 1
SEEDS = range(200 if IS_FULL else 20)


def weights(session: Session) -> np.ndarray:
    """(w1, w2, b) now."""
    weight, bias = session.frame().layers[0].parameters
    return np.array([*weight.value.ravel(), *bias.value.ravel()], dtype=np.float64)


def answers(w: np.ndarray) -> list[int]:
    """Of the unit step, at the four corners."""
    return [int(z > 0) for z in CORNERS @ w]


def margin(gate: tuple[int, ...]) -> float:
    """The largest distance of the nearest signed point from a plane through 0: that of their convex hull from 0.

    The nearest point of a hull lies on a face, so the faces are tried: all sets of points, each with the point of its
    affine hull that is nearest to 0, if that lies between them.
    """
    signed = CORNERS * np.where(np.array(gate) == 1, 1, -1)[:, np.newaxis]
    lengths = []
    for n in (1, 2, 3):
        for chosen in itertools.combinations(signed.astype(float), n):
            points = np.array(chosen)
            equations = np.block([[points @ points.T, np.ones((n, 1))], [np.ones((1, n)), np.zeros((1, 1))]])
            if abs(np.linalg.det(equations)) < 1e-9:
                continue
            shares = np.linalg.solve(equations, [*np.zeros(n), 1.0])[:n]
            if (shares >= -1e-9).all():
                lengths.append(float(np.linalg.norm(shares @ points)))
    return min(lengths)


@pytest.mark.parametrize("preset", GATES)
def test_the_limit_on_mistakes_follows_from_the_margin(preset: str):
    """(R / γ)², with R² = 3: 51 for AND and NAND, 27 for OR; and the weights named in the lessons have that margin."""
    gamma = margin(GATES[preset])
    assert max((CORNERS**2).sum(axis=1)) / gamma**2 == pytest.approx(LIMITS[preset])
    best = {"perceptron-and": (2, 2, -3), "perceptron-nand": (-2, -2, 3), "perceptron-or": (2, 2, -1)}[preset]
    signs = np.where(np.array(GATES[preset]) == 1, 1, -1)
    assert (signs * (CORNERS @ best)).min() / np.linalg.norm(best) == pytest.approx(gamma)


@pytest.mark.parametrize("preset", GATES)
def test_the_gate_is_learnt_within_the_limit_in_every_order(preset: str):
    """Its truth table at the end, and never more mistakes than the proof allows."""
    mistakes = []
    for seed in SEEDS:
        session = trained(preset, f"seed={seed}")
        assert answers(weights(session)) == list(GATES[preset])
        mistakes.append(int(session.history["loss"].sum()))
    assert min(mistakes) > 0
    assert max(mistakes) <= LIMITS[preset]
    if preset == "perceptron-or":
        assert max(mistakes[:20]) == 4  # as the lesson says


@pytest.mark.parametrize("preset", [*GATES, "perceptron-xor"])
def test_each_update_is_the_perceptron_rule(preset: str):
    """w += (y - out) x on the point that was loaded, in whole numbers: 60 updates by hand beside the engine's."""
    session = session_of(preset)
    w = np.zeros(3)
    for iteration in range(60):
        session.goto(iteration)
        session.step("op")
        frame = session.frame()
        x = np.append(np.asarray(frame.inputs).ravel(), 1.0)
        y = float(np.asarray(frame.targets).ravel()[0])
        out = float(x @ w > 0)
        w += (y - out) * x
        session.goto(iteration + 1)
        assert session.history["loss"][iteration] == abs(y - out)
        assert weights(session).tolist() == w.tolist()


def test_the_rate_only_scales_the_weights():
    """The commands of AND and NAND: half the rate, the same mistakes, half the weights."""
    for preset in ("perceptron-and", "perceptron-nand"):
        whole, half = trained(preset), trained(preset, "optimizer.lr=0.5")
        assert whole.history["loss"].tolist() == half.history["loss"].tolist()
        assert (weights(whole) / 2).tolist() == weights(half).tolist()


def test_numbers_of_the_scripts():
    """Where the weights stand after so many updates, and how many mistakes there are in all."""
    told = {
        "perceptron-and": ({1: (0, 0, 0), 2: (1, 1, 1), 3: (1, 1, 0), 4: (0, 1, -1), 6: (1, 1, -1)}, 5, 6),
        "perceptron-nand": ({6: (-1, 0, 2), 12: (-1, -1, 2)}, 8, 12),
        "perceptron-or": ({1: (0, 1, 1), 8: (1, 1, 0)}, 4, 8),
        "perceptron-xor": ({4: (0, 0, 1)}, 72, 100),
    }
    for preset, (places, n_mistakes, last) in told.items():
        session = session_of(preset)
        for iteration, expected in places.items():
            session.goto(iteration)
            assert weights(session).tolist() == list(expected), preset
        session.goto(100)
        losses = session.history["loss"]
        assert (losses.sum(), np.flatnonzero(losses)[-1] + 1) == (n_mistakes, last), preset
        if preset == "perceptron-xor":
            assert losses[:4].sum() == 3
            assert losses[4:8].sum() == 4


@pytest.mark.parametrize("seed", SEEDS)
def test_on_xor_one_answer_of_four_is_always_wrong(seed: int):
    """Whatever the weights after an update; and so every epoch has a mistake."""
    session = session_of("perceptron-xor", f"seed={seed}")
    for iteration in range(0, 101, 1 if seed == 5 else 10):
        session.goto(iteration)
        wrong = np.array(answers(weights(session))) != np.array([0, 1, 1, 0])
        assert wrong.sum() >= 1
    assert session.history["loss"].reshape(25, 4).sum(axis=1).min() >= 1


def test_neither_time_nor_a_smaller_rate_helps_with_xor():
    """The command of the lesson: still a mistake in each of 500 epochs."""
    session = trained("perceptron-xor", "optimizer.lr=0.01", "train.epochs=500")
    assert session.history["loss"].reshape(500, 4).sum(axis=1).min() >= 1


# xor-from-gates


def layer_values(session: Session, name: str) -> list[list[float]]:
    return np.asarray(session.frame().layer(name).activation).tolist()


def test_three_gates_give_the_truth_table_of_xor():
    """Each column is the gate's own table, exactly."""
    session = session_of("xor-from-gates")
    session.step("op", 6)
    assert np.asarray(session.frame().inputs).tolist() == CORNERS[:, :2].tolist()
    assert layer_values(session, "step_1") == [[1, 0], [1, 1], [1, 1], [0, 1]]
    assert layer_values(session, "step_2") == [[0], [1], [1], [0]]


def test_given_weights_that_are_right_are_never_touched():
    """Not one bit of the state's parameters moves in ten updates."""
    session = session_of("xor-from-gates")
    before = [p.value.tobytes() for layer in session.frame().layers for p in layer.parameters]
    session.run()
    assert [p.value.tobytes() for layer in session.frame().layers for p in layer.parameters] == before
    assert session.history["loss"].tolist() == [0.0] * 10


def test_without_the_step_the_last_sum_is_always_minus_one_half():
    """h1 + h2 = (1.5 - x1 - x2) + (x1 + x2 - 0.5) = 1 for every point, so the answer is 0 for all four."""
    session = session_of("xor-from-gates", "layers[0].activation=linear")
    session.step("op", 5)
    assert layer_values(session, "dense_2") == [[-0.5]] * 4
    assert layer_values(session, "step_1") == [[0.0]] * 4
    assert metric(session, "loss") == 0.5


def test_with_another_bias_the_answers_are_wrong():
    """0.5 in place of 1.5 makes NOR of NAND; AND of NOR and OR is never 1."""
    session = session_of("xor-from-gates", "layers[0].biases=[0.5, -0.5]")
    session.step("iteration")
    assert metric(session, "loss") == 0.5
