"""The lesson while it plays on the debugger's screen: its player, its words, and the panels that it leads through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui_nn.tui.caption import Caption
from tui_nn.tui.commands import COMMANDS
from tui_nn.tui.layout_memory import layout_of
from tui_nn.tui.quiz import keys_text, score_words
from tui_nn.tui.scripted import Hands

if TYPE_CHECKING:
    from tui_nn.debugger.script import Line
    from tui_nn.scenario.chapters import Entry
    from tui_nn.tui.player import Player
    from tui_nn.tui.quiz import Quiz
    from tui_nn.tui.screens.runs import RunsScreen

SCORE_S = 8.0  # that a note with the score stays


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
        self.is_attended = True  # is somebody there to answer questions?
        self.hands = Hands(screen)
        self._layout_before: dict[str, Any] = {}  # before the newest script,
        self._layout_by_script: dict[str, Any] = {}  # and as that has left it

    @property
    def is_going(self) -> bool:
        """Does it play, and is not paused?"""
        return self.player is not None and not self.player.is_paused

    @property
    def quiz(self) -> Quiz | None:
        return self.player.quiz if self.player is not None else None

    @property
    def is_open(self) -> bool:
        """Does a question wait for an answer?"""
        return self.quiz is not None and self.quiz.is_open

    @property
    def is_grading(self) -> bool:
        """Is the run being asked?"""
        return self.quiz is not None and not self.quiz.grading.is_done

    @property
    def is_awake(self) -> bool:
        """Will something happen without the user?"""
        return self.is_going and not (self.is_open and self.is_attended)

    def start(self) -> None:
        """From the first line, if there is one."""
        from tui_nn.tui.player import Player

        screen = self.screen
        assert screen.mover is not None
        self._clear_stage()
        player = Player(
            screen.mover, self._show_line, lambda: screen.view.lang, screen.wish.speed,
            self._turn_to, self._show_quiz, self.is_attended, self.hands,
        )  # fmt: skip
        if player.is_over:
            screen.say("this scenario has no script to play")
            return
        self.player = player
        screen.lesson.score = {}
        self._layout_before, self._layout_by_script = layout_of(screen), {}
        screen.draw_footer()
        screen.say()

    def _clear_stage(self) -> None:
        """Close the forks of the last time. A lesson that makes some begins with the run that they are of."""
        from tui_nn.debugger.script import script_lines

        runs = self.screen.runs
        assert runs is not None
        script = script_lines(runs.session.scenario.script)
        made = [move.name for line in script for move in line.moves if move.verb == "fork" and move.name]
        self.hands.close(made)
        if made and runs.looked_at.of is not None:
            self._look_at(runs.entries.index(runs.looked_at.of))

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
            self.screen.refresh_frame()  # it may be back where it was left already

    def line(self, by: int) -> None:
        """A line back, or on to the next."""
        player, screen = self.player, self.screen
        if player is None:
            screen.say("no lesson plays; p plays it")
            return
        now = screen.clock()
        self._look_back()
        screen.guarded(lambda: player.line_back(now) if by < 0 else player.line_on(now))
        screen.refresh_frame()

    def change_speed(self) -> None:
        if self.player is None:
            self.screen.say("no lesson plays; p plays it")
        else:
            self.player.change_speed()
            self.screen.say()

    def answer(self, number: int) -> None:
        """Answer the open question, counted from 1."""
        quiz, player, screen = self.quiz, self.player, self.screen
        if quiz is None or player is None:
            return
        n = len(quiz.question.choices)
        if number > n:
            screen.say(f"there are {n} answers; press {keys_text(n)}")
        else:
            screen.guarded(lambda: player.answer(number - 1, screen.clock()))
            screen.refresh_frame()

    def drop(self) -> None:
        """Let nobody compute for a question any more."""
        if self.player is not None:
            self.player.drop_quiz()

    def end(self, words: str) -> None:
        self.drop()
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
        if player.lost:
            self.end(f"the lesson goes on with the fork {player.lost}, which was closed; p plays it anew")
        elif player.is_over:
            entry = what_follows(screen.scenario_id)
            key = next(command.shown_key for command in COMMANDS if command.id == "next-lesson")
            words = self._tell_score(*player.score)
            self.end(words + (f"; {key} opens {entry.number}. {entry.preset.title}" if entry else ""))
        elif not player.mover.kind and session.position != before:
            screen.refresh_frame()

    def _tell_score(self, right: int, n: int) -> str:
        """In the lesson's panel, or over what is looked at; and in the header."""
        screen = self.screen
        screen.lesson.score = score_words(right, n)
        screen.lesson.redraw()
        if n and not self._has_room:
            screen.notify(screen.lesson.score[screen.view.lang], timeout=SCORE_S, markup=False)
        return "the script is over" + (f", {screen.lesson.score['en']}" if n else "")

    @property
    def _has_room(self) -> bool:
        """Has the lesson a place of its own on the screen?"""
        arrangement = self.screen.arrangement
        return arrangement is None or "lesson" in arrangement.panels

    def _show_quiz(self) -> None:
        """A question has opened, changed or gone."""
        screen = self.screen
        if self.is_open and not self._has_room:
            screen.app.clear_notifications()  # they would lie over it
        quiz, caption = self.quiz, screen.caption
        if quiz is not None and caption is not None and (quiz.is_told or caption.panel == "lesson"):
            screen.say_below(None)  # an answer needs the room; the lesson's panel has the words itself
        self.draw_quiz()
        screen.say()

    def draw_quiz(self) -> None:
        """In the lesson's panel; where that has no room, over the lower edge of the others."""
        screen, quiz = self.screen, self.quiz
        if screen.arrangement is not None:
            screen.lesson.show_quiz(quiz)
            is_shown = not self._has_room
            screen.quiz_note.show(quiz if is_shown else None, screen.view.lang, screen.arrangement.zone, screen.ink)

    def layout(self) -> dict[str, Any]:
        """The screen's, to be remembered: without the panels that a script led to and the user did not choose."""
        layout = layout_of(self.screen)
        return self._layout_before if layout == self._layout_by_script else layout

    def _turn_to(self, name: str | None) -> None:
        """Look at the network that is opened by that name, if it is open, or back at the first ("")."""
        runs = self.screen.runs
        to = runs.index_of(name) if runs is not None and name is not None else None
        if to is not None:
            self._look_at(to)

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
