"""[optimizer]: which options go together, and what a refusal says."""

import pytest

from tests.engine.optimizer_cases import CASES, TYPES
from tui_nn.scenario import ScenarioError, load_scenario
from tui_nn.scenario.fields import variants

HEAD = """
id = "x"
title = "X"
[data]
source = "xor"
[[layers]]
type = "dense"
units = 4
activation = "tanh"
[[layers]]
type = "dense"
units = 1
[loss]
type = "binary_cross_entropy"
[train]
iterations = 10
"""

REFUSED = {
    "nesterov without momentum": (
        'type = "momentum"\nlr = 0.1\nmomentum = 0.0\nnesterov = true',
        "optimizer.nesterov: got true; without momentum there is nothing to look ahead to: set momentum = 0.9, or nesterov = false",
    ),
    "nesterov damped": (
        'type = "momentum"\nlr = 0.1\ndampening = 0.5\nnesterov = true',
        "optimizer.dampening: got 0.5; Nesterov's look ahead is defined for an undamped gradient: use dampening = 0, or nesterov = false",
    ),
    "dampening without momentum": (
        'type = "momentum"\nlr = 0.1\nmomentum = 0.0\ndampening = 0.5',
        "optimizer.dampening: got 0.5; without momentum it would only shrink lr from the second update on: set momentum = 0.9, or dampening = 0",
    ),
    "type nesterov without momentum": (
        'type = "nesterov"\nlr = 0.1\nmomentum = 0.0', "optimizer.momentum: got 0.0; momentum must be greater than 0",
    ),
    "muon's nesterov without momentum": (
        'type = "muon"\nmomentum = 0.0\nnesterov = true',
        "optimizer.nesterov: has no effect with momentum = 0; set momentum = 0.95 or remove nesterov",
    ),
    "negative decay": ('type = "sgd"\nlr = 0.1\nweight_decay = -1.0', "optimizer.weight_decay: got -1.0; weight_decay must be 0 or more"),
    "lion's beta2 of 0": ('type = "lion"\nbeta2 = 0.0', "optimizer.beta2: got 0.0; beta2 must be greater than 0"),
    "momentum of 1": ('type = "rmsprop"\nmomentum = 1.0', "optimizer.momentum: got 1.0; momentum must be less than 1"),
    "another's option": (
        'type = "adam"\ncentered = true',
        "optimizer.centered: centered belongs to type 'rmsprop', not to 'adam'; remove it or change type",
    ),
    "too many steps": ('type = "muon"\nns_steps = 21', "optimizer.ns_steps: got 21; ns_steps must be 20 or less"),
    "unknown": ('type = "adamm"', "optimizer.type: unknown optimizer 'adamm'; did you mean 'adam'?"),
}  # fmt: skip


def load(tmp_path, table: str, more: str = ""):
    path = tmp_path / "x.toml"
    path.write_text(HEAD + more + "[optimizer]\n" + table + "\n", encoding="utf-8")
    return load_scenario(path)


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_go_together_is_refused_with_the_cure(name, tmp_path):
    table, message = REFUSED[name]
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, table)
    assert [f"{problem.key}: {problem.message}" for problem in caught.value.problems] == [message]


@pytest.mark.parametrize("case", CASES)
def test_every_case_of_the_tests_can_be_written_in_a_file(case, tmp_path):
    written = {
        key: str(value).lower() if isinstance(value, bool) else repr(value) for key, value in CASES[case].items()
    }
    lines = [f"{key} = {value}" for key, value in written.items()]
    optimizer = load(tmp_path, "\n".join(lines)).optimizer
    assert optimizer.model_dump() | CASES[case] == optimizer.model_dump()


def test_every_optimizer_of_the_format_has_a_case():
    assert set(variants("optimizer")) == set(TYPES)


# Keys that PyTorch's classes share, with the defaults they have there.
PYTORCH_DEFAULTS = {
    "adagrad": {"lr": 1e-2, "lr_decay": 0.0, "weight_decay": 0.0, "initial_accumulator_value": 0.0, "eps": 1e-10},
    "adadelta": {"lr": 1.0, "rho": 0.9, "eps": 1e-6, "weight_decay": 0.0},
    "rmsprop": {"lr": 1e-2, "rho": 0.99, "eps": 1e-8, "weight_decay": 0.0, "momentum": 0.0, "centered": False},
    "adam": {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0},
    "adamw": {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 1e-2, "amsgrad": False},
    "adamax": {"lr": 2e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0},
    "nadam": {"lr": 2e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0, "momentum_decay": 4e-3},
    "radam": {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0},
    "muon": {"momentum": 0.95, "nesterov": True, "eps": 1e-7, "ns_steps": 5},
}


@pytest.mark.parametrize("kind", PYTORCH_DEFAULTS)
def test_defaults_are_pytorchs(kind, tmp_path):
    """Written down from torch 2.13's signatures; Muon's lr is its authors' 0.02."""
    found = load(tmp_path, f'type = "{kind}"').optimizer.model_dump()
    assert found | PYTORCH_DEFAULTS[kind] == found


@pytest.mark.parametrize(
    ("table", "condition", "message"),
    [
        ('type = "sgd"\nlr = 0.1', "m.dense_1[0,0] > 0", "sgd keeps no m of a weight"),
        ('type = "lion"', "v.dense_1[0] > 0", "lion keeps no v of a bias"),
        ('type = "rmsprop"', "m.dense_1[0,0] > 0", "rmsprop keeps no m of a weight"),
        ('type = "muon"', "v.dense_1[0,0] > 0", "muon keeps no v of a weight"),
        ('type = "muon"', "v.dense_1[0] > 0", None),
        ('type = "rmsprop"\ncentered = true', "m.dense_1[0,0] > 0", None),
        ('type = "adagrad"', "v.dense_1[0,0] > 0", None),
    ],
)
def test_conditions_ask_only_for_what_is_kept(table, condition, message, tmp_path):
    expectation = f'[[expect]]\nat = "end"\nthat = "{condition}"\n'
    if message is None:
        load(tmp_path, table, expectation)
        return
    with pytest.raises(ScenarioError, match=message):
        load(tmp_path, table, expectation)
