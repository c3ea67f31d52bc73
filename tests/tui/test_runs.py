"""Several runs moved as one: the same places, each with the bytes it would have alone, whatever interrupts them."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from tui_nn import Session, load_scenario
from tui_nn.debugger.position import Position, counterpart
from tui_nn.engine.compiler import build_program
from tui_nn.scenario import load_twin
from tui_nn.tui.runs import OwnView, Run, Runs
from tui_nn.tui.view import View


def open_together(*scenarios) -> Runs:
    view = View()
    sessions = [Session(load_scenario(one) if isinstance(one, str) else one) for one in scenarios]
    for session in sessions:
        session.prepare()
    runs = Runs(Run(sessions[0], view))
    for session in sessions[1:]:
        runs.join(Run(session, OwnView(view)))  # type: ignore[arg-type]
    return runs


@pytest.fixture
def pair():
    runs = open_together("zero-init", "zero-init-cured")
    yield runs
    runs.stop()


@pytest.fixture
def exploding():
    runs = open_together("lr-too-large", "lr-too-large-cured")
    yield runs
    runs.stop()


def finish(runs: Runs) -> None:
    end = time.monotonic() + 30
    while runs.kind or runs.is_waiting:
        runs.poll()
        assert time.monotonic() < end


def positions(runs: Runs) -> list[tuple[int, int]]:
    return [tuple(run.session.position) for run in runs.entries]  # type: ignore[misc]


def alone(runs: Runs) -> list[bool]:
    """Has each the bytes of a run that was never beside another?"""
    same = []
    for run in runs.entries:
        session = Session(run.session.scenario)
        session.goto(*run.session.position)
        same.append(session.state_bytes() == run.session.state_bytes())
    return same


def test_every_move_is_made_by_both(pair: Runs):
    """Operations, iterations, epochs, back and to a place: both stand where one alone would, with its bytes."""
    moves = [
        (lambda: pair.step("op"), (0, 1)), (lambda: pair.step("op"), (0, 2)), (lambda: pair.step("iteration", 3), (3, 0)),
        (lambda: pair.step("op"), (3, 1)), (lambda: pair.back("op"), (3, 0)), (lambda: pair.goto(Position(120, 6)), (120, 6)),
        (lambda: pair.back("iteration"), (120, 0)), (lambda: pair.back("epoch"), (119, 0)), (lambda: pair.goto(Position(0)), (0, 0)),
    ]  # fmt: skip
    for move, place in moves:
        move()
        finish(pair)
        assert positions(pair) == [place] * 2
    pair.goto(Position(77, 5))
    finish(pair)
    assert alone(pair) == [True, True]


def test_a_run_takes_both_to_the_same_end(pair: Runs):
    pair.run()
    finish(pair)
    assert positions(pair) == [(200, 0)] * 2
    assert alone(pair) == [True, True]
    pair.run(Position(230, 4))
    finish(pair)
    assert positions(pair) == [(230, 4)] * 2


def test_the_planned_end_is_told(pair: Runs):
    pair.run()
    stop = None
    while stop is None:
        stop = pair.poll()
    assert stop.reason == "end"
    assert stop.message == "The planned 200 iterations are done."


def test_a_pause_reaches_both_and_they_meet(pair: Runs):
    """Neither trains on, and the one that was ahead or behind comes to the other."""
    for _ in range(3):
        pair.goto(Position(200))
        finish(pair)
        pair.run()
        while pair.entries[0].session.position.iteration < 3_000:
            pair.poll()
        pair.stop()
        assert not pair.entries[0].session.is_running
        finish(pair)
        first, second = positions(pair)
        assert first == second
    assert alone(pair) == [True, True]


def test_a_step_while_both_train_pauses_both(pair: Runs):
    pair.goto(Position(200))
    finish(pair)
    pair.run()
    for _ in range(10):
        pair.poll()
    pair.step("iteration")
    finish(pair)
    first, second = positions(pair)
    assert first == second
    assert first[1] == 0


def test_a_faster_one_does_not_run_away():
    """Many times the work for the other: at every look they are within the longest stretch of each other."""
    small = load_scenario("zero-init", ["train.iterations=400000"])
    large = load_scenario("zero-init-cured", ["layers[0].units=2000", "train.iterations=400000"])
    runs = open_together(small, large)
    runs.run()
    try:
        longest = runs._stretch
        while runs.kind and runs.entries[1].session.position.iteration < 1_500:
            runs.poll()
            longest = max(longest, runs._stretch)
            ahead = runs.entries[0].session.position.iteration - runs.entries[1].session.position.iteration
            assert ahead <= longest
        assert runs.entries[0].session.position.iteration < 400_000
    finally:
        runs.stop()
    finish(runs)
    assert len(set(positions(runs))) == 1


def test_the_sick_one_stays_where_it_broke_and_the_other_goes_on(exploding: Runs):
    """Whichever is looked at; and the next move brings them together again."""
    for active in (0, 1):
        exploding.switch(active)
        exploding.goto(Position(400))
        finish(exploding)
        exploding.run()
        finish(exploding)
        assert positions(exploding) == [(466, 3), (600, 0)]
        assert exploding._stop is not None
        assert exploding._stop.reason == ("non-finite", "end")[active]
    exploding.switch(0)
    exploding.step("op")
    finish(exploding)
    assert positions(exploding) == [(466, 4)] * 2
    exploding.goto(Position(30))
    finish(exploding)
    assert alone(exploding) == [True, True]


def test_a_pause_after_the_sick_one_broke_leaves_both_where_they_are(exploding: Runs):
    exploding.goto(Position(460))
    finish(exploding)
    exploding.run(Position(200_000))
    while not exploding.entries[0].is_over or exploding.entries[1].session.position.iteration < 1_000:
        exploding.poll()
    exploding.stop()
    finish(exploding)
    first, second = positions(exploding)
    assert first == (466, 3)
    assert second[0] >= 1_000


def test_until_takes_both_to_where_the_one_looked_at_meets_it(pair: Runs):
    pair.switch()
    pair.run_until("loss < 0.1")
    finish(pair)
    alone_ = Session(pair.session.scenario)
    alone_.run_until("loss < 0.1")
    assert positions(pair) == [tuple(alone_.position)] * 2


def test_moves_that_come_too_fast_add_up(pair: Runs):
    pair.goto(Position(150))
    finish(pair)
    for _ in range(20):
        pair.back("iteration")
    finish(pair)
    assert positions(pair) == [(130, 0)] * 2


def test_looking_at_the_other_moves_nothing(pair: Runs):
    pair.goto(Position(5, 3))
    finish(pair)
    before = [run.session.state_bytes() for run in pair.entries]
    assert pair.session is pair.entries[0].session
    pair.switch()
    assert pair.session is pair.entries[1].session
    pair.switch()
    finish(pair)
    assert [run.session.state_bytes() for run in pair.entries] == before


def test_five_go_together():
    """No two are a special number."""
    runs = open_together(*[load_scenario("zero-init-cured", [f"seed={seed}"]) for seed in range(5)])
    runs.switch(3)
    runs.goto(Position(40, 7))
    finish(runs)
    assert positions(runs) == [(40, 7)] * 5
    runs.run()
    finish(runs)
    assert positions(runs) == [(200, 0)] * 5
    assert alone(runs) == [True] * 5


def test_one_that_joins_late_comes_to_the_others():
    runs = open_together("zero-init")
    assert runs.mover is runs.entries[0].mover
    runs.entries[0].mover.goto(Position(3, 2))
    finish(runs)
    late = Session(load_scenario("zero-init-cured"))
    runs.join(Run(late, OwnView(runs.entries[0].view)))  # type: ignore[arg-type]
    assert runs.is_waiting  # for its kernels
    runs.step("op")
    assert tuple(runs.entries[0].session.position) == (3, 3)
    late.prepare()
    finish(runs)
    assert positions(runs) == [(3, 3)] * 2


def test_selections_are_shared_and_pictures_are_not():
    main = View()
    other = OwnView(main)
    other.layer, main.unit = 2, 5
    assert (main.layer, other.unit) == (2, 5)
    assert other.mode("weights") == 0
    main.modes["weights"] = 1
    assert other.mode("weights") == 1
    assert other.pictures is not main.pictures
    other.marked = "theirs"  # type: ignore[assignment]
    assert main.marked is None
    program, its_own = SimpleNamespace(), SimpleNamespace()
    main.evaluator, other.evaluator = SimpleNamespace(program=program), SimpleNamespace(program=its_own)  # type: ignore[assignment]
    assert other.evaluator_of(its_own).program is its_own  # type: ignore[arg-type]
    assert main.evaluator_of(program).program is program  # type: ignore[arg-type]


# Places in unequal programs


def program(*overrides: str, preset: str = "xor-mlp"):
    from tui_nn.data import load_data

    scenario = load_scenario(preset, overrides)
    return build_program(scenario, load_data(scenario))


def test_the_same_row_where_the_phases_are_the_same():
    sick, cured = program(preset="vanishing-sigmoid"), program(preset="vanishing-sigmoid-cured")
    for op in range(len(sick.ops)):
        assert counterpart(Position(4, op), sick, cured) == (4, op)


def test_the_same_label_or_the_same_phase_elsewhere():
    """One has an activation less, the other a row of clipping more."""
    plain, linear = program(), program("layers[0].activation=linear")
    labels = [row.label for row in linear.ops]
    for op, row in enumerate(plain.ops):
        there = counterpart(Position(2, op), plain, linear)
        assert there.iteration == 2
        if row.label in labels:
            assert linear.ops[there.op].label == row.label
        else:
            assert linear.ops[there.op - 1].phase == row.phase  # some of the phase is done: its end
    for op in range(len(linear.ops)):
        assert linear.ops[op].label == plain.ops[counterpart(Position(0, op), linear, plain).op].label


# What is opened


def test_overrides_are_made_on_both_but_where_they_differ():
    """Otherwise --set would make one network of the two."""
    twin, left_out = load_twin("zero-init", "zero-init-cured", ["seed=3", "layers[0].init=ones", "optimizer.lr=0.1"])
    assert left_out == ("layers[0].init=ones",)
    assert (twin.seed, twin.optimizer.lr, twin.layers[0].init) == (3, 0.1, "xavier_uniform")  # type: ignore[union-attr]
    _, left_out = load_twin("vanishing-sigmoid", "vanishing-sigmoid-cured", ["layers[3:5].activation=tanh", "layers[3].units=8"])  # fmt: skip
    assert left_out == ("layers[3:5].activation=tanh",)


def test_a_stop_of_the_one_looked_at_halts_all_of_them(pair: Runs):
    """There, and with what fired; the others come to the same place, and go on with it."""
    session = pair.looked_at.session
    session.stops.add("iteration 40")
    session.stops.add("iteration 60")
    for place in (40, 60):
        pair.run()
        finish(pair)
        assert pair._stop is not None
        assert pair._stop.reason == "stop"
        assert pair._stop.fired
        assert positions(pair) == [(place, 0), (place, 0)]
    assert all(alone(pair))


def test_a_stop_of_another_one_halts_all_and_says_whose_it_is(pair: Runs):
    other = pair.others[0]
    other.session.stops.add("iteration 40")
    pair.run()
    finish(pair)
    assert pair._stop is not None
    assert pair._stop.message.startswith(f"{other.title}: Stop 1: iteration 40")
    assert other.session.position == (40, 0)
    pair.run(Position(300))
    finish(pair)
    assert positions(pair) == [(300, 0), (300, 0)]


def test_a_search_backwards_takes_the_others_along(pair: Runs):
    pair.goto(Position(50))
    finish(pair)
    pair.back_until("iteration < 20")
    assert pair.kind == "run"
    assert pair.searched is not None
    finish(pair)
    assert pair.searched is None
    assert len({place[0] for place in positions(pair)}) == 1
    assert pair.looked_at.session.position.iteration == 19
