"""Single numbers by name: each entry of each parameter of each layer, its gradient and its slots."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.layer_nets import family_session
from tests.engine.watch_nets import NETS, net_session
from tui_nn.debugger.context import Here, parse_for
from tui_nn.debugger.session import Session
from tui_nn.debugger.values import offset_of, place_in
from tui_nn.scenario import ExpressionError, parse_expression
from tui_nn.scenario.expression_tree import ROLES
from tui_nn.scenario.spec.optimizers import MOMENTS


def check_every_entry(session: Session) -> set[str]:
    """Each is what the frame shows there. Returns the roles met."""
    session.goto(3)
    frame, program, here, roles = session.frame(), session.program, Here(session), set()
    for layer in frame.layers:
        for parameter in layer.parameters:
            name = f"{parameter.role}.{layer.name}"
            roles.add(parameter.role)
            arrays = {name: parameter.value, f"grad.{name}": parameter.grad}
            tensor = next(each for each in program.tensors if each.name == parameter.name)
            for kind in MOMENTS:
                if slot := program.scenario.optimizer.moment(kind, tensor.is_matrix):
                    arrays[f"{kind}.{name}"] = parameter.slots[slot]
            for text, array in arrays.items():
                for index in np.ndindex(array.shape):
                    (element,) = parse_for(program, f"{text}[{','.join(map(str, index))}] > 0").elements
                    assert here.element(element) == float(array[index]), (text, index)
    return roles


@pytest.mark.parametrize("name", ["lstm", "gru", "convolution", "batch-norm", "muon"])
def test_an_entry_is_what_the_frame_shows(name: str):
    check_every_entry(net_session(name))


def test_an_entry_of_every_family_is_what_the_frame_shows():
    """Dropout, norms, residual layers, no biases."""
    assert {"weight", "bias"} <= check_every_entry(family_session("all"))


def test_every_role_there_is_can_be_named():
    """A role that a new kind of layer brings has to be entered where conditions are read."""
    met = {tensor.role for name in NETS for tensor in net_session(name).program.tensors}
    assert met == set(ROLES)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "grad.lstm_1[0,0] > 0",
            "lstm_1 has no weight; it has weight_ih, weight_hh, bias; write grad.weight_ih.lstm_1",
        ),
        ("weight.lstm_1[0,0] > 0", "lstm_1 has no weight; it has weight_ih, weight_hh, bias"),
        ("bias_hh.lstm_1[0] > 0", "lstm_1 has no bias_hh"),
        ("weight_hh.lstm_1[12,0] > 0", r"\[12,0\] is outside weight_hh.lstm_1, whose shape is \[12, 3\]"),
        ("m.weight_ih.lstm_1[0] > 0", r"1 index for m.weight_ih.lstm_1, whose shape is \[12, 2\]"),
        ("grad.bias.lstm_2[0] > 0", "did you mean 'lstm_1'"),
    ],
)
def test_what_is_not_there_is_refused_with_a_cure(text: str, words: str):
    with pytest.raises(ExpressionError, match=words):
        parse_for(net_session("lstm").program, text)


def test_without_the_checks_a_place_is_still_never_outside():
    program = net_session("full").program
    with pytest.raises(ValueError, match=r"\[3, 0\] is outside dense_1.weight, whose shape is \[3, 3\]"):
        place_in(program.tensors[0], (3, 0))
    for text, words in (("weight.dense_9[0,0]", "no weight.dense_9"), ("weight.dense_1[0]", "no weight.dense_1"),
                        ("v.dense_1[0,0]", "momentum keeps no 'v'")):  # fmt: skip
        with pytest.raises(ValueError, match=words):
            offset_of(program, parse_expression(f"{text} > 0").elements[0])
