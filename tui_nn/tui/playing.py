"""The lesson while it plays on the debugger's screen: its player, its words, and the panels that it leads through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui_nn.tui.caption import Caption
from tui_nn.tui.commands import COMMANDS
from tui_nn.tui.layout_memory import layout_of

if TYPE_CHECKING:
    from tui_nn.debugger.script import Line
    from tui_nn.scenario.chapters import Entry
    from tui_nn.tui.player import Player
    from tui_nn.tui.screens.runs import RunsScreen


def what_follows(preset_id: str) -> Entry | None:
    """The next preset on the path, if there is one."""
    from tui_nn.scenario.chapters import following, path_of
    from tui_nn.scenario.presets import list_presets

    return following(path_of(list_presets()), preset_id)


class Playing:
    """At most one player at a time; it makes its moves through the screen's mover."""

    def __init__(self, screen: RunsScreen) -> None:
        self.screen = screen
        self.player: Player | None = None
        self._looked_at = 0  # the network, when the player was paused
        self._layout_before: dict[str, Any] = {}  # before the newest script,
        self._layout_by_script: dict[str, Any] = {}  # and as that has left it

    @property
    def is_going(self) -> bool:
        """Does it play, and is not paused?"""
        return self.player is not None and not self.player.is_paused

    def start(self) -> None:
        """From the first line, if there is one."""
        from tui_nn.tui.player import Player

        screen = self.screen
        assert screen.mover is not None
        player = Player(screen.mover, self._show_line, lambda: screen.view.lang, screen.wish.speed, self._turn_to)
        if player.is_over:
            screen.say("this scenario has no script to play")
            return
        self.player = player
        self._layout_before, self._layout_by_script = layout_of(screen), {}
        screen.draw_footer()
        screen.say()

    def pause(self) -> None:
        player, runs = self.player, self.screen.runs
        if player is not None and not player.is_paused:
            self._looked_at = runs.active if runs is not None else 0
            self.screen.done(self.screen.guarded(player.pause))

    def resume(self) -> None:
        """From where it was left, looking at the network that it was about."""
        if self.player is not None:
            self._look_back()
            self.player.resume(self.screen.clock())
            self.screen.say()

    def line(self, by: int) -> None:
        """A line back, or on to the next."""
        player, screen = self.player, self.screen
        if player is None:
            screen.say("no lesson plays; p plays it")
            return
        now = screen.clock()
        self._look_back()
        screen.guarded(lambda: player.line_back(now) if by < 0 else player.line_on(now))
        screen.say()

    def change_speed(self) -> None:
        if self.player is None:
            self.screen.say("no lesson plays; p plays it")
        else:
            self.player.change_speed()
            self.screen.say()

    def end(self, words: str) -> None:
        self.player = None
        self.screen.say_below(None)
        self.screen.draw_footer()
        self.screen.say(words)

    def tick(self) -> None:
        """Make the player's next move, if it is time."""
        player, screen = self.player, self.screen
        if player is None:
            return
        session = player.playback.session
        before = session.position
        screen.guarded(lambda: player.tick(screen.clock()))
        if player.is_over:
            entry = what_follows(screen.scenario_id)
            key = next(command.shown_key for command in COMMANDS if command.id == "next-lesson")
            self.end("the script is over" + (f"; {key} opens {entry.number}. {entry.preset.title}" if entry else ""))
        elif not player.mover.kind and session.position != before:
            screen.refresh_frame()

    def layout(self) -> dict[str, Any]:
        """The screen's, to be remembered: without the panels that a script led to and the user did not choose."""
        layout = layout_of(self.screen)
        return self._layout_before if layout == self._layout_by_script else layout

    def _turn_to(self, at_twin: bool | None) -> None:
        """Look at the network beside, if it is open, or back at the first."""
        if at_twin is not None:
            self._look_at(int(at_twin))

    def _look_back(self) -> None:
        if self.player is not None and self.player.is_paused:
            self._look_at(self._looked_at)

    def _look_at(self, active: int) -> None:
        runs = self.screen.runs
        if runs is not None and active < len(runs.entries) and runs.active != active:
            runs.switch(active)
            self.screen.look()

    def _show_line(self, line: Line) -> None:
        screen = self.screen
        screen.lesson.show_cue(line.number)
        if line.show:
            screen.look_at(line.show)
            self._layout_by_script = layout_of(screen)
        if line.say:
            screen.say_below(Caption(screen.focus_name, line.say, line.number, len(screen.lesson.cues)))
        screen.say()
