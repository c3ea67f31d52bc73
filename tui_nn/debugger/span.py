"""A span of a run as columns: what its metrics and watched numbers are behind each op, over many iterations at once.

Rows are iterations. A column holds still between the ops that write it, so a number behind any op is one of few: of a
metric that before the iteration or that after it, of a watched number that behind one of its writers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from tui_nn.debugger.history import Stretch
from tui_nn.debugger.position import Position
from tui_nn.engine.program import Due, Program
from tui_nn.scenario.expression_eval import Pair

OP_BITS = 20  # of a place as one number: more ops than any program has
NO_NUMBERS = np.empty(0)
BLOCK_BYTES = 2**18  # of a history, which fit into a core's cache


class Bounds(NamedTuple):
    """The least and the greatest of some numbers but NaN, whether there is a NaN, and whether some are missing."""

    low: float
    high: float
    may_nan: bool
    may_miss: bool


class Noted(NamedTuple):
    """A watched number over the rows of a span.

    first: what stood there where the span begins. ops: the q rows that write it, in order.
    values: (rows, q) what each left; of one that was not executed in that row anything.
    begin:  the first row's ops before this one were executed before anything was noted.
    """

    first: float
    ops: tuple[int, ...]
    values: np.ndarray
    begin: int = 0


class Span:
    """Iterations first .. last of one program, as far as `end`, which lies in `last`; at its op 0 nothing of it is known.

    history: all that ran before, by its programs, and last this one. noted: watched numbers by offset into mem.
    view:    the program for which is asked, if these rows belong to one before it; what it does not measure, is not.
    """

    def __init__(
        self, history: Sequence[Stretch], first: int, end: Position, noted: Mapping[int, Noted] | None = None,
        view: Program | None = None,
    ):  # fmt: skip
        self.history, self.program = history, history[-1].program
        self.view = view or self.program
        self.first, self.last, self.end = first, end.iteration, end
        self.n = self.last - first + 1
        self.start = max(Position(first), self.history[-1].start)  # where this program begins, or op 0
        self.noted = noted or {}
        self._newest: dict[str, Pair] = {}
        self._behind: dict[int, np.ndarray] = {}
        self._due: dict[Due, np.ndarray] = {}
        self._raw: dict[str, np.ndarray] = {}
        self._bounds: dict[str | int, Bounds] = {}

    @cached_property
    def iterations(self) -> np.ndarray:
        """(n,) their numbers."""
        return np.arange(self.first, self.last + 1)

    # Metrics

    def newest(self, name: str) -> Pair:
        """(n + 1,) the value measured last before row 0, then behind each row; `measured` is () where all are. The last
        row's is only begun: as far as its op has been executed by `end`."""
        if name not in self._newest:
            self._newest[name] = self._find_newest(name)
        return self._newest[name]

    def _find_newest(self, name: str) -> Pair:
        values = np.empty(self.n + 1)
        values[0], is_there = self.after(name, self.first - 1)
        metric = self.program.metrics.get(name) if name in self.view.metrics else None
        if metric is None:
            values[:] = values[0]
            return Pair(values, np.array(is_there))
        known = len(self.raw(name))
        values[1 : known + 1] = self.raw(name)
        values[known + 1 :] = values[known]
        if metric.due.every == "iteration":
            if is_there:
                return Pair(values, np.array(True))
            return Pair(values, np.arange(self.n + 1) > 0)
        written = np.concatenate(([is_there], self.due(metric.due)))
        written[known + 1 :] = False
        source = np.maximum.accumulate(np.where(written, np.arange(self.n + 1), -1))
        return Pair(values[np.maximum(source, 0)], source >= 0)

    def raw(self, name: str) -> np.ndarray:
        """The column as it stands in the history, in the run's precision: the rows in which it was written, if due."""
        if name not in self._raw:
            self._raw[name] = np.ascontiguousarray(self._column(name))
        return self._raw[name]

    def _column(self, name: str) -> np.ndarray:
        known = self.n if self.end.op > self.program.metrics[name].op else self.n - 1
        return self.history[-1].column(name, self.first, self.first + known)

    def load(self, names: Iterable[str]) -> None:
        """Take these metrics' columns at once: they stand side by side in rows that pass through the cache only once."""
        columns = {
            name: self._column(name) for name in names if name in self.program.metrics and name in self.view.metrics
        }
        rows = BLOCK_BYTES // max([1, *(column.strides[0] for column in columns.values())])
        if len(columns) < 2 or rows >= self.n:
            return
        self._raw |= {name: np.empty(len(column), column.dtype) for name, column in columns.items()}
        for k in range(0, self.n, rows):
            for name, column in columns.items():
                self._raw[name][k : k + rows] = column[k : k + rows]

    def bounds(self, name: str) -> Bounds:
        """Of what `newest` gives."""
        if name not in self._bounds:
            before, is_there = self.after(name, self.first - 1)
            written = NO_NUMBERS
            if name in self.view.metrics and (metric := self.program.metrics.get(name)) is not None:
                written = self.raw(name)
                if metric.due.every != "iteration":
                    written = written[self.due(metric.due)[: len(written)]]
            self._bounds[name] = bounds_of(before if is_there else None, written)
        return self._bounds[name]

    def after(self, name: str, iteration: int) -> tuple[float, bool]:
        """The newest value behind an iteration that is complete by `end`, and whether there is one."""
        if name not in self.view.metrics:
            return 0.0, False
        end = iteration + 1
        for stretch in reversed(self.history):
            begin, metric = stretch.start.iteration, stretch.program.metrics.get(name)
            newest = metric.due.last_before(end) if metric else None
            if newest is not None and newest >= begin:
                return float(stretch.column(name, newest, newest + 1)[0]), True
            end = min(end, begin)
        return 0.0, False

    def due(self, due: Due) -> np.ndarray:
        """(n,) in which rows an op with this rule is executed."""
        if due not in self._due:
            self._due[due] = due_in(due, self.iterations)
        return self._due[due]

    # Watched numbers

    def bounds_at(self, offset: int) -> Bounds:
        """Of a watched number; of what a row that was not executed has left there, too."""
        if offset not in self._bounds:
            noted = self.noted[offset]
            self._bounds[offset] = bounds_of(noted.first, noted.values)
        return self._bounds[offset]

    def behind(self, offset: int, before_op: int) -> np.ndarray:
        """(n,) the number at `offset` where all ops before that one are executed."""
        noted = self.noted[offset]
        if offset not in self._behind:
            self._behind[offset] = self._stood(noted)
        done = sum(op < before_op for op in noted.ops)
        return self._behind[offset][:, done]

    def _stood(self, noted: Noted) -> np.ndarray:
        """(n, q + 1) at the start of each row, then behind each writer."""
        q = len(noted.ops)
        written = np.zeros((self.n, q), bool)
        for k, op in enumerate(noted.ops):
            written[:, k] = self.due(self.program.ops[op].due)
            written[0, k] &= op >= noted.begin
            written[-1, k] &= op < self.end.op
        flat = np.empty(1 + self.n * q)
        flat[0] = noted.first
        flat[1:].reshape(self.n, q)[: len(noted.values)] = noted.values[: self.n]
        source = np.concatenate(([0], np.where(written.reshape(-1), np.arange(1, self.n * q + 1), 0)))
        stood = flat[np.maximum.accumulate(source)]
        result = np.empty((self.n, q + 1))
        result[:, 1:] = stood[1:].reshape(self.n, q)
        result[0, 0] = noted.first
        result[1:, 0] = result[:-1, q]
        return result

    # Parts

    def parts(self, rows: int, offsets: Iterable[int]) -> Iterator[Span]:
        """The same in pieces of so many rows, of the watched numbers these; each ends where the next begins."""
        noted = {offset: self.noted[offset] for offset in offsets}
        for k in range(0, self.n, rows):
            end = min(self.end, Position(self.first + k + rows))
            if k == 0 or end.iteration > self.first + k or end.op > 0:
                part = Span(self.history, self.first + k, end, self._noted_from(k, rows, noted), self.view)
                part._raw = {name: column[k : k + rows] for name, column in self._raw.items()}
                yield part

    def _noted_from(self, k: int, rows: int, noted: Mapping[int, Noted]) -> dict[int, Noted]:
        if k == 0:
            return {offset: each._replace(values=each.values[: rows + 1]) for offset, each in noted.items()}
        return {
            offset: Noted(float(self.behind(offset, 0)[k]), each.ops, each.values[k : k + rows + 1])
            for offset, each in noted.items()
        }

    # Places

    def places(self, threshold: int, rows: slice = slice(None)) -> tuple[np.ndarray, np.ndarray]:
        """(n,) where each row stands with the ops before `threshold` executed, as `code`, and whether that is in this row.

        Rows that are not due are passed over, as positions do; behind the last of a row begins the next.
        """
        iterations, ops = self.iterations[rows], self.program.ops
        always = next((op.index for op in ops[threshold:] if op.due.every == "iteration"), len(ops))
        found = np.full(len(iterations), always)
        seen: set[Due] = set()
        for op in ops[threshold:always]:
            if op.due not in seen:
                seen.add(op.due)
                np.minimum(found, op.index, out=found, where=due_in(op.due, iterations))
        return (iterations << OP_BITS) + found, found < len(ops)


def last_always(program: Program) -> int:
    """The last op that is executed in every iteration."""
    return max(op.index for op in program.ops if op.due.every == "iteration")


def bounds_of(before: float | None, values: np.ndarray) -> Bounds:
    """Of these numbers, and of what stood there before, if there was anything."""
    may_nan = before is not None and before != before
    low, high = (np.inf, -np.inf) if before is None or may_nan else (before, before)
    if values.size:
        least, most = float(values.min()), float(values.max())
        if least != least:  # NaN, which min and max hand on
            may_nan = True
            least, most = float(np.fmin.reduce(values, axis=None)), float(np.fmax.reduce(values, axis=None))
        if least == least:
            low, high = min(low, least), max(high, most)
    return Bounds(low, high, may_nan, before is None)


def due_in(due: Due, iterations: np.ndarray) -> np.ndarray:
    """In which of these iterations an op with this rule is executed."""
    return (iterations >= due.first) & ((iterations - due.first) % due.period == 0)


def code(place: Position) -> int:
    """A place as one number that sorts as places do."""
    return (place.iteration << OP_BITS) + place.op


def place_of(number: int) -> Position:
    return Position(int(number) >> OP_BITS, int(number) & ((1 << OP_BITS) - 1))
