"""Questions in a script: what is accepted, and that what could not be asked is refused when the file is loaded."""

import pytest

from tests.scenario.test_errors import GOOD, report
from tests.table import over
from tui_nn.scenario import list_presets, load_scenario, schema
from tui_nn.scenario.change import changed, with_changes
from tui_nn.scenario.extends import OWN

# Lines of the report count from the first of these: they stand in the place of the script of GOOD.
QUESTION = """\
[[script]]
run = "20 iterations"
ask = { en = "Does it fall?", ko = "줄어듭니까?" }
choices = [
    { en = "Yes", ko = "예", when = "loss < loss@0" },
    { en = "No", ko = "아니요", when = "loss >= loss@0" },
]
change = { "optimizer.lr" = 0.1 }
at = "30 iterations"
because = "It is as it is."
"""
BEFORE, AFTER = GOOD.split('[[script]]\nrun = "20 iterations"\nshow = "curves"\n')
FIRST = BEFORE.count("\n")
WIDER = 'change = { "layers[0].units" = 40 }'
SIX = ", ".join(f'{{ en = "{n}", ko = "{n}", when = "loss < {n}" }}' for n in range(1, 7))

CHOICES = QUESTION[QUESTION.index("choices") : QUESTION.index("change")]
NO, HOLDS, LR = CHOICES.splitlines(keepends=True)[2], "loss < loss@0", '{ "optimizer.lr" = 0.1 }'

# id: (what is replaced by what, the problems; their lines counted from the question's first)
BAD = {
    "no choices": ({CHOICES: ""}, ["1:1 choices: a question needs 2 to 5 answers"]),
    "one choice": ({NO: ""}, ["4:11 choices: a question needs 2 to 5 answers"]),
    "six choices": ({CHOICES: f"choices = [{SIX}]\n"}, ["4:11 choices: got a list of 6; choices must have 5 entries or fewer"]),
    "choices of no question": (
        {'ask = { en = "Does it fall?", ko = "줄어듭니까?" }': ""},
        ["4:1 choices: choices belongs to a question", "8:1 change: change belongs", "9:1 at: at belongs", "10:1 because: because belongs"],
    ),
    "half a choice": ({', ko = "예"': ""}, ['5:5 choices[0].ko: missing; add ko = "..."']),
    "half a question": ({', ko = "줄어듭니까?"': ""}, ['3:1 ask.ko: missing; add ko = "..."']),
    "an empty question": ({'"Does it fall?"': '""'}, ["3:14 ask.en: 0 characters; ask has 1 to 300"]),
    "a long question": ({"Does it fall?": "x" * 301}, ["3:14 ask.en: 301 characters; ask has 1 to 300"]),
    "a long reason": ({"It is as it is.": "x" * 601}, ["10:11 because: 601 characters; because has 1 to 600"]),
    "an empty choice": ({'"Yes"': '""'}, ["5:12 choices[0].en: got ''; en must have at least 1 character"]),
    "a long choice": ({"Yes": "x" * 101}, ["5:12 choices[0].en: got 'x"]),
    "no condition": ({f', when = "{HOLDS}"': ""}, ["5:5 choices[0].when: missing; add when ="]),
    "a misspelt key": ({f'when = "{HOLDS}"': f'wehn = "{HOLDS}"'}, ["5:29 choices[0].wehn: unknown key 'wehn'; did you mean 'when'?"]),
    "a number": ({HOLDS: "loss"}, ["5:36 choices[0].when: 'loss' is a number; compare it"]),
    "half a comparison": ({HOLDS: "loss <"}, ["5:36 choices[0].when: "]),
    "a constant": ({HOLDS: "1 > 0"}, ["5:36 choices[0].when: reads nothing of the run"]),
    "an unknown metric": ({HOLDS: "los < 1"}, ["5:36 choices[0].when: unknown name 'los'; did you mean 'loss'?"]),
    "an index outside": ({HOLDS: "weight.dense_1[9,0] > 0"}, ["5:36 choices[0].when: [9,0] is outside weight.dense_1"]),
    "a slot that is not kept": (
        {LR: '{ "optimizer.type" = "sgd" }', HOLDS: "m.dense_1[0] > 0"}, ["5:36 choices[0].when: sgd keeps no m of a bias"]
    ),
    "the same answer": ({'"No"': '"Yes"'}, ["6:12 choices[1].en: the same as in choices[0]"]),
    "the same condition": ({"loss >= loss@0": HOLDS}, ["6:37 choices[1].when: the same as in choices[0]"]),
    "a change of nothing": ({"optimizer.lr": "optimiser.lr"}, ["8:29 change.'optimiser.lr': unknown key 'optimiser'; did you mean 'optimizer'?"]),
    "a value out of range": ({"= 0.1 }": "= -0.1 }"}, ["8:29 change.'optimizer.lr': got -0.1; lr must be greater than 0"]),
    "a change that cannot be trained": ({LR: '{ "layers[1].units" = 3 }'}, ["8:32 change.'layers[1].units': got 3; the last layer needs 1"]),
    "a change of the lesson": ({'"optimizer.lr" = 0.1': '"title" = "x"'}, ["8:22 change.title: title changes nothing that is trained"]),
    "a layer that the change takes away": (
        {LR: '{ "layers[0].activation" = "relu" }', HOLDS: "delta_norm.tanh_1 > 0"},
        ["5:36 choices[0].when: unknown name 'delta_norm.tanh_1'"],
    ),
    "no place": ({"30 iterations": "30 minutes"}, ["9:6 at: cannot read '30 minutes'"]),
    "about the twin": ({"run =": "twin = true\nrun ="}, ["2:8 twin: there is no network beside", "4:7 ask: the line looks at the network beside"]),
}  # fmt: skip


def written(folder, question: str = QUESTION):
    path = folder / "asked.toml"
    path.write_text(BEFORE + question + AFTER, encoding="utf-8")
    return path


def test_a_question_is_read(tmp_path):
    """With all its parts; a plain string stands for both languages."""
    (line,) = load_scenario(written(tmp_path)).script
    assert line.ask is not None
    assert line.because is not None
    assert (line.ask.en, line.ask.ko) == ("Does it fall?", "줄어듭니까?")
    assert [choice.when for choice in line.choices] == ["loss < loss@0", "loss >= loss@0"]
    assert line.change == {"optimizer.lr": 0.1}
    assert str(line.at) == "30 iterations"
    assert line.because.ko == "It is as it is."


@pytest.mark.parametrize("name", BAD)
def test_a_bad_question_is_refused_with_place_and_cure(name: str, tmp_path):
    edits, wanted = BAD[name]
    text = QUESTION
    for old, new in edits.items():
        assert old in text
        text = text.replace(old, new)
    problems = report(written(tmp_path, text))
    assert len(problems) == len(wanted), problems
    for problem, words in zip(problems, wanted, strict=True):
        place, _, rest = words.partition(" ")
        line, column = place.split(":")
        assert problem.split()[0] == f"{FIRST + int(line)}:{column}", problem
        assert problem.split(maxsplit=1)[1].startswith(f"script[0].{rest}"), problem


def test_names_are_those_of_the_run_that_is_asked(tmp_path):
    """A wider layer has a weight that the scenario itself has not; without the change it is outside."""
    condition = "weight.dense_1[39,0] > 0"
    wider = QUESTION.replace('change = { "optimizer.lr" = 0.1 }', WIDER).replace("loss < loss@0", condition)
    assert load_scenario(written(tmp_path, wider)).script[0].choices[0].when == condition
    assert "[39,0] is outside" in report(written(tmp_path, wider.replace(WIDER, "")))[0]


def test_dotted_keys_are_settings_too(tmp_path):
    """change.optimizer.lr = 0.1 is what TOML makes of a key without quotes."""
    text = QUESTION.replace('change = { "optimizer.lr" = 0.1 }', "change.optimizer.lr = 0.1")
    scenario = load_scenario(written(tmp_path, text))
    assert with_changes(scenario, scenario.script[0].change).optimizer.lr == 0.1


def test_a_fault_of_the_file_is_told_once(tmp_path):
    """It is in the changed scenario as well, but the question does not bring it in."""
    path = written(tmp_path)
    path.write_text(path.read_text().replace('batch_size = "full"', "batch_size = 9"))
    (problem,) = report(path)
    assert "data.batch_size: got 9" in problem


def test_an_override_that_makes_a_question_void_leaves_it_out(tmp_path):
    """As it does with any line: the rest plays on."""
    text = QUESTION.replace("loss < loss@0", "delta_norm.tanh_1 > 0")
    scenario = load_scenario(written(tmp_path, text), ["layers[0].activation=relu"])
    assert scenario.script == ()
    assert "script[0]" in scenario.remarks[0]


@over([preset.id for preset in list_presets()])
def test_no_change_gives_the_same_run(preset: str):
    """What the scenario is made of again is what its file has made: every table and every number of it."""
    scenario = load_scenario(preset)
    again = with_changes(scenario, {})
    for key in type(scenario).model_fields:
        if key not in OWN:
            assert getattr(again, key) == getattr(scenario, key), key


def test_a_change_is_what_an_override_is():
    """The same settings by --set, with the keys dropped that a new word makes void."""
    settings = {"optimizer.type": "sgd", "optimizer.lr": 0.2, "layers[0:2].init": "zeros", "seed": 5}
    options = ["optimizer.type=sgd", "optimizer.lr=0.2", "layers[0:2].init=zeros", "seed=5"]
    given, wanted = with_changes(load_scenario("xor-mlp"), settings), load_scenario("xor-mlp", options)
    assert (given.optimizer, given.seed, given.layers) == (wanted.optimizer, wanted.seed, wanted.layers)


def test_what_cannot_be_changed_is_said_and_gives_nothing():
    result = changed(load_scenario("xor-mlp"), {"layers[9].units": 3, "optimizer.lr": -1.0})
    assert result.scenario is None
    assert [fault.path for fault in result.faults] == [("change", "layers[9].units"), ("change", "optimizer.lr")]


def test_an_editor_is_told_what_belongs_together():
    """Two to five choices, each with both languages and a condition, and none of it without a question."""
    tables = schema()["$defs"]
    line, choice = tables["ScriptLine"], tables["Choice"]
    assert (line["properties"]["choices"]["minItems"], line["properties"]["choices"]["maxItems"]) == (2, 5)
    assert choice["required"] == ["en", "ko", "when"]
    assert line["dependentRequired"]["ask"] == ["choices"]
    assert all(line["dependentRequired"][key] == ["ask"] for key in ("choices", "change", "at", "because"))
