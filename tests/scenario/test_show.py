"""What a script line may `show`: every panel of the debugger, and every metric of the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_nn.scenario import ScenarioError, load_scenario, preset_dir, schema
from tui_nn.scenario.panels import MICROSCOPES, PANELS, SHOWN_VIEWS


def load(folder: Path, *shown: str):
    """xor-mlp with a script that shows those."""
    before, *_ = (preset_dir() / "xor-mlp.toml").read_text(encoding="utf-8").split("[[script]]")
    path = folder / "shown.toml"
    path.write_text(before + "".join(f'[[script]]\nshow = "{name}"\n' for name in shown), encoding="utf-8")
    return load_scenario(path)


@pytest.mark.parametrize("name", [*PANELS, *SHOWN_VIEWS, "loss", "delta_norm.tanh_1"])
def test_every_panel_and_metric_may_be_shown(tmp_path, name: str):
    assert [line.show for line in load(tmp_path, name).script] == [name]


def test_an_unknown_one_is_told_what_there_is(tmp_path):
    """A slip of the fingers gets the nearest name, anything else the list, panels first; all of them at once."""
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, "weigths", "xyzzy", "detail")
    slip, other, detail = [problem.message for problem in caught.value.problems]
    assert slip == "unknown panel or metric 'weigths'; did you mean 'weights'?"
    assert other.startswith(f"unknown panel or metric 'xyzzy'; known: {', '.join(PANELS)}, loss, ")
    assert detail.startswith("unknown panel or metric 'detail'")


def test_an_unknown_view_is_told_those_there_are(tmp_path):
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, "optimizer: by hnad")
    assert caught.value.problems[0].message == (
        "unknown panel or metric 'optimizer: by hnad'; did you mean 'optimizer: by hand'?"
    )


def test_an_editor_offers_them():
    """Hover help of the schema names every panel and view, its examples every panel."""
    show = schema()["$defs"]["ScriptLine"]["properties"]["show"]
    assert all(name in show["description"] for name in (*PANELS, *SHOWN_VIEWS))
    assert show["anyOf"][0]["examples"] == list(PANELS)


def test_each_microscope_is_a_file():
    """Of its name, beside the other panels: a name without one would end the screen that shows it."""
    from tui_nn.tui.microscope import microscope

    assert [name for name in MICROSCOPES if not microscope(name).about] == []
