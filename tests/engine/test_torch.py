"""PyTorch's trajectories, met: from every one of its states, one iteration of ours lands on its next."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engine.make import OPTIMIZERS
from tests.engine.peers import (
    DTYPES,
    GOLDEN,
    ITERATIONS,
    NETWORKS,
    StateVector,
    batches,
    is_noise,
    peer_session,
    unpack,
)

# One iteration's round-off: sums in another order, fused multiply-adds, another exp and tanh, and Adam's division.
ONE_ITERATION = {"float64": 1e-11, "float32": 3e-5}
FREE_RUN = 1e-9

every_run = pytest.mark.parametrize("network", NETWORKS)
every_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS)


def check_steps(session: Any, states: dict[int, np.ndarray], dtype: str, label: str, grads: Any = None) -> int:
    """From every state whose successor is known too, one iteration; returns how many."""
    vector, worst, left_out, n = StateVector(session), 0.0, 0, 0
    for iteration, state in states.items():
        if iteration + 1 not in states:
            continue
        ours = vector.step_from(state, iteration)
        noise = is_noise(vector.grad(), dtype)
        if grads is not None:
            noise |= is_noise(grads[iteration], dtype)
        worst = max(worst, vector.distance(ours, states[iteration + 1], ~noise))
        left_out, n = left_out + int(noise.sum()), n + 1
    share = left_out / (n * vector.size)
    print(f"{label}: {n} states, worst {worst:.1e}, {share:.2%} of elements left out as noise")
    assert worst <= ONE_ITERATION[dtype]
    assert share < 0.05
    return n


def check_free_run(session: Any, states: dict[int, np.ndarray], calm: np.ndarray, label: str) -> None:
    """200 iterations of ours from PyTorch's start; compared at every known state where PyTorch itself is calm."""
    vector, worst, n = StateVector(session), 0.0, 0
    ours = states[0]
    for iteration in range(ITERATIONS):
        ours = vector.step_from(ours, iteration)
        if iteration + 1 in states and calm[iteration + 1]:
            worst, n = max(worst, vector.distance(ours, states[iteration + 1])), n + 1
    print(f"{label}: free run, worst {worst:.1e} at {n} of {len(states) - 1} states that are calm")
    assert worst <= FREE_RUN
    assert vector.distance(states[0], states[ITERATIONS]) > 0.1  # it has learnt, not stood still
    assert n >= 0.5 * (len(states) - 1)


# From the files in tests/golden, made by make_torch.py there.


def recorded(network: str) -> Any:
    return np.load(GOLDEN / f"torch_{network}.npz", allow_pickle=False)


@every_run
def test_batches_are_those_of_the_recording(network):
    """The recorded states belong to our order of samples; if that changes on purpose, run make_torch.py again."""
    session = peer_session(network, "sgd", "float64")
    assert np.concatenate(batches(session)).tolist() == recorded(network)["batches"].tolist()


@every_run
@every_optimizer
@pytest.mark.parametrize("dtype", DTYPES)
def test_one_iteration_lands_on_the_recorded_next_state(network, optimizer, dtype):
    """1e-11 in float64, 3e-5 in float32, as max |a - b| / max(1e-3, max |b|) per tensor of weights and slots."""
    file, session = recorded(network), peer_session(network, optimizer, dtype)
    states = dict(zip(file["at"].tolist(), unpack(file[f"{optimizer}.{dtype}"]), strict=True))
    n = check_steps(session, states, dtype, f"recorded {network} {optimizer} {dtype}")
    assert n == (4 if network == "digits-relu" else ITERATIONS)


@every_run
@every_optimizer
def test_free_run_stays_with_the_recorded_one(network, optimizer):
    """200 iterations in float64 within 1e-9, wherever PyTorch moved by 1 ulp at its start stays within 1e-12 of itself."""
    file, session = recorded(network), peer_session(network, optimizer, "float64")
    states = dict(zip(file["at"].tolist(), unpack(file[f"{optimizer}.float64"]), strict=True))
    check_free_run(session, states, file[f"{optimizer}.calm"], f"recorded {network} {optimizer}")


# Live, all 200 states of every run.


@every_run
@every_optimizer
@pytest.mark.parametrize("dtype", DTYPES)
def test_one_iteration_lands_on_pytorchs_next_state(network, optimizer, dtype):
    """The same against PyTorch itself, from each of the 200 states of its run; and the free run in float64."""
    pytest.importorskip("torch")
    from tests.golden.make_torch import calm_states, trajectory

    session = peer_session(network, optimizer, dtype)
    order = batches(session)
    session.goto(0)
    trace, grads = trajectory(session, order, StateVector(session).read())
    states, label = dict(enumerate(trace)), f"live {network} {optimizer} {dtype}"
    assert check_steps(session, states, dtype, label, grads) == ITERATIONS
    if dtype == "float64":
        check_free_run(session, states, calm_states(session, order, trace), label)
