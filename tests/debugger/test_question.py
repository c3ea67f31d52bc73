"""Questions of a script: the run decides, and it is the run that the question names."""

import threading

import numpy as np
import pytest

from tui_nn import Session, load_scenario
from tui_nn.debugger.question import Grading, ask_all, graded
from tui_nn.debugger.script import Playback

SCENARIO = """\
id = "asked"
title = "Asked"
dtype = "float64"

[data]
source = "linear"
samples = 8

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
iterations = 60
"""
EDGES = (0.01, 0.1, 1.0)  # between the choices of STEPS: which one is right depends on the loss alone
STEPS = ["loss <= 0.01", "0.01 < loss <= 0.1", "0.1 < loss <= 1", "not (loss <= 1)"]


def line(choices: list[str], more: str = "") -> str:
    entries = ", ".join(f'{{ en = "{n}", ko = "{n}", when = "{when}" }}' for n, when in enumerate(choices))
    return f'\n[[script]]\nask = "Which?"\nchoices = [{entries}]\n{more}\n'


@pytest.fixture
def asked(tmp_path):
    def make(script: str, *overrides: str) -> Session:
        path = tmp_path / "asked.toml"
        path.write_text(SCENARIO + script)
        return Session(load_scenario(path, overrides))

    return make


def question_of(session: Session, number: int = 1):
    question = Playback(session).lines[number - 1].question
    assert question is not None
    return question


def loss_at(lr: float, n: int, data) -> float:
    """The loss measured in iteration n - 1: gradient descent on (w x + b - y)² written out, from w = b = 0."""
    w = b = 0.0
    x, y = data.x_train.ravel(), data.y_train.ravel()
    loss = 0.0
    for _ in range(n):
        error = w * x + b - y
        loss = float(np.mean(error**2))
        w, b = w - lr * 2 * np.mean(error * x), b - lr * 2 * np.mean(error)
    return loss


def step_of(loss: float) -> int:
    """Which of STEPS holds."""
    return int(np.searchsorted(EDGES, loss, side="left")) if np.isfinite(loss) else len(EDGES)


@pytest.mark.parametrize("n", [1, 3, 10, 60])
def test_here_it_is_what_stands_there(asked, n: int):
    """The one step of four in which the loss of the last iteration lies, worked out without the engine."""
    session = asked(line(STEPS))
    session.goto(n)
    grade = graded(session, question_of(session))
    loss = loss_at(0.1, n, session.program.dataset)
    assert grade.right == step_of(loss)
    assert grade.readings[0].values == {"loss": pytest.approx(loss, rel=1e-9)}
    assert grade.position == (n, 0)


@pytest.mark.parametrize("lr", [0.001, 0.02, 0.1, 0.5, 0.9, 2.0])
@pytest.mark.parametrize("n", [1, 5, 60])
def test_elsewhere_it_is_what_that_run_will_say(asked, lr: float, n: int):
    """Another learning rate, at a place of its own: the same as brute force; and the run that asks does not move a byte."""
    session = asked(line(STEPS, f'change = {{ "optimizer.lr" = {lr} }}\nat = "{n} iterations"'))
    session.goto(7, 2)
    before = session.state_bytes()
    grade = graded(session, question_of(session))
    loss = loss_at(lr, n, session.program.dataset)
    assert grade.right == step_of(loss)
    assert grade.readings[2].values["loss"] == pytest.approx(loss, rel=1e-6)
    assert (session.position, session.state_bytes()) == ((7, 2), before)


@pytest.mark.parametrize(
    ("change", "options"),
    [
        ('"seed" = 3', ["seed=3"]),
        ('"optimizer.type" = "adam", "optimizer.lr" = 0.05', ["optimizer.type=adam", "optimizer.lr=0.05"]),
        ('"data.batch_size" = 2, "train.iterations" = 33', ["data.batch_size=2", "train.iterations=33"]),
        ('"layers[0].init" = "he_normal", "dtype" = "float32"', ["layers[0].init=he_normal", "dtype=float32"]),
    ],
)
def test_a_change_is_the_run_that_set_would_give(asked, change: str, options: list[str]):
    """To the last bit, at the end of its own plan."""
    script = line(["loss > weight.dense_1[0,0]", "loss <= weight.dense_1[0,0]"], f'change = {{ {change} }}\nat = "end"')
    session, wanted = asked(script), asked(script, *options)
    grade = graded(session, question_of(session))
    wanted.goto(wanted.planned_iterations)
    assert grade.position == wanted.position
    weight = float(wanted.frame().layers[0].parameters[0].value[0, 0])
    assert grade.readings[0].values == {"loss": wanted.history.value("loss"), "weight.dense_1[0,0]": weight}


def test_without_a_place_the_other_run_is_asked_where_this_one_stands(asked):
    session = asked(line(STEPS, 'change = { "optimizer.lr" = 0.02 }'))
    session.goto(12, 3)
    grade = graded(session, question_of(session))
    assert grade.position == (12, 3)
    assert grade.readings[0].values["loss"] == pytest.approx(loss_at(0.02, 13, session.program.dataset), rel=1e-9)


def test_a_place_alone_is_of_this_run(asked):
    """Ahead of where it stands, and behind."""
    for place in (5, 40):
        session = asked(line(STEPS, f'at = "{place} iterations"'))
        session.goto(20)
        assert graded(session, question_of(session)).position == (place, 0)
        assert session.position == (20, 0)


@pytest.mark.parametrize(("choices", "holding"), [(["loss > 9", "loss < 0"], ()), (["loss < 9", "loss > 0"], (0, 1))])
def test_only_one_answer_can_be_right(asked, choices: list[str], holding: tuple[int, ...]):
    """None, or two: then nobody can be."""
    session = asked(line(choices))
    session.goto(9)
    grade = graded(session, question_of(session))
    assert (grade.holding, grade.right) == (holding, None)


def test_the_numbers_are_those_that_were_compared(asked):
    """Of max(loss) the largest so far, although the last loss is another; what was not measured is None."""
    session = asked(line(["max(loss) > 5 * loss", "loss@50 > min(grad_norm) + abs(bias.dense_1[0])"]))
    session.goto(9)
    (first, second) = graded(session, question_of(session)).readings
    losses, norms = session.history["loss"], session.history["grad_norm"]
    assert first.values == {"max(loss)": losses.max(), "loss": losses[-1]}
    bias = float(session.frame().layers[0].parameters[1].value[0])
    assert second.values == {"loss@50": None, "min(grad_norm)": norms.min(), "bias.dense_1[0]": bias}


def test_a_question_comes_behind_the_moves_of_its_line(asked):
    """Asked where the script has led by then: after 5 iterations and an until, from wherever the session was."""
    script = line(STEPS, 'run = "5 iterations"') + '[[script]]\nuntil = "loss < 0.05"\n' + line(STEPS, 'back = "1 op"')
    session = asked(script)
    session.goto(50)
    first, second = ask_all(session)
    assert first.grade.position == (5, 0)
    other = asked("")
    other.goto(5)
    other.run_until("loss < 0.05")
    other.back()
    assert second.grade.position == other.position
    assert [asked.line.number for asked in (first, second)] == [1, 3]


def grading(session: Session, number: int = 1) -> Grading:
    grading = Grading(session, question_of(session, number))
    for thread in threads():
        thread.join(60)
    return grading


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name in ("tui-nn question", "tui-nn machine")]


def test_in_a_thread_it_says_the_same(asked):
    """Here at once, without any; elsewhere in one of its own, which ends with the answer."""
    for more in ("", 'at = "30 iterations"', 'change = { "optimizer.lr" = 0.02 }'):
        session = asked(line(STEPS, more))
        session.goto(4)
        asking = grading(session)
        assert asking.is_done
        assert asking.grade == graded(session, question_of(session))
        assert not threads()


def test_nobody_waits_for_what_nobody_wants_to_know(asked):
    """Ten million iterations, cancelled: the thread is gone, and there is no answer."""
    session = asked(line(STEPS, 'at = "10000000 iterations"'))
    asking = Grading(session, question_of(session))
    asking.cancel()
    for thread in threads():
        thread.join(60)
    assert not threads()
    assert not asking.is_done


def test_progress_is_told_on_the_way(asked):
    """A share of the iterations that grows, while the run that asks can be moved as ever."""
    session = asked(line(STEPS, 'at = "10000000 iterations"'))
    session.prepare()
    asking, seen = Grading(session, question_of(session)), []
    while len(seen) < 3:
        if asking.share > (seen[-1] if seen else 0.0):
            seen.append(asking.share)
            session.step("iteration")
    asking.cancel()
    for thread in threads():
        thread.join(60)
    assert 0 < seen[0] < seen[1] < seen[2] < 1
    assert session.position == (3, 0)


def test_what_cannot_be_computed_is_told_and_not_raised(asked):
    """Here and in the thread: the lesson goes on without an answer."""
    for more in ("", 'change = { "seed" = 1 }'):
        session = asked(line(STEPS, more))
        session.goto(2)
        session.program.metrics.pop("loss") if not more else session.scenario.script[0].change.update({"seed": -1})
        asking = grading(session)
        assert asking.is_done
        assert asking.grade is None
        assert asking.failure
