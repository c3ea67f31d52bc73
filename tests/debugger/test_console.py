"""The console: values, commands, what is displayed at each stop, what is said of a wrong line, what may stand at the cursor."""

from __future__ import annotations

import numpy as np
import pytest

from tests.table import over
from tui_nn.debugger.console import Answer, Console
from tui_nn.debugger.console_words import WORDS, read_line
from tui_nn.debugger.history import History
from tui_nn.debugger.position import Position
from tui_nn.debugger.session import Session
from tui_nn.scenario import load_scenario


def opened(*overrides: str) -> Console:
    return Console(Session(load_scenario("xor-mlp", overrides)))


@pytest.fixture(scope="module")
def at_10() -> Console:
    """Ten iterations in; for tests that move nothing."""
    console = opened()
    console.session.goto(10)
    return console


def said(answer: Answer) -> str:
    assert not answer.is_error, answer.text
    return answer.text


# Values


def test_a_bare_line_is_a_value_here(at_10: Console):
    """The newest loss to seven digits, as the history has it; p says the same."""
    loss = at_10.session.history["loss"][-1]
    assert said(at_10.enter("loss")) == said(at_10.enter("p loss")) == f"{loss:.7g}"
    assert said(at_10.enter("iteration + 1")) == "11"
    assert said(at_10.enter("loss@0 / 0")) == "inf"
    assert said(at_10.enter(f"loss < {loss + 1}")) == f"true  (loss = {loss:.6g})"


def test_what_was_not_measured_is_said_and_no_nan():
    console = opened()
    assert said(console.enter("loss")) == "not measured yet"
    assert said(console.enter("loss - loss")) == "not measured yet"
    assert said(console.enter("loss < 1")) == "false  (loss = not measured yet)"


def test_one_number_of_a_parameter_and_a_table_of_them(at_10: Console):
    weight = at_10.session.frame().layer("dense_1").parameters[0].value
    assert float(said(at_10.enter("weight.dense_1[3,1]"))) == pytest.approx(float(weight[3, 1]), rel=1e-6)
    head, columns, *rows = at_10.enter("weight.dense_1").lines
    assert head.startswith("weight.dense_1  [4, 2]  min ")
    assert columns.split() == ["0", "1"]
    numbers = np.array([[float(each) for each in row.split()] for row in rows])
    assert numbers[:, 0].tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(numbers[:, 1:], weight, rtol=1e-3)  # four digits are printed


def test_a_part_of_a_table_keeps_its_indices(at_10: Console):
    lines = at_10.enter("weight.dense_1[1:3, :]").lines
    assert [line.split()[0] for line in lines[2:]] == ["1", "2"]
    column = at_10.enter("grad.weight.dense_1[:,1]").lines
    grad = at_10.session.frame().layer("dense_1").parameters[0].grad
    np.testing.assert_allclose([float(each) for each in column[2].split()], grad[:, 1], rtol=1e-3)
    assert column[1].split() == ["0", "1", "2", "3"]
    assert at_10.enter("activation.tanh_1").lines[0].startswith("activation.tanh_1  [4, 4]  min ")
    assert said(at_10.enter("delta.dense_2[0,0]")) == said(at_10.enter("p  delta.dense_2[ 0 , 0 ]"))


def test_a_large_table_is_cut_and_says_so():
    console = opened("layers[0].units=20")
    lines = console.enter("weight.dense_1").lines
    assert lines[-1] == "... 12 more rows"
    assert lines[0].startswith("weight.dense_1  [20, 2]")


def test_numbers_that_are_not_finite_are_counted():
    console = opened()
    console.enter("set weight.dense_1[0,0] nan")
    assert "not finite: 1 of 8" in console.enter("weight.dense_1").lines[0]
    assert said(console.enter("isnan(weight.dense_1[0,0])")).startswith("true")


# Moves


def test_moves_are_those_of_the_session():
    console, same = opened(), Session(load_scenario("xor-mlp"))
    for line, move in {
        "step": lambda: same.step("op"),
        "s 3": lambda: same.step("op", 3),
        "next": lambda: same.step("iteration"),
        "n 4": lambda: same.step("iteration", 4),
        "step 2 epochs": lambda: same.step("epoch", 2),
        "back": lambda: same.back("op"),
        "back 2": lambda: same.back("op", 2),
        "back 3 iterations": lambda: same.back("iteration", 3),
        "goto 30:2": lambda: same.goto(30, 2),
        "goto epoch 3": lambda: same.goto(3),
        "run 20": lambda: same.run(20),
        "until loss < 0.69": lambda: same.run_until("loss < 0.69"),
        "until loss < 0.68 by op": lambda: same.run_until("loss < 0.68", by="op"),
        "back loss > 0.69": lambda: same.back_until("loss > 0.69"),
    }.items():
        answer, stop = console.enter(line), move()
        assert answer.stop == stop, line
        assert console.session.position == same.position, line
        assert answer.text == stop.message, line
    assert console.session.state_bytes() == same.state_bytes()


def test_an_empty_line_steps_once_more():
    console = opened()
    console.enter("step 2")
    console.enter("")
    assert console.session.position == (0, 4)
    for line in ("loss", "set lr 0.1", "step 0"):
        console.enter(line)
        assert console.enter("") == Answer()
    assert console.session.position == (0, 4)
    assert len(console.session.edits) == 1


def test_stops_are_set_met_and_removed_by_words():
    console = opened()
    assert said(console.enter("break op forward dense_1, ignore 1")) == "stop 1: op forward dense_1, ignore 1"
    assert said(console.enter("tbreak iteration 3")) == "stop 2: iteration 3, temporary"
    assert said(console.enter("b weight.dense_1[0,0] changes, disabled")).startswith("stop 3: ")
    answer = console.enter("run")
    assert answer.stop is not None
    assert answer.stop.position.iteration == 1
    assert answer.text == "Stop 1: op forward dense_1."
    assert said(console.enter("stops")).splitlines()[0] == "1: op forward dense_1  met 2 times"
    console.enter("disable 1")
    assert said(console.enter("run")) == "Stop 2: iteration 3."
    assert [each.number for each in console.session.stops] == [1, 3]
    console.enter("enable 1 3")
    console.enter("ignore 1 5")
    assert (console.session.stops[1].ignore, console.session.stops[3].enabled) == (5, True)
    assert "from" in said(console.enter("back stop"))
    said(console.enter("delete all"))
    assert len(console.session.stops) == 0


def test_a_wrong_number_among_right_ones_changes_nothing():
    console = opened()
    console.enter("break loss < 0.1")
    answer = console.enter("delete 1 7")
    assert (answer.is_error, answer.column) == (True, 10)
    assert len(console.session.stops) == 1


# Edits


def test_settings_change_by_their_name_its_end_or_a_factor():
    console = opened()
    console.enter("goto 5")
    assert said(console.enter("set lr 0.25")) == "optimizer.lr: 0.5 → 0.25 from here on"
    assert said(console.enter("set optimizer.lr = *2")) == "optimizer.lr: 0.25 → 0.5 from here on"
    assert said(console.enter("set weight.dense_1[0,1] 2.5")).endswith("→ 2.5 from here on")
    assert said(console.enter("weight.dense_1[0,1]")) == "2.5"
    assert len(said(console.enter("edits")).splitlines()) == 3
    assert said(console.enter("undo")).startswith("taken back: weight.dense_1[0,1]")
    assert said(console.enter("redo")).startswith("made again: ")
    console.enter("step")
    assert said(console.enter("set batch_size 2")) == "data.batch_size: full → 2 from 6:0 on"


def test_a_fork_owns_its_future():
    console = opened()
    console.enter("goto 5")
    assert said(console.enter("fork")) == "fork 1 at 5:0"
    other = console.hands.forks[0]  # type: ignore[attr-defined]
    console.enter("set lr 0.1")
    assert (len(console.session.edits), len(other.edits)) == (1, 0)


# Displays


def test_displays_are_told_at_each_stop_with_what_they_were():
    console = opened()
    assert said(console.enter("display loss")) == "display 1: loss = not measured yet"
    console.enter("display iteration")
    first = console.enter("next").lines
    loss = console.session.history["loss"]
    assert first == (f"loss = not measured yet → {loss[0]:.6g}", "iteration = 0 → 1")
    second = console.enter("next").lines
    loss = console.session.history["loss"]
    assert second == (f"loss = {loss[0]:.6g} → {loss[1]:.6g}", "iteration = 1 → 2")
    assert console.enter("display").lines == tuple(f"{k}: {line}" for k, line in enumerate(second, 1))
    console.enter("undisplay 1")
    assert console.enter("step").lines == ("iteration = 2",)
    console.enter("undisplay")
    assert console.enter("step").lines == ()


def test_what_an_edit_has_taken_away_is_said_in_its_place():
    console = opened("clip.norm=1")
    name = next(name for name in console.session.program.metrics if name.startswith("grad_norm"))
    console.enter(f"display {name}")
    console.enter('set probes.off ["grad_norm"]')
    assert "switched off" in console.enter("next").text


def test_a_history_that_must_be_replayed_is_not_read_at_each_stop(monkeypatch: pytest.MonkeyPatch):
    """A display of all of it says so; one number of it, and all on demand, are still there."""
    console = opened()
    for line in ("goto 4", "display 2 * min(loss)", "display loss@0", "display min(loss, 1)"):
        assert not console.enter(line).is_error
    monkeypatch.setattr(History, "is_folded", property(lambda self: True))
    console.enter("next")
    lines = console.enter("display").lines
    assert "too slow for each stop" in lines[0]
    assert not any("too slow" in line for line in lines[1:])
    assert float(said(console.enter("min(loss)"))) > 0


def test_each_run_has_values_of_its_own():
    """Turned to another run and back, a display compares with that run's own last stop."""
    console = opened()
    console.enter("display iteration")
    console.enter("goto 5")
    first, other = console.session, Session(load_scenario("xor-mlp"))
    console.look_at(other)
    assert console.enter("next").lines == ("iteration = 1",)
    console.look_at(first)
    assert console.enter("next").lines == ("iteration = 5 → 6",)


# What is wrong with a line


WRONG = {  # line: (column, words)
    "los": (1, "did you mean 'loss'"),
    "brek loss < 1": (1, "unknown command 'brek'; did you mean 'break'"),
    "frobnicate it": (1, "help lists the commands"),
    "loss <": (7, "ends too early"),
    "  until  loss <": (16, "ends too early"),
    "until los < 1": (7, "did you mean 'loss'"),
    "until loss": (7, "loss is a number; compare it, like loss > 0"),
    "until weight.dense_1 > 1": (7, "whole table"),
    "until": (6, "write until CONDITION"),
    "break op forward dense_9": (7, "forward dense_"),
    "break loss": (7, "loss changes"),
    "break loss > weight.dense_1[9,9]": (14, "outside weight.dense_1"),
    "delete 4": (8, "no stop 4; none is set"),
    "delete x": (8, "no whole number"),
    "ignore 1": (10, "how often"),
    "goto 10:99": (6, "rows 0 to"),
    "goto there": (6, "write a place"),
    "step backwards": (6, "no amount"),
    "step 0": (6, "from 1 to"),
    "run 3 ops": (5, "step executes operations"),
    "set lr": (5, "write a key and its new value"),
    "set lr -1": (5, "lr must be greater than 0"),
    "set lrr 1": (5, "did you mean 'lr'"),
    "set optimizer.lrr 1": (5, "lrr"),
    "set weight.dense_1[9,9] 1": (5, "shape"),
    "set lr 0.1x2": (5, ""),
    "lr = 0.1": (4, "set lr 0.1"),
    "undo 3": (6, "undo takes nothing"),
    "display weight.dense_1": (9, "display one number"),
    "undisplay 3": (11, "no display 3"),
    "help me": (6, "unknown command 'me'"),
    "weight.dense_7": (8, "unknown layer 'dense_7'"),
    "grad.bais.dense_1": (1, "has no 'bais'; it has weight, bias"),
    "weight.dense_1[0:2]": (16, "write 2 indices, like weight.dense_1[:,:]"),
    "weight.dense_1[:,5:9]": (18, "outside weight.dense_1"),
    "weight.dense_1[:,a]": (18, "is no index"),
    "m.dense_1": (1, "sgd keeps no 'm'"),
    "__import__('os')": (12, "a quote does not belong here"),
    "x" * 1001: (1001, "at most 1000"),
}


@over(WRONG.items())
def test_a_wrong_line_is_told_with_place_and_cure(line: str, wanted: tuple[int, str]):
    console = CONSOLE
    before = console.session.state_bytes()
    answer = console.enter(line)
    assert answer.is_error
    column, words = wanted
    assert words in answer.text, answer.text
    assert answer.column == column, answer
    assert answer.text.startswith(f"column {column}: ")
    assert console.session.state_bytes() == before
    assert len(console.session.stops) == 0


CONSOLE = opened()


# Words and completion


def test_every_command_can_be_read_and_has_help_in_both_languages():
    for word in WORDS:
        for name in (word.name, *word.short):
            assert read_line(f" {name} x").word is word
        assert word.en.endswith(".")
        assert word.ko.endswith(".")
        assert callable(getattr(Console, f"_{word.name}"))
    text = said(opened().enter("help"))
    assert all(word.usage in text for word in WORDS)
    assert said(opened().enter("help until")).startswith("until CONDITION")


@over(["m.dense_1[0,0]", "epoch", "loss", "max(loss)", "p.x", "steps"])
def test_a_value_is_no_command(line: str):
    assert read_line(line).word is None


COMPLETIONS = {  # "line|" with the cursor at its end: some of the candidates, and some that are none
    "": ({"break ", "until ", "loss", "undo"}, {"op backward dense_1"}),
    "un": ({"until ", "undisplay ", "undo"}, {"break "}),
    "until l": ({"loss", "lr", "log10("}, {"layers"}),
    "until loss < 1 ": ({"and ", "or ", "by op"}, {"loss"}),
    "until loss < 1 and gr": ({"grad.", "grad_norm", "grad_norm."}, {"loss"}),
    "until weight.": ({"weight.dense_1[", "weight.dense_2["}, {"weight.tanh_1["}),
    "until weight.dense_1[": ({"0,0]", "3,1]"}, set()),
    "break ": ({"op ", "iteration ", "epoch ", "loss"}, set()),
    "break op back": ({"backward dense_1", "backward dense_2"}, {"forward dense_1"}),
    "break loss ": ({"changes", "changes sign", "and "}, set()),
    "break loss c": ({"changes", "changes sign"}, {"count("}),
    "break loss > 1, ": ({" temporary", " ignore ", " disabled"}, set()),
    "break max(loss, l": ({"loss", "lr"}, {" temporary"}),
    "set opt": ({"optimizer.lr ", "optimizer.type "}, {"data.batch_size "}),
    "set lr": ({"optimizer.lr "}, {"optimizer.type "}),
    "set optimizer.lr ": ({"0.5"}, set()),
    "set optimizer.type a": ({"adam", "adamw"}, {"sgd"}),
    "set bias.dense_1[": ({"0]", "3]"}, set()),
    "goto e": ({"end", "epoch "}, {"start"}),
    "step 3 ": ({"ops", "iterations", "epochs"}, set()),
    "back ": ({"stop", "op", "loss"}, set()),
    "p act": ({"activation.", "act_mean."}, set()),
    "help und": ({"undo", "undisplay"}, {"until"}),
    "delete ": (set(), {"1"}),
    "undo ": (set(), {"loss"}),
    "until tanh": ({"act_mean.tanh_1"}, {"loss"}),
}


@over(COMPLETIONS.items())
def test_what_may_stand_at_the_cursor(line: str, wanted: tuple[set[str], set[str]]):
    some, none = wanted
    found = CONSOLE.complete(line)
    assert some <= set(found.candidates), found
    assert not none & set(found.candidates), found
    assert 0 <= found.start <= len(line)


def test_what_is_completed_can_be_entered():
    """Whatever is put in for the last letters, the name can be read by the condition language."""
    console = opened()
    for typed in ("loss", "act_mean.t", "weight.dense_1[", "grad.bias.dense_2[", "bias.dense_2["):
        found = console.complete(f"until 1 < {typed}")
        assert found.candidates
        for candidate in found.candidates:
            line = f"until 1 < {typed}"[: found.start] + candidate
            answer = console.enter(line.replace("until", "p"))
            assert not answer.is_error, (line, answer)


def test_stops_and_displays_are_completed_by_their_numbers():
    console = opened()
    console.enter("break loss < 0.1")
    console.enter("display loss")
    assert console.complete("delete ").candidates == ("1", "all")
    assert console.complete("undisplay ").candidates == ("1",)
    assert console.complete("ignore ").candidates == ("1",)


def test_lines_are_remembered_once():
    console = opened()
    for line in ("loss", "loss", "step", "  ", "los"):
        console.enter(line)
    assert console.entered == ["loss", "step", "los"]
    assert console.session.position == Position(0, 2)
