"""The network of a run in evaluation mode, on any inputs and with any parameters, beside the run and without a trace in it.

It executes the validation rows of the same scenario on a memory of its own, so its numbers are those of the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from tui_nn.engine import layout as at
from tui_nn.engine.compiler import build_program
from tui_nn.engine.layout import BY_ARGMAX, BY_HALF, BY_INDEX, BY_SIGN
from tui_nn.engine.machine import Machine
from tui_nn.engine.parts import loss_part
from tui_nn.engine.program import Program
from tui_nn.scenario.spec.probes import PROBES

BLOCK = 1024  # samples evaluated at a time
BLOCK_VALUES = 2**22  # inputs and outputs of a block: 16 MB in float32


class Evaluator:
    """One at a time may use it: it keeps its inputs and outputs in one memory."""

    def __init__(self, program: Program):
        self.program = program
        values = program.dataset.n_features + program.n_target + sum(layer.values for layer in program.layers)
        self.block = max(1, min(BLOCK, BLOCK_VALUES // values))
        self._side = _side_program(program, self.block)
        self._machine = Machine(self._side)
        ops = [op for op in self._side.ops if op.phase == "validate"]
        self._first = ops[0].index
        self._loss = next(op.index for op in ops if op.kind == program.scenario.loss.type)
        self._table = self._machine.ctl[self._machine.ctl[at.CODE] :]
        self._take_loss_settings()
        self._machine.mem[: program.state_size] = program.initial

    def use(self, state: np.ndarray) -> None:
        """Take parameters and buffers from here on from `state`, (state_size,): the start of a frame's memory."""
        self._machine.mem[: self.program.state_size] = state[: self.program.state_size]

    def outputs(self, x: np.ndarray) -> np.ndarray:
        """What the last layer answers: (n, n_outputs) for inputs (n, n_features), scaled as the network sees them.

        Of a sequence answered at each step (n, n_steps, n_outputs).
        """
        units = self.program.layers[-1].values
        answers = np.empty((len(x), units), self.program.dtype)
        for first in range(0, len(x), self.block):
            rows = self._load(x[first : first + self.block], None)
            self._run(self._first, self._loss)
            answers[first : first + rows] = self._at(at.OUT, rows, units)
        steps = self.program.dataset.n_steps
        return answers.reshape(len(x), steps, -1) if steps else answers

    def loss(self, x: np.ndarray, y: np.ndarray) -> float:
        """The mean loss over the samples; y as in `Dataset`. Blocks are weighed by their samples."""
        total = 0.0
        for first in range(0, len(x), self.block):
            rows = self._load(x[first : first + self.block], y[first : first + self.block])
            total += self._loss_of_block() * rows
        return total / len(x)

    def load_block(self, x: np.ndarray, y: np.ndarray) -> None:
        """Keep at most `block` samples in place, for `block_loss` of one state after another."""
        self._load(x, y)

    def block_loss(self) -> float:
        """The mean loss over the samples of `load_block`, with the parameters of the last `use`."""
        return self._loss_of_block()

    def sample_losses(self, x: np.ndarray, y: np.ndarray) -> Iterator[np.ndarray]:
        """The loss of each sample alone, block by block: arrays of at most `block` numbers."""
        units, n_target = self.program.layers[-1].values, self._side.n_target
        row = self._loss * at.ROW
        for first in range(0, len(x), self.block):
            rows = self._load(x[first : first + self.block], y[first : first + self.block])
            self._run(self._first, self._loss)
            places = self._table[row + at.OUT], self._table[row + at.TARGET]
            losses = np.empty(rows)
            self._count(1)
            for i in range(rows):
                self._table[row + at.OUT], self._table[row + at.TARGET] = (
                    places[0] + i * units,
                    places[1] + i * n_target,
                )
                self._run(self._loss, self._loss + 1)
                losses[i] = self._value()
            self._table[row + at.OUT], self._table[row + at.TARGET] = places
            yield losses

    def probabilities(self, outputs: np.ndarray) -> np.ndarray | None:
        """Probabilities of the classes, (n, n_classes), from the last layer's outputs; None where there are none.

        Logits go through sigmoid or softmax. Outputs of a loss that knows no probabilities (mse, hinge) have none.
        """
        spec: Any = self.program.scenario.loss
        if not hasattr(spec, "from_logits"):
            return None
        z = outputs.astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            if spec.type == "binary_cross_entropy":
                p = 1.0 / (1.0 + np.exp(-z)) if spec.from_logits else z
                return np.concatenate([1.0 - p, p], axis=-1)
            if not spec.from_logits:
                return z
            grown = np.exp(z - z.max(axis=-1, keepdims=True))
            return grown / grown.sum(axis=-1, keepdims=True)

    def classes(self, outputs: np.ndarray) -> np.ndarray | None:
        """The class each output stands for, (n,), as accuracy counts it; -1 for a broken output; None for a regression."""
        decision = loss_part(self.program.scenario.loss, self.program.dataset).decision
        if decision in (BY_SIGN, BY_HALF):
            chosen = (outputs[..., 0] > (0.0 if decision == BY_SIGN else 0.5)).astype(np.int64)
        elif decision in (BY_ARGMAX, BY_INDEX):
            chosen = outputs.argmax(axis=-1)
        else:
            return None
        return np.where(np.isnan(outputs).any(axis=-1), -1, chosen)

    # How

    def _load(self, x: np.ndarray, y: np.ndarray | None) -> int:
        data, load = self._machine.data, self._first * at.ROW
        self._count(len(x))
        start = self._table[load + at.DATA_X]
        data[start : start + x.size] = x.reshape(-1)
        if y is not None:
            targets = self._targets(y)
            start = self._table[load + at.DATA_Y]
            data[start : start + targets.size] = targets.reshape(-1)
        return len(x)

    def _targets(self, y: np.ndarray) -> np.ndarray:
        if self.program.dataset.task == "multiclass" and self._side.n_target > 1:
            return np.eye(self.program.dataset.n_outputs)[y.astype(np.int64)]
        return y

    def _count(self, samples: int) -> None:
        self._machine.ctl[at.VAL_ROWS] = samples
        self._machine.count_parts()

    def _loss_of_block(self) -> float:
        self._run(self._first, self._loss + 1)
        return self._value()

    def _value(self) -> float:
        return float(self._machine.hist[0, self._side.metrics["val_loss"].column])

    def _run(self, first: int, end: int) -> None:
        ctl = self._machine.ctl
        ctl[at.ITERATION], ctl[at.OP], ctl[at.IS_EPOCH_END], ctl[at.HIST_ROW] = 0, first, 1, 0
        self._machine.run(*((0, end) if end < len(self._side.ops) else (1, 0)))

    def _at(self, cell: int, rows: int, columns: int) -> np.ndarray:
        start = self._table[self._loss * at.ROW + cell]
        return self._machine.mem[start : start + rows * columns].reshape(rows, columns)

    def _take_loss_settings(self) -> None:
        """Class weights may be those of the training part, which the side program does not have."""
        count = len(loss_part(self.program.scenario.loss, self.program.dataset).settings)
        if count:
            here = self._table[self._loss * at.ROW + at.SETTING]
            there = self.program.table[self.program.loss_op, at.SETTING]
            self._machine.setting[here : here + count] = self.program.setting[there : there + count]


def _side_program(program: Program, block: int) -> Program:
    """The same scenario with one training sample and a validation part of `block`. Its state is laid out alike."""
    dataset, probes = program.dataset, program.scenario.probes
    kept = ("dead",) if probes.has("dead") else ()  # its memory is part of the state
    quiet = probes.model_copy(update={"off": tuple(p for p in PROBES if p not in kept), "sharpness": "off"})
    stand_in = replace(
        dataset,
        x_train=dataset.x_train[:1], y_train=dataset.y_train[:1],
        x_val=np.zeros((block, dataset.n_features)), y_val=np.zeros((block, *dataset.y_train.shape[1:])),
        x_test=dataset.x_train[:0], y_test=dataset.y_train[:0],
    )  # fmt: skip
    side = build_program(program.scenario.model_copy(update={"probes": quiet}), stand_in)
    if side.state_size != program.state_size:
        raise RuntimeError(
            f"the state has {program.state_size} numbers, beside the run it would have {side.state_size}"
        )
    return side
