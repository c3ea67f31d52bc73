"""Which rows leave tallies, to be settled eight iterations at a time (ops/tally.py): those of a small network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_nn.engine import layout as at
from tui_nn.engine.plain import LANES
from tui_nn.engine.program import SETTLE

if TYPE_CHECKING:
    from tui_nn.engine.compiler import Compiler
    from tui_nn.engine.place import Place

FEW = 256  # numbers of an output: their differences are summed up in the run's precision, 32 to a lane
BLOCK = 512  # numbers whose squares are


def place_tallies(c: Compiler) -> None:
    """Room for what rows leave, behind all that a frame shows, and the kernel that settles it.

    All rows of a network or none: one wide layer takes longer than what is saved, and the kernel need not be compiled.
    """
    rows = c.listing.rows
    if not all(_is_small(c, place) for place in c.places):
        return
    for place in c.places:
        if rows[place.forward_op][at.PROBE] >= 0 and place.units <= LANES and c.batch * place.values <= FEW:
            _tally(c, place.forward_op, at.UNITS)
    _tally_gradients(c)
    for place in c.places:
        ops = {c.updates[tensor.name] for tensor in place.parameters}
        if len(ops) == 1:
            op = ops.pop()
            if (
                c.listing.ops[op].kernel == "adam"
                and c.listing.ops[op].every == "iteration"
                and rows[op][at.PROBE] >= 0
            ):
                _tally(c, op, at.MOVES)
    if any(row[at.TALLY] >= 0 for row in rows):
        c.listing.use(SETTLE)


def _is_small(c: Compiler, place: Place) -> bool:
    if place.part.is_recurrent:  # its steps take longer than what is saved
        return False
    return max(c.batch * place.values, sum(tensor.size for tensor in place.parameters)) <= BLOCK


def _tally_gradients(c: Compiler) -> None:
    """All backward rows or none: the network's norm is added up either along the rows or when they are settled."""
    for place in c.places:
        row = c.listing.rows[place.backward_op]
        row[at.PROBE_2] = -1
        if row[at.PROBE] >= 0:
            _tally(c, place.backward_op, at.GRADIENTS if place.parameters else at.DELTA)


def _tally(c: Compiler, op: int, finish: int) -> None:
    size = (at.TALLY_SUMS * LANES + 2 * (finish == at.UNITS)) * at.WAITING
    c.listing.set(op, tally=c.place(size), finish=finish)
