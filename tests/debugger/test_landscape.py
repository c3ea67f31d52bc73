"""Landscapes: exact where two parameters are all, flat where the loss does not change, and the run's path on its place."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.make import make_session
from tui_nn.debugger.evaluator import Evaluator
from tui_nn.debugger.landscape import (
    Path,
    exact_plane,
    filter_normalised,
    flat,
    landscape,
    path_plane,
    random_plane,
)
from tui_nn.debugger.session import Session
from tui_nn.debugger.surface import put

LINE = [(1, "linear")]


def line_session(**settings) -> Session:
    return make_session(LINE, n=20, n_in=1, batch_size=20, optimizer={"type": "sgd", "lr": 0.1}, **settings)


def test_parameters_survive_there_and_back():
    """In order of the tensors, matrices as (out, in)."""
    session = make_session([(3, "tanh"), (2, "linear")], n=8, n_in=4)
    session.goto(3)
    state = session.frame().snapshot.mem[: session.program.state_size].copy()
    parameters = flat(session.program, state)
    assert parameters[:4].tolist() == session.frame().layers[0].parameters[0].value[0].tolist()
    other = np.zeros_like(state)
    put(session.program, parameters, other)
    assert flat(session.program, other).tolist() == parameters.tolist()


def test_two_parameters_are_exact():
    """Each point is the mean squared error of that line, by hand."""
    session = line_session()
    session.goto(30)
    path = session.path()
    assert path is not None
    state, dataset = session.frame().snapshot.mem, session.program.dataset
    plane = exact_plane(session.program, flat(session.program, state))
    land = landscape(Evaluator(session.program), state, plane, path, 9, 7, lambda share: None)
    assert plane.names == ("dense_1.weight", "dense_1.bias")
    for i in (0, 3, 6):
        for j in (0, 4, 8):
            wanted = ((dataset.x_train * land.x[j] + land.y[i] - dataset.y_train) ** 2).mean()
            assert land.loss[i, j] == pytest.approx(wanted, rel=1e-12)
    np.testing.assert_allclose(land.here, flat(session.program, state))
    np.testing.assert_allclose(land.path[0], flat(session.program, session.program.initial))


def test_the_path_is_what_the_run_has_been_through():
    """At kept iterations, from the start to here; a rewind shortens it; none while it runs."""
    session = line_session()
    session.goto(200)
    path = session.path(16)
    assert path is not None
    assert len(path.iterations) == 16
    assert path.iterations[0] == 0
    assert path.iterations[-1] <= 200
    for iteration, state in list(zip(path.iterations, path.states, strict=True))[::5]:
        session.goto(int(iteration))
        assert flat(session.program, session.frame().snapshot.mem).tolist() == state.tolist()
    session.goto(50)
    shorter = session.path()
    assert shorter is not None
    assert shorter.iterations.max() <= 50


def test_the_plane_of_the_path_holds_a_path_in_a_plane():
    """Points on a spiral in two of five dimensions: all of the path, each point where it was."""
    t = np.linspace(0, 6, 40)
    states = np.zeros((40, 5))
    states[:, 1], states[:, 3] = t * np.cos(t), t * np.sin(t)
    path = Path(np.arange(40), states)
    plane = path_plane(path, states[-1])
    assert plane is not None
    assert plane.shares is not None
    assert sum(plane.shares) == pytest.approx(1.0)
    places = plane.place(states)
    rebuilt = plane.origin + places[:, :1] * plane.across + places[:, 1:] * plane.up
    np.testing.assert_allclose(rebuilt, states, atol=1e-12)


def test_a_path_that_is_a_point_or_a_line_has_no_plane():
    here = np.ones(4)
    assert path_plane(Path(np.arange(1), here[None]), here) is None
    line = np.outer(np.arange(5.0), here)
    assert path_plane(Path(np.arange(5), line), line[-1]) is None


def test_filter_normalised_directions_are_as_long_as_each_unit():
    session = make_session([(3, "tanh"), (2, "linear")], n=8, n_in=4)
    parameters = flat(session.program, session.program.initial)
    direction = filter_normalised(
        session.program.tensors, np.random.default_rng(0).normal(size=parameters.size), parameters
    )
    start = 0
    for tensor in session.program.tensors:
        piece = slice(start, start + tensor.size)
        if tensor.is_matrix:
            lengths = (np.linalg.norm(each[piece].reshape(tensor.shape), axis=1) for each in (direction, parameters))
            np.testing.assert_allclose(*lengths, rtol=1e-12)
        else:
            assert not direction[piece].any()
        start += tensor.size


def test_the_middle_of_a_random_plane_is_the_present_loss():
    session = make_session([(3, "tanh"), (2, "linear")], n=8, n_in=4)
    session.goto(5)
    state, dataset = session.frame().snapshot.mem, session.program.dataset
    evaluator = Evaluator(session.program)
    plane = random_plane(session.program, flat(session.program, state))
    path = session.path()
    assert path is not None
    land = landscape(evaluator, state, plane, path, 5, 5, lambda share: None)
    evaluator.use(state)
    assert land.loss[2, 2] == pytest.approx(evaluator.loss(dataset.x_train, dataset.y_train), rel=1e-12)
    assert (land.x[[0, -1]] == (-1, 1)).all()
