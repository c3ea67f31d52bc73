"""Long work says how far it is, and esc ends it before anything else; the run then stands where it got to."""

from __future__ import annotations

import threading

from tests.tui.driver import drive, screen_text, settled, tap, until
from tui_nn.tui.pictures import Pictures

# Of digits-dnn they take a minute, and checkpoints of it are few.
LONG = ("train.iterations=100000",)


def test_a_run_to_a_condition_is_cancelled():
    """esc pauses it and says so; a second esc goes back one level as always."""

    async def act(app, pilot):
        run = app.debugger
        await pilot.press("u", *"loss < 0", "enter")
        await until(pilot, lambda: "until loss < 0" in screen_text(app) and "esc cancels" in screen_text(app))
        await tap(app, "escape")
        await until(pilot, lambda: not run.mover.kind)
        assert "cancelled at iteration" in screen_text(app)
        assert run.session.position.iteration < 100_000
        assert app.screen is run

    drive("digits-dnn", act, overrides=LONG)


def test_a_seek_shows_its_share_and_is_cancelled():
    """On the way to a far place: the header counts up in percent; esc leaves the run on the way, and it can go on."""

    async def act(app, pilot):
        run = app.debugger
        await pilot.press("g", *"90000", "enter")
        await until(pilot, lambda: run.mover.kind == "seek" and "seeking" in screen_text(app))
        first = run.mover.share
        await until(pilot, lambda: run.mover.share > first)
        await until(pilot, lambda: f"seeking {int(100 * run.mover.share)} %  esc cancels" in screen_text(app))
        await tap(app, "escape")
        await until(pilot, lambda: not run.mover.kind)
        reached = run.session.position.iteration
        assert 0 < reached < 90_000
        assert f"cancelled at iteration {reached:,}" in screen_text(app)
        # Back to the middle of what was reached: the share never leaves 0 to 1, whatever is restored on the way.
        await pilot.press("g", *str(reached // 2), "enter")
        shares = []

        def arrived() -> bool:
            shares.append(run.mover.share)
            return not run.mover.kind and run.session.position == (reached // 2, 0)

        await until(pilot, arrived)
        assert all(share is None or 0 <= share <= 1 for share in shares)
        await pilot.press("s")
        await settled(app, pilot)
        assert run.session.position == (reached // 2, 1)

    drive("digits-dnn", act, overrides=LONG)


def test_a_picture_is_cancelled():
    """After half a second the header says how far it is; esc ends it, and the gallery does not come."""
    begun, go_on = threading.Event(), threading.Event()

    def work(report):
        begun.set()
        report(0.25)
        while not go_on.wait(0.01):
            report(0.25)

    async def act(app, pilot):
        run = app.debugger
        try:
            run.view.pictures.ask("slow", 1, work)
            await until(pilot, begun.is_set)
            await until(pilot, lambda: "computing a picture 25 %  esc cancels" in screen_text(app))
            await tap(app, "escape")
            await until(pilot, lambda: not run.view.pictures.is_busy)
            await until(pilot, lambda: "the picture was cancelled" in screen_text(app))
            assert app.screen is run
        finally:
            go_on.set()

    drive("xor-mlp", act)


def test_the_share_of_pictures():
    pictures = Pictures(is_threaded=False)
    seen = []

    def work(report):
        report(0.5)
        seen.append((pictures.share, pictures.is_busy))

    pictures.ask("one", 1, work)
    assert seen == [(0.5, True)]
    assert pictures.share == 0.0


def test_esc_goes_back_at_once_when_nothing_is_waited_for():
    async def act(app, pilot):
        await tap(app, "z")
        await until(pilot, lambda: app.debugger.zoomed)
        await tap(app, "escape")
        await until(pilot, lambda: not app.debugger.zoomed)
        await tap(app, "escape")
        await until(pilot, lambda: app.screen is not app.debugger)

    drive("xor-mlp", act)
