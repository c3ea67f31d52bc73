"""Data, and pictures of it that a thread would have computed: small formulas in place of a network, the same on every machine."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Literal

import numpy as np

from tests.tui import canned
from tui_nn.debugger.landscape import Landscape, Plane, Track
from tui_nn.debugger.regions import Answers
from tui_nn.debugger.samples import Samples
from tui_nn.debugger.valley import Roll, Valley
from tui_nn.tui.lineup import Peer
from tui_nn.tui.pictures import Picture


def softmax(z: np.ndarray) -> np.ndarray:
    p = np.exp(z - z.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True)


def dataset(kind: str) -> Any:
    """kind: "two" and "four" classes on a plane, "line" a regression on one input, "images" of ten digits as stripes."""
    rng = np.random.default_rng(5)
    n_classes = {"two": 2, "four": 4, "line": 1, "images": 10}[kind]
    n = 40
    classes = np.arange(n) % n_classes
    shape = None
    if kind == "line":
        x = np.linspace(-1, 1, 12)[:, None]
        y = 3 * x + 1 + rng.normal(0, 0.2, x.shape)
    elif kind == "images":
        shape = (8, 8)
        x = np.zeros((n, 8, 8))
        for i, digit in enumerate(classes):
            x[i, :, digit % 8] = 1.0
            x[i, digit // 2, :] = 0.6
        x, y = x.reshape(n, 64), classes
    else:
        turn = 2 * np.pi * classes / n_classes
        x = np.column_stack([np.cos(turn), np.sin(turn)]) * 2 + rng.normal(0, 0.4, (n, 2))
        y = classes[:, None].astype(float) if kind == "two" else classes
    d = x.shape[1]
    return SimpleNamespace(
        task={"two": "binary", "line": "regression"}.get(kind, "multiclass"), x_train=x, y_train=y, mean=np.zeros(d), scale=np.ones(d),
        image_shape=shape, form=(d,), n_steps=0, n_features=d, n_outputs=1 if kind in ("two", "line") else n_classes,
        class_names=() if kind == "line" else ("no", "yes") if kind == "two" else tuple("0123456789"[:n_classes]),
        feature_names=tuple(f"x{i + 1}" for i in range(d)) if d <= 2 else (),
    )  # fmt: skip


def frame(kind: str) -> Any:
    made = canned.frame((6, 4), n_in=2, rows=8, validation=False)
    made.program.dataset = dataset(kind)
    made.confusion = lambda part="validate": None
    return made


def logits_at(kind: str, x: np.ndarray) -> np.ndarray:
    """(..., classes): distances to the middles of the classes, as a network might learn them."""
    n = 2 if kind == "two" else 4
    turn = 2 * np.pi * np.arange(n) / n
    middles = np.column_stack([np.cos(turn), np.sin(turn)]) * 2
    return -((x[..., None, :] - middles) ** 2).sum(axis=-1)


def answers(kind: str, columns: int, rows: int) -> Picture:
    x, y = np.linspace(-3, 3, columns), np.linspace(-3, 3, rows)
    if kind == "line":
        return Picture(Answers(x / 2.7, np.empty(0), (3.1 * x / 2.7 + 0.9)[None, :, None], None, None), True)
    z = logits_at(kind, np.stack(np.meshgrid(x, y), axis=-1))
    return Picture(Answers(x, y, z, z.argmax(axis=-1), softmax(z)), True)


def samples(kind: str) -> Picture:
    """Every sample judged; of the images three are taken for another digit."""
    data = dataset(kind)
    n = len(data.x_train)
    index = np.arange(n)
    if kind == "line":
        outputs = 3.1 * data.x_train + 0.9
        return Picture(Samples(index, ((outputs - data.y_train) ** 2)[:, 0], outputs, None, None), True)
    right = data.y_train.reshape(n, -1)[:, 0].astype(int)
    if kind == "images":
        z = 4.0 * np.eye(10)[right] + 0.1 * np.cos(np.arange(n)[:, None] + np.arange(10))
        for i, other in ((7, 1), (19, 4), (33, 8)):
            z[i, other] += 4.0 + 0.1 * i
    else:
        z = logits_at(kind, data.x_train)
    p = softmax(z)
    return Picture(Samples(index, -np.log(p[index, right]), z, z.argmax(axis=-1), p), True)


SHAPES: dict[str, Literal["path", "random"]] = {"path": "path", "random": "random"}


def landscape(kind: str, columns: int, rows: int) -> Picture:
    """A bowl, longer one way than the other, with a path that zigzags into it. kind: exact, path, random or race."""
    x, y = np.linspace(-2, 2, columns), np.linspace(-1, 1, rows)
    loss = x[None, :] ** 2 + 8 * y[:, None] ** 2 + 0.05
    steps = np.arange(12)
    path = np.column_stack([-1.8 * 0.8**steps, 0.8 * (-0.75) ** steps])
    names = {
        "exact": ("weight", "bias"),
        "race": ("weight", "bias"),
        "path": ("the path's widest way", "its second"),
    }.get(kind, ("a random direction", "another"))
    shares = (0.9, 0.07) if kind == "path" else None
    sides = np.array([1.0, 0]), np.array([0, 1.0])
    plane = Plane(SHAPES.get(kind, "exact"), np.zeros(2), *sides, names, shares)
    return Picture(
        Landscape(plane, x, y, loss, path, steps, path[-1], 160, others(steps) if kind == "race" else ()), True
    )


RACE = ("sgd", "momentum", "adam")


def others(steps: np.ndarray) -> tuple[Track, ...]:
    """Of the bowl's race: one that goes round it, one that goes straight."""
    turn = np.column_stack([-1.8 * 0.85**steps * np.cos(steps / 2), 0.8 * 0.85**steps * np.cos(steps)])
    straight = np.outer(1 - steps / 12, [-1.8, 0.8])
    return tuple(Track(name[0], path, steps, path[-1]) for name, path in zip(RACE[1:], (turn, straight), strict=True))


def peers() -> tuple[Peer, ...]:
    """The race as panels know it."""
    return tuple(Peer(f"Race: {name}", frame("two"), name, name[0]) for name in RACE)


def valley(kind: str, points: int) -> Picture:
    """Two valleys with a hump between them; in the race the others start elsewhere and end lower."""
    x = np.linspace(-1.6, 1.8, points)

    def loss(w: Any) -> Any:
        return (w**2 - 1) ** 2 + 0.3 * w + 0.5

    def roll(name: str, start: float) -> Roll:
        w = [start]
        for _ in range(20):
            w.append(w[-1] - 0.04 * (4 * w[-1] * (w[-1] ** 2 - 1) + 0.3))
        places = np.array(w)
        return Roll(name, places[:-1], loss(places[:-1]), np.arange(20), float(places[-1]), float(loss(places[-1])))

    starts = ((RACE[0][0], 0.3), (RACE[1][0], -0.05), (RACE[2][0], 1.7)) if kind == "race" else (("", 0.3),)
    return Picture(Valley("dense_1.weight", x, loss(x), tuple(roll(*one) for one in starts), 2), True)
