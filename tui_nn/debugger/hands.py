"""Who makes the moves that are asked for in words: here and now, or as a screen does, in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from tui_nn.debugger.edits import Edit
    from tui_nn.debugger.position import Position, Stop, Unit
    from tui_nn.debugger.seek import By
    from tui_nn.debugger.session import Session


class Hands(Protocol):
    """Each move answers with the Stop it ended with; None: it is under way, and whoever makes it tells when it ends."""

    def step(self, unit: Unit, n: int) -> Stop | None: ...
    def back(self, unit: Unit, n: int) -> Stop | None: ...
    def goto(self, place: Position) -> Stop | None: ...
    def run(self, iterations: int | None) -> Stop | None: ...
    def run_until(self, condition: str, by: By) -> Stop | None: ...
    def back_until(self, condition: str) -> Stop | None: ...
    def back_to_stop(self) -> Stop | None: ...
    def set(self, key: str, value: Any) -> Edit: ...
    def undo(self) -> Edit | None: ...
    def redo(self) -> Edit | None: ...

    def fork(self) -> str:
        """What to say of the new run."""
        ...


class OwnHands:
    """Moves that wait for their end. forks: those that were made, in order."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.forks: list[Session] = []
        self.step, self.back, self.run = session.step, session.back, session.run
        self.back_until, self.back_to_stop = session.back_until, session.back_to_stop
        self.set, self.undo, self.redo = session.set, session.undo, session.redo

    def goto(self, place: Position) -> Stop:
        return self.session.goto(*place)

    def run_until(self, condition: str, by: By) -> Stop:
        return self.session.run_until(condition, by=by)

    def fork(self) -> str:
        self.forks.append(self.session.fork())
        return f"fork {len(self.forks)} at {self.session.position}"
