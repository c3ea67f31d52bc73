"""Moves: wherever a session stands, and however it got there, it is the same bytes."""

from __future__ import annotations

import os
import random
from functools import cache

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.engine.make import make_session
from tui_nn.debugger.position import START, UNITS, Position
from tui_nn.debugger.session import Session
from tui_nn.scenario.model import Scenario

FULL = os.environ.get("TUI_NN_FULL") == "1"

IMAGE = {"source": "digits", "samples": 46, "shape": [8, 8, 1], "batch_size": 10, "validation": 0.2}
SEQUENCE = {"source": "echo", "samples": 26, "steps": 5, "batch_size": 8, "validation": 0.2}
CONV = {"type": "conv2d", "filters": 3, "kernel": 3, "padding": "same", "activation": "relu"}
PLACED = {
    "convolution": (IMAGE, [CONV, {"type": "max_pool"}, CONV | {"stride": 2}, {"type": "batch_norm"}, {"type": "dropout"}], 10),
    **{kind: (SEQUENCE, [{"type": kind, "units": 3, "returns": "sequence"}], 4) for kind in ("rnn", "lstm", "gru")},
}  # fmt: skip


@pytest.mark.parametrize("name", PLACED)
def test_layers_with_places_are_the_same_by_every_route(name):
    """The last batch of an epoch is smaller: what a kernel keeps for more samples must not be seen behind it."""
    data, layers, n_out = PLACED[name]
    end = [{"type": "flatten"}] if data is IMAGE else []
    scenario = Scenario.model_validate({
        "id": "placed", "title": "placed", "data": data, "layers": [*layers, *end, {"type": "dense", "units": n_out}],
        "loss": {"type": "sparse_categorical_cross_entropy"}, "optimizer": {"type": "adam"}, "train": {"iterations": 300},
    })  # fmt: skip
    session, fresh, chance = Session(scenario), Session(scenario), random.Random(f"places {name}")
    n_ops, seen = len(session.program.ops), {}
    for _ in range(400 if FULL else 120):
        move = chance.choice(["goto", "back", "step", "run"])
        if move == "goto":
            session.goto(chance.randint(0, 200), chance.choice([0, chance.randint(0, n_ops)]))
        elif move == "run":
            session.run(chance.randint(1, 9))
        else:
            getattr(session, move)(chance.choice(UNITS), chance.randint(1, 2))
        now = session.state_bytes()
        assert seen.setdefault(session.position, now) == now, f"{session.position} after {move}"
    for position in sorted(seen):
        fresh.goto(*position)
        assert fresh.state_bytes() == seen[position], f"{position} in a fresh run"


# A small network with everything: a partial last batch, validation, slots. What a move must do is worked out on the plain
# list of all places, walked through once.

LAST = 14  # iterations in the list
EPOCH = 3


def small_session() -> Session:
    return make_session(
        [(5, "tanh"), (2, "linear")], n=10, n_val=4, batch_size=4, optimizer="adam", train={"iterations": LAST}
    )


class Walk:
    """All places of the small run in order, with what is found at each."""

    def __init__(self) -> None:
        session = small_session()
        assert session.program.iterations_per_epoch == EPOCH
        ops = session.program.ops
        self.places = [
            Position(iteration, op.index)
            for iteration in range(LAST + 1)
            for op in ops
            if op.phase != "validate" or iteration % EPOCH == EPOCH - 1
        ]
        self.bytes: dict[Position, bytes] = {}
        self.metrics: dict[Position, dict[str, float]] = {}
        for place in self.places:
            assert session.position == place
            self.bytes[place], self.metrics[place] = session.state_bytes(), dict(session.frame().metrics)
            session.step("op")


@cache
def walk() -> Walk:
    return Walk()


class Moves(RuleBasedStateMachine):
    """Any sequence of moves, each predicted on the list of places."""

    @initialize()
    def begin(self) -> None:
        self.walk = walk()
        self.session = small_session()
        self.reached = self.place = START

    def go(self, index: int) -> Position:
        self.place = self.walk.places[max(0, min(index, len(self.walk.places) - 1))]
        self.reached = max(self.reached, self.place)
        return self.place

    def index(self, place: Position) -> int:
        return self.walk.places.index(place)

    @rule(n=st.integers(1, 25))
    def step_ops(self, n: int) -> None:
        n = min(n, len(self.walk.places) - 1 - self.index(self.place))
        stop = self.session.step("op", n)
        assert stop.position == self.go(self.index(self.place) + n)

    @rule(n=st.integers(1, 25))
    def back_ops(self, n: int) -> None:
        expected = "start" if self.place == START else "done"
        stop = self.session.back("op", n)
        assert (stop.reason, stop.position) == (expected, self.go(self.index(self.place) - n))

    @rule(n=st.integers(1, 5), period=st.sampled_from([1, EPOCH]))
    def step_periods(self, n: int, period: int) -> None:
        goal = (self.place.iteration // period + n) * period
        if goal <= LAST:
            self.session.step("iteration" if period == 1 else "epoch", n)
            self.go(self.index(Position(goal, 0)))

    @rule(n=st.integers(1, 5), period=st.sampled_from([1, EPOCH]))
    def back_periods(self, n: int, period: int) -> None:
        starts = [k * period for k in range(LAST + 1) if Position(k * period, 0) < self.place]
        self.session.back("iteration" if period == 1 else "epoch", n)
        self.go(self.index(Position(starts[-n] if n <= len(starts) else 0, 0)))

    @rule(iteration=st.integers(0, LAST - 1), op=st.integers(0, 20))
    def goto(self, iteration: int, op: int) -> None:
        op = min(op, len(self.session.program.ops))
        self.session.goto(iteration, op)
        self.go(next(k for k, place in enumerate(self.walk.places) if place >= Position(iteration, op)))

    @rule(n=st.integers(1, 6))
    def run(self, n: int) -> None:
        goal = self.place.iteration + n
        if goal <= LAST:
            assert self.session.run(n).reason == "done"
            self.go(self.index(Position(goal, 0)))

    @rule()
    def run_to_the_end(self) -> None:
        if self.place < (LAST, 0):
            assert self.session.run().reason == "end"
            self.go(self.index(Position(LAST, 0)))

    @invariant()
    def everything_is_as_on_the_walk(self) -> None:
        if not hasattr(self, "session"):
            return
        assert self.session.position == self.place
        assert self.session.reached == self.reached
        assert self.session.state_bytes() == self.walk.bytes[self.place]
        assert dict(self.session.frame().metrics) == self.walk.metrics[self.place]


TestMoves = Moves.TestCase
TestMoves.settings = settings(max_examples=1_000 if FULL else 100, stateful_step_count=30)


def test_rows_not_due_are_passed_over_both_ways():
    """Validation runs in iterations 2, 5, 8, ...; elsewhere a step from the last update is the next iteration, and back again."""
    session = small_session()
    ops = session.program.ops
    last_update = max(op.index for op in ops if op.phase == "update")
    for iteration in range(4):
        session.goto(iteration, last_update)
        stop = session.step("op")
        is_due = iteration == 2
        assert stop.position == ((iteration, last_update + 1) if is_due else (iteration + 1, 0))
        assert session.back("op").position == (iteration, last_update)
    session.goto(3, 0)
    assert session.back("op").position == (2, len(ops) - 1)
    assert session.goto(1, last_update + 2).position == (2, 0)
    with pytest.raises(ValueError, match="op 99 is not in the program"):
        session.goto(1, 99)
    with pytest.raises(ValueError, match="iteration -1 lies before the start"):
        session.goto(-1)


def test_nothing_lies_before_the_start():
    """At the start every unit says so and stays; from one op in, each lands on the start without complaint."""
    session = small_session()
    for unit in UNITS:
        stop = session.back(unit, 5)
        assert (stop.reason, stop.position) == ("start", START)
        assert "start" in stop.message
        session.step("op", 2)
        assert session.back(unit, 2).reason == "done"
        assert session.position == START


def test_a_wrong_move_names_its_value():
    session = small_session()
    with pytest.raises(ValueError, match="unknown unit 'batch'; units are op, iteration, epoch"):
        session.step("batch")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="n is -1"):
        session.back("op", -1)
    assert session.position == START


def test_epoch_moves_end_at_epochs():
    """Three iterations an epoch: from (4, 2) one epoch ahead is 6, back is 3, then 0."""
    session = small_session()
    session.goto(4, 2)
    assert session.epoch == 1
    assert session.step("epoch").position == (6, 0)
    session.goto(4, 2)
    assert session.back("epoch").position == (3, 0)
    assert session.back("epoch").position == (0, 0)
