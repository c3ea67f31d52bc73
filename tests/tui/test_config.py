"""The file of remembered settings: any value is checked, any damage is borne, and it is never half written."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tui_nn.tui import config

GOOD = {
    "theme": "tui-nn-light",
    "lang": "ko",
    "visited": ["xor-mlp", "dead-relu"],
    "hints_seen": 2,
    "checkpoint_mb": 256,
    "layout": {"focus": "curves", "zoomed": True, "log": False, "modes": ["weights=2"]},
}


def written(text: str | bytes) -> Path:
    path = config.config_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_what_is_saved_is_loaded():
    """Text, switches, whole numbers, lists and the table of the layout come back; each save keeps what was there."""
    for name, value in GOOD.items():
        config.save(**{name: value})
    assert config.load() == GOOD
    config.save(lang=None)
    assert config.load() == {name: value for name, value in GOOD.items() if name != "lang"}


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("theme", 3), ("theme", "x" * 1000), ("theme", "a\x1b[2J"), ("lang", ["ko"]), ("visited", "xor-mlp"),
        ("visited", ["xor-mlp", 1]), ("visited", ["a"] * 3_000), ("hints_seen", True), ("hints_seen", -1), ("hints_seen", 1e300),
        ("hints_seen", "2"), ("checkpoint_mb", 0), ("checkpoint_mb", "1"), ("layout", "wide"), ("layout", {"zoomed": 1}), ("layout", {"focus": None}), ("layout", {"modes": {"a": 1}}),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_costs_itself_alone(name: str, bad: object):
    """The others beside it are still used."""
    written(json.dumps(GOOD | {name: bad, "nonsense": 1}))
    kept = config.load()
    assert kept.get(name, {}) == {}
    assert {key: value for key, value in kept.items() if key != name} == {k: v for k, v in GOOD.items() if k != name}


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1]", "null", '"x"', "[" * 100_000, '{"hints_seen": 1' + "0" * 9000 + "}", b"\xff\xfe", " " * (1 << 20)],
    ids=["empty", "cut", "list", "null", "text", "deep", "digits", "bytes", "large"],
)
def test_a_file_that_is_no_table_is_as_if_there_were_none(text: str | bytes):
    written(text)
    assert config.load() == {}
    config.save(lang="ko")
    assert config.load() == {"lang": "ko"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with a name")
def test_a_pipe_in_its_place_does_not_hang():
    path = config.config_path()
    path.parent.mkdir(parents=True)
    os.mkfifo(path)
    assert config.load() == {}


def test_a_write_that_fails_leaves_the_old_file(monkeypatch: pytest.MonkeyPatch):
    """The disk may be full in the middle of it: what stood there stands, and nothing lies beside it."""
    config.save(**GOOD)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        config.save(lang="en")
    assert config.load() == GOOD
    assert [path.name for path in config.config_folder().iterdir()] == ["screen.json"]


def test_a_link_stays_a_link(tmp_path: Path):
    """People keep such files in a folder of their own, under version control."""
    target = tmp_path / "dotfiles.json"
    target.write_text("{}")
    config.config_folder().mkdir(parents=True)
    config.config_path().symlink_to(target)
    config.save(lang="ko")
    assert config.config_path().is_symlink()
    assert json.loads(target.read_text()) == {"lang": "ko"}
