"""Small networks with everything that writes into parameters, gradients and slots: what tests of watching and stops go through."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.engine.make import make_session, waves
from tui_nn.debugger.session import Session

L2 = {"type": "dense", "units": 5, "activation": "tanh", "l2": 0.01}
BOUNDED = {"type": "dense", "units": 4, "activation": "relu", "max_norm": 0.6, "l1": 0.001}
LAST = {"type": "dense", "units": 2}
PLATEAU = {"type": "plateau", "monitor": "val_loss", "patience": 1, "factor": 0.5}
BY_WAVES: dict[str, Any] = {"n": 10, "n_val": 4, "batch_size": 4}

# name -> arguments of make_session.
NETS: dict[str, dict[str, Any]] = {
    "validation": {"layers": [(4, "tanh"), LAST], "optimizer": "adam", **BY_WAVES},
    "dropout": {"layers": [(6, "relu"), {"type": "dropout", "rate": 0.4}, LAST], "optimizer": "momentum", **BY_WAVES},
    "batch-norm": {
        "layers": [(4, "linear"), {"type": "batch_norm", "activation": "tanh"}, LAST], **BY_WAVES,
        "optimizer": {"type": "adam", "lr": 0.01, "weight_decay": 0.02}, "stopping": {"patience": 2},
    },
    "lstm": {"layers": [{"type": "lstm", "units": 3}, LAST], "form": (4, 2), "optimizer": "adam", "n": 5, "batch_size": 2},
    "gru": {
        "layers": [{"type": "gru", "units": 2}, LAST], "form": (3, 2), "optimizer": {"type": "rmsprop", "lr": 0.01},
        "n": 6, "n_val": 3, "batch_size": 3,
    },
    "convolution": {
        "layers": [{"type": "conv2d", "filters": 2, "kernel": 2, "activation": "relu"}, {"type": "flatten"}, LAST],
        "form": (3, 3, 1), "optimizer": "momentum", **BY_WAVES,
    },
    "clip": {"layers": [L2, LAST], "optimizer": "sgd", "clip": {"value": 0.05, "norm": 0.1}, "n": 6, "batch_size": 2},
    "plateau": {
        "layers": [L2, BOUNDED, LAST], "optimizer": {"type": "adamw", "lr": 0.05, "weight_decay": 0.1},
        "schedule": PLATEAU, "stopping": {"patience": 3}, **BY_WAVES,
    },
    "muon": {"layers": [L2, BOUNDED, LAST], "optimizer": {"type": "muon", "lr": 0.01, "weight_decay": 0.1}, **BY_WAVES},
    "full": {"layers": [(3, "sigmoid"), LAST], "optimizer": "momentum", "n": 5, "batch_size": "full"},
}  # fmt: skip


def net_session(name: str, **settings: Any) -> Session:
    """On targets that are half noise, so that validation turns upwards and bounds are reached."""
    arguments = NETS[name] | settings
    rows = arguments["n"] + arguments.get("n_val", 0)
    return make_session(y=2.0 * waves(rows, 2, phase=5.0), **arguments)


def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Which numbers are other bytes."""
    width = before.dtype.itemsize
    return (before.view(f"u{width}") != after.view(f"u{width}")).nonzero()[0]
