"""Schedules: every learning rate equals its formula and PyTorch's, and it is the one the update was made with."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.engine.make import make_session

N = 60  # iterations; 6 samples at batch size 2: 3 iterations an epoch
LR = 0.4

SCHEDULES: dict[str, dict[str, Any]] = {
    "warmup": {"type": "warmup", "warmup": 4, "warmup_start": 0.25},
    "step": {"type": "step", "every": 5, "gamma": 0.5},
    "step-warm": {"type": "step", "every": 7, "gamma": 0.1, "per": "iteration", "warmup": 10},
    "exponential": {"type": "exponential", "gamma": 0.9},
    "cosine": {"type": "cosine", "min_lr": 0.01},
    "cosine-epochs": {"type": "cosine", "per": "epoch", "length": 8, "warmup": 3, "warmup_start": 0.1},
    "one-cycle": {"type": "one_cycle", "rise": 0.25, "div_factor": 10.0, "final_div_factor": 100.0},
}


def formula(table: dict[str, Any], iteration: int) -> float:
    """The learning rate of an iteration, from the definition."""
    kind = table["type"]
    if kind == "one_cycle":
        start, turn = LR / table["div_factor"], table["rise"] * N - 1
        if iteration <= turn:
            return start + (LR - start) * (1 - math.cos(math.pi * iteration / turn)) / 2
        end = start / table["final_div_factor"]
        return end + (LR - end) * (1 + math.cos(math.pi * (iteration - turn) / (N - 1 - turn))) / 2
    per_iteration = table.get("per", "iteration" if kind == "cosine" else "epoch") == "iteration"
    unit = 1 if per_iteration else 3
    warmup, start = table.get("warmup", 0), table.get("warmup_start", 0.0)
    t = iteration // unit
    if t < warmup:
        return LR * (start + (1 - start) * t / warmup)
    t -= warmup
    if kind == "step":
        return LR * table["gamma"] ** (t // table["every"])
    if kind == "exponential":
        return LR * table["gamma"] ** t
    if kind == "cosine":
        length = table.get("length", N // unit - warmup)
        low = table.get("min_lr", 0.0)
        return low + (LR - low) * (1 + math.cos(math.pi * min(t / length, 1))) / 2
    return LR


def session_with(schedule: dict[str, Any] | None, **settings: Any):
    settings = {"optimizer": {"type": "sgd", "lr": LR}, "batch_size": 2, "train": {"iterations": N}} | settings
    return make_session([(3, "tanh"), (1, "linear")], schedule=schedule, **settings)


@pytest.mark.parametrize("name", SCHEDULES)
def test_learning_rates_are_those_of_the_formula(name):
    """All 60 iterations and 10 beyond the plan, float64, to 1e-12 of the top."""
    session = session_with(SCHEDULES[name])
    session.step("iteration", N + 10)
    expected = [formula(SCHEDULES[name], t) for t in range(N)]
    assert session.history["lr"][:N] == pytest.approx(expected, rel=1e-12, abs=1e-14)
    if SCHEDULES[name]["type"] in ("cosine", "one_cycle"):
        assert session.history["lr"][N + 5] <= expected[-1] + 1e-14  # past its end it stays down
    assert max(expected) == pytest.approx(LR, rel=0.05)


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_update_is_made_with_the_learning_rate_of_its_iteration(name):
    """Plain SGD: what moved is lr of that iteration times the gradient; the frame's effective step says the same."""
    session = session_with(SCHEDULES[name])
    for iteration in (1, 13, 40):
        session.goto(iteration)
        before = session.frame().layers[0].parameters[0].value.copy()
        session.step("iteration")
        parameter = session.frame().layers[0].parameters[0]
        lr = formula(SCHEDULES[name], iteration)
        assert before - parameter.value == pytest.approx(lr * parameter.grad, rel=1e-9, abs=1e-15)
        assert parameter.effective_step == pytest.approx(lr * parameter.grad, rel=1e-9, abs=1e-15)


def test_constant_schedule_changes_nothing():
    """A schedule of type constant is the run without one, byte for byte, and has no row."""
    plain, constant = session_with(None), session_with({"type": "constant"})
    for session in (plain, constant):
        session.step("iteration", 20)
    assert plain.state_bytes() == constant.state_bytes()
    assert len(plain.program.ops) == len(constant.program.ops)


@pytest.mark.parametrize("name", SCHEDULES)
def test_going_back_gives_the_same_bytes(name):
    """The learning rate is worked out from the iteration's number, so a replay finds the same one."""
    session = session_with(SCHEDULES[name], optimizer={"type": "adam", "lr": LR})
    session.goto(31, 4)
    there = session.state_bytes()
    session.goto(55)
    session.goto(31, 4)
    assert session.state_bytes() == there


TORCH = {
    "step": lambda torch, o: torch.optim.lr_scheduler.StepLR(o, step_size=5, gamma=0.5),
    "exponential": lambda torch, o: torch.optim.lr_scheduler.ExponentialLR(o, gamma=0.9),
    "cosine": lambda torch, o: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=N, eta_min=0.01),
    "one-cycle": lambda torch, o: torch.optim.lr_scheduler.OneCycleLR(
        o, max_lr=LR, total_steps=N, pct_start=0.25, div_factor=10.0, final_div_factor=100.0, cycle_momentum=False
    ),
}


@pytest.mark.parametrize("name", TORCH)
def test_learning_rates_are_pytorchs(name):
    """The same numbers from torch.optim.lr_scheduler, to 1e-9."""
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=LR)
    scheduler = TORCH[name](torch, optimizer)
    per = 3 if name in ("step", "exponential") else 1
    found = []
    for iteration in range(N):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if (iteration + 1) % per == 0:
            scheduler.step()
    session = session_with(SCHEDULES[name])
    session.step("iteration", N)
    assert session.history["lr"] == pytest.approx(found, rel=1e-9, abs=1e-12)


def plateau_by_hand(values: list[float], factor: float, patience: int, min_delta: float) -> list[float]:
    """The learning rate of every epoch, given the monitored value at the end of each."""
    rates, best, waited, falls = [], math.inf, 0, 0
    for value in values:
        rates.append(LR * factor**falls)
        if value < best - min_delta:
            best, waited = value, 0
        else:
            waited += 1
            if waited >= patience:
                falls, waited = falls + 1, 0
    return rates


@pytest.mark.parametrize("monitor", ["loss", "val_loss"])
def test_plateau_falls_where_the_rule_says(monitor):
    """Too large a learning rate stalls at a noisy level; each fall is where counting by hand puts it."""
    n_val = 2 if monitor == "val_loss" else 0
    table = {"type": "plateau", "monitor": monitor, "factor": 0.5, "patience": 2, "min_delta": 1e-3}
    session = session_with(table, n=6, n_val=n_val, optimizer={"type": "sgd", "lr": LR})
    session.step("iteration", N)
    history = session.history
    if monitor == "loss":
        values = history["loss"].reshape(-1, 3).mean(axis=1)
    else:
        values = history["val_loss"][2::3]
    expected = plateau_by_hand(values.tolist(), 0.5, 2, 1e-3)
    assert history["lr"][::3] == pytest.approx(expected, rel=1e-12)
    assert expected[-1] < LR / 4  # it has fallen several times: the test sees the rule at work
    assert np.all(np.diff(history["lr"]) <= 0)
