"""The last updates of a run made again, on a machine beside it: what stood in memory at each, for one parameter.

The history keeps no single gradient, so they are made again from the nearest checkpoint, as going back does it, by the
same rows: the same bytes. The run itself is not touched, and may go on meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tui_nn.debugger.frame import Frame
from tui_nn.debugger.history import History, Stretch
from tui_nn.debugger.position import Position
from tui_nn.engine import layout as at
from tui_nn.engine.machine import NEVER, Machine, Snapshot
from tui_nn.engine.program import Program, Tensor

PIECE = 64  # iterations between two reports


@dataclass(frozen=True)
class Start:
    """Where a replay begins: a copy of a checkpoint, (state_size,), and the newest rows of the history before it, for the
    rows that look back over an epoch."""

    iteration: int
    state: np.ndarray
    rows: np.ndarray


@dataclass(frozen=True)
class Made:
    """One update of one parameter, t counted from 1; all numbers in the run's precision, held as float64.

    grad:  what the optimizer took: behind penalties, clipping and coupled decay. before, after: the parameter, right
           before the iteration and right behind its update row (max_norm comes later).
    slots_before, slots: what the optimizer kept of it. settings: its own, with the learning rate of this update.
    """

    t: int
    grad: float
    before: float
    after: float
    slots_before: Mapping[str, float]
    slots: Mapping[str, float]
    settings: Mapping[str, float]


class Replay:
    """One at a time may use it: it has one memory."""

    def __init__(self, program: Program):
        self.program = program
        self.machine = Machine(program)
        self.machine.ctl[at.CHECKPOINT_LAST] = NEVER  # it keeps none

    def updates(
        self, start: Start, name: str, index: tuple[int, ...], last: int, n: int,
        report: Callable[[float], Any] = lambda share: None,
    ) -> list[Made]:  # fmt: skip
        """The updates last - n + 1 .. last, as far as they are not before `start`, of `name` ("dense_1.weight") at `index`."""
        program = self.program
        tensor = next(tensor for tensor in program.tensors if tensor.name == name)
        op = next(layer for layer in program.layers if layer.name == tensor.layer).updates[name]
        self.machine.resume(start.state, start.iteration, start.rows)
        first = max(last - n, start.iteration)
        while self.machine.iteration < first:
            self.machine.run(min(self.machine.iteration + PIECE, first), 0)
            report((self.machine.iteration - start.iteration) / (last - start.iteration + 1))
        made = []
        for iteration in range(first, last):
            self.machine.run(iteration, 0)
            before, slots_before = self._value(tensor, index), self._slots(tensor, index)
            self.machine.run(*(iteration, op + 1) if op + 1 < len(program.ops) else (iteration + 1, 0))
            grad = self._value(tensor, index, program.grad_shift)
            after, slots = self._value(tensor, index), self._slots(tensor, index)
            made.append(Made(iteration + 1, grad, before, after, slots_before, slots, self._settings()))
        return made

    def _value(self, tensor: Tensor, index: tuple[int, ...], shift: int = 0) -> float:
        return float(tensor.view(self.machine.mem, shift)[index])

    def _slots(self, tensor: Tensor, index: tuple[int, ...]) -> dict[str, float]:
        return {name: self._value(tensor, index, shift) for name, shift in self.program.slots_of(tensor).items()}

    def _settings(self) -> Mapping[str, float]:
        here = Position(self.machine.iteration, self.machine.op)
        history = History([Stretch(self.program, self.machine.hist, self.machine.recording.first)], here, here)
        return Frame(self.program, here, here, False, history, Snapshot(self.machine.ctl, self.machine.mem)).settings
