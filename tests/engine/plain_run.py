"""Tiny runs through every kernel, as JSON: run with and without the JIT and compared by test_compile.py.

NUMBA_DISABLE_JIT=1 python -m tests.engine.plain_run
"""

from __future__ import annotations

import json
from typing import Any

from tests.engine.layer_nets import FAMILIES, N_IN, layers_of
from tests.engine.loss_cases import LOSS_CASES, LossCase
from tests.engine.make import ACTIVATIONS, LOSSES, OPTIMIZERS, STEP, YES_OR_NO, make_session
from tests.engine.optimizer_cases import CASES, PATHS
from tests.engine.recurrent_nets import NETWORKS, session_of
from tests.engine.window_nets import window_session
from tui_nn.engine import lowlevel

OPTIONS = [name for name in LOSS_CASES if name.endswith("smoothed weighted")]  # each kernel that has options
RUNS = [
    *((hidden, "mse", "sgd") for hidden in (*ACTIVATIONS, STEP)),
    *(("tanh", loss, "momentum") for loss in LOSSES),
    *(("tanh", loss, "sgd") for loss in ("perceptron", "hinge classes", *OPTIONS)),
    *(("tanh", "sparse_categorical_cross_entropy", optimizer) for optimizer in OPTIMIZERS),
    *(("linear", "mse", case) for case in PATHS if case not in OPTIMIZERS),
    *((family, "mse", "sgd") for family in ("all", "skip-input", "no-bias")),  # every kernel of layers
    ("tiny", "mse", "sgd"),  # convolution and pooling
    *((network, "mse", "sgd") for network in ("rnn-to-sequence", "two-lstm", "two-gru", "embedding")),
]


def numbers(hidden: str, loss: str, optimizer: str) -> dict[str, Any]:
    """Every parameter and metric after seven iterations: batches of 3 and 2, validation, a product for each code path."""
    case = LOSS_CASES.get(loss) or LossCase({"type": loss}, units=1 if loss in YES_OR_NO else 3)
    layers = [(13, hidden), (70, "linear"), (case.units, case.activation)]  # 13: blocks of 8, 4 and 1; 13 x 70: BLAS
    if hidden in FAMILIES:
        layers = layers_of(hidden, "tanh", case.units)
    settings = {"n": 5, "n_in": N_IN, "n_val": 2, "batch_size": 3, "optimizer": CASES[optimizer], "seed": 11}
    if hidden == "tiny":
        session = window_session(hidden, **{key: value for key, value in settings.items() if key != "n_in"})
    elif hidden in NETWORKS:
        session = session_of(hidden, n=5, n_val=2, batch_size=3, seed=11)
    else:
        session = make_session(layers, case.table, task=case.task, **settings)
    session.prepare()
    session.goto(7, 3)
    session.back("op", 2)
    session.step("op", 2)
    frame = session.frame()
    values = {p.name: p.value.reshape(-1).tolist() for layer in frame.layers for p in layer.parameters}
    return {"is_prepared": session.is_prepared, "metrics": frame.metrics, "values": values}


if __name__ == "__main__":
    print(json.dumps({"is_jit": lowlevel.IS_JIT, "runs": [numbers(*run) for run in RUNS]}))
