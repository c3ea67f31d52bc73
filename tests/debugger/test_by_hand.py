"""The recurrence by hand agrees with the engine for every optimizer, and parts from it when one number of either is wrong."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.engine.make import make_session
from tests.engine.optimizer_cases import CASES, PATHS
from tui_nn.debugger.by_hand import work_out
from tui_nn.debugger.replay import Made, Replay
from tui_nn.debugger.session import Session

# Rows around the optimizer that bend the gradient, the learning rate and the weights.
AROUND: dict[str, Any] = {
    "dense": {"l1": 0.01, "l2": 0.02, "max_norm": 0.7},
    "clip": {"value": 0.3, "norm": 0.2},
    "schedule": {"type": "cosine", "warmup": 2},
}
PLACES = (("dense_1.weight", (3, 1)), ("dense_2.bias", (1,)))


def session_of(case: str | dict[str, Any], dtype: str = "float64", dense: dict | None = None, **more: Any) -> Session:
    layers = [
        {"type": "dense", "units": units, "activation": activation, "init": "xavier_uniform"} | (dense or {})
        for units, activation in ((5, "tanh"), (2, "linear"))
    ]
    optimizer = CASES[case] if isinstance(case, str) else case
    return make_session(layers, n=8, optimizer=optimizer, dtype=dtype, batch_size=4, **more)


def made_of(session: Session, name: str, index: tuple[int, ...], last: int, n: int) -> list[Made]:
    start = session.replay_start(max(last - n, 0))
    assert start is not None
    return Replay(session.program).updates(start, name, index, last, n)


def test_the_mean_of_two_gradients():
    """β1 = 0.5, g = 0.6, then 0.1: m = 0.5·0 + 0.5·0.6 = 0.3, then 0.5·0.3 + 0.5·0.1 = 0.2; v = 0.036, then 0.0334;
    m̂ = 0.2 / 0.75, v̂ = 0.0334 / 0.19. An engine's 0.2 agrees, 0.2001 does not."""
    session = session_of({"type": "adam", "lr": 0.1, "beta1": 0.5, "beta2": 0.9, "eps": 0.0})
    settings = dict(session.program.settings)
    first = Made(1, 0.6, 1.0, 0.9, {"exp_avg": 0.0, "exp_avg_sq": 0.0}, {"exp_avg": 0.3, "exp_avg_sq": 0.036}, settings)
    step = 0.1 * (0.2 / 0.75) / (0.0334 / 0.19) ** 0.5
    second = Made(2, 0.1, 0.9, 0.9 - step, first.slots, {"exp_avg": 0.2, "exp_avg_sq": 0.0334}, settings)
    one, two = work_out(session.program, "dense_1.weight", [first, second])
    assert [one.checks["m"].hand, two.checks["m"].hand] == pytest.approx([0.3, 0.2], rel=1e-15)
    assert [one.checks["v"].hand, two.checks["v"].hand] == pytest.approx([0.036, 0.0334], rel=1e-15)
    m_hat, v_hat = two.term("m̂"), two.term("v̂")
    assert m_hat is not None
    assert v_hat is not None
    assert (m_hat.value, v_hat.value) == pytest.approx((0.2 / 0.75, 0.0334 / 0.19))
    assert two.checks["w"].hand == pytest.approx(0.9 - step)
    assert all(check.agrees for update in (one, two) for check in update.checks.values())
    wrong = replace(second, slots={"exp_avg": 0.2001, "exp_avg_sq": 0.0334})
    _, two = work_out(session.program, "dense_1.weight", [first, wrong])
    assert {symbol: check.agrees for symbol, check in two.checks.items()} == {"m": False, "v": True, "w": True}


BOTH = [
    pytest.param("float64", AROUND, id="float64-around"),
    pytest.param("float32", {}, id="float32-plain"),
    pytest.param("float64", {}, id="float64-plain"),
    pytest.param("float32", AROUND, id="float32-around"),
]


@pytest.mark.parametrize(("dtype", "around"), BOTH if os.environ.get("TUI_NN_FULL") == "1" else BOTH[:2])
def test_every_optimizer_agrees_with_the_engine(dtype: str, around: dict[str, Any]):
    """Each slot and the parameter, from the first update on and from the engine's numbers in the middle of a run.

    Outside the full run with penalties and the like in float64, without them in float32.
    """
    for case in PATHS:
        session = session_of(case, dtype, **around)
        session.step("iteration", 20)
        for name, index in PLACES:
            for last, n in ((5, 5), (20, 6)):
                updates = work_out(session.program, name, made_of(session, name, index, last, n))
                assert [update.t for update in updates] == list(range(last - n + 1, last + 1))
                for update in updates:
                    is_matrix = case.startswith("muon") and "weight" in name
                    kept = 1 if is_matrix else 2 * bool(session.program.scenario.optimizer.slots)  # at least
                    assert len(update.checks) >= min(kept, 2)
                    apart = {symbol: check for symbol, check in update.checks.items() if not check.agrees}
                    assert not apart, (case, name, update.t)


@pytest.mark.parametrize("case", PATHS)
def test_what_is_replayed_is_what_the_run_did(case: str):
    """Gradient, slots and parameter around an update, read from the session itself, to the bit; the run does not move."""
    session = session_of(case, **AROUND)
    session.step("iteration", 9)
    name, index = PLACES[0]
    before = session.state_bytes()
    made = made_of(session, name, index, 9, 4)
    assert session.state_bytes() == before
    tensor = next(tensor for tensor in session.program.tensors if tensor.name == name)
    op = session.program.layers[0].updates[name]
    for each in made:
        session.goto(each.t - 1)
        assert tensor.view(session.machine.mem)[index] == each.before
        session.goto(each.t - 1, op + 1)
        mem, program = session.machine.mem, session.program
        assert tensor.view(mem)[index] == each.after
        assert tensor.view(mem, program.grad_shift)[index] == each.grad
        slots = {slot: tensor.view(mem, shift)[index] for slot, shift in program.slots_of(tensor).items()}
        assert each.slots == slots
        assert each.settings["lr"] == session.frame().settings["lr"]


def test_rows_that_look_back_over_an_epoch_find_it():
    """A plateau that watches the mean loss lowers lr as in the run, wherever the replay begins within an epoch."""
    more = {"schedule": {"type": "plateau", "monitor": "loss", "factor": 0.5, "patience": 1}, "train": {"epochs": 60}}
    session = session_of({"type": "sgd", "lr": 3.0}, **more)
    session.start(None, watch=False)
    session.wait(30)
    lr = session.history["lr"]
    assert len(set(lr.tolist())) > 3
    for last in range(60, 121, 7):
        made = made_of(session, "dense_1.weight", (0, 0), last, 5)
        assert [each.settings["lr"] for each in made] == lr[last - 5 : last].tolist()


def test_a_long_run_is_replayed_from_a_checkpoint():
    """Of 50,000 updates the last six are made again in a few thousand iterations at most, and the history stays small."""
    session = session_of("adam")
    session.run(50_000)
    start = session.replay_start(49_994)
    assert start is not None
    assert start.iteration > 48_000
    replay = Replay(session.program)
    made = replay.updates(start, "dense_1.weight", (0, 0), 50_000, 6)
    assert all(
        check.agrees for update in work_out(session.program, "dense_1.weight", made) for check in update.checks.values()
    )
    assert made[-1].after == session.frame().layers[0].parameters[0].value[0, 0]


def test_the_numbers_are_those_of_a_plain_loop():
    """Adam as Kingma & Ba write it, fed with the replayed gradients, ends at the same w, m and v."""
    session = session_of("adam")
    session.step("iteration", 6)
    made = made_of(session, "dense_1.weight", (0, 0), 6, 6)
    updates = work_out(session.program, "dense_1.weight", made)
    m = v = 0.0
    w = made[0].before
    for t, each in enumerate(made, 1):
        m = 0.9 * m + 0.1 * each.grad
        v = 0.999 * v + 0.001 * each.grad**2
        w -= 0.01 * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)) ** 0.5 + 1e-8)
    last = updates[-1].checks
    assert (last["m"].hand, last["v"].hand, last["w"].hand) == pytest.approx((m, v, w), rel=1e-12)


def test_not_a_number_agrees_with_itself_alone():
    session = session_of("adam")
    settings = dict(session.program.settings)
    zero = {"exp_avg": 0.0, "exp_avg_sq": 0.0}
    broken = Made(1, np.nan, 1.0, np.nan, zero, {"exp_avg": np.nan, "exp_avg_sq": 0.5}, settings)
    (update,) = work_out(session.program, "dense_1.weight", [broken])
    assert {symbol: check.agrees for symbol, check in update.checks.items()} == {"m": True, "v": False, "w": True}
