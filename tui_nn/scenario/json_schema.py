"""The file format as JSON Schema: what editors complete, explain and check by."""

import json
from pathlib import Path
from typing import Any

from tui_nn.scenario.extends import OWN
from tui_nn.scenario.model import Scenario

TABLES = ("data", "loss", "optimizer", "schedule", "clip", "train", "stopping", "probes")


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a scenario file; descriptions are the hover help."""
    made = Scenario.model_json_schema(mode="validation")
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    made["title"] = "tui-nn scenario"
    return _with_extends(made)


def _with_extends(made: dict[str, Any]) -> dict[str, Any]:
    """A file that extends another may leave out what it inherits, and a table of it may hold one key alone."""
    own = [key for key in made["required"] if key in OWN]
    tables = {key: made["properties"][key] for key in TABLES}
    made["if"] = {"required": ["extends"]}
    made["else"] = {"required": made["required"], "properties": tables}
    made["required"] = own
    for key, table in tables.items():
        words = {name: table[name] for name in ("description", "default") if name in table}
        bare = {name: value for name, value in table.items() if name not in words}
        made["properties"][key] = {"anyOf": [bare, {"type": "object"}], **words}
    return made


def write_schema(path: str | Path) -> None:
    """Write the schema as JSON, the same bytes every time."""
    Path(path).write_text(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
