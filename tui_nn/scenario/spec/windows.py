"""Layers that move a window over a sequence or an image: convolution and pooling."""

from math import prod
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field, PlainValidator, WithJsonSchema

from tui_nn.scenario.errors import shown
from tui_nn.scenario.spec.base import MAX_UNITS
from tui_nn.scenario.spec.init import Initialized
from tui_nn.scenario.spec.layer import LayerSpec
from tui_nn.scenario.spec.regularizers import Regularized
from tui_nn.scenario.spec.shape import Box, Shape

MAX_WINDOW = 1024  # numbers along one side
Size = Annotated[int, Field(ge=1, le=MAX_WINDOW)]


class Along(NamedTuple):
    """A window along one axis: places it takes, zeros put before the input, and the input's length with all its zeros."""

    places: int
    before: int
    framed: int


class Sliding(LayerSpec):
    """What convolution and pooling have in common. Axes are all but the last one: steps, or height and width."""

    padding: Literal["valid", "same"] = "valid"
    """Where the window may stand: only inside, so that less comes out; or also over the edge, which a stride of 1 keeps the
    size with. Of an odd number of cells over the edge the one more is below or on the right, as in TensorFlow and Keras."""

    def window(self, shape: Shape) -> tuple[int, ...]:
        """Its size along each axis of the input."""
        raise NotImplementedError

    def step(self) -> int:
        """How far it moves from one place to the next, along each axis."""
        raise NotImplementedError

    def along(self, shape: Shape) -> list[Along]:
        """Each axis of an input that is large enough."""
        found = []
        for n, window in zip(shape[:-1], self.window(shape), strict=True):
            if self.padding == "valid":
                found.append(Along((n - window) // self.step() + 1, 0, n))
            else:
                places = -(-n // self.step())
                missing = max(0, (places - 1) * self.step() + window - n)
                found.append(Along(places, missing // 2, n + missing))
        return found

    def reach(self, box: Box, shape: Shape) -> Box:
        found = []
        for (start, end), size, axis, n in zip(box, self.window(shape), self.along(shape), shape[:-1], strict=True):
            first, last = start * self.step() - axis.before, (end - 1) * self.step() - axis.before + size
            found.append((min(max(first, 0), n), min(max(last, 0), n)))
        return tuple(found)

    def misfit(self, shape: Shape) -> str | None:
        if wrong := super().misfit(shape):
            return wrong
        window = self.window(shape)
        if self.padding == "valid" and any(n < size for n, size in zip(shape[:-1], window, strict=True)):
            what = "channels" if len(shape) == 3 else "features"
            return (
                f"{times(window)} on a {times(shape[:-1])} input (of {shape[-1]} {what}): the window does not fit in; "
                f'make it smaller, pool or stride less before it, or set padding = "same"'
            )
        return None

    def shape_out(self, shape: Shape) -> Shape:
        return (*(axis.places for axis in self.along(shape)), shape[-1])


def times(sizes: tuple[int, ...]) -> str:
    """ "5x5", of one axis "5"."""
    return "x".join(map(str, sizes))


class ConvLayer(Sliding, Initialized, Regularized):
    """A convolution: at every place, the same weights on what is under the window, for each filter."""

    filters: Annotated[int, Field(ge=1, le=MAX_UNITS)]
    """How many filters, each of which makes one channel of the output."""
    stride: Size = 1
    """How far the window moves from one place to the next, along each axis."""
    bias: bool = True
    """Whether a bias is added, one for each filter. Before "batch_norm" it does nothing: leave it out."""

    def step(self) -> int:
        return self.stride

    def shape_out(self, shape: Shape) -> Shape:
        return (*super().shape_out(shape)[:-1], self.filters)

    def parameter_shapes(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        weight = (self.filters, shape[-1], *self.window(shape))
        return {"weight": weight} | ({"bias": (self.filters,)} if self.bias else {})

    def fan(self, role: str, shape: Shape) -> tuple[int, int]:
        places = prod(self.window(shape))
        return shape[-1] * places, self.filters * places

    def kept_values(self, shape: Shape) -> int:
        """The input within its zeros; going back, delta within as many."""
        return max(self.kept_in_evaluation(shape), self.filters * prod(self.delta_frame(shape)))

    def kept_in_evaluation(self, shape: Shape) -> int:
        framed = [axis.framed for axis in self.along(shape)]
        return prod(framed) * shape[-1] if tuple(framed) != shape[:-1] else 0

    def delta_frame(self, shape: Shape) -> tuple[int, ...]:
        """Lengths of delta with the zeros that its way back needs: see give_delta in engine/ops/convolution.py."""
        axes = zip(shape[:-1], self.window(shape), self.along(shape), strict=True)
        return tuple((size - 1) // self.stride + (n - 1 + axis.before) // self.stride + 1 for n, size, axis in axes)


def _kernel(value: Any) -> tuple[int, int]:
    pair = [value, value] if isinstance(value, int) else value
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise ValueError(f"got {shown(value)}; write kernel = 3, or kernel = [height, width]")
    for size in pair:
        if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= MAX_WINDOW:
            raise ValueError(f"got {shown(value)}; a kernel's sides must be whole numbers from 1 to {MAX_WINDOW:,}")
    return (pair[0], pair[1])


_SIDE = {"type": "integer", "minimum": 1, "maximum": MAX_WINDOW}
Kernel = Annotated[
    tuple[int, int],
    PlainValidator(_kernel),
    WithJsonSchema({"anyOf": [_SIDE, {"type": "array", "items": _SIDE, "minItems": 2, "maxItems": 2}]}),
]


class Conv1dLayer(ConvLayer):
    """A convolution over time: (steps, features) -> (steps, filters)."""

    ranks: ClassVar[tuple[int, ...]] = (2,)
    type: Literal["conv1d"]
    """Kind of layer."""
    kernel: Size
    """How many neighbouring steps a filter looks at."""

    def window(self, shape: Shape) -> tuple[int, ...]:
        return (self.kernel,)


class Conv2dLayer(ConvLayer):
    """A convolution over an image: (height, width, channels) -> (height, width, filters)."""

    ranks: ClassVar[tuple[int, ...]] = (3,)
    type: Literal["conv2d"]
    """Kind of layer."""
    kernel: Kernel
    """Height and width of what a filter looks at: one number for both, or [height, width]."""

    def window(self, shape: Shape) -> tuple[int, ...]:
        return self.kernel


class PoolLayer(Sliding):
    """Pooling: one number for each window and channel."""

    ranks: ClassVar[tuple[int, ...]] = (2, 3)
    size: Size = 2
    """Side of the window: steps of a sequence, height and width of an image."""
    stride: Size | None = None
    """How far the window moves from one place to the next; as far as it is wide, if left out."""

    def window(self, shape: Shape) -> tuple[int, ...]:
        return (self.size,) * (len(shape) - 1)

    def step(self) -> int:
        return self.size if self.stride is None else self.stride


class MaxPoolLayer(PoolLayer):
    """The largest number in each window, of each channel. Cells over the edge do not count."""

    type: Literal["max_pool"]
    """Kind of layer."""

    def kept_values(self, shape: Shape) -> int:
        """Where each largest number stood."""
        return prod(self.shape_out(shape))

    def kept_in_evaluation(self, shape: Shape) -> int:
        return self.kept_values(shape)


class AvgPoolLayer(PoolLayer):
    """The mean of each window, of each channel. Cells over the edge do not count: there it is a mean of fewer."""

    type: Literal["avg_pool"]
    """Kind of layer."""


class GlobalAvgPoolLayer(LayerSpec):
    """The mean of each channel over all places: what is left is flat."""

    ranks: ClassVar[tuple[int, ...]] = (2, 3)
    type: Literal["global_avg_pool"]
    """Kind of layer."""

    def shape_out(self, shape: Shape) -> Shape:
        return shape[-1:]
