"""Small networks, one a family of layers: what the tests of layers sweep."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.engine.make import make_session
from tui_nn.debugger.session import Session

FAMILIES = (
    "dropout", "batch-norm", "layer-norm", "residual", "two-skips", "skip-input", "skip-dropout", "no-bias", "all",
)  # fmt: skip
N_IN = 4
DROPOUT = {"type": "dropout", "rate": 0.4}


def layers_of(family: str, hidden: str, n_out: int) -> list[Any]:
    """Layers for N_IN inputs, with `hidden` as the activation in between."""
    first = "dense_1" if hidden == "linear" else f"{hidden}_1"
    bare = {"type": "dense", "units": 5, "bias": False}
    dense, last = (5, hidden), (n_out, "linear")
    back = {"type": "residual", "skip": first}
    batch_norm = {"type": "batch_norm", "activation": hidden}
    layer_norm = {"type": "layer_norm", "activation": hidden}
    return {
        "dropout": [dense, DROPOUT, dense, DROPOUT, last],
        "batch-norm": [bare, batch_norm, bare, batch_norm, last],
        "layer-norm": [dense, layer_norm, last],
        "residual": [dense, dense, back, last],
        "two-skips": [dense, dense, back, dense, {**back, "activation": hidden}, last],
        "skip-input": [(N_IN, hidden), {"type": "residual", "skip": "input"}, last],
        "skip-dropout": [dense, DROPOUT, dense, {"type": "residual", "skip": "dropout_1"}, last],
        "no-bias": [{**bare, "activation": hidden}, bare, last],
        "all": [bare, batch_norm, DROPOUT, dense, back, layer_norm, back, last],
    }[family]


def family_session(family: str, hidden: str = "tanh", loss: Any = "mse", n_out: int = 3, **settings: Any) -> Session:
    """10 training samples in batches of 4, 4 and 2, and 4 for validation, unless `settings` say otherwise."""
    usual: dict[str, Any] = {"n": 10, "n_in": N_IN, "n_val": 4, "batch_size": 4}
    return make_session(layers_of(family, hidden, n_out), loss, **usual | settings)


def moved_state(session: Session) -> np.ndarray:
    """The starting state with every bias moved off 0 and every gamma off 1, so that their part is seen."""
    state = session.program.initial.copy()
    for k, tensor in enumerate(session.program.tensors):
        if len(tensor.shape) == 1:
            tensor.view(state)[:] += 0.1 * np.cos(np.arange(tensor.size) + k)
    return state


def reference_network(session: Session, iteration: int, rows: int) -> list[dict[str, Any]]:
    """The network as tests/reference_layers.py takes it, with the parameters that stand in memory now."""
    from tests.reference_layers import dropout_mask
    from tui_nn.scenario.naming import layer_names

    mem, network, n_dropouts = session.machine.mem, [], 0
    for name, layer in zip(layer_names(session.scenario), session.program.layers, strict=True):
        spec: Any = session.scenario.layers[name.index]
        row: dict[str, Any] = {"name": layer.name, "kind": layer.kind, "bias": None}
        row |= {tensor.role: tensor.view(mem).astype(np.float64).tolist() for tensor in layer.parameters}
        if layer.kind == "dropout":
            row["mask"] = dropout_mask(session.scenario.seed, iteration, n_dropouts, rows, layer.units, spec.rate)
            n_dropouts += 1
        elif layer.kind in ("batch_norm", "layer_norm"):
            row["eps"] = spec.eps
        elif layer.kind == "residual":
            row["skip"] = spec.skip
        network.append(row)
    return network
