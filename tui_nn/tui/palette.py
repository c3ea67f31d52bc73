"""The command palette: every row of the table of commands, found by any part of its words."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.await_complete import AwaitComplete
from textual.binding import Binding
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.widgets import OptionList

from tui_nn.tui.commands import COMMANDS, PANELS, PLACES, Command
from tui_nn.tui.view import clamp

if TYPE_CHECKING:
    from tui_nn.tui.app import TuiApp


PAGE = 8  # entries


class Palette(CommandPalette):
    """Textual's palette, with a page key that can be pressed before the list has been laid out, and closed at any moment.

    In Textual 8.2 the first ends in a KeyError: its own page action looks the highlighted line up in a layout not yet made.
    The second ends in NoMatches: what gathers commands goes on for a moment, and looks for a list that is gone.
    """

    BINDINGS = [
        Binding("pageup", "page(-1)", "Previous page", show=False),
        Binding("pagedown", "page(1)", "Next page", show=False),
    ]

    def action_page(self, by: int) -> None:
        options = self.query_one(OptionList)
        if options.option_count:
            options.highlighted = clamp((options.highlighted or 0) + by * PAGE, options.option_count)

    def dismiss(self, result: Any = None) -> AwaitComplete:  # as in screens/modal.py; it cannot have two such parents
        return super().dismiss(result) if self.is_current else AwaitComplete()

    def _watch__list_visible(self) -> None:
        if self.query(OptionList):
            super()._watch__list_visible()

    async def _watch__show_busy(self) -> None:
        if self.query(OptionList):
            await super()._watch__show_busy()


class TableProvider(Provider):
    """Offers what can be done on the screen from which the palette was opened."""

    def _offered(self) -> Iterator[tuple[str, Command]]:
        place = getattr(self.screen, "where", "")
        places = ("app", place, *(PANELS if place == "debugger" else ()))
        for command in COMMANDS:
            if command.where in places and command.id != "palette":
                yield f"{command.help.rstrip('.')}  [{command.shown_keys}]", command

    async def discover(self) -> Hits:
        for text, command in self._offered():
            yield DiscoveryHit(escape(text), self._callback(command), text=text, help=PLACES[command.where])

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for text, command in self._offered():
            if (score := matcher.match(text)) > 0:
                yield Hit(
                    score, matcher.highlight(text), self._callback(command), text=text, help=PLACES[command.where]
                )

    def _callback(self, command: Command) -> partial:
        app: TuiApp = self.app  # type: ignore[assignment]
        return partial(app.perform, command)


def escape(text: str) -> str:
    """Square brackets are markup to Textual; here they are keys."""
    return text.replace("[", "\\[")
