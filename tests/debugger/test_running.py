"""Running: in a thread, watched for a loss that is not finite, looked at while it goes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests import reference
from tests.engine.make import make_session
from tui_nn.debugger.position import Position
from tui_nn.debugger.session import Session

LAYERS = [(6, "tanh"), (2, "linear")]


def session_for(**settings) -> Session:
    return make_session(LAYERS, **({"n": 10, "batch_size": 4, "optimizer": "adam", "n_val": 3} | settings))


def diverging(**settings) -> Session:
    """One weight and one bias on a line: past 2/λmax each update overshoots, and float32 ends at 1e38."""
    return make_session(
        [(1, "linear")], n=20, n_in=1, dtype="float32", optimizer={"type": "sgd", "lr": 2.0}, train={"iterations": 500},
        **settings,
    )  # fmt: skip


def test_run_stops_right_behind_the_first_loss_that_is_not_finite():
    """The stop is at (i, loss row + 1): the loss of i is inf or NaN, that of i - 1 is not, and nothing is updated with it yet."""
    session = diverging()
    stop = session.run()
    program = session.program
    assert stop.reason == "non-finite"
    assert stop.position == (session.position.iteration, program.loss_op + 1)
    iteration = stop.position.iteration
    losses = session.history["loss"]
    assert len(losses) == iteration + 1
    assert np.isfinite(losses[:-1]).all()
    assert not np.isfinite(losses[-1])
    assert f"in iteration {iteration}" in stop.message
    assert all(np.isfinite(parameter.value).all() for layer in session.frame().layers for parameter in layer.parameters)
    here = session.state_bytes()
    fresh = diverging()
    fresh.goto(*stop.position)
    assert fresh.state_bytes() == here


def test_running_on_from_a_loss_that_is_not_finite_works():
    """It has been said once: run on, step on, go back, and be told again on a second pass."""
    session = diverging()
    stop = session.run()
    assert session.run(5).reason == "done"
    assert session.position == (stop.position.iteration + 5, 0)
    assert session.run().reason == "end"
    assert session.position == (500, 0)
    session.goto(stop.position.iteration - 3, 1)
    again = session.run()
    assert (again.reason, again.position) == (stop.reason, stop.position)
    assert again.message == stop.message
    assert session.step("op").reason == "done"
    session.goto(*stop.position)
    assert session.run_until("loss > 1e300", 50).reason in ("end", "condition")


def test_goto_and_step_pass_over_a_loss_that_is_not_finite():
    """Only runs watch: a move to a named place gets there."""
    session, plain = diverging(), diverging()
    first = session.run().position.iteration
    assert plain.goto(first + 20).reason == "done"
    assert plain.position == (first + 20, 0)
    session.goto(first)
    assert session.step("iteration", 20).reason == "done"
    assert session.state_bytes() == plain.state_bytes()


def test_a_first_loss_that_is_not_finite_is_found_too():
    """NaN in the data: the run stops in iteration 0."""
    x = np.ones((4, 1))
    x[2] = np.nan
    session = make_session([(1, "linear")], n=4, n_in=1, x=x)
    stop = session.run()
    assert (stop.reason, stop.position) == ("non-finite", (0, session.program.loss_op + 1))
    assert "nan" in stop.message


def test_run_ends_where_it_was_planned_and_goes_on_if_told():
    """The planned end is an "end"; a number of iterations is "done"; from the end on, start() has no goal."""
    session = session_for(train={"iterations": 30})
    assert session.run(10).reason == "done"
    stop = session.run()
    assert (stop.reason, stop.position) == ("end", (30, 0))
    assert "30" in stop.message
    session.start()
    session.pause()
    assert session.last_stop is not None
    assert session.last_stop.reason == "paused"
    assert session.position.iteration >= 30


def wait_for_frame_past(session: Session, iteration: int) -> None:
    """Look until a frame from beyond that iteration has come."""
    while session.frame().iteration <= iteration:
        assert not session.wait(0.001), session.last_stop


def test_pause_stops_a_background_run_where_it_is():
    """Started, seen moving, paused: the place is the start of some iteration, and a fresh run finds the same bytes there."""
    session = session_for()
    session.goto(100)  # past the planned end: it would run forever
    session.start()
    assert session.is_running
    wait_for_frame_past(session, 1_000)
    session.pause()
    assert not session.is_running
    assert session.last_stop is not None
    assert (session.last_stop.reason, session.last_stop.position) == ("paused", session.position)
    assert session.position.op == 0
    assert session.position.iteration > 1_000
    fresh = session_for()
    fresh.goto(session.position.iteration)
    assert fresh.state_bytes() == session.state_bytes()


def test_a_background_move_to_a_goal_ends_there():
    """start(goal) ahead, and behind: wait() says when it is done."""
    session, plain = session_for(), session_for()
    for goal in (Position(3_000, 4), Position(17, 2), Position(0, 0)):
        session.start(goal)
        assert session.wait()
        assert session.position == goal
        plain.goto(*goal)
        assert session.state_bytes() == plain.state_bytes()
    assert session.reached == (3_000, 4)


@pytest.mark.parametrize(
    ("move", "ahead"),
    [
        (lambda session: session.step("op"), (0, 1)),
        (lambda session: session.step("iteration", 2), (2, 0)),
        (lambda session: session.run(3), (3, 0)),
        (lambda session: session.back("op", 0), (0, 0)),
        (lambda session: session.close(), (0, 0)),
    ],
    ids=["step", "iterations", "run", "nowhere", "close"],
)
def test_a_move_while_running_pauses_first_and_starts_there(monkeypatch, move, ahead):
    """Moves count from where the pause left the run, not from where it was when the key was pressed."""
    session, fresh = session_for(), session_for()
    session.goto(100)
    session.start()
    wait_for_frame_past(session, 200)
    paused: list[Position] = []
    pause = session.pause

    def note_pause() -> None:
        pause()
        paused.append(session.position)

    monkeypatch.setattr(session, "pause", note_pause)
    move(session)
    assert not session.is_running
    assert session.position == (paused[0].iteration + ahead[0], ahead[1])
    fresh.goto(*session.position)
    assert session.state_bytes() == fresh.state_bytes()


def test_frames_of_a_running_session_are_whole():
    """A copy sent while the machine runs on is one moment: its iteration, batch, outputs, gradients and history row agree.

    The loss worked out from the frame's own last output and targets is the history's number of that iteration; and the
    frame equals the one at that position in a run that stands still.
    """
    session, still = session_for(), session_for()
    session.goto(100)
    session.start()
    frames = []
    while len(frames) < 12:
        frame = session.frame()
        if frame.is_running and (not frames or frame.iteration > frames[-1].iteration + 500):
            frames.append(frame)
    session.pause()
    for frame in frames:
        assert frame.op == 0
        loss, _ = reference.loss_and_delta("mse", frame.layers[-1].activation.tolist(), frame.targets.tolist())
        assert frame.metrics["loss"] == pytest.approx(loss, rel=1e-12)
        assert frame.history.value("loss") == frame.metrics["loss"]
        assert len(frame.history["loss"]) == frame.iteration
        still.goto(frame.iteration)
        same = still.frame()
        assert frame.sample_indices.tolist() == same.sample_indices.tolist()
        for ours, theirs in zip(frame.layers, same.layers, strict=True):
            assert ours.activation.tobytes() == theirs.activation.tobytes()
            assert ours.delta.tobytes() == theirs.delta.tobytes()
            for a, b in zip(ours.parameters, theirs.parameters, strict=True):
                assert a.value.tobytes() == b.value.tobytes()
                assert a.grad.tobytes() == b.grad.tobytes()
                assert a.effective_step.tobytes() == b.effective_step.tobytes()
                assert all(a.slots[name].tobytes() == b.slots[name].tobytes() for name in a.slots)


def test_run_until_stops_after_the_first_iteration_that_fits():
    """The condition holds after the stop's last iteration and after none before it, seen from where the run began."""
    session = session_for(train={"iterations": 2_000})
    stop = session.run_until("loss < 0.2")
    assert stop.reason == "condition"
    losses = session.history["loss"]
    assert len(losses) == stop.position.iteration
    assert losses[-1] < 0.2
    assert (losses[:-1] >= 0.2).all()
    fresh = session_for()
    fresh.goto(*stop.position)
    assert fresh.state_bytes() == session.state_bytes()
    stop = session.run_until("loss > 1e9", 50)
    assert (stop.reason, stop.position.iteration) == ("end", len(losses) + 50)


def test_run_until_a_single_weight_fits():
    """Single numbers are in no history: looked at after every iteration, the first one that fits is found too."""
    session, plain = session_for(), session_for()
    threshold = float(session.frame().layers[0].parameters[0].value[1, 0])
    stop = session.run_until(f"weight.dense_1[1,0] < {threshold - 0.02}", 500)
    assert stop.reason == "condition"
    values = []
    for iteration in range(1, stop.position.iteration + 1):
        plain.goto(iteration)
        values.append(float(plain.frame().layers[0].parameters[0].value[1, 0]))
    assert values[-1] < threshold - 0.02
    assert all(value >= threshold - 0.02 for value in values[:-1])


def test_a_running_session_says_so():
    session = session_for()
    session.goto(100)
    assert not session.frame().is_running
    session.start()
    assert session.frame().is_running or not session.is_running
    session.pause()
    assert not session.frame().is_running
    assert session.frame().position == session.position
    assert math.isfinite(session.frame().metrics["loss"])


@pytest.mark.parametrize("goal", [Position(1_500, 2), Position(1, 0), Position(0, 3)])
def test_a_replay_paused_at_once_leaves_nothing_of_another_time(monkeypatch, goal):
    """Stopped right after the checkpoint was put back, the session still shows the gradients and activations of its place."""
    session, fresh = session_for(), session_for()
    session.goto(3_000)
    restore = session.machine.restore

    def restore_and_stop(iteration: int) -> int:
        landed = restore(iteration)
        session.machine.stop()
        return landed

    monkeypatch.setattr(session.machine, "restore", restore_and_stop)
    session.start(goal)
    assert session.wait()
    assert session.position <= goal
    fresh.goto(*session.position)
    assert session.state_bytes() == fresh.state_bytes()
