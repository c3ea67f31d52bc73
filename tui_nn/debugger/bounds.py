"""Between which numbers an expression stays over a whole span, from the least and the greatest of what it reads.

Most conditions are false, and most spanes are quiet: then nothing need be evaluated row by row. Every bound may be too
wide and none too narrow, for what is left out because of it is never looked at again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tui_nn.debugger.context import clock
from tui_nn.debugger.phases import GATHER, Carry, Gathered, outermost
from tui_nn.debugger.span import Span
from tui_nn.debugger.values import find_offset
from tui_nn.scenario.expression_tree import COMPARISONS, Call, Element, Name, Node, Number
from tui_nn.scenario.naming import CLOCK

if TYPE_CHECKING:
    from tui_nn.scenario import Expression

INF = math.inf
SLACK = 1e-6  # of the larger bound: what sums over a history may lose by rounding, and powers, by far


class Range(NamedTuple):
    """low <= x <= high wherever x is measured and not NaN. may_nan, may_miss: it may be NaN, or not be measured, somewhere."""

    low: float
    high: float
    may_nan: bool = False
    may_miss: bool = False

    @property
    def is_clean(self) -> bool:
        return not (self.may_nan or self.may_miss)

    @property
    def may_hold(self) -> bool:
        """May it be true somewhere, as a condition?"""
        return self.low <= self.high and (self.low != 0 or self.high != 0)

    @property
    def may_fail(self) -> bool:
        return not self.is_clean or self.low <= 0 <= self.high

    @property
    def is_constant(self) -> bool:
        """The same number everywhere."""
        return self.is_clean and self.low == self.high


ANYTHING = Range(-INF, INF, True, True)
NOTHING = Range(INF, -INF, False, True)  # measured nowhere


def range_of(node: Node, span: Span, carry: Carry, is_gathered: bool = False) -> Range:
    """Over every position of the span, its start included. carry stands at its start.

    is_gathered: what a min, max, mean or count takes of each iteration; of a begun one a metric may be still to come.
    """
    if isinstance(node, Number):
        return _spread(node.value, node.value)
    if isinstance(node, Name):
        found = _name(node, span)
        return found._replace(may_miss=True) if is_gathered and node.name not in CLOCK else found
    if isinstance(node, Element):
        offset = find_offset(span.program, node)
        return NOTHING if offset is None else Range(*span.bounds_at(offset))
    if isinstance(node, Call):
        if len(node.arguments) == 1 and node.function in ("min", "max", "mean", "count"):
            return _over_history(node, span, carry)
        return _call(node.function, [range_of(each, span, carry, is_gathered) for each in node.arguments])
    operands = [range_of(each, span, carry, is_gathered) for each in node.operands]
    if node.symbols[0] in COMPARISONS:
        return _compare(node.symbols, operands)
    return _OPERATORS[node.symbols[0]](*operands)


def _name(node: Name, span: Span) -> Range:
    if node.at is not None:
        return _at(node, node.at, span)
    if node.name in CLOCK:  # within min and its kin, a begun iteration counts
        low, high = (float(clock(span.view, node.name, k)) for k in (span.first, span.last + 1))
        return Range(low, high)
    return Range(*span.bounds(node.name))


def _at(node: Name, iteration: int, span: Span) -> Range:
    if iteration > span.last:
        return NOTHING
    if iteration >= span.first:
        return ANYTHING
    if node.name in CLOCK:
        value = float(clock(span.view, node.name, iteration + 1))
        return Range(value, value)
    value, is_there = span.after(node.name, iteration)
    if not is_there:
        return NOTHING
    return Range(INF, -INF, True) if math.isnan(value) else Range(value, value)


def _over_history(call: Call, span: Span, carry: Carry) -> Range:
    """What was gathered before, and what the span may add."""
    inside = range_of(call.arguments[0], span, carry, is_gathered=True)
    gathered, n_taken = carry.of(call)
    if call.function == "count":
        return Range(gathered, gathered + (span.n if inside.may_hold else 0))
    if n_taken == 0:
        low, high = inside.low, inside.high
    elif call.function == "mean":
        low, high = min(gathered / n_taken, inside.low), max(gathered / n_taken, inside.high)
    else:
        is_min = call.function == "min"
        low, high = (min(gathered, inside.low), gathered) if is_min else (gathered, max(gathered, inside.high))
    if call.function == "mean":
        return _widened(low, high, False, n_taken == 0)
    return Range(low, high, False, n_taken == 0)


def _call(function: str, arguments: list[Range]) -> Range:
    first = arguments[0]
    if function == "isnan":
        return _truth(first.may_nan, True)
    if function == "isfinite":
        infinite = first.may_nan or first.low == -INF or first.high == INF
        return _truth(first.low <= first.high, infinite or first.may_miss)
    if function == "abs":
        low = 0.0 if first.low <= 0 <= first.high else min(abs(first.low), abs(first.high))
        return _spread(low, max(abs(first.low), abs(first.high)), first)
    if function == "sqrt":
        return _spread(math.sqrt(first.low) if first.low >= 0 else 0.0, _root(first.high), first, first.low < 0)
    if function == "log10":
        low, high = (_log(x) for x in (first.low, first.high))
        return _widened(low, high, first.may_nan or first.low < 0, first.may_miss)
    if function == "count":
        return Range(sum(not each.may_fail for each in arguments), sum(each.may_hold for each in arguments))
    low, high = min(each.low for each in arguments), max(each.high for each in arguments)
    if all(each.is_clean for each in arguments):
        if function == "min":
            high = min(each.high for each in arguments)
        elif function == "max":
            low = max(each.low for each in arguments)
    may_miss = all(not each.is_clean for each in arguments)
    if function == "mean":
        return _widened(low, high, False, may_miss)
    return Range(low, high, False, may_miss)


def gather(expression: Expression, span: Span, carry: Carry) -> None:
    """Move the carry over a span that is evaluated for nothing else; row by row only where that is needed."""
    calls = tuple(outermost(expression.tree))
    if not calls:
        carry.iteration = span.last
        return
    gathered, found = Gathered(span, carry), {}
    with np.errstate(all="ignore"):
        for call in calls:
            if (quick := _gathered_quickly(call, span, carry)) is not None:
                found[id(call)] = quick
            else:
                gathered.starts(call)
    gathered.hand_on(carry)
    carry.gathered |= found


def _gathered_quickly(call: Call, span: Span, carry: Carry) -> tuple[float, int] | None:
    """The same numbers without a column for each step: of one metric's own, and of a condition that stays as it is."""
    argument, rows = call.arguments[0], span.n - 1
    best, n_taken = carry.of(call)
    if call.function == "count" and not any(outermost(argument)):
        inside = range_of(argument, span, carry)
        if inside.may_hold and inside.may_fail:
            return None
        return best + (rows if inside.may_hold else 0), n_taken + rows
    metric = span.program.metrics.get(argument.name) if isinstance(argument, Name) and argument.at is None else None
    if metric is None or metric.due.every != "iteration" or metric.name not in span.view.metrics or rows == 0:
        return None
    values = span.raw(metric.name)[:rows]
    low, high = float(values.min()), float(values.max())
    if math.isnan(low) or low == 0.0 or high == 0.0:  # which of two zeros it is, only the order says
        return None
    if call.function == "mean":
        sums = np.empty(rows + 1)
        sums[0], sums[1:] = best, values
        best = float(np.add.accumulate(sums, out=sums)[-1])
    else:
        best = float(GATHER[call.function](best, low if call.function == "min" else high))
    return best, n_taken + rows


def _compare(symbols: tuple[str, ...], operands: list[Range]) -> Range:
    may_hold, may_fail = True, False
    for symbol, a, b in zip(symbols, operands, operands[1:], strict=False):
        holds, fails = _COMPARE[symbol](a, b)
        is_there = a.low <= a.high and b.low <= b.high
        may_nan = a.may_nan or b.may_nan
        may_hold &= (holds and is_there) or (symbol == "!=" and may_nan)
        may_fail |= fails or a.may_miss or b.may_miss or (may_nan and symbol != "!=")
    return _truth(may_hold, may_fail)


_COMPARE: dict[str, Callable[[Range, Range], tuple[bool, bool]]] = {  # may it hold, may it fail, of numbers
    "<": lambda a, b: (a.low < b.high, a.high >= b.low),
    "<=": lambda a, b: (a.low <= b.high, a.high > b.low),
    ">": lambda a, b: (a.high > b.low, a.low <= b.high),
    ">=": lambda a, b: (a.high >= b.low, a.low < b.high),
    "==": lambda a, b: (a.low <= b.high and b.low <= a.high, not a.low == a.high == b.low == b.high),
    "!=": lambda a, b: (not a.low == a.high == b.low == b.high, a.low <= b.high and b.low <= a.high),
}


def _truth(may_hold: bool, may_fail: bool) -> Range:
    return Range(0.0 if may_fail else 1.0, 1.0 if may_hold else 0.0)


def _spread(low: float, high: float, source: Range | None = None, may_nan: bool = False) -> Range:
    """From low to high; NaN where the source is, and where infinities meet."""
    if source is None:
        return Range(low, high) if low <= high else ANYTHING
    return Range(low, high, source.may_nan or may_nan, source.may_miss)


def _widened(low: float, high: float, may_nan: bool, may_miss: bool) -> Range:
    """For what is rounded along the way."""
    slack = SLACK * max(abs(low), abs(high))
    if not slack < 1e280:  # sums may overflow, and infinities cancel
        return Range(-INF, INF, True, may_miss)
    return Range(low - slack, high + slack, may_nan, may_miss)


def _arithmetic(a: Range, b: Range, ends: Callable[[], list[float]]) -> Range:
    """Of monotonic operators: the ends are those of the operands' ends. Where infinities are near, anything may be."""
    may_miss = a.may_miss or b.may_miss
    if a.low > a.high or b.low > b.high:
        return NOTHING
    if not all(map(math.isfinite, (a.low, a.high, b.low, b.high))):
        return Range(-INF, INF, True, may_miss)
    found = ends()
    return Range(min(found), max(found), a.may_nan or b.may_nan, may_miss)


def _divided(a: Range, b: Range) -> Range:
    if b.low <= 0 <= b.high:
        return Range(-INF, INF, True, a.may_miss or b.may_miss)
    return _arithmetic(a, b, lambda: [x / y for x in (a.low, a.high) for y in (b.low, b.high)])


def _power(a: Range, b: Range) -> Range:
    may_miss = a.may_miss or b.may_miss
    if a.low < 0 or b.low != b.high or not 0 <= b.low <= 8 or not a.high < 1e30:
        return Range(-INF, INF, True, may_miss)
    return _widened(a.low**b.low, a.high**b.low, a.may_nan or b.may_nan, may_miss)


_OPERATORS: dict[str, Callable[..., Range]] = {
    "+": lambda a, b: _arithmetic(a, b, lambda: [a.low + b.low, a.high + b.high]),
    "-": lambda a, b: _arithmetic(a, b, lambda: [a.low - b.high, a.high - b.low]),
    "*": lambda a, b: _arithmetic(a, b, lambda: [x * y for x in (a.low, a.high) for y in (b.low, b.high)]),
    "/": _divided,
    "**": _power,
    "negative": lambda a: Range(-a.high, -a.low, a.may_nan, a.may_miss),
    "not": lambda a: _truth(a.may_fail, a.may_hold),
    "and": lambda a, b: _truth(a.may_hold and b.may_hold, a.may_fail or b.may_fail),
    "or": lambda a, b: _truth(a.may_hold or b.may_hold, a.may_fail and b.may_fail),
}


def _root(x: float) -> float:
    return math.sqrt(x) if x >= 0 else -INF


def _log(x: float) -> float:
    return math.log10(x) if x > 0 else -INF
