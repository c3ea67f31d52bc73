"""The presets' questions: what the run says, against numbers worked out beside it; and that another run says otherwise."""

from functools import cache

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, session_of
from tui_nn import Session
from tui_nn.debugger.expect import needed_of
from tui_nn.debugger.question import Asked, ask_all
from tui_nn.scenario import preset_dir

ASKING = sorted(path.stem for path in preset_dir().glob("*.toml") if "\nask = " in path.read_text(encoding="utf-8"))
N_SEEDS = 20 if IS_FULL else 3


@cache
def asked(preset: str, *overrides: str) -> list[Asked]:
    return ask_all(session_of(preset, *overrides))


def right(preset: str, *overrides: str) -> list[int | None]:
    return [question.grade.right for question in asked(preset, *overrides)]


@pytest.mark.parametrize("preset", ASKING)
def test_exactly_one_answer_is_right(preset: str):
    """With its own seed, and with nearly all others."""
    assert None not in right(preset)
    held = [seed for seed in range(N_SEEDS) if None not in right(preset, f"seed={seed}")]
    assert len(held) >= needed_of(N_SEEDS), f"failed on {sorted(set(range(N_SEEDS)) - set(held))}"


@pytest.mark.parametrize("preset", ASKING)
def test_a_reason_follows_every_answer(preset: str):
    assert all(question.question.because is not None for question in asked(preset))


# What another run says to the same question: (preset, overrides, the choice that is right then, from 0).
CONTROLS = [
    ("vanishing-sigmoid", ("layers[0:10].activation=relu", "layers[0:10].init=he_normal"), 3),
    ("lr-too-large", ("data.low=-4.0", "data.high=4.0"), 0),
    ("optimizer-race", ("data.condition=10.0",), 0),
    ("zero-init", ("layers[0].activation=relu",), 1),
    ("dead-relu", ("layers[0].bias_init=-9",), 0),
    ("momentum", ("optimizer.lr=0.05",), 0),
    ("overfit", ("data.samples=400",), 1),
    ("digits-bottleneck", ("optimizer.lr=0.1",), 0),
    ("exploding-init", ("optimizer.lr=1e-9",), 2),
    ("exploding-lr", ("train.iterations=20",), 1),
    ("point-of-no-return", ("optimizer.lr=1.3",), 0),
    ("cnn-digits", ("optimizer.lr=0.00001",), 0),
    ("cnn-ekg", ("data.samples=100",), 0),
    ("rnn-forgets", ("optimizer.lr=0.0000001",), 0),
    ("lr-too-large", ("data.low=-0.2", "data.high=0.2", "data.slope=300.0"), 1),
]


@pytest.mark.parametrize(("preset", "overrides", "wanted"), CONTROLS)
def test_another_run_says_otherwise(preset: str, overrides: tuple[str, ...], wanted: int):
    """No answer is right by its wording: without the phenomenon it is another one."""
    assert right(preset) != [wanted]
    assert right(preset, *overrides) == [wanted]


def test_every_question_has_a_control():
    assert {preset for preset, _, _ in CONTROLS} == set(ASKING)


def numbers_of(session: Session, layer: str) -> np.ndarray:
    """Weights and biases of a layer, in a row."""
    return np.concatenate([np.array(parameter.value).ravel() for parameter in session.frame().layer(layer).parameters])


def test_the_layer_that_hardly_moves():
    """Of the three, by all its numbers before and after the first update: dense_1, next to the input."""
    session = session_of("vanishing-sigmoid")
    names = ("dense_1", "dense_6", "dense_11")
    before = {name: numbers_of(session, name) for name in names}
    session.step("iteration")
    ratios = {
        name: np.linalg.norm(numbers_of(session, name) - before[name]) / np.linalg.norm(before[name]) for name in names
    }
    (question,) = asked("vanishing-sigmoid")
    assert question.grade.right == min(range(3), key=lambda n: ratios[names[n]]) == 0
    values = question.grade.readings[3].values
    assert [values[f"update_ratio.{name}"] for name in names] == pytest.approx(
        [ratios[name] for name in names], rel=1e-6
    )


def test_half_the_learning_rate_finds_the_line():
    """Gradient descent written out for the five points, 20 updates at 0.525, from the same first weight."""
    (question,) = asked("lr-too-large")
    session = session_of("lr-too-large")
    x, y = (
        np.asarray(part, dtype=np.float64).ravel()
        for part in (session.program.dataset.x_train, session.program.dataset.y_train)
    )
    w, b = float(session.frame().layers[0].parameters[0].value[0, 0]), 0.0
    losses = []
    for _ in range(20):
        error = w * x + b - y
        losses.append(float(np.mean(error**2)))
        w, b = w - 0.525 * 2 * np.mean(error * x), b - 0.525 * 2 * np.mean(error)
    values = question.grade.readings[2].values
    assert [values["loss"], values["loss@0"]] == pytest.approx([losses[-1], losses[0]], rel=1e-4)
    assert question.grade.right == 2
    assert losses[-1] < 0.001 * losses[0]
