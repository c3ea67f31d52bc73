"""Edits, forks and comparisons in a script: what is accepted, and that what could not be made is refused when it is read."""

import pytest

from tests.scenario.test_errors import GOOD, report
from tui_nn.scenario import load_scenario
from tui_nn.scenario.edit_keys import edits_of

LINE = '[[script]]\nrun = "20 iterations"\nshow = "curves"\n'
BEFORE, AFTER = GOOD.split(LINE)
FIRST = BEFORE.count("\n")
FORK = '[[script]]\nfork = "slow"\n'
LR = 'edit = { "optimizer.lr" = 0.01 }\n'

# id: (script, problems with their lines counted from the first of it)
BAD = {
    "a name in capitals": ('[[script]]\nfork = "Slow"\n', ["2:8 script[0].fork: got 'Slow'; name the fork in small letters"]),
    "the same name twice": (FORK + FORK, ["4:8 script[1].fork: 'slow' is open already"]),
    "too many": ("".join(f'[[script]]\nfork = "f{n}"\n' for n in range(6)), ["12:8 script[5].fork: at most 5 runs are open beside one"]),
    "turned to before it is made": ('[[script]]\ntwin = "slow"\n' + FORK, ["2:8 script[0].twin: there is no network beside this one"]),
    "another name": (FORK + '[[script]]\ntwin = "slwo"\n', ["4:8 script[1].twin: unknown network beside this one 'slwo'; did you mean 'slow'?"]),
    "which one": (FORK + "[[script]]\ntwin = true\n", ["4:8 script[1].twin: which fork? Write twin = 'slow'"]),
    "nothing to compare": ("[[script]]\ncompare = true\n", ["2:11 script[0].compare: there is nothing to compare with; fork"]),
    "compared with itself": (FORK + 'compare = "slow"\n', ["3:11 script[0].compare: 'slow' is what the line looks at"]),
    "compared with nobody": (FORK + 'compare = "slwo"\n', ["3:11 script[0].compare: unknown network beside this one 'slwo'; did you mean 'slow'"]),
    "an unknown setting": ('[[script]]\nedit = { "optimiser.lr" = 0.1 }\n', ["2:27 script[0].edit.'optimiser.lr': optimiser.lr: unknown key 'optimiser'; did you mean 'optimizer'?"]),
    "a value out of bounds": ('[[script]]\nedit = { "optimizer.lr" = -1.0 }\n', ["2:27 script[0].edit.'optimizer.lr': optimizer.lr = -1.0: "]),
    "what is settled": ('[[script]]\nedit = { "layers[0].units" = 3 }\n', ["2:30 script[0].edit.'layers[0].units': layers[0].units is settled when a run starts"]),
    "an index outside": ('[[script]]\nedit = { "weight.dense_1[99,0]" = 3 }\n', ["2:35 script[0].edit.'weight.dense_1[99,0]': weight.dense_1[99,0]: weight.dense_1 has shape"]),
    "no number": ('[[script]]\nedit = { "bias.dense_1[0]" = "x" }\n', ["2:30 script[0].edit.'bias.dense_1[0]': bias.dense_1[0] = 'x': a number is needed"]),
    "by op of nothing": ('[[script]]\nrun = "1 epoch"\nby = "op"\n', ["3:1 script[0].by: by belongs to until"]),
    "a metric that freezing takes away": (
        '[[script]]\nedit = { "probes.off" = ["grad_norm"] }\n[[script]]\nuntil = "grad_norm < 1"\n', ["4:9 script[1].until: grad_norm is switched off"]
    ),
    "asked of a fork": (
        FORK + 'ask = "?"\nchoices = [{ en = "a", ko = "a", when = "loss < 1" }, { en = "b", ko = "b", when = "loss >= 1" }]\n',
        ["3:7 script[0].ask: the line looks at the network beside or at a fork; ask where twin = false"],
    ),
}  # fmt: skip


def written(tmp_path, script: str) -> str:
    path = tmp_path / "changed.toml"
    path.write_text(BEFORE + script + AFTER, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_made_is_refused_with_place_and_cure(name: str, tmp_path):
    script, wanted = BAD[name]
    problems = report(written(tmp_path, script))
    assert len(problems) == len(wanted), problems
    for problem, words in zip(problems, wanted, strict=True):
        place, _, rest = words.partition(" ")
        line, column = place.split(":")
        assert problem.split()[0] == f"{FIRST + int(line)}:{column}", problem
        assert problem.split(maxsplit=1)[1].startswith(rest), problem


def test_more_than_fifty_edits_are_refused(tmp_path):
    problems = report(written(tmp_path, ("[[script]]\n" + LR) * 51))
    assert len(problems) == 1
    assert "more than 50 edits in one script" in problems[0]


def test_what_an_edit_brings_may_be_waited_for(tmp_path):
    """The run has no such metric before; behind a fork that does not have the edit it still is none."""
    line = '[[script]]\nedit = { "clip.norm" = 1.0 }\n[[script]]\nuntil = "clip_scale < 1"\n'
    assert len(load_scenario(written(tmp_path, FORK + line)).script) == 3
    problems = report(written(tmp_path, FORK + line + '[[script]]\ntwin = false\nuntil = "clip_scale < 1"\n'))
    assert len(problems) == 1
    assert "unknown name 'clip_scale'" in problems[0]


def test_tables_that_say_one_thing_stay_whole():
    """Dots without quotes are tables in TOML; a table with a type, or one that means nothing in parts, is one value."""
    table = {
        "optimizer": {"lr": 0.1, "type": "adam"},
        "clip": {"norm": 1.0},
        "dense_1": {"trainable": False},
        "schedule": {"type": "step", "every": 5},
        "stopping": {"monitor": "val_loss"},
    }
    assert list(edits_of(table)) == [
        ("optimizer", table["optimizer"]),
        ("clip.norm", 1.0),
        ("dense_1.trainable", False),
        ("schedule", table["schedule"]),
        ("stopping", table["stopping"]),
    ]
