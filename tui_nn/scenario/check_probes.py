"""Probes: can what is asked for be measured?"""

from collections.abc import Iterator

from tui_nn.scenario.errors import Fault
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.naming import why_no_sharpness


def check_probes(scenario: Scenario) -> Iterator[Fault]:
    """A number of iterations is an order: what cannot be kept is refused. "auto" measures where it can."""
    every = scenario.probes.sharpness
    if isinstance(every, int) and scenario.probes.has("sharpness") and (reason := why_no_sharpness(scenario)):
        yield Fault(("probes", "sharpness"), f"got {every}; {reason}")
