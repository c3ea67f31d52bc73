"""The evaluator says what the run itself would: the same rows on the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engine.make import make_session
from tui_nn.debugger.evaluator import Evaluator
from tui_nn.debugger.session import Session
from tui_nn.scenario import load_scenario

LOGITS = {"type": "sparse_categorical_cross_entropy"}
NETWORKS: dict[str, tuple[list[Any], Any]] = {
    "mse": ([(5, "tanh"), (2, "linear")], "mse"),
    "binary": ([(5, "relu"), (1, "linear")], "binary_cross_entropy"),
    "classes": ([(6, "gelu"), (3, "linear")], LOGITS),
    "one-hot": ([(4, "sigmoid"), (3, "softmax")], {"type": "categorical_cross_entropy", "from_logits": False}),
    "weighted": ([(6, "tanh"), (3, "linear")], LOGITS | {"class_weights": "balanced", "label_smoothing": 0.1}),
    "batch norm": ([(6, "linear"), {"type": "batch_norm"}, (3, "linear")], LOGITS),
    "dropout": ([(6, "relu"), {"type": "dropout", "rate": 0.5}, (3, "linear")], LOGITS),
    "hinge": ([(4, "tanh"), (1, "linear")], "hinge"),
}


def trained(name: str, **settings: Any) -> Session:
    layers, loss = NETWORKS[name]
    session = make_session(layers, loss, n=30, n_in=4, n_val=11, batch_size=7, optimizer="adam", **settings)
    session.step("epoch", 2)
    return session


def state_of(session: Session) -> np.ndarray:
    return session.frame().snapshot.mem


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", NETWORKS)
def test_the_validation_loss_is_that_of_the_run(name: str, dtype: str):
    """After an epoch's last iteration the run has measured it; here with one block, and with blocks of four."""
    session = trained(name, dtype=dtype)
    dataset, wanted = session.program.dataset, session.frame().metrics["val_loss"]
    evaluator = Evaluator(session.program)
    evaluator.use(state_of(session))
    assert evaluator.loss(dataset.x_val, dataset.y_val) == wanted
    if name != "weighted":  # there blocks weigh as their samples' classes do
        evaluator.block = 4
        assert evaluator.loss(dataset.x_val, dataset.y_val) == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_losses_of_samples_have_the_mean_of_all(name: str):
    session = trained(name)
    dataset = session.program.dataset
    evaluator = Evaluator(session.program)
    evaluator.use(state_of(session))
    evaluator.block = 4
    losses = np.concatenate(list(evaluator.sample_losses(dataset.x_train, dataset.y_train)))
    assert losses.shape == (30,)
    assert losses[17] == pytest.approx(evaluator.loss(dataset.x_train[17:18], dataset.y_train[17:18]), rel=1e-12)
    if name != "weighted":
        assert losses.mean() == pytest.approx(evaluator.loss(dataset.x_train, dataset.y_train), rel=1e-9)


@pytest.mark.parametrize("name", NETWORKS)
def test_outputs_are_those_of_the_layers(name: str):
    """A plain matrix product where the network is two dense layers and tanh; everywhere the same for any block."""
    session = trained(name)
    x = np.random.default_rng(0).normal(size=(23, 4))
    evaluator = Evaluator(session.program)
    evaluator.use(state_of(session))
    whole = evaluator.outputs(x)
    evaluator.block = 5
    np.testing.assert_allclose(evaluator.outputs(x), whole, rtol=1e-12, atol=1e-15)
    if name in ("mse", "weighted"):
        first, last = (layer for layer in session.frame().layers if layer.kind == "dense")
        (w1, b1), (w2, b2) = ([p.value for p in layer.parameters] for layer in (first, last))
        np.testing.assert_allclose(whole, np.tanh(x @ w1.T + b1) @ w2.T + b2, rtol=1e-12)


@pytest.mark.parametrize("name", ["binary", "classes", "hinge"])
def test_classes_are_counted_as_accuracy_counts_them(name: str):
    session = trained(name)
    dataset = session.program.dataset
    evaluator = Evaluator(session.program)
    evaluator.use(state_of(session))
    outputs = evaluator.outputs(dataset.x_val)
    classes = evaluator.classes(outputs)
    assert classes is not None
    assert (classes == dataset.y_val.reshape(-1)).mean() == session.frame().metrics["val_accuracy"]
    p = evaluator.probabilities(outputs)
    if name == "hinge":
        assert p is None
    else:
        assert p is not None
        np.testing.assert_allclose(p.sum(axis=1), 1.0, rtol=1e-6)
        assert (p.argmax(axis=1) == classes).all()


def test_it_leaves_no_trace_in_the_run():
    """The run's next bytes are those of a run that nobody asked."""
    asked, other = trained("batch norm"), trained("batch norm")
    evaluator = Evaluator(asked.program)
    evaluator.use(state_of(asked))
    evaluator.outputs(asked.program.dataset.x_train)
    for session in (asked, other):
        session.step("iteration", 5)
    assert asked.state_bytes() == other.state_bytes()


def test_broken_outputs_have_no_class():
    session = trained("classes")
    evaluator = Evaluator(session.program)
    classes = evaluator.classes(np.array([[0.0, 1.0, 0.5], [0.0, np.nan, 9.0]]))
    assert classes is not None
    assert classes.tolist() == [1, -1]


@pytest.mark.parametrize("preset", ["digits-dnn", "dropout", "batch-norm", "adam-vs-sgd", "dead-relu"])
def test_presets(preset: str):
    session = Session(load_scenario(preset))
    session.step("epoch")
    dataset = session.program.dataset
    part = (dataset.x_val, dataset.y_val) if len(dataset.x_val) else (dataset.x_train, dataset.y_train)
    evaluator = Evaluator(session.program)
    evaluator.use(state_of(session))
    loss = evaluator.loss(*part)
    assert np.isfinite(loss)
    if len(dataset.x_val):
        assert loss == pytest.approx(session.frame().metrics["val_loss"], rel=1e-5)
