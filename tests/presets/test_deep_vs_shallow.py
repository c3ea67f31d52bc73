"""deep-vs-shallow and its kin: equal budgets, who winds the spiral, who is sooner on the line, and the lessons' numbers."""

import math

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, metric, session_of, trained
from tui_nn import Session

DEEP, WIDE = "deep-vs-shallow", "deep-vs-shallow-wide"
LINE, LINE_WIDE = "deep-vs-shallow-line", "deep-vs-shallow-line-wide"
SEEDS = range(20 if IS_FULL else 8)
ONE_TURN = "data.turns=1"


def first_below(session: Session, loss: float) -> int:
    """How many updates it took: the loss of iteration i is that of i updates, seen when i + 1 are done."""
    return int(np.flatnonzero(session.history["loss"] < loss)[0]) + 1


def best_line(session: Session) -> float:
    """The least mean squared error of any line, by the normal equations."""
    x, y = session.program.dataset.x_train, session.program.dataset.y_train
    columns = np.hstack([x, np.ones_like(x)])
    line = np.linalg.solve(columns.T @ columns, columns.T @ y)
    return float(((columns @ line - y) ** 2).mean())


def test_the_budgets():
    """Counted from the shapes: 609 and 601, 593 and 595; 20 rows against 10; 48, 150 and 198 bends a sample."""
    assert (2 * 16 + 16) + 2 * (16 * 16 + 16) + (16 + 1) == session_of(DEEP).program.n_parameters == 609
    assert (2 * 150 + 150) + (150 + 1) == session_of(WIDE).program.n_parameters == 601
    assert (16 + 16) + 2 * (16 * 16 + 16) + (16 + 1) == session_of(LINE).program.n_parameters == 593
    assert (198 + 198) + (198 + 1) == session_of(LINE_WIDE).program.n_parameters == 595
    assert session_of(LINE_WIDE, "layers[0].units=20").program.n_parameters == 61
    assert [len(session_of(preset).program.ops) for preset in (DEEP, WIDE)] == [20, 10]
    bends = [
        sum(layer.units for layer in session_of(p).program.layers if layer.kind == "tanh")
        for p in (DEEP, WIDE, LINE_WIDE)
    ]
    assert bends == [48, 150, 198]


@pytest.mark.parametrize("seed", SEEDS)
def test_deep_winds_the_spiral_and_wide_does_not(seed: int):
    """In eight of eight (in the full run, twenty of twenty): all points but a few, against hardly more than chance."""
    deep, wide = trained(DEEP, f"seed={seed}"), trained(WIDE, f"seed={seed}")
    assert metric(deep, "accuracy") >= 0.99
    assert metric(deep, "loss") < 0.05
    assert wide.history["accuracy"].max() < 0.7
    assert wide.history["loss"].min() > 0.5


@pytest.mark.parametrize("preset", [DEEP, WIDE])
def test_with_one_turn_both_do(preset: str):
    assert metric(trained(preset, ONE_TURN), "accuracy") == 1.0


@pytest.mark.parametrize("seed", SEEDS)
def test_on_the_line_only_the_way_differs(seed: int):
    """Both end within 10 % of the best line there is; the wide one gets there in less than half the updates."""
    deep, wide = trained(LINE, f"seed={seed}"), trained(LINE_WIDE, f"seed={seed}")
    near = 1.1 * best_line(deep)
    assert metric(deep, "loss") < near
    assert metric(wide, "loss") < near
    assert first_below(wide, near) <= 66
    assert first_below(deep, near) >= 146
    assert 2 * first_below(wide, near) < first_below(deep, near)
    assert wide.history["loss"][60] < 0.0175 < deep.history["loss"][60]


def test_without_tanh_deep_is_a_line():
    """The command of the lesson: the answers to all points lie on one straight line."""
    session = trained(LINE, "layers[0:3].activation=linear")
    session.step("op", next(op.index for op in session.program.ops if op.phase == "loss"))
    frame = session.frame()
    x, out = np.asarray(frame.inputs, np.float64).ravel(), np.asarray(frame.layers[-1].activation, np.float64).ravel()
    slope, intercept = np.polyfit(x, out, 1)
    np.testing.assert_allclose(out, slope * x + intercept, atol=1e-5)
    assert metric(session, "loss") == pytest.approx(best_line(session), rel=0.02)


def test_20_units_draw_it_too():
    session = trained(LINE_WIDE, "layers[0].units=20")
    assert metric(session, "loss") < 1.2 * best_line(session)  # fewer terms, so it is still on the way


def test_the_numbers_of_the_spiral():
    """Said by lessons and scripts, at seed 7."""
    deep, wide = trained(DEEP), trained(WIDE)
    accuracy, loss = deep.history["accuracy"], deep.history["loss"]
    assert np.flatnonzero(accuracy >= 0.9)[0] + 1 == pytest.approx(388, abs=5)
    assert np.flatnonzero(accuracy == 1)[0] + 1 == pytest.approx(488, abs=5)
    assert loss[[0, 100]] == pytest.approx([0.697, 0.657], abs=1e-3)
    assert loss[999] == pytest.approx(0.0063, abs=5e-4)
    assert loss[-1] < 0.001
    assert wide.history["loss"][[0, 1000, 3999]] == pytest.approx([0.697, 0.650, 0.600], abs=1e-3)
    assert metric(wide, "accuracy") == pytest.approx(0.57, abs=0.02)
    assert math.log(2) == pytest.approx(0.69, abs=5e-3)


def test_the_numbers_of_the_line():
    deep, wide = trained(LINE), trained(LINE_WIDE)
    assert best_line(deep) == pytest.approx(0.0105, abs=5e-5)
    assert (metric(deep, "loss"), metric(wide, "loss")) == pytest.approx((0.0105, 0.0104), abs=6e-5)
    assert (first_below(deep, 0.02), first_below(wide, 0.02)) == pytest.approx((80, 36), abs=1)
    assert (deep.history["loss"][0], wide.history["loss"][0]) == pytest.approx((1.66, 2.08), abs=5e-3)
