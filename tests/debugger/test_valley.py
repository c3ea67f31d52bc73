"""The loss over one parameter, against its formula; and which runs are on one surface, and how far they stretch it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.race import write_race
from tui_nn.debugger.evaluator import Evaluator
from tui_nn.debugger.landscape import Landscape, exact_plane, landscape
from tui_nn.debugger.session import Session
from tui_nn.debugger.surface import BLOWN_UP, Surface, Way, flat, same_surface
from tui_nn.debugger.valley import STEEP, Valley, valley
from tui_nn.scenario import load_scenario


def opened(ref: str, *overrides: str, at: int = 0) -> Session:
    session = Session(load_scenario(ref, overrides))
    session.goto(at)
    return session


def way(session: Session, name: str = "") -> Way:
    path = session.path()
    assert path is not None
    return Way(name, path, flat(session.program, session.frame().snapshot.mem))


def valley_of(*sessions: Session, points: int = 81) -> Valley:
    state = sessions[0].frame().snapshot.mem
    ways = [way(session, str(k)) for k, session in enumerate(sessions)]
    return valley(Evaluator(sessions[0].program), state, ways, points, lambda share: None)


def two_points(w: np.ndarray) -> np.ndarray:
    """loss(w) of the preset init-decides, as its lesson writes it."""
    return 0.5 * (np.tanh(w) - 0.8) ** 2 + 0.5 * (np.tanh(10 * w) + 1.0) ** 2


def test_the_curve_is_the_formula_and_the_run_is_on_it():
    """In float32; the points where the run was are evaluated there, not between two points of the curve."""
    session = opened("init-decides", at=60)
    found = valley_of(session)
    roll = found.rolls[0]
    assert (found.name, found.samples, len(found.rolls)) == ("dense_1.weight", 2, 1)
    np.testing.assert_allclose(found.loss, two_points(found.x), rtol=1e-5)
    np.testing.assert_allclose(roll.loss, two_points(roll.x), rtol=1e-5)
    assert roll.iterations.tolist() == list(range(60))
    np.testing.assert_allclose(roll.loss, session.history["loss"][:60], rtol=1e-6)
    assert roll.here == session.frame().layers[0].parameters[0].value[0, 0]
    assert roll.here_loss == pytest.approx(two_points(np.array(roll.here)), rel=1e-5)


def test_from_the_start_the_hump_and_both_valleys_are_seen():
    """Minima at -0.103 and 1.099, the ridge at 0.251: w begins at 0.3 and has not moved yet."""
    found = valley_of(opened("init-decides"), points=401)
    assert found.x[0] < -0.103 < 0.251 < 1.099 < found.x[-1]
    inner = found.loss[1:-1]
    assert ((inner < found.loss[:-2]) & (inner < found.loss[2:])).sum() == 2
    assert ((inner > found.loss[:-2]) & (inner > found.loss[2:])).sum() == 1


def test_steep_walls_do_not_make_a_point_of_the_path():
    """x of 1,000: w goes from 0 to 0.003, and at 1 the loss is 10^5 times that of the start."""
    session = opened("init-decides", "layers[0].activation=linear", "data.low=900", "data.high=1100", "data.slope=0.003",
                     "data.intercept=0", "layers[0].weights=[[0.0]]", "optimizer.lr=1e-7", at=40)  # fmt: skip
    found = valley_of(session)
    roll = found.rolls[0]
    assert found.loss.max() <= STEEP * max(roll.loss.max(), roll.here_loss) * 1.01
    assert (roll.x.max() - roll.x.min()) / (found.x[-1] - found.x[0]) > 0.1


def test_two_starts_are_on_one_curve():
    found = valley_of(opened("init-decides", at=300), opened("init-decides-other", at=300))
    assert [roll.name for roll in found.rolls] == ["0", "1"]
    assert found.rolls[1].here == pytest.approx(-0.103, abs=1e-3)
    assert found.x[0] < found.rolls[1].here < found.rolls[0].here < found.x[-1]
    far = valley_of(opened("init-decides"), opened("init-decides", "layers[0].weights=[[-4.0]]"))
    assert far.x[0] < far.rolls[1].here == -4.0


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        (["optimizer.lr=0.5"], True),
        (["layers[0].init=zeros"], True),
        (["layers[0].activation=tanh"], False),
        (["loss.type=mae"], False),
        (["data.angle=45"], False),
        (["data.standardize=true"], False),
        (["data.samples=20"], False),
    ],
)
def test_one_surface_is_the_same_loss_of_the_same_parameters(change: list[str], is_same: bool):
    one, other = (Session(load_scenario("adam-vs-sgd", overrides)).program for overrides in ([], change))
    assert same_surface(one, other) is is_same


def test_a_way_from_wall_to_wall_is_kept_whole():
    """SGD jumps over the floor of the ravine in each update; every second place alone would be on one side of it."""
    session = opened("adam-vs-sgd", "optimizer.type=sgd", "optimizer.lr=0.031", at=150)
    path = session.path()
    assert path is not None
    assert path.iterations.tolist() == list(range(150))
    assert (np.sign(np.diff(path.states[:40, 0]))[1:] == -np.sign(np.diff(path.states[:40, 0]))[:-1]).all()


def plane_of(first: Session, *others: Session) -> Landscape:
    state = first.frame().snapshot.mem
    plane, own = exact_plane(first.program, flat(first.program, state)), way(first)
    ways = [way(other, str(k)) for k, other in enumerate(others, 1)]
    return landscape(Evaluator(first.program), state, plane, own.path, 8, 6, lambda share: None, ways)


def test_the_plane_covers_all_paths_from_one_start(tmp_path):
    race = write_race(tmp_path)
    sessions = [opened(str(path), at=40) for path in (race, *sorted(tmp_path.glob("race-*.toml")))]
    found = plane_of(*sessions)
    assert len(found.others) == 4
    for track in found.others:
        assert track.path[0].tolist() == found.path[0].tolist()
        for places in (track.path, track.here[None]):
            assert (places[:, 0] > found.x[0]).all()
            assert (places[:, 0] < found.x[-1]).all()
            assert (places[:, 1] > found.y[0]).all()
            assert (places[:, 1] < found.y[-1]).all()
    for session, track in zip(sessions[1:], found.others, strict=True):
        assert track.here.tolist() == flat(session.program, session.frame().snapshot.mem).tolist()


def test_a_run_that_blew_up_does_not_stretch_the_plane_of_another():
    """Beside its cure the sick one's places beyond ten times the first loss lie outside; on its own plane all are in."""
    sick, cured = opened("lr-too-large", at=400), opened("lr-too-large-cured", at=400)
    surface = Surface(Evaluator(sick.program), sick.frame().snapshot.mem)
    far = way(sick)
    near = surface.near(far)
    assert 0 < len(near) < len(far.path.states)
    assert max(surface.loss(each) for each in near) <= BLOWN_UP * surface.loss(far.path.states[0])
    beside, own = plane_of(cured, sick), plane_of(sick, cured)
    assert beside.x[-1] - beside.x[0] < (own.x[-1] - own.x[0]) / 10
    assert len(beside.others[0].path) == len(far.path.states)
