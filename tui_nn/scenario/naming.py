"""Names of layers and metrics: one rule for the file's checks, the engine, the history and the panels."""

from typing import NamedTuple

from tui_nn.data.shape import data_shape
from tui_nn.scenario.model import Scenario


class LayerName(NamedTuple):
    """One row of the network. kind is "dense" or the activation; index points into scenario.layers."""

    name: str
    kind: str
    units: int
    index: int


def layer_names(scenario: Scenario) -> list[LayerName]:
    """The layers in forward order: dense_1, relu_1, dense_2, ...

    A dense layer may bring its own name; else it has its number among all dense layers. Each kind of activation counts
    for itself. "linear" computes nothing, so it has no row.
    """
    rows: list[LayerName] = []
    counts: dict[str, int] = {}
    for index, layer in enumerate(scenario.layers):
        for kind in (layer.type, layer.activation):
            if kind == "linear":
                continue
            counts[kind] = counts.get(kind, 0) + 1
            own_name = layer.name if kind == layer.type else None
            rows.append(LayerName(own_name or f"{kind}_{counts[kind]}", kind, layer.units, index))
    return rows


CLOCK = ("iteration", "epoch")  # known in conditions beside the metrics; no history keeps them


def metric_names(scenario: Scenario) -> list[str]:
    """Every metric this network is measured by, in the order of the panels."""
    names = ["loss", "lr", "grad_norm"]
    is_classification = data_shape(scenario.data).task != "regression"
    if is_classification:
        names.append("accuracy")
    if scenario.data.validation > 0.0:
        names += ["val_loss", "val_accuracy"] if is_classification else ["val_loss"]
    for row in layer_names(scenario):
        if row.kind == "dense":
            names += [f"grad_norm.{row.name}", f"weight_norm.{row.name}", f"update_ratio.{row.name}"]
        names += [f"delta_norm.{row.name}", f"act_mean.{row.name}", f"act_std.{row.name}", f"act_signal.{row.name}"]
        if row.kind != "dense":
            names.append(f"saturated.{row.name}")
    return names


def parameter_shapes(scenario: Scenario) -> dict[str, tuple[int, ...]]:
    """Shape of every parameter: "dense_1.weight" -> (out, in), "dense_1.bias" -> (out,)."""
    shapes: dict[str, tuple[int, ...]] = {}
    n_in = data_shape(scenario.data).n_features
    for row in layer_names(scenario):
        if row.kind == "dense":
            shapes[f"{row.name}.weight"] = (row.units, n_in)
            shapes[f"{row.name}.bias"] = (row.units,)
        n_in = row.units
    return shapes
