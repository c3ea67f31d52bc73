"""Does the loss suit the targets, the last layer the loss, and the weights the classes?"""

from collections.abc import Iterator
from math import prod
from typing import NamedTuple

from tui_nn.data.shape import DataShape, Task, data_shape
from tui_nn.scenario.errors import Fault
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.naming import layer_names
from tui_nn.scenario.spec.losses import CrossEntropy
from tui_nn.scenario.spec.shape import Shape, dims

TASKS: dict[str, tuple[Task, ...]] = {  # of the losses that do not suit every task
    "hinge": ("binary", "multiclass"),
    "perceptron": ("binary",),
    "binary_cross_entropy": ("binary",),
    "categorical_cross_entropy": ("multiclass",),
    "sparse_categorical_cross_entropy": ("multiclass",),
}
CURES = {"regression": "mse", "binary": "binary_cross_entropy", "multiclass": "sparse_categorical_cross_entropy"}


class Needs(NamedTuple):
    """What a loss asks of the last activation: its names, best first; why; what else the author may change."""

    activations: tuple[str, ...]
    because: str
    instead: str = ""


def check_loss(scenario: Scenario) -> Iterator[Fault]:
    """The loss must suit the task, and the last layer the loss. What the last layer should be is said of a fitting loss only."""
    shape, loss = data_shape(scenario.data), scenario.loss
    if shape.task not in TASKS.get(loss.type, (shape.task,)):
        yield Fault(
            ("loss", "type"), f'{loss.type} does not fit {_targets(scenario, shape)}; use "{CURES[shape.task]}"'
        )
        return
    yield from _check_units(scenario, shape)
    yield from _check_activation(scenario, shape)
    yield from _check_weights(scenario, shape)


def _check_units(scenario: Scenario, shape: DataShape) -> Iterator[Fault]:
    rows = layer_names(scenario)
    got = rows[-1].shape if rows else shape.form
    if scenario.layers and not scenario.layers[-1].has_row and scenario.layers[-1].activation == "linear":
        got = (prod(got),)  # a flatten at the end
    units, wanted = got[-1], shape.n_outputs
    wanted_shape = (shape.n_steps, wanted) if shape.n_steps else (wanted,)
    if got == wanted_shape:
        return
    if len(got) != len(wanted_shape) or got[:-1] != wanted_shape[:-1]:
        yield _wrong_places(scenario, shape, got, wanted_shape)
        return
    last = len(scenario.layers) - 1
    sized = max((k for k, each in enumerate(scenario.layers) if "units" in type(each).model_fields), default=last)
    batch = scenario.data.batch_size
    rows = shape.n_train if batch == "full" else max(1, min(int(batch), shape.n_train))
    yield Fault(
        ("layers", sized, "units"),
        f"got {units}; the last layer needs {wanted} for {_targets(scenario, shape)}, "
        f"or [{rows},{units}] would meet [{rows},{wanted}]: use units = {wanted}",
    )


def _wrong_places(scenario: Scenario, shape: DataShape, got: Shape, wanted: Shape) -> Fault:
    """The output has other axes than the targets: one answer a sample, or one at each time step."""
    last = len(scenario.layers) - 1
    cure = 'put a layer with type = "flatten" before the last one'
    if shape.n_steps:
        cure = f"keep the {shape.n_steps} time steps to the end"
    elif len(got) == 2:
        cure += ', or let the recurrent layer give its last output (returns = "last")'
    return Fault(
        ("layers", last, "type"),
        f"the last layer gives [batch,{dims(got)}], and {_targets(scenario, shape)} need [batch,{dims(wanted)}]: {cure}",
    )


def _check_activation(scenario: Scenario, shape: DataShape) -> Iterator[Fault]:
    last = len(scenario.layers) - 1
    got, needs = scenario.layers[last].activation, _needs(scenario, shape)
    if needs is not None and got not in needs.activations:
        yield Fault(
            ("layers", last, "activation"),
            f"got '{got}'; {scenario.loss.type} {needs.because}: "
            f'use activation = "{needs.activations[0]}" in the last layer{needs.instead}',
        )


def _needs(scenario: Scenario, shape: DataShape) -> Needs | None:
    loss, got = scenario.loss, scenario.layers[-1].activation
    if loss.type == "perceptron":
        return Needs(("step",), "counts the mistakes of 0/1 decisions")
    if loss.type == "hinge":
        return Needs(("linear", "tanh"), "takes scores of either sign")
    if not isinstance(loss, CrossEntropy):
        return None
    own = "sigmoid" if shape.task == "binary" else "softmax"
    if loss.from_logits:
        instead = ", or from_logits = false in [loss]" if got == own else ""
        return Needs(("linear",), f"takes logits and applies {own} itself", instead)
    instead = ", or leave from_logits out" if got == "linear" else ""
    return Needs((own,), "with from_logits = false takes probabilities", instead)


def _check_weights(scenario: Scenario, shape: DataShape) -> Iterator[Fault]:
    loss, n_classes = scenario.loss, 2 if shape.task == "binary" else shape.n_outputs
    if not isinstance(loss, CrossEntropy) or not isinstance(loss.class_weights, tuple):
        return
    if len(loss.class_weights) != n_classes:
        what = f"{n_classes} classes" if shape.task == "multiclass" else "2 classes, no and yes"
        yield Fault(
            ("loss", "class_weights"),
            f"got {_count(loss.class_weights)}; {scenario.data.source!r} has {what}: give {n_classes}, one a class",
        )


def _count(weights: tuple[float, ...]) -> str:
    return "1 weight" if len(weights) == 1 else f"{len(weights)} weights"


def _targets(scenario: Scenario, shape: DataShape) -> str:
    what = {"regression": "numbers to fit", "binary": "yes-or-no targets", "multiclass": f"{shape.n_outputs} classes"}
    return f"the {what[shape.task]} of {scenario.data.source!r}"
