"""Stops: each fires where its text says, found by stepping; counts are exact; a halt says everything that fired."""

from __future__ import annotations

import math
import os
from itertools import pairwise
from random import Random

import pytest

from tests.debugger.conditions import Conditions, Walk, drawn, edited, stepped, walked
from tests.engine.watch_nets import NETS, net_session
from tui_nn.debugger import tape
from tui_nn.debugger.context import parse_for
from tui_nn.debugger.position import START, Position, Stop
from tui_nn.debugger.session import Session
from tui_nn.debugger.stop_kinds import StopError, read_stop
from tui_nn.debugger.stops import MOST_STOPS
from tui_nn.scenario import ExpressionError

FULL = os.environ.get("TUI_NN_FULL") == "1"
STOPS = 40 if FULL else 12  # on each network
ITERATIONS = 24 if FULL else 11


def expression_in(text: str) -> str | None:
    """What a stop evaluates."""
    word, *rest = text.split()
    if word == "op" or (word in ("iteration", "epoch") and rest[0].isdecimal()):
        return None
    return text.removesuffix(" sign").removesuffix(" changes")


def met_by_stepping(session: Session, text: str, found: Walk) -> list[int]:
    """The indices of the places at which a stop is met, by its meaning."""
    places, program = found.places, session.program
    word, _, rest = text.partition(" ")
    inside = expression_in(text)
    if inside is None and word == "op":
        rows = [session.timeline.program_at(place).ops[place.op] for place in places]
        return [k for k, row in enumerate(rows) if rest in (row.label, str(row.index))]
    if inside is None:
        iteration = program.epochs.start(int(rest)) if word == "epoch" else int(rest)
        return [k for k, place in enumerate(places) if place == (iteration, 0)]
    worth = [float(value) for value in found.worth[inside]]
    pairs = list(enumerate(pairwise(worth), 1))
    if text.endswith(" changes sign"):
        return [k for k, (old, new) in pairs if (old < 0) != (new < 0) and not math.isnan(old + new)]
    if text.endswith(" changes"):
        return [k for k, (old, new) in pairs if old != new and not (math.isnan(old) and math.isnan(new))]
    return [k for k, (old, new) in pairs if new and not old]


def set_of_stops(name: str) -> tuple[Walk, list[str], dict[str, list[int]]]:
    """Random stops on a network, and where each is met."""
    source, texts = drawn(name, ITERATIONS, "stops"), []
    while len(texts) < STOPS:
        if (text := source.stop()) not in texts and "nan" not in text and len(text) < 500:
            texts.append(text)
    found = walked(name, [inside for text in texts if (inside := expression_in(text))], ITERATIONS)
    return found, texts, {text: met_by_stepping(found.session, text, found) for text in texts}


@pytest.mark.parametrize("name", NETS)
def test_random_stops_fire_where_stepping_meets_them(name: str):
    """Every kind, with counts to ignore, several at once: the first position in front, the last behind, all that fire."""
    check_hits(*set_of_stops(name), Random(name))


@pytest.mark.parametrize("seed", range(12 if FULL else 3))
def test_stops_fire_over_edits_too(seed: int):
    """What an edit changes, like a weight, fires at its position; rows have their numbers of the program in force."""
    session = edited(seed, ITERATIONS)
    source, texts = Conditions(session, f"stops over edits {seed}", ITERATIONS), []
    while len(texts) < STOPS:
        text = source.stop()  # clip_scale is measured by some of the programs only
        if text not in texts and "nan" not in text and "clip_scale" not in text and len(text) < 500:
            texts.append(text)
    expressions = [parse_for(session.program, inside) for text in texts if (inside := expression_in(text))]
    session.goto(0)
    found = stepped(session, expressions, ITERATIONS)
    check_hits(found, texts, {text: met_by_stepping(session, text, found) for text in texts}, Random(seed))


def check_hits(found: Walk, texts: list[str], met: dict[str, list[int]], chance: Random) -> None:
    session, places, fired = found.session, found.places, 0
    for _ in range(4 * STOPS):
        session.stops.clear()
        chosen = {}
        for text in chance.sample(texts, chance.randint(1, 4)):
            ignore = chance.choice([0, 0, 1, 3, 20])
            chosen[session.stops.add(text, ignore=ignore).number] = (met[text], ignore)
        i = chance.randrange(len(places) - 1)
        j = chance.randrange(i, len(places))
        for is_forward in (True, False):
            ways = {
                number: [k for k in where if i < k <= j] if is_forward else [k for k in reversed(where) if k < j]
                for number, (where, _) in chosen.items()
            }
            first = [way[chosen[number][1]] for number, way in ways.items() if len(way) > chosen[number][1]]
            at = (min(first) if is_forward else max(first)) if first else None
            hit = session.stops.next_hit(places[i], places[j]) if is_forward else session.stops.previous_hit(places[j])
            assert (None if hit is None else hit.position) == (None if at is None else places[at]), [*session.stops]
            if hit is None or at is None:
                continue
            fired += 1
            for number, way in ways.items():
                n = sum(k <= at if is_forward else k >= at for k in way)
                assert hit.met[number] == n
                is_firing = at in way and n > chosen[number][1]
                assert (number in [each.number for each in hit.fired]) == is_firing
    assert fired > STOPS


def run_on(session: Session) -> Stop:
    """To the next stop, or the planned end: past where early stopping ends it."""
    while (stop := session.run()).reason == "end" and stop.position.iteration < ITERATIONS:
        pass
    return stop


@pytest.mark.parametrize("name", ["validation", "plateau", "full"])
def test_a_run_halts_at_every_stop_in_turn(name: str, monkeypatch):
    """Run by run, to the end and back again: the positions are those that stepping finds, and ignored ones are used up."""
    found, texts, met = set_of_stops(name)
    monkeypatch.setattr(tape, "FIRST_ROWS", 3)
    session = net_session(name, train={"iterations": ITERATIONS})
    chosen = texts[:5]
    for text in chosen:
        session.stops.add(text)
    session.stops.ignore(2, 1)
    wanted = sorted({k for text in chosen for k in (met[text][1:] if text is chosen[1] else met[text]) if k > 0})
    last = found.places.index(Position(ITERATIONS))
    for k in [k for k in wanted if k < last]:
        stop = run_on(session)
        assert (stop.reason, stop.position) == ("stop", found.places[k])
        assert {each.text for each in stop.fired} == {text for text in chosen if k in met[text]}
        assert session.position == found.places[k]
    stop = run_on(session)
    assert stop.position == (ITERATIONS, 0)
    assert stop.reason == ("stop" if last in wanted else "end")
    assert [each.hits for each in session.stops] == [len([k for k in met[text] if k > 0]) for text in chosen]
    wanted = sorted({k for text in chosen for k in met[text] if k < last}, reverse=True)
    for k in wanted:
        stop = session.back_to_stop()
        assert (stop.reason, stop.position) == ("stop", found.places[k])
    if 0 not in wanted:
        stop = session.back_to_stop()
        assert (stop.reason, stop.position) == ("start", START)
        assert "No stop fires before" in stop.message
    fresh = net_session(name)
    fresh.goto(3, 2)
    session.goto(3, 2)
    assert session.state_bytes() == fresh.state_bytes()


def test_everything_that_fires_is_said_with_old_and_new_values():
    session = net_session("validation")
    op = session.program.loss_op
    session.stops.add(f"op {op + 1}")
    session.stops.add("loss changes")
    session.stops.add("loss - loss changes sign")
    session.stops.add("loss > 0")
    session.step("iteration", 2)
    before = session.history["loss"][-1]
    session.stops.disable(4)
    stop = session.run()
    after = session.history["loss"][-1]
    assert stop.position == (2, op + 1)
    assert [each.number for each in stop.fired] == [1, 2]
    assert (stop.fired[1].old, stop.fired[1].new) == (before, after)
    assert stop.message == (f"Stop 1: op {op + 1}. Stop 2: loss changes, from {before:.9g} to {after:.9g}.")


def test_a_condition_says_what_it_read_and_the_first_measurement_is_a_change():
    session = net_session("validation")
    session.stops.add("loss > 0.1 * loss@0")
    session.stops.add("loss changes, temporary")
    stop = session.run()
    loss = session.history["loss"][0]
    assert stop.message == (
        f"Stop 1: loss > 0.1 * loss@0 (loss = {loss:.6g}, loss@0 = {loss:.6g}). "
        f"Stop 2: loss changes, from not measured to {loss:.9g}."
    )
    assert [each.number for each in session.stops] == [1], "the temporary one has gone"


def test_a_disabled_stop_fires_when_it_is_enabled_again():
    session = net_session("full", train={"iterations": 20})
    one = session.stops.add("iteration 5, disabled")
    assert session.run(10).reason == "done"
    assert one.hits == 0
    session.goto(0)
    session.stops.enable(one.number)
    assert session.run(10).position == (5, 0)
    session.stops.remove(one.number)
    session.goto(0)
    assert session.run().reason == "end"
    assert len(session.stops) == 0


def test_moves_that_are_no_runs_pass_over_stops():
    """step, goto and back go where they say."""
    session = net_session("full")
    session.stops.add("loss changes")
    assert session.step("iteration", 3).position == (3, 0)
    assert session.goto(7, 2).position == (7, 2)
    assert session.back("op").position == (7, 1)


@pytest.mark.parametrize("by", ["op", "iteration"])
def test_until_stops_where_the_condition_first_holds(by: str):
    """By op behind the very row; by iteration at the start of the next. A stop on the way halts it before."""
    session = net_session("batch-norm")
    session.goto(30)
    text = f"weight.dense_1[0,0] < {float(session.machine.mem[0]) + 1e-9!r} and loss < loss@0"
    found = walked("batch-norm", [text], 20)
    places = [p for p in found.places if by == "op" or p.op == 0]
    first = next(p for p in places if p > START and found.worth[text][found.places.index(p)])
    session = net_session("batch-norm")
    stop = session.run_until(text, 40, by=by)  # type: ignore[arg-type]
    assert (stop.reason, stop.position, session.position) == ("condition", first, first)
    session.goto(0)
    session.stops.add(f"op {session.program.ops[2].label}, ignore 2")
    stop = session.run_until(text, 40, by=by)  # type: ignore[arg-type]
    assert (stop.reason, stop.position) == ("stop", (2, 2))
    session.stops.clear()
    assert session.run_until("loss < -1", 5, by=by).message == "loss < -1 did not hold up to iteration 7."  # type: ignore[arg-type]


def test_back_until_is_the_last_op_at_which_it_held_and_the_start_says_so():
    session = net_session("validation")
    session.goto(9, 3)
    stop = session.back_until("iteration == 4")
    last = max(op.index for op in session.program.ops if op.is_due(4))
    assert (stop.reason, stop.position) == ("condition", (4, last))
    assert "iteration == 4 holds at 4:" in stop.message
    stop = session.back_until("loss > 1e6")
    assert (stop.reason, stop.position) == ("start", START)
    assert stop.message == f"loss > 1e6 holds nowhere before 4:{last}: this is the start of the run."


def test_a_loss_that_stops_being_finite_is_said_first_and_with_what_fires_there():
    """A stop between two ops of the iteration in which it happens, before and behind the loss's row."""
    huge = {"optimizer": {"type": "sgd", "lr": 1e30}}
    session = net_session("full", **huge)
    plain = session.run()
    assert plain.reason == "non-finite"
    iteration, op = plain.position
    for text, position, reason in (
        (f"op {op - 1}", (iteration, op - 1), "stop"),
        (f"op {op}", (iteration, op), "stop"),
        (f"op {op + 1}", (iteration, op), "non-finite"),
        ("not isfinite(loss)", (iteration, op), "stop"),
    ):
        session = net_session("full", **huge)
        session.stops.add(text, ignore=iteration if text.startswith("op") else 0)
        stop = session.run()
        assert (stop.reason, stop.position) == (reason, position), text
        if position == (iteration, op):
            assert "The loss became" in stop.message
    assert session.run().position > plain.position, "it is left when it was said"


def test_a_pause_ends_a_run_with_stops_and_a_search_back():
    session = net_session("validation", train={"iterations": 10_000_000})
    session.stops.add("loss > 1e9")
    session.stops.add("weight.dense_1[0,0] > 1e9")
    session.start()
    session.wait(0.3)
    session.pause()
    assert session.last_stop is not None
    assert session.last_stop.reason == "paused"
    reached = session.position
    assert reached.iteration > 100
    session.start_back_until("weight.dense_1[0,0] > 1e9")
    session.pause()
    assert session.last_stop.reason in ("paused", "start")
    assert session.searched is None
    assert session.position in (reached, START)


TEXTS = {
    "": "an empty stop",
    "  ": "an empty stop",
    "op": "'op' alone says nothing",
    "op 99": "op 99 is not in the program; it has rows 0 to",
    "op backward dense_9": "did you mean 'backward dense_",
    "op -1": "unknown op '-1'",
    "iteration 1.5": "whole number",
    "iteration 99999999999999999999": "whole number from 0 to",
    "epoch 3x": "whole number",
    "loss": "'loss' is a number; write loss changes",
    "los > 1": "did you mean 'loss'",
    "los changes": "did you mean 'loss'",
    "loss > changes": "ends too early",
    "changes": "alone says nothing",
    "1 < 2": "reads nothing of the run",
    "3 changes": "reads nothing of the run",
    "weight.dense_1[9,9] changes sign": r"\[9,9\] is outside weight.dense_1",
    "v.gru_1[0] > 0": "",
    "loss > 1, ignore 2, ignore 3": "'ignore' stands twice",
    "loss > 1, ignore 99999999999": "whole number from 0 to 1,000,000,000",
    "loss > 1, sometimes": "is one too many",
    "__import__('os')": "quote does not belong here",
    "loss > " + "1" * 700: "a stop has at most 600",
}


@pytest.mark.parametrize("text", [text for text, words in TEXTS.items() if words])
def test_a_wrong_text_is_refused_with_place_value_and_cure(text: str):
    session = net_session("validation")
    with pytest.raises((StopError, ExpressionError), match=TEXTS[text]):
        session.stops.add(text)
    assert len(session.stops) == 0


def test_the_list_is_bounded_and_numbers_are_not_used_twice():
    session = net_session("plateau")
    for _ in range(MOST_STOPS):
        session.stops.add("loss > 1")
    with pytest.raises(StopError, match="100 stops are set"):
        session.stops.add("loss > 1")
    session.stops.remove(100)
    assert session.stops.add("loss changes").number == 101
    with pytest.raises(StopError, match="no stop 100; there are 1, 2"):
        session.stops.remove(100)
    session.stops.clear()
    with pytest.raises(StopError, match="no stop 1; none is set"):
        session.stops.enable(1)
    with pytest.raises(StopError, match="ignore is -1"):
        session.stops.add("loss > 1", ignore=-1)
    places = [f"dense_1[{i},{j}]" for i in range(5) for j in range(3)]
    places += [f"dense_2[{i},{j}]" for i in range(4) for j in range(5)]
    texts = [f"grad.{place} + weight.{place} + m.{place} + v.{place} changes" for place in places]
    with pytest.raises(StopError, match=r"written 2\d\d times an iteration, and 256 is the most"):
        list(map(session.stops.add, texts))


@pytest.mark.parametrize(
    "text",
    [
        "loss > 1",
        "op forward dense_1, temporary",
        "loss changes sign, temporary, ignore 3, disabled",
        "epoch 2, ignore 1",
    ],
)
def test_a_stop_says_itself_as_it_is_written(text: str):
    session = net_session("validation")
    assert str(session.stops.add(text)) == text
    assert str(read_stop(text)) == text


def test_where_stops_halted_the_run_is_remembered_until_an_edit_replaces_it():
    """In this run and in its forks; what lies behind an edit is gone, and undo brings it back."""
    session = net_session("plateau")
    session.stops.add("iteration 3")
    session.stops.add("iteration 7")
    assert [session.run(5).position, session.run(5).position] == [(3, 0), (7, 0)]
    session.goto(9)
    assert session.stops.halts == [(3, 0), (7, 0)]
    session.goto(5)
    assert session.fork().stops.halts == [(3, 0)]
    session.set("optimizer.lr", 0.01)
    assert session.stops.halts == [(3, 0)]
    session.undo()
    assert session.stops.halts == [(3, 0), (7, 0)]


def test_a_stop_is_written_anew_under_its_number():
    session = net_session("validation")
    for text in ("loss > 1", "epoch 2", "loss changes"):
        session.stops.add(text)
    changed = session.stops.change(2, "op forward dense_1, ignore 2")
    assert [(each.number, str(each)) for each in session.stops] == [
        (1, "loss > 1"), (2, "op forward dense_1, ignore 2"), (3, "loss changes"),
    ]  # fmt: skip
    assert (changed.hits, changed.enabled) == (0, True)
    with pytest.raises(StopError, match="unknown op"):
        session.stops.change(2, "op nowhere")
    assert str(session.stops[2]) == "op forward dense_1, ignore 2"


def test_a_temporary_stop_stays_until_it_is_the_one_that_halts():
    session = net_session("full", train={"iterations": 20})
    session.stops.add("iteration 5")
    session.stops.add("iteration 7, temporary")
    assert session.run().position == (5, 0)
    assert [each.number for each in session.stops] == [1, 2]
    assert session.run().position == (7, 0)
    assert [each.number for each in session.stops] == [1]


def test_a_fork_has_the_same_stops_with_counts_of_its_own():
    session = net_session("full", train={"iterations": 20})
    session.stops.add("op 0, ignore 3")
    fork = session.fork()
    assert fork.run().position == (4, 0)
    fork.stops.disable(1)
    assert [(each.ignore, each.hits, each.enabled) for each in session.stops] == [(3, 0, True)]
    assert session.run().position == (4, 0)
