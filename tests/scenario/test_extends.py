"""A file laid over another: what it inherits, what it changes, and where faults are reported."""

from pathlib import Path

import pytest

from tui_nn.scenario import Scenario, ScenarioError, beside, differences, extends, load_scenario
from tui_nn.scenario.difference import Difference
from tui_nn.scenario.extends import MAX_DEPTH
from tui_nn.scenario.presets import preset_dir

BASE = """id = "base"
title = "Base"
seed = 3
tags = ["one"]
twin = "xor-mlp"
summary = "The base."
lesson = "A lesson."

[data]
source = "linear"
samples = 20
slope = 3.0

[[layers]]
type = "dense"
units = 4
activation = "tanh"
init = "normal"
init_std = 0.5

[[layers]]
type = "dense"
units = 1

[loss]
type = "mse"

[optimizer]
type = "momentum"
lr = 0.1
momentum = 0.8

[train]
iterations = 50

[[script]]
run = "5 iterations"

[[expect]]
at = "end"
that = "loss < 100"
"""
HEAD = 'id = "child"\ntitle = "Child"\nextends = "base.toml"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "base.toml").write_text(BASE)
    return tmp_path


def child(folder: Path, body: str = "", name: str = "child.toml", head: str = HEAD) -> Path:
    path = folder / name
    path.write_text(head + body)
    return path


def report(path: Path, *overrides: str) -> list[str]:
    """Every problem; those of a file below after the file's name."""
    with pytest.raises(ScenarioError) as error:
        load_scenario(path, overrides)
    return [f"{Path(p.source).name + ' ' if p.source else ''}{p}" for p in error.value.problems]


def changed(first: Scenario, second: Scenario) -> list[str]:
    return [str(one) for one in differences(first, second)]


def test_what_a_run_is_made_of_is_inherited_and_what_a_scenario_says_of_itself_is_not(folder: Path):
    base, scenario = load_scenario(folder / "base.toml"), load_scenario(child(folder))
    assert differences(base, scenario) == []
    assert scenario.seed == 3
    assert (scenario.id, scenario.title, scenario.tags, scenario.twin) == ("child", "Child", (), None)
    assert (scenario.summary.en, scenario.lesson.en, scenario.script, scenario.expect) == ("", "", (), ())


def test_tables_merge_key_by_key_and_lists_are_replaced(folder: Path):
    body = '[data]\nsamples = 30\n[[layers]]\ntype = "dense"\nunits = 1\n[train]\nepochs = 4\n'
    base, scenario = load_scenario(folder / "base.toml"), load_scenario(child(folder, body))
    assert changed(base, scenario) == [
        "data.samples: 20 → 30", "layers: dense 4 tanh, dense 1 → dense 1", "train.iterations: 50 → (none)", "train.epochs: (none) → 4",
    ]  # fmt: skip


def test_a_new_word_takes_away_what_only_the_old_one_knew(folder: Path):
    """As with --set: Adam has no momentum, and he_normal has no init_std."""
    body = '[optimizer]\ntype = "adam"\nbeta1 = 0.5\n[change]\n"layers[0].init" = "he_normal"\n'
    base, scenario = load_scenario(folder / "base.toml"), load_scenario(child(folder, body))
    assert changed(base, scenario) == [
        "layers[0].init: normal → he_normal", "layers[0].init_std: 0.5 → 1", "optimizer.type: momentum → adam",
        "optimizer.momentum: 0.8 → (none)", "optimizer.beta1: (none) → 0.5",
    ]  # fmt: skip


@pytest.mark.parametrize("key", ['"optimizer.lr" = 0.02', "optimizer.lr = 0.02", "[change.optimizer]\nlr = 0.02"])
def test_a_change_may_be_written_as_toml_writes_dots(folder: Path, key: str):
    base, scenario = load_scenario(folder / "base.toml"), load_scenario(child(folder, f"[change]\n{key}\n"))
    assert changed(base, scenario) == ["optimizer.lr: 0.1 → 0.02"]


def test_a_change_is_what_the_command_line_would_do(folder: Path):
    body = '[change]\n"layers[0:2].units" = 1\n"optimizer.type" = "sgd"\n'
    options = ("layers[0:2].units=1", "optimizer.type=sgd")
    assert differences(load_scenario(child(folder, body)), load_scenario(folder / "base.toml", options)) == []


def test_a_chain_is_laid_down_from_its_end(folder: Path):
    child(folder, "seed = 5\n[optimizer]\nlr = 0.2\n", "middle.toml")
    top = child(folder, "[change]\noptimizer.momentum = 0.5\n", head=HEAD.replace("base.toml", "middle.toml"))
    base, scenario = load_scenario(folder / "base.toml"), load_scenario(top, ["optimizer.lr=0.3"])
    assert changed(base, scenario) == ["seed: 3 → 5", "optimizer.lr: 0.1 → 0.3", "optimizer.momentum: 0.8 → 0.5"]


def test_a_preset_can_be_extended_from_anywhere(folder: Path):
    path = child(folder, "[change]\noptimizer.lr = 0.5\n", head='id = "mine"\ntitle = "Mine"\nextends = "dead-relu"\n')
    assert changed(load_scenario("dead-relu"), load_scenario(path)) == ["optimizer.lr: 9 → 0.5"]
    assert beside(path, "dead-relu") == preset_dir() / "dead-relu.toml"
    assert beside(path, "base.toml") == folder / "base.toml"


FAULTS = {
    "own table": ('[optimizer]\nlr = -1\n', ["5:6    optimizer.lr: got -1; lr must be greater than 0"]),
    "own change": (
        '[change]\n"optimizer.lr" = -1\n"layers[1].activation" = "rleu"\n',
        ["5:18   optimizer.lr: got -1; lr must be greater than 0",
         "6:26   layers[1].activation: unknown activation 'rleu'; did you mean 'relu'?"],
    ),
    "a change of nothing": (
        '[change]\n"layers[7].units" = 3\n"title" = "T"\n"optimzer.lr" = 1\n',
        ["5:21   change.'layers[7].units': layers has 2 entries, counted from 0; there is no [7]",
         "6:11   change.title: title is not inherited; write it at the top of this file",
         "7:17   change.'optimzer.lr': unknown key 'optimzer'; did you mean 'optimizer'?"],
    ),
    "a change that is no table": ("change = 3\n", ["4:10   change: got 3; change must be a table"]),
    "what only meets in both": (
        "[data]\nbatch_size = 64\n",
        ["5:14   data.batch_size: got 64; there are 20 training samples: use at most 20, or \"full\" for all of them"],
    ),
    "the base alone is right": (
        'loss.type = "sparse_categorical_cross_entropy"\n', ["4:13   loss.type: "],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_reported_where_it_is_written(folder: Path, name: str):
    body, problems = FAULTS[name]
    found = report(child(folder, body))
    assert len(found) == len(problems)
    for one, expected in zip(found, problems, strict=True):
        assert one == expected if not expected.endswith(": ") else one.startswith(expected)


def test_the_base_is_blamed_for_its_own_faults_and_all_are_told_at_once(folder: Path):
    """Lines and columns are those of the file named; what is wrong with the base's lesson concerns only the base."""
    bad = BASE.replace("lr = 0.1", "lr = -0.1").replace('"tanh"', '"tanhh"').replace("loss < 100", "loss <")
    (folder / "base.toml").write_text(bad)
    path = child(folder, "[train]\niterations = 0\n")
    assert report(path) == [
        "5:14   train.iterations: got 0; iterations must be 1 or more",
        "base.toml 17:14  layers[0].activation: unknown activation 'tanhh'; did you mean 'tanh'?",
        "base.toml 30:6   optimizer.lr: got -0.1; lr must be greater than 0",
    ]
    with pytest.raises(ScenarioError, match=r"(?s)child.toml: 1 problem.*base.toml \(which .*child.toml extends\): 2 problems"):  # fmt: skip
        load_scenario(path)


def test_a_fault_of_the_base_may_be_cured_from_above(folder: Path):
    (folder / "base.toml").write_text(BASE.replace("lr = 0.1", "lr = -0.1"))
    assert load_scenario(child(folder, "[optimizer]\nlr = 0.1\n")).optimizer.lr == 0.1


def test_what_an_inherited_table_no_longer_fits_is_laid_at_the_extending_file(folder: Path):
    """The base is sound; its batch of 20 does not fit the four samples that were put under it."""
    (folder / "base.toml").write_text(BASE.replace("samples = 20", "samples = 20\nbatch_size = 20"))
    (problem,) = report(child(folder, '[change]\n"data.samples" = 4\n'))
    assert problem.startswith("5:18   data.batch_size: got 20; there are 4 training samples")


def test_an_override_is_blamed_before_any_file(folder: Path):
    assert report(child(folder), "optimizer.lr=-1") == ["--set optimizer.lr=-1: got -1; lr must be greater than 0"]


UNFIT = 'name a preset, like "xor-mlp", or a file in the same folder, like "mine.toml"'
REFUSED = [
    "../base.toml", "/etc/passwd", "sub/base.toml", "..\\\\base.toml", "C:base.toml", "https://example.org/x.toml", "file:///x.toml",
    "base", "Base.TOML", "a\\u001bb.toml", "", "~/base.toml",
]  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("key", ["extends", "twin"])
def test_a_strangers_file_names_no_place_but_its_own_folder(folder: Path, key: str, name: str):
    """No folder, no drive, no address: for `extends` nothing is even opened."""
    (folder.parent / "base.toml").write_text(BASE)
    (folder / "sub").mkdir()
    (folder / "sub" / "base.toml").write_text(BASE)
    path = folder / "child.toml"
    path.write_text(f'{key} = "{name}"\n' + (BASE.replace('twin = "xor-mlp"\n', "")))
    if name == "base":  # well formed: a preset that there is not
        if key == "extends":
            assert report(path) == ["1:11   extends: unknown preset 'base'; did you mean the file 'base.toml'?"]
        else:
            with pytest.raises(ScenarioError, match=r"did you mean the file 'base\.toml'"):
                beside(path, load_scenario(path).twin or "")
        return
    (problem,) = report(path)
    assert problem.startswith("1:")
    assert problem.endswith(UNFIT)


def test_a_base_that_cannot_be_had_is_told_with_what_else_is_known(folder: Path):
    path = child(folder, "lesson = 3\n[optimizer]\nlr = 1\n", head=HEAD.replace("base", "gone"))
    assert report(path) == [
        "3:11   extends: no file 'gone.toml' in the folder of this one; create it or name a preset",
        "4:10   lesson: got 3; lesson must be text, or a table with en and ko",
    ]
    path = child(folder, head=HEAD.replace("base.toml", "dead-rely"))
    assert report(path) == ["3:11   extends: unknown preset 'dead-rely'; did you mean 'dead-relu'?"]


def test_a_base_that_is_no_toml_or_too_large(folder: Path):
    path = child(folder)
    (folder / "base.toml").write_text("a = \n")
    (problem,) = report(path)
    assert problem.startswith("base.toml 1:5")
    (folder / "base.toml").write_text(BASE + "#" * 1_000_000)
    (problem,) = report(path)
    assert problem.startswith("base.toml more than 1,000 kB")


def test_circles_and_towers_are_refused(folder: Path):
    circle = child(folder, head=HEAD.replace("base", "child"))
    assert report(circle) == ["3:11   extends: 'child.toml' extends, in the end, itself; let one of them stand alone"]
    for k in range(MAX_DEPTH + 1):
        below = "base.toml" if k == 0 else f"s{k - 1}.toml"
        child(folder, name=f"s{k}.toml", head=HEAD.replace("base.toml", below))
    assert load_scenario(folder / f"s{MAX_DEPTH - 1}.toml").seed == 3
    (problem,) = report(folder / f"s{MAX_DEPTH}.toml")
    assert (
        problem == f"s0.toml 3:11   extends: more than {MAX_DEPTH} files below one another; let one of them stand alone"
    )


def test_a_base_names_its_own_base_by_the_same_rules(folder: Path):
    (folder / "base.toml").write_text(HEAD.replace("base.toml", "/etc/hosts"))
    (problem,) = report(child(folder))
    assert problem.startswith("base.toml 3:11   extends: got '/etc/hosts'; ")


def test_changes_are_counted(folder: Path, monkeypatch: pytest.MonkeyPatch):
    """Ranges make many of one line: a small file must not keep the program busy."""
    monkeypatch.setattr(extends, "MAX_CHANGES", 3)
    path = child(folder, '[change]\n"layers[0:2].units" = 1\n"layers[0:2].bias_init" = 1\n')
    assert report(path) == ["6:27   change.'layers[0:2].bias_init': more than 3 changes; write the tables instead"]


def test_a_change_needs_something_to_change(tmp_path: Path):
    path = tmp_path / "alone.toml"
    path.write_text(BASE + "[change]\noptimizer.lr = 1\n")
    assert report(path) == [
        '42:1   change: nothing to change; add extends = "...", the scenario whose settings these are'
    ]


def test_a_difference_says_what_the_layers_are():
    """A list is written out where it is short; layers that repeat, alone or in blocks, are counted."""

    def said(first: list, second: list, key: str = "layers") -> str:
        return str(Difference((key,), first, second))

    def dense(units: int, activation: str = "linear") -> dict:
        return {"type": "dense", "units": units, "activation": activation}

    norm = {"type": "batch_norm", "activation": "relu"}
    assert said([dense(16, "tanh")] * 3 + [dense(1)], [dense(1)]) == "layers: 3 × dense 16 tanh, dense 1 → dense 1"
    blocks = [dense(8), norm] * 10 + [dense(1)]
    assert said(blocks, [dense(1)]) == "layers: 10 × (dense 8, batch_norm relu), dense 1 → dense 1"
    assert said([[0.2]], [[0.3, 1.0]], "weights") == "weights: [[0.2]] → [[0.3, 1]]"
    many = [dense(n) for n in range(1, 41)]
    assert said(many, list(range(100)), "x") == "x: 40 layers → 100 entries"
