"""A run that is edited while it is looked at: every panel follows to the program in force, and shows its numbers."""

from __future__ import annotations

import os
import threading
from typing import Any

import pytest

from tests.tui.driver import drive, screen_text, settled, until
from tui_nn.scenario.panels import VIEWS

FULL = os.environ.get("TUI_NN_FULL") == "1"
EDITS = {
    "optimizer.lr": 0.05,
    "data.batch_size": 2,
    "clip.norm": 0.5,
    "dense_1.trainable": False,
    "layers[0].l2": 0.01,
    "optimizer.type": "rmsprop",
    "weight.dense_1[0,1]": 2.5,
}


async def look_around(app: Any, pilot: Any) -> None:
    """Every view of every microscope, every tab of the curves."""
    run = app.debugger
    for name, views in VIEWS.items():
        run.view.detail = name
        for mode in range(max(len(views), 1)):
            run.view.modes[name] = mode
            run.panels["detail"].redraw()
            await pilot._wait_for_screen()
    for curve in ("loss", "accuracy", "chosen"):
        run.view.curve = curve
        run.panels["curves"].redraw()
        await pilot._wait_for_screen()


@pytest.mark.parametrize("op", [0, 3])
def test_every_panel_follows_an_edit(op: int):
    """Made at the start of an iteration or within one; then stepped on, back over it, and run on."""

    async def act(app, pilot):
        run = app.debugger
        run.view.chosen = ("loss", "lr", "grad_norm.dense_1")
        for key, value in EDITS.items():
            run._goto(12, op)
            await settled(app, pilot)
            edit = run.changing.edit(key, value)
            await settled(app, pilot)
            if edit.is_value:
                assert run.frame.layers[0].parameters[0].value[0, 1] == value
            for goal in ((13, 2), edit.position, (11, 5), (20, 2)):
                run._goto(*goal)
                await settled(app, pilot)
                assert run.frame.program is run.session.program
                assert run.frame.position == run.session.position
                text = screen_text(app)
                assert all(operation.label in text for operation in run.frame.program.ops[run.frame.op :][:2])
                if FULL or goal == (13, 2):
                    await look_around(app, pilot)
            assert (
                run.frame.program.scenario is not run.runs.entries[0].session.timeline.segments[0].program.scenario
                or edit.is_value
            )
            run.changing.undo()
            await settled(app, pilot)
            assert run.session.edits == ()

    drive("xor-mlp", act, twin=op == 0)


def test_what_an_edit_must_compile_is_compiled_beside_the_keyboard(monkeypatch):
    """Moves wait for it in line; all else works meanwhile."""
    from tui_nn.engine.machine import Machine

    gate, compile_kernel = threading.Event(), Machine._compile_kernel

    def slowly(machine: Machine, k: int) -> None:
        if machine.program.kernels[k].startswith("clip"):
            assert threading.current_thread() is not threading.main_thread()
            gate.wait(30)
        compile_kernel(machine, k)

    async def act(app, pilot):
        run = app.debugger
        monkeypatch.setattr(Machine, "_compile_kernel", slowly)
        run._goto(5, 0)
        await settled(app, pilot)
        run.changing.edit("clip.norm", 0.5)
        await until(pilot, lambda: "clip" in run.status.text)
        await pilot.press("n", "2")
        assert app.focused is run.panels["layers"]
        assert run.session.position == (5, 0)
        gate.set()
        await until(pilot, lambda: run.frame.position == (6, 0))
        assert run.compiling is None

    drive("xor-mlp", act)


async def typed(pilot: Any, text: str) -> None:
    from textual.widgets import Input

    await pilot._wait_for_screen()
    pilot.app.screen.query_one(Input).value = text
    await pilot._wait_for_screen()


def test_a_setting_is_found_and_changed_by_keys():
    """Found by letters, a factor typed, a fault told in its place; taken back and made again."""

    async def act(app, pilot):
        run = app.debugger
        run._goto(5, 0)
        await settled(app, pilot)
        lr = run.session.scenario.optimizer.lr
        await pilot.press("e")
        await typed(pilot, "opt lr")
        await pilot.press("enter")
        assert "Learning rate" in screen_text(app)
        await typed(pilot, "-3")
        await pilot.press("enter")
        assert "lr must be greater than 0" in screen_text(app)
        await typed(pilot, "0.1x")
        await pilot.press("enter")
        await settled(app, pilot)
        assert app.screen is run
        assert run.session.scenario.optimizer.lr == pytest.approx(lr / 10)
        assert f"optimizer.lr: {lr:g} → {lr / 10:g}" in screen_text(app)
        await pilot.press("ctrl+z")
        await settled(app, pilot)
        assert run.session.scenario.optimizer.lr == lr
        await pilot.press("ctrl+y")
        await settled(app, pilot)
        assert run.session.scenario.optimizer.lr == pytest.approx(lr / 10)
        await pilot.press("e")
        await typed(pilot, "lr = *2")
        await pilot.press("enter")
        await settled(app, pilot)
        assert run.session.scenario.optimizer.lr == pytest.approx(lr / 5)
        assert "◆" not in screen_text(app).splitlines()[0]  # it stands there
        run._goto(900, 0)
        await settled(app, pilot)
        assert screen_text(app).splitlines()[0].count("◆") == 1

    drive("xor-mlp", act, twin=False)


def test_a_choice_is_made_by_arrows_and_escape_leads_back():
    async def act(app, pilot):
        run = app.debugger
        await pilot.press("e")
        await typed(pilot, "dense_1.trainable")
        await pilot.press("enter", "down", "enter")
        await settled(app, pilot)
        assert run.session.scenario.layers[0].trainable is False
        await pilot.press("e")
        await typed(pilot, "rate")
        before = screen_text(app)
        await pilot.press("enter", "escape")
        assert screen_text(app) == before
        await pilot.press("escape")
        assert app.screen is run

    drive("xor-mlp", act, twin=False)
