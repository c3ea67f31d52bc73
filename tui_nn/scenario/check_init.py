"""How layers start: no key without an effect, nothing missing, and given numbers of the layer's own shape."""

from collections.abc import Iterator
from math import prod

from tui_nn.scenario.errors import Fault
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.naming import layer_names
from tui_nn.scenario.spec.init import INIT_KEYS, Initialized

MAX_ORTHOGONAL = 2**32  # n_out * n_in * the smaller of them, over all layers: about 3 seconds

Placed = tuple[int, str, Initialized, tuple[int, int]]  # index in layers, name, spec, (outputs, inputs of each)


def check_init(scenario: Scenario) -> Iterator[Fault]:
    """What can be said of each layer alone."""
    for index, layer in enumerate(scenario.layers):
        if isinstance(layer, Initialized):
            for key, message in _idle(layer):
                yield Fault(("layers", index, key), message, "key")
            if layer.init == "uniform" and layer.init_low >= layer.init_high:
                yield _bounds(index, layer)


def _bounds(index: int, layer: Initialized) -> Fault:
    low, high = layer.init_low, layer.init_high
    if "init_low" in layer.model_fields_set:
        return Fault(
            ("layers", index, "init_low"), f"got {low:g}; init_low must be less than init_high, which is {high:g}"
        )
    message = f"got {high:g}; init_high must be greater than init_low, which is {low:g}"
    return Fault(("layers", index, "init_high"), message)


def _idle(layer: Initialized) -> Iterator[tuple[str, str]]:
    """Keys that would do nothing."""
    for key, inits in INIT_KEYS.items():
        if key in layer.model_fields_set and layer.init not in inits:
            cure = f'set init = "{inits[0]}"' if len(inits) == 1 else f"choose init = {_either(inits)},"
            yield key, f'{key} has no effect with init = "{layer.init}"; {cure} or remove {key}'
    if layer.biases is not None and "bias_init" in layer.model_fields_set:
        yield "bias_init", "bias_init has no effect beside biases; remove one of them"


def _either(words: tuple[str, ...]) -> str:
    quoted = [f'"{word}"' for word in words]
    return ", ".join(quoted[:-1]) + f" or {quoted[-1]}"


def check_init_shapes(scenario: Scenario) -> Iterator[Fault]:
    """What takes the shape of each layer's weight."""
    costs: dict[int, int] = {}
    for index, name, layer, shape in _placed(scenario):
        n_out, n_in = shape
        if layer.init == "values" and layer.weights is None:
            message = f'missing; init = "values" needs weights = [[...]] of {n_out} rows of {n_in} numbers for {name}'
            yield Fault(("layers", index, "weights"), message, "table")
        elif layer.init == "values" and layer.weights is not None:
            yield from _weights(index, name, (len(layer.weights), len(layer.weights[0])), shape)
        if layer.biases is not None and len(layer.biases) != n_out:
            n = len(layer.biases)
            message = f"got {n} numbers, shape [{n}]; those of {name} have shape [{n_out}]: write one for each unit"
            yield Fault(("layers", index, "biases"), message)
        if layer.init == "orthogonal":
            costs[index] = n_out * n_in * min(shape)
    if sum(costs.values()) > MAX_ORTHOGONAL:
        message = 'init = "orthogonal" takes too long for layers of this size; use "xavier_normal", or fewer units'
        yield Fault(("layers", max(costs, key=costs.__getitem__), "init"), message)


def _weights(index: int, name: str, given: tuple[int, int], shape: tuple[int, int]) -> Iterator[Fault]:
    if given == shape:
        return
    n_out, n_in = shape
    cure = f"write a row for each of {n_out} units, in it a number for each of {n_in} inputs"
    if given == (n_in, n_out):
        cure += " (these seem to be transposed)"
    message = f"got weights of shape [{given[0]}, {given[1]}]; those of {name} have shape [{n_out}, {n_in}]: {cure}"
    yield Fault(("layers", index, "weights"), message)


def _placed(scenario: Scenario) -> Iterator[Placed]:
    for row in layer_names(scenario):
        layer = scenario.layers[row.index]
        if isinstance(layer, Initialized) and row.kind == layer.type and not layer.misfit(row.shape_in):
            weight = next(iter(layer.parameter_shapes(row.shape_in).values()))
            yield row.index, row.name, layer, (weight[0], prod(weight[1:]))
