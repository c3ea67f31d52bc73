"""Playback: a script's lines and moves on a session, without a clock."""

import pytest

from tui_nn import Session, load_scenario
from tui_nn.debugger.position import Position
from tui_nn.debugger.script import Playback, place
from tui_nn.scenario.amount import parse_goal

SCENARIO = """\
id = "played"
title = "Played"

[data]
source = "xor"
batch_size = 1

[[layers]]
type = "dense"
units = 1

[loss]
type = "binary_cross_entropy"

[optimizer]
type = "sgd"
lr = 0.1

[train]
epochs = 5
"""


@pytest.fixture
def play(tmp_path):
    def make(script: str) -> Playback:
        path = tmp_path / "played.toml"
        path.write_text(SCENARIO + script)
        return Playback(Session(load_scenario(path)))

    return make


@pytest.mark.parametrize(
    ("text", "place_"),
    [("start", (0, 0)), ("iteration 7", (7, 0)), ("7 iterations", (7, 0)), ("epoch 2", (8, 0)), ("end", (20, 0))],
)
def test_places_count_from_the_start(play, text: str, place_: tuple[int, int]):
    """Four samples one by one are four iterations an epoch, and five epochs are twenty."""
    assert place(parse_goal(text), play("").session.program) == Position(*place_)


def test_moves_keep_their_order_within_a_line(play):
    """goto, step, back, run, until: whatever the order in the file."""
    line = play('\n[[script]]\nrun = "1 epoch"\nstep = "2 ops"\ngoto = "iteration 3"\n').next_line()
    assert line is not None
    assert [move.verb for move in line.moves] == ["goto", "step", "run"]


@pytest.mark.parametrize(
    ("verb", "amount", "end"),
    [
        ("step", "2 ops", (6, 4)),
        ("step", "1 iteration", (7, 0)),
        ("step", "1 epoch", (8, 0)),
        ("back", "1 op", (6, 1)),
        ("back", "1 iteration", (6, 0)),
        ("back", "1 epoch", (4, 0)),
        ("run", "3 iterations", (9, 0)),
        ("run", "2 epochs", (14, 0)),
        ("goto", "epoch 1", (4, 0)),
    ],
)
def test_the_goal_is_where_the_move_ends(play, verb: str, amount: str, end: tuple[int, int]):
    """A screen that runs towards goal() and a player that calls perform() arrive at the same place."""
    playback = play(f'\n[[script]]\n{verb} = "{amount}"\n')
    playback.session.goto(iteration=6, op=2)
    line = playback.next_line()
    assert line is not None
    assert playback.goal(line.moves[0]) == Position(*end)
    assert playback.perform(line.moves[0]).position == Position(*end)


def test_until_has_no_goal_and_gives_up(play):
    """It looks as far as the planned end; from there on, for one more plan."""
    playback = play('\n[[script]]\nuntil = "loss < 0"\n')
    line = playback.next_line()
    assert line is not None
    assert playback.goal(line.moves[0]) is None
    assert playback.perform(line.moves[0]).position == Position(20, 0)
    assert playback.perform(line.moves[0]).position == Position(40, 0)


def test_lines_come_once_and_again_after_a_return(play):
    playback = play('\n[[script]]\nsay = "one"\nwait = 2.5\n\n[[script]]\nshow = "loss"\n')
    first, second = playback.next_line(), playback.next_line()
    assert first is not None
    assert second is not None
    assert (first.number, first.say.en, first.wait_s, first.moves) == (1, "one", 2.5, ())
    assert (second.number, second.say, second.show, second.wait_s) == (2, None, "loss", None)
    assert playback.is_done
    assert playback.next_line() is None
    assert playback.return_to(1) == (0, 0)
    assert playback.next_line() == first
