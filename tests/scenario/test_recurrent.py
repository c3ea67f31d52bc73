"""Recurrent layers and embeddings in a file: what is refused, and in which words; how they start; what they are measured by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tui_nn.scenario import ScenarioError, load_scenario
from tui_nn.scenario.expression import parse_expression, validate_names
from tui_nn.scenario.naming import metric_names, unmeasured

FILE = """
id = "made"
title = "made"
[data]
source = "digits"
samples = 100
batch_size = 10
{data}
{layers}
[[layers]]
type = "dense"
units = 10
[loss]
type = "sparse_categorical_cross_entropy"
[optimizer]
type = "adam"
[train]
iterations = 5
"""
SEQUENCE = "shape = [8, 8]"
TOKENS = "standardize = false"


def layer(kind: str, *keys: str) -> str:
    return "\n".join(["[[layers]]", f'type = "{kind}"', *keys])


def load(tmp_path: Path, data: str, *layers: str):
    path = tmp_path / "made.toml"
    path.write_text(FILE.format(data=data, layers="\n".join(layers)), encoding="utf-8")
    return load_scenario(path)


LSTM = layer("lstm", "units = 4")
REFUSED = {
    "flat inputs": ("", [LSTM], "layers[0].type: lstm takes a sequence [steps, features], and what comes in has shape [64]; say in "
                    "data.shape which steps there are"),
    "an image": ("shape = [8, 8, 1]", [LSTM], "what comes in has shape [8,8,1]; say in data.shape how the rows of an image follow "
                 "each other, like [8, 8]"),
    "behind the last step": (SEQUENCE, [LSTM, layer("gru", "units = 3")], 'layers[1].type: gru takes a sequence [steps, features], and '
                             'what comes in has shape [4]; say in data.shape which steps there are, like [40, 8]; a recurrent layer '
                             'below needs returns = "sequence"'),
    "a whole sequence for one answer": (SEQUENCE, [layer("rnn", "units = 4", 'returns = "sequence"')], "need [batch,10]"),
    "a bias twice": (SEQUENCE, [layer("lstm", "units = 1", "biases = [0.0, 1.0, 0.0, 0.0]", "forget_bias = 2.0")],
                     "forget_bias has no effect beside biases; remove one of them"),
    "a gru's bias twice": (SEQUENCE, [layer("gru", "units = 1", "biases = [0.0, 1.0, 0.0]", "update_bias = 2.0")],
                     "update_bias has no effect beside biases; remove one of them"),
    "too few biases": (SEQUENCE, [layer("gru", "units = 2", "biases = [0.0, 1.0]")], "got 2 numbers, shape [2]; those of gru_1 have "
                       "shape [6]"),
    "no such start": (SEQUENCE, [layer("lstm", "units = 2", 'recurrent_init = "identity"')], "layers[0].recurrent_init"),
    "scaled tokens": ("standardize = true", [layer("embedding", "tokens = 17", "units = 3"), LSTM],
                      "data.standardize: standardized numbers are no tokens to look up; set standardize = false"),
    "an embedding of vectors": (f"{TOKENS}\n{SEQUENCE}", [layer("embedding", "tokens = 17", "units = 3"), LSTM],
                                "embedding takes one token a step, and what comes in has shape [8,8]; write data.shape = [64, 1]"),
    "an embedding of outputs": (SEQUENCE, [LSTM, layer("embedding", "tokens = 17", "units = 3")],
                                "layers[1].type: an embedding reads tokens, and what comes out of a layer is none; put it first"),
    "a bias of an embedding": (TOKENS, [layer("embedding", "tokens = 17", "units = 3", "bias_init = 1.0"), LSTM],
                               "an embedding has no bias, so bias_init has no effect; remove it"),
    "a bound on them": (SEQUENCE, [layer("lstm", "units = 4", "max_norm = 1.0")], "max_norm"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused(name, tmp_path):
    data, layers, message = REFUSED[name]
    with pytest.raises(ScenarioError) as error:
        load(tmp_path, data, *layers)
    assert message in " ".join(str(error.value).split())


POINTS = """
[data]
source = "points"
x = [[0, 1, 2, {third}], [2, 1, 0, 0]]
y = [0.0, 1.0]
batch_size = 2
[[layers]]
type = "embedding"
tokens = 3
units = 2
"""
NO_TOKENS = {
    "3": "layers[0].tokens: got 3; a sample of 'points' has 3 at step 3, and with tokens = 3 they go from 0 to 2: use tokens = 4",
    "1.5": "has 1.5 at step 3, and a token is a whole number from 0 on: choose a source whose inputs are",
    "-1": "has -1 at step 3, and a token is a whole number from 0 on",
}


def points(tmp_path: Path, third: str):
    path = tmp_path / "made.toml"
    text = FILE[: FILE.index("[data]")] + POINTS.format(third=third) + layer("rnn", "units = 3")
    rest = FILE[FILE.index("{layers}") + 8 :].replace("units = 10", "units = 1")
    path.write_text(text + rest.replace("sparse_categorical_cross_entropy", "mse"), encoding="utf-8")
    return load_scenario(path)


@pytest.mark.parametrize("third", NO_TOKENS)
def test_numbers_that_are_no_tokens(third, tmp_path):
    with pytest.raises(ScenarioError) as error:
        points(tmp_path, third)
    assert NO_TOKENS[third] in " ".join(str(error.value).split())


def test_data_handed_to_a_session_are_looked_through_too(tmp_path):
    from dataclasses import replace

    from tui_nn.data import load_data
    from tui_nn.debugger import Session

    scenario = points(tmp_path, "2")
    data = load_data(scenario)
    with pytest.raises(ValueError, match=r"embedding_1\.tokens: got 3; .* has 7 at step 0"):
        _ = Session(scenario, replace(data, x_train=data.x_train + 7.0)).program


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_how_they_start(kind, tmp_path):
    """weight_ih within Xavier's bound, weight_hh orthogonal, the forget gate's biases 1 and all others 0."""
    from tui_nn.debugger import Session

    session = Session(load(tmp_path, SEQUENCE, layer(kind, "units = 6")))
    first = {tensor.role: tensor.view(session.program.initial) for tensor in session.program.layers[0].parameters}
    gates = {"rnn": 1, "lstm": 4, "gru": 3}[kind]
    assert first["weight_ih"].shape == (gates * 6, 8)
    assert np.abs(first["weight_ih"]).max() <= np.sqrt(6.0 / (8 + gates * 6))
    np.testing.assert_allclose(first["weight_hh"].T @ first["weight_hh"], np.eye(6), atol=1e-6)
    wanted = np.zeros(gates * 6)
    if kind == "lstm":
        wanted[6:12] = 1.0
    np.testing.assert_array_equal(first["bias"], wanted)
    assert np.abs(first["weight_hh"][:6, :6] - first["weight_ih"][:6, :6]).max() > 0.01  # drawn apart


def test_a_recurrent_gain_and_the_identity(tmp_path):
    from tui_nn.debugger import Session

    keys = ("units = 3", 'recurrent_init = "identity"', "recurrent_gain = 0.5")
    session = Session(load(tmp_path, SEQUENCE, layer("rnn", *keys)))
    weight = session.program.layers[0].parameters[1]
    np.testing.assert_array_equal(weight.view(session.program.initial), 0.5 * np.eye(3))


def test_each_step_has_metrics_that_go_with_their_switches(tmp_path):
    """Two a step, under act_signal and delta_norm; conditions may name them."""
    names = metric_names(load(tmp_path, SEQUENCE, LSTM))
    assert [name for name in names if name.endswith(".t7")] == ["act_signal.lstm_1.t7", "delta_norm.lstm_1.t7"]
    assert not any(name.endswith(".t8") for name in names)
    off = load(tmp_path, SEQUENCE, LSTM, '[probes]\noff = ["act_signal"]')
    assert "act_signal.lstm_1.t7" not in metric_names(off)
    assert "act_signal is switched off" in unmeasured(off)["act_signal.lstm_1.t7"]
    known = [*metric_names(load(tmp_path, SEQUENCE, LSTM))]
    assert validate_names(parse_expression("delta_norm.lstm_1.t0 < act_signal.lstm_1.t7"), known, {}) == []
    assert "delta_norm.lstm_1.t8" in str(validate_names(parse_expression("delta_norm.lstm_1.t8 > 0"), known, {})[0])


def test_a_very_long_sequence_has_none(tmp_path):
    names = metric_names(load(tmp_path, "shape = [64, 1]", LSTM))
    assert "act_signal.lstm_1.t63" in names
    from tui_nn.scenario.spec import recurrent

    assert recurrent.MEASURED_STEPS == 200
    assert recurrent.LstmLayer(type="lstm", units=2).misfit((1_000, 3)) is None
    assert "at most 1,000 time steps" in str(recurrent.LstmLayer(type="lstm", units=2).misfit((1_001, 3)))


def test_gates_start_where_they_are_told():
    """Rows of an lstm: input, forget, written, output; of a gru: reset, update, written."""
    from tui_nn.scenario.spec.recurrent import GruLayer, LstmLayer

    lstm = LstmLayer.model_validate({"type": "lstm", "units": 2, "forget_bias": 3.0, "bias_init": 0.5})
    assert lstm.start_of("bias").biases == (0.5, 0.5, 3.0, 3.0, 0.5, 0.5, 0.5, 0.5)
    gru = GruLayer.model_validate({"type": "gru", "units": 2, "update_bias": 3.0, "bias_init": 0.5})
    assert gru.start_of("bias").biases == (0.5, 0.5, 3.0, 3.0, 0.5, 0.5)
    given = GruLayer.model_validate({"type": "gru", "units": 1, "update_bias": 3.0, "biases": [1.0, 2.0, 3.0]})
    assert given.start_of("bias").biases == (1.0, 2.0, 3.0)
