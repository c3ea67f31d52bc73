"""What the network makes of single samples: its answer to each, and how much loss each alone would cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tui_nn.debugger.evaluator import Evaluator

MOST = 20_000  # samples looked at, the first of the part; of more a list by loss would take seconds


@dataclass(frozen=True)
class Samples:
    """index (n,): which samples of the training part. losses (n,). outputs (n, n_outputs). classes (n,) or None for a regression;
    probabilities (n, n_classes) or None. Of sequences answered at each step both are None, and step_classes is (n, n_steps).
    In evaluation mode: no dropout, running statistics."""

    index: np.ndarray
    losses: np.ndarray
    outputs: np.ndarray
    classes: np.ndarray | None
    probabilities: np.ndarray | None
    step_classes: np.ndarray | None = None

    def by_loss(self) -> np.ndarray:
        """Places in these arrays, the worst sample first; NaN is worse than any number."""
        return np.argsort(-np.where(np.isnan(self.losses), np.inf, self.losses), kind="stable")


def judge(
    evaluator: Evaluator, state: np.ndarray, index: np.ndarray, report: Callable[[float], None] | None = None
) -> Samples:
    """Evaluate these samples of the training part. `report` hears the share done."""
    dataset = evaluator.program.dataset
    index = index[:MOST]
    x, y = dataset.x_train[index], dataset.y_train[index]
    evaluator.use(state)
    outputs = evaluator.outputs(x)
    losses: list[np.ndarray] = []
    for part in evaluator.sample_losses(x, y):
        losses.append(part)
        if report is not None:
            report(sum(len(each) for each in losses) / len(index))
    found = np.concatenate(losses) if losses else np.empty(0)
    classes = evaluator.classes(outputs)
    if dataset.n_steps:
        return Samples(index, found, outputs, None, None, classes)
    return Samples(index, found, outputs, classes, evaluator.probabilities(outputs))
