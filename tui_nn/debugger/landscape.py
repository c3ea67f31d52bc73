"""The loss over a plane through the parameters, and the path that training took, seen in that plane.

Two parameters span their own plane, and the picture is exact. More are cut by a plane through the present parameters:
along the path's two widest directions, or along two random ones, filter-normalised (Li et al. 2018, section 4: each
unit's part of a direction is as long as the unit's weights, so that a step of 1 means the same to every layer).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tui_nn.debugger.evaluator import Evaluator
from tui_nn.debugger.surface import Path, Surface, Way, flat
from tui_nn.engine.program import Program, Tensor

Kind = Literal["exact", "path", "random"]
MARGIN = 0.35  # of the path's extent, on each side
SEED = 2018


@dataclass(frozen=True)
class Plane:
    """origin + x * across + y * up; each of the three is (n_parameters,). shares: of the path's extent that each shows."""

    kind: Kind
    origin: np.ndarray
    across: np.ndarray
    up: np.ndarray
    names: tuple[str, str]
    shares: tuple[float, float] | None = None

    def place(self, states: np.ndarray) -> np.ndarray:
        """Where states (n, n_parameters) lie in the plane, (n, 2): the nearest point of it."""
        basis = np.stack([self.across, self.up], axis=1)
        return np.linalg.lstsq(basis, (states - self.origin).T, rcond=None)[0].T


@dataclass(frozen=True)
class Track:
    """A way seen in the plane: path (n, 2) at iterations (n,), here (2,)."""

    name: str
    path: np.ndarray
    iterations: np.ndarray
    here: np.ndarray


@dataclass(frozen=True)
class Landscape:
    """
    x (columns,), y (rows,): rising coordinates of the plane. loss (rows, columns).
    path (n, 2) at iterations (n,); here (2,): the present parameters.
    samples: how many samples of the training part the loss is the mean of. others: runs on the same surface.
    """

    plane: Plane
    x: np.ndarray
    y: np.ndarray
    loss: np.ndarray
    path: np.ndarray
    iterations: np.ndarray
    here: np.ndarray
    samples: int
    others: tuple[Track, ...] = ()


def exact_plane(program: Program, here: np.ndarray) -> Plane:
    """Of a network with two parameters: the parameters themselves."""
    names = [f"{tensor.name}{[k] if tensor.size > 1 else ''}" for tensor in program.tensors for k in range(tensor.size)]
    return Plane("exact", np.zeros(2), np.array([1.0, 0.0]), np.array([0.0, 1.0]), (names[0], names[1]))


def path_plane(path: Path, here: np.ndarray) -> Plane | None:
    """Through the present parameters along the path's two widest directions; None while it has not left a line.

    Source: Li et al. (2018), section 7 (principal components of the differences to the last point).
    """
    away = path.states - here
    if len(away) < 3 or not np.isfinite(away).all():
        return None
    _, sizes, directions = np.linalg.svd(away, full_matrices=False)
    if len(sizes) < 2 or not sizes[1] > 1e-9 * sizes[0]:
        return None
    total = float((sizes**2).sum())
    shares = float(sizes[0] ** 2) / total, float(sizes[1] ** 2) / total
    return Plane("path", here, directions[0], directions[1], ("the path's widest way", "its second"), shares)


def random_plane(program: Program, here: np.ndarray) -> Plane:
    """Two random directions, filter-normalised. The same ones for every moment of a program."""
    generator = np.random.default_rng(SEED)
    across, up = (filter_normalised(program.tensors, generator.normal(size=here.size), here) for _ in range(2))
    return Plane("random", here, across, up, ("a random direction", "another"))


def filter_normalised(tensors: tuple[Tensor, ...], direction: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """Each unit's weights of the direction made as long as the unit's own; vectors (biases) stay where they are."""
    direction, start = direction.copy(), 0
    for tensor in tensors:
        piece = slice(start, start + tensor.size)
        if tensor.is_matrix:
            d, w = direction[piece].reshape(tensor.matrix), parameters[piece].reshape(tensor.matrix)
            lengths = np.linalg.norm(d, axis=1, keepdims=True)
            direction[piece] = (
                d / np.where(lengths > 0, lengths, 1) * np.linalg.norm(w, axis=1, keepdims=True)
            ).ravel()
        else:
            direction[piece] = 0.0
        start += tensor.size
    return direction


def landscape(
    evaluator: Evaluator, state: np.ndarray, plane: Plane, path: Path, columns: int, rows: int, report: Callable[[float], None],
    others: Sequence[Way] = (),
) -> Landscape:  # fmt: skip
    """Evaluate columns x rows losses in evaluation mode on (at most a block of) the training part.

    others: runs on the same surface (`same_surface`). The plane covers their paths too, as far as they have not blown up.
    """
    surface = Surface(evaluator, state)
    own = _seen(plane, Way("", path, flat(evaluator.program, state)))
    tracks = tuple(_seen(plane, way) for way in others)
    covered = [own.path, own.here[None], *(plane.place(surface.near(way)) for way in others)]
    x, y = (_axis(plane, k, np.concatenate(covered), n) for k, n in ((0, columns), (1, rows)))
    loss = np.empty((rows, columns))
    for i in range(rows):
        report(i / rows)
        for j in range(columns):
            loss[i, j] = surface.loss(plane.origin + x[j] * plane.across + y[i] * plane.up)
    return Landscape(plane, x, y, loss, own.path, path.iterations, own.here, surface.samples, tracks)


def _seen(plane: Plane, way: Way) -> Track:
    places = plane.place(way.path.states) if len(way.path.states) else np.empty((0, 2))
    return Track(way.name, places, way.path.iterations, plane.place(way.here[None])[0])


def _axis(plane: Plane, k: int, places: np.ndarray, n: int) -> np.ndarray:
    """From end to end of the places with a margin; a random plane from -1 to 1, lengths of the weights themselves."""
    if plane.kind == "random":
        return np.linspace(-1.0, 1.0, n)
    values = places[:, k][np.isfinite(places[:, k])]
    low, high = (float(values.min()), float(values.max())) if values.size else (-1.0, 1.0)
    pad = MARGIN * (high - low) or max(abs(low) * MARGIN, 0.5)
    return np.linspace(low - pad, high + pad, n)
