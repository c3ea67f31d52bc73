"""Expectations: what a scenario promises, checked at their places on a session."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_nn.debugger.context import Here, parse_for
from tui_nn.debugger.script import place
from tui_nn.scenario.expression_tree import Element, leaves

if TYPE_CHECKING:
    from tui_nn.debugger.position import Position
    from tui_nn.debugger.session import Session
    from tui_nn.scenario import Expression
    from tui_nn.scenario.spec.playback import Expectation

HELD_OF_20 = 19  # a claim about seeds is a claim about nearly all of them: 95 %


@dataclass(frozen=True, slots=True)
class Result:
    """How one expectation fared. values: the numbers it read, by name; None where not measured by then."""

    expectation: "Expectation"
    held: bool
    position: "Position"
    values: dict[str, float | None]


def check(session: "Session") -> list[Result]:
    """Every expectation of the session's scenario, in the order of the file.

    The session visits them in the order of their places, so one pass over the run is enough.
    """
    expectations = session.scenario.expect
    by_place = sorted(range(len(expectations)), key=lambda index: place(expectations[index].at, session.program))
    results = {index: check_one(session, expectations[index]) for index in by_place}
    return [results[index] for index in range(len(expectations))]


def check_one(session: "Session", expectation: "Expectation") -> Result:
    """Go to the expectation's place and ask whether it holds there."""
    target = place(expectation.at, session.program)
    session.goto(iteration=target.iteration, op=target.op)
    expression = parse_for(session.program, expectation.that)
    here = Here(session)
    return Result(expectation, bool(expression.evaluate(here)), session.position, values_read(expression, here))


def values_read(expression: "Expression", here: Here) -> dict[str, float | None]:
    """The numbers that a condition reads there, by name; None where not measured by then."""
    return dict(_values(expression, here))


def _values(expression: "Expression", here: Here) -> Iterator[tuple[str, float | None]]:
    for leaf in leaves(expression.tree):
        if isinstance(leaf, Element):
            yield str(leaf), here.element(leaf)
        elif leaf.at is None:
            yield leaf.name, here.value(leaf.name)
        else:
            yield f"{leaf.name}@{leaf.at}", here.at(leaf.name, leaf.at)


def needed_of(n_seeds: int) -> int:
    """In how many of n seeds an expectation has to hold: 95 %, rounded up."""
    return -(-n_seeds * HELD_OF_20 // 20)
