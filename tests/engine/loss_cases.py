"""Every loss with options, each on a network that fits it: what test_losses.py sweeps, beside the plain losses of make.py."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tests.engine.make import array_at, make_session, metric, run_ops
from tui_nn.debugger.session import Session


class LossCase(NamedTuple):
    """A [loss] table, the last layer's activation and units, and the data's task (None: the loss's usual one)."""

    table: dict[str, Any]
    activation: str = "linear"
    units: int = 3
    task: str | None = None

    @property
    def options(self) -> dict[str, Any]:
        return {key: value for key, value in self.table.items() if key != "type"}

    @property
    def reference_kind(self) -> str:
        """The loss's name in tests/reference.py."""
        kind = self.table["type"]
        return "multiclass_hinge" if (kind, self.task) == ("hinge", "multiclass") else kind

    def session(self, **settings: Any) -> Session:
        layers = [(5, "tanh"), (self.units, self.activation)]
        settings.setdefault("task", self.task)
        return make_session(layers, self.table, **settings)


def _cross_entropies() -> dict[str, LossCase]:
    smooth, yes, three = {"label_smoothing": 0.2}, {"class_weights": [0.5, 3.0]}, {"class_weights": [0.5, 3.0, 1.25]}
    cases = {}
    for short, name, weights, units in (
        ("binary", "binary_cross_entropy", yes, 1),
        ("rows", "categorical_cross_entropy", three, 3),
        ("index", "sparse_categorical_cross_entropy", three, 3),
    ):
        options = {"smoothed": smooth, "weighted": weights, "smoothed weighted": smooth | weights}
        for option, table in options.items():
            cases[f"{short} {option}"] = LossCase({"type": name} | table, units=units)
        behind = "sigmoid" if short == "binary" else "softmax"
        for option, table in ({"p": {}} | {f"p {option}": table for option, table in options.items()}).items():
            cases[f"{short} {option}"] = LossCase({"type": name, "from_logits": False} | table, behind, units)
    return cases


LOSS_CASES = {
    "mae": LossCase({"type": "mae"}),
    "huber": LossCase({"type": "huber", "delta": 0.4}),
    "hinge": LossCase({"type": "hinge"}, units=1),
    "hinge margin": LossCase({"type": "hinge", "margin": 0.3}, units=1),
    "hinge classes": LossCase({"type": "hinge"}, task="multiclass"),
    "hinge classes margin": LossCase({"type": "hinge", "margin": 0.3}, task="multiclass"),
} | _cross_entropies()


def spread_outputs(case: LossCase, rows: int) -> np.ndarray:
    """(rows, units) outputs on both sides of every threshold; probabilities where the loss takes them."""
    z = 2.5 * np.sin(1.0 + 5.7 * np.arange(rows * case.units, dtype=np.float64)).reshape(rows, case.units)
    if case.activation == "sigmoid":
        return 1.0 / (1.0 + np.exp(-z))
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) if case.activation == "softmax" else z


class Bench:
    """A loss alone: outputs and targets are put in place by hand, its row is run, its number and delta are read."""

    def __init__(self, table: dict[str, Any], out: Any, target: Any, task: str | None = None, dtype: str = "float64"):
        out = np.array(out, dtype)
        self.rows, self.units = out.shape
        session = make_session(
            [(self.units, "linear")], table, n=self.rows, n_in=1, dtype=dtype, y=target, task=task, shuffle=False
        )
        self.machine, self.program = session.machine, session.program
        session.step("op", 2)  # load the batch, dense forward
        array_at(self.machine, self.program.layers[0].output, self.rows, self.units)[:] = out
        run_ops(self.machine, self.program.loss_op, self.program.loss_op + 1)
        self.loss = metric(self.machine, "loss")
        self.delta = array_at(self.machine, self.program.layers[0].delta, self.rows, self.units)

    @property
    def accuracy(self) -> float:
        return metric(self.machine, "accuracy")
