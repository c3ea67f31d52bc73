"""`tui-nn list`, `show` and `schema`."""

import json

from tests.cli.conftest import PRESETS, Run


def test_every_preset_is_listed(run: Run):
    """The list is the folder: an id a file, and each says what it teaches in both languages."""
    presets = run("list", "--json").data
    assert sorted(preset["id"] for preset in presets) == PRESETS
    assert all(preset["summary"]["en"] and preset["summary"]["ko"] and preset["error"] is None for preset in presets)


def test_list_speaks_korean(run: Run):
    english, korean = run("list", "--lang", "en"), run("list", "--lang", "ko")
    assert english.status == korean.status == 0
    for preset in run("list", "--json").data:
        assert preset["summary"]["en"] in english.out
        assert preset["summary"]["ko"] in korean.out


def test_show_counts_parameters(run: Run):
    """XOR with four hidden units: 2*4 + 4 = 12, 4*1 + 1 = 5, 17 in all."""
    out = run("show", "xor-mlp").out
    rows = {line.split()[0]: line.split()[-1] for line in out.splitlines() if "(batch," in line}
    assert rows == {"dense_1": "12", "tanh_1": "0", "dense_2": "5"}
    assert "17 parameters" in out


def test_show_lists_the_program_in_order(run: Run):
    """One iteration of one dense layer: load, forward, loss, backward, update; then validation once an epoch."""
    data = run("show", "lr-too-large", "--json").data
    assert [op["op"] for op in data["program"]] == list(range(len(data["program"])))
    phases = [op["phase"] for op in data["program"] if op["every"] == "iteration"]
    assert phases == ["load", "forward", "loss", "backward", "update"]
    listing = run("show", "lr-too-large").out
    places = [listing.index(f" {op['label']} ") for op in data["program"]]
    assert places == sorted(places)


def test_show_follows_overrides(run: Run):
    """--set reaches the network: momentum keeps one slot more than sgd, and its update says so."""
    data = run("show", "xor-mlp", "--set", "optimizer.type=momentum", "--set", "optimizer.lr=0.1", "--json").data
    updates = [op["formula"] for op in data["program"] if op["phase"] == "update"]
    assert len(updates) == 2
    assert all("μ" in formula for formula in updates)


def test_schema_is_json_schema(run: Run):
    schema = json.loads(run("schema").out)
    assert {"data", "layers", "loss", "optimizer", "train"} <= set(schema["properties"])


def test_the_language_may_stand_before_the_command(run: Run):
    """`tui-nn --lang ko list` is `tui-nn list --lang ko`; the command's own option wins."""
    assert run("--lang", "ko", "list").out == run("list", "--lang", "ko").out
    assert run("--lang", "ko", "list", "--lang", "en").out == run("list", "--lang", "en").out
