"""`beside`: several runs opened together. What it may name, what is not inherited, and lines that turn to one of them."""

from pathlib import Path

import pytest

from tests.race import write_race
from tui_nn.debugger.script import script_lines
from tui_nn.scenario import ScenarioError, differences, load_scenario, load_twin

HEAD = 'id = "mine"\ntitle = "Mine"\nextends = "xor-mlp"\n'


def problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "mine.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    return [str(problem).strip() for problem in str(caught.value).splitlines()[1:]]


def test_what_is_opened_beside_it_is_the_twin_first_and_each_once(tmp_path: Path):
    path = tmp_path / "mine.toml"
    path.write_text(HEAD + 'twin = "b.toml"\nbeside = ["a.toml", "zero-init"]\n')
    assert load_scenario(path).companions == ("b.toml", "a.toml", "zero-init")
    assert load_scenario("zero-init").companions == ("zero-init-cured",)
    assert load_scenario("zero-init-cured").companions == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("beside = []", "must have at least 1 entry"),
        ('beside = ["a.toml", "b.toml", "c.toml", "d.toml", "e.toml", "f.toml"]', "must have 5 entries or fewer"),
        ('beside = ["../a.toml"]', "name a preset"),
        ('beside = "zero-init"', "beside"),
        ('beside = ["a.toml", "a.toml"]', "'a.toml' is already opened; name each other run once"),
        ('twin = "a.toml"\nbeside = ["a.toml"]', "'a.toml' is already opened"),
        ('beside = ["mine"]', "'mine' is this scenario itself"),
    ],
)
def test_it_names_one_to_five_others_once_each(tmp_path: Path, text: str, words: str):
    (problem,) = problems(tmp_path, text + "\n")
    assert words in problem
    assert problem.startswith(("4:", "5:"))


def test_it_is_nobodys_inheritance(tmp_path: Path):
    """As a twin is: the second file of the race would otherwise open all five beside itself."""
    race = write_race(tmp_path)
    child = tmp_path / "child.toml"
    child.write_text('id = "child"\ntitle = "Child"\nextends = "race.toml"\n', encoding="utf-8")
    assert len(load_scenario(race).companions) == 4
    assert load_scenario(child).companions == ()
    assert differences(load_scenario(race), load_scenario(child)) == []
    child.write_text('id = "child"\ntitle = "Child"\nextends = "race.toml"\n[change]\nbeside = ["zero-init"]\n')
    with pytest.raises(ScenarioError, match="beside is not inherited"):
        load_scenario(child)


def test_overrides_are_made_on_each_but_where_it_differs(tmp_path: Path):
    race = write_race(tmp_path)
    overrides = ["seed=3", "optimizer.lr=0.2", 'beside=["zero-init"]']
    adam, left_out = load_twin(str(race), "race-adam.toml", overrides)
    assert left_out == ("optimizer.lr=0.2", 'beside=["zero-init"]')
    assert (adam.seed, adam.optimizer.lr) == (3, 0.1)  # type: ignore[union-attr]


def test_a_line_turns_to_one_by_name(tmp_path: Path):
    """true is the first; the scenario's own id and false lead back; lines in between stay where they are."""
    lines = ["run = \"1 epoch\"", 'twin = "race-adam.toml"', 'show = "loss"', "twin = true", 'twin = "race"', "twin = true", "twin = false"]  # fmt: skip
    scenario = load_scenario(write_race(tmp_path, "".join(f"[[script]]\n{line}\n" for line in lines)))
    turned = [line.network for line in script_lines(scenario.script, scenario.id, scenario.companions)]
    first = "race-momentum.toml"
    assert turned == ["", "race-adam.toml", "race-adam.toml", first, "", first, ""]


def test_a_line_that_turns_to_a_stranger_is_told_who_there_is(tmp_path: Path):
    script = 'beside = ["zero-init", "dropout"]\n[[script]]\ntwin = "zero-int"\n[[script]]\ntwin = 3\n'
    wrong_type = problems(tmp_path, script)
    assert any("script[1].twin: got 3; name a preset" in problem for problem in wrong_type)
    stranger = problems(tmp_path, script.replace("twin = 3", "twin = false"))
    assert stranger == ["6:8    script[0].twin: unknown network beside this one 'zero-int'; did you mean 'zero-init'?"]
