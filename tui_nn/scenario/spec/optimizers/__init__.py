"""[optimizer]: how the parameters are updated. One file a family; each table is a variant of `Optimizer`."""

from typing import Annotated

from pydantic import Field

from tui_nn.scenario.spec.optimizers.adams import Adam, Adamax, AdamW, AmsGrad, NAdam, RAdam
from tui_nn.scenario.spec.optimizers.base import MOMENTS, OptimizerSpec
from tui_nn.scenario.spec.optimizers.descent import Momentum, Nesterov, Sgd
from tui_nn.scenario.spec.optimizers.recent import Lion, Muon
from tui_nn.scenario.spec.optimizers.strides import Adadelta, Adagrad, RmsProp

Optimizer = Annotated[
    Sgd
    | Momentum
    | Nesterov
    | Adagrad
    | Adadelta
    | RmsProp
    | Adam
    | Adamax
    | NAdam
    | RAdam
    | AmsGrad
    | AdamW
    | Lion
    | Muon,
    Field(discriminator="type"),
]

__all__ = ["MOMENTS", "Optimizer", "OptimizerSpec"]
