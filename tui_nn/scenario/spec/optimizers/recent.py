"""What came after Adam: Lion steps by signs, Muon by orthogonal matrices."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tui_nn.scenario.spec.optimizers.base import Decay, DecayKind, Epsilon, LearningRate, Memory, OptimizerSpec


class Lion(OptimizerSpec):
    """Chen et al. (2023): every parameter moves by lr, up or down."""

    type: Literal["lion"]
    """Kind of optimizer."""
    lr: LearningRate = 1e-4
    """Learning rate: how far each update moves each parameter."""
    beta1: Memory = 0.9
    """Share of the momentum in the sum whose sign is taken; the rest is the gradient's."""
    beta2: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.99
    """Memory of the momentum."""
    weight_decay: Decay = 0.0
    """Before each update weights and biases shrink by the factor 1 - lr * weight_decay."""

    @property
    def decay(self) -> DecayKind:
        return "decoupled"

    @property
    def slots(self) -> tuple[str, ...]:
        return ("exp_avg",)


class Muon(OptimizerSpec):
    """Jordan et al. (2024): a matrix moves by its momentum made orthogonal; biases and other vectors by Adam."""

    type: Literal["muon"]
    """Kind of optimizer."""
    lr: LearningRate = 0.02
    """Learning rate of the matrices: the length of the update in every direction that it has."""
    momentum: Memory = 0.95
    """Memory of the momentum."""
    nesterov: bool = True
    """Look ahead: make orthogonal the mean of momentum and gradient."""
    weight_decay: Decay = 0.0
    """Before each update matrices shrink by the factor 1 - lr * weight_decay; biases do not."""
    ns_steps: Annotated[int, Field(ge=1, le=20)] = 5
    """Steps of the Newton-Schulz iteration that makes the momentum orthogonal."""
    eps: Epsilon = 1e-7
    """Least length by which the momentum is divided first."""
    match_rms_adamw: bool = False
    """Scale by 0.2 * sqrt(max(out, in)), for learning rates tuned for AdamW, instead of sqrt(max(1, out / in))."""
    adam_lr: LearningRate = 3e-4
    """Learning rate of the vectors. A schedule scales both alike."""
    adam_beta1: Memory = 0.9
    """Adam's beta1 for the vectors."""
    adam_beta2: Memory = 0.95
    """Adam's beta2 for the vectors."""
    adam_eps: Epsilon = 1e-10
    """Adam's eps for the vectors."""

    scratch: ClassVar[int] = 3

    @property
    def decay(self) -> DecayKind:
        return "decoupled"

    @property
    def slots(self) -> tuple[str, ...]:
        return ("momentum_buffer", "orthogonal")

    @property
    def vector_slots(self) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq")
