"""Options of an optimizer that do not go together, or do nothing."""

from collections.abc import Iterator

from tui_nn.scenario.errors import Fault
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.spec.optimizers.descent import Momentum
from tui_nn.scenario.spec.optimizers.recent import Muon


def check_optimizer(scenario: Scenario) -> Iterator[Fault]:
    optimizer = scenario.optimizer
    if isinstance(optimizer, Momentum):
        yield from _check_momentum(optimizer)
    if isinstance(optimizer, Muon) and optimizer.momentum == 0.0 and "nesterov" in optimizer.model_fields_set:
        yield Fault(
            ("optimizer", "nesterov"),
            "has no effect with momentum = 0; set momentum = 0.95 or remove nesterov",
            "key",
        )


def _check_momentum(optimizer: Momentum) -> Iterator[Fault]:
    """PyTorch refuses the first two as well; the third it passes over in silence."""
    if optimizer.nesterov and optimizer.momentum == 0.0:
        yield Fault(
            ("optimizer", "nesterov"),
            "got true; without momentum there is nothing to look ahead to: set momentum = 0.9, or nesterov = false",
        )
    elif optimizer.nesterov and optimizer.dampening > 0.0:
        yield Fault(
            ("optimizer", "dampening"),
            f"got {optimizer.dampening:g}; Nesterov's look ahead is defined for an undamped gradient: "
            "use dampening = 0, or nesterov = false",
        )
    elif optimizer.dampening > 0.0 and optimizer.momentum == 0.0:
        yield Fault(
            ("optimizer", "dampening"),
            f"got {optimizer.dampening:g}; without momentum it would only shrink lr from the second update on: "
            "set momentum = 0.9, or dampening = 0",
        )
