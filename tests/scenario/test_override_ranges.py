"""`--set "layers[0:3].activation=relu"`: one change of several layers, said once."""

import pytest

from tui_nn import load_scenario
from tui_nn.scenario import ScenarioError

PRESET = "digits-dnn"  # layers[0] to layers[3]; the first three are relu, he_normal


def test_a_range_is_each_of_its_entries():
    """As if each had been set alone, from the first up to but not including the last, as Python counts."""
    one_by_one = [f"layers[{index}].activation=tanh" for index in (1, 2)]
    assert load_scenario(PRESET, ["layers[1:3].activation=tanh"]) == load_scenario(PRESET, one_by_one)
    layers = load_scenario(PRESET, ["layers[1:3].activation=tanh"]).layers
    assert [layer.activation for layer in layers] == ["relu", "tanh", "tanh", "linear"]


def test_later_options_win():
    layers = load_scenario(PRESET, ["layers[0:3].units=8", "layers[1].units=5"]).layers
    assert [getattr(layer, "units", None) for layer in layers] == [8, 5, 8, 10]


BAD = {
    "layers[2:2].units=3": "[2:2] is empty; the first number must be smaller, as in [0:3] for [0], [1] and [2]",
    "layers[3:1].units=3": "[3:1] is empty; the first number must be smaller, as in [0:3] for [0], [1] and [2]",
    "layers[0:2].weights[0:2]=3": "2 ranges in one key; it may have one",
    "layers[2:9].units=10": "layers has 4 entries, counted from 0; there is no [4]",
    "layers[0:3].activation=rleu": "unknown activation 'rleu'; did you mean 'relu'?",
    "layers[:3].units=3": "cannot read the key 'layers[:3].units'; write it like optimizer.lr or layers[0].units",
}


@pytest.mark.parametrize("option", BAD)
def test_a_bad_range_is_one_problem(option: str):
    """However many entries it has."""
    with pytest.raises(ScenarioError) as caught:
        load_scenario(PRESET, [option])
    (problem,) = caught.value.problems
    assert problem.key == f"--set {option}"
    assert problem.message == BAD[option]
