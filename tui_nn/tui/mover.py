"""Moves on a session for a screen: one at a time, none of which makes the caller wait.

Everything but a single operation runs in the session's own thread and is polled. A move that comes while another seeks
is added to its goal, or replaces it, and starts when that one has arrived; a move that comes while the run trains pauses it.
Before all kernels are compiled moves are remembered, and made in order as soon as they can be.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

from tui_nn.debugger.position import Position

if TYPE_CHECKING:
    from tui_nn.debugger.position import Stop, Unit
    from tui_nn.debugger.seek import By
    from tui_nn.debugger.session import Session

SHORT_S = 0.008  # a move that ends within this is shown at once, without waiting for the next tick
MOST_REMEMBERED = 16  # a key held down during the first compilation must not run on for minutes
T = TypeVar("T")
Route = Callable[[Position], Position]


class Remembered(NamedTuple):
    """A move that waits for its kernel, or for all of them."""

    make: Callable[[], Stop | None]
    needs_all: bool


class Mover:
    """Drives one session. Its caller polls it from a timer, in the thread that makes the moves."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.kind: Literal["", "run", "seek"] = ""
        self.condition = ""  # that a run waits for, or that is looked for backwards
        self._is_back = False
        self._from = 0  # the earliest iteration of a seek so far; behind where it began if it goes back
        self._goal = session.position
        self._queued: Position | None = None
        self._remembered: list[Remembered] = []
        self._is_catching_up = False

    @property
    def is_waiting(self) -> bool:
        """Is a move remembered until its kernel is compiled?"""
        return bool(self._remembered)

    @property
    def share(self) -> float | None:
        """How much of a seek is done, 0 to 1; None while none is under way."""
        if self.kind != "seek":
            return None
        now, goal = self.session.position.iteration, self._goal.iteration
        self._from = min(self._from, now)
        return (now - self._from) / (goal - self._from) if now <= goal and goal > self._from else 0.0

    @property
    def searched(self) -> float | None:
        """How much of a search backwards is done, 0 to 1; None while none is under way."""
        return (self.session.searched or 0.0) if self.kind == "run" and self._is_back else None

    @property
    def goal(self) -> Position:
        """Where it stands, or will stand when what it seeks is found."""
        if self.kind != "seek":
            return self.session.position
        return self._goal if self._queued is None else self._queued

    # What the user wants

    def step(self, unit: Unit, n: int = 1) -> Stop | None:
        """Forward; the Stop if that is over already."""
        if unit == "op" and n == 1 and not self.kind:
            if self.session.can_run() and self._is_next():
                return self.session.step("op")
            self._remember(lambda: self.step("op"), needs_all=False)
            return None
        return self._travel(lambda place: self.session.timeline.ahead(place, unit, n))

    def back(self, unit: Unit, n: int = 1) -> Stop | None:
        return self._travel(lambda place: self.session.timeline.behind(place, unit, n))

    def goto(self, place: Position) -> Stop | None:
        """To a position. Errors: ValueError if there is no such one."""
        goal = self.session.timeline.canonical(*place)
        return self._travel(lambda _: goal)

    def run(self, goal: Position | None = None) -> None:
        """Train at full speed to the goal, to the planned end, or on past it; up to the first loss that is not finite."""
        if not self._is_ready(lambda: self.run(goal)):
            return
        self.stop()
        self.session.start(goal, watch=True)
        self._running()

    def run_until(self, condition: str, max_iterations: int | None = None, by: By = "iteration") -> None:
        """Errors: ExpressionError for a condition that cannot be read on this network."""
        if not self._is_ready(lambda: self.run_until(condition, max_iterations, by)):
            return
        self.stop()
        self.session.start_until(condition, max_iterations, by)
        self._running(condition)

    def back_until(self, condition: str) -> None:
        """To where it held last. Errors: as of `run_until`."""
        if not self._is_ready(lambda: self.back_until(condition)):
            return
        self.stop()
        self.session.start_back_until(condition)
        self._running(condition, is_back=True)

    def back_to_stop(self) -> None:
        """To where a stop fires."""
        if not self._is_ready(self.back_to_stop):
            return
        self.stop()
        self.session.start_back_to_stop()
        self._running("a stop", is_back=True)

    def _running(self, condition: str = "", is_back: bool = False) -> None:
        self.kind, self.condition, self._is_back = "run", condition, is_back

    def stop(self) -> Stop | None:
        """End whatever moves, now; forget what was queued or remembered. The Stop of what was interrupted."""
        self._queued = None
        if not self._is_catching_up:
            self._remembered.clear()
        if not self.kind:
            return None
        self.session.pause()
        self.kind = ""
        return self.session.last_stop

    def change(self, make: Callable[[Session], T]) -> T:
        """Stand still, then have something changed: an edit, or an undo. Errors: what `make` raises."""
        self.stop()
        return make(self.session)

    # What the timer asks

    def poll(self) -> Stop | None:
        """Start what has become possible. The Stop of a move that has ended since the last poll, with none to follow."""
        if self.kind:
            return self._arrived(0.0)
        if not self._remembered or not (
            self.session.is_prepared if self._remembered[0].needs_all else self.session.can_run()
        ):
            return None
        self._is_catching_up = True
        try:
            return self._remembered.pop(0).make()
        finally:
            self._is_catching_up = False

    # How

    def _travel(self, route: Route) -> Stop | None:
        if not self._is_ready(lambda: self._travel(route)):
            return None
        if self.kind == "seek":
            self._queued = route(self._goal if self._queued is None else self._queued)
            return None
        self.stop()
        return self._seek(route(self.session.position))

    def _seek(self, goal: Position) -> Stop | None:
        self._goal, self._from = goal, self.session.position.iteration
        self.session.start(goal, watch=False)
        self.kind = "seek"
        return self._arrived(SHORT_S)

    def _arrived(self, timeout: float) -> Stop | None:
        try:
            if not self.session.wait(timeout):
                return None
        except BaseException:
            self.kind, self._queued = "", None
            raise
        self.kind = ""
        if self._queued is not None:
            goal, self._queued = self._queued, None
            return self._seek(goal)
        return self.session.last_stop

    def _is_ready(self, move: Callable[[], Stop | None]) -> bool:
        if self.session.is_prepared and self._is_next():
            return True
        self._remember(move, needs_all=True)
        return False

    def _is_next(self) -> bool:
        """Does no remembered move come first?"""
        return self._is_catching_up or not self._remembered

    def _remember(self, move: Callable[[], Stop | None], needs_all: bool) -> None:
        if len(self._remembered) < MOST_REMEMBERED:
            self._remembered.append(Remembered(move, needs_all))
