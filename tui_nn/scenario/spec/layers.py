"""[[layers]]: the network, from input to output."""

from typing import Annotated, Literal

from pydantic import Field

from tui_nn.scenario.spec.base import MAX_UNITS, Model, Number


class DenseLayer(Model):
    """A fully connected layer: out = x @ weight.T + bias, then the activation."""

    type: Literal["dense"]
    """Kind of layer."""
    units: Annotated[int, Field(ge=1, le=MAX_UNITS)]
    """How many outputs."""
    activation: Literal["linear", "sigmoid", "tanh", "relu", "softmax"] = "linear"
    """Function applied to the outputs. Cross-entropy losses take logits: leave the last layer "linear"."""
    init: Literal[
        "zeros", "ones", "constant", "normal", "xavier_uniform", "xavier_normal", "he_uniform", "he_normal"
    ] = "xavier_uniform"
    """How the weights start. He suits relu, Xavier suits tanh and sigmoid."""
    init_std: Annotated[float, Field(gt=0.0, le=1e6)] = 1.0
    """Standard deviation of init = "normal"."""
    init_value: Number = 0.0
    """The value of init = "constant"."""
    bias_init: Number = 0.0
    """The value every bias starts from."""
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")] | None = None
    """Name in panels and expressions; dense_1, dense_2, ... if left out."""
