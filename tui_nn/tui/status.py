"""What the debugger is doing, in a word or a sentence for the header."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from tui_nn.tui.chrome import Status
from tui_nn.tui.quiz import keys_text

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame
    from tui_nn.tui.mover import Mover
    from tui_nn.tui.opening import Compiling
    from tui_nn.tui.player import Player
    from tui_nn.tui.quiz import Quiz
    from tui_nn.tui.runs import Runs


def status_of(
    mover: Mover | Runs,
    frame: Frame | None,
    compiling: Compiling | None,
    player: Player | None,
    speed: float,
    text: str,
    reason: str,
) -> Status:
    """What is most worth saying. text, reason: of the move that has just ended, if any."""
    if compiling is not None:
        name = f"{compiling.name} ({compiling.done + 1} of {compiling.total})"
        if mover.is_waiting:
            return Status("waiting", f"waiting for: {name}", f"waits: {compiling.name}")
        return Status("compiling", f"{compiling.doing} {name}", compiling.doing)
    if mover.searched is not None:
        share = f"back to {mover.condition}  {int(100 * mover.searched)} %"
        return Status("seeking", f"{share}  esc cancels", "going back, esc cancels")
    if mover.kind == "run" and mover.condition:
        rate = f"  {speed:,.0f} iterations/s" if speed else ""
        return Status("running", f"until {mover.condition}{rate}  esc cancels", "running, esc cancels")
    if mover.kind == "run":
        is_past = frame is not None and frame.iteration > frame.planned_iterations  # nothing ends it but the user
        words = "running past the plan" if is_past else "running"
        return Status("running", f"{words}  {speed:,.0f} iterations/s" if speed else words, "running")
    if mover.kind == "seek":
        return Status("seeking", f"seeking {int(100 * (mover.share or 0.0))} %  esc cancels", "seeking, esc cancels")
    if reason in ("stop", "condition") and text:  # says what is not finite, too
        return Status("stopped", text)
    if bad := non_finite(frame):
        return Status("stopped", bad)
    if reason in ("end", "full") and text:
        return Status("stopped", text)
    if player is not None and player.quiz is not None and not player.quiz.is_told:
        return Status("waiting", text) if text and not reason else _asks(player, player.quiz)
    if player is not None:
        where = f"lesson {player.number} of {len(player.playback.lines)}"
        pace = "" if player.speed == 1.0 else f", speed {player.speed:g}"
        return (
            Status("paused", f"{where} paused: space goes on from there", f"{where}: space")
            if player.is_paused
            else Status("running", f"{where}{pace}", where)
        )
    words = text if text and reason != "paused" else "paused"
    return Status("paused", words, words.partition(";")[0] if ";" in words else "")


def opening_status(compiling: Compiling) -> Status:
    """While there is no run yet: how far a saved one has been replayed."""
    share = int(100 * compiling.done / max(compiling.total, 1))
    return Status("opening", f"{compiling.doing} {compiling.name}, {share} %  esc cancels", f"{share} %, esc cancels")


def _asks(player: Player, quiz: Quiz) -> Status:
    where = f"lesson {player.number} of {len(player.playback.lines)}"
    if not quiz.is_open:
        return Status("running", f"{where}: the run is asked {int(100 * quiz.grading.share)} %", "the run is asked")
    keys = keys_text(len(quiz.question.choices))
    return Status("waiting", f"{where} asks: {keys} answers", f"asks: {keys}")


def non_finite(frame: Frame | None) -> str:
    """What to say if the loss at this position is not a finite number any more, and since when."""
    if frame is None or math.isfinite(frame.metrics.get("loss", 0.0)):
        return ""
    import numpy as np

    losses = frame.history["loss"]
    first = int((~np.isfinite(losses)).argmax())
    return f"the loss became {float(losses[first])} in iteration {first:,}"


class Speed:
    """Iterations a second, taken over half a second."""

    def __init__(self) -> None:
        self.rate = 0.0
        self._since, self._start = 0.0, 0

    def restart(self, iteration: int) -> None:
        self.rate, self._since, self._start = 0.0, time.monotonic(), iteration

    def note(self, iteration: int) -> None:
        now = time.monotonic()
        if now - self._since > 0.5:
            self.rate = max(iteration - self._start, 0) / (now - self._since)
            self._since, self._start = now, iteration
