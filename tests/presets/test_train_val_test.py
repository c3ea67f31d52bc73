"""train-val-test: no digit twice, who moves what, when the test set is read and how often, and how much luck can do."""

import math

import numpy as np
import pytest

from tests.presets.digits_by_numpy import is_right, layers_of, losses
from tests.presets.runs import metric, session_of, trained
from tui_nn.scenario import load_scenario

PRESET = "train-val-test"
END = 360


def test_the_sets_are_disjoint_and_together_everything():
    """359, 719 and 719 of 1,797 digits, which are all different; two splits of one seed deal the same hands."""
    data = session_of(PRESET).program.dataset
    parts = [np.asarray(part) for part in (data.x_train, data.x_val, data.x_test)]
    assert [len(part) for part in parts] == [359, 719, 719]
    sets = [{row.tobytes() for row in part} for part in parts]
    assert sum(len(each) for each in sets) == len(set.union(*sets)) == 1797
    again = session_of(PRESET).program.dataset
    assert np.array_equal(again.x_test, data.x_test)


def test_only_the_training_set_moves_weights():
    """Validation and test rows leave every weight as it was, and the test rows change nothing but what they measure."""
    session = session_of(PRESET)
    first = next(op.index for op in session.program.ops if op.phase == "validate")
    for iteration in (11, END - 1):
        session.goto(iteration, first)
        before = layers_of(session)
        session.goto(iteration + 1)
        pairs = zip(before, layers_of(session), strict=True)
        assert all(np.array_equal(a, b) for one, other in pairs for a, b in zip(one, other, strict=True))
    free = trained(PRESET, "data.test=0.4", "train.epochs=31")  # another plan reads it later: the training is the same
    assert np.array_equal(free.history["loss"][:END], session.history["loss"])


def test_it_is_read_once_in_the_last_iteration_and_counted():
    """No value before, 1 at the end, 2 after as many epochs again, and 1 once more when one goes back."""
    session = session_of(PRESET)
    tests = [op for op in session.program.ops if op.phase == "test"]
    assert [k for k in range(END) if tests[0].is_due(k)] == [END - 1]
    session.goto(END - 1, tests[0].index)
    assert session.history.value("test_reads") is None
    assert session.history.value("test_loss") is None
    session.step("op")
    assert metric(session, "test_reads") == 1
    session.goto(END)
    assert metric(session, "test_reads") == 1
    session.run(END)
    assert metric(session, "test_reads") == 2
    session.goto(END)
    assert metric(session, "test_reads") == 1


def test_all_three_losses_are_those_of_numpy():
    session = trained(PRESET)
    data, layers = session.program.dataset, layers_of(session)
    for x, y, loss, accuracy in (
        (data.x_val, data.y_val, "val_loss", "val_accuracy"),
        (data.x_test, data.y_test, "test_loss", "test_accuracy"),
    ):
        assert metric(session, loss) == pytest.approx(losses(layers, x, y).mean(), rel=1e-5)
        assert metric(session, accuracy) == pytest.approx(is_right(layers, x, y).mean(), rel=1e-6)
    measured = [metric(session, name) for name in ("val_loss", "test_loss", "val_accuracy", "test_accuracy")]
    assert measured == pytest.approx([0.172, 0.170, 0.954, 0.950], abs=5e-4)
    assert session.history["loss"][-12:].mean() == pytest.approx(0.064, abs=5e-4)
    assert session.history["accuracy"][-12:].min() == 1.0
    assert session.history.curve("val_accuracy")[1][[0, 14]] == pytest.approx([0.42, 0.94], abs=5e-3)


def test_validation_chooses_where_training_cannot():
    """8, 32, 100 and 200 units: 80.1, 93.1, 95.4 and 96.1 %, while training says 100 % of the last two; 95.1 % in the test."""
    runs = [trained(PRESET, f"layers[0].units={units}") for units in (8, 32, 100, 200)]
    chosen = [metric(run, "val_accuracy") for run in runs]
    assert chosen == pytest.approx([0.801, 0.931, 0.954, 0.961], abs=6e-4)
    assert [run.history["accuracy"][-12:].min() for run in runs[2:]] == [1.0, 1.0]
    assert metric(runs[3], "test_accuracy") == pytest.approx(0.951, abs=5e-4)


def test_the_luck_of_the_best_of_20():
    """Binomial draws: spread 0.008, the best of 20 equal ones at 96.5 %."""
    draws = np.random.default_rng(0).binomial(719, 0.95, size=(20_000, 20)) / 719
    assert draws.std() == pytest.approx(math.sqrt(0.95 * 0.05 / 719), rel=0.02)
    assert math.sqrt(0.95 * 0.05 / 719) == pytest.approx(0.008, abs=5e-4)
    assert draws.max(axis=1).mean() == pytest.approx(0.965, abs=1e-3)


def test_scaling_is_measured_on_the_training_set_alone():
    from tui_nn.data import load_data

    scaled = load_data(load_scenario(PRESET, ["data.standardize=true"]))
    assert np.asarray(scaled.x_train).mean(axis=0) == pytest.approx(0.0, abs=1e-9)
    assert np.abs(np.asarray(scaled.x_test).mean(axis=0)).max() > 0.01
