"""What all optimizers have: a learning rate, weight decay, and a list of what they keep of every parameter."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tui_nn.scenario.spec.base import Model

LearningRate = Annotated[float, Field(gt=0.0, le=1e30)]
Decay = Annotated[float, Field(ge=0.0, le=1e6)]
Memory = Annotated[float, Field(ge=0.0, lt=1.0)]
Epsilon = Annotated[float, Field(ge=0.0, le=1.0)]

# What conditions call m and v: the first moment (or what stands for it) and the second, by PyTorch's names.
MOMENTS = {
    "m": ("exp_avg", "grad_avg", "momentum_buffer"),
    "v": ("exp_avg_sq", "square_avg", "sum", "exp_inf"),
}

DecayKind = Literal["coupled", "decoupled"]


class OptimizerSpec(Model):
    """`slots` is what is kept of every weight, by PyTorch's names; `vector_slots` of biases and whatever is no matrix."""

    lr: LearningRate
    """Learning rate: how far one update goes."""
    weight_decay: Decay = 0.0
    """Pull of weights and biases towards 0, as in PyTorch: weight_decay * param is added to the gradient."""

    scratch: ClassVar[int] = 0  # copies of the largest matrix that an update needs besides

    @property
    def decay(self) -> DecayKind:
        """Is the pull added to the gradient, or taken from the parameter itself?"""
        return "coupled"

    @property
    def slots(self) -> tuple[str, ...]:
        return ()

    @property
    def vector_slots(self) -> tuple[str, ...]:
        return self.slots

    @property
    def n_slots(self) -> int:
        """Copies of all parameters that the slots take in memory."""
        return max(len(self.slots), len(self.vector_slots))

    @property
    def first_slots(self) -> dict[str, float]:
        """Starting values of slots that do not start at 0."""
        return {}

    def moment(self, kind: str, is_matrix: bool) -> str | None:
        """The slot that conditions call m or v; None if this optimizer keeps none."""
        slots = self.slots if is_matrix else self.vector_slots
        return next((name for name in MOMENTS.get(kind, ()) if name in slots), None)
