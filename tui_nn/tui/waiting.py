"""Pictures that the user waits for: after half a second it is told how far they are, and they can be cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_nn.tui.pictures import Pictures

LONG_S = 0.5  # a wait that is longer is told, and can be cancelled


class Waiting:
    """Since when, by a clock that is handed in."""

    def __init__(self) -> None:
        self.is_long = False
        self._since = 0.0

    def watch(self, busy: Sequence[Pictures], is_moving: bool, now: float) -> str | None:
        """What to say of those under way; "" when a long wait is over, None if there is nothing to say.

        While the run moves nobody waits: there is always an older picture to look at.
        """
        if not busy or is_moving:
            self._since = now
        was, self.is_long = self.is_long, bool(busy) and now - self._since > LONG_S
        if self.is_long:
            share = min(pictures.share for pictures in busy)
            return f"computing a picture {int(100 * share)} %  esc cancels"
        return "" if was else None

    def cancel(self, pictures: Sequence[Pictures], now: float) -> None:
        for each in pictures:
            each.cancel()
        self._since, self.is_long = now, False
