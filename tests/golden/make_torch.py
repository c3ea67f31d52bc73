"""Record PyTorch's trajectories beside this file: torch_NETWORK.npz. Needs torch==2.13.0 (CPU) and the test extra.

    python -m tests.golden.make_torch

The same models run live in tests/engine/test_torch.py where torch is installed.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]

from tests.engine.make import OPTIMIZERS
from tests.engine.peers import (
    DTYPES,
    GOLDEN,
    ITERATIONS,
    NETWORKS,
    StateVector,
    batches,
    pack,
    peer_session,
    recorded_iterations,
)
from tests.golden.torch_losses import loss_of
from tests.golden.torch_network import TorchNetwork
from tests.golden.torch_optimizers import torch_optimizer
from tui_nn.debugger.session import Session

CALM = 1e-12  # a run is calm up to where a change of 1 ulp at its start has grown to this

MODULES = {
    "tanh": torch.nn.Tanh, "relu": torch.nn.ReLU, "sigmoid": torch.nn.Sigmoid, "leaky_relu": torch.nn.LeakyReLU,
    "elu": torch.nn.ELU, "selu": torch.nn.SELU, "gelu": torch.nn.GELU, "softplus": torch.nn.Softplus,
    "swish": torch.nn.SiLU, "softmax": partial(torch.nn.Softmax, dim=-1),
}  # fmt: skip
OPTIONS = {"leaky_relu": "negative_slope", "elu": "alpha", "gelu": "approximate"}  # which have the same name there


def activation(spec: Any) -> torch.nn.Module:
    """The activation of a layer's table."""
    option = OPTIONS.get(spec.activation)
    return MODULES[spec.activation](**({option: getattr(spec, option)} if option else {}))


class TorchRun:
    """PyTorch's side of a session: the same network, data, starting weights and optimizer, in eager mode."""

    def __init__(self, session: Session, start: np.ndarray):
        torch.set_num_threads(1)
        scenario, dataset = session.scenario, session.program.dataset
        self.dtype = getattr(torch, scenario.dtype)
        self.model = TorchNetwork(session, activation)
        self.parameters = list(self.model.parameters())
        self.slots = list(session.program.slot_shifts)
        self.loss = loss_of(scenario.loss, dataset.task, self.dtype)
        self.x = torch.tensor(dataset.x_train, dtype=self.dtype)
        is_index = dataset.task == "multiclass"
        self.y = torch.tensor(dataset.y_train, dtype=torch.int64 if is_index else self.dtype)
        self.optimizer = torch_optimizer(scenario.optimizer, self.parameters)
        offset = 0
        with torch.no_grad():
            for parameter in self.parameters:
                part = start[offset : offset + parameter.numel()]
                parameter.copy_(torch.from_numpy(part.copy()).reshape(parameter.shape))
                offset += parameter.numel()

    def step(self, batch: np.ndarray, masks: dict[str, np.ndarray] | None = None) -> None:
        """One iteration on the samples of these indices, with these masks of the dropout layers."""
        self.model.masks = {name: torch.from_numpy(mask.copy()) for name, mask in (masks or {}).items()}
        chosen = torch.from_numpy(batch.astype(np.int64))
        self.optimizer.zero_grad()
        self.loss(self.model(self.x[chosen]), self.y[chosen]).backward()
        self.optimizer.step()

    def state(self) -> np.ndarray:
        """The state vector of peers.py. PyTorch makes slots at the first step; until then they are zeros."""
        tensors = [parameter.detach() for parameter in self.parameters]
        for slot in self.slots:
            for parameter in self.parameters:
                kept: Any = self.optimizer.state[parameter].get(slot)
                tensors.append(torch.zeros_like(parameter) if kept is None else kept)
        return np.concatenate([tensor.numpy().reshape(-1).copy() for tensor in tensors])

    def grad(self) -> np.ndarray:
        """As StateVector.grad: of the last step."""
        grads = [p.grad.numpy().reshape(-1).copy() for p in self.parameters if p.grad is not None]
        return np.tile(np.concatenate(grads), 1 + len(self.slots))

    def evaluate(self, x: np.ndarray, y: np.ndarray) -> float:
        """The loss in evaluation mode, as it stands now."""
        self.model.eval()
        with torch.no_grad():
            loss = self.loss(self.model(torch.tensor(x, dtype=self.dtype)), torch.tensor(y, dtype=self.y.dtype))
        self.model.train()
        return float(loss)


def trajectory(session: Session, order: list[np.ndarray], start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(ITERATIONS + 1, size) states from the start on, and (ITERATIONS, size) gradients between them."""
    run = TorchRun(session, start)
    states, grads = [run.state()], []
    for batch in order:
        run.step(batch)
        states.append(run.state())
        grads.append(run.grad())
    return np.array(states), np.array(grads)


def calm_states(session: Session, order: list[np.ndarray], states: np.ndarray) -> np.ndarray:
    """(ITERATIONS + 1,) bool: does a start with every parameter moved by 1 ulp stay within CALM of this run there?"""
    vector = StateVector(session)
    start = states[0].copy()
    n = session.program.n_parameters
    side = np.where(np.arange(n) * 7 % 3 == 0, -np.inf, np.inf)  # up and down, in no pattern of the layers
    start[:n] = np.nextafter(start[:n], side)
    moved, _ = trajectory(session, order, start)
    return np.array([vector.distance(a, b) < CALM for a, b in zip(moved, states, strict=True)])


def main() -> None:
    for network in NETWORKS:
        arrays: dict[str, Any] = {"torch": np.array(torch.__version__), "at": np.array(recorded_iterations(network))}
        for dtype in DTYPES:
            for optimizer in OPTIMIZERS:
                session = peer_session(network, optimizer, dtype)
                vector = StateVector(session)
                order = batches(session)
                session.goto(0)
                states, _ = trajectory(session, order, vector.read())
                arrays[f"{optimizer}.{dtype}"] = pack(states[arrays["at"]])
                if dtype == "float64":
                    arrays[f"{optimizer}.calm"] = calm_states(session, order, states)
                arrays["batches"] = np.concatenate(order).astype(np.uint16)
        path = GOLDEN / f"torch_{network}.npz"
        np.savez_compressed(path, **arrays)
        print(f"{path.name}: {path.stat().st_size:,} bytes, {len(arrays['at'])} of {ITERATIONS + 1} states")


if __name__ == "__main__":
    main()
