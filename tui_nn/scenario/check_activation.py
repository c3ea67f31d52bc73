"""Options of activations: none without an effect."""

from collections.abc import Iterator

from tui_nn.scenario.errors import Fault
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.spec.layer import ACTIVATION_KEYS


def check_activation(scenario: Scenario) -> Iterator[Fault]:
    for index, layer in enumerate(scenario.layers):
        for key, activation in ACTIVATION_KEYS.items():
            if key in layer.model_fields_set and layer.activation != activation:
                yield Fault(
                    ("layers", index, key),
                    f'{key} has no effect with activation = "{layer.activation}"; '
                    f'set activation = "{activation}" or remove {key}',
                    "key",
                )
