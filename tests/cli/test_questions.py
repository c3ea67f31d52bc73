"""Questions of a script without a screen: in the transcript and among the claims; one that has rotted is a failure."""

import pytest

from tests.cli.conftest import Run

# lr = 0.1 takes `line` from w = b = 0 to the line without noise: the loss falls.
ASKED = """
[[script]]
run = "5 iterations"
ask = { en = "And then?", ko = "그다음에는?" }
choices = [
    { en = "It falls", ko = "줄어듦", when = "loss < loss@0" },
    { en = "It grows", ko = "커짐", when = "loss > loss@0" },
]
because = { en = "So it is.", ko = "그렇습니다." }
"""
GROWS = ASKED + 'change = { "optimizer.lr" = 5.0 }\nat = "9 iterations"\n'
ROTTEN = ASKED.replace("loss > loss@0", "loss > -1")


def answers(out: str) -> list[str]:
    return [row.split()[0] for row in out.splitlines() if row.split()[:1] in (["right"], ["wrong"])]


def test_a_transcript_asks_and_answers(run: Run, line):
    """Behind the move: the question, the choices, where it was asked, each condition with what it read, and why."""
    answer = run("play", "--headless", line(ASKED), "--lang", "en")
    rows = [row.strip() for row in answer.out.splitlines()]
    at = rows.index("? And then?")
    assert answer.status == 0
    assert rows[at - 2].startswith("> run 5 iterations: iteration 5, op 0.")
    assert rows[at + 1 : at + 4] == ["1. It falls", "2. It grows", "= at iteration 5, op 0"]
    assert rows[at + 4].startswith("right  1. loss < loss@0  (loss ")
    assert rows[at + 5].startswith("wrong  2. loss > loss@0  (loss ")
    assert rows[at + 6] == "So it is."


def test_in_korean(run: Run, line):
    out = run("play", "--headless", line(ASKED), "--lang", "ko").out
    assert all(words in out for words in ("그다음에는?", "1. 줄어듦", "그렇습니다."))
    assert "And then?" not in out


def test_another_run_is_asked_and_this_one_stays(run: Run, line):
    """With fifty times the rate it grows; the numbers read out before the question are still those of iteration 5."""
    out = run("play", "--headless", line(GROWS), "--lang", "en").out
    assert "= at iteration 9, op 0, with optimizer.lr = 5.0" in out
    assert answers(out) == ["wrong", "right"]
    after = run("play", "--headless", line(GROWS + '[[script]]\nshow = "loss"\n')).out
    assert [row for row in after.splitlines() if row.startswith("     loss")][1] in after.split("?")[0]


@pytest.mark.parametrize("when", ["loss > -1", "loss > 1e9"])
def test_a_question_that_has_rotted_fails(run: Run, line, when: str):
    """Two right answers, or none: exit status 1, as for an expectation that does not hold."""
    file = line(ASKED.replace("loss > loss@0" if when == "loss > -1" else "loss < loss@0", when))
    played, tested = run("play", "--headless", file), run("test", file)
    assert (played.status, tested.status) == (1, 1)
    assert "answers are right; it must be exactly one" in played.out
    assert "FAILED  line 1  And then?" in tested.out
    assert "0 held, 1 failed" in tested.out


def test_a_claim_has_its_choices(run: Run, line):
    """For people and for machines; and an expectation has none."""
    file = line(ASKED + '[[expect]]\nat = "end"\nthat = "loss < 1"\n')
    out = run("test", file).out
    assert "  held    line 1  And then?" in out
    assert "    right  It falls  loss < loss@0" in out
    assert "2 held, 0 failed" in out
    expectation, question = run("test", file, "--json").data
    assert "choices" not in expectation
    assert (question["at"], question["passed"]) == ("line 1", True)
    assert [choice["held"] for choice in question["choices"]] == [True, False]
    assert question["choices"][0]["when"] == "loss < loss@0"


def test_a_failing_seed_is_shown_with_its_choices(run: Run, line):
    """From seed to seed another answer may be right, but it must be one."""
    seeded = ASKED.replace("loss < loss@0", "weight.dense_1[0,0] > bias.dense_1[0]").replace("loss > loss@0", "not (weight.dense_1[0,0] > bias.dense_1[0])")  # fmt: skip
    answer = run("test", line(seeded), "--seeds", "4", "--json", "--set", "layers[0].init=normal")
    assert (answer.status, answer.data[0]["held"], answer.data[0]["of"]) == (0, 4, 4)
    rotten = run("test", line(ROTTEN), "--seeds", "2", "--json").data[0]
    assert (rotten["held"], len(rotten["failures"])) == (0, 2)
    assert [choice["held"] for choice in rotten["choices"]] == [True, True]


def test_junit_has_it(run: Run, line, tmp_path):
    report = tmp_path / "junit.xml"
    assert run("test", line(ROTTEN), "--junit", str(report)).status == 1
    assert 'name="line 1: And then?"' in report.read_text(encoding="utf-8")
