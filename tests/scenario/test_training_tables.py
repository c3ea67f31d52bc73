"""[schedule], [stopping], [clip] and penalties: what is refused when the file is loaded, and with what cure."""

from __future__ import annotations

import pytest

from tui_nn.scenario import ScenarioError, load_scenario

GOOD = """\
id = "tables"
title = "Tables"
[data]
source = "or"
repeat = 10
[[layers]]
type = "dense"
units = 1
[loss]
type = "binary_cross_entropy"
[optimizer]
type = "sgd"
lr = 0.5
[train]
epochs = 20
"""

BAD = {
    "unknown schedule": ('[schedule]\ntype = "cosin"', "did you mean 'cosine'"),
    "no schedule type": ("[schedule]\ngamma = 0.5", "missing; add type, one of: constant, warmup, step"),
    "key of another schedule": (
        '[schedule]\ntype = "cosine"\ngamma = 0.5',
        "gamma belongs to type 'step' or 'exponential'",
    ),
    "no steps": ('[schedule]\ntype = "step"', "missing; add every"),
    "warm-up without length": ('[schedule]\ntype = "cosine"\nwarmup_start = 0.1', "has no effect without a warm-up"),
    "rises instead of falling": ('[schedule]\ntype = "cosine"\nmin_lr = 0.9', "falls from optimizer.lr, which is 0.5"),
    "plateau on nothing": ('[schedule]\ntype = "plateau"', "nothing is held out; set data.validation = 0.2"),
    "stopping on nothing": ("[stopping]\npatience = 3", 'or monitor = "loss"'),
    "patience of none": ('[stopping]\nmonitor = "loss"\npatience = 0', "got 0; patience must be 1 or more"),
    "unknown monitor": ('[stopping]\nmonitor = "val_los"', "did you mean 'val_loss'"),
    "empty clip": ("[clip]", "bounds nothing; add norm = 1.0"),
    "negative clip": ("[clip]\nnorm = -1.0", "norm must be greater than 0"),
}

TWICE = ("no schedule type", "unknown monitor")  # the near word, or the likely type, then lacks something else


@pytest.mark.parametrize("name", BAD)
def test_a_table_that_makes_no_sense_is_refused_with_the_cure(name, tmp_path):
    tables, message = BAD[name]
    path = tmp_path / "tables.toml"
    path.write_text(GOOD + tables + "\n")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert message in str(caught.value)
    assert len(caught.value.problems) == (2 if name in TWICE else 1)


def test_one_cycle_needs_room_to_rise_and_fall(tmp_path):
    path = tmp_path / "tables.toml"
    path.write_text(GOOD.replace("epochs = 20", "iterations = 3") + '[schedule]\ntype = "one_cycle"\n')
    with pytest.raises(ScenarioError, match="plan 4 or more"):
        load_scenario(path)
    path.write_text(GOOD + '[schedule]\ntype = "one_cycle"\nrise = 0.01\n')
    with pytest.raises(ScenarioError, match="leaves no rise"):
        load_scenario(path)


def test_good_tables_are_read(tmp_path):
    """Everything at once, by its right name."""
    path = tmp_path / "tables.toml"
    good = GOOD.replace("repeat = 10", "repeat = 10\nvalidation = 0.2\nbatch_size = 4").replace(
        "units = 1", "units = 1\nl1 = 0.1\nl2 = 0.2\nmax_norm = 3.0"
    )
    path.write_text(
        good
        + '[schedule]\ntype = "step"\nevery = 3\nwarmup = 2\n[clip]\nnorm = 1.0\nvalue = 0.5\n[stopping]\npatience = 4\n'
    )
    scenario = load_scenario(path)
    assert scenario.schedule is not None
    assert scenario.schedule.type == "step"
    assert scenario.stopping is not None
    assert scenario.stopping.patience == 4
    assert scenario.clip is not None
    assert (scenario.clip.norm, scenario.clip.value) == (1.0, 0.5)
