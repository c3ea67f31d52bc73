"""What a condition is made of. Every node is frozen, so an expression can be shared between threads."""

from collections.abc import Iterator
from dataclasses import dataclass

POINTWISE = ("abs", "sqrt", "log10", "isnan", "isfinite")
OVER_HISTORY = ("min", "max", "mean", "count")
FUNCTIONS = POINTWISE + OVER_HISTORY
ROLES = ("weight", "bias", "weight_ih", "weight_hh", "bias_hh")  # of parameters, as layers name them
OF_PARAMETERS = ("grad", "m", "v")  # what there is of each parameter besides its value
ELEMENT_KINDS = ROLES + OF_PARAMETERS
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
LOGIC = ("and", "or", "not")


class ExpressionError(ValueError):
    """A condition that cannot be read. `.column` counts from 1 within its text."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.column = column

    def __str__(self) -> str:
        return f"{self.message} (column {self.column} of the condition)"


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
    """One number of a parameter, of its gradient or of an optimizer slot.

    kind: the parameter's role for its value, or "grad", "m", "v". role: that of a gradient or slot, if it was written.
    """

    kind: str
    layer: str
    index: tuple[int, ...]
    column: int
    role: str | None = None

    @property
    def parameter(self) -> str:
        """The name of the parameter that it belongs to, like "dense_1.weight"."""
        by_index = "weight" if len(self.index) >= 2 else "bias"
        return f"{self.layer}.{self.role or (self.kind if self.kind in ROLES else by_index)}"

    def __str__(self) -> str:
        index = ",".join(map(str, self.index))
        return ".".join(filter(None, (self.kind, self.role, self.layer))) + f"[{index}]"


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


def answers_yes_or_no(node: Node) -> bool:
    """Is it a condition, or a number?"""
    if isinstance(node, Operation):
        return node.symbols[0] in COMPARISONS or node.symbols[0] in LOGIC
    return isinstance(node, Call) and node.function in ("isnan", "isfinite")


def leaves(node: Node) -> Iterator[Name | Element]:
    """All metrics and parameter values that it reads, from left to right."""
    pending: list[Node] = [node]
    while pending:
        node = pending.pop()
        if isinstance(node, Operation):
            pending += reversed(node.operands)
        elif isinstance(node, Call):
            pending += reversed(node.arguments)
        elif isinstance(node, Name | Element):
            yield node
