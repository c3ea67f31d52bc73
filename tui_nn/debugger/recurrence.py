"""What a recurrent layer went through, time step by time step: gates, cell, hidden state, and what came back to each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tui_nn.engine.parts import recurrence as at

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame, LayerFrame

GATE_NAMES = {"rnn": (), "lstm": ("i", "f", "g", "o"), "gru": ("r", "z", "n")}
GATES_AT = {"lstm": at.LSTM_GATES, "gru": at.GRU_GATES}


@dataclass(frozen=True)
class Steps:
    """All arrays are (rows, steps, units), views of the frame's memory.

    gates: what each gate said, by its letter (of an lstm also g, of a gru n: what would be written); none of an rnn.
    cell: c of an lstm, None of the others. hidden: h. delta: ∂loss/∂h, from the layer above and from the steps behind.
    n_forward, n_backward: steps computed in this iteration, from the first one on, and from the last one back; what
        stands at the others is left from the iteration before, or NaN if its batch was of another size.
    """

    gates: Mapping[str, np.ndarray]
    cell: np.ndarray | None
    hidden: np.ndarray
    delta: np.ndarray
    n_forward: int
    n_backward: int


def steps_of(frame: Frame, layer: LayerFrame) -> Steps | None:
    """None of a layer that is not recurrent, or has not been computed yet."""
    if layer.kind not in GATE_NAMES or not len(layer.scratch):
        return None
    steps, n_in = layer.shape_in
    units = layer.units
    rows = (len(layer.scratch)) // (steps * (n_in + END[layer.kind] * units) + units)

    def region(number: int, width: int = 1) -> np.ndarray:
        """[steps, rows, width * units] as (rows, steps, width * units)."""
        start = steps * rows * (n_in + number * units)
        block = layer.scratch[start : start + steps * rows * width * units]
        return block.reshape(steps, rows, width * units).transpose(1, 0, 2)

    names = GATE_NAMES[layer.kind]
    gates = {}
    if names:
        block = region(GATES_AT[layer.kind], len(names))
        gates = {name: block[:, :, k * units : (k + 1) * units] for k, name in enumerate(names)}
    forward, backward = (_done(frame, layer, phase) for phase in ("forward", "backward"))
    found = Steps(
        gates, region(at.LSTM_CELL) if layer.kind == "lstm" else None, region(at.HIDDEN), region(at.DELTA), forward, backward
    )  # fmt: skip
    at_step = frame.iteration
    is_laid_out_alike = at_step > 0 and frame.program.rows(at_step) == frame.program.rows(at_step - 1)
    return _known(found, steps) if _has_begun(frame, layer) and not is_laid_out_alike else found


def _has_begun(frame: Frame, layer: LayerFrame) -> bool:
    """Has this iteration begun to write the layer's memory, in which everything then lies by the rows of its batch?"""
    return frame.op > next(each.first_op for each in frame.program.layers if each.name == layer.name)


def _known(steps: Steps, n: int) -> Steps:
    """NaN where nothing was computed yet, when what stands there is of a batch of another size."""

    def blank(array: np.ndarray, unknown: slice) -> np.ndarray:
        array = array.copy()
        array[:, unknown] = np.nan
        return array

    ahead, before = slice(steps.n_forward, n), slice(0, n - steps.n_backward)
    gates = {name: blank(gate, ahead) for name, gate in steps.gates.items()}
    cell = None if steps.cell is None else blank(steps.cell, ahead)
    return replace(steps, gates=gates, cell=cell, hidden=blank(steps.hidden, ahead), delta=blank(steps.delta, before))


def written_steps(frame: Frame, layer: LayerFrame) -> list[np.ndarray]:
    """What the position decides of a recurrent layer's memory: steps computed in this iteration, or all of the one before."""
    steps = steps_of(frame, layer)
    if steps is None:
        return []
    n = steps.hidden.shape[1]
    forward, backward = (steps.n_forward, steps.n_backward) if _has_begun(frame, layer) else (n, n)
    arrays = [*steps.gates.values(), *([] if steps.cell is None else [steps.cell]), steps.hidden]
    return [array[:, :forward] for array in arrays] + [steps.delta[:, n - backward :]]


def _done(frame: Frame, layer: LayerFrame, phase: str) -> int:
    """How many of its steps this iteration has executed."""
    ops = (op for op in frame.program.ops if op.layer == layer.name and op.phase == phase and " t=" in op.label)
    return sum(op.index < frame.op for op in ops)


END = {"rnn": at.RNN_END, "lstm": at.LSTM_END, "gru": at.GRU_END}


def step_errors(steps: Steps) -> np.ndarray:
    """(steps,) norm of ∂loss/∂h at each time step, over samples and units: delta_norm.X.tN of the metrics, from the arrays."""
    with np.errstate(invalid="ignore", over="ignore"):
        return np.sqrt((steps.delta.astype(np.float64) ** 2).sum(axis=(0, 2)))


def pre_activation(
    frame: Frame, layer: LayerFrame, sample: int, t: int, unit: int, gate: int = 0
) -> tuple[float, float, float] | None:
    """What a gate of one unit sums up at one step: Σ x w, Σ h' w and b; None if the weights have been moved since."""
    steps = steps_of(frame, layer)
    names = [each.name for each in frame.layers]
    at = names.index(layer.name)
    source = frame.layers[at - 1].activation if at else frame.inputs
    parts = {parameter.role: parameter for parameter in layer.parameters}
    is_moved = any(parameter.is_update_fresh for parameter in layer.parameters) or not layer.is_forward_fresh
    if steps is None or is_moved or len(source) != len(steps.hidden):
        return None
    x = source[sample].reshape(layer.shape_in)[t].astype(np.float64)
    before = steps.hidden[sample, t - 1].astype(np.float64) if t else np.zeros(layer.units)
    row = gate * layer.units + unit
    with np.errstate(invalid="ignore", over="ignore"):
        from_input = float(x @ parts["weight_ih"].value[row])
        from_state = float(before @ parts["weight_hh"].value[row])
    return from_input, from_state, float(parts["bias"].value[row])
