"""Random conditions of every kind on a program, and a run walked op by op: what searches for positions are held to."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from random import Random

from tests.engine.watch_nets import net_session
from tui_nn.debugger.context import Here, parse_for
from tui_nn.debugger.edits import EditError
from tui_nn.debugger.position import Position
from tui_nn.debugger.session import Session
from tui_nn.engine.program import Program
from tui_nn.scenario import Expression
from tui_nn.scenario.expression_tree import COMPARISONS
from tui_nn.scenario.naming import CLOCK
from tui_nn.scenario.spec.optimizers import MOMENTS


class Conditions:
    """Conditions that are sometimes true and sometimes not: numbers in them are taken from the run itself.

    values: for each leaf what it was worth at some positions.
    """

    def __init__(self, session: Session, seed: str, iterations: int):
        self.program, self.random, self.iterations = session.program, Random(seed), iterations
        self.session = session
        self.metrics = list(session.program.metrics)
        self.elements = list(_elements(session.program, self.random))

    def condition(self, depth: int = 3) -> str:
        chance = self.random.random()
        if depth and chance < 0.2:
            return f"not ({self.condition(depth - 1)})"
        if depth and chance < 0.5:
            return f"({self.condition(depth - 1)} {self.random.choice(['and', 'or'])} {self.condition(depth - 1)})"
        if chance < 0.56:
            return f"{self.random.choice(['isnan', 'isfinite'])}({self.number(1)})"
        return self.comparison()

    def comparison(self) -> str:
        leaf = self.number(2)
        sign = self.random.choice(COMPARISONS[:4] if self.random.random() < 0.8 else COMPARISONS)
        if self.random.random() < 0.25:
            return f"{leaf} {sign} {self.number(1)}"
        value = self.near(leaf)
        if self.random.random() < 0.1:
            return f"{value!r} < {leaf} <= {abs(value) * 1.5 + 1e-3!r}"
        return f"{leaf} {sign} {value!r}"

    def number(self, depth: int, may_read_values: bool = True) -> str:
        chance = self.random.random()
        if depth and chance < 0.25:
            inside = self.number(depth - 1, may_read_values)
            pattern = self.random.choice(["abs({})", "sqrt(abs({}))", "-{}", "log10(abs({}))", "({} / 2)", "({} - 1)"])
            return pattern.format(inside)
        if depth and chance < 0.4:
            a, b = self.number(depth - 1, may_read_values), self.number(depth - 1, may_read_values)
            return self.random.choice(["({} - {})", "({} * {})", "min({}, {})", "mean({}, {})", "({} / {})", "max({}, {}, 0)"]).format(a, b)  # fmt: skip
        if depth and chance < 0.65:
            function = self.random.choice(["min", "max", "mean", "count"])
            inside = self.number(depth - 1, may_read_values=False)
            if function == "count":
                inside = f"{inside} {self.random.choice(COMPARISONS)} {self.near(inside)!r}"
                inside = self.random.choice(["{}", "not {}", "{}, loss > 0.1"]).format(inside)
            return f"{function}({inside})"
        if may_read_values and self.elements and chance < 0.85:
            return self.random.choice(self.elements)
        return self.metric()

    def metric(self) -> str:
        name = self.random.choice(self.metrics if self.random.random() < 0.85 else CLOCK)
        if self.random.random() < 0.15:
            return f"{name}@{self.random.randrange(self.iterations + 2)}"
        return name

    def stop(self) -> str:
        """The text of a stop of any kind."""
        chance = self.random.random()
        if chance < 0.2:
            op = self.random.choice(self.program.ops)
            return f"op {self.random.choice([op.label, op.index])}"
        if chance < 0.3:
            return f"iteration {self.random.randrange(self.iterations + 1)}"
        if chance < 0.4:
            return f"epoch {self.random.randrange(self.iterations // self.program.iterations_per_epoch + 1)}"
        if chance < 0.55:
            return f"{self.number(1)} changes"
        if chance < 0.7:
            text = self.number(1)
            return f"{text} - {self.near(text)!r} changes sign"
        return self.condition(2)

    def near(self, text: str) -> float:
        """A number that this is worth somewhere, or half way between two such."""
        expression = parse_for(self.program, text)
        found = []
        for _ in range(2):
            iteration = self.random.randrange(self.iterations)
            n_ops = len(self.session.timeline.program_at(Position(iteration)).ops)
            self.session.goto(iteration, self.random.randrange(n_ops))
            value = float(expression.evaluate(Here(self.session)))
            found.append(value if abs(value) < 1e30 else 0.5)
        return found[0] if self.random.random() < 0.3 else (found[0] + found[1]) / 2


def _elements(program: Program, random: Random):
    for tensor in program.tensors:
        role = tensor.role
        for kind in ("", "grad", *MOMENTS):
            if kind in MOMENTS and not program.scenario.optimizer.moment(kind, tensor.is_matrix):
                continue
            for _ in range(2):
                index = ",".join(str(random.randrange(size)) for size in tensor.shape)
                yield ".".join(filter(None, (kind, role, tensor.layer))) + f"[{index}]"


@dataclass
class Walk:
    """A run, every position of it, and what expressions are worth at each."""

    session: Session
    expressions: list[Expression]
    places: list[Position] = field(default_factory=list)
    worth: dict[str, list[float | bool]] = field(default_factory=dict)


def drawn(name: str, iterations: int, seed: str = "", **settings) -> Conditions:
    """Conditions on a network of watch_nets."""
    session = net_session(name, **settings)
    session.goto(iterations)
    return Conditions(session, f"{name} {seed}", iterations)


@cache
def walk(name: str, n: int, iterations: int, seed: str = "") -> Walk:
    """n conditions, at every position of so many iterations."""
    source = drawn(name, iterations, seed)
    texts: dict[str, None] = {}
    while len(texts) < n:
        if len(text := source.condition()) <= 500:
            texts[text] = None
    return walked(name, list(texts), iterations)


def walked(name: str, texts: list[str], iterations: int) -> Walk:
    """These expressions at every position, as stepping op by op finds them."""
    session = net_session(name)
    return stepped(session, [parse_for(session.program, text) for text in texts], iterations)


def stepped(session: Session, expressions: list[Expression], iterations: int) -> Walk:
    """At every position of a session that is at its start."""
    result = Walk(session, expressions, worth={each.text: [] for each in expressions})
    while session.position <= (iterations, 0):
        result.places.append(session.position)
        here = Here(session)
        for expression in expressions:
            result.worth[expression.text].append(expression.evaluate(here))
        session.step("op")
    session.goto(iterations)
    return result


def edited(seed: int, iterations: int) -> Session:
    """A run with edits of every kind, at any op, at its end."""
    chance = Random(f"edited {seed}")
    session = net_session(chance.choice(["validation", "batch-norm", "clip"]))
    places = sorted((chance.randrange(1, iterations), chance.randrange(10)) for _ in range(6))
    for iteration, op in places:
        session.goto(iteration, op if chance.random() < 0.7 else 0)
        tensor = chance.choice(session.program.tensors)
        index = ",".join(str(chance.randrange(size)) for size in tensor.shape)
        key, value = chance.choice([
            ("optimizer.lr", session.scenario.optimizer.lr * chance.choice([0.1, 3.0])),
            ("data.batch_size", chance.choice([1, 2, 3, 5])),
            ("clip.norm", chance.choice([0.05, 1.0])),
            (f"{tensor.layer}.trainable", chance.choice([True, False])),
            ("dense_1.l2", chance.choice([0.0, 0.1])),
            ("optimizer.weight_decay", chance.choice([0.0, 0.1])),
            (f"{tensor.role}.{tensor.layer}[{index}]", chance.uniform(-1, 1)),
        ])  # fmt: skip
        with suppress(EditError):
            session.set(key, value)
    session.goto(iterations)
    return session


def walk_over_edits(seed: int, n: int, iterations: int) -> Walk:
    session = edited(seed, iterations)
    programs = [segment.program for segment in session.timeline.segments]
    source = Conditions(session, f"over edits {seed}", iterations)
    expressions = {}
    while len(expressions) < n:
        source.program = source.random.choice(programs)
        source.metrics = list(source.program.metrics)
        if len(text := source.condition(2)) <= 500:
            expressions[text] = parse_for(source.program, text)
    session.goto(0)
    return stepped(session, list(expressions.values()), iterations)
