"""At rest the screen sleeps; whatever begins wakes it at once."""

from tests.tui.driver import drive, settled, tap, until


def test_the_pulse_stands_still_at_rest():
    """With nothing to fetch; a run, a move, a lesson and a picture wake it, and it sleeps again behind each."""

    async def act(app, pilot):
        run = app.debugger

        async def sleeps() -> None:
            await until(
                pilot, lambda: run.pulse.is_at_rest and not run.pulse.timer._active.is_set(), "the pulse stands still"
            )

        await sleeps()
        run.action_run_pause()
        assert run.pulse.timer._active.is_set()
        await tap(app, "space")
        await settled(app, pilot)
        await sleeps()
        run.action_play()
        assert run.pulse.timer._active.is_set()
        run.action_leave()
        await sleeps()
        ticks: list[int] = []
        tick = run.pulse.tick
        run.pulse.tick = lambda: (ticks.append(1), tick())  # what the slow timer calls
        await until(pilot, lambda: ticks)

    drive("digits-dnn", act)


def test_a_picture_that_comes_at_rest_is_shown():
    """A plane of answers, computed in a thread: asking for it wakes the screen."""

    async def act(app, pilot):
        run = app.debugger
        await until(pilot, lambda: run.pulse.is_at_rest)
        run.panels["detail"].focus()
        run.view.detail = "data"
        run.panels["detail"].redraw()
        await until(pilot, lambda: not run.pulse.is_at_rest, "awake")
        await until(
            pilot, lambda: run.pulse.is_at_rest and not run.view.pictures._changed, "fetched, and at rest again"
        )

    drive("xor-mlp", act)
