"""The gap between validation and training: what it is made of, where it is known, and that it changes nothing."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from tests.engine.make import make_session
from tui_nn.debugger.context import Here, parse_for
from tui_nn.debugger.session import Session

DROPOUT = [{"type": "dropout", "rate": 0.5}, (6, "tanh"), (1, "linear")]


def session_with(layers=((6, "tanh"), (1, "linear")), n: int = 11, batch_size: int | str = 4, **settings) -> Session:
    """Eleven samples in batches of 4, 4 and 3; five more for validation."""
    return make_session(list(layers), n=n, n_val=5, batch_size=batch_size, train={"epochs": 6}, **settings)


@pytest.mark.parametrize("layers", [((6, "tanh"), (1, "linear")), DROPOUT])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_it_is_val_loss_less_the_mean_over_the_epochs_samples(layers, dtype: str):
    """With exact fractions of the losses recorded: (4 a + 4 b + 3 c) / 11, rounded once; the short batch counts less."""
    session = session_with(layers, dtype=dtype)
    session.run()
    loss, val_loss = session.history["loss"], session.history["val_loss"]
    (at, gaps), (_, means) = session.history.curve("gap"), session.history.curve("epoch_loss")
    assert at.tolist() == [2, 5, 8, 11, 14, 17]
    for k, gap, mean in zip(at, gaps, means, strict=True):
        a, b, c = (Fraction(float(value)) for value in loss[k - 2 : k + 1])
        exact = (4 * a + 4 * b + 3 * c) / 11
        rounding = 2 * float(np.finfo(dtype).eps) * float(abs(exact) + abs(Fraction(float(val_loss[k]))))
        assert mean == pytest.approx(float(exact), rel=2 * float(np.finfo(dtype).eps))
        assert gap == pytest.approx(float(Fraction(float(val_loss[k])) - exact), abs=rounding)
    assert abs(means[0] - np.mean(loss[:3])) > 1e-4  # which the plain mean of the three batches would be


def test_of_a_full_batch_it_is_val_loss_less_loss():
    """An epoch of one iteration: known in every one."""
    session = session_with(batch_size="full")
    session.run()
    history = session.history
    assert len(history["gap"]) == 6
    assert history["epoch_loss"].tolist() == history["loss"].tolist()
    assert history["gap"] == pytest.approx(history["val_loss"] - history["loss"], rel=1e-12)


def test_penalties_are_no_part_of_it():
    """loss is the data term alone, and so are val_loss and the gap: with l2 the penalty stands beside them."""
    layer = {"type": "dense", "units": 1, "l2": 10.0}
    session = session_with([layer], batch_size="full")
    session.step("iteration")
    history = session.history
    assert history.value("penalty") > 1.0  # type: ignore[operator]
    assert history.value("gap") == pytest.approx(history.value("val_loss") - history.value("loss"), rel=1e-12)  # type: ignore[operator]


def test_it_is_known_behind_its_row_and_comes_back_the_same():
    """Before the last row of an epoch there is no gap; going back and on again writes the same bytes."""
    session = session_with(DROPOUT)
    op = session.program.metrics["gap"].op
    session.goto(2, op)
    assert session.history.value("gap") is None
    assert session.program.ops[op].label == "validate gap"
    session.step()
    first = session.history.value("gap")
    session.run()
    whole = session.history["gap"].tobytes()
    session.back("epoch", 4)
    session.run()
    assert session.history["gap"].tobytes() == whole
    assert session.history.at("gap", 2) == first


def test_conditions_speak_of_it():
    """A condition finds the epoch where the gap first passes a number."""
    session = session_with()
    session.run()
    gaps = session.history.curve("gap")[1]
    goal = float(np.sort(gaps)[-2])
    expected = int(np.argmax(gaps > goal))
    session.goto(0)
    stop = session.run_until(f"gap > {goal!r}")
    assert (stop.reason, stop.position.iteration) == ("condition", 3 * (expected + 1))
    assert parse_for(session.program, "gap == val_loss - epoch_loss").evaluate(Here(session))


def test_switched_off_it_has_no_row_and_training_is_the_same():
    """One name off keeps the other; both off leave no row; the parameters are the same bytes in every case."""
    states = []
    for off in ((), ("gap",), ("epoch_loss",), ("epoch_loss", "gap"), ("all",)):
        session = session_with(probes={"off": off})
        kept = {"epoch_loss", "gap"} & set(session.program.metrics)
        assert kept == (set() if off == ("all",) else {"epoch_loss", "gap"} - set(off))
        assert any(op.kind == "gap" for op in session.program.ops) == bool(kept)
        session.run()
        states.append(session.machine.mem[: session.program.state_size].tobytes())
    assert len(set(states)) == 1


def test_without_validation_there_is_none():
    session = make_session([(1, "linear")], n=11, batch_size=4)
    assert {"gap", "epoch_loss"}.isdisjoint(session.program.metrics)


def test_a_broken_loss_breaks_it():
    """A NaN among the epoch's losses is a NaN gap, not a smaller one."""
    session = session_with(optimizer={"type": "sgd", "lr": 1e30})
    session.start(None, watch=False)
    session.wait(10)
    assert np.isnan(session.history.curve("gap")[1][-1])
