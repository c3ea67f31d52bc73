"""Wrong usage and wrong input: exit status 2, a message with the cure on stderr, nothing on stdout, no traceback."""

import pytest

from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["tset"], ["No such command 'tset'", "'test'"]),
        (["run", "xor-mlp", "--iteration", "3"], ["--iteration", "--iterations"]),
        (["run", "xor-mlp", "--iterations", "-1"], ["-1", "x>=0"]),
        (["run", "xor-mlp", "--iterations", "1", "--epochs", "1"], ["--iterations and --epochs"]),
        (["run"], ["Missing argument", "SCENARIO"]),
        (["run", "xor-mpl"], ["xor-mpl", "xor-mlp"]),
        (["run", "xor-mlp", "--set", "optimizer.lr=-1"], ["optimizer.lr", "-1", "greater than 0"]),
        (["run", "xor-mlp", "--set", "optimizer.rate=1"], ["optimizer.rate"]),
        (["run", "xor-mlp", "--until", "los < 1"], ["'los'", "'loss'", "column 1"]),
        (["run", "xor-mlp", "--until", "loss <"], ["column"]),
        (["run", "xor-mlp", "--until", "__import__('os')"], ["column"]),
        (["run", "xor-mlp", "--until", "weight.dense_1[9,9] > 0"], ["[9,9]", "dense_1", "[4, 2]"]),
        (["run", "lr-too-large", "--until", "m.dense_1[0] > 0"], ["sgd keeps no 'm'"]),
        (["run", "xor-mlp", "--trace", "no/such/folder/trace.jsonl"], ["no/such/folder/trace.jsonl", "No such file"]),
        (["play", "xor-mlp", "--speed", "0"], ["--speed"]),
        (["test", "--seeds", "0"], ["--seeds"]),
        (["open", "xor-mlp", "--lang", "fr"], ["fr", "en", "ko"]),
        (["show", "/"], ["/"]),
    ],
    ids=lambda value: " ".join(value)[:40],
)
def test_mistakes_are_named(run: Run, args: list[str], words: list[str]):
    answer = run(*args)
    assert answer.status == 2
    assert answer.out == ""
    assert "Traceback" not in answer.err
    for word in words:
        assert word in answer.err


def test_a_bad_file_is_reported_as_a_whole(run: Run, line):
    """Both faults of one file in one report, each with line and column."""
    file = line('\n[[expect]]\nat = "soon"\nthat = "loss <"\n')
    answer = run("test", file)
    assert answer.status == 2
    assert "2 problems" in answer.err
    assert answer.err.count("expect[0]") == 2
