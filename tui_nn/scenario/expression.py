"""The condition language, for things like `val_loss > 2 * min(val_loss) and loss < 0.1`.

    number                        1, 0.5, 1e-3, 10_000
    loss, grad_norm.dense_1       a metric's value at the current position
    loss@0                        its value at iteration 0; binds tighter than any operator
    weight.dense_1[3,4]           one number of a parameter: its role (weight, bias, weight_ih, weight_hh, bias_hh), then its
                                  layer; indices as the panels have them, of a convolution [out,in,row,column]
    grad.weight_ih.lstm_1[3,4]    the same of its gradient, or of m and v, the optimizer's moments. The role may be left
                                  out: two indices and more then mean the weight, one the bias
    not  and  or                  in the order of Python, as are all of these
    < <= > >= == !=               may be chained: 0 < loss < 1
    + - * / **  and unary -       1/0 is inf and 0/0 is nan, as the processor has it
    min max mean count            of one expression of metrics: over all iterations so far; of several: among them
    abs sqrt log10 isnan isfinite

A text comes from a stranger. It is at most 500 characters and 50 levels deep, and nothing in it is ever run as Python.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from tui_nn.scenario.errors import unknown
from tui_nn.scenario.expression_parser import parse
from tui_nn.scenario.expression_tree import ROLES, Element, ExpressionError, Name, Node, answers_yes_or_no, leaves

if TYPE_CHECKING:
    import numpy as np

    from tui_nn.scenario.expression_eval import Context, RowsContext

__all__ = ["Element", "Expression", "ExpressionError", "parse_expression", "validate_names"]


@dataclass(frozen=True)
class Expression:
    """A parsed condition.

    names: metrics it reads. elements: single parameter values it reads.
    is_condition: True if it answers yes or no, False if a number.
    """

    text: str
    tree: Node
    names: frozenset[str]
    elements: tuple[Element, ...]

    @property
    def is_condition(self) -> bool:
        return answers_yes_or_no(self.tree)

    @property
    def is_vectorizable(self) -> bool:
        """True if metrics are all it needs, so that `evaluate_rows` can do a whole run at once."""
        return not self.elements

    def evaluate(self, context: "Context") -> float | bool:
        """Its value now: a bool if it is a condition, else a float (nan if something was not measured yet)."""
        from tui_nn.scenario.expression_eval import evaluate

        return evaluate(self, context)

    def evaluate_rows(self, rows: "RowsContext", start: int = 0) -> "np.ndarray":
        """Does it hold after each iteration? A bool for each of the rows start, start + 1, ..., n - 1.

        Errors: ValueError if it reads parameter values, which no history keeps (see is_vectorizable).
        """
        from tui_nn.scenario.expression_eval import evaluate_rows

        return evaluate_rows(self, rows, start)

    def __str__(self) -> str:
        return self.text


def parse_expression(text: str) -> Expression:
    """Read a condition. ExpressionError (a ValueError) with the column and the cure if it cannot be read."""
    tree = parse(text)
    names = frozenset(leaf.name for leaf in leaves(tree) if isinstance(leaf, Name))
    elements = tuple(leaf for leaf in leaves(tree) if isinstance(leaf, Element))
    return Expression(text, tree, names, elements)


def validate_names(
    expression: Expression,
    known_metrics: Collection[str],
    parameter_shapes: Mapping[str, tuple[int, ...]],
    unmeasured: Mapping[str, str] = MappingProxyType({}),
) -> list[ExpressionError]:
    """Names that this network does not have and indices outside its parameters, each with the nearest known.

    parameter_shapes: "dense_1.weight" -> (out, in), "dense_1.bias" -> (out,).
    unmeasured: names that it could have, and why they are not there.
    """
    problems = []
    for leaf in leaves(expression.tree):
        if isinstance(leaf, Name) and leaf.name not in known_metrics:
            message = unmeasured.get(leaf.name) or unknown("name", leaf.name, known_metrics)
            problems.append(ExpressionError(message, leaf.column))
        elif isinstance(leaf, Element):
            problems += _element_problems(leaf, parameter_shapes)
    return problems


def _element_problems(element: Element, shapes: Mapping[str, tuple[int, ...]]) -> Iterator[ExpressionError]:
    layers = {name.rsplit(".", 1)[0] for name in shapes}
    if element.layer not in layers:
        yield ExpressionError(unknown("layer", element.layer, layers), element.column)
        return
    shape = shapes.get(element.parameter)
    if shape is None:
        roles = [name.rsplit(".", 1)[1] for name in shapes if name.rsplit(".", 1)[0] == element.layer]
        is_said = element.kind in ROLES or element.role or "weight" in roles
        cure = "" if is_said else f"; write {element.kind}.{roles[0]}.{element.layer}[...]"
        role = element.parameter.rsplit(".", 1)[1]
        yield ExpressionError(f"{element.layer} has no {role}; it has {', '.join(roles)}{cure}", element.column)
        return
    whole = str(element).partition("[")[0]
    if len(element.index) != len(shape):
        given = "1 index" if len(element.index) == 1 else f"{len(element.index)} indices"
        yield ExpressionError(f"{given} for {whole}, whose shape is {list(shape)}", element.column)
    elif any(i >= n for i, n in zip(element.index, shape, strict=True)):
        place = ",".join(str(i) for i in element.index)
        yield ExpressionError(
            f"[{place}] is outside {whole}, whose shape is {list(shape)}; indices count from 0",
            element.column,
        )
