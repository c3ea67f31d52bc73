"""Loading: presets, overrides, names, schema, and that random damage is always reported, never a crash."""

import json
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.table import over
from tui_nn.scenario import (
    Amount,
    Scenario,
    ScenarioError,
    list_presets,
    load_scenario,
    preset_dir,
    schema,
    write_schema,
)
from tui_nn.scenario.amount import parse_amount, parse_goal

PRESETS = [preset.id for preset in list_presets()]


def test_the_first_presets_are_there_in_order():
    """The gallery's order is the files' own; ties go by id."""
    assert {"digits-dnn", "zero-init", "lr-too-large", "xor-mlp"} <= set(PRESETS)
    orders = [(preset.order, preset.id) for preset in list_presets()]
    assert orders == sorted(orders)
    assert PRESETS[0] == "digits-dnn"


@over(PRESETS)
def test_preset_loads_and_is_complete(preset_id):
    """Valid, named as its file, in both languages, with a script and expectations, and an editor finds its schema."""
    scenario = load_scenario(preset_id)
    path = preset_dir() / f"{preset_id}.toml"
    assert scenario.id == preset_id
    assert load_scenario(path) == scenario
    assert path.read_text(encoding="utf-8").startswith("#:schema ./scenario.schema.json\n# Teaches: ")
    for text in (scenario.summary, scenario.lesson):
        assert text.en
        assert any("HANGUL" in unicodedata.name(letter, "") for letter in text.ko)
    assert scenario.script
    assert scenario.expect


def test_list_survives_a_broken_preset(tmp_path, monkeypatch):
    """One bad file costs its own row's title, not the gallery."""
    from tui_nn.scenario import presets

    (tmp_path / "good.toml").write_text('title = "Good"\nsummary = "S"\norder = 2', encoding="utf-8")
    (tmp_path / "odd.toml").write_text("title = 3\nsummary = []\ntags = 4\norder = 'x'", encoding="utf-8")
    (tmp_path / "syntax.toml").write_text("title = ", encoding="utf-8")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "deep.toml").write_text("a = " + "[" * 5000)
    monkeypatch.setattr(presets, "preset_dir", lambda: tmp_path)
    rows = {row.id: row for row in presets.list_presets()}
    assert (rows["good"].title, rows["good"].summary) == ("Good", {"en": "S", "ko": "S"})
    assert rows["odd"].order == 1000
    assert "Invalid value" in (rows["syntax"].error or "")
    assert rows["bytes"].error
    assert rows["deep"].error
    assert next(iter(rows)) == "good"


def test_listing_needs_neither_pydantic_nor_numpy():
    """In a fresh interpreter: the gallery costs TOML only, and loading costs no NumPy, Numba or Textual."""
    code = (
        "import sys; from tui_nn.scenario import list_presets, ScenarioError, ExpressionError;"
        "rows = list_presets(); heavy = {'pydantic', 'numpy', 'numba', 'textual', 'tree_sitter'};"
        "print(sorted(heavy & set(sys.modules)));"
        "from tui_nn.scenario import load_scenario; load_scenario(rows[0].id); print(sorted(heavy & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "['pydantic']"]


def test_scenario_cannot_be_changed():
    """Frozen all the way down: every front end may share one."""
    scenario = load_scenario("xor-mlp")
    with pytest.raises(ValueError, match="frozen"):
        scenario.seed = 1  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        scenario.layers[0].units = 1  # type: ignore[misc]
    assert isinstance(scenario.layers, tuple)


def test_layers_are_numbered_by_kind_in_forward_order(tmp_path):
    """Each kind counts for itself, linear has no row, and an own name stands in for the number."""
    path = tmp_path / "a.toml"
    path.write_text(
        'id = "a"\ntitle = "A"\ndata = { source = "xor" }\nlayers = [{ type = "dense", units = 1 }]\n'
        'loss = { type = "mse" }\noptimizer = { type = "adam", lr = 0.05, beta1 = 0.8 }\ntrain = { iterations = 9 }\n',
        encoding="utf-8",
    )
    sgd = load_scenario(path, ["optimizer.type=sgd"])
    assert sgd.optimizer.model_dump(exclude_defaults=True) == {"type": "sgd", "lr": 0.05}
    momentum = load_scenario(path, ["optimizer.momentum=0.5", "optimizer.type=momentum"])
    assert momentum.optimizer.model_dump(exclude_defaults=True) == {"type": "momentum", "lr": 0.05, "momentum": 0.5}
    assert load_scenario(path, ["train.epochs=3"]).train.model_dump() == {"iterations": None, "epochs": 3}
    with pytest.raises(ScenarioError, match=r"--set train.iterations=3: has both iterations and epochs; keep one"):
        load_scenario(path, ["train.epochs=3", "train.iterations=3"])


BAD_OVERRIDES = {
    "seed": "write KEY=VALUE, like optimizer.lr=0.1",
    "optimizer.lr=-1": "got -1; lr must be greater than 0",
    "optimizer.lrr=1": "unknown key 'lrr'; did you mean 'lr'?",
    "optimzer.lr=1": "unknown key 'optimzer'; did you mean 'optimizer'?",
    "layers[9].units=3": "layers has 2 entries, counted from 0; there is no [9]",
    "layers.units=3": "layers is not a table; say which, like layers[0]",
    "seed.x=3": "seed is not a table; set seed itself",
    "loss[0]=3": "loss is not a list; leave out [0]",
    "x y=3": "cannot read the key 'x y'; write it like optimizer.lr or layers[0].units",
    "=3": "cannot read the key ''; write it like optimizer.lr or layers[0].units",
    "layers[0].activation=rleu": "unknown activation 'rleu'; did you mean 'relu'?",
    "data.batch_size=64": 'got 64; there are 4 training samples: use at most 4, or "full" for all of them',
    "expect=[{at='end', that='los < 1'}]": "unknown name 'los'; did you mean 'loss'? (column 1 of the condition)",
    "seed=" + "9" * 5000: "5005 characters; an override has at most 1000",
    "seed=1\ntitle = 'x'": "got \"1\\ntitle = 'x'\"; seed must be a whole number",
}


@pytest.mark.parametrize("option", BAD_OVERRIDES)
def test_bad_override_names_the_option_not_a_line(option):
    """The file is not at fault, so no line is named."""
    with pytest.raises(ScenarioError) as caught:
        load_scenario("xor-mlp", [option])
    (problem,) = caught.value.problems
    assert problem.line is None
    assert problem.key.startswith("--set ")
    assert problem.message == BAD_OVERRIDES[option]


def test_an_override_may_bring_a_table_that_the_file_lacks():
    """clip looks like a misspelt script, which the file has; it is a word of the format all the same."""
    assert load_scenario("xor-mlp").clip is None
    clip = load_scenario("xor-mlp", ["clip.norm=1"]).clip
    assert clip is not None
    assert clip.norm == 1.0


def test_korean_is_joined_and_text_may_be_plain(tmp_path):
    """Loose jamo become syllables (NFC); a plain string stands for both languages."""
    loose = unicodedata.normalize("NFD", "손실")
    path = tmp_path / "a.toml"
    text = (preset_dir() / "xor-mlp.toml").read_text(encoding="utf-8")
    head = f'id = "a"\ntitle = "A"\nsummary = "plain"\nlesson = {{ en = "x", ko = "{loose}" }}\n'
    body = text[text.index("[data]") :]
    before, after = body[: body.index("[lesson]")], body[body.index("[[script]]") :]
    path.write_text(head + before + after, encoding="utf-8")
    scenario = load_scenario(path)
    assert scenario.lesson.ko == "손실"
    assert (scenario.summary.en, scenario.summary.ko) == ("plain", "plain")


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("20 iterations", (20, "iteration")),
        ("1 op", (1, "op")),
        ("3 epochs", (3, "epoch")),
        (" 1  epoch ", (1, "epoch")),
    ],
)
def test_amounts_are_read(text, amount):
    """A number and a unit, singular or plural."""
    assert parse_amount(text) == Amount(*amount)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("iteration 500", (500, "iteration")),
        ("500 iterations", (500, "iteration")),
        ("epoch 3", (3, "epoch")),
        ("start", (0, "iteration")),
        ("end", (0, "end")),
        ("0 iterations", (0, "iteration")),
    ],
)
def test_goals_are_read(text, amount):
    """A place in the run, by name or by distance from the start; written out it is read back the same."""
    goal = parse_goal(text)
    assert goal == Amount(*amount)
    assert parse_goal(str(goal)) == goal


@pytest.mark.parametrize(
    "text", ["", "20", "iterations", "0 iterations", "-1 ops", "1.5 epochs", "99999999 ops", "20 minutes", "end"]
)
def test_amounts_that_cannot_be_read(text):
    """ValueError with an example of what can."""
    with pytest.raises(ValueError, match=r"iterations|from 1 to"):
        parse_amount(text)


@pytest.mark.parametrize("text", ["", "3 ops", "iteration", "iteration -1", "middle", "99999999 epochs"])
def test_goals_that_cannot_be_read(text):
    """The same for places; ops do not name one."""
    with pytest.raises(ValueError, match=r"epoch 3|from 0 to"):
        parse_goal(text)


def test_schema_beside_the_presets_is_the_model(tmp_path):
    """The committed file is what write_schema writes: python -c "from tui_nn.scenario import *; write_schema(...)"."""
    write_schema(tmp_path / "scenario.schema.json")
    committed = (preset_dir() / "scenario.schema.json").read_bytes()
    assert committed == (tmp_path / "scenario.schema.json").read_bytes()
    assert json.loads(committed) == schema()


def test_every_key_has_hover_help():
    """An editor can explain each key, and each kind of table."""
    made = schema()
    for name, table in {"Scenario": made, **made["$defs"]}.items():
        assert table.get("description"), name
        for key, field in table["properties"].items():
            assert field.get("description") or "$ref" in field, f"{name}.{key}"


def test_a_scenario_survives_json():
    """Dumped as JSON and validated again, nothing is lost: amounts are written as words."""
    scenario = load_scenario("digits-dnn")
    data = json.loads(scenario.model_dump_json(exclude_none=True))
    assert data["script"][0]["step"] == str(scenario.script[0].step)
    assert Scenario.model_validate(data) == scenario


LINES = (preset_dir() / "digits-dnn.toml").read_text(encoding="utf-8").splitlines()
SPLICES = st.sampled_from(
    ["", "[[layers]]", "[data]", "[layers]", "units = -1", "lr = 1e999", "x = 1", "type = 3", "[data.x]", "= ", '"', "]", "[[", "{",
     "data = 3", "activation = ['a']", "seed = 99999999999999999999", "script = [{}, 3, {run = 3}]", "expect = [[]]", "\u001b", "\0",
     "batch_size = 1.5", "source = {}", "a.b.c = 1", "data.source = 1979-05-27", "that = 'min('", "title = '''", "tags = [1, []]",
     "[optimizer.type]", "[[optimizer]]", "type = []", "train = []", "layers = [1, {}, []]", "summary = {en = 3}",
     'extends = "xor-mlp"', "extends = []", "change = {layers = {a = 1}, data = []}", "[change.optimizer]"]
)  # fmt: skip


def refusal(path: Path) -> ScenarioError | None:
    """The report on a file, or None if it loads. Anything else that is raised fails the test."""
    try:
        load_scenario(path)
    except ScenarioError as error:
        return error
    return None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, len(LINES)), st.integers(0, 3), SPLICES), min_size=1, max_size=5))
def test_damaged_presets_load_or_are_scenario_errors(tmp_path, damage):
    """Lines lost, doubled or replaced by nonsense: a scenario or a report, and the report prints on one line a problem."""
    lines = list(LINES)
    for at, lost, new in damage:
        lines[at : at + lost] = [new]
    path = tmp_path / "damaged.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    error = refusal(path)
    assert error is None or len(str(error).splitlines()) == 1 + len(error.problems) > 1
    assert all(line.isprintable() for line in str(error).splitlines())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 3000), st.binary(max_size=3)), min_size=1, max_size=8))
def test_damaged_bytes_load_or_are_scenario_errors(tmp_path, damage):
    """The same with bytes replaced at random."""
    content = bytearray("\n".join(LINES).encode())
    for at, new in damage:
        content[at : at + len(new)] = new
    path = tmp_path / "damaged.toml"
    path.write_bytes(content)
    error = refusal(path)
    assert error is None or error.problems
    assert all(line.isprintable() for line in str(error).splitlines())


def test_lines_about_what_an_override_took_away_are_left_out_with_a_remark():
    """Without validation there is no val_accuracy to expect: the run opens all the same, and says what is missing."""
    whole, cut = load_scenario("digits-dnn"), load_scenario("digits-dnn", ["data.validation=0"])
    kept = [line.that for line in cut.expect]
    assert kept == [line.that for line in whole.expect if "val_" not in line.that]
    assert len(cut.expect) < len(whole.expect)
    assert "expect[" in cut.remarks[0]
    assert whole.remarks == ()
    with pytest.raises(ScenarioError, match="unknown name 'foo'"):
        load_scenario("digits-dnn", ["data.validation=0", "expect[0].that=foo > 1"])


def test_another_init_drops_the_old_ones_setting(tmp_path):
    """init_std belongs to "normal": choosing another init from the command line must not trip over it."""
    path = tmp_path / "a.toml"
    path.write_text(
        'id = "a"\ntitle = "A"\ndata = { source = "xor" }\n'
        'layers = [{ type = "dense", units = 1, init = "normal", init_std = 0.5 }]\n'
        'loss = { type = "mse" }\noptimizer = { type = "sgd", lr = 0.1 }\ntrain = { iterations = 9 }\n',
        encoding="utf-8",
    )
    layer = load_scenario(path, ["layers[0].init=zeros"]).layers[0]
    assert layer.type == "dense"
    assert layer.init == "zeros"


def test_listing_reads_a_head_and_falls_back_to_the_whole(tmp_path, monkeypatch):
    """What stands behind the first table does not cost the row, unless the row's own words stand there."""
    from tui_nn.scenario import presets

    head = 'title = "T"\norder = 3\n[summary]\nen = "E"\nko = "K"\n'
    (tmp_path / "early.toml").write_text(head + "[data]\nthis is not read", encoding="utf-8")
    (tmp_path / "late.toml").write_text('title = "T"\norder = 3\n[data]\na = 1\n[summary]\nen = "E"\nko = "K"\n')
    (tmp_path / "cut.toml").write_text('note = """\n[x] in a text\n"""\n' + head + "[data]\na = 1\n")
    monkeypatch.setattr(presets, "preset_dir", lambda: tmp_path)
    rows = presets.list_presets()
    assert [row.id for row in rows] == ["cut", "early", "late"]
    assert {(row.title, row.order, row.summary["ko"], row.error) for row in rows} == {("T", 3, "K", None)}
