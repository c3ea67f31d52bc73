"""What a condition is worth at every position of a span, without standing at each: it changes only where something that
it reads is written, so an iteration has a few phases, and each is evaluated over all iterations of the span at once.

The answers are those of `Here` at each position, bit for bit, which tests hold them to. What follows from its rules:

    - a metric has a new value right behind the op that writes it; `iteration` and `epoch` at op 0;
    - min, max, mean and count run over the iterations up to now, a begun one included as soon as one op of it is
      executed; in that one, a metric that is still to come counts as not measured;
    - loss@5 is known from op 1 of iteration 5 on, as far as it is measured there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from tui_nn.debugger.context import clock
from tui_nn.debugger.position import Position
from tui_nn.debugger.span import Span, code, last_always
from tui_nn.debugger.values import find_offset
from tui_nn.engine.writers import writers
from tui_nn.scenario.expression_eval import Pair, evaluate_tree, holds, pair_of
from tui_nn.scenario.expression_tree import OVER_HISTORY, Call, Element, Name, Node, Operation
from tui_nn.scenario.naming import CLOCK

if TYPE_CHECKING:
    from tui_nn.engine.program import Program
    from tui_nn.scenario import Expression


class Value(NamedTuple):
    value: float
    measured: bool


class Series:
    """A step function of the position: values[i] holds from places[i] (see span.code) up to places[i + 1]. All (m,).

    Of a condition values are truths. measured: None where all are. Two places may be the same one where rows between
    them are not due; then so are their values. Places are worked out when they are asked for: mostly nothing happens.
    """

    def __init__(self, values: np.ndarray, measured: np.ndarray | None, places: Callable[[], np.ndarray]):
        self.values, self._measured, self._places = values, measured, places

    @cached_property
    def places(self) -> np.ndarray:
        return self._places()

    @property
    def measured(self) -> np.ndarray:
        return np.ones(len(self.values), bool) if self._measured is None else self._measured

    @property
    def holds(self) -> np.ndarray:
        """Where it is true, as a condition."""
        return self.values if self.values.dtype == bool else holds(Pair(self.values, self.measured))

    def at(self, place: int) -> Value:
        """At one place, not before the first."""
        k = int(self.places.searchsorted(place, side="right")) - 1
        return Value(float(self.values[k]), bool(self.measured[k]))

    def behind(self, before: Value, place: int) -> Series:
        """From that place on, and in front of it one more step: what was there before."""
        k = int(self.places.searchsorted(place, side="right")) - 1
        places = np.concatenate(([place - 1, place], self.places[k + 1 :]))
        value = np.array([before.value], self.values.dtype)
        return Series(
            np.concatenate((value, self.values[k:])),
            np.concatenate(([before.measured], self.measured[k:])),
            lambda: places,
        )


class Carry:
    """What min, max, mean and count of a condition have gathered by the start of an iteration, so that the next span
    goes on from there. One for each condition; a fresh one is at the start of the run."""

    def __init__(self) -> None:
        self.iteration = 0
        self.gathered: dict[int, tuple[float, int]] = {}  # by the id of the call: sum or best, and how many were taken

    def of(self, call: Call) -> tuple[float, int]:
        """The sum or best of it, and how many values went in."""
        return self.gathered.get(id(call), (NOTHING[call.function], 0))

    def copy(self) -> Carry:
        other = Carry()
        other.iteration, other.gathered = self.iteration, dict(self.gathered)
        return other


def series(
    expression: Expression, span: Span, carry: Carry | None = None, points: Sequence[int] | None = None
) -> Series:
    """The expression from op 0 of the span's first iteration to its end: numbers, or 1 and 0 of a condition.

    carry stands at the start of the span and is moved to that of its last iteration; needed if the expression runs
    over the history (`runs_over_history`). points: where in an iteration to evaluate, if not wherever it may change.
    """
    points = thresholds(expression, span.program) if points is None else points
    with np.errstate(all="ignore"):
        gathered = Gathered(span, carry or Carry())
        parts = [_part(expression, _Behind(span, gathered, threshold)) for threshold in points]
        head = None if 0 in points else _part(expression, _Behind(span, gathered, 0))
    if carry is not None:
        gathered.hand_on(carry)
    return _woven(span, points, parts, head)


def _woven(span: Span, points: Sequence[int], parts: Sequence[Pair], head: Pair | None) -> Series:
    """The phases' columns in the order of time. head: the value at the very beginning, if no phase has it."""
    skip, size = int(head is None), span.n * len(points)
    ends = [span.places(threshold, rows=slice(-1, None))[0][0] for threshold in points]
    size -= sum(place > code(span.end) for place in ends)  # of the last row, which is begun at best
    valid = None
    if any(threshold > last_always(span.program) for threshold in points):
        columns = [span.places(threshold)[1] for threshold in points]
        valid = np.concatenate(([True], _interleaved(columns, span.n, bool)[1 : size + 1]))[skip:]
    kinds = [*parts, *([head] if head else [])]
    values = _interleaved([part.values for part in parts], span.n, np.result_type(*(part.values for part in kinds)))
    measured = None
    if not all(part.measured.ndim == 0 and part.measured for part in kinds):
        measured = _interleaved([part.measured for part in parts], span.n, bool)
    if head is not None:
        values[0] = np.broadcast_to(head.values, span.n)[0]
        if measured is not None:
            measured[0] = np.broadcast_to(head.measured, span.n)[0]

    def places() -> np.ndarray:
        found = _interleaved([span.places(threshold)[0] for threshold in points], span.n, np.int64)
        found[0] = code(Position(span.first))
        return _kept(found, skip, size, valid)

    return Series(
        _kept(values, skip, size, valid), None if measured is None else _kept(measured, skip, size, valid), places
    )


def _interleaved(columns: Sequence[np.ndarray], n: int, dtype) -> np.ndarray:
    """(1 + n * columns,): the first is left for what comes before, then row by row."""
    found = np.empty(1 + n * len(columns), dtype)
    table = found[1:].reshape(n, len(columns))
    for k, column in enumerate(columns):
        table[:, k] = column
    return found


def _kept(found: np.ndarray, skip: int, size: int, valid: np.ndarray | None) -> np.ndarray:
    found = found[skip : 1 + size]
    return found if valid is None else found[valid]


def _part(expression: Expression, leaves: _Behind) -> Pair:
    pair = evaluate_tree(expression.tree, leaves)
    return Pair(holds(pair), ALL) if expression.is_condition else pair


def thresholds(expression: Expression, program: Program) -> list[int]:
    """Where in an iteration its value may change: numbers of ops executed, in order."""
    found = set(_thresholds(expression.tree, program))
    if any(threshold > last_always(program) for threshold in found):
        found.add(0)  # where no row behind it is due, that is the start of the next iteration
    return sorted(found)


def _thresholds(node: Node, program: Program, is_gathered: bool = False) -> Iterator[int]:
    if isinstance(node, Operation):
        for operand in node.operands:
            yield from _thresholds(operand, program, is_gathered)
    elif isinstance(node, Call):
        is_over = _is_over_history(node)
        if is_over and (node.function == "count" or not _waits(node.arguments[0], program)):
            yield 1  # the begun iteration counts as soon as one op of it is executed
        for argument in node.arguments:
            yield from _thresholds(argument, program, is_gathered or is_over)
    elif isinstance(node, Element):
        offset = find_offset(program, node)
        yield from (op + 1 for op in (writers(program, offset) if offset is not None else ()))
    elif isinstance(node, Name) and node.name in CLOCK:
        yield 1 if is_gathered or node.at is not None else 0
    elif isinstance(node, Name) and (metric := program.metrics.get(node.name)):
        yield metric.op + 1
        if node.at is not None and metric.due.every != "iteration":
            yield 1


def _waits(node: Node, program: Program) -> bool:
    """Is it not measured in an iteration before something of it is? Then what min, max and mean run over begins there."""
    if isinstance(node, Name):
        metric = program.metrics.get(node.name)
        return node.at is None and metric is not None and metric.due.every == "iteration"
    if isinstance(node, Call):
        return node.function in ("abs", "sqrt", "log10") and _waits(node.arguments[0], program)
    if isinstance(node, Operation) and node.symbols[0] in ("+", "-", "*", "/", "**", "negative"):
        return any(_waits(operand, program) for operand in node.operands)
    return False


def runs_over_history(node: Node) -> bool:
    """Does it hold a min, max, mean or count of one thing?"""
    return any(True for _ in outermost(node))


def outermost(node: Node) -> Iterator[Call]:
    """The mins, maxes, means and counts of one thing that are inside no other."""
    if isinstance(node, Call) and _is_over_history(node):
        yield node
    elif isinstance(node, Operation | Call):
        for inside in node.operands if isinstance(node, Operation) else node.arguments:
            yield from outermost(inside)


def _is_over_history(call: Call) -> bool:
    return len(call.arguments) == 1 and call.function in OVER_HISTORY


GATHER = {"min": np.fmin, "max": np.fmax, "mean": np.add, "count": np.add}
ALL = np.array(True)  # measured everywhere
NOTHING = {"min": np.nan, "max": np.nan, "mean": -0.0, "count": 0.0}  # -0.0 + x is x, even where x is -0.0


class Starts(NamedTuple):
    """What a min, max, mean or count has at the start of each row: best (n,), its sum or best, of n_taken values.

    before: how many went in before the span. taken: (n - 1,) what of it did; None: all.
    """

    best: np.ndarray
    before: int
    taken: np.ndarray | None

    @property
    def n_taken(self) -> np.ndarray:
        if self.taken is None:
            return np.arange(self.before, self.before + len(self.best))
        return np.cumsum(np.concatenate(([self.before], self.taken)))


class Gathered:
    """For each min, max, mean and count of the history: what it has at the start of every row."""

    def __init__(self, span: Span, carry: Carry):
        self.span, self.carry = span, carry
        self._starts: dict[int, Starts] = {}
        self._done = _Done(span, self)

    def starts(self, call: Call) -> Starts:
        if id(call) not in self._starts:
            if self.carry.iteration != self.span.first:
                raise ValueError(f"carried to iteration {self.carry.iteration}, and asked from {self.span.first} on")
            self._starts[id(call)] = self._gather(call)
        return self._starts[id(call)]

    def _gather(self, call: Call) -> Starts:
        values, taken = _taken(call, evaluate_tree(call.arguments[0], self._done))
        best = np.empty(self.span.n)
        best[0], before = self.carry.of(call)
        best[1:] = values
        GATHER[call.function].accumulate(best, out=best)
        return Starts(best, before, None if taken is None else np.broadcast_to(taken, self.span.n - 1))

    def hand_on(self, carry: Carry) -> None:
        for call, starts in self._starts.items():
            rows = self.span.n - 1 if starts.taken is None else int(starts.taken.sum())
            carry.gathered[call] = float(starts.best[-1]), starts.before + rows
        carry.iteration = self.span.last


def _taken(call: Call, argument: Pair) -> tuple[np.ndarray, np.ndarray | None]:
    """What goes in, and whether it does (None: all): into a count truths, into the others all that is measured and not NaN."""
    if call.function == "count":
        return holds(argument).astype(np.float64), None
    is_nan = np.isnan(argument.values)
    if argument.measured.ndim == 0 and argument.measured and not is_nan.any():
        return argument.values, None
    taken = argument.measured & ~is_nan
    return np.where(taken, argument.values, 0.0 if call.function == "mean" else np.nan), taken


def _total(call: Call, best: np.ndarray, starts: Starts, taken: np.ndarray | Literal[False] | None) -> Pair:
    """What it is worth; taken: what of each row itself went in, False for nothing."""
    if call.function == "count" or (call.function != "mean" and starts.before > 0):
        return Pair(best, ALL)
    n_taken = starts.n_taken
    if taken is not False:
        n_taken = n_taken + (1 if taken is None else taken)
    return Pair(best / n_taken if call.function == "mean" else best, ALL if starts.before > 0 else n_taken > 0)


def _cut(measured: np.ndarray, rows: slice) -> np.ndarray:
    return measured if measured.ndim == 0 else measured[rows]


class _Behind:
    """Leaves of shape (n,): each row with the ops before `threshold` executed."""

    def __init__(self, span: Span, gathered: Gathered, threshold: int):
        self.span, self.gathered, self.threshold = span, gathered, threshold

    def name(self, node: Name) -> Pair:
        if node.at is not None:
            return self._at(node)
        if node.name in CLOCK:
            return pair_of(clock(self.span.view, node.name, self.span.iterations))
        values, measured = self.span.newest(node.name)
        metric = self.span.program.metrics.get(node.name)
        is_written = metric is not None and metric.op < self.threshold
        rows = slice(1, None) if is_written else slice(None, -1)
        return Pair(values[rows], _cut(measured, rows))

    def _at(self, node: Name) -> Pair:
        """Known where that iteration is done, or begun and already measured."""
        assert node.at is not None
        span, n = self.span, self.span.n
        values, measured = np.zeros(n), span.iterations > node.at
        if node.at < span.last:
            if node.name in CLOCK:
                values[:] = clock(span.view, node.name, node.at + 1)
            else:
                value, is_there = span.after(node.name, node.at)
                values[:] = value
                measured = measured & is_there
        if self.threshold > 0 and 0 <= (row := node.at - span.first) < n:
            begun = _Begun(span, self.gathered, self.threshold).name(Name(node.name, node.column))
            values[row] = np.broadcast_to(begun.values, n)[row]
            measured = measured.copy()
            measured[row] = np.broadcast_to(begun.measured, n)[row]
        return Pair(values, measured)

    def element(self, node: Element) -> Pair:
        offset = find_offset(self.span.program, node)
        return pair_of(0.0, False) if offset is None else pair_of(self.span.behind(offset, self.threshold))

    def over_history(self, call: Call) -> Pair:
        """What the rows before have gathered, and this one as far as it is done."""
        starts = self.gathered.starts(call)
        if self.threshold == 0:
            return _total(call, starts.best, starts, False)
        argument = evaluate_tree(call.arguments[0], _Begun(self.span, self.gathered, self.threshold))
        values, taken = _taken(call, argument)
        return _total(call, GATHER[call.function](starts.best, values), starts, taken)


class _Begun(_Behind):
    """The same inside min, max, mean and count: what the begun row itself puts in."""

    def name(self, node: Name) -> Pair:
        if node.at is not None:
            return self._at(node)
        if node.name in CLOCK:
            return pair_of(clock(self.span.view, node.name, self.span.iterations + 1))
        metric = self.span.program.metrics.get(node.name)
        values, measured = super().name(node)
        if metric is None or metric.op < self.threshold:
            return Pair(values, measured)
        return Pair(values, measured & ~self.span.due(metric.due))


class _Done:
    """Leaves of shape (n - 1,): behind each row but the last, inside min, max, mean and count."""

    def __init__(self, span: Span, gathered: Gathered):
        self.span, self.gathered = span, gathered

    def name(self, node: Name) -> Pair:
        span = self.span
        rows = span.iterations[:-1]
        if node.at is None:
            if node.name in CLOCK:
                return pair_of(clock(span.view, node.name, rows + 1))
            values, measured = span.newest(node.name)
            return Pair(values[1:-1], _cut(measured, slice(1, -1)))
        known = rows >= node.at
        if node.at >= span.last:
            return Pair(np.zeros(len(rows)), known)
        if node.name in CLOCK:
            return Pair(np.full(len(rows), float(clock(span.view, node.name, node.at + 1))), known)
        value, is_there = span.after(node.name, node.at)
        return Pair(np.full(len(rows), value), known & is_there)

    def element(self, node: Element) -> Pair:
        raise ValueError(f"no history is kept of {node}")

    def over_history(self, call: Call) -> Pair:
        starts = self.gathered.starts(call)
        behind = _total(call, starts.best, starts, False)
        return Pair(behind.values[1:], _cut(behind.measured, slice(1, None)))
