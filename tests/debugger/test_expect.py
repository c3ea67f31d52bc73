"""Expectations are checked at their places, in the order of the file."""

from tui_nn import Session, load_scenario
from tui_nn.debugger.expect import check

UNSORTED = """\
id = "checked"
title = "Checked"
seed = 1

[data]
source = "linear"

[[layers]]
type = "dense"
units = 1

[loss]
type = "mse"

[optimizer]
type = "sgd"
lr = 0.1

[train]
iterations = 50

[[expect]]
at = "end"
that = "loss < loss@0 and abs(bias.dense_1[0] - 1) < 0.5"

[[expect]]
at = "start"
that = "loss > 0"

[[expect]]
at = "10 iterations"
that = "loss < min(loss) + 1e-9"
"""


def checked(tmp_path, text: str = UNSORTED):
    path = tmp_path / "checked.toml"
    path.write_text(text)
    session = Session(load_scenario(path))
    return session, check(session)


def test_each_at_its_place(tmp_path):
    """Results come in the order of the file although the run meets them in another."""
    _, results = checked(tmp_path)
    assert [result.position.iteration for result in results] == [50, 0, 10]


def test_nothing_is_measured_at_the_start(tmp_path):
    """Before the first loss a claim about it does not hold, and its value is None, not nan."""
    _, results = checked(tmp_path)
    assert (results[0].held, results[1].held, results[2].held) == (True, False, True)
    assert results[1].values == {"loss": None}


def test_values_are_those_of_the_place(tmp_path):
    """A result carries every number its condition read, histories' start and single parameters included."""
    session, results = checked(tmp_path)
    losses = session.history["loss"]
    values = results[0].values
    assert list(values) == ["loss", "loss@0", "bias.dense_1[0]"]
    assert values["loss"] == float(losses[-1])
    assert values["loss@0"] == float(losses[0])
    assert results[2].values == {"loss": float(losses[9])}


def test_nan_on_the_way_does_not_stop_the_check(tmp_path):
    """A diverging run is checked to its end: its loss is not finite there, and that can be claimed."""
    text = UNSORTED.replace("lr = 0.1", "lr = 1e30").replace("loss < loss@0 and", "not isfinite(loss) and not")
    _, results = checked(tmp_path, text)
    assert results[0].position.iteration == 50
    assert results[0].held
