"""[[layers]] of every type: what the file may say, and what is refused, with shapes and a cure."""

from __future__ import annotations

import pytest

from tui_nn.scenario import ScenarioError, load_scenario
from tui_nn.scenario.naming import layer_names, metric_names, parameter_shapes

HEAD = """id = "layers"
title = "Layers"
data = { source = "xor", batch_size = %s }
loss = { type = "binary_cross_entropy" }
optimizer = { type = "sgd", lr = 0.1 }
train = { iterations = 10 }
"""


def dense(units: int, more: str = "") -> str:
    return f'{{ type = "dense", units = {units}{", " + more if more else ""} }}'


def load(tmp_path, *layers: str, batch: str = "4", data: str | None = None):
    """A file on xor; or on other data, to be fitted as numbers."""
    head = HEAD % batch
    if data is not None:
        head = HEAD.replace('{ source = "xor", batch_size = %s }', data).replace("binary_cross_entropy", "mse")
    path = tmp_path / "layers.toml"
    path.write_text(head + "layers = [\n" + ",\n".join(layers) + "\n]\n", encoding="utf-8")
    return load_scenario(path)


def faults(tmp_path, *layers: str, batch: str = "4", data: str | None = None) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, *layers, batch=batch, data=data)
    return [f"{problem.key}: {problem.message}" for problem in caught.value.problems]


def test_names_shapes_and_metrics_of_all_layers(tmp_path):
    """Each type counts for itself; normalising layers learn a weight and a bias for each unit, as dense layers do."""
    scenario = load(
        tmp_path,
        dense(4, "bias = false"), '{ type = "batch_norm", activation = "relu" }', '{ type = "dropout", rate = 0.2 }', dense(4),
        '{ type = "residual", skip = "relu_1" }', '{ type = "layer_norm", name = "ln" }', dense(1),
    )  # fmt: skip
    names = [(row.name, row.units) for row in layer_names(scenario)]
    assert names == [
        ("dense_1", 4), ("batch_norm_1", 4), ("relu_1", 4), ("dropout_1", 4), ("dense_2", 4), ("residual_1", 4), ("ln", 4), ("dense_3", 1),
    ]  # fmt: skip
    assert parameter_shapes(scenario) == {
        "dense_1.weight": (4, 2), "batch_norm_1.weight": (4,), "batch_norm_1.bias": (4,), "dense_2.weight": (4, 4),
        "dense_2.bias": (4,), "ln.weight": (4,), "ln.bias": (4,), "dense_3.weight": (1, 4), "dense_3.bias": (1,),
    }  # fmt: skip
    metrics = metric_names(scenario)
    assert {"grad_norm.batch_norm_1", "update_ratio.ln", "delta_norm.dropout_1", "act_std.residual_1"} <= set(metrics)
    assert not {"grad_norm.dropout_1", "saturated.batch_norm_1", "weight_norm.residual_1"} & set(metrics)


NET = (dense(8, 'activation = "relu"'), dense(8, 'activation = "relu"'))
RESIDUAL = '{ type = "residual", skip = "%s" }'


@pytest.mark.parametrize(
    ("layers", "wanted"),
    [
        (
            (dense(16, 'activation = "relu"'), dense(8), RESIDUAL % "relu_1", dense(1)),
            "layers[2].skip: [batch,8] + [batch,16]: residual_1 cannot add relu_1, which has 16 units, to dense_2, which has 8; give both the same number",
        ),
        (
            (dense(8), RESIDUAL % "input", dense(1)),
            "layers[1].skip: [batch,8] + [batch,2]: residual_1 cannot add input, which has 2 units, to dense_1, which has 8; give both the same number",
        ),
        ((*NET, RESIDUAL % "rleu_1", dense(1)), "layers[2].skip: unknown layer 'rleu_1'; did you mean 'relu_1'?"),
        ((*NET, RESIDUAL % "x", dense(1)), "layers[2].skip: unknown layer 'x'; known: input, dense_1, relu_1, dense_2"),
        (
            (*NET, RESIDUAL % "dense_3", dense(8), dense(1)),
            "layers[2].skip: 'dense_3' does not come before residual_1; name an earlier layer or 'input'",
        ),
        (
            (*NET, RESIDUAL % "residual_1", dense(1)),
            "layers[2].skip: 'residual_1' does not come before residual_1; name an earlier layer or 'input'",
        ),
        (
            (*NET, RESIDUAL % "relu_2", dense(1)),
            "layers[2].skip: 'relu_2' is right below residual_1, which would only double it; name an earlier one, like 'dense_2'",
        ),
        (
            (RESIDUAL % "input", dense(1)),
            "layers[0].skip: 'input' is right below residual_1, which would only double it; put a layer between them",
        ),
        ((dense(8), '{ type = "residual" }', dense(1)), 'layers[1].skip: missing; add skip = "input"'),
    ],
)  # fmt: skip
def test_wrong_skips_are_refused(tmp_path, layers, wanted):
    """With the shapes that do not fit, the name that was meant, or the cure."""
    assert faults(tmp_path, *layers) == [wanted]


BATCH_NORM = '{ type = "batch_norm" }'


@pytest.mark.parametrize(
    ("batch", "wanted"),
    [
        ("1", "data.batch_size: got 1; batches of 1 sample, and batch_norm_1 needs at least 2 for a variance: use batch_size = 2"),
        ("3", "data.batch_size: got 3; of 4 training samples that leaves 1 for the last batch, and batch_norm_1 needs at least 2 for a variance: use batch_size = 2"),
    ],
)  # fmt: skip
def test_batch_norm_refuses_a_batch_of_one(tmp_path, batch, wanted):
    """Also if only the last batch of an epoch would be one; the batch size it names is accepted."""
    assert faults(tmp_path, dense(4), BATCH_NORM, dense(1), batch=batch) == [wanted]
    load(tmp_path, dense(4), BATCH_NORM, dense(1), batch=wanted.rsplit(" ", 1)[1])


@pytest.mark.parametrize("batch", ["1", "2", "3", "4", '"full"'])
def test_layer_norm_takes_any_batch(tmp_path, batch):
    load(tmp_path, dense(4), '{ type = "layer_norm" }', dense(1), batch=batch)


@pytest.mark.parametrize("batch", [1, 2, 3, 5, 8])
def test_the_batch_size_named_is_always_a_cure(tmp_path, batch):
    """Of 2 to 39 samples: refused just where a batch of one would be left, and what is named leaves none."""
    layers = (dense(3), BATCH_NORM, dense(1))
    for n in range(max(2, batch), 40):
        data = f'{{ source = "linear", samples = {n}, batch_size = %d }}'
        if batch > 1 and n % batch != 1:
            load(tmp_path, *layers, data=data % batch)
            continue
        [fault] = faults(tmp_path, *layers, data=data % batch)
        cure = int(fault.rsplit(" ", 1)[1])
        assert 1 < cure <= n
        assert n % cure != 1
        load(tmp_path, *layers, data=data % cure)


@pytest.mark.parametrize(
    ("layers", "wanted"),
    [
        ((dense(4, "bias = false, bias_init = 0.5"), dense(1)), ["layers[0].bias_init: bias_init has no effect with bias = false; remove one of them"]),
        ((dense(4, "bias = false, biases = [1, 2, 3, 4]"), dense(1)), ["layers[0].biases: biases has no effect with bias = false; remove one of them"]),
        ((dense(4, 'name = "input"'), dense(1)), ["layers[0].name: 'input' means what goes into the network; choose another name"]),
        ((dense(4), '{ type = "dropout", rate = 1.0 }', dense(1)), ["layers[1].rate: got 1.0; rate must be less than 1"]),
        ((dense(4), '{ type = "dropout", rate = -0.1 }', dense(1)), ["layers[1].rate: got -0.1; rate must be 0 or more"]),
        ((dense(4), '{ type = "batchnorm" }', dense(1)), ["layers[1].type: unknown layer type 'batchnorm'; did you mean 'batch_norm'?"]),
        ((dense(4), '{ type = "dropout", skip = "input" }', dense(1)), ["layers[1].skip: skip belongs to type 'residual', not to 'dropout'; remove it or change type"]),
    ],
)  # fmt: skip
def test_other_faults_of_layers(tmp_path, layers, wanted):
    assert faults(tmp_path, *layers) == wanted


def test_a_network_without_parameters_is_refused(tmp_path):
    """There would be nothing to update."""
    wanted = 'layers[0].type: no layer has parameters, so nothing can be learnt; add one with type = "dense"'
    assert faults(tmp_path, '{ type = "dropout" }', data='{ source = "linear" }') == [wanted]


def test_a_hundred_residual_blocks_fit(tmp_path):
    """200 layers and a head; 500 at most."""
    blocks = [dense(4)]
    for k in range(100):
        blocks += [dense(4, 'activation = "tanh"'), RESIDUAL % (f"residual_{k}" if k else "dense_1")]
    assert len(load(tmp_path, *blocks, dense(1)).layers) == 202
    assert faults(tmp_path, *([dense(4)] * 500), dense(1)) == [
        "layers: got a list of 501; layers must have 500 entries or fewer"
    ]
