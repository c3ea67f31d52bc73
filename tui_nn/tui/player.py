"""Plays a scenario's script on a screen: says a line, makes its moves at a pace that can be followed, rests, goes on.

The clock is handed in, so a test plays an hour in a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tui_nn.debugger.position import Position
from tui_nn.debugger.script import Line, Move, Playback, iterations, until_limit

if TYPE_CHECKING:
    from tui_nn.tui.mover import Mover
    from tui_nn.tui.runs import Runs

BEFORE_S = 1.2  # between the words and the first move, so that the eye is there
OP_S, ITERATION_S = 0.7, 0.2  # between two single steps
SLOW_STEPS = 30  # up to so many steps are shown one by one
RUN_S, RUN_PARTS = 2.5, 40  # a run is stretched to about this long, in at most so many parts
READ_S = 0.055  # a character
MIN_REST_S, MAX_REST_S = 1.5, 12.0


class Player:
    """A script on its way. `tick` does whatever is due; the screen shows a line when `on_line` is called."""

    def __init__(
        self, mover: Mover | Runs, on_line: Callable[[Line], None], lang: Callable[[], str], speed: float = 1.0
    ) -> None:
        self.playback = Playback(mover.session)
        self.mover, self.on_line, self.lang, self.speed = mover, on_line, lang, speed
        self.is_paused = False
        self.is_over = not self.playback.lines
        self.number = 0
        self._due = 0.0
        self._parts: Iterator[float] | None = None
        self._rest = 0.0

    def tick(self, now: float) -> None:
        """Make the next part of the next move, or show the next line, if it is time and nothing moves."""
        if self.is_paused or self.is_over or self.mover.kind or self.mover.is_waiting or now < self._due:
            return
        if self._parts is not None:
            pause = next(self._parts, None)
            if pause is not None:
                self._due = now + pause / self.speed
                return
            self._parts = None
            self._due = now + self._rest / self.speed
            return
        line = self.playback.next_line()
        if line is None:
            self.is_over = True
            return
        self.number = line.number
        self.on_line(line)
        self._rest = self._rest_after(line)
        self._parts = self._play(line)
        self._due = now + (BEFORE_S / self.speed if line.moves and line.say else 0.0)

    def pause(self) -> None:
        self.is_paused = True

    def resume(self, now: float) -> None:
        self.is_paused = False
        self._due = min(self._due, now)

    def _rest_after(self, line: Line) -> float:
        if line.wait_s is not None:
            return line.wait_s
        said = getattr(line.say, self.lang(), "") if line.say else ""
        # A Korean syllable carries about as much as two and a half Latin letters.
        letters = sum(2.5 if ord(character) > 0x1100 else 1.0 for character in said)
        return min(max(letters * READ_S, MIN_REST_S), MAX_REST_S)

    def _play(self, line: Line) -> Iterator[float]:
        """Makes the moves; yields how long to wait after each part."""
        for move in line.moves:
            yield from self._move(move)

    def _move(self, move: Move) -> Iterator[float]:
        mover, session = self.mover, self.mover.session
        if move.condition is not None:
            mover.run_until(move.condition, until_limit(session))
            yield 0.0
            return
        amount = move.amount
        assert amount is not None
        if move.verb == "run":
            yield from self._run(iterations(amount, session.program))
        elif move.verb in ("step", "back") and amount.unit != "end" and amount.n <= SLOW_STEPS:
            for _ in range(amount.n):
                (mover.step if move.verb == "step" else mover.back)(amount.unit)
                yield OP_S if amount.unit == "op" else ITERATION_S
        else:
            goal = self.playback.goal(move)
            assert goal is not None
            mover.goto(goal)
            yield OP_S

    def _run(self, n: int) -> Iterator[float]:
        """In parts, so that the curves are seen to grow. A loss that stops being finite ends it."""
        session = self.mover.session
        start, parts = session.position.iteration, min(n, RUN_PARTS)
        for k in range(1, parts + 1):
            self.mover.run(Position(start + n * k // parts, 0))
            yield RUN_S / RUN_PARTS
            if session.last_stop is not None and session.last_stop.reason in ("non-finite", "full"):
                return
