"""Numbers that no history keeps, made again: a machine beside the run replays a span of it at full speed and notes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from tui_nn.debugger.position import Position
from tui_nn.debugger.segments import Segment
from tui_nn.debugger.span import Noted
from tui_nn.engine import layout as at
from tui_nn.engine.machine import NEVER, Kept, Machine
from tui_nn.engine.watch import Watch

if TYPE_CHECKING:
    from tui_nn.debugger.timeline import Timeline

SLICE_S = 0.02  # that it runs between two looks at whether it should go on
FIRST_SLICE = 16  # iterations


class Interrupted(Exception):
    """Somebody wants the search to end."""


class Scout:
    """Replays iterations of one segment, from its checkpoints, on a memory of its own; the run is not touched.

    offsets: the numbers of mem to note. check: raises Interrupted; it is called every SLICE_S or so.
    """

    def __init__(self, timeline: Timeline, segment: Segment, offsets: Iterable[int], check: Callable[[], object]):
        self.timeline, self.segment, self.check = timeline, segment, check
        self.machine = Machine(segment.program)
        self.machine.ctl[at.CHECKPOINT_LAST] = NEVER  # it keeps none
        self.watch = self.machine.watch(offsets)
        self._is_in_place = False
        self._slice = FIRST_SLICE

    @property
    def capacity(self) -> int:
        """Iterations that one replay can note."""
        return self.watch.capacity

    def kept_before(self, iteration: int) -> Kept | None:
        """The newest checkpoint at least one iteration before that one; None: the segment's beginning is nearest.

        Behind a checkpoint stands no gradient. An iteration later they are what they were.
        """
        return self.segment.checkpoint(self.segment.machine(self.timeline.mail), iteration - 1)

    def replay(self, start: Position, end: Position) -> dict[int, Noted]:
        """What stood at each offset behind its writers, from `start`, at op 0 or where the segment begins, to `end`."""
        if not self._is_in_place or self._position != start:
            self._go_before(start)
            self._run(start)
        if start.op == 0:
            self.machine.forget()
        stood = self.watch.values()
        self.watch.begin()
        self._run(end)
        lines = self.watch.lines(end.iteration - start.iteration + (end.op > 0))
        return noted(self.watch, stood, lines.copy(), start.op)  # several spans are kept side by side

    @property
    def _position(self) -> Position:
        return Position(self.machine.iteration, self.machine.op)

    def _go_before(self, start: Position) -> None:
        kept = None if start == self.segment.start else self.kept_before(start.iteration)
        nearest = Position(kept.iteration) if kept else self.segment.start
        if self._is_in_place and nearest <= self._position < start:
            return
        self.segment.resume(self.machine, kept)
        self._is_in_place = True

    def _run(self, end: Position) -> None:
        while (here := self._position) < end:
            self.check()
            began = perf_counter()
            self.machine.run(*min(end, Position(here.iteration + self._slice)))
            took = perf_counter() - began
            if took < SLICE_S / 2:
                self._slice *= 2
            elif took > 2 * SLICE_S:
                self._slice = max(1, self._slice // 2)


def noted(watch: Watch, stood: dict[int, float], lines: np.ndarray, begin: int = 0) -> dict[int, Noted]:
    """What a watch has noted since its `begin`, its lines, where `stood` was read before, at op `begin`."""
    found = {}
    for offset, pairs in watch.columns.items():
        first = pairs[0][1] if pairs else 0  # a number's columns stand side by side
        values = lines[:, first : first + len(pairs)]
        found[offset] = Noted(stood[offset], tuple(op for op, _ in pairs), values, begin)
    return found
