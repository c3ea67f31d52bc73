"""What the comparison with PyTorch shares between the live run, the recorded one and the script that records.

A state is one vector: every parameter in the program's order, weights as (out, in), then the same for each slot.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tests.engine.make import OPTIMIZERS, make_dataset, make_scenario, waves
from tui_nn.debugger.session import Session

ITERATIONS = 200
DTYPES = ("float64", "float32")
NOISE = {"float64": 1e-12, "float32": 1e-5}  # of the network's largest gradient: below, its digits are round-off
GOLDEN = Path(__file__).parents[1] / "golden"

NETWORKS = ("tanh-bce", "digits-relu", "sigmoid-mse")
LARGE = (0, 56, 128, 199)  # recorded iterations of the digits network (56 is a smaller last batch); all of the others


def peer_session(network: str, optimizer: str, dtype: str) -> Session:
    settings: dict[str, Any] = {"optimizer": optimizer, "dtype": dtype}
    if network == "tanh-bce":
        x = waves(100, 2)
        y = ((x[:, :1] > 0) != (x[:, 1:] > 0)).astype(np.float64)
        scenario = make_scenario(
            [(8, "tanh"), (8, "tanh"), (1, "linear")], "binary_cross_entropy", batch_size=10, **settings
        )
        return Session(scenario, make_dataset("binary_cross_entropy", 100, 2, 1, x=x, y=y))
    if network == "digits-relu":
        layers = [(32, "relu"), (16, "relu"), (10, "linear")]
        data = {"source": "digits", "batch_size": 32}
        return Session(make_scenario(layers, "sparse_categorical_cross_entropy", data=data, **settings))
    scenario = make_scenario([(5, "sigmoid"), (4, "sigmoid"), (2, "linear")], "mse", batch_size=16, **settings)
    return Session(scenario, make_dataset("mse", 60, 3, 2))


def recorded_iterations(network: str) -> list[int]:
    """Which states are in the file: each of LARGE and the one after it, or all."""
    if network == "digits-relu":
        return [iteration for start in LARGE for iteration in (start, start + 1)]
    return list(range(ITERATIONS + 1))


def batches(session: Session) -> list[np.ndarray]:
    """The samples of every iteration's batch, as the machine draws them."""
    found = []
    for iteration in range(ITERATIONS):
        session.goto(iteration, 1)
        found.append(session.frame().sample_indices)
    return found


class Part(NamedTuple):
    """One tensor of the state vector; `shift` as in Tensor.view."""

    name: str
    tensor: Any
    shift: int
    where: slice


class StateVector:
    """Between the machine's memory and the vector."""

    def __init__(self, session: Session):
        self.machine, self.program = session.machine, session.program
        self.parts: list[Part] = []
        start = 0
        for suffix, shift in [("", 0), *((f" {name}", shift) for name, shift in self.program.slot_shifts.items())]:
            for tensor in self.program.tensors:
                end = start + tensor.size
                self.parts.append(Part(tensor.name + suffix, tensor, shift, slice(start, end)))
                start = end
        self.size = start

    def read(self) -> np.ndarray:
        mem = self.machine.mem
        return np.concatenate([part.tensor.view(mem, part.shift).reshape(-1) for part in self.parts])

    def grad(self) -> np.ndarray:
        """The gradient of every element's parameter: the parameters' gradients, once more for each slot."""
        grads = [t.view(self.machine.mem, self.program.grad_shift).reshape(-1) for t in self.program.tensors]
        return np.tile(np.concatenate(grads), 1 + len(self.program.slot_shifts))

    def step_from(self, vector: np.ndarray, iteration: int) -> np.ndarray:
        """Put the state in place, run that one iteration, and read what has become of it."""
        state = self.program.initial.copy()
        for part in self.parts:
            part.tensor.view(state, part.shift)[:] = vector[part.where].reshape(part.tensor.shape)
        self.machine.load(state, iteration)
        self.machine.run(iteration + 1, 0)
        return self.read()

    def distance(self, a: np.ndarray, b: np.ndarray, keep: np.ndarray | None = None) -> float:
        """The largest, over tensors, of max |a - b| / max(1e-3, max |b|), over the elements to keep."""
        gap = np.abs(a.astype(np.float64) - b)
        if keep is not None:
            gap = np.where(keep, gap, 0.0)
        return max(float(gap[part.where].max() / max(1e-3, np.abs(b[part.where]).max())) for part in self.parts)


def is_noise(grad: np.ndarray, dtype: str) -> np.ndarray:
    """Round-off only. A gradient of exactly 0 (a relu that did not fire) is no noise: it must be met."""
    size = np.abs(grad)
    return (size > 0) & (size < NOISE[dtype] * size.max())


# Recorded states. Neighbours share their leading bits: only what changed is stored, byte by byte, which deflate halves.


def pack(states: np.ndarray) -> np.ndarray:
    bits = states.view(f"u{states.itemsize}").copy()
    bits[1:] ^= bits[:-1].copy()
    planes = bits.view(np.uint8).reshape(*states.shape, states.itemsize)
    return np.ascontiguousarray(np.moveaxis(planes, -1, 0))


def unpack(planes: np.ndarray) -> np.ndarray:
    """Shapes: planes is (bytes of a number, states, size); the result (states, size)."""
    width = len(planes)
    bits = np.ascontiguousarray(np.moveaxis(planes, 0, -1)).view(f"<u{width}")[..., 0]
    return np.bitwise_xor.accumulate(bits, axis=0).view(f"<f{width}")


def optimizer_names() -> list[str]:
    return list(OPTIMIZERS)
