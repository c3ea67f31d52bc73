"""mlp-as-matrices: the products that the lesson writes out, by NumPy and by hand, against the engine's."""

import numpy as np
import pytest
from click.testing import CliRunner

from tests.presets.runs import metric, session_of, trained
from tui_nn.cli import cli

PRESET = "mlp-as-matrices"
LINEAR = "layers[0].activation=linear"
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float64)
Y = np.array([0, 1, 1, 0])
W, B = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0]]), np.array([-0.5, 0.0, 0.0])
V, C = np.array([[-1.0, 2.0, 2.0]]), np.array([-0.5])


def outputs(*overrides: str) -> dict[str, np.ndarray]:
    """What each layer gives for the four points in the first forward pass."""
    session = session_of(PRESET, *overrides)
    session.goto(0, next(op.index for op in session.program.ops if op.phase == "backward"))
    return {layer.name: np.array(layer.activation, dtype=np.float64) for layer in session.frame().layers}


def test_the_engine_computes_the_explained_products():
    """X Wᵀ + b, the bend, and again: every number is exact in float32, so nothing is left to rounding."""
    found, z = outputs(), X @ W.T + B
    assert found["dense_1"].tolist() == z.tolist()
    assert found["relu_1"].tolist() == np.maximum(z, 0).tolist()
    assert found["dense_2"].tolist() == (np.maximum(z, 0) @ V.T + C).tolist()


def test_the_numbers_of_the_lesson():
    """The third row, worked by hand; the four outputs; the loss; and the probability of 1 at (1, 0)."""
    found = outputs()
    assert found["dense_1"][2].tolist() == [0.5, 1.0, -1.0]
    assert found["relu_1"][2].tolist() == [0.5, 1.0, 0.0]
    out = found["dense_2"].ravel()
    assert out.tolist() == [-0.5, 1.0, 1.0, -2.0]
    p = 1.0 / (1.0 + np.exp(-out))
    assert p[2] == pytest.approx(0.731, abs=5e-4)
    session = session_of(PRESET)
    session.step("iteration")
    assert metric(session, "loss") == pytest.approx(-np.log(np.where(Y == 1, p, 1 - p)).mean(), rel=1e-6)
    assert metric(session, "loss") == pytest.approx(0.307, abs=5e-4)
    assert metric(trained(PRESET), "loss") == pytest.approx(0.019, abs=5e-4)  # the script


def test_the_input_is_no_layer():
    """Two dense layers and 13 parameters: the listing has a row for each, and none for the input."""
    program = session_of(PRESET).program
    forward = [op.layer for op in program.ops if op.phase == "forward"]
    assert forward == ["dense_1", "relu_1", "dense_2"]
    assert program.n_parameters == (2 * 3 + 3) + (3 * 1 + 1) == 13


def test_show_prints_what_the_lesson_reads():
    printed = CliRunner().invoke(cli, ["show", PRESET]).output
    assert "[4,2]→[4,3]" in printed
    assert "13 parameters" in printed


def test_without_the_bend_two_layers_are_one():
    """V (W x + b) + c is -x1 - x2, the product of the matrices; and not all four points are ever right."""
    assert (V @ W).tolist() == [[-1.0, -1.0]]
    assert (V @ B + C).tolist() == [0.0]
    assert outputs(LINEAR)["dense_2"].ravel().tolist() == (-X.sum(axis=1)).tolist()
    assert trained(PRESET, LINEAR).history["accuracy"].max() < 1.0
