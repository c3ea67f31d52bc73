"""The loss as a function of the parameters alone, and the ways that runs take over it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tui_nn.debugger.evaluator import Evaluator
from tui_nn.engine.program import Program
from tui_nn.scenario.spec.init import INIT_KEYS

BLOWN_UP = 10.0  # times the loss it started with: a run whose loss is higher has left for good


@dataclass(frozen=True)
class Path:
    """Parameters at rising iterations: iterations (n,), states (n, n_parameters) float64, as `flat` lays them out."""

    iterations: np.ndarray
    states: np.ndarray


@dataclass(frozen=True)
class Way:
    """One run over the surface: its path so far and where it stands, here (n_parameters,). name: whose it is."""

    name: str
    path: Path
    here: np.ndarray


def flat(program: Program, state: np.ndarray) -> np.ndarray:
    """All parameters of a state behind one another, (n_parameters,) float64, in the order of program.tensors."""
    return np.concatenate([tensor.view(state).reshape(-1) for tensor in program.tensors]).astype(np.float64)


def put(program: Program, parameters: np.ndarray, state: np.ndarray) -> None:
    """The inverse of `flat`."""
    start = 0
    for tensor in program.tensors:
        tensor.view(state)[...] = parameters[start : start + tensor.size].reshape(tensor.shape)
        start += tensor.size


class Surface:
    """The loss of any parameters, in evaluation mode, on (at most a block of) the training part."""

    def __init__(self, evaluator: Evaluator, state: np.ndarray) -> None:
        self._evaluator, self._program = evaluator, evaluator.program
        self._state = state[: self._program.state_size].copy()
        dataset = self._program.dataset
        self.samples = min(evaluator.block, len(dataset.x_train))
        evaluator.load_block(dataset.x_train[: self.samples], dataset.y_train[: self.samples])

    def loss(self, parameters: np.ndarray) -> float:
        put(self._program, parameters, self._state)
        self._evaluator.use(self._state)
        return self._evaluator.block_loss()

    def near(self, way: Way) -> np.ndarray:
        """Its states that have not blown up, (n, n_parameters): a run that diverges must not make points of the others."""
        states = np.concatenate([way.path.states, way.here[None]])
        states = states[np.isfinite(states).all(axis=1)]
        losses = np.array([self.loss(each) for each in states])
        return states[losses <= BLOWN_UP * losses[0]] if len(states) else states


def same_surface(a: Program, b: Program) -> bool:
    """Is the loss the same function of the same parameters? Networks may start and be trained differently."""
    one, other = a.scenario, b.scenario
    start = {*INIT_KEYS, "init", "bias_init", "biases"}

    def network(program: Program) -> list[dict]:
        return [layer.model_dump(exclude=start) for layer in program.scenario.layers]

    mine, theirs = a.dataset, b.dataset
    return (
        one.loss == other.loss
        and network(a) == network(b)
        and mine.x_train.tobytes() == theirs.x_train.tobytes()
        and mine.y_train.tobytes() == theirs.y_train.tobytes()
    )
