"""What two settings of a data table cannot be together is refused at load, with the place, the value and the cure."""

from pathlib import Path

import pytest

from tui_nn.scenario import ScenarioError, load_scenario

SCENARIO = """
id = "refused"
title = "Refused"
[data]
{data}
{first}[[layers]]
type = "dense"
units = {units}
[loss]
type = "{loss}"
[optimizer]
type = "sgd"
lr = 0.1
[train]
iterations = 10
"""
LOSSES = {
    "regression": ("mse", 1),
    "binary": ("binary_cross_entropy", 1),
    "three": ("sparse_categorical_cross_entropy", 3),
    "three at each step": ("sparse_categorical_cross_entropy", 3),
}
FLATTEN = '[[layers]]\ntype = "flatten"\n'


def written(task: str, data: str) -> str:
    """A scenario that nothing is wrong with but its data: one answer a sample, or one at each time step."""
    loss, units = LOSSES[task]
    return SCENARIO.format(data=data, first="" if task == "three at each step" else FLATTEN, loss=loss, units=units)


# the task; the table; what is said, by its key
REFUSED = {
    "noise on tokens that are numbers": (
        "three", 'source = "recall"\nclasses = 3\nencoding = "index"\nnoise = 0.1',
        {"data.noise": 'got 0.1; tokens that are numbers have no noise: use encoding = "one_hot"'},
    ),
    "line from right to left": (
        "regression", 'source = "linear"\nlow = 2.0\nhigh = -2.0',
        {"data.low": "got 2; low must be less than high, which is -2"},
    ),
    "nothing but outliers": (
        "regression", 'source = "linear"\nsamples = 3\noutliers = 3',
        {"data.outliers": "got 3; there are 3 samples, and at least one must stay on the line: use at most 2"},
    ),
    "shift of no outlier": (
        "regression", 'source = "linear"\noutlier_shift = 2.0',
        {"data.outlier_shift": "outlier_shift has no effect with outliers = 0; set outliers = 1 or remove outlier_shift"},
    ),
    "class without a sample": (
        "three", 'source = "blobs"\nsamples = 2',
        {"data.classes": "got 3; 2 samples leave some without any: use at most 2 classes"},
    ),
    "too many numbers": (
        "three", 'source = "blobs"\nsamples = 100000\nfeatures = 51\nbatch_size = 10',
        {"data.features": "got 51; with 100,000 samples that is more than 5,000,000 numbers: use at most 50 features, "
                          "or fewer samples"},
    ),
    "longer signals than fit": (
        "binary", 'source = "ekg"\nsamples = 10000\nlength = 501\nbatch_size = 10',
        {"data.length": "got 501; with 10,000 samples that is more than 5,000,000 numbers: use at most 500 time steps, "
                        "or fewer samples"},
    ),
    "longer delay than fits": (
        "three", 'source = "recall"\nclasses = 3\nsamples = 100000\ndelay = 11\nbatch_size = 10',
        {"data.delay": "got 11; with 100,000 samples that is more than 5,000,000 numbers: use at most 10 steps of delay, "
                       "or fewer samples"},
    ),
    "token without a sample": (
        "three", 'source = "recall"\nclasses = 3\nsamples = 2',
        {"data.classes": "got 3; 2 samples leave some without any: use at most 2 classes"},
    ),
    "longer sums than fit": (
        "regression", 'source = "adding"\nsamples = 100000\nsteps = 26\nbatch_size = 10',
        {"data.steps": "got 26; with 100,000 samples that is more than 5,000,000 numbers: use at most 25 steps, "
                       "or fewer samples"},
    ),
    "echo after the end": (
        "three at each step", 'source = "echo"\nclasses = 2\nsteps = 4\ndelay = 4',
        {"data.delay": "got 4; of 4 steps no token would be heard again: use at most 3"},
    ),
    "points without an answer": (
        "regression", 'source = "points"\nx = [[1, 2], [3, 4]]\ny = [1]',
        {"data.y": "y has 1 numbers, x has 2 rows; give each point one answer"},
    ),
    "points of unequal length": (
        "regression", 'source = "points"\nx = [[1, 2], [3]]\ny = [1, 2]',
        {"data.x": "x[1] has 1 numbers, x[0] has 2; make them alike"},
    ),
    "yes or no and something else": (
        "binary", 'source = "points"\nx = [[1], [2]]\ny = [1, 0.5]\ntask = "binary"',
        {"data.y": 'got 0.5; with task = "binary" an answer is 0 or 1'},
    ),
    "all held out for validation": (
        "three", 'source = "iris"\nsamples = 3\nvalidation = 0.9',
        {"data.validation": "got 0.9; leaves no sample of 3 to train on; use a smaller share"},
    ),
    "all held out for the test": (
        "three", 'source = "iris"\nsamples = 3\ntest = 0.9',
        {"data.test": "got 0.9; leaves no sample of 3 to train on; use a smaller share"},
    ),
    "all held out between them": (
        "binary", 'source = "moons"\nvalidation = 0.5\ntest = 0.5',
        {"data.test": "got 0.5; with validation = 0.5 that leaves no sample of 200 to train on; use a smaller share"},
    ),
    "batch over what is left": (
        "binary", 'source = "moons"\nvalidation = 0.25\ntest = 0.25\nbatch_size = 101',
        {"data.batch_size": 'got 101; there are 100 training samples: use at most 100, or "full" for all of them'},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_settings_that_cannot_be_together_are_refused(name: str, tmp_path: Path):
    """One problem, at its key."""
    task, data, said = REFUSED[name]
    path = tmp_path / "refused.toml"
    path.write_text(written(task, data), encoding="utf-8")
    with pytest.raises(ScenarioError) as refusal:
        load_scenario(path)
    assert {problem.key: problem.message for problem in refusal.value.problems} == said
    assert all(problem.line for problem in refusal.value.problems)


def test_a_key_of_another_source_is_named_as_such(tmp_path: Path):
    """turns belongs to spirals; moons has none."""
    path = tmp_path / "refused.toml"
    table = 'source = "moons"\nturns = 2.0'
    path.write_text(written("binary", table), encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"turns belongs to source 'spirals', not to 'moons'"):
        load_scenario(path)


def test_two_arms_and_three_arms_ask_for_their_own_loss(tmp_path: Path):
    """Two arms are yes or no, three are classes: the message says which loss fits."""
    path = tmp_path / "refused.toml"
    table = 'source = "spirals"\nclasses = 3'
    path.write_text(written("binary", table), encoding="utf-8")
    with pytest.raises(ScenarioError, match=r'the 3 classes of \'spirals\'; use "sparse_categorical_cross_entropy"'):
        load_scenario(path)
    path.write_text(written("binary", 'source = "spirals"'), encoding="utf-8")
    assert load_scenario(path).data.source == "spirals"
