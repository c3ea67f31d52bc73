"""The explanation of an update agrees with what the machine did, for every optimizer and everything that bends a gradient."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.engine.make import make_session
from tests.engine.optimizer_cases import CASES, PATHS
from tui_nn.debugger import update as updates
from tui_nn.debugger.session import Session
from tui_nn.debugger.update import Update, rows_of

ITERATIONS = 6
# What stands around the optimizer: rows that change gradients, the learning rate, or weights.
AROUND: dict[str, dict[str, Any]] = {
    "penalty": {"dense": {"l1": 0.01, "l2": 0.02}},
    "clip-value": {"clip": {"value": 0.02}},
    "clip-norm": {"clip": {"norm": 0.05}},
    "max-norm": {"dense": {"max_norm": 0.7}},
    "schedule": {"schedule": {"type": "exponential", "gamma": 0.7, "per": "iteration"}},
    "all": {
        "dense": {"l1": 0.01, "l2": 0.02, "max_norm": 0.7},
        "clip": {"value": 0.3, "norm": 0.2},
        "schedule": {"type": "cosine", "warmup": 2},
    },
}


def session_of(case: str | dict[str, Any], dtype: str = "float64", dense: dict | None = None, **more: Any) -> Session:
    layers = [
        {"type": "dense", "units": units, "activation": activation, "init": "xavier_uniform"} | (dense or {})
        for units, activation in ((5, "tanh"), (2, "linear"))
    ]
    optimizer = CASES[case] if isinstance(case, str) else case
    return make_session(layers, n=8, optimizer=optimizer, dtype=dtype, batch_size=4, **more)


def explain(session: Session, name: str, index: Any = ...) -> Update:
    """What the session's frame says; there must be something to say."""
    update = updates.explain(session.frame(), name, index)
    assert update is not None
    return update


def values_of(session: Session) -> dict[str, np.ndarray]:
    return {t.name: t.view(session.machine.mem).copy().astype(np.float64) for t in session.program.tensors}


def grads_of(session: Session) -> dict[str, np.ndarray]:
    shift = session.program.grad_shift
    return {t.name: t.view(session.machine.mem, shift).copy().astype(np.float64) for t in session.program.tensors}


def room(dtype: str, before: np.ndarray, total: np.ndarray) -> np.ndarray:
    """float64: 1e-12 where parameters are about 1, thousands of roundings. float32: the moved parameter is rounded to its
    last place, twice with a decay or a bound; of the step, whose kernel rounds some ten times, 16 eps."""
    if dtype == "float64":
        return np.full(before.shape, 1e-12)
    eps = np.finfo(np.float32).eps
    return 2 * eps * np.maximum(np.abs(before), 1e-3) + 16 * eps * np.abs(total)


def check_run(session: Session, dtype: str) -> None:
    """Each update of each tensor: before, after and the sum of the parts are the machine's."""
    for iteration in range(ITERATIONS):
        before = values_of(session)
        session.step("iteration")
        after = values_of(session)
        for name in before:
            update = explain(session, name)
            assert (update.is_coming, update.number, update.notes) == (False, iteration + 1, ())
            near = room(dtype, before[name], update.total)
            assert (np.abs(update.total - (before[name] - after[name])) <= near).all(), (iteration, name)
            assert (np.abs(update.before - before[name]) <= near).all()
            assert np.array_equal(update.after, after[name])


@pytest.mark.parametrize("case", CASES)
def test_the_parts_sum_to_what_the_machine_did(case: str):
    """Every optimizer with every option: value before - value after is the sum of the parts, in float64 to 1e-12."""
    check_run(session_of(case), "float64")


@pytest.mark.parametrize("case", PATHS)
def test_in_float32_to_a_few_last_places(case: str):
    check_run(session_of(case, "float32"), "float32")


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("case", ["sgd-decay", "adam-options", "adamw", "lion-options", "muon-plain"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_with_penalties_clipping_bounds_and_schedules(case: str, around: str, dtype: str):
    check_run(session_of(case, dtype, **AROUND[around]), dtype)


@pytest.mark.parametrize("around", AROUND)
def test_the_gradient_is_followed_back_to_backward(around: str):
    """∂L is what stood in memory right behind the backward rows, except where clipping by value has cut it: there, NaN."""
    session = session_of("sgd-decay", **AROUND[around])
    last_backward = max(layer.backward_op for layer in session.program.layers)
    n_cut = 0
    for iteration in range(ITERATIONS):
        session.goto(iteration, last_backward + 1)
        raw = grads_of(session)
        session.goto(iteration + 1)
        for name, grad in raw.items():
            update = explain(session, name)
            term, penalty = update.term("∂L"), update.term("pen")
            assert term is not None
            is_known = np.isfinite(term.value)
            n_cut += int((~is_known).sum())
            assert term.value[is_known] == pytest.approx(grad[is_known], abs=1e-12)
            bound = AROUND[around].get("clip", {}).get("value", math.inf)
            assert (np.abs(grad + (penalty.value if penalty else 0.0))[~is_known] >= bound).all()
    assert (n_cut > 0) == ("value" in AROUND[around].get("clip", {}))


@pytest.mark.parametrize(
    ("case", "around"),
    [
        *((case, None) for case in CASES),
        *((case, a) for case in ("sgd-decay", "adamw") for a in AROUND if a not in ("max-norm", "all")),
    ],
)
def test_a_coming_update_is_told_from_its_gradient(case: str, around: str | None):
    """Before its row, with gradient and learning rate there: what will be subtracted is what then was, to 1e-12. Only
    Muon's matrix cannot be told."""
    session = session_of(case, **AROUND[around] if around else {})
    for iteration in range(3):
        for name, rows in rows_of(session.program).items():
            session.goto(iteration, rows.update)
            update = explain(session, name)
            assert (update.is_coming, update.number) == (True, iteration + 1)
            if CASES[case]["type"] == "muon" and rows.tensor.is_matrix:
                assert (update.parts, len(update.notes)) == ((), 1)
                continue
            session.goto(iteration, rows.update + 1)
            assert update.after == pytest.approx(values_of(session)[name], abs=1e-12)
            assert update.before - update.after == pytest.approx(update.total, abs=1e-12)


SYMBOLS = {
    "exp_avg": "m", "exp_avg_sq": "v", "momentum_buffer": "b", "sum": "s", "square_avg": "v", "grad_avg": "m",
    "acc_delta": "d",
}  # fmt: skip


@pytest.mark.parametrize("case", [case for case in CASES if case != "momentum-0"])  # which forgets what it had
def test_what_is_remembered_is_told_before_and_behind(case: str):
    """m' and m, v' and v ... are the machine's slots on both sides of the row, whichever side the frame is of."""
    session = session_of(case)
    for iteration in range(3):
        for name, rows in rows_of(session.program).items():
            slots, told = [], []
            for done in (0, 1):
                session.goto(iteration, rows.update + done)
                shifts = session.program.slots_of(rows.tensor)
                slots.append(
                    {key: rows.tensor.view(session.machine.mem, shift).copy() for key, shift in shifts.items()}
                )
                told.append(explain(session, name).values)
            for key, symbol in SYMBOLS.items():
                for values in told if key in slots[0] else ():
                    assert values[f"{symbol}'"] == pytest.approx(slots[0][key], abs=1e-12)
                    if key != "acc_delta":
                        assert values[symbol] == pytest.approx(slots[1][key], abs=1e-12)


def test_rows_that_are_still_to_come_are_counted_in():
    """Right behind the last backward row penalty, cut and decay are not done, and yet in the numbers."""
    session = session_of("adamw", dense={"l1": 0.01, "l2": 0.02}, clip={"value": 0.02})
    for iteration in range(3):
        session.goto(iteration, max(layer.backward_op for layer in session.program.layers) + 1)
        coming = {name: explain(session, name) for name in rows_of(session.program)}
        session.goto(iteration + 1)
        for name, value in values_of(session).items():
            assert coming[name].after == pytest.approx(value, abs=1e-12)


def test_one_parameter_is_told_as_the_whole_tensor_is():
    session = session_of("adam-options", **AROUND["all"])
    session.goto(4)
    whole, one = explain(session, "dense_1.weight"), explain(session, "dense_1.weight", (3, 1))
    assert one.before == whole.before[3, 1]
    assert [part.value for part in one.parts] == [part.value[3, 1] for part in whole.parts]
    assert one.total == sum(part.value for part in one.parts)


def test_adam_s_first_step_by_hand():
    """One weight 0.5, x = 1, y = 0: g = 2 · 0.5 = 1. m = 0.1, v = 0.001; both corrected are 1; so the step is
    lr / (1 + 1e-8), lr against the gradient's sign, whatever its size."""
    layer = {"type": "dense", "units": 1, "init": "values", "weights": [[0.5]], "bias": False}
    session = make_session([layer], n_in=1, n=1, x=[[1.0]], y=[[0.0]], optimizer={"type": "adam", "lr": 0.01})
    session.step("iteration")
    update = explain(session, "dense_1.weight", (0, 0))
    values = {term.symbol: float(term.value) for term in update.terms}
    assert values == pytest.approx(
        {"g": 1.0, "m": 0.1, "v": 0.001, "m̂": 1.0, "v̂": 1.0, "√v̂+ε": 1.0 + 1e-8, "step": 0.01 / (1.0 + 1e-8)}, rel=1e-14
    )
    assert [(part.symbol, float(part.value)) for part in update.parts] == [
        ("batch", pytest.approx(0.01 / (1.0 + 1e-8))), ("memory", 0.0),
    ]  # fmt: skip
    assert float(update.before) == pytest.approx(0.5, abs=1e-15)
    assert float(update.after) == pytest.approx(0.49, abs=1e-9)


def test_formulas_name_only_numbers_that_are_there():
    """Each name in braces has a value: a formula with its numbers put in has no hole."""
    import re

    for case in CASES:
        session = session_of(case, **AROUND["all"])
        session.goto(2)
        for name in rows_of(session.program):
            update = explain(session, name)
            for term in (*update.terms, *update.parts):
                assert set(re.findall(r"{([^}]*)}", term.formula)) <= set(update.values), (case, term)


def test_nothing_is_told_before_there_is_a_gradient():
    session = session_of("adam")
    assert updates.explain(session.frame(), "dense_1.weight") is None
    session.goto(0, session.program.layers[0].backward_op + 1)
    assert explain(session, "dense_1.weight").is_coming


def test_what_early_stopping_put_back_is_not_called_an_update():
    """In the last planned iteration the best parameters return: the value before the update is then unknown, and said so."""
    session = session_of("sgd", n_val=4, stopping={"monitor": "loss", "patience": 50}, train={"iterations": 4})
    session.goto(4)
    update = explain(session, "dense_1.weight")
    assert "early stopping" in update.notes[0]
    assert np.isnan(update.before).all()
