"""`tui-nn test`: expectations, seeds, and the reports for machines."""

from xml.etree import ElementTree

import pytest

from tests.cli.conftest import Run
from tui_nn.cli_test import Claim, Job, Outcome, junit_report, summarize
from tui_nn.debugger.expect import needed_of

TRUE_AND_FALSE = """
[[expect]]
at = "end"
that = "loss < loss@0"
why = "Gradient descent goes down."

[[expect]]
at = "2 iterations"
that = "loss > 1e6"
"""


def test_what_holds_is_counted(run: Run):
    """All presets together are a command of the README, which is run too."""
    answer = run("test", "neuron-line", "perceptron-and")
    assert answer.status == 0, answer.out
    assert "0 failed" in answer.out


def test_a_false_expectation_fails(run: Run, line):
    """One of the two holds: exit status 1, and the one that does not is named with its numbers."""
    answer = run("test", line(TRUE_AND_FALSE))
    assert answer.status == 1
    assert "1 held, 1 failed" in answer.out
    failed = next(row for row in answer.out.splitlines() if "FAILED" in row)
    assert "loss > 1e6" in failed
    assert "2 iterations" in failed


def test_json_has_the_place_and_the_numbers(run: Run, line):
    """The value reported is the loss of the iteration just done, here number 1 of 0 and 1."""
    file = line(TRUE_AND_FALSE)
    claims = run("test", file, "--json").data
    assert [claim["passed"] for claim in claims] == [True, False]
    second = run("run", file, "--iterations", "2", "--json").data["metrics"]["loss"]
    assert claims[1]["failures"] == [{"seed": 3, "iteration": 2, "values": {"loss": second}}]
    assert set(claims[0]["values"]) == {"loss", "loss@0"}


def test_junit_counts_the_same(run: Run, line, tmp_path):
    report = tmp_path / "junit.xml"
    assert run("test", line(TRUE_AND_FALSE), "--junit", str(report)).status == 1
    suite = ElementTree.parse(report).getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0")
    assert [case.find("failure") is None for case in suite] == [True, False]


def test_seeds_are_counted(run: Run, line):
    """A claim of the seed itself: three seeds, three different starts, each as `--set seed=` gives it."""
    file = line('\n[[expect]]\nat = "1 iteration"\nthat = "loss > 0"\n')
    claims = run("test", file, "--seeds", "3", "--json", "--set", "layers[0].init=normal").data
    assert (claims[0]["held"], claims[0]["of"]) == (3, 3)


def test_processes_change_nothing(run: Run, line):
    """Two processes give the report that one gives."""
    file = line(TRUE_AND_FALSE)
    alone = run("test", file, "--seeds", "2", "--json")
    shared = run("test", file, "--seeds", "2", "--json", "--jobs", "2")
    assert shared.out == alone.out
    assert shared.status == alone.status == 1


def test_a_scenario_without_expectations_holds(run: Run, line):
    answer = run("test", line())
    assert answer.status == 0
    assert "0 held, 0 failed" in answer.out
    assert "no expectations" in answer.err


@pytest.mark.parametrize(("seeds", "needed"), [(1, 1), (10, 10), (19, 19), (20, 19), (40, 38), (100, 95)])
def test_nineteen_in_twenty(seeds: int, needed: int):
    """95 % rounded up: one miss is forgiven from twenty seeds on."""
    assert needed_of(seeds) == needed


@pytest.mark.parametrize(("misses", "passed"), [(0, True), (1, True), (2, False)])
def test_one_miss_in_twenty_is_forgiven(misses: int, passed: bool):
    row = {"at": "end", "that": "loss < 1", "why": None, "iteration": 9, "values": {"loss": 0.5}}
    outcomes = [Outcome(Job("s", (), seed), "s", seed, ({**row, "held": seed >= misses},)) for seed in range(20)]
    (claim,) = summarize("s", outcomes)
    assert claim.passed is passed
    assert [failure["seed"] for failure in claim.failures] == list(range(misses))


def test_junit_survives_odd_text():
    """Angle brackets and quotes of a condition come back as they were."""
    that = 'loss < 1 and "x" & <y>'
    claim = Claim("s", "end", that, None, 0, (1,), ({"seed": 1},), {})
    case = ElementTree.fromstring(junit_report([claim]))[0][0]
    assert case.get("name") == f"end: {that}"
