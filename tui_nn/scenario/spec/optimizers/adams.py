"""Adam and its kin: direction from the mean gradient, stride from its size."""

from typing import Annotated, Literal

from pydantic import Field

from tui_nn.scenario.spec.optimizers.base import Decay, DecayKind, Epsilon, LearningRate, Memory, OptimizerSpec


class TwoMoments(OptimizerSpec):
    lr: LearningRate = 1e-3
    """Learning rate: about how far one update moves each parameter."""
    beta1: Memory = 0.9
    """Memory of the mean gradient m."""
    beta2: Memory = 0.999
    """Memory of the mean squared gradient v."""
    eps: Epsilon = 1e-8
    """Added to the root of v before dividing."""

    @property
    def slots(self) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq")


class AdamOptions(TwoMoments):
    eps_inside_root: bool = False
    """Add eps to v under the root instead."""
    bias_correction: bool = True
    """Correct m and v for their start at 0."""


class Adam(AdamOptions):
    """Kingma & Ba (2015): direction from the mean gradient, stride from its size."""

    type: Literal["adam"]
    """Kind of optimizer."""


class AmsGrad(AdamOptions):
    """Reddi, Kale & Kumar (2018): Adam with the largest v so far, so that strides never grow again."""

    type: Literal["amsgrad"]
    """Kind of optimizer."""

    @property
    def slots(self) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")


class AdamW(AdamOptions):
    """Loshchilov & Hutter (2019): Adam with the pull to 0 apart from the gradient's stride."""

    type: Literal["adamw"]
    """Kind of optimizer."""
    weight_decay: Decay = 1e-2
    """Before each update weights and biases shrink by the factor 1 - lr * weight_decay, as in PyTorch."""
    amsgrad: bool = False
    """Take the largest v so far, as AMSGrad does."""

    @property
    def decay(self) -> DecayKind:
        return "decoupled"

    @property
    def slots(self) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq", "max_exp_avg_sq") if self.amsgrad else ("exp_avg", "exp_avg_sq")


class Adamax(TwoMoments):
    """Kingma & Ba (2015), section 7.1: Adam with the largest recent gradient in place of the root of v."""

    type: Literal["adamax"]
    """Kind of optimizer."""
    lr: LearningRate = 2e-3
    """Learning rate: about how far one update moves each parameter."""
    beta2: Memory = 0.999
    """How slowly the largest gradient u is forgotten: u = max(beta2 * u, |grad| + eps)."""
    eps: Epsilon = 1e-8
    """Added to the gradient's size."""

    @property
    def slots(self) -> tuple[str, ...]:
        return ("exp_avg", "exp_inf")


class MayDecouple(TwoMoments):
    decoupled_weight_decay: bool = False
    """Shrink the parameters by 1 - lr * weight_decay before each update instead, as AdamW does."""

    @property
    def decay(self) -> DecayKind:
        return "decoupled" if self.decoupled_weight_decay else "coupled"


class NAdam(MayDecouple):
    """Dozat (2016): Adam with Nesterov's look ahead."""

    type: Literal["nadam"]
    """Kind of optimizer."""
    lr: LearningRate = 2e-3
    """Learning rate: about how far one update moves each parameter."""
    momentum_decay: Annotated[float, Field(ge=0.0, le=1e3)] = 4e-3
    """How fast the momentum of update t, beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay)), rises to beta1."""


class RAdam(MayDecouple):
    """Liu et al. (2020): Adam that takes no stride from v until v rests on enough gradients."""

    type: Literal["radam"]
    """Kind of optimizer."""
