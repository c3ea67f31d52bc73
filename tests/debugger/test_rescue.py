"""Rescue: every fork ends as a fresh run that is edited at that iteration, and what counts as saved is what is said."""

import math
import os

import numpy as np
import pytest

from tests.engine.make import make_session
from tui_nn.debugger.breakdown import RescueError, find_break, health_of
from tui_nn.debugger.position import Position
from tui_nn.debugger.rescue import Outcome, Remedy, Rescue, rescue
from tui_nn.debugger.session import Session
from tui_nn.scenario import Scenario, load_scenario

FULL = os.environ.get("TUI_NN_FULL") == "1"
NETWORKS = {
    "dropout": [{"type": "dense", "units": 6, "activation": "leaky_relu"}, {"type": "dropout", "rate": 0.3}, (2, "linear")],
    "batch_norm": [{"type": "batch_norm"}, {"type": "dense", "units": 6, "activation": "leaky_relu"}, (2, "linear")],
}  # fmt: skip


def session_of(preset: str, *overrides: str) -> Session:
    return Session(load_scenario(preset, overrides))


def by_force(fresh: Session, earlier: list[tuple[int, str, object]], iteration: int, remedy: Remedy, window: int):
    """(end, is finite) of a run from scratch: with the edits before that iteration, then the remedy, to the planned end."""
    for place, key, value in earlier:
        if place <= iteration:
            fresh.goto(place)
            fresh.set(key, value)
    fresh.goto(iteration)
    if fresh.scenario.clip is None or remedy.key != "clip.norm":
        fresh.set(remedy.key, remedy.value)
    else:
        fresh.set("clip.norm", remedy.value)
    fresh.goto(fresh.planned_iterations)
    own = np.asarray(fresh.history["loss"], np.float64)[iteration:]
    broken = np.flatnonzero(~np.isfinite(own))
    if len(broken):
        return own[broken[0]], False
    values = [parameter.value for layer in fresh.frame().layers for parameter in layer.parameters]
    return own[-window:].mean(), all(np.isfinite(value).all() for value in values)


def check(found: Rescue, make, iterations, earlier: list[tuple[int, str, object]] | None = None) -> None:
    assert found.health is not None
    for outcome in found.outcomes:
        for iteration in iterations:
            k = iteration - outcome.first
            end, is_finite = by_force(make(), earlier or [], iteration, outcome.remedy, found.health.window)
            assert np.array_equal(outcome.ends[k], end, equal_nan=True), (
                outcome.remedy,
                iteration,
                outcome.ends[k],
                end,
            )
            assert outcome.is_saved[k] == (is_finite and end <= 2 * found.health.best)


def test_exploding_lr_by_force():
    """Every fork is a fresh run, edited there; the first one also a run of another scenario. All 416 in the full run."""
    first = 0 if FULL else 385
    found = rescue(session_of("exploding-lr"), first)
    assert found.broke is not None
    assert (found.broke.iteration, found.broke.op, found.broke.label) == (415, (415, 5), "forward dense_3")
    lowered, clipped = found.outcomes
    assert (lowered.remedy.value, clipped.remedy.value) == (0.03, 0.74)
    assert (lowered.last, clipped.last) == (409, 400)
    assert set(clipped.failed_before) >= {394, 398, 399}
    check(found, lambda: session_of("exploding-lr"), range(416) if FULL else (*range(393, 401), 409, 410))


@pytest.mark.parametrize(("name", "override"), [("lr/10", "optimizer.lr=0.03"), ("clipping", "clip.norm=0.74")])
def test_from_the_start_it_is_another_scenario(name: str, override: str):
    """Iteration 0 of exploding-lr: --set in place of an edit."""
    base = session_of("exploding-lr", "train.iterations=418")
    outcome = next(each for each in rescue(base, 0 if FULL else 415).outcomes if each.remedy.name == name)
    if not FULL:
        outcome = at_start(base, name)
    session = session_of("exploding-lr", "train.iterations=418", override)
    session.run()
    assert outcome.ends[0] == np.asarray(session.history["loss"], np.float64)[-41:].mean()


def at_start(base: Session, name: str) -> Outcome:
    """Of the first iteration alone."""
    from tui_nn.debugger.rescue import Trials

    run = base.fork()
    broke = find_break(run)
    assert broke is not None
    outcomes = Trials(run, health_of(run, broke.iteration), None).run(0, 0, lambda done, todo: None)
    return next(outcome for outcome in outcomes if outcome.remedy.name == name)


@pytest.mark.parametrize("seed", range(20) if FULL else (7, 3))
def test_the_points_of_no_return_lie_apart(seed: int):
    """point-of-no-return: the loss takes off, then clipping is too late, then the lower rate, then float32 ends."""
    found = rescue(session_of("point-of-no-return", f"seed={seed}"))
    assert found.broke is not None
    assert found.health is not None
    lowered, clipped = (outcome.last for outcome in found.outcomes)
    assert clipped is not None
    assert lowered is not None
    assert found.health.took_off + 30 < clipped < clipped + 200 < lowered < lowered + 50 < found.broke.iteration
    assert [outcome.failed_before for outcome in found.outcomes] == [(), ()]
    if seed == 7:
        assert (found.health.took_off, clipped, lowered, found.broke.iteration) == (24, 84, 427, 517)


IMAGE = {"source": "digits", "samples": 40, "shape": [8, 8, 1], "batch_size": 16}
SEQUENCE = {"source": "echo", "samples": 20, "steps": 5, "batch_size": 8}
PLACED = {
    "convolution": (IMAGE, [{"type": "conv2d", "filters": 2, "kernel": 3}, {"type": "flatten"}], 10, "conv2d_1"),
    "lstm": (SEQUENCE, [{"type": "lstm", "units": 3, "returns": "sequence"}], 4, "lstm_1"),
}


@pytest.mark.parametrize("name", PLACED if FULL else ["lstm"])
def test_layers_with_places(name: str):
    data, layers, n_out, layer = PLACED[name]
    scenario = Scenario.model_validate({
        "id": "placed", "title": "placed", "data": data, "layers": [*layers, {"type": "dense", "units": n_out}],
        "loss": {"type": "sparse_categorical_cross_entropy"}, "optimizer": {"type": "momentum", "lr": 0.01},
        "train": {"iterations": 30},
    })  # fmt: skip
    base = Session(scenario)
    base.goto(12)
    edit = (12, f"bias.{layer}[0]", math.nan)  # an endless one only closes a gate
    base.set(*edit[1:])
    found = rescue(base, clip=0.1)
    assert found.broke is not None
    assert found.broke.iteration == 12
    check(found, lambda: Session(scenario), range(12), [edit])  # at 12 the number stands there before any op


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
def test_what_a_network_remembers_is_forked_too(name: str, optimizer: str):
    """Masks, running statistics, slots, the epoch's order and a plateau's memory: all are as in a run from scratch."""

    def make() -> Session:
        table = (
            {"type": "adam", "lr": 3.0} if optimizer == "adam" else {"type": "momentum", "lr": 0.02, "momentum": 0.9}
        )
        settings = {"n": 14, "n_val": 4, "batch_size": 4, "dtype": "float32", "train": {"iterations": 70}}
        plateau = {"type": "plateau", "monitor": "loss", "patience": 2, "factor": 0.9}
        return make_session(NETWORKS[name], optimizer=table, schedule=plateau, **settings)

    edits = [
        (9, "data.batch_size", 5),
        (30, "weight.dense_1[0,0]", 1e30),
    ]  # so that it breaks for certain, and not at once
    base = make()
    for place, key, value in edits:
        base.goto(place)
        base.set(key, value)
    found = rescue(base)
    assert found.broke is not None
    assert found.broke.iteration >= 30
    check(found, make, range(0, found.broke.op.iteration + 1, 1 if FULL else 5), edits)


def test_a_run_that_was_edited():
    """The learning rate was raised in iteration 40. Forks from before it never heard of that; a tenth is of what is in force."""

    def make() -> Session:
        return session_of("lr-too-large", "optimizer.lr=0.3", "train.iterations=300")

    base = make()
    base.goto(40)
    base.set("optimizer.lr", 1.9)
    base.goto(60, 2)
    before = base.state_bytes(), base.position, base.edits
    found = rescue(base)
    assert (base.state_bytes(), base.position, base.edits) == before
    assert found.broke is not None
    outcome = found.outcomes[0]
    assert (outcome.remedy.old, outcome.remedy.value) == (1.9, 0.19)
    for iteration in (0, 17, 39, 40, 41, 60, found.broke.op.iteration):
        remedy = Remedy("", "optimizer.lr", None, 0.03 if iteration < 40 else 0.19)
        end, _ = by_force(make(), [(40, "optimizer.lr", 1.9)], iteration, remedy, 10)
        assert np.array_equal(outcome.ends[iteration], end, equal_nan=True)


def test_one_that_never_breaks():
    session = session_of("xor-mlp")
    found = rescue(session)
    assert (found.broke, found.outcomes, found.is_saved) == (None, (), False)
    assert session.position == (0, 0)


def test_one_that_is_broken_from_the_start():
    """Its first loss overflows: no iteration lies before that."""
    session = session_of("lr-too-large", "layers[0].init=constant", "layers[0].init_value=1e30")
    found = rescue(session)
    assert found.broke is not None
    assert (found.broke.iteration, found.broke.op, found.health, found.outcomes) == (0, (0, 2), None, ())


def is_all_finite(session: Session) -> bool:
    """Parameters, gradients, what layers gave and were given back, the loss. (What a row notes for its own statistics may
    overflow long before: a square of 1e20 does.)"""
    frame = session.frame()
    numbers = [number for each in frame.layers for number in (each.activation, each.delta)]
    numbers += [number for each in frame.layers for p in each.parameters for number in (p.value, p.grad)]
    return all(np.isfinite(each).all() for each in numbers) and math.isfinite(frame.metrics.get("loss", 0.0))


@pytest.mark.parametrize(
    ("preset", "op", "label"),
    [
        ("exploding-lr", (415, 5), "forward dense_3"),
        ("exploding-init", (1, 13), "forward dense_7"),
        ("epsilon", (0, 4), "update dense_1"),
        ("lr-too-large", (466, 2), "loss mse"),
    ],
)
def test_the_first_op_that_is_not_finite(preset: str, op: Position, label: str):
    """Against a run that only steps: nothing in memory was infinite or nan before it, and something is behind it."""
    broke = find_break(session_of(preset))
    assert broke is not None
    assert (broke.op, broke.label) == (op, label)
    session = session_of(preset)
    session.goto(max(0, op[0] - 3))
    while session.position < op:
        assert is_all_finite(session)
        session.step("op")
    assert is_all_finite(session)
    session.step("op")
    assert not is_all_finite(session)


def test_health_by_plain_loops():
    session = session_of("exploding-lr")
    broke = find_break(session)
    assert broke is not None
    health = health_of(session, broke.iteration)
    losses, norms = (np.asarray(session.history.curve(name)[1], np.float64).tolist() for name in ("loss", "grad_norm"))
    assert health.window == 415 // 10 == 41  # an epoch has 57 iterations
    means = {i: sum(losses[i - 40 : i + 1]) / 41 for i in range(40, 415)}
    assert health.best == pytest.approx(min(means.values()), rel=1e-12)
    assert means[health.best_at] == pytest.approx(health.best, rel=1e-12)
    assert all(means[i] > 2 * health.best for i in range(health.took_off, 415))
    assert means[health.took_off - 1] <= 2 * health.best
    early = sorted(norms[: health.took_off])
    assert len(early) % 2 == 0
    assert health.grad_norm == pytest.approx((early[len(early) // 2 - 1] + early[len(early) // 2]) / 2)


def test_the_last_one_counts_and_earlier_failures_are_told():
    outcome = Outcome(Remedy("", "", 0, 1), 10, np.zeros(6), np.array([False, True, False, True, False, False]))
    assert (outcome.last, outcome.failed_before) == (13, (10, 12))
    never = Outcome(Remedy("", "", 0, 1), 10, np.zeros(2), np.zeros(2, bool))
    assert (never.last, never.failed_before) == (None, ())


def test_a_threshold_needs_gradients_or_is_given():
    session = session_of("point-of-no-return", 'probes.off=["all"]')
    with pytest.raises(RescueError, match="--clip 1"):
        rescue(session, 516)
    clipped = rescue(session, 80, clip=0.045).outcomes[1]
    assert (clipped.remedy.value, clipped.last) == (0.045, 84)


def test_a_run_that_is_clipped_already_is_clipped_harder():
    session = session_of("exploding-init", "clip.norm=1e7")
    remedy = rescue(session, clip=4e7).outcomes[1].remedy
    assert (remedy.old, remedy.value) == (1e7, 5e6)


def test_nothing_lies_behind_the_break():
    with pytest.raises(RescueError, match="breaks in iteration 517; the first iteration to try is 518"):
        rescue(session_of("point-of-no-return"), 518)


def test_it_can_be_left():
    """Where `report` raises, the forks are stopped and the session is as it was."""
    session = session_of("exploding-lr", "train.iterations=1000000")
    session.run()
    place, said = session.position, []

    def report(done: int, todo: int) -> None:
        said.append((done, todo))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rescue(session, 100, report=report)
    assert session.position == place
    assert 0 < said[0][0] < said[0][1] == 2 * sum(1_000_000 - n for n in range(100, 416))
    assert math.isfinite(session.history["loss"][0])
