"""PyTorch's loss for a scenario's [loss] table, by its own modules wherever it has one.

Its batch mean is over samples where targets are rows of shares; ours is over their weights (engine/ops/class_targets.py), and
so is PyTorch's where targets are class indices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch  # pyright: ignore[reportMissingImports]

LossFunction = Callable[[Any, Any], Any]


def loss_of(spec: Any, task: str, dtype: Any) -> LossFunction:
    """A function of output and target as the network and the dataset have them."""
    kind = spec.type
    if kind == "mse":
        return torch.nn.MSELoss()
    if kind == "mae":
        return torch.nn.L1Loss()
    if kind == "huber":
        return torch.nn.HuberLoss(delta=spec.delta)
    if kind == "hinge" and task == "multiclass":
        return torch.nn.MultiMarginLoss(margin=spec.margin)
    if kind == "hinge":
        below_margin = torch.nn.HingeEmbeddingLoss(margin=spec.margin)  # mean max(0, margin - x) where its target is -1
        return lambda out, y: below_margin((2 * y - 1) * out, -torch.ones_like(out))
    has_options = spec.label_smoothing > 0.0 or spec.class_weights is not None
    if kind == "binary_cross_entropy":
        if not has_options:
            return torch.nn.BCEWithLogitsLoss() if spec.from_logits else torch.nn.BCELoss()
        return _two_classes(spec, dtype)
    if kind == "sparse_categorical_cross_entropy" and not spec.from_logits and spec.label_smoothing == 0.0:
        of_logs = torch.nn.NLLLoss(weight=_weights(spec, dtype))
        return lambda p, y: of_logs(torch.log(p), y)
    of_logits = _cross_entropy(spec, dtype)
    loss = of_logits if spec.from_logits else lambda p, y: of_logits(torch.log(p), y)  # softmax(log p) is p
    if kind == "sparse_categorical_cross_entropy" or spec.class_weights is None:
        return loss
    weights = _weights(spec, dtype)
    return lambda out, rows: loss(out, rows) * len(rows) / (rows * weights).sum()


def _weights(spec: Any, dtype: Any) -> Any:
    return None if spec.class_weights is None else torch.tensor(spec.class_weights, dtype=dtype)


def _cross_entropy(spec: Any, dtype: Any) -> Any:
    return torch.nn.CrossEntropyLoss(weight=_weights(spec, dtype), label_smoothing=spec.label_smoothing)


def _two_classes(spec: Any, dtype: Any) -> LossFunction:
    """A logit z is the logits (0, z), a probability p the logits (log(1 - p), log p)."""
    of_logits = _cross_entropy(spec, dtype)

    def loss(out: Any, y: Any) -> Any:
        two = [torch.zeros_like(out), out] if spec.from_logits else [torch.log1p(-out), torch.log(out)]
        return of_logits(torch.cat(two, dim=1), y[:, 0].to(torch.int64))

    return loss
