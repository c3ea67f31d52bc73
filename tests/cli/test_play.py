"""`tui-nn play --headless`: the lesson as a transcript."""

import pytest

from tests.cli.conftest import Run
from tests.presets.runs import IS_FULL, QUICK
from tests.race import write_race
from tui_nn import Session, load_scenario
from tui_nn.cli_text import number
from tui_nn.scenario import preset_dir
from tui_nn.scenario.panels import PANELS

SCRIPT = """
[[script]]
say = { en = "First, three steps.", ko = "먼저 세 걸음." }
step = "3 ops"

[[script]]
goto = "iteration 5"
show = "loss"

[[script]]
back = "2 iterations"

[[script]]
until = "loss < 0.5 * loss@0"
wait = 600.0

[[expect]]
at = "10 iterations"
that = "loss < loss@0"
"""


@pytest.mark.parametrize("preset", QUICK if IS_FULL else QUICK[5::40])
def test_every_preset_plays(run: Run, preset: str):
    """Every fortieth outside the full run: tests/presets/test_presets.py plays each one's script."""
    answer = run("play", "--headless", preset)
    assert answer.status == 0, answer.out
    assert "FAILED" not in answer.out


def test_a_transcript_says_does_and_shows(run: Run, line):
    """Every verb lands where it says, and a wait of ten minutes takes no time."""
    out = run("play", "--headless", line(SCRIPT), "--lang", "en").out
    moves = [text.strip() for text in out.splitlines() if text.startswith("   >")]
    assert "1. First, three steps." in out
    assert moves[0].startswith("> step 3 ops: iteration 0, op 3.")
    assert moves[1].startswith("> goto 5 iterations: iteration 5, op 0.")
    assert moves[2].startswith("> back 2 iterations: iteration 3, op 0.")
    assert moves[3].startswith("> until loss < 0.5 * loss@0: iteration ")
    assert "holds after" in moves[3]
    assert "held    at 10 iterations: loss < loss@0" in out


def test_what_is_shown_is_read_out(run: Run, line):
    """Behind a move, what the panel is about: the loss, and for six of them one or two metrics of the layer's own."""
    script = "".join(f'[[script]]\nrun = "1 iteration"\nshow = "{name}"\n' for name in PANELS)
    out = run("play", "--headless", line(script)).out
    read = [text.split() for text in out.splitlines() if text.startswith("     ")]
    names = {name: {word for word in words if word[0].isalpha()} for name, words in zip(PANELS, read, strict=True)}
    assert all("loss" in found for found in names.values())
    own = {name: {word.removesuffix(".dense_1") for word in found if "." in word} for name, found in names.items()}
    assert {name: found for name, found in own.items() if found} == {
        "layers": {"act_std"},
        "activations": {"act_std"},
        "gradients": {"delta_norm", "grad_norm"},
        "weights": {"weight_norm"},
        "optimizer": {"weight_norm", "update_ratio"},
        "graph": {"act_mean", "delta_norm"},
    }


def test_in_korean(run: Run, line):
    out = run("play", "--headless", line(SCRIPT), "--lang", "ko").out
    assert "먼저 세 걸음." in out
    assert "First" not in out


def test_a_broken_promise_fails(run: Run, line):
    answer = run("play", "--headless", line(SCRIPT.replace("loss < loss@0", "loss > loss@0")))
    assert answer.status == 1
    assert "FAILED  at 10 iterations" in answer.out


def test_without_a_terminal_the_transcript_comes_by_itself(run: Run):
    answer = run("play", "xor-mlp")
    assert answer.status == 0
    assert "not a terminal" in answer.err
    assert answer.out == run("play", "--headless", "xor-mlp").out


def test_a_recording_is_written(run: Run, tmp_path):
    path = tmp_path / "lesson.cast"
    answer = run("play", "perceptron-or", "--record", str(path), "--size", "80x24", "--speed", "4")
    assert answer.status == 0
    assert path.read_text(encoding="utf-8").startswith('{"version": 2, "width": 80, "height": 24, ')
    assert str(path) in answer.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("xor-mlp", "--size", "10x10"), "--size is '10x10'; give columns x rows from 40x12 to 300x100"),
        (("xor-mlp", "--size", "wide"), "--size is 'wide'"),
        (("xor-mlp", "--headless"), "give one of them"),
        (("no-such-preset",), "no-such-preset"),
    ],
)
def test_what_cannot_be_recorded(run: Run, tmp_path, arguments: tuple[str, ...], words: str):
    """Exit code 2, the reason, and no file."""
    path = tmp_path / "lesson.cast"
    answer = run("play", *arguments, "--record", str(path))
    assert answer.status == 2
    assert words in answer.err
    assert not path.exists()


TWINS = """
[[script]]
goto = "iteration 20"
[[script]]
say = { en = "The cured one.", ko = "고친 쪽입니다." }
twin = true
show = "loss"
[[script]]
run = "5 iterations"
[[script]]
twin = false
show = "loss"
"""


def test_a_line_may_turn_to_the_twin(run: Run, tmp_path):
    """Both stand at the same place whenever one takes over from the other; what is read out is its own."""
    text = (preset_dir() / "lr-too-large.toml").read_text(encoding="utf-8").split("[[script]]")[0]
    path = tmp_path / "sick.toml"
    path.write_text(text + TWINS, encoding="utf-8")
    (tmp_path / "lr-too-large-cured.toml").write_text(
        (preset_dir() / "lr-too-large-cured.toml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    (tmp_path / "lr-too-large.toml").write_text(text, encoding="utf-8")
    lines = run("play", "--headless", str(path), "--lang", "en").out.splitlines()
    losses = [line.split("loss ")[1].split()[0] for line in lines if line.startswith("     ")]
    sick, cured = Session(load_scenario("lr-too-large")), Session(load_scenario("lr-too-large-cured"))
    for session in (sick, cured):
        session.goto(25)
    wanted = [sick.history["loss"][19], cured.history["loss"][19], cured.history["loss"][24], sick.history["loss"][24]]
    assert losses == [number(loss) for loss in wanted]


def test_without_a_twin_no_line_can_turn_to_it(run: Run, line):
    answer = run("play", "--headless", line("[[script]]\ntwin = true\n"))
    assert answer.status == 2
    assert "there is no network beside this one" in answer.err


@pytest.mark.parametrize("before", ["an older recording", None])
def test_a_recording_that_fails_leaves_what_was_there(run: Run, tmp_path, monkeypatch, before: str | None):
    from tui_nn.tui import record

    def fail(*_: object) -> str:
        raise record.NotOpenedError("no memory for that")

    monkeypatch.setattr(record, "record", fail)
    path = tmp_path / "lesson.cast"
    if before is not None:
        path.write_text(before, encoding="utf-8")
    answer = run("play", "perceptron-or", "--record", str(path))
    assert answer.status == 2
    assert "no memory for that" in answer.err
    assert (path.read_text(encoding="utf-8") if path.exists() else None) == before


def test_a_line_may_turn_to_one_of_several(run: Run, tmp_path):
    """By name: Adam's loss after 20 iterations of the race, then RMSProp's five later, then plain SGD's there."""
    lines = (
        'goto = "iteration 20"|twin = "race-adam.toml"|twin = "race-rmsprop.toml"\nrun = "5 iterations"|twin = false'
    )
    path = write_race(tmp_path, "".join(f'[[script]]\nshow = "loss"\n{line}\n' for line in lines.split("|")))
    out = run("play", "--headless", str(path), "--lang", "en").out
    losses = [line.split("loss ")[1].split()[0] for line in out.splitlines() if line.startswith("     ")]
    wanted = [("", 19), ("-adam", 19), ("-rmsprop", 24), ("", 24)]
    for loss, (name, iteration) in zip(losses, wanted, strict=True):
        session = Session(load_scenario(tmp_path / f"race{name}.toml"))
        session.goto(25)
        assert loss == number(session.history["loss"][iteration])
    assert [line.strip() for line in out.splitlines() if line.startswith("   [")] == [
        "[Race: sgd]", "[Race: adam]", "[Race: rmsprop]", "[Race: sgd]",
    ]  # fmt: skip
