"""Which rows write a number of the memory: a parameter's, its gradient's, an optimizer slot's, a buffer's."""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakKeyDictionary

from tui_nn.engine import layout as at
from tui_nn.engine.program import Op, Program

ON_GRADIENTS = ("penalty", "clip_value", "clip_norm", "couple_decay")  # kernels that change gradients in place
_known: WeakKeyDictionary[Program, dict[int, tuple[int, ...]]] = (
    WeakKeyDictionary()
)  # asked for in every chunk of a run
SLOTS = (at.SLOT_1, at.SLOT_2, at.SLOT_3)


def writers(program: Program, offset: int) -> tuple[int, ...]:
    """The ops that may write mem[offset], in order. A row that only might (a bound not reached, a best epoch that is not
    restored) is among them; one that never does is not.

    Errors: ValueError for what lies behind the gradients: activations and deltas belong to a batch.
    """
    if not 0 <= offset < program.input_offset:
        raise ValueError(f"number {offset} of the memory is no parameter, gradient, slot or buffer")
    known = _known.setdefault(program, {})
    if offset not in known:
        known[offset] = _find(program, offset)
    return known[offset]


def _find(program: Program, offset: int) -> tuple[int, ...]:
    return tuple(op.index for op in program.ops if any(a <= offset < a + n for a, n in _written(program, op)))


def _written(program: Program, op: Op) -> Iterator[tuple[int, int]]:
    """Parts of state and gradients, (offset, numbers), that the row writes."""
    row = program.table[op.index]
    weights, gradients = int(row[at.WEIGHT]), int(row[at.GRAD_WEIGHT])
    if op.kernel in ON_GRADIENTS:
        yield gradients, int(row[at.COUNT])
    elif op.kernel == "max_norm":
        yield weights, int(row[at.N_IN] * row[at.N_OUT])
    elif op.kernel == "early_stopping":  # it may put back what was best, and keeps it
        for target in (at.WEIGHT, at.SLOT_1):
            yield int(row[target]), int(row[at.COUNT])
        for target in (at.IN, at.SLOT_2):
            yield int(row[target]), int(row[at.IN_2])
        yield int(row[at.STATE]), at.WATCH_STATE
    elif op.kernel == "plateau":
        yield int(row[at.STATE]), at.WATCH_STATE
    elif op.phase == "update" and row[at.COUNT] > 0:
        yield weights, int(row[at.COUNT])
        for slot in SLOTS:
            if row[slot] >= 0:
                yield int(row[slot]), int(row[at.COUNT])
    elif op.layer is not None and op.phase in ("forward", "backward"):
        yield from _written_by_layer(program, op)


def _written_by_layer(program: Program, op: Op) -> Iterator[tuple[int, int]]:
    """Forward completes what the layer keeps from batch to batch, backward its gradients."""
    layer = next(layer for layer in program.layers if layer.name == op.layer)
    if op.index == layer.backward_op:
        for tensor in layer.parameters:
            yield tensor.offset + program.grad_shift, tensor.size
    elif op.phase == "forward":
        for tensor in layer.buffers:
            yield tensor.offset, tensor.size
