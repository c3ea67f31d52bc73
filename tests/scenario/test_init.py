"""How layers start, in the file: what is refused, with place, value and cure, and what is read."""

from __future__ import annotations

import pytest

from tui_nn.scenario import ScenarioError, load_scenario, schema
from tui_nn.scenario.spec.layers import DenseLayer

# dense_1 has 2 inputs and 3 units, dense_2 has 3 and 1. The keys under test go into line 9.
FILE = """\
id = "start"
title = "Start"
[data]
source = "xor"
[[layers]]
type = "dense"
units = {units}
activation = "tanh"
{keys}
[[layers]]
type = "dense"
units = 1
[loss]
type = "binary_cross_entropy"
[optimizer]
type = "sgd"
lr = 0.1
[train]
iterations = 10
"""
SCALED = '"lecun_uniform", "lecun_normal", "xavier_uniform", "xavier_normal", "he_uniform", "he_normal", "orthogonal" or "identity"'
VALUES = 'init = "values"; weights = '
SHAPE = "those of dense_1 have shape [3, 2]: write a row for each of 3 units, in it a number for each of 2 inputs"

# (keys, the problems as they are printed, without the place); a semicolon stands for the end of a line
BAD = {
    "unknown init": ('init = "orthogonl"', ["9:8    layers[0].init: unknown init 'orthogonl'; did you mean 'orthogonal'?"]),
    "std without normal": ('init = "uniform"; init_std = 0.1', ['10:1   layers[0].init_std: init_std has no effect with init = "uniform"; choose init = "normal" or "truncated_normal", or remove init_std']),
    "value without constant": ('init = "ones"; init_value = 2', ['10:1   layers[0].init_value: init_value has no effect with init = "ones"; set init = "constant" or remove init_value']),
    "bounds without uniform": ('init = "normal"; init_low = -2; init_high = 2', [
        '10:1   layers[0].init_low: init_low has no effect with init = "normal"; set init = "uniform" or remove init_low',
        '11:1   layers[0].init_high: init_high has no effect with init = "normal"; set init = "uniform" or remove init_high',
    ]),
    "gain of given numbers": ('init = "normal"; gain = 2.0', [f'10:1   layers[0].gain: gain has no effect with init = "normal"; choose init = {SCALED}, or remove gain']),
    "gain of zero": ("gain = 0", ["9:8    layers[0].gain: got 0; gain must be greater than 0"]),
    "bounds the wrong way": ('init = "uniform"; init_low = 0.5; init_high = 0.25', ["10:12  layers[0].init_low: got 0.5; init_low must be less than init_high, which is 0.25"]),
    "bound beside a default": ('init = "uniform"; init_high = -2', ["10:13  layers[0].init_high: got -2; init_high must be greater than init_low, which is -1"]),
    "weights without values": ("weights = [[1, 2], [3, 4], [5, 6]]", ['9:1    layers[0].weights: weights has no effect with init = "xavier_uniform"; set init = "values" or remove weights']),
    "values without weights": ('init = "values"', ['5:1    layers[0].weights: missing; init = "values" needs weights = [[...]] of 3 rows of 2 numbers for dense_1']),
    "weights of another shape": (VALUES + "[[1, 2]]", [f"10:11  layers[0].weights: got weights of shape [1, 2]; {SHAPE}"]),
    "weights transposed": (VALUES + "[[1, 2, 3], [4, 5, 6]]", [f"10:11  layers[0].weights: got weights of shape [2, 3]; {SHAPE} (these seem to be transposed)"]),
    "ragged weights": (VALUES + "[[1, 2], [3], [5, 6]]", ["10:11  layers[0].weights: weights[1] has 1 numbers, weights[0] has 2; make them alike"]),
    "a flat list": (VALUES + "[1, 2]", ["10:11  layers[0].weights: got 1; write weights = [[1.0, -1.0], [0.5, 2.0]]: a row for each unit, in it a number for each input"]),
    "no rows": (VALUES + "[]", ["10:11  layers[0].weights: weights has 0 rows; it must have 1 to 100,000"]),
    "an empty row": (VALUES + "[[]]", ["10:11  layers[0].weights: weights[0] has 0 numbers; it must have 1 to 100,000"]),
    "no list": (VALUES + '"ones"', ["10:11  layers[0].weights: got 'ones'; write weights = [[1.0, -1.0], [0.5, 2.0]]: a row for each unit, in it a number for each input"]),
    "text among numbers": (VALUES + '[[1, "2"]]', ["10:11  layers[0].weights: weights[0][1] is '2'; it must be a number from -1e+30 to 1e+30"]),
    "truth among numbers": (VALUES + "[[true, 2]]", ["10:11  layers[0].weights: weights[0][0] is true; it must be a number from -1e+30 to 1e+30"]),
    "nan among numbers": (VALUES + "[[1, nan]]", ["10:11  layers[0].weights: weights[0][1] is nan; it must be a number from -1e+30 to 1e+30"]),
    "too large for float32": ("biases = [1, 2, 1e39]", ["9:10   layers[0].biases: biases[2] is 1e+39; it must be a number from -1e+30 to 1e+30"]),
    "a number of 400 digits": (f"biases = [1{'0' * 400}, 2, 3]", ["9:10   layers[0].biases: biases[0] is a number of about 401 digits; it must be a number from -1e+30 to 1e+30"]),
    "biases of another length": ("biases = [1, 2]", ["9:10   layers[0].biases: got 2 numbers, shape [2]; those of dense_1 have shape [3]: write one for each unit"]),
    "both ways to start a bias": ("bias_init = 1; biases = [1, 2, 3]", ["9:1    layers[0].bias_init: bias_init has no effect beside biases; remove one of them"]),
}  # fmt: skip


def written(tmp_path, keys: str, units: int = 3):
    path = tmp_path / "start.toml"
    path.write_text(FILE.format(units=units, keys="\n".join(key.strip() for key in keys.split(";"))))
    return path


def report(path, *overrides: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path, overrides)
    return [line.removeprefix("  ") for line in str(caught.value).split("\n")[1:]]


def layer_of(path, *overrides: str, index: int = 0) -> DenseLayer:
    layer = load_scenario(path, overrides).layers[index]
    assert isinstance(layer, DenseLayer)
    return layer


@pytest.mark.parametrize("name", BAD)
def test_a_bad_start_is_refused_with_place_value_and_cure(name, tmp_path):
    keys, problems = BAD[name]
    assert report(written(tmp_path, keys)) == problems


@pytest.mark.parametrize(
    ("keys", "cured"),
    [
        (VALUES + "[[1, 2]]", VALUES + "[[1, 2], [3, 4], [5, 6]]"),
        ('init = "uniform"; init_low = 0.5; init_high = 0.25', 'init = "uniform"; init_low = 0.125; init_high = 0.25'),
        ('init = "normal"; gain = 2.0', 'init = "orthogonal"; gain = 2.0'),
        ("biases = [1, 2]", "biases = [1, 2, 3]"),
        ("bias_init = 1; biases = [1, 2, 3]", "biases = [1, 2, 3]"),
    ],
)
def test_the_cure_cures(keys, cured, tmp_path):
    assert report(written(tmp_path, keys))
    assert layer_of(written(tmp_path, cured)).units == 3


def test_given_numbers_are_read_as_written(tmp_path):
    """Whole numbers count as numbers; the second layer's shape follows from the first one's units."""
    layer = layer_of(written(tmp_path, VALUES + "[[1, -2.5], [0, 1e-3], [3, 4]]; biases = [0, -1, 0.5]"))
    assert layer.weights == ((1.0, -2.5), (0.0, 1e-3), (3.0, 4.0))
    assert layer.biases == (0.0, -1.0, 0.5)
    path = written(tmp_path, 'gain = 1.6666667; init = "xavier_normal"')
    override = ["layers[1].init=values", "layers[1].weights=[[1, 2]]"]
    assert report(path, *override)[0].endswith(
        "got weights of shape [1, 2]; those of dense_2 have shape [1, 3]: "
        "write a row for each of 1 units, in it a number for each of 3 inputs"
    )
    override[1] = "layers[1].weights=[[1, 2, 3]]"
    assert layer_of(path, *override, index=1).weights == ((1.0, 2.0, 3.0),)


def test_another_init_from_the_command_line_drops_what_belonged_to_the_old_one(tmp_path):
    """--set layers[0].init=zeros must not trip over the file's gain, weights or bounds; biases stay, they suit any init."""
    for keys in ("gain = 2.0", VALUES + "[[1, 2], [3, 4], [5, 6]]", 'init = "uniform"; init_low = 0; init_high = 1'):
        layer = layer_of(written(tmp_path, keys + "; biases = [1, 2, 3]"), "layers[0].init=zeros")
        assert (layer.init, layer.gain, layer.weights, layer.biases) == ("zeros", 1.0, None, (1.0, 2.0, 3.0))
    assert layer_of(written(tmp_path, "gain = 2.0"), "layers[0].init=orthogonal").gain == 2.0


def test_orthogonal_layers_that_would_take_minutes_are_refused(tmp_path):
    """n_out * n_in * min of them, summed over layers, is what Gram-Schmidt costs; 1,500 x 1,500 passes, twice does not."""
    keys = 'init = "orthogonal"\n[[layers]]\ntype = "dense"\nunits = 1500\ninit = "orthogonal"'
    assert layer_of(written(tmp_path, keys, units=1500), index=1).init == "orthogonal"
    again = '\n[[layers]]\ntype = "dense"\nunits = 1500\ninit = "orthogonal"'
    assert report(written(tmp_path, keys + again, units=1500)) == [
        '13:8   layers[1].init: init = "orthogonal" takes too long for layers of this size; '
        'use "xavier_normal", or fewer units'
    ]


def test_editors_know_the_shape_of_given_numbers():
    """The JSON Schema says: a list of lists of numbers, a list of numbers, and the words of init."""
    tables = [table["properties"] for table in schema()["$defs"].values() if "init" in table.get("properties", {})]
    numbers = {"type": "array", "items": {"type": "number"}, "minItems": 1}
    for found in tables:
        assert found["weights"]["items"] == numbers
        assert numbers.items() <= found["biases"].items()
        assert {"orthogonal", "values", "he_normal"} <= set(found["init"]["enum"])
    assert tables
