"""Where conditions find their numbers: at one position of a session, or after every iteration of its history.

One rule for both: a metric has, after each iteration, the value measured last by then. So a val_loss, measured once an
epoch, stands until the next one; and before the first it is "not measured", which is not the same as nan.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from tui_nn.debugger.values import find_offset
from tui_nn.scenario.naming import CLOCK, unmeasured
from tui_nn.scenario.spec.optimizers import MOMENTS

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame
    from tui_nn.debugger.history import History
    from tui_nn.debugger.session import Session
    from tui_nn.engine.program import Program
    from tui_nn.scenario import Expression
    from tui_nn.scenario.expression import Element


def parse_for(program: "Program", text: str) -> "Expression":
    """Read a condition on this program. ExpressionError also for a name or an index that this network does not have."""
    from tui_nn.scenario import parse_expression
    from tui_nn.scenario.expression import ExpressionError, validate_names

    expression = parse_expression(text)
    shapes = {tensor.name: tensor.shape for tensor in program.tensors}
    problems = validate_names(expression, [*program.metrics, *CLOCK], shapes, unmeasured(program.scenario))
    for element in expression.elements:
        optimizer, is_matrix = program.scenario.optimizer, len(element.index) >= 2
        if element.kind in MOMENTS and not optimizer.moment(element.kind, is_matrix):
            what = "weight" if is_matrix else "bias"
            problems.append(ExpressionError(f"{optimizer.type} keeps no {element.kind!r} of a {what}", element.column))
    if problems:
        raise problems[0]
    return expression


class Here:
    """The numbers at the session's current position. What the program in force there has not, is not measured."""

    def __init__(self, session: "Session") -> None:
        self.session = session
        self.history: History = session.history

    def value(self, name: str) -> float | None:
        if name in CLOCK:
            return float(clock(self.history.program, name, self.history.position.iteration))
        return self.history.value(name) if name in self.history.program.metrics else None

    def at(self, name: str, iteration: int) -> float | None:
        """None for iterations not executed yet, even if they were reached once: the answer belongs to the position."""
        column = self.so_far(name)
        if iteration >= len(column) or np.ma.getmaskarray(column)[iteration]:
            return None
        return float(column[iteration])

    def so_far(self, name: str) -> np.ma.MaskedArray:
        """(n,) after each iteration up to now, a begun one included; masked where not measured."""
        position = self.history.position
        return after_each_iteration(self.history, name, position.iteration + (position.op > 0))

    def element(self, element: "Element") -> float | None:
        """One number of a parameter, its gradient or an optimizer slot; None if it is not kept here.

        Read from the machine's memory, for the thread that drives it: frames of a running session lag behind.
        """
        offset = find_offset(self.session.program, element)
        return None if offset is None else float(self.session.machine.mem[offset])


class Seen(Here):
    """The numbers of a frame: of what a screen shows, also while the run is under way."""

    def __init__(self, frame: "Frame") -> None:
        self.frame = frame
        self.history = frame.history

    def element(self, element: "Element") -> float | None:
        offset = find_offset(self.frame.program, element)
        return None if offset is None else float(self.frame.snapshot.mem[offset])


class EachIteration:
    """The numbers after every iteration completed by the position, for a condition over a whole run at once."""

    def __init__(self, history: "History") -> None:
        self.history = history

    def rows(self, name: str) -> np.ma.MaskedArray:
        return after_each_iteration(self.history, name, self.history.position.iteration)


def clock(program: "Program", name: str, iterations: Any) -> Any:
    """`iteration` (updates done) or `epoch` (passes done) where so many iterations are done."""
    return iterations if name == "iteration" else program.epochs.of_each(np.asarray(iterations))


def after_each_iteration(history: "History", name: str, n: int) -> np.ma.MaskedArray:
    """(n,) the newest value of the metric after each of the iterations 0 .. n - 1, masked where there is none yet."""
    if name in CLOCK:
        return np.ma.MaskedArray(clock(history.program, name, np.arange(1, n + 1)).astype(float))
    if name not in history.program.metrics:  # asked where an edit has left it out
        return np.ma.MaskedArray(np.zeros(n), mask=np.ones(n, bool))
    values = history[name]
    newest = newest_measured(history, name, min(n, len(values)), n)
    if n > len(values) and history.program.metrics[name].due.at(n - 1):
        newest[-1] = -1  # of the iteration that is begun it is still to come
    is_measured = newest >= 0
    column = np.zeros(n)
    column[is_measured] = values[newest[is_measured]]
    return np.ma.MaskedArray(column, mask=~is_measured)


def newest_measured(history: "History", name: str, computed: int, n: int) -> np.ndarray:
    """(n,) the iteration of the newest of the first `computed` values after each of the iterations 0 .. n - 1; -1: none."""
    newest = np.full(n, -1)
    measured = history.measured(name, computed)
    newest[measured] = measured
    return np.maximum.accumulate(newest)
