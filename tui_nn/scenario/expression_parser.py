"""From the text of a condition to its tree: a tokenizer and a Pratt parser. expression.py describes the language."""

import re
from dataclasses import dataclass

from tui_nn.scenario.errors import unknown
from tui_nn.scenario.expression_tree import (
    COMPARISONS,
    ELEMENT_KINDS,
    FUNCTIONS,
    LOGIC,
    OF_PARAMETERS,
    OVER_HISTORY,
    POINTWISE,
    ROLES,
    Call,
    Element,
    ExpressionError,
    Name,
    Node,
    Number,
    Operation,
    leaves,
)

MAX_CHARACTERS = 500
MAX_DEPTH = 50
MAX_INDICES = 4  # of a convolution: output, input, row and column of the window
MAX_INDEX = 10_000_000


def parse(text: str) -> Node:
    """The tree of a condition. ExpressionError with the column and the cure if it cannot be read."""
    if len(text) > MAX_CHARACTERS:
        message = f"{len(text)} characters; a condition has at most {MAX_CHARACTERS}"
        raise ExpressionError(message, MAX_CHARACTERS + 1)
    return _Parser(text).parse()


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
            message = f"{self.token.text!r} is one too many; an operator is missing before it"
            raise ExpressionError(message, self.token.column)
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
        kind, *role = token.text.split(".")
        layer = role.pop() if role else ""
        is_named = len(role) <= (kind in OF_PARAMETERS) and set(role) <= set(ROLES)
        if kind not in ELEMENT_KINDS or not layer or not is_named:
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
        if len(index) > MAX_INDICES:
            raise ExpressionError(
                f"{len(index)} indices; a weight has two (of a convolution up to four) and a bias has one", token.column
            )
        if self.token.text == "@":
            raise ExpressionError(
                "'@' goes with metrics only; no history is kept of single parameters", self.token.column
            )
        return Element(kind, layer, tuple(index), token.column, role[0] if role else None)

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
            read = list(leaves(call))
            if not read or any(isinstance(leaf, Element) for leaf in read):
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
