"""Names of layers and metrics: one rule for the file's checks, the engine, the history and the panels."""

from math import prod
from typing import NamedTuple, get_args

from tui_nn.data.shape import data_shape
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.spec.layer import ActivationName
from tui_nn.scenario.spec.probes import CURVATURE, PROBES, SHARPNESS_PARAMETERS, SHARPNESS_VALUES
from tui_nn.scenario.spec.recurrent import MEASURED_STEPS
from tui_nn.scenario.spec.regularizers import Penalized
from tui_nn.scenario.spec.shape import Shape

INPUT = "input"  # what a residual layer calls the batch itself
ACTIVATIONS = tuple(name for name in get_args(ActivationName) if name != "linear")
SATURABLE = tuple(name for name in ACTIVATIONS if name != "step")  # a step has no slope that could fall
RECURRENT = ("rnn", "lstm", "gru")
BY_STEP = ("act_signal", "delta_norm")  # of a recurrent layer also of each time step: act_signal.lstm_1.t0, ...
MORTAL = ("relu", "leaky_relu")  # they are silent, or almost, on one whole side


class LayerName(NamedTuple):
    """One row of the network. kind is the layer's type or the activation; index points into scenario.layers."""

    name: str
    kind: str
    index: int
    shape_in: Shape
    shape: Shape

    @property
    def units(self) -> int:
        return self.shape[-1]

    @property
    def is_measured_by_step(self) -> bool:
        """Of a recurrent layer: has each time step metrics of its own? Of a very long sequence none has."""
        return self.kind in RECURRENT and self.shape_in[0] <= MEASURED_STEPS


def layer_names(scenario: Scenario, form: Shape | None = None) -> list[LayerName]:
    """The layers in forward order: dense_1, relu_1, dense_2, ... form: of data other than the scenario's own.

    A layer may bring its own name; else it has its number among all layers of its type. Each kind of activation counts
    for itself. "linear" and "flatten" compute nothing, so they have no row. A layer that cannot take what comes in
    (which check_layers reports) hands it on.
    """
    rows: list[LayerName] = []
    counts: dict[str, int] = {}
    shape = data_shape(scenario.data).form if form is None else form
    for index, layer in enumerate(scenario.layers):
        shape_in = shape
        shape = shape if layer.misfit(shape) else layer.shape_out(shape)
        for kind in (layer.type, layer.activation):
            if kind == "linear" or (kind == layer.type and not layer.has_row):
                continue
            counts[kind] = counts.get(kind, 0) + 1
            own_name = layer.name if kind == layer.type else None
            rows.append(LayerName(own_name or f"{kind}_{counts[kind]}", kind, index, shape_in, shape))
            shape_in = shape
    return rows


CLOCK = ("iteration", "epoch")  # known in conditions beside the metrics; no history keeps them


def metric_names(scenario: Scenario) -> list[str]:
    """Every metric this network is measured by, in the order of the panels."""
    missing = unmeasured(scenario)
    return [name for name in measurable_names(scenario) if name not in missing]


def unmeasured(scenario: Scenario) -> dict[str, str]:
    """What this network could be measured by and is not, and why: "act_std.dense_1" -> "act_std is switched off ..."."""
    reasons = {}
    for name in measurable_names(scenario):
        family = name.split(".")[0]
        if name in CURVATURE and (reason := why_no_sharpness(scenario)):
            reasons[name] = f"{name} is not measured: {reason}"
        elif name not in CURVATURE and not scenario.probes.has(name):
            switch = family if family in PROBES else family.partition("_")[2]  # val_accuracy goes with accuracy
            is_all = switch not in scenario.probes.off
            reasons[name] = f"{switch} is switched off in probes.off" + (', by "all"' if is_all else "")
    return reasons


def measurable_names(scenario: Scenario) -> list[str]:
    """The same with every switch on."""
    names = ["loss", "lr", "grad_norm"]
    is_classification = data_shape(scenario.data).task != "regression"
    if is_classification:
        names.append("accuracy")
    if scenario.data.validation > 0.0:
        names += ["val_loss", "val_accuracy"] if is_classification else ["val_loss"]
        names += ["epoch_loss", "gap"]
    if scenario.data.test > 0.0:
        names += ["test_loss", "test_reads"] + (["test_accuracy"] if is_classification else [])
    if any(isinstance(layer, Penalized) and layer.has_penalty for layer in scenario.layers):
        names.append("penalty")
    if scenario.clip and scenario.clip.norm is not None:
        names.append("clip_scale")
    names += CURVATURE
    learning = {name.split(".")[0] for name in parameter_shapes(scenario)}
    for row in layer_names(scenario):
        if row.name in learning:
            names += [f"grad_norm.{row.name}", f"weight_norm.{row.name}", f"update_ratio.{row.name}"]
        names += [f"delta_norm.{row.name}", f"act_mean.{row.name}", f"act_std.{row.name}", f"act_signal.{row.name}"]
        if row.is_measured_by_step:
            names += [f"{metric}.{row.name}.t{t}" for metric in BY_STEP for t in range(row.shape_in[0])]
        if row.kind in SATURABLE:
            names.append(f"saturated.{row.name}")
        if row.kind in MORTAL:
            names.append(f"dead.{row.name}")
    return names


def why_no_sharpness(scenario: Scenario) -> str | None:
    """Why this run does not measure sharpness, with the cure; None if it does."""
    if not scenario.probes.has("sharpness"):
        is_off = scenario.probes.sharpness == "off"
        return 'set probes.sharpness = "auto"' if is_off else 'it is switched off in probes.off, by "all"'
    if any(row.kind == "step" for row in layer_names(scenario)):
        return 'a step has no slope, so the loss has no curvature; use a smooth activation, or probes.sharpness = "off"'
    n = sum(prod(shape) for shape in parameter_shapes(scenario).values())
    if n == 0:
        return "the network has no parameters"
    if n > SHARPNESS_PARAMETERS:
        return (
            f"the network has {n:,} parameters, and {SHARPNESS_PARAMETERS:,} is the most; "
            f'use fewer units, or probes.sharpness = "off"'
        )
    shape, batch = data_shape(scenario.data), scenario.data.batch_size
    rows = shape.n_train if batch == "full" else min(int(batch), shape.n_train)
    names = layer_names(scenario)
    values = 3 * rows * sum(prod(row.shape) for row in names)  # output, delta, what backward needs
    values += rows * sum(scenario.layers[row.index].kept_values(row.shape_in) for row in names if row.kind in RECURRENT)
    if values > SHARPNESS_VALUES:
        return (
            f"it keeps {values:,} values of a batch a second time, and {SHARPNESS_VALUES:,} is the most; "
            f'use a smaller batch_size, or probes.sharpness = "off"'
        )
    return None


def parameter_shapes(scenario: Scenario) -> dict[str, tuple[int, ...]]:
    """Shape of every parameter: "dense_1.weight" -> (out, in), "dense_1.bias" -> (out,)."""
    shapes: dict[str, tuple[int, ...]] = {}
    for row in layer_names(scenario):
        layer = scenario.layers[row.index]
        if row.kind == layer.type and not layer.misfit(row.shape_in):
            shapes |= {f"{row.name}.{role}": shape for role, shape in layer.parameter_shapes(row.shape_in).items()}
    return shapes
