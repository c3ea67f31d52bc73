"""Every gradient the engine computes is the slope of its own loss, and both are what the formulas say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from tests import reference
from tests.engine.make import (
    ACTIVATIONS,
    LOSSES,
    YES_OR_NO,
    array_at,
    first_update,
    make_session,
    metric,
    network_of,
    run_ops,
)
from tests.table import over
from tui_nn.debugger.session import Session

H = 6e-6  # cube root of float64 epsilon: round-off meets truncation

# name -> (inputs, hidden units, outputs, samples, batch): widths around the kernels' blocks of 8, 4 and 1, one sample,
# many layers, a product large enough for BLAS (900 weights), and the smaller last batch of an epoch.
NETWORKS = {
    "small": (3, (5,), 3, 6, 6),
    "blocks": (7, (17, 9), 4, 5, 5),
    "one-sample": (2, (4,), 2, 3, 1),
    "deep": (3, (4,) * 6, 2, 4, 4),
    "blas": (30, (32,), 3, 4, 4),
    "last-batch": (3, (6,), 2, 7, 4),
}
KINKED = ("relu", "leaky_relu", "elu", "selu")  # in themselves or (elu) in their slope


def losses(hidden: str) -> Sequence[str]:
    """In networks beside the small one: a loss sees rows and units, not the layers below, and most activations only numbers."""
    return LOSSES[:4] if hidden in ACTIVATIONS[:5] else LOSSES[:1]


# A cross-entropy takes logits: its last layer is linear.
CASES = [
    (network, hidden, loss, output)
    for network in NETWORKS
    for hidden in ACTIVATIONS
    for loss in (LOSSES if network == "small" else losses(hidden))
    for output in (ACTIVATIONS if loss == "mse" and network == "small" else ("linear",))
]


def session_for(network: str, hidden: str, loss: str, output: str, dtype: str = "float64") -> Session:
    n_in, units, n_out, n, batch = NETWORKS[network]
    n_out = 1 if loss in YES_OR_NO and network == "one-sample" else n_out
    layers = [*((width, hidden) for width in units), (n_out, output)]
    return make_session(layers, loss, n=n, n_in=n_in, batch_size=batch, dtype=dtype)


def run_to_gradients(session: Session) -> None:
    """Up to the first update, in the last batch of the epoch; biases moved off 0 so that their part is seen."""
    machine, program = session.machine, session.program
    state = program.initial.copy()
    for k, tensor in enumerate(program.tensors):
        if tensor.role == "bias":
            tensor.view(state)[:] = 0.1 * np.cos(np.arange(tensor.size) + k)
    machine.load(state, program.iterations_per_epoch - 1)
    machine.run(machine.iteration, first_update(program))


@dataclass
class Slopes:
    """Central differences of the loss in the entries of one array; NaN where a unit has its kink within the step."""

    slope: np.ndarray
    n_kinks: int


def slopes(session: Session, entries: np.ndarray, first_op: int) -> Slopes:
    """Nudge every entry, run rows first_op .. loss, and divide. `entries` is a view of the machine's memory."""
    machine, program = session.machine, session.program
    slope = np.empty(entries.shape)

    def at(value: float, index: tuple[int, ...]) -> tuple[float, bytes]:
        entries[index] = value
        run_ops(machine, first_op, program.loss_op + 1)
        return metric(machine, "loss"), fired(session)

    for index in np.ndindex(entries.shape):
        here = float(entries[index])
        (above, fired_above), (below, fired_below) = at(here + H, index), at(here - H, index)
        is_kink = fired_above != fired_below
        slope[index] = np.nan if is_kink else (above - below) / ((here + H) - (here - H))
        entries[index] = here
    run_ops(machine, first_op, program.loss_op + 1)
    return Slopes(slope, int(np.isnan(slope).sum()))


def fired(session: Session) -> bytes:
    """On which side of its kink every unit stands that has one, and which number is the largest, for every live sample."""
    program, machine = session.program, session.machine
    rows = program.rows(machine.iteration)
    sides = [
        (array_at(machine, below.output, rows, below.values) > 0).tobytes()
        for below, layer in zip(program.layers, program.layers[1:], strict=False)
        if layer.kind in KINKED
    ]
    largest = [layer for layer in program.layers if layer.kind == "max_pool"]
    return b"".join([*sides, *(array_at(machine, layer.scratch, rows, layer.values).tobytes() for layer in largest)])


def error(grad: np.ndarray, slope: np.ndarray, loss: float) -> float:
    """max |a - n| / max(1, loss, max |n|), and every entry above 1e-4 within 1e-5 of itself."""
    seen = ~np.isnan(slope)
    a, n = grad[seen], slope[seen]
    large = np.abs(n) > 1e-4
    assert (np.abs(a - n)[large] <= 1e-5 * np.abs(n)[large]).all()
    return float(np.abs(a - n).max(initial=0.0) / max(1.0, loss, np.abs(n).max(initial=0.0)))


@over(CASES)
def test_gradients_are_the_slopes_of_the_loss(network, hidden, loss, output):
    """Parameters: max |a - n| <= 1e-9 max(1, loss, max |n|) per tensor, and 1e-5 of itself for entries above 1e-4."""
    session = session_for(network, hidden, loss, output)
    run_to_gradients(session)
    machine, program = session.machine, session.program
    value = metric(machine, "loss")
    grads = [tensor.view(machine.mem, program.grad_shift).copy() for tensor in program.tensors]
    worst = n_kinks = n_entries = 0
    for tensor, grad in zip(program.tensors, grads, strict=True):
        found = slopes(session, tensor.view(machine.mem), first_op=1)
        worst = max(worst, error(grad, found.slope, value))
        n_kinks, n_entries = n_kinks + found.n_kinks, n_entries + grad.size
    print(f"{network} {hidden} {output} {loss}: error {worst:.1e}, {n_entries} entries, {n_kinks} at kinks left out")
    assert worst <= 1e-9
    assert n_kinks <= 0.02 * n_entries
    assert any(np.abs(grad).max() > 1e-6 for grad in grads)


@over([case for case in CASES if case[0] != "blas"])
def test_deltas_are_the_slopes_of_the_loss(network, hidden, loss, output):
    """dloss/d output of every layer, to the same bar: nudge the output itself and run the rest of the network."""
    session = session_for(network, hidden, loss, output)
    run_to_gradients(session)
    machine, program = session.machine, session.program
    value, rows = metric(machine, "loss"), program.rows(machine.iteration)
    deltas = [array_at(machine, layer.delta, rows, layer.units).copy() for layer in program.layers]
    worst = n_kinks = n_entries = 0
    for layer, delta in zip(program.layers, deltas, strict=True):
        found = slopes(session, array_at(machine, layer.output, rows, layer.units), layer.forward_op + 1)
        worst = max(worst, error(delta, found.slope, value))
        n_kinks, n_entries = n_kinks + found.n_kinks, n_entries + delta.size
    print(f"{network} {hidden} {output} {loss}: error {worst:.1e}, {n_entries} deltas, {n_kinks} at kinks left out")
    assert worst <= 1e-9
    assert n_kinks <= 0.02 * n_entries


def test_a_kink_is_left_out_and_counted():
    """A relu unit whose z is 1e-6 from 0 for one sample: its weights and bias have no slope there, and just they are missing."""
    session = session_for("small", "relu", "mse", "linear")
    machine, program = session.machine, session.program
    dense, relu = program.layers[:2]
    weight, bias = dense.parameters
    run_to_gradients(session)
    before = array_at(machine, dense.output, 6, dense.units)[:, 2].copy()
    bias.view(machine.mem)[2] += 1e-6 - before[0]
    run_ops(machine, 1, first_update(program))
    assert array_at(machine, relu.output, 6, relu.units)[0, 2] == pytest.approx(1e-6)
    grad = weight.view(machine.mem, program.grad_shift).copy()
    found = slopes(session, weight.view(machine.mem), first_op=1)
    assert 1 <= found.n_kinks <= 3
    assert {int(unit) for unit, _ in np.argwhere(np.isnan(found.slope))} == {2}
    assert error(grad, found.slope, metric(machine, "loss")) <= 1e-9
    assert np.isnan(slopes(session, bias.view(machine.mem), first_op=1).slope).tolist() == [
        False,
        False,
        True,
        False,
        False,
    ]


# Round-off: 1e-16 and 6e-8 a step, of sums whose terms are up to a few hundred times the result (deltas cancel).
TOLERANCE = {"float64": 1e-13, "float32": 5e-5}


@over(CASES, TOLERANCE)
def test_forward_loss_and_gradients_agree_with_the_formulas(network, hidden, loss, output, dtype):
    """Every activation, delta and gradient, and the loss, against tests/reference.py: max |a - b| / max(1e-3, max |b|)."""
    session = session_for(network, hidden, loss, output, dtype)
    run_to_gradients(session)
    frame, program, machine = session.frame(), session.program, session.machine
    net, x = network_of(session), frame.inputs.tolist()
    layers = reference.forward(net, x)
    value, delta = reference.loss_and_delta(loss, layers[-1][1], frame.targets.tolist())
    wanted: dict[str, object] = {}
    for name, (z, a), (grad_weight, grad_bias, delta_a, delta_z) in zip(
        (layer.name for layer in program.layers if layer.kind == "dense"),
        layers,
        reference.backward(net, x, layers, delta),
        strict=True,
    ):
        above = program.layers[[layer.name for layer in program.layers].index(name) + 1 :][:1]
        wanted |= {f"{name}.weight": grad_weight, f"{name}.bias": grad_bias, name: z, f"delta {name}": delta_z}
        if above and above[0].kind != "dense":
            wanted |= {above[0].name: a, f"delta {above[0].name}": delta_a}
    got = {tensor.name: tensor.view(machine.mem, program.grad_shift) for tensor in program.tensors}
    for layer in frame.layers:
        got |= {layer.name: layer.activation, f"delta {layer.name}": layer.delta}
    assert got.keys() == wanted.keys()
    tolerance = TOLERANCE[dtype]
    assert metric(machine, "loss") == pytest.approx(value, rel=tolerance, abs=tolerance)
    for name, array in wanted.items():
        b = np.array(array)
        gap = float(np.abs(got[name] - b).max() / max(1e-3, np.abs(b).max()))
        assert gap <= tolerance, name
