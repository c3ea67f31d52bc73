"""A script that forks, edits and compares, on the real screen: what opens, what closes, and what going back a line takes back."""

from __future__ import annotations

from typing import Any

from tests.tui.driver import drive, screen_text, settled, until
from tests.tui.playback import LEAP_S, Clock
from tests.tui.test_player import written
from tui_nn.tui.screens.comparison import ComparisonScreen

SCRIPT = """
[[script]]
run = "10 iterations"
[[script]]
say = { en = "A fork.", ko = "갈라집니다." }
fork = "slow"
edit = { "optimizer.lr" = 0.05 }
run = "10 iterations"
[[script]]
say = { en = "Side by side.", ko = "나란히 봅니다." }
compare = true
[[script]]
twin = false
edit = { "optimizer.lr" = 0.1 }
run = "5 iterations"
"""


class Turned:
    """The clock of the screen, turned by the test."""

    def __init__(self, app: Any, pilot: Any) -> None:
        self.app, self.pilot, self.run, self.clock = app, pilot, app.debugger, Clock()
        self.run.be_turned_by(self.clock)

    async def on(self, is_there: Any, what: str) -> None:
        """Play until that holds."""
        for _ in range(20_000):
            if is_there():
                return
            self.run.tick()
            player = self.run.player
            if player is not None and not self.run.is_moving:
                self.clock.now = max(self.clock.now, player.due) + LEAP_S
            await self.pilot.pause(0.001)
        raise AssertionError(f"never came true: {what}\n{screen_text(self.app)}")


def names(run: Any) -> list[str]:
    return [each.name for each in run.runs.entries]


def test_it_forks_edits_compares_and_goes_on_with_its_own(tmp_path):
    async def act(app, pilot):
        run, turned = app.debugger, Turned(app, pilot)
        run.action_play()
        await turned.on(lambda: isinstance(app.screen, ComparisonScreen), "the comparison")
        assert names(run) == ["", "slow"]
        assert [each.session.position for each in run.runs.entries] == [(20, 0)] * 2
        assert [each.session.scenario.optimizer.lr for each in run.runs.entries] == [0.5, 0.05]
        await until(pilot, lambda: "They part at 10:" in screen_text(app), "what differs")
        assert "optimizer.lr" in screen_text(app)
        assert "Side by side." in screen_text(app)  # the lesson's words, which stand below the page too
        await turned.on(lambda: run.player is None, "the end")
        assert app.screen is run
        assert run.runs.active == 0
        assert run.session.scenario.optimizer.lr == 0.1
        assert run.session.position == (25, 0)
        run.action_play()  # anew: its fork is closed, and the network the lesson is about is looked at
        await turned.on(lambda: run.player is not None, "played anew")
        assert names(run) == [""]

    drive(str(written(tmp_path, SCRIPT)), act, twin=False)


def test_a_line_back_closes_the_fork_and_takes_the_edit_back(tmp_path):
    async def act(app, pilot):
        run, turned = app.debugger, Turned(app, pilot)
        run.action_play()
        await turned.on(lambda: run.player.number == 4 and run.session.position == (25, 0), "the fourth line")
        own = run.runs.entries[0].session
        state = own.state_bytes()
        run.action_line(-1)  # its start
        await settled(app, pilot)
        assert (own.edits, names(run)) == ((), ["", "slow"])
        await turned.on(lambda: run.player.number == 4 and run.session.position == (25, 0), "once more")
        assert own.state_bytes() == state
        run.player._turn_to(2, turned.clock.now)  # as line back does, again and again
        await settled(app, pilot)
        assert (names(run), own.edits) == ([""], ())

    drive(str(written(tmp_path, SCRIPT)), act, twin=False)


def test_without_its_fork_a_lesson_ends_and_says_so(tmp_path):
    """What would be done to the fork is not done to another run."""

    async def act(app, pilot):
        run, turned = app.debugger, Turned(app, pilot)
        run.action_play()
        await turned.on(lambda: names(run) == ["", "slow"] and run.player.number == 2, "the fork")
        run.action_drop()
        await settled(app, pilot)
        run.action_play()
        await turned.on(lambda: run.player is None, "the end")
        assert "goes on with the fork slow, which was closed" in screen_text(app)

    drive(str(written(tmp_path, SCRIPT)), act, twin=False)
