"""What a condition may say: it can be read, it answers yes or no, and what it names is there."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from tui_nn.scenario.errors import Fault, Path, shown
from tui_nn.scenario.expression import Expression, ExpressionError, parse_expression, validate_names
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.naming import CLOCK, metric_names, parameter_shapes, unmeasured
from tui_nn.scenario.spec.optimizers import MOMENTS

PARAMETERS = {True: "a weight", False: "a bias"}
Conditions = Iterable[tuple[Path, str]]


def syntax_faults(conditions: Conditions) -> Iterator[Fault]:
    for path, text in conditions:
        try:
            expression = parse_expression(text)
        except ExpressionError as error:
            yield Fault(path, str(error))
            continue
        if not expression.is_condition:
            yield Fault(path, f"{shown(text)} is a number; compare it with something, like {text[:30]} > 0")


def name_faults(conditions: Conditions, scenario: Scenario) -> Iterator[Fault]:
    """Metrics and parameters that this network does not have."""
    metrics, shapes, missing = metric_names(scenario), parameter_shapes(scenario), unmeasured(scenario)
    for path, expression in _readable(conditions):
        for error in validate_names(expression, [*metrics, *CLOCK], shapes, missing):
            yield Fault(path, str(error))


def slot_faults(conditions: Conditions, scenario: Scenario) -> Iterator[Fault]:
    """m and v are asked for only where the optimizer keeps them."""
    for path, expression in _readable(conditions):
        asked = {(element.kind, len(element.index) >= 2) for element in expression.elements if element.kind in MOMENTS}
        for kind, is_matrix in sorted(asked):
            if scenario.optimizer.moment(kind, is_matrix) is None:
                what = f"{scenario.optimizer.type} keeps no {kind} of {PARAMETERS[is_matrix]}"
                yield Fault(path, f'{what}; type = "adam" keeps m and v')


def _readable(conditions: Conditions) -> Iterator[tuple[Path, Expression]]:
    for path, text in conditions:
        with suppress(ExpressionError):  # syntax_faults has reported it
            yield path, parse_expression(text)
