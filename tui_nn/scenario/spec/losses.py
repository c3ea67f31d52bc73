"""[loss]: what training makes small. Every loss is a mean over the batch, so its size does not follow batch_size."""

from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from tui_nn.scenario.errors import shown
from tui_nn.scenario.spec.base import Model

MIN_WEIGHT, MAX_WEIGHT = 1e-6, 1e6


def _class_weights(value: Any) -> Any:
    if value is None or value == "balanced":
        return value
    if isinstance(value, list | tuple) and value:
        for index, weight in enumerate(value):
            # Also NaN is outside; and a weight of 0 would leave batches whose mean is 0 / 0.
            if isinstance(weight, bool) or not isinstance(weight, int | float) or not _is_weight(weight):
                raise ValueError(
                    f"got {shown(weight)} for class {index}; a weight must be a number from 0.000001 to 1,000,000"
                )
        return tuple(float(weight) for weight in value)
    raise ValueError(
        f'got {shown(value)}; class_weights must be a list of numbers, one a class, like [1.0, 4.0], or "balanced"'
    )


def _is_weight(value: float) -> bool:
    return MIN_WEIGHT <= value <= MAX_WEIGHT


ClassWeights = Annotated[
    tuple[float, ...] | Literal["balanced"] | None,
    PlainValidator(_class_weights),
    WithJsonSchema(
        {
            "anyOf": [
                {
                    "type": "array",
                    "items": {"type": "number", "minimum": MIN_WEIGHT, "maximum": MAX_WEIGHT},
                    "minItems": 1,
                },
                {"const": "balanced"},
            ]
        }
    ),
]


class MeanSquaredError(Model):
    """mean (out - y)², over samples and outputs. Targets of a class task are 0/1 (one-hot rows)."""

    type: Literal["mse"]
    """Kind of loss."""


class MeanAbsoluteError(Model):
    """mean |out - y|: an outlier pulls no harder than any other sample."""

    type: Literal["mae"]
    """Kind of loss."""


class Huber(Model):
    """Squared near the target, linear beyond: e²/2 up to |e| = delta, then delta (|e| - delta/2). Huber (1964)."""

    type: Literal["huber"]
    """Kind of loss."""
    delta: Annotated[float, Field(gt=0.0, le=1e30)] = 1.0
    """Error from which on a sample counts as an outlier: there the slope stops growing."""


class Hinge(Model):
    """Binary: mean max(0, margin - t out) with t = -1 or +1 for targets 0 and 1.

    Classes: mean of Σ max(0, margin - out_y + out_j) / classes, over the wrong classes j.
    """

    type: Literal["hinge"]
    """Kind of loss."""
    margin: Annotated[float, Field(gt=0.0, le=1e30)] = 1.0
    """How far on the right side an output must be to cost nothing."""


class Perceptron(Model):
    """The share of mistakes, mean |out - y|, of a network that ends in the unit step (Rosenblatt 1958).

    With sgd, lr = 1 and batch_size = 1 training is the perceptron rule: weight += (y - out) x.
    """

    type: Literal["perceptron"]
    """Kind of loss."""


class CrossEntropy(Model):
    from_logits: bool = True
    """true: the last layer is linear and the loss applies sigmoid or softmax. false: the last layer does."""
    label_smoothing: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    """This share of each target is spread evenly over the classes (Szegedy et al. 2016)."""
    class_weights: ClassWeights = None
    """A factor for each class; the loss is divided by the weights of the samples in the batch. "balanced": n / (k n_c)."""


class BinaryCrossEntropy(CrossEntropy):
    """-log of the probability given to the right answer of a yes-or-no task, in nats."""

    type: Literal["binary_cross_entropy"]
    """Kind of loss."""


class CategoricalCrossEntropy(CrossEntropy):
    """-log of the probability given to the right class, in nats. Targets are one-hot rows."""

    type: Literal["categorical_cross_entropy"]
    """Kind of loss."""


class SparseCategoricalCrossEntropy(CrossEntropy):
    """-log of the probability given to the right class, in nats. Targets are class indices."""

    type: Literal["sparse_categorical_cross_entropy"]
    """Kind of loss."""


Loss = Annotated[
    MeanSquaredError
    | MeanAbsoluteError
    | Huber
    | Hinge
    | Perceptron
    | BinaryCrossEntropy
    | CategoricalCrossEntropy
    | SparseCategoricalCrossEntropy,
    Field(discriminator="type"),
]
