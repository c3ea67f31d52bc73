"""The Optimizer tab's sum, spread and gauge: drawn from memory that is filled by hand, so that no kernel is compiled."""

from __future__ import annotations

import os
import re
from typing import Any

import numpy as np
import pytest

from tests.engine.make import make_session, waves
from tests.engine.optimizer_cases import CASES, PATHS
from tests.tui.driver import drive, screen_text, settled
from tests.tui.goldens import as_text, check
from tui_nn.debugger.session import Session
from tui_nn.debugger.update import explain
from tui_nn.engine import layout as at
from tui_nn.scenario.spec.probes import Probes
from tui_nn.tui.ink import Ink
from tui_nn.tui.microscope import TITLES
from tui_nn.tui.panels.gauge import PAST, STABLE, SWINGS
from tui_nn.tui.panels.optimizer import GAUGE, SPREAD, SUM, move_in_mode, optimizer_lines
from tui_nn.tui.panels.spread import QUANTITIES, Spread, axis_of, selected_tensor, strip_of
from tui_nn.tui.view import View

INK, ASCII = Ink(mono=True), Ink(mono=True, ascii=True)
SIZES = {"wide": (79, 22), "middle": (47, 20), "narrow": (38, 10)}
ALL: dict[str, Any] = {"clip": {"norm": 0.1, "value": 0.5}, "dense": {"l1": 0.01, "max_norm": 0.9}}


def by_hand(case: str | dict[str, Any] = "adam", iteration: int = 3, sharpness: Any = None, **more: Any) -> Session:
    """A session whose memory and history are written as a run might leave them. sharpness: one for each iteration."""
    dense = more.pop("dense", {})
    layers: list[Any] = [
        {"type": "dense", "units": units, "activation": activation} | dense for units, activation in ((5, "tanh"), (2, "linear"))
    ]  # fmt: skip
    probes = {"sharpness": 1} if sharpness is not None else {}
    optimizer = CASES[case] if isinstance(case, str) else case
    session = make_session(layers, n=8, batch_size=4, optimizer=optimizer, probes=probes, **more)
    program, machine = session.program, session.machine
    machine.mem[:] = 1.0  # what max_norm multiplied by
    seen = 1.0 - program.settings.get("beta2", 0.9) ** 3  # of g² in its mean, after three updates
    for k, tensor in enumerate(program.tensors):
        g = waves(tensor.size, 1, phase=k)[:, 0].reshape(tensor.shape) * 10.0**-k
        tensor.view(machine.mem)[...] = 0.4 * waves(tensor.size, 1, phase=9.0 + k)[:, 0].reshape(tensor.shape)
        tensor.view(machine.mem, program.grad_shift)[...] = g
        for name, shift in program.slots_of(tensor).items():
            is_square = name in ("exp_avg_sq", "max_exp_avg_sq", "square_avg", "sum", "acc_delta")
            tensor.view(machine.mem, shift)[...] = (
                seen * g * g + 1e-8 if is_square else np.abs(g) if name == "exp_inf" else 0.3 * g
            )
    machine.ctl[at.ITERATION] = iteration
    machine.hist[:iteration] = 0.5
    machine.hist[:iteration, program.metrics["lr"].column] = program.settings["lr"]
    if sharpness is not None:
        values = np.broadcast_to(np.asarray(sharpness, float), iteration)
        machine.hist[:iteration, program.metrics["sharpness"].column] = values
        with np.errstate(divide="ignore"):
            machine.hist[:iteration, program.metrics["lr_limit"].column] = 2.0 / values
    return session


def drawn(session: Session, mode: int, size: tuple[int, int] = (79, 22), ink: Ink = INK, **view: Any) -> str:
    shown = View(row=3, column=1, modes={"optimizer": mode}) if not view else View(**view, modes={"optimizer": mode})
    return as_text(optimizer_lines(session.frame(), shown, *size, ink))


PICTURES: dict[str, tuple[int, Session]] = {
    "sum-adam": (SUM, by_hand("adam")),
    "sum-all": (SUM, by_hand("adam-options", **ALL)),
    "spread-adam": (SPREAD, by_hand("adam")),
    "gauge-sgd": (GAUGE, by_hand("sgd", 40, sharpness=np.linspace(4.0, 24.0, 40))),
    "gauge-off": (GAUGE, by_hand("adam")),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PICTURES)
def test_picture(name: str, size: str):
    mode, session = PICTURES[name]
    view = View(row=3, column=1, modes={"optimizer": mode})
    check(f"optimizer-{name}-{size}", optimizer_lines(session.frame(), view, *SIZES[size], INK), *SIZES[size])


ODD = [(name, mode) for name in ("all", "gauge", "nothing", "nan") for mode in (SUM, SPREAD, GAUGE)]
USUAL = [(name, mode) for name in PATHS for mode in (SUM, SPREAD, GAUGE)]


@pytest.mark.parametrize(("name", "mode"), ODD + USUAL[:: 1 if os.environ.get("TUI_NN_FULL") == "1" else 4])
def test_nothing_overflows_and_ascii_is_ascii(name: str, mode: int, recwarn: pytest.WarningsRecorder):
    """At any size, with any selection, before anything is computed, with NaN and inf, for every optimizer.

    Outside the full run three of four optimizers, each with one of its pictures in turn.
    """
    if name == "nan":
        session = by_hand("adam", 5, sharpness=np.nan)
        session.machine.mem[: session.program.input_offset : 3] = np.nan
        session.machine.mem[1 : session.program.input_offset : 3] = np.inf
    elif name == "gauge":
        session = by_hand("adamw", 5, sharpness=np.array([1.0, np.inf, np.nan, 0.0, 1e9]))
    else:
        session = {"all": lambda: by_hand("adam-options", **ALL), "nothing": lambda: by_hand(iteration=0)}.get(
            name, lambda: by_hand(name)
        )()
    for ink in (INK, ASCII):
        for view in (
            View(modes={"optimizer": mode}),
            View(layer=99, row=999, column=999, modes={"optimizer": mode, "spread": 3}),
        ):
            for width in (24, 38, 47, 64, 79, 140):
                for height in (1, 3, 9, 30):
                    lines = optimizer_lines(session.frame(), view, width, height, ink)
                    assert len(lines) <= height
                    assert max((sum(s.cell_length for s in line) for line in lines), default=0) <= width, (
                        width,
                        height,
                    )
                    if ink is ASCII:
                        foreign = {letter for letter in as_text(lines) if not letter.isascii()}
                        assert foreign <= set("δ∂√βμρεθ²̂ᵀΣ"), foreign
    assert not recwarn.list


def test_adam_s_first_step_in_its_numbers():
    """Hand-worked: w = 0.49 behind a first step against g = 1. m = 0.1 / 0.1, v = 0.001 / 0.001: the step is lr."""
    layer = {"type": "dense", "units": 1, "bias": False}
    session = make_session([layer], n_in=1, n=1, optimizer={"type": "adam", "lr": 0.01})
    (tensor,), program, mem = session.program.tensors, session.program, session.machine.mem
    tensor.view(mem)[...] = 0.49
    shifts = program.slots_of(tensor)
    for shift, value in ((program.grad_shift, 1.0), (shifts["exp_avg"], 0.1), (shifts["exp_avg_sq"], 0.001)):
        tensor.view(mem, shift)[...] = value
    session.machine.ctl[at.ITERATION] = 1
    text = drawn(session, SUM, (100, 22))
    assert "w 0.50000 → 0.49000  by -0.01000 = 1.00 × lr, 2.0 % of w; plain descent: -0.010" in text
    assert "0.9×0 + 0.1×1.00" in text
    assert re.search("m̂ .* 0.100 / 0.1 ", text)
    assert "0.01×1.00 / 1.00" in text


def test_the_most_telling_lines_stay_where_there_is_no_room():
    """In five lines: which weight, what it does in all, the gradient, what it is divided by, the step."""
    lines = drawn(PICTURES["sum-adam"][1], SUM, (60, 5)).splitlines()
    assert [line.split()[0] for line in lines] == ["dense_1.weight[3,1]", "w", "g", "√v̂+ε", "step"]


def test_each_part_begins_where_the_one_above_ended():
    """The arrows of the parts, from the mark before to the mark after; a fall points left, a rise right."""
    session = PICTURES["sum-all"][1]
    lines = drawn(session, SUM).splitlines()
    update = explain(session.frame(), "dense_1.weight", (3, 1))
    assert update is not None
    first = next(k for k, line in enumerate(lines) if "w before" in line)
    place = lines[first].index("│")
    for part, line in zip(update.parts, lines[first + 1 :], strict=False):
        if part.value == 0:
            continue
        marks = [k for k, letter in enumerate(line) if letter in "◂━▸"]
        start, end = (marks[-1], marks[0]) if float(part.value) > 0 else (marks[0], marks[-1])
        assert line[end] == ("◂" if float(part.value) > 0 else "▸")
        assert start == place
        place = end
    after = next(line for line in lines if "w after" in line)
    assert after.index("│") == place


def test_a_coming_update_is_announced():
    session = by_hand("adam", iteration=2)
    session.machine.ctl[at.OP] = session.program.layers[0].updates["dense_1.weight"]
    text = drawn(session, SUM)
    assert "update 3, still to come" in text
    assert "what it will do to the weight" in text


def test_the_spread_counts_every_number_where_it_lies():
    """Powers of ten 1, 10, 100 on an axis of two: first, middle and last place; a zero and a NaN are told apart."""
    spread = Spread.of(np.array([1.0, 10.0, -10.0, 100.0, 0.0, np.nan]))
    assert (spread.n, spread.zeros, spread.odd) == (6, pytest.approx(1 / 6), pytest.approx(1 / 6))
    assert axis_of([spread]) == (0, 2)
    assert strip_of(spread, 0, 2, 4, INK) == "▄ █▄"
    assert spread.median == pytest.approx(10.0)


def test_the_arrows_walk_over_tensors_and_quantities():
    session = PICTURES["spread-adam"][1]
    frame, view = session.frame(), View(modes={"optimizer": SPREAD})
    seen = []
    for _ in range(5):
        seen.append(selected_tensor(frame, view))
        move_in_mode(frame, view, 0, 1)
    assert seen == ["dense_1.weight", "dense_1.bias", "dense_2.weight", "dense_2.bias", "dense_2.bias"]
    for _ in range(9):
        move_in_mode(frame, view, -1, 0)
    assert "|g| of every tensor" in as_text(optimizer_lines(frame, view, 79, 22, INK))
    move_in_mode(frame, view, 9, 0)
    assert list(QUANTITIES)[3] + " of every tensor" in as_text(optimizer_lines(frame, view, 79, 22, INK))


@pytest.mark.parametrize(
    ("sharpness", "words"),
    [(4.0, STABLE), (15.0, SWINGS), (20.0, PAST), (21.0, PAST)],
)
def test_the_gauge_says_on_which_side_of_the_edge_it_is(sharpness: float, words: str):
    """lr 0.1: the limit 2 / sharpness is 0.5, 0.133, 0.1 and 0.095; from half of it on plain descent swings."""
    text = " ".join(drawn(by_hand("sgd", sharpness=sharpness), GAUGE, (120, 22)).split())
    assert words in text
    assert f"lr 0.1 is {0.1 * sharpness / 2:#.3g} of lr_limit" in text


def test_an_optimizer_with_strides_of_its_own_is_not_called_unstable():
    text = drawn(by_hand("adam", sharpness=500.0), GAUGE, (120, 22))
    assert "above plain descent's limit" in text
    assert PAST not in text


def test_the_gauge_names_the_setting_that_turns_it_on():
    text = " ".join(drawn(PICTURES["gauge-off"][1], GAUGE).split())
    assert '[probes] sharpness = "auto"' in text
    assert Probes.model_validate({"sharpness": "auto"}).has("sharpness")


def test_the_gauge_s_way_to_the_path_is_right():
    """As many > as there are tabs between."""
    names = list(TITLES)
    presses = drawn(PICTURES["gauge-sgd"][1], GAUGE).split("The path over the loss")[1].count(">")
    assert names[(names.index("optimizer") + presses) % len(names)] == "landscape"


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (40, 12)])
def test_what_step_adam_takes_is_five_keys_away(size: tuple[int, int]):
    """n > > > v: the update of the first weight stands on the screen, with the number the engine's state gives."""

    async def act(app: Any, pilot: Any) -> None:
        await pilot.press("n")
        await settled(app, pilot)
        await pilot.press(*3 * ["greater_than_sign"], "v")
        await pilot.pause()
        frame = app.debugger.frame
        update = explain(frame, "dense_1.weight", (0, 0))
        assert frame.iteration == 1
        assert update is not None
        text = screen_text(app)
        assert f"w {float(update.before):.5g}"[:6] in text
        assert re.search("= 1.00 ?× ?lr", text)  # Adam's first step, whatever the gradient
        assert "step" in text

    drive("adam-vs-sgd", act, size=size)
