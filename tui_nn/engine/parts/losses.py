"""Losses: which kernel computes each, with what settings, and its formula for the listing. Kernels are in engine/ops.

A loss is a mean over samples (and outputs, where each has a target of its own). `loss_part` answers for one scenario.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tui_nn.engine.layout import BY_ARGMAX, BY_HALF, BY_INDEX, BY_SIGN, NO_DECISION

if TYPE_CHECKING:
    from tui_nn.data import Dataset


@dataclass(frozen=True)
class LossPart:
    """A loss in one scenario.

    settings: numbers of its own, found by its kernel from setting[ctl[row + SETTING]] on.
    takes_index: its targets are one column of class indices, not one-hot rows.
    decision: how an output counts as a hit; NO_DECISION leaves the accuracy out.
    """

    kernel: str
    label: str
    formula: str
    gradient: str
    settings: tuple[float, ...] = ()
    takes_index: bool = False
    decision: int = NO_DECISION


def loss_part(spec: Any, dataset: Dataset) -> LossPart:
    """The part for a checked `loss` table and the data it is to judge."""
    return LOSSES[spec.type](spec, dataset)


def _regression(spec: Any, dataset: Dataset) -> LossPart:
    """Losses of out - y. On classes the targets are 0 and 1, so a yes is an output above 1/2."""
    label, formula, gradient = {
        "mse": ("mse", "mean (out - y)²", "δ = 2 (out - y) / n"),
        "mae": ("mae", "mean |out - y|", "δ = sign(out - y) / n"),
        "huber": ("huber", "mean e²/2, past d: d (|e| - d/2)", "δ = clip(out - y, -d, d) / n"),
    }[spec.type]
    decision = {"regression": NO_DECISION, "binary": BY_HALF, "multiclass": BY_ARGMAX}[dataset.task]
    settings = (spec.delta,) if spec.type == "huber" else ()
    return LossPart(spec.type, label, formula, gradient, settings, False, decision)


def _hinge(spec: Any, dataset: Dataset) -> LossPart:
    if dataset.task == "multiclass":
        formula, gradient = "mean Σ max(0, m - out_y + out_j) / k", "δ_j = 1 / (k n) where it costs"
        return LossPart("multiclass_hinge", "hinge", formula, gradient, (spec.margin,), True, BY_INDEX)
    formula, gradient = "mean max(0, m - t out), t = ±1", "δ = -t / n where t out < m"
    return LossPart("hinge", "hinge", formula, gradient, (spec.margin,), False, BY_SIGN)


def _perceptron(spec: Any, dataset: Dataset) -> LossPart:
    return LossPart("perceptron", "perceptron", "mean |out - y|", "δ = (out - y) / n", decision=BY_HALF)


def _cross_entropy(spec: Any, dataset: Dataset) -> LossPart:
    """Without options the kernel that has the loss's name; options take the general ones, which are slower."""
    name, is_binary = spec.type, spec.type == "binary_cross_entropy"
    takes_index = name == "sparse_categorical_cross_entropy"
    label = {"binary_cross_entropy": "binary CE", "categorical_cross_entropy": "categorical CE"}.get(name, "sparse CE")
    formula, gradient = (FROM_LOGITS if spec.from_logits else FROM_PROBABILITIES)[name]
    has_options = spec.label_smoothing > 0.0 or spec.class_weights is not None
    kernel, settings = name, ()
    if has_options or not spec.from_logits:
        kernel = f"weighted_{name}" if spec.from_logits else f"probability_{name}"
        settings = (spec.label_smoothing, *class_weights(spec, dataset))
        formula = ("Σ w (…) / Σ w of " if spec.class_weights is not None else "mean ") + formula
        formula += f", {spec.label_smoothing:g} of y spread" if spec.label_smoothing > 0.0 else ""
    else:
        formula = "mean " + formula
    decision = BY_INDEX if takes_index else BY_ARGMAX
    if is_binary:
        decision = BY_SIGN if spec.from_logits else BY_HALF
    return LossPart(
        kernel, label, formula, gradient, settings, takes_index,
        NO_DECISION if dataset.task == "regression" else decision,
    )  # fmt: skip


def class_weights(spec: Any, dataset: Dataset) -> tuple[float, ...]:
    """One weight a class, two for a yes-or-no task; all 1 if none are asked for.

    "balanced" is n / (k n_c): every class weighs the same in the whole training part (King & Zeng 2001). A class that
    the training part lacks is counted as one sample, so that its weight is a number.
    """
    n_classes = 2 if spec.type == "binary_cross_entropy" else dataset.n_outputs
    if spec.class_weights is None:
        return (1.0,) * n_classes
    if spec.class_weights == "balanced":
        counts = np.bincount(dataset.y_train.reshape(-1).astype(np.int64), minlength=n_classes)
        return tuple(float(weight) for weight in counts.sum() / (n_classes * np.maximum(counts, 1)))
    if len(spec.class_weights) != n_classes:  # a kernel would read on behind them
        raise ValueError(f"{len(spec.class_weights)} class weights for {n_classes} classes")
    return tuple(spec.class_weights)


FROM_LOGITS = {
    "binary_cross_entropy": ("log(1 + e^z) - z y", "δ = (sigmoid z - y) / n"),
    "categorical_cross_entropy": ("-Σ y log softmax z", "δ = (softmax z - y) / n"),
    "sparse_categorical_cross_entropy": ("-log softmax(z)[y]", "δ = (softmax z - onehot y) / n"),
}
FROM_PROBABILITIES = {
    "binary_cross_entropy": ("-y log p - (1 - y) log(1 - p)", "δ = ((1 - y) / (1 - p) - y / p) / n"),
    "categorical_cross_entropy": ("-Σ y log p", "δ = -y / (p n)"),
    "sparse_categorical_cross_entropy": ("-log p[y]", "δ = -onehot y / (p n)"),
}

LOSSES: dict[str, Callable[[Any, Dataset], LossPart]] = {
    "mse": _regression,
    "mae": _regression,
    "huber": _regression,
    "hinge": _hinge,
    "perceptron": _perceptron,
    "binary_cross_entropy": _cross_entropy,
    "categorical_cross_entropy": _cross_entropy,
    "sparse_categorical_cross_entropy": _cross_entropy,
}
