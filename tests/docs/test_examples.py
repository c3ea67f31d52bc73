"""The worked examples of docs/EXAMPLES.md: each is a file that loads, trains to its end, and holds what it expects."""

import re
import tomllib
from pathlib import Path

import pytest

from tui_nn import Session, load_scenario
from tui_nn.debugger.expect import check

TEXT = (Path(__file__).parents[2] / "docs" / "EXAMPLES.md").read_text(encoding="utf-8")
EXAMPLES = {tomllib.loads(block)["id"]: block for block in re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """All of them as files, since one may lie over another."""
    folder = tmp_path_factory.mktemp("examples")
    for name, block in EXAMPLES.items():
        (folder / f"{name}.toml").write_text(block, encoding="utf-8")
    return folder


def test_there_are_ten_of_them():
    assert len(EXAMPLES) == TEXT.count("```toml") == 10


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_holds_what_it_expects(folder: Path, name: str):
    session = Session(load_scenario(folder / f"{name}.toml"))
    results = check(session)
    session.close()
    assert results
    assert [f"{result.expectation.that}: {result.values}" for result in results if not result.held] == []
