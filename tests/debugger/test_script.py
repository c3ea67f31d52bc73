"""Playback: a script's lines and moves on a session, without a clock."""

from dataclasses import replace

import pytest

from tui_nn import Session, load_scenario
from tui_nn.debugger.position import Position
from tui_nn.debugger.question import graded
from tui_nn.debugger.script import Move, Playback, place
from tui_nn.scenario import ScenarioError
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


CHANGED = """
[[script]]
goto = "iteration 6"
fork = "slow"
edit = { "optimizer.lr" = 0.01, "weight.dense_1[0,1]" = 0.5 }
run = "4 iterations"

[[script]]
compare = true

[[script]]
twin = false
edit = { optimizer.lr = 0.2 }
step = "1 iteration"
"""


def performed(playback: Playback, n: int) -> None:
    for _ in range(n):
        line = playback.next_line()
        assert line is not None
        for move in line.moves:
            playback.perform(move)


def test_a_fork_is_edited_and_the_run_itself_is_not(play):
    """What the script forks and edits is a run with these edits at that place, byte for byte; the other is left alone."""
    playback = play(CHANGED)
    own = playback.session
    performed(playback, 1)
    by_hand = Session(own.scenario)
    by_hand.goto(6)
    by_hand.set("optimizer.lr", 0.01)
    by_hand.set("weight.dense_1[0,1]", 0.5)
    by_hand.goto(10)
    fork = playback.session
    assert fork is playback.opened["slow"]
    assert fork.state_bytes() == by_hand.state_bytes()
    assert (own.edits, own.position) == ((), (6, 0))
    performed(playback, 1)
    assert own.position == (10, 0)  # compared are both at one place
    assert playback.pair(Move("compare")) == (own, fork)
    performed(playback, 1)
    assert playback.session is own
    assert (own.position, own.scenario.optimizer.lr, fork.scenario.optimizer.lr) == ((11, 0), 0.2, 0.01)
    assert playback.title_of(fork) == "Played · slow"


def test_a_line_taken_back_takes_its_forks_and_edits_along(play):
    """Twice the same line, by way of a return: the same bytes; and no trace of the first time."""
    playback = play(CHANGED)
    performed(playback, 3)
    own = playback.own
    first = own.state_bytes()
    own.goto(*playback.return_to(3))
    assert (own.edits, list(playback.opened)) == ((), ["", "slow"])
    performed(playback, 1)
    assert own.state_bytes() == first
    own.goto(*playback.return_to(1))
    assert (own.edits, list(playback.opened), playback.session) == ((), [""], own)
    performed(playback, 3)
    assert own.state_bytes() == first


def test_what_was_undone_by_hand_is_made_again(play):
    """Back at the line behind an edit it is in force, though the user has taken it back meanwhile."""
    playback = play('[[script]]\nedit = { "optimizer.lr" = 0.2 }\n[[script]]\nedit = { "optimizer.lr" = 0.3 }\n')
    performed(playback, 2)
    playback.session.undo()
    playback.session.undo()
    playback.return_to(2)
    assert [edit.value for edit in playback.session.edits] == [0.2]


def test_until_by_op_halts_at_the_operation(play):
    """Right behind the loss, and not at the end of the iteration."""
    script = '[[script]]\nuntil = "loss < 10"\n'
    playback = play(script + 'by = "op"\n')
    line = playback.next_line()
    assert line is not None
    stop = playback.perform(line.moves[0])
    assert str(line.moves[0]).endswith(", by op")
    assert (stop.reason, stop.position) == ("condition", (0, playback.session.program.loss_op + 1))
    playback = play(script)
    line = playback.next_line()
    assert line is not None
    assert playback.perform(line.moves[0]).position == (1, 0)


def test_an_edit_that_fails_names_its_line(play):
    """A batch norm cannot have a batch of one; what only the run can tell is told with the line."""
    playback = play('[[script]]\nstep = "1 op"\n[[script]]\nedit = { "optimizer.lr" = 0.2 }\n')
    performed(playback, 1)
    line = playback.next_line()
    assert line is not None
    with pytest.raises(ScenarioError, match=r"script\[1\].edit: no_such.lr"):
        playback.perform(replace(line.moves[0], key="no_such.lr"))


def test_questions_are_asked_of_the_run_as_edited(play):
    """At another place too: the run is made again with its edits."""
    question = 'ask = "?"\nat = "end"\nchoices = [{ en = "a", ko = "a", when = "lr > 0.15" }, { en = "b", ko = "b", when = "lr < 0.15" }]\n'
    for edit, right in (("", 1), ('edit = { "optimizer.lr" = 0.2 }\n', 0)):
        playback = play(f'[[script]]\ngoto = "iteration 3"\n{edit}{question}')
        performed(playback, 1)
        assert graded(playback.own, playback.lines[0].question).right == right
