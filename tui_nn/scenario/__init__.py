"""Scenarios: from a TOML file to a validated, frozen `Scenario`. Importing this is free; pydantic comes with use."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui_nn.scenario.amount import Amount
    from tui_nn.scenario.difference import Difference, differences
    from tui_nn.scenario.errors import Problem, ScenarioError
    from tui_nn.scenario.expression import Expression, ExpressionError, parse_expression
    from tui_nn.scenario.json_schema import schema, write_schema
    from tui_nn.scenario.load import beside, load_scenario
    from tui_nn.scenario.model import Scenario
    from tui_nn.scenario.naming import layer_names, metric_names
    from tui_nn.scenario.presets import PresetInfo, list_presets, preset_dir
    from tui_nn.scenario.spec.base import Text
    from tui_nn.scenario.twin import load_twin

_HOME = {
    "Amount": "amount",
    "Difference": "difference",
    "Expression": "expression",
    "ExpressionError": "expression",
    "PresetInfo": "presets",
    "Problem": "errors",
    "Scenario": "model",
    "ScenarioError": "errors",
    "Text": "spec.base",
    "beside": "load",
    "differences": "difference",
    "layer_names": "naming",
    "list_presets": "presets",
    "load_scenario": "load",
    "load_twin": "twin",
    "metric_names": "naming",
    "parse_expression": "expression",
    "preset_dir": "presets",
    "schema": "json_schema",
    "write_schema": "json_schema",
}

__all__ = [
    "Amount",
    "Difference",
    "Expression",
    "ExpressionError",
    "PresetInfo",
    "Problem",
    "Scenario",
    "ScenarioError",
    "Text",
    "beside",
    "differences",
    "layer_names",
    "list_presets",
    "load_scenario",
    "load_twin",
    "metric_names",
    "parse_expression",
    "preset_dir",
    "schema",
    "write_schema",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"tui_nn.scenario.{_HOME[name]}"), name)
