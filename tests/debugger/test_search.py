"""First and last true op of a condition: what a search over columns finds is what stepping through every op finds."""

from __future__ import annotations

import os
from collections.abc import Callable
from random import Random

import numpy as np
import pytest

from tests.debugger.conditions import Conditions, Walk, drawn, stepped, walk, walk_over_edits
from tests.debugger.wander import random_edit
from tests.engine.watch_nets import NETS, net_session
from tests.presets.runs import PRESETS
from tui_nn.debugger import tape
from tui_nn.debugger.bounds import range_of
from tui_nn.debugger.context import Here, parse_for
from tui_nn.debugger.phases import series
from tui_nn.debugger.position import START, Position
from tui_nn.debugger.scout import Interrupted
from tui_nn.debugger.search import first_true, last_true
from tui_nn.debugger.session import Session
from tui_nn.debugger.tape import Tape
from tui_nn.engine import layout as at
from tui_nn.engine import recording
from tui_nn.scenario import load_scenario
from tui_nn.scenario.naming import CLOCK

FULL = os.environ.get("TUI_NN_FULL") == "1"
CONDITIONS = 50 if FULL else 8  # on each of ten networks
ITERATIONS = 24 if FULL else 13


def check_walk(found: Walk, chance: Random, asked: int) -> int:
    """Each condition from that many pairs of places. Returns for how many there was something to find."""
    there = 0
    for expression in found.expressions:
        worth, places = found.worth[expression.text], found.places
        for _ in range(asked):
            i = chance.randrange(len(places) - 1)
            j = chance.randrange(i, len(places))
            first = next((places[k] for k in range(i + 1, j + 1) if worth[k]), None)
            last = next((places[k] for k in range(j - 1, -1, -1) if worth[k]), None)
            assert first_true(found.session, expression, places[i], places[j]) == first, (
                expression,
                places[i],
                places[j],
            )
            assert last_true(found.session, expression, places[j]) == last, (expression, places[j])
            there += (first is not None) + (last is not None)
    return there


def check_moves(found: Walk, chance: Random) -> None:
    """The same by moves: run until, by op, from any place; back until from any other."""
    session, places = found.session, found.places
    for expression in found.expressions:
        worth = found.worth[expression.text]
        i, j = chance.randrange(len(places) - 1), chance.randrange(1, len(places))
        first = next((places[k] for k in range(i + 1, len(places)) if worth[k]), None)
        programs = (session.timeline.program_at(places[k]) for k in (i, j))
        if any(name not in program.metrics for program in programs for name in expression.names - {*CLOCK}):
            continue  # where an edit has taken its metric away, it cannot be asked for
        session.goto(*places[i])
        stop = session.run_until(expression.text, places[-1].iteration - places[i].iteration, by="op")
        if stop.reason == "condition":
            assert stop.position == first, expression
        else:  # the end, or early stopping, or a loss that is not finite: of which is told right behind its row
            assert stop.reason in ("end", "non-finite"), expression
            assert first is None or stop.position < first, expression
        session.goto(*places[-1])
        session.goto(*places[j])
        last = next((places[k] for k in range(j - 1, -1, -1) if worth[k]), None)
        stop = session.back_until(expression.text)
        assert (stop.reason, stop.position) == (("condition", last) if last else ("start", START)), expression
    session.goto(*places[-1])


@pytest.mark.parametrize("name", NETS)
def test_random_conditions_are_found_where_stepping_finds_them(name: str):
    """500 conditions in the full run: metrics, loss@k, min and its kin over the history, single values, not, and, or, NaN.
    From any op to any op, forwards and backwards."""
    found = walk(name, CONDITIONS, ITERATIONS)
    before = found.session.state_bytes()
    there = check_walk(found, Random(name), asked=3)
    assert there > CONDITIONS, "the conditions must come true now and then, or nothing is shown"
    assert found.session.state_bytes() == before, "looking moves nothing"
    check_moves(found, Random(f"moves {name}"))
    print(f"{name}: {len(found.expressions)} conditions at {len(found.places)} positions, {there} found")


@pytest.mark.parametrize("name", ["batch-norm", "plateau", "clip"])
def test_any_way_to_cut_the_run_finds_the_same(name: str, monkeypatch):
    """Stretches of one or two iterations, notes for three at most, and few checkpoints, so that replays start far before."""
    found = walk(name, CONDITIONS, ITERATIONS)
    monkeypatch.setattr(tape, "FIRST_ROWS", 1)
    monkeypatch.setattr(tape, "MOST_ROWS", 2)
    check_walk(found, Random(f"cut {name}"), asked=1)
    monkeypatch.setattr(tape, "FIRST_ROWS", 4)
    monkeypatch.setattr(tape, "MOST_ROWS", 9)
    monkeypatch.setattr(tape.Scout, "capacity", 3)
    monkeypatch.setattr(recording, "MOST_SLOTS", 3)
    session = net_session(name)
    session.goto(ITERATIONS)
    found = Walk(session, found.expressions, found.places, found.worth)
    check_walk(found, Random(f"few {name}"), asked=1)


@pytest.mark.parametrize("seed", range(12 if FULL else 4))
def test_edits_do_not_hide_anything(seed: int):
    """Over edits of every kind: conditions on what only some of the programs measure or keep, too."""
    found = walk_over_edits(seed, CONDITIONS, ITERATIONS)
    assert len(found.session.timeline.segments) > 2
    check_walk(found, Random(f"edits {seed}"), asked=4)


@pytest.mark.parametrize("preset", PRESETS if FULL else ["early-stopping"])
def test_conditions_on_presets_over_edits_and_in_a_fork(preset: str):
    """Five on each: on a fork of a run that was edited, itself edited further on."""
    session, chance = Session(load_scenario(preset)), Random(f"conditions {preset}")
    iterations = max(3, min(ITERATIONS, 600 // len(session.program.ops)))
    for _ in range(2):
        session.goto(chance.randint(0, iterations // 2), chance.randrange(4))
        random_edit(session, chance)
        session.step("iteration")
        session = session.fork()
    session.goto(iterations)
    source, expressions = Conditions(session, f"on {preset}", iterations), {}
    while len(expressions) < 5:
        if len(text := source.condition(2)) <= 500:
            expressions[text] = parse_for(source.program, text)
    session.goto(0)
    found = stepped(session, list(expressions.values()), iterations)
    there = check_walk(found, chance, asked=4)
    check_moves(found, chance)
    print(f"{preset:<34} {len(expressions)} conditions at {len(found.places):>5,} positions, {there} found")


def test_nothing_lies_outside_what_was_reached():
    """A condition that would come true later is not found: asked at 5:4, the run knows nothing of 5:5."""
    session = net_session("validation")
    session.goto(5, 4)
    later = parse_for(session.program, "iteration >= 6")
    assert first_true(session, later, START, Position(50)) is None
    assert last_true(session, later, Position(50)) is None
    now = parse_for(session.program, "iteration == 5")
    assert first_true(session, now, START, Position(50)) == (5, 0)
    assert last_true(session, now, Position(50)) == (5, 4)
    assert last_true(session, now, START) is None
    assert first_true(session, now, Position(5, 4), Position(5, 4)) is None


def test_a_gradient_is_that_of_the_iteration_before_until_its_row():
    """Behind a restored checkpoint stands no gradient: the replay begins an iteration earlier, so that it does."""
    session = net_session("full")
    session.goto(9)
    program = session.program
    op = program.layers[0].backward_op
    text = "grad.dense_1[0,0]"
    for iteration in range(2, 9):
        session.goto(iteration, op)
        before = Here(session).element(parse_for(program, f"{text} > 0").elements[0])
        session.step("op")
        after = Here(session).element(parse_for(program, f"{text} > 0").elements[0])
        assert before != after
        same = parse_for(program, f"{text} == {before!r}")
        assert last_true(session, same, Position(9)) == (iteration, op)
        changed = parse_for(program, f"{text} == {after!r}")
        assert first_true(session, changed, START, Position(9)) == (iteration, op + 1)


@pytest.mark.parametrize("search", [first_true, last_true])
@pytest.mark.parametrize("text", ["loss > 1e9", "weight.dense_1[0,0] > 1e9", "min(loss) > 1e9"])
def test_a_search_says_how_far_it_is_and_can_be_ended(search: Callable, text: str, monkeypatch):
    """Shares rise from 0 towards 1; the machine's STOP ends it within a stretch, and the run stands where it stood."""
    session = net_session("full")
    session.goto(2_000)
    monkeypatch.setattr(tape, "MOST_ROWS", 256)
    expression, shares = parse_for(session.program, text), []
    places = (START, session.position) if search is first_true else (session.position,)
    assert search(session, expression, *places, shares.append) is None
    assert len(shares) > 4
    assert shares == sorted(shares)
    assert shares[0] >= 0.0
    assert shares[-1] <= 1.0
    where = session.state_bytes()

    def stop(share: float) -> None:
        if share > 0.3:
            session.machine.mail[at.STOP] = 1
        assert share < 0.7, "it goes on"

    with pytest.raises(Interrupted):
        search(session, expression, *places, stop)
    assert session.state_bytes() == where
    assert search(session, expression, *places) is None, "the next one is not ended by the last one's STOP"


@pytest.mark.parametrize("name", ["validation", "plateau"])
def test_bounds_leave_out_no_value(name: str, monkeypatch):
    """Whatever an expression is worth at a place of a stretch lies between its bounds there, and so do NaN and not measured."""
    monkeypatch.setattr(tape, "FIRST_ROWS", 2)
    monkeypatch.setattr(tape, "MOST_ROWS", 4)
    source, n_tight = drawn(name, ITERATIONS, "bounds"), 0
    texts = [source.number(2) if k % 2 else source.comparison() for k in range(400 if FULL else 60)]
    texts += [
        "count(loss > 0)",
        "count(isfinite(loss))",
        "loss@5",
        "-loss@3 * epoch",
        "max(epoch)",
        "max(iteration)",
        "mean(0.1 + 0 * loss)",
        "isfinite(sqrt(loss - loss@2))",
    ]
    end = Position(ITERATIONS - 1, max(op.index for op in source.program.ops if op.due.every == "iteration"))
    for text in texts:  # the last stretch ends within an iteration, which counts as begun
        expression = parse_for(source.program, text)
        for piece in Tape(source.session, [expression]).forward(START, end):
            bounds = range_of(expression.tree, piece.span, piece.carries[0])
            found = series(expression, piece.span, piece.carries[0])
            values = found.values[found.measured].astype(float)
            numbers = values[~np.isnan(values)]
            assert bounds.may_miss or found.measured.all() or expression.is_condition, text
            assert bounds.may_nan or len(numbers) == len(values), text
            assert ((bounds.low <= numbers) & (numbers <= bounds.high)).all(), (text, bounds, numbers)
            n_tight += np.isfinite(bounds.low + bounds.high)
    assert n_tight > len(texts)
