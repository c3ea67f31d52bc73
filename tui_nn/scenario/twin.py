"""A scenario that another names as its twin, or in `beside`."""

from collections.abc import Sequence

from tui_nn.scenario.difference import differences
from tui_nn.scenario.load import beside, load_scenario
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.overrides import parse_override


def load_twin(ref: str, name: str, overrides: Sequence[str]) -> tuple[Scenario, tuple[str, ...]]:
    """The other that the scenario `ref` names, with the same overrides but for those of keys in which the two differ.

    Those would make one of both networks; they come back as the second value. Errors: ScenarioError.
    """
    path = beside(ref, name)
    twin = load_scenario(path)
    if not overrides:
        return twin, ()
    its_own = [one.path for one in differences(load_scenario(ref), twin)]

    def is_its_own(option: str) -> bool:
        paths = [override.path for override in parse_override(option)]
        return any(a[: len(b)] == b[: len(a)] for a in paths for b in its_own) or paths[0][0] in ("twin", "beside")

    left_out = tuple(option for option in overrides if is_its_own(option))
    return load_scenario(path, [option for option in overrides if option not in left_out]), left_out
