"""Does the network hang together: names, something to learn, what residual layers add, batches that batch norm can take?"""

from collections.abc import Iterator
from math import prod

from tui_nn.data.shape import data_shape
from tui_nn.scenario.errors import Fault, shown, unknown
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.naming import INPUT, LayerName, layer_names, parameter_shapes
from tui_nn.scenario.spec.layers import ResidualLayer
from tui_nn.scenario.spec.shape import Shape, dims, positions


def check_layers(scenario: Scenario) -> Iterator[Fault]:
    """Names are taken once, and there is a parameter to train."""
    seen: dict[str, int] = {}
    for row in layer_names(scenario):
        if row.name in seen:
            name = scenario.layers[row.index].name
            index = row.index if name == row.name else seen[row.name]
            yield Fault(("layers", index, "name"), f"{row.name!r} is taken by another layer; choose another name")
        elif row.name == INPUT:
            yield Fault(
                ("layers", row.index, "name"), f"{INPUT!r} means what goes into the network; choose another name"
            )
        seen[row.name] = row.index
    if not parameter_shapes(scenario) and not any(check_shapes(scenario)):
        yield Fault(
            ("layers", 0, "type"), 'no layer has parameters, so nothing can be learnt; add one with type = "dense"'
        )
    for index, layer in enumerate(scenario.layers):
        if not getattr(layer, "bias", True):
            for key in sorted({"bias_init", "biases"} & layer.model_fields_set):
                message = f"{key} has no effect with bias = false; remove one of them"
                yield Fault(("layers", index, key), message, "key")


def has_wrong_form(scenario: Scenario) -> bool:
    """Does data.shape hold another number of numbers than a sample has?"""
    given = scenario.data.shape
    return given is not None and prod(given) != data_shape(scenario.data).n_features


def check_shapes(scenario: Scenario) -> Iterator[Fault]:
    """Each layer can take what comes out of the one before it. The first that cannot is told; the rest hangs on it."""
    if has_wrong_form(scenario):
        return  # which is told; what follows would be of a shape nobody asked for
    shape = data_shape(scenario.data).form
    for index, layer in enumerate(scenario.layers):
        misfit = layer.misfit(shape)
        if misfit:
            yield Fault(("layers", index, "type"), f"{layer.type} {misfit}")
            return
        shape = layer.shape_out(shape)


def check_residual(scenario: Scenario) -> Iterator[Fault]:
    """What a residual layer adds stands before it, not right below it, and is as wide as what comes from below."""
    rows = layer_names(scenario)
    names = [row.name for row in rows]
    for position, row in enumerate(rows):
        layer = scenario.layers[row.index]
        if isinstance(layer, ResidualLayer) and row.kind == layer.type:
            message = _wrong_skip(layer.skip, row, rows[:position], data_shape(scenario.data).form, names)
            if message:
                yield Fault(("layers", row.index, "skip"), message)


def _wrong_skip(skip: str, row: LayerName, before: list[LayerName], form: Shape, names: list[str]) -> str | None:
    shapes = {INPUT: form} | {each.name: each.shape for each in before}
    *earlier, below = shapes
    if skip not in shapes:
        if skip in names:
            return f"{skip!r} does not come before {row.name}; name an earlier layer or {INPUT!r}"
        return unknown("layer", skip, earlier or [INPUT])
    if skip == below:
        cure = f"name an earlier one, like {earlier[-1]!r}" if earlier else "put a layer between them"
        return f"{shown(skip)} is right below {row.name}, which would only double it; {cure}"
    if shapes[skip] != row.shape:
        sizes = f"[batch,{dims(row.shape)}] + [batch,{dims(shapes[skip])}]: {row.name} cannot add {skip}"
        if len(shapes[skip]) == len(row.shape) == 1:
            return f"{sizes}, which has {shapes[skip][0]} units, to {below}, which has {row.units}; give both the same number"
        return f"{sizes} to {below}; give both the same shape"
    return None


def check_batch_norm(scenario: Scenario) -> Iterator[Fault]:
    """A batch of one sample has no variance: no batch of an epoch may be one."""
    alone = (row.name for row in layer_names(scenario) if row.kind == "batch_norm" and positions(row.shape) == 1)
    name = next(alone, None)  # of an image each place of a channel is one more
    n, size = data_shape(scenario.data).n_train, scenario.data.batch_size
    if name is None or n < 1:
        return
    needs = f"{name} needs at least 2 for a variance"
    if n == 1:
        yield Fault(("data", "batch_size"), f"there is 1 training sample, and {needs}: use more samples")
    elif isinstance(size, int) and (size == 1 or n % size == 1):
        fitting = [*range(min(size, n), 1, -1), *range(size + 1, n + 1)]
        cure = next(each for each in fitting if n % each != 1)
        what = "batches of 1 sample" if size == 1 else f"of {n:,} training samples that leaves 1 for the last batch"
        yield Fault(("data", "batch_size"), f"got {size}; {what}, and {needs}: use batch_size = {cure}")
