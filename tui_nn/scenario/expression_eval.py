"""What a condition is worth: at one position, or after every iteration of a run at once.

One evaluator serves both. It works on pairs (values, measured) of arrays: of shape () for one position, (n,) for n
iterations. `measured` is False where a metric had not been measured yet, which is not the same as being nan:

    - arithmetic with something unmeasured is unmeasured; a comparison with it is False, and so are isnan and isfinite;
    - nan compares as in IEEE 754: everything is False but `!=`;
    - min, max and mean pass over nan and unmeasured alike (one nan must not hide the best loss so far), and are
      unmeasured if nothing is left; count(condition) is the number of iterations, or of arguments, at which it held.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np

from tui_nn.scenario.expression import Expression
from tui_nn.scenario.expression_tree import COMPARISONS, Call, Element, Name, Node, Number


class Context(Protocol):
    """Where one position finds its numbers. None means: not measured yet."""

    def value(self, name: str) -> float | None: ...

    def at(self, name: str, iteration: int) -> float | None: ...

    def so_far(self, name: str) -> np.ndarray:
        """(n,) one value for each iteration up to now, the same n for all names; masked where not measured."""
        ...

    def element(self, element: Element) -> float | None: ...


class RowsContext(Protocol):
    """Where a whole run finds its numbers."""

    def rows(self, name: str) -> np.ndarray:
        """(n,) the metric's value after each iteration, the same n for all names; masked where not measured."""
        ...


class Pair(NamedTuple):
    values: np.ndarray
    measured: np.ndarray


class Leaves(Protocol):
    def name(self, node: Name) -> Pair: ...
    def element(self, node: Element) -> Pair: ...
    def over_history(self, call: Call) -> Pair: ...


def evaluate(expression: Expression, context: Context) -> float | bool:
    """Its value at the current position; see Expression.evaluate."""
    value = evaluate_measured(expression, context)
    return float("nan") if value is None else value


def evaluate_measured(expression: Expression, context: Context) -> float | bool | None:
    """The same; None where it is a number that needs one not measured yet."""
    with np.errstate(all="ignore"):
        result = evaluate_tree(expression.tree, _Here(context))
    if expression.is_condition:
        return bool(holds(result))
    return float(result.values) if bool(result.measured) else None


def evaluate_rows(expression: Expression, rows: RowsContext, start: int = 0) -> np.ndarray:
    """Does it hold after each iteration from start on? (n - start,) bool; see Expression.evaluate_rows."""
    if not expression.is_vectorizable:
        raise ValueError(f"{expression.text!r} reads parameter values, of which there is no history")
    leaves = _Rows(rows.rows, start)
    n = next((len(rows.rows(name)) for name in expression.names), 0)
    with np.errstate(all="ignore"):
        truth = holds(evaluate_tree(expression.tree, leaves))
    return np.broadcast_to(truth, (max(0, n - start),)).copy()


class _Here:
    """Leaves of shape (): the current position."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def name(self, node: Name) -> Pair:
        value = self.context.value(node.name) if node.at is None else self.context.at(node.name, node.at)
        return pair_of(0.0 if value is None else float(value), value is not None)

    def element(self, node: Element) -> Pair:
        value = self.context.element(node)
        return pair_of(0.0 if value is None else float(value), value is not None)

    def over_history(self, call: Call) -> Pair:
        running = _running(call, _Rows(self.context.so_far, 0))
        return (
            Pair(running.values[-1], running.measured[-1])
            if running.values.size
            else pair_of(0.0, call.function == "count")
        )


class _Rows:
    """Leaves of shape (n - start,): after every iteration from start on."""

    def __init__(self, read: Callable[[str], np.ndarray], start: int) -> None:
        self.read = read
        self.start = start

    def name(self, node: Name) -> Pair:
        column = self.read(node.name)
        values = np.ma.getdata(column).astype(np.float64, copy=False)
        measured = ~np.ma.getmaskarray(column)
        if node.at is None:
            return Pair(values[self.start :], measured[self.start :])
        known = np.arange(self.start, len(values)) >= node.at  # nobody knows loss@9 at iteration 3
        if node.at >= len(values):
            return Pair(np.zeros(len(known)), known)
        return Pair(np.full(len(known), values[node.at]), known & measured[node.at])

    def element(self, node: Element) -> Pair:
        raise ValueError(f"no history is kept of {node.kind}.{node.layer}")

    def over_history(self, call: Call) -> Pair:
        running = _running(call, _Rows(self.read, 0))
        return Pair(running.values[self.start :], running.measured[self.start :])


def _running(call: Call, leaves: _Rows) -> Pair:
    """min, max, mean or count of the one argument over rows 0 .. i, for every i."""
    argument = evaluate_tree(call.arguments[0], leaves)
    if call.function == "count":
        held = np.cumsum(holds(argument)).astype(np.float64)
        return Pair(held, np.ones(len(held), dtype=bool))
    taken = argument.measured & ~np.isnan(argument.values)
    n_taken = np.cumsum(taken)
    if call.function == "mean":
        return Pair(np.cumsum(np.where(taken, argument.values, 0.0)) / n_taken, n_taken > 0)
    gather = np.fmin if call.function == "min" else np.fmax
    return Pair(gather.accumulate(np.where(taken, argument.values, np.nan)), n_taken > 0)


def evaluate_tree(node: Node, leaves: Leaves) -> Pair:
    # One frame a level: the longest condition is 250 levels of a+a+a+..., well inside Python's stack.
    if isinstance(node, Number):
        return pair_of(node.value)
    if isinstance(node, Name):
        return leaves.name(node)
    if isinstance(node, Element):
        return leaves.element(node)
    if isinstance(node, Call):
        if len(node.arguments) == 1 and node.function in ("min", "max", "mean", "count"):
            return leaves.over_history(node)
        return _call(node.function, [evaluate_tree(argument, leaves) for argument in node.arguments])
    operands = [evaluate_tree(operand, leaves) for operand in node.operands]
    if node.symbols[0] in COMPARISONS:
        return _compare(node.symbols, operands)
    return _OPERATORS[node.symbols[0]](*operands)


def _compare(symbols: tuple[str, ...], operands: list[Pair]) -> Pair:
    held: Any = None
    for symbol, left, right in zip(symbols, operands, operands[1:], strict=False):
        found = _where(_COMPARE[symbol](left.values, right.values), left.measured, right.measured)
        held = found if held is None else held & found
    return _truth(held)


def _where(held: Any, *measured: np.ndarray) -> Any:
    for mask in measured:
        if mask.ndim or not mask:  # most are measured everywhere
            held = held & mask
    return held


def _truth(held: Any) -> Pair:
    """Yes or no, which stays so until something calculates with it."""
    return Pair(np.asarray(held), np.asarray(True))


def _call(function: str, arguments: list[Pair]) -> Pair:
    first = arguments[0]
    if function == "isnan":
        return _truth(np.isnan(first.values) & first.measured)
    if function == "isfinite":
        return _truth(np.isfinite(first.values) & first.measured)
    if function in _NUMERIC:
        return Pair(_NUMERIC[function](_numbers(first)), first.measured)
    if function == "count":
        return pair_of(sum(holds(argument).astype(np.float64) for argument in arguments))
    return _among(function, arguments)


def _among(function: str, arguments: list[Pair]) -> Pair:
    """min, max or mean of several values at the same position."""
    taken = [argument.measured & ~np.isnan(argument.values) for argument in arguments]
    n_taken = sum(mask.astype(np.float64) for mask in taken)
    if function == "mean":
        parts = [np.where(mask, argument.values, 0.0) for mask, argument in zip(taken, arguments, strict=True)]
        return Pair(sum(parts) / n_taken, n_taken > 0)  # type: ignore[arg-type, operator]
    gather = np.fmin if function == "min" else np.fmax
    values = np.where(taken[0], arguments[0].values, np.nan)
    for mask, argument in zip(taken[1:], arguments[1:], strict=True):
        values = gather(values, np.where(mask, argument.values, np.nan))
    return Pair(values, n_taken > 0)  # type: ignore[arg-type, operator]


def holds(pair: Pair) -> np.ndarray:
    """Truth: measured, not nan, not 0."""
    if pair.values.dtype == bool:
        return _where(pair.values, pair.measured)
    return pair.measured & ~np.isnan(pair.values) & (pair.values != 0)


def pair_of(values: Any, measured: Any = True) -> Pair:
    return Pair(np.asarray(values, dtype=np.float64), np.asarray(measured))


def _arithmetic(operator: Callable[..., np.ndarray]) -> Callable[..., Pair]:
    def apply(left: Pair, right: Pair) -> Pair:
        return Pair(operator(_numbers(left), _numbers(right)), left.measured & right.measured)

    return apply


def _numbers(pair: Pair) -> np.ndarray:
    return pair.values.astype(np.float64) if pair.values.dtype == bool else pair.values


_NUMERIC = {"abs": np.abs, "sqrt": np.sqrt, "log10": np.log10}

_COMPARE = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}

_OPERATORS: dict[str, Callable[..., Pair]] = {
    "+": _arithmetic(np.add),
    "-": _arithmetic(np.subtract),
    "*": _arithmetic(np.multiply),
    "/": _arithmetic(np.divide),
    "**": _arithmetic(np.power),
    "negative": lambda x: Pair(-_numbers(x), x.measured),
    "not": lambda x: _truth(~holds(x)),
    "and": lambda a, b: _truth(holds(a) & holds(b)),
    "or": lambda a, b: _truth(holds(a) | holds(b)),
}
