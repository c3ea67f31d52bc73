"""Moves on a real session: one at a time, none lost, none in the way of the keyboard."""

from __future__ import annotations

import time

import pytest

from tui_nn import Session, load_scenario
from tui_nn.debugger.position import Position
from tui_nn.tui.asking import parse_place
from tui_nn.tui.mover import Mover


@pytest.fixture
def mover():
    session = Session(load_scenario("xor-mlp"))
    session.prepare()
    yield Mover(session)
    session.close()


def finish(mover: Mover) -> None:
    end = time.monotonic() + 20
    while mover.kind or mover.is_waiting:
        mover.poll()
        assert time.monotonic() < end


def test_an_operation_is_made_at_once(mover: Mover):
    stop = mover.step("op")
    assert stop is not None
    assert mover.session.position == (0, 1)


def test_there_and_back(mover: Mover):
    before = mover.session.state_bytes()
    mover.step("iteration", 7)
    finish(mover)
    assert mover.session.position == (7, 0)
    mover.back("iteration", 7)
    finish(mover)
    assert mover.session.state_bytes() == before


def test_moves_that_come_too_fast_add_up(mover: Mover):
    """Twenty presses of `back` while the first still seeks: twenty iterations back in the end."""
    mover.session.goto(iteration=300)
    mover.kind = "seek"  # as if the first were under way
    mover._goal = Position(300, 0)
    mover.session.start(Position(300, 0))
    for _ in range(20):
        mover.back("iteration")
    finish(mover)
    assert mover.session.position == (280, 0)


def test_the_newest_place_wins(mover: Mover):
    mover.kind, mover._goal = "seek", Position(0, 0)
    mover.session.start(Position(0, 0))
    mover.goto(Position(50, 0))
    mover.goto(Position(20, 2))
    finish(mover)
    assert mover.session.position == (20, 2)


def test_a_move_pauses_the_run(mover: Mover):
    """Stepping while it trains: it stands, one iteration after wherever it was."""
    mover.session.goto(iteration=500)
    mover.run()
    assert mover.kind == "run"
    mover.step("iteration")
    finish(mover)
    assert not mover.session.is_running
    assert mover.session.position.iteration > 500
    assert mover.session.position.op == 0


def test_stop_is_quick(mover: Mover):
    """From the wish to stand still to standing still: 20 ms at most, at the best of five."""
    mover.session.goto(iteration=500)
    times = []
    for _ in range(5):
        mover.run()
        start = time.perf_counter()
        mover.stop()
        times.append(time.perf_counter() - start)
    assert min(times) < 0.020
    assert not mover.kind


class Unready:
    """A session whose kernels are not compiled yet, but for the first."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.is_prepared = False
        self.ready_ops = {0}

    def can_run(self) -> bool:
        return self.is_prepared or self._session.position.op in self.ready_ops

    def __getattr__(self, name: str):
        return getattr(self._session, name)


def test_the_first_operation_waits_for_its_own_kernel_only(mover: Mover):
    unready = Unready(mover.session)
    mover = Mover(unready)  # type: ignore[arg-type]
    assert mover.step("op") is not None
    assert mover.step("op") is None  # its kernel is missing: remembered
    assert mover.step("op") is None  # and so is the next
    assert mover.is_waiting
    assert mover.poll() is None
    unready.ready_ops.add(1)
    assert mover.poll() is not None
    assert mover.poll() is None
    assert unready.position == (0, 2)
    unready.ready_ops.add(2)
    assert mover.poll() is not None
    assert unready.position == (0, 3)
    assert not mover.is_waiting


def test_moves_made_while_it_compiles_keep_their_order(mover: Mover):
    """`n` needs every kernel and `s` only one: the quick one must not overtake. `stop` forgets them all."""
    unready = Unready(mover.session)
    mover = Mover(unready)  # type: ignore[arg-type]
    mover.step("iteration")
    assert mover.step("op") is None
    mover.poll()
    assert unready.position == (0, 0)
    unready.is_prepared = True
    finish(mover)
    assert unready.position == (1, 1)
    unready.is_prepared = False
    mover.step("iteration")
    mover.stop()
    assert not mover.is_waiting


def test_other_moves_wait_for_all_kernels(mover: Mover):
    unready = Unready(mover.session)
    mover = Mover(unready)  # type: ignore[arg-type]
    mover.step("iteration", 3)
    mover.poll()
    assert mover.is_waiting
    assert unready.position == (0, 0)
    unready.is_prepared = True
    finish(mover)
    assert unready.position == (3, 0)


def test_stop_forgets_what_waits(mover: Mover):
    mover = Mover(Unready(mover.session))  # type: ignore[arg-type]
    mover.run()
    assert mover.is_waiting
    mover.stop()
    assert not mover.is_waiting


def test_a_failure_is_raised_once_and_leaves_the_mover_usable(mover: Mover, monkeypatch: pytest.MonkeyPatch):
    def fail(timeout: float) -> bool:
        raise MemoryError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(mover.session, "wait", fail)
        with pytest.raises(MemoryError):
            mover.step("iteration")
    assert not mover.kind
    mover.step("iteration")
    finish(mover)
    assert mover.session.position.op == 0


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("300", (300, 0)),
        (" 30:4 ", (30, 4)),
        ("epoch 3", (3, 0)),
        ("start", (0, 0)),
        ("12 iterations", (12, 0)),
    ],
)
def test_places_as_typed(mover: Mover, text: str, place: tuple[int, int]):
    """The xor run has one iteration an epoch."""
    assert parse_place(text, mover.session.program) == place
    assert parse_place("end", mover.session.program) == (mover.session.planned_iterations, 0)


@pytest.mark.parametrize("text", ["-1", "1:99", "999999999", "3.5", "nowhere", "1:2:3", "::", "⁴"])
def test_places_that_are_none(mover: Mover, text: str):
    with pytest.raises(ValueError, match=r"."):
        parse_place(text, mover.session.program)
