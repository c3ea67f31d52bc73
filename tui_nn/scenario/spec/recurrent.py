"""Layers that remember: rnn, lstm and gru over a sequence [steps, features]; and embedding, which reads tokens."""

from math import prod
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tui_nn.scenario.spec.base import MAX_UNITS, Number
from tui_nn.scenario.spec.init import Initialized, InitName
from tui_nn.scenario.spec.layer import LayerSpec
from tui_nn.scenario.spec.regularizers import Penalized
from tui_nn.scenario.spec.shape import Box, Shape, dims, whole

MAX_STEPS = 1_000  # each is two rows of the program
MEASURED_STEPS = 200  # of a longer sequence no step has metrics of its own

RecurrentInit = Literal["zeros", "orthogonal", "lecun_uniform", "lecun_normal", "xavier_uniform", "xavier_normal"]


class RecurrentLayer(LayerSpec, Initialized, Penalized):
    """What rnn, lstm and gru have in common: a state that each time step hands on to the next, 0 before the first.

    gates: blocks of `units` rows in weight_ih and weight_hh. kept: numbers for each unit and time step that are kept.
    """

    ranks: ClassVar[tuple[int, ...]] = (2,)
    gates: ClassVar[int] = 1
    kept: ClassVar[int] = 3

    units: Annotated[int, Field(ge=1, le=MAX_UNITS)]
    """How many numbers the state has."""
    returns: Literal["last", "sequence"] = "last"
    """The hidden state behind the last time step, [units]; or that of every step, [steps, units]."""
    recurrent_init: RecurrentInit = "orthogonal"
    """How weight_hh starts, which carries the state from step to step; in all gates at once."""
    recurrent_gain: Annotated[float, Field(gt=0.0, le=1e6)] = 1.0
    """Factor on weight_hh as it starts. Below 1 the past fades, above 1 it may grow without bound."""

    def misfit(self, shape: Shape) -> str | None:
        if message := super().misfit(shape):
            return message
        if shape[0] > MAX_STEPS:
            return f"takes at most {MAX_STEPS:,} time steps, and what comes in has {shape[0]:,}; use shorter sequences"
        return None

    def cure_of_rank(self, shape: Shape) -> str:
        if len(shape) == 3:
            return f"say in data.shape how the rows of an image follow each other, like [{shape[0]}, {prod(shape[1:])}]"
        if len(shape) == 1:
            return 'say in data.shape which steps there are, like [40, 8]; a recurrent layer below needs returns = "sequence"'
        return super().cure_of_rank(shape)

    def shape_out(self, shape: Shape) -> Shape:
        return (shape[0], self.units) if self.returns == "sequence" else (self.units,)

    def parameter_shapes(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        rows = self.gates * self.units
        return {"weight_ih": (rows, shape[-1]), "weight_hh": (rows, self.units), "bias": (rows,)}

    def fan(self, role: str, shape: Shape) -> tuple[int, int]:
        return (self.units if role == "weight_hh" else shape[-1]), self.gates * self.units

    def reach(self, box: Box, shape: Shape) -> Box:
        """A step hears of all steps up to itself."""
        return ((0, box[0][1]),) if box else whole(shape)

    def start_of(self, role: str) -> Initialized:
        if role == "weight_hh":
            is_scaled = self.recurrent_init != "zeros"
            return Initialized(init=self.recurrent_init, gain=self.recurrent_gain if is_scaled else 1.0)
        return self

    def kept_values(self, shape: Shape) -> int:
        return shape[0] * (shape[-1] + self.kept * self.units) + self.units


class RnnLayer(RecurrentLayer):
    """The simple recurrent layer: h = tanh(x W_ih + h' W_hh + b), h' being that of the step before (Elman 1990)."""

    type: Literal["rnn"]
    """Kind of layer."""
    recurrent_init: RecurrentInit | Literal["identity"] = "orthogonal"
    """How weight_hh starts, which carries the state from step to step; "identity" hands it on as it is."""


class LstmLayer(RecurrentLayer):
    """Long short-term memory: gates say what a cell forgets, takes in and shows (Hochreiter & Schmidhuber 1997, Gers 2000).

    Rows of the weights: input gate, forget gate, what is written, output gate, `units` of each, as in PyTorch.
    """

    gates: ClassVar[int] = 4
    kept: ClassVar[int] = 12

    type: Literal["lstm"]
    """Kind of layer."""
    forget_bias: Number = 1.0
    """The value that the forget gate's biases start from, the others from bias_init. 1 remembers from the start, as in Keras."""

    def start_of(self, role: str) -> Initialized:
        if role == "bias" and self.biases is None:
            start = (self.bias_init,) * self.units
            return Initialized(biases=start + (self.forget_bias,) * self.units + start + start)
        return super().start_of(role)


class GruLayer(RecurrentLayer):
    """Gated recurrent unit: one gate says how much of the state is kept, another how much of it is looked at (Cho 2014).

    Rows of the weights: reset gate, update gate, what is written, as in PyTorch. There, and here, the reset gate multiplies
    h' W_hn + b_hn; so what is written has a second bias, bias_hh, that a bias outside could not stand for.
    """

    gates: ClassVar[int] = 3
    kept: ClassVar[int] = 12

    type: Literal["gru"]
    """Kind of layer."""

    update_bias: Number = 0.0
    """The value that the update gate's biases start from, the others from bias_init. Above 0 it keeps more of the state."""

    def parameter_shapes(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        return super().parameter_shapes(shape) | {"bias_hh": (self.units,)}

    def start_of(self, role: str) -> Initialized:
        if role == "bias" and self.biases is None:
            start = (self.bias_init,) * self.units
            return Initialized(biases=start + (self.update_bias,) * self.units + start)
        return Initialized() if role == "bias_hh" else super().start_of(role)


class EmbeddingLayer(LayerSpec, Initialized, Penalized):
    """A vector for each token, looked up: as a dense layer without bias on tokens written as one 1 among zeros.

    Tokens are whole numbers from 0 on, a time step each: [steps] or [steps, 1]. It comes first: what computes gives no tokens.
    """

    ranks: ClassVar[tuple[int, ...]] = (1, 2)
    reads_tokens: ClassVar[bool] = True

    type: Literal["embedding"]
    """Kind of layer."""
    tokens: Annotated[int, Field(ge=1, le=MAX_UNITS)]
    """How many different tokens there are."""
    units: Annotated[int, Field(ge=1, le=MAX_UNITS)]
    """How long the vector of a token is."""
    init: InitName = "normal"
    """How the vectors start."""

    def misfit(self, shape: Shape) -> str | None:
        if message := super().misfit(shape):
            return message
        if len(shape) == 2 and shape[1] != 1:
            return f"takes one token a step, and what comes in has shape [{dims(shape)}]; write data.shape = [{prod(shape)}, 1]"
        return None

    def shape_out(self, shape: Shape) -> Shape:
        return (shape[0], self.units)

    def parameter_shapes(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        return {"weight": (self.units, self.tokens)}

    def fan(self, role: str, shape: Shape) -> tuple[int, int]:
        return self.tokens, self.units
