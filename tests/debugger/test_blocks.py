"""A history beyond its budget: extremes of blocks to look at, and every number again by replay."""

from __future__ import annotations

import os
import random

import numpy as np
import pytest

from tests.debugger.test_edits import small
from tests.debugger.wander import Range, Wanderer
from tests.engine.make import make_session
from tui_nn.debugger import again
from tui_nn.debugger.context import parse_for
from tui_nn.debugger.position import START
from tui_nn.debugger.search import first_true, last_true
from tui_nn.debugger.session import Session
from tui_nn.engine import rows as rows_module
from tui_nn.engine import target
from tui_nn.engine.program import Due

FULL = os.environ.get("TUI_NN_FULL") == "1"
BLOCK = 8
MOST = 100  # exact rows
N = 1_000


@pytest.fixture
def scarce(monkeypatch):
    """A budget of MOST rows of `small`'s network, with the numbers that go with it."""
    program = small().program
    row = program.n_columns * program.dtype.itemsize
    for name, value in {"EXACT_BYTES": MOST * row, "FIRST_ROWS": 16, "GROWTH_BYTES": 8 * row, "BLOCK": BLOCK}.items():
        monkeypatch.setattr(rows_module, name, value)
    monkeypatch.setattr(again, "PIECE", 32)


@pytest.fixture(scope="module")
def whole() -> Session:
    session = small()
    session.goto(N)
    return session


def test_every_metric_of_a_folded_run_is_what_it_was(whole, scarce):
    """1,000 iterations through room for 100: read as a whole, one by one, and far from where the run stands."""
    session = small()
    session.goto(N)
    kept = session.machine.recording.rows
    assert len(kept.exact) <= MOST
    assert kept.first > N - MOST
    for name in whole.history.names:
        assert session.history[name].tobytes() == whole.history[name].tobytes(), name
        for k in (0, 1, 2, 499, kept.first - 1, kept.first, N - 1):
            assert str(session.history.at(name, k)) == str(whole.history.at(name, k)), f"{name} at {k}"


def test_blocks_are_the_extremes_of_their_iterations(whole, scarce):
    session = small()
    session.goto(N)
    first, _, _, blocks = session.machine.recording.rows
    assert blocks.edges[0] == 0
    assert blocks.edges[-1] == first
    assert np.diff(blocks.edges).max() == BLOCK
    for name, metric in whole.program.metrics.items():
        column = whole.history[name]
        for k, (begin, end) in enumerate(zip(blocks.edges[:-1], blocks.edges[1:], strict=True)):
            values = column[[i for i in range(begin, end) if metric.due.at(i)]]
            low, high = blocks.low[k, metric.column], blocks.high[k, metric.column]
            assert (low, high) == (values.min(), values.max()) if len(values) else np.isnan([low, high]).all(), name


def test_a_curve_shows_the_extremes_of_blocks_and_the_rest_exactly(whole, scarce):
    session = small()
    session.goto(N)
    first = session.machine.recording.first
    for name in ("loss", "val_loss", "grad_norm"):
        at, values = session.history.curve(name)
        whole_at, whole_values = whole.history.curve(name)
        assert (np.diff(at) > 0).all()
        assert set(at) <= set(whole_at)
        assert values[at >= first].tobytes() == whole_values[whole_at >= first].tobytes()
        assert (values.min(), values.max()) == (whole_values.min(), whole_values.max())
        assert len(at) < len(whole_at) or name == "val_loss"


def test_going_anywhere_in_it_finds_the_same_bytes(whole, scarce):
    """Also the mean over an epoch that ends there, which looks back on its iterations; and what a frame says."""
    session = small()
    session.goto(N)
    chance = random.Random("blocks")
    for _ in range(400 if FULL else 60):
        place = chance.randrange(N), chance.randrange(len(session.program.ops))
        session.goto(*place)
        session.step("iteration", chance.choice([0, 0, 1]))
        whole.goto(*session.position)
        assert session.state_bytes() == whole.state_bytes(), place
        assert str(session.frame().metrics) == str(whole.frame().metrics), place
    whole.goto(N)


def test_a_long_way_forward_from_a_folded_place(whole, scarce, monkeypatch):
    """Beside the recording rows are taken anew when there is no more room, and the recording's where they begin."""
    monkeypatch.setattr(target, "BESIDE_ROWS", 10)
    session = small()
    session.goto(N)
    session.goto(3, 2)
    session.timeline.advance(session.timeline.canonical(700, 4))
    whole.goto(700, 4)
    assert session.state_bytes() == whole.state_bytes()
    session.timeline.advance(session.timeline.canonical(N + 300, 0))
    whole.goto(N + 300)
    assert session.state_bytes() == whole.state_bytes()
    assert session.history["epoch_loss"].tobytes() == whole.history["epoch_loss"].tobytes()
    whole.goto(N)


@pytest.mark.parametrize("seed", range(12 if FULL else 2))
def test_edits_forks_and_moves_agree_with_a_run_that_only_goes_forward(scarce, seed):
    """Far enough that each segment is folded, and that a fork's past is folded by its parent."""
    session = small()
    session.goto(400)
    wanderer = Wanderer(session, f"folded {seed}", Range(60, 400))
    wanderer.wander(120)
    wanderer.check_fresh()


@pytest.mark.parametrize(
    "condition",
    ["loss > mean(loss)", "loss < 1.01 * min(loss)", "count(val_loss > 0.5) > 20", "weight.dense_1[0,0] > 0.1"],
)
def test_searches_find_the_same_places(whole, scarce, condition):
    session = small()
    session.goto(N)
    expression = parse_for(session.program, condition)
    assert first_true(session, expression, START, session.position) == first_true(
        whole, expression, START, whole.position
    )
    assert last_true(session, expression, session.position) == last_true(whole, expression, whole.position)


def test_blocks_stay_within_their_budget(scarce, monkeypatch):
    """Two neighbours become one, and are still the extremes of what they stand for."""
    monkeypatch.setattr(rows_module, "BLOCK_BYTES", 20 * 2 * small().program.n_columns * 8)
    session = small()
    session.goto(N)
    first, _, _, blocks = session.machine.recording.rows
    assert len(blocks.low) <= 20
    assert blocks.edges[-1] == first
    for name, metric in session.program.metrics.items():
        column = session.history[name]
        for k, (begin, end) in enumerate(zip(blocks.edges[:-1], blocks.edges[1:], strict=True)):
            values = column[[i for i in range(begin, end) if metric.due.at(i)]]
            assert (blocks.low[k, metric.column], blocks.high[k, metric.column]) == (values.min(), values.max()), name


def test_a_value_that_is_no_number_is_seen_in_its_block():
    """high is NaN where one value is; of what is not measured in every iteration the gaps do not count."""
    rows = np.array([[1.0, np.nan], [np.nan, 5.0], [3.0, np.nan], [2.0, np.nan]])
    rules = {Due("epoch", 2, 1): [1]}
    low, high = rows_module.extremes(rows, np.array([0, 4]), rules, 0)
    assert low.tolist() == [[1.0, 5.0]]
    assert np.isnan(high[0, 0])
    assert np.isnan(high[0, 1])
    rows[3, 1] = 4.0
    low, high = rows_module.extremes(rows, np.array([0, 4]), rules, 0)
    assert (low[0, 1], high[0, 1]) == (4.0, 5.0)


def test_what_a_screen_holds_stays_valid(scarce):
    """A history that was given away is that of its moment, also when the run has folded it twice since."""
    session = small()
    session.goto(90)
    history = session.history
    before = history["loss"].tobytes()
    session.goto(N)
    assert history["loss"].tobytes() == before


def test_an_epoch_longer_than_half_of_the_rows_fills_them(scarce):
    """Nothing can be folded in the middle of an epoch: the run says "full", stays usable, and says it again."""
    session = make_session([(5, "tanh"), (2, "linear")], n=400, batch_size=1, train={"iterations": 5_000})
    limit = session.machine.recording.history_limit
    assert MOST // 2 < limit < 400
    stop = session.run()
    assert (stop.reason, stop.position) == ("full", (limit, 0))
    assert f"{limit:,}" in stop.message
    assert len(session.history["loss"]) == limit
    end = session.state_bytes()
    assert session.run(10).reason == "full"
    assert session.step("op").reason == "full"
    assert session.goto(limit - 1, 3).reason == "done"
    session.goto(limit)
    assert session.state_bytes() == end
    assert session.goto(2_000).reason == "full"
