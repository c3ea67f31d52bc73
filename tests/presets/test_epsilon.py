"""epsilon: where the first NaN arises, that it is there alone, and what a tiny number in the divisor changes."""

import numpy as np
import pytest

from tests.presets.runs import metric, session_of, trained
from tui_nn import Session

SEEDS = (0, 1, 7)


def after_first(preset: str, *overrides: str) -> Session:
    session = session_of(preset, *overrides)
    session.step("iteration")
    return session


def black_pixels(session: Session) -> np.ndarray:
    """(64,) is the pixel 0 in every digit?"""
    return (np.asarray(session.program.dataset.x_train) == 0).all(axis=0)


@pytest.mark.parametrize("seed", SEEDS)
def test_nan_arises_at_the_weights_of_the_black_pixels_and_nowhere_else(seed: int):
    """30 of 640: three pixels that the data have at 0 throughout, found from the data alone; m, v and g are 0 there."""
    session = after_first("epsilon", f"seed={seed}")
    weight, bias = session.frame().layers[0].parameters
    is_black = np.broadcast_to(black_pixels(session), (10, 64))
    assert np.flatnonzero(black_pixels(session)).tolist() == [0, 32, 39]
    assert (np.isnan(weight.value) == is_black).all()
    assert np.isnan(weight.value).sum() == 30
    assert np.isfinite(bias.value).all()
    for array in (weight.grad, *weight.slots.values()):
        assert ((array == 0) == is_black).all()
    assert np.isfinite(session.history["loss"][0])


@pytest.mark.parametrize("seed", SEEDS)
def test_one_forward_pass_later_all_is_nan(seed: int):
    """0 · nan: every score of every digit, though the input of those weights is 0; and the run stops there."""
    session = session_of("epsilon", f"seed={seed}")
    stop = session.run()
    assert (stop.reason, session.position.iteration) == ("non-finite", 1)
    assert np.isnan(session.frame().layers[0].activation).all()
    assert np.isnan(metric(session, "loss"))


@pytest.mark.parametrize("optimizer", ["adagrad", "rmsprop", "adam", "adamw"])
def test_whoever_divides_by_a_root_needs_it(optimizer: str):
    """The same weights with every optimizer of this family; and none with eps = 1e-8."""
    for eps, is_expected in (("0", True), ("1e-8", False)):
        session = after_first("epsilon", f"optimizer.type={optimizer}", f"optimizer.eps={eps}")
        is_nan = np.isnan(session.frame().layers[0].parameters[0].value)
        assert (is_nan == (np.broadcast_to(black_pixels(session), (10, 64)) & is_expected)).all()


def test_a_tiny_epsilon_leaves_them_and_the_others_alone():
    """The black pixels' weights keep their start to the last bit over 100 updates; the others' first step is lr."""
    session = session_of("epsilon-cured")
    session.step("op")
    start = np.array(session.frame().layers[0].parameters[0].value)
    is_black = black_pixels(session)
    session.goto(1)
    weight = session.frame().layers[0].parameters[0]
    is_usual = np.abs(weight.grad) > 1e-4
    assert np.abs(weight.effective_step[is_usual]) == pytest.approx(0.01, rel=2e-4)
    end = trained("epsilon-cured")
    value = end.frame().layers[0].parameters[0].value
    assert (value[:, is_black] == start[:, is_black]).all()
    assert (value[:, ~is_black] != start[:, ~is_black]).any(axis=0).all()
    assert np.isfinite(end.history["loss"]).all()
    assert (end.history["loss"][0], metric(end, "loss"), metric(end, "accuracy")) == pytest.approx(
        (2.53, 0.35, 0.94), abs=5e-3
    )
