"""What every layer of [[layers]] has: its activation and its name; and its shape rule, which the engine reads too."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tui_nn.scenario.spec.base import Model
from tui_nn.scenario.spec.shape import RANKS, Box, Shape, dims, whole

ActivationName = Literal[
    "linear", "sigmoid", "tanh", "relu", "softmax", "step", "leaky_relu", "elu", "selu", "gelu", "softplus", "swish"
]
# Which activation each option speaks to; with any other it would do nothing.
ACTIVATION_KEYS = {"negative_slope": "leaky_relu", "alpha": "elu", "approximate": "gelu"}


class LayerSpec(Model):
    """What every layer has. The methods are the layer's shape rule; shapes are of one sample, see spec/shape.py.

    ranks: how many axes its input may have. has_row: whether it computes anything, and so has a row in the program.
    """

    ranks: ClassVar[tuple[int, ...]] = (1, 2, 3)
    has_row: ClassVar[bool] = True

    activation: ActivationName = "linear"
    """Function applied to the outputs. Cross-entropy losses take logits: leave the last layer "linear"."""
    negative_slope: Annotated[float, Field(gt=0.0, le=1.0)] = 0.01
    """Slope of activation = "leaky_relu" where z < 0."""
    alpha: Annotated[float, Field(gt=0.0, le=1e6)] = 1.0
    """Of activation = "elu", which falls to -alpha."""
    approximate: Literal["none", "tanh"] = "none"
    """Form of activation = "gelu": the normal distribution itself, or its approximation by tanh."""
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")] | None = None
    """Name in panels and expressions; dense_1, dense_2, ... if left out."""

    def misfit(self, shape: Shape) -> str | None:
        """Why it cannot take an input of that shape, with the cure; None if it can."""
        if len(shape) in self.ranks:
            return None
        wanted = " or ".join(RANKS[rank] for rank in self.ranks)
        cure = self.cure_of_rank(shape)
        return f"takes {wanted}, and what comes in has shape [{dims(shape)}]; {cure}"

    def cure_of_rank(self, shape: Shape) -> str:
        """What to do about an input with the wrong number of axes."""
        if max(self.ranks) < len(shape):
            return 'put a layer with type = "flatten" before it'
        return f"say in data.shape how the inputs lie, like {'[28, 28, 1]' if 3 in self.ranks else '[40, 8]'}"

    def shape_out(self, shape: Shape) -> Shape:
        """What comes out of an input of that shape, which it can take."""
        return shape

    def parameter_shapes(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        """What the optimizer moves, in the order in which it stands in memory, like "weight", then "bias"."""
        return {}

    def buffer_shapes(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        """What is part of the state but moved by the layer itself, like running statistics."""
        return {}

    def fan(self, role: str, shape: Shape) -> tuple[int, int]:
        """Of a matrix among the parameters: how many inputs each of its outputs sums up, and the other way round."""
        raise NotImplementedError

    def reach(self, box: Box, shape: Shape) -> Box:
        """Places of an input of that shape that the outputs in `box` are made of; see spec/shape.py."""
        return box if len(box) == len(shape) - 1 else whole(shape)

    def kept_values(self, shape: Shape) -> int:
        """Numbers for each sample that forward leaves for backward, beside the output."""
        return 0

    def kept_in_evaluation(self, shape: Shape) -> int:
        """Numbers for each sample that validation and test need, beside the output."""
        return 0
