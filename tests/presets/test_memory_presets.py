"""rnn-forgets, lstm-remembers, gru-remembers: their figures, and the fading error worked out beside the engine."""

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, metric, session_of, trained
from tui_nn import Session
from tui_nn.data import load_data
from tui_nn.debugger.expect import needed_of

STEPS = 42
N_SEEDS = 20 if IS_FULL else 4


def parameters_of(session: Session, layer: str) -> dict[str, np.ndarray]:
    """By role, in float64."""
    found = session.frame().layer(layer).parameters
    return {each.role if each.role == "weight" else each.name.split(".")[1]: np.array(each.value, dtype=np.float64) for each in found}  # fmt: skip


def sequences(session: Session) -> tuple[np.ndarray, np.ndarray]:
    data = load_data(session.scenario)
    return data.x_train.reshape(len(data.x_train), *data.form), data.y_train


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-z))


def rnn_states(w: dict[str, np.ndarray], x: np.ndarray) -> list[np.ndarray]:
    """h after every step, (n, units) each, from 0."""
    states, h = [], np.zeros((len(x), w["weight_hh"].shape[1]))
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ w["weight_ih"].T + h @ w["weight_hh"].T + w["bias"])
        states.append(h)
    return states


def test_the_error_fades_as_the_formula_says():
    """δ(t-1) = Uᵀ (δ(t) (1 - h²)), from the last step to the first, by NumPy: the norms of all 42 steps."""
    session = session_of("rnn-forgets")
    w, dense = parameters_of(session, "rnn_1"), parameters_of(session, "dense_1")
    x, y = sequences(session)
    states = rnn_states(w, x)
    logits = states[-1] @ dense["weight"].T + dense["bias"]
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1.0
    delta = p / len(y) @ dense["weight"]
    norms = [np.linalg.norm(delta)]
    for h in states[:0:-1]:
        delta = (delta * (1.0 - h**2)) @ w["weight_hh"]
        norms.append(np.linalg.norm(delta))
    session.goto(1)
    found = [metric(session, f"delta_norm.rnn_1.t{t}") for t in reversed(range(STEPS))]
    assert found == pytest.approx(norms, rel=1e-3)
    assert (found[0], found[-1]) == pytest.approx((0.580, 2.4e-13), rel=0.02)


def test_the_matrix_halves_every_vector():
    """All singular values are 1/2; (1/2)^41 is 4.5e-13."""
    u = parameters_of(session_of("rnn-forgets"), "rnn_1")["weight_hh"]
    assert np.linalg.svd(u, compute_uv=False) == pytest.approx(np.full(16, 0.5), abs=1e-6)
    assert abs(0.5**41 - 4.5e-13) < 0.1e-13


def test_pytorchs_start_shrinks_as_well():
    """Uniform between -1/√n and 1/√n: the largest eigenvalue's size is about 0.6, in the mean of many draws (1/√3 for n without end)."""
    random = np.random.default_rng(0)
    n = 16
    largest = [np.abs(np.linalg.eigvals(random.uniform(-(n**-0.5), n**-0.5, (n, n)))).max() for _ in range(100)]
    assert np.mean(largest) == pytest.approx(0.6, abs=0.03)


def test_the_rnn_only_guesses():
    """25 % for each token: the loss is ln 4 after 20 updates, and to the end; the states have become one."""
    session = session_of("rnn-forgets")
    session.goto(1)
    assert metric(session, "loss") == pytest.approx(1.452, abs=0.001)
    session.goto(20)
    assert metric(session, "loss") == pytest.approx(1.387, abs=0.001)
    session.goto(session.planned_iterations)
    assert metric(session, "loss") == pytest.approx(np.log(4.0), abs=1e-4)
    last = rnn_states(parameters_of(session, "rnn_1"), sequences(session)[0])[-1]
    assert np.ptp(last, axis=0).max() < 1e-6


@pytest.mark.parametrize(
    ("override", "most"), [("layers[0].recurrent_gain=1", 0.05), ("data.delay=5", 0.05)], ids=["gain", "delay"]
)
def test_what_cures_the_rnn(override: str, most: float):
    """The two commands of its lesson, on several seeds."""
    losses = [metric(trained("rnn-forgets", override, f"seed={seed}"), "loss") for seed in range(N_SEEDS)]
    assert sum(loss < most for loss in losses) >= needed_of(N_SEEDS), losses


@pytest.mark.parametrize(("preset", "layer"), [("lstm-remembers", "lstm_1"), ("gru-remembers", "gru_1")])
def test_the_error_reaches_the_first_step(preset: str, layer: str):
    """The lessons' figures of the first update and of the end."""
    session = session_of(preset)
    session.goto(1)
    ends = [metric(session, f"delta_norm.{layer}.t{t}") for t in (41, 0)]
    assert ends == pytest.approx({"lstm_1": (0.551, 0.041), "gru_1": (0.561, 0.071)}[layer], abs=0.0006)
    session.goto(20)
    assert metric(session, "accuracy") == 1.0
    session.goto(session.planned_iterations)
    assert metric(session, "loss") == pytest.approx({"lstm_1": 0.010, "gru_1": 0.017}[layer], abs=0.001)


def test_the_lstms_cell_is_kept_as_its_gate_says():
    """By NumPy from the first weights: the forget gates of the blank steps stand near 0.953, and a seventh of c is left
    of what step 0 wrote, where the rnn has half of a half of a half."""
    assert (float(sigmoid(np.array(3.0))), 0.953**40) == pytest.approx((0.953, 0.145), abs=0.001)
    session = session_of("lstm-remembers")
    w = parameters_of(session, "lstm_1")
    x, _ = sequences(session)
    h, c, gates = np.zeros((4, 16)), np.zeros((4, 16)), []
    for t in range(STEPS):
        i, f, g, o = np.split(x[:, t] @ w["weight_ih"].T + h @ w["weight_hh"].T + w["bias"], 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        gates.append(sigmoid(f))
    assert np.array(gates[1:-1]).mean() == pytest.approx(0.953, abs=0.005)
    session.step("iteration")
    assert np.array(session.frame().layer("lstm_1").activation) == pytest.approx(h, abs=1e-5)


@pytest.mark.parametrize(("bias", "least", "most"), [(0, 1.38, 1.39), (1, 0.69, 0.9)])
def test_the_forget_bias_decides(bias: int, least: float, most: float):
    """With 0 the LSTM guesses like the rnn; with 1 it gets no lower than 0.69 in these updates."""
    assert abs(0.5**40 - 9e-13) < 0.2e-13
    assert float(sigmoid(np.array(1.0))) == pytest.approx(0.731, abs=0.0005)
    losses = [metric(trained("lstm-remembers", f"layers[0].forget_bias={bias}", f"seed={k}"), "loss") for k in range(N_SEEDS)]  # fmt: skip
    assert sum(least < loss < most for loss in losses) >= needed_of(N_SEEDS), losses


def test_the_gru_needs_its_biases_and_its_time():
    """With a bias of 0 it guesses; after ten updates three of four tokens are right."""
    session = trained("gru-remembers", "layers[0].update_bias=0")
    assert metric(session, "loss") == pytest.approx(np.log(4.0), abs=0.01)
    assert metric(trained("gru-remembers", "train.iterations=10"), "accuracy") == 0.75


def test_how_many_parameters_each_has():
    counts = {
        name: session_of(name).program.n_parameters for name in ("rnn-forgets", "lstm-remembers", "gru-remembers")
    }
    assert counts == {"rnn-forgets": 420, "lstm-remembers": 1_476, "gru-remembers": 1_140}
