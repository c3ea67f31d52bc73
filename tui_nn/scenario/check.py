"""What needs more than one field: does the network fit its data, its loss and the memory, do conditions make sense?

A scenario that passes can be trained. Each check yields faults; `check` runs those whose tables can be judged.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress

from tui_nn.data.shape import DataShape, data_shape
from tui_nn.scenario.errors import Fault, Path, shown, unknown
from tui_nn.scenario.expression import Expression, ExpressionError, parse_expression, validate_names
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.naming import CLOCK, layer_names, metric_names, parameter_shapes
from tui_nn.scenario.spec.base import MAX_ITERATIONS
from tui_nn.scenario.spec.data import LinearData
from tui_nn.scenario.validate import Findings

MAX_BYTES = 512 * 1024 * 1024
PANELS = ("program", "layers", "activations", "gradients", "optimizer", "curves", "lesson")
SLOTS = {"sgd": (), "momentum": ("m",), "adam": ("m", "v")}  # what each optimizer keeps of every parameter

CROSS_ENTROPIES = {
    "binary_cross_entropy": "binary",
    "categorical_cross_entropy": "multiclass",
    "sparse_categorical_cross_entropy": "multiclass",
}
CURES = {"regression": "mse", "binary": "binary_cross_entropy", "multiclass": "sparse_categorical_cross_entropy"}


def check(findings: Findings) -> list[Fault]:
    """All cross-field faults of a scenario that could be read, or mended without guessing."""
    scenario = findings.scenario
    if scenario is None:
        return []
    return [fault for run, tables in CHECKS.items() if findings.may_judge(*tables) for fault in run(scenario)]


def check_data(scenario: Scenario) -> Iterator[Fault]:
    data, shape = scenario.data, data_shape(scenario.data)
    if isinstance(data, LinearData) and data.low >= data.high:
        yield Fault(("data", "low"), f"got {data.low:g}; low must be less than high, which is {data.high:g}")
    if shape.n_train < 1:
        yield Fault(("data", "validation"), f"leaves no sample of {shape.n_samples} to train on; use a smaller share")
    elif isinstance(data.batch_size, int) and data.batch_size > shape.n_train:
        yield Fault(
            ("data", "batch_size"),
            f"got {data.batch_size}; there are {shape.n_train} training samples: "
            f'use at most {shape.n_train}, or "full" for all of them',
        )


def check_layers(scenario: Scenario) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for row in layer_names(scenario):
        if row.name in seen:
            name = scenario.layers[row.index].name
            index = row.index if name == row.name else seen[row.name]
            yield Fault(("layers", index, "name"), f"{row.name!r} is taken by another layer; choose another name")
        seen[row.name] = row.index
    for index, layer in enumerate(scenario.layers):
        for key, init in (("init_std", "normal"), ("init_value", "constant")):
            if key in layer.model_fields_set and layer.init != init:
                message = f'{key} has no effect with init = "{layer.init}"; set init = "{init}" or remove {key}'
                yield Fault(("layers", index, key), message, "key")


def check_loss(scenario: Scenario) -> Iterator[Fault]:
    """The loss must suit the task, and the last layer the loss."""
    shape, loss = data_shape(scenario.data), scenario.loss.type
    wanted = CROSS_ENTROPIES.get(loss)
    if wanted is not None and wanted != shape.task:
        yield Fault(("loss", "type"), f'{loss} does not fit {_targets(scenario, shape)}; use "{CURES[shape.task]}"')
        return
    last = len(scenario.layers) - 1
    layer = scenario.layers[last]
    if layer.units != shape.n_outputs:
        yield Fault(
            ("layers", last, "units"),
            f"got {layer.units}; the last layer needs {shape.n_outputs} for {_targets(scenario, shape)}: "
            f"use units = {shape.n_outputs}",
        )
    if wanted is not None and layer.activation != "linear":
        what = "takes logits and applies " + ("sigmoid" if wanted == "binary" else "softmax") + " itself"
        yield Fault(
            ("layers", last, "activation"),
            f"got '{layer.activation}'; {loss} {what}: use activation = \"linear\" in the last layer",
        )


def _targets(scenario: Scenario, shape: DataShape) -> str:
    what = {"regression": "numbers to fit", "binary": "yes-or-no targets", "multiclass": f"{shape.n_outputs} classes"}
    return f"the {what[shape.task]} of {scenario.data.source!r}"


def check_memory(scenario: Scenario) -> Iterator[Fault]:
    """Parameters, their gradients and slots, the data, and the values of one batch and of validation, within 512 MB."""
    shape = data_shape(scenario.data)
    n_bytes = 4 if scenario.dtype == "float32" else 8
    copies = 2 + len(SLOTS[scenario.optimizer.type])
    sizes, n_in = [], shape.n_features
    for layer in scenario.layers:
        sizes.append(copies * (n_in + 1) * layer.units * n_bytes)
        n_in = layer.units
    if sum(sizes) > MAX_BYTES:
        index = sizes.index(max(sizes))
        yield Fault(
            ("layers", index, "units"),
            f"the parameters with their gradients and optimizer state take {_megabytes(sum(sizes))}, most of it here; "
            f"at most {_megabytes(MAX_BYTES)}: use fewer units",
        )
        return
    batch = shape.n_train if scenario.data.batch_size == "full" else min(int(scenario.data.batch_size), shape.n_train)
    rows = sum(row.units for row in layer_names(scenario))
    values = batch * (shape.n_features + 2 * rows) + shape.n_val * (shape.n_features + rows)
    if values * n_bytes > MAX_BYTES:
        yield Fault(
            ("data", "batch_size"),
            f"the values of one batch and of validation take {_megabytes(values * n_bytes)}; "
            f"at most {_megabytes(MAX_BYTES)}: use a smaller batch_size, fewer samples or fewer units",
        )


def _megabytes(n: int) -> str:
    return f"{n / 1024 / 1024:,.0f} MB"


def check_length(scenario: Scenario) -> Iterator[Fault]:
    shape, epochs = data_shape(scenario.data), scenario.train.epochs
    batch = scenario.data.batch_size
    per_epoch = 1 if batch == "full" else max(1, -(-shape.n_train // int(batch)))
    if epochs is not None and epochs * per_epoch > MAX_ITERATIONS:
        yield Fault(
            ("train", "epochs"),
            f"got {epochs:,}; at {per_epoch:,} iterations each that is more than {MAX_ITERATIONS:,}: "
            f"use at most {MAX_ITERATIONS // per_epoch:,}",
        )


def check_syntax(scenario: Scenario) -> Iterator[Fault]:
    """Every condition can be read and answers yes or no."""
    for path, text in _conditions(scenario):
        try:
            expression = parse_expression(text)
        except ExpressionError as error:
            yield Fault(path, str(error))
            continue
        if not expression.is_condition:
            yield Fault(path, f"{shown(text)} is a number; compare it with something, like {text[:30]} > 0")


def check_names(scenario: Scenario) -> Iterator[Fault]:
    """What conditions and `show` speak of exists in this network."""
    metrics, shapes = metric_names(scenario), parameter_shapes(scenario)
    for path, expression in _readable(scenario):
        for error in validate_names(expression, [*metrics, *CLOCK], shapes):
            yield Fault(path, str(error))
    for index, line in enumerate(scenario.script):
        if line.show is not None and line.show not in PANELS and line.show not in metrics:
            yield Fault(("script", index, "show"), unknown("panel or metric", line.show, [*PANELS, *metrics]))


def check_slots(scenario: Scenario) -> Iterator[Fault]:
    """m and v are asked for only where the optimizer keeps them."""
    for path, expression in _readable(scenario):
        for kind in sorted({element.kind for element in expression.elements} & {"m", "v"}):
            if kind not in SLOTS[scenario.optimizer.type]:
                optimizer = scenario.optimizer.type
                yield Fault(path, f'{optimizer} keeps no {kind} of a parameter; type = "adam" keeps m and v')


def _conditions(scenario: Scenario) -> Iterator[tuple[Path, str]]:
    for index, expectation in enumerate(scenario.expect):
        yield ("expect", index, "that"), expectation.that
    for index, line in enumerate(scenario.script):
        if line.until is not None:
            yield ("script", index, "until"), line.until


def _readable(scenario: Scenario) -> Iterator[tuple[Path, Expression]]:
    for path, text in _conditions(scenario):
        with suppress(ExpressionError):  # check_syntax has reported it
            yield path, parse_expression(text)


CHECKS: dict[Callable[[Scenario], Iterator[Fault]], tuple[str, ...]] = {
    check_data: ("data",),
    check_layers: ("layers",),
    check_loss: ("data", "layers", "loss"),
    check_memory: ("data", "layers", "optimizer"),
    check_length: ("data", "train"),
    check_syntax: (),
    check_names: ("data", "layers"),
    check_slots: ("optimizer",),
}
