"""A stride for every parameter, from the size of its gradients: Adagrad, Adadelta, RMSProp."""

from typing import Annotated, Literal

from pydantic import Field

from tui_nn.scenario.spec.optimizers.base import Epsilon, LearningRate, Memory, OptimizerSpec


class Adagrad(OptimizerSpec):
    """Duchi, Hazan & Singer (2011): the more a parameter has moved, the shorter its stride."""

    type: Literal["adagrad"]
    """Kind of optimizer."""
    lr: LearningRate = 1e-2
    """Learning rate: how far the first update moves each parameter."""
    lr_decay: Annotated[float, Field(ge=0.0, le=1e6)] = 0.0
    """The learning rate of update t is lr / (1 + (t - 1) * lr_decay)."""
    initial_accumulator_value: Annotated[float, Field(ge=0.0, le=1e30)] = 0.0
    """What the sum of squared gradients starts from."""
    eps: Epsilon = 1e-10
    """Added to the root of the sum before dividing."""
    eps_inside_root: bool = False
    """Add eps to the sum under the root instead, as Keras does."""

    @property
    def slots(self) -> tuple[str, ...]:
        return ("sum",)

    @property
    def first_slots(self) -> dict[str, float]:
        return {"sum": self.initial_accumulator_value}


class Adadelta(OptimizerSpec):
    """Zeiler (2012): the stride from the size of past updates, so that lr has no unit."""

    type: Literal["adadelta"]
    """Kind of optimizer."""
    lr: LearningRate = 1.0
    """Factor on the update; the paper has none, so 1."""
    rho: Memory = 0.9
    """Memory of the mean squared gradient and of the mean squared update."""
    eps: Epsilon = 1e-6
    """Added under both roots; with 0 nothing ever moves, for past updates start at 0."""

    @property
    def slots(self) -> tuple[str, ...]:
        return ("square_avg", "acc_delta")


class RmsProp(OptimizerSpec):
    """Tieleman & Hinton (2012): the gradient over the root of its mean square."""

    type: Literal["rmsprop"]
    """Kind of optimizer."""
    lr: LearningRate = 1e-2
    """Learning rate: about how far one update moves each parameter."""
    rho: Memory = 0.99
    """Memory of the mean squared gradient (PyTorch: alpha)."""
    eps: Epsilon = 1e-8
    """Added to the root before dividing."""
    eps_inside_root: bool = False
    """Add eps under the root instead, as Keras does."""
    centered: bool = False
    """Divide by the standard deviation: the mean gradient's square is taken from the mean square."""
    momentum: Memory = 0.0
    """How much of the last movement is kept."""

    @property
    def slots(self) -> tuple[str, ...]:
        wanted = {"square_avg": True, "grad_avg": self.centered, "momentum_buffer": self.momentum > 0.0}
        return tuple(name for name, is_kept in wanted.items() if is_kept)
