"""The condition language: a tokenizer and a Pratt parser for things like `val_loss > 2 * min(val_loss) and loss < 0.1`.

    number                        1, 0.5, 1e-3, 10_000
    loss, grad_norm.dense_1       a metric's value at the current position
    loss@0                        its value at iteration 0; binds tighter than any operator
    weight.dense_1[3,4]           one number of a parameter; also bias.L[j], grad.L[i,j], m.L[i,j], v.L[i,j]
                                  (grad, m and v take one index for the bias and two for the weight)
    not  and  or                  in the order of Python, as are all of these
    < <= > >= == !=               may be chained: 0 < loss < 1
    + - * / **  and unary -       1/0 is inf and 0/0 is nan, as the processor has it
    min max mean count            of one expression of metrics: over all iterations so far; of several: among them
    abs sqrt log10 isnan isfinite

A text comes from a stranger. It is at most 500 characters and 50 levels deep, and nothing in it is ever run as Python.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_nn.scenario.errors import unknown

if TYPE_CHECKING:
    import numpy as np

    from tui_nn.scenario.expression_eval import Context, RowsContext

MAX_CHARACTERS = 500
MAX_DEPTH = 50
MAX_INDEX = 10_000_000

POINTWISE = ("abs", "sqrt", "log10", "isnan", "isfinite")
OVER_HISTORY = ("min", "max", "mean", "count")
FUNCTIONS = POINTWISE + OVER_HISTORY
ELEMENT_KINDS = ("weight", "bias", "grad", "m", "v")


class ExpressionError(ValueError):
    """A condition that cannot be read. `.column` counts from 1 within its text."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.column = column

    def __str__(self) -> str:
        return f"{self.message} (column {self.column} of the condition)"


# The tree. Every node is frozen, so an Expression can be shared between threads.


@dataclass(frozen=True, slots=True)
class Number:
    value: float


@dataclass(frozen=True, slots=True)
class Name:
    """A metric at the current position or, with `at`, at that iteration."""

    name: str
    column: int
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Element:
    """One number of a parameter, of its gradient or of an optimizer slot."""

    kind: str
    layer: str
    index: tuple[int, ...]
    column: int


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator with its operands. symbols holds one sign, or one between each two operands of a comparison."""

    symbols: tuple[str, ...]
    operands: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: "tuple[Node, ...]"
    column: int


Node = Number | Name | Element | Operation | Call

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
LOGIC = ("and", "or", "not")


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


def answers_yes_or_no(node: Node) -> bool:
    if isinstance(node, Operation):
        return node.symbols[0] in COMPARISONS or node.symbols[0] in LOGIC
    return isinstance(node, Call) and node.function in ("isnan", "isfinite")


def parse_expression(text: str) -> Expression:
    """Read a condition. ExpressionError (a ValueError) with the column and the cure if it cannot be read."""
    if len(text) > MAX_CHARACTERS:
        message = f"{len(text)} characters; a condition has at most {MAX_CHARACTERS}"
        raise ExpressionError(message, MAX_CHARACTERS + 1)
    tree = _Parser(text).parse()
    leaves = list(_leaves(tree))
    return Expression(
        text,
        tree,
        frozenset(leaf.name for leaf in leaves if isinstance(leaf, Name)),
        tuple(leaf for leaf in leaves if isinstance(leaf, Element)),
    )


def validate_names(
    expression: Expression,
    known_metrics: Collection[str],
    parameter_shapes: Mapping[str, tuple[int, ...]],
) -> list[ExpressionError]:
    """Names that this network does not have and indices outside its parameters, each with the nearest known.

    parameter_shapes: "dense_1.weight" -> (out, in), "dense_1.bias" -> (out,).
    """
    problems = []
    for leaf in _leaves(expression.tree):
        if isinstance(leaf, Name) and leaf.name not in known_metrics:
            problems.append(ExpressionError(unknown("name", leaf.name, known_metrics), leaf.column))
        elif isinstance(leaf, Element):
            problems += _element_problems(leaf, parameter_shapes)
    return problems


def _element_problems(element: Element, shapes: Mapping[str, tuple[int, ...]]) -> Iterator[ExpressionError]:
    layers = {name.rsplit(".", 1)[0] for name in shapes}
    if element.layer not in layers:
        yield ExpressionError(unknown("layer", element.layer, layers), element.column)
        return
    role = "weight" if element.kind == "weight" or (element.kind != "bias" and len(element.index) == 2) else "bias"
    shape = shapes[f"{element.layer}.{role}"]
    if len(element.index) != len(shape):
        given = "1 index" if len(element.index) == 1 else f"{len(element.index)} indices"
        yield ExpressionError(
            f"{given} for {element.kind}.{element.layer}, whose shape is {list(shape)}", element.column
        )
    elif any(i >= n for i, n in zip(element.index, shape, strict=True)):
        place = ",".join(str(i) for i in element.index)
        yield ExpressionError(
            f"[{place}] is outside {element.kind}.{element.layer}, whose shape is {list(shape)}; indices count from 0",
            element.column,
        )


def _leaves(node: Node) -> Iterator[Name | Element]:
    pending = [node]
    while pending:
        node = pending.pop()
        if isinstance(node, Operation):
            pending += reversed(node.operands)
        elif isinstance(node, Call):
            pending += reversed(node.arguments)
        elif isinstance(node, Name | Element):
            yield node


# The tokenizer.


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # "number", "name", "sign" or "end"
    text: str
    column: int


_TOKEN = re.compile(
    r"(?P<number>(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)"
    r"|(?P<sign>\*\*|<=|>=|==|!=|[-+*/<>()\[\],@])"
    r"|(?P<space>\s+)",
    re.ASCII,
)

_CURES = {
    "=": "'=' does not compare; write '=='",
    "&": "'&' is not known; write 'and'",
    "|": "'|' is not known; write 'or'",
    "!": "'!' is not known; write 'not'",
    "^": "'^' is not known; write '**' for a power",
    "%": "'%' is not known; write the share as a number, like 0.95",
    "'": "a quote does not belong here; names stand bare, like loss",
    '"': "a quote does not belong here; names stand bare, like loss",
}


def _tokens(text: str) -> list[_Token]:
    tokens, position = [], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            sign = text[position]
            raise ExpressionError(_CURES.get(sign, f"{sign!r} does not belong here; remove it"), position + 1)
        kind = match.lastgroup or ""
        if kind != "space":
            tokens.append(_Token(kind, match[0], position + 1))
        position = match.end()
    return [*tokens, _Token("end", "", len(text) + 1)]


# The parser: each operator's number says how tightly it holds its neighbours.

_BINDING = {"or": 1, "and": 2, **dict.fromkeys(COMPARISONS, 4), "+": 5, "-": 5, "*": 6, "/": 6, "**": 8}
_BINDING_NOT = 3
_BINDING_MINUS = 7  # below "**", so that -2 ** 2 is -(2 ** 2)


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.next = 0
        self.depth = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.next]

    def take(self) -> _Token:
        token = self.token
        self.next += token.kind != "end"
        return token

    def parse(self) -> Node:
        if self.token.kind == "end":
            raise ExpressionError("an empty condition; write one, like loss < 0.1", 1)
        tree = self.expression(0)
        if self.token.kind != "end":
            raise ExpressionError(
                f"{self.token.text!r} is one too many; an operator is missing before it", self.token.column
            )
        return tree

    def expression(self, binding: int) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError(f"more than {MAX_DEPTH} levels deep; use fewer brackets", self.token.column)
        left = self.prefix()
        while (power := _BINDING.get(self.token.text, 0)) > binding:
            left = self.infix(left, power)
        self.depth -= 1
        return left

    def infix(self, left: Node, power: int) -> Node:
        symbol = self.take().text
        if symbol == "**":
            return Operation((symbol,), (left, self.expression(power - 2)))  # to the right, and 2 ** -1 is allowed
        if symbol not in COMPARISONS:
            return Operation((symbol,), (left, self.expression(power)))
        symbols, operands = [symbol], [left, self.expression(power)]
        while self.token.text in COMPARISONS:
            symbols.append(self.take().text)
            operands.append(self.expression(power))
        return Operation(tuple(symbols), tuple(operands))

    def prefix(self) -> Node:
        token = self.take()
        if token.kind == "number":
            return Number(self.number(token))
        if token.text == "(":
            inside = self.expression(0)
            self.expect(")")
            return inside
        if token.text == "not":
            return Operation(("not",), (self.expression(_BINDING_NOT),))
        if token.text in ("-", "+"):
            inside = self.expression(_BINDING_MINUS)
            return inside if token.text == "+" else Operation(("negative",), (inside,))
        if token.kind == "name" and token.text not in LOGIC:
            return self.name(token)
        if token.kind == "end":
            raise ExpressionError("the condition ends too early; a value is missing", token.column)
        raise ExpressionError(f"{token.text!r} stands where a value should be", token.column)

    def number(self, token: _Token) -> float:
        try:
            return float(token.text)
        except ValueError:
            raise ExpressionError(f"{token.text!r} is not a number", token.column) from None

    def name(self, token: _Token) -> Node:
        if self.token.text == "(":
            return self.call(token)
        if self.token.text == "[":
            return self.element(token)
        kind = token.text.split(".", 1)[0]
        if kind in ELEMENT_KINDS and "." in token.text:
            raise ExpressionError(
                f"{token.text!r} is a whole table; pick one number, like {token.text}[0,0]", token.column
            )
        if self.token.text != "@":
            return Name(token.text, token.column)
        self.take()
        return Name(token.text, token.column, self.whole_number("@"))

    def element(self, token: _Token) -> Element:
        kind, _, layer = token.text.partition(".")
        if kind not in ELEMENT_KINDS or not layer:
            message = (
                f"{token.text!r} has no elements; indices go with {', '.join(ELEMENT_KINDS)}, like weight.dense_1[0,0]"
            )
            raise ExpressionError(message, token.column)
        self.take()
        index = [self.whole_number("[")]
        while self.token.text == ",":
            self.take()
            index.append(self.whole_number(","))
        self.expect("]")
        if len(index) > 2:
            raise ExpressionError(f"{len(index)} indices; a weight has two and a bias has one", token.column)
        if self.token.text == "@":
            raise ExpressionError(
                "'@' goes with metrics only; no history is kept of single parameters", self.token.column
            )
        return Element(kind, layer, tuple(index), token.column)

    def call(self, token: _Token) -> Call:
        if token.text not in FUNCTIONS:
            raise ExpressionError(unknown("function", token.text, FUNCTIONS), token.column)
        self.take()
        arguments = []
        if self.token.text != ")":
            arguments.append(self.expression(0))
            while self.token.text == ",":
                self.take()
                arguments.append(self.expression(0))
        self.expect(")")
        call = Call(token.text, tuple(arguments), token.column)
        if token.text in POINTWISE and len(arguments) != 1:
            raise ExpressionError(f"{token.text} takes one value; got {len(arguments)}", token.column)
        if token.text in OVER_HISTORY and len(arguments) < 2:
            leaves = list(_leaves(call))
            if not leaves or any(isinstance(leaf, Element) for leaf in leaves):
                raise ExpressionError(
                    f"{token.text} of one thing runs over a metric's history, like {token.text}(loss)", token.column
                )
        return call

    def whole_number(self, after: str) -> int:
        token = self.take()
        digits = token.text.replace("_", "")
        if token.kind != "number" or not digits.isdecimal() or len(digits) > 8 or int(digits) > MAX_INDEX:
            raise ExpressionError(f"after {after!r} comes a whole number from 0 to {MAX_INDEX:,}, like 0", token.column)
        return int(digits)

    def expect(self, sign: str) -> None:
        token = self.take()
        if token.text != sign:
            found = repr(token.text) if token.text else "the end"
            raise ExpressionError(f"{sign!r} is missing before {found}", token.column)
