"""Bad scenario files: each is refused with place, value and cure, all faults at once, and never with a traceback."""

import os
import sys

import pytest

from tui_nn.scenario import ScenarioError, load_scenario
from tui_nn.scenario.errors import Problem

# Line numbers below count in this text.
GOOD = """\
id = "good"
title = "Good"
seed = 7

[data]
source = "xor"
batch_size = "full"

[[layers]]
type = "dense"
units = 4
activation = "tanh"

[[layers]]
type = "dense"
units = 1

[loss]
type = "binary_cross_entropy"

[optimizer]
type = "adam"
lr = 0.05

[train]
iterations = 500

[[script]]
run = "20 iterations"
show = "curves"

[[expect]]
at = "end"
that = "loss < 0.1"
"""

# id: (what to replace, by what, the problems as they are printed)
BAD = {
    "unknown activation": ('"tanh"', '"tahn"', ["12:14  layers[0].activation: unknown activation 'tahn'; did you mean 'tanh'?"]),
    "unknown key": ("units = 4", "unit = 4", ["11:1   layers[0].unit: unknown key 'unit'; did you mean 'units'?"]),
    "negative lr": ("0.05", "-0.1", ["23:6   optimizer.lr: got -0.1; lr must be greater than 0"]),
    "nan": ("0.05", "nan", ["23:6   optimizer.lr: got nan; lr must be a finite number"]),
    "infinity": ("0.05", "inf", ["23:6   optimizer.lr: got inf; lr must be a finite number"]),
    "bool for a number": ("0.05", "true", ["23:6   optimizer.lr: got true; lr must be a number"]),
    "bool for an integer": ("seed = 7", "seed = true", ["3:8    seed: got true; seed must be a whole number"]),
    "text for a number": ("= 4", '= "4"', ["11:9   layers[0].units: got '4'; units must be a whole number: 4, without quotes"]),
    "fraction for an integer": ("= 4", "= 4.5", ["11:9   layers[0].units: got 4.5; units must be a whole number"]),
    "huge units": ("= 4", "= 99999999999", ["11:9   layers[0].units: got 99999999999; units must be 100,000 or less"]),
    "huge number": ("0.05", "1" + "0" * 400, ["23:6   optimizer.lr: got a number of about 401 digits; lr must be a number below 1e308"]),
    "no units": ("units = 4\n", "", ["9:1    layers[0].units: missing; add units = 8"]),
    "no optimizer": ('[optimizer]\ntype = "adam"\nlr = 0.05\n', "", ['1:1    optimizer: missing; add a table [optimizer] with type = "sgd" and lr = 0.1']),
    "unknown source": ('"xor"', '"xorr"', ["6:10   data.source: unknown source 'xorr'; did you mean 'xor'?"]),
    "no source": ('source = "xor"\n', "", ["5:1    data.source: missing; add source, one of: and, nand, or, xor, linear, height_weight, ravine, circles, moons, spirals, blobs, digits, iris, wine, breast_cancer, points, ekg, recall, adding, echo"]),
    "unknown optimizer": ('"adam"', '"adan"', ["22:8   optimizer.type: unknown optimizer 'adan'; did you mean 'adam'?"]),
    "another optimizer's key": ("0.05", "0.05\nrho = 0.9", ["24:1   optimizer.rho: rho belongs to type 'adadelta' or 'rmsprop', not to 'adam'; remove it or change type"]),
    "batch of nothing": ('"full"', "0", ["7:14   data.batch_size: got 0; batch_size must be a whole number from 1 on, or \"full\""]),
    "batch too large": ('"full"', "9", ['7:14   data.batch_size: got 9; there are 4 training samples: use at most 4, or "full" for all of them']),
    "both lengths": ("= 500", "= 500\nepochs = 3", ["25:1   train: has both iterations and epochs; keep one of them"]),
    "neither length": ("iterations = 500", "", ["25:1   train: missing its length; add iterations = 500 or epochs = 10"]),
    "units against data": ("units = 1", "units = 3", ["16:9   layers[1].units: got 3; the last layer needs 1 for the yes-or-no targets of 'xor', or [4,3] would meet [4,1]: use units = 1"]),
    "activation against loss": ("units = 1", 'units = 1\nactivation = "sigmoid"', ["17:14  layers[1].activation: got 'sigmoid'; binary_cross_entropy takes logits and applies sigmoid itself: use activation = \"linear\" in the last layer, or from_logits = false in [loss]"]),
    "loss against data": ('"xor"', '"linear"', ["19:8   loss.type: binary_cross_entropy does not fit the numbers to fit of 'linear'; use \"mse\""]),
    "useless init_std": ("units = 4", "units = 4\ninit_std = 0.1", ['12:1   layers[0].init_std: init_std has no effect with init = "xavier_uniform"; choose init = "normal" or "truncated_normal", or remove init_std']),
    "name taken": ("units = 4", 'units = 4\nname = "dense_2"', ["12:8   layers[0].name: 'dense_2' is taken by another layer; choose another name"]),
    "too much memory": ("= 4", "= 100000\n[[layers]]\ntype = 'dense'\nunits = 100000", ["14:9   layers[1].units: the parameters with their gradients and optimizer state take 152,596 MB, most of it here; at most 512 MB: use fewer units"]),
    "code": ('"loss < 0.1"', "\"__import__('os').system('ls')\"", ["34:8   expect[0].that: a quote does not belong here; names stand bare, like loss (column 12 of the condition)"]),
    "code without quotes": ('"loss < 0.1"', '"open(loss)"', ["34:8   expect[0].that: unknown function 'open'; known: abs, sqrt, log10, isnan, isfinite, min, max, mean, count (column 1 of the condition)"]),
    "assignment": ('"loss < 0.1"', '"loss = 0.1"', ["34:8   expect[0].that: '=' does not compare; write '==' (column 6 of the condition)"]),
    "unknown metric": ('"loss < 0.1"', '"grad_nrm.dense_1 > 0"', ["34:8   expect[0].that: unknown name 'grad_nrm.dense_1'; did you mean 'grad_norm.dense_1'? (column 1 of the condition)"]),
    "index outside": ('"loss < 0.1"', '"weight.dense_1[4,0] > 0"', ["34:8   expect[0].that: [4,0] is outside weight.dense_1, whose shape is [4, 2]; indices count from 0 (column 1 of the condition)"]),
    "number for a condition": ('"loss < 0.1"', '"loss"', ["34:8   expect[0].that: 'loss' is a number; compare it with something, like loss > 0"]),
    "unknown panel": ('"curves"', '"curve"', ["30:8   script[0].show: unknown panel or metric 'curve'; did you mean 'curves'?"]),
    "unreadable amount": ('"20 iterations"', '"20 minutes"', ["29:7   script[0].run: cannot read '20 minutes'; write a number and a unit, like '20 iterations', '3 epochs', '1 op'"]),
    "only word of a script line": ('run = "20 iterations"\nshow = "curves"', "run = 3", ['29:7   script[0].run: got 3; write it as text, like "20 iterations"']),
    "table inside a list's entry": ("units = 1", "units = 1\n[layers.extra]\nx = 1", ["17:1   layers[1].extra: unknown key 'extra'; known: type, units, bias, l1, l2, max_norm, trainable, init, init_std, init_value, init_low, init_high, gain, weights, bias_init, biases, activation, negative_slope, alpha, approximate, name"]),
    "empty script line": ('run = "20 iterations"\nshow = "curves"\n', "", ['28:1   script[0]: an empty line; give it say, run, step, back, goto, until, edit, fork, compare, show, ask, twin or wait, like run = "1 epoch"']),
    "half a translation": ('title = "Good"', 'title = "Good"\nlesson = { en = "x" }', ['3:1    lesson.ko: missing; add ko = "..."']),
    "terminal escape": ('"Good"', '"\\u001b[31m"', ["2:9    title: control character '\\x1b' in the text; remove it"]),
    "escape in a key": ("seed = 7", '"\\u001b[31m" = 7', ["1:1    '\\x1b[31m': unknown key '\\x1b[31m'; known: id, title, extends, change, twin, beside, summary, tags, order, seed, dtype, data, layers, loss, optimizer, schedule, clip, train, stopping, probes, lesson, script, expect"]),
    "table for a list": ("[[expect]]", "[expect]", ["32:1   expect: got a table; expect must be a list, like [[expect]]"]),
    "value for a table": ('[loss]\ntype = "binary_cross_entropy"', "", ['1:1    loss: missing; add a table [loss] with type = "mse"']),
    "syntax": ("lr = 0.05", "lr = = 0.05", ["23:6   not TOML: invalid value; text needs quotes, numbers and true or false do not"]),
    "missing quotes": ('"adam"', "adam", ["22:8   not TOML: invalid value; text needs quotes, numbers and true or false do not"]),
    "table twice": ("[train]", "[data]", ["25:6   not TOML: cannot declare data twice; the table is there twice; remove one, or write [[layers]] for one of many"]),
}  # fmt: skip


def report(path, *overrides: str) -> list[str]:
    """The lines of the report on a file, without the first, which names the file and counts."""
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path, overrides)
    first, *lines = str(caught.value).split("\n")
    count = len(caught.value.problems)
    assert first.endswith(f": {count} problem{'' if count == 1 else 's'}")
    return [line.removeprefix("  ") for line in lines]


def test_the_good_file_is_good(tmp_path):
    """What the bad files are made from loads."""
    path = tmp_path / "good.toml"
    path.write_text(GOOD)
    assert load_scenario(path).id == "good"


@pytest.mark.parametrize("name", BAD)
def test_bad_file_is_refused_with_place_value_and_cure(name, tmp_path):
    """One thing wrong, one problem: line, column, key, value, and what to do."""
    old, new, problems = BAD[name]
    assert old in GOOD
    path = tmp_path / "bad.toml"
    path.write_text(GOOD.replace(old, new, 1))
    assert report(path) == problems


def test_all_problems_come_at_once_in_the_order_of_the_file(tmp_path):
    """A wrong tag hides nothing: the rest of its table, and the checks across tables, are reported with it."""
    text = GOOD.replace('"xor"', '"xorr"\nnois = 1\nrepeat = 0').replace("seed = 7", "sed = -1")
    text = text.replace('"adam"', '"adm"').replace("0.05", "-1\nbeta1 = 2").replace("units = 1", "units = 3")
    path = tmp_path / "bad.toml"
    path.write_text(text.replace("loss < 0.1", "los < 0.1"))
    assert report(path) == [
        "3:1    sed: unknown key 'sed'; did you mean 'seed'?",
        "3:7    sed: got -1; seed must be 0 or more",
        "6:10   data.source: unknown source 'xorr'; did you mean 'xor'?",
        "7:1    data.nois: unknown key 'nois'; did you mean 'noise'?",
        "8:10   data.repeat: got 0; repeat must be 1 or more",
        "24:8   optimizer.type: unknown optimizer 'adm'; did you mean 'adam'?",
        "25:6   optimizer.lr: got -1; lr must be greater than 0",
        "26:9   optimizer.beta1: got 2; beta1 must be less than 1",
    ]


def test_checks_across_tables_join_faults_that_need_no_guess(tmp_path):
    """A misspelt word with a near one is read as that, so the last layer and the conditions are judged in the same run."""
    text = GOOD.replace('"tanh"', '"tahn"').replace("units = 1", "units = 3").replace("loss < 0.1", "los < 0.1")
    path = tmp_path / "bad.toml"
    path.write_text(text)
    assert [line.split(":")[1].split()[-1] for line in report(path)] == [
        "layers[0].activation",
        "layers[1].units",
        "expect[0].that",
    ]


def test_no_check_rests_on_a_guess(tmp_path):
    """With the units of the last layer unreadable nothing is said about what they should have been."""
    path = tmp_path / "bad.toml"
    path.write_text(GOOD.replace("units = 1", 'units = "one"'))
    assert report(path) == ["16:9   layers[1].units: got 'one'; units must be a whole number"]


def test_a_column_counts_characters_not_bytes(tmp_path):
    """Korean before the fault does not push it to the right."""
    path = tmp_path / "bad.toml"
    path.write_text('summary = { en = "x", ko = "한국어", kr = "x" }\n' + GOOD, encoding="utf-8")
    assert report(path) == ["1:35   summary.kr: unknown key 'kr'; known: en, ko"]


def test_endless_faults_are_cut_short(tmp_path):
    """A report is for reading: fifty problems and a count."""
    path = tmp_path / "bad.toml"
    path.write_text("\n".join(f"x{i} = 1" for i in range(900)) + "\n" + GOOD)
    lines = report(path)
    assert len(lines) == 51
    assert lines[-1] == "and 850 more; correct these first"


@pytest.mark.parametrize("key", ["a." * 100_000 + "a", "'x y' . " * 100_000 + "a"])
def test_key_of_endless_parts_is_refused_before_it_is_parsed(key, tmp_path):
    """A parser that keeps each prefix of such a key would need gigabytes."""
    path = tmp_path / "bad.toml"
    path.write_text(f"id = 'x'\n{key} = 1\n")
    assert report(path) == ["2:1    a key of over 32 parts; a scenario needs three at most"]


WHOLE_FILES = {
    "empty": (b"", 'empty; copy a preset to start from, or begin with id = "my-run"'),
    "blank": (b" \n\n", 'empty; copy a preset to start from, or begin with id = "my-run"'),
    "picture": (b"\x89PNG\r\n\x1a\n\x00", "not text: byte 0x89 at offset 0; save it as a UTF-8 TOML file"),
    "null": (b"id = 1\x00", "not text: byte 0x00 at offset 6; save it as a UTF-8 TOML file"),
    "utf-16": (GOOD.encode("utf-16-le"), "not text: byte 0x00 at offset 1; save it as a UTF-8 TOML file"),
    "too large": (b"#" * 1_000_001, "more than 1,000 kB; a scenario is a small text file"),
    "too deep": (b"a = " + b"[" * 5000, "brackets nested too deep to read; a scenario needs three levels at most"),
    "endless number": (b"a = " + b"9" * 5000, "a number with thousands of digits; shorten it"),
}


@pytest.mark.parametrize("name", WHOLE_FILES)
def test_file_that_is_no_scenario_at_all(name, tmp_path):
    """Empty, binary, huge or abusive files get one plain sentence."""
    content, message = WHOLE_FILES[name]
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    assert report(path) == [message]


def test_places_that_are_no_file(tmp_path):
    """A directory, a pipe, a name that nothing has: said as what they are."""
    assert report(tmp_path) == ["is a directory; name a .toml file or a preset"]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.toml")
        assert report(tmp_path / "pipe.toml") == ["is not a regular file; name a .toml file or a preset"]
    assert report("xor-mpl") == ["no such file or preset; did you mean the preset 'xor-mlp'?"]
    assert report(tmp_path / "xor_mlp.toml") == ["no such file or preset; did you mean the preset 'xor-mlp'?"]
    assert report("zzzzz")[0].startswith("no such file or preset; presets: ")
    assert report("")[0].startswith("an empty name; ")
    assert report("a" * 5000) == ["cannot be read: File name too long"] or os.name == "nt"
    assert len(report("a\0b")) == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_file_without_permission(tmp_path):
    """The system's reason is passed on."""
    path = tmp_path / "secret.toml"
    path.write_text(GOOD)
    path.chmod(0)
    assert report(path) == ["cannot be read: Permission denied"]


def test_a_mark_before_the_first_letter_and_windows_line_ends_are_fine(tmp_path):
    """What some editors add to a text file changes nothing."""
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_scenario(path).seed == 7


def test_without_tree_sitter_the_report_still_names_key_value_and_cure(tmp_path, monkeypatch):
    """The wheel that knows lines and columns is a luxury."""
    for module in ("tree_sitter", "tree_sitter_toml"):
        monkeypatch.setitem(sys.modules, module, None)
    path = tmp_path / "bad.toml"
    path.write_text(GOOD.replace("0.05", "-0.1"))
    assert report(path) == ["optimizer.lr: got -0.1; lr must be greater than 0"]


def test_problems_are_data_for_a_screen(tmp_path):
    """Line, column, key and message come apart as well."""
    path = tmp_path / "bad.toml"
    path.write_text(GOOD.replace("0.05", "-0.1"))
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert caught.value.problems == [Problem(23, 6, "optimizer.lr", "got -0.1; lr must be greater than 0")]
