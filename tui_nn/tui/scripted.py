"""What a script does to the debugger's screen besides moving the run: forks, edits, comparisons, and taking them back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_nn.debugger.script import Line
    from tui_nn.tui.runs import Run
    from tui_nn.tui.screens.comparison import ComparisonScreen
    from tui_nn.tui.screens.runs import RunsScreen


class Hands:
    """The player's on one screen. Forks are known by the names that the script gives them."""

    def __init__(self, screen: RunsScreen) -> None:
        self.screen = screen
        self.page: ComparisonScreen | None = None

    def fork(self, name: str) -> None:
        """One more run, which is looked at; the player's mover is the one that moves all."""
        self.screen.changing.fork_now(name)

    def has(self, name: str) -> bool:
        return self._run(name) is not None

    def close(self, names: Sequence[str]) -> None:
        """These forks, where they are still open."""
        for name in names:
            run = self._run(name)
            if run is not None and run.of is not None:
                self.screen.changing.close_fork(run)

    def changed(self) -> None:
        """An edit was made, or taken back: what that brings is compiled, and seen."""
        runs = self.screen.runs
        if runs is not None:
            runs.call()
            self.screen.prepare_edited()
            self.screen.look()

    def compare(self, name: str, line: Line) -> None:
        """The network looked at with that one, on a page that stays until the next line."""
        runs, other = self.screen.runs, self._run(name)
        if runs is not None and other is not None:
            self.page = self.screen.changing.show_comparison(other, runs.looked_at, line.say)

    @property
    def is_comparing(self) -> bool:
        """Is it still being looked up?"""
        return self.page is not None and self.page.is_busy

    def end_comparison(self) -> None:
        page, self.page = self.page, None
        if page is not None:
            page.dismiss()

    def _run(self, name: str) -> Run | None:
        runs = self.screen.runs
        index = runs.index_of(name) if runs is not None else None
        return None if runs is None or index is None else runs.entries[index]
