"""Tiny runs through every kernel, as JSON: run with and without the JIT and compared by test_compile.py.

NUMBA_DISABLE_JIT=1 python -m tests.engine.plain_run
"""

from __future__ import annotations

import json
from typing import Any

from tests.engine.make import ACTIVATIONS, LOSSES, OPTIMIZERS, make_session
from tui_nn.engine import lowlevel

RUNS = [
    *((hidden, "mse", "sgd") for hidden in ACTIVATIONS),
    *(("tanh", loss, "momentum") for loss in LOSSES),
    *(("tanh", "sparse_categorical_cross_entropy", optimizer) for optimizer in OPTIMIZERS),
]


def numbers(hidden: str, loss: str, optimizer: str) -> dict[str, Any]:
    """Every parameter and metric after seven iterations: batches of 3 and 2, validation, a product for each code path."""
    units = 1 if loss == "binary_cross_entropy" else 3
    layers = [(13, hidden), (70, "linear"), (units, "linear")]  # 13: blocks of 8, 4 and 1; 13 x 70: BLAS
    session = make_session(layers, loss, n=5, n_val=2, batch_size=3, optimizer=optimizer, seed=11)
    session.prepare()
    session.goto(7, 3)
    session.back("op", 2)
    session.step("op", 2)
    frame = session.frame()
    values = {p.name: p.value.reshape(-1).tolist() for layer in frame.layers for p in layer.parameters}
    return {"is_prepared": session.is_prepared, "metrics": frame.metrics, "values": values}


if __name__ == "__main__":
    print(json.dumps({"is_jit": lowlevel.IS_JIT, "runs": [numbers(*run) for run in RUNS]}))
