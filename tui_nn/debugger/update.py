"""What an update does to a parameter, term by term, from what a frame holds: an explanation, checked against the machine.

A frame shows either an update that is done (its gradient and slots still stand in memory; the value before it is worked
out backwards), or, between a layer's backward row and its update row, one that is coming.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from tui_nn.debugger.frame import Frame
from tui_nn.debugger.update_formulas import REMEMBERS, Calculation, Term, step_of
from tui_nn.engine import layout as at
from tui_nn.engine.program import Layer, Program, Tensor


@dataclass(frozen=True)
class Update:
    """One update of a parameter, or of a whole tensor at once.

    number:    counts updates from 1.
    is_coming: its row has not been executed yet.
    terms:     the calculation, in order. values has every number that a formula names.
    parts:     what is subtracted from the parameter: before - after is their sum. Empty if that cannot be told yet.
    notes:     what these numbers leave out, in sentences; before and after may then be NaN or lack it.
    """

    number: int
    is_coming: bool
    before: Any
    after: Any
    terms: tuple[Term, ...]
    parts: tuple[Term, ...]
    values: Mapping[str, Any]
    notes: tuple[str, ...]

    @property
    def total(self) -> Any:
        """What is subtracted in all."""
        return sum((part.value for part in self.parts), np.float64(0.0))

    def term(self, symbol: str) -> Term | None:
        return next((term for term in self.terms if term.symbol == symbol), None)


@dataclass(frozen=True)
class Rows:
    """The rows of the listing that have a say in one tensor's update; None for those there are not."""

    layer: Layer
    tensor: Tensor
    update: int
    penalty: int | None = None
    clip_value: int | None = None
    clip_norm: int | None = None
    schedule: int | None = None
    couple_decay: int | None = None
    decouple_decay: int | None = None
    max_norm: int | None = None
    stopping: int | None = None


@lru_cache(maxsize=2)
def rows_of(program: Program) -> dict[str, Rows]:
    """By the tensor's name. Which rows touch a tensor is read from their cells, as the machine does."""
    found = {}
    for layer in program.layers:
        for tensor in layer.parameters:
            rows: dict[str, int] = {}
            for op in program.ops:
                kernel = "schedule" if op.kind == "schedule" else "stopping" if op.kind == "stopping" else op.kernel
                if kernel in Rows.__annotations__ and (op.layer is None or _touches(program, op.index, tensor)):
                    rows[kernel] = op.index
            found[tensor.name] = Rows(layer, tensor, layer.updates[tensor.name], **rows)
    return found


def _touches(program: Program, op: int, tensor: Tensor) -> bool:
    row = program.table[op]
    count = row[at.COUNT] if row[at.COUNT] >= 0 else row[at.N_IN] * row[at.N_OUT]
    return row[at.WEIGHT] <= tensor.offset < row[at.WEIGHT] + count


def explain(frame: Frame, name: str, index: Any = ...) -> Update | None:
    """The update of the parameter `name` ("dense_1.weight"): of the element at `index`, or of all of it.

    None before there is a gradient. KeyError for a tensor that the program does not have.
    """
    rows = rows_of(frame.program)[name]
    has_new_gradient = rows.layer.backward_op < frame.op <= rows.update
    if frame.is_blank and frame.op <= rows.layer.backward_op:
        return None
    with np.errstate(all="ignore"):
        return _Explainer(frame, rows, index, has_new_gradient).update()


class _Explainer:
    def __init__(self, frame: Frame, rows: Rows, index: Any, is_coming: bool):
        self.frame, self.rows, self.index, self.is_coming = frame, rows, index, is_coming
        self.program, self.mem = frame.program, frame.snapshot.mem
        self.is_over = not is_coming and frame.op <= rows.layer.backward_op  # the iteration before: all rows are done
        is_fresh = frame.op > rows.update
        self.number = frame.iteration - frame.program.born + (1 if is_coming else is_fresh)
        self.notes: list[str] = []

    def update(self) -> Update:
        stored = self._pick(self.program.grad_shift)
        slots = {name: self._pick(shift) for name, shift in self.program.slots_of(self.rows.tensor).items()}
        optimizer, spec = self.program.scenario.optimizer.type, self.program.scenario.optimizer
        before = self._before() if self.is_coming else None
        chain = _Chain(self, stored)
        if before is not None:
            chain.follow(before)
        c = Calculation(chain.used, slots, spec.first_slots, self.frame.settings, self.number, self.is_coming)
        step, share = step_of(optimizer, c, self.rows.tensor.shape)
        if step is None:
            self.notes.append("The update row makes the whole matrix orthogonal: s executes it.")
            return Update(
                self.number, True, before, np.nan, (*chain.terms(c), *c.terms), (), c.values, tuple(self.notes)
            )
        keep = 1.0 - self._decoupled() * self.frame.settings["lr"]
        bound = self._bound()
        if before is None:
            after = self._pick(0)
            before = (after / bound + step) / keep
            if self._was_restored():
                before = after = np.nan * after
                self.notes.append("Since then early stopping has put the parameters of its best epoch back.")
            chain.follow(before)
        else:
            after = before * keep - step
        if self._waits(self.rows.schedule) and self.is_coming:
            self.notes.append("The schedule has not set lr for this update yet: this is the last one's.")
        if self._waits(self.rows.max_norm):
            self.notes.append("The bound on each unit's weights (max_norm) comes after it.")
        c.name("w", before)
        parts = _step_parts(c, chain, step, share)
        if keep != 1.0:
            c.name("wd", self._decoupled())
            parts.append(Term("decay", "from weight decay", "{lr}·{wd}·{w}", (1.0 - keep) * before))
        if np.any(bound != 1.0):
            parts.append(Term("bound", "from max_norm", "scaled by {scale}", (1.0 - bound) * (after / bound)))
            c.name("scale", bound)
        terms = (*chain.terms(c), *c.terms)
        return Update(self.number, self.is_coming, before, after, terms, tuple(parts), c.values, tuple(self.notes))

    # What the frame has

    def _pick(self, shift: int) -> Any:
        return np.asarray(self.rows.tensor.view(self.mem, shift)[self.index], np.float64)

    def own(self, op: int, k: int = 0) -> float:
        """A setting of the row's own, in the run's precision, as its kernel takes it."""
        return float(self.program.dtype.type(self.program.setting[self.program.table[op, at.SETTING] + k]))

    def is_done(self, op: int | None) -> bool:
        return op is not None and (self.is_over or self.frame.op > op)

    def _waits(self, op: int | None) -> bool:
        return op is not None and not self.is_done(op)

    def _decoupled(self) -> float:
        op = self.rows.decouple_decay
        return 0.0 if op is None else self.own(op)

    def _before(self) -> Any:
        """The value before an update that is coming: its decay may be done already."""
        value, op = self._pick(0), self.rows.decouple_decay
        return value / (1.0 - self.frame.settings["lr"] * self._decoupled()) if self.is_done(op) else value

    def _bound(self) -> Any:
        """What max_norm multiplied each weight by; 1 where there is no such row, or it is not done."""
        op = self.rows.max_norm
        if op is None or self.is_coming or not self.is_done(op):
            return 1.0
        start, shape = self.program.table[op, at.SCRATCH], self.rows.tensor.shape
        factors = np.broadcast_to(self.mem[start : start + shape[0], None], shape)
        return np.asarray(factors[self.index], np.float64)

    def _was_restored(self) -> bool:
        op = self.rows.stopping
        if op is None or not self.program.scenario.stopping.restore_best:  # type: ignore[union-attr]
            return False
        is_last = self.frame.iteration == self.program.planned_iterations
        return self.frame.op == 0 and (is_last or bool(self.frame.snapshot.ctl[at.HAS_ENDED]))


class _Chain:
    """From the gradient that backward left to the one that the optimizer takes: penalty, clipping, coupled decay.

    Of the stages in the list some are done (what stands in memory is behind them) and the rest are not. The done ones
    are undone to find what came from backward, the others done to find what will be used.
    """

    def __init__(self, explainer: _Explainer, stored: Any):
        self.of, self.rows, self.used, self.loss = explainer, explainer.rows, stored, stored
        self.stored = stored
        self.penalty: Any = 0.0
        self.scale: float = 1.0
        self.pull: Any = 0.0
        self.is_cut: Any = np.zeros(np.shape(stored), bool)

    def follow(self, w: Any) -> None:
        """With the parameter's value before the update."""
        of, rows, g = self.of, self.rows, self.stored
        if rows.penalty is not None:
            self.penalty = of.own(rows.penalty) * np.sign(w) + 2.0 * of.own(rows.penalty, 1) * w
        if rows.couple_decay is not None:
            self.pull = of.own(rows.couple_decay) * w
        if rows.clip_norm is not None:
            self._find_scale(rows.clip_norm)
        g = g - self.pull if of.is_done(rows.couple_decay) else g
        g = g / self.scale if of.is_done(rows.clip_norm) else g
        if of.is_done(rows.clip_value):
            near = 1.0 - 8.0 * float(np.finfo(of.program.dtype).eps)  # scaling it down and up again rounds twice
            self.is_cut = np.abs(g) >= of.own(rows.clip_value) * near  # type: ignore[arg-type]
            g = np.where(self.is_cut, np.nan, g)
        self.loss = g - self.penalty if of.is_done(rows.penalty) else g
        g = self.stored
        g = g + self.penalty if self._is_left(rows.penalty) else g
        if self._is_left(rows.clip_value):
            bound = of.own(rows.clip_value)  # type: ignore[arg-type]
            self.is_cut = np.abs(g) > bound
            g = np.clip(g, -bound, bound)
        self.used = g + self.pull if self._is_left(rows.couple_decay) else g

    def _is_left(self, op: int | None) -> bool:
        return self.of.is_coming and op is not None and not self.of.is_done(op)

    def _find_scale(self, op: int) -> None:
        if not self.of.is_done(op):
            self.of.notes.append(
                "Clipping by norm waits until all gradients are there: it is not in these numbers yet."
            )
        elif "clip_scale" not in self.of.frame.metrics:
            self.of.notes.append("clip_scale is switched off in [probes]: ∂L is shown as clipping left it.")
        else:
            self.scale = self.of.frame.metrics["clip_scale"]

    @property
    def is_plain(self) -> bool:
        rows = self.rows
        return all(op is None for op in (rows.penalty, rows.clip_value, rows.clip_norm, rows.couple_decay))

    def terms(self, c: Calculation) -> list[Term]:
        """The lines before the optimizer's own."""
        if self.is_plain:
            return [Term("g", "gradient", "∂loss/∂w, from backward", self.used)]
        rows, of = self.rows, self.of
        is_cut = bool(np.any(self.is_cut))
        origin = "lost where clipping cut it" if is_cut else "∂loss/∂w, from backward"
        out = [Term("∂L", "slope of the loss", origin, self.loss)]
        text = "{∂L}"
        if rows.penalty is not None:
            c.name("l1", of.own(rows.penalty))
            c.name("2·l2", 2.0 * of.own(rows.penalty, 1))
            out.append(Term("pen", "slope of the penalty", "{l1}·sign w + {2·l2}·{w}", self.penalty))
            text += " + {pen}"
        if rows.clip_value is not None:
            c.name("bound", of.own(rows.clip_value))
            text = f"{text} cut to ±{{bound}}" if is_cut else text
        if rows.clip_norm is not None:
            out.append(Term("clip", "clipping by norm", "min(1, bound / length of all g)", self.scale))
            text = "{clip}·" + (text if text == "{∂L}" else f"({text})")
        if rows.couple_decay is not None:
            c.name("wd", of.own(rows.couple_decay))
            out.append(Term("pull", "weight decay", "{wd}·{w}", self.pull))
            text += " + {pull}"
        for term in out:
            c.name(term.symbol, term.value)
        return [*out, Term("g", "what the optimizer sees", text, self.used)]


def _step_parts(c: Calculation, chain: _Chain, step: Any, share: Any) -> list[Term]:
    """The step parted by where it comes from, which is exact as long as it is linear in the gradient."""
    if share is None:
        return [Term("step", "from the step", "", step)]
    of_pull, of_penalty = share * chain.pull, np.where(chain.is_cut, 0.0, share * chain.scale * chain.penalty)
    has_memory = any(c.has(slot) for slot in REMEMBERS)
    memory = 0.0 * step if not has_memory or c.t == 1 else step - share * c.g
    parts = [Term("batch", "from this gradient", "", step - memory - of_pull - of_penalty)]
    if has_memory:
        parts.append(Term("memory", "from earlier ones", "", memory))
    if chain.rows.penalty is not None:
        parts.append(Term("penalty", "from the penalty", "", of_penalty))
    if chain.rows.couple_decay is not None:
        parts.append(Term("decay", "from weight decay", "", of_pull))
    return parts
