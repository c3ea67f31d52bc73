"""The loss over the only parameter of a network, as a curve, and the points at which runs have stood on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tui_nn.debugger.evaluator import Evaluator
from tui_nn.debugger.surface import Surface, Way

WIDTH = 1.0  # of the weight to either side of the path, at most
STEEP = 2.0  # times the highest loss of the path: ends that are higher are brought nearer
HALVINGS = 40


@dataclass(frozen=True)
class Roll:
    """Where a run was: x (n,) and loss (n,) at iterations (n,); here and here_loss now. Losses are evaluated, not read off."""

    name: str
    x: np.ndarray
    loss: np.ndarray
    iterations: np.ndarray
    here: float
    here_loss: float


@dataclass(frozen=True)
class Valley:
    """x (n,) rising, loss (n,). name: of the parameter. rolls: the run looked at, then the others on the same curve."""

    name: str
    x: np.ndarray
    loss: np.ndarray
    rolls: tuple[Roll, ...]
    samples: int


def valley(
    evaluator: Evaluator, state: np.ndarray, ways: Sequence[Way], points: int, report: Callable[[float], None]
) -> Valley:  # fmt: skip
    """Evaluate `points` losses over an interval that holds the first way and, unless they have blown up, the others."""
    surface = Surface(evaluator, state)
    rolls = tuple(_rolled(surface, way) for way in ways)
    own = np.concatenate([ways[0].path.states[:, 0], ways[0].here])
    places = np.concatenate([own, *(surface.near(way)[:, 0] for way in ways[1:])])
    places = places[np.isfinite(places)]
    losses = np.concatenate([np.append(roll.loss, roll.here_loss) for roll in rolls])
    x = np.linspace(*_ends(surface, places, losses), points)
    loss = np.empty(points)
    for k in range(points):
        if k % 32 == 0:
            report(k / points)
        loss[k] = surface.loss(x[k : k + 1])
    name = evaluator.program.tensors[0].name
    return Valley(name, x, loss, rolls, surface.samples)


def _rolled(surface: Surface, way: Way) -> Roll:
    x = way.path.states[:, 0]
    loss = np.array([surface.loss(x[k : k + 1]) for k in range(len(x))])
    return Roll(way.name, x, loss, way.path.iterations, float(way.here[0]), surface.loss(way.here))


def _ends(surface: Surface, places: np.ndarray, losses: np.ndarray) -> tuple[float, float]:
    """Far enough to see the next hill, but not up walls beside which the path would be a point."""
    if not places.size:
        return -WIDTH, WIDTH
    low, high = float(places.min()), float(places.max())
    finite = losses[np.isfinite(losses)]
    top = STEEP * float(finite.max()) if finite.size else 0.0
    margin = max(WIDTH, high - low)
    least = max((high - low) / 4, 1e-9 * max(abs(low), abs(high)))
    for _ in range(HALVINGS):
        ends = [surface.loss(np.array([end])) for end in (low - margin, high + margin)]
        if margin / 2 < least or all(end <= top for end in ends):
            break
        margin /= 2
    return low - margin, high + margin
