"""Small recurrent networks: what the tests of recurrent layers sweep."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tests.engine.make import make_dataset, make_scenario, waves
from tui_nn.debugger.session import Session

KINDS = ("rnn", "lstm", "gru")
STEPS, N_IN = 5, 3
TOKENS = 6


def layer(kind: str, units: int = 4, **keys: Any) -> dict[str, Any]:
    return {"type": kind, "units": units, **keys}


def whole(kind: str, units: int = 4, **keys: Any) -> dict[str, Any]:
    return layer(kind, units, returns="sequence", **keys)


def dense(units: int = 2) -> dict[str, Any]:
    return {"type": "dense", "units": units}


# name -> layers. A network that ends in a sequence is answered at every step.
NETWORKS: dict[str, list[dict[str, Any]]] = {
    **{kind: [layer(kind), dense()] for kind in KINDS},
    **{f"{kind}-to-sequence": [whole(kind), dense()] for kind in KINDS},
    **{f"two-{kind}": [whole(kind, 5), layer(kind, 3), dense()] for kind in KINDS},
    "wide-lstm": [layer("lstm", 17), dense()],
    "mixed": [whole("gru", 9), {**dense(6), "activation": "tanh"}, whole("rnn", 4), {"type": "flatten"}, dense()],
    "dense-below": [{**dense(4), "activation": "tanh"}, layer("lstm"), dense()],
    "embedding": [{"type": "embedding", "tokens": TOKENS, "units": 3}, layer("gru"), dense()],
}


def session_of(
    name: str, loss: Any = "mse", n: int = 10, n_val: int = 4, steps: int = STEPS, **settings: Any
) -> Session:
    """10 training samples in batches of 4, 4 and 2, and 4 for validation, unless said otherwise."""
    layers = NETWORKS[name]
    is_answered_by_step = name.endswith("to-sequence")
    width = steps if name == "embedding" else steps * N_IN
    x = waves(n + n_val, width)
    if name == "embedding":
        x = np.floor((x + 1.0) / 2.0 * (TOKENS - 1e-9))
    n_out, y = layers[-1]["units"], None
    if is_answered_by_step:
        y = waves(n + n_val, steps * n_out, phase=2.0).reshape(n + n_val, steps, n_out)
    data = make_dataset(loss, n, width, n_out, n_val, x=x, y=y)
    form = (steps, 1) if name == "embedding" else (steps, N_IN)
    data = replace(data, form=form, n_steps=steps if is_answered_by_step else 0)
    return Session(make_scenario(layers, loss, **{"batch_size": 4} | settings), data)


def moved_state(session: Session) -> np.ndarray:
    """The starting state with every bias moved off where it starts, so that its part is seen."""
    state = session.program.initial.copy()
    for k, tensor in enumerate(session.program.tensors):
        if not tensor.is_matrix:
            tensor.view(state)[:] += 0.1 * np.cos(np.arange(tensor.size) + k)
    return state
