"""The file format as JSON Schema: what editors complete, explain and check by."""

import json
from pathlib import Path
from typing import Any

from tui_nn.scenario.model import Scenario


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a scenario file; descriptions are the hover help."""
    made = Scenario.model_json_schema(mode="validation")
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    made["title"] = "tui-nn scenario"
    return made


def write_schema(path: str | Path) -> None:
    """Write the schema as JSON, the same bytes every time."""
    Path(path).write_text(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
