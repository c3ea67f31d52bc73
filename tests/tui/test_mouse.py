"""Whatever the keys reach, the mouse reaches too: panels, tabs, rows, the timeline and the footer."""

from __future__ import annotations

from tests.tui.driver import drive, screen_text, settled, until


def find(app, words: str, row: int | None = None) -> tuple[int, int]:
    """Where these words stand on the screen."""
    for y, line in enumerate(screen_text(app).splitlines()):
        if words in line and row in (None, y):
            return line.index(words), y
    raise AssertionError(f"no {words!r} on\n{screen_text(app)}")


async def click(app, pilot, words: str, times: int = 1, dx: int = 0) -> None:
    x, y = find(app, words)
    await pilot.click(offset=(x + dx, y), times=times)
    await pilot.pause()


def test_panels_tabs_and_rows():
    """A click focuses; on a tab shows it; on a hidden panel's name brings it; on a row selects; twice on a title zooms."""

    async def act(app, pilot):
        run = app.debugger
        await until(pilot, lambda: run.frame is not None)
        await pilot.pause()
        await click(app, pilot, "Weights")
        assert (run.focus_name, run.view.detail) == ("detail", "weights")
        await click(app, pilot, "tanh_1      4")
        assert (run.focus_name, run.view.layer) == ("layers", 1)
        await click(app, pilot, "2 Layers", times=2)
        assert run.zoomed
        assert set(run.arrangement.panels) == {"layers"}
        await click(app, pilot, "2 Layers", times=2)
        assert not run.zoomed
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        await click(app, pilot, "5 Lesson")
        assert run.focus_name == "lesson"
        await click(app, pilot, "3 Detail")
        assert run.focus_name == "detail"
        await click(app, pilot, "▸ ━")  # the arrows lead to the tabs there is no room for
        assert run.view.detail == "optimizer"
        await click(app, pilot, "◂ Optimizer")
        assert run.view.detail == "weights"

    drive("xor-mlp", act, ready=False)


def test_the_wheel_moves_the_selection():
    """Over Layers the layer, over the Program panel the position, over the lesson its text."""
    from textual import events

    def wheel(panel, kind) -> None:
        panel.post_message(kind(panel, 2, 2, 0, 1, 0, False, False, False, 2, 2))

    async def act(app, pilot):
        run = app.debugger
        wheel(run.panels["layers"], events.MouseScrollDown)
        await until(pilot, lambda: run.view.layer == 1)
        wheel(run.panels["layers"], events.MouseScrollUp)
        await until(pilot, lambda: run.view.layer == 0)
        wheel(run.panels["program"], events.MouseScrollDown)
        await until(pilot, lambda: run.session.position == (0, 1))
        wheel(run.panels["program"], events.MouseScrollUp)
        await until(pilot, lambda: run.session.position == (0, 0))
        wheel(run.panels["lesson"], events.MouseScrollDown)
        await until(pilot, lambda: run.view.scroll > 0)

    drive("xor-mlp", act)


def test_the_footer_is_a_row_of_buttons():
    """Each of its keys does what its command does."""

    async def act(app, pilot):
        run = app.debugger
        await click(app, pilot, "n ] iteration")
        await settled(app, pilot)
        assert run.session.position == (1, 0)
        await click(app, pilot, "s . op", dx=5)
        await settled(app, pilot)
        assert run.session.position == (1, 1)
        await click(app, pilot, ", back")
        await settled(app, pilot)
        assert run.session.position == (1, 0)
        await click(app, pilot, "? F1 help")
        await until(pilot, lambda: "Keys and words" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is run)
        await click(app, pilot, "commands")
        await until(pilot, lambda: app.screen is not run)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is run)
        await click(app, pilot, "q quit")
        await until(pilot, lambda: app.return_code is not None)

    drive("xor-mlp", act)


def test_the_timeline_is_a_slider():
    """A click on it goes there: to its start, to its middle, and to its end, which lies ahead of what was reached."""

    async def act(app, pilot):
        run = app.debugger
        await pilot.press("n")
        await settled(app, pilot)

        async def click_at(share: float) -> None:
            line = screen_text(app).splitlines()[0]
            first, last = line.index("◂"), line.index("▸")
            await pilot.click(offset=(first + round(share * (last - first)), 0))
            await settled(app, pilot)

        for share, low, high in ((0.96, 1800, 2000), (0.5, 900, 1100), (0.03, 0, 0), (1.0, 2000, 2000), (0.0, 0, 0)):
            await click_at(share)
            assert low <= run.session.position.iteration <= high, share

    drive("xor-mlp", act)
