"""`tui-nn run`: what it trains, where it stops, what it reports."""

import json
import math

import pytest

from tests.cli.conftest import Run
from tui_nn import Session, load_scenario
from tui_nn.cli_run import MAX_ROWS, round_step


def test_the_report_is_the_session(run: Run):
    """The metrics reported are bit for bit those of a session stepped by hand, not a second reckoning."""
    data = run("run", "xor-mlp", "--iterations", "40", "--json").data
    session = Session(load_scenario("xor-mlp"))
    session.step("iteration", 40)
    assert data["position"] == {"iteration": 40, "op": 0}
    assert data["metrics"]["loss"] == float(session.history["loss"][-1])
    assert data["rows"][0]["loss"] == float(session.history["loss"][0])


def test_stdout_repeats_exactly(run: Run):
    """Times go to stderr, so two runs print the same bytes."""
    first, second = run("run", "xor-mlp"), run("run", "xor-mlp")
    assert first.status == 0
    assert first.out == second.out
    assert "iterations/s" in first.err


def test_epochs_count_passes(run: Run, line):
    """Two training samples in batches of two: one iteration an epoch. One sample a batch: two."""
    file = line()
    assert run("run", file, "--epochs", "3", "--json").data["position"]["iteration"] == 3
    assert run("run", file, "--set", "data.batch_size=1", "--epochs", "3", "--json").data["position"]["iteration"] == 6


def test_planned_end(run: Run, line):
    data = run("run", line(), "--json").data
    assert (data["position"]["iteration"], data["reason"]) == (30, "end")


def test_until_stops_at_the_first_iteration_that_meets_it(run: Run):
    """The first index whose loss is below 0.1, found by looking through the whole history."""
    losses = [json.loads(row)["loss"] for row in trace_of(run, "xor-mlp")]
    first = next(i for i, loss in enumerate(losses) if loss < 0.1)
    data = run("run", "xor-mlp", "--until", "loss < 0.1", "--json").data
    assert data["reason"] == "condition"
    assert data["position"] == {"iteration": first + 1, "op": 0}
    assert data["metrics"]["loss"] == losses[first]


def test_until_by_op_stops_right_behind_the_op_that_makes_it_true(run: Run):
    """The loss of the iteration is there behind its row, before anything is updated with it."""
    after = run("run", "xor-mlp", "--until", "loss < 0.1", "--json").data
    data = run("run", "xor-mlp", "--until", "loss < 0.1", "--by", "op", "--json").data
    assert data["reason"] == "condition"
    assert data["position"]["iteration"] == after["position"]["iteration"] - 1
    assert "(loss " in data["message"]
    assert data["metrics"]["loss"] == after["metrics"]["loss"]


def test_a_run_halts_at_the_first_stop_and_says_all_that_fire(run: Run):
    answer = run(
        "run", "xor-mlp", "--break", "iteration 40", "--break", "loss > 1e9", "--break", "op load batch, ignore 39"
    )
    assert answer.status == 0
    assert "stopped at iteration 40:" in answer.out
    assert answer.out.rstrip().endswith("Stop 1: iteration 40. Stop 3: op load batch.")
    data = run("run", "xor-mlp", "--break", "weight.dense_1[0,0] changes", "--json").data
    (fired,) = data["stops"]
    assert data["reason"] == "stop"
    assert fired["text"] == "weight.dense_1[0,0] changes"
    assert fired["old"] != fired["new"]


@pytest.mark.parametrize(("text", "words"), [("op bakward dense_1", "'backward dense_1'"), ("los changes", "'loss'")])
def test_a_stop_that_cannot_be_set_is_a_wrong_command_line(run: Run, text: str, words: str):
    answer = run("run", "xor-mlp", "--break", text)
    assert answer.status == 2
    assert words in answer.err
    assert "--break" in answer.err


def test_until_that_never_holds_says_so(run: Run):
    answer = run("run", "xor-mlp", "--until", "loss < 0", "--iterations", "50")
    assert answer.status == 0
    assert "did not hold" in answer.out
    assert "stopped at iteration 50" in answer.out


def trace_of(run: Run, *args: str) -> list[str]:
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trace.jsonl"
        assert run("run", *args, "--trace", str(file)).status == 0
        return file.read_text(encoding="utf-8").splitlines()


def test_trace_has_every_iteration(run: Run, line):
    """30 iterations of one sample, two an epoch: 30 rows, and a val_loss in every second."""
    rows = [json.loads(row) for row in trace_of(run, line(), "--set", "data.batch_size=1")]
    assert [row["iteration"] for row in rows] == list(range(30))
    assert [row["epoch"] for row in rows[:4]] == [0, 0, 1, 1]
    assert [("val_loss" in row) for row in rows] == [i % 2 == 1 for i in range(30)]


def test_first_update_by_hand(run: Run, line):
    """From weight 0 and bias 0 the first loss is the mean of y², whatever the samples' order."""
    session = Session(load_scenario(line()))
    expected = float((session.program.dataset.y_train**2).mean())
    assert json.loads(trace_of(run, line())[0])["loss"] == pytest.approx(expected, rel=1e-12)


def test_a_loss_that_overflows_is_news_not_an_error(run: Run):
    """lr = 1e30 squares to infinity at once: reported behind the loss row, exit status 0, and valid JSON."""
    args = ("lr-too-large", "--set", "optimizer.lr=1e30")
    data = run("run", *args, "--json").data
    assert data["reason"] == "non-finite"
    assert data["metrics"]["loss"] == "inf"
    iteration = data["position"]["iteration"]
    answer = run("run", *args)
    assert answer.status == 0
    assert f"The loss became inf in iteration {iteration}." in answer.out
    rows = trace_of(run, *args)
    assert json.loads(rows[-1])["loss"] == "inf"
    assert len(rows) == iteration + 1
    assert math.isfinite(json.loads(rows[-2])["loss"])


@pytest.mark.parametrize(("n", "step"), [(1, 1), (20, 1), (21, 2), (41, 5), (500, 50), (400, 20), (401, 50)])
def test_reported_steps_are_round(n: int, step: int):
    assert round_step(n) == step
    assert n / step <= MAX_ROWS


def test_no_iterations_at_all(run: Run, line):
    answer = run("run", line(), "--iterations", "0")
    assert answer.status == 0
    assert "stopped at iteration 0: nothing measured yet" in answer.out


def test_plot_draws_the_curves(run: Run):
    """The chart's frame, the names, and an axis that holds the run's largest loss."""
    result = run("run", "xor-mlp", "--iterations", "50", "--plot", "loss,accuracy")
    assert result.status == 0
    chart = result.out[result.out.index("┌") :]
    assert "loss" in chart
    assert "accuracy" in chart
    assert "iteration" in chart
    assert any("⠀" < letter <= "⣿" for letter in chart)
    assert "\x1b" not in chart


def test_plot_says_what_it_cannot_draw(run: Run):
    """A loss that explodes: the finite part is drawn, the rest is counted."""
    result = run("run", "lr-too-large", "--set", "optimizer.lr=40", "--iterations", "400", "--plot", "loss")
    assert "values are not finite" in result.out


def test_plot_of_an_unknown_metric(run: Run):
    result = run("run", "xor-mlp", "--plot", "los")
    assert result.status == 2
    assert "this run measures no 'los'; did you mean 'loss'?" in result.err


def test_plot_stays_out_of_the_way_of_json(run: Run):
    """Standard output is the data alone; the chart goes where remarks go, there without colour codes."""
    result = run("run", "xor-mlp", "--iterations", "20", "--plot", "loss", "--json")
    assert result.data["position"] == {"iteration": 20, "op": 0}
    assert "┌" in result.err
    assert "\x1b" not in result.err


def test_a_run_is_edited_on_its_way(run: Run, line, tmp_path):
    """Each edit at its place, whatever their order: the same run as a session that is edited there."""
    edits = ("--edit", "7:2: weight.dense_1[0,0]=0.5", "--edit", "5: optimizer.lr = 0.02")
    path = str(tmp_path / "edited.tuinn")
    data = run("run", line(), "--iterations", "9", "--json", "--save", path, *edits).data
    session = Session(load_scenario(line()))
    session.goto(5)
    session.set("optimizer.lr", 0.02)
    session.goto(7, 2)
    session.set("weight.dense_1[0,0]", 0.5)
    session.goto(9)
    assert data["metrics"]["loss"] == session.history["loss"][-1]
    assert [(edit["iteration"], edit["op"], edit["key"]) for edit in data["edits"]] == [
        (5, 0, "optimizer.lr"), (7, 2, "weight.dense_1[0,0]"),
    ]  # fmt: skip
    assert "edited at 5:0: optimizer.lr: 0.1 → 0.02" in run("run", line(), "--iterations", "9", *edits).out
    compared = run("compare", path, line(), "--json").data  # the saved one as far as it had got
    assert (compared["iteration"], compared["settings"]["optimizer.lr"]) == (9, ["0.02", "0.1"])
    further = run("compare", path, line(), "--iterations", "12", "--json").data
    assert (further["iteration"], further["parting"]["iteration"]) == (12, 5)
    assert run("compare", path, line(), "--set", "optimizer.lr=0.3").status == 2


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ("optimizer.lr=0.3", "write it like '100: optimizer.lr=0.01'"),
        ("3: optimiser.lr=0.3", "did you mean 'optimizer'?"),
        ("3: optimizer.lr=-1", "lr must be greater than 0"),
        ("3:99: optimizer.lr=0.3", "op 99 is not in the program"),
        ("999: optimizer.lr=0.3", "lies behind the end of the run"),
        ("3: weight.dense_1[9,9]=0.3", "its last entry is"),
    ],
)
def test_an_edit_that_cannot_be_made_is_refused_before_anything_trains(run: Run, line, edit: str, words: str):
    answer = run("run", line(), "--edit", edit)
    assert (answer.status, answer.out) == (2, "")
    assert words in " ".join(answer.err.split())
