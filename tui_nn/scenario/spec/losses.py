"""[loss]: what training makes small."""

from typing import Literal

from tui_nn.scenario.spec.base import Model


class Loss(Model):
    """What training makes small."""

    type: Literal["mse", "binary_cross_entropy", "categorical_cross_entropy", "sparse_categorical_cross_entropy"]
    """Kind of loss. The cross-entropies take logits and answer in nats."""
