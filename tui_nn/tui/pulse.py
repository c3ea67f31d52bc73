"""When a screen looks at what runs: thirty times a second while something moves, four times at rest."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.timer import Timer
    from textual.widget import Widget

HERTZ, HERTZ_REMOTE = 30, 12  # a remote terminal gets fewer frames: each is tens of thousands of bytes
HERTZ_AT_REST = 4


class Pulse:
    """At rest the fast timer stands still, or it alone would take more than 1 % of a core.

    tick: fetch what has changed. moves: is there anything that changes by itself? Both are asked, never kept.
    """

    def __init__(self, screen: Widget, tick: Callable[[], object], moves: Callable[[], bool]) -> None:
        self.screen, self.tick, self.moves = screen, tick, moves
        self.is_at_rest = False
        self.timer: Timer | None = None
        self._slow_timer: Timer | None = None

    def start(self) -> None:
        hertz = HERTZ_REMOTE if os.environ.get("SSH_CONNECTION") else HERTZ
        self.timer = self.screen.set_interval(1 / hertz, self.tick)
        self._slow_timer = self.screen.set_interval(1 / HERTZ_AT_REST, self._look_up)

    def stop(self) -> None:
        """For good: somebody else calls `tick`."""
        for timer in (self.timer, self._slow_timer):
            if timer is not None:
                timer.stop()
        self.timer = None

    def wake(self) -> None:
        """Something may have begun: then go on at once, not with the slow timer's next look."""
        if self.is_at_rest:
            self._rest_or_go_on()

    def _look_up(self) -> None:
        self.tick()
        self._rest_or_go_on()

    def _rest_or_go_on(self) -> None:
        if self.timer is not None and self.is_at_rest == self.moves():
            self.is_at_rest = not self.is_at_rest
            (self.timer.pause if self.is_at_rest else self.timer.resume)()
