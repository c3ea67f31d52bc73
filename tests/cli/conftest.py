"""The command line, called as its script calls it; and a small scenario of one's own."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tui_nn.cli import main

PRESETS = sorted(path.stem for path in (Path(__file__).parents[2] / "scenarios").glob("*.toml"))

# y = 2 x + 1 without noise, one weight and one bias, plain gradient descent: every number can be worked out by hand.
LINE = """\
id = "line"
title = "A line"
seed = 3
dtype = "float64"

[data]
source = "linear"
samples = 4
noise = 0.0
batch_size = 2
validation = 0.5
shuffle = false

[[layers]]
type = "dense"
units = 1
init = "zeros"

[loss]
type = "mse"

[optimizer]
type = "sgd"
lr = 0.1

[train]
iterations = 30
"""


@dataclass(frozen=True)
class Answer:
    """Exit status and what was written."""

    status: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Answer]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """run("show", "xor-mlp"): the command line in this process."""

    def call(*args: str) -> Answer:
        with pytest.raises(SystemExit) as exit:
            main(args)
        out, err = capfd.readouterr()
        return Answer(int(exit.value.code or 0), out, err)

    return call


@pytest.fixture
def line(tmp_path: Path) -> Callable[[str], str]:
    """A scenario file of one's own: `line` and whatever is appended to it."""

    def write(more: str = "") -> str:
        path = tmp_path / "line.toml"
        path.write_text(LINE + more, encoding="utf-8")
        return str(path)

    return write
