"""Recurrent layers as slow loops straight from the formulas, forwards and back through time. Nothing of ours is imported.

Shapes: a sequence is a list of steps, a step a list of numbers; weights are rows, (gates x units, inputs), gates as in PyTorch.
Sources: Elman (1990); Hochreiter & Schmidhuber (1997) with the forget gate of Gers et al. (2000); Cho et al. (2014), the reset
gate behind the product. Each `step` gives the new state and what its own step back needs.
"""

from __future__ import annotations

import math
from typing import Any

Vector = list[float]


def sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))


def times(rows: list[Vector], x: Vector) -> Vector:
    return [sum(w * v for w, v in zip(row, x, strict=True)) for row in rows]


def sums(p: dict[str, Any], x: Vector, h: Vector) -> Vector:
    both = zip(times(p["weight_ih"], x), times(p["weight_hh"], h), p["bias"], strict=True)
    return [a + b + c for a, b, c in both]


class Rnn:
    gates = 1

    @staticmethod
    def step(p: dict[str, Any], x: Vector, h: Vector, c: Vector) -> tuple[Vector, Vector, Any]:
        new = [math.tanh(s) for s in sums(p, x, h)]
        return new, c, new

    @staticmethod
    def back(kept: Any, h: Vector, c: Vector, dh: Vector, dc: Vector) -> tuple[Vector, Vector, Vector, Vector]:
        """∂loss/∂ of the sums as x enters them, as h' enters them, and what goes to h' and c' by other ways."""
        d = [g * (1.0 - n * n) for g, n in zip(dh, kept, strict=True)]
        return d, d, [0.0] * len(h), dc


class Lstm:
    gates = 4

    @staticmethod
    def step(p: dict[str, Any], x: Vector, h: Vector, c: Vector) -> tuple[Vector, Vector, Any]:
        s, n = sums(p, x, h), len(h)
        i, f, o = ([sigmoid(v) for v in s[k * n : (k + 1) * n]] for k in (0, 1, 3))
        g = [math.tanh(v) for v in s[2 * n : 3 * n]]
        new = [f[j] * c[j] + i[j] * g[j] for j in range(n)]
        return [o[j] * math.tanh(new[j]) for j in range(n)], new, (i, f, g, o, new)

    @staticmethod
    def back(kept: Any, h: Vector, c: Vector, dh: Vector, dc: Vector) -> tuple[Vector, Vector, Vector, Vector]:
        i, f, g, o, new = kept
        n = len(h)
        d = [0.0] * (4 * n)
        dc_before = [0.0] * n
        for j in range(n):
            shown = math.tanh(new[j])
            cell = dc[j] + dh[j] * o[j] * (1.0 - shown * shown)
            d[j] = cell * g[j] * i[j] * (1.0 - i[j])
            d[n + j] = cell * c[j] * f[j] * (1.0 - f[j])
            d[2 * n + j] = cell * i[j] * (1.0 - g[j] ** 2)
            d[3 * n + j] = dh[j] * shown * o[j] * (1.0 - o[j])
            dc_before[j] = cell * f[j]
        return d, d, [0.0] * n, dc_before


class Gru:
    gates = 3

    @staticmethod
    def step(p: dict[str, Any], x: Vector, h: Vector, c: Vector) -> tuple[Vector, Vector, Any]:
        n = len(h)
        a, b = times(p["weight_ih"], x), times(p["weight_hh"], h)
        r = [sigmoid(a[j] + b[j] + p["bias"][j]) for j in range(n)]
        z = [sigmoid(a[n + j] + b[n + j] + p["bias"][n + j]) for j in range(n)]
        said = [b[2 * n + j] + p["bias_hh"][j] for j in range(n)]
        new = [math.tanh(a[2 * n + j] + p["bias"][2 * n + j] + r[j] * said[j]) for j in range(n)]
        return [(1.0 - z[j]) * new[j] + z[j] * h[j] for j in range(n)], c, (r, z, new, said)

    @staticmethod
    def back(kept: Any, h: Vector, c: Vector, dh: Vector, dc: Vector) -> tuple[Vector, Vector, Vector, Vector]:
        r, z, new, said = kept
        n = len(h)
        dn = [dh[j] * (1.0 - z[j]) * (1.0 - new[j] ** 2) for j in range(n)]
        dr = [dn[j] * said[j] * r[j] * (1.0 - r[j]) for j in range(n)]
        dz = [dh[j] * (h[j] - new[j]) * z[j] * (1.0 - z[j]) for j in range(n)]
        return dr + dz + dn, dr + dz + [dn[j] * r[j] for j in range(n)], [dh[j] * z[j] for j in range(n)], dc


CELLS: dict[str, Any] = {"rnn": Rnn, "lstm": Lstm, "gru": Gru}


def forward(kind: str, p: dict[str, Any], x: list[Vector]) -> tuple[list[Vector], list[Any]]:
    """The hidden state of every step, and what going back needs."""
    n = len(p["weight_hh"][0])
    h, c, hidden, kept = [0.0] * n, [0.0] * n, [], []
    for step in x:
        before = (h, c)
        h, c, own = CELLS[kind].step(p, step, h, c)
        hidden.append(h)
        kept.append((before, own))
    return hidden, kept


def backward(
    kind: str, p: dict[str, Any], x: list[Vector], kept: list[Any], delta: list[Vector]
) -> tuple[dict[str, Any], list[Vector], list[Vector]]:
    """From ∂loss/∂output of every step: the gradients, ∂loss/∂x, and all of ∂loss/∂h of every step."""
    n, rows = len(p["weight_hh"][0]), len(p["bias"])
    grad = {"weight_ih": [[0.0] * len(x[0]) for _ in range(rows)], "weight_hh": [[0.0] * n for _ in range(rows)],
            "bias": [0.0] * rows, "bias_hh": [0.0] * n}  # fmt: skip
    dh, dc, dx, whole = [0.0] * n, [0.0] * n, [], []
    for t in reversed(range(len(x))):
        (h, c), own = kept[t]
        dh = [a + b for a, b in zip(dh, delta[t], strict=True)]
        whole.append(dh)
        d_in, d_hidden, dh, dc = CELLS[kind].back(own, h, c, dh, dc)
        for k in range(rows):
            grad["bias"][k] += d_in[k]
            for j in range(len(x[0])):
                grad["weight_ih"][k][j] += d_in[k] * x[t][j]
            for j in range(n):
                grad["weight_hh"][k][j] += d_hidden[k] * h[j]
                dh[j] += d_hidden[k] * p["weight_hh"][k][j]
        for j in range(n):
            grad["bias_hh"][j] += d_hidden[rows - n + j]
        dx.append([sum(d_in[k] * p["weight_ih"][k][j] for k in range(rows)) for j in range(len(x[0]))])
    return grad, dx[::-1], whole[::-1]
