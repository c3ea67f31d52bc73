"""representation: least-squares probes on the outputs of each layer, which the engine itself does not compute."""

from itertools import pairwise

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, metric, session_of, trained
from tui_nn import Session

PRESET = "representation"
SEEDS = range(20 if IS_FULL else 6)
TIMES = (0, 50, 100, 200, 1499)
ONE_BEND, TWO_BENDS = "layers[1:3].activation=linear", "layers[2].activation=linear"


def probe(h: np.ndarray, y: np.ndarray) -> float:
    """Share of the points on their side of the best plane: w and b of least squared error to -1 and +1."""
    columns = np.hstack([np.asarray(h, dtype=np.float64), np.ones((len(h), 1))])
    plane = np.linalg.lstsq(columns, 2 * y - 1, rcond=1e-6)[0]
    return float(((columns @ plane > 0) == (y > 0.5)).mean())


def probes(session: Session, iteration: int) -> list[float]:
    """Of the input and the three hidden layers, in the forward pass of an iteration."""
    session.goto(iteration, next(op.index for op in session.program.ops if op.phase == "loss"))
    frame = session.frame()
    y = np.asarray(frame.targets, dtype=np.float64).ravel()
    return [probe(h, y) for h in (frame.inputs, *(layer.activation for layer in frame.layers if layer.kind == "relu"))]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_probes_rise_with_depth(seed: int):
    """Strictly, from the input on until all points are right, on every seed; before training all are near chance."""
    session = session_of(PRESET, f"seed={seed}")
    start, end = probes(session, 0), probes(session, 1499)
    assert max(start) <= 0.55
    assert all(a < b or a == b == 1.0 for a, b in pairwise(end)), end
    assert end[0] == pytest.approx(0.5)
    assert end[1] < 0.75
    assert end[3] >= 0.99


def test_low_features_first():
    """After 50 updates the first layer has most of what it will gain, the others less than half; means over the seeds."""
    gained, whole = np.zeros(4), np.zeros(4)
    for seed in SEEDS:
        session = session_of(PRESET, f"seed={seed}")
        start, early, end = (np.array(probes(session, iteration)) for iteration in (0, 50, 1499))
        gained, whole = gained + early - start, whole + end - start
    share = gained[1:] / whole[1:]
    assert share[0] > 0.55
    assert share[1:].max() < 0.45


def test_the_output_layer_is_the_probe_one_can_watch():
    """Its sign is the engine's accuracy: a linear unit on relu_3, by NumPy."""
    session = session_of(PRESET)
    session.goto(1000, next(op.index for op in session.program.ops if op.phase == "loss") + 1)
    frame = session.frame()
    weight, bias = (np.asarray(p.value, dtype=np.float64) for p in frame.layer("dense_4").parameters)
    z = np.asarray(frame.layer("relu_3").activation, dtype=np.float64) @ weight.T + bias
    y = np.asarray(frame.targets)
    assert metric(session, "accuracy") == pytest.approx(((z > 0) == (y > 0.5)).mean())


def test_without_the_later_bends_cuts_are_all_there_is():
    """One bending layer is hardly better than the first probe; two part the spirals."""
    assert metric(trained(PRESET, ONE_BEND), "accuracy") < 0.75
    assert metric(trained(PRESET, TWO_BENDS), "accuracy") >= 0.99


def test_the_numbers_of_the_lesson():
    """The table, row by row, at seed 7; the signals before and after; and the update that has all points right."""
    session = session_of(PRESET)
    table = [[50.0, 50.0, 50.5, 51.5], [50.0, 60.0, 61.0, 66.0], [50.0, 55.0, 80.5, 83.0], [50.0, 58.5, 97.0, 100.0],
             [50.0, 60.0, 99.5, 100.0]]  # fmt: skip
    for iteration, row in zip(TIMES, table, strict=True):
        assert 100 * np.array(probes(session, iteration)) == pytest.approx(row, abs=1.01), iteration  # 2 points of 200
    session = trained(PRESET)
    signal = {name: session.history[f"act_signal.{name}"] for name in ("relu_1", "relu_3")}
    assert [signal["relu_1"][0], signal["relu_3"][0]] == pytest.approx([0.294, 0.085], abs=5e-4)
    assert [signal["relu_1"][-1], signal["relu_3"][-1]] == pytest.approx([0.479, 1.284], rel=5e-3)
    assert np.flatnonzero(session.history["accuracy"] == 1)[0] + 1 == pytest.approx(158, abs=3)
